/* simulation.c - see the header: what is opened in which order, and how a run comes to its end.
 *
 * Time is walked in steps, between which somebody may look at the run or end it. Steps do not change a run: events keep
 * their instants, whatever the step.
 *
 * Why the world is halted and not just dropped when a run ends early: the core may only be freed when every call to Redis has
 * come back, so they come back, and nothing else happens any more. */
#include "sim/world/simulation.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/text.h"
#include "core/ctl/fsck.h"
#include "sim/redis_host/clock_wall.h"
#include "sim/redis_host/redis_host.h"
#include "sim/world/core_costs.h"
#include "sim/world/world.h"

#define STEP           (100 * USEC_PER_MSEC)
#define SLACK          (30 * USEC_PER_SEC)
#define TOMBSTONE_TIME (60 * USEC_PER_SEC) /* of a pool membership that was left */
#define HALT_LIMIT     (600 * USEC_PER_SEC)
#define FSCK_PATIENCE  (60 * USEC_PER_SEC) /* real time, of one command */

enum { LEAVING_NODES = 200, LEAVING_CALLS = 1000 }; /* nodes in one step, unless so many calls are out */

const simulation_options simulation_defaults = {.costs = -1};

typedef struct simulation {
    scenario sc; /* a copy that owns nothing: in real time some of it is left out */
    const simulation_options *options;
    simulation_facts *facts;
    usec_t start;       /* by the engine */
    usec_t shift;       /* what the sinks see is so much later */
    int64_t cpu_before; /* of the server */
    engine *engine;
    scripts *scripts;
    redis_host *redis;
    world *world;
} simulation;

const char *simulation_clock_name(simulation_clock clock) {
    return clock == CLOCK_WALL ? "wall" : "virtual";
}

/* ---- opening and closing -------------------------------------------------------------------------------------------- */

static void tell_all(const simulation *s, const trace_event *event) {
    for (size_t i = 0; i < s->options->sink_count; i++) s->options->sinks[i].event(s->options->sinks[i].ctx, event);
}

/* In the time of the scenario, whatever the engine's is. */
static void tell_shifted(void *ctx, const trace_event *event) {
    const simulation *s = ctx;
    trace_event told = *event;
    sched_event core;
    told.at += s->shift;
    if (event->core) {
        core = *event->core;
        core.at += s->shift;
        if (core.until && core.kind != EV_CUT) core.until += s->shift;
        if (core.kind == EV_DISPATCHED) core.value += s->shift / USEC_PER_MSEC; /* an instant, too */
        told.core = &core;
    }
    tell_all(s, &told);
}

static cost_kind costs_of(const simulation *s) {
    static const cost_kind kinds[] =
        {[REDIS_CALIBRATED] = COST_CALIBRATED, [REDIS_ZERO] = COST_ZERO, [REDIS_MEASURED] = COST_MEASURED};
    return kinds[s->options->costs >= 0 ? s->options->costs : s->sc.redis.costs];
}

/* What costs real time is not modelled besides; and the keys of one run are nobody else's. */
static sched_status enter_real_time(simulation *s, sched_error *err) {
    char prefix[KEYSPACE_MAX + 1];
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return sched_fail(err, SCHED_EIO, "random number: %s", strerror(errno));
    snprintf(prefix, sizeof prefix, "lingua:sim:%016" PRIx64 ":", number);
    s->sc.instances.cpu_cost = s->sc.instances.cpu_answer = (dist){.kind = DIST_CONSTANT};
    s->sc.instances.cpu_model = CORE_COSTS_FLAT;
    return keyspace_init(&s->sc.scheduler.keys, prefix, err);
}

static bool hits_instances(const scenario *sc) {
    for (size_t i = 0; i < sc->fault_count; i++)
        if (fault_subject_of(sc->faults[i].kind) == FAULT_OF_INSTANCE) return true;
    return false;
}

/* One that is never hit has nobody to hear of; one that is has its predecessors. */
static bool has_others(const scenario *sc) {
    return scheduler_config_is_shared(&sc->scheduler) && (sc->instances.count > 1 || hits_instances(sc));
}

static sched_status open_redis(simulation *s, sched_error *err) {
    bool real = s->options->clock == CLOCK_WALL;
    redis_host_options options = {
        .engine = s->engine,
        .scripts = s->scripts,
        .binary = s->options->redis_binary,
        .window = s->sc.redis.window,
        .instances = (int32_t)s->sc.instances.count,
        .readers = has_others(&s->sc),
        .share_readers = s->sc.redis.shared_blocking_connection,
        .seed = (uint64_t)s->sc.seed,
        .costs = costs_of(s),
        .profile = s->sc.redis.profile.costs ? &s->sc.redis.profile.costs->redis : NULL,
        .max_skew = s->sc.redis.max_skew,
        .delay = s->sc.redis.delay,
        .url = s->options->redis_url,
        .masters = s->options->redis_masters,
        .keys = &s->sc.scheduler.keys,
    };
    sched_status status =
        real ? redis_host_open_wall(&options, &s->redis, err) : redis_host_open_virtual(&options, &s->redis, err);
    if (status) return status;
    snprintf(s->facts->redis_version, sizeof s->facts->redis_version, "%s", redis_host_version(s->redis));
    redis_usage usage;
    status = redis_host_measure(s->redis, &usage, err);
    if (!status) s->cpu_before = usage.cpu_usec;
    return status;
}

static sched_status open_world(simulation *s, sched_error *err) {
    const simulation_options *options = s->options;
    redis_link links[INSTANCES_MAX], readers[INSTANCES_MAX];
    for (int32_t i = 0; i < s->sc.instances.count; i++) {
        redis_link link = redis_host_link(s->redis, i);
        readers[i] = redis_host_reader(s->redis, i);
        links[i] = options->wrap_link ? options->wrap_link(options->ctx, link) : link;
    }
    world_env env = {
        .engine = s->engine,
        .redis = links,
        .readers = readers,
        .issue_at = redis_host_issue_at,
        .issue_ctx = s->redis,
        .host = s->redis,
        .trace = {tell_shifted, s},
        .log = s->options->log,
    };
    s->start = engine_now(s->engine);
    s->shift = s->sc.start - s->start;
    sched_status status = world_check_redis_faults(&s->sc, s->redis, err);
    if (!status) status = world_new(&s->sc, &env, &s->world, err);
    if (!status) s->facts->nodes = world_node_count(s->world);
    return status;
}

static sched_status simulation_open(simulation *s, sched_error *err) {
    bool real = s->options->clock == CLOCK_WALL;
    s->engine = engine_new(real ? clock_wall_epoch() : s->sc.start);
    sched_status status = real ? enter_real_time(s, err) : SCHED_OK;
    if (!status) status = scripts_new(s->options->scripts, &s->scripts, err);
    if (!status) status = open_redis(s, err);
    if (!status) status = open_world(s, err);
    return status;
}

static int64_t calls_out(const simulation *s) {
    return world_counts(s->world).calls;
}

/* Everything stands still, but for calls to Redis that come back. */
static void halt(simulation *s) {
    world_halt(s->world);
    usec_t limit = engine_now(s->engine) + HALT_LIMIT;
    while (world_calls_out(s->world) > 0) {
        assert(engine_now(s->engine) < limit);
        redis_host_run(s->redis, engine_now(s->engine) + STEP, NULL);
    }
}

static void simulation_close(simulation *s) {
    if (s->world) {
        halt(s);
        s->facts->events = engine_events(s->engine);
        s->facts->simulated = engine_now(s->engine) - s->start;
    }
    world_free(s->world);
    redis_host_close(s->redis);
    scripts_free(s->scripts);
    engine_free(s->engine);
}

/* ---- walking -------------------------------------------------------------------------------------------------------- */

static void show_progress(const simulation *s) {
    if (!s->options->progress) return;
    scheduler_counts counts = world_counts(s->world);
    redis_traffic traffic = redis_host_traffic(s->redis);
    simulation_progress progress = {
        .stage = s->facts->stage,
        .now = engine_now(s->engine) - s->start,
        .duration = s->sc.duration,
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
    sched_status status = redis_host_run(s->redis, at < until ? at : until, err);
    world_settle_trace(s->world);
    show_progress(s);
    shall_end(s);
    return status;
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
    sched_status status = redis_host_client(s->redis, FSCK_PATIENCE, &client, err);
    if (!status) status = check(client, &s->sc.scheduler.keys, &report, err);
    if (!status) keep_findings(s->facts, &report);
    sync_client_close(client);
    return status;
}

/* ---- the stages ----------------------------------------------------------------------------------------------------- */

static sched_status take_stock(simulation *s, sched_error *err) {
    simulation_facts *facts = s->facts;
    redis_traffic traffic = redis_host_traffic(s->redis);
    facts->cpu = world_cpu_spent(s->world);
    redis_host_lateness late = redis_host_late(s->redis);
    facts->late = (simulation_lateness){late.events, late.p50, late.p99, late.max};
    facts->redis = (simulation_redis){
        .commands = traffic.commands,
        .script_calls = traffic.script_calls,
        .bytes_sent = traffic.bytes_sent,
        .bytes_received = traffic.bytes_received,
        .batches = traffic.batches,
        .waits = traffic.waits,
        .busy = traffic.busy,
    };
    memcpy(facts->redis.by_script, traffic.by_script, sizeof facts->redis.by_script);
    redis_usage usage;
    sched_status status = redis_host_measure(s->redis, &usage, err);
    if (status) return status;
    facts->redis_cpu_usec = usage.cpu_usec - s->cpu_before;
    facts->redis_memory = usage.used_memory;
    if (facts->clock == CLOCK_WALL) facts->redis.busy = facts->redis_cpu_usec;
    return SCHED_OK;
}

/* Holds up the loop of a run in real time: there, when nobody waits for an answer any more. */
static void let_measure(simulation *s) {
    if (!ended(s) && s->options->measured) s->options->measured(s->options->ctx, s->redis, &s->sc.scheduler.keys);
}

static sched_status run(simulation *s, sched_error *err) {
    world_start(s->world);
    sched_status status = walk(s, s->start + s->sc.duration, err);
    if (!status) status = take_stock(s, err);
    if (!status && redis_host_time_is_free(s->redis)) let_measure(s);
    return status;
}

static usec_t longest_attempt(const simulation *s) {
    const scheduler_config *config = &s->sc.scheduler;
    return config->attempt_base + (usec_t)(config->attempt_audio_factor * (double)world_longest_speech(s->world));
}

/* The longest that the deadlines leave a job: every attempt waits for a node and then for its result, all in vain. */
static usec_t longest_job(const simulation *s) {
    const scheduler_config *config = &s->sc.scheduler;
    return config->attempts_max * (config->pending_limit + longest_attempt(s)) + config->node_ttl;
}

/* What a process held for its jobs when it ended nobody gives back: it expires. */
static sched_status wait_for_orphans(simulation *s, sched_error *err) {
    if (!hits_instances(&s->sc)) return SCHED_OK;
    return walk(s, engine_now(s->engine) + longest_attempt(s) + s->sc.scheduler.reservation_grace, err);
}

static sched_status drain(simulation *s, sched_error *err) {
    simulation_facts *facts = s->facts;
    usec_t from = engine_now(s->engine);
    usec_t limit = from + longest_job(s) + SLACK;
    facts->stage = SIMULATION_DRAINS;
    world_stop_speaking(s->world);
    sched_status status = SCHED_OK;
    while (!status && !ended(s) && !world_idle(s->world) && engine_now(s->engine) < limit) {
        status = step(s, limit, err);
        world_close_sessions(s->world);
    }
    facts->drained_after = engine_now(s->engine) - from;
    if (!status && world_idle(s->world)) status = wait_for_orphans(s, err);
    facts->drained = world_idle(s->world);
    facts->jobs_left = world_counts(s->world).jobs;
    if (status || ended(s)) return status;
    if (!redis_host_time_is_free(s->redis)) let_measure(s);
    if (facts->drained && s->options->drained)
        s->options->drained(s->options->ctx, s->redis, &s->sc.scheduler.keys, engine_now(s->engine) + s->shift);
    return check_data(s, fsck_run, err);
}

/* Calls to Redis are refused or unknown: what is given back by a call may have to expire. */
static bool loses_calls(const scenario *sc) {
    for (size_t i = 0; i < sc->fault_count; i++)
        if (fault_subject_of(sc->faults[i].kind) != FAULT_OF_NODES) return true;
    return false;
}

static usec_t longest_ttl(const simulation *s) {
    const scheduler_config *config = &s->sc.scheduler;
    bool lost = loses_calls(&s->sc);
    const usec_t ttl[] = {
        config->finished_ttl,
        longest_job(s) + config->reservation_grace,
        TOMBSTONE_TIME,
        config->mark_ttl,
        config->affinity_ttl,
        lost ? config->session_ttl : 0,
        lost ? config->room_idle : 0,
        s->sc.instances.count > 1 ? config->instance.inbox_ttl : 0,
        config->incidents.stuck_entries ? config->instance.dead_ttl : 0, /* else nothing becomes a dead letter */
        hits_instances(&s->sc) ? config->instance.tombstone_ttl : 0,
    };
    usec_t longest = 0;
    for (size_t i = 0; i < sizeof ttl / sizeof *ttl; i++)
        if (ttl[i] > longest) longest = ttl[i];
    return longest;
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

/* Where time costs nothing the sweep gets all the time it may need, also for nodes that nobody knows any more. */
static sched_status walk_until_gone(simulation *s, usec_t limit, sched_error *err) {
    if (redis_host_time_is_free(s->redis)) return walk(s, limit, err);
    sched_status status = SCHED_OK;
    while (!status && !ended(s) && engine_now(s->engine) < limit) {
        scheduler_counts counts = world_counts(s->world);
        if (!counts.nodes && !counts.calls) break;
        status = step(s, limit, err);
    }
    return status;
}

/* Nodes that leave with their connection, and those that the sweep must find; then all that only time removes. */
static sched_status empty(simulation *s, sched_error *err) {
    const scheduler_config *config = &s->sc.scheduler;
    s->facts->stage = SIMULATION_EMPTIES;
    sched_status status = disconnect(s, err);
    if (status || ended(s)) return status;
    status = walk_until_gone(s, engine_now(s->engine) + config->node_ttl + 3 * config->reap_round + SLACK, err);
    if (status || ended(s)) return status;
    world_stop(s->world);
    if (redis_host_time_is_free(s->redis)) status = walk(s, engine_now(s->engine) + longest_ttl(s) + SLACK, err);
    if (status || ended(s)) return status;
    status = redis_host_expire(s->redis, err);
    return status ? status : check_data(s, fsck_expect_empty, err);
}

sched_status simulation_run(const scenario *sc, const simulation_options *options, simulation_facts *ret_facts,
                            sched_error *err) {
    assert(sc && options && ret_facts);
    *ret_facts = (simulation_facts){.clock = options->clock, .stage = SIMULATION_RUNS};
    simulation s = {.sc = *sc, .options = options, .facts = ret_facts};
    sched_status status = simulation_open(&s, err);
    if (!status) status = run(&s, err);
    if (!status && !ended(&s)) status = drain(&s, err);
    if (!status && !ended(&s)) status = empty(&s, err);
    simulation_close(&s);
    return status;
}
