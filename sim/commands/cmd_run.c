/* cmd_run.c - the command line of a run, or of one for each variant; run_scenario.c does the one, sweep_run.c the others. */
#include <inttypes.h>
#include <string.h>

#include "core/base/units.h"
#include "core/redis/private_cluster.h"
#include "sim/commands/command_line.h"
#include "sim/commands/commands.h"
#include "sim/commands/run_given.h"
#include "sim/commands/run_scenario.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim run SCENARIO [OPTIONS]\n"
    "\n"
    "Runs a scenario (\"-\": standard input) in simulated time against a redis-server of its own. Prints the verdict and the\n"
    "figures; writes result.json, timeline.csv, nodes.csv, hist/*.hgrm, report.html, report.md and timing.json into a folder.\n"
    "One seed gives the same bytes in all of them, except timing.json, unless the clock is on the wall.\n"
    "\n"
    "  --seed N          instead of the scenario's seed\n"
    "  --phase PHASE     0, 1, 2, 3 or production instead of the scenario's: --set scheduler.phase=PHASE\n"
    "  --set PATH=VALUE  another value for one setting, such as nodes.0.count=50; may be repeated\n"
    "  --variant NAME[:PATH=VALUE,...]\n"
    "                    one run for each --variant, with the same seeds, in OUT/NAME, and a table that compares them;\n"
    "                    --jobs N at once (default: one per processor), --runs N with successive seeds\n"
    "  --out DIR         folder of the run (default: reports/out/NAME)\n"
    "  --clock CLOCK     virtual (default): simulated time. wall: real time against an ordinary Redis; the figures are\n"
    "                    measured, and differ from run to run. both: one after the other, then side by side\n"
    "  --redis URL       for --clock wall or both, instead of a private server: redis://[user:password@]host[:port][/db] or\n"
    "                    unix:///path[?db=n]; the run keeps to keys under a fresh prefix and deletes them at the end. A server\n"
    "                    that belongs to a Redis Cluster stands for all of it; redis+cluster://host:port,host:port names more\n"
    "  --masters N       for --clock wall or both: a private Redis Cluster of N (1 to 8) masters instead of a private server\n"
    "  --keep-going      do not stop at a broken promise: count all of them\n"
    "  --trace           write trace.jsonl too: one line for each event\n"
    "  --scripts DIR     Lua scripts from that folder instead of those in the program\n"
    "  --no-report       neither report.html nor report.md\n"
    "  --quiet           nothing on stderr but errors\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 all promises kept and all objectives met; 1 not; 2 bad usage or input; 130 interrupted, and what was\n"
    "measured so far is written.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim run scenarios/quickstart.yaml\n"
    "  lingua-sim run scenarios/faults/node_crash.yaml --seed 7 --out crash --trace\n"
    "  lingua-sim run scenarios/quickstart.yaml --phase 3 --out phase-3\n"
    "  lingua-sim run scenarios/quickstart.yaml --clock both --set duration=60s\n"
    "  lingua-sim run scenarios/quickstart.yaml --variant chance:scheduler.placement=random --variant as_it_is\n";
// clang-format on

static const char *const clock_names[CLOCK_CHOICES] = {"virtual", "wall", "both"};

enum {
    OPT_SCRIPTS = OPT_OWN,
    OPT_TRACE,
    OPT_NO_REPORT,
    OPT_CLOCK,
    OPT_REDIS,
    OPT_MASTERS,
    OPT_KEEP_GOING,
};

typedef struct run_options {
    command_line line;
    run_arguments args;
    const char *redis_text; /* as it was given; NULL: it was not */
    redis_url redis;
} run_options;

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static int parse_clock(const char *text, run_options *o) {
    for (int i = 0; i < CLOCK_CHOICES; i++) {
        if (strcmp(text, clock_names[i])) continue;
        o->args.clock = (clock_choice)i;
        return GO_ON;
    }
    return command_line_refuse(&o->line, "--clock", "\"%s\": expected virtual, wall or both", text);
}

static int parse_masters(const char *text, run_options *o) {
    sched_error err;
    int64_t *masters = &o->args.masters;
    if (!units_parse_count(text, masters, &err) && *masters >= 1 && *masters <= PRIVATE_MASTERS_MAX) return GO_ON;
    return command_line_refuse(&o->line, "--masters", "\"%s\": expected 1 to %d", text, PRIVATE_MASTERS_MAX);
}

static int parse_redis(const char *text, run_options *o) {
    sched_error err;
    if (redis_url_parse(text, &o->redis, &err)) return command_line_refuse(&o->line, "--redis", "%s", err.message);
    o->redis_text = text;
    o->args.redis = &o->redis;
    return GO_ON;
}

static int take_own(void *ctx, int c) {
    run_options *o = ctx;
    switch (c) {
    case OPT_SCRIPTS: o->args.scripts = optarg; return GO_ON;
    case OPT_TRACE: o->args.trace = true; return GO_ON;
    case OPT_NO_REPORT: o->args.report = false; return GO_ON;
    case OPT_KEEP_GOING: o->args.keep_going = true; return GO_ON;
    case OPT_CLOCK: return parse_clock(optarg, o);
    case OPT_REDIS: return parse_redis(optarg, o);
    case OPT_MASTERS: return parse_masters(optarg, o);
    default: return GO_ON;
    }
}

/* What does not go together. */
static int look_at(const run_options *o) {
    const variant_arguments *v = &o->line.variants;
    if ((o->redis_text || o->args.masters) && o->args.clock == RUN_VIRTUAL)
        return command_line_refuse(&o->line, o->redis_text ? "--redis" : "--masters",
                                   "only with --clock wall or both; simulated time needs a server of its own");
    if (o->redis_text && o->args.masters)
        return command_line_refuse(&o->line, "--masters", "not with --redis, which names servers that are there");
    if (!v->count && (v->jobs || v->runs)) {
        fputs("lingua-sim run: --jobs and --runs are for --variant; for the points of a sweep: lingua-sim sweep\n",
              stderr);
        return STATUS_BAD_INPUT;
    }
    return GO_ON;
}

static int parse(int argc, char **argv, run_options *o) {
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"phase", required_argument, NULL, OPT_PHASE},
        {"variant", required_argument, NULL, OPT_VARIANT},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"scripts", required_argument, NULL, OPT_SCRIPTS},
        {"trace", no_argument, NULL, OPT_TRACE},
        {"no-report", no_argument, NULL, OPT_NO_REPORT},
        {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
        {"clock", required_argument, NULL, OPT_CLOCK},
        {"redis", required_argument, NULL, OPT_REDIS},
        {"masters", required_argument, NULL, OPT_MASTERS},
        {NULL, 0, NULL, 0},
    };
    *o = (run_options){.args = {.report = true}};
    o->line = (command_line){.command = "run", .help = help, .options = options, .own = take_own, .ctx = o};
    int result = command_line_parse(&o->line, argc, argv);
    if (result != GO_ON) return result;
    o->args.scenario = o->line.scenario;
    o->args.out = o->line.out;
    o->args.sets = &o->line.sets;
    o->args.seeded = o->line.seeded;
    o->args.seed = o->line.seed;
    o->args.quiet = o->line.quiet;
    return look_at(o);
}

/* ---- what is run ---------------------------------------------------------------------------------------------------- */

int run_given(scenario *sc, int argc, char **argv) {
    run_options o;
    optind = 0;
    int result = parse(argc, argv, &o);
    if (result == GO_ON) return run_scenario(&o.args, sc);
    scenario_free(sc);
    return result;
}

/* What each variant is run with, beside its own seed and folder. */
static int run_variants(const run_options *o) {
    const run_arguments *args = &o->args;
    const char *words[SWEEP_WORDS_MAX];
    size_t n = 0;
    if (!args->report) words[n++] = "--no-report";
    if (args->trace) words[n++] = "--trace";
    if (args->keep_going) words[n++] = "--keep-going";
    if (args->scripts) words[n++] = "--scripts";
    if (args->scripts) words[n++] = args->scripts;
    if (args->clock != RUN_VIRTUAL) words[n++] = "--clock";
    if (args->clock != RUN_VIRTUAL) words[n++] = clock_names[args->clock];
    char masters[24];
    snprintf(masters, sizeof masters, "%" PRId64, args->masters);
    if (args->masters) words[n++] = "--masters";
    if (args->masters) words[n++] = masters;
    if (o->redis_text) words[n++] = "--redis";
    if (o->redis_text) words[n++] = o->redis_text;
    const variant_arguments *v = &o->line.variants;
    sweep_arguments sweep = command_line_sweep(&o->line);
    sweep.variants = v->variant;
    sweep.variant_count = v->count;
    if (args->clock != RUN_VIRTUAL && !v->jobs) sweep.jobs = 1; /* side by side they would disturb each other */
    sweep.fresh = true;
    sweep.words = words;
    sweep.word_count = n;
    return sweep_run(&sweep);
}

int cmd_run(int argc, char **argv) {
    run_options o;
    int result = parse(argc, argv, &o);
    if (result != GO_ON) return result;
    return o.line.variants.count ? run_variants(&o) : run_scenario(&o.args, NULL);
}
