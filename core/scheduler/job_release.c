/* job_release.c - the reservation of the present attempt is given back, with what the attempt says about its node. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <string.h>

void job_leave_node(job *j) {
    j->noted &= ~(unsigned)NOTE_NODE_LOST; /* what was noted of that node says nothing about the next one */
    if (!j->sent) job_unclaim_node(j, j->node);
    j->node[0] = j->owner[0] = '\0';
    remote_forget(j);
    j->released = true;
    j->sent = j->spoke = false;
    j->says = VERDICT_NONE;
}

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

static void on_released(void *arg, const release_answer *answer) {
    job *j = arg;
    job_step *then = j->then;
    j->busy = false;
    if (answer->status == LINK_OK) {
        j->released = true;
        job_emit(j, (sched_event){.kind = EV_UNRESERVED, .node = j->node});
        judge_node(j, answer->node_status);
        node_released(j->s, j->node, answer->load, answer->node_status);
    }
    then(j);
}

void job_release_then(job *j, job_step *then) {
    if (j->released) {
        then(j);
        return;
    }
    assert(j->node[0]);
    registry *r = j->s->registry;
    j->then = then;
    j->busy = true;
    r->ops->release(r, &(release_question){j->node, j->id, j->attempt, j->says}, on_released, j);
}
