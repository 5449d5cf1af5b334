/* simulation.h - one run of a scenario from start to clean end, for commands, tests and benchmarks.
 *
 * Starts an engine, a real Redis in its time, and the world; lets them run for scenario.duration; then
 *   drain       nobody speaks any more; every job ends; the data in Redis is checked for consistency
 *   disconnect  every node leaves; time moves past the longest TTL; Redis must be empty
 *
 * With the wall clock the same world runs in real time against an ordinary Redis (sim/redis_host/redis_host.h). Calls to Redis and
 * the work of the instance cost what they cost, so what the scenario models of that is left out; the networks of nodes and
 * clients, and the nodes, stay as modelled. TTLs are not waited for: what has one is deleted, and then Redis must be empty. The
 * sinks see the times of the scenario (scenario.start is the beginning) with either clock.
 * Faults of Redis are made to the private server as far as a process allows it (redis_host_cannot()); else the run is refused.
 * It measures nothing and prints nothing: what happens goes to the trace sinks, what is left is in simulation_facts.
 *
 * Same scenario and options, same trace, byte for byte, unless costs are REDIS_MEASURED or the clock is on the wall.
 * Threads: none, no global state; two simulations may run in one process, each with a Redis of its own. */
#ifndef SIM_WORLD_SIMULATION_H
#define SIM_WORLD_SIMULATION_H

#include "core/base/log.h"
#include "core/redis/keys.h"
#include "core/redis/link.h"
#include "core/redis/redis_url.h"
#include "core/redis/scripts.h"
#include "sim/measure/trace.h"
#include "sim/scenario/scenario.h"

#include <signal.h>

typedef struct redis_host redis_host; /* sim/redis_host/redis_host.h */

typedef enum simulation_clock { CLOCK_VIRTUAL, CLOCK_WALL } simulation_clock;

const char *simulation_clock_name(simulation_clock clock); /* "virtual", "wall" */

typedef enum simulation_stage {
    SIMULATION_RUNS,    /* 0 .. scenario.duration */
    SIMULATION_DRAINS,  /* until nothing is under way, bounded by the longest chain of deadlines */
    SIMULATION_EMPTIES, /* nodes leave, TTLs pass */
} simulation_stage;

typedef struct simulation_progress {
    simulation_stage stage;
    usec_t now;      /* simulated, since the start */
    usec_t duration; /* of the scenario */
    uint64_t events;
    int64_t sessions, jobs, waiting;      /* open; unfinished; of these without room */
    uint64_t redis_commands, redis_bytes; /* so far, both directions: for series */
} simulation_progress;

typedef struct simulation_options {
    const char *scripts;      /* folder with the Lua scripts; NULL: those of the binary */
    const char *redis_binary; /* NULL: redis-server on PATH */
    simulation_clock clock;
    const redis_url *redis_url; /* CLOCK_WALL: instead of a private server; under a fresh prefix, which is emptied */
    int redis_masters;          /* CLOCK_WALL: > 0, a private cluster of as many instead; 1..PRIVATE_MASTERS_MAX */
    int costs;                  /* redis_costs; -1: as the scenario says */
    logger log;
    /* Stands between a core and its link, for tests: gets the link of each instance, gives one that must keep core/redis/link.h. NULL:
     * none. */
    redis_link (*wrap_link)(void *ctx, redis_link link);
    /* Each gets every event, in the order of the array; together they are what the run tells. */
    const trace_sink *sinks;
    size_t sink_count;
    /* Asked every 100 ms of simulated time; each may be NULL. */
    void (*progress)(void *ctx, const simulation_progress *progress);
    bool (*stop)(void *ctx);                /* true: enough, a watched invariant broke; the run ends without drain */
    const volatile sig_atomic_t *interrupt; /* not 0: the user wants to end; the same */
    /* The time of the scenario is over, nothing is drained yet (in real time: just drained, so that nobody waits for the answer to
     * a job meanwhile): Redis holds what it holds under load. Read it with
     * redis_host_ask() and redis_host_measure(); `keys` is where. Not called when the run ended before. May be NULL. */
    void (*measured)(void *ctx, redis_host *redis, const keyspace *keys);
    /* The run has drained, the nodes are still there: Redis holds what is known of jobs that are over. `now` as the sinks count.
     * Not called when the run ended before, or jobs are left. May be NULL. */
    void (*drained)(void *ctx, redis_host *redis, const keyspace *keys, usec_t now);
    void *ctx; /* of these five */
} simulation_options;

extern const simulation_options simulation_defaults; /* nothing given, costs -1 */

/* Traffic between the instances and Redis. */
typedef struct simulation_redis {
    uint64_t commands; /* script calls among them */
    uint64_t script_calls;
    uint64_t by_script[SCRIPT_COUNT];
    uint64_t bytes_sent, bytes_received; /* as on the wire */
    uint64_t batches; /* commands / batches is the mean batch; 0 with the wall clock, as is the next */
    uint64_t waits;   /* physical round trips */
    usec_t busy;      /* modelled time in service; with the wall clock the server's CPU time, whoever used it */
} simulation_redis;

enum { SIMULATION_FINDINGS_MAX = 16, SIMULATION_FINDING_MAX = 200, REDIS_VERSION_MAX = 32 };

/* How late the simulator itself was, over RUNS; upper bounds. All 0 in virtual time. */
typedef struct simulation_lateness {
    uint64_t events;
    usec_t p50, p99, max;
} simulation_lateness;

typedef struct simulation_facts {
    simulation_clock clock;
    simulation_stage stage; /* the last one that was reached */
    bool stopped, interrupted;
    usec_t simulated;     /* from the start to the end of the last stage */
    usec_t drained_after; /* time that the drain took */
    bool drained;         /* nothing was under way at its end; else jobs_left says what hangs */
    int64_t jobs_left;
    uint64_t events; /* of the engine, over all stages */
    usec_t cpu;      /* modelled, of all instances, over RUNS; 0 with the wall clock */
    simulation_lateness late;
    simulation_redis redis; /* over RUNS */
    int64_t redis_cpu_usec; /* real CPU time of the server over RUNS; not reproducible */
    int64_t redis_memory;   /* its used_memory at the end of RUNS; not reproducible */
    char redis_version[REDIS_VERSION_MAX];
    int64_t nodes;
    /* What the consistency checks found, after the drain and at the very end; the first ones with their text. */
    int64_t findings;
    char finding[SIMULATION_FINDINGS_MAX][SIMULATION_FINDING_MAX];
} simulation_facts;

/* SCHED_OK also when the run was stopped, was interrupted or has findings: the facts say so. SCHED_ENOENT, SCHED_EINVAL,
 * SCHED_EIO, SCHED_EPROTO of Redis and scripts. *ret_facts is written in any case, as far as the run came. */
sched_status simulation_run(const scenario *sc, const simulation_options *options, simulation_facts *ret_facts,
                            sched_error *err);

#endif
