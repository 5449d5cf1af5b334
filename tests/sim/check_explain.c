/* check_explain.c - the dry run of a placement: every answer that a node may give, in the order of asking, and no trace of it. */
#include "tests/support/hand_world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static explanation told;
static int told_count;

static void take(void *arg, const explanation *explained) {
    told = *explained;
    *(int *)arg += 1;
}

static void explain(const char *src, const char *tgt) {
    lang_pair pair;
    snprintf(pair.src, sizeof pair.src, "%s", src);
    snprintf(pair.tgt, sizeof pair.tgt, "%s", tgt);
    int before = told_count;
    ck_assert(!scheduler_explain(s, &pair, take, &told_count, &err));
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(told_count, before + 1);
}

static const explained_node *of(const char *node) {
    for (int i = 0; i < told.count; i++)
        if (!strcmp(told.nodes[i].node, node)) return &told.nodes[i];
    ck_abort_msg("%s is not among the %d nodes", node, told.count);
    return NULL;
}

/* n1 as `field` says, asked about English to German. */
static grant_verdict with_field(const char *field, const char *value) {
    join(1, "n1", 2);
    set_node_field("n1", field, value);
    explain("en", "de");
    ck_assert_int_eq(told.count, 1);
    return of("n1")->verdict;
}

static void until_text(char text[24], usec_t from_now) {
    snprintf(text, 24, "%lld", (long long)((engine_now(e) + from_now) / USEC_PER_MSEC));
}

START_TEST(a_pool_that_does_not_exist_has_no_nodes) {
    start_production();
    explain("fr", "it");
    ck_assert(told.answered);
    ck_assert_int_eq(told.pool_size, 0);
    ck_assert_int_eq(told.count, 0);
    close_world();
}
END_TEST

START_TEST(a_node_with_room_says_ok_and_nothing_is_written) {
    start_production();
    join(1, "n1", 2);
    explain("en", "de");
    ck_assert_int_eq(told.pool_size, 1);
    ck_assert_int_eq(of("n1")->verdict.word, GRANT_OK);
    ck_assert_int_eq(of("n1")->verdict.value, 1);
    ck_assert_int_eq(of("n1")->verdict.limit, 2);
    ck_assert_int_eq(reservations_of("n1"), 0);
    ck_assert_int_eq(count_of(EV_PROPOSED), 0);
    close_world();
}
END_TEST

START_TEST(a_full_node_says_how_full) {
    start_production();
    join(1, "n1", 2);
    speak(0);
    speak(1);
    explain("en", "de");
    ck_assert_int_eq(of("n1")->verdict.word, GRANT_FULL);
    ck_assert_int_eq(of("n1")->verdict.value, 2);
    ck_assert_int_eq(of("n1")->verdict.limit, 2);
    close_world();
}
END_TEST

START_TEST(where_the_limit_is_only_counted_a_full_node_takes_the_job) {
    open_world("3");
    open_scheduler();
    join(1, "n1", 1);
    speak(0);
    explain("en", "de");
    ck_assert_int_eq(of("n1")->verdict.word, GRANT_OK);
    ck_assert_int_eq(of("n1")->verdict.value, 2);
    ck_assert_int_eq(of("n1")->load, -1);
    close_world();
}
END_TEST

START_TEST(a_draining_node_is_not_ready) {
    start_production();
    grant_verdict v = with_field("status", "draining");
    ck_assert_int_eq(v.word, GRANT_NOTREADY);
    ck_assert_str_eq(v.detail, "draining");
    close_world();
}
END_TEST

START_TEST(a_node_whose_services_are_down_is_not_ready) {
    start_production();
    grant_verdict v = with_field("up", "0");
    ck_assert_int_eq(v.word, GRANT_NOTREADY);
    ck_assert_str_eq(v.detail, "unready");
    close_world();
}
END_TEST

START_TEST(a_busy_node_says_what_is_busy) {
    start_production();
    grant_verdict v = with_field("gpu", "85");
    ck_assert_int_eq(v.word, GRANT_BUSY);
    ck_assert_str_eq(v.detail, "gpu");
    ck_assert_int_eq(v.value, 85);
    close_world();
}
END_TEST

START_TEST(a_degraded_node_says_when_it_is_tried_again) {
    char until[24];
    start_production();
    until_text(until, 5 * second);
    join(1, "n1", 2);
    set_node_field("n1", "trial", until);
    grant_verdict v = with_field("status", "degraded");
    ck_assert_int_eq(v.word, GRANT_TRIAL);
    ck_assert_int_eq(v.value, strtoll(until, NULL, 10));
    close_world();
}
END_TEST

START_TEST(a_node_that_lacks_a_model_says_which) {
    char until[24], mark[64];
    redis_key key;
    redis_call call;
    redis_reply *reply;
    start_production();
    until_text(until, 60 * second);
    snprintf(mark, sizeof mark, "%s nmt@3", until);
    call_command(&call, "HSET");
    call_key(&call, key_node_marks(&key, &config.keys, "n1"));
    call_str(&call, "en:de");
    call_str(&call, mark);
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    join(1, "n1", 2);
    grant_verdict v = with_field("marked", until);
    ck_assert_int_eq(v.word, GRANT_MARKED);
    ck_assert_str_eq(v.detail, "nmt@3");
    ck_assert_int_eq(v.value, strtoll(until, NULL, 10));
    explain("de", "en");
    ck_assert_int_eq(of("n1")->verdict.word, GRANT_OK);
    close_world();
}
END_TEST

START_TEST(a_member_that_is_out_of_date_says_so_and_stays_for_the_placement_to_remove) {
    start_production();
    join(1, "n1", 2);
    join(2, "n2", 2);
    offer(1, "n1", "en fr", 2);
    set_node_field("n1", "status", "ready");
    redis_key key;
    ask_int("DEL", key_node(&key, &config.keys, "n2"));
    explain("en", "de");
    ck_assert_int_eq(told.pool_size, 2);
    ck_assert_int_eq(of("n1")->verdict.word, GRANT_NOTSERVED);
    ck_assert_int_eq(of("n2")->verdict.word, GRANT_GONE);
    ck_assert_int_eq(pool_size("en", "de"), 2);
    close_world();
}
END_TEST

static void join_loaded_nodes(void) {
    static const char *const names[] = {"n1", "n2", "n3", "n4"};
    for (conn_token conn = 1; conn <= NODES; conn++) {
        join(conn, names[conn - 1], (int64_t)conn);
        for (conn_token i = 1; i < conn; i++) { /* n1 has none, n4 has three */
            redis_key key;
            redis_call call;
            redis_reply *reply;
            call_command(&call, "ZADD");
            call_key(&call, key_node_reservations(&key, &config.keys, names[conn - 1]));
            call_int(&call, (engine_now(e) + 60 * second) / USEC_PER_MSEC);
            call_int(&call, (int64_t)i);
            ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
            virtual_redis_reply_free(reply);
        }
    }
}

START_TEST(best_of_two_asks_the_less_loaded_of_each_two_first) {
    start_production();
    join_loaded_nodes();
    int firsts = 0;
    for (int i = 0; i < 20; i++) {
        explain("en", "de");
        ck_assert_int_eq(told.count, NODES);
        for (int pair = 0; pair < NODES; pair += 2) ck_assert_int_le(told.nodes[pair].load, told.nodes[pair + 1].load);
        firsts += !strcmp(told.nodes[0].node, "n1");
    }
    ck_assert_msg(firsts > 0 && firsts < 20, "n1 was first %d times: proposals are random", firsts);
    close_world();
}
END_TEST

START_TEST(least_asks_in_the_order_of_the_loads) {
    open_world("production");
    config.placement = PLACEMENT_LEAST;
    open_scheduler();
    join_loaded_nodes();
    explain("en", "de");
    ck_assert_int_eq(told.count, NODES);
    for (int i = 0; i < NODES; i++) ck_assert_int_eq(told.nodes[i].load, i);
    close_world();
}
END_TEST

START_TEST(eight_of_a_larger_pool_are_told) {
    start_production();
    for (conn_token conn = 1; conn <= 12; conn++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", (int)conn);
        join(conn, name, 1);
    }
    explain("en", "de");
    ck_assert_int_eq(told.pool_size, 12);
    ck_assert_int_eq(told.count, EXPLAINED_MAX);
    close_world();
}
END_TEST

START_TEST(explanations_under_way_are_bounded) {
    lang_pair pair = {"en", "de"};
    start_production();
    join(1, "n1", 2);
    for (int i = 0; i < EXPLAINS_MAX; i++) ck_assert(!scheduler_explain(s, &pair, take, &told_count, &err));
    ck_assert_int_eq(scheduler_explain(s, &pair, take, &told_count, &err), SCHED_FULL);
    ck_assert_str_eq(err.message, "16 explanations are under way already");
    pass(second);
    ck_assert_int_eq(told_count, EXPLAINS_MAX);
    explain("en", "de");
    close_world();
}
END_TEST

START_TEST(without_redis_nothing_is_known) {
    start_production();
    join(1, "n1", 2);
    lang_pair pair = {"en", "de"};
    virtual_server_pause(server, engine_now(e) + 3 * config.redis_patience);
    ck_assert(!scheduler_explain(s, &pair, take, &told_count, &err));
    pass(2 * config.redis_patience);
    ck_assert_int_eq(told_count, 1);
    ck_assert(!told.answered);
    ck_assert_int_eq(told.count, 0);
    pass(10 * second);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_pool_that_does_not_exist_has_no_nodes,
        a_node_with_room_says_ok_and_nothing_is_written,
        a_full_node_says_how_full,
        where_the_limit_is_only_counted_a_full_node_takes_the_job,
        a_draining_node_is_not_ready,
        a_node_whose_services_are_down_is_not_ready,
        a_busy_node_says_what_is_busy,
        a_degraded_node_says_when_it_is_tried_again,
        a_node_that_lacks_a_model_says_which,
        a_member_that_is_out_of_date_says_so_and_stays_for_the_placement_to_remove,
        best_of_two_asks_the_less_loaded_of_each_two_first,
        least_asks_in_the_order_of_the_loads,
        eight_of_a_larger_pool_are_told,
        explanations_under_way_are_bounded,
        without_redis_nothing_is_known,
    };
    return SUITE_RUN("explain", tests);
}
