/* check_model_missing.c - failures for want of a model: in the job's way, or beside it; and what a storm of them costs. */
#include "tests/support/hand_world.h"

#include <stdlib.h>

#include "tests/support/suite.h"

/* ---- a link that takes a millisecond and counts what is asked of it ---- */

static int marks, marks_out, most_marks_out;
static int grants_before_mark;

typedef struct counted {
    link_callback *done;
    void *arg;
    bool mark;
} counted;

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    counted c = *(counted *)arg;
    free(arg);
    marks_out -= c.mark;
    c.done(c.arg, status, reply);
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx;
    redis_link real = link_virtual_interface(wire);
    counted *c = malloc(sizeof *c);
    *c = (counted){done, arg, call->script == SCRIPT_MARK_SERVICE};
    marks += c->mark;
    marks_out += c->mark;
    if (marks_out > most_marks_out) most_marks_out = marks_out;
    grants_before_mark += call->script == SCRIPT_RESERVE_NODE && marks_out > 0;
    link_submit(&real, call, patience, on_answer, c);
}

static void start(model_missing_kind kind) {
    link_virtual_options options = {.delay = {.kind = DIST_CONSTANT, .mean = 1000, .max = 1000},
                                    .window = 10000,
                                    .seed = 1};
    open_world("production");
    link_virtual_free(wire);
    wire = link_virtual_new(e, server, &options);
    config.model_missing = (int)kind;
    config.attempts_max = 2;
    open_scheduler_on((redis_link){submit, NULL});
}

/* Every node that has a job lacks the model. */
static void lack(const said *a, const char *model) {
    scheduler_node_result(s, a->conn,
                          &(node_result){.job_id = a->job,
                                         .attempt = a->attempt,
                                         .outcome = OUTCOME_FAILED,
                                         .code = "MODEL_NOT_AVAILABLE",
                                         .service = model});
}

/* `count` jobs on as many nodes, all assigned. */
static void jobs_on_nodes(int count) {
    char name[ID_MAX + 1];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "n%d", i);
        join((conn_token)i + 1, name, 1);
    }
    for (int i = 0; i < count; i++) speak((uint64_t)i);
    pass(3 * second); /* the last ones may have to look for the last nodes */
    ck_assert_int_eq(assigned_count, count);
}

START_TEST(direct_the_next_attempt_waits_for_the_mark) {
    start(MODEL_MISSING_DIRECT);
    jobs_on_nodes(2);
    join(9, "spare", 1);
    lack(&assigned[0], "nmt@1");
    pass(USEC_PER_MSEC);
    ck_assert_int_eq(marks, 1);
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 1);
    ck_assert_int_eq(count_of(EV_RETRY), 1);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_int_eq(grants_before_mark, 0);
    close_world();
}
END_TEST

START_TEST(queued_the_next_attempt_does_not_wait) {
    start(MODEL_MISSING_QUEUED);
    jobs_on_nodes(2);
    join(9, "spare", 1);
    lack(&assigned[0], "nmt@1");
    ck_assert_int_eq(marks, 1);
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 1);
    ck_assert_int_eq(assigned_count, 3);
    close_world();
}
END_TEST

START_TEST(direct_a_job_may_end_before_its_mark_is_answered) {
    start(MODEL_MISSING_DIRECT);
    jobs_on_nodes(1);
    lack(&assigned[0], "nmt@1");
    ck_assert(scheduler_cancel(s, assigned[0].job, "no more"));
    pass(second);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_CANCELLED);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

enum { CROWD = 40 };

START_TEST(queued_a_storm_asks_for_eight_marks_at_a_time) {
    start(MODEL_MISSING_QUEUED);
    jobs_on_nodes(CROWD);
    for (int i = 0; i < CROWD; i++) lack(&assigned[i], "nmt@1");
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(marks, CROWD);
    ck_assert_int_eq(most_marks_out, 8);
    close_world();
}
END_TEST

START_TEST(direct_a_storm_asks_for_all_of_them_at_once) {
    start(MODEL_MISSING_DIRECT);
    jobs_on_nodes(CROWD);
    for (int i = 0; i < CROWD; i++) lack(&assigned[i], "nmt@1");
    ck_assert_int_eq(most_marks_out, CROWD);
    pass(100 * USEC_PER_MSEC);
    close_world();
}
END_TEST

/* A node of 20 slots that loses a model fails all its jobs at once. */
static int marks_of_one_node(model_missing_kind kind, usec_t apart) {
    start(kind);
    join(1, "n1", 20);
    for (uint64_t i = 0; i < 20; i++) speak(i);
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 20);
    for (int i = 0; i < 20; i++) {
        lack(&assigned[i], "nmt@1");
        pass(apart);
    }
    pass(second);
    int asked = marks;
    close_world();
    return asked;
}

START_TEST(queued_the_same_lack_is_told_once_in_five_seconds) {
    ck_assert_int_eq(marks_of_one_node(MODEL_MISSING_QUEUED, 100 * USEC_PER_MSEC), 1);
}
END_TEST

START_TEST(queued_it_is_told_again_when_five_seconds_have_passed) {
    ck_assert_int_eq(marks_of_one_node(MODEL_MISSING_QUEUED, 499 * USEC_PER_MSEC), 2);
}
END_TEST

START_TEST(direct_every_failure_asks) {
    ck_assert_int_eq(marks_of_one_node(MODEL_MISSING_DIRECT, 100 * USEC_PER_MSEC), 20);
}
END_TEST

START_TEST(a_scheduler_may_end_with_marks_waiting) {
    start(MODEL_MISSING_QUEUED);
    jobs_on_nodes(CROWD);
    for (int i = 0; i < CROWD; i++) lack(&assigned[i], "a model with spaces");
    scheduler_stop(s);
    while (scheduler_count(s).calls > 0) engine_run(e, engine_now(e) + USEC_PER_MSEC);
    s = scheduler_free(s);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        direct_the_next_attempt_waits_for_the_mark,
        queued_the_next_attempt_does_not_wait,
        direct_a_job_may_end_before_its_mark_is_answered,
        queued_a_storm_asks_for_eight_marks_at_a_time,
        direct_a_storm_asks_for_all_of_them_at_once,
        queued_the_same_lack_is_told_once_in_five_seconds,
        queued_it_is_told_again_when_five_seconds_have_passed,
        direct_every_failure_asks,
        a_scheduler_may_end_with_marks_waiting,
    };
    return SUITE_RUN("model_missing", tests);
}
