/* job_place.c - which node a job goes to: that of its sentence, else propose → (read loads) → grant.
 *
 * A pool only proposes: what it knows of a node may be old. The node's own record grants. So a wrong proposal costs a call, never
 * a wrong placement. When the outcome of a grant is unknown, its reservation is released by (job, attempt) before anything else is
 * tried: releasing what was never held does no harm, holding what nobody knows of would.
 *
 * All candidates full, twice: the job waits (wait_queue.c) until there is room or its pending deadline passes. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLEANINGS_MAX = 32 }; /* rounds of one placement that found stale members, and so do not count */

static void propose(job *j);
static void ask_affine(job *j);
static void ask_next(job *j);

static void propose_from(job *j, int round) {
    assert(!j->busy && j->node[0] == '\0');
    j->offered = false;
    j->round = round;
    j->stale = false;
    j->cleanings = CLEANINGS_MAX;
    propose(j);
}

void job_place_now(job *j) {
    propose_from(j, 0);
}

void job_place_again(job *j) {
    propose_from(j, ROUNDS_MAX - 1);
}

void job_place(job *j) {
    if (j->noted & NOTE_CANCEL)
        job_rest(j);
    else if (*j->affine)
        ask_affine(j);
    else if (wait_queue_before(j))
        wait_queue_add(j);
    else
        job_place_now(j);
}

/* Room for `most` of them; the former ones are gone. */
static void new_candidates(job *j, size_t most) {
    free(j->candidates);
    j->candidates = most ? mem_zalloc(most, sizeof *j->candidates) : NULL;
    j->candidate_count = 0;
    j->candidate_next = 0;
    j->candidate_ordered = 0;
    j->asked = 0;
}

void job_forget_candidates(job *j) {
    new_candidates(j, 0);
}

static void add_candidate(job *j, const char *node, int64_t version) {
    candidate *c = &j->candidates[j->candidate_count++];
    c->version = version;
    c->load = LOAD_UNKNOWN;
    snprintf(c->node, sizeof c->node, "%s", node);
}

void job_place_on(job *j, const char *node, int64_t version) {
    assert(!j->busy && j->node[0] == '\0');
    j->offered = true;
    j->cleanings = 0;
    j->round = ROUNDS_MAX - 1; /* that node was the last hope of a job that waits: no proposal after it */
    new_candidates(j, 1);
    add_candidate(j, node, version);
    ask_next(j);
}

void job_wait_for_room(job *j) {
    if (j->s->config.on_full == ON_FULL_REFUSE && !j->s->counts.redis_down) /* then nobody said that they are full */
        job_finish(j, OUTCOME_FAILED, "NO_AVAILABLE_NODE", false);
    else
        wait_queue_add(j);
}

/* How many of the candidates that come next have their load read before one is asked. */
static int to_compare(const job *j) {
    return j->s->place->compares((int)j->s->config.placement_d, j->candidate_count - j->candidate_next);
}

/* The next ones stand in the order in which they are asked. */
static void put_in_order(job *j) {
    int count = to_compare(j);
    j->s->place->order(&j->candidates[j->candidate_next], count);
    j->candidate_ordered = j->candidate_next + count;
    job_emit(j, (sched_event){.kind = EV_COMPARED, .value = count, .candidates = &j->candidates[j->candidate_next]});
}

static void on_load(void *arg, int64_t load) {
    job *j = arg;
    int count = to_compare(j);
    j->candidates[j->candidate_next + count - j->loads_out].load = load; /* in call order */
    if (--j->loads_out > 0) return;
    put_in_order(j);
    j->busy = false;
    ask_next(j);
}

static void read_loads(job *j) {
    registry *r = j->s->registry;
    j->busy = true;
    j->loads_out = to_compare(j);
    for (int i = 0, count = j->loads_out; i < count; i++)
        r->ops->load(r, j->candidates[j->candidate_next + i].node, on_load, j);
}

static void take_candidates(job *j, const proposal *p) {
    const scheduler *s = j->s;
    new_candidates(j, (size_t)p->count);
    for (int i = 0; i < p->count; i++)
        if (!job_excludes(j, p->candidates[i].node)) j->candidates[j->candidate_count++] = p->candidates[i];
    if (s->registry->ops->pools && s->place->proposes == PROPOSE_SHARD && !s->config.incidents.first_of_equals)
        candidates_shuffle(j->candidates, j->candidate_count, &j->s->draws);
}

static void on_proposed(void *arg, const proposal *p) {
    job *j = arg;
    j->busy = false;
    take_candidates(j, p);
    job_emit(j, (sched_event){.kind = EV_PROPOSED, .value = j->candidate_count, .candidates = j->candidates});
    if (j->candidate_count == 0)
        job_wait_for_room(j);
    else
        ask_next(j);
}

static void propose(job *j) {
    scheduler *s = j->s;
    const char *excluded[EXCLUDED_MAX];
    bool first = j->round == 0 && j->cleanings == CLEANINGS_MAX;
    proposal_question question = {
        .pair = &j->pair,
        .shard = s->place->proposes == PROPOSE_SHARD,
        .want = first ? CANDIDATES_FIRST : CANDIDATES_MAX,
        .excluded = excluded,
        .excluded_count = job_exclusions(j, excluded),
        .draws = &s->draws,
    };
    j->busy = true;
    s->registry->ops->propose(s->registry, &question, on_proposed, j);
}

/* ---- the grant ------------------------------------------------------------------------------------------------------ */

/* The sentence's node has been asked, or need not be. */
static void affine_over(job *j, const char *how) {
    job_emit(j, (sched_event){.kind = EV_AFFINITY, .node = j->affine, .code = how});
    j->affine[0] = '\0';
}

static const char *affine_refusal(grant_word word) {
    switch (word) {
    case GRANT_NOTSERVED: return "unserved";
    case GRANT_FULL:
    case GRANT_BUSY:
    case GRANT_TRIAL:
    case GRANT_MARKED: return "full";
    default: return "dead";
    }
}

static void ask_another(job *j, grant_word refusal) {
    if (*j->affine) {
        affine_over(j, affine_refusal(refusal));
        job_place(j);
    } else {
        ask_next(j);
    }
}

/* A pool may name a node that left: whoever is told so by the grant takes it out. */
static void grant_refused(job *j, const candidate *c, const grant_verdict *v) {
    job_emit(j, (sched_event){.kind = EV_GRANT_REFUSED,
                              .node = c->node,
                              .code = grant_word_name(v->word),
                              .value = v->value,
                              .limit = v->limit});
    bool gone = v->word == GRANT_GONE || v->word == GRANT_NOTSERVED;
    if (gone && c->version > VERSION_UNKNOWN) {
        if (j->s->registry->ops->pools) pool_drop_member(j->s, &j->pair, c->node, c->version);
        j->stale = true;
    }
    if (v->word == GRANT_NOTREADY && !strcmp(v->detail, "draining")) node_seen_draining(j->s, c->node);
}

static void grant_over(job *j) {
    job_leave_node(j);
    ask_another(j, GRANT_UNKNOWN);
}

static void take_node(job *j, const candidate *c) {
    memcpy(j->node, c->node, sizeof j->node);
    j->released = false;
}

static void granted(job *j, const candidate *c, const grant_verdict *v, usec_t expiry) {
    take_node(j, c);
    memcpy(j->owner, v->owner, sizeof j->owner);
    j->held_until = expiry;
    if (*j->affine) affine_over(j, "kept");
    job_emit(j, (sched_event){.kind = EV_RESERVED,
                              .node = j->node,
                              .value = v->value,
                              .limit = v->limit,
                              .until = j->held_until});
    if (j->waiting && v->value < v->limit) job_offer_room(j->s, j->node, NULL);
    job_mark(j);
}

/* Nobody would bring it there. */
static void refused_by_silence(job *j, const candidate *c) {
    job_emit(j, (sched_event){.kind = EV_GRANT_REFUSED, .node = c->node, .code = "SILENT"});
}

static void on_granted(void *arg, const grant_answer *answer) {
    job *j = arg;
    j->busy = false;
    const candidate *c = &j->candidates[j->candidate_next++];
    const grant_verdict *v = &answer->verdict;
    bool in_vain = v->word == GRANT_OK && !remote_may_ask(j->s, v->owner);
    if (in_vain) refused_by_silence(j, c);
    if (v->word == GRANT_OK && !in_vain) {
        granted(j, c, v, answer->expiry);
    } else if (in_vain || answer->status == LINK_UNKNOWN) {
        take_node(j, c);
        job_release_then(j, grant_over);
    } else {
        job_unclaim_node(j, c->node);
        if (answer->status == LINK_OK) grant_refused(j, c, v);
        if (j->offered && (v->word == GRANT_MARKED || v->word == GRANT_NOTSERVED)) wait_queue_refused(j, c->node);
        ask_another(j, v->word);
    }
}

/* Its load was read, and the node is one of ours, so that its limit is known: the grant would refuse. */
static bool known_full(scheduler *s, const candidate *c) {
    if (!s->config.limit || !s->registry->ops->loads || c->load >= LOAD_UNREADABLE) return false;
    const node_conn *n = node_by_id(s, c->node);
    return n && c->load >= n->slots;
}

static void ask(job *j);

/* Meanwhile a job of the same utterance may have taken it. */
static bool no_use(const job *j, const candidate *c) {
    return known_full(j->s, c) || job_excludes(j, c->node);
}

/* A round that has only cleaned up does not count: behind many dead members there may be a living one. */
static void propose_again(job *j) {
    if (j->stale && j->cleanings > 0) {
        j->stale = false;
        j->cleanings--;
        propose(j);
    } else if (++j->round < ROUNDS_MAX) {
        propose(j);
    } else {
        job_wait_for_room(j);
    }
}

static void ask_next(job *j) {
    while (j->candidate_next < j->candidate_count && no_use(j, &j->candidates[j->candidate_next])) j->candidate_next++;
    if (j->noted & (NOTE_DUE | NOTE_CANCEL)) { /* no use to go on */
        j->trying = false;
        job_rest(j);
        return;
    }
    if (j->candidate_next == j->candidate_count || j->asked == CANDIDATES_MAX) {
        propose_again(j);
        return;
    }
    if (j->candidate_next >= j->candidate_ordered && to_compare(j) > 0) {
        if (j->s->registry->ops->loads) {
            read_loads(j);
            return;
        }
        put_in_order(j);
    }
    ask(j);
}

static void ask(job *j) {
    scheduler *s = j->s;
    const candidate *c = &j->candidates[j->candidate_next];
    j->asked++;
    job_claim_node(j, c->node);
    grant_question question = {
        .node = c->node,
        .job_id = j->id,
        .attempt = j->attempt,
        .version = c->version,
        .pair = &j->pair,
        .mode = s->config.limit ? GRANT_ENFORCE : GRANT_COUNT,
        .hold_msec = usec_to_msec_up(job_attempt_limit(j) + s->config.reservation_grace),
        .resource_limit = s->config.resource_limit,
    };
    j->busy = true;
    s->registry->ops->grant(s->registry, &question, on_granted, j);
}

/* Before any proposal: the node keeps the tail of the sentence. It may have registered again since then, so the grant reads the
 * languages. */
static void ask_affine(job *j) {
    if (job_excludes(j, j->affine)) {
        ask_another(j, GRANT_UNKNOWN);
        return;
    }
    new_candidates(j, 1);
    add_candidate(j, j->affine, VERSION_UNKNOWN);
    ask(j);
}
