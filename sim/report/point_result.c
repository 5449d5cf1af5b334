/* point_result.c - one table says which figures a sweep shows, where they stand and how they are named. */
#include "sim/report/point_result.h"

#include <math.h>
#include <string.h>

#include "sim/report/json_path.h"

// clang-format off
const point_figure point_figures[POINT_FIGURES] = {
    {"submitted",                 "jobs.submitted",                     NULL,              1,   0},
    {"refused",                   "jobs.refused",                       "refused",         1,   0},
    {"ok",                        "jobs.ok",                            NULL,              1,   0},
    {"failed",                    "jobs.failed",                        "failed",          1,   0},
    {"timed_out",                 "jobs.timed_out",                     NULL,              1,   0},
    {"lost",                      "jobs.lost",                          NULL,              1,   0},
    {"doubled",                   "jobs.doubled",                       NULL,              1,   0},
    {"retried",                   "jobs.retried",                       NULL,              1,   0},
    {"over_commits",              "jobs.over_commits",                  NULL,              1,   0},
    {"e2e_mean_ms",               "latency_ms.end_to_end.mean",         NULL,              1,   1},
    {"e2e_p50_ms",                "latency_ms.end_to_end.p50",          NULL,              1,   1},
    {"e2e_p95_ms",                "latency_ms.end_to_end.p95",          "e2e p95, ms",     1,   0},
    {"e2e_p99_ms",                "latency_ms.end_to_end.p99",          NULL,              1,   0},
    {"wait_mean_ms",              "oracle.real.mean_wait_ms",           "wait mean, ms",   1,   1},
    {"wait_p99_ms",               "oracle.real.p99_wait_ms",            "wait p99, ms",    1,   1},
    {"best_wait_p99_ms",          "oracle.central_queue.p99_wait_ms",   "best p99, ms",    1,   1},
    {"queue_wait_p99_ms",         "latency_ms.queue_wait.p99",          NULL,              1,   1},
    {"placement_p99_ms",          "latency_ms.placement.p99",           NULL,              1,   1},
    {"utilisation_mean",          "utilisation.mean",                   "use, %",          100, 1},
    {"utilisation_max",           "utilisation.max",                    NULL,              1,   4},
    {"fairness_cv",               "fairness.cv",                        NULL,              1,   4},
    {"redis_commands_per_job",    "redis.commands_per_job",             "commands/job",    1,   2},
    {"redis_bytes_per_job",       "redis.bytes_per_job",                NULL,              1,   1},
    {"cpu_us_per_job",            "scheduler.cpu_us_per_job",           NULL,              1,   1},
    {"decisions_per_s",           "saturation.decisions_per_s",         NULL,              1,   0},
};
// clang-format on

static bool take(json_t *o, point_result *ret) {
    const char *hash = json_string_value(json_at(o, "scenario.hash")),
               *verdict = json_string_value(json_at(o, "verdict"));
    if (!hash || strlen(hash) != SCENARIO_HASH_MAX || !verdict || !json_is_integer(json_at(o, "seed"))) return false;
    *ret = (point_result){.seed = json_integer_value(json_at(o, "seed")),
                          .interrupted = json_is_true(json_at(o, "interrupted")),
                          .pass = !strcmp(verdict, "pass")};
    memcpy(ret->hash, hash, sizeof ret->hash);
    for (size_t i = 0; i < POINT_FIGURES; i++) {
        json_t *value = json_at(o, point_figures[i].path);
        if (!value) return false;
        ret->figure[i] = json_is_number(value) ? json_number_value(value) : NAN;
    }
    return true;
}

sched_status point_result_read(const char *path, point_result *ret_result, sched_error *err) {
    json_t *o = NULL;
    sched_status status = json_read(path, &o, err);
    if (status) return status;
    bool right = take(o, ret_result);
    json_decref(o);
    return right ? SCHED_OK : sched_fail(err, SCHED_EINVAL, "%s: not the result of a run of this version", path);
}
