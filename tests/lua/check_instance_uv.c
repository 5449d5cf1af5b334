/* check_instance_uv.c - two instances in real time, over links of the daemon's kind: a read that blocks wakes up as soon as there is
 * something, and holds up nobody. Runs alone: it compares with the time that passes. */
#include "core/instance/instance.h"
#include "core/redis/link_uv.h"
#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/mem.h"
#include "tests/support/suite.h"

enum { PEERS = 2 };

typedef struct peer {
    link_uv *link, *reader;
    instance *me;
} peer;

static uv_loop_t loop;
static private_server *server;
static scripts *lua;
static sched_error err;
static keyspace keys;
static peer peers[PEERS];
static int told, left;
static usec_t told_at;

static usec_t now(void *ctx) {
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* ---- timers --------------------------------------------------------------------------------------------------------- */

typedef struct timer {
    uv_timer_t uv;
    void (*fire)(void *arg);
    void *arg;
    timer_handle handle;
    struct timer *next;
} timer;

static timer *timers;
static timer_handle last_timer;

static void on_closed(uv_handle_t *handle) {
    free(handle);
}

static void end_timer(timer *t) {
    timer **at = &timers;
    while (*at != t) at = &(*at)->next;
    *at = t->next;
    uv_close((uv_handle_t *)&t->uv, on_closed);
}

static void on_timer(uv_timer_t *uv) {
    timer t = *(timer *)uv;
    end_timer((timer *)uv);
    t.fire(t.arg);
}

static timer_handle set_timer(void *ctx, usec_t at, void (*fire)(void *arg), void *arg) {
    timer *t = mem_zalloc(1, sizeof *t);
    usec_t wait = at - now(ctx);
    *t = (timer){.fire = fire, .arg = arg, .handle = ++last_timer, .next = timers};
    timers = t;
    uv_timer_init(&loop, &t->uv);
    uv_timer_start(&t->uv, on_timer, wait > 0 ? (uint64_t)((wait + 999) / 1000) : 0, 0);
    return t->handle;
}

static void cancel_timer(void *ctx, timer_handle handle) {
    (void)ctx;
    for (timer *t = timers; t; t = t->next) {
        if (t->handle != handle) continue;
        end_timer(t);
        return;
    }
}

/* ---- the world ------------------------------------------------------------------------------------------------------ */

static void on_entry(void *ctx, const inbox_entry *entry, const entry_token *token) {
    peer *p = ctx;
    (void)entry;
    told++;
    told_at = now(NULL);
    instance_handled(p->me, token, true, NULL);
}

static void on_died(void *ctx, const char *id) {
    (void)ctx, (void)id;
}

static void on_lost(void *ctx, const char *why) {
    (void)ctx;
    ck_abort_msg("%s", why);
}

static bool all_up(void) {
    for (int i = 0; i < PEERS; i++)
        if (!link_uv_ready(peers[i].link) || !link_uv_ready(peers[i].reader)) return false;
    return true;
}

static void run_for(usec_t time) {
    usec_t until = now(NULL) + time;
    while (now(NULL) < until) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(200);
    }
}

static void open_peer(int number) {
    peer *p = &peers[number];
    char address[256], id[8];
    redis_url url;
    snprintf(address, sizeof address, "unix://%s", private_server_socket(server));
    snprintf(id, sizeof id, "i%d", number);
    ck_assert(!redis_url_parse(address, &url, &err));
    p->link = link_uv_new(&loop, &url, lua, &link_uv_defaults);
    p->reader = link_uv_new(&loop, &url, lua, &link_uv_defaults);
    static const instance_config config = {.presence_ttl = 30 * USEC_PER_SEC,
                                           .presence_refresh = 10 * USEC_PER_SEC,
                                           .inbox_block = USEC_PER_SEC,
                                           .inbox_max = 100,
                                           .inbox_batch = 16,
                                           .inbox_ttl = 60 * USEC_PER_SEC,
                                           .reclaim_idle = 5 * USEC_PER_SEC,
                                           .dead_deliveries = 10,
                                           .dead_after = 60 * USEC_PER_SEC,
                                           .dead_ttl = 60 * USEC_PER_SEC,
                                           .dead_max = 100,
                                           .adopt_every = 5 * USEC_PER_SEC,
                                           .lease_ttl = 30 * USEC_PER_SEC,
                                           .tombstone_ttl = 60 * USEC_PER_SEC,
                                           .peer_patience = USEC_PER_SEC};
    instance_env env = {.clock = {now, NULL},
                        .timers = {set_timer, cancel_timer, NULL},
                        .seed = 1,
                        .redis = link_uv_interface(p->link),
                        .reader = link_uv_interface(p->reader),
                        .patience = USEC_PER_SEC,
                        .id = id,
                        .address = "",
                        .host = ""};
    instance_events events = {.entry = on_entry, .died = on_died, .lost = on_lost, .ctx = p};
    p->me = instance_open(&config, &keys, &env, &events);
}

static void open_world(void) {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert(!keyspace_init(&keys, NULL, &err));
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    ck_assert_msg(!private_server_start(NULL, &server, &err), "%s", err.message);
    for (int i = 0; i < PEERS; i++) open_peer(i);
    for (int tries = 0; tries < 500 && !all_up(); tries++) run_for(10 * USEC_PER_MSEC);
    for (int i = 0; i < PEERS; i++) instance_start(peers[i].me);
    run_for(300 * USEC_PER_MSEC);
}

static void on_left(void *arg) {
    (void)arg;
    left++;
}

static void close_world(void) {
    for (int i = 0; i < PEERS; i++) instance_leave(peers[i].me, on_left, NULL);
    for (int tries = 0; tries < 300 && (instance_calls(peers[0].me) || instance_calls(peers[1].me)); tries++)
        run_for(10 * USEC_PER_MSEC);
    ck_assert_int_eq(left, PEERS);
    sync_client *client;
    redis_reply *reply;
    redis_call call;
    ck_assert(!sync_client_open_socket(private_server_socket(server), USEC_PER_SEC, &client, &err));
    call_command(&call, "DBSIZE");
    ck_assert(!sync_client_call(client, &call, &reply, &err));
    ck_assert_int_eq(reply_int(reply), 0);
    sync_reply_free(reply);
    sync_client_close(client);
    for (int i = 0; i < PEERS; i++) {
        ck_assert_int_eq(instance_calls(peers[i].me), 0);
        instance_close(peers[i].me);
        link_uv_free(peers[i].link);
        link_uv_free(peers[i].reader);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    scripts_free(lua);
    private_server_stop(server);
}

static void on_sent(void *arg, send_result result) {
    *(send_result *)arg = result;
}

START_TEST(an_entry_wakes_the_reader_and_all_leave_nothing_behind) {
    open_world();
    inbox_entry entry = {.kind = ENTRY_ASSIGN, .from = "i0", .address = "", .job = "j1", .session = "", .node = ""};
    for (int n = 1; n <= 5; n++) {
        send_result result = SEND_UNKNOWN;
        run_for(150 * USEC_PER_MSEC); /* the read has been waiting for that long, and would for 850 ms more */
        usec_t sent = now(NULL);
        instance_send(peers[0].me, "i1", &entry, on_sent, &result);
        for (int tries = 0; tries < 200 && told < n; tries++) run_for(2 * USEC_PER_MSEC);
        ck_assert_int_eq(told, n);
        ck_assert_int_eq(result, SEND_OK);
        ck_assert_msg(told_at - sent < 200 * USEC_PER_MSEC, "told after %lld us", (long long)(told_at - sent));
    }
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {an_entry_wakes_the_reader_and_all_leave_nothing_behind};
    return SUITE_RUN("instance_uv", tests);
}
