/* cmd_capacity.c - the command line of a capacity; capacity_run.c makes the runs, sim/capacity says what follows. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "sim/capacity/capacity_pages.h"
#include "sim/commands/capacity_run.h"
#include "sim/commands/farm.h"
#include "sim/commands/sweep_run.h"
#include "sim/report/folder.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim capacity SCENARIO --vary WHAT=LOW..HIGH [OPTIONS]\n"
    "\n"
    "Says how many sessions a scenario carries, how many nodes it takes, or at which value of any other whole number its\n"
    "objectives begin to be missed: a number with its interval, what binds, what is left without the largest group of\n"
    "nodes, what it costs when nodes have a price, and the curve past the knee. Brackets the crossing, then narrows it\n"
    "down, for each seed by itself. Writes capacity.json, points.csv, report.html, report.md and runs/ with the files of\n"
    "each run. One seed gives the same bytes in all of them, except timing.json; interrupted, the same command goes on.\n"
    "\n"
    "  --vary WHAT=LOW..HIGH\n"
    "                    sessions (groups keep their proportions), nodes, or the path of one setting; the answer is looked\n"
    "                    for in that range only\n"
    "  --slo LIST        objectives by commas instead of the scenario's: \"e2e_p95<1500ms,refused<0.1%\"\n"
    "  --runs N          seeds, each with a crossing of its own (default: 5)\n"
    "  --precision P     how narrow the bracket of each seed becomes, in percent (default: 2)\n"
    "  --no-headroom     do not search again without the largest group\n"
    "  --no-curve        no runs beside the crossing\n"
    "  --jobs N          runs at once (default: one per processor)\n"
    "  --seed N          first seed, instead of the scenario's\n"
    "  --phase PHASE     0, 1, 2, 3 or production instead of the scenario's\n"
    "  --set PATH=VALUE  another value for one setting; may be repeated\n"
    "  --out DIR         folder (default: reports/out/NAME-capacity)\n"
    "  --report          report.html and report.md for each run, too\n"
    "  --fresh           keep no run of an earlier search, run all\n"
    "  --quiet           nothing on stderr but errors\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 there is a number; 1 the objectives are met, or missed, over the whole range, or a run gave no result;\n"
    "2 bad usage or input, and nothing was run; 130 interrupted, and what ended is kept.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim capacity scenarios/quickstart.yaml --vary sessions=500..4000\n"
    "  lingua-sim capacity scenarios/capacity/parliament.yaml --vary nodes=50..1000 --slo \"e2e_p95<5s,refused<0.1%\"\n"
    "  lingua-sim capacity scenarios/quickstart.yaml --vary scheduler.waiting_max=1..1000 --runs 3\n";
// clang-format on

enum {
    GO_ON = -1,
    OPT_VARY = 256,
    OPT_SLO,
    OPT_PRECISION,
    OPT_NO_HEADROOM,
    OPT_NO_CURVE,
    OPT_SEED,
    OPT_OUT,
    OPT_REPORT,
    OPT_FRESH,
    OPT_QUIET,
    SEEDS_DEFAULT = 5,
};

#define PRECISION_DEFAULT 0.02

typedef struct capacity_options {
    capacity_arguments args;
    capacity_axis axis;
    overrides sets;
    variant_arguments counts;
    const char *slo; /* NULL: the scenario's */
    char *slo_set;   /* owned; what becomes of it for --set */
    bool varied, seeded;
    char *command; /* owned */
    double began;
    char folder[4096]; /* where to, unless it was said */
} capacity_options;

static double wall_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int bad_usage(void) {
    fputs("Try: lingua-sim capacity --help\n", stderr);
    return STATUS_BAD_INPUT;
}

static int bad_value(const char *option, const char *why) {
    fprintf(stderr, "lingua-sim capacity: %s: %s\n", option, why);
    return STATUS_BAD_INPUT;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static int parse_vary(const char *text, capacity_options *o) {
    sched_error err;
    if (o->varied) return bad_value("--vary", "one is enough; a second axis is a sweep, or another search with --set");
    if (axis_parse(text, &o->axis, &err)) return bad_value("--vary", err.message);
    o->varied = true;
    return GO_ON;
}

/* "a<1,b<2" becomes slo=["a<1", "b<2"]. */
static int parse_slo(const char *list, capacity_options *o) {
    size_t len = 0;
    if (o->slo) return bad_value("--slo", "given twice; objectives are separated by commas");
    FILE *out = open_memstream(&o->slo_set, &len);
    if (!out) return STATUS_FAILED;
    o->slo = list;
    fputs("slo=[", out);
    for (const char *at = list;; at++) {
        char one[SLO_TEXT_MAX + 1];
        slo parsed;
        sched_error err;
        size_t n = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", (int)n, at);
        if (slo_parse(one, &parsed, &err)) {
            fclose(out);
            return bad_value("--slo", err.message);
        }
        fprintf(out, "%s\"%s\"", at == list ? "" : ", ", parsed.text);
        at += n;
        if (!*at) break;
    }
    fputc(']', out);
    fclose(out);
    return overrides_add(&o->sets, o->slo_set) ? GO_ON : STATUS_BAD_INPUT;
}

static int parse_precision(const char *text, capacity_options *o) {
    sched_error err;
    double percent = 0;
    char number[UNITS_TEXT_MAX];
    snprintf(number, sizeof number, "%.*s", (int)strcspn(text, "%"), text);
    if (units_parse_number(number, &percent, &err)) return bad_value("--precision", err.message);
    if (!(percent >= 0.01 && percent <= 50)) return bad_value("--precision", "expected 0.01 .. 50 percent");
    o->args.precision = percent / 100;
    return GO_ON;
}

static int parse_seed(const char *text, capacity_options *o) {
    sched_error err;
    if (units_parse_count(text, &o->args.first_seed, &err)) return bad_value("--seed", err.message);
    o->seeded = true;
    return GO_ON;
}

/* GO_ON, or the exit status. */
static int take_option(int c, capacity_options *o) {
    switch (c) {
    case OPT_VARY: return parse_vary(optarg, o);
    case OPT_SLO: return parse_slo(optarg, o);
    case OPT_PRECISION: return parse_precision(optarg, o);
    case OPT_SEED: return parse_seed(optarg, o);
    case OPT_JOBS:
    case OPT_RUNS: return variant_argument(&o->counts, c, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_PHASE: return overrides_add_phase(&o->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_SET: return overrides_add(&o->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_OUT: o->args.out = optarg; return GO_ON;
    case OPT_NO_HEADROOM: o->args.headroom = false; return GO_ON;
    case OPT_NO_CURVE: o->args.curve = false; return GO_ON;
    case OPT_REPORT: o->args.report = true; return GO_ON;
    case OPT_FRESH: o->args.fresh = true; return GO_ON;
    case OPT_QUIET: o->args.quiet = true; return GO_ON;
    case 'h': fputs(help, stdout); return STATUS_FINE;
    default: return bad_usage();
    }
}

static int parse(int argc, char **argv, capacity_options *o) {
    static const struct option options[] = {
        {"vary", required_argument, NULL, OPT_VARY},
        {"slo", required_argument, NULL, OPT_SLO},
        {"precision", required_argument, NULL, OPT_PRECISION},
        {"no-headroom", no_argument, NULL, OPT_NO_HEADROOM},
        {"no-curve", no_argument, NULL, OPT_NO_CURVE},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"seed", required_argument, NULL, OPT_SEED},
        {"phase", required_argument, NULL, OPT_PHASE},
        {"set", required_argument, NULL, OPT_SET},
        {"out", required_argument, NULL, OPT_OUT},
        {"report", no_argument, NULL, OPT_REPORT},
        {"fresh", no_argument, NULL, OPT_FRESH},
        {"quiet", no_argument, NULL, OPT_QUIET},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        int result = take_option(c, o);
        if (result != GO_ON) return result;
    }
    if (argc - optind != 1) {
        fprintf(stderr, "lingua-sim capacity: expected one scenario, %d were given\n", argc - optind);
        return bad_usage();
    }
    if (!o->varied) {
        bad_value("--vary", "is missing: expected sessions=LOW..HIGH, nodes=LOW..HIGH or PATH=LOW..HIGH");
        return bad_usage();
    }
    if (o->counts.runs > CAPACITY_SEEDS_MAX) return bad_value("--runs", "at most 50 seeds are searched");
    o->args.scenario = argv[optind];
    o->args.seeds = (size_t)(o->counts.runs ? o->counts.runs : SEEDS_DEFAULT);
    o->args.jobs = o->counts.jobs;
    return GO_ON;
}

/* What was asked for, without what does not change the figures. */
static char *command_of(const capacity_options *o) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return mem_strdup("");
    fprintf(out, "lingua-sim capacity SCENARIO --vary %s=%" PRId64 "..%" PRId64, o->axis.path, o->axis.low,
            o->axis.high);
    if (o->slo) fprintf(out, " --slo '%s'", o->slo);
    for (size_t i = 0; i < o->sets.count; i++)
        if (o->sets.set[i] != o->slo_set) fprintf(out, " --set '%s'", o->sets.set[i]);
    if (o->args.seeds != SEEDS_DEFAULT) fprintf(out, " --runs %zu", o->args.seeds);
    if (o->args.precision < PRECISION_DEFAULT || o->args.precision > PRECISION_DEFAULT)
        fprintf(out, " --precision %g", 100 * o->args.precision);
    if (o->seeded) fprintf(out, " --seed %" PRId64, o->args.first_seed);
    if (!o->args.headroom) fputs(" --no-headroom", out);
    if (!o->args.curve) fputs(" --no-curve", out);
    fclose(out);
    return text;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static sched_status write_all(const capacity_options *o, const capacity *c, sched_error *err) {
    char where[4096], note[CAPACITY_NOTE_MAX];
    const char *folder = o->args.out;
    sched_status status = capacity_write_figures(c, folder, err);
    if (status) return status;
    snprintf(where, sizeof where, "%s/report.html", folder);
    capacity_terminal(c, where, stdout);
    fflush(stdout);
    status = capacity_write_pages(c, folder, note, err);
    if (status) return status;
    if (*note && !o->args.quiet) fprintf(stderr, "lingua-sim: %s\n", note);
    double wall_s = wall_seconds() - o->began;
    int64_t jobs = o->args.jobs ? o->args.jobs : farm_processors();
    if (!o->args.quiet)
        fprintf(stderr, "capacity: %zu runs in %.1f s, %" PRId64 " at once\n", c->run_count, wall_s, jobs);
    return capacity_write_timing(c, wall_s, jobs, folder, err);
}

static int conclude(void *ctx, const capacity *c) {
    const capacity_options *o = ctx;
    sched_error err;
    sched_status status = write_all(o, c, &err);
    if (status) fprintf(stderr, "%s\n", err.message);
    return status || !capacity_is_answered(c) ? STATUS_FAILED : STATUS_FINE;
}

/* What is wrong before anything is run. */
static sched_status look_at(const capacity_options *o, const scenario *sc, sched_error *err) {
    if (!strcmp(o->args.scenario, "-"))
        return sched_fail(err, SCHED_EINVAL, "-: several runs need a file, not standard input");
    if (!sc->slo_count)
        return sched_fail(err, SCHED_EINVAL,
                          "%s: there are no objectives to be met: expected `slo` in the file, or --slo",
                          o->args.scenario);
    return axis_check(&o->axis, sc, err);
}

static int run(capacity_options *o) {
    scenario *sc = NULL;
    sched_error err;
    sched_status status = scenario_load_set(o->args.scenario, o->sets.set, o->sets.count, &sc, &err);
    if (!status) status = look_at(o, sc, &err);
    if (!status) {
        snprintf(o->folder, sizeof o->folder, "reports/out/%s-capacity", sc->name);
        if (!o->args.out) o->args.out = o->folder;
        status = folder_make(o->args.out, &err);
    }
    int result = STATUS_BAD_INPUT;
    if (status) {
        fprintf(stderr, "%s\n", err.message);
    } else {
        if (!o->seeded) o->args.first_seed = sc->seed;
        o->args.sc = sc;
        result = capacity_run_all(&o->args, conclude, o);
    }
    scenario_free(sc);
    return result;
}

int cmd_capacity(int argc, char **argv) {
    capacity_options o = {.began = wall_seconds(),
                          .args = {.headroom = true, .curve = true, .precision = PRECISION_DEFAULT}};
    int result = parse(argc, argv, &o);
    if (result == GO_ON) {
        o.command = command_of(&o);
        o.args.axis = &o.axis;
        o.args.sets = &o.sets;
        o.args.command = o.command;
        result = run(&o);
    }
    free(o.command);
    free(o.slo_set);
    return result;
}
