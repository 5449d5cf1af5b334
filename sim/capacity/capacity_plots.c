/* capacity_plots.c - tables and variables of the figures; gnuplot draws, but does not count. */
#include "sim/capacity/capacity_plots.h"

#include <inttypes.h>
#include <math.h>

#include "core/base/version.h"
#include "sim/capacity/capacity_words.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/text_file.h"

const figure capacity_plots[CAPACITY_PLOTS] = {
    {"capacity_latency", 460, "Percentiles of end to end by load, with the answer and its interval",
     "Flat, then steep: the hockey stick. The green band is the answer with its interval, the dashed line the "
     "objective. Lines are the first seed, dots the others."},
    {"capacity_use", 380, "How busy nodes, Redis and the scheduler are by load",
     "What is near 100 % where the band is, binds. What is far below has room for a multiple."},
    {"capacity_usl", 420, "Throughput by load, with the Universal Scalability Law fitted to it",
     "Dots are runs, the line is the law. Where the line bends away from the dashed one, what is added brings less "
     "than "
     "it did at first."},
};

/* ---- titles --------------------------------------------------------------------------------------------------------- */

static void latency_headline(const capacity *c, char text[HEADLINE_MAX]) {
    int64_t n = capacity_answer_number(&c->all);
    if (c->all.end != SEARCH_FOUND)
        snprintf(text, HEADLINE_MAX, "The objectives are met %s",
                 c->all.end == SEARCH_EVERYWHERE ? "over the whole range" : "nowhere in the range");
    else if (c->all.sense == SEARCH_LEAST)
        snprintf(text, HEADLINE_MAX, "With fewer than %" PRId64 " %s answers come too late", n,
                 capacity_unit(c, CAPACITY_UNIT_PLAIN));
    else
        snprintf(text, HEADLINE_MAX, "Up to %" PRId64 " %s the objectives are met", n,
                 capacity_unit(c, CAPACITY_UNIT_PLAIN));
}

static void use_headline(const capacity *c, char text[HEADLINE_MAX]) {
    binding b = capacity_binds(c);
    if (b.kind == BINDS_NOTHING)
        snprintf(text, HEADLINE_MAX, "Nothing is busy where the objectives begin to be missed");
    else
        snprintf(text, HEADLINE_MAX, "What binds: %.100s, %.0f %% busy", b.name, 100 * b.use);
}

static void usl_headline(const capacity *c, char text[HEADLINE_MAX]) {
    usl_fit f;
    if (!capacity_usl(c, &f)) {
        snprintf(text, HEADLINE_MAX, "Throughput by load");
        return;
    }
    if (isfinite(f.peak) && !f.kappa_is_zero)
        snprintf(text, HEADLINE_MAX, "Throughput is greatest at %.0f and falls behind it", f.peak);
    else
        snprintf(text, HEADLINE_MAX, "Throughput grows with the load, and nothing says that it will ever fall");
}

char *capacity_plot_headline(const capacity *c, size_t i, char text[HEADLINE_MAX]) {
    static void (*const write[CAPACITY_PLOTS])(const capacity *, char *) = {latency_headline, use_headline,
                                                                            usl_headline};
    write[i](c, text);
    return text;
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

static void write_head(FILE *out) {
    fputs("value,throughput", out);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) fprintf(out, ",%s", capacity_rows[f].key);
    fputc('\n', out);
}

static void write_run(const capacity *c, const capacity_run *r, FILE *out) {
    fprintf(out, "%" PRId64, r->value);
    figure_cell(r->figure[capacity_throughput(c)], out);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) figure_cell(r->figure[f], out);
    fputc('\n', out);
}

/* The seed that went ahead was run over the whole curve; a mean over whichever seeds happened to be at a value would zigzag. */
static void write_curve(const void *ctx, FILE *out) {
    const capacity *c = ctx;
    write_head(out);
    for (size_t i = 0; i < c->run_count; i++)
        if (!c->runs[i].lost && c->runs[i].seed == c->first_seed) write_run(c, &c->runs[i], out);
}

static void write_runs(const void *ctx, FILE *out) {
    const capacity *c = ctx;
    write_head(out);
    for (size_t i = 0; i < c->run_count; i++)
        if (!c->runs[i].lost) write_run(c, &c->runs[i], out);
}

/* ---- drawing -------------------------------------------------------------------------------------------------------- */

/* The first objective that bounds end to end: drawn as a line. */
static void set_objective(const capacity *c, FILE *out) {
    for (size_t i = 0; i < c->sc->slo_count; i++) {
        const slo *s = &c->sc->slos[i];
        if (s->subject != SLO_E2E || (s->op != SLO_LT && s->op != SLO_LE)) continue;
        script_number(out, "objective", s->value / USEC_PER_MSEC);
        script_text(out, "objective_text", s->text);
        return;
    }
    script_number(out, "objective", 0);
    script_text(out, "objective_text", "");
}

static void set_law(const capacity *c, FILE *out) {
    usl_fit f = {0};
    capacity_usl(c, &f);
    fprintf(out, "lambda = %.12g\nsigma = %.12g\nkappa = %.12g\n", f.lambda.value, f.sigma.value, f.kappa.value);
    script_text(out, "throughput",
                capacity_throughput(c) == CAPACITY_ANSWERS_PER_S ? "answers per second"
                                                                 : "decisions per second at saturation");
}

static void set_variables(const void *ctx, FILE *out) {
    const capacity *c = ctx;
    bool found = c->all.end == SEARCH_FOUND;
    script_text(out, "unit",
                c->axis->kind == AXIS_SESSIONS ? "sessions at once" : capacity_unit(c, CAPACITY_UNIT_PLAIN));
    fprintf(out, "found = %d\nanswer = %" PRId64 "\n", found, found ? capacity_answer_number(&c->all) : 0);
    script_number(out, "answer_low", c->all.low);
    script_number(out, "answer_high", c->all.high);
    double knee = capacity_knee(c);
    script_number(out, "knee", isnan(knee) ? 0 : knee);
    set_objective(c, out);
    set_law(c, out);
}

static sched_status draw(const capacity *c, size_t i, const char *folder, char **ret_svg, sched_error *err) {
    char headline[HEADLINE_MAX], print[FIGURE_PRINT_MAX];
    snprintf(print, sizeof print, "%s · %zu seed%s from %" PRId64 " · scenario %s · lingua " LINGUA_VERSION,
             c->sc->name, c->seeds, c->seeds == 1 ? "" : "s", c->first_seed, c->run_count ? c->runs[0].hash : "-");
    figure_script script = {
        .name = capacity_plots[i].name,
        .height = capacity_plots[i].height,
        .headline = capacity_plot_headline(c, i, headline),
        .print = print,
        .set = set_variables,
        .ctx = c,
    };
    return figure_draw(&script, folder, ret_svg, err);
}

sched_status capacity_plots_draw(const capacity *c, const char *folder, char *ret_svg[CAPACITY_PLOTS],
                                 sched_error *err) {
    usl_fit f;
    int64_t values[CAPACITY_RUNS_MAX];
    if (capacity_values(c, values, CAPACITY_RUNS_MAX) < 2) return SCHED_OK;
    sched_status status = text_file_write(folder, "plots/curve.csv", write_curve, c, err);
    if (!status) status = text_file_write(folder, "plots/runs.csv", write_runs, c, err);
    for (size_t i = 0; i < CAPACITY_PLOTS && !status; i++) {
        if (i == CAPACITY_PLOT_USL && !capacity_usl(c, &f)) continue;
        status = draw(c, i, folder, &ret_svg[i], err);
    }
    return status;
}
