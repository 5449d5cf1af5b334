/* server_watch.h - what a server executes, in its own order: each write of a job or of a reservation, checked against what the
 * scripts promise, whoever made it.
 *
 * It reads MONITOR, which shows also what scripts do, so no step between two questions of a test goes unseen. Checked are:
 * - a job's states follow each other as core/domain/job.h allows; it is finished once;
 * - its attempt grows, with a step back to CREATED and only there;
 * - a node's unexpired reservations are never more than its slots.
 *
 * Threads   None; the clients are other processes. */
#ifndef TESTS_SUPPORT_SERVER_WATCH_H
#define TESTS_SUPPORT_SERVER_WATCH_H

#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"

typedef struct server_watch server_watch;

/* The namespace is empty; every node has `slots` slots. Fails the test when it cannot watch. */
server_watch *server_watch_open(const private_server *server, int64_t slots);
/* Takes NULL, returns NULL. */
server_watch *server_watch_close(server_watch *w);

/* A client has nothing more to do. */
void server_watch_leave(sync_client *client);
/* Reads until so many clients have left. What was wrong first, with the command; "" when nothing was. */
const char *server_watch_read(server_watch *w, int clients);
/* Writes of a job's state that were seen. */
int64_t server_watch_steps(const server_watch *w);

#endif
