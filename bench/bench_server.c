/* bench_server.c - the daemon's front door alone: what a message costs it, and what a connection that says nothing.
 *
 * The server runs in a process of its own and echoes; this process is its clients. They share the machine, so what counts is the CPU time
 * that the server's process has used: round trips per second of it are what one core could do. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "bench/benchmarks.h"
#include "bench/load/ws_client.h"
#include "core/base/mem.h"
#include "core/daemon/server.h"

enum { TALKERS = 1000, ROUND_TRIPS = 60000, SILENT = 15000, IDLE_MSEC = 2000, ANSWER_MAX = SCHED_ERROR_MAX };

/* ---- the server's process ------------------------------------------------------------------------------------------- */

static void *opened(void *ctx, server_conn *conn, void *pass) {
    (void)conn;
    (void)pass;
    return ctx;
}

static void echo(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes) {
    (void)ctx;
    (void)user;
    frame *f = frame_new(binary, bytes);
    memcpy(f->data, data, bytes);
    server_send(conn, f);
    frame_unref(f);
}

static void closed(void *ctx, server_conn *conn, void *user) {
    (void)ctx;
    (void)conn;
    (void)user;
}

static const server_door doors[] = {
    {.path = "/echo", .opened = opened, .message = echo, .closed = closed},
    {0},
};

/* Writes its port, or why it has none, and serves until it is killed. */
static _Noreturn void serve(int out) {
    uv_loop_t loop;
    server *s;
    sched_error err;
    char answer[ANSWER_MAX];
    uv_loop_init(&loop);
    server_options options = {
        .loop = &loop,
        .host = "127.0.0.1",
        .doors = doors,
        .limits = {.connections = 1 << 20,
                   .message_bytes = 1 << 20,
                   .messages_per_sec = 1000000,
                   .queue_bytes = 8 << 20,
                   .handshake = 60 * USEC_PER_SEC,
                   .idle = 90 * USEC_PER_SEC,
                   .flood_cut = 60 * USEC_PER_SEC},
    };
    if (server_new(&options, &s, &err))
        snprintf(answer, sizeof answer, "%s", err.message);
    else
        snprintf(answer, sizeof answer, "%d", server_port(s));
    if (write(out, answer, strlen(answer)) < 0) _exit(1);
    close(out);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

typedef struct world {
    pid_t child;
    clockid_t child_clock;
    uv_loop_t loop;
    ws_crowd crowd;
    ws_target target;
    ws_client **clients;
    int64_t count, open, lost, left, on_the_way;
    char *text;
    size_t bytes;
} world;

/* What a client is told apart by. */
typedef struct talker {
    world *w;
    int64_t index;
} talker;

static double cpu_seconds(const world *w) {
    struct timespec t;
    clock_gettime(w->child_clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_bytes(const world *w) {
    char path[64];
    long pages = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)w->child);
    FILE *f = fopen(path, "re");
    if (!f) return 0;
    int read = fscanf(f, "%ld %ld", &pages, &resident);
    fclose(f);
    return read == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : 0;
}

static sched_status start(world *w, sched_error *err) {
    int ends[2];
    char answer[ANSWER_MAX] = "", url[ANSWER_MAX + 32];
    *w = (world){0};
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    fflush(NULL);
    if (pipe(ends) != 0) return sched_fail(err, SCHED_EIO, "pipe");
    w->child = fork();
    if (w->child == 0) {
        close(ends[0]);
        serve(ends[1]);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], answer, sizeof answer - 1);
    close(ends[0]);
    uv_loop_init(&w->loop);
    ws_crowd_init(&w->crowd, &w->loop, 1);
    if (w->child < 0 || got <= 0 || atoi(answer) == 0)
        return sched_fail(err, SCHED_EIO, "the server does not start: %s", answer);
    clock_getcpuclockid(w->child, &w->child_clock);
    snprintf(url, sizeof url, "ws://127.0.0.1:%s", answer);
    return ws_target_parse(url, &w->target, err);
}

static void stop(world *w, talker *talkers) {
    for (int64_t i = 0; i < w->count; i++) ws_client_close(w->clients[i]);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    ws_crowd_release(&w->crowd);
    uv_loop_close(&w->loop);
    if (w->child > 0) {
        kill(w->child, SIGKILL);
        waitpid(w->child, NULL, 0);
    }
    free(w->clients);
    free(w->text);
    free(talkers);
}

/* ---- the clients ---------------------------------------------------------------------------------------------------- */

static void on_opened(void *user) {
    talker *t = user;
    t->w->open++;
}

static void say(talker *t) {
    world *w = t->w;
    if (w->left == 0) return;
    w->left--;
    w->on_the_way++;
    ws_client_send(w->clients[t->index], w->text, w->bytes);
}

static void on_message(void *user, const char *text, size_t bytes) {
    talker *t = user;
    (void)text;
    (void)bytes;
    t->w->on_the_way--;
    say(t);
}

static void on_lost(void *user, const char *why) {
    talker *t = user;
    (void)why;
    t->w->clients[t->index] = NULL;
    t->w->lost++;
}

static const ws_handler handler = {on_opened, on_message, on_lost};

/* A hundred at a time, so that no backlog is too short. */
static sched_status connect_all(world *w, int64_t count, talker **ret_talkers, sched_error *err) {
    w->clients = mem_zalloc((size_t)count, sizeof(ws_client *));
    *ret_talkers = mem_zalloc((size_t)count, sizeof(talker));
    while (w->open < count && !w->lost) {
        while (w->count < count && w->count - w->open < 100) {
            talker *t = &(*ret_talkers)[w->count];
            *t = (talker){.w = w, .index = w->count};
            w->clients[w->count++] = ws_client_open(&w->crowd, &w->target, "/echo", "", &handler, t);
        }
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    if (w->lost) return sched_fail(err, SCHED_EIO, "%lld connections, then one was lost", (long long)w->open);
    return SCHED_OK;
}

static sched_status run_echo(bench_run *run, sched_error *err) {
    world w;
    talker *talkers = NULL;
    sched_status status = start(&w, err);
    if (!status) status = connect_all(&w, TALKERS, &talkers, err);
    w.bytes = (size_t)bench_number(run);
    w.text = mem_alloc(w.bytes);
    memset(w.text, 'x', w.bytes);
    while (!status && bench_again(run)) {
        int64_t work = bench_work(run, ROUND_TRIPS);
        double cpu = cpu_seconds(&w), began = bench_seconds();
        w.left = work;
        for (int64_t i = 0; i < w.count; i++) say(&talkers[i]);
        while ((w.left || w.on_the_way) && !w.lost) uv_run(&w.loop, UV_RUN_ONCE);
        if (w.lost) status = sched_fail(err, SCHED_EIO, "a connection was lost");
        cpu = cpu_seconds(&w) - cpu;
        bench_record(run, 0, (double)work / cpu);
        bench_record(run, 1, cpu / (double)work * 1e6);
        bench_record(run, 2, (double)work / (bench_seconds() - began));
    }
    stop(&w, talkers);
    return status;
}

static void on_timer(uv_timer_t *timer) {
    uv_stop(timer->loop);
    uv_close((uv_handle_t *)timer, NULL);
}

static sched_status run_idle(bench_run *run, sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        world w;
        talker *talkers = NULL;
        int64_t count = bench_work(run, SILENT);
        status = start(&w, err);
        double before = resident_bytes(&w);
        if (!status) status = connect_all(&w, count, &talkers, err);
        double cpu = cpu_seconds(&w), began = bench_seconds(), after = resident_bytes(&w);
        uv_timer_t timer;
        uv_timer_init(&w.loop, &timer);
        uv_timer_start(&timer, on_timer, IDLE_MSEC, 0);
        uv_run(&w.loop, UV_RUN_DEFAULT);
        bench_record(run, 0, (after - before) / (double)count);
        bench_record(run, 1, 100 * (cpu_seconds(&w) - cpu) / (bench_seconds() - began));
        stop(&w, talkers);
    }
    return status;
}

static const bench_value lengths[] = {{NULL, 100}, {NULL, 1024}, {NULL, 15360}};

const benchmark bench_server[] = {
    {
        .name = "server.echo",
        .what = "1,000 WebSocket connections, a message each on its way and back",
        .param = "bytes",
        .values = lengths,
        .value_count = sizeof lengths / sizeof *lengths,
        .metrics = {{"round_trips_per_cpu_second", "1/s"},
                    {"server_cpu_us_per_round_trip", "us"},
                    {"round_trips_per_second", "1/s"}},
        .run = run_echo,
    },
    {
        .name = "server.idle",
        .what = "15,000 WebSocket connections that say nothing",
        .metrics = {{"resident_bytes_per_connection", "B"}, {"cpu_percent", "%"}},
        .run = run_idle,
    },
    {.name = NULL},
};
