/* instance.h - one scheduler among several: who we are, who else lives, and the entries that they leave in our inbox.
 *
 * Identity   An id that is never used twice. Presence is a key with a TTL, refreshed by a timer; it carries the address of the peer
 *            link. Who finds itself gone or buried was away too long: others may have taken over what it had. It is told so
 *            (`lost`), drops its connections, and comes back under a new id.
 * Inbox      A stream for each instance with one consumer group. Adding is one script that looks at presence and length, so nothing is
 *            left for the dead, and nothing unread is trimmed. Entries are handled, then acknowledged and deleted in one step;
 *            what is not handled is claimed again after reclaim_idle. Handlers are idempotent.
 * Dead letters  An entry that was delivered dead_deliveries times, or could not be handled for dead_after, moves to the dead-letter
 *            stream of that instance with its reason. Reclaiming does not change what this rule measures: the time is that of
 *            the entry's id.
 * Adoption   Each instance walks the list of instances; of one whose presence is gone it takes a lease and writes a tombstone, hands
 *            its entries one by one to `orphan`, and forgets it when nothing is left.
 * Cost       In peace, per instance: one call each presence_refresh, one read each inbox_block, one look at the list each adopt_every.
 * Threads    None: all from the loop of the scheduler, which is the only user. */
#ifndef CORE_INSTANCE_INSTANCE_H
#define CORE_INSTANCE_INSTANCE_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/settings.h"
#include "core/redis/keys.h"
#include "core/redis/link.h"

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_MAX = 128, ENTRY_CODE_MAX = 47 };

typedef struct instance instance;

/* The rows are instance_settings; a part of scheduler_config. */
typedef struct instance_config {
    usec_t presence_ttl;     /* 30 s */
    usec_t presence_refresh; /* 10 s */
    usec_t inbox_block;      /* 1 s: how long one read waits */
    int64_t inbox_max;       /* 10,000 entries */
    int64_t inbox_batch;     /* 64 entries of one read, and of one claim */
    usec_t reclaim_idle;     /* 5 s */
    int64_t dead_deliveries; /* 10 */
    usec_t dead_after;       /* 60 s */
    usec_t dead_ttl;         /* 7 days: of a dead-letter stream since its last entry */
    usec_t adopt_every;      /* 5 s, each instance at moments of its own */
    usec_t lease_ttl;        /* 30 s: of an adoption */
    usec_t tombstone_ttl;    /* 1 h */
    usec_t peer_patience;    /* 1 s: without a word of the other instance, the next candidate */
} instance_config;

extern const setting instance_settings[];

typedef enum entry_kind { ENTRY_ASSIGN, ENTRY_RESULT, ENTRY_KINDS } entry_kind;

/* What travels through an inbox; texts live until the function returns, absent ones are "". */
typedef struct inbox_entry {
    entry_kind kind;
    const char *from;    /* the instance that has the sound (ASSIGN), or the result (RESULT) */
    const char *address; /* of its peer link */
    const char *job, *session, *node;
    int64_t attempt;
    int64_t deadline_msec; /* since 1970: after it nobody waits any more */
} inbox_entry;

/* Names an entry until instance_handled(). */
typedef struct entry_token {
    char id[32];
} entry_token;

typedef enum send_result {
    SEND_OK,
    SEND_GONE,    /* no such instance, or its presence has lapsed */
    SEND_FULL,    /* its inbox */
    SEND_UNKNOWN, /* it may be there */
} send_result;

typedef void send_done(void *arg, send_result result);
/* `address` "" when it does not live. */
typedef void alive_done(void *arg, link_status status, bool alive, const char *address);

typedef struct instance_events {
    /* One entry: handle it, then call instance_handled() once, now or later. At most inbox_batch are open. */
    void (*entry)(void *ctx, const inbox_entry *entry, const entry_token *token);
    /* An entry of a dead instance: bring it to whoever it concerns now, or end the job; idempotent, may fail. */
    void (*orphan)(void *ctx, const char *dead_instance, const inbox_entry *entry);
    /* An instance is dead, and we know it: what its nodes had is lost. Told once for each. */
    void (*died)(void *ctx, const char *instance_id);
    /* We were away too long; nothing is sent or read any more. */
    void (*lost)(void *ctx, const char *why);
    void *ctx;
} instance_events;

typedef struct instance_env {
    clock_source clock;
    timer_source timers;
    uint64_t seed;
    redis_link redis;
    redis_link reader; /* for the blocking read, and nothing else */
    logger log;
    const char *id, *address, *host;
    int64_t pid;
} instance_env;

/* Copies all; writes its presence and begins to read when instance_start() is called. */
instance *instance_new(const instance_config *config, const keyspace *keys, const instance_env *env,
                       const instance_events *events);
void instance_start(instance *i);
/* Leaves in good order: the presence is removed, the inbox stays for its adopter, or goes when it is empty. `done` is called once. */
void instance_leave(instance *i, void (*done)(void *arg), void *arg);
/* Timers end; nothing more is told. Calls that are out still come back. */
void instance_stop(instance *i);
/* No call is out (instance_calls() is 0). Takes NULL, returns NULL. */
instance *instance_free(instance *i);
int64_t instance_calls(const instance *i);

/* One script call. */
void instance_send(instance *i, const char *to, const inbox_entry *entry, send_done *done, void *arg);
/* `ok`: acknowledged and deleted. Else it stays, and is delivered again after reclaim_idle, until it is a dead letter with that reason. */
void instance_handled(instance *i, const entry_token *token, bool ok, const char *reason);
/* Answers from what was asked within the last second, or asks. Our own id lives. */
void instance_ask_alive(instance *i, const char *id, alive_done *done, void *arg);

#endif
