/* report.c - the table and the verdict. */
#include "bench/load/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text_table.h"
#include "core/base/units.h"

enum { MSEC = 1000, KIB = 1024, COLUMNS = REPORT_PERCENTILES + 4 };

static double msec(int64_t usec) {
    return (double)usec / MSEC;
}

/* ---- the verdict ------------------------------------------------------------------------------------------------------- */

/* Where nobody is let in, nothing is lost: that is no good result. NULL: somebody of either kind was. */
static const char *shut_out(const load *l) {
    lines_counts c = load_lines(l);
    if (c.connects > c.speaker_connects && !histogram_count(load_node_setup(l))) return "no node was let in";
    if (c.speaker_connects && !histogram_count(load_session_setup(l))) return "no session was let in";
    return NULL;
}

bool report_verdict(const load *l, char *text, size_t size) {
    const account_figures *f = account_figure(load_account(l));
    const char *out = shut_out(l);
    if (out) {
        snprintf(text, size, "%s", out);
        return false;
    }
    snprintf(text, size,
             "%" PRId64 " unanswered, %" PRId64 " answered twice, %" PRId64 " out of order, %" PRId64 " over-commits",
             f->unanswered, f->doubled, f->disordered, f->over_commits);
    return account_is_clean(load_account(l));
}

/* ---- outcomes ---------------------------------------------------------------------------------------------------------- */

/* `of` 0: of nothing that is counted. */
static void print_share(const char *name, int64_t count, int64_t of, FILE *out) {
    if (count) fprintf(out, "  %-28s %10" PRId64, name, count);
    if (count && of) fprintf(out, "  %6.2f %%", 100.0 * (double)count / (double)of);
    if (count) fputc('\n', out);
}

static void print_codes(const char *what, const account_codes *codes, int64_t of, FILE *out) {
    char name[2 * ACCOUNT_CODE_MAX];
    for (int i = 0; i < codes->count; i++) {
        snprintf(name, sizeof name, "%s %s", what, codes->list[i].code);
        print_share(name, codes->list[i].count, of, out);
    }
}

static void print_outcomes(const load *l, FILE *out) {
    const account_figures *f = account_figure(load_account(l));
    fprintf(out, "utterances                     %10" PRId64 "\n", f->said);
    print_share("ok", f->ok, f->said, out);
    print_share("no text", f->no_text, f->said, out);
    print_codes("failed", &f->failed, f->said, out);
    print_codes("missing", &f->missing, f->said, out);
    print_share("known, told before", f->known, f->said, out);
    print_share("disconnected", f->disconnected, f->said, out);
    print_share("abandoned by the client", f->abandoned, f->said, out);
    print_share("dropped: generator too late", f->dropped[DROP_LATE], f->said, out);
    print_share("dropped: no connection", f->dropped[DROP_GONE], f->said, out);
    print_share("UNANSWERED", f->unanswered, f->said, out);
    print_share("still open", f->open, f->said, out);
    if (f->resent) fprintf(out, "  resent %" PRId64 " times\n", f->resent);
    if (f->heard) fprintf(out, "  heard of what others, or the server, cut: %" PRId64 "\n", f->heard);
    print_codes("error", &f->errors, 0, out);
}

/* ---- latencies --------------------------------------------------------------------------------------------------------- */

const report_percentile report_percentiles[REPORT_PERCENTILES] = {
    {50, "p50", "p50"}, {90, "p90", "p90"}, {95, "p95", "p95"}, {99, "p99", "p99"}, {99.9, "p99_9", "p99.9"},
};

static void table_head(text_table *t) {
    static const char *const behind[] = {"max", "mean", "count"};
    text_table_set(t, 0, 0, "ms");
    for (size_t i = 0; i < REPORT_PERCENTILES; i++) text_table_set(t, 0, 1 + i, "%s", report_percentiles[i].name);
    for (size_t i = 0; i < 3; i++) text_table_set(t, 0, 1 + REPORT_PERCENTILES + i, "%s", behind[i]);
}

static void table_row(text_table *t, size_t row, const char *name, const histogram *h) {
    size_t column = 0;
    text_table_set(t, row, column++, "%s", name);
    for (size_t i = 0; i < REPORT_PERCENTILES; i++)
        text_table_set(t, row, column++, "%.2f", msec(histogram_percentile(h, report_percentiles[i].percent)));
    text_table_set(t, row, column++, "%.2f", msec(histogram_max(h)));
    text_table_set(t, row, column++, "%.2f", histogram_mean(h) / MSEC);
    text_table_set(t, row, column++, "%" PRIu64, histogram_count(h));
}

static void print_latencies(const load *l, FILE *out) {
    const account *a = load_account(l);
    const page_watch *p = load_pages(l);
    size_t row = 1, rows = 6 + (size_t)page_watch_count(p);
    text_table *t = text_table_new(rows, COLUMNS);
    table_head(t);
    table_row(t, row++, "end to end, corrected", account_corrected(a));
    table_row(t, row++, "end to end, uncorrected", account_uncorrected(a));
    table_row(t, row++, "generator late at sends", account_lateness(a));
    table_row(t, row++, "node set-up", load_node_setup(l));
    table_row(t, row++, "session set-up", load_session_setup(l));
    for (int i = 0; i < page_watch_count(p); i++)
        table_row(t, row++, page_watch_at(p, i).path, page_watch_at(p, i).took);
    text_table_print(t, 1, out);
    text_table_free(t);
}

/* Milliseconds: buckets are seconds. */
static void print_dispatch(const load *l, FILE *out) {
    prom_histogram h = page_watch_dispatches(load_pages(l));
    if (prom_histogram_total(&h) <= 0) {
        fputs("dispatch: the server tells no lingua_dispatch_seconds\n", out);
        return;
    }
    fprintf(out,
            "dispatch, by the server        p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms; %.3f %% within 10 ms; %.0f jobs\n",
            1e3 * prom_histogram_percentile(&h, 50), 1e3 * prom_histogram_percentile(&h, 99),
            1e3 * prom_histogram_percentile(&h, 99.9), 100 * prom_histogram_share_within(&h, 0.010),
            prom_histogram_total(&h));
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static void print_head(const load *l, FILE *out) {
    const scenario *sc = load_scenario(l);
    lines_counts c = load_lines(l);
    const account_figures *f = account_figure(load_account(l));
    double window = (double)load_window(l) / USEC_PER_SEC;
    fprintf(out, "%s: %.0f s measured of %.0f s, seed %" PRId64 "\n", sc->name, window,
            (double)load_time(l) / USEC_PER_SEC, sc->seed);
    fprintf(out, "connected                      %" PRId64 " nodes, %" PRId64 " sessions\n", c.nodes, c.sessions);
    if (window > 0)
        fprintf(out, "throughput                     %.1f said, %.1f answered per second\n",
                (double)f->in_window / window, (double)f->ok_in_window / window);
}

static void print_lines(const load *l, FILE *out) {
    lines_counts c = load_lines(l);
    const account_figures *f = account_figure(load_account(l));
    fprintf(out,
            "connections                    %" PRIu64 " begun, %" PRIu64 " failed, %" PRIu64
            " broke; sessions lost %" PRId64 ", back %" PRId64 "\n",
            c.connects, c.failed, c.broken, f->sessions_lost, f->sessions_back);
    fprintf(out, "messages                       %" PRIu64 " sent, %" PRIu64 " received; %.1f MB, %.1f MB\n", c.sent,
            c.received, (double)c.bytes_sent / 1e6, (double)c.bytes_received / 1e6);
    print_codes("failed:", &c.failures, 0, out);
    print_codes("refused session", &c.session_refusals, 0, out);
    print_codes("error to a node", &c.node_errors, 0, out);
    if (c.unknown || c.not_json)
        fprintf(out, "  not understood: %" PRIu64 ", not JSON: %" PRIu64 "\n", c.unknown, c.not_json);
    if (f->overlaps)
        fprintf(out, "  nodes over their slots with jobs from before a reconnect: %" PRId64 "\n", f->overlaps);
}

static void print_watched(const load *l, FILE *out) {
    double window = (double)load_window(l);
    lines_counts c = load_lines(l);
    for (int i = 0; i < load_options_of(l)->watched_count; i++) {
        const watched *w = load_watched(l, i);
        if (window <= 0 || !w->end.rss) continue;
        fprintf(out, "%-30s %.1f %% of a core; memory %.1f MiB before, %.1f, %.1f MiB at the end", w->name,
                100 * (double)(w->end.cpu - w->begin.cpu) / window, (double)w->start.rss / KIB / KIB,
                (double)w->begin.rss / KIB / KIB, (double)w->end.rss / KIB / KIB);
        if (c.nodes + c.sessions > 0)
            fprintf(out, " (%.1f KiB per connection)",
                    (double)(w->end.rss - w->start.rss) / KIB / (double)(c.nodes + c.sessions));
        fputc('\n', out);
    }
}

void report_print(const load *l, bool interrupted, FILE *out) {
    char verdict[256];
    bool clean = report_verdict(l, verdict, sizeof verdict);
    print_head(l, out);
    fputc('\n', out);
    print_outcomes(l, out);
    fputc('\n', out);
    print_latencies(l, out);
    fputc('\n', out);
    print_dispatch(l, out);
    print_watched(l, out);
    print_lines(l, out);
    fprintf(out, "\n%s%s: %s\n", clean ? "fine" : "WRONG", interrupted ? ", as far as it came" : "", verdict);
}
