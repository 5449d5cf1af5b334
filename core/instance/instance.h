/* instance.h - one scheduler among several: who we are, who else lives, and the entries that they leave in our inbox.
 *
 * Identity   An id that is never used twice. Presence is a key with a TTL, refreshed by a timer; it carries the address of the peer
 *            link. Who slept through it, or finds itself buried, was away too long: others may have taken over what it had. It is
 *            told so (`lost`), drops its connections, and comes back under a new id. When it was Redis that was away, or that has
 *            forgotten all, and nobody has buried us, presence is written again and life goes on.
 * Inbox      A stream for each instance with one consumer group. Adding is one script that looks at presence and length, so nothing is
 *            left for the dead, and nothing unread is trimmed. Entries are handled, then acknowledged and deleted in one step;
 *            what is not handled is claimed again after reclaim_idle. Handlers are idempotent.
 * Dead letters  An entry that was delivered dead_deliveries times, or could not be handled for dead_after, moves to the dead-letter
 *            stream of that instance with its reason. Reclaiming does not change what this rule measures: the time is that of
 *            the entry's id.
 * Adoption   Each instance walks the list of instances; of one whose presence is gone it takes a lease and writes a tombstone, hands
 *            its entries to `orphan`, and forgets it when nothing is left. After an outage nobody is taken for dead before all
 *            have had time to show that they live.
 * Order      Callbacks never run from inside a function of this header. What is told and done in one handler leaves in that order.
 * Cost       In peace, per instance: one call each presence_refresh, one read each inbox_block, one look at the list each adopt_every.
 * Threads    None: all from the loop of the scheduler, which is the only user. */
#ifndef CORE_INSTANCE_INSTANCE_H
#define CORE_INSTANCE_INSTANCE_H

#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/instance/config.h"
#include "core/redis/keys.h"
#include "core/redis/link.h"

#include <stdbool.h>
#include <stdint.h>

enum { ENTRY_CODE_MAX = 47 };

typedef struct instance instance;

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

/* Names an entry until instance_handled(); copy it to keep it. */
typedef struct entry_token {
    char instance[ID_MAX + 1]; /* whose inbox it is in: ours, or that of a dead one */
    char id[44];               /* in the stream */
} entry_token;

typedef enum send_result {
    SEND_OK,
    SEND_GONE,    /* no such instance, or its presence has lapsed */
    SEND_FULL,    /* its inbox */
    SEND_FAILED,  /* Redis was not asked, or refused: it is not there, which says nothing about the instance */
    SEND_UNKNOWN, /* it may be there */
} send_result;

typedef void send_done(void *arg, send_result result);
/* `address` "" when it does not live. Not LINK_OK: nobody knows, `alive` is false. */
typedef void alive_done(void *arg, link_status status, bool alive, const char *address);

typedef struct instance_events {
    /* One entry: handle it, then call instance_handled() once, now or later. At most 2 * inbox_batch are open. */
    void (*entry)(void *ctx, const inbox_entry *entry, const entry_token *token);
    /* An entry of a dead instance: bring it to whoever it concerns now, or end the job; then call instance_handled() once, now or later.
     * At most inbox_batch are open. */
    void (*orphan)(void *ctx, const char *dead_instance, const inbox_entry *entry, const entry_token *token);
    /* An instance is dead, or has left, and we know it: what its nodes had is lost. Told once for each that was in the list. */
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
    usec_t patience;   /* of one call, without the time for which a read blocks */
    logger log;
    const char *id;      /* id_valid() */
    const char *address; /* of its peer link, at most ADDRESS_MAX bytes without spaces; "" for none */
    const char *host;    /* for people, the same */
    int64_t pid;
} instance_env;

/* Copies all but the events' context. Nothing is sent before instance_start(). */
instance *instance_open(const instance_config *config, const keyspace *keys, const instance_env *env,
                        const instance_events *events);
/* Writes its presence; when that is there, begins to read. */
void instance_start(instance *i);
/* Leaves in good order: the presence is removed, the inbox stays for its adopter, or goes when it is empty. `done` is called once, also
 * when Redis did not answer. Entries that are open may still be handled. */
void instance_leave(instance *i, void (*done)(void *arg), void *arg);
/* Timers end; nothing more is told. Calls that are out still come back. */
void instance_stop(instance *i);
/* Drops all without a call to Redis: outstanding calls must have come back (the links are drained or gone). Takes NULL, returns NULL. */
instance *instance_close(instance *i);
/* To Redis without answer yet, the blocking read among them. */
int64_t instance_calls(const instance *i);
/* Our id, as it was given. */
const char *instance_id(const instance *i);

/* One script call. `to` may be our own id. */
void instance_send(instance *i, const char *to, const inbox_entry *entry, send_done *done, void *arg);
/* `ok`: acknowledged and deleted. Else it stays, and is delivered again after reclaim_idle (an orphan: after adopt_every), until it is a
 * dead letter with that reason (1..ENTRY_CODE_MAX bytes; may be NULL when ok). */
void instance_handled(instance *i, const entry_token *token, bool ok, const char *reason);
/* Answers from what was asked within the last second, or asks. Our own id lives. */
void instance_ask_alive(instance *i, const char *id, alive_done *done, void *arg);

typedef struct instance_counts {
    int64_t open;                              /* entries with their handlers, orphans among them */
    int64_t sent, gone, full, failed, unknown; /* sends by their result */
    int64_t read, again;                       /* entries told: for the first time; delivered again */
    int64_t handled, dead_letters;
    int64_t adopted, orphans; /* dead instances that were ours to adopt, and entries of them that were told */
    int64_t others;           /* in the list, apart from us */
} instance_counts;
instance_counts instance_count(const instance *i);

#endif
