/* redis_host.h - the Redis of a run and the time that it lives in: one interface, two kinds. Each instance of the scheduler has links
 * of its own, counted from 0.
 *
 * virtual  A private server whose clock is the engine's (virtual_redis.h); what calls cost and how long they travel is modelled.
 *          Time passes as fast as the events can be worked off. Reproducible.
 * wall     An ordinary server or cluster in real time; the engine follows the machine's clock (clock_wall.h). What calls cost and
 *          how long they travel is what it is. Either private, or what a URL names: of that nothing is touched but the keys under
 *          the namespace of the run, and these are deleted at the end.
 *
 * The engine is moved by redis_host_run() only; callbacks of the link run in it. Whoever needs to know asks
 * redis_host_time_is_free(): may simulated hours pass at no cost? Threads: none. */
#ifndef SIM_REDIS_HOST_REDIS_HOST_H
#define SIM_REDIS_HOST_REDIS_HOST_H

#include "core/redis/keys.h"
#include "core/redis/link.h"
#include "core/redis/sync_client.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/cost_model.h"
#include "sim/redis_host/redis_info.h"
#include "sim/scenario/dist.h"

#include <stdbool.h>

typedef struct redis_host redis_host;

typedef struct redis_host_options {
    engine *engine; /* borrowed, as is the next */
    scripts *scripts;
    const char *binary; /* of a private server; NULL: redis-server on PATH */
    int64_t window;     /* calls in flight on one link */
    int32_t instances;  /* >= 1: so many links */
    bool readers;       /* and as many for reads that wait */
    bool share_readers; /* which are the others, then */
    uint64_t seed;
    /* virtual only */
    cost_kind costs;
    const cost_profile *profile; /* of calibrated costs; borrowed; NULL: the shipped one */
    usec_t max_skew;
    dist delay; /* one way */
    /* wall only */
    const redis_url *url; /* NULL: a private server; one that belongs to a cluster stands for all of it */
    int masters;          /* > 0: a private cluster of as many, instead of a private server */
    const keyspace *keys; /* deleted at the end */
} redis_host_options;

/* Failures of virtual_redis_start() and virtual_server_new(). */
sched_status redis_host_open_virtual(const redis_host_options *options, redis_host **ret_host, sched_error *err);
/* When it returns the link is ready and the engine is at the present. SCHED_EIO with the last reason when that is not so within
 * 10 s; SCHED_EPROTO when the server's clock and ours differ by more than 200 ms; failures of private_server_start(). The program
 * ignores SIGPIPE. */
sched_status redis_host_open_wall(const redis_host_options *options, redis_host **ret_host, sched_error *err);
/* The core has been freed before, and no call is out. Takes NULL, returns NULL. */
redis_host *redis_host_close(redis_host *host);

redis_link redis_host_link(redis_host *host, int32_t number);
/* For its reads that wait; `submit` is NULL when none were asked for. */
redis_link redis_host_reader(redis_host *host, int32_t number);
/* As link_virtual_issue_at(), of both; does nothing where the processor is a real one. */
void redis_host_issue_at(void *host, int32_t number, usec_t at);

/* Lets time pass up to `until`; in real time it may be a little more. SCHED_EIO when Redis is gone for good. */
sched_status redis_host_run(redis_host *host, usec_t until, sched_error *err);
bool redis_host_time_is_free(const redis_host *host);
/* All that was sent has executed, and the server's clock stands at the engine's present (virtual) or runs on (wall). */
void redis_host_settle(redis_host *host);
/* One plain command outside of the run: measurements, checks. The caller frees the reply with sync_reply_free(). */
sched_status redis_host_ask(redis_host *host, const redis_call *call, redis_reply **ret_reply, sched_error *err);
/* How many servers share the keys. A command without a key goes to the one that was turned to, the first to begin with; whoever turns
 * to another turns back. */
int redis_host_masters(const redis_host *host);
void redis_host_turn_to(redis_host *host, int master);
/* A blocking client of the same database, for checks. */
sched_status redis_host_client(redis_host *host, usec_t patience, sync_client **ret_client, sched_error *err);
/* What only the passing of TTLs removes is gone: by the passing of time (virtual; let it pass before), or deleted (wall). */
sched_status redis_host_expire(redis_host *host, sched_error *err);

const char *redis_host_version(const redis_host *host);

/* Traffic of the link; the last three are 0 in real time. */
typedef struct redis_traffic {
    uint64_t commands, script_calls; /* script calls are commands too */
    uint64_t by_script[SCRIPT_COUNT];
    uint64_t bytes_sent, bytes_received;
    uint64_t batches, waits; /* physical: batches, and round trips that were waited for */
    usec_t busy;             /* modelled time in service */
} redis_traffic;

redis_traffic redis_host_traffic(const redis_host *host);

/* Sums over all masters. CPU time counts over restarts; of a server that is down or paused now, all else is 0. */
sched_status redis_host_measure(redis_host *host, redis_usage *ret_usage, sched_error *err);

/* ---- what goes wrong ---- */

typedef enum redis_trouble {
    REDIS_PAUSES,
    REDIS_IS_SLOW,
    REDIS_FORGETS_SCRIPTS,
    REDIS_RESTARTS,
    REDIS_IS_CUT_OFF,
    REDIS_TROUBLES
} redis_trouble;

/* Why this host cannot have that trouble, for people; NULL when it can. With the wall clock only what can be done to a process
 * is: it stands still (SIGSTOP), is killed and started again, or is told SCRIPT FLUSH; and only to a private one. */
const char *redis_host_cannot(const redis_host *host, redis_trouble trouble);

/* Each of these happens at the engine's present, and only when the host can. A failure shows in redis_host_run(). */

/* Nothing is served until then. */
void redis_host_pause(redis_host *host, usec_t until);
/* `factor` > 0, of the costs as the model says them. */
void redis_host_slow(redis_host *host, double factor);
/* SCRIPT FLUSH, in the order of service. */
void redis_host_flush_scripts(redis_host *host);
/* A live one is killed, after a SAVE when asked for; with the wall clock this holds up the loop. */
void redis_host_kill(redis_host *host, bool save);
/* A killed one is started again, with what was saved last or empty; also holds up the loop. */
void redis_host_revive(redis_host *host, bool with_data);
void redis_host_cut(redis_host *host);
void redis_host_mend(redis_host *host);
/* The same for the links of one instance; needs a host that can have REDIS_IS_CUT_OFF. */
void redis_host_cut_instance(redis_host *host, int32_t number);
void redis_host_mend_instance(redis_host *host, int32_t number);
/* The process that used the links of an instance has ended, and its connections with it: what is under way comes back as LINK_UNKNOWN or
 * LINK_REFUSED, and may or may not happen. A new process may use them at once. In real time calls come back as they do. */
void redis_host_hang_up(redis_host *host, int32_t number);

/* How late events ran, by the machine's clock; all 0 in virtual time. Every event counts with the end of the round in which it ran,
 * so these are upper bounds. */
typedef struct redis_host_lateness {
    uint64_t events;
    usec_t p50, p99, max;
} redis_host_lateness;

redis_host_lateness redis_host_late(const redis_host *host);

#endif
