/* others.c - who else lives.
 *
 * Two ways: at each look, all that are in the list with the time at which they last showed themselves; and one id, when somebody asks
 * for it. Presence decides in both. The list only tells whom to look after: who was not seen for presence_ttl, and (whoever left
 * it) who is not there any more, because only the end of an adoption and a leave in good order take an id out.
 *
 * After an outage all others look dead, until they have had time to show themselves: so nobody is taken for dead before beats and looks
 * of our own were answered for a whole presence_refresh. The same when we find ourselves missing in the list: Redis has forgotten
 * it. */
#include "core/instance/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const usec_t alive_cached = USEC_PER_SEC;

struct waiter {
    alive_done *done;
    void *arg;
    waiter *next;
};

/* ---- the table ------------------------------------------------------------------------------------------------------ */

other *other_find(const instance *i, const char *id) {
    other *o;
    HASH_FIND_STR(i->others, id, o);
    return o;
}

static other *other_get(instance *i, const char *id) {
    other *o = other_find(i, id);
    if (o) return o;
    o = mem_zalloc(1, sizeof *o);
    o->i = i;
    o->waiters_end = &o->waiters;
    snprintf(o->id, sizeof o->id, "%s", id);
    HASH_ADD_STR(i->others, id, o);
    return o;
}

static void drop_waiters(other *o) {
    for (waiter *next, *w = o->waiters; w; w = next) {
        next = w->next;
        free(w);
    }
}

static void other_free(other *o) {
    HASH_DEL(o->i->others, o);
    drop_waiters(o);
    adoption_free(o);
    free(o);
}

void others_free(instance *i) {
    other *o, *next;
    HASH_ITER (hh, i->others, o, next) other_free(o);
}

void other_died(other *o) {
    instance *i = o->i;
    if (o->told || !o->listed) return;
    o->told = true;
    log_write(&i->env.log, LOG_WARN, "instance_died", "instance=%s", o->id);
    if (i->events.died) i->events.died(i->events.ctx, o->id);
}

/* ---- does one live? ------------------------------------------------------------------------------------------------- */

static void answer_waiters(other *o, link_status status) {
    waiter *w = o->waiters;
    o->waiters = NULL;
    o->waiters_end = &o->waiters;
    bool alive = status == LINK_OK && o->alive;
    for (waiter *next; w; w = next) {
        next = w->next;
        w->done(w->arg, status, alive, alive ? o->address : "");
        free(w);
    }
}

static void on_presence(void *arg, link_status status, const redis_reply *reply) {
    other *o = arg;
    instance *i = o->i;
    instance_answered(i, "presence", status, reply);
    o->asking = false;
    if (status == LINK_OK) {
        o->answered = instance_now(i);
        o->alive = !reply_is_nil(reply);
        o->found_dead = !o->alive;
        snprintf(o->address, sizeof o->address, "%s", reply_text(reply));
    }
    answer_waiters(o, status);
}

void other_ask(other *o) {
    if (o->asking) return;
    redis_key key;
    redis_call call;
    call_command(&call, "HGET");
    call_key(&call, key_instance_presence(&key, &o->i->keys, o->id));
    call_str(&call, "address");
    o->asking = true;
    instance_call(o->i, &call, on_presence, o);
}

/* An answer that is known already comes behind the present handler. It counts as a call: it comes also after a stop. */
static void on_known(void *arg) {
    other *o = arg;
    o->i->calls--;
    o->asking = false;
    answer_waiters(o, LINK_OK);
}

static void answer_soon(other *o) {
    const timer_source *timers = &o->i->env.timers;
    o->asking = true;
    o->i->calls++;
    timers->set(timers->ctx, instance_now(o->i), on_known, o);
}

void instance_ask_alive(instance *i, const char *id, alive_done *done, void *arg) {
    other *o = other_get(i, id);
    waiter *w = mem_alloc(sizeof *w);
    *w = (waiter){done, arg, NULL};
    *o->waiters_end = w;
    o->waiters_end = &w->next;
    if (o->asking) return;
    usec_t now = instance_now(i);
    if (!strcmp(id, i->id)) {
        o->alive = true;
        o->answered = now;
        snprintf(o->address, sizeof o->address, "%s", i->address);
    }
    if (o->answered && now - o->answered < alive_cached)
        answer_soon(o);
    else
        other_ask(o);
}

/* ---- the list ------------------------------------------------------------------------------------------------------- */

void others_heard(instance *i, bool answered) {
    if (answered && i->look.troubled) i->look.calm_since = instance_now(i);
    i->look.troubled = !answered;
}

bool others_are_calm(const instance *i) {
    return !i->look.troubled && instance_now(i) - i->look.calm_since >= i->config.presence_refresh;
}

static bool is_idle(const other *o) {
    return !o->listed && !o->asking && !o->adopting && !o->open;
}

/* Who is in the list no more: it left, or its adopter has finished. */
static void see_who_is_missing(instance *i, bool forgotten) {
    other *o, *next;
    HASH_ITER (hh, i->others, o, next) {
        if (o->listed && o->look != i->look.number) {
            if (!forgotten) other_died(o);
            o->listed = o->leased = false;
        }
        if (is_idle(o) && instance_now(i) - o->answered >= alive_cached) other_free(o);
    }
}

static void see(instance *i, const char *id, int64_t age_msec) {
    other *o = other_get(i, id);
    o->listed = true;
    o->look = i->look.number;
    bool unseen = age_msec > i->config.presence_ttl / USEC_PER_MSEC;
    if ((unseen || o->found_dead) && others_are_calm(i)) adoption_go_on(o);
}

static void see_all(instance *i, const redis_reply *list) {
    int64_t now = reply_int(reply_at(list, 1));
    bool forgotten = i->look.listed && reply_says(list, "NEW");
    i->look.number++;
    i->look.listed = true;
    if (forgotten) {
        log_write(&i->env.log, LOG_WARN, "instances_forgotten", "instance=%s", i->id);
        i->look.calm_since = instance_now(i);
        presence_beat(i);
    }
    for (size_t at = 2; at + 1 < reply_count(list); at += 2) {
        const char *id = reply_text(reply_at(list, at));
        if (strcmp(id, i->id) != 0) see(i, id, now - reply_int(reply_at(list, at + 1)));
    }
    see_who_is_missing(i, forgotten);
}

static void on_timer(void *arg) {
    others_look(arg);
}

static void on_list(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "list_instance", status, reply);
    i->look.out = false;
    if (instance_is_over(i)) return;
    others_heard(i, status == LINK_OK);
    if (status == LINK_OK) see_all(i, reply);
}

void others_look(instance *i) {
    if (instance_is_over(i)) return;
    /* The first pause is of a length of its own, so that instances that start together do not look together. */
    double part = i->look.number ? 1 : 0.5 + rng_unit(&i->draws) / 2;
    usec_t pause = (usec_t)((double)i->config.adopt_every * part);
    instance_set_timer(i, &i->look.timer, instance_now(i) + pause, on_timer, i);
    if (i->look.out || !instance_is_sure(i)) return; /* who may be dead does not write itself into the list */
    i->look.out = true;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_LIST_INSTANCE);
    call_key(&call, key_instances(&key, &i->keys));
    call_str(&call, i->id);
    call_int(&call, i->config.inbox_ttl / USEC_PER_MSEC);
    instance_call(i, &call, on_list, i);
}

void others_stop(instance *i) {
    instance_clear_timer(i, &i->look.timer);
}

/* ---- the end of an adoption ----------------------------------------------------------------------------------------- */

static void on_struck(void *arg, link_status status, const redis_reply *reply) {
    other *o = arg;
    instance_answered(o->i, "strike from the list", status, reply);
    o->adopting = false; /* the next look finds it missing, or adopts it once more */
}

void other_strike(other *o) {
    redis_key key;
    redis_call call;
    call_command(&call, "ZREM");
    call_key(&call, key_instances(&key, &o->i->keys));
    call_str(&call, o->id);
    o->adopting = true;
    instance_call(o->i, &call, on_struck, o);
}
