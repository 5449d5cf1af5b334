/* fsck_plans.h - what the repairs of fsck share. A planner reads what it needs (under WATCH) and writes down the calls of one
 * MULTI; fsck_repair.c looks before, and runs them after. */
#ifndef CORE_CTL_FSCK_PLANS_H
#define CORE_CTL_FSCK_PLANS_H

#include "core/ctl/fsck_checks.h"

enum { PLAN_CALLS_MAX = 6, PLAN_DID_MAX = 200 };

typedef struct fsck_plan {
    fsck *f; /* watching */
    const fsck_finding *finding;
    key_name name; /* of the finding's key */
    int64_t now;   /* ms */
    redis_call calls[PLAN_CALLS_MAX];
    size_t count;
    bool depart; /* afterwards, the node is taken out of everything */
    char did[PLAN_DID_MAX];
} fsck_plan;

/* NULL when the plan says what to do, else why nothing can be done. */
typedef const char *fsck_planner(fsck_plan *p);

/* The answer to a read of one key; `field` may be NULL. sync_reply_free(). */
redis_reply *plan_read(fsck_plan *p, const char *command, const char *key, const char *field);
/* The next call of the plan, begun with this command and key; more arguments may be added. */
redis_call *plan_call(fsck_plan *p, const char *command, const char *key);
/* "HDEL key field", "ZREM key member", ... */
void plan_remove(fsck_plan *p, const char *command, const char *key, const char *field);
void plan_set_ttl(fsck_plan *p, const char *key, int64_t msec);
/* What will have been done. */
void plan_says(fsck_plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

fsck_planner plan_pool_hole, plan_pool_place, plan_pool_dead, plan_pool_stale, plan_pool_absent, plan_pool_tombstone;
fsck_planner plan_node_field, plan_node_unindexed, plan_node_dangling, plan_node_mark, plan_node_hold;
fsck_planner plan_reservation_leak, plan_reservation_ttl;
fsck_planner plan_job_field, plan_job_unindexed, plan_job_dangling, plan_job_ttl, plan_request, plan_copy;
fsck_planner plan_session, plan_affinity, plan_room;
fsck_planner plan_instance, plan_orphan;

#endif
