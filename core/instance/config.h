/* config.h - the settings of an instance among others: the section `instance` of a scheduler's configuration. */
#ifndef CORE_INSTANCE_CONFIG_H
#define CORE_INSTANCE_CONFIG_H

#include "core/base/clock.h"
#include "core/base/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What went wrong in the scheduler's past, to be seen again; no rows: whoever opens an instance sets them. */
typedef struct instance_incidents {
    bool owner_keys;        /* presence and a key per connection are refreshed one call after the other */
    bool orphaned_inboxes;  /* nobody adopts */
    bool resetting_reclaim; /* reclaiming resets the idle time by which dead letters are known */
} instance_incidents;

/* The rows are instance_config_rows. */
typedef struct instance_config {
    usec_t presence_ttl;     /* 30 s */
    usec_t presence_refresh; /* 10 s */
    usec_t inbox_block;      /* 1 s: how long one read waits */
    int64_t inbox_max;       /* 10,000 entries */
    int64_t inbox_batch;     /* 64 entries of one read, and of one claim */
    usec_t inbox_ttl;        /* 1 h: of an inbox, and of the list of instances, since the last sign of life */
    usec_t reclaim_idle;     /* 5 s */
    int64_t dead_deliveries; /* 10 */
    usec_t dead_after;       /* 60 s */
    usec_t dead_ttl;         /* 7 days: of a dead-letter stream since its last entry */
    int64_t dead_max;        /* 10,000 dead letters of one instance; then the oldest go */
    usec_t adopt_every;      /* 5 s, each instance at moments of its own */
    usec_t lease_ttl;        /* 30 s: of an adoption */
    usec_t tombstone_ttl;    /* 1 h */
    usec_t peer_patience;    /* 1 s: without a word of the other instance, the next candidate */
    instance_incidents incidents;
} instance_config;

extern const setting instance_config_rows[];

/* Times that contradict each other, with their reason (SCHED_EINVAL). */
sched_status instance_config_check(const instance_config *config, sched_error *err);

#endif
