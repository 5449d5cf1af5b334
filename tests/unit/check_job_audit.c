/* check_job_audit.c - what became of jobs, from events made by hand, and what Redis may say of them. */
#include <string.h>

#include "sim/measure/job_audit.h"
#include "tests/support/suite.h"

#define KEPT (90 * USEC_PER_SEC)

static job_lives *l;
static trace_sink sink;
static usec_t now;
static const char *teller;
static const lang_pair pair = {"de", "en"};

static void set_up(bool jobs_survive) {
    l = job_lives_new(&(lives_rules){.kept = KEPT, .jobs_survive = jobs_survive});
    sink = job_lives_sink(l);
    now = 1000 * USEC_PER_SEC;
    teller = "i0";
}

static void tear_down(void) {
    l = job_lives_free(l);
}

static void core(sched_event e) {
    e.at = now += USEC_PER_MSEC;
    e.session = "s1";
    e.pair = &pair;
    e.attempt = e.attempt ? e.attempt : 1;
    if (!e.code) e.code = "";
    sink.event(sink.ctx, &(trace_event){.kind = TRACE_CORE, .at = now, .core = &e, .instance = teller});
}

static void world(trace_event e) {
    e.at = now += USEC_PER_MSEC;
    e.session = "s1";
    e.pair = &pair;
    sink.event(sink.ctx, &e);
}

static void create(const char *job, uint64_t utterance) {
    core((sched_event){.kind = EV_CREATED, .job = job, .utterance = utterance});
}

static void end(const char *job, job_outcome outcome) {
    core((sched_event){.kind = EV_FINISHED, .job = job, .outcome = outcome});
}

static void down(const char *id) {
    world((trace_event){.kind = TRACE_INSTANCE_DOWN, .instance = id, .value = 0});
}

/* "" when they agree. */
static const char *judged(const char *job, const char *state, const char *outcome) {
    disagreement kind;
    return job_audit_judge(job_lives_find(l, job), state, outcome, &kind) ? disagreement_name(kind) : "";
}

START_TEST(what_redis_says_agrees_with_what_was_told_or_is_named) {
    set_up(true);
    create("j1", 1);
    ck_assert_str_eq(judged("j1", "DISPATCHED", ""), "");
    ck_assert_str_eq(judged("j9", "CREATED", ""), "nobodys");
    ck_assert_str_eq(judged("j9", "RELEASED", "failed"), "");
    end("j1", OUTCOME_OK);
    ck_assert_str_eq(judged("j1", "RELEASED", "ok"), "");
    ck_assert_str_eq(judged("j1", "FINISHED", "ok"), "");
    ck_assert_str_eq(judged("j1", "RUNNING", ""), "unfinished");
    ck_assert_str_eq(judged("j1", "RELEASED", "failed"), "otherwise");
    tear_down();
}
END_TEST

START_TEST(what_was_told_first_is_what_became_of_it) {
    set_up(true);
    create("j1", 1);
    core((sched_event){.kind = EV_RESULT_SENT, .job = "j1", .outcome = OUTCOME_OK});
    end("j1", OUTCOME_FAILED);
    ck_assert_str_eq(judged("j1", "RELEASED", "failed"), "otherwise");
    tear_down();
}
END_TEST

START_TEST(a_job_in_memory_is_gone_with_its_instance_and_is_not_under_way_any_more) {
    set_up(false);
    create("j1", 1);
    teller = "i1";
    create("j2", 2);
    down("i0");
    ck_assert_int_eq(job_lives_find(l, "j1")->state, LIFE_GONE);
    ck_assert_int_eq(job_lives_find(l, "j2")->state, LIFE_UNDER_WAY);
    ck_assert_str_eq(judged("j1", "DISPATCHED", ""), "unfinished");
    ck_assert_str_eq(judged("j1", "RELEASED", "ok"), "");
    ck_assert_int_eq(job_lives_counts(l)->caught, 1);
    tear_down();
}
END_TEST

START_TEST(a_job_in_redis_goes_on_and_is_counted_when_it_ends_well) {
    set_up(true);
    create("j1", 1);
    create("j2", 2);
    down("i0");
    teller = "i1";
    usec_t ended = now;
    core((sched_event){.kind = EV_ADOPTED, .job = "j1", .attempt = 2});
    ck_assert_int_eq(job_lives_find(l, "j1")->attempt, 2);
    now += USEC_PER_SEC;
    end("j1", OUTCOME_OK);
    end("j2", OUTCOME_FAILED);
    const lives_counts *n = job_lives_counts(l);
    ck_assert_int_eq(n->ends, 1);
    ck_assert_int_eq(n->caught, 2);
    ck_assert_int_eq(n->caught_ok, 1);
    ck_assert_int_eq(n->caught_last, now - ended);
    tear_down();
}
END_TEST

START_TEST(a_request_is_answered_well_whichever_job_does_it_and_once) {
    set_up(false);
    create("j1", 1);
    down("i0");
    teller = "i1";
    create("j2", 1);
    trace_event answer = {.kind = TRACE_CLIENT_ANSWERED, .utterance = 1, .outcome = OUTCOME_FAILED};
    world(answer);
    ck_assert_int_eq(job_lives_counts(l)->caught_answered, 0);
    answer.outcome = OUTCOME_OK;
    world(answer);
    world(answer);
    ck_assert_int_eq(job_lives_counts(l)->caught_answered, 1);
    ck_assert_int_eq(job_lives_counts(l)->twice, 0);
    create("j3", 1);
    ck_assert_int_eq(job_lives_counts(l)->twice, 1);
    tear_down();
}
END_TEST

START_TEST(asking_whoever_follows_a_job_is_not_asking_elsewhere) {
    set_up(true);
    create("j1", 1);
    core((sched_event){.kind = EV_LOOKED_UP, .job = "j1", .code = "known"});
    ck_assert_int_eq(job_lives_counts(l)->asked_elsewhere, 0);
    teller = "i1";
    core((sched_event){.kind = EV_LOOKED_UP, .job = "j1", .code = "known"});
    core((sched_event){.kind = EV_LOOKED_UP, .job = "j1", .code = "unknown"});
    core((sched_event){.kind = EV_LOOKED_UP, .job = "j7", .code = "unknown"});
    ck_assert_int_eq(job_lives_counts(l)->asked_elsewhere, 2);
    ck_assert_int_eq(job_lives_counts(l)->unknown_elsewhere, 1);
    tear_down();
}
END_TEST

START_TEST(a_place_works_again_with_the_first_job_of_the_next_process_there) {
    set_up(true);
    down("i0");
    usec_t ended = now;
    world((trace_event){.kind = TRACE_INSTANCE_UP, .instance = "i1-2", .value = 1});
    world((trace_event){.kind = TRACE_INSTANCE_UP, .instance = "i0-2", .value = 0});
    teller = "i1-2";
    core((sched_event){.kind = EV_DISPATCHED, .job = "j1"});
    ck_assert_int_eq(job_lives_counts(l)->resumed, 0);
    teller = "i0-2";
    core((sched_event){.kind = EV_DISPATCHED, .job = "j2"});
    core((sched_event){.kind = EV_DISPATCHED, .job = "j3"});
    ck_assert_int_eq(job_lives_counts(l)->resumed, 1);
    ck_assert_int_eq(job_lives_counts(l)->resume_max, now - USEC_PER_MSEC - ended);
    tear_down();
}
END_TEST

START_TEST(what_ended_is_forgotten_in_time_and_what_was_caught_is_not) {
    set_up(false);
    create("j1", 1);
    create("j2", 2);
    end("j1", OUTCOME_OK);
    down("i0");
    now += KEPT + USEC_PER_SEC;
    create("j3", 3);
    ck_assert_ptr_null(job_lives_find(l, "j1"));
    ck_assert_ptr_nonnull(job_lives_find(l, "j2"));
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        what_redis_says_agrees_with_what_was_told_or_is_named,
        what_was_told_first_is_what_became_of_it,
        a_job_in_memory_is_gone_with_its_instance_and_is_not_under_way_any_more,
        a_job_in_redis_goes_on_and_is_counted_when_it_ends_well,
        a_request_is_answered_well_whichever_job_does_it_and_once,
        asking_whoever_follows_a_job_is_not_asking_elsewhere,
        a_place_works_again_with_the_first_job_of_the_next_process_there,
        what_ended_is_forgotten_in_time_and_what_was_caught_is_not,
    };
    return SUITE_RUN("job audit", tests);
}
