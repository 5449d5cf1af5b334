/* check_instance_incidents.c - what went wrong with instances in the scheduler's past: each is shown with its switch, and the same
 * world without it. */
#include "core/instance/owner_keys.h"
#include "tests/support/fellows.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static redis_key key;

static void start_fellows(int count, instance_incidents incidents) {
    open_fellows();
    fellow_config.incidents = incidents;
    for (int i = 0; i < count; i++) fellow_start();
}

static void own_nodes(int who, int count) {
    char id[16];
    for (int n = 0; n < count; n++) {
        snprintf(id, sizeof id, "n%d", n);
        instance_own(fellow(who), OWNED_NODE, id);
    }
}

static int64_t exists(const char *name) {
    return fellow_ask_int("EXISTS", name);
}

/* ---- owner keys ----------------------------------------------------------------------------------------------------- */

static void live_slowly(bool incident, int connections) {
    start_fellows(2, (instance_incidents){.owner_keys = incident});
    fellow_pass(20 * fellow_second);
    own_nodes(0, connections);
    fellow_slow(0, fellow_second);
    fellow_pass(150 * fellow_second);
}

START_TEST(refreshed_one_after_the_other_many_keys_cost_the_instance_its_presence) {
    live_slowly(true, 40);
    ck_assert_int_eq(fellow_deaths(1), 1);
    ck_assert_str_eq(fellow_lost(0), "presence lapsed: it slept, or was too slow");
    close_fellows();
}
END_TEST

START_TEST(with_few_connections_nobody_notices) {
    live_slowly(true, 12);
    ck_assert_int_eq(fellow_deaths(1), 0);
    ck_assert_str_eq(fellow_lost(0), "");
    close_fellows();
}
END_TEST

START_TEST(without_keys_per_connection_their_number_does_not_matter) {
    live_slowly(false, 40);
    ck_assert_int_eq(fellow_deaths(1), 0);
    ck_assert_str_eq(fellow_lost(0), "");
    ck_assert_int_eq(exists(key_node_owner(&key, &keys, "n0")), 0);
    close_fellows();
}
END_TEST

START_TEST(beyond_45_connections_the_keys_themselves_lapse) {
    open_fellows();
    fellow_config.incidents.owner_keys = true;
    fellow_config.presence_ttl = 300 * fellow_second; /* of presence we know already */
    fellow_start();
    own_nodes(0, 60);
    fellow_slow(0, fellow_second);
    fellow_pass(80 * fellow_second);
    int lapsed = 0;
    for (int t = 0; t < 120; t++) {
        lapsed += !exists(key_node_owner(&key, &keys, "n0"));
        fellow_pass(fellow_second);
    }
    ck_assert_msg(lapsed >= 20, "without an owner for %d of 120 s", lapsed);
    close_fellows();
}
END_TEST

static char owner[ID_MAX + 1];

static void hear_owner(void *arg, link_status status, const char *who) {
    (void)arg;
    ck_assert_int_eq(status, LINK_OK);
    snprintf(owner, sizeof owner, "%s", who);
}

static const char *ask_owner(int who, const char *node) {
    snprintf(owner, sizeof owner, "?");
    instance_ask_owner(fellow(who), OWNED_NODE, node, hear_owner, NULL);
    fellow_pass(50 * USEC_PER_MSEC);
    return owner;
}

START_TEST(a_new_connection_is_nobodys_until_the_next_round) {
    start_fellows(2, (instance_incidents){.owner_keys = true});
    fellow_pass(fellow_second);
    instance_own(fellow(0), OWNED_NODE, "n1");
    ck_assert_str_eq(ask_owner(1, "n1"), "");
    fellow_pass(10 * fellow_second);
    ck_assert_str_eq(ask_owner(1, "n1"), "");
    fellow_pass(6 * fellow_second);
    ck_assert_str_eq(ask_owner(1, "n1"), "i0");
    close_fellows();
}
END_TEST

START_TEST(the_late_end_of_an_old_connection_takes_the_node_from_its_new_owner) {
    start_fellows(2, (instance_incidents){.owner_keys = true});
    instance_own(fellow(0), OWNED_NODE, "n1");
    fellow_pass(16 * fellow_second);
    instance_own(fellow(1), OWNED_NODE, "n1");
    fellow_pass(16 * fellow_second);
    instance_disown(fellow(0), OWNED_NODE, "n1");
    fellow_pass(fellow_second);
    ck_assert_str_eq(ask_owner(0, "n1"), "");
    close_fellows();
}
END_TEST

/* ---- reclaim -------------------------------------------------------------------------------------------------------- */

enum { ENTRIES = 100, FIRST_PAGE = 64 };

static void fail_for(bool incident, usec_t time) {
    char job[16];
    open_fellows();
    fellow_config.incidents.resetting_reclaim = incident;
    fellow_config.inbox_batch = 64;
    fellow_start();
    fellow_handles(0, HANDLE_BADLY);
    for (int n = 0; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        fellow_send_soon(0, "i0", job, NULL);
    }
    fellow_pass(time);
}

START_TEST(when_claiming_resets_what_is_measured_there_are_no_dead_letters) {
    fail_for(true, 200 * fellow_second);
    ck_assert_int_eq(exists(key_instance_dead(&key, &keys, "i0")), 0);
    ck_assert_int_eq(fellow_ask_int("XLEN", key_instance_inbox(&key, &keys, "i0")), ENTRIES);
    ck_assert_int_gt(told_of("j0", 0), 30); /* deliveries, and ten are enough */
    close_fellows();
}
END_TEST

START_TEST(when_claiming_begins_at_the_beginning_what_is_behind_starves) {
    char job[16];
    fail_for(true, 50 * fellow_second);
    for (int n = FIRST_PAGE; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        ck_assert_msg(told_of(job, 0) == 1, "%s was delivered %d times", job, told_of(job, 0));
    }
    close_fellows();
}
END_TEST

START_TEST(a_walk_over_all_that_measures_age_makes_them_dead_letters) {
    char job[16];
    fail_for(false, 50 * fellow_second);
    for (int n = 0; n < ENTRIES; n++) {
        snprintf(job, sizeof job, "j%d", n);
        ck_assert_msg(told_of(job, 0) >= 5, "%s was delivered %d times", job, told_of(job, 0));
    }
    fellow_pass(20 * fellow_second);
    ck_assert_int_eq(fellow_ask_int("XLEN", key_instance_dead(&key, &keys, "i0")), ENTRIES);
    close_fellows();
}
END_TEST

/* ---- orphaned inboxes ----------------------------------------------------------------------------------------------- */

static void die_with_an_entry(bool incident) {
    start_fellows(2, (instance_incidents){.orphaned_inboxes = incident});
    fellow_pass(20 * fellow_second);
    fellow_pause(0);
    fellow_send(1, "i0", "j1");
    fellow_crash(0);
    fellow_pass(120 * fellow_second);
}

START_TEST(what_nobody_adopts_is_never_handled) {
    die_with_an_entry(true);
    ck_assert_int_eq(told_of("j1", -1), 0);
    ck_assert_int_eq(fellow_ask_int("XLEN", key_instance_inbox(&key, &keys, "i0")), 1);
    ck_assert_int_eq(fellow_deaths(1), 1); /* that it is dead is known */
    close_fellows();
}
END_TEST

START_TEST(a_survivor_handles_it) {
    die_with_an_entry(false);
    ck_assert_int_eq(told_of("j1", 1), 1);
    ck_assert_int_eq(exists(key_instance_inbox(&key, &keys, "i0")), 0);
    close_fellows();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        refreshed_one_after_the_other_many_keys_cost_the_instance_its_presence,
        with_few_connections_nobody_notices,
        without_keys_per_connection_their_number_does_not_matter,
        beyond_45_connections_the_keys_themselves_lapse,
        a_new_connection_is_nobodys_until_the_next_round,
        the_late_end_of_an_old_connection_takes_the_node_from_its_new_owner,
        when_claiming_resets_what_is_measured_there_are_no_dead_letters,
        when_claiming_begins_at_the_beginning_what_is_behind_starves,
        a_walk_over_all_that_measures_age_makes_them_dead_letters,
        what_nobody_adopts_is_never_handled,
        a_survivor_handles_it,
    };
    return SUITE_RUN("instance_incidents", tests);
}
