/* cmd_compare.c - the same scenario and seeds in several columns: phases, variants, or both.
 *
 * Columns are variants of a sweep, so that the farm, the seeds, what is kept of an interrupted comparison and the folder of each
 * run are the sweep's. A phase whose nodes are those of one process runs with one instance: more have no meaning there. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/commands/command_line.h"
#include "sim/commands/commands.h"
#include "sim/commands/farm.h"
#include "sim/commands/wall_seconds.h"
#include "sim/report/compare_folder.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim compare SCENARIO [OPTIONS]\n"
    "\n"
    "Runs a scenario under the same seeds once for each phase or variant and puts them side by side: latencies, decisions\n"
    "per second at saturation, cost per job, memory, evenness, what was lost, doubled or refused, what was claimed of each\n"
    "phase, and a verdict in words. Writes compare.json, compare.csv, report.html, report.md, and a folder for each run.\n"
    "One seed gives the same bytes in all of them, except timing.json.\n"
    "\n"
    "  --phases LIST     phases by commas, of 0, 1, 2, 3 and production. Phases 0 and 1 run with one instance whatever the\n"
    "                    scenario says. Without it and --variant the columns are the scenario's variants, or 0,1,2,3\n"
    "  --variant NAME[:PATH=VALUE,...]\n"
    "                    a column of that name with those settings over the scenario's; may be repeated\n"
    "  --runs N          of each column, with successive seeds: figures are then means with 95 % intervals (default: as\n"
    "                    the scenario says, or 1)\n"
    "  --seed N          first seed, instead of the scenario's\n"
    "  --set PATH=VALUE  another value for one setting of all columns; may be repeated\n"
    "  --jobs N          runs at once (default: one per processor)\n"
    "  --out DIR         folder of the comparison (default: reports/out/NAME-compare)\n"
    "  --report          report.html and report.md for each run, too\n"
    "  --fresh           keep no run of an earlier comparison, run all\n"
    "  --quiet           nothing on stderr but errors\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 every run gave its figures, whatever they are: a broken promise is a row of the table; 1 some gave none;\n"
    "2 bad usage or input, and nothing was run; 130 interrupted, and what ended is kept.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim compare scenarios/quickstart.yaml --phases 0,1,2,3 --runs 3\n"
    "  lingua-sim compare scenarios/quickstart.yaml --phases 3,production --out pools\n"
    "  lingua-sim compare scenarios/quickstart.yaml --variant chance:scheduler.placement=random \\\n"
    "      --variant two:scheduler.placement=best_of_2\n";
// clang-format on

enum { OPT_PHASES = OPT_OWN, PHASES_MAX = 8, PHASE_NAME_MAX = 15, COLUMN_TEXT_MAX = 96 };

static const char default_phases[] = "0,1,2,3";

typedef struct compare_options {
    command_line line;
    const char *phases; /* NULL: not given */
    char phase[PHASES_MAX][PHASE_NAME_MAX + 1];
    size_t phase_count;
    char column[PHASES_MAX][COLUMN_TEXT_MAX]; /* of the phases, as variants */
    const char *columns[COMPARE_COLUMNS_MAX];
    size_t column_count;
    scenario *told; /* its variants are the columns; NULL: the arguments say */
    char *command;  /* owned */
    double began;
} compare_options;

/* ---- columns -------------------------------------------------------------------------------------------------------- */

/* "phase-0:scheduler.phase=0,instances.count=1" */
static int add_phase(compare_options *o, const char *name) {
    scheduler_config config;
    sched_error err;
    if (scheduler_config_preset(name, &config, &err))
        return command_line_refuse(&o->line, "--phases", "%s", err.message);
    for (size_t i = 0; i < o->phase_count; i++) {
        if (!strcmp(o->phase[i], name))
            return command_line_refuse(&o->line, "--phases", "phase %s is there twice", name);
    }
    size_t i = o->phase_count++;
    bool numbered = strlen(name) == 1;
    snprintf(o->phase[i], sizeof o->phase[i], "%s", name);
    snprintf(o->column[i], sizeof o->column[i], "%s%s:scheduler.phase=%s%s", numbered ? "phase-" : "", name, name,
             scheduler_config_is_shared(&config) ? "" : ",instances.count=1");
    o->columns[i] = o->column[i];
    return GO_ON;
}

static int add_phases(compare_options *o, const char *list) {
    while (true) {
        size_t len = strcspn(list, ",");
        char name[PHASE_NAME_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)len, list);
        if (o->phase_count == PHASES_MAX)
            return command_line_refuse(&o->line, "--phases", "more than %d are given", PHASES_MAX);
        int result = add_phase(o, name);
        if (result != GO_ON) return result;
        if (!list[len]) return GO_ON;
        list += len + 1;
    }
}

/* What is wrong with the scenario is told by whoever runs it. */
static void take_variants_of_scenario(compare_options *o) {
    scenario *s = NULL;
    sched_error err;
    if (scenario_load_set(o->line.scenario, o->line.sets.set, o->line.sets.count, &s, &err)) return;
    if (!s->variant_count) {
        scenario_free(s);
        return;
    }
    o->told = s;
    variant_arguments *v = &o->line.variants;
    for (size_t i = 0; i < s->variant_count; i++) v->variant[v->count++] = s->variants[i].text;
}

static int choose_columns(compare_options *o) {
    int result = GO_ON;
    const variant_arguments *v = &o->line.variants;
    if (!o->phases && !v->count) take_variants_of_scenario(o);
    if (o->phases || !v->count) result = add_phases(o, o->phases ? o->phases : default_phases);
    size_t n = o->phase_count;
    for (size_t i = 0; i < v->count; i++) o->columns[n++] = v->variant[i];
    o->column_count = n;
    return result;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static int take_own(void *ctx, int c) {
    compare_options *o = ctx;
    if (c == OPT_PHASES) o->phases = optarg;
    return GO_ON;
}

static int parse(int argc, char **argv, compare_options *o) {
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"phases", required_argument, NULL, OPT_PHASES},
        {"variant", required_argument, NULL, OPT_VARIANT},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"report", no_argument, NULL, OPT_REPORT},
        {"fresh", no_argument, NULL, OPT_FRESH},
        {NULL, 0, NULL, 0},
    };
    o->line = (command_line){.command = "compare", .help = help, .options = options, .own = take_own, .ctx = o};
    int result = command_line_parse(&o->line, argc, argv);
    return result == GO_ON ? choose_columns(o) : result;
}

/* What was asked for, without what does not change the figures. */
static char *command_of(const compare_options *o) {
    char *text = NULL;
    size_t len = 0;
    const command_line *line = &o->line;
    FILE *out = open_memstream(&text, &len);
    if (!out) return NULL;
    fputs("lingua-sim compare SCENARIO", out);
    for (size_t i = 0; i < o->phase_count; i++) fprintf(out, "%s%s", i ? "," : " --phases ", o->phase[i]);
    for (size_t i = 0; !o->told && i < line->variants.count; i++)
        fprintf(out, " --variant '%s'", line->variants.variant[i]);
    for (size_t i = 0; i < line->sets.count; i++) fprintf(out, " --set '%s'", line->sets.set[i]);
    if (line->variants.runs) fprintf(out, " --runs %" PRId64, line->variants.runs);
    if (line->seeded) fprintf(out, " --seed %" PRId64, line->seed);
    fclose(out);
    return text;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static bool all_ended(const compare *c) {
    for (size_t i = 0; i < c->columns; i++) {
        if (c->column[i].ended < c->runs) return false;
    }
    return true;
}

static sched_status write_all(const compare_options *o, const compare *c, const sweep_view *view, const char *folder,
                              sched_error *err) {
    char where[4096];
    char note[COMPARE_NOTE_MAX];
    sched_status status = compare_write_figures(c, folder, err);
    if (status) return status;
    snprintf(where, sizeof where, "%s/report.html", folder);
    compare_terminal(c, where, stdout);
    fflush(stdout);
    status = compare_write_pages(c, folder, note, err);
    if (status) return status;
    if (*note && !o->line.quiet) fprintf(stderr, "lingua-sim: %s\n", note);
    compare_timing timing = {.wall_s = wall_seconds() - o->began,
                             .jobs = o->line.variants.jobs ? o->line.variants.jobs : farm_processors()};
    if (!o->line.quiet) compare_tell_timing(c, view, &timing, folder, stderr);
    return compare_write_timing(c, view, &timing, folder, err);
}

static int conclude(void *ctx, const sweep_view *view, sweep_plan *plan, const char *folder) {
    const compare_options *o = ctx;
    compare *c = NULL;
    sched_error err;
    sched_status status = compare_gather(view, plan, folder, o->phase_count, o->command, &c, &err);
    if (!status) status = write_all(o, c, view, folder, &err);
    if (status) fprintf(stderr, "%s\n", err.message);
    int result = status || !all_ended(c) ? STATUS_FAILED : STATUS_FINE;
    compare_free(c);
    return result;
}

int cmd_compare(int argc, char **argv) {
    const char *words[] = {"--keep-going", "--no-report"};
    compare_options o = {.began = wall_seconds()};
    int result = parse(argc, argv, &o);
    if (result != GO_ON) return result;
    o.command = command_of(&o);
    sweep_arguments args = command_line_sweep(&o.line);
    args.out_suffix = "-compare";
    args.variants = o.columns;
    args.variant_count = o.column_count;
    args.words = words;
    args.word_count = o.line.report ? 1 : 2;
    args.conclude = conclude;
    args.ctx = &o;
    result = sweep_run(&args);
    free(o.command);
    scenario_free(o.told);
    return result;
}
