/* node_choice.h - a proposal out of memory: nodes are looked at one by one, the best few are kept.
 *
 * Looked at are those that may be given the job now, as far as memory knows. For a placement that compares many, the least loaded are
 * kept, in that order, equals in random order; for others a uniform sample in random order. */
#ifndef CORE_MECHANISMS_NODE_CHOICE_H
#define CORE_MECHANISMS_NODE_CHOICE_H

#include "core/mechanisms/node_table.h"
#include "core/mechanisms/registry.h"

typedef struct node_choice {
    const registry *r;
    node_table *table;
    const proposal_question *question;
    uint64_t number; /* of the question: whom it excludes */
    int64_t now, members, looked;
    int most, count;
    struct {
        const known_node *node;
        int64_t load;
        int64_t rank; /* the load, where that counts */
        uint64_t tie;
    } best[CANDIDATES_MAX];
} node_choice;

/* `number` is another one for each question of this table. */
void node_choice_begin(node_choice *c, const registry *r, node_table *t, const proposal_question *q, uint64_t number);
/* One that serves the pair. */
void node_choice_look(node_choice *c, known_node *n);
/* What it costs to find that one does not. */
void node_choice_pass(node_choice *c);
/* Answers behind the present handler. */
void node_choice_answer(const node_choice *c, proposal_done *done, void *arg);

#endif
