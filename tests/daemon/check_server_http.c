/* check_server_http.c - HTTP by curl, addresses to listen on, and TLS.
 * Mostly waits: for curl and for limits of time. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/daemon/loop_clock.h"
#include "core/daemon/peers.h"
#include "tests/support/door.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

enum { BIG = 1 << 20 };

static server_request *kept;

static frame *copy(const char *text) {
    return frame_of_text(text);
}

static void get_hello(void *ctx, server_request *r) {
    ck_assert_str_eq(ctx, "ctx");
    ck_assert_str_eq(server_request_path(r), "/hello");
    ck_assert_str_eq(server_request_rest(r), "");
    server_answer(r, 200, "text/plain", copy("hello\n"));
}

static void get_below(void *ctx, server_request *r) {
    char text[256];
    (void)ctx;
    snprintf(text, sizeof text, "rest=%s path=%s\n", server_request_rest(r), server_request_path(r));
    server_answer(r, 200, "text/plain", copy(text));
}

static void get_params(void *ctx, server_request *r) {
    static const char *const names[] = {"src", "tgt", "empty", "bare", "sr", "absent"};
    char text[512] = "";
    (void)ctx;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = server_request_param(r, names[i]);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s;", names[i], value ? value : "(none)");
    }
    server_answer(r, 200, "text/plain", copy(text));
}

static void get_later(void *ctx, server_request *r) {
    (void)ctx;
    kept = r;
}

static void get_big(void *ctx, server_request *r) {
    (void)ctx;
    frame *f = frame_new(true, BIG);
    for (size_t i = 0; i < BIG; i++) f->data[i] = (char)('a' + i % 23);
    server_answer(r, 200, "application/octet-stream", f);
}

static void get_broken(void *ctx, server_request *r) {
    (void)ctx;
    server_answer(r, 503, "application/json", copy("{}"));
}

static int needs_token(void *ctx, const server_knock *knock) {
    (void)ctx;
    return strcmp(knock->token, "admin") == 0 ? 0 : 401;
}

static const server_route routes[] = {
    {.path = "/hello", .get = get_hello, .ctx = "ctx"},
    {.path = "/below/", .get = get_below},
    {.path = "/below/deeper/", .get = get_below},
    {.path = "/below/exact", .get = get_below},
    {.path = "/params", .get = get_params},
    {.path = "/later", .get = get_later},
    {.path = "/big", .get = get_big},
    {.path = "/broken", .get = get_broken},
    {.path = "/secret", .admit = needs_token, .get = get_below},
    {0},
};

static void open_routes(void) {
    server_options options = door_options();
    options.routes = routes;
    kept = NULL;
    door_open(&options);
}

static void assert_curl(const char *path, const char *flags, const char *expected) {
    char *text = door_curl("%s 'http://127.0.0.1:%d%s'", flags, server_port(door.server), path);
    ck_assert_msg(strcmp(text, expected) == 0, "%s %s: %s", flags, path, text);
    free(text);
}

#define STATUS "-o /dev/null -w '%%{http_code}'"
static void assert_status(const char *path, const char *flags, int expected) {
    char *text = door_curl(STATUS " %s 'http://127.0.0.1:%d%s'", flags, server_port(door.server), path);
    ck_assert_msg(atoi(text) == expected, "%s %s: %s", flags, path, text);
    free(text);
}

START_TEST(a_get_is_answered_with_its_type_and_headers_that_keep_browsers_safe) {
    open_routes();
    char *text = door_curl("-i http://127.0.0.1:%d/hello", server_port(door.server));
    static const char *const lines[] = {"HTTP/1.1 200 OK\r\n",
                                        "Content-Type: text/plain\r\n",
                                        "Content-Length: 6\r\n",
                                        "X-Content-Type-Options: nosniff\r\n",
                                        "X-Frame-Options: DENY\r\n",
                                        "Cache-Control: no-store\r\n",
                                        "Referrer-Policy: no-referrer\r\n",
                                        "Content-Security-Policy: default-src 'none'",
                                        "\r\n\r\nhello\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(text, lines[i]) != NULL, "no %s in %s", lines[i], text);
    free(text);
    ck_assert_uint_eq(door_count().http_requests, 1);
    door_close();
}
END_TEST

START_TEST(a_head_has_the_headers_and_no_body) {
    open_routes();
    char *text = door_curl("-I http://127.0.0.1:%d/hello", server_port(door.server));
    ck_assert_ptr_nonnull(strstr(text, "200 OK"));
    ck_assert_ptr_nonnull(strstr(text, "Content-Length: 6\r\n"));
    ck_assert_ptr_null(strstr(text, "hello"));
    free(text);
    door_close();
}
END_TEST

START_TEST(paths_are_exact_or_have_everything_below_them) {
    open_routes();
    assert_curl("/below/gpu-7", "", "rest=gpu-7 path=/below/gpu-7\n");
    assert_curl("/below/deeper/x/y", "", "rest=x/y path=/below/deeper/x/y\n");
    assert_curl("/below/exact", "", "rest= path=/below/exact\n");
    assert_curl("/below/", "", "rest= path=/below/\n");
    assert_curl("/below/a%20b%2Fc", "", "rest=a b/c path=/below/a b/c\n");
    assert_status("/below", "", 404);
    assert_status("/hello/", "", 404);
    assert_status("/hell", "", 404);
    assert_status("/", "", 404);
    assert_status("/ws", "", 404); /* a door is no page */
    assert_status("/below/../hello", "--path-as-is", 200);
    assert_status("/broken", "", 503);
    door_close();
}
END_TEST

START_TEST(parameters_are_decoded) {
    open_routes();
    assert_curl("/params?src=zh&tgt=%E4%BD%A0%20%26x&empty=&bare", "",
                "src=zh;tgt=\xe4\xbd\xa0 &x;empty=;bare=;sr=(none);absent=(none);");
    assert_curl("/params", "", "src=(none);tgt=(none);empty=(none);bare=(none);sr=(none);absent=(none);");
    assert_curl("/params?", "", "src=(none);tgt=(none);empty=(none);bare=(none);sr=(none);absent=(none);");
    door_close();
}
END_TEST

START_TEST(other_methods_are_refused_and_their_bodies_swallowed) {
    open_routes();
    assert_status("/hello", "-X POST -d some=data", 405);
    assert_status("/hello", "-X PUT -d some=data", 405);
    assert_status("/hello", "-X DELETE", 405);
    assert_status("/hello", "-X OPTIONS", 405);
    char *text = door_curl("-i -X POST -d some=data http://127.0.0.1:%d/hello http://127.0.0.1:%d/hello",
                           server_port(door.server), server_port(door.server));
    ck_assert_ptr_nonnull(strstr(text, "Allow: GET, HEAD\r\n"));
    free(text);
    door_close();
}
END_TEST

START_TEST(a_connection_serves_one_request_after_the_other) {
    open_routes();
    int port = server_port(door.server);
    char *text =
        door_curl("http://127.0.0.1:%d/hello http://127.0.0.1:%d/nothing http://127.0.0.1:%d/hello", port, port, port);
    ck_assert_str_eq(text, "hello\n404 Not Found\nhello\n");
    ck_assert_uint_eq(door_count().accepted, 1);
    ck_assert_uint_eq(door_count().http_requests, 3);
    free(text);
    /* Also when the second comes before the first is answered. */
    ws_client *c = door_come();
    static const char two[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    ws_client_send_bytes(c, two, sizeof two - 1);
    int bodies = 0;
    for (char last[7] = ""; bodies < 2;) {
        int byte = ws_client_byte(c);
        ck_assert_int_ge(byte, 0);
        memmove(last, last + 1, 5);
        last[5] = (char)byte;
        bodies += strcmp(last, "hello\n") == 0;
    }
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(an_answer_may_come_later) {
    open_routes();
    ws_client *c = door_come();
    static const char request[] = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    ws_client_send_bytes(c, request, sizeof request - 1);
    DOOR_UNTIL(kept);
    door_turn_msec(100);
    ck_assert_uint_eq(ws_client_waiting(c), 0);
    server_answer(kept, 200, "text/plain", copy("at last"));
    char text[16] = "";
    for (int i = 0; i < 15; i++) text[i] = (char)ws_client_byte(c);
    ck_assert_str_eq(text, "HTTP/1.1 200 OK");
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(an_answer_to_a_client_that_has_gone_is_swallowed) {
    open_routes();
    static const char request[] = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    ws_client *c = door_come();
    ws_client_send_bytes(c, request, sizeof request - 1);
    DOOR_UNTIL(kept);
    ws_client_free(c);
    door_turn_msec(200);
    server_answer(kept, 200, "text/plain", copy("too late"));
    /* Answered, and gone before it could be written. */
    kept = NULL;
    c = door_come();
    ws_client_send_bytes(c, request, sizeof request - 1);
    DOOR_UNTIL(kept);
    server_answer(kept, 200, "text/plain", copy("too late"));
    ws_client_free(c);
    door_turn_msec(100);
    /* Never answered while the server lives. */
    kept = NULL;
    c = door_come();
    ws_client_send_bytes(c, request, sizeof request - 1);
    DOOR_UNTIL(kept);
    door_close();
    ck_assert_str_eq(server_request_path(kept), "/later");
    server_answer(kept, 200, "text/plain", copy("much too late"));
    ws_client_free(c);
}
END_TEST

START_TEST(a_body_that_no_socket_takes_at_once_arrives_whole) {
    open_routes();
    for (int round = 0; round < 2; round++) {
        char *text = door_curl("http://127.0.0.1:%d/big", server_port(door.server));
        ck_assert_uint_eq(strlen(text), BIG);
        size_t right = 0;
        while (right < BIG && text[right] == (char)('a' + right % 23)) right++;
        ck_assert_uint_eq(right, BIG);
        free(text);
    }
    char *text = door_curl("--limit-rate 4M -o /dev/null -w '%%{size_download}' http://127.0.0.1:%d/big",
                           server_port(door.server));
    ck_assert_int_eq(atoi(text), BIG);
    free(text);
    ws_client *gone = door_come(); /* in the middle of it */
    static const char request[] = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
    ws_client_send_bytes(gone, request, sizeof request - 1);
    ck_assert_int_eq(ws_client_byte(gone), 'H');
    ws_client_free(gone);
    door_turn_msec(100);
    door_close();
}
END_TEST

START_TEST(a_route_may_want_a_token) {
    open_routes();
    assert_status("/secret", "", 401);
    assert_status("/secret", "-H 'Authorization: Bearer admin'", 200);
    assert_status("/secret?token=admin", "", 200);
    assert_status("/secret?token=wrong", "", 401);
    ck_assert_uint_eq(door_count().refused_token, 2);
    char *text = door_curl("-i http://127.0.0.1:%d/secret", server_port(door.server));
    ck_assert_ptr_nonnull(strstr(text, "WWW-Authenticate: Bearer\r\n"));
    free(text);
    door_close();
}
END_TEST

/* ---- addresses ---- */

static const char *why_not(const server_options *options) {
    static sched_error err;
    uv_loop_t loop;
    server *s = NULL;
    server_options on_loop = *options;
    on_loop.loop = &loop;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    sched_status status = server_new(&on_loop, &s, &err);
    ck_assert_int_ne(status, SCHED_OK);
    ck_assert_int_eq(err.status, status);
    ck_assert_ptr_null(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    return err.message;
}

START_TEST(an_address_that_cannot_be_had_is_an_error_that_says_which_and_why) {
    char expected[128];
    door_open(NULL);
    server_options options = door_options();
    options.port = server_port(door.server);
    snprintf(expected, sizeof expected, "listen on 127.0.0.1 port %d: Address already in use", options.port);
    ck_assert_str_eq(why_not(&options), expected);
    options.port = 0;
    options.host = "192.0.2.1";
    ck_assert_str_eq(why_not(&options), "listen on 192.0.2.1 port 0: Cannot assign requested address");
    options.host = "300.1.1.1.invalid";
    const char *text = why_not(&options);
    ck_assert_msg(strncmp(text, "listen on 300.1.1.1.invalid: ", 29) == 0, "%s", text);
    door_close();
}
END_TEST

START_TEST(a_server_listens_on_ipv6_and_on_both) {
    int six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 self = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool has_six = six >= 0 && bind(six, (struct sockaddr *)&self, sizeof self) == 0;
    if (six >= 0) close(six);
    if (!has_six) return; /* this machine has no IPv6 */
    server_options options = door_options();
    options.routes = routes;
    options.host = "::1";
    door_open(&options);
    char *text = door_curl("-g 'http://[::1]:%d/hello'", server_port(door.server));
    ck_assert_str_eq(text, "hello\n");
    free(text);
    door_close();
    options.host = "::";
    door_open(&options);
    text = door_curl("-g 'http://[::1]:%d/hello' http://127.0.0.1:%d/hello", server_port(door.server),
                     server_port(door.server));
    ck_assert_str_eq(text, "hello\nhello\n");
    free(text);
    ws_client *c = door_enter();
    ck_assert_str_eq(door.address, "127.0.0.1"); /* not ::ffff:127.0.0.1 */
    ws_client_free(c);
    door_close();
}
END_TEST

static int stale_socket(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    ck_assert_uint_lt(strlen(path), sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = bind(fd, (struct sockaddr *)&at, sizeof at);
    close(fd);
    return result;
}

START_TEST(a_unix_socket_replaces_one_that_is_stale_and_nothing_else) {
    char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX + 16], file[TEMP_PATH_MAX];
    temp_folder_make(folder);
    snprintf(path, sizeof path, "%s/front.sock", folder);
    ck_assert_int_eq(stale_socket(path), 0);
    server_options options = door_options();
    options.socket = path;
    door_open(&options);
    ws_client *c = ws_client_unix(path, door_turn, NULL);
    ck_assert_int_eq(ws_client_upgrade(c, "/ws", ""), 101);
    ck_assert_str_eq(door.address, "unix");
    ws_client_send_text(c, "through a file");
    ck_assert_str_eq(ws_client_text(c), "through a file");
    ws_client_free(c);
    const char *text = why_not(&options);
    ck_assert_msg(strstr(text, "Address already in use") != NULL, "%s", text);
    ck_assert_int_eq(access(path, F_OK), 0);
    door_close();
    ck_assert_int_ne(access(path, F_OK), 0);

    temp_file_write(folder, "a-file", "precious", file);
    options.socket = file;
    text = why_not(&options);
    ck_assert_msg(strstr(text, "Address already in use") != NULL, "%s", text);
    ck_assert_int_eq(access(file, F_OK), 0);
    char long_path[200];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    options.socket = long_path;
    text = why_not(&options);
    ck_assert_msg(strstr(text, "the path has more than 107 bytes") != NULL, "%s", text);
    temp_folder_remove(folder);
}
END_TEST

START_TEST(whoever_is_there_stays_when_listening_ends) {
    door_open(NULL);
    ws_client *c = door_enter();
    int port = server_port(door.server);
    server_stop_listening(door.server);
    door_turn(NULL);
    char *text = door_curl("http://127.0.0.1:%d/hello", port);
    ck_assert_msg(strstr(text, "refused") || strstr(text, "connect"), "%s", text);
    free(text);
    ws_client_send_text(c, "I am still here");
    ck_assert_str_eq(ws_client_text(c), "I am still here");
    ws_client_free(c);
    door_close();
}
END_TEST

/* ---- TLS ---- */

static char folder[TEMP_PATH_MAX], certificate[TEMP_PATH_MAX + 16], key[TEMP_PATH_MAX + 16];

static void make_certificate(void) {
    char command[1024];
    temp_folder_make(folder);
    snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
             "-addext subjectAltName=IP:127.0.0.1 -keyout '%s' -out '%s' 2>/dev/null",
             key, certificate);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(https_and_websocket_over_tls_work_on_the_same_port) {
    make_certificate();
    server_options options = door_options();
    options.routes = routes;
    options.tls_certificate = certificate;
    options.tls_key = key;
    door_open(&options);
    int port = server_port(door.server);
    char *text =
        door_curl("--cacert '%s' https://127.0.0.1:%d/hello https://127.0.0.1:%d/hello", certificate, port, port);
    ck_assert_str_eq(text, "hello\nhello\n");
    free(text);
    text = door_curl("--cacert '%s' -o /dev/null -w '%%{size_download} %%{http_version}' https://127.0.0.1:%d/big",
                     certificate, port);
    ck_assert_str_eq(text, "1048576 1.1");
    free(text);
    text = door_curl("-m 5 http://127.0.0.1:%d/hello", port); /* no TLS at a TLS port */
    ck_assert_ptr_null(strstr(text, "hello"));
    free(text);
    text = door_curl("https://127.0.0.1:%d/hello", port); /* nobody vouches for it */
    ck_assert_ptr_null(strstr(text, "hello\n"));
    free(text);
    door_close();
    temp_folder_remove(folder);
}
END_TEST

START_TEST(instances_speak_over_tls_and_verify_if_they_are_told_to) {
    make_certificate();
    server_options options = door_options();
    options.tls_certificate = certificate;
    options.tls_key = key;
    door_open(&options);
    door.silent = true;
    loop_clock *clock = loop_clock_new(&door.loop);
    peers_options how = {.instance_id = "i-1",
                         .secret = "secret",
                         .queue_bytes = 1 << 20,
                         .patience = 10 * USEC_PER_SEC,
                         .idle = 60 * USEC_PER_SEC,
                         .clock = loop_clock_source(clock),
                         .timers = loop_clock_timers(clock)};
    char address[64];
    snprintf(address, sizeof address, "wss://127.0.0.1:%d/ws", server_port(door.server));
    peer_message m = {.kind = PEER_GOT,
                      .job = "j",
                      .node = "n",
                      .session = "",
                      .to = "",
                      .request = "",
                      .code = "",
                      .service = "",
                      .room = "",
                      .address = ""};
    for (int verify = 0; verify < 2; verify++) {
        how.verify_tls = verify;
        peers *p = peers_new(door.server, &how);
        peer_link link = peers_link(p);
        for (int i = 0; i < 3; i++) link.send(link.ctx, "i-2", address, &m);
        if (verify)
            DOOR_UNTIL(peers_count(p).failures);
        else
            DOOR_UNTIL(door.messages == 3);
        ck_assert_uint_eq(peers_count(p).connects, !verify);
        peers_free(p);
    }
    ck_assert_int_eq(door.messages, 3);
    loop_clock_free(clock);
    door_close();
    temp_folder_remove(folder);
}
END_TEST

START_TEST(a_certificate_that_cannot_be_used_is_an_error_that_names_it) {
    char bad[TEMP_PATH_MAX];
    make_certificate();
    temp_file_write(folder, "bad.pem", "no certificate at all", bad);
    server_options options = door_options();
    options.tls_certificate = "/nowhere/cert.pem";
    options.tls_key = key;
    ck_assert_str_eq(why_not(&options), "TLS certificate /nowhere/cert.pem: No such file or directory");
    options.tls_certificate = certificate;
    options.tls_key = "/nowhere/key.pem";
    ck_assert_str_eq(why_not(&options), "TLS key /nowhere/key.pem: No such file or directory");
    options.tls_key = bad;
    const char *text = why_not(&options);
    ck_assert_msg(strstr(text, bad) != NULL, "%s", text);
    options.tls_key = key;
    options.tls_certificate = bad;
    text = why_not(&options);
    ck_assert_msg(strstr(text, bad) != NULL, "%s", text);
    temp_folder_remove(folder);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_get_is_answered_with_its_type_and_headers_that_keep_browsers_safe,
        a_head_has_the_headers_and_no_body,
        paths_are_exact_or_have_everything_below_them,
        parameters_are_decoded,
        other_methods_are_refused_and_their_bodies_swallowed,
        a_connection_serves_one_request_after_the_other,
        an_answer_may_come_later,
        an_answer_to_a_client_that_has_gone_is_swallowed,
        a_body_that_no_socket_takes_at_once_arrives_whole,
        a_route_may_want_a_token,
        an_address_that_cannot_be_had_is_an_error_that_says_which_and_why,
        a_server_listens_on_ipv6_and_on_both,
        a_unix_socket_replaces_one_that_is_stale_and_nothing_else,
        whoever_is_there_stays_when_listening_ends,
        https_and_websocket_over_tls_work_on_the_same_port,
        instances_speak_over_tls_and_verify_if_they_are_told_to,
        a_certificate_that_cannot_be_used_is_an_error_that_names_it,
    };
    return SUITE_RUN("server_http", tests);
}
