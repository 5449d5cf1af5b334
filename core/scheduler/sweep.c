/* sweep.c - the walk over the indexes of deadlines and of node expiry, so that nothing depends on a timer of an instance
 * that may have died.
 *
 * AT_ONCE buckets at a time, evenly spread: all 320 within reap_round. A few together share a round trip; all together would
 * be a burst that every job behind them waits for. Each visit reads at most reap_batch entries with a plain
 * ZRANGEBYSCORE by our own clock; what it finds is a candidate only, because the script that acts on it asks the
 * server's clock again. Deadlines of our own jobs have timers; the sweep leaves them GRACE to act first. */
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

enum { GRACE_MSEC = 500, BUCKETS = JOB_BUCKETS + NODE_BUCKETS, AT_ONCE = 16 };

static void on_due_jobs(void *arg, link_status status, const redis_reply *reply) {
    scheduler *s = arg;
    sched_answered(s, SCRIPT_NONE, status, reply);
    if (outage_deadlines_rest(s)) return;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        const char *job_id = reply_text(reply_at(reply, i));
        job *j = job_find(s, job_id);
        if (j && j->due <= sched_now(s))
            job_note(j, NOTE_DUE);
        else if (!j)
            takeover_due(s, job_id, reply_int(reply_at(reply, i + 1)) * USEC_PER_MSEC);
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
    call_str(&call, "WITHSCORES");
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
