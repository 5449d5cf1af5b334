/* asker.c - the walk with a cursor is written once, for keys and for entries: a small hash or set comes in one piece whatever
 * COUNT says, but the server keeps those below 512 entries. */
#include "core/view/asker.h"

#include <stdio.h>
#include <string.h>

void asker_put(asker *a, const redis_call *call) {
    if (!a->status) a->status = sync_client_append(a->client, call, a->err);
}

static void about(redis_call *call, const char *command, const char *key, const char *field) {
    call_command(call, command);
    call_key(call, key);
    if (field) call_str(call, field);
}

void asker_put_about(asker *a, const char *command, const char *key, const char *field) {
    redis_call call;
    about(&call, command, key, field);
    asker_put(a, &call);
}

/* An answer of the server that is an error ends the asking, unless it tells that the key is of another type. */
static redis_reply *judged(asker *a, redis_reply *reply) {
    if (!reply_is_error(reply) || !strncmp(reply_text(reply), "WRONGTYPE", strlen("WRONGTYPE"))) return reply;
    a->status = sched_fail(a->err, SCHED_EPROTO, "redis: %s", reply_text(reply));
    return sync_reply_free(reply);
}

redis_reply *asker_take(asker *a) {
    redis_reply *reply = NULL;
    if (!a->status) a->status = sync_client_read(a->client, &reply, a->err);
    return judged(a, reply);
}

redis_reply *asker_call(asker *a, const redis_call *call) {
    redis_reply *reply = NULL;
    if (!a->status) a->status = sync_client_call(a->client, call, &reply, a->err);
    return judged(a, reply);
}

redis_reply *asker_call_about(asker *a, const char *command, const char *key, const char *field) {
    redis_call call;
    about(&call, command, key, field);
    return asker_call(a, &call);
}

/* After a failure there may be no client. */
void asker_at_each_master(asker *a, void (*ask)(void *ctx), void *ctx) {
    if (a->status) return;
    for (int i = 0; i < sync_client_masters(a->client) && !a->status; i++) {
        sync_client_turn_to(a->client, i);
        ask(ctx);
    }
    sync_client_turn_to(a->client, 0);
}

/* `key` NULL: SCAN; `pattern` NULL: all. */
static void walk(asker *a, const char *command, const char *key, const char *pattern, asker_visit *visit, void *ctx) {
    char cursor[24] = "0";
    do {
        redis_call call;
        call_command(&call, command);
        if (key) call_key(&call, key);
        call_str(&call, cursor);
        if (pattern) {
            call_str(&call, "MATCH");
            call_str(&call, pattern);
        }
        call_str(&call, "COUNT");
        call_int(&call, ASKER_BATCH);
        redis_reply *reply = asker_call(a, &call);
        snprintf(cursor, sizeof cursor, "%s", reply_text(reply_at(reply, 0)));
        if (reply_count(reply) == 2) visit(ctx, reply_at(reply, 1));
        if (reply_is_error(reply)) snprintf(cursor, sizeof cursor, "0");
        sync_reply_free(reply);
    } while (!a->status && strcmp(cursor, "0") != 0);
}

typedef struct scan {
    asker *a;
    const char *pattern;
    asker_visit *visit;
    void *ctx;
} scan;

static void scan_one(void *ctx) {
    const scan *s = ctx;
    walk(s->a, "SCAN", NULL, s->pattern, s->visit, s->ctx);
}

void asker_scan(asker *a, const char *pattern, asker_visit *visit, void *ctx) {
    scan one = {a, pattern, visit, ctx};
    asker_at_each_master(a, scan_one, &one);
}

void asker_scan_entries(asker *a, const char *command, const char *key, asker_visit *visit, void *ctx) {
    walk(a, command, key, NULL, visit, ctx);
}

int64_t asker_now(asker *a) {
    redis_call call;
    call_command(&call, "TIME");
    redis_reply *reply = asker_call(a, &call);
    int64_t msec = reply_int(reply_at(reply, 0)) * 1000 + reply_int(reply_at(reply, 1)) / 1000;
    sync_reply_free(reply);
    return msec;
}
