/* virtual_server.h - the simulated Redis server: calls of all links stand in one line and are served one at a time.
 *
 * A call is handed to the real server at the instant at which its simulated service starts, so the real one
 * executes calls in the simulated order, whoever sent them. How long the service takes says the cost model; what
 * the answer is, is read later.
 *
 * A read that waits for an entry of a stream (blocking_read.h) is served like any other call; when there is nothing it steps aside, and
 * whoever adds an entry to that stream lets it be served again, ahead of the line, as Redis does. When its time is over it
 * is answered with nothing.
 *
 * Bounds: the line is as long as the windows of the links together, and what their broken connections left behind.
 * Threads: none. */
#ifndef SIM_REDIS_HOST_VIRTUAL_SERVER_H
#define SIM_REDIS_HOST_VIRTUAL_SERVER_H

#include "sim/redis_host/blocking_read.h"
#include "sim/redis_host/cost_model.h"
#include "sim/redis_host/virtual_redis.h"

#include <stdbool.h>

typedef struct virtual_server virtual_server;

typedef struct virtual_server_options {
    cost_kind costs;
    const cost_profile *profile; /* NULL: the default */
    uint64_t seed;               /* of the costs */
} virtual_server_options;

/* Loads all scripts into the real server. Engine, Redis and scripts are borrowed and must outlive it. Failures of
 * virtual_redis_load(). */
sched_status virtual_server_new(engine *e, virtual_redis *redis, scripts *s, const virtual_server_options *options,
                                virtual_server **ret_server, sched_error *err);
/* After its links; takes NULL, returns NULL. */
virtual_server *virtual_server_free(virtual_server *server);

/* No service starts before `until`: a pause, a fork, a slow command of somebody else. */
void virtual_server_pause(virtual_server *server, usec_t until);

/* Every service that starts from now on takes `factor` (> 0) times as long. */
void virtual_server_slow(virtual_server *server, double factor);
/* Somebody's SCRIPT FLUSH goes to the end of the line. */
void virtual_server_flush_scripts(virtual_server *server);
/* The process has ended: nothing of what was in line will be served (the links take out what is theirs), and a pause is over. */
void virtual_server_died(virtual_server *server);

/* One call as the links hand it over; it belongs to the link and stays put until `started`. */
typedef struct service service;
struct service {
    const char *request; /* in RESP */
    size_t request_len;
    script_id script; /* SCRIPT_NONE: a plain command */
    bool load_first;  /* the server has lost the script: SCRIPT LOAD goes ahead in the same service */
    /* Runs when the service starts: its ticket is there, and it will end at `end`. */
    void (*started)(service *s, usec_t end);
    redis_ticket ticket;
    bool adds; /* maybe an entry to a stream */
    /* Of a read that waits; NULL: none. Then there is an answer instead of a ticket, which is the link's in the end. */
    const blocking_read *read;
    redis_reply *answer;
    virtual_server *server; /* the server's, as are the rest */
    usec_t until;
    timer_handle over;
    bool aside;
    service *next, *prev; /* in line, or aside */
};

void virtual_server_arrive(virtual_server *server, service *s);
/* Takes a call out of the line, also one that has stepped aside. */
void virtual_server_withdraw(virtual_server *server, service *s);
const scripts *virtual_server_scripts(const virtual_server *server);
virtual_redis *virtual_server_redis(const virtual_server *server);

typedef struct virtual_server_counts {
    uint64_t commands; /* services started, script calls among them */
    uint64_t script_calls;
    uint64_t by_script[SCRIPT_COUNT];
    uint64_t reloads;      /* NOSCRIPT answers */
    uint64_t longest_line; /* calls that waited behind the one in service */
    usec_t busy;           /* sum of the costs */
} virtual_server_counts;

virtual_server_counts virtual_server_count(const virtual_server *server);

#endif
