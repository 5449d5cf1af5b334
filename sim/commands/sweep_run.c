/* sweep_run.c - every point is read before the first one is run, so that a mistake in the last one is told at once. What is
 * written at the end is made from the result files alone, kept ones and new ones alike. */
#include "sim/commands/sweep_run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "sim/commands/commands.h"
#include "sim/commands/farm.h"
#include "sim/commands/run_given.h"
#include "sim/commands/sweep_progress.h"
#include "sim/report/folder.h"
#include "sim/report/sweep_plot.h"
#include "sim/report/sweep_report.h"

enum { SHORT_NAME_MAX = 60, SEED_TEXT_MAX = 24, RUN_WORDS_MAX = 16 };

typedef struct sweep_state {
    const sweep_arguments *args;
    sweep_plan *plan;
    char *out;
    sweep_view view;
    sweep_cell *cells;
    size_t count;
    size_t *todo; /* cells that are to be run */
    size_t todo_count;
    FILE *csv;
    sweep_progress *progress;
    sched_error err;
} sweep_state;

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text_of(const char *format, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? mem_strdup("") : text;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static bool parse_bounded(const char *name, const char *text, int64_t most, int64_t *ret) {
    sched_error err;
    int64_t n = 0;
    if (units_parse_count(text, &n, &err)) {
        fprintf(stderr, "--%s: %s\n", name, err.message);
        return false;
    }
    if (n < 1 || n > most) {
        fprintf(stderr, "--%s: \"%s\" is out of bounds: expected 1 .. %" PRId64 "\n", name, text, most);
        return false;
    }
    *ret = n;
    return true;
}

bool variant_argument(variant_arguments *v, int option, const char *text) {
    if (option == OPT_JOBS) return parse_bounded("jobs", text, FARM_JOBS_MAX, &v->jobs);
    if (option == OPT_RUNS) return parse_bounded("runs", text, SWEEP_RUNS_MAX, &v->runs);
    if (v->count == VARIANTS_MAX) {
        fprintf(stderr, "--variant %s: more than %d are given; write them as axes of a sweep\n", text, VARIANTS_MAX);
        return false;
    }
    v->variant[v->count++] = text;
    return true;
}

/* ---- the plan ------------------------------------------------------------------------------------------------------- */

/* "1000-best_of_2": the values, as far as they may stand in the name of a file. */
static void short_name(const sweep_plan *plan, size_t point, char name[SHORT_NAME_MAX + 1]) {
    size_t len = 0;
    for (size_t i = 0; i < sweep_axes(plan); i++) {
        const char *value = sweep_value(plan, point, i);
        bool gap = true;
        for (; *value && len + 1 < SHORT_NAME_MAX; value++) {
            bool plain = isalnum((unsigned char)*value) || strchr("_.+", *value);
            if (plain && gap) name[len++] = '-';
            if (plain) name[len++] = *value;
            gap = !plain;
        }
    }
    name[len] = '\0';
}

static char *cell_folder(const sweep_state *s, size_t point, int64_t seed) {
    char name[SHORT_NAME_MAX + 1], below[SEED_TEXT_MAX + 8] = "";
    if (s->view.runs > 1) snprintf(below, sizeof below, "/seed-%" PRId64, seed);
    if (s->args->variant_count) return text_of("%s%s", sweep_value(s->plan, point, 0), below);
    int digits = snprintf(NULL, 0, "%zu", sweep_points(s->plan));
    short_name(s->plan, point, name);
    return text_of("points/%0*zu%s%s", digits, point + 1, name, below);
}

/* The seeds and hashes of a point's runs. */
static sched_status plan_point(sweep_state *s, size_t point) {
    scenario *sc = NULL;
    sched_status status = sweep_scenario(s->plan, point, &sc, &s->err);
    if (status) return status;
    int64_t first = s->args->seeded ? s->args->seed : sc->seed;
    for (int64_t i = 0; i < s->view.runs; i++) {
        sweep_cell *c = &s->cells[point * (size_t)s->view.runs + (size_t)i];
        c->seed = sc->seed = first + i;
        c->folder = cell_folder(s, point, c->seed);
        scenario_hash(sc, c->hash);
    }
    scenario_free(sc);
    return SCHED_OK;
}

static sched_status load_plan(sweep_state *s) {
    const sweep_arguments *args = s->args;
    const overrides *sets = args->sets;
    if (!strcmp(args->scenario, "-"))
        return sched_fail(&s->err, SCHED_EINVAL, "-: several runs need a file, not standard input");
    if (args->variant_count)
        return sweep_load_variants(args->scenario, sets->set, sets->count, args->variants, args->variant_count,
                                   &s->plan, &s->err);
    return sweep_load(args->scenario, sets->set, sets->count, &s->plan, &s->err);
}

static sched_status make_plan(sweep_state *s) {
    sched_status status = load_plan(s);
    if (status) return status;
    int64_t runs = s->args->runs ? s->args->runs : sweep_runs(s->plan);
    if (!sweep_axes(s->plan) && runs == 1) {
        return sched_fail(&s->err, SCHED_EINVAL,
                          "%s: there is nothing to sweep: expected `sweep: {path: [values]}` or `runs: 2` in the file, "
                          "or --runs",
                          s->args->scenario);
    }
    size_t points = sweep_points(s->plan);
    if (points > SWEEP_TOTAL_MAX / (size_t)runs) {
        return sched_fail(&s->err, SCHED_EINVAL, "%s: %zu points, %" PRId64 " runs each: at most %d in all",
                          s->args->scenario, points, runs, SWEEP_TOTAL_MAX);
    }
    s->count = points * (size_t)runs;
    s->cells = mem_zalloc(s->count, sizeof *s->cells);
    s->view = (sweep_view){s->plan, runs, s->cells};
    for (size_t i = 0; i < points && !status; i++) status = plan_point(s, i);
    return status;
}

/* ---- results -------------------------------------------------------------------------------------------------------- */

static char *file_of(const sweep_state *s, const sweep_cell *c, const char *name) {
    return text_of("%s/%s/%s", s->out, c->folder, name);
}

/* Takes the result of the cell's folder, when it is that of a complete run of this very scenario. */
static bool take_result(const sweep_state *s, sweep_cell *c, sched_error *err) {
    char *path = file_of(s, c, "result.json");
    point_result r;
    bool good = !point_result_read(path, &r, err) && !r.interrupted && r.seed == c->seed && !strcmp(r.hash, c->hash);
    free(path);
    if (!good) return false;
    c->result = r;
    c->state = CELL_ENDED;
    return true;
}

static bool newer_than_program(const char *path) {
    struct stat file, program;
    if (stat(path, &file) || stat("/proc/self/exe", &program)) return false;
    return file.st_mtim.tv_sec > program.st_mtim.tv_sec;
}

static bool has_report(const sweep_state *s, const sweep_cell *c) {
    for (size_t i = 0; i < s->args->word_count; i++) {
        if (!strcmp(s->args->words[i], "--no-report")) return true;
    }
    char *path = file_of(s, c, "report.html");
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static void choose(sweep_state *s) {
    s->todo = mem_zalloc(s->count, sizeof *s->todo);
    for (size_t i = 0; i < s->count; i++) {
        sweep_cell *c = &s->cells[i];
        char *path = file_of(s, c, "result.json");
        bool kept = !s->args->fresh && newer_than_program(path) && has_report(s, c) && take_result(s, c, NULL);
        free(path);
        if (!kept) s->todo[s->todo_count++] = i;
    }
}

static sched_status open_csv(sweep_state *s) {
    if (s->args->no_csv) return SCHED_OK;
    char *path = text_of("%s/points.csv", s->out);
    s->csv = fopen(path, "we");
    sched_status status = SCHED_OK;
    if (!s->csv) status = sched_fail(&s->err, SCHED_EIO, "%s: %s", path, strerror(errno));
    free(path);
    if (status) return status;
    sweep_csv_head(&s->view, s->csv);
    for (size_t i = 0; i < s->count; i++) sweep_csv_row(&s->view, i, s->csv);
    fflush(s->csv);
    return SCHED_OK;
}

static sched_status close_csv(sweep_state *s) {
    if (!s->csv) return SCHED_OK;
    bool bad = ferror(s->csv) != 0;
    bad |= fclose(s->csv) != 0;
    s->csv = NULL;
    return bad ? sched_fail(&s->err, SCHED_EIO, "%s/points.csv: could not be written", s->out) : SCHED_OK;
}

/* ---- a run of a point ----------------------------------------------------------------------------------------------- */

/* What the run prints goes to a file of its folder; it has no input. */
static bool turn_streams(const char *path) {
    int in = open("/dev/null", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
           dup2(out, STDERR_FILENO) >= 0;
}

/* In a child. */
static int run_cell(void *ctx, size_t task) {
    sweep_state *s = ctx;
    size_t cell = s->todo[task];
    const sweep_cell *c = &s->cells[cell];
    char *folder = text_of("%s/%s", s->out, c->folder), *terminal = file_of(s, c, "terminal.txt");
    char seed[SEED_TEXT_MAX];
    snprintf(seed, sizeof seed, "%" PRId64, c->seed);
    scenario *sc = NULL;
    if (folder_make(folder, NULL) || !turn_streams(terminal) ||
        sweep_scenario(s->plan, cell / (size_t)s->view.runs, &sc, NULL))
        return STATUS_FAILED;
    const char *words[RUN_WORDS_MAX + SWEEP_WORDS_MAX] = {"run",  s->args->scenario, "--seed", seed, "--out",
                                                          folder, "--quiet"};
    int n = 7;
    for (size_t i = 0; i < s->args->word_count; i++) words[n++] = s->args->words[i];
    char *argv[RUN_WORDS_MAX + SWEEP_WORDS_MAX];
    for (int i = 0; i < n; i++) argv[i] = mem_strdup(words[i]);
    argv[n] = NULL;
    return run_given(sc, n, argv);
}

static void on_began(void *ctx, size_t task) {
    sweep_state *s = ctx;
    (void)task;
    sweep_progress_began(s->progress);
}

/* What the run said when it gave no result: its last line. */
static void tell_broken(const sweep_state *s, const sweep_cell *c, int status) {
    char *path = file_of(s, c, "terminal.txt"), line[512], last[512] = "";
    FILE *in = fopen(path, "re");
    while (in && fgets(line, sizeof line, in)) memcpy(last, line, sizeof last);
    if (in) fclose(in);
    last[strcspn(last, "\n")] = '\0';
    sweep_progress_clear(s->progress);
    fprintf(stderr, "lingua-sim: %s/%s: ended with status %d and without a result: %s\n", s->out, c->folder, status,
            *last ? last : "it said nothing");
    free(path);
}

static void on_ended(void *ctx, size_t task, int status) {
    sweep_state *s = ctx;
    size_t cell = s->todo[task];
    sweep_cell *c = &s->cells[cell];
    sched_error why = {0};
    bool early = status > FARM_KILLED; /* by a signal, or STATUS_INTERRUPTED, which is 128 + SIGINT */
    if (!take_result(s, c, &why) && !early) {
        c->state = CELL_BROKEN;
        tell_broken(s, c, status);
    }
    if (s->csv) sweep_csv_row(&s->view, cell, s->csv);
    if (s->csv) fflush(s->csv);
    sweep_progress_ended(s->progress, &s->view, cell);
}

static void on_tick(void *ctx) {
    sweep_state *s = ctx;
    sweep_progress_show(s->progress);
}

static bool run_all(sweep_state *s) {
    int jobs = s->args->jobs ? (int)s->args->jobs : farm_processors();
    s->progress =
        sweep_progress_new(s->args->quiet ? NULL : stderr, s->args->command, s->count, s->count - s->todo_count, jobs);
    bool complete = farm_run(&(farm){.count = s->todo_count,
                                     .jobs = jobs,
                                     .run = run_cell,
                                     .began = on_began,
                                     .ended = on_ended,
                                     .tick = on_tick,
                                     .ctx = s});
    s->progress = sweep_progress_free(s->progress);
    return complete;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static sched_status write_summary(sweep_state *s, bool drawn) {
    char *path = text_of("%s/summary.md", s->out);
    FILE *out = fopen(path, "we");
    sched_status status = SCHED_OK;
    if (out) (s->args->variant_count ? sweep_markdown_variants : sweep_markdown_points)(&s->view, out);
    if (out && drawn) fputs("\n![Percentiles of end to end by load](plots/sweep_latency.svg)\n", out);
    bool bad = !out || ferror(out);
    bad |= out && fclose(out) != 0;
    if (bad) status = sched_fail(&s->err, SCHED_EIO, "%s: could not be written: %s", path, strerror(errno));
    free(path);
    return status;
}

static bool all_passed(const sweep_state *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->cells[i].state != CELL_ENDED || !s->cells[i].result.pass) return false;
    }
    return true;
}

/* What cannot be drawn is no failure: the table says the same. */
static bool draw(const sweep_state *s) {
    sched_error why;
    sched_status status = s->args->variant_count ? SCHED_ENOENT : sweep_plot_draw(&s->view, s->out, &why);
    if (status && status != SCHED_ENOENT && !s->args->quiet)
        fprintf(stderr, "lingua-sim: no figure: %s\n", why.message);
    return !status;
}

static int conclude(sweep_state *s) {
    if (s->args->conclude) return s->args->conclude(s->args->ctx, &s->view, s->plan, s->out);
    bool drawn = draw(s);
    sched_status status = write_summary(s, drawn);
    (s->args->variant_count ? sweep_print_variants : sweep_print_points)(&s->view, stdout);
    printf("\npoints       %s/points.csv\n", s->out);
    if (drawn) printf("figure       %s/plots/sweep_latency.svg\n", s->out);
    if (status) fprintf(stderr, "%s\n", s->err.message);
    return status || !all_passed(s) ? STATUS_FAILED : STATUS_FINE;
}

static int finish(sweep_state *s, bool complete) {
    sched_status status = close_csv(s);
    if (!status) status = open_csv(s); /* once more, in order */
    if (!status) status = close_csv(s);
    if (status) fprintf(stderr, "%s\n", s->err.message);
    int result = conclude(s);
    if (!complete && !s->args->quiet)
        fprintf(stderr, "lingua-sim: interrupted%s\n",
                s->args->fresh ? "" : "; the same command goes on with the runs that are missing");
    if (!complete) return STATUS_INTERRUPTED;
    return status ? STATUS_FAILED : result;
}

static void release(sweep_state *s) {
    if (s->csv) fclose(s->csv);
    for (size_t i = 0; i < s->count; i++) free(s->cells[i].folder);
    free(s->cells);
    free(s->todo);
    free(s->out);
    sweep_free(s->plan);
}

static char *default_folder(const sweep_state *s) {
    return text_of("reports/out/%s%s", sweep_name(s->plan), s->args->out_suffix ? s->args->out_suffix : "");
}

int sweep_run(const sweep_arguments *args) {
    sweep_state s = {.args = args};
    int result = STATUS_BAD_INPUT;
    sched_status status = make_plan(&s);
    if (!status) s.out = args->out ? mem_strdup(args->out) : default_folder(&s);
    if (!status) status = folder_make(s.out, &s.err);
    if (!status) choose(&s);
    if (!status) status = open_csv(&s);
    if (status) {
        fprintf(stderr, "%s\n", s.err.message);
    } else {
        result = finish(&s, run_all(&s));
    }
    release(&s);
    return result;
}
