/* instance_parts.h - what the files of an instance share; nobody else includes it.
 *
 *     instance.c            its processor, its way to Redis, its beginning
 *     instance_life.c       its end, and the process that comes after it
 *     instance_fault.c      what goes wrong with it
 *     instance_timers.c     the timers of its core
 *     instance_messages.c   what comes from nodes and speakers
 *     instance_transport.c  what leaves for them
 *     peer_way.c            what they say to each other
 *     dashboard.c           who asks for their figures, and the catalog that they ask */
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

/* What the core asked of Redis; the answer is a handler. */
typedef struct open_call {
    struct open_call *next, *prev;
    process *p;
    link_callback *done; /* NULL: its process has ended */
    void *arg;
    bool sent; /* to the link, which will answer */
} open_call;

typedef enum process_state {
    PROCESS_DOWN, /* there is none */
    PROCESS_RUNS,
    PROCESS_LEAVES, /* in good order */
    PROCESS_DIES,   /* what it does nobody sees */
} process_state;

/* Of one instance, one after the other. */
struct process {
    world *w;
    int32_t number;
    process_state state;
    uint32_t life; /* 1 .. */
    char id[ID_MAX + 1];
    scheduler *scheduler; /* NULL: PROCESS_DOWN */
    bool closed;          /* it leaves, and has ended its connections */
    usec_t ended_at;      /* the latest process that has ended */
    usec_t pause;         /* when it has left, until the next one; 0: there will be none */
    usec_t leave_limit;
    timer_handle farewell, next; /* of one that leaves; of the next process */
    int partitions;              /* that cut it off now */
    redis_link redis, reader;
    rng cpu;
    usec_t begins, leaves; /* of the handler under way, or of the latest */
    usec_t spent;
    double fraction;      /* of a microsecond that was not charged yet */
    usec_t measured_from; /* of the handler under way, by the thread's CPU time; 0: it is not measured */
    bool handling;
    pool *calls;
    open_call *open; /* calls */
    int64_t at_link; /* calls that the link has not answered, of ended processes, too */
    int64_t orphans; /* those of ended ones */
    core_timers timers;
};

/* instance.c */
typedef enum handler_kind {
    HANDLE_MESSAGE, /* of a node, a speaker, another instance, a dashboard: a socket and a text to take apart */
    HANDLE_ANSWER,  /* of Redis; or a timer */
} handler_kind;

/* What the core does between these two costs the processor one handler, and what it looks at. */
void handler_begin(process *p, handler_kind kind);
void handler_end(process *p);
/* When what is sent now leaves: the work of the handler up to here is done. */
usec_t process_leaves(process *p);

void process_start(process *p); /* a new one */
/* It stands still for so long. */
void process_pause(process *p, usec_t length);
/* Takes it out of those that are open; the link need not have answered. */
void call_forget(open_call *c);

/* instance_life.c */
void process_crash(process *p);
/* In good order; another one comes `pause` later, unless that is 0. */
void process_leave(process *p, usec_t pause);
/* Its core says that it was away too long: called from inside of a handler. */
void process_lost(process *p);
void process_start_later(process *p, usec_t after);
void process_cancel_plans(process *p);

/* instance_timers.c */
/* All of them. */
void timers_drop(process *p);
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

/* dashboard.c */
catalog_source process_catalog(process *p);

/* instance_transport.c */
transport process_transport(process *p);

#endif
