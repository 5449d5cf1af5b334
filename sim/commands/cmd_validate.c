/* cmd_validate.c - is the simulator right? The same scenario in simulated time and on the wall, at several loads.
 *
 * Loads are variants of a sweep, one after the other, since each is measured. A load multiplies what every group of sessions says of
 * itself, `concurrent` or `rate`. Runs in real time are long, so what --load names is read before them, too. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "sim/commands/command_line.h"
#include "sim/commands/commands.h"
#include "sim/report/validation.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim validate SCENARIO [OPTIONS]\n"
    "\n"
    "Runs a scenario at several loads, each in simulated time and in real time against an ordinary Redis, and puts simulated,\n"
    "measured and error side by side: throughput, outcomes, placement, dispatch, end to end. With --load also what\n"
    "lingua-bench load has measured of a running linguad under the same scenario: throughput, outcomes, end to end. Writes\n"
    "validation.json, report.html, report.md and a plot of both curves over load.\n"
    "\n"
    "  --levels LIST     loads by commas, as factors of the scenario's sessions (default: 0.3,0.6,0.9)\n"
    "  --load FILE       result of `lingua-bench load` at one of these loads; may be repeated. It belongs to the load whose\n"
    "                    scenario has its hash, so it was made with the same settings: see --commands\n"
    "  --commands        print, for each load, the settings that `lingua-bench load --set` needs, and run nothing\n"
    "  --seed N          instead of the scenario's seed\n"
    "  --set PATH=VALUE  another value for one setting, such as duration=60s; may be repeated\n"
    "  --redis URL       for the runs in real time, instead of a private server\n"
    "  --out DIR         folder of the validation (default: reports/out/NAME-validate)\n"
    "  --fresh           keep no run of an earlier validation, run all\n"
    "  --quiet           nothing on stderr but errors\n"
    "  --help            this text\n"
    "\n"
    "Aims, below saturation: throughput within 5 %, p50 within 10 %, p95 within 15 % of what was measured end to end; what\n"
    "ended well within a point. A load at which the machine did not keep up in real time counts for nothing.\n"
    "\n"
    "Exit status: 0 all aims met; 1 not, or a run gave no figures; 2 bad usage or input, and nothing was run; 130 interrupted.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim validate scenarios/phases/small_office.yaml --set duration=60s\n"
    "  lingua-sim validate scenarios/quickstart.yaml --levels 0.2,0.5 --set duration=60s --load half.json\n";
// clang-format on

enum { OPT_LEVELS = OPT_OWN, OPT_LOAD, OPT_COMMANDS, OPT_REDIS, COMMAND_TEXT_MAX = 2048 };

typedef struct validate_options {
    command_line line;
    int64_t seed;
    const char *levels, *redis;
    const char *load[VALIDATION_LEVELS_MAX];
    size_t load_count;
    double factor[VALIDATION_LEVELS_MAX];
    char *variant[VALIDATION_LEVELS_MAX]; /* owned */
    size_t count;
    bool commands;
    char command[COMMAND_TEXT_MAX];
} validate_options;

/* ---- loads ---------------------------------------------------------------------------------------------------------- */

static int read_levels(validate_options *o) {
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", o->levels);
    for (char *one; (one = strsep(&rest, ","));) {
        sched_error err;
        double factor;
        if (units_parse_number(one, &factor, &err) || factor <= 0 || factor > 1000)
            return command_line_refuse(&o->line, "--levels", "\"%s\": expected a factor above 0, at most 1000", one);
        if (o->count == VALIDATION_LEVELS_MAX)
            return command_line_refuse(&o->line, "--levels", "at most %d", VALIDATION_LEVELS_MAX);
        o->factor[o->count++] = factor;
    }
    return GO_ON;
}

/* "sessions.0.concurrent=60,sessions.1.rate=2.5/s" */
static void put_settings(const scenario *sc, double factor, FILE *out) {
    for (size_t i = 0; i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        if (i) putc(',', out);
        if (g->concurrent)
            fprintf(out, "sessions.%zu.concurrent=%lld", i, llround(fmax(1, (double)g->concurrent * factor)));
        else
            fprintf(out, "sessions.%zu.rate=%.9g/s", i, g->rate * factor);
    }
}

static int make_variants(validate_options *o) {
    scenario *sc = NULL;
    sched_error err;
    if (scenario_load_set(o->line.scenario, o->line.sets.set, o->line.sets.count, &sc, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return STATUS_BAD_INPUT;
    }
    for (size_t i = 0; i < o->count; i++) {
        size_t bytes = 0;
        FILE *out = open_memstream(&o->variant[i], &bytes);
        if (!out) abort();
        fprintf(out, "x%g:", o->factor[i]);
        put_settings(sc, o->factor[i], out);
        fclose(out);
    }
    o->seed = o->line.seeded ? o->line.seed : sc->seed;
    scenario_free(sc);
    return GO_ON;
}

/* The hash of each level, as its run will have it. */
static sched_status plan_levels(const validate_options *o, validation *v, sched_error *err) {
    const overrides *sets = &o->line.sets;
    sweep_plan *plan = NULL;
    sched_status status = sweep_load_variants(o->line.scenario, sets->set, sets->count, (const char *const *)o->variant,
                                              o->count, &plan, err);
    for (size_t i = 0; i < o->count && !status; i++) {
        scenario *sc = NULL;
        status = sweep_scenario(plan, i, &sc, err);
        if (status) break;
        sc->seed = o->seed;
        scenario_hash(sc, v->level[i].hash);
        scenario_free(sc);
        v->count = i + 1;
    }
    sweep_free(plan);
    return status;
}

static int check_loads(const validate_options *o) {
    sched_error err;
    if (!o->load_count) return GO_ON;
    validation *v = mem_zalloc(1, sizeof *v);
    sched_status status = plan_levels(o, v, &err);
    for (size_t i = 0; i < o->load_count && !status; i++) status = validation_read_load(v, o->load[i], &err);
    if (status) fprintf(stderr, "lingua-sim validate: %s\n", err.message);
    free(v);
    return status ? STATUS_BAD_INPUT : GO_ON;
}

static int print_commands(const validate_options *o) {
    for (size_t i = 0; i < o->count; i++) {
        const char *settings = strchr(o->variant[i], ':') + 1;
        for (const char *c = settings; *c; c++) {
            if (c == settings) fputs("--set ", stdout);
            if (*c == ',')
                fputs(" --set ", stdout);
            else
                putchar(*c);
        }
        putchar('\n');
    }
    return STATUS_FINE;
}

/* ---- what came of it ------------------------------------------------------------------------------------------------ */

/* Of the levels that ended: an interrupted validation tells of these. */
static sched_status gather(const validate_options *o, const sweep_view *view, const char *folder, validation *v,
                           sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < o->count && !status; i++) {
        if (view->cells[i].state != CELL_ENDED) continue;
        char path[4096];
        validation_level *level = &v->level[v->count++];
        snprintf(path, sizeof path, "%s/%s/result.json", folder, view->cells[i].folder);
        status = validation_read_run(path, level, err);
        snprintf(level->name, sizeof level->name, "x%g", o->factor[i]);
        level->factor = o->factor[i];
    }
    for (size_t i = 0; i < o->load_count && !status; i++) {
        status = validation_read_load(v, o->load[i], err);
        if (v->count < o->count) status = SCHED_OK; /* it may be of a level that is missing */
    }
    return status;
}

static int conclude(void *ctx, const sweep_view *view, sweep_plan *plan, const char *folder) {
    const validate_options *o = ctx;
    validation *v = mem_zalloc(1, sizeof *v);
    char note[VALIDATION_NOTE_MAX] = "";
    sched_error err;
    v->name = sweep_name(plan);
    v->command = o->command;
    v->seed = o->seed;
    sched_status status = gather(o, view, folder, v, &err);
    if (!status && !v->count) { /* who ended without a figure has been told of */
        free(v);
        return STATUS_FAILED;
    }
    if (!status) status = validation_write(v, folder, note, &err);
    validation_score score = validation_judge(v);
    if (status) {
        fprintf(stderr, "lingua-sim validate: %s\n", err.message);
    } else {
        validation_print(v, stdout);
        printf("\nreport       %s/report.html\n", folder);
        if (*note) fprintf(stderr, "%s\n", note);
    }
    bool good = !status && v->count == o->count && score.of > 0 && score.met == score.of;
    free(v);
    return good ? STATUS_FINE : STATUS_FAILED;
}

/* ---- the command line ----------------------------------------------------------------------------------------------- */

static int add_load(validate_options *o, const char *path) {
    if (o->load_count == VALIDATION_LEVELS_MAX)
        return command_line_refuse(&o->line, "--load", "at most %d", VALIDATION_LEVELS_MAX);
    o->load[o->load_count++] = path;
    return GO_ON;
}

static int take_own(void *ctx, int c) {
    validate_options *o = ctx;
    switch (c) {
    case OPT_LEVELS: o->levels = optarg; return GO_ON;
    case OPT_LOAD: return add_load(o, optarg);
    case OPT_COMMANDS: o->commands = true; return GO_ON;
    case OPT_REDIS: o->redis = optarg; return GO_ON;
    default: return GO_ON;
    }
}

static int parse(int argc, char **argv, validate_options *o) {
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"fresh", no_argument, NULL, OPT_FRESH},
        {"levels", required_argument, NULL, OPT_LEVELS},
        {"load", required_argument, NULL, OPT_LOAD},
        {"commands", no_argument, NULL, OPT_COMMANDS},
        {"redis", required_argument, NULL, OPT_REDIS},
        {NULL, 0, NULL, 0},
    };
    o->line = (command_line){.command = "validate", .help = help, .options = options, .own = take_own, .ctx = o};
    return command_line_parse(&o->line, argc, argv);
}

static void note_command(int argc, char **argv, char text[COMMAND_TEXT_MAX]) {
    size_t used = 0;
    for (int i = 0; i < argc && used < COMMAND_TEXT_MAX; i++) {
        bool quote = strpbrk(argv[i], " '\"$&|;<>()*?[]{}") && i > 0;
        int n = snprintf(text + used, COMMAND_TEXT_MAX - used, "%s%s%s%s", i ? " " : "", quote ? "'" : "", argv[i],
                         quote ? "'" : "");
        used += n > 0 ? (size_t)n : 0;
    }
}

/* One after the other, each with both clocks. */
static int run(validate_options *o) {
    const char *words[] = {"--clock", "both", "--redis", o->redis};
    sweep_arguments args = command_line_sweep(&o->line);
    args.out_suffix = "-validate";
    args.jobs = 1;
    args.runs = 1;
    args.variants = (const char *const *)o->variant;
    args.variant_count = o->count;
    args.words = words;
    args.word_count = o->redis ? 4 : 2;
    args.conclude = conclude;
    args.ctx = o;
    return sweep_run(&args);
}

int cmd_validate(int argc, char **argv) {
    validate_options o = {.levels = "0.3,0.6,0.9"};
    note_command(argc, argv, o.command); /* before getopt puts them in order */
    int status = parse(argc, argv, &o);
    if (status == GO_ON) status = read_levels(&o);
    if (status == GO_ON) status = make_variants(&o);
    if (status == GO_ON && !o.commands) status = check_loads(&o);
    if (status == GO_ON) status = o.commands ? print_commands(&o) : run(&o);
    for (size_t i = 0; i < o.count; i++) free(o.variant[i]);
    return status;
}
