/* arrivals.c - how patterns of arrivals are written, and the rates that follow from them. */
#include "sim/scenario/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/detmath.h"
#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"

#define HOUR (3600 * USEC_PER_SEC)

enum { DAY_HOURS = 24, QUOTE_MAX = 68 };

static const char *const kind_names[] = {"poisson", "constant", "bursts", "diurnal", "trace", NULL};
static const char *const unit_names[] = {"us", "ms", "s", "min", "h", NULL};

/* --- rates ------------------------------------------------------------------------------------------------------ */

double bursts_mean_rate(const burst_pattern *p) {
    double calm = (double)p->calm, burst = (double)p->burst;
    return (p->calm_rate * calm + p->burst_rate * burst) / (calm + burst);
}

void bursts_rates(const burst_pattern *p, double mean, double *ret_calm, double *ret_burst) {
    double calm = (double)p->calm, burst = (double)p->burst;
    bool written = p->burst_rate > 0;
    *ret_calm = written ? p->calm_rate : mean * (calm + burst) / (calm + p->factor * burst);
    *ret_burst = written ? p->burst_rate : *ret_calm * p->factor;
}

static double between(const day_point *a, const day_point *b, double hour) {
    double width = b->hour - a->hour, past = hour - a->hour;
    if (width <= 0) width += DAY_HOURS;
    if (past < 0) past += DAY_HOURS;
    return a->factor + (b->factor - a->factor) * past / width;
}

double day_factor(const day_pattern *p, double hour) {
    if (!p->curve_count) {
        double wave = det_cos_turns((hour - p->peak_hour) / DAY_HOURS);
        return (p->peak + p->trough) / 2 + (p->peak - p->trough) / 2 * wave;
    }
    size_t next = 0;
    while (next < p->curve_count && p->curve[next].hour <= hour) next++;
    const day_point *before = &p->curve[(next + p->curve_count - 1) % p->curve_count];
    return between(before, &p->curve[next % p->curve_count], hour);
}

double day_mean(const day_pattern *p) {
    if (!p->curve_count) return (p->peak + p->trough) / 2;
    double sum = 0;
    for (size_t i = 0; i < p->curve_count; i++) {
        const day_point *a = &p->curve[i], *b = &p->curve[(i + 1) % p->curve_count];
        double width = b->hour - a->hour;
        sum += (a->factor + b->factor) / 2 * (width <= 0 ? width + DAY_HOURS : width);
    }
    return sum / DAY_HOURS;
}

double day_most(const day_pattern *p) {
    double most = p->curve_count ? 0 : p->peak > p->trough ? p->peak : p->trough;
    for (size_t i = 0; i < p->curve_count; i++) most = p->curve[i].factor > most ? p->curve[i].factor : most;
    return most;
}

/* --- bursts ----------------------------------------------------------------------------------------------------- */

// clang-format off
static const setting burst_rows[] = {
    ROW_NUMBER(burst_pattern, "factor", factor, 1, 10000, "5", "rate in a burst / rate between two"),
    ROW_RATE(burst_pattern, "calm_rate", calm_rate, 0, 1e5, NULL, "or else the rates themselves"),
    ROW_RATE(burst_pattern, "burst_rate", burst_rate, 1.0 / 86400, 1e5, NULL, "see calm_rate"),
    ROW_DURATION(burst_pattern, "calm", calm, 1000, 24 * HOUR, "1min", "mean time between two bursts"),
    ROW_DURATION(burst_pattern, "burst", burst, 1000, 24 * HOUR, "10s", "mean time of a burst"),
    {.name = NULL},
};
// clang-format on

static sched_status read_bursts(const yaml_value *v, burst_pattern *p, sched_error *err) {
    sched_status status = yaml_bind(v, burst_rows, sizeof *p, p, err);
    if (status) return status;
    bool calm = yaml_get(v, "calm_rate"), burst = yaml_get(v, "burst_rate");
    if (calm != burst) return yaml_fail(v, err, "bursts: calm_rate and burst_rate are given together or not at all");
    if (burst && yaml_get(v, "factor"))
        return yaml_fail(yaml_get(v, "factor"), err, "bursts: either factor or rates, not both");
    if (burst && p->burst_rate < p->calm_rate)
        return yaml_fail(yaml_get(v, "burst_rate"), err, "bursts: burst_rate is below calm_rate");
    return SCHED_OK;
}

static void print_bursts(const burst_pattern *p, FILE *out) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];
    if (p->burst_rate > 0) {
        fprintf(out, "{bursts: {calm_rate: %s, burst_rate: %s", units_format_rate(a, p->calm_rate),
                units_format_rate(b, p->burst_rate));
    } else {
        fprintf(out, "{bursts: {factor: %s", units_format_number(a, p->factor));
    }
    fprintf(out, ", calm: %s, burst: %s}}", units_format_duration(a, p->calm), units_format_duration(b, p->burst));
}

/* --- a day ------------------------------------------------------------------------------------------------------ */

static sched_status read_point(const yaml_value *key, const yaml_value *v, day_point *p, sched_error *err) {
    static const setting factor = ROW_NUMBER(day_point, "factor", factor, 0, 1e6, NULL, "");
    char quoted[QUOTE_MAX];
    if (units_parse_number(yaml_text(key), &p->hour, NULL) || p->hour < 0 || p->hour >= DAY_HOURS) {
        return yaml_fail(key, err, "curve: \"%s\" is no hour: expected 0 .. 23.99",
                         text_one_line(quoted, sizeof quoted, yaml_text(key)));
    }
    return yaml_bind_value(v, &factor, p, err);
}

typedef struct day_curve {
    day_point *points;
    size_t count;
} day_curve;

static sched_status read_curve(const yaml_value *v, void *field, sched_error *err) {
    day_curve *curve = field;
    sched_status status = yaml_expect(v, YAML_MAP, "curve", err);
    if (status) return status;
    if (yaml_count(v) == 0 || yaml_count(v) > DAY_POINTS_MAX) {
        return yaml_fail(v, err, "curve: %zu points: expected 1 .. %d, such as {0: 0.2, 8: 1, 20: 0.6}", yaml_count(v),
                         DAY_POINTS_MAX);
    }
    curve->points = mem_zalloc(yaml_count(v), sizeof *curve->points);
    curve->count = yaml_count(v);
    double sum = 0;
    for (size_t i = 0; i < curve->count && !status; i++) {
        status = read_point(yaml_key(v, i), yaml_item(v, i), &curve->points[i], err);
        if (!status && i > 0 && curve->points[i].hour <= curve->points[i - 1].hour)
            status = yaml_fail(yaml_key(v, i), err, "curve: hours must grow from point to point");
        sum += curve->points[i].factor;
    }
    if (!status && sum <= 0) status = yaml_fail(v, err, "curve: nobody comes at any hour");
    return status;
}

static void print_curve(const void *field, FILE *out) {
    const day_curve *curve = field;
    char hour[UNITS_TEXT_MAX], factor[UNITS_TEXT_MAX];
    for (size_t i = 0; i < curve->count; i++) {
        const day_point *p = &curve->points[i];
        fprintf(out, "%s%s: %s", i ? ", " : "{", units_format_number(hour, p->hour),
                units_format_number(factor, p->factor));
    }
    if (curve->count) fputc('}', out);
}

static void release_curve(void *field) {
    day_curve *curve = field;
    free(curve->points);
    *curve = (day_curve){NULL, 0};
}

static const setting_type curve_type = {"hours and factors such as {0: 0.2, 8: 1, 20: 0.6}", read_curve, print_curve,
                                        release_curve};

typedef struct written_day {
    day_pattern p;
    day_curve curve;
} written_day;

// clang-format off
static const setting day_rows[] = {
    ROW_DURATION(written_day, "day", p.day, USEC_PER_SEC, 24 * HOUR, "1d", "what 24 hours last here"),
    ROW_NUMBER(written_day, "begins", p.begins, 0, 23.999, "0", "hour when the run begins"),
    ROW_NUMBER(written_day, "trough", p.trough, 0, 1e6, "0.2", "factor twelve hours from the peak"),
    ROW_NUMBER(written_day, "peak", p.peak, 1e-6, 1e6, "1.8", "factor at the peak"),
    ROW_NUMBER(written_day, "peak_hour", p.peak_hour, 0, 23.999, "15", "hour of the peak"),
    ROW_VALUE(written_day, "curve", curve, curve_type, NULL, "or else factors by hour, in proportion to their mean"),
    {.name = NULL},
};
// clang-format on

static sched_status read_day(const yaml_value *v, day_pattern *p, sched_error *err) {
    written_day w = {.curve = {NULL, 0}};
    sched_status status = yaml_bind(v, day_rows, sizeof w, &w, err);
    if (status) return status;
    *p = w.p;
    p->curve = w.curve.points;
    p->curve_count = w.curve.count;
    static const char *const waves[] = {"trough", "peak", "peak_hour"};
    for (size_t i = 0; p->curve && i < sizeof waves / sizeof *waves; i++) {
        if (!yaml_get(v, waves[i])) continue;
        return yaml_fail(yaml_get(v, waves[i]), err, "%s: has no meaning beside a curve", waves[i]);
    }
    return SCHED_OK;
}

static void print_day(const day_pattern *p, FILE *out) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];
    fprintf(out, "{diurnal: {day: %s, begins: %s", units_format_duration(a, p->day), units_format_number(b, p->begins));
    if (p->curve) {
        day_curve curve = {p->curve, p->curve_count};
        fputs(", curve: ", out);
        print_curve(&curve, out);
    } else {
        fprintf(out, ", trough: %s, peak: %s, peak_hour: %s", units_format_number(a, p->trough),
                units_format_number(b, p->peak), units_format_number(c, p->peak_hour));
    }
    fputs("}}", out);
}

/* --- a trace ---------------------------------------------------------------------------------------------------- */

// clang-format off
static const setting trace_rows[] = {
    {.name = "file", .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(trace_pattern, file, char *),
     .size = DATA_PATH_MAX + 1, .help = "a CSV file with a header, from the folder of the scenario"},
    {.name = "time", .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(trace_pattern, time, char *),
     .size = COLUMN_NAME_MAX + 1, .help = "column of times, which do not go backwards"},
    ROW_CHOICE(trace_pattern, "unit", unit, unit_names, "s", "of the times"),
    ROW_NUMBER(trace_pattern, "speed", speed, 1e-6, 1e6, "1", "divides the times"),
    ROW_TEXT(trace_pattern, "size", size, NULL, "column of sizes: the length of the speech is scale * size"),
    ROW_NUMBER(trace_pattern, "scale", scale, 1e-9, 1e9, "1", "seconds of speech for a size of 1"),
    ROW_TEXT(trace_pattern, "src", src, NULL, "column of source languages"),
    ROW_TEXT(trace_pattern, "tgt", tgt, NULL, "column of target languages"),
    ROW_TEXT(trace_pattern, "digest", digest, NULL, "of the file's bytes: another file is refused"),
    {.name = NULL},
};
// clang-format on

static sched_status read_trace(const yaml_value *v, trace_pattern *p, sched_error *err) {
    sched_status status = yaml_bind(v, trace_rows, sizeof *p, p, err);
    if (status) return status;
    if (!*p->src != !*p->tgt) return yaml_fail(v, err, "trace: src and tgt are given together or not at all");
    return SCHED_OK;
}

static void print_trace(const trace_pattern *p, FILE *out) {
    char text[UNITS_TEXT_MAX];
    const char *names[] = {"size", "src", "tgt", "digest"}, *values[] = {p->size, p->src, p->tgt, p->digest};
    fputs("{trace: {file: ", out);
    yaml_write_text(out, p->file);
    fputs(", time: ", out);
    yaml_write_text(out, p->time);
    fprintf(out, ", unit: %s", unit_names[p->unit]);
    fprintf(out, ", speed: %s", units_format_number(text, p->speed));
    fprintf(out, ", scale: %s", units_format_number(text, p->scale));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!*values[i]) continue;
        fprintf(out, ", %s: ", names[i]);
        yaml_write_text(out, values[i]);
    }
    fputs("}}", out);
}

/* --- the pattern ------------------------------------------------------------------------------------------------ */

#define FORM "poisson, constant, or one of {bursts: ...}, {diurnal: ...}, {trace: ...}"

static sched_status read_word(const yaml_value *v, arrivals *a, sched_error *err) {
    char hint[SUGGEST_TEXT_MAX], quoted[QUOTE_MAX];
    suggest near = suggest_for(yaml_text(v));
    for (int i = 0; kind_names[i]; i++) {
        suggest_offer(&near, kind_names[i]);
        if (i == ARRIVALS_TRACE || strcmp(yaml_text(v), kind_names[i]) != 0) continue;
        a->kind = i;
        return SCHED_OK;
    }
    return yaml_fail(v, err, "arrivals: \"%s\" is not " FORM "%s", text_one_line(quoted, sizeof quoted, yaml_text(v)),
                     suggest_text(&near, hint));
}

static sched_status read_arrivals(const yaml_value *v, void *field, sched_error *err) {
    arrivals *a = field;
    char hint[SUGGEST_TEXT_MAX], quoted[QUOTE_MAX];
    settings_default(burst_rows, &a->bursts);
    written_day w = {.curve = {NULL, 0}};
    settings_default(day_rows, &w);
    a->diurnal = w.p;
    if (yaml_kind_of(v) == YAML_TEXT) return read_word(v, a, err);
    if (yaml_kind_of(v) != YAML_MAP || yaml_count(v) != 1) return yaml_fail(v, err, "arrivals: expected " FORM);
    const yaml_value *inner = yaml_item(v, 0), *key = yaml_key(v, 0);
    suggest near = suggest_for(yaml_text(key));
    for (int i = ARRIVALS_BURSTS; kind_names[i]; i++) {
        suggest_offer(&near, kind_names[i]);
        if (strcmp(yaml_text(key), kind_names[i]) != 0) continue;
        a->kind = i;
        if (i == ARRIVALS_BURSTS) return read_bursts(inner, &a->bursts, err);
        if (i == ARRIVALS_DIURNAL) return read_day(inner, &a->diurnal, err);
        return read_trace(inner, &a->trace, err);
    }
    return yaml_fail(key, err, "unknown key \"%s\"%s", text_one_line(quoted, sizeof quoted, yaml_text(key)),
                     suggest_text(&near, hint));
}

static void print_arrivals(const void *field, FILE *out) {
    const arrivals *a = field;
    switch (a->kind) {
    case ARRIVALS_BURSTS: print_bursts(&a->bursts, out); break;
    case ARRIVALS_DIURNAL: print_day(&a->diurnal, out); break;
    case ARRIVALS_TRACE: print_trace(&a->trace, out); break;
    default: fputs(kind_names[a->kind], out); break;
    }
}

static void release_arrivals(void *field) {
    arrivals *a = field;
    free(a->diurnal.curve);
    free(a->trace.rows);
    a->diurnal.curve = NULL;
    a->trace.rows = NULL;
}

const setting_type arrivals_type = {FORM, read_arrivals, print_arrivals, release_arrivals};

void arrivals_markdown(FILE *out, int level) {
    static const setting *const rows[] = {burst_rows, day_rows, trace_rows};
    for (int i = ARRIVALS_BURSTS; kind_names[i]; i++) {
        fprintf(out, "%.*s `%s`\n\n", level, "######", kind_names[i]);
        settings_schema_markdown(rows[i - ARRIVALS_BURSTS], out, level);
    }
}
