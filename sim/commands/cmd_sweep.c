/* cmd_sweep.c - the command line of a sweep; sweep_run.c does it. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/units.h"
#include "sim/commands/sweep_run.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim sweep SCENARIO [OPTIONS]\n"
    "\n"
    "Runs the scenario at every point of its `sweep`, the cartesian product of its axes, each `runs` times with successive\n"
    "seeds. Runs are processes of their own, each with a redis-server of its own. Prints a line for each point; writes\n"
    "points.csv, summary.md and points/NUMBER-VALUES/ with the files of `run`. What is printed and written does not depend\n"
    "on --jobs. Runs of an earlier, interrupted sweep that ended are kept when scenario, seed and program are the same.\n"
    "\n"
    "  --jobs N          runs at once (default: one per processor)\n"
    "  --runs N          of each point, instead of the scenario's `runs`\n"
    "  --seed N          first seed, instead of the scenario's\n"
    "  --phase PHASE     0, 1, 2, 3 or production instead of the scenario's\n"
    "  --set PATH=VALUE  another value for one setting, such as nodes.0.count=50; may be repeated\n"
    "  --out DIR         folder of the sweep (default: reports/out/NAME)\n"
    "  --report          report.html and report.md for each run, too\n"
    "  --fresh           keep nothing, run all\n"
    "  --quiet           nothing on stderr but errors\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 all runs kept their promises and met their objectives; 1 not; 2 bad usage or input, and nothing was\n"
    "run; 130 interrupted, and what ended is kept.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim sweep scenarios/sweeps/placement.yaml\n"
    "  lingua-sim sweep scenarios/sweeps/placement.yaml --runs 5 --jobs 8 --out placement\n"
    "  lingua-sim sweep scenarios/sweeps/placement.yaml --set 'sweep={nodes.0.speed: [1, 1.5, 2]}'\n";
// clang-format on

enum { GO_ON = -1, OPT_SEED = 256, OPT_OUT, OPT_REPORT, OPT_FRESH, OPT_QUIET };

typedef struct sweep_options {
    sweep_arguments args;
    overrides sets;
    variant_arguments counts;
    bool report;
} sweep_options;

static int parse_seed(const char *text, sweep_arguments *args) {
    sched_error err;
    if (units_parse_count(text, &args->seed, &err)) {
        fprintf(stderr, "lingua-sim sweep: --seed: %s\n", err.message);
        return STATUS_BAD_INPUT;
    }
    args->seeded = true;
    return GO_ON;
}

/* GO_ON, or the exit status. */
static int take_option(int c, sweep_options *o) {
    switch (c) {
    case OPT_JOBS:
    case OPT_RUNS: return variant_argument(&o->counts, c, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_PHASE: return overrides_add_phase(&o->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_SET: return overrides_add(&o->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_SEED: return parse_seed(optarg, &o->args);
    case OPT_OUT: o->args.out = optarg; return GO_ON;
    case OPT_REPORT: o->report = true; return GO_ON;
    case OPT_FRESH: o->args.fresh = true; return GO_ON;
    case OPT_QUIET: o->args.quiet = true; return GO_ON;
    case 'h': fputs(help, stdout); return STATUS_FINE;
    default: fputs("Try: lingua-sim sweep --help\n", stderr); return STATUS_BAD_INPUT;
    }
}

static int parse(int argc, char **argv, sweep_options *o) {
    static const struct option options[] = {
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"seed", required_argument, NULL, OPT_SEED},
        {"set", required_argument, NULL, OPT_SET},
        {"phase", required_argument, NULL, OPT_PHASE},
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
        fprintf(stderr, "lingua-sim sweep: expected one scenario, %d were given\nTry: lingua-sim sweep --help\n",
                argc - optind);
        return STATUS_BAD_INPUT;
    }
    o->args.scenario = argv[optind];
    return GO_ON;
}

int cmd_sweep(int argc, char **argv) {
    static const char *const no_report[] = {"--no-report"};
    sweep_options o = {.report = false};
    int result = parse(argc, argv, &o);
    if (result != GO_ON) return result;
    o.args.command = "sweep";
    o.args.sets = &o.sets;
    o.args.jobs = o.counts.jobs;
    o.args.runs = o.counts.runs;
    o.args.words = no_report;
    o.args.word_count = o.report ? 0 : 1;
    return sweep_run(&o.args);
}
