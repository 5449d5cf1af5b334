/* report_json.c - the same as data, and the percentile tables beside it. */
#include "bench/load/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/version.h"

enum { JSON_DIGITS = 6, HGRM_TICKS = 5, PATH_MAX_TEXT = 4096 };

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *latency(const histogram *h) {
    if (!histogram_count(h)) return json_null();
    json_t *o = json_object();
    for (size_t i = 0; i < REPORT_PERCENTILES; i++)
        json_object_set_new(o, report_percentiles[i].key,
                            number((double)histogram_percentile(h, report_percentiles[i].percent) / 1e3));
    json_object_set_new(o, "max", number((double)histogram_max(h) / 1e3));
    json_object_set_new(o, "mean", number(histogram_mean(h) / 1e3));
    json_object_set_new(o, "count", json_integer((json_int_t)histogram_count(h)));
    return o;
}

static json_t *codes(const account_codes *c) {
    json_t *object = json_object();
    for (int i = 0; i < c->count; i++) json_object_set_new(object, c->list[i].code, json_integer(c->list[i].count));
    return object;
}

static json_t *outcomes(const account_figures *f) {
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "said",
                     (json_int_t)f->said, "ok", (json_int_t)f->ok, "no_text", (json_int_t)f->no_text, "failed",
                     codes(&f->failed), "missing", codes(&f->missing), "known", (json_int_t)f->known, "disconnected",
                     (json_int_t)f->disconnected, "abandoned", (json_int_t)f->abandoned, "dropped_late",
                     (json_int_t)f->dropped[DROP_LATE], "dropped_gone", (json_int_t)f->dropped[DROP_GONE], "unanswered",
                     (json_int_t)f->unanswered, "open", (json_int_t)f->open, "resent", (json_int_t)f->resent, "heard",
                     (json_int_t)f->heard, "errors", codes(&f->errors));
}

static json_t *wrong(const account_figures *f) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "unanswered", (json_int_t)f->unanswered, "doubled",
                     (json_int_t)f->doubled, "disordered", (json_int_t)f->disordered, "over_commits",
                     (json_int_t)f->over_commits, "overlaps_after_reconnect", (json_int_t)f->overlaps);
}

static json_t *connections(const load *l, const account_figures *f) {
    lines_counts c = load_lines(l);
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I}", "nodes",
                     (json_int_t)c.nodes, "sessions", (json_int_t)c.sessions, "begun", (json_int_t)c.connects, "failed",
                     (json_int_t)c.failed, "failures", codes(&c.failures), "broken", (json_int_t)c.broken,
                     "sessions_lost", (json_int_t)f->sessions_lost, "sessions_back", (json_int_t)f->sessions_back,
                     "session_refusals", codes(&c.session_refusals), "node_errors", codes(&c.node_errors),
                     "messages_sent", (json_int_t)c.sent, "messages_received", (json_int_t)c.received, "bytes_sent",
                     (json_int_t)c.bytes_sent, "bytes_received", (json_int_t)c.bytes_received);
}

static json_t *latencies(const load *l) {
    const account *a = load_account(l);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "end_to_end_corrected", latency(account_corrected(a)),
                     "end_to_end_uncorrected", latency(account_uncorrected(a)), "generator_late_at_sends",
                     latency(account_lateness(a)), "generator_late_events", latency(load_lateness(l)), "node_setup",
                     latency(load_node_setup(l)), "session_setup", latency(load_session_setup(l)));
}

/* Null when the server tells none. */
static json_t *dispatch(const load *l) {
    prom_histogram h = page_watch_dispatches(load_pages(l));
    double total = prom_histogram_total(&h);
    if (total <= 0) return json_null();
    json_t *o = json_object();
    for (size_t i = 0; i < REPORT_PERCENTILES; i++)
        json_object_set_new(o, report_percentiles[i].key,
                            number(1e3 * prom_histogram_percentile(&h, report_percentiles[i].percent)));
    json_object_set_new(o, "mean", number(1e3 * h.sum / total));
    json_object_set_new(o, "within_10ms", number(prom_histogram_share_within(&h, 0.010)));
    json_object_set_new(o, "count", number(total));
    return o;
}

static json_t *pages(const load *l) {
    json_t *list = json_object();
    for (int i = 0; i < page_watch_count(load_pages(l)); i++) {
        page_watched p = page_watch_at(load_pages(l), i);
        json_object_set_new(list, p.path,
                            json_pack("{s:I, s:o}", "failures", (json_int_t)p.failures, "took", latency(p.took)));
    }
    return list;
}

static json_t *processes(const load *l) {
    json_t *object = json_object();
    double window = (double)load_window(l);
    for (int i = 0; i < load_options_of(l)->watched_count; i++) {
        const watched *w = load_watched(l, i);
        double share = window > 0 ? (double)(w->end.cpu - w->begin.cpu) / window : NAN;
        json_object_set_new(object, w->name,
                            json_pack("{s:o, s:I, s:I, s:I}", "cpu_share", number(share), "rss_before",
                                      (json_int_t)w->start.rss, "rss_begin", (json_int_t)w->begin.rss, "rss_end",
                                      (json_int_t)w->end.rss));
    }
    return object;
}

static json_t *targets(const load_options *o) {
    json_t *list = json_array();
    for (int i = 0; i < o->target_count; i++) json_array_append_new(list, json_string(o->url[i]));
    return list;
}

static json_t *whole(const load *l, bool interrupted) {
    const account_figures *f = account_figure(load_account(l));
    const scenario *sc = load_scenario(l);
    char hash[SCENARIO_HASH_MAX + 1], verdict[256];
    double window = (double)load_window(l) / USEC_PER_SEC;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:b, s:f}", "schema", "lingua.bench.load/1", "version",
                             LINGUA_VERSION, "scenario", sc->name, "scenario_hash", scenario_hash(sc, hash), "seed",
                             (json_int_t)sc->seed, "targets", targets(load_options_of(l)), "interrupted", interrupted,
                             "window_s", window);
    json_object_set_new(root, "time_s", number((double)load_time(l) / USEC_PER_SEC));
    json_object_set_new(root, "said_per_s", number(window > 0 ? (double)f->in_window / window : NAN));
    json_object_set_new(root, "answered_per_s", number(window > 0 ? (double)f->ok_in_window / window : NAN));
    json_object_set_new(root, "fine", json_boolean(report_verdict(l, verdict, sizeof verdict)));
    json_object_set_new(root, "outcomes", outcomes(f));
    json_object_set_new(root, "wrong", wrong(f));
    json_object_set_new(root, "latency_ms", latencies(l));
    json_object_set_new(root, "dispatch_ms", dispatch(l));
    json_object_set_new(root, "pages_ms", pages(l));
    json_object_set_new(root, "connections", connections(l, f));
    json_object_set_new(root, "processes", processes(l));
    return root;
}

sched_status report_json(const load *l, bool interrupted, FILE *out, sched_error *err) {
    json_t *root = whole(l, interrupted);
    bool failed = !root || json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(JSON_DIGITS));
    json_decref(root);
    fputc('\n', out);
    if (failed || fflush(out) || ferror(out)) return sched_fail(err, SCHED_EIO, "the results could not be written");
    return SCHED_OK;
}

/* ---- the folder -------------------------------------------------------------------------------------------------------- */

static sched_status open_file(const char *folder, const char *name, FILE **ret_out, sched_error *err) {
    char path[PATH_MAX_TEXT];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *ret_out = fopen(path, "we");
    return *ret_out ? SCHED_OK : sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
}

static sched_status close_file(FILE *out, const char *name, sched_error *err) {
    bool failed = ferror(out);
    if (fclose(out) || failed) return sched_fail(err, SCHED_EIO, "%s: %s", name, strerror(errno));
    return SCHED_OK;
}

static sched_status write_table(const char *folder, const char *name, const histogram *h, sched_error *err) {
    FILE *out;
    sched_status status = open_file(folder, name, &out, err);
    if (status) return status;
    histogram_write_hgrm(h, out, HGRM_TICKS, 1000);
    return close_file(out, name, err);
}

sched_status report_folder(const load *l, bool interrupted, const char *folder, sched_error *err) {
    const account *a = load_account(l);
    FILE *out;
    if (mkdir(folder, 0777) && errno != EEXIST) return sched_fail(err, SCHED_EIO, "%s: %s", folder, strerror(errno));
    sched_status status = open_file(folder, "load.json", &out, err);
    if (status) return status;
    status = report_json(l, interrupted, out, err);
    sched_status closed = close_file(out, "load.json", status ? NULL : err);
    if (!status) status = closed;
    if (!status) status = write_table(folder, "corrected.hgrm", account_corrected(a), err);
    if (!status) status = write_table(folder, "uncorrected.hgrm", account_uncorrected(a), err);
    if (!status) status = write_table(folder, "lateness.hgrm", account_lateness(a), err);
    return status;
}
