/* check_registry_memory.c - nodes that only this process knows: the rules of the scripts hold, and Redis is not asked about nodes. */

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

static uint64_t looked_at; /* nodes, by scans */

static void count_work(void *ctx, sched_work kind, int64_t count) {
    (void)ctx;
    if (kind == WORK_NODE) looked_at += (uint64_t)count;
}

static const int kinds_in_memory[] = {REGISTRY_TABLE, REGISTRY_CANDIDATES};

/* Jobs stay in Redis, so that only the registry differs. */
static void start(int registry, int load) {
    open_world("production");
    config.registry = registry;
    config.load = load;
    config.placement = PLACEMENT_LEAST;
    config.delivery = DELIVERY_LOCAL;
    config.affinity = false;
    meter.did = count_work;
    open_scheduler();
}

static void start_candidates(void) {
    start(REGISTRY_CANDIDATES, LOAD_OWN);
}

static int64_t keys_of_nodes(void) {
    redis_key key;
    int64_t found = 0;
    const char *names[] = {"n1", "n2", "n3", "n4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        found += ask_int("EXISTS", key_node(&key, &config.keys, names[i]));
        found += ask_int("EXISTS", key_node_expiry(&key, &config.keys, node_bucket(names[i])));
        found += reservations_of(names[i]);
    }
    return found + pool_size("en", "de");
}

static void beat_running(conn_token conn, int64_t running) {
    beat_with(conn, (node_load){.running_jobs = running});
}

START_TEST(a_node_is_ready_at_once_and_redis_never_hears_of_it) {
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en de", 2);
    ck_assert_int_eq(count_of(EV_NODE_REGISTERED), 1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(keys_of_nodes(), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    beat(1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    ck_assert_int_eq(keys_of_nodes(), 0);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(only_nodes_of_the_pair_are_asked) {
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en fr", 4);
    offer(2, "n2", "en de", 4);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    ck_assert_int_eq(assigned_count, 4);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(assigned[i].conn, 2);
    offer(1, "n1", "en de", 4); /* it registers again, for another pair */
    offer(2, "n2", "en fr", 4);
    speak(4);
    ck_assert_int_eq(assigned_count, 5);
    ck_assert_uint_eq(assigned[4].conn, 1);
    close_world();
}
END_TEST

START_TEST(by_own_placements_jobs_go_to_the_least_loaded_at_once) {
    start(kinds_in_memory[_i], LOAD_OWN);
    for (int i = 1; i <= 4; i++) offer((conn_token)i, (const char *[]){"", "n1", "n2", "n3", "n4"}[i], "en de", 4);
    for (uint64_t u = 0; u < 8; u++) speak(u);
    int of[5] = {0};
    for (int i = 0; i < assigned_count; i++) of[assigned[i].conn]++;
    for (int i = 1; i <= 4; i++) ck_assert_msg(of[i] == 2, "node %d has %d of 8 jobs", i, of[i]);
    close_world();
}
END_TEST

START_TEST(by_reports_the_limit_is_what_the_node_last_said) {
    start(kinds_in_memory[_i], LOAD_REPORTED);
    offer(1, "n1", "en de", 2);
    beat_running(1, 0);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    ck_assert_msg(assigned_count == 4, "%d jobs were assigned: it said that it has none", assigned_count);
    beat_running(1, 2);
    speak(4);
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    beat_running(1, 1);
    ck_assert_msg(assigned_count == 5, "room was reported, and %d jobs wait", (int)scheduler_count(s).waiting);
    close_world();
}
END_TEST

START_TEST(a_full_node_makes_jobs_wait_and_a_freed_slot_takes_the_oldest) {
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en de", 1);
    for (uint64_t u = 0; u < 3; u++) speak(u);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(assigned_count, i + 1);
        ck_assert_uint_eq(assigned[i].utterance, (uint64_t)i);
        answer(&assigned[i], OUTCOME_OK, "");
    }
    ck_assert_int_eq(answered_count, 3);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_node_that_disconnects_is_offline_and_its_jobs_go_elsewhere) {
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en de", 4);
    speak(0);
    offer(2, "n2", "en de", 4);
    ck_assert_uint_eq(assigned[0].conn, 1);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "disconnected");
    ck_assert_int_eq(count_of(EV_RETRY), 1);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_silent_node_is_offline_after_its_ttl_and_registers_itself_by_its_next_heartbeat) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    speak(0);
    pass(config.node_ttl - second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    pass(config.reap_round + second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "expired");
    speak(1);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    beat(1);
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), 1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 2);
    ck_assert_uint_eq(assigned[assigned_count - 1].utterance, 1);
    close_world();
}
END_TEST

START_TEST(heartbeats_keep_a_node_in_time) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    offer(2, "n2", "en de", 4);
    for (int i = 0; i < 10; i++) {
        pass(config.node_ttl / 3);
        beat(1);
    }
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->node, "n2");
    close_world();
}
END_TEST

START_TEST(a_node_that_drains_ends_with_its_last_job) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    speak(0);
    scheduler_node_drain(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 1);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    speak(1);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "drained");
    ck_assert_int_eq(closed_count, 1);
    ck_assert_str_eq(last_close_reason, "drained");
    close_world();
}
END_TEST

START_TEST(the_newest_connection_speaks_for_a_node) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    offer(2, "n1", "en de", 4);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_uint_eq(last_closed, 1);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    speak(0);
    ck_assert_uint_eq(assigned[0].conn, 2);
    close_world();
}
END_TEST

START_TEST(three_failures_degrade_a_node_and_a_success_restores_it) {
    open_world("production");
    config.registry = REGISTRY_CANDIDATES;
    config.load = LOAD_OWN;
    config.delivery = DELIVERY_LOCAL;
    config.attempts_max = 1;
    open_scheduler();
    offer(1, "n1", "en de", 4);
    for (uint64_t u = 0; u < 3; u++) {
        speak(u);
        answer(&assigned[u], OUTCOME_FAILED, "PROCESSING_ERROR");
    }
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    speak(3);
    ck_assert_int_eq(assigned_count, 3); /* not before its trial */
    pass(config.trial_pause + second);
    ck_assert_int_eq(assigned_count, 4);
    speak(4);
    ck_assert_int_eq(assigned_count, 4); /* one at a time */
    answer(&assigned[3], OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_NODE_RECOVERED), 1);
    pass(second);
    ck_assert_int_eq(assigned_count, 5);
    close_world();
}
END_TEST

START_TEST(a_node_that_is_not_ready_in_time_is_degraded_and_forgiven_when_it_is) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    beat_with(1, (node_load){.unready = true});
    speak(0);
    ck_assert_int_eq(assigned_count, 0);
    for (int i = 0; i < 7; i++) {
        pass(10 * second);
        beat_with(1, (node_load){.unready = true});
    }
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    ck_assert_str_eq(last_of(EV_NODE_DEGRADED)->code, "never_ready");
    beat(1);
    speak(1);
    speak(2);
    ck_assert_int_eq(assigned_count, 2);
    close_world();
}
END_TEST

START_TEST(a_busy_node_gets_nothing_until_it_says_that_it_is_not) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    beat_with(1, (node_load){.gpu = 99});
    speak(0);
    ck_assert_int_eq(assigned_count, 0);
    beat_with(1, (node_load){.gpu = 10});
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(a_missing_model_keeps_its_pair_away_for_a_while) {
    start_candidates();
    offer(1, "n1", "en de", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_FAILED, "MODEL_NOT_AVAILABLE");
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 1);
    offer(2, "n2", "en de", 4);
    for (uint64_t u = 1; u < 4; u++) speak(u);
    for (int i = 1; i < assigned_count; i++) ck_assert_uint_eq(assigned[i].conn, 2);
    ck_assert_int_ge(assigned_count, 4);
    scheduler_node_gone(s, 2);
    beat(1);
    pass(config.mark_ttl / 3);
    beat(1);
    pass(config.mark_ttl / 3);
    beat(1);
    pass(config.mark_ttl / 2);
    beat(1);
    int before = assigned_count;
    speak(9);
    ck_assert_int_eq(assigned_count, before + 1);
    ck_assert_uint_eq(assigned[before].conn, 1);
    close_world();
}
END_TEST

START_TEST(work_is_told_by_the_nodes_that_were_looked_at) {
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en de", 4);
    offer(2, "n2", "en de", 4);
    offer(3, "n3", "en fr", 4);
    uint64_t before = looked_at;
    speak(0);
    ck_assert_uint_eq(looked_at - before, kinds_in_memory[_i] == REGISTRY_TABLE ? 3 : 2);
    close_world();
}
END_TEST

static explanation told;

static void take_explanation(void *arg, const explanation *explained) {
    told = *explained;
    *(int *)arg += 1;
}

START_TEST(a_dry_run_tells_what_memory_would_answer_and_grants_nothing) {
    int answers = 0;
    lang_pair pair = {"en", "de"};
    start(kinds_in_memory[_i], LOAD_OWN);
    offer(1, "n1", "en de", 1);
    for (int round = 0; round < 2; round++) {
        ck_assert(!scheduler_explain(s, &pair, take_explanation, &answers, &err));
        ck_assert_int_eq(answers, round);
        pass(USEC_PER_MSEC);
        ck_assert_int_eq(answers, round + 1);
        ck_assert_int_eq(told.count, 1);
        ck_assert_int_eq(told.pool_size, 1);
        ck_assert_int_eq(told.nodes[0].verdict.word, round == 0 ? GRANT_OK : GRANT_FULL);
        ck_assert_int_eq(told.nodes[0].load, round);
        if (round == 0) speak(0);
    }
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const of_both[] = {
        a_node_is_ready_at_once_and_redis_never_hears_of_it,
        only_nodes_of_the_pair_are_asked,
        by_own_placements_jobs_go_to_the_least_loaded_at_once,
        by_reports_the_limit_is_what_the_node_last_said,
        a_full_node_makes_jobs_wait_and_a_freed_slot_takes_the_oldest,
        a_node_that_disconnects_is_offline_and_its_jobs_go_elsewhere,
        work_is_told_by_the_nodes_that_were_looked_at,
        a_dry_run_tells_what_memory_would_answer_and_grants_nothing,
    };
    const TTest *const of_one[] = {
        a_silent_node_is_offline_after_its_ttl_and_registers_itself_by_its_next_heartbeat,
        heartbeats_keep_a_node_in_time,
        a_node_that_drains_ends_with_its_last_job,
        the_newest_connection_speaks_for_a_node,
        three_failures_degrade_a_node_and_a_success_restores_it,
        a_node_that_is_not_ready_in_time_is_degraded_and_forgiven_when_it_is,
        a_busy_node_gets_nothing_until_it_says_that_it_is_not,
        a_missing_model_keeps_its_pair_away_for_a_while,
    };
    TCase *all = tcase_create("registry_memory");
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < sizeof of_both / sizeof *of_both; i++)
        tcase_add_loop_test(all, of_both[i], 0, sizeof kinds_in_memory / sizeof *kinds_in_memory);
    for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++) tcase_add_test(all, of_one[i]);
    return suite_run_case("registry_memory", all);
}
