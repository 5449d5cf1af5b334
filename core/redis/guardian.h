/* guardian.h - a process that stands between us and a server we start: it ends the server and removes the server's
 * folder when we end, however we end.
 *
 * It holds one end of a socket pair whose other end (`line`) only its owner holds. The kernel closes that end even
 * after a kill -9, and the guardian reads the end of the line. A process that the owner forks without exec holds the
 * line too; the guardian then waits for both. */
#ifndef CORE_REDIS_GUARDIAN_H
#define CORE_REDIS_GUARDIAN_H

#include "core/base/status.h"

#include <stdbool.h>
#include <sys/types.h>

enum { GUARDIAN_KEEP = 2 };

typedef struct guardian_plan {
    const char *folder;      /* absolute; the server's working folder, removed with all that is in it */
    const char *log;         /* file for the server's stdout and stderr */
    char *const *argv;       /* argv[0] is the path of the program; closed by NULL */
    char *const *env;        /* the whole environment; closed by NULL */
    int keep[GUARDIAN_KEEP]; /* descriptors that the server inherits under the same numbers; -1: none */
} guardian_plan;

typedef struct guardian {
    pid_t pid, server; /* server 0: it was killed */
    int line;
} guardian;

/* SCHED_EIO when a process cannot be made. A program that cannot be run is a server that ended at once. */
sched_status guardian_start(const guardian_plan *plan, guardian *ret_guardian, sched_error *err);
/* False when the server has ended by itself. */
bool guardian_server_lives(const guardian *g);
/* Kills the server and waits for its end; its folder stays, and so does the guardian. */
void guardian_kill_server(guardian *g);
/* Runs it again as it was planned. SCHED_EIO. */
sched_status guardian_run_server(guardian *g, sched_error *err);
/* Returns when the server has ended and its folder is gone, also when the guardian itself was killed meanwhile. */
void guardian_end(guardian *g, const char *folder);

#endif
