/* lang_table.c - tables of languages and of pairs. What is in them is checked line by line; whether the scenario has those
 * languages is not their matter. */
#include "sim/scenario/lang_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"

enum { ROWS_MAX = 5000 }; /* of a table of languages, before the heaviest are taken */

#define COLUMN(owner, key, at, text)                                                                                   \
    {                                                                                                                  \
        .name = key, .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(owner, at, char *),                  \
        .size = COLUMN_NAME_MAX + 1, .help = text                                                                      \
    }
#define DATA_FILE(owner)                                                                                               \
    {                                                                                                                  \
        .name = "file", .kind = SETTING_TEXT, .required = true, .offset = SETTING_AT(owner, file, char *),             \
        .size = DATA_PATH_MAX + 1, .help = "a CSV file with a header"                                                  \
    }

// clang-format off
static const setting lang_rows[] = {
    DATA_FILE(lang_table),
    COLUMN(lang_table, "language", language, "column of language tags"),
    COLUMN(lang_table, "weight", weight, "column of weights; languages without weight are left out"),
    ROW_COUNT(lang_table, "top", top, 2, LANG_TABLE_MAX, NULL, "so many of them, the heaviest; all when not given"),
    ROW_TEXT(lang_table, "digest", digest, NULL, "of the file's bytes: another file is refused"),
    {.name = NULL},
};
static const setting pair_rows[] = {
    DATA_FILE(pair_table),
    COLUMN(pair_table, "src", src, "column of source languages"),
    COLUMN(pair_table, "tgt", tgt, "column of target languages"),
    COLUMN(pair_table, "weight", weight, "column of weights; pairs without weight are left out"),
    ROW_TEXT(pair_table, "digest", digest, NULL, "of the file's bytes: another file is refused"),
    {.name = NULL},
};
// clang-format on

static void print_texts(const char *const names[], const char *const values[], size_t count, FILE *out) {
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s: ", i ? ", " : "{", names[i]);
        yaml_write_text(out, values[i]);
    }
}

/* --- languages -------------------------------------------------------------------------------------------------- */

static int by_weight(const void *a, const void *b) {
    const lang_weight *x = a, *y = b;
    if (x->weight < y->weight || x->weight > y->weight) return x->weight < y->weight ? 1 : -1;
    return strcmp(x->tag, y->tag);
}

static sched_status add_language(lang_table *t, const csv *file, int language, int weight, sched_error *err) {
    lang_weight w;
    sched_error inner;
    if (lang_tag_parse(csv_text(file, language), w.tag, &inner)) return csv_fail(file, err, "%s", inner.message);
    sched_status status = csv_number(file, weight, &w.weight, err);
    if (status || w.weight <= 0) return status;
    for (size_t i = 0; i < t->count; i++) {
        if (!strcmp(t->weights[i].tag, w.tag)) return csv_fail(file, err, "language \"%s\" is given twice", w.tag);
    }
    if (t->count == ROWS_MAX) return csv_fail(file, err, "more than %d languages", ROWS_MAX);
    t->weights[t->count++] = w;
    return SCHED_OK;
}

static sched_status read_languages(lang_table *t, csv *file, sched_error *err) {
    int language = -1, weight = -1;
    sched_status status = csv_column(file, t->language, &language, err);
    if (!status) status = csv_column(file, t->weight, &weight, err);
    for (bool row = true; !status;) {
        status = csv_next(file, &row, err);
        if (status || !row) break;
        status = add_language(t, file, language, weight, err);
    }
    return status;
}

static sched_status take_top(lang_table *t, const yaml_value *mapping, sched_error *err) {
    qsort(t->weights, t->count, sizeof *t->weights, by_weight);
    if (t->top > (int64_t)t->count) {
        return yaml_fail(yaml_at(mapping, "top"), err, "top: %lld, but the file has %zu languages with a weight",
                         (long long)t->top, t->count);
    }
    if (t->top) t->count = (size_t)t->top;
    if (t->count >= 2 && t->count <= LANG_TABLE_MAX) return SCHED_OK;
    return yaml_fail(yaml_at(mapping, "file"), err, "file: %zu languages with a weight: expected 2 .. %d, or say top",
                     t->count, LANG_TABLE_MAX);
}

sched_status lang_table_read(const yaml_value *mapping, lang_table *t, sched_error *err) {
    csv *file = NULL;
    sched_status status = yaml_bind(mapping, lang_rows, sizeof *t, t, err);
    if (status) return status;
    status = csv_open_named(mapping, t->file, &file, err);
    if (status) return status;
    t->weights = mem_zalloc(ROWS_MAX, sizeof *t->weights);
    status = read_languages(t, file, err);
    if (!status) status = csv_check_digest(file, mapping, t->digest, err);
    csv_close(file);
    return status ? status : take_top(t, mapping, err);
}

void lang_table_print(const lang_table *t, FILE *out) {
    const char *names[] = {"file", "language", "weight", "digest"};
    const char *values[] = {t->file, t->language, t->weight, t->digest};
    print_texts(names, values, sizeof names / sizeof *names, out);
    if (t->top) fprintf(out, ", top: %lld", (long long)t->top);
    fputc('}', out);
}

void lang_table_release(lang_table *t) {
    free(t->weights);
    t->weights = NULL;
    t->count = 0;
}

void lang_table_markdown(FILE *out, int level) {
    settings_schema_markdown(lang_rows, out, level);
}

/* --- pairs ------------------------------------------------------------------------------------------------------ */

typedef struct pair_list {
    pair_weight *weights;
    size_t count, capacity;
} pair_list;

static sched_status add_pair(pair_list *list, const csv *file, const int columns[3], int64_t line, sched_error *err) {
    pair_weight w = {.line = line};
    sched_error inner;
    sched_status status = csv_number(file, columns[2], &w.weight, err);
    if (status || w.weight <= 0) return status;
    if (lang_pair_make(csv_text(file, columns[0]), csv_text(file, columns[1]), &w.pair, &inner))
        return csv_fail(file, err, "%s", inner.message);
    if (list->count == PAIR_TABLE_MAX) return csv_fail(file, err, "more than %d pairs", PAIR_TABLE_MAX);
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->weights = mem_realloc(list->weights, list->capacity, sizeof *list->weights);
    }
    list->weights[list->count++] = w;
    return SCHED_OK;
}

static sched_status read_pairs(const pair_table *t, csv *file, pair_list *list, sched_error *err) {
    const char *names[] = {t->src, t->tgt, t->weight};
    int columns[3];
    sched_status status = SCHED_OK;
    for (int i = 0; i < 3 && !status; i++) status = csv_column(file, names[i], &columns[i], err);
    for (bool row = true; !status;) {
        status = csv_next(file, &row, err);
        if (status || !row) break;
        status = add_pair(list, file, columns, csv_line(file), err);
    }
    return status;
}

sched_status pair_table_read(const yaml_value *mapping, pair_table *t, pair_weight **ret_weights, size_t *ret_count,
                             sched_error *err) {
    csv *file = NULL;
    pair_list list = {.weights = NULL};
    sched_status status = yaml_bind(mapping, pair_rows, sizeof *t, t, err);
    if (!status) status = csv_open_named(mapping, t->file, &file, err);
    if (status) return status;
    status = read_pairs(t, file, &list, err);
    if (!status) status = csv_check_digest(file, mapping, t->digest, err);
    csv_close(file);
    if (!status && !list.count) status = yaml_fail(yaml_at(mapping, "file"), err, "file: no pair has a weight");
    *ret_weights = list.weights;
    *ret_count = list.count;
    return status;
}

void pair_table_print(const pair_table *t, FILE *out) {
    const char *names[] = {"file", "src", "tgt", "weight", "digest"};
    const char *values[] = {t->file, t->src, t->tgt, t->weight, t->digest};
    print_texts(names, values, sizeof names / sizeof *names, out);
    fputc('}', out);
}

void pair_table_markdown(FILE *out, int level) {
    settings_schema_markdown(pair_rows, out, level);
}
