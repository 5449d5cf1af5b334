/* Eight clients at once on one server do all that instances do to a few jobs and nodes (crowd.h). The server's own record of each
 * write tells whether the promises held (server_watch.h), and fsck whether what is left fits together.
 *
 * How their calls interleave is the machine's choice, so a failure may need several runs to come again: OPERATIONS=1000000
 * makes a longer one. */
#include "core/ctl/fsck.h"
#include "tests/support/crowd.h"
#include "tests/support/server_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CLIENTS = 8,
    OPERATIONS = 100000,
    SECONDS_MAX = 30, /* on a slow machine: then fewer operations */
};

static const uint64_t seed = 1;

static lua_db *db;
static crowd_client clients[CLIENTS + 1]; /* the last one clears up */

static pid_t start(const crowd_client *c, void act(const crowd_client *c)) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child) return child;
    alarm(2 * SECONDS_MAX);
    act(c);
    _exit(EXIT_SUCCESS);
}

static void wait_for(const crowd_client *c, pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "seed %" PRIu64 ", client %d: %s", seed, c->number,
                  c->diary->wrong);
}

static void play(const crowd_client *c) {
    const char *asked = getenv("OPERATIONS");
    crowd_play(c, (asked ? strtoll(asked, NULL, 10) : OPERATIONS) / CLIENTS, SECONDS_MAX);
}

static void play_all(const private_server *server) {
    pid_t children[CLIENTS];
    server_watch *watch = server_watch_open(server, CROWD_SLOTS);
    for (int i = 0; i < CLIENTS; i++) children[i] = start(&clients[i], play);
    const char *wrong = server_watch_read(watch, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) wait_for(&clients[i], children[i]);
    ck_assert_msg(!*wrong, "seed %" PRIu64 ": %s", seed, wrong);
    printf("%" PRId64 " steps of jobs", server_watch_steps(watch));
    server_watch_close(watch);
}

static void expect_all_happened(void) {
    static const script_id used[] = {
        SCRIPT_REGISTER_NODE,       SCRIPT_HEARTBEAT,           SCRIPT_NODE_ASSIGNED,   SCRIPT_DRAIN_NODE,
        SCRIPT_NODE_OFFLINE,        SCRIPT_FORGET_NODE,         SCRIPT_POOL_JOIN,       SCRIPT_POOL_LEAVE,
        SCRIPT_SELECT_NODE,         SCRIPT_RESERVE_NODE,        SCRIPT_MARK_SERVICE,    SCRIPT_CREATE_JOB,
        SCRIPT_CONFIRM_RESERVATION, SCRIPT_RELEASE_RESERVATION, SCRIPT_MARK_DISPATCHED, SCRIPT_ACCEPT_JOB,
        SCRIPT_START_JOB,           SCRIPT_COMPLETE_TASK,       SCRIPT_RELEASE_JOB,     SCRIPT_FAILOVER_REASSIGN,
    };
    int64_t all = 0, granted = 0;
    for (int c = 0; c < CLIENTS; c++) granted += clients[c].diary->granted;
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        int64_t calls = 0;
        for (int c = 0; c < CLIENTS; c++) calls += clients[c].diary->calls[used[i]];
        ck_assert_msg(calls > 0, "%s was never called", scripts_name(used[i]));
        all += calls;
    }
    printf(", %" PRId64 " grants in %" PRId64 " calls\n", granted, all);
    ck_assert_msg(granted > all / 100, "only %" PRId64 " of %" PRId64 " calls were grants", granted, all);
}

static void expect_whole(const char *when) {
    fsck_report report;
    sched_error err = {0};
    if (fsck_run(lua_client(db), lua_keyspace(db), &report, &err)) ck_abort_msg("%s", err.message);
    ck_assert_msg(report.findings == 0, "seed %" PRIu64 ", %s: %" PRId64 " findings, the first: %s", seed, when,
                  report.findings, report.text[0]);
}

/* They keep late joins of nodes out, and end by themselves. */
static void expect_only_tombstones(void) {
    const char *keys = lua_keys(db);
    for (const char *at = keys; *at; at += strcspn(at, " "), at += *at == ' ') {
        int len = (int)strcspn(at, " ");
        const char *tombstone = strstr(at, ":left:");
        ck_assert_msg(tombstone && tombstone < at + len, "seed %" PRIu64 ": %.*s is left", seed, len, at);
    }
}

START_TEST(eight_clients_at_once_break_no_promise) {
    redis_key key;
    const private_server *server = lua_server(db, key_node(&key, lua_keyspace(db), "n0"));
    crowd_diary *diaries =
        mmap(NULL, (CLIENTS + 1) * sizeof *diaries, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(diaries, MAP_FAILED);
    for (int i = 0; i <= CLIENTS; i++) clients[i] = (crowd_client){db, server, seed, i, &diaries[i]};
    play_all(server);
    expect_all_happened();
    const crowd_client *last = &clients[CLIENTS];
    wait_for(last, start(last, crowd_settle));
    expect_whole("settled");
    wait_for(last, start(last, crowd_go_home));
    expect_whole("after the last node");
    expect_only_tombstones();
    munmap(diaries, (CLIENTS + 1) * sizeof *diaries);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("concurrent clients");
    TCase *tests = tcase_create("concurrent");
    tcase_add_test(tests, eight_clients_at_once_break_no_promise);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    return lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
}
