/* calibrate_command.c - the command line of a calibration. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "bench/calibrate/calibrate.h"
#include "bench/commands.h"
#include "core/base/units.h"

// clang-format off
static const char help[] =
    "Usage: lingua-bench calibrate [--out FILE] [OPTIONS]\n"
    "\n"
    "Measures what scripts, commands and the core's own work cost on this machine, and writes them as the profile that\n"
    "lingua-sim reads: a scenario names it in redis.profile. A world of some thousand jobs per second runs in real time\n"
    "against a private Redis, twice for each run: once the server keeps the duration of every call, once it tells its CPU\n"
    "time. Each run is then foretold from the others; what that is off by stands in the profile. Take an idle machine.\n"
    "\n"
    "  --out FILE     where the profile goes; \"-\" (default): standard output, and the table to standard error\n"
    "  --runs N       runs, of which medians are taken, 1 .. 25 (default 5)\n"
    "  --length TIME  of each half of a run, 5s .. 15s (default 5s)\n"
    "  --help         this text\n"
    "\n"
    "Exit status: 0 written; 1 it could not be measured or written; 2 bad usage; 130 interrupted.\n"
    "\n"
    "Examples:\n"
    "  lingua-bench calibrate --out here.json\n"
    "  lingua-sim run scenarios/quickstart.yaml --set redis.profile=here.json\n";
// clang-format on

enum { GO_ON = -1 };

typedef struct wishes {
    const char *out;
    int64_t runs;
    usec_t length;
} wishes;

static volatile sig_atomic_t interrupts;

static void on_signal(int number) {
    (void)number;
    interrupts = interrupts + 1;
}

static bool is_interrupted(void) {
    return interrupts > 0;
}

static int misused(const char *what, const char *value, const char *expected) {
    fprintf(stderr, "lingua-bench calibrate: %s \"%s\": expected %s\n", what, value, expected);
    return EXIT_USAGE;
}

static int take(int c, wishes *w) {
    sched_error err;
    switch (c) {
    case 'o': w->out = optarg; return GO_ON;
    case 'r':
        if (units_parse_count(optarg, &w->runs, &err) || w->runs < 1 || w->runs > CALIBRATE_RUNS_MAX)
            return misused("--runs", optarg, "1 to 25");
        return GO_ON;
    case 'l':
        if (units_parse_duration(optarg, &w->length, &err) || w->length < 5 * USEC_PER_SEC ||
            w->length > 15 * USEC_PER_SEC)
            return misused("--length", optarg, "a duration from 5s to 15s");
        return GO_ON;
    case 'h': fputs(help, stdout); return EXIT_FINE;
    default: fputs("Try: lingua-bench calibrate --help\n", stderr); return EXIT_USAGE;
    }
}

static int parse(int argc, char **argv, wishes *w) {
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"runs", required_argument, NULL, 'r'},
                                            {"length", required_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        int status = take(c, w);
        if (status != GO_ON) return status;
    }
    if (optind < argc) return misused("argument", argv[optind], "none");
    return GO_ON;
}

static sched_status measure(const wishes *w, calibration *c, sched_error *err) {
    static workload_figures runs[CALIBRATE_RUNS_MAX];
    sched_status status = SCHED_OK;
    int done = 0;
    for (; done < w->runs && !status && !is_interrupted(); done++) {
        fprintf(stderr, "calibrate: run %d of %lld\n", done + 1, (long long)w->runs);
        status = workload_run(w->length, 1 + done, &runs[done], err);
    }
    if (!status && is_interrupted()) return sched_fail(err, SCHED_EINTR, "interrupted");
    if (status) return status;
    calibration_conclude(runs, done, c);
    return calibration_measure_core(BENCH_RUNS_QUICK, is_interrupted, c, err);
}

/* Measuring takes a minute: whether the profile can be written is asked before it. Nothing stays of the question. */
static bool may_write(const char *path) {
    if (!strcmp(path, "-")) return true;
    bool there = access(path, F_OK) == 0;
    FILE *out = fopen(path, "ae");
    if (!out) fprintf(stderr, "lingua-bench calibrate: %s: %s\n", path, strerror(errno));
    if (!out) return false;
    fclose(out);
    if (!there) unlink(path);
    return true;
}

static int write_to(const char *path, const calibration *c) {
    bool standard = !strcmp(path, "-");
    FILE *out = standard ? stdout : fopen(path, "we");
    bool bad = !out;
    if (out) calibration_write(c, out);
    if (out) bad = ferror(out) != 0;
    if (out && !standard) bad |= fclose(out) != 0;
    if (bad) fprintf(stderr, "lingua-bench calibrate: %s: %s\n", path, strerror(errno));
    return bad ? EXIT_FAILED : EXIT_FINE;
}

int command_calibrate(int argc, char **argv) {
    wishes w = {.out = "-", .runs = 5, .length = 5 * USEC_PER_SEC};
    calibration c;
    sched_error err;
    int status = parse(argc, argv, &w);
    if (status != GO_ON) return status;
    if (!may_write(w.out)) return EXIT_FAILED;
    signal(SIGINT, on_signal);
    signal(SIGPIPE, SIG_IGN);
    sched_status measured = measure(&w, &c, &err);
    if (measured) {
        fprintf(stderr, "lingua-bench calibrate: %s\n", err.message);
        return measured == SCHED_EINTR ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    calibration_print(&c, strcmp(w.out, "-") ? stdout : stderr);
    if (calibration_is_doubtful(&c))
        fprintf(stderr,
                "lingua-bench calibrate: warning: a run took %.0f %% more or less than the others say: measure again\n",
                100 * fabs(c.residual));
    return write_to(w.out, &c);
}
