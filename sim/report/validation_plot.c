/* validation_plot.c - both curves over load, one figure: gnuplot draws, but does not count. */
#include <inttypes.h>
#include <math.h>

#include "core/base/version.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/text_file.h"
#include "sim/report/validation_pages.h"

const figure validation_plot =
    {"validation", 400, "Answer times over load, simulated and measured",
     "Lines are simulated, marks measured in real time: where a mark lies on its line, the simulator is "
     "right. Towards the right the nodes are busier; both must bend at the same load."};

static void table(const void *ctx, FILE *out) {
    const validation *v = ctx;
    static const validation_figure drawn[] = {VALID_E2E_P50, VALID_E2E_P95, VALID_E2E_P99};
    fputs("load,simulated_p50,simulated_p95,simulated_p99,measured_p50,measured_p95,measured_p99,daemon_p50,daemon_p95,"
          "daemon_p99\n",
          out);
    for (size_t i = 0; i < v->count; i++) {
        const validation_level *level = &v->level[i];
        fprintf(out, "%.6g", 100 * level->utilisation);
        for (size_t f = 0; f < 3; f++) figure_cell(level->simulated[drawn[f]], out);
        for (size_t f = 0; f < 3; f++) figure_cell(level->measured[drawn[f]], out);
        for (size_t f = 0; f < 3; f++) figure_cell(level->daemon[drawn[f]], out);
        fputc('\n', out);
    }
}

static double worst_p95(const validation *v) {
    double worst = NAN;
    for (size_t i = 0; i < v->count; i++)
        if (v->level[i].kept_up) worst = fmax(worst, fabs(validation_error(&v->level[i], VALID_E2E_P95, false)));
    return worst;
}

static void say_headline(const validation *v, char text[HEADLINE_MAX]) {
    double worst = worst_p95(v);
    if (isnan(worst))
        snprintf(text, HEADLINE_MAX, "Simulated and measured answer times over load");
    else
        snprintf(text, HEADLINE_MAX, "Simulated answer times are within %.1f %% of the measured ones (p95)",
                 100 * worst);
}

static void set_variables(const void *ctx, FILE *out) {
    script_number(out, "daemon", validation_has_daemon(ctx));
}

sched_status validation_table_write(const validation *v, const char *folder, sched_error *err) {
    return text_file_write(folder, "plots/validation.csv", table, v, err);
}

sched_status validation_plot_draw(const validation *v, const char *folder, char **ret_svg, sched_error *err) {
    char headline[HEADLINE_MAX], print[FIGURE_PRINT_MAX];
    say_headline(v, headline);
    snprintf(print, sizeof print, "%s · seed %" PRId64 " · lingua " LINGUA_VERSION, v->name, v->seed);
    figure_script script = {
        .name = validation_plot.name,
        .height = validation_plot.height,
        .headline = headline,
        .print = print,
        .set = set_variables,
        .ctx = v,
    };
    return figure_draw(&script, folder, ret_svg, err);
}
