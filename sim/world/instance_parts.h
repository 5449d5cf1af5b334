/* instance_parts.h - what the files of an instance share; nobody else includes it.
 *
 *     instance.c            its processor, its way to Redis, its beginning and end
 *     instance_timers.c     the timers of its core
 *     instance_messages.c   what comes from nodes and speakers
 *     instance_transport.c  what leaves for them
 *     peer_way.c            what they say to each other */
#ifndef SIM_WORLD_INSTANCE_PARTS_H
#define SIM_WORLD_INSTANCE_PARTS_H

#include "sim/world/internal.h"

#include "core/instance/peer.h"

/* A timer of the core. The handle given to it is generation << 32 | place + 1. */
typedef struct core_timer {
    process *p;
    void (*fire)(void *arg);
    void *arg;
    timer_handle pending; /* of the engine */
    bool soon;            /* it runs behind the handler under way */
    uint32_t place, generation;
    struct core_timer *next; /* free, or soon */
} core_timer;

typedef struct core_timers {
    pool *all;
    core_timer **at; /* by place */
    size_t count, capacity;
    core_timer *free;
    core_timer *soon, **soon_end; /* in the order in which they were set */
} core_timers;

struct process {
    world *w;
    int32_t number;
    char id[ID_MAX + 1];
    scheduler *scheduler;
    redis_link redis, reader;
    rng cpu;
    usec_t begins, leaves; /* of the handler under way, or of the latest */
    usec_t spent;
    bool handling;
    pool *calls;
    core_timers timers;
};

/* instance.c */
/* What the core does between these two costs the processor one message. */
void handler_begin(process *p);
void handler_end(process *p);

/* instance_timers.c */
void timers_new(process *p);
void timers_free(process *p);
timer_source process_timers(process *p);
/* Those that were set for now by the handler under way. */
void timers_run_soon(process *p);

/* instance_messages.c */
void process_take(process *p, const message *m);
/* It hears from another one. */
void process_hear(process *p, const char *from, const peer_message *said);

/* peer_way.c */
peer_link process_peers(process *p);

/* instance_transport.c */
transport process_transport(process *p);

#endif
