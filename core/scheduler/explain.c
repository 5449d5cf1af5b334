/* explain.c - the dry run of a placement: the same proposal, the same loads, the same questions, and nothing is granted.
 *
 * A placement asks one node after the other until one takes the job; here all are asked at once, because their answers do not change
 * anything. One struct holds the whole, so that a run of them is bounded by their number alone. */
#include "core/base/mem.h"
#include "core/mechanisms/grant_call.h"
#include "core/scheduler/internal.h"

#include <inttypes.h>
#include <stdio.h>
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
    explain_step steps[SHARD_MAX];
    candidate candidates[SHARD_MAX];
    int candidate_count, out;
    explanation result;
};

static void tell(explain *x) {
    x->s->explains--;
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

static void on_verdict(void *arg, link_status status, const redis_reply *reply) {
    const explain_step *step = arg;
    explain *x = step->of;
    sched_answered(x->s, SCRIPT_RESERVE_NODE, status, reply);
    grant_verdict *verdict = &x->result.nodes[step->index].verdict;
    *verdict = grant_verdict_of(status == LINK_OK ? reply : NULL);
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
        redis_call call;
        grant_call(&call, &s->config.keys,
                   &(grant_question){.node = c->node,
                                     .job_id = "explain",
                                     .attempt = 1,
                                     .version = c->version,
                                     .pair = &x->pair,
                                     .mode = GRANT_DRY,
                                     .hold_msec = DRY_HOLD_MSEC,
                                     .resource_limit = s->config.resource_limit});
        sched_call(s, &call, on_verdict, &x->steps[i]);
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

static void on_load(void *arg, link_status status, const redis_reply *reply) {
    const explain_step *step = arg;
    explain *x = step->of;
    sched_answered(x->s, SCRIPT_NONE, status, reply);
    x->candidates[step->index].load = status == LINK_OK ? reply_int(reply) : LOAD_UNREADABLE;
    if (--x->out == 0) put_in_order(x);
}

static void read_load(explain *x, int index) {
    scheduler *s = x->s;
    redis_key key;
    redis_call call;
    call_command(&call, "ZCOUNT");
    call_key(&call, key_node_reservations(&key, &s->config.keys, x->candidates[index].node));
    call_int(&call, sched_now(s) / USEC_PER_MSEC);
    call_str(&call, "+inf");
    x->out++;
    sched_call(s, &call, on_load, &x->steps[index]);
}

static void read_loads(explain *x) {
    for (int from = 0, group; from < x->candidate_count && (group = compared_from(x, from)) > 0; from += group)
        for (int i = from; i < from + group; i++) read_load(x, i);
    if (x->out == 0) ask_all(x);
}

/* ---- the proposal --------------------------------------------------------------------------------------------------- */

static void take_candidates(explain *x, const redis_reply *reply) {
    x->result.pool_size = reply_int(reply_at(reply, 0));
    for (size_t i = 1; i < reply_count(reply) && x->candidate_count < SHARD_MAX; i++) {
        candidate *c = &x->candidates[x->candidate_count];
        c->load = LOAD_UNKNOWN;
        if (sscanf(reply_text(reply_at(reply, i)), "%64s %" SCNd64, c->node, &c->version) == 2) x->candidate_count++;
    }
}

static void proposed(explain *x, script_id script, link_status status, const redis_reply *reply) {
    sched_answered(x->s, script, status, reply);
    x->result.answered = status == LINK_OK;
    if (status == LINK_OK) take_candidates(x, reply);
    if (script == SCRIPT_SELECT_SHARD) candidates_shuffle(x->candidates, x->candidate_count, &x->draws);
    read_loads(x);
}

static void on_sample(void *arg, link_status status, const redis_reply *reply) {
    proposed(arg, SCRIPT_SELECT_NODE, status, reply);
}

static void on_shard(void *arg, link_status status, const redis_reply *reply) {
    proposed(arg, SCRIPT_SELECT_SHARD, status, reply);
}

static void propose(explain *x) {
    scheduler *s = x->s;
    bool shard = s->place->proposes == PROPOSE_SHARD;
    redis_key key;
    redis_call call;
    call_script(&call, shard ? SCRIPT_SELECT_SHARD : SCRIPT_SELECT_NODE);
    call_key(&call, key_pool_members(&key, &s->config.keys, x->pair.src, x->pair.tgt));
    if (!shard) {
        call_int(&call, EXPLAINED_MAX);
        call_int(&call, 0);
    }
    for (int i = 0; i < (shard ? 1 : EXPLAINED_MAX); i++) call_int(&call, rng_u32(&x->draws));
    sched_call(s, &call, shard ? on_shard : on_sample, x);
}

sched_status scheduler_explain(scheduler *s, const lang_pair *pair, explain_done *done, void *arg, sched_error *err) {
    if (s->explains == EXPLAINS_MAX)
        return sched_fail(err, SCHED_FULL, "%d explanations are under way already", EXPLAINS_MAX);
    s->explains++;
    explain *x = mem_zalloc(1, sizeof *x);
    x->s = s;
    x->pair = *pair;
    x->done = done;
    x->arg = arg;
    x->result.pair = &x->pair;
    rng_init(&x->draws, s->env.seed, "explain", s->explains_begun++);
    for (int i = 0; i < SHARD_MAX; i++) x->steps[i] = (explain_step){x, i};
    propose(x);
    return SCHED_OK;
}
