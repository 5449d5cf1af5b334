/* result.c - result.json. Field names are a contract with other tools; new ones may stand beside them.
 *
 * Numbers are rounded before they are written: milliseconds to three decimals, shares to six. With 15 significant digits
 * they then print as they are, without the dust of binary fractions. */
#include <inttypes.h>
#include <math.h>

#include "sim/report/files.h"
#include "sim/report/json_write.h"

static json_t *rounded(double value, double steps) {
    return json_real(round(value * steps) / steps);
}

static json_t *ms(double usec) {
    return rounded(usec / USEC_PER_MSEC, 1e3);
}

static json_t *share(double value) {
    return rounded(value, 1e6);
}

static json_t *count(uint64_t value) {
    return json_integer((json_int_t)value);
}

static json_t *latency(const histogram *h) {
    static const char *const names[PERCENTILES] = {"p50", "p90", "p95", "p99", "p999"};
    json_t *o = json_object();
    bool known = histogram_count(h) > 0;
    json_set(o, "mean", known ? ms(histogram_mean(h)) : json_null());
    for (int i = 0; i < PERCENTILES; i++)
        json_set(o, names[i], known ? ms((double)histogram_percentile(h, report_percentiles[i])) : json_null());
    json_set(o, "max", known ? ms((double)histogram_max(h)) : json_null());
    json_set(o, "count", count(histogram_count(h)));
    return o;
}

static json_t *codes(const code_table *table) {
    json_t *o = json_object();
    for (size_t i = 0; i < table->count; i++) json_set(o, table->row[i].code, json_integer(table->row[i].count));
    return o;
}

static json_t *violations(const run_report *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < checker_violations(r->checker); i++) {
        const violation *v = checker_violation(r->checker, i);
        json_t *o = json_object();
        json_set(o, "kind", json_string(violation_name(v->kind)));
        json_set(o, "at_s", rounded((double)(v->at - r->sc->start) / USEC_PER_SEC, 1e6));
        json_set(o, "job", json_string(v->job));
        json_set(o, "message", json_string(v->message));
        json_set(o, "history", json_string(v->history ? v->history : ""));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *jobs(const run_report *r) {
    const job_counts *n = recorder_counts(r->recorder);
    outcome_row rows[OUTCOME_ROWS];
    json_t *o = json_object();
    run_report_outcomes(r, rows);
    for (int i = 0; i < OUTCOME_ROWS; i++) json_set(o, rows[i].key, json_integer(rows[i].count));
    json_set(o, "refused_by", codes(&n->refused_by));
    json_set(o, "failed_by", codes(&n->failed_by));
    json_set(o, "retried_by", codes(&n->retried_by));
    json_set(o, "waited", json_integer(n->waited));
    json_set(o, "grants_refused", json_integer(n->grants_refused));
    json_set(o, "stale", json_integer(n->stale));
    json_set(o, "duplicates", json_integer(n->duplicates));
    json_set(o, "session_gone", json_integer(n->session_gone));
    return o;
}

static json_t *besides(const run_report *r) {
    const job_counts *n = recorder_counts(r->recorder);
    json_t *o = json_object();
    for (int k = 0; k < TALLIES; k++) json_set(o, tally_words_of((tally_kind)k)->key, json_integer(n->tally[k]));
    json_set(o, "affinity_broken_by", codes(&n->moved_by));
    return o;
}

/* Durations among them are whole milliseconds. */
static json_t *states(const run_report *r) {
    besides_row rows[STATE_ROWS];
    json_t *o = json_object();
    run_report_states(r, rows);
    for (int k = 0; k < STATE_ROWS; k++)
        json_set(o, rows[k].words->key, rows[k].count >= 0 ? json_integer(rows[k].count) : json_null());
    return o;
}

static json_t *latencies(const run_report *r) {
    latency_row rows[LATENCIES];
    json_t *o = json_object();
    int n = run_report_latencies(r, rows);
    for (int i = 0; i < n; i++) json_set(o, rows[i].key, latency(rows[i].h));
    return o;
}

static json_t *use_of(utilisation u) {
    json_t *o = json_object();
    json_set(o, "mean", share(u.mean));
    json_set(o, "max", share(u.max));
    return o;
}

static json_t *groups(const run_report *r) {
    json_t *list = json_array();
    for (size_t g = 0; g < r->sc->node_group_count; g++) {
        json_t *o = json_object();
        json_set(o, "name", json_string(r->sc->node_groups[g].name));
        json_set(o, "queue_wait", latency(recorder_group_latency(r->recorder, g, LATENCY_QUEUE_WAIT)));
        json_set(o, "service", latency(recorder_group_latency(r->recorder, g, LATENCY_SERVICE)));
        json_set(o, "utilisation", use_of(run_report_group_use(r, g)));
        json_array_append_new(list, o);
    }
    return list;
}

/* The few pairs whose nodes are the busiest. */
static json_t *tightest_pairs(const run_report *r) {
    enum { TIGHTEST = 3 };
    pair_use pairs[TIGHTEST];
    json_t *list = json_array();
    size_t count = run_report_tightest_pairs(r, pairs, TIGHTEST);
    for (size_t i = 0; i < count; i++) {
        char name[PAIR_MAX + 1];
        json_t *o = json_object();
        json_set(o, "pair", json_string(lang_pair_text(name, &pairs[i].pair)));
        json_set(o, "nodes", json_integer(pairs[i].nodes));
        json_set(o, "utilisation", share(pairs[i].use));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *evenness(const run_report *r) {
    fairness f = recorder_fairness(r->recorder);
    json_t *o = json_object();
    json_set(o, "top1_share", share(f.top1_share));
    json_set(o, "jain", share(f.jain));
    json_set(o, "cv", share(f.cv));
    json_set(o, "herd_share", share(recorder_herd(r->recorder).top1_share));
    return o;
}

static json_t *redis(const run_report *r) {
    const simulation_redis *traffic = &r->facts->redis;
    double bytes = (double)(traffic->bytes_sent + traffic->bytes_received);
    double node_bytes = (double)(r->data.bytes - r->data.job_bytes);
    json_t *o = json_object();
    json_set(o, "commands", count(traffic->commands));
    json_set(o, "script_calls", count(traffic->script_calls));
    json_set(o, "commands_per_job", rounded(run_report_per_job(r, (double)traffic->commands), 1e3));
    json_set(o, "script_calls_per_job", rounded(run_report_per_job(r, (double)traffic->script_calls), 1e3));
    json_set(o, "flow_script_calls_per_job", rounded(run_report_per_job(r, (double)run_report_flow_calls(r)), 1e3));
    json_set(o, "bytes_per_job", rounded(run_report_per_job(r, bytes), 1e1));
    json_set(o, "busy_us_per_job", rounded(run_report_per_job(r, (double)traffic->busy), 1e3));
    json_set(o, "data_bytes", json_integer(r->data.bytes));
    json_set(o, "data_bytes_per_node",
             r->facts->nodes ? rounded(node_bytes / (double)r->facts->nodes, 1e1) : json_null());
    json_set(o, "data_bytes_jobs", json_integer(r->data.job_bytes));
    json_set(o, "data_bytes_per_job",
             r->data.jobs ? rounded((double)r->data.job_bytes / (double)r->data.jobs, 1e1) : json_null());
    json_set(o, "data_keys", json_integer(r->data.keys));
    json_set(o, "inbox_entries", r->data.inboxes ? json_integer(r->data.entries) : json_null());
    json_set(o, "dead_letters", r->data.inboxes ? json_integer(r->data.dead_letters) : json_null());
    json_set(o, "busy_share", share(r->simulated ? (double)traffic->busy / (double)r->simulated : 0));
    json_t *by_script = json_object();
    for (int i = 0; i < SCRIPT_COUNT; i++)
        json_set(by_script, scripts_name((script_id)i), count(traffic->by_script[i]));
    json_set(o, "by_script", by_script);
    return o;
}

static json_t *objectives(const run_report *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < r->slo_count; i++) {
        const slo_outcome *s = &r->slo[i];
        json_t *o = json_object();
        json_set(o, "expr", json_string(s->objective->text));
        json_set(o, "value",
                 !s->known                         ? json_null()
                 : s->objective->unit == SLO_USEC  ? ms(s->value)
                 : s->objective->unit == SLO_SHARE ? share(s->value)
                                                   : json_integer((json_int_t)s->value));
        json_set(o, "unit",
                 json_string(s->objective->unit == SLO_USEC    ? "ms"
                             : s->objective->unit == SLO_SHARE ? "share"
                                                               : "count"));
        json_set(o, "ok", json_boolean(s->ok));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *wait(const oracle_waits *o, double mean, usec_t p99) {
    json_t *wait = json_object();
    json_set(wait, "p99_wait_ms", o->jobs ? ms((double)p99) : json_null());
    json_set(wait, "mean_wait_ms", o->jobs ? ms(mean) : json_null());
    return wait;
}

static json_t *oracles(const run_report *r) {
    const oracle_waits *waits = &r->oracle;
    json_t *o = json_object();
    for (oracle_kind k = 0; k < ORACLES; k++)
        json_set(o, oracle_name(k), wait(waits, waits->of[k].mean, waits->of[k].p99));
    json_set(o, "real", wait(waits, waits->real.mean, waits->real.p99));
    json_set(o, "jobs", json_integer(waits->jobs));
    return o;
}

static json_t *scenario_facts(const run_report *r) {
    json_t *o = json_object();
    json_set(o, "name", json_string(r->sc->name));
    json_set(o, "hash", json_string(r->hash));
    return o;
}

static json_t *scheduler_costs(const run_report *r) {
    json_t *o = json_object();
    json_set(o, "cpu_us_per_job", rounded(run_report_per_job(r, (double)r->facts->cpu), 1e3));
    json_set(o, "cpu_share", share(r->simulated ? (double)r->facts->cpu / (double)r->simulated : 0));
    return o;
}

static json_t *at_saturation(const run_report *r) {
    saturation s = run_report_saturation(r);
    json_t *o = json_object();
    bool known = s.by[s.binds] > 0;
    json_set(o, "decisions_per_s", known ? rounded(s.by[s.binds], 1e1) : json_null());
    json_set(o, "binds", known ? json_string(saturation_bound_name(s.binds)) : json_null());
    for (saturation_bound b = 0; b < BOUNDS; b++)
        json_set(o, saturation_bound_name(b), s.by[b] > 0 ? rounded(s.by[b], 1e1) : json_null());
    return o;
}

static json_t *lateness(const run_report *r) {
    const simulation_lateness *late = &r->facts->late;
    json_t *o = json_object();
    json_set(o, "events", count(late->events));
    json_set(o, "p50", ms((double)late->p50));
    json_set(o, "p99", ms((double)late->p99));
    json_set(o, "max", ms((double)late->max));
    return o;
}

/* {"end_to_end": {"p95": {"simulated": .., "measured": .., "error": ..}}}; milliseconds or shares. */
static json_t *comparison(const run_report *r) {
    comparison_row rows[COMPARISON_ROWS_MAX];
    int rows_count = run_report_comparison(r, rows);
    json_t *o = json_object();
    for (int i = 0; i < rows_count; i++) {
        double steps = rows[i].is_share ? 1e6 : 1e3;
        json_t *of = json_object_get(o, rows[i].key), *figure = json_object();
        if (!of) json_object_set_new(o, rows[i].key, of = json_object());
        json_set(figure, "simulated", rounded(rows[i].simulated, steps));
        json_set(figure, "measured", rounded(rows[i].measured, steps));
        json_set(figure, "error", rounded(rows[i].simulated - rows[i].measured, steps));
        json_set(of, rows[i].figure, figure);
    }
    return o;
}

static json_t *wall(const run_report *r) {
    json_t *o = json_object();
    json_set(o, "verdict", json_string(r->measured->pass ? "pass" : "fail"));
    json_set(o, "violations", violations(r->measured));
    json_set(o, "jobs", jobs(r->measured));
    json_set(o, "latency_ms", latencies(r->measured));
    json_set(o, "lateness_ms", lateness(r->measured));
    json_set(o, "comparison", comparison(r));
    return o;
}

void report_result(const run_report *r, FILE *out) {
    json_t *o = json_object();
    json_set(o, "schema", json_string("lingua.sim.result/1"));
    json_set(o, "scenario", scenario_facts(r));
    json_set(o, "seed", json_integer(r->sc->seed));
    json_set(o, "phase", json_string(r->sc->scheduler.phase));
    json_set(o, "simulated_s", rounded((double)r->simulated / USEC_PER_SEC, 1e6));
    json_set(o, "clock", json_string(simulation_clock_name(r->facts->clock)));
    json_set(o, "verdict", json_string(r->pass ? "pass" : "fail"));
    json_set(o, "interrupted", json_boolean(r->facts->interrupted || (r->measured && r->measured->facts->interrupted)));
    json_set(o, "violations", violations(r));
    json_set(o, "jobs", jobs(r));
    json_set(o, "besides", besides(r));
    json_set(o, "states", states(r));
    json_set(o, "latency_ms", latencies(r));
    json_set(o, "node_groups", groups(r));
    json_set(o, "fairness", evenness(r));
    json_set(o, "utilisation", use_of(recorder_utilisation(r->recorder)));
    json_set(o, "tightest_pairs", tightest_pairs(r));
    json_set(o, "redis", redis(r));
    json_set(o, "scheduler", scheduler_costs(r));
    json_set(o, "saturation", at_saturation(r));
    json_set(o, "oracle", oracles(r));
    json_set(o, "slo", objectives(r));
    if (r->facts->clock == CLOCK_WALL) json_set(o, "lateness_ms", lateness(r));
    if (r->measured) json_set(o, "wall", wall(r));
    json_write(o, out);
}
