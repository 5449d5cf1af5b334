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
#include "core/redis/keys.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum placement_kind { PLACEMENT_RANDOM, PLACEMENT_BEST_OF, PLACEMENT_LEAST } placement_kind;
typedef enum on_full_kind { ON_FULL_WAIT, ON_FULL_REFUSE } on_full_kind;

typedef struct scheduler_config {
    char phase[16]; /* "3", "production": for reports; the fields below decide */

    /* mechanisms */
    int placement;       /* placement_kind */
    int64_t placement_d; /* candidates that best_of compares, 2..8 */
    bool limit;          /* does a full node refuse at the grant? */
    int on_full;         /* on_full_kind */

    /* nodes */
    int64_t node_slots; /* concurrency limit of a node that names none */
    int64_t pairs_max;  /* directed pairs of one node */
    usec_t node_ttl;    /* offline so long after the last heartbeat */
    usec_t reap_round;  /* time in which every bucket of the expiry and deadline indexes is visited once */
    int64_t reap_batch; /* entries that one visit of a bucket may take */

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

    /* Redis */
    keyspace keys;
    usec_t redis_patience; /* deadline of one call */
} scheduler_config;

/* "3" or "production"; SCHED_EINVAL lists the names. */
sched_status scheduler_config_preset(const char *phase, scheduler_config *ret_config, sched_error *err);
/* Combinations that make no sense, each with its reason (SCHED_EINVAL). */
sched_status scheduler_config_check(const scheduler_config *config, sched_error *err);
/* The rows of the `scheduler:` section, closed by a row without a name; offsets are into scheduler_config. A section
 * of these rows is prepared by scheduler_config_prepare(), so that `phase` sets the mechanisms that are not given
 * themselves. */
extern const setting scheduler_settings[];
setting_prepare scheduler_config_prepare;

#endif
