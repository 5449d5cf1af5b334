/* output.c - the results of benchmarks as a table for people and as JSON for other tools. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "bench/harness.h"

enum { JSON_DIGITS = 6, GROUPED_MAX = 40, WIDE_NAME = 39, WIDE_PARAM = 16, WIDE_COLUMN = 9 };

const char *bench_param_text(const benchmark *bench, const bench_value *value, char text[BENCH_PARAM_MAX]) {
    text[0] = '\0';
    if (value && value->text)
        snprintf(text, BENCH_PARAM_MAX, "%s=%s", bench->param, value->text);
    else if (value)
        snprintf(text, BENCH_PARAM_MAX, "%s=%lld", bench->param, (long long)value->number);
    return text;
}

/* Four digits that matter; whole numbers from 1,000 on, in groups of three. */
static const char *number_text(double value, char text[GROUPED_MAX]) {
    if (fabs(value) < 1000) {
        snprintf(text, GROUPED_MAX, "%.4g", value);
        return text;
    }
    char digits[GROUPED_MAX];
    int len = snprintf(digits, sizeof digits, "%.0f", value);
    if (len > GROUPED_MAX / 2) { /* beyond any rate: not worth groups */
        snprintf(text, GROUPED_MAX, "%.4g", value);
        return text;
    }
    char *to = text;
    for (int i = 0; i < len; i++) {
        if (i && digits[i - 1] != '-' && (len - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static void print_result(const bench_result *r, const bench_result *above, FILE *out) {
    bool again = above && above->bench == r->bench, same = again && above->value == r->value;
    char param[BENCH_PARAM_MAX], median[GROUPED_MAX], low[GROUPED_MAX], high[GROUPED_MAX];
    if (!above || above->bench->wide)
        fprintf(out, "%s%-20s %-17s %-24s %12s %12s %12s  %s\n", above ? "\n" : "", "benchmark", "for", "metric",
                "median", "low", "high", "unit");
    fprintf(out, "%-20s %-17s %-24s %12s %12s %12s  %s\n", again ? "" : r->bench->name,
            same ? "" : bench_param_text(r->bench, r->value, param), r->metric->name,
            number_text(r->summary.median, median), number_text(r->summary.low, low),
            number_text(r->summary.high, high), r->metric->unit);
}

static bool same_metrics(const benchmark *a, const benchmark *b) {
    for (int m = 0; a->metrics[m].name || b->metrics[m].name; m++)
        if (!a->metrics[m].name || !b->metrics[m].name || strcmp(a->metrics[m].name, b->metrics[m].name) != 0)
            return false;
    return true;
}

static int column_width(const bench_metric *m) {
    int len = (int)strlen(m->name);
    return len > WIDE_COLUMN ? len : WIDE_COLUMN;
}

static void print_wide_head(const benchmark *bench, bool first, FILE *out) {
    fprintf(out, "%s%-*s %-*s", first ? "" : "\n", WIDE_NAME, "benchmark", WIDE_PARAM, "for");
    for (const bench_metric *m = bench->metrics; m->name; m++) fprintf(out, " %*s", column_width(m), m->name);
    fputs("  spread\n", out);
}

static double spread_of(const bench_summary *s) {
    return s->median > 0 ? (s->high - s->low) / s->median : 0;
}

/* All metrics of one value, which stand together; returns how many. */
static size_t print_wide(const bench_result *r, const bench_result *above, FILE *out) {
    const benchmark *bench = r->bench;
    char param[BENCH_PARAM_MAX], median[GROUPED_MAX];
    bool goes_on = above && above->bench->wide && same_metrics(above->bench, bench);
    if (!goes_on) print_wide_head(bench, !above, out);
    fprintf(out, "%-*s %-*s", WIDE_NAME, above && above->bench == bench ? "" : bench->name, WIDE_PARAM,
            bench_param_text(bench, r->value, param));
    double spread = 0;
    size_t count = 0;
    for (; bench->metrics[count].name; count++) {
        const bench_summary *s = &r[count].summary;
        fprintf(out, " %*s", column_width(&bench->metrics[count]), number_text(s->median, median));
        spread = fmax(spread, spread_of(s));
    }
    fprintf(out, " %5.0f %%\n", 100 * spread);
    return count;
}

void bench_print_table(const bench_results *results, FILE *out) {
    const bench_result *above = NULL;
    for (size_t i = 0; i < results->count;) {
        const bench_result *r = &results->list[i];
        if (r->bench->wide) {
            i += print_wide(r, above, out);
        } else {
            print_result(r, above, out);
            i++;
        }
        above = &results->list[i - 1];
    }
}

static json_t *result_json(const bench_result *r) {
    json_t *params = json_object();
    if (r->value)
        json_object_set_new(params, r->bench->param,
                            r->value->text ? json_string(r->value->text) : json_integer(r->value->number));
    return json_pack("{s:s, s:o, s:s, s:s, s:f, s:f, s:f, s:i}", "name", r->bench->name, "params", params, "metric",
                     r->metric->name, "unit", r->metric->unit, "median", r->summary.median, "low", r->summary.low,
                     "high", r->summary.high, "runs", r->summary.runs);
}

sched_status bench_print_json(const bench_results *results, FILE *out, sched_error *err) {
    fputs("{\"schema\":\"lingua.bench.result/1\",\"results\":[", out);
    bool failed = false;
    for (size_t i = 0; i < results->count && !failed; i++) {
        fputs(i ? ",\n " : "\n ", out);
        json_t *row = result_json(&results->list[i]);
        failed = !row || json_dumpf(row, out, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS));
        json_decref(row);
    }
    fputs("\n]}\n", out);
    if (failed || fflush(out) || ferror(out)) return sched_fail(err, SCHED_EIO, "the results could not be written");
    return SCHED_OK;
}
