/* What goes wrong with Redis, in real time: a server of one's own stands still and is killed, and what cannot be had is refused.
 * Mostly waits: for real time to pass. */
#include <stdio.h>
#include <string.h>

#include "core/redis/private_server.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define BRIEF(duration)                                                                                                \
    "duration: " duration "\nwarmup: 1s\nlanguages: {count: 3}\n"                                                      \
    "nodes: [{name: gpu, count: 10, slots: 4, join: {over: 500ms}}]\n"                                                 \
    "sessions: [{concurrent: 10, join: {at: 1s, over: 500ms}, talk: {utterance: 800ms, pause: 200ms}}]\n"

/* What was created since a fault was over. */
typedef struct seen {
    bool after;
    int created;
} seen;

static void watch(void *ctx, const trace_event *e) {
    seen *s = ctx;
    s->after |= e->kind == TRACE_FAULT_END;
    s->created += s->after && e->kind == TRACE_CORE && e->core->kind == EV_CREATED;
}

START_TEST(with_the_wall_clock_a_private_server_stands_still_forgets_its_scripts_and_is_killed) {
    seen s;
    trace_sink also = {watch, &s};
    sim_run_options options = {.also = &also, .clock = CLOCK_WALL};
    s = (seen){0};
    sim_run *r =
        sim_run_new(BRIEF("6s") "faults: [{at: 3s, redis: pause, for: 500ms}, {at: 4s, redis: flush_scripts}]\n",
                    &options);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->core[EV_REDIS], 0);
    ck_assert_uint_gt(r->finished[OUTCOME_OK], 20);
    sim_run_free(r);
    s = (seen){0};
    /* by the end what could not be given back has expired, and what could not be closed was swept */
    r = sim_run_new(BRIEF("13s") "scheduler: {attempt_base: 2s, ack_limit: 1s, attempt_audio_factor: 0, "
                                 "reservation_grace: 0s,\n"
                                 "            redis_patience: 500ms, pending_limit: 1s, reap_round: 1s}\n"
                                 "faults: [{at: 3s, redis: restart, for: 1s}]\n",
                    &options);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->core[EV_REDIS], 0);
    ck_assert_int_gt(s.created, 5);
    sim_run_free(r);
}
END_TEST

typedef struct refusal {
    const char *fault;
    bool given; /* a Redis that others may use */
    const char *message;
} refusal;

static const refusal refusals[] = {
    {"redis: slow, for: 1s", false, "faults[0], redis_slow: a real server cannot be made slow by a factor"},
    {"redis: disconnect, for: 1s", false, "faults[0], redis_disconnect: the way to a real server cannot be cut"},
    {"redis: pause, for: 1s", true, "faults[0], redis_pause: others may use the Redis that was given"},
    {"redis: flush_scripts", true, "faults[0], redis_flush_scripts: others may use the Redis that was given"},
    {"redis: restart, for: 1s", true, "faults[0], redis_restart: others may use the Redis that was given"},
};

START_TEST(what_cannot_be_done_to_a_real_server_is_refused_by_name) {
    char yaml[1024];
    scenario *sc;
    sched_error err;
    simulation_facts facts;
    simulation_options options = simulation_defaults;
    options.clock = CLOCK_WALL;
    private_server *server = NULL;
    redis_url url;
    if (refusals[_i].given) {
        ck_assert_msg(!private_server_start(NULL, &server, &err), "%s", err.message);
        url = redis_url_of_socket(private_server_socket(server));
        options.redis_url = &url;
    }
    snprintf(yaml, sizeof yaml, BRIEF("6s") "faults: [{at: 3s, %s}]\n", refusals[_i].fault);
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    ck_assert_int_eq(simulation_run(sc, &options, &facts, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, refusals[_i].message);
    private_server_stop(server);
    scenario_free(sc);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("redis faults in real time");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, with_the_wall_clock_a_private_server_stands_still_forgets_its_scripts_and_is_killed);
    tcase_add_loop_test(all, what_cannot_be_done_to_a_real_server_is_refused_by_name, 0,
                        sizeof refusals / sizeof *refusals);
    return suite_run_case("redis faults in real time", all);
}
