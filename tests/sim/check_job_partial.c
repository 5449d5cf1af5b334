/* check_job_partial.c - what a node has understood so far: it shows that the job runs, and its speaker reads along. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/support/many_world.h"
#include "tests/support/suite.h"

enum { NODE = 1 };

static const usec_t msec = USEC_PER_MSEC;

static void says(scheduler *where, conn_token conn, const char *job, const char *text) {
    payload *content = payload_new(mem_strdup(text), strlen(text));
    scheduler_node_partial(where, conn, job, content);
    payload_unref(content);
    pass(50 * msec);
}

static void assert_told(int count, const char *text) {
    char line[256];
    ck_assert_int_eq(partial_count, count);
    snprintf(line, sizeof line, "%s 7 de: %s", assigned[0].job, text);
    ck_assert_str_eq(partials[count - 1].text, line);
    ck_assert_uint_eq(partials[count - 1].conn, SESSION);
}

/* ---- the node is here ----------------------------------------------------------------------------------------------- */

static void one_job(void) {
    start_production();
    join(NODE, "n1", 4);
    speak(7);
    ck_assert_int_eq(assigned_count, 1);
}

START_TEST(a_partial_starts_the_job_and_is_told_to_the_speaker) {
    one_job();
    says(s, NODE, assigned[0].job, "so far");
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    assert_told(1, "so far");
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(the_next_partials_are_told_too_and_start_nothing) {
    one_job();
    says(s, NODE, assigned[0].job, "one");
    usec_t until = last_of(EV_STARTED)->at;
    says(s, NODE, assigned[0].job, "one two");
    says(s, NODE, assigned[0].job, "one two three");
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    ck_assert_int_eq(last_of(EV_STARTED)->at, until);
    assert_told(3, "one two three");
    close_world();
}
END_TEST

START_TEST(a_partial_of_a_job_that_the_node_does_not_have_is_stale) {
    one_job();
    join(2, "n2", 4);
    says(s, 2, assigned[0].job, "not mine");
    says(s, NODE, "job-of-nobody", "nothing");
    says(s, 77, assigned[0].job, "who");
    ck_assert_int_eq(partial_count, 0);
    ck_assert_int_eq(count_of(EV_STARTED), 0);
    ck_assert_int_eq(count_of(EV_STALE), 3);
    close_world();
}
END_TEST

START_TEST(behind_the_result_nothing_is_told) {
    one_job();
    answer(&assigned[0], OUTCOME_OK, "");
    says(s, NODE, assigned[0].job, "late");
    ck_assert_int_eq(partial_count, 0);
    close_world();
}
END_TEST

START_TEST(a_speaker_who_has_gone_is_told_nothing_and_the_job_starts_all_the_same) {
    one_job();
    scheduler_session_gone(s, SESSION);
    says(s, NODE, assigned[0].job, "to nobody");
    ck_assert_int_eq(partial_count, 0);
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    close_world();
}
END_TEST

/* ---- the node is elsewhere ------------------------------------------------------------------------------------------ */

static void one_guest(void) {
    open_world("production");
    open_many(2);
    use(1);
    join(NODE, "n1", 4);
    use(0);
    speak_at(0, 7);
    pass(50 * msec);
    ck_assert_int_eq(assigned_count, 1);
}

START_TEST(across_instances_a_partial_does_the_same) {
    one_guest();
    says(at(1), NODE, assigned[0].job, "from afar");
    ck_assert_int_eq(said_to_peers(PEER_PARTIAL), 1);
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    assert_told(1, "from afar");
    close_many();
}
END_TEST

static usec_t without_partials(int from, int to, const peer_message *m) {
    (void)from, (void)to;
    return m->kind == PEER_PARTIAL ? USEC_NEVER : msec;
}

START_TEST(one_that_is_lost_on_the_way_changes_nothing) {
    one_guest();
    meddle_with_peers(without_partials);
    says(at(1), NODE, assigned[0].job, "lost");
    ck_assert_int_eq(partial_count, 0);
    meddle_with_peers(NULL);
    says(at(1), NODE, assigned[0].job, "lost and found");
    assert_told(1, "lost and found");
    use(1);
    answer(&assigned[0], OUTCOME_OK, "");
    use(0);
    pass(50 * msec);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 0);
    close_many();
}
END_TEST

START_TEST(a_partial_counts_for_the_latest_attempt_at_that_node) {
    one_guest();
    join(2, "n2", 4); /* at instance 0, so that the next attempt is not a guest */
    scheduler_node_gone(at(1), NODE);
    pass(50 * msec);
    ck_assert_int_eq(assigned_count, 2);
    says(at(1), NODE, assigned[0].job, "of the first attempt");
    ck_assert_int_eq(partial_count, 0);
    says(at(0), 2, assigned[1].job, "of the second");
    assert_told(1, "of the second");
    close_many();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_partial_starts_the_job_and_is_told_to_the_speaker,
        the_next_partials_are_told_too_and_start_nothing,
        a_partial_of_a_job_that_the_node_does_not_have_is_stale,
        behind_the_result_nothing_is_told,
        a_speaker_who_has_gone_is_told_nothing_and_the_job_starts_all_the_same,
        across_instances_a_partial_does_the_same,
        one_that_is_lost_on_the_way_changes_nothing,
        a_partial_counts_for_the_latest_attempt_at_that_node,
    };
    return SUITE_RUN("job_partial", tests);
}
