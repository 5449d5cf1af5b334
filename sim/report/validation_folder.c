/* validation_folder.c - what a validation leaves in its folder: figures for tools, a page for people, one plot of both curves. */
#include <stdlib.h>

#include "sim/report/figure_page.h"
#include "sim/report/text_file.h"
#include "sim/report/validation_pages.h"

static void json(const void *ctx, FILE *out) {
    validation_json(ctx, out);
}

static void html(const void *ctx, FILE *out) {
    validation_html(ctx, out);
}

/* The table of the terminal under the verdict. */
static void markdown(const void *ctx, FILE *out) {
    const validation_page *p = ctx;
    const validation *v = p->validation;
    char text[VALIDATION_VERDICT_MAX];
    fprintf(out, "# %s: simulated and measured\n\n**%s**\n\n", v->name, validation_verdict(v, text));
    if (p->svg) figure_markdown(&validation_plot, out);
    validation_markdown(v, out);
    fprintf(out, "\nMade by `%s`.\n", v->command);
}

sched_status validation_write(const validation *v, const char *folder, char ret_note[VALIDATION_NOTE_MAX],
                              sched_error *err) {
    char *svg = NULL;
    sched_error why;
    validation_page p = {.validation = v, .note = ret_note};
    *ret_note = '\0';
    sched_status status = figure_folder_make(folder, err);
    if (!status) status = text_file_write(folder, "validation.json", json, v, err);
    if (!status) status = validation_table_write(v, folder, err);
    if (!status && validation_plot_draw(v, folder, &svg, &why))
        snprintf(ret_note, VALIDATION_NOTE_MAX, "There is no plot: %.200s", why.message);
    p.svg = svg;
    if (!status) status = text_file_write(folder, "report.html", html, &p, err);
    if (!status) status = text_file_write(folder, "report.md", markdown, &p, err);
    free(svg);
    return status;
}
