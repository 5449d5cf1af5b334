/* machine_costs.h - what things cost on one machine: each script and command of Redis, each unit of the core's own work. `lingua-bench
 * calibrate` measures it into a file, and a scenario names the file (redis.profile); without one the shipped figures hold.
 *
 * Form  JSON, schema "lingua.sim.costs/1": scripts.NAME and command {base_usec, usec_per_byte, cv, ...}, core.KIND {usec}, and how it was
 *       made, which is not looked at. What is not in it keeps the shipped figure. */
#ifndef SIM_SCENARIO_MACHINE_COSTS_H
#define SIM_SCENARIO_MACHINE_COSTS_H

#include "core/base/settings.h"
#include "core/base/work_meter.h"
#include "sim/redis_host/cost_model.h"
#include "sim/scenario/csv.h"

typedef struct machine_costs {
    cost_profile redis;
    double core_usec[WORK_KINDS]; /* of one; < 0: the shipped figure */
} machine_costs;

/* "node", "job", "copy", "store", "stats": as they are spelled in the file. */
extern const char *const machine_work_names[WORK_KINDS];

/* SCHED_EIO: it cannot be read; SCHED_EINVAL: with what is wrong and where. `digest` (FNV-1a 64 of its bytes) may be NULL. */
sched_status machine_costs_read(const char *path, machine_costs *ret_costs, char digest[CSV_DIGEST_MAX + 1],
                                sched_error *err);

/* Of a scenario: "FILE", or {file: FILE, digest: D}; another file than D is refused. */
typedef struct machine_profile {
    char file[DATA_PATH_MAX + 1]; /* "": none */
    char digest[CSV_DIGEST_MAX + 1];
    machine_costs *costs; /* owned; NULL: the shipped figures */
} machine_profile;

extern const setting_type machine_profile_type;

#endif
