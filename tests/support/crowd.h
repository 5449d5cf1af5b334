/* crowd.h - clients that do to a few jobs and nodes all that instances do, badly coordinated, and often give up half-way.
 *
 * Each is meant to be a process of its own: what goes wrong ends it by _exit(EXIT_FAILURE), with a sentence in its diary. What
 * one chooses follows from seed and number; how their calls interleave is the machine's choice. */
#ifndef TESTS_SUPPORT_CROWD_H
#define TESTS_SUPPORT_CROWD_H

#include "tests/support/lua_db.h"

enum { CROWD_SLOTS = 2 /* of every node */ };

/* In memory that all processes share. */
typedef struct crowd_diary {
    char wrong[256];
    int64_t calls[SCRIPT_COUNT];
    int64_t granted;
} crowd_diary;

typedef struct crowd_client {
    const lua_db *db;
    const private_server *server;
    uint64_t seed;
    int number;
    crowd_diary *diary;
} crowd_client;

/* About so many script calls, or fewer when the seconds are over; then it leaves the watch (server_watch.h). Wrong is an error
 * reply, a grant above the slots, a proposal that a hole in a pool's positions has made shorter. */
void crowd_play(const crowd_client *c, int64_t operations, int seconds_max);
/* Alone: ends every job, brings each node into its pools or away, waits until the last reservation has expired. */
void crowd_settle(const crowd_client *c);
/* After that: the last nodes leave. */
void crowd_go_home(const crowd_client *c);

#endif
