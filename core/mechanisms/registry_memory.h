/* registry_memory.h - registries whose nodes are known to this process alone; they differ in what a proposal looks at. */
#ifndef CORE_MECHANISMS_REGISTRY_MEMORY_H
#define CORE_MECHANISMS_REGISTRY_MEMORY_H

#include "core/mechanisms/node_table.h"
#include "core/mechanisms/registry.h"

typedef struct registry_memory {
    registry base;
    node_table *table;
    uint64_t questions;
} registry_memory;

registry *registry_memory_new(const registry_ops *ops, const mechanism_env *env, const registry_settings *settings);

/* The operations of registry_ops but for proposals. */
void registry_memory_grant(registry *r, const grant_question *q, grant_done *done, void *arg);
void registry_memory_confirm(registry *r, const confirm_question *q, confirm_done *done, void *arg);
void registry_memory_release(registry *r, const release_question *q, release_done *done, void *arg);
void registry_memory_mark(registry *r, const mark_question *q, mark_done *done, void *arg);
void registry_memory_enrol(registry *r, const node_offer *offer, node_done *done, void *arg);
void registry_memory_beat(registry *r, const char *node, const char *owner, const node_report *report, node_done *done,
                          void *arg);
void registry_memory_assigned(registry *r, const char *node, const char *owner, int64_t version, node_done *done,
                              void *arg);
void registry_memory_drain(registry *r, const char *node, const char *owner, node_done *done, void *arg);
void registry_memory_offline(registry *r, const char *node, const char *owner, const char *why, node_done *done,
                             void *arg);
void registry_memory_forget(registry *r, const char *node, int64_t version);
void registry_memory_due(registry *r, unsigned bucket, due_done *done, void *arg);
void registry_memory_stop(registry *r);
void registry_memory_free(registry *r);

#define REGISTRY_MEMORY_OPS(propose_)                                                                                  \
    {                                                                                                                  \
        .propose = (propose_), .grant = registry_memory_grant, .confirm = registry_memory_confirm,                     \
        .release = registry_memory_release, .mark = registry_memory_mark, .enrol = registry_memory_enrol,              \
        .beat = registry_memory_beat, .assigned = registry_memory_assigned, .drain = registry_memory_drain,            \
        .offline = registry_memory_offline, .forget = registry_memory_forget, .due = registry_memory_due,              \
        .stop = registry_memory_stop, .free = registry_memory_free,                                                    \
    }

registry *registry_table_new(const mechanism_env *env, const registry_settings *settings);
registry *registry_candidates_new(const mechanism_env *env, const registry_settings *settings);

#endif
