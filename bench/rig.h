/* rig.h - a scheduler, a private Redis, nodes that answer at once: what the benchmarks of scripts and flow stand on.
 *
 * The scheduler is the real one, in real time, over a pipelined connection to an ordinary redis-server of its own. Its nodes
 * and its session are here: an assignment is answered as soon as the loop comes round, or kept when results are held back.
 *
 * Or time stands still, for the scheduler and in the server, whose entropy is pinned: then the same calls are made in the same order
 * in every run and on every machine, and what they cost can be counted.
 *
 * Failure   SCHED_ENOENT and so on as private_server.h says; SCHED_EPROTO when the scheduler refuses what must work.
 * Ownership rig_new() starts the server, rig_free() ends it.
 * Threads   None. */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include "bench/pipe_link.h"
#include "core/redis/private_cluster.h"
#include "core/scheduler/scheduler.h"

typedef struct rig rig;

typedef struct rig_options {
    const char *phase;   /* as scenarios spell it: "3", "production" */
    int masters;         /* 1..PRIVATE_MASTERS_MAX: a Redis Cluster of as many; 0: one server without a cluster */
    const char *scripts; /* folder; NULL: those of the binary */
    bool still;          /* without a cluster only */
    const char *const *launcher; /* of the server, as in private_server_options; only when time stands still */
} rig_options;

sched_status rig_open(const rig_options *options, rig **ret_rig, sched_error *err);
/* A phase as scenarios spell it: "3", "production". */
sched_status rig_new(const char *phase, rig **ret_rig, sched_error *err);
/* On a Redis Cluster of so many masters, 1..PRIVATE_MASTERS_MAX; 0: on one server without a cluster. */
sched_status rig_new_on(int masters, const char *phase, rig **ret_rig, sched_error *err);
rig *rig_free(rig *r); /* takes NULL, returns NULL */

/* Registers nodes that serve every pair of `sources` x `targets` made-up languages and waits until they are in all pools.
 * Once per rig; `count` <= RIG_NODES_MAX. */
enum { RIG_NODES_MAX = 20000, RIG_SLOTS = 4 };
sched_status rig_add_nodes(rig *r, int count, int sources, int targets, sched_error *err);
/* The name of node i, 0 <= i < count, and its connection. */
const char *rig_node_name(char name[ID_MAX + 1], int i);
conn_token rig_node_conn(int i);
/* Pair i of those that the nodes serve, 0 <= i < sources * targets. */
lang_pair rig_pair(const rig *r, int i);

/* Submits jobs over all pairs in turn, at most `window` of them unfinished at a time, and waits until each is answered. With
 * results held back: until each is dispatched. SCHED_EPROTO when one is refused or fails. */
sched_status rig_run_jobs(rig *r, int64_t jobs, int64_t window, sched_error *err);
/* True: nodes keep what they get. False: they answer, also what they kept; rig_settle() waits for it. */
void rig_hold_results(rig *r, bool hold);
/* Waits until no call is in flight and no message is on its way. */
sched_status rig_settle(rig *r, sched_error *err);

scheduler *rig_scheduler(rig *r);
pipe_counts rig_counts(const rig *r);
/* From now on calls go by stages (pipe_link.h): windows of jobs must fit into PIPE_STAGED calls. */
void rig_by_stages(rig *r, pipe_stage_done *done, void *ctx);
/* The connection; nothing may be on the wire. */
sync_client *rig_client(rig *r);
const keyspace *rig_keys(const rig *r);

/* The process that a launcher started; only when time stands still. */
int rig_server_pid(const rig *r);
/* CPU seconds that the server's main thread has used, user and system; of all masters. */
sched_status rig_server_cpu(rig *r, double *ret_seconds, sched_error *err);
/* Of each; returns how many there are. */
sched_status rig_servers_cpu(rig *r, double ret_seconds[PRIVATE_MASTERS_MAX], int *ret_count, sched_error *err);
/* Sum of MEMORY USAGE over all keys of a single server, in bytes. */
sched_status rig_key_bytes(rig *r, int64_t *ret_bytes, sched_error *err);

#endif
