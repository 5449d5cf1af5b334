/* check_instance.c - one instance among others: presence, inbox, what is delivered again, dead letters, adoption. */
#include "tests/support/fellows.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static redis_key key;

static int64_t entries_of(const char *id) {
    return fellow_ask_int("XLEN", key_instance_inbox(&key, &keys, id));
}

static int64_t dead_letters_of(const char *id) {
    return fellow_ask_int("XLEN", key_instance_dead(&key, &keys, id));
}

static bool is_present(const char *id) {
    return fellow_ask_int("EXISTS", key_instance_presence(&key, &keys, id)) == 1;
}

static int64_t listed(void) {
    return fellow_ask_int("ZCARD", key_instances(&key, &keys));
}

static void start_fellows(int count) {
    open_fellows();
    for (int i = 0; i < count; i++) fellow_start();
}

/* ---- presence ------------------------------------------------------------------------------------------------------- */

START_TEST(an_instance_is_present_as_long_as_it_lives_and_not_longer) {
    start_fellows(1);
    ck_assert_str_eq(all_keys(), "lingua:v1:{i:i0}:inbox lingua:v1:{i:i0}:presence lingua:v1:{instances}:all");
    fellow_pass(300 * fellow_second);
    ck_assert(is_present("i0"));
    fellow_crash(0);
    fellow_pass(31 * fellow_second);
    ck_assert(!is_present("i0"));
    close_fellows();
}
END_TEST

START_TEST(who_leaves_in_good_order_leaves_nothing) {
    start_fellows(1);
    fellow_leave(0);
    fellow_pass(2 * fellow_second);
    ck_assert(fellow_left(0));
    ck_assert_str_eq(all_keys(), "");
    close_fellows();
}
END_TEST

START_TEST(a_leave_ends_also_when_redis_does_not_answer) {
    start_fellows(1);
    fellow_cut(0);
    fellow_leave(0);
    fellow_pass(5 * fellow_second);
    ck_assert(fellow_left(0));
    close_fellows();
}
END_TEST

START_TEST(in_peace_an_instance_costs_few_calls) {
    start_fellows(1);
    uint64_t before = fellow_commands();
    fellow_pass(100 * fellow_second);
    uint64_t calls = fellow_commands() - before;
    /* 10 beats, 20 looks, 20 walks over what is pending */
    ck_assert_msg(calls >= 48 && calls <= 52, "%" PRIu64 " calls in 100 s", calls);
    close_fellows();
}
END_TEST

START_TEST(a_short_pause_changes_nothing) {
    start_fellows(2);
    fellow_pause(0);
    fellow_pass(15 * fellow_second);
    fellow_resume(0);
    fellow_pass(60 * fellow_second);
    ck_assert_str_eq(fellow_lost(0), "");
    ck_assert_int_eq(fellow_send(1, "i0", "j1"), SEND_OK);
    ck_assert_int_eq(told_of("j1", 0), 1);
    close_fellows();
}
END_TEST

START_TEST(who_slept_too_long_was_buried_and_is_told_so) {
    start_fellows(2);
    fellow_pass(15 * fellow_second);
    fellow_pause(0);
    fellow_pass(60 * fellow_second);
    ck_assert_int_eq(fellow_deaths(1), 1);
    ck_assert_str_eq(fellow_death(1, 0), "i0");
    fellow_resume(0);
    fellow_pass(2 * fellow_second);
    ck_assert_str_eq(fellow_lost(0), "taken for dead by i1");
    ck_assert(!is_present("i0"));
    fellow_pass(120 * fellow_second);
    ck_assert_int_eq(listed(), 1);
    ck_assert_int_eq(fellow_deaths(1), 1);
    close_fellows();
}
END_TEST

START_TEST(who_slept_too_long_is_lost_also_when_nobody_noticed) {
    start_fellows(1);
    fellow_pause(0);
    fellow_pass(60 * fellow_second);
    fellow_resume(0);
    fellow_pass(2 * fellow_second);
    ck_assert_str_eq(fellow_lost(0), "presence lapsed: it slept, or was too slow");
    close_fellows();
}
END_TEST

START_TEST(who_slept_handles_nothing_before_it_knows_whether_it_is_dead) {
    start_fellows(2);
    fellow_pass(15 * fellow_second);
    fellow_pause(0);
    ck_assert_int_eq(fellow_send(1, "i0", "j1"), SEND_OK);
    fellow_pass(60 * fellow_second);
    fellow_resume(0);
    fellow_pass(10 * fellow_second);
    ck_assert_int_eq(told_of("j1", 0), 0);
    ck_assert_int_eq(told_of("j1", 1), 1);
    close_fellows();
}
END_TEST

START_TEST(an_outage_of_redis_buries_nobody) {
    start_fellows(3);
    fellow_pass(20 * fellow_second);
    for (int i = 0; i < 3; i++) fellow_cut(i);
    fellow_pass(90 * fellow_second);
    ck_assert(!is_present("i0"));
    fellow_mend(0);
    fellow_pass(6 * fellow_second); /* it looks, and sees nobody */
    fellow_mend(1);
    fellow_mend(2);
    fellow_pass(60 * fellow_second);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(fellow_lost(i), "");
        ck_assert_int_eq(fellow_deaths(i), 0);
    }
    ck_assert_int_eq(fellow_send(1, "i0", "j1"), SEND_OK);
    ck_assert_int_eq(told_of("j1", 0), 1);
    close_fellows();
}
END_TEST

START_TEST(redis_without_its_data_buries_nobody) {
    start_fellows(3);
    fellow_pass(20 * fellow_second);
    fellow_ask_int("FLUSHALL", "ASYNC");
    fellow_pass(60 * fellow_second);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(fellow_lost(i), "");
        ck_assert_int_eq(fellow_deaths(i), 0);
        ck_assert_int_eq(fellow_send(0, fellow_id(i), "j1"), SEND_OK);
    }
    ck_assert_int_eq(listed(), 3);
    ck_assert_int_eq(told_of("j1", -1), 3);
    close_fellows();
}
END_TEST

START_TEST(who_alone_was_cut_off_is_buried_and_told_so) {
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_cut(0);
    fellow_pass(90 * fellow_second);
    ck_assert_int_eq(fellow_deaths(1), 1);
    fellow_mend(0);
    fellow_pass(30 * fellow_second);
    ck_assert_str_eq(fellow_lost(0), "taken for dead by i1");
    close_fellows();
}
END_TEST

/* ---- the inbox ------------------------------------------------------------------------------------------------------ */

START_TEST(an_entry_arrives_and_is_gone_when_it_was_handled) {
    start_fellows(2);
    ck_assert_int_eq(fellow_send(0, "i1", "j1"), SEND_OK);
    ck_assert_int_eq(told_of("j1", 1), 1);
    ck_assert_int_eq(told_count, 1);
    ck_assert_int_eq(entries_of("i1"), 0);
    ck_assert_int_eq(instance_count(fellow(1)).handled, 1);
    close_fellows();
}
END_TEST

START_TEST(one_may_write_to_oneself) {
    start_fellows(1);
    ck_assert_int_eq(fellow_send(0, "i0", "j1"), SEND_OK);
    ck_assert_int_eq(told_of("j1", 0), 1);
    close_fellows();
}
END_TEST

START_TEST(nothing_is_left_for_who_is_gone_and_nothing_where_it_is_full) {
    start_fellows(2);
    fellow_config.inbox_max = 2;
    int third = fellow_start();
    ck_assert_int_eq(fellow_send(third, "nobody", "j1"), SEND_GONE);
    fellow_pause(1);
    fellow_pass(2 * fellow_second);
    ck_assert_int_eq(fellow_send(third, "i1", "j1"), SEND_OK);
    ck_assert_int_eq(fellow_send(third, "i1", "j2"), SEND_OK);
    ck_assert_int_eq(fellow_send(third, "i1", "j3"), SEND_FULL);
    ck_assert_int_eq(entries_of("i1"), 2);
    fellow_cut(third);
    ck_assert_int_eq(fellow_send(third, "i1", "j4"), SEND_FAILED); /* who knows whether it lives */
    close_fellows();
}
END_TEST

START_TEST(what_is_not_handled_is_delivered_again_and_then_a_dead_letter) {
    start_fellows(2);
    fellow_handles(1, HANDLE_BADLY);
    fellow_send(0, "i1", "j1");
    fellow_pass(4 * fellow_second);
    ck_assert_int_eq(told_of("j1", 1), 1);
    fellow_pass(8 * fellow_second);
    ck_assert_int_ge(told_of("j1", 1), 2);
    fellow_pass(58 * fellow_second);
    ck_assert_int_eq(entries_of("i1"), 0);
    ck_assert_int_eq(dead_letters_of("i1"), 1);
    int count = told_count;
    fellow_pass(60 * fellow_second);
    ck_assert_int_eq(told_count, count);
    ck_assert_int_eq(instance_count(fellow(1)).dead_letters, 1);
    close_fellows();
}
END_TEST

START_TEST(many_deliveries_make_a_dead_letter_before_its_time) {
    open_fellows();
    fellow_config.dead_deliveries = 3;
    fellow_start();
    fellow_handles(0, HANDLE_BADLY);
    fellow_send(0, "i0", "j1");
    fellow_pass(30 * fellow_second);
    ck_assert_int_eq(told_of("j1", 0), 3);
    ck_assert_int_eq(dead_letters_of("i0"), 1);
    close_fellows();
}
END_TEST

START_TEST(a_handler_that_recovers_loses_nothing) {
    start_fellows(1);
    fellow_handles(0, HANDLE_BADLY);
    fellow_send(0, "i0", "j1");
    fellow_pass(12 * fellow_second);
    fellow_handles(0, HANDLE_WELL);
    fellow_pass(12 * fellow_second);
    ck_assert_int_eq(entries_of("i0"), 0);
    ck_assert_int_eq(dead_letters_of("i0"), 0);
    close_fellows();
}
END_TEST

/* More than a page, a batch, or what the predecessor's claim took. */
START_TEST(no_entry_behind_many_others_starves) {
    enum { ENTRIES = 150 };
    char job[16];
    start_fellows(1);
    fellow_handles(0, HANDLE_BADLY);
    for (int n = 0; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        fellow_send_soon(0, "i0", job, NULL);
    }
    fellow_pass(25 * fellow_second);
    for (int n = 0; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        ck_assert_msg(told_of(job, 0) >= 3, "%s was delivered %d times in 25 s", job, told_of(job, 0));
    }
    fellow_pass(60 * fellow_second);
    ck_assert_int_eq(dead_letters_of("i0"), ENTRIES);
    ck_assert_int_eq(entries_of("i0"), 0);
    close_fellows();
}
END_TEST

START_TEST(no_more_are_open_than_there_is_room_for) {
    char job[16];
    start_fellows(1);
    fellow_handles(0, HANDLE_NEVER);
    for (int n = 0; n < 40; n++) {
        snprintf(job, sizeof job, "j%d", n);
        fellow_send_soon(0, "i0", job, NULL);
    }
    fellow_pass(90 * fellow_second);
    ck_assert_int_eq(instance_count(fellow(0)).open, fellow_config.inbox_batch);
    ck_assert_int_eq(dead_letters_of("i0"), 0);
    ck_assert_int_eq(told_count, fellow_config.inbox_batch); /* what is open is not delivered again */
    instance_handled(fellow(0), &tellings[0].token, true, NULL);
    fellow_pass(2 * fellow_second);
    ck_assert_int_eq(told_count, fellow_config.inbox_batch + 1);
    close_fellows();
}
END_TEST

START_TEST(an_entry_that_nobody_can_read_is_a_dead_letter_at_once) {
    redis_call call;
    redis_reply *reply;
    start_fellows(1);
    call_command(&call, "XADD");
    call_key(&call, key_instance_inbox(&key, &keys, "i0"));
    call_str(&call, "*");
    call_str(&call, "kind");
    call_str(&call, "poem");
    ck_assert(!virtual_redis_sync(fellow_redis, &call, &reply, &fellow_err));
    virtual_redis_reply_free(reply);
    fellow_pass(2 * fellow_second);
    ck_assert_int_eq(told_count, 0);
    ck_assert_int_eq(dead_letters_of("i0"), 1);
    close_fellows();
}
END_TEST

START_TEST(a_lost_group_is_made_again_and_misses_nothing) {
    redis_call call;
    redis_reply *reply;
    start_fellows(2);
    call_command(&call, "XGROUP");
    call_str(&call, "DESTROY");
    call_key(&call, key_instance_inbox(&key, &keys, "i1"));
    call_str(&call, "scheduler");
    ck_assert(!virtual_redis_sync(fellow_redis, &call, &reply, &fellow_err));
    virtual_redis_reply_free(reply);
    ck_assert_int_eq(fellow_send(0, "i1", "j1"), SEND_OK);
    fellow_pass(3 * fellow_second);
    ck_assert_int_eq(told_of("j1", 1), 1);
    ck_assert_int_eq(entries_of("i1"), 0);
    close_fellows();
}
END_TEST

/* ---- the dead ------------------------------------------------------------------------------------------------------- */

START_TEST(a_survivor_gets_the_entries_of_the_dead_and_all_learn_of_the_death) {
    start_fellows(3);
    fellow_pass(20 * fellow_second);
    fellow_pause(0);
    fellow_send(1, "i0", "j1");
    fellow_send(2, "i0", "j2");
    fellow_pass(50 * fellow_second);
    ck_assert_int_eq(told_of("j1", -1), 1);
    ck_assert_int_eq(told_of("j2", -1), 1);
    ck_assert_int_eq(told_count, 2);
    ck_assert(tellings[0].orphan && tellings[1].orphan);
    ck_assert_str_eq(tellings[0].token.instance, "i0");
    for (int who = 1; who < 3; who++) {
        ck_assert_int_eq(fellow_deaths(who), 1);
        ck_assert_str_eq(fellow_death(who, 0), "i0");
    }
    ck_assert_int_eq(entries_of("i0"), 0);
    ck_assert_int_eq(listed(), 2);
    ck_assert_int_eq(fellow_ask_int("EXISTS", key_instance_inbox(&key, &keys, "i0")), 0);
    close_fellows();
}
END_TEST

/* The last look of the dead, presence_ttl, and the next look of a survivor. */
START_TEST(a_death_is_known_within_36_seconds_whenever_it_comes) {
    usec_t least = USEC_NEVER, most = 0;
    for (int moment = 0; moment < 10; moment++) {
        start_fellows(2);
        fellow_pass(20 * fellow_second + moment * 1100 * USEC_PER_MSEC);
        fellow_crash(0);
        usec_t time = 0;
        for (; !fellow_deaths(1) && time < 60 * fellow_second; time += fellow_second / 10)
            fellow_pass(fellow_second / 10);
        if (time < least) least = time;
        if (time > most) most = time;
        close_fellows();
    }
    ck_assert_msg(least >= 20 * fellow_second && most <= 36 * fellow_second, "known after %.1f to %.1f s",
                  (double)least / 1e6, (double)most / 1e6);
}
END_TEST

START_TEST(what_the_dead_had_read_and_not_handled_is_adopted_too) {
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_handles(0, HANDLE_NEVER);
    fellow_send(1, "i0", "j1");
    ck_assert_int_eq(told_of("j1", 0), 1);
    fellow_crash(0);
    fellow_pass(60 * fellow_second);
    ck_assert_int_eq(told_of("j1", 1), 1);
    close_fellows();
}
END_TEST

START_TEST(more_than_a_page_is_adopted) {
    enum { ENTRIES = 50 };
    char job[16];
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_pause(0);
    for (int n = 0; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        fellow_send_soon(1, "i0", job, NULL);
    }
    fellow_pass(60 * fellow_second);
    ck_assert_int_eq(told_count, ENTRIES);
    ck_assert_int_eq(instance_count(fellow(1)).orphans, ENTRIES);
    ck_assert_int_eq(listed(), 1);
    close_fellows();
}
END_TEST

START_TEST(when_the_adopter_dies_the_next_one_goes_on) {
    start_fellows(3);
    fellow_pass(20 * fellow_second);
    fellow_handles(1, HANDLE_NEVER);
    fellow_handles(2, HANDLE_NEVER);
    fellow_pause(0);
    fellow_send(1, "i0", "j1");
    fellow_pass(50 * fellow_second);
    ck_assert_int_eq(told_count, 1);
    int adopter = tellings[0].who, heir = 3 - adopter;
    fellow_crash(adopter);
    fellow_handles(heir, HANDLE_WELL);
    fellow_pass(80 * fellow_second);
    ck_assert_int_eq(told_of("j1", heir), 1);
    ck_assert_int_eq(fellow_deaths(heir), 2);
    ck_assert_int_eq(listed(), 1);
    close_fellows();
}
END_TEST

START_TEST(an_orphan_that_nobody_can_handle_is_a_dead_letter_of_the_dead) {
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_handles(1, HANDLE_BADLY);
    fellow_pause(0);
    fellow_send(1, "i0", "j1");
    fellow_pass(60 * fellow_second);
    ck_assert_int_ge(told_of("j1", 1), 2);
    fellow_pass(120 * fellow_second);
    ck_assert_int_eq(dead_letters_of("i0"), 1);
    ck_assert_int_eq(listed(), 1);
    close_fellows();
}
END_TEST

START_TEST(who_leaves_with_entries_left_is_adopted_at_once) {
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_handles(0, HANDLE_BADLY);
    fellow_send(1, "i0", "j1");
    fellow_leave(0);
    fellow_pass(8 * fellow_second);
    ck_assert(fellow_left(0));
    ck_assert_int_eq(told_of("j1", 1), 1);
    ck_assert_int_eq(listed(), 1);
    ck_assert_int_eq(fellow_deaths(1), 1);
    close_fellows();
}
END_TEST

START_TEST(others_learn_that_one_has_left) {
    start_fellows(2);
    fellow_pass(20 * fellow_second);
    fellow_leave(0);
    fellow_pass(8 * fellow_second);
    ck_assert_int_eq(fellow_deaths(1), 1);
    ck_assert_str_eq(fellow_death(1, 0), "i0");
    close_fellows();
}
END_TEST

START_TEST(without_a_survivor_everything_ends_by_its_ttl) {
    start_fellows(2);
    fellow_handles(0, HANDLE_BADLY);
    fellow_send(1, "i0", "j1");
    fellow_crash(0);
    fellow_crash(1);
    fellow_pass(3700 * fellow_second);
    ck_assert_str_eq(all_keys(), "");
    close_fellows();
}
END_TEST

/* ---- does one live? ------------------------------------------------------------------------------------------------- */

static char heard[256];

static void hear_alive(void *arg, link_status status, bool alive, const char *address) {
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%s%s:%s,%s,%s", used ? " " : "", (const char *)arg,
             link_status_name(status), alive ? "alive" : "dead", address);
}

static const char *ask_alive(int who, const char *id) {
    static char arg[] = "a";
    heard[0] = '\0';
    instance_ask_alive(fellow(who), id, hear_alive, arg);
    ck_assert_str_eq(heard, ""); /* never from inside */
    fellow_pass(50 * USEC_PER_MSEC);
    return heard;
}

START_TEST(presence_tells_who_lives_and_where) {
    start_fellows(2);
    char alive[64], dead[64], away[64];
    snprintf(alive, sizeof alive, "a:%s,alive,i1", link_status_name(LINK_OK));
    snprintf(dead, sizeof dead, "a:%s,dead,", link_status_name(LINK_OK));
    snprintf(away, sizeof away, "a:%s,dead,", link_status_name(LINK_REFUSED));
    ck_assert_str_eq(ask_alive(0, "i1"), alive);
    ck_assert_str_eq(ask_alive(0, "nobody"), dead);
    fellow_crash(1);
    fellow_pass(31 * fellow_second);
    ck_assert_str_eq(ask_alive(0, "i1"), dead);
    fellow_cut(0);
    fellow_pass(2 * fellow_second);
    ck_assert_str_eq(ask_alive(0, "i1"), away);
    close_fellows();
}
END_TEST

START_TEST(our_own_id_lives_without_a_question) {
    start_fellows(1);
    char alive[64];
    snprintf(alive, sizeof alive, "a:%s,alive,i0", link_status_name(LINK_OK));
    fellow_cut(0);
    uint64_t before = fellow_commands();
    ck_assert_str_eq(ask_alive(0, "i0"), alive);
    ck_assert_uint_eq(fellow_commands(), before);
    close_fellows();
}
END_TEST

START_TEST(many_questions_within_a_second_are_one_call) {
    static char a[] = "a", b[] = "b", c[] = "c";
    start_fellows(2);
    fellow_pause(1);
    fellow_pass(2 * fellow_second);
    heard[0] = '\0';
    uint64_t before = fellow_commands();
    instance_ask_alive(fellow(0), "i1", hear_alive, a);
    instance_ask_alive(fellow(0), "i1", hear_alive, b);
    fellow_pass(USEC_PER_MSEC);
    instance_ask_alive(fellow(0), "i1", hear_alive, c);
    fellow_pass(USEC_PER_MSEC);
    ck_assert_uint_eq(fellow_commands() - before, 1);
    ck_assert_ptr_nonnull(strstr(heard, "c:"));
    ck_assert_ptr_nonnull(strstr(heard, "b:"));
    close_fellows();
}
END_TEST

START_TEST(who_is_found_dead_is_adopted_without_waiting_for_the_list) {
    start_fellows(2);
    fellow_pass(25 * fellow_second); /* beats at 10 and 20 */
    fellow_pause(1);
    fellow_send(0, "i1", "j1");
    fellow_ask_int("DEL", key_instance_presence(&key, &keys, "i1"));
    ask_alive(0, "i1");
    fellow_pass(6 * fellow_second);
    ck_assert_int_eq(told_of("j1", 0), 1);
    close_fellows();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_instance_is_present_as_long_as_it_lives_and_not_longer,
        who_leaves_in_good_order_leaves_nothing,
        a_leave_ends_also_when_redis_does_not_answer,
        in_peace_an_instance_costs_few_calls,
        a_short_pause_changes_nothing,
        who_slept_too_long_was_buried_and_is_told_so,
        who_slept_too_long_is_lost_also_when_nobody_noticed,
        who_slept_handles_nothing_before_it_knows_whether_it_is_dead,
        an_outage_of_redis_buries_nobody,
        redis_without_its_data_buries_nobody,
        who_alone_was_cut_off_is_buried_and_told_so,
        an_entry_arrives_and_is_gone_when_it_was_handled,
        one_may_write_to_oneself,
        nothing_is_left_for_who_is_gone_and_nothing_where_it_is_full,
        what_is_not_handled_is_delivered_again_and_then_a_dead_letter,
        many_deliveries_make_a_dead_letter_before_its_time,
        a_handler_that_recovers_loses_nothing,
        no_entry_behind_many_others_starves,
        no_more_are_open_than_there_is_room_for,
        an_entry_that_nobody_can_read_is_a_dead_letter_at_once,
        a_lost_group_is_made_again_and_misses_nothing,
        a_survivor_gets_the_entries_of_the_dead_and_all_learn_of_the_death,
        a_death_is_known_within_36_seconds_whenever_it_comes,
        what_the_dead_had_read_and_not_handled_is_adopted_too,
        more_than_a_page_is_adopted,
        when_the_adopter_dies_the_next_one_goes_on,
        an_orphan_that_nobody_can_handle_is_a_dead_letter_of_the_dead,
        who_leaves_with_entries_left_is_adopted_at_once,
        others_learn_that_one_has_left,
        without_a_survivor_everything_ends_by_its_ttl,
        presence_tells_who_lives_and_where,
        our_own_id_lives_without_a_question,
        many_questions_within_a_second_are_one_call,
        who_is_found_dead_is_adopted_without_waiting_for_the_list,
    };
    return SUITE_RUN("instance", tests);
}
