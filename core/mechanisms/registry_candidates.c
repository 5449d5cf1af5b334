/* registry_candidates.c - an index by language pair: a proposal looks at the nodes that serve it. */
#include "core/mechanisms/node_choice.h"
#include "core/mechanisms/registry_memory.h"

static void propose(registry *r, const proposal_question *q, proposal_done *done, void *arg) {
    registry_memory *m = (registry_memory *)r;
    node_choice c;
    size_t count;
    node_choice_begin(&c, r, m->table, q, ++m->questions);
    known_node *const *nodes = node_table_of_pair(m->table, q->pair, &count);
    for (size_t i = 0; i < count; i++) node_choice_look(&c, nodes[i]);
    node_choice_answer(&c, done, arg);
}

static const registry_ops ops = REGISTRY_MEMORY_OPS(propose);

registry *registry_candidates_new(const mechanism_env *env, const registry_settings *settings) {
    return registry_memory_new(&ops, env, settings);
}
