/* compare_pages.h - report.html, one file that needs no other, and report.md. */
#ifndef SIM_REPORT_COMPARE_PAGES_H
#define SIM_REPORT_COMPARE_PAGES_H

#include "sim/report/compare_plots.h"

typedef struct compare_page {
    const compare *compare;
    const char *svg[COMPARE_PLOTS]; /* as gnuplot wrote it; NULL: not drawn */
    const char *note;               /* why figures are missing; "" when they are not */
    char sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX];
    size_t sentence_count;
} compare_page;

void compare_html(const compare_page *p, FILE *out);
void compare_markdown(const compare_page *p, FILE *out);

/* What both say in words, without markup. */
void compare_heading(const compare_page *p, FILE *out);
void compare_method(const compare_page *p, FILE *out);
void compare_claims_note(const compare_page *p, FILE *out);
/* Of a row of the table of claims: the heads, or the cells of a column. */
enum { CLAIM_CELLS = 9 };
extern const char *const compare_claim_heads[CLAIM_CELLS];
void compare_claim_cells(const compare *c, size_t column, char ret_cells[CLAIM_CELLS][COMPARE_TEXT_MAX]);

#endif
