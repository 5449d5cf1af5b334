/* report_data.c - JSON and JUnit XML, for programs. */
#include <math.h>

#include "bench/gate/report.h"

/* --- JSON --------------------------------------------------------------------------------------------------------------------- */

static json_t *number_or_null(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *interval_json(const ratio_interval *r) {
    return json_pack("{s:o, s:o, s:o}", "ratio", number_or_null(r->ratio), "low", number_or_null(r->low), "high",
                     number_or_null(r->high));
}

static json_t *row_json(const gate_row *row) {
    json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:s}", "name", row->name, "base", number_or_null(row->base),
                             "candidate", number_or_null(row->cand), "change", interval_json(&row->ratio), "verdict",
                             gate_word_name(row->word));
    if (row->layer == LAYER_PACE) json_object_set_new(json, "base_against_base", interval_json(&row->base_base));
    return json;
}

static json_t *layer_json(const gate_report *r, gate_layer layer) {
    json_t *rows = json_array();
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].layer == layer) json_array_append_new(rows, row_json(&r->rows[i]));
    json_t *json = json_pack("{s:s, s:b}", "name", gate_layer_name(layer), "ran", r->layer[layer].ran);
    if (r->layer[layer].ran) {
        json_object_set_new(json, "against", json_string(r->layer[layer].against));
        json_object_set_new(json, "verdict", json_string(gate_word_name(gate_worst(r, layer))));
    } else {
        json_object_set_new(json, "skipped", json_string(r->layer[layer].skipped));
    }
    json_object_set_new(json, "rows", rows);
    return json;
}

void gate_report_json(const gate_report *r, FILE *out) {
    json_t *layers = json_array();
    for (int l = 0; l < GATE_LAYERS; l++) json_array_append_new(layers, layer_json(r, (gate_layer)l));
    bool failed = gate_worst(r, GATE_LAYERS) == GATE_FAIL;
    json_t *doc = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:i, s:o, s:o}", "schema", "lingua.bench.gate/1", "verdict",
                            failed ? "FAIL" : "pass", "interrupted", r->interrupted, "base", r->base, "candidate",
                            r->cand, "blessed", r->blessed, "pairs", r->pairs, "environment",
                            environment_to_json(&r->env), "layers", layers);
    json_dumpf(doc, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    fputs("\n", out);
    json_decref(doc);
}

/* --- JUnit ---------------------------------------------------------------------------------------------------------------------- */

static void put_xml(const char *text, FILE *out) {
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void put_case(const gate_row *row, FILE *out) {
    char base[GATE_NUMBER_MAX], cand[GATE_NUMBER_MAX], change[GATE_CHANGE_MAX];
    fprintf(out, "  <testcase classname=\"gate.%s\" name=\"", gate_layer_name(row->layer));
    put_xml(row->name, out);
    if (row->word != GATE_FAIL) {
        fputs("\"/>\n", out);
        return;
    }
    fprintf(out, "\"><failure message=\"%s -&gt; %s, ", gate_number(row->layer, row->base, base),
            gate_number(row->layer, row->cand, cand));
    put_xml(gate_change(row, change), out);
    fputs("\"/></testcase>\n", out);
}

static void put_suite(const gate_report *r, gate_layer layer, FILE *out) {
    bool ran = r->layer[layer].ran;
    int tests = 0;
    for (size_t i = 0; i < r->count; i++) tests += r->rows[i].layer == layer;
    fprintf(out, " <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", gate_layer_name(layer),
            ran ? tests : 1, gate_count(r, layer, GATE_FAIL), !ran);
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].layer == layer) put_case(&r->rows[i], out);
    if (!ran) {
        fprintf(out, "  <testcase classname=\"gate.%s\" name=\"all\"><skipped message=\"", gate_layer_name(layer));
        put_xml(r->layer[layer].skipped, out);
        fputs("\"/></testcase>\n", out);
    }
    fputs(" </testsuite>\n", out);
}

void gate_report_junit(const gate_report *r, FILE *out) {
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lingua-bench gate\">\n", out);
    for (int l = 0; l < GATE_LAYERS; l++) put_suite(r, (gate_layer)l, out);
    fputs("</testsuites>\n", out);
}
