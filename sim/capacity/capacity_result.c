/* capacity_result.c - one table says which figures a capacity looks at, and where they stand in result.json. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/capacity/capacity.h"
#include "sim/report/json_path.h"

// clang-format off
const capacity_row capacity_rows[CAPACITY_FIGURES] = {
    [CAPACITY_E2E_MEAN]      = {"e2e_mean_ms", "e2e mean, ms", "latency_ms.end_to_end.mean", NULL, 1, 0, false},
    [CAPACITY_E2E_P50]       = {"e2e_p50_ms", "e2e p50, ms", "latency_ms.end_to_end.p50", NULL, 1, 0, true},
    [CAPACITY_E2E_P90]       = {"e2e_p90_ms", "e2e p90, ms", "latency_ms.end_to_end.p90", NULL, 1, 0, false},
    [CAPACITY_E2E_P95]       = {"e2e_p95_ms", "p95, ms", "latency_ms.end_to_end.p95", NULL, 1, 0, true},
    [CAPACITY_E2E_P99]       = {"e2e_p99_ms", "p99, ms", "latency_ms.end_to_end.p99", NULL, 1, 0, true},
    [CAPACITY_WAIT_P99]      = {"wait_p99_ms", "wait p99, ms", "oracle.real.p99_wait_ms", NULL, 1, 0, true},
    [CAPACITY_PLACEMENT_P99] = {"placement_p99_ms", "placement p99, ms", "latency_ms.placement.p99", NULL, 1, 1, false},
    [CAPACITY_ANSWERS_PER_S] = {"answers_per_s", "answers/s", "jobs.ok", "simulated_s", 1, 1, true},
    [CAPACITY_REFUSED]       = {"refused_percent", "refused, %", "jobs.refused", "jobs.submitted", 100, 2, true},
    [CAPACITY_NODES]         = {"nodes_use_percent", "nodes, %", "utilisation.mean", NULL, 100, 1, true},
    [CAPACITY_REDIS]         = {"redis_use_percent", "Redis, %", "redis.busy_share", NULL, 100, 1, true},
    [CAPACITY_SCHEDULER]     = {"scheduler_use_percent", "scheduler, %", "scheduler.cpu_share", NULL, 100, 1, true},
    [CAPACITY_DECISIONS]     = {"decisions_per_s", "decisions/s", "saturation.decisions_per_s", NULL, 1, 0, false},
    [CAPACITY_COMMANDS]      = {"redis_commands_per_job", "commands/job", "redis.commands_per_job", NULL, 1, 2, false},
};
// clang-format on

static double figure_of(json_t *o, const capacity_row *row) {
    double value = json_number_at(o, row->path), per = row->per ? json_number_at(o, row->per) : 1;
    return per > 0 ? value / per * row->scale : (double)NAN;
}

static void take_objectives(json_t *list, capacity_run *run) {
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o) {
        if (!json_is_true(json_at(o, "ok")) && i < SLOS_MAX) run->missed |= UINT64_C(1) << i;
    }
}

static void take_groups(json_t *list, capacity_run *run) {
    for (size_t i = 0; i < GROUPS_MAX; i++) {
        json_t *o = json_array_get(list, i);
        run->group[i] = o ? json_number_at(o, "utilisation.mean") : (double)NAN;
    }
}

static void take_pair(json_t *o, capacity_run *run) {
    const char *name = json_string_value(json_at(o, "pair"));
    if (!name) return;
    snprintf(run->pair, sizeof run->pair, "%s", name);
    run->pair_use = json_number_at(o, "utilisation");
    run->pair_nodes = json_integer_value(json_at(o, "nodes"));
}

static void take_refusals(json_t *o, capacity_run *run) {
    const char *code;
    json_t *count;
    json_int_t most = 0;
    json_object_foreach(o, code, count) {
        if (json_integer_value(count) <= most) continue;
        most = json_integer_value(count);
        snprintf(run->refused_by, sizeof run->refused_by, "%s", code);
    }
}

sched_status capacity_run_read(const char *path, capacity_run *run, sched_error *err) {
    json_t *o = NULL;
    sched_status status = json_read(path, &o, err);
    if (status) return status;
    const char *hash = json_string_value(json_at(o, "scenario.hash"));
    snprintf(run->hash, sizeof run->hash, "%s", hash ? hash : "");
    for (size_t f = 0; f < CAPACITY_FIGURES; f++) run->figure[f] = figure_of(o, &capacity_rows[f]);
    take_objectives(json_at(o, "slo"), run);
    take_groups(json_at(o, "node_groups"), run);
    take_pair(json_array_get(json_at(o, "tightest_pairs"), 0), run);
    take_refusals(json_at(o, "jobs.refused_by"), run);
    run->broken = json_array_size(json_at(o, "violations")) > 0;
    run->holds = !run->broken && !run->missed;
    run->there = true;
    json_decref(o);
    return SCHED_OK;
}
