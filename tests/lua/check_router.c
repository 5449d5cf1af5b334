/* router_cluster: every sentence of its header and of core/redis/link.h, against a cluster of real servers in real time. */
#include "core/redis/router_cluster.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/redis/keys.h"
#include "core/redis/private_cluster.h"
#include "core/redis/sync_client.h"
#include "tests/support/suite.h"

#define PATIENCE (5 * USEC_PER_SEC)

enum { ANSWERS_MAX = 20000, MASTERS = 3 };

typedef struct seen {
    int number; /* given by the caller, in the order of submission */
    link_status status;
    int64_t value;
    char text[64];
} seen;

static uv_loop_t loop;
static private_cluster *cluster;
static scripts *lua;
static router_cluster *router;
static redis_link line;
static sched_error err;
static seen answers[ANSWERS_MAX];
static int answered, submitted;
static bool submitting;
static char last_state[512];

/* ---- the world of a test -------------------------------------------------------------------------------------------- */

static void on_state(void *ctx, link_uv_state state, const char *text) {
    (void)ctx, (void)state;
    snprintf(last_state, sizeof last_state, "%s", text);
}

static void on_late(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

/* Runs the loop until `done` says so; false when that takes longer. */
static bool run_until(bool (*done)(void), int ms) {
    bool late = false;
    uv_timer_t limit;
    uv_timer_init(&loop, &limit);
    limit.data = &late;
    uv_update_time(&loop);
    uv_timer_start(&limit, on_late, (uint64_t)ms, 0);
    while (!late && !done()) uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&limit, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return !late;
}

static bool never(void) {
    return false;
}

static bool ready(void) {
    return router_cluster_ready(router);
}

static bool all_answered(void) {
    return answered == submitted;
}

static void open_loop(void) {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    answered = submitted = 0;
    *last_state = '\0';
}

static void open_url(const redis_url *url, link_uv_options options) {
    options.on_state = on_state;
    router = router_cluster_new(&loop, url, lua, &options);
    line = router_cluster_interface(router);
}

static void open_ready(int replicas, link_uv_options options) {
    private_cluster_options servers = private_cluster_defaults;
    servers.masters = MASTERS;
    servers.replicas = replicas;
    servers.node_timeout_ms = 1000;
    open_loop();
    ck_assert_msg(!private_cluster_start(&servers, &cluster, &err), "%s", err.message);
    redis_url url = private_cluster_url(cluster);
    open_url(&url, options);
    ck_assert_msg(run_until(ready, 5000), "%s", last_state);
}

/* Also the proof that nothing of a router is left on the loop. */
static void close_all(void) {
    router = router_cluster_free(router);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    lua = scripts_free(lua);
    cluster = private_cluster_stop(cluster);
}

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    ck_assert_msg(!submitting, "a callback ran from inside submit");
    ck_assert_int_lt(answered, ANSWERS_MAX);
    seen *s = &answers[answered++];
    s->number = (int)(intptr_t)arg;
    s->status = status;
    s->value = status == LINK_OK ? reply_int(reply) : 0;
    ck_assert((reply != NULL) == (status == LINK_OK || status == LINK_ERROR));
    if (reply) snprintf(s->text, sizeof s->text, "%.63s", reply_text(reply));
}

static void ask_call(const redis_call *call, usec_t patience) {
    submitting = true;
    link_submit(&line, call, patience, on_answer, (void *)(intptr_t)submitted++);
    submitting = false;
}

/* "INCR key": the second word is the key. */
static void ask(const char *words, usec_t patience) {
    char copy[256], *rest = copy;
    redis_call call;
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    if (rest) call_key(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    ask_call(&call, patience);
}

static void ask_number(const char *format, int number) {
    char words[64];
    snprintf(words, sizeof words, "%s{%d}", format, number);
    ask(words, PATIENCE);
}

/* Frees a reservation that is not there: one node in each bucket, so all masters see some. */
static void ask_script(int number) {
    keyspace ks;
    redis_key key;
    redis_call call;
    char node[16];
    snprintf(node, sizeof node, "n%d", number);
    keyspace_init(&ks, NULL, &err);
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &ks, node));
    call_key(&call, key_node(&key, &ks, node));
    call_str(&call, "j1");
    call_int(&call, 1);
    call_str(&call, "none");
    call_int(&call, 0);
    ask_call(&call, PATIENCE);
}

/* From outside, at one server; the answer's text, until the next call. */
static const char *aside(int server, const char *words) {
    static char text[256];
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    char copy[256], *rest = copy;
    redis_call call;
    const char *path = private_server_socket(private_cluster_server(cluster, server));
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    ck_assert_msg(!sync_client_open_socket(path, PATIENCE, &client, &err), "%s", err.message);
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    ck_assert_msg(!reply_is_error(reply), "%s: %s", words, reply_text(reply));
    if (reply_is_int(reply))
        snprintf(text, sizeof text, "%lld", (long long)reply_int(reply));
    else
        snprintf(text, sizeof text, "%.250s", reply_text(reply));
    sync_reply_free(reply);
    sync_client_close(client);
    return text;
}

static void expect_all(link_status status) {
    ck_assert_int_eq(answered, submitted);
    for (int i = 0; i < answered; i++)
        ck_assert_msg(answers[i].status == status, "call %d: %s \"%s\", expected %s", answers[i].number,
                      link_status_name(answers[i].status), answers[i].text, link_status_name(status));
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

START_TEST(each_key_is_at_the_master_of_its_slot_and_each_slot_in_order) {
    enum { KEYS = 300, TIMES = 3 };
    int64_t last[KEYS] = {0};
    open_ready(0, link_uv_defaults);
    for (int i = 0; i < KEYS * TIMES; i++) ask_number("INCR k", i % KEYS);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    for (int i = 0; i < answered; i++) ck_assert_int_eq(answers[i].value, ++last[answers[i].number % KEYS]);
    int keys = 0;
    for (int i = 0; i < MASTERS; i++) {
        int here = atoi(aside(i, "DBSIZE"));
        ck_assert_int_gt(here, 50);
        keys += here;
    }
    ck_assert_int_eq(keys, KEYS);
    ck_assert_uint_eq(router_cluster_count(router).moved, 0);
    ck_assert_int_eq(router_cluster_count(router).calls.in_flight, 0);
    close_all();
}
END_TEST

START_TEST(the_nodes_of_the_map_are_known_with_their_slots) {
    cluster_node_state nodes[CLUSTER_NODES_MAX];
    open_ready(0, link_uv_defaults);
    ck_assert_int_eq(router_cluster_nodes(router, nodes), MASTERS);
    int slots = 0;
    for (int i = 0; i < MASTERS; i++) {
        ck_assert(nodes[i].is_master && nodes[i].ready);
        slots += nodes[i].slots;
    }
    ck_assert_int_eq(slots, CLUSTER_SLOTS);
    ck_assert_str_eq(last_state, "redis cluster: ready, 3 masters of 3 nodes");
    close_all();
}
END_TEST

START_TEST(scripts_are_on_all_masters_and_come_back_where_one_has_lost_them) {
    enum { NODES = 200 };
    open_ready(0, link_uv_defaults);
    for (int i = 0; i < NODES; i++) ask_script(i);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    ck_assert_uint_eq(router_cluster_count(router).calls.reloads, 0);
    aside(1, "SCRIPT FLUSH");
    for (int i = 0; i < NODES; i++) ask_script(i);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    ck_assert_uint_eq(router_cluster_count(router).calls.reloads, 1);
    close_all();
}
END_TEST

START_TEST(a_call_without_a_key_goes_to_any_master) {
    open_ready(0, link_uv_defaults);
    ask("PING", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    ck_assert_str_eq(answers[0].text, "PONG");
    close_all();
}
END_TEST

START_TEST(an_error_of_a_server_is_an_answer_with_its_text) {
    open_ready(0, link_uv_defaults);
    ask("LPUSH k{1} a", PATIENCE);
    ask("INCR k{1}", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answers[1].status, LINK_ERROR);
    ck_assert_int_eq(strncmp(answers[1].text, "WRONGTYPE ", 10), 0);
    close_all();
}
END_TEST

START_TEST(before_the_map_and_beyond_the_window_calls_are_refused) {
    link_uv_options options = link_uv_defaults;
    options.window = 10;
    open_loop();
    ck_assert_msg(!private_cluster_start(NULL, &cluster, &err), "%s", err.message);
    redis_url url = private_cluster_url(cluster);
    open_url(&url, options);
    ask("INCR a", PATIENCE);
    ck_assert(run_until(all_answered, 1000));
    expect_all(LINK_REFUSED);
    ck_assert_msg(run_until(ready, 5000), "%s", last_state);
    answered = submitted = 0;
    for (int i = 0; i < 15; i++) ask_number("INCR k", i);
    ck_assert_int_eq(router_cluster_count(router).calls.in_flight, 10);
    ck_assert(run_until(all_answered, 5000));
    for (int i = 0; i < 15; i++) ck_assert_int_eq(answers[i].status, answers[i].number >= 10 ? LINK_REFUSED : LINK_OK);
    ck_assert_uint_eq(router_cluster_count(router).calls.refused, 6);
    close_all();
}
END_TEST

START_TEST(a_server_that_is_no_cluster_is_told) {
    private_server *server = NULL;
    open_loop();
    ck_assert_msg(!private_server_start(NULL, &server, &err), "%s", err.message);
    redis_url url = redis_url_of_socket(private_server_socket(server));
    open_url(&url, link_uv_defaults);
    ck_assert(!run_until(ready, 300));
    ck_assert_str_eq(last_state, "CLUSTER SLOTS: ERR This instance has cluster support disabled");
    close_all();
    private_server_stop(server);
}
END_TEST

/* ---- slots that move ------------------------------------------------------------------------------------------------ */

/* Of "k{7}". */
static int slot_of_seven(void) {
    return cluster_slot_of("7", 1);
}

static const char *node_id(int server) {
    static char ids[MASTERS][64];
    snprintf(ids[server], sizeof ids[server], "%s", aside(server, "CLUSTER MYID"));
    return ids[server];
}

/* At those first who are concerned, as redis-cli does it. */
static void assign_slot(int slot, int from, int to) {
    char words[128];
    snprintf(words, sizeof words, "CLUSTER SETSLOT %d NODE %s", slot, node_id(to));
    aside(to, words);
    aside(from, words);
    for (int i = 0; i < MASTERS; i++)
        if (i != to && i != from) aside(i, words);
}

START_TEST(a_slot_that_has_moved_is_found_again_and_the_map_is_corrected) {
    open_ready(0, link_uv_defaults);
    int slot = slot_of_seven(), from = private_cluster_master_of(cluster, slot), to = (from + 1) % MASTERS;
    ask_number("INCR k", 7);
    ck_assert(run_until(all_answered, 5000));
    ask_number("DEL k", 7);
    ck_assert(run_until(all_answered, 5000));
    assign_slot(slot, from, to);
    uint64_t maps = router_cluster_count(router).maps;
    answered = submitted = 0;
    for (int i = 0; i < 100; i++) ask_number("INCR k", 7);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    for (int i = 0; i < answered; i++) {
        ck_assert_int_eq(answers[i].number, i);
        ck_assert_int_eq(answers[i].value, i + 1);
    }
    uint64_t moved = router_cluster_count(router).moved;
    ck_assert_msg(moved >= 1 && moved <= 100, "%d calls were turned away", (int)moved);
    run_until(never, 200);
    ck_assert_uint_gt(router_cluster_count(router).maps, maps);
    ask_number("INCR k", 7);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answers[100].value, 101);
    ck_assert_uint_eq(router_cluster_count(router).moved, moved);
    close_all();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_key_is_at_the_master_of_its_slot_and_each_slot_in_order,
        the_nodes_of_the_map_are_known_with_their_slots,
        scripts_are_on_all_masters_and_come_back_where_one_has_lost_them,
        a_call_without_a_key_goes_to_any_master,
        an_error_of_a_server_is_an_answer_with_its_text,
        before_the_map_and_beyond_the_window_calls_are_refused,
        a_server_that_is_no_cluster_is_told,
        a_slot_that_has_moved_is_found_again_and_the_map_is_corrected,
    };
    return SUITE_RUN("router", tests);
}
