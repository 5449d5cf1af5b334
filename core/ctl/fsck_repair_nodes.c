/* fsck_repair_nodes.c - nodes. A record that scripts cannot work with is not mended field by field: the node is taken out of
 * everything, and a live one registers again at its next heartbeat, which answers GONE. */
#include "core/ctl/fsck_plans.h"

#include "core/domain/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODE_TTL_MSEC = 45000,
    MARK_TTL_MSEC = 60000,
    HOLD_TTL_MSEC = 600000,
};

/* ---- the record ------------------------------------------------------------------------------------------------------ */

/* The node is due now, so that departure_run() may take it, or the sweep of an instance if this ends here. */
static const char *plan_departure(fsck_plan *p) {
    redis_key expiry, node;
    const char *node_id = p->name.rest;
    redis_call *call = plan_call(p, "HSET", key_node(&node, p->f->keys, node_id));
    call_str(call, "status");
    call_str(call, "offline");
    call = plan_call(p, "ZADD", key_node_expiry(&expiry, p->f->keys, node_bucket(node_id)));
    call_int(call, p->now);
    call_str(call, node_id);
    p->depart = true;
    plan_says(p, "took the node out; a live one registers again with its next heartbeat");
    return NULL;
}

/* Without a version no script finds the node. Its pools still name it; that is the next round's finding. */
static const char *plan_erasure(fsck_plan *p) {
    redis_key key;
    const char *node_id = p->name.rest;
    plan_call(p, "UNLINK", key_node(&key, p->f->keys, node_id));
    plan_call(p, "UNLINK", key_node_langs(&key, p->f->keys, node_id));
    plan_remove(p, "ZREM", key_node_expiry(&key, p->f->keys, node_bucket(node_id)), node_id);
    plan_says(p, "removed the node's record; a live one registers again with its next heartbeat");
    return NULL;
}

static const char *plan_generation(fsck_plan *p) {
    redis_key key;
    redis_reply *ver = plan_read(p, "HGET", key_node(&key, p->f->keys, p->name.rest), "ver");
    bool current = !strcmp(reply_text(ver), p->finding->subject);
    sync_reply_free(ver);
    if (current) return plan_departure(p);
    plan_remove(p, "HDEL", p->finding->key, p->finding->subject);
    plan_says(p, "removed this generation of languages");
    return NULL;
}

/* Fields that a node can be without. */
static bool is_dispensable(const char *field) {
    static const char *const fields[] = {"hist",   "trial",     "since",    "marked",
                                         "mark_n", "mark_from", "services", "running"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!strcmp(field, fields[i])) return true;
    return false;
}

const char *plan_node_field(fsck_plan *p) {
    const char *field = p->finding->subject;
    if (p->name.kind == KEY_LANGS) return plan_generation(p);
    if (is_dispensable(field)) {
        plan_remove(p, "HDEL", p->finding->key, field);
        plan_says(p, "removed %.20s, which a node can be without", field);
        return NULL;
    }
    if (!strcmp(field, "up") || !strcmp(field, "seen")) {
        redis_call *call = plan_call(p, "HSET", p->finding->key);
        call_str(call, field);
        call_int(call, 0);
        plan_says(p, "set %s to 0 until the next heartbeat tells it", field);
        return NULL;
    }
    return !strcmp(field, "ver") ? plan_erasure(p) : plan_departure(p);
}

/* Due when the node would be by its last heartbeat, so that a live one is not taken for silent. */
const char *plan_node_unindexed(fsck_plan *p) {
    redis_key key;
    int64_t seen = 0;
    redis_reply *text = plan_read(p, "HGET", p->finding->key, "seen");
    record_whole(reply_text(text), 0, &seen);
    sync_reply_free(text);
    int64_t due = seen + NODE_TTL_MSEC > p->now ? seen + NODE_TTL_MSEC : p->now;
    if (due > p->now + NODE_TTL_MSEC) due = p->now + NODE_TTL_MSEC;
    redis_call *call = plan_call(p, "ZADD", key_node_expiry(&key, p->f->keys, node_bucket(p->name.rest)));
    call_str(call, "NX");
    call_int(call, due);
    call_str(call, p->name.rest);
    plan_says(p, "put it into the index, due in %" PRId64 " s unless a heartbeat comes", (due - p->now) / 1000);
    return NULL;
}

const char *plan_node_dangling(fsck_plan *p) {
    if (p->finding->is_entry) {
        plan_remove(p, "ZREM", p->finding->key, p->finding->subject);
        plan_says(p, "removed the entry");
    } else {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed the key");
    }
    return NULL;
}

const char *plan_node_mark(fsck_plan *p) {
    if (p->finding->is_entry) {
        plan_remove(p, "HDEL", p->finding->key, p->finding->subject);
        plan_says(p, "removed the entry");
    } else {
        plan_set_ttl(p, p->finding->key, MARK_TTL_MSEC);
        plan_says(p, "gave it a TTL of 1 min");
    }
    return NULL;
}

const char *plan_node_hold(fsck_plan *p) {
    plan_set_ttl(p, p->finding->key, HOLD_TTL_MSEC);
    plan_says(p, "gave it a TTL of 10 min; lingua-ctl undrain ends it at once");
    return NULL;
}

/* ---- reservations ---------------------------------------------------------------------------------------------------- */

const char *plan_reservation_leak(fsck_plan *p) {
    plan_remove(p, "ZREM", p->finding->key, p->finding->subject);
    plan_says(p, "gave the slot back");
    return NULL;
}

const char *plan_reservation_ttl(fsck_plan *p) {
    redis_call call;
    call_command(&call, "ZRANGE");
    call_key(&call, p->finding->key);
    call_str(&call, "-1");
    call_str(&call, "-1");
    call_str(&call, "WITHSCORES");
    fsck_ask(p->f, &call);
    redis_reply *latest = fsck_answer(p->f);
    double end = strtod(reply_text(reply_at(latest, 1)), NULL);
    sync_reply_free(latest);
    if (!(end > 0 && end < 1e15)) return "its latest entry does not expire within this age";
    call_int(plan_call(p, "PEXPIREAT", p->finding->key), (int64_t)end);
    plan_says(p, "gave it the TTL of its latest entry");
    return NULL;
}
