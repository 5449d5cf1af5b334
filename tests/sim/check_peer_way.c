/* What instances say to each other in the simulator: what arrives, when, in which order, and what is lost. */
#include "sim/world/instance_parts.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { COST = 100, DELAY = 1000 };

static scenario *sc;
static engine *e;
static world *w;
static audio *sound;

static void never_asked(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx, (void)call, (void)patience, (void)done, (void)arg;
    ck_abort_msg("nothing lasts so long here");
}

static void set_up(const char *delay) {
    char yaml[256];
    sched_error err;
    redis_link links[3];
    for (int i = 0; i < 3; i++) links[i] = (redis_link){.submit = never_asked};
    snprintf(yaml, sizeof yaml, "instances: {count: 3, cpu: {cost: 100us}, delay: %s}\n", delay);
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    e = engine_new(sc->start);
    world_env env = {.engine = e, .redis = links};
    ck_assert_msg(!world_new(sc, &env, &w, &err), "%s", err.message);
    sound = audio_new(USEC_PER_SEC, 32000, NULL);
}

static void tear_down(void) {
    audio_unref(sound);
    world_free(w);
    engine_free(e);
    scenario_free(sc);
}

static void say(int from, const char *to) {
    process *p = &w->instances[from];
    peer_link link = process_peers(p);
    lang_pair pair = {"de", "en"};
    handler_begin(p, HANDLE_MESSAGE);
    link.send(link.ctx, to, "",
              &(peer_message){.kind = PEER_JOB,
                              .job = "j1",
                              .node = "n1",
                              .session = "s1",
                              .to = "",
                              .request = "",
                              .code = "",
                              .service = "",
                              .room = "",
                              .address = "",
                              .pair = &pair,
                              .sound = sound});
    handler_end(p);
}

/* Handlers that instance i has worked off. */
static int64_t heard(int i) {
    return w->instances[i].spent / COST;
}

static void pass(usec_t until) {
    engine_run(e, sc->start + until);
}

START_TEST(a_message_leaves_with_its_handler_and_arrives_a_delay_later) {
    set_up("1ms");
    say(0, "i1");
    ck_assert_int_gt(w->jobs_on_the_way, 0);
    pass(COST + DELAY - 1);
    ck_assert_int_eq(heard(1), 0);
    pass(COST + DELAY);
    ck_assert_int_eq(heard(1), 1);
    ck_assert_int_eq(heard(2), 0);
    ck_assert_int_eq(w->jobs_on_the_way, 0);
    tear_down();
}
END_TEST

START_TEST(nothing_is_lost_on_a_way_of_uneven_delays) {
    set_up("{dist: exponential, mean: 1ms}");
    for (int i = 0; i < 50; i++) say(0, "i1");
    pass(40 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 50);
    ck_assert_ptr_null(w->packets);
    tear_down();
}
END_TEST

START_TEST(sound_travels_by_reference_and_nobody_keeps_it) {
    set_up("1ms");
    say(0, "i1");
    ck_assert_int_eq(sound->refs, 2);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(sound->refs, 1);
    say(0, "nobody");
    ck_assert_int_eq(sound->refs, 1);
    say(0, "i2");
    tear_down(); /* on its way */
}
END_TEST

START_TEST(a_process_that_ended_hears_nothing_and_the_next_one_is_somebody_else) {
    set_up("1ms");
    say(0, "i1");
    process_crash(&w->instances[1]);
    process_start(&w->instances[1]);
    pass(5 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 0);
    say(0, "i1");
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 0);
    say(0, "i1-2");
    pass(15 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 1);
    tear_down();
}
END_TEST

START_TEST(what_had_not_left_when_its_sender_ended_never_leaves) {
    set_up("1ms");
    process_pause(&w->instances[0], 5 * USEC_PER_MSEC);
    say(0, "i1");
    say(2, "i1");
    pass(2 * USEC_PER_MSEC);
    process_crash(&w->instances[0]);
    pass(20 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 1);
    tear_down();
}
END_TEST

START_TEST(what_had_left_arrives_although_its_sender_ended) {
    set_up("1ms");
    say(0, "i1");
    pass(COST + 1);
    process_crash(&w->instances[0]);
    pass(20 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 1);
    tear_down();
}
END_TEST

START_TEST(over_a_way_that_is_cut_nothing_arrives) {
    set_up("1ms");
    w->instances[1].partitions = 1;
    say(0, "i1");
    say(1, "i2");
    say(0, "i2");
    pass(20 * USEC_PER_MSEC);
    ck_assert_int_eq(heard(1), 1); /* its own handler */
    ck_assert_int_eq(heard(2), 1);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_message_leaves_with_its_handler_and_arrives_a_delay_later,
        nothing_is_lost_on_a_way_of_uneven_delays,
        sound_travels_by_reference_and_nobody_keeps_it,
        a_process_that_ended_hears_nothing_and_the_next_one_is_somebody_else,
        what_had_not_left_when_its_sender_ended_never_leaves,
        what_had_left_arrives_although_its_sender_ended,
        over_a_way_that_is_cut_nothing_arrives,
    };
    return SUITE_RUN("peer way", tests);
}
