/* job_release.c - the reservation of the present attempt is given back, with what the attempt says about its node. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <assert.h>
#include <string.h>

void job_leave_node(job *j) {
    j->noted &= ~(unsigned)NOTE_NODE_LOST; /* what was noted of that node says nothing about the next one */
    if (!j->sent) job_unclaim_node(j, j->node);
    j->node[0] = j->owner[0] = '\0';
    j->released = true;
    j->sent = false;
    j->says = VERDICT_NONE;
}

static const char *const verdict_names[] = {
    [VERDICT_NONE] = "none",
    [VERDICT_SUCCESS] = "success",
    [VERDICT_FAILURE] = "failure",
};

/* Only a verdict changes the status, and only what we saw ourselves is told. */
static void judge_node(const job *j, const char *status) {
    node_conn *n = j->says == VERDICT_NONE ? NULL : node_by_id(j->s, j->node);
    if (!n) return;
    bool degraded = !strcmp(status, "degraded");
    if (degraded && !n->degraded && j->says == VERDICT_FAILURE)
        sched_emit(j->s, (sched_event){.kind = EV_NODE_DEGRADED, .node = n->node, .code = "failures"});
    if (n->degraded && !strcmp(status, "ready"))
        sched_emit(j->s, (sched_event){.kind = EV_NODE_RECOVERED, .node = n->node});
    n->degraded = degraded;
}

static void on_unreserved(job *j, link_status status, const redis_reply *reply) {
    sched_answered(j->s, SCRIPT_RELEASE_RESERVATION, status, reply);
    j->busy = false;
    if (status != LINK_OK) return;
    j->released = true;
    job_emit(j, (sched_event){.kind = EV_UNRESERVED, .node = j->node});
    judge_node(j, reply_text(reply_at(reply, 2)));
    node_released(j->s, j->node, reply_int(reply_at(reply, 1)), reply_text(reply_at(reply, 2)));
}

static void submit_release(job *j, link_callback *done) {
    scheduler *s = j->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &s->config.keys, j->node));
    call_key(&call, key_node(&key, &s->config.keys, j->node));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    call_str(&call, verdict_names[j->says]);
    call_int(&call, usec_to_msec_up(s->config.trial_pause));
    j->busy = true;
    sched_call(s, &call, done, j);
}

static void on_released_then(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    job_step *then = j->then;
    on_unreserved(j, status, reply);
    then(j);
}

void job_release_then(job *j, job_step *then) {
    if (j->released) {
        then(j);
        return;
    }
    assert(j->node[0]);
    j->then = then;
    submit_release(j, on_released_then);
}
