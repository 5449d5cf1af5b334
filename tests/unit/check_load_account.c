/* check_load_account.c - the books of a load: latencies from two beginnings, sums, and what must not be. Time is handed in. */
#include "bench/load/account.h"
#include "tests/support/suite.h"

enum { NODES = 4 };

#define SEC USEC_PER_SEC

static account *a;

static void begin(void) {
    a = account_new(&(account_options){.warmup = 10 * SEC, .end = 20 * SEC, .nodes = NODES});
}

static void end(void) {
    a = account_free(a);
}

static const account_figures *figures(void) {
    return account_figure(a);
}

/* ---- what happens ------------------------------------------------------------------------------------------------------ */

static void tell(trace_event event) {
    static const char none[] = "";
    if (!event.session) event.session = none;
    if (!event.code) event.code = none;
    trace_sink sink = account_sink(a);
    sink.event(sink.ctx, &event);
}

static void says(const char *who, uint64_t utterance, usec_t at) {
    tell((trace_event){.kind = TRACE_CLIENT_SENT, .session = who, .utterance = utterance, .at = at, .node_index = -1});
}

static void sent(const char *who, uint64_t utterance, usec_t at, usec_t left) {
    says(who, utterance, at);
    account_left(a, who, utterance, left - at);
}

static void answered_with(const char *who, uint64_t utterance, usec_t at, job_outcome outcome, const char *code) {
    tell((trace_event){.kind = TRACE_CLIENT_ANSWERED,
                       .session = who,
                       .utterance = utterance,
                       .at = at,
                       .outcome = outcome,
                       .code = code,
                       .node_index = -1});
}

static void answered(const char *who, uint64_t utterance, usec_t at) {
    answered_with(who, utterance, at, OUTCOME_OK, "");
}

static void session(trace_kind kind, const char *who, const char *code) {
    tell((trace_event){.kind = kind, .session = who, .code = code, .node_index = -1});
}

static void node(trace_kind kind, int32_t index, int64_t value) {
    tell((trace_event){.kind = kind, .node_index = index, .value = value});
}

static int64_t sum_of_ends(void) {
    const account_figures *f = figures();
    return f->ok + f->no_text + f->failed.sum + f->missing.sum + f->known + f->disconnected + f->abandoned +
           f->dropped[DROP_LATE] + f->dropped[DROP_GONE] + f->unanswered;
}

/* ---- latencies --------------------------------------------------------------------------------------------------------- */

START_TEST(a_latency_counts_from_the_intended_instant_and_from_the_real_one) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC + 300);
    answered("s", 0, 11 * SEC + 1000);
    ck_assert_int_eq(histogram_max(account_corrected(a)), 1000);
    ck_assert_int_eq(histogram_max(account_uncorrected(a)), 700);
    ck_assert_int_eq(histogram_max(account_lateness(a)), 300);
    end();
}
END_TEST

/* A server that stands still for a second: a closed loop would see one slow answer, and so does the uncorrected table. */
START_TEST(what_waits_behind_a_pause_is_slow_in_the_corrected_table_only) {
    begin();
    for (uint64_t i = 0; i < 10; i++) says("s", i, 11 * SEC + (usec_t)i * SEC / 10);
    for (uint64_t i = 0; i < 10; i++) {
        account_left(a, "s", i, SEC - (usec_t)i * SEC / 10);
        answered("s", i, 12 * SEC + 1000);
    }
    ck_assert_int_eq(histogram_max(account_uncorrected(a)), 1000);
    ck_assert_int_ge(histogram_percentile(account_corrected(a), 50), SEC / 2);
    ck_assert_int_eq(histogram_max(account_corrected(a)), SEC + 1000);
    end();
}
END_TEST

START_TEST(only_what_was_to_be_said_in_the_window_is_measured_and_all_is_counted) {
    begin();
    sent("s", 0, 9 * SEC, 9 * SEC);
    sent("s", 1, 10 * SEC, 10 * SEC);
    sent("s", 2, 20 * SEC - 1, 20 * SEC - 1);
    sent("s", 3, 20 * SEC, 20 * SEC);
    answered("s", 0, 10 * SEC + 1);
    answered("s", 1, 11 * SEC);
    answered("s", 2, 30 * SEC);
    answered("s", 3, 31 * SEC);
    ck_assert_uint_eq(histogram_count(account_corrected(a)), 2);
    ck_assert_int_eq(histogram_max(account_corrected(a)), 10 * SEC + 1);
    ck_assert_int_eq(figures()->said, 4);
    ck_assert_int_eq(figures()->in_window, 2);
    ck_assert_int_eq(figures()->ok_in_window, 2); /* by the instant of the answer: numbers 0 and 1 */
    ck_assert_int_eq(figures()->ok, 4);
    end();
}
END_TEST

START_TEST(a_repeated_request_counts_from_its_first_leaving) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    account_left(a, "s", 0, 3 * SEC);
    answered("s", 0, 15 * SEC);
    ck_assert_int_eq(histogram_max(account_uncorrected(a)), 4 * SEC);
    end();
}
END_TEST

START_TEST(failures_have_no_latency) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    answered_with("s", 0, 12 * SEC, OUTCOME_FAILED, "JOB_TIMEOUT");
    ck_assert_uint_eq(histogram_count(account_corrected(a)), 0);
    ck_assert_int_eq(figures()->failed.sum, 1);
    ck_assert_str_eq(figures()->failed.list[0].code, "JOB_TIMEOUT");
    end();
}
END_TEST

/* ---- sums -------------------------------------------------------------------------------------------------------------- */

START_TEST(every_utterance_has_one_end) {
    begin();
    for (uint64_t i = 0; i < 8; i++) sent("s", i, 11 * SEC, 11 * SEC);
    answered("s", 0, 12 * SEC);
    answered_with("s", 1, 12 * SEC, OUTCOME_NO_TEXT, "");
    answered_with("s", 2, 12 * SEC, OUTCOME_FAILED, "NO_AVAILABLE_NODE");
    tell((trace_event){.kind = TRACE_CLIENT_MISSED,
                       .session = "s",
                       .utterance = 3,
                       .code = "gap_timeout",
                       .node_index = -1});
    tell((trace_event){.kind = TRACE_CLIENT_KNOWN,
                       .session = "s",
                       .utterance = 4,
                       .outcome = OUTCOME_OK,
                       .node_index = -1});
    says("s", 8, 11 * SEC);
    account_dropped(a, "s", 8, DROP_LATE);
    says("s", 9, 11 * SEC);
    ck_assert_int_eq(figures()->open, 5);
    account_close(a);
    ck_assert_int_eq(figures()->open, 0);
    ck_assert_int_eq(figures()->unanswered, 3);
    ck_assert_int_eq(figures()->dropped[DROP_LATE], 1);
    ck_assert_int_eq(figures()->dropped[DROP_GONE], 1);
    ck_assert_int_eq(figures()->missing.sum, 1);
    ck_assert_int_eq(figures()->known, 1);
    ck_assert_int_eq(sum_of_ends(), figures()->said);
    ck_assert(!account_is_clean(a));
    end();
}
END_TEST

START_TEST(what_is_known_and_not_over_is_still_waited_for) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    tell((trace_event){.kind = TRACE_CLIENT_KNOWN, .session = "s", .outcome = OUTCOME_NONE, .node_index = -1});
    ck_assert_int_eq(figures()->open, 1);
    answered("s", 0, 12 * SEC);
    ck_assert_int_eq(figures()->ok, 1);
    end();
}
END_TEST

START_TEST(what_was_under_way_when_the_connection_broke_is_disconnected_unless_it_is_answered_later) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    sent("s", 1, 11 * SEC, 11 * SEC);
    ck_assert_int_eq(figures()->awaited, 2);
    session(TRACE_SESSION_LOST, "s", "closed");
    ck_assert_int_eq(figures()->awaited, 0);
    session(TRACE_SESSION_BACK, "s", "");
    account_left(a, "s", 1, 2 * SEC);
    ck_assert_int_eq(figures()->awaited, 1);
    answered("s", 1, 14 * SEC);
    ck_assert_int_eq(figures()->awaited, 0);
    account_close(a);
    ck_assert_int_eq(figures()->disconnected, 1);
    ck_assert_int_eq(figures()->ok, 1);
    ck_assert(account_is_clean(a));
    end();
}
END_TEST

START_TEST(a_client_that_leaves_has_itself_to_blame_and_one_that_says_goodbye_has_not) {
    begin();
    sent("gone", 0, 11 * SEC, 11 * SEC);
    sent("polite", 0, 11 * SEC, 11 * SEC);
    session(TRACE_SESSION_CLOSED, "gone", "VANISHED");
    ck_assert_int_eq(figures()->abandoned, 1);
    ck_assert(account_is_clean(a));
    session(TRACE_SESSION_CLOSED, "polite", "");
    ck_assert_int_eq(figures()->unanswered, 1);
    ck_assert(!account_is_clean(a));
    end();
}
END_TEST

START_TEST(codes_beyond_the_table_are_other) {
    begin();
    account_codes codes = {.count = 0};
    char code[16];
    for (int i = 0; i < 40; i++) {
        snprintf(code, sizeof code, "CODE_%d", i);
        account_codes_add(&codes, code);
    }
    account_codes_add(&codes, "CODE_3");
    ck_assert_int_eq(codes.sum, 41);
    ck_assert_int_eq(codes.count, ACCOUNT_CODES_MAX);
    ck_assert_int_eq(codes.list[3].count, 2);
    ck_assert_str_eq(codes.list[ACCOUNT_CODES_MAX - 1].code, "other");
    ck_assert_int_eq(codes.list[ACCOUNT_CODES_MAX - 1].count, 9);
    end();
}
END_TEST

/* ---- what must not be -------------------------------------------------------------------------------------------------- */

START_TEST(an_answer_that_comes_again_is_doubled) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    answered("s", 0, 12 * SEC);
    ck_assert(account_is_clean(a));
    answered("s", 0, 13 * SEC);
    ck_assert_int_eq(figures()->doubled, 1);
    ck_assert(!account_is_clean(a));
    end();
}
END_TEST

START_TEST(a_result_behind_a_later_one_is_out_of_order_and_a_failure_is_not) {
    begin();
    for (uint64_t i = 0; i < 3; i++) sent("s", i, 11 * SEC, 11 * SEC);
    answered("s", 2, 12 * SEC);
    answered_with("s", 1, 12 * SEC, OUTCOME_FAILED, "JOB_TIMEOUT");
    ck_assert(account_is_clean(a));
    answered("s", 0, 12 * SEC);
    ck_assert_int_eq(figures()->disordered, 1);
    ck_assert(!account_is_clean(a));
    end();
}
END_TEST

START_TEST(sessions_do_not_share_an_order) {
    begin();
    sent("a", 0, 11 * SEC, 11 * SEC);
    sent("b", 0, 11 * SEC, 11 * SEC);
    sent("b", 1, 11 * SEC, 11 * SEC);
    answered("b", 0, 12 * SEC);
    answered("b", 1, 12 * SEC);
    answered("a", 0, 12 * SEC);
    ck_assert(account_is_clean(a));
    end();
}
END_TEST

START_TEST(a_session_that_is_back_begins_a_new_order) {
    begin();
    sent("s", 0, 11 * SEC, 11 * SEC);
    sent("s", 1, 11 * SEC, 11 * SEC);
    answered("s", 1, 12 * SEC);
    session(TRACE_SESSION_LOST, "s", "reset");
    answered("s", 0, 13 * SEC);
    ck_assert_int_eq(figures()->disordered, 0);
    end();
}
END_TEST

START_TEST(what_the_server_cut_is_heard_and_no_answer_to_anything) {
    begin();
    answered("chunks", 0, 12 * SEC);
    answered("chunks", 1, 12 * SEC);
    ck_assert_int_eq(figures()->heard, 2);
    ck_assert_int_eq(figures()->doubled, 0);
    end();
}
END_TEST

START_TEST(a_job_that_waits_behind_the_slots_is_an_over_commit) {
    begin();
    node(TRACE_NODE_UP, 1, 2);
    node(TRACE_NODE_RECEIVED, 1, 0);
    ck_assert(account_is_clean(a));
    node(TRACE_NODE_RECEIVED, 1, 1);
    ck_assert_int_eq(figures()->over_commits, 1);
    ck_assert(!account_is_clean(a));
    end();
}
END_TEST

START_TEST(jobs_left_from_before_a_reconnect_excuse_as_many_and_no_more) {
    begin();
    node(TRACE_NODE_UP, 1, 1);
    node(TRACE_NODE_RECEIVED, 1, 0);
    node(TRACE_NODE_DOWN, 1, 0);
    node(TRACE_NODE_UP, 1, 1);
    node(TRACE_NODE_RECEIVED, 1, 1);
    ck_assert_int_eq(figures()->overlaps, 1);
    ck_assert(account_is_clean(a));
    node(TRACE_NODE_FINISHED, 1, 0);
    node(TRACE_NODE_RECEIVED, 1, 1);
    ck_assert_int_eq(figures()->over_commits, 1);
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_latency_counts_from_the_intended_instant_and_from_the_real_one,
        what_waits_behind_a_pause_is_slow_in_the_corrected_table_only,
        only_what_was_to_be_said_in_the_window_is_measured_and_all_is_counted,
        a_repeated_request_counts_from_its_first_leaving,
        failures_have_no_latency,
        every_utterance_has_one_end,
        what_is_known_and_not_over_is_still_waited_for,
        what_was_under_way_when_the_connection_broke_is_disconnected_unless_it_is_answered_later,
        a_client_that_leaves_has_itself_to_blame_and_one_that_says_goodbye_has_not,
        codes_beyond_the_table_are_other,
        an_answer_that_comes_again_is_doubled,
        a_result_behind_a_later_one_is_out_of_order_and_a_failure_is_not,
        sessions_do_not_share_an_order,
        a_session_that_is_back_begins_a_new_order,
        what_the_server_cut_is_heard_and_no_answer_to_anything,
        a_job_that_waits_behind_the_slots_is_an_over_commit,
        jobs_left_from_before_a_reconnect_excuse_as_many_and_no_more,
    };
    return SUITE_RUN("load_account", tests);
}
