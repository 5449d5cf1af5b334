/* Several instances of the scheduler in one world: who goes to which, and what the run tells of them. */
#include "sim/world/simulation.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define FOUR                                                                                                           \
    "duration: 60s\n"                                                                                                  \
    "warmup: 0s\n"                                                                                                     \
    "languages: {count: 4}\n"                                                                                          \
    "nodes: [{name: gpu, count: 40, slots: 4}]\n"                                                                      \
    "sessions: [{name: talk, concurrent: 40, talk: {pause: 2s}}]\n"

enum { COUNT = 4 };

/* What each instance told, by its number. */
typedef struct told {
    int nodes[COUNT], sessions[COUNT];
    uint64_t strangers; /* events of nobody, or of somebody else */
} told;

static void watch(void *ctx, const trace_event *e) {
    told *t = ctx;
    if (e->kind != TRACE_CORE) {
        t->strangers += e->instance != NULL;
        return;
    }
    int number = -1;
    if (!e->instance || sscanf(e->instance, "i%d", &number) != 1 || number < 0 || number >= COUNT) {
        t->strangers++;
        return;
    }
    t->nodes[number] += e->core->kind == EV_NODE_REGISTERED;
    t->sessions[number] += e->core->kind == EV_SESSION_OPENED;
}

static told spread_by(const char *how) {
    char yaml[1024];
    told t = {0};
    trace_sink also = {watch, &t};
    snprintf(yaml, sizeof yaml, FOUR "instances: {count: 4, %s}\n", how);
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_eq(t.strangers, 0);
    ck_assert_int_eq(t.nodes[0] + t.nodes[1] + t.nodes[2] + t.nodes[3], 40);
    sim_run_free(r);
    return t;
}

START_TEST(connections_take_turns_among_the_instances) {
    told t = spread_by("spread: round_robin");
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(t.nodes[i], 10);
        ck_assert_int_le(t.sessions[i] - t.sessions[3], 1);
        ck_assert_int_ge(t.sessions[i] - t.sessions[3], 0);
    }
}
END_TEST

START_TEST(a_skewed_spread_favours_the_first_instance) {
    told t = spread_by("spread: skewed, skew: 2");
    ck_assert_int_gt(t.nodes[0], 20);
    ck_assert_int_gt(t.sessions[0], 2 * t.sessions[1]);
    ck_assert_int_gt(t.sessions[0], 5 * t.sessions[3]);
}
END_TEST

START_TEST(by_chance_nobody_is_favoured_and_turns_are_not_kept) {
    told t = spread_by("spread: random");
    bool even = true;
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_gt(t.nodes[i], 3);
        even &= t.nodes[i] == 10;
    }
    ck_assert(!even);
}
END_TEST

static uint64_t hash_of(const char *yaml) {
    sim_run *r = sim_run_new(yaml, NULL);
    sim_run_expect_clean(r);
    uint64_t hash = r->hash;
    sim_run_free(r);
    return hash;
}

START_TEST(one_seed_tells_one_trace_of_four_instances) {
    uint64_t first = hash_of("seed: 5\n" FOUR "instances: {count: 4}\n");
    ck_assert_uint_eq(hash_of("seed: 5\n" FOUR "instances: {count: 4}\n"), first);
    ck_assert_uint_ne(hash_of("seed: 6\n" FOUR "instances: {count: 4}\n"), first);
    ck_assert_uint_ne(hash_of("seed: 5\n" FOUR "instances: {count: 3}\n"), first);
}
END_TEST

START_TEST(events_of_busy_instances_are_told_in_the_order_of_time) {
    sim_run *r = sim_run_new(FOUR "instances: {count: 4, cpu: {cost: {dist: exponential, mean: 10ms}}}\n", NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->core[EV_SUBMITTED], 100);
    ck_assert_int_gt(r->facts.cpu, 3 * USEC_PER_SEC);
    sim_run_free(r);
}
END_TEST

/* A few seeds of what scenarios/sweeps/crashes.yaml does with 200. */
static void crash_by_chance(const char *phase, const int seeds[2]) {
    char yaml[640];
    for (int i = 0; i < 2; i++) {
        snprintf(yaml, sizeof yaml,
                 "seed: %d\nduration: 75s\nwarmup: 5s\nlanguages: {count: 3}\n"
                 "nodes: [{name: gpu, count: 24, slots: 2, acks: yes, reconnect: 2s, join: {over: 2s}}]\n"
                 "sessions: [{name: talk, concurrent: 30, retry: {after: 8s}, join: {at: 3s, over: 3s}}]\n"
                 "instances: {count: 4}\nscheduler: {phase: %s}\n"
                 "faults: [{every: 25s, instance: crash, for: 4s}]\n",
                 seeds[i], phase);
        sim_run *r = sim_run_new(yaml, NULL);
        sim_run_expect_clean(r);
        ck_assert_uint_gt(r->core[EV_FINISHED], 100);
        sim_run_free(r);
    }
}

START_TEST(while_instances_of_phase_2_crash_by_chance_every_promise_is_kept) {
    crash_by_chance("2", (const int[]){1, 2});
}
END_TEST

START_TEST(while_instances_of_phase_3_crash_by_chance_every_promise_is_kept) {
    crash_by_chance("3", (const int[]){5, 7});
}
END_TEST

START_TEST(while_instances_of_production_crash_by_chance_every_promise_is_kept) {
    crash_by_chance("production", (const int[]){2, 6});
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        connections_take_turns_among_the_instances,
        a_skewed_spread_favours_the_first_instance,
        by_chance_nobody_is_favoured_and_turns_are_not_kept,
        one_seed_tells_one_trace_of_four_instances,
        events_of_busy_instances_are_told_in_the_order_of_time,
        while_instances_of_phase_2_crash_by_chance_every_promise_is_kept,
        while_instances_of_phase_3_crash_by_chance_every_promise_is_kept,
        while_instances_of_production_crash_by_chance_every_promise_is_kept,
    };
    return SUITE_RUN("several instances", tests);
}
