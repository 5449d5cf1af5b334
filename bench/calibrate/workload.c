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
    "  - {name: quiet, count: 40, slots: 4, heartbeat: 2s, join: {at: 0s, over: 500ms}, service: &short {asr: {rtf: 0, "
    "overhead: 40ms}, "
    "nmt: {rtf: 0, overhead: 20ms}, tts: {rtf: 0, overhead: 20ms}}}\n"
    "  - {name: polite, count: 20, slots: 4, acks: yes, starts: yes, heartbeat: 2s, join: {at: 0s, over: 500ms}, "
    "service: *short}\n"
    "sessions:\n"
    "  - {name: talk, concurrent: 60, join: {at: 1s, over: 500ms}, talk: {utterance: 500ms, pause: 300ms}}\n"
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

static double modelled(const workload_figures *f, const simulation_redis *redis) {
    double usec = f->wire.usec_per_call * (double)redis->commands + f->wire.usec_per_byte * (double)redis->bytes_sent;
    for (int id = 0; id < SCRIPT_COUNT; id++) usec += f->times.script[id].mean_usec * (double)redis->by_script[id];
    return usec + f->times.command.mean_usec * (double)(redis->commands - redis->script_calls);
}

sched_status workload_run(usec_t length, int64_t seed, workload_figures *ret_figures, sched_error *err) {
    workload_figures f = {0};
    simulation_facts facts = {0};
    scenario *sc = NULL;
    private_server *server = NULL;
    private_server_options how = private_server_defaults;
    how.config = slowlog_config;
    sched_status status = parse(length, seed, &sc, err);
    if (!status) status = private_server_start(&how, &server, err);
    if (!status) {
        redis_url url = redis_url_of_socket(private_server_socket(server));
        simulation_options run = simulation_defaults;
        run.clock = CLOCK_WALL;
        run.redis_url = &url;
        status = simulation_run(sc, &run, &facts, err);
    }
    if (!status) status = look(server, &f, err);
    if (!status) {
        f.cpu_usec = (double)facts.redis_cpu_usec;
        f.modelled_usec = modelled(&f, &facts.redis);
        snprintf(f.redis_version, sizeof f.redis_version, "%s", private_server_version(server));
        *ret_figures = f;
    }
    private_server_stop(server);
    scenario_free(sc);
    return status;
}
