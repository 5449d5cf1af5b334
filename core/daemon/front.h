/* front.h - the doors of an instance: nodes, sessions and other instances on one side, the scheduler on the other.
 *
 * What comes in is parsed, checked against who may say it, and handed to the scheduler; what the scheduler says (its transport) goes
 * out as frames. A bad message is answered with an error, counted, and changes nothing.
 *
 *     node_front.c      /ws/node: registration, heartbeats, results; assignments
 *     session_front.c   /ws/session: what clients say
 *     session_told.c    what clients are told, with the events of their utterances
 *     session_room.c    rooms and the relay between their members
 *     utterances.c      what a session remembers of an utterance until it is answered
 *     peer_front.c      /ws/peer: what other instances say
 *
 * Scheduler  The front lives longer than any scheduler: front_use() hands over the present one. Connections belong to the scheduler
 *            under which they spoke first, so front_close_all() comes before another one.
 * Threads    All from the loop. */
#ifndef CORE_DAEMON_FRONT_H
#define CORE_DAEMON_FRONT_H

#include "core/daemon/loop_clock.h"
#include "core/daemon/metrics.h"
#include "core/daemon/secrets.h"
#include "core/daemon/server.h"
#include "core/scheduler/scheduler.h"

typedef struct front front;

typedef struct front_env {
    loop_clock *clock;
    metrics *metrics;
    logger log;
    const secrets *const *secrets; /* what both point to changes with SIGHUP */
    const bool *tokens_required;
    void (*instance_lost)(void *ctx, const char *why); /* as the transport's */
    void *ctx;
} front_env;

front *front_new(const front_env *env);
/* The server is gone. Takes NULL, returns NULL. */
front *front_free(front *f);
/* For server_options; lives as long as the front. */
const server_door *front_doors(const front *f);

/* For scheduler_env. */
transport front_transport(front *f);
/* What the scheduler's observer hears, for the events that clients are shown. */
void front_observe(front *f, const sched_event *event);
/* Under the id that instances call it by. NULL: there is none; who comes meanwhile is sent away. */
void front_use(front *f, scheduler *s, const char *instance_id);
/* Each session gets its last answers and is then told to connect elsewhere (1001); what is said in it from now on is refused. Nodes and
 * clients that come are sent away; other instances are not, because they fetch and bring what belongs to the jobs that are left. */
void front_drain(front *f);
/* Every connection ends; what it says until then, and its end, the scheduler does not hear. */
void front_close_all(front *f, int code, const char *reason);

typedef struct front_counts {
    int64_t nodes, sessions, peers; /* connections that are open */
} front_counts;

front_counts front_count(const front *f);

#endif
