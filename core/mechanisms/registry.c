/* registry.c - which registry a setting names. */
#include "core/mechanisms/registry.h"

#include "core/mechanisms/registry_memory.h"
#include "core/mechanisms/registry_redis.h"

registry *registry_new(const mechanism_env *env, const registry_settings *settings) {
    switch (settings->kind) {
    case REGISTRY_TABLE: return registry_table_new(env, settings);
    case REGISTRY_CANDIDATES: return registry_candidates_new(env, settings);
    case REGISTRY_COPY: return registry_copy_new(env, settings);
    default: return registry_pools_new(env, settings);
    }
}

registry *registry_free(registry *r) {
    if (r) r->ops->free(r);
    return NULL;
}
