/* daemon_internal.h - what daemon.c and daemon_life.c share: the parts, and the stage of their life. */
#ifndef CORE_DAEMON_DAEMON_INTERNAL_H
#define CORE_DAEMON_DAEMON_INTERNAL_H

#include <uv.h>

#include "core/daemon/api.h"
#include "core/daemon/daemon.h"
#include "core/daemon/front.h"
#include "core/daemon/log_writer.h"
#include "core/daemon/recording.h"
#include "core/redis/link_url.h"

/*     RUNS ──signal──▶ LEAVES ──▶ CLOSES ──▶ OVER
 *      │ ▲               │          ▲
 *      ▼ │               │          │
 *      LOST ─────────────┴──signal──┘                     LOST: calls come back, then a new scheduler under a new id */
typedef enum stage { STAGE_RUNS, STAGE_LOST, STAGE_LEAVES, STAGE_CLOSES, STAGE_OVER } stage;

enum { SIGNALS = 3, HOST_MAX = 40 };

typedef struct redis_line {
    struct linguad *d;
    const char *name;
    link_url *link;
    link_uv_state state;
} redis_line;

typedef struct linguad {
    daemon_options options;
    daemon_config config; /* as it is now */
    const secrets *secrets;
    secrets *owned_secrets; /* the same */
    log_writer writer;
    logger log;

    uv_loop_t loop;
    loop_clock *clock;
    scripts *scripts;
    redis_line calls, reads; /* reads: those that block */
    metrics *metrics;
    recording *recording; /* NULL: nothing is recorded */
    front *front;
    api *api;
    server *server;
    peers *peers; /* of the present id; NULL: there is no secret */
    scheduler *scheduler;
    char host[HOST_MAX]; /* letters of the host's name that an id may have */
    char instance_id[ID_MAX + 1];
    usec_t started;

    stage stage;
    char status[96];     /* as the service manager was told last */
    bool scheduler_left; /* nothing keeps it but calls that are out */
    usec_t until;        /* of the drain */
    int interrupts;
    uv_signal_t signals[SIGNALS];
    uv_timer_t step, watchdog;
} linguad;

/* ---- daemon.c ---- */
usec_t daemon_now(const linguad *d);
/* A scheduler under a new id, and the way to others under that id. */
sched_status daemon_begin_instance(linguad *d, sched_error *err);
/* Its calls have come back. */
void daemon_end_instance(linguad *d);
bool daemon_is_ready(const linguad *d);

/* ---- daemon_life.c ---- */
/* Their handles are on the loop, and do nothing yet. */
void life_open(linguad *d);
void life_begin(linguad *d);
void life_end(linguad *d);
/* For the front. */
void life_instance_lost(void *ctx, const char *why);

#endif
