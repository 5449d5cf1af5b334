/* check_herd.c - what is believed between two heartbeats: one node gets everything when only reports count, and what two choices, or one's own
 * placements, make of it. The shares are those of the busiest node within a window of one heartbeat. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define HERD                                                                                                           \
    "duration: 2min\nwarmup: 30s\nlanguages: {count: 2}\n"                                                             \
    "nodes: [{name: gpu, count: 40, slots: 4, queue: 1000}]\n"                                                         \
    "sessions: [{name: talk, concurrent: 250}]\n"
#define WINDOW (15 * USEC_PER_SEC)

enum { NODES = 40, WARMUP_WINDOWS = 3 };

typedef struct crowding {
    usec_t begun;
    int64_t jobs[NODES], all, windows;
    double top; /* of all windows behind the warm-up */
} crowding;

static void end_window(crowding *c) {
    int64_t most = 0;
    for (int i = 0; i < NODES; i++)
        if (c->jobs[i] > most) most = c->jobs[i];
    double share = c->all > 50 ? (double)most / (double)c->all : 0;
    if (c->windows++ >= WARMUP_WINDOWS && share > c->top) c->top = share;
    memset(c->jobs, 0, sizeof c->jobs);
    c->all = 0;
}

static void on_event(void *ctx, const trace_event *e) {
    crowding *c = ctx;
    if (!c->begun) c->begun = e->at;
    while (e->at >= c->begun + WINDOW) {
        end_window(c);
        c->begun += WINDOW;
    }
    if (e->kind != TRACE_CORE || e->core->kind != EV_DISPATCHED) return;
    c->jobs[atoi(e->core->node + strlen("gpu-"))]++;
    c->all++;
}

static double top_share(const char *yaml) {
    crowding c = {0};
    trace_sink sink = {on_event, &c};
    sim_run *run = sim_run_new(yaml, &(sim_run_options){.also = &sink});
    sim_run_free(run);
    ck_assert_int_gt(c.windows, WARMUP_WINDOWS + 3);
    return c.top;
}

START_TEST(two_choices_lie_between_the_herd_and_counting_what_was_placed) {
    double herd = top_share(HERD "scheduler: {phase: 1, load: reported}\nincidents: {first_of_equals: yes}\n");
    double two = top_share(HERD "scheduler: {phase: 1, load: reported, placement: best_of_2}\n");
    double own = top_share(HERD "scheduler: {phase: 1, load: own}\n");
    ck_assert_msg(herd > 0.4, "the herd: %.3f of the jobs on one node", herd);
    ck_assert_msg(own < 2.5 / NODES, "own placements counted: %.3f", own);
    ck_assert_msg(two > own && two < herd / 4, "two choices: %.3f, between %.3f and %.3f", two, own, herd);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {two_choices_lie_between_the_herd_and_counting_what_was_placed};
    return SUITE_RUN("herd", tests);
}
