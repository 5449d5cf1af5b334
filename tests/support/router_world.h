/* router_world.h - a cluster of real servers, a router, and what has been answered: what the tests of the router stand on.
 *
 * One world per process; each test opens and closes it. What cannot be set up fails the test. */
#ifndef TESTS_SUPPORT_ROUTER_WORLD_H
#define TESTS_SUPPORT_ROUTER_WORLD_H

#include <check.h>
#include <stdbool.h>

#include "core/redis/private_cluster.h"
#include "core/redis/router_cluster.h"

#define PATIENCE (5 * USEC_PER_SEC)

enum { ANSWERS_MAX = 20000, MASTERS = 3 };

typedef struct seen {
    int number; /* of the call, in the order of submission */
    link_status status;
    int64_t value;
    char text[64];
} seen;

typedef struct router_world {
    private_cluster *cluster;
    router_cluster *router;
    redis_link line;
    seen answers[ANSWERS_MAX]; /* in the order in which they came */
    int answered, submitted;
    char last_state[512];
} router_world;

extern router_world on;

/* The loop and the scripts; then servers; then the router, and wait until it is ready. */
void world_open(void);
void world_start_cluster(int replicas);
void world_open_url(const redis_url *url, link_uv_options options);
/* All of these, with the servers of a cluster. */
void world_open_ready(int replicas, link_uv_options options);
/* Also the proof that nothing of a router is left on the loop. */
void world_close(void);

/* Runs the loop until `done` says so; false when that takes longer. */
bool world_run_until(bool (*done)(void), int ms);
void world_run(int ms);
bool world_ready(void);
bool world_all_answered(void);
/* All answered within five seconds, or the test fails. */
void world_settle(void);
/* Forgets what was answered; nothing is in flight. */
void world_forget(void);

void world_ask_call(const redis_call *call, usec_t patience);
/* "INCR key ...": the second word is the key. */
void world_ask(const char *words, usec_t patience);
/* `words` and "{number}". */
void world_ask_number(const char *words, int number);
void world_expect_all(link_status status);

/* From outside, at one server; the answer's text, until the next call. An error fails the test. */
const char *world_aside(int server, const char *words);
const char *world_node_id(int server);
/* The slot is the other's, say all masters. */
void world_assign_slot(int slot, int from, int to);

#endif
