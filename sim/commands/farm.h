/* farm.h - tasks in child processes, a few at a time.
 *
 * A task is forked, not executed: it finds everything that its parent has read. It runs in a process group of its own, so that
 * Ctrl-C reaches the parent alone, which hands it on once; when the parent is killed, its tasks are asked to end.
 *
 * Signals    SIGINT and SIGTERM: no more tasks begin, those that run get a SIGINT and are waited for. A second one kills them.
 * Threads    The process has one thread. */
#ifndef SIM_COMMANDS_FARM_H
#define SIM_COMMANDS_FARM_H

#include <stdbool.h>
#include <stddef.h>

enum { FARM_JOBS_MAX = 256, FARM_KILLED = 128 };

typedef struct farm {
    size_t count;                          /* tasks 0 .. count - 1, begun in this order */
    int jobs;                              /* at once; 1 .. FARM_JOBS_MAX */
    int (*run)(void *ctx, size_t task);    /* in the child, which exits with what it returns */
    void (*began)(void *ctx, size_t task); /* in the parent */
    void (*ended)(void *ctx, size_t task,
                  int status); /* exit status, or FARM_KILLED + signal; in the order of ending */
    void (*tick)(void *ctx);   /* about twice a second */
    void *ctx;
} farm;

/* False when it was interrupted: not all tasks were begun, or some ended early. */
bool farm_run(const farm *f);

/* Processors that this process may use. */
int farm_processors(void);

#endif
