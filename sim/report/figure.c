/* figure.c - the variables of a figure, the style that all share and the file of this one are one script. gnuplot leaves a file in the
 * colours of paper; a page wants it so and changes them itself, and who opens the file alone gets another that is fit for that. */
#include "sim/report/figure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/folder.h"
#include "sim/report/gnuplot.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/svg.h"
#include "sim/report/text_file.h"

enum { PATH_TEXT_MAX = 4096 };

char *figure_path(const char *name, char path[PLOT_PATH_MAX]) {
    snprintf(path, PLOT_PATH_MAX, "plots/%s.svg", name);
    return path;
}

sched_status figure_folder_make(const char *folder, sched_error *err) {
    char path[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/plots", folder);
    return folder_make(path, err);
}

void figure_cell(double value, FILE *out) {
    if (isnan(value))
        fputs(",NaN", out);
    else
        fprintf(out, ",%.6g", value);
}

static sched_status run_script(const figure_script *s, const char *folder, sched_error *err) {
    char path[PLOT_PATH_MAX], file[PLOT_PATH_MAX];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return sched_fail(err, SCHED_EIO, "script of a figure: %s", strerror(errno));
    script_text(out, "out", figure_path(s->name, path));
    script_text(out, "name", s->name);
    script_text(out, "headline", s->headline);
    script_text(out, "note", s->print);
    fprintf(out, "height = %d\n", s->height);
    s->set(s->ctx, out);
    script_file(out, "common.gp");
    snprintf(file, sizeof file, "%s.gp", s->name);
    script_file(out, file);
    fclose(out);
    sched_status status = gnuplot_run(folder, text, err);
    free(text);
    return status;
}

/* What gnuplot left is replaced by what stands alone well. */
static sched_status take(const char *name, const char *folder, char **ret_svg, sched_error *err) {
    char file[PLOT_PATH_MAX], path[PATH_TEXT_MAX];
    FILE *out;
    figure_path(name, file);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    char *svg = text_file_read(path);
    if (!svg) return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
    sched_status status = text_file_open(folder, file, &out, err);
    if (!status) {
        svg_alone(svg, name, out);
        status = text_file_close(folder, file, out, err);
    }
    if (status)
        free(svg);
    else
        *ret_svg = svg;
    return status;
}

sched_status figure_draw(const figure_script *script, const char *folder, char **ret_svg, sched_error *err) {
    sched_status status = run_script(script, folder, err);
    return status ? status : take(script->name, folder, ret_svg, err);
}
