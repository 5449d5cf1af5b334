/* crew.h - several instances of the scheduler on one private Redis, in one process: what phases that need others are measured on.
 *
 * Each instance has the links of the daemon (link_uv.h), one for calls and one that waits at its inbox; what instances say to each other
 * directly goes through the daemon's frames, without a network. Nodes and sessions are spread evenly: where nodes are chosen by chance,
 * every other job of two instances is for a node of the other one. Everything runs: beats, sweeps, and copies of the nodes; a crew is not
 * still, as a rig is (rig.h).
 *
 * Failure   those of private_server.h; SCHED_EPROTO when a scheduler refuses what must work; SCHED_ETIMEDOUT when nothing happens.
 * Ownership crew_open() starts the server, crew_close() ends it.
 * Threads   None. */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "bench/pipe_link.h"
#include "core/base/status.h"

typedef struct crew crew;

enum { CREW_INSTANCES_MAX = 4, CREW_NODES_MAX = 2000 };

/* `phase` as scenarios spell it. */
sched_status crew_open(const char *phase, int instances, crew **ret_crew, sched_error *err);
crew *crew_close(crew *c); /* takes NULL, returns NULL */

/* Registers nodes that serve every pair of `langs` x `langs` languages, until all instances may propose all of them. Once. */
sched_status crew_add_nodes(crew *c, int count, int langs, sched_error *err);
/* Submits jobs over all pairs, at each instance in turn, at most `window` of them unfinished, and waits until each is answered. */
sched_status crew_run_jobs(crew *c, int64_t jobs, int64_t window, sched_error *err);

/* Calls of all instances; the waiting at inboxes is among the plain ones. */
pipe_counts crew_counts(const crew *c);
/* Jobs so far whose node was another instance's. */
int64_t crew_remote_jobs(const crew *c);
/* CPU seconds of the server's main thread. */
sched_status crew_server_cpu(crew *c, double *ret_seconds, sched_error *err);

#endif
