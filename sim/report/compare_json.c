/* compare_json.c - compare.json and compare.csv. Field names are a contract with other tools; new ones may stand beside them. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "sim/report/compare.h"

static void set(json_t *object, const char *name, json_t *value) {
    json_object_set_new(object, name, value);
}

/* Six significant digits, so that no dust of binary fractions is printed. */
static double tidy(double value) {
    if (!isfinite(value) || value == 0) return value;
    double steps = pow(10, 5 - floor(log10(fabs(value))));
    return round(value * steps) / steps;
}

static json_t *number(double value) {
    return isfinite(value) ? json_real(tidy(value)) : json_null();
}

static json_t *text(const char *value) {
    return value ? json_string(value) : json_null();
}

static json_t *estimate(const compare *c, size_t column, compare_figure f) {
    interval i = compare_interval(c, column, f);
    json_t *o = json_object();
    set(o, "n", json_integer((json_int_t)i.n));
    set(o, "mean", number(i.mean));
    set(o, "low", number(i.mean - i.half));
    set(o, "high", number(i.mean + i.half));
    return o;
}

static json_t *row(const compare *c, compare_figure f) {
    static const char *const wishes[] = {"none", "low", "high"};
    json_t *o = json_object(), *columns = json_object();
    set(o, "key", json_string(compare_rows[f].key));
    set(o, "better", json_string(wishes[compare_rows[f].wish]));
    for (size_t i = 0; i < c->columns; i++) set(columns, c->column[i].name, estimate(c, i, f));
    set(o, "columns", columns);
    return o;
}

static json_t *claim(const compare *c, size_t column) {
    compare_claim claim = compare_claim_of(c, column);
    json_t *o = json_object();
    set(o, "claimed_nodes", text(claim.nodes));
    set(o, "claimed_sessions", text(claim.sessions));
    set(o, "claimed_requests_per_s", text(claim.requests));
    set(o, "nodes", number(claim.here_nodes));
    set(o, "sessions", number(claim.here_sessions));
    set(o, "requests_per_s", number(claim.here_requests));
    set(o, "carried", json_boolean(claim.carried));
    set(o, "sessions_at_saturation", number(claim.at_saturation));
    return o;
}

static json_t *column(const compare *c, size_t i) {
    const compare_column *col = &c->column[i];
    char binds[COMPARE_TEXT_MAX];
    json_t *o = json_object();
    set(o, "name", json_string(col->name));
    set(o, "phase", json_string(col->config.phase));
    set(o, "hash", json_string(col->hash));
    set(o, "instances", json_integer(col->instances));
    set(o, "runs", json_integer(col->ended));
    set(o, "promises_kept", json_integer(col->kept));
    set(o, "objectives_met", json_integer(col->met));
    set(o, "broken", json_string(col->broken));
    set(o, "binds", json_string(compare_binds(c, i, binds)));
    set(o, "capacity", claim(c, i));
    return o;
}

static json_t *differences(const compare *c) {
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    size_t n = compare_mechanisms(c, m);
    json_t *o = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *values = json_object();
        for (size_t k = 0; k < c->columns; k++) set(values, c->column[k].name, json_string(m[i].value[k]));
        set(o, m[i].name, values);
    }
    return o;
}

void compare_json(const compare *c, FILE *out) {
    char sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX];
    size_t n = compare_verdict(c, sentences);
    json_t *o = json_object(), *columns = json_array(), *rows = json_array(), *verdict = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(verdict, json_string(sentences[i]));
    for (size_t i = 0; i < c->columns; i++) json_array_append_new(columns, column(c, i));
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) json_array_append_new(rows, row(c, f));
    set(o, "schema", json_string("lingua.sim.compare/1"));
    set(o, "scenario", json_string(c->name));
    set(o, "command", json_string(c->command));
    set(o, "seed", json_integer(c->first_seed));
    set(o, "runs", json_integer(c->runs));
    set(o, "verdict", verdict);
    set(o, "columns", columns);
    set(o, "differs", differences(c));
    set(o, "rows", rows);
    json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    fputc('\n', out);
    json_decref(o);
}

static void write_number(double value, FILE *out) {
    fputc(',', out);
    if (isfinite(value)) fprintf(out, "%.10g", tidy(value));
}

void compare_csv(const compare *c, FILE *out) {
    fputs("figure,column,n,mean,low,high\n", out);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        for (size_t k = 0; k < c->columns; k++) {
            interval i = compare_interval(c, k, f);
            fprintf(out, "%s,%s,%zu", compare_rows[f].key, c->column[k].name, i.n);
            write_number(i.mean, out);
            write_number(i.mean - i.half, out);
            write_number(i.mean + i.half, out);
            fputc('\n', out);
        }
    }
}
