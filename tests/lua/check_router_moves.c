/* router_cluster while a cluster changes: slots on their way, masters that die or stand still, replicas that take over.
 * Mostly waits: a cluster takes two seconds to come up, and longer to elect. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/redis/sync_client.h"
#include "tests/support/router_world.h"
#include "tests/support/suite.h"

/* ---- a slot on its way ---------------------------------------------------------------------------------------------- */

typedef struct move {
    int slot, from, to;
} move;

/* The slot of "{7}"; calls that cannot be answered where it was are sent on with ASK. */
static move begin_move(void) {
    char words[128];
    int slot = cluster_slot_of("7", 1), from = private_cluster_master_of(on.cluster, slot);
    move m = {slot, from, (from + 1) % MASTERS};
    snprintf(words, sizeof words, "CLUSTER SETSLOT %d IMPORTING %s", slot, world_node_id(m.from));
    world_aside(m.to, words);
    snprintf(words, sizeof words, "CLUSTER SETSLOT %d MIGRATING %s", slot, world_node_id(m.to));
    world_aside(m.from, words);
    return m;
}

static void move_key(const move *m, const char *key) {
    char words[128];
    snprintf(words, sizeof words, "MIGRATE 127.0.0.1 %d %s 0 1000", private_cluster_port(on.cluster, m->to), key);
    ck_assert_str_eq(world_aside(m->from, words), "OK");
}

START_TEST(while_a_slot_moves_each_key_is_found_where_it_is) {
    world_open_ready(0, link_uv_defaults);
    world_ask("INCR moved{7}", PATIENCE);
    world_ask("INCR stays{7}", PATIENCE);
    world_settle();
    move m = begin_move();
    move_key(&m, "moved{7}");
    world_ask("INCR moved{7}", PATIENCE);
    world_ask("INCR stays{7}", PATIENCE);
    world_ask("INCR new{7}", PATIENCE);
    world_ask("INCR moved{7}", PATIENCE);
    world_settle();
    world_expect_all(LINK_OK);
    int64_t expected[] = {1, 1, 2, 2, 1, 3};
    for (int i = 0; i < on.answered; i++) {
        const seen *s = &on.answers[i];
        ck_assert_msg(s->value == expected[s->number], "call %d counted to %d", s->number, (int)s->value);
    }
    ck_assert_uint_ge(router_cluster_count(on.router).asked, 3);
    ck_assert_str_eq(world_aside(m.from, "DBSIZE"), "1");
    world_close();
}
END_TEST

START_TEST(a_script_that_the_new_master_has_lost_is_loaded_and_asked_for_again) {
    redis_call call;
    world_open_ready(0, link_uv_defaults);
    move m = begin_move();
    world_aside(m.to, "SCRIPT FLUSH");
    call_script(&call, SCRIPT_ROOM_LEAVE);
    call_key(&call, "room{7}");
    call_str(&call, "s1");
    world_ask_call(&call, PATIENCE);
    world_settle();
    ck_assert_msg(strncmp(on.answers[0].text, "MOVED", 5) && strncmp(on.answers[0].text, "NOSCRIPT", 8), "%s",
                  on.answers[0].text);
    ck_assert_uint_eq(router_cluster_count(on.router).calls.reloads, 1);
    ck_assert_uint_eq(router_cluster_count(on.router).asked, 1);
    world_close();
}
END_TEST

START_TEST(a_call_on_keys_of_which_some_have_moved_waits_for_the_rest) {
    world_open_ready(0, link_uv_defaults);
    world_ask("SET a{7} 1", PATIENCE);
    world_ask("SET b{7} 1", PATIENCE);
    world_settle();
    move m = begin_move();
    move_key(&m, "a{7}");
    world_forget();
    world_ask("EXISTS a{7} b{7} c{7}", PATIENCE);
    world_run(300);
    ck_assert_int_eq(on.answered, 0);
    /* It is asked again every 20 ms, and waits in between. */
    for (int i = 0; i < 100 && router_cluster_count(on.router).waiting == 0; i++) world_run(10);
    ck_assert_int_eq(router_cluster_count(on.router).waiting, 1);
    move_key(&m, "b{7}");
    world_assign_slot(m.slot, m.from, m.to);
    world_settle();
    world_expect_all(LINK_OK);
    ck_assert_int_eq(on.answers[0].value, 2);
    ck_assert_uint_ge(router_cluster_count(on.router).later, 2);
    world_close();
}
END_TEST

START_TEST(a_call_whose_patience_ends_while_it_waits_did_not_happen) {
    world_open_ready(0, link_uv_defaults);
    world_ask("SET a{7} 1", PATIENCE);
    world_settle();
    move m = begin_move();
    move_key(&m, "a{7}");
    world_forget();
    world_ask("MSET a{7} 2 b{7} 2", 200 * USEC_PER_MSEC);
    world_settle();
    world_expect_all(LINK_REFUSED);
    world_assign_slot(m.slot, m.from, m.to);
    world_forget();
    world_ask("GET a{7}", PATIENCE);
    world_ask("EXISTS b{7}", PATIENCE);
    world_settle();
    ck_assert_str_eq(on.answers[0].text, "1");
    ck_assert_int_eq(on.answers[1].value, 0);
    world_close();
}
END_TEST

START_TEST(calls_behind_one_that_waits_keep_their_order) {
    world_open_ready(0, link_uv_defaults);
    world_ask("SET a{7} 1", PATIENCE);
    world_settle();
    move m = begin_move();
    move_key(&m, "a{7}");
    world_forget();
    world_ask("MSET a{7} 5 b{7} 5", PATIENCE);
    world_run(50);
    for (int i = 0; i < 20; i++) world_ask("INCR b{7}", PATIENCE);
    world_run(100);
    for (int i = 0; i < 20; i++) world_ask("INCR b{7}", PATIENCE);
    ck_assert_int_eq(on.answered, 0);
    world_assign_slot(m.slot, m.from, m.to);
    world_settle();
    world_expect_all(LINK_OK);
    for (int i = 0; i < on.answered; i++) {
        ck_assert_int_eq(on.answers[i].number, i);
        if (i > 0) ck_assert_int_eq(on.answers[i].value, 5 + i);
    }
    world_close();
}
END_TEST

START_TEST(the_blocking_client_follows_a_slot_that_has_moved) {
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    redis_call call;
    sched_error err;
    world_open_ready(0, link_uv_defaults);
    redis_url url = private_cluster_url(on.cluster);
    ck_assert_int_eq(sync_client_open_url(&url, PATIENCE, &client, &err), SCHED_OK);
    int slot = cluster_slot_of("7", 1), from = private_cluster_master_of(on.cluster, slot);
    world_assign_slot(slot, from, (from + 1) % MASTERS);
    call_command(&call, "INCR");
    call_key(&call, "k{7}");
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    ck_assert_msg(reply_int(reply) == 1, "%s", reply_text(reply));
    sync_reply_free(reply);
    sync_client_close(client);
    world_close();
}
END_TEST

/* ---- masters that go ------------------------------------------------------------------------------------------------ */

enum { TAGS = 60, ROUND_MS = 10 };

/* Each call counts itself in a hash of its tag, so that one that was made twice can be told. */
static const char count_call[] = "return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)";

static int tag_of(int number) {
    return number % TAGS;
}

static void ask_counter(usec_t patience) {
    char key[16], field[16];
    redis_call call;
    snprintf(key, sizeof key, "c{%d}", tag_of(on.submitted));
    snprintf(field, sizeof field, "%d", on.submitted);
    call_command(&call, "EVAL");
    call_str(&call, count_call);
    call_str(&call, "1");
    call_key(&call, key);
    call_str(&call, field);
    world_ask_call(&call, patience);
}

static int master_of_tag(int tag) {
    char text[16];
    snprintf(text, sizeof text, "%d", tag);
    return private_cluster_master_of(on.cluster, cluster_slot_of(text, strlen(text)));
}

/* Calls over all tags, for so long. */
static void load(int ms, usec_t patience) {
    for (int passed = 0; passed < ms; passed += ROUND_MS) {
        for (int i = 0; i < 6; i++) ask_counter(patience);
        world_run(ROUND_MS);
    }
}

/* Answers by status of the calls that were made to tags of one master, of those submitted from `first` on. */
typedef struct tally {
    int by[LINK_UNKNOWN + 1];
} tally;

static tally tally_of(int master, int first) {
    tally t = {{0}};
    for (int i = 0; i < on.answered; i++) {
        const seen *s = &on.answers[i];
        if (s->number < first || (master_of_tag(tag_of(s->number)) == master) == 0) continue;
        t.by[s->status]++;
    }
    return t;
}

/* How often each call was made, as the cluster counts it now. */
static void expect_none_doubled(int victim) {
    static link_status status_of[ANSWERS_MAX];
    int calls = on.submitted, lost = 0, ok = 0;
    for (int i = 0; i < on.answered; i++) status_of[on.answers[i].number] = on.answers[i].status;
    world_forget();
    for (int i = 0; i < calls; i++) {
        char words[64];
        snprintf(words, sizeof words, "HGET c{%d} %d", tag_of(i), i);
        world_ask(words, PATIENCE);
        if (i % 500 == 499) world_settle();
    }
    world_settle();
    for (int i = 0; i < on.answered; i++) {
        const seen *s = &on.answers[i];
        int made = atoi(s->text);
        ck_assert_int_eq(s->status, LINK_OK);
        ck_assert_msg(made <= 1, "call %d was made %d times", s->number, made);
        if (status_of[s->number] == LINK_REFUSED) ck_assert_msg(!made, "call %d was refused and made", s->number);
        if (status_of[s->number] != LINK_OK) continue;
        ok++;
        lost += !made;
        if (!made) ck_assert_int_eq(master_of_tag(tag_of(s->number)), victim);
    }
    printf("%d calls, %d of them ok, %d of these lost with their master\n", calls, ok, lost);
    ck_assert_msg(lost * 50 < ok, "%d of %d answered calls are lost", lost, ok);
}

/* Nobody but its replica answers calls to a dead master, so the first answer tells that it was promoted. */
static bool replaced(int victim, int first) {
    return router_cluster_ready(on.router) && tally_of(victim, first).by[LINK_OK] > 0;
}

static void load_until_replaced(int victim, int first, usec_t patience) {
    for (int waited = 0; waited < 20000 && !replaced(victim, first); waited += 100) load(100, patience);
    ck_assert_msg(replaced(victim, first), "%s", on.last_state);
}

START_TEST(when_a_master_is_killed_calls_go_on_at_its_replica_and_none_is_made_twice) {
    link_uv_options options = link_uv_defaults;
    world_open_ready(1, options);
    int victim = master_of_tag(0);
    load(300, USEC_PER_SEC);
    int killed_at = on.submitted;
    private_server_kill(private_cluster_server(on.cluster, victim));
    load_until_replaced(victim, killed_at, USEC_PER_SEC);
    int promoted_at = on.submitted;
    load(300, PATIENCE);
    world_settle();
    for (int m = 0; m < MASTERS; m++) {
        tally all = tally_of(m, killed_at), after = tally_of(m, promoted_at);
        printf("master %d, since it was killed: %d ok, %d errors, %d refused, %d unknown\n", m, all.by[LINK_OK],
               all.by[LINK_ERROR], all.by[LINK_REFUSED], all.by[LINK_UNKNOWN]);
        ck_assert_int_eq(all.by[LINK_ERROR], 0);
        ck_assert_int_gt(after.by[LINK_OK], 20);
        ck_assert_int_eq(after.by[LINK_REFUSED] + after.by[LINK_UNKNOWN], 0);
    }
    router_counts counts = router_cluster_count(on.router);
    printf("moved %d, later %d, waited %d, maps %d\n", (int)counts.moved, (int)counts.later, (int)counts.waited,
           (int)counts.maps);
    expect_none_doubled(victim);
    world_close();
}
END_TEST

START_TEST(a_master_that_stands_still_is_replaced_and_what_it_had_stays_unknown) {
    world_open_ready(1, link_uv_defaults);
    int victim = master_of_tag(0), pid = private_server_pid(private_cluster_server(on.cluster, victim));
    load(200, USEC_PER_SEC);
    world_settle();
    int stopped_at = on.submitted;
    kill(pid, SIGSTOP);
    load_until_replaced(victim, stopped_at, 500 * USEC_PER_MSEC);
    int promoted_at = on.submitted;
    load(200, PATIENCE);
    world_settle();
    tally all = tally_of(victim, stopped_at), after = tally_of(victim, promoted_at);
    ck_assert_int_gt(all.by[LINK_UNKNOWN], 0);
    ck_assert_int_gt(after.by[LINK_OK], 10);
    ck_assert_int_eq(after.by[LINK_REFUSED] + after.by[LINK_UNKNOWN], 0);
    kill(pid, SIGCONT);
    world_run(1500);
    load(200, USEC_PER_SEC);
    world_settle();
    expect_none_doubled(victim);
    world_close();
}
END_TEST

START_TEST(a_master_without_a_replica_is_waited_for_and_the_others_go_on) {
    link_uv_options options = link_uv_defaults;
    options.window = 100;
    world_open_ready(0, options);
    /* Else a cluster that misses slots refuses all. */
    for (int i = 0; i < MASTERS; i++) world_aside(i, "CONFIG SET cluster-require-full-coverage no");
    int victim = master_of_tag(0);
    private_server_kill(private_cluster_server(on.cluster, victim));
    world_run(100);
    for (int i = 0; i < 4 * TAGS; i++) {
        ask_counter(300 * USEC_PER_MSEC);
        if (i % 20 == 19) world_run(5);
    }
    ck_assert_int_le(router_cluster_count(on.router).waiting, 50);
    ck_assert_int_gt(router_cluster_count(on.router).waiting, 20);
    world_settle();
    for (int m = 0; m < MASTERS; m++) {
        tally t = tally_of(m, 0);
        ck_assert_int_eq(t.by[LINK_ERROR] + t.by[LINK_UNKNOWN], 0);
        ck_assert_int_eq(t.by[m == victim ? LINK_OK : LINK_REFUSED], 0);
    }
    ck_assert_msg(!private_server_revive(private_cluster_server(on.cluster, victim), false, &(sched_error){0}),
                  "the master did not come back");
    world_forget();
    for (int i = 0; i < TAGS; i++) ask_counter(PATIENCE);
    world_settle();
    world_expect_all(LINK_OK);
    world_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        while_a_slot_moves_each_key_is_found_where_it_is,
        a_script_that_the_new_master_has_lost_is_loaded_and_asked_for_again,
        a_call_on_keys_of_which_some_have_moved_waits_for_the_rest,
        a_call_whose_patience_ends_while_it_waits_did_not_happen,
        calls_behind_one_that_waits_keep_their_order,
        the_blocking_client_follows_a_slot_that_has_moved,
        when_a_master_is_killed_calls_go_on_at_its_replica_and_none_is_made_twice,
        a_master_that_stands_still_is_replaced_and_what_it_had_stays_unknown,
        a_master_without_a_replica_is_waited_for_and_the_others_go_on,
    };
    return SUITE_RUN("router moves", tests);
}
