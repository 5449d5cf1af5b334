/* registry_table.c - every proposal looks at every node: what a prototype does, and what n nodes then cost. */
#include "core/mechanisms/node_choice.h"
#include "core/mechanisms/registry_memory.h"

static void propose(registry *r, const proposal_question *q, proposal_done *done, void *arg) {
    registry_memory *m = (registry_memory *)r;
    node_choice c;
    node_choice_begin(&c, r, m->table, q, ++m->questions);
    for (known_node *n = node_table_first(m->table); n; n = n->hh.next) {
        if (known_node_serves(n, q->pair))
            node_choice_look(&c, n);
        else
            node_choice_pass(&c);
    }
    node_choice_answer(&c, done, arg);
}

static const registry_ops ops = REGISTRY_MEMORY_OPS(propose);

registry *registry_table_new(const mechanism_env *env, const registry_settings *settings) {
    return registry_memory_new(&ops, env, settings);
}
