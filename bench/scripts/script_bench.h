/* script_bench.h - one script on a private Redis of its own: what a call costs that does its work.
 *
 * A plan says in lines of text (call_text.h) what must be there before, what the call is and how it is answered. Whatever a call uses up
 * is made for it beforehand: a job that is accepted was created and marked by the scripts that do so. Before each run everything is
 * deleted and made again.
 *
 *     pipelined_per_s         calls written without waiting for answers, a window of them on the way
 *     sync_per_s              each waits for the answer to the one before
 *     server_cpu_us_per_call  of the server's main thread, pipelined: reading, the script, writing
 *     commands_per_call       that the server executed, the call itself among them: a number that does not vary
 *
 * A call that is answered otherwise than planned ends the benchmark: what a script refuses is quick.
 *
 * Failure  those of private_server.h; SCHED_EPROTO with the call and its answer. */
#ifndef BENCH_SCRIPTS_SCRIPT_BENCH_H
#define BENCH_SCRIPTS_SCRIPT_BENCH_H

#include "bench/harness.h"

/* How often a line of preparation is called. */
typedef enum script_times {
    ONCE,
    PER_GROUP,
    PER_MEMBER, /* `size` times in each group: %i counts them, from 0 in each */
    PER_CALL,   /* %i, %g and %k as of the call that is measured */
} script_times;

typedef struct script_step {
    script_times times;
    const char *text;
} script_step;

/* Which calls meet the same things. Where calls make a group larger or smaller, they go to so many groups that it stays the size that it
 * is said to have. */
typedef enum script_groups {
    TOGETHER, /* one group */
    TENTHS,   /* as many calls to a group as a tenth of its size, at least one */
    APART,    /* each has a group of its own */
} script_groups;

enum { SCRIPT_STEPS_MAX = 6 };

typedef struct script_plan {
    script_step steps[SCRIPT_STEPS_MAX + 1]; /* closed by a text that is NULL */
    const char *call;
    const char *answer; /* its first word; "%n": the size, as a number */
    script_groups groups;
    bool linear; /* its cost grows with the size: fewer calls of the larger */
} script_plan;

/* `run` of a benchmark whose plan is a script_plan. */
sched_status script_bench_run(bench_run *run, sched_error *err);

/* The tables: bench/scripts/plans_*.c. Every script of scripts/lua has a row that is called "scripts." and its name. */
#define SCRIPT_ROW(last, question, ...)                                                                                \
    .name = "scripts." last, .what = question, .run = script_bench_run, .wide = true,                                  \
    .metrics = {{"pipelined_per_s", "1/s"},                                                                            \
                {"sync_per_s", "1/s"},                                                                                 \
                {"server_cpu_us_per_call", "us"},                                                                      \
                {"commands_per_call", "1"}},                                                                           \
    .plan = &(const script_plan) {                                                                                     \
        __VA_ARGS__                                                                                                    \
    }
#define SCRIPT_BY(what, sizes) .param = what, .values = sizes, .value_count = sizeof sizes / sizeof *sizes

#endif
