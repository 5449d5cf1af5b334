#include "tests/support/router_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/redis/sync_client.h"

router_world on;

static uv_loop_t loop;
static scripts *lua;
static sched_error err;
static bool submitting;

/* ---- open and close ------------------------------------------------------------------------------------------------- */

static void on_state(void *ctx, link_uv_state state, const char *text) {
    (void)ctx, (void)state;
    snprintf(on.last_state, sizeof on.last_state, "%s", text);
}

void world_open(void) {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    world_forget();
    *on.last_state = '\0';
}

void world_start_cluster(int replicas) {
    private_cluster_options servers = private_cluster_defaults;
    servers.masters = MASTERS;
    servers.replicas = replicas;
    servers.node_timeout_ms = 1000;
    ck_assert_msg(!private_cluster_start(&servers, &on.cluster, &err), "%s", err.message);
}

void world_open_url(const redis_url *url, link_uv_options options) {
    options.on_state = on_state;
    on.router = router_cluster_new(&loop, url, lua, &options);
    on.line = router_cluster_interface(on.router);
}

void world_open_ready(int replicas, link_uv_options options) {
    world_open();
    world_start_cluster(replicas);
    redis_url url = private_cluster_url(on.cluster);
    world_open_url(&url, options);
    ck_assert_msg(world_run_until(world_ready, 5000), "%s", on.last_state);
}

void world_close(void) {
    on.router = router_cluster_free(on.router);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    lua = scripts_free(lua);
    on.cluster = private_cluster_stop(on.cluster);
}

/* ---- time passes ---------------------------------------------------------------------------------------------------- */

static void on_late(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

bool world_run_until(bool (*done)(void), int ms) {
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

void world_run(int ms) {
    world_run_until(never, ms);
}

bool world_ready(void) {
    return router_cluster_ready(on.router);
}

bool world_all_answered(void) {
    return on.answered == on.submitted;
}

void world_settle(void) {
    ck_assert_msg(world_run_until(world_all_answered, 5000), "%d of %d calls were answered", on.answered, on.submitted);
}

void world_forget(void) {
    on.answered = on.submitted = 0;
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    ck_assert_msg(!submitting, "a callback ran from inside submit");
    ck_assert_int_lt(on.answered, ANSWERS_MAX);
    seen *s = &on.answers[on.answered++];
    s->number = (int)(intptr_t)arg;
    s->status = status;
    s->value = status == LINK_OK ? reply_int(reply) : 0;
    ck_assert((reply != NULL) == (status == LINK_OK || status == LINK_ERROR));
    snprintf(s->text, sizeof s->text, "%.63s", reply ? reply_text(reply) : "");
}

void world_ask_call(const redis_call *call, usec_t patience) {
    submitting = true;
    link_submit(&on.line, call, patience, on_answer, (void *)(intptr_t)on.submitted++);
    submitting = false;
}

void world_ask(const char *words, usec_t patience) {
    char copy[256], *rest = copy;
    redis_call call;
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    if (rest) call_key(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    world_ask_call(&call, patience);
}

void world_ask_number(const char *words, int number) {
    char numbered[128];
    snprintf(numbered, sizeof numbered, "%s{%d}", words, number);
    world_ask(numbered, PATIENCE);
}

void world_expect_all(link_status status) {
    ck_assert_int_eq(on.answered, on.submitted);
    for (int i = 0; i < on.answered; i++) {
        const seen *s = &on.answers[i];
        ck_assert_msg(s->status == status, "call %d: %s \"%s\", expected %s", s->number, link_status_name(s->status),
                      s->text, link_status_name(status));
    }
}

/* ---- operators ------------------------------------------------------------------------------------------------------ */

const char *world_aside(int server, const char *words) {
    static char text[256];
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    char copy[256], *rest = copy;
    redis_call call;
    const char *path = private_server_socket(private_cluster_server(on.cluster, server));
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

const char *world_node_id(int server) {
    static char ids[MASTERS][64];
    snprintf(ids[server], sizeof ids[server], "%s", world_aside(server, "CLUSTER MYID"));
    return ids[server];
}

/* At those first who are concerned, as redis-cli does it. */
void world_assign_slot(int slot, int from, int to) {
    char words[128];
    snprintf(words, sizeof words, "CLUSTER SETSLOT %d NODE %s", slot, world_node_id(to));
    world_aside(to, words);
    world_aside(from, words);
    for (int i = 0; i < MASTERS; i++)
        if (i != to && i != from) world_aside(i, words);
}
