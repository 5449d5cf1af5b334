/* watched_run.c - the order of instruments is the order in which they hear of an event; what they read from Redis is read while it is
 * still there. */
#include "sim/commands/watched_run.h"

#include "sim/commands/wall_seconds.h"
#include "sim/measure/trace_file.h"

static void on_progress(void *ctx, const simulation_progress *p) {
    watched_run *run = ctx;
    if (p->stage == SIMULATION_RUNS)
        recorder_redis(run->recorder, run->sc->start + p->now, p->redis_commands, p->redis_bytes);
    progress_show(run->bar, p);
}

static bool on_stop(void *ctx) {
    const watched_run *run = ctx;
    return (checker_broken(run->checker) && !run->args->keep_going) || run->measuring;
}

static void on_measured(void *ctx, redis_host *redis, const keyspace *keys) {
    watched_run *run = ctx;
    run->measuring = redis_data_measure(redis, keys, &run->data, &run->err);
}

static void on_drained(void *ctx, redis_host *redis, const keyspace *keys, usec_t now) {
    watched_run *run = ctx;
    const scheduler_config *config = &run->sc->scheduler;
    audit_rules rules = {
        .copies = config->job_store == JOB_STORE_DUAL,
        .kept = config->finished_ttl,
        .now = now,
    };
    if (config->job_store == JOB_STORE_MEMORY || run->measuring) return;
    run->measuring = job_audit_measure(redis, keys, run->lives, &rules, &run->audit, &run->err);
}

/* Within that time each node has reported at least about once. */
static usec_t longest_heartbeat(const scenario *sc) {
    usec_t longest = 0;
    for (size_t i = 0; i < sc->node_group_count; i++) {
        if (sc->node_groups[i].heartbeat > longest) longest = sc->node_groups[i].heartbeat;
    }
    return longest;
}

checker_rules watched_run_rules(const scenario *sc) {
    return (checker_rules){
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
    };
}

void watched_run_prepare(watched_run *run, const run_arguments *args, const scenario *sc, simulation_clock clock,
                         progress_bar *bar) {
    *run = (watched_run){.args = args, .sc = sc, .clock = clock, .bar = bar};
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
    checker_rules rules = watched_run_rules(sc);
    run->checker = checker_new(&rules);
}

void watched_run_release(watched_run *run) {
    recorder_free(run->recorder);
    checker_free(run->checker);
    oracle_log_free(run->oracle);
    job_lives_free(run->lives);
}

/* What the trace and the data in Redis still say when all is over. */
static void close_books(watched_run *run) {
    const simulation_facts *facts = &run->facts;
    const scenario *sc = run->sc;
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

sched_status watched_run_simulate(watched_run *run, FILE *trace_stream, const volatile sig_atomic_t *interrupt,
                                  sched_error *err) {
    const run_arguments *args = run->args;
    trace_file trace = {trace_stream, run->sc->start, run->sc->instances.count > 1};
    trace_sink sinks[] = {recorder_sink(run->recorder), checker_sink(run->checker), oracle_log_sink(run->oracle),
                          job_lives_sink(run->lives), trace_file_sink(&trace)};
    simulation_options options = simulation_defaults;
    options.scripts = args->scripts;
    options.clock = run->clock;
    options.redis_url = args->redis;
    options.redis_masters = (int)args->masters;
    options.log = (logger){log_to_stderr, NULL, args->quiet ? LOG_ERROR : LOG_WARN};
    options.sinks = sinks;
    options.sink_count = trace_stream ? 5 : 4;
    options.progress = on_progress;
    options.stop = on_stop;
    options.measured = on_measured;
    options.drained = on_drained;
    options.interrupt = interrupt;
    options.ctx = run;
    double began = wall_seconds();
    sched_status status = simulation_run(run->sc, &options, &run->facts, err);
    run->wall_s = wall_seconds() - began;
    progress_clear(run->bar);
    if (!status && run->measuring) status = sched_fail(err, run->measuring, "%s", run->err.message);
    if (!status) close_books(run);
    return status;
}
