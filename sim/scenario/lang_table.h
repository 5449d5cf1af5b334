/* lang_table.h - languages with weights, and pairs with weights, from the columns of a CSV file. */
#ifndef SIM_SCENARIO_LANG_TABLE_H
#define SIM_SCENARIO_LANG_TABLE_H

#include "core/base/yaml_doc.h"
#include "core/domain/lang_pair.h"
#include "sim/scenario/csv.h"

#include <stdio.h>

enum { LANG_TABLE_MAX = 500, PAIR_TABLE_MAX = 10000 };

typedef char lang_tag[LANG_MAX + 1];

typedef struct lang_weight {
    lang_tag tag;
    double weight; /* >= 0 */
} lang_weight;

typedef struct pair_weight {
    lang_pair pair;
    double weight; /* > 0 */
    int64_t line;  /* in its file; 0: it stands in the scenario */
} pair_weight;

/* {file: locales.csv, language: locale, weight: clips, top: 60} */
typedef struct lang_table {
    char file[DATA_PATH_MAX + 1], language[COLUMN_NAME_MAX + 1], weight[COLUMN_NAME_MAX + 1];
    char digest[CSV_DIGEST_MAX + 1];
    int64_t top;          /* so many of them; 0: all */
    lang_weight *weights; /* owned; > 0, the heaviest first, equal ones by tag */
    size_t count;
} lang_table;

/* {file: pairs.csv, src: src, tgt: tgt, weight: hours} */
typedef struct pair_table {
    char file[DATA_PATH_MAX + 1], src[COLUMN_NAME_MAX + 1], tgt[COLUMN_NAME_MAX + 1], weight[COLUMN_NAME_MAX + 1];
    char digest[CSV_DIGEST_MAX + 1];
} pair_table;

/* SCHED_EINVAL with the place in the scenario or the line in the file. Release the table after a failure too. */
sched_status lang_table_read(const yaml_value *mapping, lang_table *ret_table, sched_error *err);
void lang_table_print(const lang_table *t, FILE *out);
void lang_table_release(lang_table *t);

/* Pairs in the order of the file, those without weight left out; *ret_weights is owned by the caller, after a failure too. */
sched_status pair_table_read(const yaml_value *mapping, pair_table *ret_table, pair_weight **ret_weights,
                             size_t *ret_count, sched_error *err);
void pair_table_print(const pair_table *t, FILE *out);

void lang_table_markdown(FILE *out, int level);
void pair_table_markdown(FILE *out, int level);

#endif
