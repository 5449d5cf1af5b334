/* folder.c - see the header.
 *
 * What an earlier run left would be taken for part of this one (its trace, its plots), so it goes first; only names that we
 * write ourselves are removed. */
#include "sim/report/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "sim/report/pages.h"
#include "sim/report/text_file.h"

enum { HGRM_TICKS = 5 };

struct report_folder {
    char *path;
    char *last; /* what folder_path() returned */
    FILE *trace;
    char note[256];
};

static const char *const files[] = {"result.json", "timeline.csv", "nodes.csv",  "report.html",
                                    "report.md",   "timing.json",  "trace.jsonl"};

static sched_status make_folder(const char *path, sched_error *err) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "%s: cannot make the folder: %s", path, strerror(errno));
}

static sched_status make_with_parents(char *path, sched_error *err) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        sched_status status = make_folder(path, err);
        *slash = '/';
        if (status) return status;
    }
    return make_folder(path, err);
}

sched_status folder_make(const char *path, sched_error *err) {
    char *copy = mem_strdup(path);
    sched_status status = make_with_parents(copy, err);
    free(copy);
    return status;
}

static char *join(const char *folder, const char *file) {
    size_t size = strlen(folder) + strlen(file) + 2;
    char *path = mem_alloc(size);
    snprintf(path, size, "%s/%s", folder, file);
    return path;
}

const char *folder_path(report_folder *f, const char *file) {
    free(f->last);
    f->last = join(f->path, file);
    return f->last;
}

const char *folder_note(const report_folder *f) {
    return f->note;
}

static void remove_old(report_folder *f) {
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(folder_path(f, files[i]));
    for (latency_kind k = 0; k < LATENCIES; k++) {
        char name[64];
        snprintf(name, sizeof name, "hist/%s.hgrm", latency_name(k));
        unlink(folder_path(f, name));
    }
    for (size_t i = 0; i < FIGURES; i++) {
        char name[PLOT_PATH_MAX];
        unlink(folder_path(f, figure_path(report_figures[i].name, name)));
    }
}

sched_status folder_open(const char *path, const char *name, report_folder **ret_folder, sched_error *err) {
    if (path && !*path) return sched_fail(err, SCHED_EINVAL, "the folder of the run has no name");
    report_folder *f = mem_zalloc(1, sizeof *f);
    f->path = path ? mem_strdup(path) : join("reports/out", name);
    sched_status status = make_with_parents(f->path, err);
    if (!status) status = make_folder(folder_path(f, "hist"), err);
    if (!status && access(f->path, W_OK | X_OK) != 0)
        status = sched_fail(err, SCHED_EIO, "%s: cannot write there: %s", f->path, strerror(errno));
    if (status) {
        folder_close(f);
        return status;
    }
    remove_old(f);
    *ret_folder = f;
    return SCHED_OK;
}

report_folder *folder_close(report_folder *f) {
    if (!f) return NULL;
    if (f->trace) fclose(f->trace);
    free(f->path);
    free(f->last);
    free(f);
    return NULL;
}

/* ---- one file ------------------------------------------------------------------------------------------------------- */

static sched_status write_file(report_folder *f, const char *name, void (*write)(const run_report *, FILE *),
                               const run_report *report, sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(f->path, name, &out, err);
    if (status) return status;
    write(report, out);
    return text_file_close(f->path, name, out, err);
}

static sched_status write_histogram(report_folder *f, latency_kind kind, const histogram *h, sched_error *err) {
    char name[64];
    FILE *out;
    snprintf(name, sizeof name, "hist/%s.hgrm", latency_name(kind));
    sched_status status = text_file_open(f->path, name, &out, err);
    if (status) return status;
    histogram_write_hgrm(h, out, HGRM_TICKS, USEC_PER_MSEC);
    return text_file_close(f->path, name, out, err);
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

sched_status folder_open_trace(report_folder *f, FILE **ret_trace, sched_error *err) {
    sched_status status = text_file_open(f->path, "trace.jsonl", &f->trace, err);
    if (!status) *ret_trace = f->trace;
    return status;
}

sched_status folder_close_trace(report_folder *f, sched_error *err) {
    FILE *trace = f->trace;
    f->trace = NULL;
    return trace ? text_file_close(f->path, "trace.jsonl", trace, err) : SCHED_OK;
}

sched_status folder_write_figures(report_folder *f, const run_report *report, sched_error *err) {
    sched_status status = write_file(f, "result.json", report_result, report, err);
    if (!status) status = write_file(f, "timeline.csv", report_timeline, report, err);
    if (!status) status = write_file(f, "nodes.csv", report_nodes, report, err);
    for (latency_kind k = 0; k < LATENCIES && !status; k++) {
        const histogram *h = recorder_latency(report->recorder, k);
        if (!latency_is_optional(k) || histogram_count(h)) status = write_histogram(f, k, h, err);
    }
    return status;
}

sched_status folder_write_timing(report_folder *f, const run_report *report, const run_timing *timing,
                                 sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(f->path, "timing.json", &out, err);
    if (status) return status;
    report_timing(report, timing, out);
    return text_file_close(f->path, "timing.json", out, err);
}

/* ---- the pages ------------------------------------------------------------------------------------------------------ */

static sched_status write_page(report_folder *f, const char *name, void (*write)(const page *, FILE *), const page *p,
                               sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(f->path, name, &out, err);
    if (status) return status;
    write(p, out);
    return text_file_close(f->path, name, out, err);
}

sched_status folder_write_report(report_folder *f, const run_report *report, sched_error *err) {
    page p = {.report = report, .note = f->note};
    char *svg[FIGURES] = {NULL};
    sched_error why;
    sched_status status = figure_folder_make(f->path, err);
    if (status) return status;
    if (plots_draw(report, f->path, svg, &why))
        snprintf(f->note, sizeof f->note, "The report has no plots: %.200s", why.message);
    for (size_t i = 0; i < FIGURES; i++) p.figure[i] = *f->note ? NULL : svg[i];
    status = write_page(f, "report.html", page_html, &p, err);
    if (!status) status = write_page(f, "report.md", page_markdown, &p, err);
    for (size_t i = 0; i < FIGURES; i++) free(svg[i]);
    return status;
}
