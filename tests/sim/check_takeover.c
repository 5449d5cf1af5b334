/* check_takeover.c - jobs, answers and members of rooms that are at another instance than they were, or than who needs them. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/support/fsck_now.h"
#include "tests/support/many_world.h"
#include "tests/support/suite.h"

enum { NODE = 1, OTHER_NODE = 2, MOVED = 50 };

static const usec_t msec = USEC_PER_MSEC;

static void settle(void) {
    pass(50 * msec);
}

/* Node n1 at instance 1, no other. A dead instance is known to be dead within five seconds. */
static void three_instances(void) {
    open_world("production");
    config.instance.presence_ttl = 3 * second;
    config.instance.presence_refresh = second;
    config.instance.adopt_every = second;
    open_many(3);
    use(1);
    join(NODE, "n1", 4);
    use(0);
}

static void say(int which, uint64_t utterance) {
    speak_at(which, utterance);
    settle();
}

static void nodes_beat(void) {
    scheduler_node_heartbeat(at(1), NODE, &(node_load){.cpu = 10});
    scheduler_node_heartbeat(at(1), OTHER_NODE, &(node_load){.cpu = 10});
}

static void first_dies(void) {
    kill_instance(0);
    use(1);
    for (int i = 0; i < 5; i++) {
        nodes_beat();
        pass(second);
    }
}

/* The client of s-0 comes back at that instance. */
static void comes_back_at(int which) {
    use(which);
    ck_assert_msg(!open_session(MOVED, "s-0"), "%s", err.message);
    settle();
}

static void says_again(int which, uint64_t utterance) {
    use(which);
    job_request request = {.session_id = "s-0",
                           .utterance = utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(5 * second, 1024, NULL)};
    scheduler_submit(at(which), MOVED, &request);
    audio_unref(request.sound);
    settle();
}

static void node_answers(const said *a, job_outcome outcome) {
    use(1);
    answer(a, outcome, outcome == OUTCOME_FAILED ? "GPU_LOST" : "");
    settle();
}

static void assert_nothing_is_held(void) {
    ck_assert_int_eq(reservations_of("n1"), 0);
    ck_assert_int_eq(reservations_of("n2"), 0);
    for (int i = 0; i < 3; i++)
        if (at(i)) ck_assert_int_eq(scheduler_count(at(i)).jobs, 0);
    expect_consistent();
    close_many();
}

/* ---- jobs of the dead ----------------------------------------------------------------------------------------------- */

START_TEST(the_job_of_a_dead_instance_goes_on_where_its_request_comes_again) {
    three_instances();
    say(0, 1);
    first_dies();
    join(OTHER_NODE, "n2", 4);
    comes_back_at(2);
    says_again(2, 1);
    ck_assert_int_eq(count_of(EV_ADOPTED), 1);
    ck_assert_str_eq(last_of(EV_ADOPTED)->node, "n1");
    ck_assert_str_eq(last_of(EV_ADOPTED)->code, "i0");
    ck_assert_int_eq(reservations_of("n1"), 0);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, OTHER_NODE);
    ck_assert_str_eq(assigned[1].job, assigned[0].job);
    ck_assert_int_eq(assigned[1].attempt, 2);
    node_answers(&assigned[0], OUTCOME_OK); /* of the former attempt: nobody hears it */
    ck_assert_int_eq(answered_count, 0);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    assert_nothing_is_held();
}
END_TEST

START_TEST(the_job_of_a_living_instance_is_known_and_stays_there) {
    three_instances();
    say(0, 1);
    comes_back_at(2);
    says_again(2, 1);
    ck_assert_int_eq(count_of(EV_ADOPTED), 0);
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].code, "DISPATCHED");
    ck_assert_int_eq(assigned_count, 1);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    assert_nothing_is_held();
}
END_TEST

START_TEST(a_job_whose_owner_dies_behind_that_is_taken_over_when_it_is_asked_for_once_more) {
    three_instances();
    say(0, 1);
    comes_back_at(2);
    says_again(2, 1);
    ck_assert_int_eq(known_count, 1);
    first_dies();
    join(OTHER_NODE, "n2", 4);
    says_again(2, 1);
    ck_assert_int_eq(count_of(EV_ADOPTED), 1);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_nothing_is_held();
}
END_TEST

START_TEST(a_result_ends_the_job_of_a_dead_instance_and_finds_its_session) {
    three_instances();
    say(0, 1);
    first_dies();
    comes_back_at(2);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_FORWARDED), 1);
    ck_assert_int_eq(count_of(EV_RESULT_SENT), 1);
    assert_nothing_is_held();
}
END_TEST

START_TEST(a_full_result_wins_over_the_empty_one_for_the_dead_too) {
    three_instances();
    say(0, 1);
    first_dies();
    comes_back_at(1);
    node_answers(&assigned[0], OUTCOME_NO_TEXT);
    ck_assert_int_eq(answered_count, 0);
    node_answers(&assigned[0], OUTCOME_OK);
    pass(2 * second);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    assert_nothing_is_held();
}
END_TEST

START_TEST(a_failure_frees_the_node_and_leaves_the_job_to_whoever_brings_its_sound) {
    three_instances();
    say(0, 1);
    first_dies();
    node_answers(&assigned[0], OUTCOME_FAILED);
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    ck_assert_int_eq(reservations_of("n1"), 0);
    join(OTHER_NODE, "n2", 4);
    comes_back_at(1);
    says_again(1, 1);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_nothing_is_held();
}
END_TEST

START_TEST(the_session_learns_that_the_job_of_a_dead_instance_has_passed_its_deadline) {
    three_instances();
    say(0, 1);
    first_dies();
    comes_back_at(2);
    for (int i = 0; i < 40; i++) {
        nodes_beat();
        pass(second);
    }
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    ck_assert_str_eq(answered[0].code, "JOB_LOST");
    ck_assert_str_eq(last_of(EV_FINISHED)->code, "owner_lost");
    close_many();
}
END_TEST

static void live_on(int seconds) {
    for (int i = 0; i < seconds; i++) {
        nodes_beat();
        pass(second);
    }
}

/* The attempt of a speech of 5 s has 20 s; nobody can know that its instance is dead. */
START_TEST(a_job_ends_five_seconds_behind_its_deadline_although_its_dead_instance_seems_to_live) {
    open_world("production");
    config.instance.presence_ttl = 5 * 60 * second;
    open_many(3);
    use(1);
    join(NODE, "n1", 4);
    say(0, 1);
    kill_instance(0);
    use(1);
    live_on(19);
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    live_on(6);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_str_eq(last_of(EV_FINISHED)->code, "owner_lost");
    close_many();
}
END_TEST

START_TEST(an_owner_that_lives_may_be_late_by_some_seconds) {
    open_world("production");
    config.outage_grace = second;
    config.reap_round = 400 * msec;
    open_many(3);
    use(1);
    join(NODE, "n1", 4);
    join(OTHER_NODE, "n2", 4);
    say(0, 1);
    live_on(19);
    cut_wire(0);
    live_on(2); /* the deadline passes, and it cannot act */
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    mend_wire(0);
    live_on(4);
    ck_assert_int_eq(count_of(EV_RETRY), 1);
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_nothing_is_held();
}
END_TEST

/* Seen with an instance that was cut off for a minute (scenarios/instances/cut_off.yaml, seed 2): its client had the answer, a survivor had
 * ended the job, and when the end that was kept could be written the job finished a second time. */
START_TEST(what_an_owner_told_while_it_was_cut_off_is_told_once_and_the_job_ends_once) {
    open_world("production");
    config.instance.presence_ttl = 5 * 60 * second;
    open_many(2);
    join(NODE, "n1", 4);
    say(0, 1);
    cut_wire(0);
    pass(2 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    settle();
    ck_assert_int_eq(answered_count, 1);
    pass(25 * second);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_str_eq(last_of(EV_FINISHED)->code, "owner_lost");
    mend_wire(0);
    pass(10 * second);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_STALE), 1);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(scheduler_count(at(0)).jobs, 0);
    close_many();
}
END_TEST

START_TEST(an_instance_that_stops_waits_for_no_late_owner) {
    open_world("production");
    config.reap_round = 400 * msec;
    open_many(2);
    use(1);
    join(NODE, "n1", 4);
    say(0, 1);
    kill_instance(0);
    use(1);
    live_on(22);
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    close_many(); /* with the timer set */
}
END_TEST

/* ---- sessions that move --------------------------------------------------------------------------------------------- */

START_TEST(the_newest_connection_has_the_session_and_the_former_one_is_told) {
    three_instances();
    int before = error_count;
    comes_back_at(2);
    ck_assert_int_eq(error_count, before + 1);
    ck_assert_str_eq(last_error, "INVALID_SESSION this session was opened on another connection");
    ck_assert_str_eq(last_of(EV_SESSION_CLOSED)->code, "moved");
    ck_assert_int_eq(scheduler_count(at(0)).sessions, 0);
    ck_assert_int_eq(said_to_peers(PEER_MOVED), 1);
    scheduler_session_gone(at(0), SESSION);
    settle();
    says_again(2, 1);
    ck_assert_int_eq(assigned_count, 1);
    close_many();
}
END_TEST

static usec_t lose_all(int from, int to, const peer_message *message) {
    (void)from, (void)to, (void)message;
    return USEC_NEVER;
}

START_TEST(a_session_that_moved_unheard_ends_when_its_record_is_renewed) {
    open_world("production");
    config.session_ttl = 4 * second;
    open_many(2);
    meddle_with_peers(lose_all);
    comes_back_at(1);
    ck_assert_int_eq(scheduler_count(at(0)).sessions, 1);
    pass(3 * second);
    ck_assert_int_eq(scheduler_count(at(0)).sessions, 0);
    ck_assert_int_eq(scheduler_count(at(1)).sessions, 2);
    close_many();
}
END_TEST

START_TEST(answers_follow_the_session_and_come_in_order_when_they_were_asked_for_again) {
    three_instances();
    say(0, 1);
    say(0, 2);
    ck_assert_int_eq(assigned_count, 2);
    comes_back_at(2);
    says_again(2, 1);
    says_again(2, 2);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 0);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 2);
    ck_assert_uint_eq(answered[0].utterance, 1);
    ck_assert_uint_eq(answered[1].utterance, 2);
    assert_nothing_is_held();
}
END_TEST

START_TEST(an_answer_that_nobody_expects_there_is_told_at_once) {
    three_instances();
    say(0, 1);
    say(0, 2);
    comes_back_at(2);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].utterance, 2);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 2);
    assert_nothing_is_held();
}
END_TEST

START_TEST(results_that_wait_for_their_turn_move_with_the_session) {
    three_instances();
    say(0, 1);
    say(0, 2);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 0);
    comes_back_at(2);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].conn, MOVED);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 2);
    assert_nothing_is_held();
}
END_TEST

/* Seen with four instances that crash all the time (scenarios/sweeps/crashes.yaml, phase 3, seed 28): a survivor ended the job a moment
 * after its session had given it up, and the client was told both. */
START_TEST(an_answer_from_elsewhere_is_late_when_its_place_was_given_up) {
    open_world("production");
    config.gap_limit = 3 * second;
    open_many(3);
    use(1);
    join(NODE, "n1", 4);
    use(0);
    say(0, 1);
    say(0, 2);
    comes_back_at(2);
    says_again(2, 1);
    says_again(2, 2);
    node_answers(&assigned[1], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 0);
    pass(4 * second);
    ck_assert_int_eq(count_of(EV_RESULT_MISSING), 1);
    ck_assert_int_eq(answered_count, 1);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(count_of(EV_LATE_DROPPED), 1);
    assert_nothing_is_held();
}
END_TEST

START_TEST(the_answer_of_a_session_that_speaks_nowhere_is_counted) {
    three_instances();
    say(0, 1);
    scheduler_session_gone(at(0), SESSION);
    settle();
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_SESSION_GONE), 1);
    assert_nothing_is_held();
}
END_TEST

/* ---- rooms ---------------------------------------------------------------------------------------------------------- */

static char code[ROOM_CODE_LEN + 1];

/* s-0 makes a room, s-1 of another instance joins it and wants German. */
static void room_of_two(void) {
    three_instances();
    scheduler_room_create(at(0), SESSION, "", "Ann");
    settle();
    snprintf(code, sizeof code, "%s", viewed[0].code);
    scheduler_room_join(at(1), SESSION, code, "de", "Bob");
    settle();
}

START_TEST(members_of_all_instances_are_told_who_comes_and_goes) {
    room_of_two();
    ck_assert_int_eq(viewed_count, 3); /* Ann alone; then both */
    ck_assert_str_eq(viewed[2].text, "s-0(,Ann) s-1(de,Bob)");
    scheduler_room_leave(at(1), SESSION);
    settle();
    ck_assert_str_eq(viewed[viewed_count - 1].text, "s-0(,Ann)");
    close_many();
}
END_TEST

START_TEST(a_listener_of_another_instance_hears_the_translation) {
    room_of_two();
    say(0, 1);
    node_answers(&assigned[0], OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(said_to_peers(PEER_ANSWER), 1);
    ck_assert_int_eq(count_of(EV_FORWARDED), 1);
    assert_nothing_is_held();
}
END_TEST

START_TEST(raw_voice_reaches_a_member_of_another_instance_who_wants_it) {
    room_of_two();
    payload *voice = payload_new(mem_strdup("hello"), 5);
    scheduler_room_relay(at(0), SESSION, "s-1", voice);
    settle();
    ck_assert_int_eq(relayed_count, 1);
    ck_assert_str_eq(relayed[0].text, "s-0: hello");
    scheduler_room_prefer(at(1), SESSION, "s-0", false);
    settle();
    scheduler_room_relay(at(0), SESSION, "s-1", voice);
    settle();
    ck_assert_int_eq(relayed_count, 1);
    payload_unref(voice);
    close_many();
}
END_TEST

START_TEST(a_member_that_has_joined_again_elsewhere_is_not_taken_out_by_its_former_connection) {
    room_of_two();
    comes_back_at(2);
    scheduler_room_join(at(2), MOVED, code, "", "Ann");
    scheduler_session_gone(at(0), SESSION);
    settle();
    const char *text = viewed[viewed_count - 1].text;
    ck_assert_msg(!strcmp(text, "s-0(,Ann) s-1(de,Bob)"), "the room is \"%s\"", text);
    close_many();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_job_of_a_dead_instance_goes_on_where_its_request_comes_again,
        the_job_of_a_living_instance_is_known_and_stays_there,
        a_job_whose_owner_dies_behind_that_is_taken_over_when_it_is_asked_for_once_more,
        a_result_ends_the_job_of_a_dead_instance_and_finds_its_session,
        a_full_result_wins_over_the_empty_one_for_the_dead_too,
        a_failure_frees_the_node_and_leaves_the_job_to_whoever_brings_its_sound,
        the_session_learns_that_the_job_of_a_dead_instance_has_passed_its_deadline,
        a_job_ends_five_seconds_behind_its_deadline_although_its_dead_instance_seems_to_live,
        an_owner_that_lives_may_be_late_by_some_seconds,
        what_an_owner_told_while_it_was_cut_off_is_told_once_and_the_job_ends_once,
        an_instance_that_stops_waits_for_no_late_owner,
        the_newest_connection_has_the_session_and_the_former_one_is_told,
        a_session_that_moved_unheard_ends_when_its_record_is_renewed,
        answers_follow_the_session_and_come_in_order_when_they_were_asked_for_again,
        an_answer_that_nobody_expects_there_is_told_at_once,
        results_that_wait_for_their_turn_move_with_the_session,
        an_answer_from_elsewhere_is_late_when_its_place_was_given_up,
        the_answer_of_a_session_that_speaks_nowhere_is_counted,
        members_of_all_instances_are_told_who_comes_and_goes,
        a_listener_of_another_instance_hears_the_translation,
        raw_voice_reaches_a_member_of_another_instance_who_wants_it,
        a_member_that_has_joined_again_elsewhere_is_not_taken_out_by_its_former_connection,
    };
    return SUITE_RUN("takeover", tests);
}
