/* private_server: what it starts, and that nothing is left however its owner ends. */
#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[PATH_MAX];
static sched_error err;

/* TMPDIR is a fresh folder whose name has a space. */
static void use_own_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/lingua test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    memset(&err, 0, sizeof err);
}

static int entries(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void expect_clean(void) {
    ck_assert_msg(entries() == 0, "%d entries are left in \"%s\"", entries(), folder);
    rmdir(folder);
}

static private_server *start(const private_server_options *options) {
    private_server *server = NULL;
    if (private_server_start(options, &server, &err)) ck_abort_msg("%s", err.message);
    return server;
}

static void ask(const private_server *server, const char *const *words, char *answer, size_t size) {
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    redis_call call;
    call_command(&call, words[0]);
    for (int i = 1; words[i]; i++) call_str(&call, words[i]);
    ck_assert_int_eq(sync_client_open_socket(private_server_socket(server), USEC_PER_SEC, &client, &err), SCHED_OK);
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    const redis_reply *last = reply_count(reply) ? reply_at(reply, reply_count(reply) - 1) : reply;
    snprintf(answer, size, "%s", reply_text(last));
    sync_reply_free(reply);
    sync_client_close(client);
}

static bool lives(pid_t pid) {
    return !kill(pid, 0);
}

static bool ends_soon(pid_t pid) {
    for (int i = 0; i < 500 && lives(pid); i++) usleep(10000);
    return !lives(pid);
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

START_TEST(a_server_answers_until_it_is_stopped) {
    char answer[64];
    private_server *server = start(NULL);
    pid_t pid = private_server_pid(server);
    ask(server, (const char *[]){"PING", NULL}, answer, sizeof answer);
    ck_assert_str_eq(answer, "PONG");
    ck_assert_int_ge(atoi(private_server_version(server)), 7);
    ck_assert(lives(pid));
    ck_assert_ptr_null(private_server_stop(server));
    ck_assert(!lives(pid));
    ck_assert_ptr_null(private_server_stop(NULL));
    expect_clean();
}
END_TEST

START_TEST(it_keeps_nothing_and_listens_nowhere_else) {
    static const char *const settings[][2] = {{"port", "0"}, {"save", ""}, {"appendonly", "no"}};
    char answer[64];
    private_server *server = start(NULL);
    for (int i = 0; i < 3; i++) {
        ask(server, (const char *[]){"CONFIG", "GET", settings[i][0], NULL}, answer, sizeof answer);
        ck_assert_str_eq(answer, settings[i][1]);
    }
    struct stat info;
    ck_assert_int_eq(stat(private_server_socket(server), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    private_server_stop(server);
    expect_clean();
}
END_TEST

START_TEST(settings_of_the_caller_win_and_may_hold_spaces_and_quotes) {
    const char *config[] = {"loglevel", "notice", "proc-title-template", "a \"b\" \\ {title}", NULL};
    private_server_options options = private_server_defaults;
    options.config = config;
    char answer[64];
    private_server *server = start(&options);
    ask(server, (const char *[]){"CONFIG", "GET", "loglevel", NULL}, answer, sizeof answer);
    ck_assert_str_eq(answer, "notice");
    ask(server, (const char *[]){"CONFIG", "GET", "proc-title-template", NULL}, answer, sizeof answer);
    ck_assert_str_eq(answer, "a \"b\" \\ {title}");
    private_server_stop(server);
    expect_clean();
}
END_TEST

static bool file_holds(const char *path, const char *text, size_t len) {
    static const size_t most = 1 << 20;
    char *content = malloc(most);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    for (ssize_t got; fd >= 0 && used < most && (got = read(fd, content + used, most - used)) > 0;) used += (size_t)got;
    close(fd);
    bool found = memmem(content, used, text, len) != NULL;
    free(content);
    return found;
}

START_TEST(a_killed_server_comes_back_on_its_socket_with_what_was_saved_or_empty) {
    char answer[64], socket[256];
    use_own_folder();
    private_server *server = start(NULL);
    pid_t first = private_server_pid(server);
    snprintf(socket, sizeof socket, "%s", private_server_socket(server));
    ask(server, (const char *[]){"SET", "kept", "1", NULL}, answer, sizeof answer);
    ask(server, (const char *[]){"SAVE", NULL}, answer, sizeof answer);
    ask(server, (const char *[]){"SET", "later", "1", NULL}, answer, sizeof answer);
    private_server_kill(server);
    ck_assert(ends_soon(first));
    ck_assert_int_eq(private_server_pid(server), 0);
    ck_assert_int_eq(entries(), 1);
    ck_assert_msg(!private_server_revive(server, true, &err), "%s", err.message);
    ck_assert_int_ne(private_server_pid(server), first);
    ck_assert_str_eq(private_server_socket(server), socket);
    ask(server, (const char *[]){"KEYS", "*", NULL}, answer, sizeof answer);
    ck_assert_str_eq(answer, "kept");
    for (int i = 0; i < 2; i++) {
        private_server_kill(server);
        ck_assert_msg(!private_server_revive(server, false, &err), "%s", err.message);
        ask(server, (const char *[]){"RANDOMKEY", NULL}, answer, sizeof answer);
        ck_assert_str_eq(answer, "");
    }
    private_server_kill(server);
    private_server_stop(server);
    expect_clean();
}
END_TEST

START_TEST(the_environment_is_ours_with_additions) {
    const char *env[] = {"LINGUA_TEST=7", "HOME=/nowhere", NULL};
    private_server_options options = private_server_defaults;
    const char *config[] = {"set-proc-title", "no", NULL}; /* a title overwrites the environment that /proc shows */
    options.config = config;
    options.env = env;
    setenv("LINGUA_OURS", "8", 1);
    setenv("HOME", "/somewhere", 1);
    private_server *server = start(&options);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", private_server_pid(server));
    ck_assert(file_holds(path, "LINGUA_TEST=7", 14));
    ck_assert(file_holds(path, "LINGUA_OURS=8", 14));
    ck_assert(file_holds(path, "HOME=/nowhere", 14));
    ck_assert(!file_holds(path, "/somewhere", 10));
    private_server_stop(server);
    expect_clean();
}
END_TEST

/* A memfd with a copy of the C library's mathematics: any shared library will do. */
static int library_in_memory(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[PATH_MAX + 128], *path = NULL;
    while (!path && fgets(line, sizeof line, maps))
        if (strstr(line, "/libm")) path = strchr(line, '/');
    fclose(maps);
    ck_assert_ptr_nonnull(path);
    path[strcspn(path, "\n")] = '\0';
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = memfd_create("lingua-test-library", MFD_CLOEXEC);
    char block[4096];
    for (ssize_t got; (got = read(from, block, sizeof block)) > 0;)
        ck_assert_int_eq(write(to, block, (size_t)got), got);
    close(from);
    return to;
}

START_TEST(a_library_in_memory_is_preloaded_and_one_descriptor_inherited) {
    private_server_options options = private_server_defaults;
    int ends[2];
    char path[64];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    options.preload_fd = library_in_memory();
    options.inherit_fd = ends[0];
    private_server *server = start(&options);
    snprintf(path, sizeof path, "/proc/%d/maps", private_server_pid(server));
    ck_assert(file_holds(path, "lingua-test-library", 19));
    snprintf(path, sizeof path, "/proc/%d/fd/%d", private_server_pid(server), ends[0]);
    ck_assert_int_eq(access(path, F_OK), 0);
    private_server_stop(server);
    expect_clean();
}
END_TEST

START_TEST(other_descriptors_stay_with_the_owner) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    private_server *server = start(NULL);
    close(ends[1]);
    char byte;
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_msg(read(ends[0], &byte, 1) == 0, "somebody still holds the other end of the pipe");
    private_server_stop(server);
    expect_clean();
}
END_TEST

/* --- failing ------------------------------------------------------------------------------------------------------ */

static void expect_failure(const private_server_options *options, sched_status status, const char *text) {
    private_server *server = NULL;
    sched_status got = private_server_start(options, &server, &err);
    ck_assert_msg(got == status, "expected %s, got %s: %s", sched_status_name(status), sched_status_name(got),
                  err.message);
    ck_assert_msg(strstr(err.message, text), "expected \"%s\" in: %s", text, err.message);
    ck_assert_ptr_null(server);
}

START_TEST(a_missing_program_is_named_with_the_remedy) {
    private_server_options options = private_server_defaults;
    options.binary = "/nowhere/redis-server";
    expect_failure(&options, SCHED_ENOENT, "/nowhere/redis-server was not found: install Redis 7");
    setenv("PATH", "/nowhere", 1);
    expect_failure(NULL, SCHED_ENOENT, "redis-server was not found: install Redis 7");
    expect_clean();
}
END_TEST

static void write_program(char *path, size_t size, const char *says) {
    snprintf(path, size, "%s/redis-server", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    ck_assert_int_gt(dprintf(fd, "#!/bin/sh\necho '%s'\n", says), 0);
    close(fd);
}

START_TEST(an_old_server_is_refused) {
    char path[PATH_MAX + 16];
    private_server_options options = private_server_defaults;
    options.binary = path;
    write_program(path, sizeof path, "Redis server v=6.2.7 sha=00000000:0 malloc=libc bits=64");
    expect_failure(&options, SCHED_EINVAL, "is version 6.2.7: Redis 7 or later is needed");
    unlink(path);
    write_program(path, sizeof path, "hello");
    expect_failure(&options, SCHED_EIO, "expected \"v=...\", got \"hello");
    unlink(path);
    expect_clean();
}
END_TEST

START_TEST(a_server_that_ends_at_once_says_why) {
    const char *config[] = {"maxmemory", "lots", NULL};
    private_server_options options = private_server_defaults;
    options.config = config;
    expect_failure(&options, SCHED_EIO, "ended while it started: argument must be a memory value");
    expect_clean();
}
END_TEST

START_TEST(a_folder_too_long_for_a_socket_is_refused) {
    char longer[PATH_MAX + 96];
    snprintf(longer, sizeof longer, "%s/%080d", folder, 0);
    ck_assert_int_eq(mkdir(longer, 0700), 0);
    setenv("TMPDIR", longer, 1);
    expect_failure(NULL, SCHED_EINVAL, "is too long for a unix socket");
    rmdir(longer);
    setenv("TMPDIR", "/nowhere", 1);
    expect_failure(NULL, SCHED_EIO, "temporary folder \"/nowhere\": No such file");
    expect_clean();
}
END_TEST

/* --- ending ------------------------------------------------------------------------------------------------------- */

enum { SERVERS = 2 };

/* An owner of its own process, with two servers; tells their pids and waits. */
static pid_t make_owner(pid_t servers[SERVERS], bool exits) {
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t owner = fork();
    if (owner == 0) {
        signal(SIGINT, SIG_DFL); /* the test library's handlers would end the test */
        signal(SIGTERM, SIG_DFL);
        for (int i = 0; i < SERVERS; i++) {
            private_server *server = NULL;
            if (private_server_start(NULL, &server, NULL)) _exit(1);
            pid_t pid = private_server_pid(server);
            if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
        }
        if (exits) _exit(0);
        for (;;) pause();
    }
    close(ends[1]);
    for (int i = 0; i < SERVERS; i++) ck_assert_int_eq(read(ends[0], &servers[i], sizeof *servers), sizeof *servers);
    close(ends[0]);
    return owner;
}

static void expect_end(pid_t owner, const pid_t servers[SERVERS]) {
    waitpid(owner, NULL, 0);
    for (int i = 0; i < SERVERS; i++) ck_assert_msg(ends_soon(servers[i]), "server %d outlives its owner", i);
    for (int i = 0; i < 500 && entries(); i++) usleep(10000);
    expect_clean();
}

START_TEST(servers_end_with_an_owner_that_exits) {
    pid_t servers[SERVERS];
    pid_t owner = make_owner(servers, true);
    expect_end(owner, servers);
}
END_TEST

START_TEST(servers_end_with_an_owner_that_is_killed) {
    static const int signals[] = {SIGINT, SIGTERM, SIGKILL};
    pid_t servers[SERVERS];
    pid_t owner = make_owner(servers, false);
    for (int i = 0; i < SERVERS; i++) ck_assert(lives(servers[i]));
    kill(owner, signals[_i]);
    expect_end(owner, servers);
}
END_TEST

static pid_t parent_of(pid_t pid) {
    char path[64];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    ck_assert_int_eq(fscanf(file, "%*d %*s %*c %d", &parent), 1);
    fclose(file);
    return parent;
}

START_TEST(a_server_ends_with_its_guardian) {
    private_server *server = start(NULL);
    pid_t pid = private_server_pid(server);
    kill(parent_of(pid), SIGKILL);
    ck_assert(ends_soon(pid));
    private_server_stop(server);
    expect_clean();
}
END_TEST

START_TEST(a_server_that_died_is_stopped_like_any_other) {
    private_server *server = start(NULL);
    kill(private_server_pid(server), SIGKILL);
    private_server_stop(server);
    expect_clean();
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("private server");
    TCase *tests = tcase_create("start");
    tcase_add_checked_fixture(tests, use_own_folder, NULL);
    tcase_add_test(tests, a_server_answers_until_it_is_stopped);
    tcase_add_test(tests, it_keeps_nothing_and_listens_nowhere_else);
    tcase_add_test(tests, a_killed_server_comes_back_on_its_socket_with_what_was_saved_or_empty);
    tcase_add_test(tests, settings_of_the_caller_win_and_may_hold_spaces_and_quotes);
    tcase_add_test(tests, the_environment_is_ours_with_additions);
    tcase_add_test(tests, a_library_in_memory_is_preloaded_and_one_descriptor_inherited);
    tcase_add_test(tests, other_descriptors_stay_with_the_owner);
    tcase_add_test(tests, a_missing_program_is_named_with_the_remedy);
    tcase_add_test(tests, an_old_server_is_refused);
    tcase_add_test(tests, a_server_that_ends_at_once_says_why);
    tcase_add_test(tests, a_folder_too_long_for_a_socket_is_refused);
    suite_add_tcase(suite, tests);
    TCase *ends = tcase_create("end");
    tcase_add_checked_fixture(ends, use_own_folder, NULL);
    tcase_add_test(ends, servers_end_with_an_owner_that_exits);
    tcase_add_loop_test(ends, servers_end_with_an_owner_that_is_killed, 0, 3);
    tcase_add_test(ends, a_server_ends_with_its_guardian);
    tcase_add_test(ends, a_server_that_died_is_stopped_like_any_other);
    suite_add_tcase(suite, ends);
    return suite;
}

int main(void) {
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
