/* reclaim.c - entries that were read and not handled are delivered again, or become dead letters.
 *
 * A walk over all that is pending and idle, page by page, each reclaim_idle: where the handlers have no more room, the walk goes on from
 * there at the next time, so an entry far behind is reached as well. Claiming resets the idle time and counts a delivery; the rule for
 * dead letters looks at the count and at the age of the entry, which the reset does not touch. The age is taken by our own clock here,
 * and by that of Redis in the script, which decides.
 *
 * The incident: claimed is always from the beginning, and a dead letter is what was idle for dead_after, which never comes, since each
 * claim makes it zero. */
#include "core/instance/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unhandled[] = "UNHANDLED";

static void ask_page(instance *i);

static const char *reason_of(const entry_record *r) {
    return r && r->reason[0] ? r->reason : unhandled;
}

static int64_t again_room(const instance *i) {
    return i->config.inbox_batch - i->inbox.open_again;
}

static void tell_claimed(instance *i, const redis_reply *entries) {
    if (!instance_is_sure(i)) return;
    for (size_t n = 0; n < reply_count(entries) && !instance_is_over(i); n++) inbox_tell_again(i, reply_at(entries, n));
}

/* ---- the walk ------------------------------------------------------------------------------------------------------- */

/* What one page of pending entries comes to. */
typedef struct page {
    const char *claims[ENTRY_IDS_MAX];
    int count;
    bool stopped; /* by a lack of room */
} page;

static bool is_due(const instance *i, const char *id, int64_t deliveries) {
    int64_t age = instance_now(i) / USEC_PER_MSEC - strtoll(id, NULL, 10);
    return deliveries >= i->config.dead_deliveries || age >= i->config.dead_after / USEC_PER_MSEC;
}

/* False when there is no room for it. */
static bool look_at(instance *i, page *p, const redis_reply *pending) {
    const char *id = reply_text(reply_at(pending, 0));
    const entry_record *r = inbox_find(i, id);
    if (r && r->open) return true;
    if (is_due(i, id, reply_int(reply_at(pending, 3)))) {
        dead_letter_move(i, i->id, id, reason_of(r), true);
        return true;
    }
    if (p->count >= again_room(i)) return false;
    p->claims[p->count++] = id;
    return true;
}

static void on_claimed(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "claim", status, reply);
    i->reclaim.out = false;
    if (instance_is_over(i)) return;
    tell_claimed(i, reply);
    if (i->reclaim.cursor[0] && again_room(i) > 0) ask_page(i);
}

static void claim(instance *i, const page *p) {
    redis_key key;
    redis_call call;
    call_command(&call, "XCLAIM");
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, INBOX_GROUP);
    call_str(&call, i->id);
    call_int(&call, i->config.reclaim_idle / USEC_PER_MSEC);
    for (int n = 0; n < p->count; n++) call_str(&call, p->claims[n]);
    i->reclaim.out = true;
    instance_call(i, &call, on_claimed, i);
}

static void on_page(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    page p = {.count = 0};
    instance_answered(i, "pending entries", status, reply);
    i->reclaim.out = false;
    if (instance_is_over(i) || status != LINK_OK) return;
    for (size_t n = 0; n < reply_count(reply) && !p.stopped; n++) {
        const char *id = reply_text(reply_at(reply_at(reply, n), 0));
        p.stopped = !look_at(i, &p, reply_at(reply, n));
        if (!p.stopped) snprintf(i->reclaim.cursor, sizeof i->reclaim.cursor, "%s", id);
    }
    if (!p.stopped && reply_count(reply) < ENTRY_IDS_MAX) i->reclaim.cursor[0] = '\0'; /* the end: begin anew */
    if (p.count)
        claim(i, &p);
    else if (!p.stopped && i->reclaim.cursor[0])
        ask_page(i);
}

static void put_pending(const instance *i, redis_call *call, redis_key *key) {
    call_command(call, "XPENDING");
    call_key(call, key_instance_inbox(key, &i->keys, i->id));
    call_str(call, INBOX_GROUP);
}

static void ask_page(instance *i) {
    char from[sizeof i->reclaim.cursor + 1];
    redis_key key;
    redis_call call;
    put_pending(i, &call, &key);
    call_str(&call, "IDLE");
    call_int(&call, i->config.reclaim_idle / USEC_PER_MSEC);
    snprintf(from, sizeof from, "%s%s", i->reclaim.cursor[0] ? "(" : "-", i->reclaim.cursor);
    call_str(&call, from);
    call_str(&call, "+");
    call_int(&call, ENTRY_IDS_MAX);
    i->reclaim.out = true;
    instance_call(i, &call, on_page, i);
}

/* ---- the incident --------------------------------------------------------------------------------------------------- */

enum { RESETTING_CLAIM = 64, RESETTING_SCAN = 100 };

static void on_scanned(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "pending entries", status, reply);
    i->reclaim.out = false;
    if (instance_is_over(i) || status != LINK_OK) return;
    for (size_t n = 0; n < reply_count(reply); n++) {
        const redis_reply *pending = reply_at(reply, n);
        const char *id = reply_text(reply_at(pending, 0));
        bool idle = reply_int(reply_at(pending, 2)) >= i->config.dead_after / USEC_PER_MSEC;
        if (idle && reply_int(reply_at(pending, 3)) >= i->config.dead_deliveries)
            dead_letter_move(i, i->id, id, reason_of(inbox_find(i, id)), false);
    }
}

static void on_resetting_claimed(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    redis_key key;
    redis_call call;
    instance_answered(i, "claim from the beginning", status, reply);
    i->reclaim.out = false;
    if (instance_is_over(i)) return;
    tell_claimed(i, reply_at(reply, 1));
    put_pending(i, &call, &key);
    call_str(&call, "-");
    call_str(&call, "+");
    call_int(&call, RESETTING_SCAN);
    i->reclaim.out = true;
    instance_call(i, &call, on_scanned, i);
}

static void claim_from_the_beginning(instance *i) {
    int64_t room = again_room(i);
    redis_key key;
    redis_call call;
    if (room <= 0) return;
    call_command(&call, "XAUTOCLAIM");
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, INBOX_GROUP);
    call_str(&call, i->id);
    call_int(&call, i->config.reclaim_idle / USEC_PER_MSEC);
    call_str(&call, "0-0");
    call_str(&call, "COUNT");
    call_int(&call, room < RESETTING_CLAIM ? room : RESETTING_CLAIM);
    i->reclaim.out = true;
    instance_call(i, &call, on_resetting_claimed, i);
}

/* ---- the timer ------------------------------------------------------------------------------------------------------ */

static void on_timer(void *arg) {
    instance *i = arg;
    reclaim_start(i);
    if (i->reclaim.out || !instance_is_sure(i)) return;
    if (i->config.incidents.resetting_reclaim)
        claim_from_the_beginning(i);
    else
        ask_page(i);
}

void reclaim_start(instance *i) {
    instance_set_timer(i, &i->reclaim.timer, instance_now(i) + i->config.reclaim_idle, on_timer, i);
}

void reclaim_stop(instance *i) {
    instance_clear_timer(i, &i->reclaim.timer);
}
