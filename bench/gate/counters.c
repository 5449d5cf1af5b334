/* counters.c - the order: the flow by phase, then scenarios. Each part has a server of its own.
 *
 * Why the flow besides the scenarios: its figures are per job and by command, so a change names itself ("hget 3 -> 4"). The scenarios say
 * what such a change means where nodes die, speech is cut, and instances crash. */
#include "bench/gate/counters.h"

#include <string.h>

#include "bench/gate/command_stats.h"
#include "bench/rig.h"
#include "sim/measure/recorder.h"
#include "sim/redis_host/redis_host.h"
#include "sim/scenario/scenario.h"
#include "sim/world/simulation.h"

enum { FLOW_NODES = 60, FLOW_LANGS = 3, FLOW_JOBS = 1000, FLOW_WINDOW = 100 };

/* Weak, because only lingua-bench itself is linked with the counting allocator. */
uint64_t alloc_count(void) __attribute__((weak));

/* --- the flow, while time stands still ------------------------------------------------------------------------------------- */

typedef struct reading {
    command_stats commands;
    pipe_counts calls;
    uint64_t allocations;
} reading;

static sched_status read_rig(rig *r, reading *ret_reading, sched_error *err) {
    sched_status status = command_stats_ask(rig_client(r), &ret_reading->commands, err);
    ret_reading->calls = rig_counts(r);
    ret_reading->allocations = alloc_count ? alloc_count() : 0;
    return status;
}

/* What one of `count` cost. */
static void add_costs(figures *f, const char *what, const reading *before, const reading *after, int count) {
    command_stats commands = command_stats_between(&before->commands, &after->commands);
    double one = count;
    figures_add(f, (double)commands.total / one, "%s.commands", what);
    figures_add(f, (double)(after->calls.scripts - before->calls.scripts) / one, "%s.script_calls", what);
    figures_add(f, (double)(after->calls.plain - before->calls.plain) / one, "%s.plain_calls", what);
    figures_add(f, (double)(after->calls.bytes - before->calls.bytes) / one, "%s.bytes", what);
    if (alloc_count) figures_add(f, (double)(after->allocations - before->allocations) / one, "%s.allocations", what);
    for (int i = 0; i < commands.count; i++)
        figures_add(f, (double)commands.row[i].calls / one, "%s.command.%s", what, commands.row[i].name);
}

static sched_status count_beats(rig *r, figures *f, sched_error *err) {
    reading before, after;
    node_load load = {.cpu = 50, .gpu = 60, .mem = 40, .running_jobs = 0};
    sched_status status = read_rig(r, &before, err);
    for (int n = 0; n < FLOW_NODES; n++) scheduler_node_heartbeat(rig_scheduler(r), rig_node_conn(n), &load);
    if (!status) status = rig_settle(r, err);
    if (!status) status = read_rig(r, &after, err);
    if (!status) add_costs(f, "heartbeat", &before, &after, FLOW_NODES);
    return status;
}

static sched_status count_phase(rig *r, const char *phase, figures *f, sched_error *err) {
    char what[32];
    reading empty, nodes, before, after;
    snprintf(what, sizeof what, "job.%s", phase);
    sched_status status = rig_settle(r, err);
    if (!status) status = read_rig(r, &empty, err);
    if (!status) status = rig_add_nodes(r, FLOW_NODES, FLOW_LANGS, FLOW_LANGS, err);
    if (!status) status = read_rig(r, &nodes, err);
    if (!status && !strcmp(phase, "production")) {
        add_costs(f, "node", &empty, &nodes, FLOW_NODES);
        status = count_beats(r, f, err);
    }
    if (!status) status = read_rig(r, &before, err);
    if (!status) status = rig_run_jobs(r, FLOW_JOBS, FLOW_WINDOW, err);
    if (!status) status = read_rig(r, &after, err);
    if (!status) add_costs(f, what, &before, &after, FLOW_JOBS);
    return status;
}

static sched_status count_flow(const char *phase, const char *folder, figures *f, sched_error *err) {
    rig *r = NULL;
    sched_status status = rig_open(&(rig_options){.phase = phase, .scripts = folder, .still = true}, &r, err);
    if (!status) status = count_phase(r, phase, f, err);
    rig_free(r);
    return status;
}

/* --- scenarios, in virtual time; also of phases that the flow leaves out --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
} plans[] = {
    {"pools", "duration: 20s\nwarmup: 5s\nlanguages: {count: 6}\n"
              "nodes: [{count: 60, languages: 4, slots: 1, join: {over: 2s}}]\n"
              "sessions: [{concurrent: 90, join: {at: 3s, over: 2s}}]\n"},
    {"crowded", "duration: 20s\nwarmup: 5s\nlanguages: {count: 2}\n"
                "nodes: [{count: 12, slots: 1, join: {over: 2s}}]\n"
                "sessions: [{concurrent: 40, join: {at: 3s, over: 2s}}]\n"},
    {"memory", "duration: 20s\nwarmup: 5s\nlanguages: {count: 4}\n"
               "nodes: [{count: 30, slots: 1, join: {over: 2s}}]\n"
               "sessions: [{concurrent: 40, join: {at: 3s, over: 2s}}]\nscheduler: {phase: 0}\n"},
    {"copy", "duration: 20s\nwarmup: 5s\nlanguages: {count: 4}\n"
             "nodes: [{count: 30, slots: 1, join: {over: 2s}}]\n"
             "sessions: [{concurrent: 40, join: {at: 3s, over: 2s}}]\nscheduler: {phase: 2}\n"},
    {"crash", "duration: 30s\nwarmup: 5s\nlanguages: {count: 4}\n"
              "nodes: [{name: gpu, count: 40, slots: 2, acks: yes, join: {over: 2s}}]\n"
              "sessions: [{concurrent: 60, join: {at: 3s, over: 2s}}]\n"
              "faults: [{at: 12s, kind: crash, nodes: {group: gpu, share: 25%}, for: 10s}]\n"},
    {"rooms",
     "duration: 30s\nwarmup: 5s\nlanguages: {count: 4}\n"
     "nodes: [{count: 30, slots: 2, join: {over: 2s}}]\n"
     "sessions: [{concurrent: 30, room: {members: 5}, talk: {granularity: chunk}, join: {at: 3s, over: 2s}}]\n"},
    {"instances", "duration: 20s\nwarmup: 5s\nlanguages: {count: 3}\n"
                  "nodes: [{count: 30, slots: 2, reconnect: 2s}]\n"
                  "sessions: [{concurrent: 40, retry: {after: 8s}, join: {at: 3s, over: 2s}}]\n"
                  "instances: {count: 3}\nfaults: [{at: 10s, instance: crash, for: 3s}]\n"},
};

typedef struct scene {
    command_stats commands;
    sched_error trouble; /* of the look at Redis */
} scene;

static void on_measured(void *ctx, redis_host *redis, const keyspace *keys) {
    (void)keys;
    scene *s = ctx;
    redis_call call;
    redis_reply *reply = NULL;
    command_stats_call(&call);
    if (redis_host_ask(redis, &call, &reply, &s->trouble)) return;
    command_stats_read(reply, &s->commands, &s->trouble);
    sync_reply_free(reply);
}

static void add_latency(figures *f, const char *name, const recorder *rec, latency_kind kind) {
    const histogram *h = recorder_latency(rec, kind);
    figures_add(f, (double)histogram_percentile(h, 50), "sim.%s.%s_p50_us", name, latency_name(kind));
    figures_add(f, (double)histogram_percentile(h, 99), "sim.%s.%s_p99_us", name, latency_name(kind));
}

static void add_scene(figures *f, const char *name, const scene *s, const simulation_facts *facts,
                      const recorder *rec) {
    const job_counts *jobs = recorder_counts(rec);
    figures_add(f, (double)facts->events, "sim.%s.events", name);
    figures_add(f, (double)jobs->created_in_run, "sim.%s.jobs", name);
    figures_add(f, (double)jobs->ended[OUTCOME_OK], "sim.%s.jobs_ok", name);
    figures_add(f, (double)jobs->retried, "sim.%s.retries", name);
    figures_add(f, (double)s->commands.total, "sim.%s.commands", name);
    figures_add(f, (double)facts->redis.commands, "sim.%s.calls", name);
    figures_add(f, (double)facts->redis.script_calls, "sim.%s.script_calls", name);
    figures_add(f, (double)(facts->redis.bytes_sent + facts->redis.bytes_received), "sim.%s.bytes", name);
    add_latency(f, name, rec, LATENCY_PLACEMENT);
    add_latency(f, name, rec, LATENCY_END_TO_END);
}

static sched_status run_scene(const char *name, const scenario *sc, const char *folder, figures *f, sched_error *err) {
    recorder *rec = recorder_new(&(recorder_options){
        .start = sc->start,
        .warmup = sc->warmup,
        .duration = sc->duration,
        .bin = sc->measure.bin,
        .nodes = (int32_t)scenario_total(sc).nodes,
        .groups = sc->node_group_count,
        .jobs_survive = true,
    });
    scene s = {0};
    simulation_facts facts;
    trace_sink sink = recorder_sink(rec);
    simulation_options options = simulation_defaults;
    options.scripts = folder;
    options.sinks = &sink;
    options.sink_count = 1;
    options.measured = on_measured;
    options.ctx = &s;
    sched_status status = simulation_run(sc, &options, &facts, err);
    if (!status && s.trouble.status) status = sched_fail(err, s.trouble.status, "%s", s.trouble.message);
    if (!status) {
        recorder_end(rec, sc->start + facts.simulated);
        add_scene(f, name, &s, &facts, rec);
    }
    recorder_free(rec);
    return status;
}

static sched_status count_scene(size_t i, const char *folder, figures *f, sched_error *err) {
    scenario *sc = NULL;
    sched_status status = scenario_parse(plans[i].name, plans[i].text, strlen(plans[i].text), &sc, err);
    if (!status) status = run_scene(plans[i].name, sc, folder, f, err);
    scenario_free(sc);
    return status;
}

/* --- all of them ------------------------------------------------------------------------------------------------------------ */

sched_status counters_measure(const char *folder, figures *ret_figures, sched_error *err) {
    static const char *const phases[] = {"3", "production"};
    enum { PHASES = sizeof phases / sizeof *phases, PLANS = sizeof plans / sizeof *plans };
    figures f = {0};
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < PHASES + PLANS && !status; i++) {
        if (i < PHASES)
            status = count_flow(phases[i], folder, &f, err);
        else
            status = count_scene(i - PHASES, folder, &f, err);
    }
    if (status)
        figures_free(&f);
    else
        *ret_figures = f;
    return status;
}
