/* private_server.c - finds redis-server, writes its configuration into a fresh folder, and has a guardian run it.
 *
 * Why a configuration file and not arguments: values may contain spaces and quotes, and the folder's name may too. */
#include "core/redis/private_server.h"

#include "core/base/mem.h"
#include "core/redis/guardian.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OLDEST_MAJOR = 7, START_PATIENCE_MS = 10000, LAUNCHED_PATIENCE_MS = 60000, VERSION_MAX = 32, LAUNCHER_MAX = 16 };

struct private_server {
    guardian guardian;
    int patience_ms; /* of a start */
    char version[VERSION_MAX];
    char binary[PATH_MAX];
    char folder[PATH_MAX];
    char socket[sizeof((struct sockaddr_un *)0)->sun_path];
    char config[PATH_MAX + 16];
    char log[PATH_MAX + 16];
};

const private_server_options private_server_defaults = {.preload_fd = -1, .inherit_fd = -1};

// clang-format off
static const char *const default_config[] = {
    "port", "0",
    "save", "",
    "appendonly", "no",
    "unixsocketperm", "700",
    "loglevel", "warning",
    "enable-debug-command", "local",
    "daemonize", "no",
    NULL,
};
// clang-format on

/* --- the program -------------------------------------------------------------------------------------------------- */

static bool is_program(const char *path) {
    struct stat info;
    return !stat(path, &info) && S_ISREG(info.st_mode) && !access(path, X_OK);
}

static bool find_on_path(const char *name, char path[PATH_MAX]) {
    const char *folders = getenv("PATH");
    for (const char *at = folders; at && *at;) {
        size_t len = strcspn(at, ":");
        if (snprintf(path, PATH_MAX, "%.*s/%s", (int)len, at, name) < PATH_MAX && is_program(path)) return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static sched_status find_binary(const char *binary, char path[PATH_MAX], sched_error *err) {
    if (!binary) binary = "redis-server";
    bool found;
    if (strchr(binary, '/'))
        found = realpath(binary, path) && is_program(path);
    else
        found = find_on_path(binary, path);
    if (found) return SCHED_OK;
    return sched_fail(err, SCHED_ENOENT,
                      "%s was not found: install Redis %d or later (Debian: apt install redis-server)", binary,
                      OLDEST_MAJOR);
}

static size_t output_of(char *const argv[], char *text, size_t size) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    pid_t pid = 0;
    size_t len = 0;
    int failed = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    close(ends[1]);
    if (!failed) {
        ssize_t got;
        while (len + 1 < size && (got = read(ends[0], text + len, size - 1 - len)) > 0) len += (size_t)got;
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    }
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    text[len] = '\0';
    return len;
}

/* "Redis server v=7.0.15 sha=..." */
static sched_status check_version(private_server *s, sched_error *err) {
    char text[512] = "";
    char option[] = "--version";
    char *argv[] = {s->binary, option, NULL};
    output_of(argv, text, sizeof text);
    const char *version = strstr(text, "v=");
    if (!version || sscanf(version, "v=%31s", s->version) != 1)
        return sched_fail(err, SCHED_EIO, "%s --version: expected \"v=...\", got \"%.60s\"", s->binary, text);
    if (atoi(s->version) < OLDEST_MAJOR)
        return sched_fail(err, SCHED_EINVAL, "%s is version %s: Redis %d or later is needed", s->binary, s->version,
                          OLDEST_MAJOR);
    return SCHED_OK;
}

/* --- its folder and configuration --------------------------------------------------------------------------------- */

static sched_status make_folder(private_server *s, sched_error *err) {
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !*tmp) tmp = "/tmp";
    char base[PATH_MAX];
    if (!realpath(tmp, base)) return sched_fail(err, SCHED_EIO, "temporary folder \"%s\": %s", tmp, strerror(errno));
    char folder[PATH_MAX + 32];
    snprintf(folder, sizeof folder, "%s/lingua-redis-XXXXXX", base);
    size_t len = strlen(folder) + strlen("/redis.sock");
    if (len >= sizeof s->socket)
        return sched_fail(err, SCHED_EINVAL,
                          "temporary folder \"%s\" is too long for a unix socket: its path would have %zu bytes, at "
                          "most %zu are possible; set TMPDIR to a shorter one",
                          base, len, sizeof s->socket - 1);
    if (!mkdtemp(folder)) return sched_fail(err, SCHED_EIO, "temporary folder \"%s\": %s", folder, strerror(errno));
    memcpy(s->folder, folder, strlen(folder) + 1);
    snprintf(s->socket, sizeof s->socket, "%.90s/redis.sock", s->folder);
    snprintf(s->config, sizeof s->config, "%s/redis.conf", s->folder);
    snprintf(s->log, sizeof s->log, "%s/log", s->folder);
    return SCHED_OK;
}

static void write_directive(FILE *file, const char *name, const char *value) {
    fprintf(file, "%s \"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\') fputc('\\', file);
        fputc(*value, file);
    }
    fputs("\"\n", file);
}

static sched_status write_config(const private_server *s, const private_server_options *options, sched_error *err) {
    FILE *file = fopen(s->config, "w");
    if (!file) return sched_fail(err, SCHED_EIO, "%s: %s", s->config, strerror(errno));
    for (const char *const *pair = default_config; *pair; pair += 2) write_directive(file, pair[0], pair[1]);
    write_directive(file, "dir", s->folder);
    write_directive(file, "unixsocket", s->socket);
    if (options->port) {
        fprintf(file, "port %d\n", options->port);
        write_directive(file, "bind", "127.0.0.1");
    }
    for (const char *const *pair = options->config; pair && *pair; pair += 2) write_directive(file, pair[0], pair[1]);
    if (fclose(file)) return sched_fail(err, SCHED_EIO, "%s: %s", s->config, strerror(errno));
    return SCHED_OK;
}

/* --- its environment ---------------------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b) {
    size_t len = strcspn(a, "=");
    return !strncmp(a, b, len) && b[len] == '=';
}

static size_t put(char **env, size_t count, const char *entry) {
    for (size_t i = 0; i < count; i++)
        if (same_name(env[i], entry)) {
            env[i] = (char *)entry;
            return count;
        }
    env[count] = (char *)entry;
    return count + 1;
}

/* Ours, with what the options add; the texts stay where they are. */
static char **make_environment(const private_server_options *options, const char *preload) {
    size_t most = 2;
    for (char **entry = environ; *entry; entry++) most++;
    for (const char *const *entry = options->env; entry && *entry; entry++) most++;
    char **env = mem_zalloc(most, sizeof *env);
    size_t count = 0;
    for (char **entry = environ; *entry; entry++) env[count++] = *entry;
    for (const char *const *entry = options->env; entry && *entry; entry++) count = put(env, count, *entry);
    if (options->preload_fd >= 0) put(env, count, preload);
    return env;
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void last_log_line(const private_server *s, char *line, size_t size) {
    char text[2048];
    *line = '\0';
    FILE *file = fopen(s->log, "r");
    if (!file) return;
    while (fgets(text, sizeof text, file))
        if (strspn(text, " \r\n") < strlen(text)) snprintf(line, size, "%.*s", (int)strcspn(text, "\r\n"), text);
    fclose(file);
}

/* By hand and not with a client, because MSG_NOSIGNAL keeps a server that dies just now from killing its owner. */
static bool answers(const private_server *s) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 1};
    char text[8] = "";
    memcpy(address.sun_path, s->socket, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool pong = !connect(fd, (struct sockaddr *)&address, sizeof address) &&
                send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, text, sizeof text, 0) > 0 &&
                !strncmp(text, "+PONG", 5);
    close(fd);
    return pong;
}

static sched_status wait_until_it_answers(const private_server *s, sched_error *err) {
    int64_t give_up = monotonic_ms() + s->patience_ms;
    while (!answers(s)) {
        bool lives = guardian_server_lives(&s->guardian);
        if (lives && monotonic_ms() < give_up) {
            usleep(1000);
            continue;
        }
        char line[256];
        last_log_line(s, line, sizeof line);
        if (!*line) snprintf(line, sizeof line, "its log is empty");
        if (!lives) return sched_fail(err, SCHED_EIO, "%s ended while it started: %s", s->binary, line);
        return sched_fail(err, SCHED_EIO, "%s did not answer within %d s: %s", s->binary, s->patience_ms / 1000, line);
    }
    return SCHED_OK;
}

static sched_status run_guarded(private_server *s, const private_server_options *options, sched_error *err) {
    char preload[64];
    snprintf(preload, sizeof preload, "LD_PRELOAD=/proc/self/fd/%d", options->preload_fd);
    char **env = make_environment(options, preload);
    char *argv[LAUNCHER_MAX + 3] = {NULL};
    int argc = 0;
    for (const char *const *word = options->launcher; word && *word; word++) {
        assert(argc < LAUNCHER_MAX);
        argv[argc++] = (char *)*word;
    }
    argv[argc++] = s->binary;
    argv[argc] = s->config;
    s->patience_ms = options->launcher ? LAUNCHED_PATIENCE_MS : START_PATIENCE_MS;
    guardian_plan plan = {
        .folder = s->folder,
        .log = s->log,
        .argv = argv,
        .env = env,
        .keep = {options->preload_fd, options->inherit_fd},
    };
    sched_status status = guardian_start(&plan, &s->guardian, err);
    free(env);
    if (status) return status;
    status = wait_until_it_answers(s, err);
    if (status) guardian_end(&s->guardian, s->folder);
    return status;
}

sched_status private_server_start(const private_server_options *options, private_server **ret_server,
                                  sched_error *err) {
    if (!options) options = &private_server_defaults;
    private_server *s = mem_zalloc(1, sizeof *s);
    sched_status status = find_binary(options->binary, s->binary, err);
    if (!status) status = check_version(s, err);
    if (!status) status = make_folder(s, err);
    if (!status) status = write_config(s, options, err);
    if (!status) status = run_guarded(s, options, err);
    if (status) {
        unlink(s->config);
        rmdir(s->folder);
        free(s);
        return status;
    }
    *ret_server = s;
    return SCHED_OK;
}

private_server *private_server_stop(private_server *server) {
    if (!server) return NULL;
    guardian_end(&server->guardian, server->folder);
    free(server);
    return NULL;
}

void private_server_kill(private_server *server) {
    guardian_kill_server(&server->guardian);
}

sched_status private_server_revive(private_server *server, bool with_data, sched_error *err) {
    char data[PATH_MAX + 16];
    snprintf(data, sizeof data, "%s/dump.rdb", server->folder);
    if (!with_data) unlink(data);
    sched_status status = guardian_run_server(&server->guardian, err);
    return status ? status : wait_until_it_answers(server, err);
}

const char *private_server_socket(const private_server *server) {
    return server->socket;
}

const char *private_server_version(const private_server *server) {
    return server->version;
}

int private_server_pid(const private_server *server) {
    return server->guardian.server;
}
