/* cmd_sweep.c - the command line of a sweep; sweep_run.c does it. */
#include "sim/commands/command_line.h"
#include "sim/commands/commands.h"

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

int cmd_sweep(int argc, char **argv) {
    static const char *const no_report[] = {"--no-report"};
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"phase", required_argument, NULL, OPT_PHASE},
        {"report", no_argument, NULL, OPT_REPORT},
        {"fresh", no_argument, NULL, OPT_FRESH},
        {NULL, 0, NULL, 0},
    };
    command_line line = {.command = "sweep", .help = help, .options = options};
    int result = command_line_parse(&line, argc, argv);
    if (result != GO_ON) return result;
    sweep_arguments args = command_line_sweep(&line);
    args.words = no_report;
    args.word_count = line.report ? 0 : 1;
    return sweep_run(&args);
}
