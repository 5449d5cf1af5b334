/* validation.c - what is taken from which file, and what is made of the differences.
 *
 * The aims are of what speakers feel. How a node was found (placement) and how the assignment travelled are told beside them without an
 * aim: they are a thousandth of the whole, and in the simulator they hold what the scenario says of the network to Redis. */
#include "sim/report/validation.h"

#include <math.h>
#include <string.h>

#include "core/base/text_table.h"
#include "sim/report/json_path.h"

const validation_row validation_rows[VALID_FIGURES] = {
    [VALID_THROUGHPUT] = {"throughput", "answers per second", "/s", 0.05, false},
    [VALID_OK] = {"ok", "ended well", "%", 1, true},
    [VALID_PLACEMENT_P50] = {"placement_p50", "placement p50", "ms", 0, false},
    [VALID_PLACEMENT_P95] = {"placement_p95", "placement p95", "ms", 0, false},
    [VALID_DISPATCH_P50] = {"dispatch_p50", "dispatch p50", "ms", 0, false},
    [VALID_DISPATCH_P95] = {"dispatch_p95", "dispatch p95", "ms", 0, false},
    [VALID_E2E_P50] = {"e2e_p50", "end to end p50", "ms", 0.10, false},
    [VALID_E2E_P90] = {"e2e_p90", "end to end p90", "ms", 0, false},
    [VALID_E2E_P95] = {"e2e_p95", "end to end p95", "ms", 0.15, false},
    [VALID_E2E_P99] = {"e2e_p99", "end to end p99", "ms", 0, false},
};

static const char *const run_paths[VALID_FIGURES] = {
    [VALID_PLACEMENT_P50] = "latency_ms.placement.p50", [VALID_PLACEMENT_P95] = "latency_ms.placement.p95",
    [VALID_DISPATCH_P50] = "latency_ms.dispatch.p50",   [VALID_DISPATCH_P95] = "latency_ms.dispatch.p95",
    [VALID_E2E_P50] = "latency_ms.end_to_end.p50",      [VALID_E2E_P90] = "latency_ms.end_to_end.p90",
    [VALID_E2E_P95] = "latency_ms.end_to_end.p95",      [VALID_E2E_P99] = "latency_ms.end_to_end.p99",
};

static const char *const load_paths[VALID_FIGURES] = {
    [VALID_E2E_P50] = "latency_ms.end_to_end_corrected.p50",
    [VALID_E2E_P90] = "latency_ms.end_to_end_corrected.p90",
    [VALID_E2E_P95] = "latency_ms.end_to_end_corrected.p95",
    [VALID_E2E_P99] = "latency_ms.end_to_end_corrected.p99",
};

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static void take_run(json_t *of, double seconds, double figures[VALID_FIGURES]) {
    for (int f = 0; f < VALID_FIGURES; f++) figures[f] = run_paths[f] ? json_number_at(of, run_paths[f]) : NAN;
    figures[VALID_THROUGHPUT] = json_number_at(of, "jobs.ok") / seconds;
    figures[VALID_OK] = 100 * json_number_at(of, "jobs.ok") / json_number_at(of, "jobs.submitted");
}

static bool says_pass(json_t *of) {
    const char *verdict = json_string_value(json_at(of, "verdict"));
    return verdict && !strcmp(verdict, "pass");
}

sched_status validation_read_run(const char *path, validation_level *ret_level, sched_error *err) {
    json_t *o = NULL;
    sched_status status = json_read(path, &o, err);
    if (status) return status;
    json_t *wall = json_at(o, "wall");
    const char *hash = json_string_value(json_at(o, "scenario.hash"));
    if (!wall || !hash) {
        json_decref(o);
        return sched_fail(err, SCHED_EINVAL, "%s: not the result of a run with --clock both", path);
    }
    ret_level->seconds = json_number_at(o, "simulated_s");
    snprintf(ret_level->hash, sizeof ret_level->hash, "%s", hash);
    ret_level->utilisation = json_number_at(o, "utilisation.mean");
    ret_level->late_ms = json_number_at(wall, "lateness_ms.p99");
    ret_level->kept_up = ret_level->late_ms <= 5; /* as `run` warns */
    ret_level->pass = says_pass(o) && says_pass(wall);
    take_run(o, ret_level->seconds, ret_level->simulated);
    take_run(wall, ret_level->seconds, ret_level->measured);
    for (int f = 0; f < VALID_FIGURES; f++) ret_level->daemon[f] = NAN;
    json_decref(o);
    return SCHED_OK;
}

static validation_level *level_of(validation *v, const char *hash) {
    for (size_t i = 0; i < v->count; i++)
        if (!strcmp(v->level[i].hash, hash)) return &v->level[i];
    return NULL;
}

/* Over the time of the scenario, as of a run: connecting and draining are not speech. Where the server cuts speech, or others in a room
 * hear it, answers are not jobs. */
static void take_throughput(json_t *load, validation_level *level) {
    double heard = json_number_at(load, "outcomes.heard");
    if (heard <= 0) level->daemon[VALID_THROUGHPUT] = json_number_at(load, "outcomes.ok") / level->seconds;
}

sched_status validation_read_load(validation *v, const char *path, sched_error *err) {
    json_t *o = NULL;
    sched_status status = json_read(path, &o, err);
    if (status) return status;
    const char *schema = json_string_value(json_at(o, "schema")),
               *hash = json_string_value(json_at(o, "scenario_hash"));
    validation_level *level = hash ? level_of(v, hash) : NULL;
    if (!schema || strcmp(schema, "lingua.bench.load/1") != 0) {
        status = sched_fail(err, SCHED_EINVAL, "%s: not what lingua-bench load writes", path);
    } else if (!level) {
        status =
            sched_fail(err, SCHED_EINVAL, "%s: it is of scenario %s, and no load here is", path, hash ? hash : "?");
    } else {
        for (int f = 0; f < VALID_FIGURES; f++)
            level->daemon[f] = load_paths[f] ? json_number_at(o, load_paths[f]) : NAN;
        take_throughput(o, level);
        level->daemon[VALID_OK] = 100 * json_number_at(o, "outcomes.ok") / json_number_at(o, "outcomes.said");
        level->has_daemon = true;
    }
    json_decref(o);
    return status;
}

/* ---- judging -------------------------------------------------------------------------------------------------------- */

double validation_error(const validation_level *level, validation_figure f, bool of_daemon) {
    double real = of_daemon ? level->daemon[f] : level->measured[f], difference = level->simulated[f] - real;
    if (validation_rows[f].points) return difference;
    return real > 0 ? difference / real : NAN;
}

bool validation_has_daemon(const validation *v) {
    for (size_t i = 0; i < v->count; i++)
        if (v->level[i].has_daemon) return true;
    return false;
}

validation_score validation_judge(const validation *v) {
    validation_score score = {0, 0};
    for (size_t i = 0; i < v->count; i++) {
        for (int f = 0; f < VALID_FIGURES && v->level[i].kept_up; f++) {
            double error = validation_error(&v->level[i], (validation_figure)f, false);
            if (validation_rows[f].aim <= 0 || isnan(error)) continue;
            score.of++;
            score.met += fabs(error) <= validation_rows[f].aim;
        }
    }
    return score;
}

static size_t late_levels(const validation *v) {
    size_t late = 0;
    for (size_t i = 0; i < v->count; i++) late += !v->level[i].kept_up;
    return late;
}

char *validation_verdict(const validation *v, char text[VALIDATION_VERDICT_MAX]) {
    validation_score score = validation_judge(v);
    size_t late = late_levels(v);
    int n = snprintf(text, VALIDATION_VERDICT_MAX, "%s: %d of %d aims met at %zu load%s.",
                     score.of == 0           ? "Nothing could be compared"
                     : score.met == score.of ? "The simulator agrees with what was measured"
                                             : "The simulator is off",
                     score.met, score.of, v->count - late, v->count - late == 1 ? "" : "s");
    if (late && n > 0 && n < VALIDATION_VERDICT_MAX)
        snprintf(text + n, VALIDATION_VERDICT_MAX - (size_t)n, " At %zu more the machine did not keep up in real time.",
                 late);
    return text;
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

enum { COLUMNS = 8 };

static void set_value(text_table *t, size_t row, size_t column, double value) {
    if (isnan(value))
        text_table_set(t, row, column, "-");
    else
        text_table_set(t, row, column, "%.*f", value < 10 ? 2 : 1, value);
}

static void set_error(text_table *t, size_t row, size_t column, const validation_level *level, validation_figure f,
                      bool daemon) {
    double error = validation_error(level, f, daemon);
    if (isnan(error))
        text_table_set(t, row, column, "-");
    else
        text_table_set(t, row, column, "%+.1f %s", validation_rows[f].points ? error : 100 * error,
                       validation_rows[f].points ? "pt" : "%");
}

static void set_aim(text_table *t, size_t row, const validation_level *level, validation_figure f) {
    const validation_row *r = &validation_rows[f];
    double error = validation_error(level, f, false);
    if (r->aim <= 0 || isnan(error)) return;
    const char *how = !level->kept_up ? "late" : fabs(error) <= r->aim ? "met" : "missed";
    text_table_set(t, row, 5, "%s (%.0f %s)", how, r->points ? r->aim : 100 * r->aim, r->points ? "pt" : "%");
}

static text_table *table_of(const validation *v) {
    static const char *const head[COLUMNS] = {"load",  "figure", "simulated", "real time",
                                              "error", "aim",    "linguad",   "error"};
    text_table *t = text_table_new(1 + v->count * VALID_FIGURES, COLUMNS);
    for (size_t c = 0; c < COLUMNS; c++) text_table_set(t, 0, c, "%s", head[c]);
    for (size_t i = 0; i < v->count; i++) {
        const validation_level *level = &v->level[i];
        for (int f = 0; f < VALID_FIGURES; f++) {
            size_t row = 1 + i * VALID_FIGURES + (size_t)f;
            if (f == 0) text_table_set(t, row, 0, "%s, %.0f %% of the slots", level->name, 100 * level->utilisation);
            text_table_set(t, row, 1, "%s, %s", validation_rows[f].name, validation_rows[f].unit);
            set_value(t, row, 2, level->simulated[f]);
            set_value(t, row, 3, level->measured[f]);
            set_error(t, row, 4, level, (validation_figure)f, false);
            set_aim(t, row, level, (validation_figure)f);
            if (!level->has_daemon) continue;
            set_value(t, row, 6, level->daemon[f]);
            set_error(t, row, 7, level, (validation_figure)f, true);
        }
    }
    return t;
}

void validation_print(const validation *v, FILE *out) {
    char text[VALIDATION_VERDICT_MAX];
    fprintf(out, "%s\n%s, seed %lld\n\n", validation_verdict(v, text), v->name, (long long)v->seed);
    text_table *t = table_of(v);
    text_table_print(t, 2, out);
    text_table_free(t);
}

void validation_markdown(const validation *v, FILE *out) {
    text_table *t = table_of(v);
    text_table_markdown(t, 2, out);
    text_table_free(t);
}
