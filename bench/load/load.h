/* load.h - one load: a scenario's nodes and sessions as clients of running instances, from the first connection to the last answer.
 *
 *     run      the scenario's duration; what is measured lies behind its warm-up
 *     drain    nobody speaks any more; answers are waited for, at most `patience`
 *     close    sessions ask for their end, nodes disconnect
 *
 * An interrupt ends it at once, with what was measured so far. */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include "bench/load/account.h"
#include "bench/load/lines.h"
#include "bench/load/page_watch.h"
#include "bench/load/watched.h"
#include "sim/scenario/scenario.h"

enum { LOAD_TARGETS_MAX = 16 };

typedef struct load load;

typedef struct load_options {
    const char *url[LOAD_TARGETS_MAX]; /* as given */
    ws_target targets[LOAD_TARGETS_MAX];
    int target_count;
    const char *node_token, *session_token, *admin_token; /* "": none */
    int64_t audio_bytes, result_bytes;                    /* audio -1: as the scenario says */
    usec_t late_max, heartbeat, patience;
    const char *paths[PAGE_PATHS_MAX];
    int path_count;
    watched watched[WATCHED_MAX];
    int watched_count;
    /* Asked several times per second; NULL: never. */
    bool (*interrupted)(void);
    void (*progress)(void *ctx, const load *load);
    void *ctx;
} load_options;

typedef enum load_stage { LOAD_RUNS, LOAD_DRAINS, LOAD_CLOSES } load_stage;

/* Runs it to its end. SCHED_EINVAL: the scenario has faults that a load cannot make; SCHED_FULL: more connections than this process
 * may have; SCHED_EIO. SCHED_EINTR too gives *ret_load, to be read and freed. */
sched_status load_run(const scenario *sc, const load_options *options, load **ret_load, sched_error *err);
load *load_free(load *l); /* takes NULL, returns NULL */

load_stage load_stage_of(const load *l);
usec_t load_time(const load *l);   /* since the start */
usec_t load_window(const load *l); /* how much of the measured window has passed */
const scenario *load_scenario(const load *l);
const load_options *load_options_of(const load *l);
const account *load_account(const load *l);
const page_watch *load_pages(const load *l);
/* As they were at the end of the run, before anybody left. */
lines_counts load_lines(const load *l);
lines_counts load_lines_now(const load *l);
const histogram *load_node_setup(const load *l);
const histogram *load_session_setup(const load *l);
const histogram *load_lateness(const load *l); /* of the generator's events, warm-up included */
const watched *load_watched(const load *l, int i);

#endif
