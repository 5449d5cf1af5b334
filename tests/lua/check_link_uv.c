/* link_uv: every sentence of core/redis/link.h and of its own header, against a real server in real time.
 * Runs alone: it compares with the time that passes. */
#include "core/redis/link_uv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/mem.h"
#include "core/redis/keys.h"
#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"
#include "tests/support/suite.h"

#define PATIENCE (5 * USEC_PER_SEC)

enum { ANSWERS_MAX = 20000, STATES_MAX = 64 };

/* What a test has seen; one per test. */
typedef struct seen {
    int number; /* given by the caller, in the order of submission */
    link_status status;
    int64_t value;
    char text[48];
} seen;

static uv_loop_t loop;
static private_server *server;
static scripts *lua;
static link_uv *link_;
static redis_link line;
static sched_error err;
static seen answers[ANSWERS_MAX];
static int answered, submitted;
static bool submitting;
static struct {
    link_uv_state state;
    uint64_t at_ms;
    char text[512];
} states[STATES_MAX];
static int state_count;

static private_server *start_server(int port) {
    private_server *s = NULL;
    private_server_options options = private_server_defaults;
    options.port = port;
    ck_assert_msg(!private_server_start(&options, &s, &err), "%s", err.message);
    return s;
}

static void set_up(void) {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    answered = submitted = state_count = 0;
}

/* Also the proof that nothing of a link is left on the loop. */
static void tear_down(void) {
    link_ = link_uv_free(link_);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    lua = scripts_free(lua);
    server = private_server_stop(server);
}

static void on_state(void *ctx, link_uv_state state, const char *text) {
    (void)ctx;
    if (state_count == STATES_MAX) return;
    states[state_count].state = state;
    states[state_count].at_ms = uv_hrtime() / 1000000;
    snprintf(states[state_count].text, sizeof states[0].text, "%s", text);
    state_count++;
}

static void open_url(const char *text, link_uv_options options) {
    redis_url url;
    ck_assert_msg(!redis_url_parse(text, &url, &err), "%s", err.message);
    options.on_state = on_state;
    link_ = link_uv_new(&loop, &url, lua, &options);
    line = link_uv_interface(link_);
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
    return link_uv_ready(link_);
}

static bool lost(void) {
    return !link_uv_ready(link_);
}

static bool all_answered(void) {
    return answered == submitted;
}

static void open_ready(link_uv_options options) {
    char url[160];
    snprintf(url, sizeof url, "unix://%s", private_server_socket(server));
    open_url(url, options);
    ck_assert(run_until(ready, 5000));
}

static void start_ready(link_uv_options options) {
    server = start_server(0);
    open_ready(options);
}

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    ck_assert_msg(!submitting, "a callback ran from inside submit");
    ck_assert_int_lt(answered, ANSWERS_MAX);
    seen *s = &answers[answered++];
    s->number = (int)(intptr_t)arg;
    s->status = status;
    s->value = status == LINK_OK ? reply_int(reply) : 0;
    ck_assert((reply != NULL) == (status == LINK_OK || status == LINK_ERROR));
    if (reply) snprintf(s->text, sizeof s->text, "%.47s", reply_text(reply));
}

static void ask_call(const redis_call *call, usec_t patience) {
    submitting = true;
    link_submit(&line, call, patience, on_answer, (void *)(intptr_t)submitted++);
    submitting = false;
}

static void ask(const char *words, usec_t patience) {
    char copy[256], *rest = copy;
    redis_call call;
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    ask_call(&call, patience);
}

static void ask_script(void) {
    keyspace ks;
    redis_key key;
    redis_call call;
    keyspace_init(&ks, NULL, &err);
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &ks, "n1"));
    call_key(&call, key_node(&key, &ks, "n1"));
    call_str(&call, "j1");
    call_int(&call, 1);
    call_str(&call, "none");
    call_int(&call, 0);
    ask_call(&call, PATIENCE);
}

/* From outside, as an operator would. */
static void aside(const char *words) {
    redis_url url = redis_url_of_socket(private_server_socket(server));
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    char copy[256], *rest = copy;
    redis_call call;
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    ck_assert_msg(!sync_client_open_url(&url, PATIENCE, &client, &err), "%s", err.message);
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    ck_assert_msg(!reply_is_error(reply), "%s: %s", words, reply_text(reply));
    sync_reply_free(reply);
    sync_client_close(client);
}

static void expect_all(link_status status) {
    ck_assert_int_eq(answered, submitted);
    for (int i = 0; i < answered; i++)
        ck_assert_msg(answers[i].status == status, "call %d: %s, expected %s", answers[i].number,
                      link_status_name(answers[i].status), link_status_name(status));
}

static void expect_order(int from) {
    for (int i = from; i < answered; i++) ck_assert_int_eq(answers[i].number, i);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

START_TEST(answers_come_once_and_in_the_order_of_the_calls) {
    start_ready(link_uv_defaults);
    for (int i = 0; i < 1000; i++) ask("INCR counter", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    expect_order(0);
    for (int i = 0; i < answered; i++) ck_assert_int_eq(answers[i].value, i + 1);
    run_until(never, 20);
    ck_assert_int_eq(answered, 1000);
    ck_assert_int_eq(link_uv_count(link_).in_flight, 0);
}
END_TEST

START_TEST(a_call_is_copied) {
    redis_call call;
    char text[] = "hello";
    start_ready(link_uv_defaults);
    call_command(&call, "ECHO");
    call_bytes(&call, text, 5);
    ask_call(&call, PATIENCE);
    memset(&call, 'x', sizeof call);
    memset(text, 'x', sizeof text);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_str_eq(answers[0].text, "hello");
}
END_TEST

START_TEST(an_error_of_the_server_is_an_answer_with_its_text) {
    start_ready(link_uv_defaults);
    ask("NOSUCHCOMMAND", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_ERROR);
    ck_assert_int_eq(strncmp(answers[0].text, "ERR unknown command", 19), 0);
}
END_TEST

START_TEST(beyond_the_window_calls_are_refused_in_the_next_turn) {
    link_uv_options options = link_uv_defaults;
    options.window = 10;
    start_ready(options);
    for (int i = 0; i < 15; i++) ask("INCR counter", PATIENCE);
    ck_assert_int_eq(answered, 0);
    ck_assert_int_eq(link_uv_count(link_).in_flight, 10);
    ck_assert(run_until(all_answered, 5000));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(answers[i].status, LINK_FULL);
        ck_assert_int_eq(answers[i].number, 10 + i);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(answers[5 + i].status, LINK_OK);
        ck_assert_int_eq(answers[5 + i].number, i);
    }
    ask("INCR counter", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answers[15].value, 11);
}
END_TEST

static void ask_again(void *arg, link_status status, const redis_reply *reply) {
    (void)reply;
    ck_assert_int_eq(status, LINK_OK);
    answered++;
    int *left = arg;
    if (!(*left)--) return;
    redis_call call;
    call_command(&call, "PING");
    submitted++;
    link_submit(&line, &call, PATIENCE, ask_again, arg);
}

START_TEST(a_callback_may_submit) {
    int left = 100;
    redis_call call;
    start_ready(link_uv_defaults);
    call_command(&call, "PING");
    submitted++;
    link_submit(&line, &call, PATIENCE, ask_again, &left);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answered, 101);
}
END_TEST

/* ---- lost scripts --------------------------------------------------------------------------------------------------- */

START_TEST(a_script_that_the_server_has_lost_is_loaded_again_unseen) {
    start_ready(link_uv_defaults);
    aside("SCRIPT FLUSH");
    for (int i = 0; i < 50; i++) {
        ask_script();
        ask("INCR counter", PATIENCE);
    }
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    expect_order(0);
    for (int i = 0; i < 50; i++) {
        ck_assert_str_eq(answers[2 * i].text, ""); /* an array */
        ck_assert_int_eq(answers[2 * i + 1].value, i + 1);
    }
    ck_assert_uint_eq(link_uv_count(link_).reloads, 1);
    ck_assert_uint_eq(link_uv_count(link_).by_script[SCRIPT_RELEASE_RESERVATION], 100);
}
END_TEST

START_TEST(answers_that_wait_for_a_repeated_call_are_given_when_the_connection_ends) {
    start_ready(link_uv_defaults);
    aside("SCRIPT FLUSH");
    ask_script();
    ask("INCR counter", PATIENCE);
    ask("CLIENT KILL TYPE normal SKIPME no", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_order(0);
    ck_assert_int_eq(answers[0].status, LINK_UNKNOWN);
    ck_assert_int_eq(answers[1].status, LINK_OK);
    ck_assert_int_eq(answers[1].value, 1);
}
END_TEST

/* ---- patience ------------------------------------------------------------------------------------------------------- */

START_TEST(a_server_that_pauses_beyond_the_patience_leaves_all_calls_unknown) {
    start_ready(link_uv_defaults);
    aside("CLIENT PAUSE 1000 ALL");
    uint64_t began = uv_hrtime();
    ask("INCR counter", PATIENCE);
    ask("INCR counter", 100 * USEC_PER_MSEC); /* the first to be over takes the others with it */
    ask("INCR counter", PATIENCE);
    ck_assert(run_until(all_answered, 900));
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;
    ck_assert_msg(took_ms >= 100 && took_ms < 300, "unknown after %llu ms", (unsigned long long)took_ms);
    expect_all(LINK_UNKNOWN);
    expect_order(0);
    ck_assert_int_eq(states[1].state, LINK_UV_LOST);
    ck_assert_ptr_nonnull(strstr(states[1].text, "no answer in time"));
    ck_assert(run_until(ready, 5000));
    ask("PING", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answers[3].status, LINK_OK);
}
END_TEST

START_TEST(answers_that_have_arrived_count_when_the_process_was_late_to_look) {
    start_ready(link_uv_defaults);
    for (int round = 0; round < 3; round++) {
        ask("PING", 20 * USEC_PER_MSEC);
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(60 * 1000);
        ck_assert(run_until(all_answered, 5000));
    }
    expect_all(LINK_OK);
    ck_assert_uint_eq(link_uv_count(link_).connections, 1);
}
END_TEST

/* ---- connections ---------------------------------------------------------------------------------------------------- */

START_TEST(without_a_connection_calls_are_refused) {
    open_url("unix:///nonexistent/redis.sock", link_uv_defaults);
    ask("PING", PATIENCE);
    ck_assert_int_eq(answered, 0);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_REFUSED);
}
END_TEST

START_TEST(pauses_between_attempts_double_up_to_the_bound) {
    link_uv_options options = link_uv_defaults;
    options.backoff_min = 20 * USEC_PER_MSEC;
    options.backoff_max = 80 * USEC_PER_MSEC;
    open_url("redis://127.0.0.1:1", options);
    run_until(never, 600);
    ck_assert_int_ge(state_count, 6);
    for (int i = 0; i < state_count; i++) {
        ck_assert_int_eq(states[i].state, LINK_UV_FAILED);
        ck_assert_str_eq(states[i].text, "redis at 127.0.0.1:1: Connection refused");
        if (i == 0) continue;
        uint64_t pause = states[i].at_ms - states[i - 1].at_ms;
        uint64_t longest = i == 1 ? 20 : i == 2 ? 40 : 80;
        ck_assert_msg(pause + 2 >= longest / 2 && pause <= longest + 20, "pause %d was %llu ms", i,
                      (unsigned long long)pause);
    }
}
END_TEST

/* Accepts in its queue and never says a word. */
static int silent_listener(int *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static bool told(void) {
    return state_count > 0;
}

START_TEST(a_server_that_says_nothing_is_given_up) {
    int port;
    int fd = silent_listener(&port);
    char url[64];
    snprintf(url, sizeof url, "redis://localhost:%d", port);
    link_uv_options options = link_uv_defaults;
    options.connect_patience = 50 * USEC_PER_MSEC;
    open_url(url, options);
    ck_assert(run_until(told, 2000));
    ck_assert_int_eq(states[0].state, LINK_UV_FAILED);
    ck_assert_ptr_nonnull(strstr(states[0].text, "not ready within 50 ms"));
    close(fd);
}
END_TEST

static int free_port(void) {
    int port;
    close(silent_listener(&port));
    return port;
}

START_TEST(a_server_that_is_killed_and_comes_back_under_load_leaves_no_call_without_an_answer) {
    char url[64];
    int port = free_port();
    server = start_server(port);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", port);
    open_url(url, link_uv_defaults);
    ck_assert(run_until(ready, 5000));
    for (int i = 0; i < 500; i++) ask("INCR counter", PATIENCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    kill(private_server_pid(server), SIGKILL);
    ck_assert(run_until(lost, 5000));
    for (int i = 0; i < 500; i++) ask("INCR counter", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    server = private_server_stop(server);
    server = start_server(port);
    ck_assert(run_until(ready, 10000));
    for (int i = 0; i < 500; i++) ask("INCR counter", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    ck_assert_int_eq(answered, 1500);
    expect_order(0);
    link_uv_counts counts = link_uv_count(link_);
    ck_assert_uint_eq(counts.refused, 500);
    ck_assert_uint_eq(counts.answered + counts.unknown, 1000);
    for (int i = 1000; i < 1500; i++) ck_assert_int_eq(answers[i].value, i - 999);
    ck_assert_uint_eq(counts.connections, 2);
}
END_TEST

START_TEST(a_link_that_is_freed_runs_no_callback_any_more) {
    start_ready(link_uv_defaults);
    for (int i = 0; i < 10; i++) ask("PING", PATIENCE);
    aside("CLIENT PAUSE 100 ALL");
    uv_run(&loop, UV_RUN_NOWAIT);
    int before = answered;
    link_ = link_uv_free(link_);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(answered, before);
}
END_TEST

/* ---- who we are ----------------------------------------------------------------------------------------------------- */

static void start_guarded(void) {
    server = start_server(0);
    aside("ACL SETUSER alice on >w0nder ~* &* +@all");
    aside("CONFIG SET requirepass s3cret");
}

static void open_as(const char *user_info, const char *db) {
    char url[200];
    snprintf(url, sizeof url, "unix://%s%s%s", user_info, private_server_socket(server), db);
    open_url(url, link_uv_defaults);
}

START_TEST(password_and_acl_user_are_used) {
    start_guarded();
    static const char *const who[] = {":s3cret@", "default:s3cret@", "alice:w%30nder@"};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        open_as(who[i], "");
        ck_assert(run_until(ready, 5000));
        ask("ACL WHOAMI", PATIENCE);
        ck_assert(run_until(all_answered, 5000));
        ck_assert_str_eq(answers[answered - 1].text, i == 2 ? "alice" : "default");
        link_ = link_uv_free(link_);
    }
}
END_TEST

START_TEST(a_wrong_password_is_told_without_the_password) {
    start_guarded();
    open_as(":wr0ng@", "");
    ck_assert(run_until(told, 2000));
    ck_assert_int_eq(states[0].state, LINK_UV_FAILED);
    ck_assert_ptr_nonnull(strstr(states[0].text, "AUTH was refused: WRONGPASS"));
    ck_assert_ptr_null(strstr(states[0].text, "wr0ng"));
    ask("PING", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_REFUSED);
}
END_TEST

START_TEST(a_missing_password_is_told) {
    start_guarded();
    open_as("", "");
    ck_assert(run_until(told, 2000));
    ck_assert_ptr_nonnull(strstr(states[0].text, "NOAUTH"));
}
END_TEST

START_TEST(the_blocking_client_introduces_itself_alike_and_keeps_the_secret_too) {
    start_guarded();
    static const char *const who[] = {"alice:w0nder@", ":wr0ng@", "alice:wr0ng@"};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        char text[200];
        redis_url url;
        sync_client *client = NULL;
        snprintf(text, sizeof text, "unix://%s%s?db=1", who[i], private_server_socket(server));
        ck_assert_int_eq(redis_url_parse(text, &url, &err), SCHED_OK);
        sched_status status = sync_client_open_url(&url, PATIENCE, &client, &err);
        ck_assert_int_eq(status, i == 0 ? SCHED_OK : SCHED_EPROTO);
        if (i > 0) ck_assert_ptr_nonnull(strstr(err.message, "AUTH was refused: WRONGPASS"));
        if (i > 0) ck_assert_ptr_null(strstr(err.message, "wr0ng"));
        sync_client_close(client);
    }
}
END_TEST

START_TEST(calls_go_to_the_database_of_the_url) {
    server = start_server(0);
    open_as("", "?db=3");
    ck_assert(run_until(ready, 5000));
    ask("SET here 1", PATIENCE);
    ask("INFO keyspace", PATIENCE);
    ck_assert(run_until(all_answered, 5000));
    expect_all(LINK_OK);
    ck_assert_msg(strstr(answers[1].text, "db3:keys=1"), "%s", answers[1].text);
}
END_TEST

START_TEST(a_database_that_is_not_there_is_told) {
    server = start_server(0);
    open_as("", "?db=99");
    ck_assert(run_until(told, 2000));
    ck_assert_ptr_nonnull(strstr(states[0].text, "SELECT 99: ERR DB index is out of range"));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        answers_come_once_and_in_the_order_of_the_calls,
        a_call_is_copied,
        an_error_of_the_server_is_an_answer_with_its_text,
        beyond_the_window_calls_are_refused_in_the_next_turn,
        a_callback_may_submit,
        a_script_that_the_server_has_lost_is_loaded_again_unseen,
        answers_that_wait_for_a_repeated_call_are_given_when_the_connection_ends,
        a_server_that_pauses_beyond_the_patience_leaves_all_calls_unknown,
        answers_that_have_arrived_count_when_the_process_was_late_to_look,
        without_a_connection_calls_are_refused,
        pauses_between_attempts_double_up_to_the_bound,
        a_server_that_says_nothing_is_given_up,
        a_server_that_is_killed_and_comes_back_under_load_leaves_no_call_without_an_answer,
        a_link_that_is_freed_runs_no_callback_any_more,
        password_and_acl_user_are_used,
        a_wrong_password_is_told_without_the_password,
        a_missing_password_is_told,
        the_blocking_client_introduces_itself_alike_and_keeps_the_secret_too,
        calls_go_to_the_database_of_the_url,
        a_database_that_is_not_there_is_told,
    };
    TCase *all = tcase_create("link_uv");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(all, tests[i]);
    return suite_run_case("link_uv", all);
}
