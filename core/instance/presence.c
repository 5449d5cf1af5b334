/* presence.c - we live: a key with a TTL that a timer renews.
 *
 * Whether presence may be made again when it is gone depends on why it is. Who slept (the process was stopped, the machine suspended)
 * may have been taken for dead, and does not know what happened since. Who was awake and tried all the time knows that it was Redis
 * that was away, or forgot; then nobody else could conclude anything either, unless only our own way was cut: then there is a
 * tombstone, and that decides. Sleep shows as a gap between two tries, because a failed try is repeated soon. */
#include "core/instance/internal.h"

#include <stdio.h>

static const usec_t retry_pause = USEC_PER_SEC;

static void on_timer(void *arg) {
    presence_beat(arg);
}

static void beat_at(instance *i, usec_t at) {
    instance_set_timer(i, &i->presence.timer, at, on_timer, i);
}

void presence_stop(instance *i) {
    instance_clear_timer(i, &i->presence.timer);
}

static void lose(instance *i, const char *why) {
    log_write(&i->env.log, LOG_ERROR, "instance_lost", "instance=%s why=\"%s\"", i->id, why);
    instance_stop(i);
    i->lost = true;
    if (i->events.lost) i->events.lost(i->events.ctx, why);
}

static void renewed(instance *i, bool made) {
    i->presence.slept = false;
    i->presence.proved = i->presence.tried;
    usec_t next = i->presence.tried + i->config.presence_refresh;
    if (i->config.incidents.owner_keys)
        owner_keys_refresh(i);
    else
        beat_at(i, next > instance_now(i) ? next : instance_now(i));
    if (i->up) {
        if (made) log_write(&i->env.log, LOG_WARN, "instance_present_again", "instance=%s", i->id);
        return;
    }
    i->up = true;
    log_write(&i->env.log, LOG_INFO, "instance_up", "instance=%s address=%s", i->id, i->address);
    i->look.calm_since = instance_now(i);
    others_look(i);
    inbox_read(i);
    reclaim_start(i);
}

static void on_beat(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    char why[128];
    instance_answered(i, "instance_beat", status, reply);
    i->presence.out = false;
    if (instance_is_over(i)) return;
    others_heard(i, status == LINK_OK);
    if (status != LINK_OK) {
        usec_t pause = i->config.presence_refresh < retry_pause ? i->config.presence_refresh : retry_pause;
        beat_at(i, instance_now(i) + pause);
    } else if (reply_says(reply, "OK") || reply_says(reply, "NEW")) {
        renewed(i, reply_says(reply, "NEW"));
    } else if (reply_says(reply, "BURIED")) {
        snprintf(why, sizeof why, "taken for dead by %s", reply_text(reply_at(reply, 1)));
        lose(i, why);
    } else {
        lose(i,
             reply_says(reply, "TAKEN") ? "another process has this id" : "presence lapsed: it slept, or was too slow");
    }
}

void presence_beat(instance *i) {
    if (i->presence.out || instance_is_over(i)) return;
    usec_t now = instance_now(i);
    if (i->presence.tried && now - i->presence.tried >= i->config.presence_ttl) i->presence.slept = true;
    i->presence.tried = now;
    i->presence.out = true;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_INSTANCE_BEAT);
    call_key(&call, key_instance_presence(&key, &i->keys, i->id));
    call_key(&call, key_instance_tombstone(&key, &i->keys, i->id));
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, i->token);
    call_str(&call, i->address);
    call_str(&call, i->host);
    call_int(&call, i->env.pid);
    call_int(&call, !i->presence.slept);
    call_int(&call, i->config.presence_ttl / USEC_PER_MSEC);
    call_int(&call, i->config.inbox_ttl / USEC_PER_MSEC);
    instance_call(i, &call, on_beat, i);
}
