/* pool_change.c - a registration changes what a node serves: one call per pair, since each pair is a hash slot of its own.
 *
 * At most WINDOW calls of one change are out at a time, so that a node of a thousand pairs does not fill the link, and OUT_MAX of all
 * changes together, so that a thousand nodes that come at once do not either: the others wait in line and take turns. A change
 * that is cut short (lost connection, crash) does no harm: the node's record keeps its generations of languages until
 * node_assigned, and the next heartbeat answers REASSIGN. */
#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW = 16, OUT_MAX = 512, TOMBSTONE_MSEC = 60000 };

typedef struct pool_step {
    lang_pair pair;
    bool leave;
} pool_step;

struct pool_change {
    scheduler *s;
    char node[ID_MAX + 1];
    int64_t version;
    lang_service joined;
    pool_step *steps;
    size_t count, capacity, next, out;
    bool complete;
    bool in_line;
    pool_change *next_in_line;
    void (*done)(void *arg, bool complete);
    void *arg;
};

pool_change *pool_change_new(scheduler *s, const char *node_id, int64_t version) {
    pool_change *c = mem_zalloc(1, sizeof *c);
    c->s = s;
    c->version = version;
    c->complete = true;
    snprintf(c->node, sizeof c->node, "%s", node_id);
    return c;
}

static void add_step(pool_change *c, const lang_pair *pair, bool leave) {
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 16;
        c->steps = mem_realloc(c->steps, c->capacity, sizeof *c->steps);
    }
    c->steps[c->count++] = (pool_step){*pair, leave};
}

/* The lists come back from Redis as we wrote them; a damaged record counts as an incomplete change. */
static bool parse_service(pool_change *c, const char *sources, const char *targets, lang_service *service) {
    bool ok = !lang_list_parse(sources, &service->sources, NULL) && !lang_list_parse(targets, &service->targets, NULL);
    c->complete = c->complete && ok;
    return ok;
}

void pool_change_join(pool_change *c, const char *sources, const char *targets) {
    lang_pair pair;
    if (!parse_service(c, sources, targets, &c->joined)) return;
    for (int cursor = 0; lang_service_next(&c->joined, &cursor, &pair);) add_step(c, &pair, false);
}

void pool_change_leave(pool_change *c, const char *sources, const char *targets) {
    lang_service left;
    lang_pair pair;
    if (!parse_service(c, sources, targets, &left)) return;
    for (int cursor = 0; lang_service_next(&left, &cursor, &pair);)
        if (!lang_service_has(&c->joined, &pair)) add_step(c, &pair, true);
}

static void member_call(redis_call *call, scheduler *s, script_id script, const lang_pair *pair, const char *node_id,
                        int64_t version) {
    redis_key key;
    const keyspace *ks = &s->config.keys;
    call_script(call, script);
    call_key(call, key_pool_members(&key, ks, pair->src, pair->tgt));
    call_key(call, key_pool_places(&key, ks, pair->src, pair->tgt));
    call_key(call, key_pool_left(&key, ks, pair->src, pair->tgt, node_id));
    call_str(call, node_id);
    call_int(call, version);
    if (script == SCRIPT_POOL_LEAVE) call_int(call, TOMBSTONE_MSEC);
}

/* ---- the line ------------------------------------------------------------------------------------------------------- */

static void drive(pool_change *c);

static void stand_in_line(pool_change *c) {
    scheduler *s = c->s;
    if (c->in_line) return;
    if (!s->pool_changes.first) s->pool_changes.end = &s->pool_changes.first;
    c->in_line = true;
    c->next_in_line = NULL;
    *s->pool_changes.end = c;
    s->pool_changes.end = &c->next_in_line;
}

static pool_change *leave_line(scheduler *s) {
    pool_change *c = s->pool_changes.first;
    s->pool_changes.first = c->next_in_line;
    c->in_line = false;
    return c;
}

/* There is room for calls: whoever waits longest has it. */
static void call_next(scheduler *s) {
    while (s->pool_changes.first && s->pool_changes.out < OUT_MAX) drive(leave_line(s));
}

static void end_change(pool_change *c, bool complete) {
    void (*done)(void *, bool) = c->done;
    void *arg = c->arg;
    free(c->steps);
    free(c);
    done(arg, complete);
}

void pool_changes_drop(scheduler *s) {
    while (s->pool_changes.first) end_change(leave_line(s), false);
}

/* ---- one change ----------------------------------------------------------------------------------------------------- */

/* A pool that is full does not keep the node from its other ones: such a change is complete, too. */
static bool is_done(const redis_reply *reply) {
    return reply_says(reply, "OK") || reply_says(reply, "ABSENT") || reply_says(reply, "POOLFULL");
}

static void on_step(pool_change *c, script_id script, link_status status, const redis_reply *reply) {
    sched_answered(c->s, script, status, reply);
    bool good = status == LINK_OK && is_done(reply);
    if (status == LINK_OK && (!good || reply_says(reply, "POOLFULL")))
        log_write(&c->s->env.log, LOG_WARN, "pool_change", "node=%s script=%s answer=%s", c->node, scripts_name(script),
                  reply_text(reply_at(reply, 0)));
    c->complete = c->complete && good;
    c->out--;
    scheduler *s = c->s;
    s->pool_changes.out--;
    drive(c);
    call_next(s);
}

static void on_joined(void *arg, link_status status, const redis_reply *reply) {
    on_step(arg, SCRIPT_POOL_JOIN, status, reply);
}

static void on_left(void *arg, link_status status, const redis_reply *reply) {
    on_step(arg, SCRIPT_POOL_LEAVE, status, reply);
}

static void drive(pool_change *c) {
    scheduler *s = c->s;
    while (c->next < c->count && c->out < WINDOW) {
        if (s->pool_changes.out >= OUT_MAX) {
            stand_in_line(c);
            return;
        }
        const pool_step *step = &c->steps[c->next++];
        redis_call call;
        member_call(&call, s, step->leave ? SCRIPT_POOL_LEAVE : SCRIPT_POOL_JOIN, &step->pair, c->node, c->version);
        c->out++;
        s->pool_changes.out++;
        sched_call(s, &call, step->leave ? on_left : on_joined, c);
    }
    if (c->out > 0 || c->in_line) return;
    end_change(c, c->complete);
}

void pool_change_run(pool_change *c, void (*done)(void *arg, bool complete), void *arg) {
    c->done = done;
    c->arg = arg;
    drive(c);
}

static void on_dropped(void *arg, link_status status, const redis_reply *reply) {
    sched_answered(arg, SCRIPT_POOL_LEAVE, status, reply);
}

void pool_drop_member(scheduler *s, const lang_pair *pair, const char *node_id, int64_t version) {
    redis_call call;
    member_call(&call, s, SCRIPT_POOL_LEAVE, pair, node_id, version);
    sched_call(s, &call, on_dropped, s);
}
