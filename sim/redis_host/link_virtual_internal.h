/* link_virtual_internal.h - what the files of link_virtual share; nobody else includes it.
 *
 *     link_virtual.c      the flight of a call
 *     link_virtual_end.c  how a connection ends, and what becomes of the calls on it */
#ifndef SIM_REDIS_HOST_LINK_VIRTUAL_INTERNAL_H
#define SIM_REDIS_HOST_LINK_VIRTUAL_INTERNAL_H

#include "core/redis/resp.h"
#include "sim/redis_host/link_virtual.h"

typedef enum flight_state {
    FREE,      /* in the list of free flights */
    REFUSED,   /* `event` is its callback */
    OUTBOUND,  /* `event` is its arrival at the server */
    AT_DOOR,   /* at the server, behind a read that waits */
    AT_SERVER, /* in line, or waiting aside */
    HOMEWARD,  /* executed; `event` is the arrival of the answer */
    HERE,      /* the answer is here, but not yet those to earlier calls */
} flight_state;

typedef struct flight flight;
struct flight {
    service service; /* first: the server hands back a pointer to it */
    link_virtual *link;
    flight *next;   /* in the air, or free */
    flight *behind; /* at the door */
    flight_state state;
    bool forgotten;
    bool full; /* refused because of the window */
    usec_t issued;
    timer_handle event, deadline;
    link_callback *done;
    void *arg;
    blocking_read *read; /* of a read that waits; NULL: none */
    resp request;
};

struct link_virtual {
    engine *engine;
    virtual_server *server;
    virtual_redis *redis;
    dist delay;
    rng stream;
    int64_t window;
    usec_t issue_at; /* of the handler that is at work */
    usec_t last_arrival;
    flight *first, **end; /* in the air, by submission; *end is the link behind the last */
    flight *reading;      /* the read that waits at the server */
    flight *door, **door_end;
    flight *free;
    flight **all;
    size_t all_count, all_capacity;
    bool cut;             /* the server cannot be reached */
    bool down;            /* there is no connection */
    int failures;         /* attempts to connect since there was one */
    timer_handle attempt; /* the next, or the end of the one under way */
    rng pauses;
    link_virtual_counts counts;
};

static inline usec_t later_of(usec_t a, usec_t b) {
    return a > b ? a : b;
}

/* link_virtual.c */
void flight_give(flight *f); /* back to the free ones */
/* The first one. */
flight *flight_leaves_air(link_virtual *link);
/* It was executed, and nobody wants to know. */
void flight_drop_answer(flight *f);
void flight_refused(void *flight); /* tells so */

/* link_virtual_end.c */
/* The patience of a flight is over: the connection is closed. */
void link_virtual_late(void *flight);

#endif
