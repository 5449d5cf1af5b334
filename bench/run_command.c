/* run_command.c - `lingua-bench run`: chooses benchmarks by name, runs them one after the other, shows what came out.
 *
 * Results go to standard output, progress to standard error. An interrupt is taken between two runs: what was measured so far
 * is still written. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/benchmarks.h"
#include "bench/commands.h"
#include "bench/interrupt.h"
#include "core/base/suggest.h"

static const benchmark *const tables[] = {
    bench_micro,        bench_wire,         bench_engine, bench_placement, bench_heartbeat, bench_scripts_nodes,
    bench_scripts_jobs, bench_scripts_talk, bench_flow,   bench_waiting,   bench_cluster,   bench_jobstore,
    bench_sim,          bench_ctl,          bench_memory, bench_core,      bench_server,
};
enum { TABLES = sizeof tables / sizeof *tables };

typedef struct request {
    char **names; /* none: all */
    int name_count;
    bool json, list;
    const char *out;
    bench_options options;
} request;

/* --- the command line --------------------------------------------------------------------------------------------------- */

static void print_help(FILE *out) {
    fprintf(out,
            "Usage: lingua-bench run [OPTION...] [NAME...]\n\n"
            "Runs the named benchmarks, or all, which takes several minutes. A name may be a whole group: "
            "\"placement\".\n"
            "Of scripts, one line of the table is one size, with medians and the widest spread; JSON has all.\n\n"
            "  --list      the benchmarks and what each asks\n"
            "  --quick     %d runs with a tenth of the work instead of %d\n"
            "  --runs=N    runs of each, 1..%d; one more comes first and is not counted\n"
            "  --json      JSON on standard output instead of a table\n"
            "  --out=FILE  JSON into FILE as well; - is standard output\n"
            "  --help      this text\n\n"
            "Examples:\n"
            "  lingua-bench run engine.hold\n"
            "  lingua-bench run --quick placement heartbeat\n"
            "  lingua-bench run scripts.reserve_node scripts.select_node\n"
            "  lingua-bench run --out=before.json\n",
            BENCH_RUNS_QUICK, BENCH_RUNS, BENCH_RUNS_MAX);
}

static bool parse_runs(const char *text, int *ret_runs) {
    char *end;
    long runs = strtol(text, &end, 10);
    if (end == text || *end || runs < 1 || runs > BENCH_RUNS_MAX) return false;
    *ret_runs = (int)runs;
    return true;
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, request *ret_request) {
    // clang-format off
    static const struct option options[] = {
        {"list",  no_argument,       NULL, 'l'},
        {"quick", no_argument,       NULL, 'q'},
        {"runs",  required_argument, NULL, 'r'},
        {"json",  no_argument,       NULL, 'j'},
        {"out",   required_argument, NULL, 'o'},
        {"help",  no_argument,       NULL, 'h'},
        {NULL,    0,                 NULL, 0},
    };
    // clang-format on
    request req = {.options = {.runs = 0}};
    int letter;
    while ((letter = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        switch (letter) {
        case 'l': req.list = true; break;
        case 'q': req.options.quick = true; break;
        case 'j': req.json = true; break;
        case 'o': req.out = optarg; break;
        case 'h': print_help(stdout); return EXIT_FINE;
        case 'r':
            if (parse_runs(optarg, &req.options.runs)) break;
            fprintf(stderr, "lingua-bench run: --runs=%s: expected a whole number, 1..%d\n", optarg, BENCH_RUNS_MAX);
            return EXIT_USAGE;
        default: fprintf(stderr, "Try: lingua-bench run --help\n"); return EXIT_USAGE;
        }
    }
    if (!req.options.runs) req.options.runs = req.options.quick ? BENCH_RUNS_QUICK : BENCH_RUNS;
    req.names = argv + optind;
    req.name_count = argc - optind;
    *ret_request = req;
    return -1;
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

/* The name itself, or the group before its dot. */
static bool name_means(const char *name, const benchmark *b) {
    size_t len = strlen(name);
    return !strncmp(name, b->name, len) && (b->name[len] == '\0' || b->name[len] == '.');
}

static bool is_wanted(const request *req, const benchmark *b) {
    for (int i = 0; i < req->name_count; i++)
        if (name_means(req->names[i], b)) return true;
    return req->name_count == 0;
}

static bool name_is_known(const char *name) {
    suggest near = suggest_for(name);
    for (int t = 0; t < TABLES; t++) {
        for (const benchmark *b = tables[t]; b->name; b++) {
            if (name_means(name, b)) return true;
            suggest_offer(&near, b->name);
        }
    }
    char hint[SUGGEST_TEXT_MAX];
    fprintf(stderr, "lingua-bench run: unknown benchmark \"%s\"%s (see lingua-bench run --list)\n", name,
            suggest_text(&near, hint));
    return false;
}

static void list_benchmarks(const request *req) {
    for (int t = 0; t < TABLES; t++)
        for (const benchmark *b = tables[t]; b->name; b++)
            if (is_wanted(req, b))
                printf("%-40s %s%s%s\n", b->name, b->what, b->param ? ", by " : "", b->param ? b->param : "");
}

/* --- running ---------------------------------------------------------------------------------------------------------- */

static sched_status measure_one(const request *req, const benchmark *b, const bench_value *value,
                                bench_results *results, sched_error *err) {
    char param[BENCH_PARAM_MAX];
    fprintf(stderr, "%s%s%s\n", b->name, value ? " " : "", bench_param_text(b, value, param));
    return bench_measure(b, value, &req->options, results, err);
}

static sched_status measure_wanted(const request *req, bench_results *results, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int t = 0; t < TABLES; t++) {
        for (const benchmark *b = tables[t]; b->name && !status; b++) {
            if (!is_wanted(req, b)) continue;
            if (!b->param) status = measure_one(req, b, NULL, results, err);
            for (int v = 0; v < b->value_count && !status; v++)
                status = measure_one(req, b, &b->values[v], results, err);
        }
    }
    return status;
}

/* "-" is standard output. */
static sched_status open_out(const char *path, FILE **ret_out, sched_error *err) {
    FILE *out = !strcmp(path, "-") ? stdout : fopen(path, "w");
    if (!out) return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
    *ret_out = out;
    return SCHED_OK;
}

/* `file`: where JSON is wanted beside standard output, or standard output itself, or NULL. */
static sched_status show(const request *req, const bench_results *results, FILE *file, sched_error *err) {
    sched_status status = SCHED_OK;
    if (req->json || file == stdout)
        status = bench_print_json(results, stdout, err);
    else
        bench_print_table(results, stdout);
    if (!status && file && file != stdout) status = bench_print_json(results, file, err);
    return status;
}

/* The file is opened before minutes of work, not after them. */
static sched_status measure_and_show(const request *req, sched_error *err) {
    FILE *file = NULL;
    sched_status status = req->out ? open_out(req->out, &file, err) : SCHED_OK;
    if (status) return status;
    bench_results results = {0};
    sched_error failure = {0};
    status = measure_wanted(req, &results, err);
    sched_status shown = results.count ? show(req, &results, file, &failure) : SCHED_OK;
    bench_results_free(&results);
    if (file && file != stdout && fclose(file) && !shown)
        shown = sched_fail(&failure, SCHED_EIO, "%s: %s", req->out, strerror(errno));
    if (status || !shown) return status;
    return sched_fail(err, shown, "%s", failure.message);
}

int command_run(int argc, char **argv) {
    request req;
    int code = parse(argc, argv, &req);
    if (code >= 0) return code;
    for (int i = 0; i < req.name_count; i++)
        if (!name_is_known(req.names[i])) return EXIT_USAGE;
    if (req.list) {
        list_benchmarks(&req);
        return EXIT_FINE;
    }

    req.options.interrupted = interrupt_pending;
    interrupts_hold();
    sched_error err = {0};
    sched_status status = measure_and_show(&req, &err);
    if (status) fprintf(stderr, "lingua-bench run: %s\n", err.message);
    if (status == SCHED_EINTR) return EXIT_INTERRUPTED;
    return status ? EXIT_FAILED : EXIT_FINE;
}
