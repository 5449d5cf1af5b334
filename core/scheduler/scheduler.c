/* scheduler.c - the object itself: its beginning and end, and the few helpers that the flow files share.
 *
 * Nothing here waits: each public function does what can be done now, submits calls to Redis, and goes on in their
 * callbacks. Calls that are out are counted, because a scheduler may only be freed when none will come back. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const placement *const placements[] = {
    [PLACEMENT_RANDOM] = &placement_random,
    [PLACEMENT_BEST_OF] = &placement_best_of,
    [PLACEMENT_LEAST] = &placement_least,
};

static void submit_for_mechanism(void *ctx, const redis_call *call, link_callback *done, void *arg) {
    sched_call(ctx, call, done, arg);
}

static void answered_to_mechanism(void *ctx, script_id script, link_status status, const redis_reply *reply) {
    sched_answered(ctx, script, status, reply);
}

static void equip_mechanisms(scheduler *s) {
    s->soon = soon_new(s->env.clock, s->env.timers);
    s->mech = (mechanism_env){
        .clock = s->env.clock,
        .timers = s->env.timers,
        .soon = s->soon,
        .keys = &s->config.keys,
        .submit = submit_for_mechanism,
        .answered = answered_to_mechanism,
        .work = s->env.work,
        .log = s->env.log,
        .ctx = s,
    };
}

static registry *open_registry(const scheduler *s) {
    const scheduler_config *c = &s->config;
    registry_settings settings = {
        .kind = (registry_kind)c->registry,
        .load = (load_kind)c->load,
        .limit = c->limit,
        .node_ttl = c->node_ttl,
        .ready_limit = c->ready_limit,
        .trial_pause = c->trial_pause,
        .mark_ttl = c->mark_ttl,
        .resource_limit = c->resource_limit,
        .copy_refresh = c->copy_refresh,
        .reap_batch = c->reap_batch,
        .counted_reservations = counts_reservations(&c->incidents),
        .overwritten_counter = c->incidents.overwritten_counter,
        .biased_shards = c->incidents.biased_shards,
        .first_of_equals = c->incidents.first_of_equals,
    };
    return registry_new(&s->mech, &settings);
}

sched_status scheduler_new(const scheduler_config *config, const scheduler_env *env, scheduler **ret_scheduler,
                           sched_error *err) {
    assert(config && env && ret_scheduler && env->clock.now && env->timers.set && env->redis.submit);
    sched_status status = scheduler_config_check(config, err);
    if (!status) status = id_check("instance id", env->instance_id, err);
    if (status) return status;
    scheduler *s = mem_zalloc(1, sizeof *s);
    s->config = *config;
    s->env = *env;
    snprintf(s->instance, sizeof s->instance, "%s", env->instance_id);
    s->env.instance_id = s->instance;
    s->place = placements[config->placement];
    equip_mechanisms(s);
    job_store_open(s);
    s->registry = open_registry(s);
    rng_init(&s->draws, env->seed, "scheduler", 0);
    sweep_start(s);
    remote_open(s);
    *ret_scheduler = s;
    return SCHED_OK;
}

scheduler *scheduler_free(scheduler *s) {
    if (!s) return NULL;
    assert(s->counts.calls == 0);
    scheduler_stop(s);
    s->store = job_store_free(s->store);
    job *j, *next;
    remote_close(s);
    HASH_ITER (hh, s->jobs, j, next) {
        j->busy = false; /* with an answer out of memory, which does not come any more */
        job_drop(j);
    }
    pool_changes_drop(s);
    node_conn_free_all(s);
    session_free_all(s);
    stats_free(s);
    model_missing_free(s);
    explain_free_all(s);
    registry_free(s->registry);
    soon_free(s->soon);
    free(s);
    return NULL;
}

void scheduler_stop(scheduler *s) {
    leave_stop(s);
    remote_stop(s);
    sweep_stop(s);
    s->registry->ops->stop(s->registry);
    outage_stop(s);
    session_record_stop(s);
    room_stop(s);
    takeover_stop(s);
    takeover_due_stop(s);
    stats_stop(s);
}

scheduler_counts scheduler_count(const scheduler *s) {
    scheduler_counts counts = s->counts;
    counts.calls += remote_calls(s);
    return counts;
}

instance_counts scheduler_instance_count(const scheduler *s) {
    return s->self ? instance_count(s->self) : (instance_counts){.open = 0};
}

usec_t sched_now(const scheduler *s) {
    return clock_now(&s->env.clock);
}

void sched_worked(const scheduler *s, sched_work kind, int64_t count) {
    if (s->env.work.did && count > 0) s->env.work.did(s->env.work.ctx, kind, count);
}

int64_t usec_to_msec_up(usec_t usec) {
    return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

void sched_emit(scheduler *s, sched_event event) {
    if (!s->env.observer.event) return;
    event.at = sched_now(s);
    if (!event.job) event.job = "";
    if (!event.node) event.node = "";
    if (!event.session) event.session = "";
    if (!event.code) event.code = "";
    s->env.observer.event(s->env.observer.ctx, &event);
}

void sched_call(scheduler *s, const redis_call *call, link_callback *done, void *arg) {
    s->counts.calls++;
    link_submit(&s->env.redis, call, s->config.redis_patience, done, arg);
}

/* A full window refuses by the thousand: it is said once a second. */
static bool may_be_said(scheduler *s, link_status status) {
    if (status != LINK_FULL) return true;
    usec_t now = sched_now(s);
    if (now - s->full_said < USEC_PER_SEC) return false;
    s->full_said = now;
    return true;
}

void sched_answered(scheduler *s, script_id script, link_status status, const redis_reply *reply) {
    assert(s->counts.calls > 0);
    s->counts.calls--;
    outage_answered(s, status, reply);
    if (status == LINK_OK) return;
    const char *name = script == SCRIPT_NONE ? "command" : scripts_name(script);
    char code[48];
    snprintf(code, sizeof code, "%.*s", (int)strcspn(reply_text(reply), " "), reply_text(reply));
    const char *what = status == LINK_ERROR ? code : link_status_name(status);
    bool known = s->counts.redis_down && status != LINK_ERROR; /* that Redis is down was said once */
    if (!known && may_be_said(s, status))
        log_write(&s->env.log, LOG_WARN, "redis_call", "script=%s status=%s reply=\"%s\"", name,
                  link_status_name(status), reply_text(reply));
    sched_emit(s, (sched_event){.kind = EV_REDIS, .code = what, .value = script});
}

void sched_owner(const scheduler *s, conn_token conn, char owner[OWNER_MAX + 1]) {
    snprintf(owner, OWNER_MAX + 1, "%s:%016llx", s->instance, (unsigned long long)conn);
}
