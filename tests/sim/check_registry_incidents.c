/* check_registry_incidents.c - what went wrong with registries, each beside its cure; and that a load that is read is the right one. */
#include <stdio.h>

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

static void open_least(int registry, int load) {
    open_world("production");
    config.registry = registry;
    config.load = load;
    config.placement = PLACEMENT_LEAST;
    config.delivery = DELIVERY_LOCAL;
    config.affinity = false;
}

static void join_all(int64_t slots) {
    static const char *const names[] = {"n1", "n2", "n3", "n4"};
    for (int i = 0; i < NODES; i++) join((conn_token)i + 1, names[i], slots);
    pass(config.copy_refresh + second);
}

/* The most of `jobs` that one node gets. */
static int most_on_one(int jobs) {
    int of[NODES + 1] = {0}, most = 0;
    for (int u = 0; u < jobs; u++) speak((uint64_t)u);
    ck_assert_int_eq(assigned_count, jobs);
    for (int i = 0; i < jobs; i++) of[assigned[i].conn]++;
    for (int i = 1; i <= NODES; i++)
        if (of[i] > most) most = of[i];
    return most;
}

/* ---- first_of_equals: with loads as reported, one node gets everything until its next heartbeat --------------------- */

static int herd(int registry, int load, bool first_of_equals) {
    open_least(registry, load);
    config.incidents.first_of_equals = first_of_equals;
    open_scheduler();
    join_all(20);
    int most = most_on_one(16);
    close_world();
    return most;
}

static const int registries[] = {REGISTRY_TABLE, REGISTRY_CANDIDATES, REGISTRY_COPY, REGISTRY_POOLS};

START_TEST(the_first_of_equals_gets_all_jobs_until_it_reports_them) {
    ck_assert_int_eq(herd(registries[_i], LOAD_REPORTED, true), 16);
}
END_TEST

START_TEST(among_equals_any_one_is_taken) {
    int most = herd(registries[_i], LOAD_REPORTED, false);
    ck_assert_msg(most <= 10, "one of 4 nodes has %d of 16 jobs", most);
}
END_TEST

START_TEST(what_was_placed_since_counts) {
    int load = registries[_i] <= REGISTRY_CANDIDATES ? LOAD_OWN : LOAD_RESERVATIONS;
    ck_assert_int_eq(herd(registries[_i], load, true), 4);
}
END_TEST

/* ---- biased_shards: the lone node of the second shard ------------------------------------------------------------- */

enum { MEMBERS = 101, DRAWS = 400 };

/* How many of DRAWS jobs go to the node that joined last. */
static int share_of_the_last(bool biased) {
    open_world("production");
    config.placement = PLACEMENT_RANDOM;
    config.limit = false;
    config.affinity = false;
    config.incidents.biased_shards = biased;
    open_scheduler();
    for (int i = 1; i <= MEMBERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        join((conn_token)i, name, 1000);
    }
    int last = 0;
    for (int u = 0; u < DRAWS; u++) {
        speak((uint64_t)u);
        last += assigned[u].conn == MEMBERS;
        answer(&assigned[u], OUTCOME_OK, "");
    }
    close_world();
    return last;
}

START_TEST(with_biased_shards_the_last_of_101_nodes_gets_half_of_the_jobs) {
    int last = share_of_the_last(true);
    ck_assert_msg(last > DRAWS * 2 / 5 && last < DRAWS * 3 / 5, "%d of %d jobs", last, (int)DRAWS);
}
END_TEST

START_TEST(without_them_it_gets_its_share) {
    int last = share_of_the_last(false);
    ck_assert_msg(last < DRAWS / 20, "%d of %d jobs", last, (int)DRAWS);
}
END_TEST

/* ---- counted_reservations: leak and wipe -------------------------------------------------------------------------- */

static void open_counted(bool counted, bool overwritten) {
    open_world("production");
    config.incidents.counted_reservations = counted;
    config.incidents.overwritten_counter = overwritten;
    config.affinity = false;
    config.attempts_max = 1;
    config.on_full = ON_FULL_REFUSE;
}

/* Releases get lost, and the reservation expires: is there room? */
static bool leaks(bool counted, bool overwritten) {
    open_counted(counted, overwritten);
    open_scheduler_on_lossy_link();
    join(1, "n1", 1);
    speak(0);
    lose_answers(counted ? SCRIPT_COUNTED_RELEASE : SCRIPT_RELEASE_RESERVATION, 8, false);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(config.attempt_base + 10 * second + config.reservation_grace + 10 * second);
    speak(1);
    bool stuck = assigned_count == 1;
    beat(1);
    speak(2);
    ck_assert_int_eq(assigned_count, counted && !overwritten ? 1 : 2);
    close_world();
    return stuck;
}

START_TEST(a_counter_leaks_what_expires_for_good) {
    ck_assert(leaks(true, false));
}
END_TEST

START_TEST(a_counter_leaks_what_expires_until_a_heartbeat_overwrites_it) {
    ck_assert(leaks(true, true));
}
END_TEST

START_TEST(a_set_of_reservations_does_not_leak) {
    ck_assert(!leaks(false, false));
}
END_TEST

/* A heartbeat that was made before the job came, of a node with one slot. */
static int jobs_after_a_heartbeat(bool overwritten) {
    open_counted(false, overwritten);
    open_scheduler();
    join(1, "n1", 1);
    speak(0);
    beat(1);
    speak(1);
    int given = assigned_count;
    close_world();
    return given;
}

START_TEST(a_heartbeat_wipes_a_counter_and_the_node_gets_too_much) {
    ck_assert_int_eq(jobs_after_a_heartbeat(true), 2);
}
END_TEST

START_TEST(a_heartbeat_does_not_wipe_reservations) {
    ck_assert_int_eq(jobs_after_a_heartbeat(false), 1);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("registry_incidents");
    int all_kinds = (int)(sizeof registries / sizeof *registries);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, the_first_of_equals_gets_all_jobs_until_it_reports_them, 0, all_kinds);
    tcase_add_loop_test(all, among_equals_any_one_is_taken, 0, all_kinds);
    tcase_add_loop_test(all, what_was_placed_since_counts, 0, all_kinds);
    tcase_add_test(all, with_biased_shards_the_last_of_101_nodes_gets_half_of_the_jobs);
    tcase_add_test(all, without_them_it_gets_its_share);
    tcase_add_test(all, a_counter_leaks_what_expires_for_good);
    tcase_add_test(all, a_counter_leaks_what_expires_until_a_heartbeat_overwrites_it);
    tcase_add_test(all, a_set_of_reservations_does_not_leak);
    tcase_add_test(all, a_heartbeat_wipes_a_counter_and_the_node_gets_too_much);
    tcase_add_test(all, a_heartbeat_does_not_wipe_reservations);
    return suite_run_case("registry_incidents", all);
}
