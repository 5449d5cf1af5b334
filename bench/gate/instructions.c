/* instructions.c - marks in the right order.
 *
 * Workloads: each is run twice, and each run ends with a mark. The first run grows what has to grow, the second counts.
 *
 * Scripts: calls go by stages (pipe_link.h), and a stage ends with an ECHO, which nobody else sends. So the part between two marks
 * is so many calls of one script. The first windows of jobs warm up; what nodes do once is counted where they do it. */
#include "bench/gate/instructions.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/gate/callgrind.h"
#include "bench/gate/workloads.h"
#include "bench/rig.h"

/* --- this program --------------------------------------------------------------------------------------------------------------- */

sched_status instructions_run_workloads(sched_error *err) {
    for (const workload *w = workloads; w->name; w++) {
        void *ctx = NULL;
        sched_status status = w->open(&ctx, err);
        if (status) return status;
        for (int run = 0; run < 2; run++) {
            gate_work(w, ctx, w->counted);
            gate_mark(w->counted);
        }
        w->close(ctx);
    }
    return SCHED_OK;
}

static sched_status start_child(const callgrind *c, pid_t *ret_pid, sched_error *err) {
    char self[PATH_MAX], command[] = "probe", kind[] = "workloads";
    char *argv[CALLGRIND_WORDS + 4];
    int argc = 0;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len < 0) return sched_fail(err, SCHED_EIO, "/proc/self/exe: %s", strerror(errno));
    self[len] = '\0';
    for (const char *const *word = c->words; *word; word++) argv[argc++] = (char *)*word;
    argv[argc++] = self;
    argv[argc++] = command;
    argv[argc++] = kind;
    argv[argc] = NULL;
    int failed = posix_spawn(ret_pid, argv[0], NULL, NULL, argv, environ);
    return failed ? sched_fail(err, SCHED_EIO, "%s: %s", argv[0], strerror(failed)) : SCHED_OK;
}

static sched_status end_child(pid_t pid, sched_error *err) {
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "the workloads under valgrind ended with status %d", state);
}

static sched_status read_workloads(const callgrind *c, pid_t pid, figures *f, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; !status && workloads[i].name; i++) {
        int64_t instructions = 0;
        status = callgrind_part(c, pid, 2 * i + 2, &instructions, err);
        if (!status && !instructions)
            status = sched_fail(err, SCHED_EPROTO, "no instructions in %s: this program was stripped of its symbols",
                                WORKLOAD_RUN);
        if (!status) figures_add(f, (double)instructions / (double)workloads[i].counted, "core.%s", workloads[i].name);
    }
    return status;
}

/* --- redis-server --------------------------------------------------------------------------------------------------------------- */

#define SCRIPT_FUNCTION "evalGenericCommand"
#define MARK_FUNCTION   "echoCommand"
enum { NODES = 40, LANGS = 3, WINDOW = 100, WINDOWS_WARM = 1, WINDOWS = 3 };

typedef struct counting {
    rig *r;
    callgrind c;
    int part;
    bool warm; /* what comes now is not counted */
    int64_t calls[SCRIPT_COUNT], instructions[SCRIPT_COUNT];
} counting;

static sched_status mark(const counting *k, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "ECHO");
    call_str(&call, "mark");
    sched_status status = sync_client_call(rig_client(k->r), &call, &reply, err);
    sync_reply_free(reply);
    return status;
}

/* What was collected since the last one. */
static sched_status end_part(counting *k, int64_t *ret_instructions, sched_error *err) {
    sched_status status = mark(k, err);
    return status ? status : callgrind_part(&k->c, rig_server_pid(k->r), ++k->part, ret_instructions, err);
}

/* A mark takes callgrind some 20 ms, so there is none where nothing is collected, or what is will be thrown away. */
static sched_status on_stage(void *ctx, script_id script, int calls, sched_error *err) {
    counting *k = ctx;
    int64_t instructions = 0;
    if (script == SCRIPT_NONE || k->warm) return SCHED_OK;
    sched_status status = end_part(k, &instructions, err);
    if (status) return status;
    if (!instructions)
        return sched_fail(err, SCHED_EPROTO, "no instructions in redis-server's %s: it has no symbols",
                          SCRIPT_FUNCTION);
    k->calls[script] += calls;
    k->instructions[script] += instructions;
    return SCHED_OK;
}

static sched_status run_windows(counting *k, int windows, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < windows && !status; i++) status = rig_run_jobs(k->r, WINDOW, WINDOW, err);
    return status;
}

static sched_status drive(counting *k, sched_error *err) {
    node_load load = {.cpu = 50, .gpu = 60, .mem = 40};
    sched_status status = rig_settle(k->r, err);
    if (!status) rig_by_stages(k->r, on_stage, k);
    if (!status) status = rig_add_nodes(k->r, NODES, LANGS, LANGS, err);
    for (int n = 0; n < NODES; n++) scheduler_node_heartbeat(rig_scheduler(k->r), rig_node_conn(n), &load);
    if (!status) status = rig_settle(k->r, err);
    int64_t dropped;
    k->warm = true;
    if (!status) status = run_windows(k, WINDOWS_WARM, err);
    if (!status) status = end_part(k, &dropped, err);
    k->warm = false;
    return status ? status : run_windows(k, WINDOWS, err);
}

static sched_status count_scripts(const char *folder, counting *k, sched_error *err) {
    sched_status status = callgrind_open(SCRIPT_FUNCTION, MARK_FUNCTION, &k->c, err);
    rig_options options = {.phase = "production", .scripts = folder, .still = true, .launcher = k->c.words};
    if (!status) status = rig_open(&options, &k->r, err);
    if (!status) status = drive(k, err);
    rig_free(k->r);
    callgrind_close(&k->c);
    return status;
}

/* Both at once: what is counted does not depend on what else runs. */
sched_status instructions_measure(const char *folder, figures *ret_figures, sched_error *err) {
    figures f = {0};
    counting k = {0};
    callgrind c;
    pid_t pid = 0;
    sched_status status = callgrind_open(WORKLOAD_RUN, WORKLOAD_MARK, &c, err);
    if (!status) status = start_child(&c, &pid, err);
    if (!status) {
        status = count_scripts(folder, &k, err);
        sched_status ended = end_child(pid, status ? NULL : err);
        if (!status) status = ended;
    }
    if (!status) status = read_workloads(&c, pid, &f, err);
    for (int s = 0; s < SCRIPT_COUNT && !status; s++)
        if (k.calls[s])
            figures_add(&f, (double)k.instructions[s] / (double)k.calls[s], "redis.%s", scripts_name((script_id)s));
    callgrind_close(&c);
    if (status)
        figures_free(&f);
    else
        *ret_figures = f;
    return status;
}
