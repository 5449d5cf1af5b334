/* asker.h - questions to Redis, many at a time, without looking after each answer.
 *
 * Put questions, then take their answers in the same order. The first failure is kept; from then on nothing is sent and
 * answers are NULL, which every accessor of reply.h takes: so a reader need not look after each question, only at the end.
 * An error of the server is a failure, except WRONGTYPE, which is an answer about a key.
 *
 * A live server is not held up: whoever puts questions takes their answers after ASKER_TOGETHER at most, and walks with
 * cursors in batches of ASKER_BATCH.
 *
 * Ownership  The client is borrowed. Replies belong to the caller: sync_reply_free(). */
#ifndef CORE_VIEW_ASKER_H
#define CORE_VIEW_ASKER_H

#include "core/redis/sync_client.h"

enum { ASKER_TOGETHER = 2000, ASKER_BATCH = 500 };

typedef struct asker {
    sync_client *client;
    sched_status status; /* SCHED_OK until something failed */
    sched_error *err;
} asker;

void asker_put(asker *a, const redis_call *call);
/* "HGETALL key", "ZSCORE key field"; `field` may be NULL. */
void asker_put_about(asker *a, const char *command, const char *key, const char *field);
redis_reply *asker_take(asker *a);
/* Both at once; a script that the server has lost is loaded again. */
redis_reply *asker_call(asker *a, const redis_call *call);
redis_reply *asker_call_about(asker *a, const char *command, const char *key, const char *field);

/* Runs `ask` once for each master of a cluster, or once; calls without a key go to that one meanwhile. */
void asker_at_each_master(asker *a, void (*ask)(void *ctx), void *ctx);

/* Gives `visit` what each step of the walk answered; it may ask further questions, and takes their answers. An element may come
 * twice while the server moves it. */
typedef void asker_visit(void *ctx, const redis_reply *batch);
/* Keys of this pattern, of all masters of a cluster. */
void asker_scan(asker *a, const char *pattern, asker_visit *visit, void *ctx);
/* Entries of a key, flat: name, value, ... `command` is HSCAN or ZSCAN. */
void asker_scan_entries(asker *a, const char *command, const char *key, asker_visit *visit, void *ctx);

/* The server's clock, ms. */
int64_t asker_now(asker *a);

#endif
