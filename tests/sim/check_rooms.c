/* check_rooms.c - rooms and their members: coming, leaving, the end by silence, and raw voice between members. */
#include "tests/support/hand_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static const usec_t moment = 10 * USEC_PER_MSEC;

static void start_room(const char *languages) {
    start_production();
    make_room();
    listeners_join(languages);
}

static void expect_error(const char *code) {
    ck_assert_msg(!strncmp(last_error, code, strlen(code)), "expected %s, was told: %s", code, last_error);
}

static const char *last_view(conn_token conn) {
    for (int i = viewed_count - 1; i >= 0; i--)
        if (viewed[i].conn == conn) return viewed[i].text;
    return "";
}

static int views_of(conn_token conn) {
    int n = 0;
    for (int i = 0; i < viewed_count; i++) n += viewed[i].conn == conn;
    return n;
}

/* ---- coming and leaving --------------------------------------------------------------------------------------------- */

START_TEST(a_new_room_has_six_digits_and_one_member) {
    start_room("");
    ck_assert_uint_eq(strlen(room_code), 6);
    ck_assert_int_ge(atoi(room_code), 100000);
    ck_assert_str_eq(last_view(SESSION), "s-1(,Ann)");
    ck_assert_str_eq(last_of(EV_ROOM_JOINED)->code, room_code);
    ck_assert_int_eq(last_of(EV_ROOM_JOINED)->value, 1);
    close_rooms();
}
END_TEST

START_TEST(everybody_here_is_told_who_has_come) {
    start_room("fr -");
    ck_assert_str_eq(last_view(SESSION), "l-0(fr,) l-1(,) s-1(,Ann)");
    ck_assert_str_eq(last_view(LISTENER), last_view(SESSION));
    ck_assert_str_eq(last_view(LISTENER + 1), last_view(SESSION));
    ck_assert_int_eq(views_of(SESSION), 3);
    ck_assert_int_eq(last_of(EV_ROOM_JOINED)->value, 3);
    close_rooms();
}
END_TEST

START_TEST(the_others_are_told_who_has_left) {
    start_room("fr es");
    int before = views_of(LISTENER);
    scheduler_room_leave(s, LISTENER);
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "l-1(es,) s-1(,Ann)");
    ck_assert_int_eq(views_of(LISTENER), before);
    ck_assert_int_eq(last_of(EV_ROOM_LEFT)->value, 2);
    scheduler_session_gone(s, LISTENER + 1); /* whose session ends leaves as well */
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "s-1(,Ann)");
    ck_assert_int_eq(count_of(EV_ROOM_LEFT), 2);
    close_rooms();
}
END_TEST

START_TEST(a_room_ends_with_its_last_member) {
    start_room("fr");
    scheduler_room_leave(s, SESSION);
    pass(moment);
    ck_assert_int_eq(room_exists(), 1);
    scheduler_room_leave(s, LISTENER);
    pass(moment);
    ck_assert_int_eq(room_exists(), 0);
    close_rooms();
}
END_TEST

START_TEST(who_joins_again_says_anew_what_it_wants) {
    start_room("fr");
    scheduler_room_join(s, LISTENER, room_code, "ES", "Bo b");
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "l-0(es,Bo b) s-1(,Ann)");
    ck_assert_int_eq(count_of(EV_ROOM_JOINED), 2);
    close_rooms();
}
END_TEST

START_TEST(one_may_leave_and_join_without_waiting_for_an_answer) {
    char first[ROOM_CODE_LEN + 1];
    start_room("fr");
    memcpy(first, room_code, sizeof first);
    scheduler_room_leave(s, SESSION);
    scheduler_room_create(s, SESSION, "de", "");
    scheduler_room_leave(s, SESSION);
    scheduler_room_join(s, SESSION, first, "", "again");
    pass(moment);
    ck_assert_int_eq(error_count, 0);
    ck_assert_str_eq(last_view(LISTENER), "l-0(fr,) s-1(,again)");
    close_rooms();
}
END_TEST

START_TEST(what_a_session_asks_ahead_is_bounded) {
    start_room("");
    for (int i = 0; i < 65; i++) scheduler_room_prefer(s, SESSION, "s-1", true);
    ck_assert_int_eq(error_count, 1);
    expect_error("SCHEDULER_OVERLOADED");
    pass(moment);
    close_rooms();
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------------------------------- */

START_TEST(a_code_is_six_digits) {
    static const char *const codes[] = {"", "12345", "1234567", "12345a", " 12345", "\xc3\xa9\xc3\xa9\xc3\xa9"};
    start_production();
    for (int i = 0; i < (int)(sizeof codes / sizeof *codes); i++) {
        scheduler_room_join(s, SESSION, codes[i], "", "");
        ck_assert_int_eq(error_count, i + 1);
        expect_error("INVALID_ROOM_CODE");
    }
    scheduler_room_join(s, SESSION, NULL, "", "");
    expect_error("INVALID_ROOM_CODE");
    close_rooms();
}
END_TEST

START_TEST(a_room_that_nobody_made_is_not_found) {
    start_production();
    scheduler_room_join(s, SESSION, "654321", "", "");
    pass(moment);
    expect_error("ROOM_NOT_FOUND");
    scheduler_room_leave(s, SESSION);
    expect_error("ROOM_NOT_FOUND");
    ck_assert_int_eq(error_count, 2);
    close_rooms();
}
END_TEST

START_TEST(a_session_is_in_one_room_at_most) {
    start_room("");
    scheduler_room_create(s, SESSION, "", "");
    expect_error("ALREADY_IN_ROOM");
    scheduler_room_join(s, SESSION, "654321", "", "");
    expect_error("ALREADY_IN_ROOM");
    pass(moment);
    ck_assert_int_eq(error_count, 2);
    ck_assert_int_eq(views_of(SESSION), 1);
    close_rooms();
}
END_TEST

START_TEST(a_room_has_at_most_32_members) {
    start_room("");
    for (int i = 0; i < ROOM_MEMBERS_MAX - 1; i++) listener_joins(i, "fr");
    ck_assert_int_eq(error_count, 0);
    listener_joins(ROOM_MEMBERS_MAX - 1, "fr");
    expect_error("ROOM_FULL");
    close_rooms();
}
END_TEST

START_TEST(a_room_hears_at_most_12_languages) {
    start_room("aa ab ac ad ae af ag ah ai aj ak al al -");
    ck_assert_int_eq(error_count, 0);
    listener_joins(14, "am");
    expect_error("ROOM_FULL");
    close_rooms();
}
END_TEST

START_TEST(a_language_that_is_none_is_refused) {
    start_production();
    scheduler_room_create(s, SESSION, "auto", "");
    expect_error("INVALID_MESSAGE");
    scheduler_room_create(s, SESSION, "d e", "");
    ck_assert_int_eq(error_count, 2);
    pass(moment);
    ck_assert_int_eq(viewed_count, 0);
    close_rooms();
}
END_TEST

START_TEST(without_a_session_there_are_no_rooms) {
    start_production();
    scheduler_room_create(s, 77, "", "");
    expect_error("INVALID_SESSION");
    scheduler_session_close(s, SESSION);
    scheduler_room_create(s, SESSION, "", "");
    ck_assert_int_eq(error_count, 2);
    pass(second);
    close_rooms();
}
END_TEST

START_TEST(a_name_is_cut_between_two_characters) {
    char name[ROOM_NAME_MAX + 16], expected[ROOM_NAME_MAX + 16];
    start_room("");
    memset(name, 'x', sizeof name);
    memcpy(name + ROOM_NAME_MAX - 1,
           "\xc3\xa9"
           "e",
           4); /* é would end one byte too late */
    listener_joins(0, "fr");
    scheduler_room_join(s, LISTENER, room_code, "fr", name);
    pass(moment);
    snprintf(expected, sizeof expected, "l-0(fr,%.*s)", ROOM_NAME_MAX - 1, name);
    ck_assert_msg(!strncmp(last_view(SESSION), expected, strlen(expected)), "%s", last_view(SESSION));
    close_rooms();
}
END_TEST

/* ---- codes that are taken ------------------------------------------------------------------------------------------- */

static int taken, taken_left;
static char taken_keys[8][64];

/* Somebody has made each of these rooms a moment ago. */
static meddling take_code(const redis_call *call) {
    if (call->script != SCRIPT_ROOM_CREATE || taken_left-- <= 0) return LET_THROUGH;
    snprintf(taken_keys[taken], sizeof taken_keys[taken], "%s", call_arg(call, 0));
    ask_int("INCR", taken_keys[taken++]);
    return LET_THROUGH;
}

static void start_taken(int count) {
    taken_left = count;
    open_world("production");
    open_scheduler_on(meddler_link(take_code));
}

static void free_codes(void) {
    for (int i = 0; i < taken; i++) ask_int("DEL", taken_keys[i]);
}

START_TEST(a_code_that_is_taken_is_drawn_anew) {
    start_taken(4);
    make_room();
    ck_assert_int_eq(taken, 4);
    ck_assert_int_eq(error_count, 0);
    free_codes();
    close_rooms();
}
END_TEST

START_TEST(after_five_taken_codes_the_session_is_told) {
    start_taken(5);
    scheduler_room_create(s, SESSION, "", "");
    pass(moment);
    ck_assert_int_eq(taken, 5);
    expect_error("INTERNAL_ERROR");
    make_room();
    free_codes();
    close_rooms();
}
END_TEST

/* ---- the end by silence --------------------------------------------------------------------------------------------- */

START_TEST(a_silent_room_expires_and_its_members_are_told) {
    start_room("fr es");
    pass(config.room_idle - second);
    ck_assert_int_eq(expired_count, 0);
    pass(2 * second);
    ck_assert_int_eq(expired_count, 3);
    ck_assert_str_eq(expired[0].code, room_code);
    ck_assert_int_eq(count_of(EV_ROOM_LEFT), 3);
    scheduler_room_join(s, LISTENER, room_code, "fr", "");
    pass(moment);
    expect_error("ROOM_NOT_FOUND");
    make_room(); /* the speaker is free to make another */
    close_rooms();
}
END_TEST

START_TEST(a_room_lives_on_when_somebody_joins_or_speaks) {
    start_room("");
    pass(config.room_idle / 2);
    listener_joins(0, "fr");
    pass(config.room_idle * 2 / 3);
    ck_assert_int_eq(expired_count, 0);
    say(0); /* there is no node, and the room lives on all the same */
    pass(config.room_idle * 2 / 3);
    ck_assert_int_eq(expired_count, 0);
    ck_assert_int_eq(room_exists(), 1);
    pass(config.room_idle * 2 / 3);
    ck_assert_int_eq(expired_count, 2);
    close_rooms();
}
END_TEST

START_TEST(each_of_many_rooms_expires_at_its_own_time) {
    enum { ROOMS = 200 };
    start_production();
    for (int i = 0; i < ROOMS; i++) {
        char id[ID_MAX + 1];
        snprintf(id, sizeof id, "r-%d", i);
        ck_assert(!open_session(5000 + (conn_token)i, id));
        scheduler_room_create(s, 5000 + (conn_token)i, "", "");
        if (i == ROOMS / 2) pass(second); /* two lots, more than one look takes */
    }
    pass(config.room_idle - second);
    ck_assert_int_eq(expired_count, 0);
    pass(second / 2);
    ck_assert_int_eq(expired_count, ROOMS / 2 + 1);
    pass(second);
    ck_assert_int_eq(expired_count, ROOMS);
    for (int i = 0; i < ROOMS; i++) scheduler_session_gone(s, 5000 + (conn_token)i);
    close_rooms();
}
END_TEST

/* ---- raw voice ------------------------------------------------------------------------------------------------------ */

static void relay(conn_token from, const char *to, const char *text) {
    payload *message = payload_new(strdup(text), strlen(text));
    scheduler_room_relay(s, from, to, message);
    payload_unref(message);
    pass(moment);
}

START_TEST(a_message_goes_to_the_member_that_is_named) {
    start_room("fr es");
    relay(SESSION, "l-1", "offer");
    ck_assert_int_eq(relayed_count, 1);
    ck_assert_uint_eq(relayed[0].conn, LISTENER + 1);
    ck_assert_str_eq(relayed[0].text, "s-1: offer");
    relay(LISTENER + 1, "s-1", "answer");
    ck_assert_uint_eq(relayed[1].conn, SESSION);
    ck_assert_int_eq(error_count, 0);
    close_rooms();
}
END_TEST

START_TEST(who_does_not_want_a_voice_is_spared_it_until_it_does) {
    start_room("fr es");
    scheduler_room_prefer(s, LISTENER, "s-1", false);
    pass(moment);
    relay(SESSION, "l-0", "offer");
    ck_assert_int_eq(relayed_count, 0);
    relay(LISTENER, "s-1", "the other way");
    relay(LISTENER + 1, "l-0", "another voice");
    ck_assert_int_eq(relayed_count, 2);
    scheduler_room_prefer(s, LISTENER, "s-1", true);
    pass(moment);
    relay(SESSION, "l-0", "offer");
    ck_assert_int_eq(relayed_count, 3);
    ck_assert_int_eq(error_count, 0);
    close_rooms();
}
END_TEST

START_TEST(what_was_not_wanted_is_forgotten_when_one_of_both_leaves) {
    start_room("fr");
    scheduler_room_prefer(s, LISTENER, "s-1", false);
    scheduler_room_leave(s, LISTENER);
    scheduler_room_join(s, LISTENER, room_code, "fr", "");
    pass(moment);
    relay(SESSION, "l-0", "offer");
    ck_assert_int_eq(relayed_count, 1);
    close_rooms();
}
END_TEST

START_TEST(nothing_is_relayed_out_of_a_room_or_into_it) {
    start_room("fr");
    ck_assert(!open_session(3000, "stranger"));
    relay(SESSION, "stranger", "offer");
    expect_error("INVALID_SESSION");
    relay(SESSION, "nobody", "offer");
    expect_error("INVALID_SESSION");
    relay(3000, "s-1", "offer");
    expect_error("ROOM_NOT_FOUND");
    scheduler_room_prefer(s, SESSION, "stranger", false);
    pass(moment);
    expect_error("INVALID_SESSION");
    scheduler_room_prefer(s, SESSION, "no id", false);
    expect_error("INVALID_MESSAGE");
    ck_assert_int_eq(relayed_count, 0);
    ck_assert_int_eq(error_count, 5);
    scheduler_session_gone(s, 3000);
    close_rooms();
}
END_TEST

START_TEST(what_is_relayed_to_one_who_leaves_is_dropped) {
    start_room("fr");
    payload *message = payload_new(strdup("x"), 1);
    scheduler_room_relay(s, SESSION, "l-0", message);
    scheduler_session_gone(s, LISTENER);
    scheduler_room_relay(s, SESSION, "l-0", message); /* refused at once */
    ck_assert_int_eq(error_count, 1);
    scheduler_session_gone(s, SESSION);
    pass(moment);
    ck_assert_int_eq(relayed_count, 0);
    ck_assert_int_eq(message->refs, 1);
    payload_unref(message);
    close_rooms();
}
END_TEST

/* ---- Redis and sessions that go meanwhile --------------------------------------------------------------------------- */

static script_id meddled_script;
static meddling meddled_how;

static meddling meddle_script(const redis_call *call) {
    if (call->script != meddled_script) return LET_THROUGH;
    meddled_script = SCRIPT_NONE; /* the first one */
    return meddled_how;
}

static void start_meddled(void) {
    open_world("production");
    open_scheduler_on(meddler_link(meddle_script));
}

static const meddling troubles[] = {REFUSE, LOSE, DO_BUT_LOSE_ANSWER};

START_TEST(a_room_that_could_not_be_made_for_certain_is_not_there) {
    start_meddled();
    meddled_script = SCRIPT_ROOM_CREATE;
    meddled_how = troubles[_i];
    scheduler_room_create(s, SESSION, "", "");
    pass(2 * config.redis_patience);
    expect_error("SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_int_eq(error_count, 1);
    ck_assert_int_eq(viewed_count, 0);
    virtual_redis_settle(redis);
    ck_assert_int_eq(count_of(EV_ROOM_JOINED), 0);
    make_room(); /* it is in none */
    close_rooms();
}
END_TEST

START_TEST(who_could_not_join_for_certain_is_no_member) {
    start_meddled();
    make_room();
    meddled_script = SCRIPT_ROOM_JOIN;
    meddled_how = troubles[_i];
    listener_joins(0, "fr");
    pass(2 * config.redis_patience);
    expect_error("SCHEDULER_DEPENDENCY_DOWN");
    scheduler_room_join(s, SESSION, room_code, "", "Ann"); /* tells the members anew */
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "s-1(,Ann)");
    close_rooms();
}
END_TEST

START_TEST(who_could_not_leave_for_certain_is_still_there_and_may_try_again) {
    start_meddled();
    make_room();
    listener_joins(0, "fr");
    meddled_script = SCRIPT_ROOM_LEAVE;
    meddled_how = troubles[_i];
    scheduler_room_leave(s, LISTENER);
    pass(2 * config.redis_patience);
    expect_error("SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_int_eq(count_of(EV_ROOM_LEFT), 0);
    scheduler_room_leave(s, LISTENER);
    pass(moment);
    ck_assert_int_eq(error_count, 1);
    ck_assert_int_eq(count_of(EV_ROOM_LEFT), 1);
    close_rooms();
}
END_TEST

START_TEST(a_session_that_goes_while_it_joins_is_no_member) {
    start_room("");
    ck_assert(!open_session(LISTENER, "l-0"));
    scheduler_room_join(s, LISTENER, room_code, "fr", "");
    scheduler_room_prefer(s, LISTENER, "s-1", false); /* waits for its turn, which never comes */
    scheduler_session_gone(s, LISTENER);
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "s-1(,Ann)");
    close_rooms();
}
END_TEST

START_TEST(a_session_that_goes_while_it_creates_leaves_no_room) {
    start_production();
    scheduler_room_create(s, SESSION, "fr", "");
    scheduler_session_gone(s, SESSION);
    pass(moment);
    ck_assert_int_eq(viewed_count, 0);
    close_rooms(); /* before the room could expire */
}
END_TEST

START_TEST(a_session_that_goes_while_it_leaves_has_left) {
    start_room("fr");
    scheduler_room_leave(s, LISTENER);
    scheduler_session_gone(s, LISTENER);
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "s-1(,Ann)");
    close_rooms();
}
END_TEST

START_TEST(who_went_while_redis_was_away_is_taken_out_when_somebody_speaks) {
    start_meddled();
    nodes_join(2, 4);
    make_room();
    listeners_join("fr es");
    meddled_script = SCRIPT_ROOM_LEAVE;
    meddled_how = REFUSE;
    scheduler_session_gone(s, LISTENER);
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "l-0(fr,) l-1(es,) s-1(,Ann)");
    say(0);
    pass(moment);
    ck_assert_str_eq(last_view(SESSION), "l-1(es,) s-1(,Ann)");
    int before = assigned_count;
    say(1);
    pass(moment);
    ck_assert_int_eq(assigned_count, before + 1);
    answer_all();
    close_rooms();
}
END_TEST

START_TEST(who_came_on_another_instance_is_heard_of_with_the_next_utterance) {
    start_room("fr");
    nodes_join(2, 4);
    stranger_joins("far", "es");
    int before = viewed_count;
    say(0);
    pass(moment);
    ck_assert_int_eq(viewed_count, before + 2);
    ck_assert_str_eq(last_view(LISTENER), "far(es,Eve) l-0(fr,) s-1(,Ann)");
    ck_assert_int_eq(assigned_count, 2);
    say(1);
    pass(moment);
    ck_assert_int_eq(viewed_count, before + 2); /* nothing has changed since */
    answer_all();
    ask_int("DEL", key_room(&(redis_key){0}, &config.keys, room_code));
    close_rooms();
}
END_TEST

START_TEST(a_member_that_was_taken_out_is_told_when_it_speaks) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    start_room("fr");
    nodes_join(1, 4);
    call_command(&call, "HDEL");
    call_key(&call, key_room(&key, &config.keys, room_code));
    call_str(&call, "m:s-1");
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    say(0);
    pass(moment);
    answer_all();
    ck_assert_int_eq(expired_count, 1);
    ck_assert_uint_eq(expired[0].conn, SESSION);
    ck_assert_str_eq(heard_by(SESSION), "0:de ok");
    ck_assert_int_eq(room_exists(), 1);
    close_rooms();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_new_room_has_six_digits_and_one_member,
        everybody_here_is_told_who_has_come,
        the_others_are_told_who_has_left,
        a_room_ends_with_its_last_member,
        who_joins_again_says_anew_what_it_wants,
        one_may_leave_and_join_without_waiting_for_an_answer,
        what_a_session_asks_ahead_is_bounded,
        a_code_is_six_digits,
        a_room_that_nobody_made_is_not_found,
        a_session_is_in_one_room_at_most,
        a_room_has_at_most_32_members,
        a_room_hears_at_most_12_languages,
        a_language_that_is_none_is_refused,
        without_a_session_there_are_no_rooms,
        a_name_is_cut_between_two_characters,
        a_code_that_is_taken_is_drawn_anew,
        after_five_taken_codes_the_session_is_told,
        a_silent_room_expires_and_its_members_are_told,
        a_room_lives_on_when_somebody_joins_or_speaks,
        each_of_many_rooms_expires_at_its_own_time,
        a_message_goes_to_the_member_that_is_named,
        who_does_not_want_a_voice_is_spared_it_until_it_does,
        what_was_not_wanted_is_forgotten_when_one_of_both_leaves,
        nothing_is_relayed_out_of_a_room_or_into_it,
        what_is_relayed_to_one_who_leaves_is_dropped,
        a_session_that_goes_while_it_joins_is_no_member,
        a_session_that_goes_while_it_creates_leaves_no_room,
        a_session_that_goes_while_it_leaves_has_left,
        who_went_while_redis_was_away_is_taken_out_when_somebody_speaks,
        who_came_on_another_instance_is_heard_of_with_the_next_utterance,
        a_member_that_was_taken_out_is_told_when_it_speaks,
    };
    const TTest *const troubled[] = {
        a_room_that_could_not_be_made_for_certain_is_not_there,
        who_could_not_join_for_certain_is_no_member,
        who_could_not_leave_for_certain_is_still_there_and_may_try_again,
    };
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(all, tests[i]);
    for (size_t i = 0; i < sizeof troubled / sizeof *troubled; i++)
        tcase_add_loop_test(all, troubled[i], 0, sizeof troubles / sizeof *troubles);
    return suite_run_case("rooms", all);
}
