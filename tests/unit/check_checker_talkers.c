/* check_checker_talkers.c - what sessions may rely on, by hand-written streams: each broken promise is seen as exactly that. */
#include <stdio.h>
#include <string.h>

#include "tests/support/checker_story.h"
#include "tests/support/suite.h"

static const lang_pair to_fr = {"de", "fr"};

static void open_session(void) {
    set_up();
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    core((sched_event){.kind = EV_SESSION_OPENED});
}

static void create_said(const char *job, uint64_t utterance, const lang_pair *pair) {
    core((sched_event){.kind = EV_SUBMITTED, .utterance = utterance, .pair = pair, .until = now});
    core((sched_event){.kind = EV_CREATED,
                       .job = job,
                       .utterance = utterance,
                       .pair = pair,
                       .attempt = 1,
                       .until = now + 10 * SECOND});
}

static void say(const char *job, uint64_t utterance, const char *cut) {
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = utterance, .code = cut});
    create_said(job, utterance, NULL);
}

/* It ends at n1 and is not told yet. */
static void end_job(const char *job) {
    place(job, 1, "n1");
    work(job, 1, "n1");
    unreserve(job, 1, "n1");
    finish(job, 1, "n1", OUTCOME_OK);
    release(job);
}

static void send_result(const char *job) {
    core((sched_event){.kind = EV_RESULT_SENT, .job = job, .outcome = OUTCOME_OK});
}

static void hear(trace_kind kind, uint64_t utterance, job_outcome outcome) {
    world((trace_event){.kind = kind, .utterance = utterance, .outcome = outcome});
}

static void chunk(int64_t bytes) {
    world((trace_event){.kind = TRACE_SOUND_CAME, .value = bytes});
}

static void cut(uint64_t utterance, int64_t bytes) {
    core((sched_event){.kind = EV_CUT, .utterance = utterance, .value = bytes, .code = "manual"});
}

static void close_session(const char *code) {
    core((sched_event){.kind = EV_SESSION_CLOSED, .code = code});
}

static void close_client(void) {
    world((trace_event){.kind = TRACE_CLIENT_CLOSES});
}

START_TEST(a_session_that_keeps_its_promises_passes) {
    open_session();
    say("j0", 0, "timeout");
    end_job("j0");
    say("j1", 1, "manual");
    core((sched_event){.kind = EV_AFFINITY, .job = "j1", .node = "n1", .code = "kept"});
    end_job("j1");
    send_result("j0");
    send_result("j1");
    hear(TRACE_CLIENT_ANSWERED, 0, OUTCOME_OK);
    hear(TRACE_CLIENT_ANSWERED, 1, OUTCOME_OK);
    close_client();
    close_session("closed");
    world((trace_event){.kind = TRACE_SESSION_CLOSED});
    bins_pass(120);
    checker_end(c, now, true);
    expect_clean();
    tear_down();
}
END_TEST

/* --- order ----------------------------------------------------------------------------------------------------------- */

START_TEST(results_out_of_order_are_seen) {
    open_session();
    for (uint64_t u = 0; u < 3; u++) world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = u});
    hear(TRACE_CLIENT_ANSWERED, 0, OUTCOME_OK);
    hear(TRACE_CLIENT_ANSWERED, 2, OUTCOME_OK);
    expect_clean();
    hear(TRACE_CLIENT_ANSWERED, 1, OUTCOME_NO_TEXT);
    ck_assert_str_eq(expect(VIOLATION_ORDER)->message,
                     "session s1 is told of utterance 1 of its own to en behind utterance 2");
    tear_down();
}
END_TEST

START_TEST(failures_and_refusals_are_told_at_once_and_out_of_order) {
    open_session();
    for (uint64_t u = 0; u < 3; u++) world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = u});
    hear(TRACE_CLIENT_ANSWERED, 2, OUTCOME_OK);
    hear(TRACE_CLIENT_ANSWERED, 1, OUTCOME_FAILED);
    hear(TRACE_CLIENT_ANSWERED, 0, OUTCOME_NONE);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_result_behind_its_own_gap_is_seen) {
    open_session();
    world((trace_event){.kind = TRACE_SESSION_OPENED, .session = "s2"});
    world((trace_event){.kind = TRACE_CLIENT_MISSED,
                        .session = "s2",
                        .from = "s1",
                        .utterance = 4,
                        .outcome = OUTCOME_OK});
    world((
        trace_event){.kind = TRACE_CLIENT_HEARD, .session = "s2", .from = "s1", .utterance = 4, .outcome = OUTCOME_OK});
    expect(VIOLATION_ORDER);
    tear_down();
}
END_TEST

START_TEST(each_listener_hears_each_speaker_and_language_by_itself) {
    open_session();
    world((trace_event){.kind = TRACE_SESSION_OPENED, .session = "s2"});
    world((
        trace_event){.kind = TRACE_CLIENT_HEARD, .session = "s1", .from = "s3", .utterance = 4, .outcome = OUTCOME_OK});
    world((
        trace_event){.kind = TRACE_CLIENT_HEARD, .session = "s2", .from = "s3", .utterance = 4, .outcome = OUTCOME_OK});
    world((
        trace_event){.kind = TRACE_CLIENT_HEARD, .session = "s2", .from = "s4", .utterance = 1, .outcome = OUTCOME_OK});
    world((trace_event){.kind = TRACE_CLIENT_HEARD,
                        .session = "s2",
                        .from = "s4",
                        .utterance = 1,
                        .pair = &to_fr,
                        .outcome = OUTCOME_OK});
    expect_clean();
    world((
        trace_event){.kind = TRACE_CLIENT_HEARD, .session = "s2", .from = "s3", .utterance = 4, .outcome = OUTCOME_OK});
    expect(VIOLATION_ORDER);
    tear_down();
}
END_TEST

START_TEST(a_missing_result_answers_its_request) {
    open_session();
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 0});
    hear(TRACE_CLIENT_MISSED, 0, OUTCOME_NONE);
    checker_end(c, now, true);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(what_is_cut_out_of_chunks_is_asked_for) {
    for (int told = 0; told < 2; told++) {
        open_session();
        chunk(100);
        cut(0, 100);
        create_said("j0", 0, NULL);
        end_job("j0");
        send_result("j0");
        if (told) hear(TRACE_CLIENT_ANSWERED, 0, OUTCOME_OK);
        checker_end(c, now, true);
        if (told)
            expect_clean();
        else
            expect(VIOLATION_UNANSWERED);
        tear_down();
    }
}
END_TEST

/* --- gaps ------------------------------------------------------------------------------------------------------------ */

static void give_up(uint64_t utterance, const char *job) {
    core((sched_event){.kind = EV_RESULT_MISSING, .job = job, .utterance = utterance});
}

START_TEST(a_result_is_given_up_only_when_a_later_one_has_waited_for_the_limit) {
    static const struct {
        int waits; /* seconds */
        bool later, told, broken;
        int failed; /* seconds before, a call to Redis; 0: none */
    } cases[] = {
        {31, true, false, false, 0},  {29, true, false, true, 0},   {31, false, false, true, 0},
        {31, true, true, true, 0},    {31, false, false, false, 5}, /* its end could not be written */
        {40, false, false, true, 31},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_session();
        say("j0", 0, "manual");
        say("j1", 1, "manual");
        if (cases[i].later) end_job("j1");
        if (cases[i].told) send_result("j1");
        place("j0", 1, "n2");
        now += (cases[i].waits - cases[i].failed) * SECOND;
        if (cases[i].failed) core((sched_event){.kind = EV_REDIS, .code = "refused"});
        now += cases[i].failed * SECOND;
        give_up(0, "j0");
        ck_assert_msg(checker_count(c, VIOLATION_MISSING) == cases[i].broken, "case %zu", i);
        tear_down();
    }
}
END_TEST

/* --- sound ----------------------------------------------------------------------------------------------------------- */

START_TEST(bytes_that_are_cut_twice_are_seen_at_once) {
    open_session();
    chunk(100);
    cut(0, 60);
    cut(1, 60);
    ck_assert_str_eq(expect(VIOLATION_SOUND)->message,
                     "session s1: 100 bytes came; 120 were cut, 0 refused, 0 dropped");
    tear_down();
}
END_TEST

START_TEST(bytes_that_are_lost_are_seen_at_the_end_of_the_session) {
    for (int dropped = 0; dropped < 2; dropped++) {
        open_session();
        chunk(100);
        chunk(50);
        cut(0, 100);
        expect_clean();
        close_session("gone");
        if (dropped) core((sched_event){.kind = EV_AUDIO_DROPPED, .value = 50});
        bins_pass(1);
        if (dropped)
            expect_clean();
        else
            expect(VIOLATION_SOUND);
        tear_down();
    }
}
END_TEST

START_TEST(numbers_of_cuts_without_a_gap) {
    open_session();
    chunk(200);
    cut(0, 100);
    core((sched_event){.kind = EV_EMPTY_CUT});
    cut(1, 50);
    expect_clean();
    cut(3, 50);
    ck_assert_str_eq(expect(VIOLATION_SOUND)->message, "session s1: utterance 3 is cut, expected 2");
    tear_down();
}
END_TEST

START_TEST(an_empty_cut_that_takes_a_number_is_seen) {
    open_session();
    chunk(100);
    cut(0, 0);
    expect(VIOLATION_SOUND);
    tear_down();
}
END_TEST

/* --- sentences ------------------------------------------------------------------------------------------------------- */

static void sentence(const char *first_cut, const char *why, const char *node) {
    open_session();
    say("j0", 0, first_cut);
    end_job("j0");
    say("j1", 1, "manual");
    if (*why) core((sched_event){.kind = EV_AFFINITY, .job = "j1", .node = "n1", .code = why});
    place("j1", 1, node);
}

START_TEST(a_sentence_that_goes_on_elsewhere_without_a_word_is_seen) {
    static const struct {
        const char *cut, *why, *node;
        bool broken;
    } cases[] = {
        {"timeout", "", "n1", false},          {"timeout", "", "n2", true},
        {"max_duration", "", "n2", true},      {"timeout", "full", "n2", false},
        {"max_duration", "dead", "n2", false}, {"timeout", "kept", "n2", true},
        {"manual", "", "n2", false},           {"close", "", "n2", false},
        {"max_length", "", "n2", false},       {"timeout", "unserved", "n2", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sentence(cases[i].cut, cases[i].why, cases[i].node);
        ck_assert_msg(checker_count(c, VIOLATION_AFFINITY) == cases[i].broken, "case %zu: %s, %s, %s", i, cases[i].cut,
                      cases[i].why, cases[i].node);
        tear_down();
    }
}
END_TEST

START_TEST(a_sentence_stays_only_where_it_was_when_the_next_part_came) {
    open_session();
    say("j0", 0, "timeout");
    say("j1", 1, "manual"); /* nobody knows where j0 will be */
    place("j0", 1, "n1");
    place("j1", 1, "n2");
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_retry_of_a_part_goes_where_it_may) {
    sentence("timeout", "", "n1");
    unreserve("j1", 1, "n1");
    retry("j1", 2, "n1");
    place("j1", 2, "n2");
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(two_jobs_of_one_utterance_on_one_node_are_seen) {
    for (int same = 0; same < 2; same++) {
        open_session();
        create_said("j1", 0, NULL);
        create_said("j2", 0, &to_fr);
        place("j1", 1, "n1");
        reserve("j2", 1, same ? "n1" : "n2", same ? 2 : 1);
        dispatch("j2", 1, same ? "n1" : "n2");
        if (same)
            expect(VIOLATION_FANOUT);
        else
            expect_clean();
        tear_down();
    }
}
END_TEST

/* --- nodes ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_job_that_comes_back_to_a_node_at_which_it_failed_is_seen) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    unreserve("j1", 1, "n1");
    retry("j1", 2, "n1");
    place("j1", 2, "n1");
    ck_assert_str_eq(expect(VIOLATION_REPEATED)->message,
                     "job j1 is dispatched to node n1, at which it has failed before");
    tear_down();
}
END_TEST

START_TEST(a_node_that_drains_gets_nothing_new) {
    set_up();
    create("j1");
    reserve("j1", 1, "n1", 1);
    core((sched_event){.kind = EV_NODE_DRAINING, .node = "n1", .code = "operator"});
    dispatch("j1", 1, "n1"); /* was granted before */
    expect_clean();
    create("j2");
    reserve("j2", 1, "n1", 2);
    ck_assert_str_eq(expect(VIOLATION_DRAINING)->message, "job j2 is given to node n1, which drains");
    tear_down();
}
END_TEST

START_TEST(a_node_that_registers_again_drains_no_more) {
    set_up();
    core((sched_event){.kind = EV_NODE_DRAINING, .node = "n1", .code = "node"});
    core((sched_event){.kind = EV_NODE_REGISTERED, .node = "n1"});
    create("j1");
    reserve("j1", 1, "n1", 1);
    expect_clean();
    tear_down();
}
END_TEST

/* --- the end --------------------------------------------------------------------------------------------------------- */

START_TEST(a_session_is_closed_behind_its_last_answer_or_at_the_limit) {
    static const struct {
        const char *code;
        int after; /* seconds */
        bool answered, broken;
    } cases[] = {
        {"closed", 1, true, false}, {"closed", 1, false, true}, {"limit", 11, false, false},
        {"limit", 5, false, true},  {"closed", 20, true, true}, {"gone", 1, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_session();
        say("j0", 0, "manual");
        if (cases[i].answered) {
            end_job("j0");
            send_result("j0");
        }
        close_client();
        now += cases[i].after * SECOND;
        close_session(cases[i].code);
        ck_assert_msg(checker_count(c, VIOLATION_CLOSE) == cases[i].broken, "case %zu", i);
        tear_down();
    }
}
END_TEST

START_TEST(a_session_that_is_closed_without_asking_is_seen) {
    open_session();
    close_session("closed");
    expect(VIOLATION_CLOSE);
    tear_down();
}
END_TEST

START_TEST(an_end_that_is_never_acknowledged_is_seen) {
    open_session();
    close_client();
    checker_end(c, now, true);
    expect(VIOLATION_CLOSE);
    tear_down();
}
END_TEST

/* --- Redis ----------------------------------------------------------------------------------------------------------- */

START_TEST(reservations_are_judged_again_when_they_have_expired_after_an_outage) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    core((sched_event){.kind = EV_REDIS_DOWN});
    retry("j1", 2, "n1"); /* unreleased, but nobody can know */
    bins_pass(8);
    core((sched_event){.kind = EV_REDIS_BACK});
    reserve("j1", 2, "n2", 5);
    expect_clean();
    bins_pass(5);
    finish("j1", 2, "n2", OUTCOME_FAILED);
    bins_pass(20);
    create("j2");
    reserve("j2", 1, "n3", 5);
    expect(VIOLATION_LEAKED);
    tear_down();
}
END_TEST

START_TEST(a_job_that_redis_lost_begins_again_with_the_next_attempt) {
    for (int64_t attempt = 1; attempt <= 3; attempt++) {
        set_up();
        create("j1");
        place("j1", 1, "n1");
        core((sched_event){.kind = EV_DEPENDENCY_LOST, .job = "j1", .attempt = attempt});
        if (attempt == 2) {
            place("j1", 2, "n1");
            expect_clean();
        } else {
            expect(VIOLATION_ATTEMPT);
        }
        tear_down();
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_session_that_keeps_its_promises_passes,
        results_out_of_order_are_seen,
        failures_and_refusals_are_told_at_once_and_out_of_order,
        a_result_behind_its_own_gap_is_seen,
        each_listener_hears_each_speaker_and_language_by_itself,
        a_missing_result_answers_its_request,
        what_is_cut_out_of_chunks_is_asked_for,
        a_result_is_given_up_only_when_a_later_one_has_waited_for_the_limit,
        bytes_that_are_cut_twice_are_seen_at_once,
        bytes_that_are_lost_are_seen_at_the_end_of_the_session,
        numbers_of_cuts_without_a_gap,
        an_empty_cut_that_takes_a_number_is_seen,
        a_sentence_that_goes_on_elsewhere_without_a_word_is_seen,
        a_sentence_stays_only_where_it_was_when_the_next_part_came,
        a_retry_of_a_part_goes_where_it_may,
        two_jobs_of_one_utterance_on_one_node_are_seen,
        a_job_that_comes_back_to_a_node_at_which_it_failed_is_seen,
        a_node_that_drains_gets_nothing_new,
        a_node_that_registers_again_drains_no_more,
        a_session_is_closed_behind_its_last_answer_or_at_the_limit,
        a_session_that_is_closed_without_asking_is_seen,
        an_end_that_is_never_acknowledged_is_seen,
        reservations_are_judged_again_when_they_have_expired_after_an_outage,
        a_job_that_redis_lost_begins_again_with_the_next_attempt,
    };
    return SUITE_RUN("checker of talkers", tests);
}
