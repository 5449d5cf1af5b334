/* node_choice.c - an insertion into at most eight places; a random number for each node that may come in breaks ties.
 *
 * Why ties need chance: most nodes of a quiet fleet have the same load. Taken in the order of the table, the first ones would get
 * everything; the incident first_of_equals does that. */
#include "core/mechanisms/node_choice.h"

#include "core/mechanisms/node_rules.h"

#include <string.h>

static void exclude(const node_choice *c, const char *node) {
    known_node *n = node_table_find(c->table, node);
    if (n) n->excluded = c->number;
}

void node_choice_begin(node_choice *c, const registry *r, node_table *t, const proposal_question *q, uint64_t number) {
    *c = (node_choice){
        .r = r,
        .table = t,
        .question = q,
        .number = number,
        .now = clock_now(&r->env.clock) / USEC_PER_MSEC,
        .most = q->shard ? CANDIDATES_MAX : q->want,
    };
    for (int i = 0; i < q->excluded_count; i++) exclude(c, q->excluded[i]);
}

static bool is_before(int64_t rank, uint64_t tie, int64_t other_rank, uint64_t other_tie) {
    return rank != other_rank ? rank < other_rank : tie < other_tie;
}

static uint64_t draw_tie(const node_choice *c) {
    bool first = c->r->set.first_of_equals && c->question->shard;
    return first ? (uint64_t)c->looked : rng_u64(c->question->draws);
}

static void offer(node_choice *c, const known_node *n) {
    int64_t load = node_rules_load(n, c->r->set.load), rank = c->question->shard ? load : 0;
    bool full = c->count == c->most;
    int place = full ? c->count - 1 : c->count;
    if (full && rank > c->best[place].rank) return;
    uint64_t tie = draw_tie(c);
    if (full && !is_before(rank, tie, c->best[place].rank, c->best[place].tie)) return;
    for (; place > 0 && is_before(rank, tie, c->best[place - 1].rank, c->best[place - 1].tie); place--)
        c->best[place] = c->best[place - 1];
    c->best[place].node = n;
    c->best[place].load = load;
    c->best[place].rank = rank;
    c->best[place].tie = tie;
    if (!full) c->count++;
}

void node_choice_look(node_choice *c, known_node *n) {
    c->looked++;
    c->members++;
    if (n->excluded == c->number) return;
    node_table_expire(c->table, n, c->now);
    refusal why = node_rules_refusal(&c->r->set, n, c->question->pair, c->now, c->r->set.limit);
    if (why.word == GRANT_OK || c->question->refusing) offer(c, n);
}

void node_choice_pass(node_choice *c) {
    c->looked++;
}

/* ---- the answer ----------------------------------------------------------------------------------------------------- */

typedef struct answer {
    proposal_done *done;
    void *arg;
    int64_t members;
    int count;
    candidate candidates[CANDIDATES_MAX];
} answer;

static void tell(void *entry) {
    const answer *a = entry;
    a->done(a->arg, &(proposal){LINK_OK, a->members, a->count, a->candidates});
}

void node_choice_answer(const node_choice *c, proposal_done *done, void *arg) {
    answer *a = soon_add(c->r->env.soon, tell, sizeof *a);
    *a = (answer){.done = done, .arg = arg, .members = c->members, .count = c->count};
    for (int i = 0; i < c->count; i++) {
        candidate *one = &a->candidates[i];
        *one = (candidate){.version = c->best[i].node->version, .load = c->best[i].load};
        memcpy(one->node, c->best[i].node->id, sizeof one->node);
    }
    work_did(&c->r->env.work, WORK_NODE, c->looked);
}
