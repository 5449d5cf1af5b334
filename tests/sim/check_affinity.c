/* check_affinity.c - a sentence that goes on behind an automatic cut stays on its node. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/suite.h"

enum { BYTES_200_MS = 6400, FLEET = 6 };

static void start_fleet(void) {
    open_world("production");
    config.node_ttl = 3600 * second;
    open_scheduler();
    for (conn_token conn = 1; conn <= FLEET; conn++) {
        char node[8] = {'n', (char)('0' + conn), '\0'};
        join(conn, node, 4);
    }
}

static void talk(int chunks, bool is_final) {
    for (int i = 1; i <= chunks; i++) {
        scheduler_session_chunk(s, SESSION,
                                &(session_chunk){.bytes = BYTES_200_MS, .is_final = is_final && i == chunks});
        pass(200 * USEC_PER_MSEC);
    }
    pass(200 * USEC_PER_MSEC);
}

static bool remembered(void) {
    redis_key key;
    return ask_int("EXISTS", key_session_affinity(&key, &config.keys, "s-1", "de")) == 1;
}

START_TEST(the_parts_of_a_long_sentence_go_to_one_node) {
    start_fleet();
    for (int i = 0; i < 5; i++) {
        for (int chunk = 0; chunk < 50; chunk++) {
            scheduler_session_chunk(s, SESSION, &(session_chunk){.bytes = BYTES_200_MS});
            pass(200 * USEC_PER_MSEC);
        }
        answer(&assigned[i], OUTCOME_OK, "");
    }
    talk(1, true);
    ck_assert_int_eq(assigned_count, 6);
    for (int i = 1; i < 6; i++) ck_assert_uint_eq(assigned[i].conn, assigned[0].conn);
    ck_assert_int_eq(count_of(EV_AFFINITY), 5);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "kept");
    ck_assert_msg(!remembered(), "a manual cut ends the turn");
    close_world();
}
END_TEST

START_TEST(a_sentence_that_a_silence_cut_goes_on_at_its_node) {
    start_fleet();
    for (int i = 0; i < 8; i++) {
        talk(3, false);
        pass(4 * second);
        answer(&assigned[i], OUTCOME_OK, "");
    }
    ck_assert_int_eq(assigned_count, 8);
    for (int i = 1; i < 8; i++) ck_assert_uint_eq(assigned[i].conn, assigned[0].conn);
    ck_assert(remembered());
    close_world();
}
END_TEST

START_TEST(after_a_manual_cut_any_node_may_have_the_next_sentence) {
    start_fleet();
    int other = 0;
    for (int i = 0; i < 12; i++) {
        talk(2, true);
        other += assigned[i].conn != assigned[0].conn;
        answer(&assigned[i], OUTCOME_OK, "");
    }
    ck_assert_int_eq(count_of(EV_AFFINITY), 0);
    ck_assert_int_gt(other, 0);
    close_world();
}
END_TEST

START_TEST(a_final_chunk_behind_an_automatic_cut_ends_the_turn_too) {
    start_fleet();
    talk(3, false);
    pass(4 * second);
    ck_assert(remembered());
    scheduler_session_chunk(s, SESSION, &(session_chunk){.is_final = true});
    pass(USEC_PER_MSEC);
    ck_assert(!remembered());
    talk(2, true);
    ck_assert_int_eq(count_of(EV_AFFINITY), 0);
    close_world();
}
END_TEST

START_TEST(the_part_that_follows_a_lost_node_goes_where_its_predecessor_went) {
    start_fleet();
    talk(3, false);
    pass(4 * second);
    scheduler_node_gone(s, assigned[0].conn);
    pass(second);
    ck_assert_int_eq(assigned_count, 2);
    talk(3, true);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_uint_eq(assigned[2].conn, assigned[1].conn);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "kept");
    close_world();
}
END_TEST

START_TEST(a_node_that_is_gone_breaks_the_affinity_and_the_job_is_placed_all_the_same) {
    start_fleet();
    talk(3, false);
    pass(4 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    scheduler_node_gone(s, assigned[0].conn);
    pass(second);
    talk(3, true);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_ne(assigned[1].conn, assigned[0].conn);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "dead");
    close_world();
}
END_TEST

START_TEST(a_session_that_comes_back_elsewhere_finds_its_node_in_redis) {
    start_fleet();
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "SET");
    call_key(&call, key_session_affinity(&key, &config.keys, "s-1", "de"));
    call_str(&call, "7 n4");
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    talk(3, false);
    pass(4 * second);
    ck_assert_uint_eq(assigned[0].conn, 4);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "kept");
    close_world();
}
END_TEST

START_TEST(whoever_begins_to_speak_lets_the_other_ones_last_part_go_to_its_node) {
    start_fleet();
    session_offer both = {.session_id = "s-2",
                          .pair = {"en", "de"},
                          .two_way = true,
                          .sample_rate = SAMPLE_RATE_DEFAULT};
    ck_assert(!scheduler_session_open(s, 2000, &both, &err));
    for (int chunk = 0; chunk < 60; chunk++) {
        scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = "en"});
        pass(200 * USEC_PER_MSEC);
    }
    ck_assert_int_eq(assigned_count, 1);
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = "de"});
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, assigned[0].conn);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "kept");
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_session_affinity(&key, &config.keys, "s-2", "de")), 0);
    close_world();
}
END_TEST

/* 10 s of speech are said while the part before them waits for a node. */
START_TEST(a_part_that_is_said_before_the_former_was_sent_is_placed_as_any_other) {
    open_world("production");
    config.pending_limit = 60 * second;
    config.node_ttl = 3600 * second;
    open_scheduler();
    join(1, "n1", 1);
    talk(3, false);
    pass(4 * second);
    ck_assert_int_eq(assigned_count, 1);
    talk(3, false);
    pass(4 * second);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "full");
    talk(3, false);
    pass(4 * second);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    ck_assert_msg(count_of(EV_AFFINITY) == 1, "the third part does not follow the first");
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_uint_eq(assigned[2].utterance, 2);
    talk(3, true);
    ck_assert_int_eq(count_of(EV_AFFINITY), 2);
    close_world();
}
END_TEST

START_TEST(a_session_that_lost_its_connection_goes_on_at_its_node) {
    start_fleet();
    talk(3, false);
    pass(4 * second);
    scheduler_session_gone(s, SESSION);
    pass(second);
    ck_assert(remembered());
    ck_assert(!open_session(2000, "s-1"));
    job_request request = {.session_id = "s-1",
                           .utterance = 1,
                           .pair = {"en", "de"},
                           .cut = CUT_MANUAL,
                           .sound = audio_new(second, 1, NULL)};
    scheduler_submit(s, 2000, &request);
    audio_unref(request.sound);
    pass(second);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, assigned[0].conn);
    ck_assert(!remembered());
    close_world();
}
END_TEST

START_TEST(a_closed_session_leaves_nothing_behind) {
    start_fleet();
    talk(3, false);
    pass(4 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert(remembered());
    scheduler_session_close(s, SESSION);
    pass(second);
    ck_assert(!remembered());
    close_world();
}
END_TEST

START_TEST(without_the_mechanism_nobody_asks_and_nothing_is_kept) {
    open_world("production");
    config.affinity = false;
    open_scheduler();
    join(1, "n1", 4);
    talk(3, false);
    pass(4 * second);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert(!remembered());
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_parts_of_a_long_sentence_go_to_one_node,
        a_sentence_that_a_silence_cut_goes_on_at_its_node,
        after_a_manual_cut_any_node_may_have_the_next_sentence,
        a_final_chunk_behind_an_automatic_cut_ends_the_turn_too,
        the_part_that_follows_a_lost_node_goes_where_its_predecessor_went,
        a_node_that_is_gone_breaks_the_affinity_and_the_job_is_placed_all_the_same,
        a_session_that_comes_back_elsewhere_finds_its_node_in_redis,
        whoever_begins_to_speak_lets_the_other_ones_last_part_go_to_its_node,
        a_part_that_is_said_before_the_former_was_sent_is_placed_as_any_other,
        a_session_that_lost_its_connection_goes_on_at_its_node,
        a_closed_session_leaves_nothing_behind,
        without_the_mechanism_nobody_asks_and_nothing_is_kept,
    };
    return SUITE_RUN("affinity", tests);
}
