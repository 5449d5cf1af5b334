/* compare_json.c - compare.json and compare.csv. Field names are a contract with other tools; new ones may stand beside them. */
#include <inttypes.h>
#include <math.h>

#include "sim/report/compare.h"
#include "sim/report/json_write.h"

static json_t *text(const char *value) {
    return value ? json_string(value) : json_null();
}

static json_t *estimate(const compare *c, size_t column, compare_figure f) {
    interval i = compare_interval(c, column, f);
    json_t *o = json_object();
    json_set(o, "n", json_integer((json_int_t)i.n));
    json_set(o, "mean", json_number(i.mean));
    json_set(o, "low", json_number(i.mean - i.half));
    json_set(o, "high", json_number(i.mean + i.half));
    return o;
}

static json_t *row(const compare *c, compare_figure f) {
    static const char *const wishes[] = {"none", "low", "high"};
    json_t *o = json_object(), *columns = json_object();
    json_set(o, "key", json_string(compare_rows[f].key));
    json_set(o, "better", json_string(wishes[compare_rows[f].wish]));
    for (size_t i = 0; i < c->columns; i++) json_set(columns, c->column[i].name, estimate(c, i, f));
    json_set(o, "columns", columns);
    return o;
}

static json_t *claim(const compare *c, size_t column) {
    compare_claim claim = compare_claim_of(c, column);
    json_t *o = json_object();
    json_set(o, "claimed_nodes", text(claim.nodes));
    json_set(o, "claimed_sessions", text(claim.sessions));
    json_set(o, "claimed_requests_per_s", text(claim.requests));
    json_set(o, "nodes", json_number(claim.here_nodes));
    json_set(o, "sessions", json_number(claim.here_sessions));
    json_set(o, "requests_per_s", json_number(claim.here_requests));
    json_set(o, "carried", c->column[column].ended ? json_boolean(claim.carried) : json_null());
    json_set(o, "sessions_at_saturation", json_number(claim.at_saturation));
    return o;
}

static json_t *column(const compare *c, size_t i) {
    const compare_column *col = &c->column[i];
    char binds[COMPARE_TEXT_MAX];
    json_t *o = json_object();
    json_set(o, "name", json_string(col->name));
    json_set(o, "phase", json_string(col->config.phase));
    json_set(o, "hash", json_string(col->hash));
    json_set(o, "instances", json_integer(col->instances));
    json_set(o, "runs", json_integer(col->ended));
    json_set(o, "promises_kept", json_integer(col->kept));
    json_set(o, "objectives_met", json_integer(col->met));
    json_set(o, "broken", json_string(col->broken));
    json_set(o, "binds", json_string(compare_binds(c, i, binds)));
    json_set(o, "capacity", claim(c, i));
    return o;
}

static json_t *differences(const compare *c) {
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    size_t n = compare_mechanisms(c, m);
    json_t *o = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *values = json_object();
        for (size_t k = 0; k < c->columns; k++) json_set(values, c->column[k].name, json_string(m[i].value[k]));
        json_set(o, m[i].name, values);
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
    json_set(o, "schema", json_string("lingua.sim.compare/1"));
    json_set(o, "scenario", json_string(c->name));
    json_set(o, "command", json_string(c->command));
    json_set(o, "seed", json_integer(c->first_seed));
    json_set(o, "runs", json_integer(c->runs));
    json_set(o, "verdict", verdict);
    json_set(o, "columns", columns);
    json_set(o, "differs", differences(c));
    json_set(o, "rows", rows);
    json_write(o, out);
}

static void write_number(double value, FILE *out) {
    fputc(',', out);
    if (isfinite(value)) fprintf(out, "%.10g", json_tidy(value));
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
