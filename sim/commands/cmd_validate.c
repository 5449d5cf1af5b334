/* cmd_validate.c - is the simulator right? The same scenario in simulated time and on the wall, at several loads.
 *
 * Loads are variants of a sweep, one after the other, since each is measured. A load multiplies what every group of sessions says of
 * itself, `concurrent` or `rate`. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "sim/commands/sweep_run.h"
#include "sim/report/validation.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim validate SCENARIO [OPTIONS]\n"
    "\n"
    "Runs a scenario at several loads, each in simulated time and in real time against an ordinary Redis, and puts simulated,\n"
    "measured and error side by side: throughput, outcomes, placement, dispatch, end to end. With --load also what\n"
    "lingua-bench load has measured of a running linguad under the same scenario. Writes validation.json, report.html,\n"
    "report.md and a plot of both curves over load.\n"
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

enum {
    GO_ON = -1,
    OPT_SEED = 256,
    OPT_OUT,
    OPT_FRESH,
    OPT_QUIET,
    OPT_LEVELS,
    OPT_LOAD,
    OPT_COMMANDS,
    OPT_REDIS,
    COMMAND_TEXT_MAX = 2048
};

typedef struct validate_options {
    sweep_arguments args;
    overrides sets;
    const char *levels, *redis;
    const char *load[VALIDATION_LEVELS_MAX];
    size_t load_count;
    double factor[VALIDATION_LEVELS_MAX];
    char *variant[VALIDATION_LEVELS_MAX]; /* owned */
    size_t count;
    bool commands;
    const char *words[4];
    char command[COMMAND_TEXT_MAX];
} validate_options;

static int bad_usage(void) {
    fputs("Try: lingua-sim validate --help\n", stderr);
    return STATUS_BAD_INPUT;
}

/* ---- loads ---------------------------------------------------------------------------------------------------------- */

static int read_levels(validate_options *o) {
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", o->levels);
    for (char *one; (one = strsep(&rest, ","));) {
        sched_error err;
        double factor;
        if (units_parse_number(one, &factor, &err) || factor <= 0 || factor > 1000) {
            fprintf(stderr, "lingua-sim validate: --levels: \"%s\": expected a factor above 0, at most 1000\n", one);
            return STATUS_BAD_INPUT;
        }
        if (o->count == VALIDATION_LEVELS_MAX) {
            fprintf(stderr, "lingua-sim validate: --levels: at most %d\n", VALIDATION_LEVELS_MAX);
            return STATUS_BAD_INPUT;
        }
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
    if (scenario_load_set(o->args.scenario, o->sets.set, o->sets.count, &sc, &err)) {
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
    if (!o->args.seeded) o->args.seed = sc->seed;
    scenario_free(sc);
    return GO_ON;
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

static sched_status gather(const validate_options *o, const sweep_view *view, const char *folder, validation *v,
                           sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < o->count && !status; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s/result.json", folder, view->cells[i].folder);
        status = validation_read_run(path, &v->level[i], err);
        snprintf(v->level[i].name, sizeof v->level[i].name, "x%g", o->factor[i]);
        v->level[i].factor = o->factor[i];
        v->count = i + 1;
    }
    for (size_t i = 0; i < o->load_count && !status; i++) status = validation_read_load(v, o->load[i], err);
    return status;
}

static int conclude(void *ctx, const sweep_view *view, sweep_plan *plan, const char *folder) {
    const validate_options *o = ctx;
    validation *v = mem_zalloc(1, sizeof *v);
    char note[VALIDATION_NOTE_MAX] = "";
    sched_error err;
    v->name = sweep_name(plan);
    v->command = o->command;
    v->seed = o->args.seed;
    sched_status status = gather(o, view, folder, v, &err);
    if (!status) status = validation_write(v, folder, note, &err);
    validation_score score = validation_judge(v);
    if (status) {
        fprintf(stderr, "lingua-sim validate: %s\n", err.message);
    } else {
        validation_print(v, stdout);
        printf("\nreport       %s/report.html\n", folder);
        if (*note) fprintf(stderr, "%s\n", note);
    }
    free(v);
    return status ? STATUS_FAILED : score.of > 0 && score.met == score.of ? STATUS_FINE : STATUS_FAILED;
}

/* ---- the command line ----------------------------------------------------------------------------------------------- */

static int parse_seed(const char *text, sweep_arguments *args) {
    sched_error err;
    if (units_parse_count(text, &args->seed, &err)) {
        fprintf(stderr, "lingua-sim validate: --seed: %s\n", err.message);
        return STATUS_BAD_INPUT;
    }
    args->seeded = true;
    return GO_ON;
}

static int add_load(validate_options *o, const char *path) {
    if (o->load_count == VALIDATION_LEVELS_MAX) {
        fprintf(stderr, "lingua-sim validate: --load: at most %d\n", VALIDATION_LEVELS_MAX);
        return STATUS_BAD_INPUT;
    }
    o->load[o->load_count++] = path;
    return GO_ON;
}

static int take_option(int c, validate_options *o) {
    switch (c) {
    case OPT_SEED: return parse_seed(optarg, &o->args);
    case OPT_SET: return overrides_add(&o->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_OUT: o->args.out = optarg; return GO_ON;
    case OPT_FRESH: o->args.fresh = true; return GO_ON;
    case OPT_QUIET: o->args.quiet = true; return GO_ON;
    case OPT_LEVELS: o->levels = optarg; return GO_ON;
    case OPT_LOAD: return add_load(o, optarg);
    case OPT_COMMANDS: o->commands = true; return GO_ON;
    case OPT_REDIS: o->redis = optarg; return GO_ON;
    case 'h': fputs(help, stdout); return STATUS_FINE;
    default: return bad_usage();
    }
}

static int parse(int argc, char **argv, validate_options *o) {
    static const struct option options[] = {{"seed", required_argument, NULL, OPT_SEED},
                                            {"set", required_argument, NULL, OPT_SET},
                                            {"out", required_argument, NULL, OPT_OUT},
                                            {"fresh", no_argument, NULL, OPT_FRESH},
                                            {"quiet", no_argument, NULL, OPT_QUIET},
                                            {"levels", required_argument, NULL, OPT_LEVELS},
                                            {"load", required_argument, NULL, OPT_LOAD},
                                            {"commands", no_argument, NULL, OPT_COMMANDS},
                                            {"redis", required_argument, NULL, OPT_REDIS},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        int status = take_option(c, o);
        if (status != GO_ON) return status;
    }
    if (argc - optind != 1) {
        fputs("lingua-sim validate: expected one scenario\n", stderr);
        return bad_usage();
    }
    o->args.scenario = argv[optind];
    return GO_ON;
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

int cmd_validate(int argc, char **argv) {
    validate_options o = {.args = {.command = "validate", .out_suffix = "-validate", .jobs = 1, .runs = 1},
                          .levels = "0.3,0.6,0.9"};
    note_command(argc, argv, o.command); /* before getopt puts them in order */
    int status = parse(argc, argv, &o);
    if (status == GO_ON) status = read_levels(&o);
    if (status == GO_ON) status = make_variants(&o);
    if (status == GO_ON && o.commands) status = print_commands(&o);
    if (status == GO_ON) {
        size_t words = 0;
        o.words[words++] = "--clock";
        o.words[words++] = "both";
        if (o.redis) o.words[words++] = "--redis";
        if (o.redis) o.words[words++] = o.redis;
        o.args.sets = &o.sets;
        o.args.variants = (const char *const *)o.variant;
        o.args.variant_count = o.count;
        o.args.words = o.words;
        o.args.word_count = words;
        o.args.conclude = conclude;
        o.args.ctx = &o;
        status = sweep_run(&o.args);
    }
    for (size_t i = 0; i < o.count; i++) free(o.variant[i]);
    return status;
}
