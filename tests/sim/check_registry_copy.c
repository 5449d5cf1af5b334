/* check_registry_copy.c - an instance that reads all nodes again and again, proposes out of what it has read, and lets Redis grant. */
#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

static int64_t looked_at, copied; /* nodes */

static void count_work(void *ctx, sched_work kind, int64_t count) {
    (void)ctx;
    if (kind == WORK_NODE) looked_at += count;
    if (kind == WORK_COPY) copied += count;
}

static void start(void) {
    open_world("production");
    config.registry = REGISTRY_COPY;
    config.placement = PLACEMENT_LEAST;
    config.delivery = DELIVERY_LOCAL;
    config.affinity = false;
    meter.did = count_work;
    open_scheduler();
}

static void end(void) {
    assert_nothing_in_flight();
    expect_consistent();
    expect_empty_in_the_end();
    close_world();
}

/* It is in Redis and ready, and the next round reads it. */
static void join_copy(conn_token conn, const char *node, int64_t slots) {
    offer(conn, node, "en de", slots);
    beat(conn);
    pass(config.copy_refresh + second);
}

/* What another instance's grant leaves in the record. */
static void reserve_elsewhere(const char *node, const char *member) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "ZADD");
    call_key(&call, key_node_reservations(&key, &config.keys, node));
    call_int(&call, (engine_now(e) + 30 * second) / USEC_PER_MSEC);
    call_str(&call, member);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

START_TEST(a_node_is_a_record_without_pools_and_is_known_within_a_round) {
    start();
    offer(1, "n1", "en de", 4);
    beat(1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    pass(config.copy_refresh + second);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(reservations_of("n1"), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(reservations_of("n1"), 0);
    end();
}
END_TEST

START_TEST(every_node_is_read_once_in_a_round) {
    start();
    join_copy(1, "n1", 4);
    join_copy(2, "n2", 4);
    copied = 0;
    pass(5 * config.copy_refresh);
    ck_assert_msg(copied >= 9 && copied <= 11, "%d readings of 2 nodes in 5 rounds", (int)copied);
    looked_at = 0;
    speak(0);
    ck_assert_int_eq(looked_at, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(own_placements_count_at_once) {
    start();
    join_copy(1, "n1", 4);
    join_copy(2, "n2", 4);
    for (uint64_t u = 0; u < 8; u++) speak(u);
    int first = 0;
    for (int i = 0; i < assigned_count; i++) first += assigned[i].conn == 1;
    ck_assert_int_eq(assigned_count, 8);
    ck_assert_msg(first == 4, "n1 has %d of 8 jobs", first);
    for (int i = 0; i < 8; i++) answer(&assigned[i], OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(what_others_place_is_seen_within_a_round) {
    start();
    join_copy(1, "n1", 4);
    join_copy(2, "n2", 4);
    for (int i = 0; i < 3; i++) reserve_elsewhere("n1", (const char *[]){"j001-a 1", "j001-b 1", "j001-c 1"}[i]);
    pass(config.copy_refresh + second);
    for (uint64_t u = 0; u < 3; u++) {
        speak(u);
        ck_assert_msg(assigned[u].conn == 2, "job %d went to the node with 3 reservations", (int)u);
    }
    close_world();
}
END_TEST

START_TEST(redis_grants_and_a_refusal_corrects_the_copy) {
    start();
    join_copy(1, "n1", 1);
    join_copy(2, "n2", 1);
    reserve_elsewhere("n1", "j001-a 1");
    for (uint64_t u = 0; u < 2; u++) speak(u);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, 2);
    ck_assert_int_le(count_of(EV_GRANT_REFUSED), 1); /* not once more for each job */
    close_world();
}
END_TEST

START_TEST(a_node_that_left_is_forgotten_and_its_jobs_go_elsewhere) {
    start();
    join_copy(1, "n1", 4);
    speak(0);
    join_copy(2, "n2", 4);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_RETRY), 1);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    pass(config.copy_refresh + second);
    int refused = count_of(EV_GRANT_REFUSED);
    for (uint64_t u = 1; u < 4; u++) speak(u);
    ck_assert_int_eq(assigned_count, 5);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), refused);
    for (int i = 1; i < 5; i++) answer(&assigned[i], OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(another_registration_is_read_with_its_languages) {
    start();
    join_copy(1, "n1", 4);
    offer(1, "n1", "en fr", 4);
    beat(1);
    pass(config.copy_refresh + second);
    speak_as("r-de", 0, "de");
    speak_as("r-fr", 1, "fr");
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_str_eq(assigned[0].tgt, "fr");
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_drains_gets_nothing_new) {
    start();
    join_copy(1, "n1", 4);
    speak(0);
    scheduler_node_drain(s, 1);
    pass(second);
    speak(1);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "drained");
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_node_is_a_record_without_pools_and_is_known_within_a_round,
        every_node_is_read_once_in_a_round,
        own_placements_count_at_once,
        what_others_place_is_seen_within_a_round,
        redis_grants_and_a_refusal_corrects_the_copy,
        a_node_that_left_is_forgotten_and_its_jobs_go_elsewhere,
        another_registration_is_read_with_its_languages,
        a_node_that_drains_gets_nothing_new,
    };
    return SUITE_RUN("registry_copy", tests);
}
