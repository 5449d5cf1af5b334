/* cmd_capacity.c - the command line of a capacity; capacity_run.c makes the runs, sim/capacity says what follows. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "sim/capacity/capacity_pages.h"
#include "sim/capacity/run_length.h"
#include "sim/commands/capacity_run.h"
#include "sim/commands/command_line.h"
#include "sim/commands/commands.h"
#include "sim/commands/farm.h"
#include "sim/commands/wall_seconds.h"
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
    "  --length TIME     of each run, instead of the scenario's duration (default: 4min of one that is longer and goes on\n"
    "                    alike: no faults, steady arrivals; else all of it)\n"
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

enum { OPT_VARY = OPT_OWN, OPT_SLO, OPT_PRECISION, OPT_LENGTH, OPT_NO_HEADROOM, OPT_NO_CURVE, SEEDS_DEFAULT = 5 };

#define PRECISION_DEFAULT 0.02

typedef struct capacity_options {
    command_line line;
    capacity_arguments args;
    capacity_axis axis;
    const char *slo;                    /* NULL: the scenario's */
    char *slo_set;                      /* owned; what becomes of it for --set */
    usec_t length;                      /* of each run; 0: as is usual */
    char duration[UNITS_TEXT_MAX + 16]; /* what becomes of it for --set */
    bool varied;
    char *command; /* owned */
    double began;
    char folder[4096]; /* where to, unless it was said */
} capacity_options;

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static int parse_vary(const char *text, capacity_options *o) {
    sched_error err;
    if (o->varied)
        return command_line_refuse(&o->line, "--vary",
                                   "one is enough; a second axis is a sweep, or another search with --set");
    if (axis_parse(text, &o->axis, &err)) return command_line_refuse(&o->line, "--vary", "%s", err.message);
    o->varied = true;
    return GO_ON;
}

/* "a<1,b<2" becomes slo=["a<1", "b<2"]. */
static int parse_slo(const char *list, capacity_options *o) {
    size_t len = 0;
    if (o->slo) return command_line_refuse(&o->line, "--slo", "given twice; objectives are separated by commas");
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
            return command_line_refuse(&o->line, "--slo", "%s", err.message);
        }
        fprintf(out, "%s\"%s\"", at == list ? "" : ", ", parsed.text);
        at += n;
        if (!*at) break;
    }
    fputc(']', out);
    fclose(out);
    return overrides_add(&o->line.sets, o->slo_set) ? GO_ON : STATUS_BAD_INPUT;
}

static int parse_precision(const char *text, capacity_options *o) {
    sched_error err;
    double percent = 0;
    char number[UNITS_TEXT_MAX];
    snprintf(number, sizeof number, "%.*s", (int)strcspn(text, "%"), text);
    if (units_parse_number(number, &percent, &err))
        return command_line_refuse(&o->line, "--precision", "%s", err.message);
    if (!(percent >= 0.01 && percent <= 50))
        return command_line_refuse(&o->line, "--precision", "expected 0.01 .. 50 percent");
    o->args.precision = percent / 100;
    return GO_ON;
}

static int parse_length(const char *text, capacity_options *o) {
    sched_error err;
    if (units_parse_duration(text, &o->length, &err))
        return command_line_refuse(&o->line, "--length", "%s", err.message);
    if (o->length <= 0) return command_line_refuse(&o->line, "--length", "expected more than nothing");
    return GO_ON;
}

static int take_own(void *ctx, int c) {
    capacity_options *o = ctx;
    switch (c) {
    case OPT_VARY: return parse_vary(optarg, o);
    case OPT_SLO: return parse_slo(optarg, o);
    case OPT_PRECISION: return parse_precision(optarg, o);
    case OPT_LENGTH: return parse_length(optarg, o);
    case OPT_NO_HEADROOM: o->args.headroom = false; return GO_ON;
    case OPT_NO_CURVE: o->args.curve = false; return GO_ON;
    default: return GO_ON;
    }
}

static int parse(int argc, char **argv, capacity_options *o) {
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"vary", required_argument, NULL, OPT_VARY},
        {"slo", required_argument, NULL, OPT_SLO},
        {"precision", required_argument, NULL, OPT_PRECISION},
        {"length", required_argument, NULL, OPT_LENGTH},
        {"no-headroom", no_argument, NULL, OPT_NO_HEADROOM},
        {"no-curve", no_argument, NULL, OPT_NO_CURVE},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"phase", required_argument, NULL, OPT_PHASE},
        {"report", no_argument, NULL, OPT_REPORT},
        {"fresh", no_argument, NULL, OPT_FRESH},
        {NULL, 0, NULL, 0},
    };
    o->line = (command_line){.command = "capacity", .help = help, .options = options, .own = take_own, .ctx = o};
    int result = command_line_parse(&o->line, argc, argv);
    if (result != GO_ON) return result;
    if (!o->varied) {
        command_line_refuse(&o->line, "--vary",
                            "is missing: expected sessions=LOW..HIGH, nodes=LOW..HIGH or PATH=LOW..HIGH");
        return command_line_usage(&o->line);
    }
    if (o->line.variants.runs > CAPACITY_SEEDS_MAX)
        return command_line_refuse(&o->line, "--runs", "at most 50 seeds are searched");
    o->args.scenario = o->line.scenario;
    o->args.out = o->line.out;
    o->args.sets = &o->line.sets;
    o->args.first_seed = o->line.seed;
    o->args.seeds = (size_t)(o->line.variants.runs ? o->line.variants.runs : SEEDS_DEFAULT);
    o->args.jobs = o->line.variants.jobs;
    o->args.report = o->line.report;
    o->args.fresh = o->line.fresh;
    o->args.quiet = o->line.quiet;
    return GO_ON;
}

/* What was asked for, without what does not change the figures. */
static char *command_of(const capacity_options *o) {
    char *text = NULL, length[UNITS_TEXT_MAX];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return mem_strdup("");
    fprintf(out, "lingua-sim capacity SCENARIO --vary %s=%" PRId64 "..%" PRId64, o->axis.path, o->axis.low,
            o->axis.high);
    if (o->slo) fprintf(out, " --slo '%s'", o->slo);
    for (size_t i = 0; i < o->line.sets.count; i++)
        if (o->line.sets.set[i] != o->slo_set && o->line.sets.set[i] != o->duration)
            fprintf(out, " --set '%s'", o->line.sets.set[i]);
    if (o->args.seeds != SEEDS_DEFAULT) fprintf(out, " --runs %zu", o->args.seeds);
    if (o->args.precision < PRECISION_DEFAULT || o->args.precision > PRECISION_DEFAULT)
        fprintf(out, " --precision %g", 100 * o->args.precision);
    if (o->length) fprintf(out, " --length %s", units_format_duration(length, o->length));
    if (o->line.seeded) fprintf(out, " --seed %" PRId64, o->args.first_seed);
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
    if (*note && !o->line.quiet) fprintf(stderr, "lingua-sim: %s\n", note);
    double wall_s = wall_seconds() - o->began;
    int64_t jobs = o->args.jobs ? o->args.jobs : farm_processors();
    if (!o->line.quiet)
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

/* A path that is no setting, or one that does not take both ends of the range. */
static sched_status try_path(const capacity_options *o, int64_t value, sched_error *err) {
    char set[AXIS_PATH_MAX + 32];
    overrides sets = o->line.sets;
    scenario *sc = NULL;
    sched_error why;
    if (o->axis.kind != AXIS_PATH) return SCHED_OK;
    snprintf(set, sizeof set, "%s=%" PRId64, o->axis.path, value);
    if (!overrides_add(&sets, set)) return sched_fail(err, SCHED_EINVAL, "--vary %s: too many settings", o->axis.path);
    sched_status status = scenario_load_set(o->args.scenario, sets.set, sets.count, &sc, &why);
    scenario_free(sc);
    return status ? sched_fail(err, status, "--vary %s=%" PRId64 "..%" PRId64 ": %s", o->axis.path, o->axis.low,
                               o->axis.high, why.message)
                  : SCHED_OK;
}

/* What is wrong before anything is run. */
static sched_status look_at(const capacity_options *o, const scenario *sc, sched_error *err) {
    if (!strcmp(o->args.scenario, "-"))
        return sched_fail(err, SCHED_EINVAL, "-: several runs need a file, not standard input");
    if (!sc->slo_count)
        return sched_fail(err, SCHED_EINVAL,
                          "%s: there are no objectives to be met: expected `slo` in the file, or --slo",
                          o->args.scenario);
    sched_status status = axis_check(&o->axis, sc, err);
    if (!status) status = try_path(o, o->axis.low, err);
    if (!status) status = try_path(o, o->axis.high, err);
    return status;
}

/* Loads it again when its runs are to have another length than it says; `duration` that was set is meant. */
static sched_status load(capacity_options *o, scenario **ret_scenario, sched_error *err) {
    overrides *sets = &o->line.sets;
    char text[UNITS_TEXT_MAX];
    sched_status status = scenario_load_set(o->args.scenario, sets->set, sets->count, ret_scenario, err);
    if (status) return status;
    bool said = false;
    for (size_t i = 0; i < sets->count; i++) said |= !strncmp(sets->set[i], "duration=", strlen("duration="));
    usec_t whole = (*ret_scenario)->duration, length = o->length;
    if (!length) length = said ? whole : run_length_usual(*ret_scenario);
    if (length == whole) return SCHED_OK;
    snprintf(o->duration, sizeof o->duration, "duration=%s", units_format_duration(text, length));
    if (!overrides_add(sets, o->duration)) return sched_fail(err, SCHED_EINVAL, "too many settings");
    if (!o->length && !o->line.quiet)
        fprintf(stderr, "capacity: runs of %s, since the scenario goes on alike; --length says otherwise\n", text);
    scenario_free(*ret_scenario);
    *ret_scenario = NULL;
    return scenario_load_set(o->args.scenario, sets->set, sets->count, ret_scenario, err);
}

static int run(capacity_options *o) {
    scenario *sc = NULL;
    sched_error err;
    sched_status status = load(o, &sc, &err);
    if (!status) o->args.command = o->command = command_of(o);
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
        if (!o->line.seeded) o->args.first_seed = sc->seed;
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
        o.args.axis = &o.axis;
        result = run(&o);
    }
    free(o.command);
    free(o.slo_set);
    return result;
}
