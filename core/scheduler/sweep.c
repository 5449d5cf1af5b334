/* sweep.c - the walk over the indexes of deadlines and of node expiry, so that nothing depends on a timer of an instance
 * that may have died.
 *
 * AT_ONCE buckets at a time, evenly spread: all 320 within reap_round. A few together share a round trip; all together would
 * be a burst that every job behind them waits for. Each visit reads at most reap_batch entries with a plain
 * ZRANGEBYSCORE by our own clock; what it finds is a candidate only, because the script that acts on it asks the
 * server's clock again. Deadlines of our own jobs have timers; the sweep leaves them GRACE to act first. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRACE_MSEC = 500, BUCKETS = JOB_BUCKETS + NODE_BUCKETS, AT_ONCE = 16 };

static const char owner_lost[] = "owner_lost";

/* ---- jobs that nobody here follows ---------------------------------------------------------------------------------- */

typedef struct orphan {
    scheduler *s;
    char job[ID_MAX + 1];
    int64_t attempt;
} orphan;

static const char *orphan_key(redis_key *key, const orphan *o) {
    return key_job(key, &o->s->config.keys, o->job);
}

static const char *orphan_deadlines(redis_key *key, const orphan *o) {
    unsigned bucket = 0;
    job_bucket_of_job(o->job, &bucket);
    return key_job_deadlines(key, &o->s->config.keys, bucket);
}

static void on_orphan_released(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_RELEASE_JOB, status, reply);
    if (reply_says(reply, "OK")) sched_emit(o->s, (sched_event){.kind = EV_RELEASED, .job = o->job});
    free(o);
}

/* Also for an entry whose job is gone: the script takes it out of the index. */
static void release_orphan(orphan *o) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_JOB);
    call_key(&call, orphan_key(&key, o));
    call_key(&call, orphan_deadlines(&key, o));
    call_str(&call, o->job);
    sched_call(o->s, &call, on_orphan_released, o);
}

static void on_orphan_completed(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_COMPLETE_TASK, status, reply);
    if (status == LINK_OK && reply_says(reply, "OK"))
        sched_emit(o->s, (sched_event){.kind = EV_FINISHED,
                                       .job = o->job,
                                       .attempt = o->attempt,
                                       .outcome = OUTCOME_FAILED,
                                       .code = owner_lost});
    free(o); /* it is FINISHED now; a later visit releases it */
}

static void complete_orphan(orphan *o, const char *request_id) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_COMPLETE_TASK);
    call_key(&call, orphan_key(&key, o));
    call_key(&call, key_request(&key, &o->s->config.keys, request_id));
    call_key(&call, orphan_deadlines(&key, o));
    call_str(&call, o->job);
    call_int(&call, o->attempt);
    call_str(&call, job_outcome_name(OUTCOME_FAILED));
    call_str(&call, owner_lost);
    call_int(&call, 0);
    call_int(&call, usec_to_msec_up(o->s->config.finished_ttl));
    call_int(&call, 1);
    sched_call(o->s, &call, on_orphan_completed, o);
}

static void on_orphan_read(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_NONE, status, reply);
    job_state state;
    o->attempt = reply_int(reply_at(reply, 1));
    if (status != LINK_OK)
        free(o);
    else if (!job_state_parse(reply_text(reply_at(reply, 0)), &state) || state >= JOB_FINISHED)
        release_orphan(o);
    else
        complete_orphan(o, reply_text(reply_at(reply, 2)));
}

static void visit_orphan(scheduler *s, const char *job_id) {
    orphan *o = mem_zalloc(1, sizeof *o);
    o->s = s;
    snprintf(o->job, sizeof o->job, "%s", job_id);
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, orphan_key(&key, o));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "req");
    sched_call(s, &call, on_orphan_read, o);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------- */

static void on_due_jobs(void *arg, link_status status, const redis_reply *reply) {
    scheduler *s = arg;
    sched_answered(s, SCRIPT_NONE, status, reply);
    if (outage_deadlines_rest(s)) return;
    for (size_t i = 0; i < reply_count(reply); i++) {
        const char *job_id = reply_text(reply_at(reply, i));
        unsigned bucket;
        job *j = job_find(s, job_id);
        if (j && j->due <= sched_now(s))
            job_note(j, NOTE_DUE);
        else if (!j && job_bucket_of_job(job_id, &bucket))
            visit_orphan(s, job_id);
    }
}

static void on_expired_nodes(void *arg, const char *const *nodes, size_t count) {
    scheduler *s = arg;
    if (outage_deadlines_rest(s)) return;
    for (size_t i = 0; i < count; i++) node_take_offline(s, nodes[i], "", "expired");
}

/* Jobs that only an instance's memory knows end with it, and have no index. */
static void visit_jobs(scheduler *s, unsigned bucket) {
    if (s->config.job_store != JOB_STORE_REDIS) return;
    redis_key key;
    redis_call call;
    call_command(&call, "ZRANGEBYSCORE");
    call_key(&call, key_job_deadlines(&key, &s->config.keys, bucket));
    call_str(&call, "-inf");
    call_int(&call, sched_now(s) / USEC_PER_MSEC - GRACE_MSEC);
    call_str(&call, "LIMIT");
    call_int(&call, 0);
    call_int(&call, s->config.reap_batch);
    sched_call(s, &call, on_due_jobs, s);
}

static void visit(scheduler *s, unsigned bucket) {
    if (bucket < JOB_BUCKETS)
        visit_jobs(s, bucket);
    else
        s->registry->ops->due(s->registry, bucket - JOB_BUCKETS, on_expired_nodes, s);
}

static void on_timer(void *arg) {
    scheduler *s = arg;
    for (int i = 0; i < AT_ONCE; i++) {
        visit(s, s->sweep_bucket);
        s->sweep_bucket = (s->sweep_bucket + 1) % BUCKETS;
    }
    sweep_start(s);
}

void sweep_start(scheduler *s) {
    usec_t pause = s->config.reap_round * AT_ONCE / BUCKETS;
    s->sweep_timer = s->env.timers.set(s->env.timers.ctx, sched_now(s) + (pause > 0 ? pause : 1), on_timer, s);
}

void sweep_stop(scheduler *s) {
    s->env.timers.cancel(s->env.timers.ctx, s->sweep_timer);
    s->sweep_timer = 0;
}
