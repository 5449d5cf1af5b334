/* compare_folder.c - one file after the other; what a machine did is kept apart from what follows from the seed. */
#include "sim/report/compare_folder.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "sim/report/compare_pages.h"
#include "sim/report/json_path.h"
#include "sim/report/json_write.h"
#include "sim/report/text_file.h"

enum { PATH_TEXT_MAX = 4096 };

static sched_status write_file(const compare *c, const char *folder, const char *name,
                               void (*write)(const compare *, FILE *), sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, name, &out, err);
    if (status) return status;
    write(c, out);
    return text_file_close(folder, name, out, err);
}

sched_status compare_write_figures(const compare *c, const char *folder, sched_error *err) {
    sched_status status = write_file(c, folder, "compare.json", compare_json, err);
    if (!status) status = write_file(c, folder, "compare.csv", compare_csv, err);
    return status;
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

static sched_status write_page(const compare_page *p, const char *folder, const char *name,
                               void (*write)(const compare_page *, FILE *), sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, name, &out, err);
    if (status) return status;
    write(p, out);
    return text_file_close(folder, name, out, err);
}

sched_status compare_write_pages(const compare *c, const char *folder, char ret_note[COMPARE_NOTE_MAX],
                                 sched_error *err) {
    char *svg[COMPARE_PLOTS] = {NULL};
    sched_error why;
    *ret_note = '\0';
    sched_status status = figure_folder_make(folder, err);
    if (status) return status;
    if (compare_plots_draw(c, folder, svg, &why))
        snprintf(ret_note, COMPARE_NOTE_MAX, "The report has no plots: %.200s", why.message);
    compare_page *p = mem_zalloc(1, sizeof *p);
    p->compare = c;
    p->note = ret_note;
    for (size_t i = 0; i < COMPARE_PLOTS; i++) p->svg[i] = *ret_note ? NULL : svg[i];
    p->sentence_count = compare_verdict(c, p->sentences);
    status = write_page(p, folder, "report.html", compare_html, err);
    if (!status) status = write_page(p, folder, "report.md", compare_markdown, err);
    for (size_t i = 0; i < COMPARE_PLOTS; i++) free(svg[i]);
    free(p);
    return status;
}

/* ---- timing --------------------------------------------------------------------------------------------------------- */

/* Over the runs of a column: the longest and the largest. */
typedef struct machine_figures {
    double wall_s, peak_rss, redis_memory; /* NAN: not known */
} machine_figures;

static machine_figures figures_of(const sweep_view *view, size_t column, const char *folder) {
    machine_figures m = {NAN, NAN, NAN};
    for (int64_t run = 0; run < view->runs; run++) {
        char path[PATH_TEXT_MAX];
        json_t *o = NULL;
        snprintf(path, sizeof path, "%s/%s/timing.json", folder,
                 view->cells[(int64_t)column * view->runs + run].folder);
        if (json_read(path, &o, NULL)) continue;
        m.wall_s = fmax(m.wall_s, json_number_at(o, "wall_s"));
        m.peak_rss = fmax(m.peak_rss, json_number_at(o, "peak_rss_bytes"));
        m.redis_memory = fmax(m.redis_memory, json_number_at(o, "redis_memory_bytes"));
        json_decref(o);
    }
    return m;
}

static void set(json_t *o, const char *name, double value, double steps) {
    json_object_set_new(o, name, isnan(value) ? json_null() : json_real(round(value * steps) / steps));
}

sched_status compare_write_timing(const compare *c, const sweep_view *view, const compare_timing *timing,
                                  const char *folder, sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, "timing.json", &out, err);
    if (status) return status;
    json_t *o = json_object(), *columns = json_object();
    for (size_t i = 0; i < c->columns; i++) {
        machine_figures m = figures_of(view, i, folder);
        json_t *column = json_object();
        set(column, "longest_wall_s", m.wall_s, 1e3);
        set(column, "peak_rss_bytes", m.peak_rss, 1);
        set(column, "redis_memory_bytes", m.redis_memory, 1);
        json_object_set_new(columns, c->column[i].name, column);
    }
    json_object_set_new(o, "schema", json_string("lingua.sim.compare_timing/1"));
    set(o, "wall_s", timing->wall_s, 1e3);
    json_object_set_new(o, "jobs", json_integer(timing->jobs));
    json_object_set_new(o, "columns", columns);
    json_write(o, out);
    return text_file_close(folder, "timing.json", out, err);
}

void compare_tell_timing(const compare *c, const sweep_view *view, const compare_timing *timing, const char *folder,
                         FILE *out) {
    fprintf(out, "compare: %zu runs in %.1f s, %lld at once; peak memory", c->columns * (size_t)c->runs, timing->wall_s,
            (long long)timing->jobs);
    for (size_t i = 0; i < c->columns; i++) {
        machine_figures m = figures_of(view, i, folder);
        fprintf(out, isnan(m.peak_rss) ? "%s %s -" : "%s %s %.0f MiB", i ? "," : "", c->column[i].name,
                m.peak_rss / 1048576);
    }
    fputc('\n', out);
}
