/* Instances that crash, leave, stand still or are cut off: what the others see of it, and that a run of it can be repeated. */
#include "sim/world/simulation.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define WORLD                                                                                                          \
    "duration: 90s\n"                                                                                                  \
    "warmup: 0s\n"                                                                                                     \
    "languages: {count: 4}\n"                                                                                          \
    "nodes: [{name: gpu, count: 40, slots: 4, reconnect: 2s}]\n"                                                       \
    "sessions: [{name: talk, concurrent: 40, talk: {pause: 2s}, retry: {after: 8s}}]\n"

/* What is told about instance number 1, and of everybody. */
typedef struct told {
    usec_t begins, down, up; /* since the start; 0: never */
    char end[16], second[16];
    int own_events[4]; /* of instance 1: before the fault, while it lasts (or it is down), after, by a second process */
    int nodes_lost, nodes_back;  /* connections, from the beginning of the fault on */
    int lost, back, resent;      /* sessions, and what they said again */
    int redis_down, others_down; /* who had no Redis */
    usec_t first_back;
} told;

static void take_core(told *t, const trace_event *e, usec_t at) {
    bool own = !strcmp(e->instance, "i1"), second = !strcmp(e->instance, "i1-2");
    bool after = t->begins && at > t->begins;
    t->own_events[second ? 3 : !after ? 0 : t->up && at > t->up ? 2 : 1] += own || second;
    if (e->core->kind == EV_REDIS_DOWN) t->redis_down += own;
    if (e->core->kind == EV_REDIS_DOWN) t->others_down += !own;
}

static void watch(void *ctx, const trace_event *e) {
    told *t = ctx;
    usec_t at = e->at - INT64_C(1767225600000000); /* 2026-01-01 */
    bool about = e->instance && !strncmp(e->instance, "i1", 2);
    switch (e->kind) {
    case TRACE_CORE: take_core(t, e, at); break;
    case TRACE_FAULT_BEGIN: t->begins = at; break;
    case TRACE_FAULT_END:
        if (!t->up && !t->down) t->up = at;
        break;
    case TRACE_INSTANCE_DOWN:
        ck_assert(about);
        t->down = at;
        snprintf(t->end, sizeof t->end, "%s", e->code);
        break;
    case TRACE_INSTANCE_UP:
        t->up = at;
        snprintf(t->second, sizeof t->second, "%s", e->instance);
        break;
    case TRACE_SESSION_LOST: t->lost++; break;
    case TRACE_SESSION_BACK:
        if (!t->back++) t->first_back = at;
        break;
    case TRACE_CLIENT_RESENT: t->resent++; break;
    case TRACE_NODE_DOWN: t->nodes_lost += t->begins && at < t->begins + 20 * USEC_PER_SEC; break;
    case TRACE_NODE_UP: t->nodes_back += t->begins && at < t->begins + 20 * USEC_PER_SEC; break;
    default: break;
    }
}

static told tell_of(const char *what) {
    char yaml[1024];
    told t = {0};
    trace_sink also = {watch, &t};
    snprintf(yaml, sizeof yaml, WORLD "instances: {count: 4}\nfaults: [{at: 30s, %s}]\n", what);
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    ck_assert_uint_eq(r->out_of_order, 0);
    ck_assert(r->facts.drained);
    ck_assert_int_eq(t.begins, 30 * USEC_PER_SEC);
    ck_assert_int_gt(t.own_events[0], 50);
    sim_run_free(r);
    return t;
}

START_TEST(a_crash_ends_a_process_at_that_instant_and_another_one_comes_under_a_new_id) {
    told t = tell_of("instance: crash, which: 1, for: 10s");
    ck_assert_int_eq(t.down, 30 * USEC_PER_SEC);
    ck_assert_str_eq(t.end, "crash");
    ck_assert_int_eq(t.up, 40 * USEC_PER_SEC);
    ck_assert_str_eq(t.second, "i1-2");
    ck_assert_int_eq(t.own_events[1] + t.own_events[2], 0);
    ck_assert_int_gt(t.own_events[3], 20);
}
END_TEST

START_TEST(whoever_was_connected_to_it_comes_to_another_one_and_repeats_what_was_not_answered) {
    told t = tell_of("instance: crash, which: 1");
    ck_assert_int_eq(t.up, 0);
    ck_assert_int_eq(t.nodes_lost, 10);
    ck_assert_int_eq(t.nodes_back, 10);
    ck_assert_int_gt(t.lost, 5);
    ck_assert_int_eq(t.back, t.lost);
    ck_assert_int_gt(t.resent, 0);
    ck_assert_int_ge(t.first_back, 31 * USEC_PER_SEC);
    ck_assert_int_lt(t.first_back, 31 * USEC_PER_SEC + 200 * USEC_PER_MSEC);
}
END_TEST

START_TEST(one_that_stops_leaves_first_and_a_restart_brings_another_one) {
    told stop = tell_of("instance: stop, which: 1"), restart = tell_of("instance: restart, which: 1, for: 3s");
    ck_assert_str_eq(stop.end, "stop");
    ck_assert_int_gt(stop.down, 30 * USEC_PER_SEC);
    ck_assert_int_lt(stop.down, 62 * USEC_PER_SEC);
    ck_assert_int_eq(stop.up, 0);
    ck_assert_int_eq(stop.nodes_back, 10);
    ck_assert_int_eq(restart.up, restart.down + 3 * USEC_PER_SEC);
    ck_assert_int_gt(restart.own_events[3], 20);
}
END_TEST

START_TEST(one_that_stands_still_does_nothing_meanwhile_and_then_goes_on) {
    told t = tell_of("instance: pause, which: 1, for: 5s");
    ck_assert_int_eq(t.down, 0);
    ck_assert_int_eq(t.own_events[1], 0);
    ck_assert_int_gt(t.own_events[2], 50);
    ck_assert_int_eq(t.lost + t.nodes_lost, 0);
}
END_TEST

START_TEST(one_that_is_cut_off_has_no_redis_and_the_others_do) {
    told t = tell_of("instance: partition, which: 1, for: 8s");
    ck_assert_int_gt(t.redis_down, 0);
    ck_assert_int_eq(t.others_down, 0);
    ck_assert_int_eq(t.down, 0);
    ck_assert_int_gt(t.own_events[2], 50);
}
END_TEST

static void count_ends(void *ctx, const trace_event *e) {
    int *ends = ctx;
    if (e->kind == TRACE_INSTANCE_DOWN) ends[0]++;
    if (e->kind == TRACE_INSTANCE_UP) ends[1]++;
}

#define MANY(seed, what)                                                                                               \
    "seed: " seed "\n" WORLD "instances: {count: 4}\nfaults: [{every: 40s, instance: " what ", for: 4s}]\n"

static uint64_t hash_of(const char *yaml, int ends[2]) {
    trace_sink also = {count_ends, ends};
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    ck_assert_uint_eq(r->out_of_order, 0);
    ck_assert(r->facts.drained);
    uint64_t hash = r->hash;
    sim_run_free(r);
    return hash;
}

START_TEST(one_seed_tells_one_trace_of_four_instances_that_crash_by_chance) {
    int ends[3][2] = {{0}};
    uint64_t first = hash_of(MANY("5", "crash"), ends[0]);
    ck_assert_uint_eq(hash_of(MANY("5", "crash"), ends[1]), first);
    ck_assert_uint_ne(hash_of(MANY("6", "crash"), ends[2]), first);
    ck_assert_int_ge(ends[0][0], 3);
    ck_assert_int_le(ends[0][0], 20);
    ck_assert_int_eq(ends[0][1], ends[0][0]);
    ck_assert_int_eq(ends[1][0], ends[0][0]);
}
END_TEST

START_TEST(every_kind_of_fault_may_come_by_chance_and_the_run_comes_to_its_end) {
    static const char *const yaml[] = {MANY("7", "stop"), MANY("7", "restart"), MANY("7", "pause"),
                                       MANY("7", "partition")};
    for (size_t i = 0; i < sizeof yaml / sizeof *yaml; i++) {
        int ends[2] = {0};
        hash_of(yaml[i], ends);
        ck_assert_int_eq(ends[1], ends[0]);
        ck_assert(i >= 2 || ends[0] >= 3);
    }
}
END_TEST

START_TEST(alone_it_comes_back_and_everybody_with_it) {
    sim_run *r = sim_run_new(WORLD "scheduler: {phase: '3'}\nfaults: [{at: 30s, instance: crash, for: 5s}]\n", NULL);
    ck_assert_uint_eq(r->world[TRACE_INSTANCE_DOWN], 1);
    ck_assert_uint_eq(r->world[TRACE_INSTANCE_UP], 1);
    ck_assert_uint_eq(r->world[TRACE_SESSION_BACK], r->world[TRACE_SESSION_LOST]);
    ck_assert_uint_eq(r->core[EV_NODE_REGISTERED], 80);
    ck_assert(r->facts.drained);
    sim_run_free(r);
}
END_TEST

START_TEST(in_real_time_a_crash_is_one_too) {
    static const char yaml[] = "duration: 8s\nwarmup: 1s\nlanguages: {count: 3}\n"
                               "nodes: [{name: gpu, count: 12, join: {over: 500ms}, reconnect: 500ms}]\n"
                               "sessions: [{name: talk, concurrent: 12, join: {at: 1s, over: 500ms},\n"
                               "            talk: {utterance: 800ms, pause: 300ms}}]\n"
                               "scheduler: {attempt_base: 4s, ack_limit: 3s, reservation_grace: 1s}\n"
                               "instances: {count: 3}\n"
                               "faults: [{at: 4s, instance: crash, which: 1, for: 2s}]\n";
    told t = {0};
    trace_sink also = {watch, &t};
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also, .clock = CLOCK_WALL});
    ck_assert_uint_eq(r->out_of_order, 0);
    ck_assert(r->facts.drained);
    ck_assert_int_eq(r->facts.clock, CLOCK_WALL);
    ck_assert_str_eq(t.end, "crash");
    ck_assert_str_eq(t.second, "i1-2");
    ck_assert_int_eq(t.nodes_back, 4);
    ck_assert_int_gt(t.back, 0);
    ck_assert_int_eq(t.back, t.lost);
    sim_run_free(r);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_crash_ends_a_process_at_that_instant_and_another_one_comes_under_a_new_id,
        whoever_was_connected_to_it_comes_to_another_one_and_repeats_what_was_not_answered,
        one_that_stops_leaves_first_and_a_restart_brings_another_one,
        one_that_stands_still_does_nothing_meanwhile_and_then_goes_on,
        one_that_is_cut_off_has_no_redis_and_the_others_do,
        one_seed_tells_one_trace_of_four_instances_that_crash_by_chance,
        every_kind_of_fault_may_come_by_chance_and_the_run_comes_to_its_end,
        alone_it_comes_back_and_everybody_with_it,
        in_real_time_a_crash_is_one_too,
    };
    return SUITE_RUN("instance faults", tests);
}
