/* workload.c - two instances, so that inboxes and adoption are there; nodes that acknowledge, drain, change and crash; speech in chunks,
 * long talks, rooms and clients that repeat themselves. Services are short, so that a few seconds hold thousands of jobs. */
#include "bench/calibrate/workload.h"

#include <stdio.h>
#include <string.h>

#include "core/redis/private_server.h"
#include "sim/world/simulation.h"

#define PATIENCE (60 * USEC_PER_SEC)

static const char world[] =
    "name: calibrate\n"
    "duration: %llds\n"
    "warmup: 1s\n"
    "seed: %lld\n"
    "languages: {count: 6}\n"
    "nodes:\n"
    "  - {name: quiet, count: 400, slots: 4, heartbeat: 2s, join: {at: 0s, over: 500ms}, service: &short {asr: {rtf: "
    "0, "
    "overhead: 40ms}, "
    "nmt: {rtf: 0, overhead: 20ms}, tts: {rtf: 0, overhead: 20ms}}}\n"
    "  - {name: polite, count: 200, slots: 4, acks: yes, starts: yes, heartbeat: 2s, join: {at: 0s, over: 500ms}, "
    "service: *short}\n"
    "sessions:\n"
    "  - {name: talk, concurrent: 2400, join: {at: 0s, over: 900ms}, talk: {utterance: 500ms, pause: 300ms}}\n"
    "scheduler: {phase: production}\n"
    "instances: {count: 2}\n"
    "faults:\n"
    "  - {at: 3s, kind: crash, nodes: {group: quiet, share: 10%%}, for: 1s}\n"
    "  - {at: 4s, kind: drain, nodes: {group: polite, share: 10%%}, for: 500ms}\n";

static sched_status parse(usec_t length, int64_t seed, scenario **ret_scenario, sched_error *err) {
    char text[sizeof world + 64];
    int bytes = snprintf(text, sizeof text, world, (long long)(length / USEC_PER_SEC), (long long)seed);
    return scenario_parse("calibrate", text, (size_t)bytes, ret_scenario, err);
}

static sched_status look(const private_server *server, workload_figures *f, sched_error *err) {
    sync_client *client = NULL;
    scripts *loaded = NULL;
    sched_status status = scripts_new(NULL, &loaded, err);
    if (!status) status = sync_client_open_socket(private_server_socket(server), PATIENCE, &client, err);
    if (!status) status = sync_client_load(client, loaded, err);
    if (!status) status = slowlog_read(client, loaded, &f->times, err);
    if (!status) status = wire_cost_measure(client, &f->wire, err);
    sync_client_close(client);
    scripts_free(loaded);
    return status;
}

/* A script of which the log has not all calls is too short for it. */
static void drop_what_is_missing(const simulation_facts *facts, slow_times *times) {
    for (int id = 0; id < SCRIPT_COUNT; id++)
        if (times->script[id].calls < (int64_t)facts->redis.by_script[id]) times->script[id] = (slow_figures){0};
}

/* `config`: of the server. `look_at`: NULL, or gets what the server tells afterwards. */
static sched_status run_world(const scenario *sc, const char *const *config, workload_figures *look_at,
                              simulation_facts *ret_facts, char version[32], sched_error *err) {
    private_server *server = NULL;
    private_server_options how = private_server_defaults;
    how.config = config;
    sched_status status = private_server_start(&how, &server, err);
    if (status) return status;
    redis_url url = redis_url_of_socket(private_server_socket(server));
    simulation_options run = simulation_defaults;
    run.clock = CLOCK_WALL;
    run.redis_url = &url;
    status = simulation_run(sc, &run, ret_facts, err);
    if (!status && look_at) status = look(server, look_at, err);
    snprintf(version, 32, "%s", private_server_version(server));
    private_server_stop(server);
    return status;
}

sched_status workload_run(usec_t length, int64_t seed, workload_figures *ret_figures, sched_error *err) {
    workload_figures f = {0};
    simulation_facts kept = {0}, facts = {0};
    scenario *sc = NULL;
    sched_status status = parse(length, seed, &sc, err);
    if (!status) status = run_world(sc, slowlog_config, &f, &kept, f.redis_version, err);
    if (!status) status = run_world(sc, NULL, NULL, &facts, f.redis_version, err);
    scenario_free(sc);
    if (status) return status;
    drop_what_is_missing(&kept, &f.times);
    f.commands = (int64_t)facts.redis.commands;
    for (int id = 0; id < SCRIPT_COUNT; id++) f.by_script[id] = (int64_t)facts.redis.by_script[id];
    f.bytes = (double)facts.redis.bytes_sent;
    f.cpu_usec = (double)facts.redis_cpu_usec;
    f.jobs_per_s = (double)f.by_script[SCRIPT_CREATE_JOB] / ((double)length / USEC_PER_SEC);
    *ret_figures = f;
    return SCHED_OK;
}
