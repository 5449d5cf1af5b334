/* fsck.h - does what is in Redis fit together? Reads everything under a namespace and reports what does not.
 *
 * It walks with cursors, asks in pipelines of bounded size, and changes nothing. The answer is exact when nobody writes
 * meanwhile; on a system at work a finding may be a step that was just under way: look again (fsck_look_again) before believing
 * it. What can be done about a finding is in fsck_repair.h.
 *
 * Failure   Those of the client (sync_client.h), and an error of the server. Findings are no failure: SCHED_OK, and they are in
 *           the report. */
#ifndef CORE_CTL_FSCK_H
#define CORE_CTL_FSCK_H

#include <stdbool.h>

#include "core/redis/keys.h"
#include "core/redis/sync_client.h"

typedef enum fsck_kind {
    FSCK_POOL_HOLE,      /* positions of members are not 0..n-1 */
    FSCK_POOL_PLACE,     /* members and places do not agree */
    FSCK_POOL_DEAD,      /* a member whose node does not exist or is offline */
    FSCK_POOL_STALE,     /* a member under a registration that does not serve the pair */
    FSCK_POOL_ABSENT,    /* an assigned, ready node is not in one of its pools */
    FSCK_POOL_TOMBSTONE, /* a tombstone that does not parse or has no TTL */
    FSCK_NODE_FIELD,     /* a field of a node does not parse, or its lists do not */
    FSCK_NODE_UNINDEXED, /* the expiry index does not know a node */
    FSCK_NODE_DANGLING,  /* index entry, lists or reservations of a node that does not exist */
    FSCK_NODE_MARK,      /* marks of missing services that do not parse or have no TTL */
    FSCK_NODE_HOLD,      /* an operator's hold without TTL */
    FSCK_JOB_FIELD,      /* a field of a job does not parse, or contradicts its state */
    FSCK_JOB_UNINDEXED,  /* the deadline index does not know a job that is not released */
    FSCK_JOB_DANGLING,   /* an entry of the deadline index without such a job */
    FSCK_JOB_TTL,        /* a finished job without TTL, or an unfinished one with TTL */
    FSCK_REQUEST,        /* a request and its job do not name each other, or do not end together */
    FSCK_COPY,           /* of a job in memory: a copy, binding or lock that does not parse or has no TTL */
    FSCK_RESV_LEAK,      /* a reservation that no unfinished attempt on that node holds */
    FSCK_RESV_TTL,       /* reservations without TTL */
    FSCK_SESSION,        /* a field of a session does not parse, or it has no TTL */
    FSCK_AFFINITY,       /* an affinity that does not parse or has no TTL */
    FSCK_ROOM,           /* a room without members or TTL, or an entry of it that does not parse */
    FSCK_INSTANCE,       /* a field of an instance's keys does not parse, or one of them has no TTL */
    FSCK_ORPHAN,         /* an inbox that nobody would adopt; an instance in the list of which nothing is there */
    FSCK_UNKNOWN,        /* a key that nobody writes, or of another type */
    FSCK_LARGE,          /* a field or entry over 4 KiB */
    FSCK_LEFT,           /* fsck_expect_empty: a key that is still there */
    FSCK_KINDS
} fsck_kind;

enum { FSCK_TEXTS_MAX = 32, FSCK_TEXT_MAX = 512 };

typedef struct fsck_report {
    int64_t count[FSCK_KINDS];
    int64_t findings; /* the sum of count[] */
    int texts;
    char text[FSCK_TEXTS_MAX]
             [FSCK_TEXT_MAX]; /* of the first findings: "kind: key: what was found, what was expected" */
    int64_t keys, nodes, members, jobs, unfinished, reservations, sessions, rooms, instances;
} fsck_report;

/* "pool-hole", ... */
const char *fsck_kind_name(fsck_kind kind);

/* O(keys + fields); a few commands for each node, job and pool member. */
sched_status fsck_run(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err);
/* Every key under the namespace is a finding. */
sched_status fsck_expect_empty(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err);

/* ---- findings one by one ---- */

typedef struct fsck_finding {
    fsck_kind kind;
    const char *key;
    const char *subject; /* what of the key: an entry, a field, a pair; "" for the whole */
    bool is_entry;       /* the subject is an entry of a hash or sorted set that is judged by itself */
    const char *text;    /* what was found, what was expected */
} fsck_finding;

/* Told during the walk; the texts live until it returns. */
typedef void fsck_sink(void *ctx, const fsck_finding *finding);

/* fsck_run() that also tells each finding. */
sched_status fsck_walk(sync_client *client, const keyspace *ks, fsck_sink *sink, void *ctx, fsck_report *ret_report,
                       sched_error *err);

/* Is it still so? `watching`: every key is put under WATCH before it is read, so that a MULTI of this connection that follows
 * takes effect only if none of them has changed since. A few round trips. */
sched_status fsck_look_again(sync_client *client, const keyspace *ks, const fsck_finding *finding, bool watching,
                             bool *ret_still, sched_error *err);

#endif
