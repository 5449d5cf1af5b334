/* run_scenario.c - the order matters to whoever waits: what can be wrong is found before the run (scenario, folder), the result is on
 * stdout before the report is drawn, and what was measured is written also when the run was interrupted. */
#include "sim/commands/run_scenario.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/commands/wall_seconds.h"
#include "sim/commands/watched_run.h"
#include "sim/report/folder.h"

enum { RUNS_MAX = 2 };

typedef struct run_state {
    const run_arguments *args;
    scenario *sc;
    watched_run runs[RUNS_MAX]; /* the report is about the first; a second one is compared with it */
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

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static void prepare(run_state *run, simulation_clock clock) {
    watched_run_prepare(&run->runs[run->count++], run->args, run->sc, clock, run->bar);
}

static sched_status open_all(run_state *run) {
    const run_arguments *args = run->args;
    sched_status status = SCHED_OK;
    if (!run->sc) status = scenario_load_set(args->scenario, args->sets->set, args->sets->count, &run->sc, &run->err);
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
    run->bar = progress_new(!args->quiet && isatty(STDERR_FILENO) ? stderr : NULL);
    if (args->clock != RUN_WALL) prepare(run, CLOCK_VIRTUAL);
    if (args->clock != RUN_VIRTUAL) prepare(run, CLOCK_WALL);
    return SCHED_OK;
}

static void close_all(run_state *run) {
    progress_free(run->bar);
    folder_close(run->folder);
    for (int i = 0; i < run->count; i++) watched_run_release(&run->runs[i]);
    scenario_free(run->sc);
}

static sched_status simulate_all(run_state *all) {
    sched_status status = watched_run_simulate(&all->runs[0], all->trace, &interrupted, &all->err);
    if (status || all->count == 1 || all->runs[0].facts.interrupted) return status;
    status = watched_run_simulate(&all->runs[1], NULL, &interrupted, &all->err);
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

/* Scripts that are not there and a Redis that is missing or too old are input, too: the user can mend them. */
static int fail(const run_state *run, sched_status status) {
    fprintf(stderr, "%s\n", run->err.message);
    return status == SCHED_EINVAL || status == SCHED_ENOENT ? STATUS_BAD_INPUT : STATUS_FAILED;
}

int run_scenario(const run_arguments *args, scenario *given) {
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
