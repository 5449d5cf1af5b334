/* virtual_redis.h - a real, unmodified redis-server that lives in the time of an engine.
 *
 * It is started with a preloaded library that answers its clocks and its entropy from a page of ours, so TTLs, TIME
 * and stream ids are simulated, and one seed gives one run bit for bit: hash functions, SCAN, SMEMBERS and
 * RANDOMKEY included.
 *
 * Pipeline   Commands are appended at the present instant of the engine and execute in that order. Replies are read
 *            when somebody asks for one. The page moves only while nothing is in flight: a command that comes more
 *            than `max_skew` after the first of its batch closes the batch, that is, waits for its replies. So the
 *            time that a command sees is at most `max_skew` before its own.
 * Upkeep     Active expire is off. Once per simulated second the server's periodic work runs and a bounded SCAN
 *            touches keys, which deletes those that have expired. This sets an event on the engine: run the engine
 *            up to an instant, not until it is empty.
 * Failure    Once the connection breaks, every take returns NULL and virtual_redis_status() says why: the run is
 *            over.
 * Threads    None. */
#ifndef SIM_REDIS_HOST_VIRTUAL_REDIS_H
#define SIM_REDIS_HOST_VIRTUAL_REDIS_H

#include "core/base/status.h"
#include "core/redis/call.h"
#include "core/redis/reply.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/redis_info.h"
#include "sim/redis_host/redis_pipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct virtual_redis virtual_redis;

typedef struct virtual_redis_options {
    const char *binary;          /* NULL: redis-server on PATH */
    uint64_t seed;               /* of the server's entropy */
    usec_t max_skew;             /* >= 0 */
    usec_t upkeep;               /* > 0; pause between two rounds of the server's periodic work */
    const char *const *launcher; /* as in private_server_options */
} virtual_redis_options;

extern const virtual_redis_options virtual_redis_defaults; /* PATH, seed 1, 100 usec, 1 s */

/* Failures of private_server_start(); SCHED_EPROTO when the server's TIME is not the page's: the preload did not
 * take. The engine is borrowed and must outlive it. */
sched_status virtual_redis_start(engine *e, const virtual_redis_options *options, virtual_redis **ret_redis,
                                 sched_error *err);
/* Ends the server and its upkeep; every ticket is spent. Takes NULL, returns NULL. */
virtual_redis *virtual_redis_stop(virtual_redis *redis);

const char *virtual_redis_version(const virtual_redis *redis);
/* For further connections by others; they see the time that virtual_redis_settle() has set. */
const char *virtual_redis_socket(const virtual_redis *redis);
int virtual_redis_pid(const virtual_redis *redis);

/* kill -9, after a SAVE when asked for. Every ticket is spent (assert). Until it is revived nothing may be appended
 * (assert), commands outside of simulated service are refused with SCHED_EIO, and time goes on. */
void virtual_redis_kill(virtual_redis *redis, bool save);
/* Starts it again at the present, under the same clock, with what was saved last or empty; a failure of either shows in virtual_redis_status(). */
void virtual_redis_revive(virtual_redis *redis, bool with_data, scripts *s);
bool virtual_redis_lives(const virtual_redis *redis);

/* SCHED_OK while the connection stands, or was ended by virtual_redis_kill(). */
sched_status virtual_redis_status(const virtual_redis *redis, sched_error *err);

/* Appends one command in RESP; `resp` is copied. The ticket is spent by exactly one take or drop. */
redis_ticket virtual_redis_append(virtual_redis *redis, const char *resp, size_t len);
/* Appends one command and waits for its reply, which is kept for its taker; tells the real time that this took. */
redis_ticket virtual_redis_append_timed(virtual_redis *redis, const char *resp, size_t len, usec_t *ret_real);
/* Reads up to that reply if it was not read yet. The caller frees it with virtual_redis_reply_free(). */
redis_reply *virtual_redis_take(virtual_redis *redis, redis_ticket ticket);
void virtual_redis_drop(virtual_redis *redis, redis_ticket ticket);
redis_reply *virtual_redis_reply_free(redis_reply *reply); /* takes NULL, returns NULL */

/* Reads all that is in flight and sets the server's time to the engine's. */
void virtual_redis_settle(virtual_redis *redis);
/* One plain command outside of simulated service: faults, measurements, checks. It executes at the present instant,
 * after all that was appended; an error reply is an answer. Not counted. SCHED_EIO. */
sched_status virtual_redis_sync(virtual_redis *redis, const redis_call *call, redis_reply **ret_reply,
                                sched_error *err);
/* Walks all keys once, so that all that have expired are gone. */
sched_status virtual_redis_expire_all(virtual_redis *redis, sched_error *err);

/* Loads every script of the registry. SCHED_EPROTO when one does not compile. */
sched_status virtual_redis_load(virtual_redis *redis, scripts *s, sched_error *err);

sched_status virtual_redis_measure(virtual_redis *redis, redis_usage *ret_usage, sched_error *err);

typedef struct virtual_redis_counts {
    uint64_t commands; /* appended; upkeep, sync and start-up are not counted, here and in the next three */
    uint64_t bytes_sent, bytes_received;
    uint64_t batches; /* commands / batches is the mean batch */
    uint64_t writes;  /* system calls that sent, all commands; real, so not reproducible, as is the next */
    uint64_t waits;   /* times that the simulator had to wait for the server */
} virtual_redis_counts;

virtual_redis_counts virtual_redis_count(const virtual_redis *redis);

#endif
