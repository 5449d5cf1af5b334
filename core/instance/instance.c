/* instance.c - what the parts of an instance share: calls, timers, and how all of it ends.
 *
 * The parts: presence.c (we live), others.c (who else does), inbox.c (entries), reclaim.c (those that nobody handled), dead_letters.c
 * (those that nobody can handle), adoption.c (those of the dead). Each owns one timer; all of them end together. */
#include "core/instance/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/domain/ids.h"

usec_t instance_now(const instance *i) {
    return clock_now(&i->env.clock);
}

bool instance_is_over(const instance *i) {
    return i->stopped || i->leaving || i->lost;
}

bool instance_is_sure(const instance *i) {
    return i->presence.proved && instance_now(i) - i->presence.proved < i->config.presence_ttl;
}

void instance_call(instance *i, const redis_call *call, link_callback *done, void *arg) {
    i->calls++;
    link_submit(&i->env.redis, call, i->env.patience, done, arg);
}

void instance_answered(instance *i, const char *what, link_status status, const redis_reply *reply) {
    i->calls--;
    assert(i->calls >= 0);
    if (status == LINK_OK) return;
    /* Who leaves removes the inbox under its own read. */
    bool expected = instance_is_over(i) && !strncmp(reply_text(reply), "UNBLOCKED", 9);
    log_write(&i->env.log, status == LINK_ERROR && !expected ? LOG_ERROR : LOG_DEBUG, "instance_call",
              "what=%s status=%s error=\"%s\"", what, link_status_name(status), reply_text(reply));
}

void instance_clear_timer(instance *i, timer_handle *timer) {
    i->env.timers.cancel(i->env.timers.ctx, *timer);
    *timer = 0;
}

void instance_set_timer(instance *i, timer_handle *timer, usec_t at, void (*fire)(void *arg), void *arg) {
    instance_clear_timer(i, timer);
    *timer = i->env.timers.set(i->env.timers.ctx, at, fire, arg);
}

instance *instance_open(const instance_config *config, const keyspace *keys, const instance_env *env,
                        const instance_events *events) {
    assert(id_valid(env->id) && strlen(env->address) <= ADDRESS_MAX && strlen(env->host) <= ADDRESS_MAX &&
           env->patience > 0);
    instance *i = mem_zalloc(1, sizeof *i);
    i->config = *config;
    i->keys = *keys;
    i->env = *env;
    i->events = *events;
    snprintf(i->id, sizeof i->id, "%s", env->id);
    snprintf(i->address, sizeof i->address, "%s", env->address);
    snprintf(i->host, sizeof i->host, "%s", env->host);
    i->env.id = i->id;
    i->env.address = i->address;
    i->env.host = i->host;
    rng_init(&i->draws, env->seed, "instance", hash_text(i->id));
    snprintf(i->token, sizeof i->token, "%016" PRIx64, rng_u64(&i->draws));
    return i;
}

void instance_start(instance *i) {
    assert(!i->presence.tried && !i->stopped);
    presence_beat(i);
}

static void stop_timers(instance *i) {
    presence_stop(i);
    others_stop(i);
    inbox_stop(i);
    reclaim_stop(i);
}

void instance_stop(instance *i) {
    i->stopped = true;
    stop_timers(i);
}

/* ---- leaving in good order ------------------------------------------------------------------------------------------ */

static void say_left(instance *i) {
    void (*done)(void *arg) = i->leave.done;
    i->leave.done = NULL;
    done(i->leave.arg);
}

static void on_struck(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "leave the list", status, reply);
    say_left(i);
}

/* What is left is looked after at once: in the list we are as old as the dead. */
static void strike_ourselves(instance *i, bool left) {
    redis_key key;
    redis_call call;
    call_command(&call, left ? "ZINCRBY" : "ZREM");
    call_key(&call, key_instances(&key, &i->keys));
    if (left) call_int(&call, -(i->config.presence_ttl / USEC_PER_MSEC) - 1);
    call_str(&call, i->id);
    instance_call(i, &call, on_struck, i);
}

static void on_left(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "leave_instance", status, reply);
    bool left = reply_says(reply, "LEFT");
    if (status == LINK_OK && (left || reply_says(reply, "OK")))
        strike_ourselves(i, left);
    else
        say_left(i); /* it ends by its TTL, and others see to the rest */
}

void instance_leave(instance *i, void (*done)(void *arg), void *arg) {
    assert(!i->leaving);
    i->leaving = true;
    i->leave.done = done;
    i->leave.arg = arg;
    stop_timers(i);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_LEAVE_INSTANCE);
    call_key(&call, key_instance_presence(&key, &i->keys, i->id));
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, i->token);
    instance_call(i, &call, on_left, i);
}

instance *instance_close(instance *i) {
    if (!i) return NULL;
    instance_stop(i);
    others_free(i);
    inbox_free(i);
    owner_keys_free(i);
    free(i);
    return NULL;
}

int64_t instance_calls(const instance *i) {
    return i->calls;
}

const char *instance_id(const instance *i) {
    return i->id;
}

void instance_handled(instance *i, const entry_token *token, bool ok, const char *reason) {
    assert(ok || (reason && *reason));
    other *o;
    if (!strcmp(token->instance, i->id))
        inbox_handled(i, token->id, ok, reason);
    else if ((o = other_find(i, token->instance)))
        adoption_handled(o, token->id, ok, reason);
}

instance_counts instance_count(const instance *i) {
    instance_counts counts = i->counts;
    counts.open = i->inbox.open + i->inbox.open_again;
    for (const other *o = i->others; o; o = o->hh.next) {
        counts.open += o->open;
        counts.others += o->listed;
    }
    return counts;
}
