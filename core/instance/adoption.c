/* adoption.c - the entries of a dead instance are handed to somebody who lives.
 *
 * Whoever finds presence gone asks adopt_instance: one survivor gets the lease, the others learn that it is dead. The lease is renewed at
 * each look, so an adopter that dies in its turn is followed by the next. Entries are read page by page, and a page is asked for when
 * the one before was handled; what could not be handled is told again in the next pass, at the next look, until it is a dead letter.
 * When a pass finds nothing, the inbox is deleted and the id struck from the list.
 *
 * An instance that was only paused may still handle what it had; entries are idempotent, and its next beat tells it that it is buried. */
#include "core/instance/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* An orphan that was told and is not handled. */
struct orphan {
    char id[sizeof((entry_token *)0)->id];
    bool open;
    int64_t tries;
    usec_t since; /* the first try */
    UT_hash_handle hh;
};

static void page_done(other *o);

static void forget_orphan(other *o, orphan *r) {
    HASH_DEL(o->orphans, r);
    free(r);
}

void adoption_free(other *o) {
    orphan *r, *next;
    HASH_ITER (hh, o->orphans, r, next) forget_orphan(o, r);
}

/* ---- the entries ---------------------------------------------------------------------------------------------------- */

static orphan *orphan_of(other *o, const char *entry_id) {
    orphan *r;
    HASH_FIND_STR(o->orphans, entry_id, r);
    if (r) return r;
    r = mem_zalloc(1, sizeof *r);
    snprintf(r->id, sizeof r->id, "%s", entry_id);
    r->since = instance_now(o->i);
    HASH_ADD_STR(o->orphans, id, r);
    return r;
}

static void tell(other *o, const redis_reply *entry) {
    instance *i = o->i;
    inbox_entry e;
    entry_token token;
    snprintf(token.instance, sizeof token.instance, "%s", o->id);
    snprintf(token.id, sizeof token.id, "%s", reply_text(reply_at(entry, 0)));
    snprintf(o->cursor, sizeof o->cursor, "%s", token.id);
    const char *wrong = inbox_parse(entry, &e);
    if (*wrong) {
        dead_letter_move(i, o->id, token.id, wrong, false);
        return;
    }
    orphan *r = orphan_of(o, token.id);
    if (r->open) return;
    r->open = true;
    r->tries++;
    o->open++;
    i->counts.orphans++;
    i->events.orphan(i->events.ctx, o->id, &e, &token);
}

static void on_page(void *arg, link_status status, const redis_reply *reply) {
    other *o = arg;
    instance *i = o->i;
    instance_answered(i, "orphans", status, reply);
    o->adopting = false;
    if (instance_is_over(i) || status != LINK_OK) return;
    o->more = reply_count(reply) == (size_t)i->config.inbox_batch;
    o->open++; /* the page itself: it is not done while it is being told */
    for (size_t n = 0; n < reply_count(reply) && !instance_is_over(i); n++) tell(o, reply_at(reply, n));
    o->open--;
    if (!o->open) page_done(o);
}

static void read_page(other *o) {
    instance *i = o->i;
    char from[sizeof o->cursor + 1];
    redis_key key;
    redis_call call;
    snprintf(from, sizeof from, "%s%s", o->cursor[0] ? "(" : "-", o->cursor);
    call_command(&call, "XRANGE");
    call_key(&call, key_instance_inbox(&key, &i->keys, o->id));
    call_str(&call, from);
    call_str(&call, "+");
    call_str(&call, "COUNT");
    call_int(&call, i->config.inbox_batch);
    o->adopting = true;
    instance_call(i, &call, on_page, o);
}

void adoption_handled(other *o, const char *entry_id, bool ok, const char *reason) {
    instance *i = o->i;
    orphan *r;
    HASH_FIND_STR(o->orphans, entry_id, r);
    if (!r || !r->open) return;
    r->open = false;
    o->open--;
    bool given_up = r->tries >= i->config.dead_deliveries || instance_now(i) - r->since >= i->config.dead_after;
    if (ok) {
        i->counts.handled++;
        inbox_done(i, o->id, entry_id);
    } else if (given_up) {
        dead_letter_move(i, o->id, entry_id, reason, false);
    }
    if (ok || given_up) forget_orphan(o, r);
    if (!o->open) page_done(o);
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static void on_forgotten(void *arg, link_status status, const redis_reply *reply) {
    other *o = arg;
    instance *i = o->i;
    instance_answered(i, "forget_instance", status, reply);
    o->adopting = false;
    if (instance_is_over(i) || status != LINK_OK || !reply_says(reply, "OK")) return;
    log_write(&i->env.log, LOG_INFO, "instance_forgotten", "instance=%s", o->id);
    other_strike(o);
}

static void forget(other *o) {
    instance *i = o->i;
    redis_key key;
    redis_call call;
    inbox_send_done(i); /* first: what is acknowledged is not left */
    call_script(&call, SCRIPT_FORGET_INSTANCE);
    call_key(&call, key_instance_inbox(&key, &i->keys, o->id));
    call_key(&call, key_instance_lease(&key, &i->keys, o->id));
    call_str(&call, i->id);
    o->adopting = true;
    instance_call(i, &call, on_forgotten, o);
}

static void page_done(other *o) {
    if (instance_is_over(o->i) || !o->leased || o->adopting) return;
    if (o->more)
        read_page(o);
    else if (!o->orphans)
        forget(o);
}

/* ---- the lease ------------------------------------------------------------------------------------------------------ */

static void leased(other *o, int64_t entries) {
    instance *i = o->i;
    if (!o->leased) {
        i->counts.adopted++;
        log_write(&i->env.log, LOG_WARN, "instance_adopted", "instance=%s entries=%lld", o->id, (long long)entries);
    }
    o->leased = true;
    if (o->open) return; /* a pass is under way */
    o->cursor[0] = '\0';
    read_page(o);
}

static void on_asked(void *arg, link_status status, const redis_reply *reply) {
    other *o = arg;
    instance *i = o->i;
    instance_answered(i, "adopt_instance", status, reply);
    o->adopting = false;
    if (instance_is_over(i) || status != LINK_OK) return;
    if (reply_says(reply, "ALIVE")) {
        o->found_dead = o->leased = false;
        return;
    }
    other_died(o);
    if (instance_is_over(i)) return;
    if (reply_says(reply, "LEASED"))
        leased(o, reply_int(reply_at(reply, 1)));
    else
        o->leased = false;
}

/* The incident: that it is dead is known, and nobody does anything about its entries. */
static void only_learn(other *o) {
    if (o->found_dead)
        other_died(o);
    else
        other_ask(o);
}

void adoption_go_on(other *o) {
    instance *i = o->i;
    if (o->adopting) return;
    if (i->config.incidents.orphaned_inboxes) {
        only_learn(o);
        return;
    }
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_ADOPT_INSTANCE);
    call_key(&call, key_instance_presence(&key, &i->keys, o->id));
    call_key(&call, key_instance_lease(&key, &i->keys, o->id));
    call_key(&call, key_instance_tombstone(&key, &i->keys, o->id));
    call_key(&call, key_instance_inbox(&key, &i->keys, o->id));
    call_str(&call, i->id);
    call_int(&call, i->config.lease_ttl / USEC_PER_MSEC);
    call_int(&call, i->config.tombstone_ttl / USEC_PER_MSEC);
    o->adopting = true;
    instance_call(i, &call, on_asked, o);
}
