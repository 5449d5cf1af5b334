/* capacity_folder.c - one file after the other; what a machine did is kept apart from what follows from the seeds. */
#include <stdlib.h>

#include "core/base/mem.h"
#include "sim/capacity/capacity_pages.h"
#include "sim/report/text_file.h"

static sched_status write_file(const capacity *c, const char *folder, const char *name,
                               void (*write)(const capacity *, FILE *), sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, name, &out, err);
    if (status) return status;
    write(c, out);
    return text_file_close(folder, name, out, err);
}

sched_status capacity_write_figures(const capacity *c, const char *folder, sched_error *err) {
    sched_status status = write_file(c, folder, "capacity.json", capacity_json, err);
    if (!status) status = write_file(c, folder, "points.csv", capacity_csv, err);
    return status;
}

static sched_status write_page(const capacity_page *p, const char *folder, const char *name,
                               void (*write)(const capacity_page *, FILE *), sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, name, &out, err);
    if (status) return status;
    write(p, out);
    return text_file_close(folder, name, out, err);
}

sched_status capacity_write_pages(const capacity *c, const char *folder, char ret_note[CAPACITY_NOTE_MAX],
                                  sched_error *err) {
    char *svg[CAPACITY_PLOTS] = {NULL};
    sched_error why;
    *ret_note = '\0';
    sched_status status = figure_folder_make(folder, err);
    if (status) return status;
    if (capacity_plots_draw(c, folder, svg, &why))
        snprintf(ret_note, CAPACITY_NOTE_MAX, "The report has no plots: %.200s", why.message);
    capacity_page *p = mem_zalloc(1, sizeof *p);
    p->capacity = c;
    p->note = ret_note;
    for (size_t i = 0; i < CAPACITY_PLOTS; i++) p->svg[i] = *ret_note ? NULL : svg[i];
    p->sentence_count = capacity_verdict(c, p->sentences);
    status = write_page(p, folder, "report.html", capacity_html, err);
    if (!status) status = write_page(p, folder, "report.md", capacity_markdown, err);
    for (size_t i = 0; i < CAPACITY_PLOTS; i++) free(svg[i]);
    free(p);
    return status;
}

sched_status capacity_write_timing(const capacity *c, double wall_s, int64_t jobs, const char *folder,
                                   sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, "timing.json", &out, err);
    if (status) return status;
    fprintf(out,
            "{\n  \"schema\": \"lingua.sim.capacity_timing/1\",\n  \"wall_s\": %.3f,\n  \"jobs\": %lld,\n  \"runs\": "
            "%zu\n}\n",
            wall_s, (long long)jobs, c->run_count);
    return text_file_close(folder, "timing.json", out, err);
}
