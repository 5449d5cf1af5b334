/* environment.h - what counts of instructions depend on besides the code: each a word and a text that must be equal.
 *
 *   redis      version and build of redis-server
 *   libraries  what is loaded into this program, each with its build id; the C library among them
 *   compiler   that made this program, and whether it optimized
 *   cpu        architecture and vector extensions, which the C library chooses its functions by
 *   model      the processor's name; told, not compared: a count of instructions does not depend on its speed
 *   valgrind   its version; "" where it is not installed, or this program could not run under it
 *
 * Threads: none. */
#ifndef BENCH_GATE_ENVIRONMENT_H
#define BENCH_GATE_ENVIRONMENT_H

#include <jansson.h>

#include "core/base/status.h"

typedef enum environment_item {
    ENV_REDIS,
    ENV_LIBRARIES,
    ENV_COMPILER,
    ENV_CPU,
    ENV_VALGRIND,
    ENV_MODEL,
    ENV_ITEMS,
    ENV_COMPARED = ENV_MODEL /* those before it */
} environment_item;

enum { ENV_TEXT_MAX = 2048 };

typedef struct environment {
    char text[ENV_ITEMS][ENV_TEXT_MAX];
} environment;

const char *environment_name(environment_item item);
/* Of this program on this machine. What cannot be found out is "". */
environment environment_here(void);
/* The first item that must agree and does not; ENV_ITEMS when all do. */
environment_item environment_differs(const environment *a, const environment *b);
/* The version of Redis without the build: what counters depend on. */
void environment_redis_version(const environment *e, char version[32]);

json_t *environment_to_json(const environment *e);
/* Missing items are "". SCHED_EINVAL unless it is an object. */
sched_status environment_from_json(const json_t *json, environment *ret_environment, sched_error *err);

#endif
