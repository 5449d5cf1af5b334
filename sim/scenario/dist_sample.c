/* dist_sample.c - values in the order of the file; with weights, their sums up to each, searched by halves.
 *
 * Values outside of min .. max are left out when they are read: that is what drawing again would come to, and so the mean is
 * exact. */
#include "sim/scenario/dist_sample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"
#include "sim/scenario/csv.h"

#define DAY (86400 * USEC_PER_SEC)

struct dist_sample {
    char file[DATA_PATH_MAX + 1], column[COLUMN_NAME_MAX + 1], weight[COLUMN_NAME_MAX + 1];
    char digest[CSV_DIGEST_MAX + 1];
    double scale;
    double *value, *upto; /* owned; upto: sums of weights, NULL when all weigh the same */
    size_t count, capacity;
};

/* As written: bounds are durations or numbers. */
typedef struct written {
    dist_sample s;
    usec_t min_usec, max_usec;
    double min, max;
} written;

// clang-format off
#define COMMON_ROWS \
    {.name = "file", .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(written, s.file, char *), \
     .size = DATA_PATH_MAX + 1, .help = "a CSV file with a header"}, \
    {.name = "column", .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(written, s.column, char *), \
     .size = COLUMN_NAME_MAX + 1, .help = "the values: seconds for a duration, numbers else"}, \
    ROW_TEXT(written, "weight", s.weight, NULL, "column of weights; all weigh the same when not given"), \
    ROW_NUMBER(written, "scale", s.scale, 1e-9, 1e9, "1", "multiplies the values"), \
    ROW_TEXT(written, "digest", s.digest, NULL, "of the file's bytes: another file is refused")

static const setting duration_rows[] = {
    COMMON_ROWS,
    ROW_DURATION(written, "min", min_usec, 0, DAY, NULL, "smaller values are left out"),
    ROW_DURATION(written, "max", max_usec, 1, DAY, NULL, "larger values are left out"),
    {.name = NULL},
};
static const setting number_rows[] = {
    COMMON_ROWS,
    ROW_NUMBER(written, "min", min, 0, 1e12, NULL, "smaller values are left out"),
    ROW_NUMBER(written, "max", max, 1e-12, 1e12, NULL, "larger values are left out"),
    {.name = NULL},
};
// clang-format on

dist_sample *dist_sample_free(dist_sample *s) {
    if (!s) return NULL;
    free(s->value);
    free(s->upto);
    free(s);
    return NULL;
}

static void keep(dist_sample *s, double value, double weight) {
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 256;
        s->value = mem_realloc(s->value, s->capacity, sizeof *s->value);
        if (*s->weight) s->upto = mem_realloc(s->upto, s->capacity, sizeof *s->upto);
    }
    s->value[s->count] = value;
    if (s->upto) s->upto[s->count] = (s->count ? s->upto[s->count - 1] : 0) + weight;
    s->count++;
}

static sched_status read_row(const csv *file, int column, int weights, double unit, dist *d, sched_error *err) {
    dist_sample *s = d->sample;
    double value = 0, weight = 1;
    sched_status status = csv_number(file, column, &value, err);
    if (!status && weights >= 0) status = csv_number(file, weights, &weight, err);
    if (status) return status;
    value *= s->scale * unit;
    if (value > 1e15) return csv_fail(file, err, "%s: %s is too large", s->column, csv_text(file, column));
    if (value < d->min || value > d->max || weight <= 0) return SCHED_OK;
    if (s->count == SAMPLE_VALUES_MAX) return csv_fail(file, err, "more than %d values", SAMPLE_VALUES_MAX);
    keep(s, value, weight);
    return SCHED_OK;
}

static sched_status read_rows(csv *file, double unit, dist *d, sched_error *err) {
    int column = -1, weights = -1;
    sched_status status = csv_column(file, d->sample->column, &column, err);
    if (!status && *d->sample->weight) status = csv_column(file, d->sample->weight, &weights, err);
    for (bool row = true; !status;) {
        status = csv_next(file, &row, err);
        if (status || !row) break;
        status = read_row(file, column, weights, unit, d, err);
    }
    return status;
}

static double mean_of(const dist_sample *s) {
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += s->value[i] * (s->upto ? s->upto[i] - (i ? s->upto[i - 1] : 0) : 1);
    }
    return sum / (s->upto ? s->upto[s->count - 1] : (double)s->count);
}

sched_status dist_sample_read(const yaml_value *mapping, bool durations, dist *d, sched_error *err) {
    written w = {.min = 0};
    csv *file = NULL;
    sched_status status = yaml_bind(mapping, durations ? duration_rows : number_rows, sizeof w, &w, err);
    if (status) return status;
    *d = (dist){.kind = DIST_SAMPLE,
                .min = durations ? (double)w.min_usec : w.min,
                .max = durations ? (double)w.max_usec : w.max,
                .sample = mem_alloc(sizeof w.s)};
    *d->sample = w.s;
    if (!yaml_get(mapping, "max")) d->max = INFINITY;
    if (d->min > d->max) return yaml_fail(mapping, err, "min is above max");
    status = csv_open_named(mapping, d->sample->file, &file, err);
    if (!status) status = read_rows(file, durations ? (double)USEC_PER_SEC : 1, d, err);
    if (!status) status = csv_check_digest(file, mapping, d->sample->digest, err);
    csv_close(file);
    if (!status && !d->sample->count) {
        status = yaml_fail(yaml_at(mapping, "file"), err,
                           "file: no value of %s has a weight and is between min and max", d->sample->column);
    }
    if (!status) d->mean = mean_of(d->sample);
    return status; /* whoever called releases the sample */
}

double dist_sample_draw(const dist_sample *s, rng *r) {
    if (!s->upto) return s->value[rng_below(r, s->count)];
    double point = rng_unit(r) * s->upto[s->count - 1];
    size_t low = 0, high = s->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->upto[middle] > point) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return s->value[low];
}

void dist_sample_print(const dist *d, char *(*format)(char *, double), FILE *out) {
    char text[UNITS_TEXT_MAX];
    const dist_sample *s = d->sample;
    fputs("{file: ", out);
    yaml_write_text(out, s->file);
    fputs(", column: ", out);
    yaml_write_text(out, s->column);
    if (*s->weight) fputs(", weight: ", out), yaml_write_text(out, s->weight);
    fprintf(out, ", scale: %s", units_format_number(text, s->scale));
    if (d->min > 0) fprintf(out, ", min: %s", format(text, d->min));
    if (!isinf(d->max)) fprintf(out, ", max: %s", format(text, d->max));
    fputs(", digest: ", out);
    yaml_write_text(out, s->digest);
    fputc('}', out);
}

void dist_sample_markdown(FILE *out, int level) {
    settings_schema_markdown(duration_rows, out, level);
}
