/* dist.c - draws, means, and how a distribution is written.
 *
 * Why redraw and not clamp: a clamped tail puts a spike of probability onto the bound, and percentiles near it would
 * show the bound instead of the distribution. The price is that the mean moves, and arrival rates are computed from
 * means; so the mean of the truncated distribution is integrated, over the logarithm of the value, where long tails
 * are short. */
#include "sim/scenario/dist.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/detmath.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"
#include "sim/scenario/dist_sample.h"

enum { STEPS = 20000 }; /* of the integration */

static const char *const kind_names[] = {"constant", "uniform", "exponential", "lognormal", "gamma", NULL};

/* --- values ----------------------------------------------------------------------------------------------------- */

static double draw_once(const dist *d, rng *r) {
    switch (d->kind) {
    case DIST_UNIFORM: return d->min + (d->max - d->min) * rng_unit(r);
    case DIST_EXPONENTIAL: return rng_exponential(r, d->mean);
    case DIST_LOGNORMAL: return rng_lognormal(r, d->mean, d->cv);
    case DIST_GAMMA: return rng_gamma(r, d->mean, d->cv);
    case DIST_SAMPLE: return dist_sample_draw(d->sample, r);
    default: return d->mean;
    }
}

double dist_draw(const dist *d, rng *r) {
    double value = draw_once(d, r);
    for (int i = 0; i < DIST_REDRAWS && (value < d->min || value > d->max); i++) value = draw_once(d, r);
    return value < d->min ? d->min : value > d->max ? d->max : value;
}

usec_t dist_draw_usec(const dist *d, rng *r) {
    return (usec_t)(dist_draw(d, r) + 0.5);
}

/* x times the density at x = e^y, up to a constant factor that cancels. */
static double mass(const dist *d, double y) {
    double x = det_exp(y);
    if (d->kind == DIST_EXPONENTIAL) return x * det_exp(-x / d->mean);
    if (d->kind == DIST_LOGNORMAL) {
        double variance = det_log(1 + d->cv * d->cv);
        double z = y - (det_log(d->mean) - variance / 2);
        return det_exp(-z * z / (2 * variance));
    }
    double shape = 1 / (d->cv * d->cv); /* gamma; shifted so that the largest exponent is near 0 */
    double z = y - det_log(d->mean);
    return det_exp(shape * (z + 1 - det_exp(z)));
}

/* Beyond this many logarithms from the mean, on either side, lies less than 1e-6 of the mass. */
static double reach_below(const dist *d) {
    double spread = d->kind == DIST_EXPONENTIAL ? 1 : d->cv > d->cv * d->cv ? d->cv : d->cv * d->cv;
    return 20 * spread;
}

static double reach_above(const dist *d) {
    if (d->kind == DIST_LOGNORMAL) return reach_below(d);
    return det_log(1 + reach_below(d));
}

static bool truncated(const dist *d) {
    if (d->kind == DIST_SAMPLE) return false; /* values outside were left out */
    return d->kind > DIST_UNIFORM && (d->min > 0 || !isinf(d->max)) && (d->kind == DIST_EXPONENTIAL || d->cv > 0);
}

double dist_mean(const dist *d) {
    if (d->mean <= 0 || !truncated(d)) return d->mean;
    double middle = det_log(d->mean);
    double low = middle - reach_below(d), high = middle + reach_above(d);
    if (d->min > 0 && det_log(d->min) > low) low = det_log(d->min);
    if (!isinf(d->max) && det_log(d->max) < high) high = det_log(d->max);
    if (high <= low) return low <= middle ? d->max : d->min;

    double sum = 0, weighted = 0, step = (high - low) / STEPS;
    for (int i = 0; i < STEPS; i++) {
        double y = low + (i + 0.5) * step, m = mass(d, y);
        sum += m;
        weighted += m * det_exp(y);
    }
    return sum > 0 ? weighted / sum : d->mean;
}

/* --- as written ------------------------------------------------------------------------------------------------- */

static sched_status read_cv(const yaml_value *v, void *field, sched_error *err) {
    static const setting row = {.name = "cv", .kind = SETTING_NUMBER, .max = 5};
    double *cv = field;
    sched_status status = yaml_bind_value(v, &row, cv, err);
    if (status || *cv <= 0 || *cv >= 0.001) return status;
    return yaml_fail(v, err, "cv: \"%s\" is too small: expected 0, or 0.001 .. 5", yaml_text(v));
}

static void print_cv(const void *field, FILE *out) {
    char text[UNITS_TEXT_MAX];
    fputs(units_format_number(text, *(const double *)field), out);
}

const setting_type dist_cv = {"0, or 0.001 .. 5", read_cv, print_cv, NULL};

/* Of a duration distribution the quantities are durations in the file and doubles in the struct. */
typedef struct written {
    int kind;
    usec_t mean_usec, min_usec, max_usec;
    double mean, min, max, cv;
} written;

enum { DAY = 86400 };

// clang-format off
static const setting duration_rows[] = {
    ROW_CHOICE(written, "dist", kind, kind_names, "constant", "shape"),
    ROW_DURATION(written, "mean", mean_usec, 0, DAY * USEC_PER_SEC, NULL, "mean before truncation"),
    ROW_VALUE(written, "cv", cv, dist_cv, "1", "standard deviation / mean"),
    ROW_DURATION(written, "min", min_usec, 0, DAY * USEC_PER_SEC, NULL, "least value"),
    ROW_DURATION(written, "max", max_usec, 1, DAY * USEC_PER_SEC, NULL, "largest value"),
    {.name = NULL},
};
static const setting number_rows[] = {
    ROW_CHOICE(written, "dist", kind, kind_names, "constant", "shape"),
    ROW_NUMBER(written, "mean", mean, 0, 1e12, NULL, "mean before truncation"),
    ROW_VALUE(written, "cv", cv, dist_cv, "1", "standard deviation / mean"),
    ROW_NUMBER(written, "min", min, 0, 1e12, NULL, "least value"),
    ROW_NUMBER(written, "max", max, 1e-12, 1e12, NULL, "largest value"),
    {.name = NULL},
};
static const setting plain_duration = ROW_DURATION(written, "value", mean_usec, 0, DAY * USEC_PER_SEC, NULL, "");
static const setting plain_number = ROW_NUMBER(written, "value", mean, 0, 1e12, NULL, "");
// clang-format on

static sched_status check_uniform(const yaml_value *v, dist *d, sched_error *err) {
    if (yaml_get(v, "mean") || yaml_get(v, "cv"))
        return yaml_fail(v, err, "a uniform takes min and max, no mean or cv");
    if (isinf(d->max)) return yaml_fail(v, err, "a uniform needs a max");
    d->mean = (d->min + d->max) / 2;
    return SCHED_OK;
}

static sched_status check_shape(const yaml_value *v, dist *d, sched_error *err) {
    const char *name = kind_names[d->kind];
    if (d->min > d->max) return yaml_fail(v, err, "min is above max");
    if (d->kind == DIST_UNIFORM) return check_uniform(v, d, err);
    if (!yaml_get(v, "mean")) return yaml_fail(v, err, "a distribution that is %s needs a mean", name);
    bool has_cv = d->kind == DIST_LOGNORMAL || d->kind == DIST_GAMMA;
    if (yaml_get(v, "cv") && !has_cv) return yaml_fail(yaml_get(v, "cv"), err, "%s has no cv of its own", name);
    if (d->kind != DIST_CONSTANT && d->mean <= 0) return yaml_fail(v, err, "mean: 0 makes no %s distribution", name);
    if (d->mean < d->min || d->mean > d->max) return yaml_fail(v, err, "the mean is not between min and max");
    if (!has_cv) d->cv = 0;
    return SCHED_OK;
}

static sched_status read_dist(const yaml_value *v, const setting *plain, const setting *rows, bool durations, dist *d,
                              sched_error *err) {
    if (yaml_get(v, "file")) return dist_sample_read(v, durations, d, err);
    written w = {.cv = 0};
    setting named = *plain;
    named.name = yaml_name(v);
    bool shaped = yaml_kind_of(v) == YAML_MAP;
    sched_status status = shaped ? yaml_bind(v, rows, sizeof w, &w, err) : yaml_bind_value(v, &named, &w, err);
    if (status) return status;
    *d = (dist){.kind = w.kind, .cv = shaped ? w.cv : 0, .mean = w.mean, .min = w.min, .max = w.max};
    if (durations) d->mean = (double)w.mean_usec, d->min = (double)w.min_usec, d->max = (double)w.max_usec;
    if (!shaped || !yaml_get(v, "max")) d->max = INFINITY;
    return shaped ? check_shape(v, d, err) : SCHED_OK;
}

static sched_status read_duration(const yaml_value *v, void *field, sched_error *err) {
    return read_dist(v, &plain_duration, duration_rows, true, field, err);
}

static sched_status read_number(const yaml_value *v, void *field, sched_error *err) {
    return read_dist(v, &plain_number, number_rows, false, field, err);
}

static char *format_duration(char text[UNITS_TEXT_MAX], double value) {
    return units_format_duration(text, (usec_t)value);
}

static void print_dist(const dist *d, char *(*format)(char *, double), FILE *out) {
    char text[UNITS_TEXT_MAX];
    if (d->kind == DIST_CONSTANT) {
        fputs(format(text, d->mean), out);
        return;
    }
    if (d->kind == DIST_SAMPLE) {
        dist_sample_print(d, format, out);
        return;
    }
    fprintf(out, "{dist: %s", kind_names[d->kind]);
    if (d->kind != DIST_UNIFORM) fprintf(out, ", mean: %s", format(text, d->mean));
    if (d->kind == DIST_LOGNORMAL || d->kind == DIST_GAMMA) fprintf(out, ", cv: %s", units_format_number(text, d->cv));
    if (d->min > 0 || d->kind == DIST_UNIFORM) fprintf(out, ", min: %s", format(text, d->min));
    if (!isinf(d->max)) fprintf(out, ", max: %s", format(text, d->max));
    fputc('}', out);
}

static void print_duration(const void *field, FILE *out) {
    print_dist(field, format_duration, out);
}

static void print_number(const void *field, FILE *out) {
    print_dist(field, units_format_number, out);
}

static void release(void *field) {
    dist *d = field;
    d->sample = dist_sample_free(d->sample);
}

const setting_type dist_of_duration =
    {"a duration, {dist: uniform | exponential | lognormal | gamma, mean, cv, min, max}, or {file, column}",
     read_duration, print_duration, release};
const setting_type dist_of_number =
    {"a number, {dist: uniform | exponential | lognormal | gamma, mean, cv, min, max}, or {file, column}", read_number,
     print_number, release};
