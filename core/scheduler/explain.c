/* explain.c - the dry run of a placement: the same proposal, the same loads, the same questions, and nothing is granted.
 *
 * A placement asks one node after the other until one takes the job; here all are asked at once, because their answers do not change
 * anything. One struct holds the whole, so that a run of them is bounded by their number alone. */
#include "core/base/mem.h"
#include "core/scheduler/internal.h"

#include <stdlib.h>
#include <string.h>

enum { DRY_HOLD_MSEC = 1000 }; /* must be told, and is not used */

typedef struct explain explain;

/* What a callback is told: whose, and which candidate or node. */
typedef struct explain_step {
    explain *of;
    int index;
} explain_step;

struct explain {
    scheduler *s;
    lang_pair pair;
    explain_done *done;
    void *arg;
    rng draws;
    int place; /* in s->explains */
    explain_step steps[SHARD_MAX];
    candidate candidates[SHARD_MAX];
    int candidate_count, out;
    explanation result;
};

static void tell(explain *x) {
    x->s->explains[x->place] = NULL;
    x->done(x->arg, &x->result);
    free(x);
}

/* ---- what they say -------------------------------------------------------------------------------------------------- */

/* Where a full node does not refuse, it does not refuse here either. */
static void forgive_full(const scheduler *s, grant_verdict *v) {
    if (s->config.limit || v->word != GRANT_FULL) return;
    v->word = GRANT_OK;
    v->value++;
}

static void on_verdict(void *arg, const grant_answer *answer) {
    const explain_step *step = arg;
    explain *x = step->of;
    grant_verdict *verdict = &x->result.nodes[step->index].verdict;
    *verdict = answer->verdict;
    forgive_full(x->s, verdict);
    if (--x->out == 0) tell(x);
}

static void ask_all(explain *x) {
    scheduler *s = x->s;
    x->out = x->result.count = x->candidate_count < EXPLAINED_MAX ? x->candidate_count : EXPLAINED_MAX;
    for (int i = 0; i < x->result.count; i++) {
        const candidate *c = &x->candidates[i];
        explained_node *one = &x->result.nodes[i];
        memcpy(one->node, c->node, sizeof one->node);
        one->load = c->load < LOAD_UNREADABLE ? c->load : -1;
        grant_question question = {
            .node = c->node,
            .job_id = "explain",
            .attempt = 1,
            .version = c->version,
            .pair = &x->pair,
            .mode = GRANT_DRY,
            .hold_msec = DRY_HOLD_MSEC,
            .resource_limit = s->config.resource_limit,
        };
        s->registry->ops->grant(s->registry, &question, on_verdict, &x->steps[i]);
    }
    if (x->out == 0) tell(x);
}

/* ---- their loads ---------------------------------------------------------------------------------------------------- */

/* How many of the candidates from `from` on are compared with each other. */
static int compared_from(const explain *x, int from) {
    return x->s->place->compares((int)x->s->config.placement_d, x->candidate_count - from);
}

static void put_in_order(explain *x) {
    for (int from = 0, group; from < x->candidate_count && (group = compared_from(x, from)) > 0; from += group)
        x->s->place->order(x->candidates + from, group);
    ask_all(x);
}

static void on_load(void *arg, int64_t load) {
    const explain_step *step = arg;
    explain *x = step->of;
    x->candidates[step->index].load = load;
    if (--x->out == 0) put_in_order(x);
}

static void read_load(explain *x, int index) {
    registry *r = x->s->registry;
    x->out++;
    r->ops->load(r, x->candidates[index].node, on_load, &x->steps[index]);
}

static void read_loads(explain *x) {
    for (int from = 0, group; from < x->candidate_count && (group = compared_from(x, from)) > 0; from += group)
        for (int i = from; i < from + group; i++) read_load(x, i);
    if (x->out == 0) ask_all(x);
}

/* ---- the proposal --------------------------------------------------------------------------------------------------- */

static void on_proposed(void *arg, const proposal *p) {
    explain *x = arg;
    const scheduler *s = x->s;
    x->result.answered = p->status == LINK_OK;
    x->result.pool_size = p->members;
    x->candidate_count = p->count;
    memcpy(x->candidates, p->candidates, (size_t)p->count * sizeof *p->candidates);
    if (s->registry->ops->pools && s->place->proposes == PROPOSE_SHARD && !s->config.incidents.first_of_equals)
        candidates_shuffle(x->candidates, x->candidate_count, &x->draws);
    if (s->registry->ops->loads)
        read_loads(x);
    else
        put_in_order(x);
}

static void propose(explain *x) {
    scheduler *s = x->s;
    proposal_question question = {
        .pair = &x->pair,
        .shard = s->place->proposes == PROPOSE_SHARD,
        .want = EXPLAINED_MAX,
        .refusing = true,
        .draws = &x->draws,
    };
    s->registry->ops->propose(s->registry, &question, on_proposed, x);
}

/* -1 when all are taken. */
static int free_place(const scheduler *s) {
    int place = 0;
    while (place < EXPLAINS_MAX && s->explains[place]) place++;
    return place < EXPLAINS_MAX ? place : -1;
}

sched_status scheduler_explain(scheduler *s, const lang_pair *pair, explain_done *done, void *arg, sched_error *err) {
    int place = free_place(s);
    if (place < 0) return sched_fail(err, SCHED_FULL, "%d explanations are under way already", EXPLAINS_MAX);
    explain *x = mem_zalloc(1, sizeof *x);
    s->explains[place] = x;
    x->s = s;
    x->place = place;
    x->pair = *pair;
    x->done = done;
    x->arg = arg;
    x->result.pair = &x->pair;
    rng_init(&x->draws, s->env.seed, "explain", s->explains_begun++);
    for (int i = 0; i < SHARD_MAX; i++) x->steps[i] = (explain_step){x, i};
    propose(x);
    return SCHED_OK;
}

void explain_free_all(scheduler *s) {
    for (int i = 0; i < EXPLAINS_MAX; i++) free(s->explains[i]);
}
