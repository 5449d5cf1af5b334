/* registry_redis.h - what registries whose nodes are records in Redis have in common: one script for each operation. */
#ifndef CORE_MECHANISMS_REGISTRY_REDIS_H
#define CORE_MECHANISMS_REGISTRY_REDIS_H

#include "core/mechanisms/registry.h"

/* The operations of registry_ops but for proposals and loads. */
void registry_redis_grant(registry *r, const grant_question *q, grant_done *done, void *arg);
void registry_redis_confirm(registry *r, const confirm_question *q, confirm_done *done, void *arg);
void registry_redis_release(registry *r, const release_question *q, release_done *done, void *arg);
void registry_redis_mark(registry *r, const mark_question *q, mark_done *done, void *arg);
void registry_redis_enrol(registry *r, const node_offer *offer, node_done *done, void *arg);
void registry_redis_beat(registry *r, const char *node, const char *owner, const node_report *report, node_done *done,
                         void *arg);
void registry_redis_assigned(registry *r, const char *node, const char *owner, int64_t version, node_done *done,
                             void *arg);
void registry_redis_drain(registry *r, const char *node, const char *owner, node_done *done, void *arg);
void registry_redis_offline(registry *r, const char *node, const char *owner, const char *why, node_done *done,
                            void *arg);
void registry_redis_forget(registry *r, const char *node, int64_t version);
void registry_redis_due(registry *r, unsigned bucket, due_done *done, void *arg);

registry *registry_copy_new(const mechanism_env *env, const registry_settings *settings);
registry *registry_pools_new(const mechanism_env *env, const registry_settings *settings);

int64_t registry_msec_up(usec_t usec);

#endif
