/* cmd_run.c - one scenario, run once: the result on stdout, the rest in the folder of the run.
 *
 * The order matters to whoever waits: what can be wrong is found before the run (scenario, folder), the result is on stdout
 * before the report is drawn, and what was measured is written also when the run was interrupted. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/base/units.h"
#include "core/redis/private_cluster.h"
#include "sim/commands/overrides.h"
#include "sim/commands/progress.h"
#include "sim/commands/run_given.h"
#include "sim/commands/sweep_run.h"
#include "sim/measure/job_audit.h"
#include "sim/measure/trace_file.h"
#include "sim/report/folder.h"

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

typedef enum clock_choice { RUN_VIRTUAL, RUN_WALL, RUN_BOTH, CLOCK_CHOICES } clock_choice;

static const char *const clock_names[CLOCK_CHOICES] = {"virtual", "wall", "both"};

typedef struct run_arguments {
    const char *scenario, *out, *scripts;
    bool seeded, trace, report, quiet, keep_going;
    int64_t seed;
    overrides sets;
    clock_choice clock;
    int64_t masters;        /* 0: no cluster */
    const char *redis_text; /* as it was given; NULL: it was not */
    redis_url redis;
    variant_arguments variants;
} run_arguments;

/* One run of the scenario, with the instruments that watch it. */
typedef struct one_run {
    struct run_state *all;
    simulation_clock clock;
    recorder *recorder;
    checker *checker;
    oracle_log *oracle;
    job_lives *lives;
    redis_data data;
    job_audit audit;
    sched_status measuring; /* of what was read from Redis: data, audit */
    simulation_facts facts;
    double wall_s; /* that it took */
    run_report report;
} one_run;

enum { RUNS_MAX = 2 };

typedef struct run_state {
    const run_arguments *args;
    scenario *sc;
    one_run runs[RUNS_MAX]; /* the report is about the first; a second one is compared with it */
    int count;
    progress_bar *bar;
    report_folder *folder;
    FILE *trace; /* of the first */
    sched_error err;
} run_state;

/* A signal can reach nothing else. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal) {
    (void)signal;
    interrupted = 1;
}

/* The second signal ends the program: SA_RESETHAND. */
static void watch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a server that goes is an answer, not the end */
}

static void leave_signals(void) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
}

static double wall_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

enum {
    GO_ON = -1,
    OPT_SEED = 256,
    OPT_OUT,
    OPT_SCRIPTS,
    OPT_TRACE,
    OPT_NO_REPORT,
    OPT_QUIET,
    OPT_CLOCK,
    OPT_REDIS,
    OPT_MASTERS,
    OPT_KEEP_GOING
};

static int bad_usage(void) {
    fputs("Try: lingua-sim run --help\n", stderr);
    return STATUS_BAD_INPUT;
}

static int parse_seed(const char *text, run_arguments *args) {
    sched_error err;
    if (units_parse_count(text, &args->seed, &err)) {
        fprintf(stderr, "lingua-sim run: --seed: %s\n", err.message);
        return STATUS_BAD_INPUT;
    }
    args->seeded = true;
    return GO_ON;
}

static int parse_clock(const char *text, run_arguments *args) {
    for (int i = 0; i < CLOCK_CHOICES; i++) {
        if (strcmp(text, clock_names[i])) continue;
        args->clock = (clock_choice)i;
        return GO_ON;
    }
    fprintf(stderr, "lingua-sim run: --clock: \"%s\": expected virtual, wall or both\n", text);
    return STATUS_BAD_INPUT;
}

static int parse_masters(const char *text, run_arguments *args) {
    sched_error err;
    if (!units_parse_count(text, &args->masters, &err) && args->masters >= 1 && args->masters <= PRIVATE_MASTERS_MAX)
        return GO_ON;
    fprintf(stderr, "lingua-sim run: --masters: \"%s\": expected 1 to %d\n", text, PRIVATE_MASTERS_MAX);
    return STATUS_BAD_INPUT;
}

static int parse_redis(const char *text, run_arguments *args) {
    sched_error err;
    if (redis_url_parse(text, &args->redis, &err)) {
        fprintf(stderr, "lingua-sim run: --redis: %s\n", err.message);
        return STATUS_BAD_INPUT;
    }
    args->redis_text = text;
    return GO_ON;
}

/* GO_ON, or the exit status. */
static int parse(int argc, char **argv, run_arguments *args) {
    static const struct option options[] = {
        {"seed", required_argument, NULL, OPT_SEED},
        {"set", required_argument, NULL, OPT_SET},
        {"phase", required_argument, NULL, OPT_PHASE},
        {"variant", required_argument, NULL, OPT_VARIANT},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"runs", required_argument, NULL, OPT_RUNS},
        {"out", required_argument, NULL, OPT_OUT},
        {"scripts", required_argument, NULL, OPT_SCRIPTS},
        {"trace", no_argument, NULL, OPT_TRACE},
        {"no-report", no_argument, NULL, OPT_NO_REPORT},
        {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
        {"quiet", no_argument, NULL, OPT_QUIET},
        {"clock", required_argument, NULL, OPT_CLOCK},
        {"redis", required_argument, NULL, OPT_REDIS},
        {"masters", required_argument, NULL, OPT_MASTERS},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *args = (run_arguments){.report = true};
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case OPT_SEED:
            if (parse_seed(optarg, args) != GO_ON) return STATUS_BAD_INPUT;
            break;
        case OPT_SET:
            if (!overrides_add(&args->sets, optarg)) return STATUS_BAD_INPUT;
            break;
        case OPT_PHASE:
            if (!overrides_add_phase(&args->sets, optarg)) return STATUS_BAD_INPUT;
            break;
        case OPT_VARIANT:
        case OPT_JOBS:
        case OPT_RUNS:
            if (!variant_argument(&args->variants, c, optarg)) return STATUS_BAD_INPUT;
            break;
        case OPT_OUT: args->out = optarg; break;
        case OPT_SCRIPTS: args->scripts = optarg; break;
        case OPT_TRACE: args->trace = true; break;
        case OPT_NO_REPORT: args->report = false; break;
        case OPT_KEEP_GOING: args->keep_going = true; break;
        case OPT_QUIET: args->quiet = true; break;
        case OPT_CLOCK:
            if (parse_clock(optarg, args) != GO_ON) return STATUS_BAD_INPUT;
            break;
        case OPT_REDIS:
            if (parse_redis(optarg, args) != GO_ON) return STATUS_BAD_INPUT;
            break;
        case OPT_MASTERS:
            if (parse_masters(optarg, args) != GO_ON) return STATUS_BAD_INPUT;
            break;
        case 'h': fputs(help, stdout); return STATUS_FINE;
        default: return bad_usage();
        }
    }
    if (argc - optind != 1) {
        fprintf(stderr, "lingua-sim run: expected one scenario, %d were given\n", argc - optind);
        return bad_usage();
    }
    if ((args->redis_text || args->masters) && args->clock == RUN_VIRTUAL) {
        fprintf(stderr,
                "lingua-sim run: %s: only with --clock wall or both; simulated time needs a server of its own\n",
                args->redis_text ? "--redis" : "--masters");
        return STATUS_BAD_INPUT;
    }
    if (args->redis_text && args->masters) {
        fputs("lingua-sim run: --masters: not with --redis, which names servers that are there\n", stderr);
        return STATUS_BAD_INPUT;
    }
    args->scenario = argv[optind];
    if (!args->variants.count && (args->variants.jobs || args->variants.runs)) {
        fputs("lingua-sim run: --jobs and --runs are for --variant; for the points of a sweep: lingua-sim sweep\n",
              stderr);
        return STATUS_BAD_INPUT;
    }
    return GO_ON;
}

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static void on_progress(void *ctx, const simulation_progress *p) {
    one_run *run = ctx;
    if (p->stage == SIMULATION_RUNS)
        recorder_redis(run->recorder, run->all->sc->start + p->now, p->redis_commands, p->redis_bytes);
    progress_show(run->all->bar, p);
}

static bool on_stop(void *ctx) {
    const one_run *run = ctx;
    return (checker_broken(run->checker) && !run->all->args->keep_going) || run->measuring;
}

static void on_measured(void *ctx, redis_host *redis, const keyspace *keys) {
    one_run *run = ctx;
    run->measuring = redis_data_measure(redis, keys, &run->data, &run->all->err);
}

static void on_drained(void *ctx, redis_host *redis, const keyspace *keys, usec_t now) {
    one_run *run = ctx;
    const scheduler_config *config = &run->all->sc->scheduler;
    audit_rules rules = {
        .copies = config->job_store == JOB_STORE_DUAL,
        .kept = config->finished_ttl,
        .now = now,
    };
    if (config->job_store == JOB_STORE_MEMORY || run->measuring) return;
    run->measuring = job_audit_measure(redis, keys, run->lives, &rules, &run->audit, &run->all->err);
}

/* Within that time each node has reported at least about once. */
static usec_t longest_heartbeat(const scenario *sc) {
    usec_t longest = 0;
    for (size_t i = 0; i < sc->node_group_count; i++) {
        if (sc->node_groups[i].heartbeat > longest) longest = sc->node_groups[i].heartbeat;
    }
    return longest;
}

static void make_instruments(run_state *all, simulation_clock clock) {
    const scenario *sc = all->sc;
    one_run *run = &all->runs[all->count++];
    run->all = all;
    run->clock = clock;
    run->recorder = recorder_new(&(recorder_options){
        .start = sc->start,
        .warmup = sc->warmup,
        .duration = sc->duration,
        .bin = sc->measure.bin,
        .herd = longest_heartbeat(sc),
        .nodes = (int32_t)scenario_total(sc).nodes,
        .groups = sc->node_group_count,
        .jobs_survive = sc->scheduler.job_store == JOB_STORE_REDIS,
    });
    run->oracle = oracle_log_new(sc);
    run->lives = job_lives_new(&(lives_rules){
        .kept = sc->scheduler.finished_ttl,
        .jobs_survive = sc->scheduler.job_store == JOB_STORE_REDIS,
    });
    run->checker = checker_new(&(checker_rules){
        .start = sc->start,
        .bin = sc->measure.bin,
        .limit = scheduler_config_keeps_limit(&sc->scheduler),
        .counted = counts_reservations(&sc->scheduler.incidents),
        .pending_limit = sc->scheduler.pending_limit,
        .patience = sc->scheduler.redis_patience,
        .gap_limit = sc->scheduler.gap_limit,
        .close_limit = sc->scheduler.close_limit,
        .affinity = sc->scheduler.affinity,
        .affinity_ttl = sc->scheduler.affinity_ttl,
        .instances = sc->instances.count,
        .jobs_survive = sc->scheduler.job_store == JOB_STORE_REDIS,
    });
}

/* What the trace and the data in Redis still say when all is over. */
static void close_books(one_run *run) {
    const simulation_facts *facts = &run->facts;
    const scenario *sc = run->all->sc;
    usec_t now = sc->start + facts->simulated;
    bool complete = !facts->interrupted && !facts->stopped;
    recorder_end(run->recorder, now);
    checker_end(run->checker, now, complete);
    int64_t told = facts->findings < SIMULATION_FINDINGS_MAX ? facts->findings : SIMULATION_FINDINGS_MAX;
    for (int64_t i = 0; i < told; i++) checker_data(run->checker, now, facts->finding[i]);
    oracle_waits oracle;
    oracle_log_ask(run->oracle, &oracle);
    run_report_make(&run->report, sc, run->recorder, run->checker, facts, &run->data, &oracle);
    run_report_add_lives(&run->report, job_lives_counts(run->lives), &run->audit);
}

static sched_status simulate(one_run *run, FILE *trace_stream) {
    run_state *all = run->all;
    const run_arguments *args = all->args;
    trace_file trace = {trace_stream, all->sc->start, all->sc->instances.count > 1};
    trace_sink sinks[] = {recorder_sink(run->recorder), checker_sink(run->checker), oracle_log_sink(run->oracle),
                          job_lives_sink(run->lives), trace_file_sink(&trace)};
    simulation_options options = simulation_defaults;
    options.scripts = args->scripts;
    options.clock = run->clock;
    options.redis_url = args->redis_text ? &args->redis : NULL;
    options.redis_masters = (int)args->masters;
    options.log = (logger){log_to_stderr, NULL, args->quiet ? LOG_ERROR : LOG_WARN};
    options.sinks = sinks;
    options.sink_count = trace_stream ? 5 : 4;
    options.progress = on_progress;
    options.stop = on_stop;
    options.measured = on_measured;
    options.drained = on_drained;
    options.interrupt = &interrupted;
    options.ctx = run;
    double began = wall_seconds();
    sched_status status = simulation_run(all->sc, &options, &run->facts, &all->err);
    run->wall_s = wall_seconds() - began;
    progress_clear(all->bar);
    if (!status) status = run->measuring;
    if (!status) close_books(run);
    return status;
}

static sched_status simulate_all(run_state *all) {
    sched_status status = simulate(&all->runs[0], all->trace);
    if (status || all->count == 1 || all->runs[0].facts.interrupted) return status;
    status = simulate(&all->runs[1], NULL);
    if (!status) run_report_compare(&all->runs[0].report, &all->runs[1].report);
    return status;
}

/* ---- what is written ------------------------------------------------------------------------------------------------ */

static int64_t peak_rss(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}

static int exit_status(const run_report *report) {
    if (report->facts->interrupted || (report->measured && report->measured->facts->interrupted))
        return STATUS_INTERRUPTED;
    return report->pass ? STATUS_FINE : STATUS_FAILED;
}

static sched_status write_pages(run_state *run, const run_report *report) {
    sched_status status = folder_write_report(run->folder, report, &run->err);
    const char *note = folder_note(run->folder);
    if (!status && *note && !run->args->quiet) fprintf(stderr, "lingua-sim: %s\n", note);
    return status;
}

static sched_status write_out(run_state *run, int *ret_exit) {
    const run_arguments *args = run->args;
    const run_report *report = &run->runs[0].report;
    double began = wall_seconds();
    *ret_exit = exit_status(report);
    sched_status status = folder_write_figures(run->folder, report, &run->err);
    if (status) return status;
    report_terminal(report, folder_path(run->folder, args->report ? "report.html" : "result.json"), stdout);
    fflush(stdout);
    if (args->report) status = write_pages(run, report);
    if (status) return status;
    run_timing timing = {.wall_s = run->runs[0].wall_s,
                         .report_s = wall_seconds() - began,
                         .peak_rss_bytes = peak_rss()};
    if (!args->quiet) report_speed(report, &timing, stderr);
    return folder_write_timing(run->folder, report, &timing, &run->err);
}

static sched_status open_all(run_state *run) {
    const run_arguments *args = run->args;
    sched_status status = SCHED_OK;
    if (!run->sc) status = scenario_load_set(args->scenario, args->sets.set, args->sets.count, &run->sc, &run->err);
    if (status) return status;
    if (scenario_drop_sweep(run->sc) && !args->quiet)
        fprintf(stderr, "%s: runs the scenario as it stands, without its sweep; all points: lingua-sim sweep %s\n",
                args->scenario, args->scenario);
    if (args->seeded) run->sc->seed = args->seed;
    if (*run->sc->warning && !args->quiet) fprintf(stderr, "%s: warning: %s\n", args->scenario, run->sc->warning);
    status = folder_open(args->out, run->sc->name, &run->folder, &run->err);
    if (!status && (args->trace || run->sc->measure.trace))
        status = folder_open_trace(run->folder, &run->trace, &run->err);
    if (status) return status;
    if (args->clock != RUN_WALL) make_instruments(run, CLOCK_VIRTUAL);
    if (args->clock != RUN_VIRTUAL) make_instruments(run, CLOCK_WALL);
    run->bar = progress_new(!args->quiet && isatty(STDERR_FILENO) ? stderr : NULL);
    return SCHED_OK;
}

static void close_all(run_state *run) {
    progress_free(run->bar);
    folder_close(run->folder);
    for (int i = 0; i < run->count; i++) {
        recorder_free(run->runs[i].recorder);
        checker_free(run->runs[i].checker);
        oracle_log_free(run->runs[i].oracle);
        job_lives_free(run->runs[i].lives);
    }
    scenario_free(run->sc);
}

/* Scripts that are not there and a Redis that is missing or too old are input, too: the user can mend them. */
static int fail(const run_state *run, sched_status status) {
    fprintf(stderr, "%s\n", run->err.message);
    return status == SCHED_EINVAL || status == SCHED_ENOENT ? STATUS_BAD_INPUT : STATUS_FAILED;
}

static int run_scenario(const run_arguments *args, scenario *given) {
    int result = STATUS_FAILED;
    run_state run = {.args = args, .sc = given};
    if (open_all(&run)) {
        fprintf(stderr, "%s\n", run.err.message);
        close_all(&run);
        return STATUS_BAD_INPUT;
    }
    watch_signals();
    sched_status status = simulate_all(&run);
    if (!status) status = folder_close_trace(run.folder, &run.err);
    if (!status) status = write_out(&run, &result);
    leave_signals();
    if (status)
        result = fail(&run, status);
    else if (interrupted) /* also while the report was drawn: all is written, perhaps without plots */
        result = STATUS_INTERRUPTED;
    close_all(&run);
    return result;
}

int run_given(scenario *sc, int argc, char **argv) {
    run_arguments args;
    optind = 0;
    int result = parse(argc, argv, &args);
    if (result == GO_ON) return run_scenario(&args, sc);
    scenario_free(sc);
    return result;
}

/* What each variant is run with, beside its own seed and folder. */
static int run_variants(const run_arguments *args) {
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
    if (args->redis_text) words[n++] = "--redis";
    if (args->redis_text) words[n++] = args->redis_text;
    const variant_arguments *v = &args->variants;
    int64_t jobs = v->jobs || args->clock == RUN_VIRTUAL ? v->jobs : 1; /* side by side they would disturb each other */
    return sweep_run(&(sweep_arguments){
        .command = "run",
        .scenario = args->scenario,
        .out = args->out,
        .sets = &args->sets,
        .variants = v->variant,
        .variant_count = v->count,
        .seeded = args->seeded,
        .seed = args->seed,
        .jobs = jobs,
        .runs = v->runs,
        .fresh = true,
        .quiet = args->quiet,
        .words = words,
        .word_count = n,
    });
}

int cmd_run(int argc, char **argv) {
    run_arguments args;
    int result = parse(argc, argv, &args);
    if (result != GO_ON) return result;
    return args.variants.count ? run_variants(&args) : run_scenario(&args, NULL);
}
