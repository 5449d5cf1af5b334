/* capacity_words.h - what every form of the report says alike. */
#ifndef SIM_CAPACITY_CAPACITY_WORDS_H
#define SIM_CAPACITY_CAPACITY_WORDS_H

#include "sim/capacity/capacity.h"

typedef enum capacity_unit_form { CAPACITY_UNIT_PLAIN, CAPACITY_UNIT_CAPITAL } capacity_unit_form;

/* "sessions", "nodes", or the path. */
const char *capacity_unit(const capacity *c, capacity_unit_form form);
/* "2100 .. 2180, ± 1.9 %" */
char *capacity_interval_text(const capacity_answer *a, char text[CAPACITY_TEXT_MAX]);
/* A cell of the table: "12.3", "12.3 ± 0.4", "-". */
char *capacity_cell(const capacity *c, int64_t value, capacity_figure f, char text[CAPACITY_TEXT_MAX]);
/* "3 of 5" */
char *capacity_held_text(const capacity *c, int64_t value, char text[CAPACITY_TEXT_MAX]);
/* What the law says, in one sentence. */
char *usl_sentence(const usl_fit *f, char text[CAPACITY_SENTENCE_MAX]);

#endif
