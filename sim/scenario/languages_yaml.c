/* languages_yaml.c - how languages, their popularity, a node's choice and a mix of pairs are written. */
#include "sim/scenario/languages.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"

/* --- a tag ------------------------------------------------------------------------------------------------------ */

static sched_status read_tag(const yaml_value *v, void *field, sched_error *err) {
    sched_error inner = {0};
    sched_status status = yaml_expect(v, YAML_TEXT, "language", err);
    if (status) return status;
    if (lang_tag_parse(yaml_text(v), field, &inner)) return yaml_fail(v, err, "%s", inner.message);
    return SCHED_OK;
}

static void print_tag(const void *field, FILE *out) {
    fputs(field, out);
}

const setting_type language_tag_type = {"language tags such as en, de, zh-tw", read_tag, print_tag, NULL};

/* --- popularity ------------------------------------------------------------------------------------------------- */

static sched_status read_weights(const yaml_value *v, popularity *p, sched_error *err) {
    static const setting weight_row = ROW_NUMBER(lang_weight, "weight", weight, 0, 1e9, NULL, "");
    sched_status status = yaml_expect(v, YAML_MAP, "weights", err);
    if (status) return status;
    p->kind = POPULARITY_WEIGHTS;
    p->weights = mem_zalloc(yaml_count(v), sizeof *p->weights);
    for (size_t i = 0; i < yaml_count(v) && !status; i++) {
        status = read_tag(yaml_key(v, i), p->weights[i].tag, err);
        for (size_t k = 0; k < i && !status; k++) {
            if (strcmp(p->weights[k].tag, p->weights[i].tag) != 0) continue;
            status = yaml_fail(yaml_key(v, i), err, "language \"%s\" is given twice", p->weights[k].tag);
        }
        if (!status) status = yaml_bind_value(yaml_item(v, i), &weight_row, &p->weights[i], err);
        p->weight_count = i + 1;
    }
    return status;
}

static sched_status read_popularity(const yaml_value *v, void *field, sched_error *err) {
    static const setting zipf_row = ROW_NUMBER(popularity, "zipf", zipf, 0, 10, NULL, "");
    popularity *p = field;
    if (yaml_kind_of(v) == YAML_TEXT && !strcmp(yaml_text(v), "uniform")) {
        p->kind = POPULARITY_UNIFORM;
        return SCHED_OK;
    }
    if (yaml_get(v, "file")) {
        p->kind = POPULARITY_FILE;
        return lang_table_read(v, &p->table, err);
    }
    if (yaml_kind_of(v) == YAML_MAP && yaml_count(v) == 1) {
        const yaml_value *zipf = yaml_get(v, "zipf"), *weights = yaml_get(v, "weights");
        p->kind = POPULARITY_ZIPF;
        if (zipf) return yaml_bind_value(zipf, &zipf_row, p, err);
        if (weights) return read_weights(weights, p, err);
    }
    return yaml_fail(
        v, err, "popularity: expected uniform, {zipf: 1.0}, {weights: {en: 5, de: 2}} or {file, language, weight}");
}

static void print_popularity(const void *field, FILE *out) {
    const popularity *p = field;
    char text[UNITS_TEXT_MAX];
    switch (p->kind) {
    case POPULARITY_UNIFORM: fputs("uniform", out); break;
    case POPULARITY_ZIPF: fprintf(out, "{zipf: %s}", units_format_number(text, p->zipf)); break;
    case POPULARITY_WEIGHTS:
        fputs("{weights: {", out);
        for (size_t i = 0; i < p->weight_count; i++) {
            fprintf(out, "%s%s: %s", i ? ", " : "", p->weights[i].tag, units_format_number(text, p->weights[i].weight));
        }
        fputs("}}", out);
        break;
    case POPULARITY_FILE: lang_table_print(&p->table, out); break;
    }
}

static void release_popularity(void *field) {
    popularity *p = field;
    free(p->weights);
    p->weights = NULL;
    p->weight_count = 0;
    lang_table_release(&p->table);
}

static const setting_type popularity_type =
    {"uniform, {zipf: 1.0}, {weights: {en: 5, de: 2}} or {file, language, weight, top}", read_popularity,
     print_popularity, release_popularity};

// clang-format off
const setting languages_settings[] = {
    ROW_VALUES(scenario_languages, "list", tag, count, language_tag_type, SCENARIO_LANGS_MAX, NULL,
               "the languages, the most popular first"),
    ROW_COUNT(scenario_languages, "count", asked, 2, SCENARIO_LANGS_MAX, NULL,
              "or else that many built-in tags, or tags of the popularity's file, the first ones; 12 when neither is given"),
    ROW_VALUE(scenario_languages, "popularity", popularity, popularity_type, "{zipf: 1}",
              "which pairs are asked for, which languages nodes draw; what `weights` does not name weighs 1"),
    {.name = NULL},
};
// clang-format on

/* --- what a node knows ------------------------------------------------------------------------------------------ */

static sched_status read_list(const yaml_value *v, lang_list *list, sched_error *err) {
    for (size_t i = 0; i < yaml_count(v); i++) {
        lang_tag tag;
        sched_error inner = {0};
        sched_status status = read_tag(yaml_item(v, i), tag, err);
        if (status) return status;
        if (lang_list_has(list, tag)) return yaml_fail(yaml_item(v, i), err, "language \"%s\" is listed twice", tag);
        if (lang_list_add(list, tag, &inner)) return yaml_fail(yaml_item(v, i), err, "%s", inner.message);
    }
    if (list->count == 0) return yaml_fail(v, err, "an empty list: a node knows at least one language");
    return SCHED_OK;
}

static sched_status read_choice(const yaml_value *v, void *field, sched_error *err) {
    lang_choice *choice = field;
    int64_t drawn = 0;
    if (yaml_kind_of(v) == YAML_LIST) {
        choice->kind = LANGS_LISTED;
        return read_list(v, &choice->list, err);
    }
    const char *text = yaml_text(v);
    if (!strcmp(text, "all")) {
        choice->kind = LANGS_ALL;
    } else if (!strcmp(text, "asr")) {
        choice->kind = LANGS_AS_ASR;
    } else if (!units_parse_count(text, &drawn, NULL) && drawn >= 1 && drawn <= LANGS_MAX) {
        choice->kind = LANGS_DRAWN;
        choice->drawn = (int)drawn;
    } else {
        return yaml_fail(v, err, "languages: expected all, a number to draw (1 .. %d), asr, or a list such as [en, de]",
                         LANGS_MAX);
    }
    return SCHED_OK;
}

static void print_choice(const void *field, FILE *out) {
    const lang_choice *choice = field;
    switch (choice->kind) {
    case LANGS_ALL: fputs("all", out); break;
    case LANGS_AS_ASR: fputs("asr", out); break;
    case LANGS_DRAWN: fprintf(out, "%d", choice->drawn); break;
    case LANGS_LISTED:
        for (int i = 0; i < choice->list.count; i++) fprintf(out, "%s%s", i ? ", " : "[", choice->list.tag[i]);
        fputc(']', out);
        break;
    }
}

static const setting_type choice_type = {"all, a number, asr or a list", read_choice, print_choice, NULL};

// clang-format off
static const setting node_languages_rows[] = {
    ROW_VALUE(node_languages, "asr", asr, choice_type, "all", "recognised"),
    ROW_VALUE(node_languages, "tts", tts, choice_type, "asr", "spoken"),
    ROW_VALUE(node_languages, "semantic", semantic, choice_type, "asr", "repaired"),
    {.name = NULL},
};
// clang-format on

static sched_status read_node_languages(const yaml_value *v, void *field, sched_error *err) {
    node_languages *langs = field;
    if (yaml_kind_of(v) == YAML_MAP) {
        sched_status status = yaml_bind(v, node_languages_rows, sizeof *langs, langs, err);
        if (status) return status;
    } else {
        settings_default(node_languages_rows, langs);
        sched_status status = read_choice(v, &langs->asr, err);
        if (status) return status;
    }
    if (langs->asr.kind != LANGS_AS_ASR) return SCHED_OK;
    return yaml_fail(v, err, "languages: asr cannot stand for itself: expected all, a number or a list");
}

static void print_node_languages(const void *field, FILE *out) {
    const node_languages *langs = field;
    fputs("{asr: ", out);
    print_choice(&langs->asr, out);
    fputs(", tts: ", out);
    print_choice(&langs->tts, out);
    fputs(", semantic: ", out);
    print_choice(&langs->semantic, out);
    fputc('}', out);
}

const setting_type node_languages_type =
    {"all, a number to draw for each node by popularity, a list, or {asr, tts, semantic} of these", read_node_languages,
     print_node_languages, NULL};

/* --- a mix of pairs --------------------------------------------------------------------------------------------- */

static sched_status read_pair_text(const yaml_value *v, void *field, sched_error *err) {
    sched_error inner = {0};
    sched_status status = yaml_expect(v, YAML_TEXT, "pair", err);
    if (status) return status;
    if (lang_pair_parse(yaml_text(v), field, &inner)) return yaml_fail(v, err, "%s", inner.message);
    return SCHED_OK;
}

static void print_pair_text(const void *field, FILE *out) {
    char text[PAIR_MAX + 1];
    fputs(lang_pair_text(text, field), out);
}

static const setting_type pair_type = {"a pair such as en:de", read_pair_text, print_pair_text, NULL};

// clang-format off
static const setting pair_rows[] = {
    {.name = "pair", .kind = SETTING_VALUE, .required = true, .offset = offsetof(pair_weight, pair), .type = &pair_type,
     .help = "source:target"},
    ROW_NUMBER(pair_weight, "weight", weight, 1e-9, 1e9, "1", "relative frequency"),
    {.name = NULL},
};
// clang-format on

static sched_status read_pair(const yaml_value *v, pair_weight *w, sched_error *err) {
    if (yaml_kind_of(v) == YAML_MAP) return yaml_bind(v, pair_rows, sizeof *w, w, err);
    w->weight = 1;
    return read_pair_text(v, &w->pair, err);
}

static sched_status read_pairs(const yaml_value *v, pair_mix *mix, sched_error *err) {
    size_t n = yaml_count(v);
    if (n == 0) return yaml_fail(v, err, "pairs: an empty list: expected at least one pair");
    if (n > SCENARIO_PAIRS_MAX) {
        return yaml_fail(v, err, "pairs: %zu elements: at most %d are accepted", n, SCENARIO_PAIRS_MAX);
    }
    mix->kind = PAIRS_LISTED;
    mix->weights = mem_zalloc(n, sizeof *mix->weights);
    for (size_t i = 0; i < n; i++) {
        sched_status status = read_pair(yaml_item(v, i), &mix->weights[i], err);
        if (status) return status;
        mix->weight_count = i + 1;
    }
    return SCHED_OK;
}

static sched_status read_pair_file(const yaml_value *v, pair_mix *mix, sched_error *err) {
    const yaml_value *matrix = yaml_get(v, "matrix"), *product = yaml_get(v, "product");
    if (matrix && yaml_count(v) == 1) {
        mix->kind = PAIRS_MATRIX;
        return pair_table_read(matrix, &mix->matrix, &mix->weights, &mix->weight_count, err);
    }
    if (product && yaml_count(v) == 1) {
        mix->kind = PAIRS_PRODUCT;
        return lang_table_read(product, &mix->product, err);
    }
    return yaml_fail(v, err,
                     "pairs: expected {matrix: {file, src, tgt, weight}} or {product: {file, language, weight, top}}");
}

static sched_status read_pair_mix(const yaml_value *v, void *field, sched_error *err) {
    pair_mix *mix = field;
    if (yaml_kind_of(v) == YAML_MAP) return read_pair_file(v, mix, err);
    if (yaml_kind_of(v) == YAML_LIST) return read_pairs(v, mix, err);
    const char *text = yaml_text(v);
    mix->kind = strcmp(text, "uniform") ? PAIRS_POPULARITY : PAIRS_UNIFORM;
    if (mix->kind == PAIRS_UNIFORM || !strcmp(text, "popularity")) return SCHED_OK;
    return yaml_fail(v, err,
                     "pairs: expected popularity, uniform, or a list such as [{pair: en:de, weight: 3}, de:en]");
}

static void print_pair_mix(const void *field, FILE *out) {
    const pair_mix *mix = field;
    char text[UNITS_TEXT_MAX];
    if (mix->kind == PAIRS_MATRIX || mix->kind == PAIRS_PRODUCT) {
        fputs(mix->kind == PAIRS_MATRIX ? "{matrix: " : "{product: ", out);
        if (mix->kind == PAIRS_MATRIX)
            pair_table_print(&mix->matrix, out);
        else
            lang_table_print(&mix->product, out);
        fputc('}', out);
        return;
    }
    if (mix->kind != PAIRS_LISTED) {
        fputs(mix->kind == PAIRS_UNIFORM ? "uniform" : "popularity", out);
        return;
    }
    for (size_t i = 0; i < mix->weight_count; i++) {
        fputs(i ? ", {pair: " : "[{pair: ", out);
        print_pair_text(&mix->weights[i].pair, out);
        fprintf(out, ", weight: %s}", units_format_number(text, mix->weights[i].weight));
    }
    fputc(']', out);
}

static void release_pair_mix(void *field) {
    pair_mix *mix = field;
    free(mix->weights);
    free(mix->pairs);
    lang_table_release(&mix->product);
    *mix = (pair_mix){.kind = PAIRS_POPULARITY};
}

const setting_type pair_mix_type =
    {"popularity, uniform, a list of {pair: en:de, weight: 3}, {matrix: ...} or {product: ...}", read_pair_mix,
     print_pair_mix, release_pair_mix};
