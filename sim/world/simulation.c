/* simulation.c - see the header: what is opened in which order, and how a run comes to its end.
 *
 * Time is walked in steps, between which somebody may look at the run or end it. Steps do not change a run: events keep
 * their instants, whatever the step.
 *
 * Why the world is halted and not just dropped when a run ends early: the core may only be freed when every call to Redis has
 * come back, so they come back, and nothing else happens any more. */
#include "sim/world/simulation.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/ctl/fsck.h"
#include "core/redis/sync_client.h"
#include "sim/redis_host/link_virtual.h"
#include "sim/world/world.h"

#define STEP           (100 * USEC_PER_MSEC)
#define SLACK          (30 * USEC_PER_SEC)
#define TOMBSTONE_TIME (60 * USEC_PER_SEC) /* of a pool membership that was left */
#define HALT_LIMIT     (600 * USEC_PER_SEC)
#define FSCK_PATIENCE  (60 * USEC_PER_SEC) /* real time, of one command */

enum { LEAVING_NODES = 200, LEAVING_CALLS = 1000 }; /* nodes in one step, unless so many calls are out */

const simulation_options simulation_defaults = {.costs = -1};

typedef struct simulation {
    const scenario *sc;
    const simulation_options *options;
    simulation_facts *facts;
    usec_t start;
    int64_t cpu_before; /* of the server */
    engine *engine;
    scripts *scripts;
    virtual_redis *redis;
    virtual_server *server;
    link_virtual *link;
    world *world;
} simulation;

/* ---- opening and closing -------------------------------------------------------------------------------------------- */

static void tell_all(void *ctx, const trace_event *event) {
    const simulation *s = ctx;
    for (size_t i = 0; i < s->options->sink_count; i++) s->options->sinks[i].event(s->options->sinks[i].ctx, event);
}

static cost_kind costs_of(const simulation *s) {
    static const cost_kind kinds[] =
        {[REDIS_CALIBRATED] = COST_CALIBRATED, [REDIS_ZERO] = COST_ZERO, [REDIS_MEASURED] = COST_MEASURED};
    return kinds[s->options->costs >= 0 ? s->options->costs : s->sc->redis.costs];
}

static sched_status open_redis(simulation *s, sched_error *err) {
    uint64_t seed = (uint64_t)s->sc->seed;
    virtual_redis_options options = virtual_redis_defaults;
    options.binary = s->options->redis_binary;
    options.seed = seed;
    options.max_skew = s->sc->redis.max_skew;
    sched_status status = virtual_redis_start(s->engine, &options, &s->redis, err);
    if (status) return status;
    snprintf(s->facts->redis_version, sizeof s->facts->redis_version, "%s", virtual_redis_version(s->redis));
    virtual_server_options serving = {.costs = costs_of(s), .seed = seed};
    status = virtual_server_new(s->engine, s->redis, s->scripts, &serving, &s->server, err);
    if (status) return status;
    link_virtual_options line = {.delay = s->sc->redis.delay, .window = s->sc->redis.window, .seed = seed};
    s->link = link_virtual_new(s->engine, s->server, &line);
    virtual_redis_usage usage;
    status = virtual_redis_measure(s->redis, &usage, err);
    if (!status) s->cpu_before = usage.cpu_usec;
    return status;
}

static sched_status open_world(simulation *s, sched_error *err) {
    const simulation_options *options = s->options;
    redis_link link = link_virtual_interface(s->link);
    world_env env = {
        .engine = s->engine,
        .redis = options->wrap_link ? options->wrap_link(options->ctx, link) : link,
        .issue_at = link_virtual_issue_at,
        .issue_ctx = s->link,
        .trace = {tell_all, s},
        .log = s->options->log,
    };
    sched_status status = world_new(s->sc, &env, &s->world, err);
    if (!status) s->facts->nodes = world_node_count(s->world);
    return status;
}

static sched_status simulation_open(simulation *s, sched_error *err) {
    s->start = s->sc->start;
    s->engine = engine_new(s->start);
    sched_status status = scripts_new(s->options->scripts, &s->scripts, err);
    if (!status) status = open_redis(s, err);
    if (!status) status = open_world(s, err);
    return status;
}

static int64_t calls_out(const simulation *s) {
    return scheduler_count(world_scheduler(s->world)).calls;
}

/* Everything stands still, but for calls to Redis that come back. */
static void halt(simulation *s) {
    world_halt(s->world);
    usec_t limit = engine_now(s->engine) + HALT_LIMIT;
    while (calls_out(s) > 0) {
        assert(engine_now(s->engine) < limit);
        engine_run(s->engine, engine_now(s->engine) + STEP);
    }
}

static void simulation_close(simulation *s) {
    if (s->world) {
        halt(s);
        s->facts->events = engine_events(s->engine);
        s->facts->simulated = engine_now(s->engine) - s->start;
    }
    world_free(s->world);
    link_virtual_free(s->link);
    virtual_server_free(s->server);
    virtual_redis_stop(s->redis);
    scripts_free(s->scripts);
    engine_free(s->engine);
}

/* ---- walking -------------------------------------------------------------------------------------------------------- */

static void show_progress(const simulation *s) {
    if (!s->options->progress) return;
    scheduler_counts counts = scheduler_count(world_scheduler(s->world));
    virtual_redis_counts traffic = virtual_redis_count(s->redis);
    simulation_progress progress = {
        .stage = s->facts->stage,
        .now = engine_now(s->engine) - s->start,
        .duration = s->sc->duration,
        .events = engine_events(s->engine),
        .sessions = counts.sessions,
        .jobs = counts.jobs,
        .waiting = counts.waiting,
        .redis_commands = traffic.commands,
        .redis_bytes = traffic.bytes_sent + traffic.bytes_received,
    };
    s->options->progress(s->options->ctx, &progress);
}

static bool shall_end(simulation *s) {
    simulation_facts *facts = s->facts;
    facts->interrupted = s->options->interrupt && *s->options->interrupt;
    facts->stopped = s->options->stop && s->options->stop(s->options->ctx);
    return facts->interrupted || facts->stopped;
}

/* SCHED_OK also when the walk was ended: ask ended(). */
static sched_status step(simulation *s, usec_t until, sched_error *err) {
    usec_t at = engine_now(s->engine) + STEP;
    engine_run(s->engine, at < until ? at : until);
    world_settle_trace(s->world);
    show_progress(s);
    shall_end(s);
    return virtual_redis_status(s->redis, err);
}

static bool ended(const simulation *s) {
    return s->facts->interrupted || s->facts->stopped;
}

static sched_status walk(simulation *s, usec_t until, sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && !ended(s) && engine_now(s->engine) < until) status = step(s, until, err);
    return status;
}

/* ---- consistency ---------------------------------------------------------------------------------------------------- */

typedef sched_status consistency_check(sync_client *client, const keyspace *ks, fsck_report *ret_report,
                                       sched_error *err);

static void keep_findings(simulation_facts *facts, const fsck_report *report) {
    for (int i = 0; i < report->texts; i++) {
        int64_t place = facts->findings + i;
        if (place < SIMULATION_FINDINGS_MAX)
            text_one_line(facts->finding[place], SIMULATION_FINDING_MAX, report->text[i]);
    }
    facts->findings += report->findings;
}

/* Over a connection of its own: the check is the operator's, and knows nothing of virtual time. */
static sched_status check_data(simulation *s, consistency_check *check, sched_error *err) {
    sync_client *client = NULL;
    fsck_report report;
    virtual_redis_settle(s->redis);
    sched_status status = sync_client_open_socket(virtual_redis_socket(s->redis), FSCK_PATIENCE, &client, err);
    if (!status) status = check(client, &s->sc->scheduler.keys, &report, err);
    if (!status) keep_findings(s->facts, &report);
    sync_client_close(client);
    return status;
}

/* ---- the stages ----------------------------------------------------------------------------------------------------- */

static sched_status take_stock(simulation *s, sched_error *err) {
    simulation_facts *facts = s->facts;
    virtual_server_counts served = virtual_server_count(s->server);
    virtual_redis_counts traffic = virtual_redis_count(s->redis);
    facts->cpu = world_cpu_spent(s->world);
    facts->redis = (simulation_redis){
        .commands = served.commands,
        .script_calls = served.script_calls,
        .bytes_sent = traffic.bytes_sent,
        .bytes_received = traffic.bytes_received,
        .batches = traffic.batches,
        .waits = traffic.waits,
        .busy = served.busy,
    };
    memcpy(facts->redis.by_script, served.by_script, sizeof facts->redis.by_script);
    virtual_redis_usage usage;
    sched_status status = virtual_redis_measure(s->redis, &usage, err);
    if (status) return status;
    facts->redis_cpu_usec = usage.cpu_usec - s->cpu_before;
    facts->redis_memory = usage.used_memory;
    return SCHED_OK;
}

static sched_status run(simulation *s, sched_error *err) {
    world_start(s->world);
    sched_status status = walk(s, s->start + s->sc->duration, err);
    if (!status) status = take_stock(s, err);
    if (!status && !ended(s) && s->options->measured) s->options->measured(s->options->ctx, s->redis);
    return status;
}

/* The longest that the deadlines leave a job: every attempt waits for a node and then for its result, all in vain. */
static usec_t longest_job(const simulation *s) {
    const scheduler_config *config = &s->sc->scheduler;
    usec_t attempt =
        config->attempt_base + (usec_t)(config->attempt_audio_factor * (double)world_longest_speech(s->world));
    return config->attempts_max * (config->pending_limit + attempt) + config->node_ttl;
}

static sched_status drain(simulation *s, sched_error *err) {
    simulation_facts *facts = s->facts;
    usec_t from = engine_now(s->engine);
    usec_t limit = from + longest_job(s) + SLACK;
    facts->stage = SIMULATION_DRAINS;
    world_stop_speaking(s->world);
    sched_status status = SCHED_OK;
    while (!status && !ended(s) && !world_idle(s->world) && engine_now(s->engine) < limit) status = step(s, limit, err);
    facts->drained = world_idle(s->world);
    facts->drained_after = engine_now(s->engine) - from;
    facts->jobs_left = scheduler_count(world_scheduler(s->world)).jobs;
    return status || ended(s) ? status : check_data(s, fsck_run, err);
}

static usec_t longest_ttl(const simulation *s) {
    const scheduler_config *config = &s->sc->scheduler;
    usec_t reservation = longest_job(s) + config->reservation_grace;
    usec_t longest = config->finished_ttl > reservation ? config->finished_ttl : reservation;
    return longest > TOMBSTONE_TIME ? longest : TOMBSTONE_TIME;
}

/* A few nodes at a time, as fast as Redis follows. */
static sched_status disconnect(simulation *s, sched_error *err) {
    sched_status status = SCHED_OK;
    bool more = true;
    while (!status && !ended(s) && more) {
        if (calls_out(s) < LEAVING_CALLS) more = world_disconnect_nodes(s->world, LEAVING_NODES);
        status = step(s, USEC_NEVER, err);
    }
    return status;
}

/* Nodes that leave with their connection, and those that the sweep must find; then all that only time removes. */
static sched_status empty(simulation *s, sched_error *err) {
    const scheduler_config *config = &s->sc->scheduler;
    s->facts->stage = SIMULATION_EMPTIES;
    sched_status status = disconnect(s, err);
    if (status || ended(s)) return status;
    status = walk(s, engine_now(s->engine) + config->node_ttl + 3 * config->reap_round + SLACK, err);
    if (status || ended(s)) return status;
    world_stop(s->world);
    status = walk(s, engine_now(s->engine) + longest_ttl(s) + SLACK, err);
    if (status || ended(s)) return status;
    status = virtual_redis_expire_all(s->redis, err);
    return status ? status : check_data(s, fsck_expect_empty, err);
}

sched_status simulation_run(const scenario *sc, const simulation_options *options, simulation_facts *ret_facts,
                            sched_error *err) {
    assert(sc && options && ret_facts);
    *ret_facts = (simulation_facts){.stage = SIMULATION_RUNS};
    simulation s = {.sc = sc, .options = options, .facts = ret_facts};
    sched_status status = simulation_open(&s, err);
    if (!status) status = run(&s, err);
    if (!status && !ended(&s)) status = drain(&s, err);
    if (!status && !ended(&s)) status = empty(&s, err);
    simulation_close(&s);
    return status;
}
