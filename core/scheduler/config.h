/* config.h - the settings of a scheduler and the presets called phases.
 *
 * A phase is a set of mechanisms; each can be overridden alone. scheduler_config_preset() fills every field, so that
 * a configuration is always complete; readers (scenario, daemon) then overwrite what the user spelled. The rows that
 * spell, bound and explain each field are in config.c and serve parser, help and schema alike. */
#ifndef CORE_SCHEDULER_CONFIG_H
#define CORE_SCHEDULER_CONFIG_H

#include "core/base/clock.h"
#include "core/base/settings.h"
#include "core/base/status.h"
#include "core/instance/config.h"
#include "core/mechanisms/registry_kind.h"
#include "core/redis/keys.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum placement_kind { PLACEMENT_RANDOM, PLACEMENT_BEST_OF, PLACEMENT_LEAST } placement_kind;
typedef enum on_full_kind { ON_FULL_WAIT, ON_FULL_REFUSE } on_full_kind;
/* Where the state of a job is. */
typedef enum job_store_kind {
    JOB_STORE_MEMORY, /* of the instance that made it */
    JOB_STORE_DUAL,   /* there, and a copy in Redis that is written behind it */
    JOB_STORE_REDIS,
} job_store_kind;
/* What keeps a request that comes twice from becoming two jobs. */
typedef enum idempotency_kind {
    IDEMPOTENCY_NONE,
    IDEMPOTENCY_LEASE,  /* a table in memory */
    IDEMPOTENCY_LOCK,   /* a lock and a binding in Redis, around the creation */
    IDEMPOTENCY_ATOMIC, /* one script creates and binds */
} idempotency_kind;
/* How an assignment and what follows reach a node of another instance. */
typedef enum delivery_kind {
    DELIVERY_LOCAL, /* not at all */
    DELIVERY_INBOX, /* by the inboxes of both instances; only sound and results by the peer link */
    DELIVERY_PEER,  /* the assignment by the inbox, what follows by the peer link */
} delivery_kind;
/* Where the figures of the dashboard come from. */
typedef enum stats_kind { STATS_REQUEST, STATS_SNAPSHOT } stats_kind;
/* A node says that it lacks a model: the job's way waits for the mark, or a bounded queue takes it. */
typedef enum model_missing_kind { MODEL_MISSING_DIRECT, MODEL_MISSING_QUEUED } model_missing_kind;

/* What went wrong in the scheduler's past, to be seen again; all off unless a scenario asks for it. */
typedef struct scheduler_incidents {
    bool first_of_equals;      /* among equally loaded nodes always the first: with stale loads, the herd */
    bool biased_shards;        /* a random shard, then a random member, whatever the sizes */
    bool counted_reservations; /* a counter that expiry does not lower */
    bool overwritten_counter;  /* the same, and each heartbeat writes what the node says over it */
    bool owner_keys;           /* a key per connection that must be refreshed, one call after the other */
    bool orphaned_inboxes;     /* nobody adopts the inbox of an instance that died */
    bool stuck_entries;        /* an entry for a node that is not here is not refused, and stays */
    bool resetting_reclaim;    /* reclaiming resets the idle time by which dead letters are known */
} scheduler_incidents;

typedef struct scheduler_config {
    char phase[16]; /* "0" .. "3", "production": for reports; the fields below decide */

    /* mechanisms */
    int registry;        /* registry_kind */
    int placement;       /* placement_kind */
    int64_t placement_d; /* candidates that best_of compares, 2..8 */
    int load;            /* load_kind */
    bool limit;          /* does a full node refuse at the grant? */
    int on_full;         /* on_full_kind */
    int job_store;       /* job_store_kind */
    int idempotency;     /* idempotency_kind */
    int delivery;        /* delivery_kind */
    int stats;           /* stats_kind */
    int model_missing;   /* model_missing_kind */
    bool affinity;       /* does a sentence that goes on stay on its node? */
    scheduler_incidents incidents;

    /* nodes */
    int64_t node_slots;     /* concurrency limit of a node that names none */
    int64_t pairs_max;      /* directed pairs of one node */
    usec_t node_ttl;        /* offline so long after the last heartbeat */
    usec_t reap_round;      /* time in which every bucket of the expiry and deadline indexes is visited once */
    int64_t reap_batch;     /* entries that one visit of a bucket may take */
    int64_t resource_limit; /* percent of CPU, GPU or memory at which a node gets no more; 0: none */
    usec_t ready_limit;     /* a node that is not ready so long after its registration is degraded */
    usec_t trial_pause;     /* a degraded node is tried again so long after its last failure */
    usec_t mark_ttl;        /* a missing model keeps its pair away from the node so long */
    usec_t copy_refresh;    /* time in which every node of the copy is read once */

    /* jobs */
    usec_t pending_limit; /* from creation to dispatch */
    usec_t ack_limit;     /* from dispatch to ack, for nodes that have acked before on this connection */
    usec_t attempt_base;  /* attempt deadline = base + factor * length of the audio */
    double attempt_audio_factor;
    int64_t attempts_max;
    usec_t reservation_grace; /* a reservation outlives its attempt's deadline by this */
    usec_t finished_ttl;      /* a finished job and its request binding live so long */
    usec_t retry_min;         /* waiting for room: first pause, doubling up to retry_max */
    usec_t retry_max;
    int64_t waiting_max; /* jobs that may wait for one pair */
    int64_t jobs_max;    /* unfinished jobs of this instance */
    usec_t empty_hold;   /* an empty result waits so long for a full one */

    /* sessions */
    usec_t pause;                                                        /* a silence so long ends an utterance */
    usec_t max_duration;                                                 /* of the speech in one utterance */
    uint64_t utterance_bytes;                                            /* of the sound in one utterance */
    usec_t hangover_manual, hangover_auto, padding_manual, padding_auto; /* speech.h */
    usec_t affinity_ttl;
    usec_t gap_limit;           /* a missing result holds up later ones so long */
    usec_t close_limit;         /* from the close of a session to its acknowledgement */
    int64_t unanswered_max;     /* utterances of one session and target without answer */
    uint64_t session_audio_max; /* sound of one session: collected, and of unfinished jobs */
    uint64_t audio_max;         /* the same of the whole instance */
    int64_t sessions_max;
    usec_t session_ttl; /* of its record; renewed at half of it */
    usec_t room_idle;   /* a room ends so long after somebody last spoke or joined */

    /* Redis */
    keyspace keys;
    usec_t redis_patience; /* deadline of one call */
    usec_t outage_grace;   /* after an outage, deadlines are not acted upon before */

    instance_config instance; /* among others; its incidents are set from those above */
} scheduler_config;

/* "0" .. "3" or "production"; SCHED_EINVAL lists the names. */
sched_status scheduler_config_preset(const char *phase, scheduler_config *ret_config, sched_error *err);
/* Combinations that make no sense, each with its reason (SCHED_EINVAL). */
sched_status scheduler_config_check(const scheduler_config *config, sched_error *err);
/* Where in its reason the setting is named that it is about: "on_full: refuse ..." in "phase 3: on_full: refuse ...". */
const char *scheduler_config_about(const char *reason);
static inline bool counts_reservations(const scheduler_incidents *incidents) {
    return incidents->counted_reservations || incidents->overwritten_counter;
}

/* Whether its nodes and jobs can be those of other instances; else a run has one instance only. */
bool scheduler_config_is_shared(const scheduler_config *config);
/* Whether jobs, on their way, ask anything of Redis; else they go on while it is down. */
bool scheduler_config_needs_redis(const scheduler_config *config);
/* Whether no node ever holds more than its slots: the grant counts what was granted, not what the node last said. */
bool scheduler_config_keeps_limit(const scheduler_config *config);
/* The rows of `incidents:`; offsets are into scheduler_incidents. */
extern const setting scheduler_incident_settings[];
/* The rows of the `scheduler:` section, closed by a row without a name; offsets are into scheduler_config. A section
 * of these rows is prepared by scheduler_config_prepare(), so that `phase` sets the mechanisms that are not given
 * themselves. */
extern const setting scheduler_settings[];
setting_prepare scheduler_config_prepare;

#endif
