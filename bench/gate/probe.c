/* probe.c - both ends of a probe: what the child measures and prints, and how the parent starts it and reads it.
 *
 * The child gets a process group of its own and SIGTERM when its parent dies, and an interrupt is handed on to it: what it has
 * started (servers, valgrind) ends with it. */
#include "bench/gate/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/commands.h"
#include "bench/gate/counters.h"
#include "bench/gate/instructions.h"
#include "bench/gate/pace.h"
#include "core/base/mem.h"

#define PROBE_SCHEMA "lingua.bench.probe/1"
enum { ANSWER_MAX = 1 << 20, COMPLAINT_MAX = 4096, PROBE_DIGITS = 15 };

static const char *const kinds[PROBE_KINDS] = {
    [PROBE_COUNTERS] = "counters",
    [PROBE_INSTRUCTIONS] = "instructions",
    [PROBE_PACE] = "pace",
    [PROBE_ENVIRONMENT] = "environment",
};

const char *probe_kind_name(probe_kind kind) {
    return kinds[kind];
}

/* --- the child ---------------------------------------------------------------------------------------------------------------- */

static sched_status measure(const char *kind, const char *folder, figures *f, sched_error *err) {
    if (!strcmp(kind, kinds[PROBE_COUNTERS])) return counters_measure(folder, f, err);
    if (!strcmp(kind, kinds[PROBE_INSTRUCTIONS])) return instructions_measure(folder, f, err);
    if (!strcmp(kind, kinds[PROBE_PACE])) return pace_measure(folder, f, err);
    if (!strcmp(kind, kinds[PROBE_ENVIRONMENT])) return SCHED_OK;
    return sched_fail(err, SCHED_EINVAL,
                      "lingua-bench probe: \"%.40s\": expected counters, instructions, pace or environment", kind);
}

static sched_status print_answer(const figures *f, sched_error *err) {
    environment env = environment_here();
    json_t *answer = json_pack("{s:s, s:o, s:o}", "schema", PROBE_SCHEMA, "environment", environment_to_json(&env),
                               "figures", figures_to_json(f));
    int failed = json_dumpf(answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(PROBE_DIGITS));
    json_decref(answer);
    puts("");
    if (failed || fflush(stdout)) return sched_fail(err, SCHED_EIO, "the answer could not be written");
    return SCHED_OK;
}

static const char help[] =
    "Usage: lingua-bench probe counters|instructions|pace|environment [SCRIPTS]\n"
    "\n"
    "What `lingua-bench gate` asks a binary for, as JSON on standard output. SCRIPTS is a folder of Lua scripts\n"
    "instead of those in the program. See bench/README.md.\n"
    "\n"
    "Exit status: 0 measured; 1 not; 2 bad usage.\n"
    "\n"
    "Example: lingua-bench probe counters\n";

int command_probe(int argc, char **argv) {
    sched_error err = {0};
    figures f = {0};
    bool asked = argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
    if (asked || argc < 2 || argc > 3) {
        fputs(help, asked ? stdout : stderr);
        return asked ? EXIT_FINE : EXIT_USAGE;
    }
    bool workloads_only = !strcmp(argv[1], "workloads"); /* what instructions_measure() runs under valgrind */
    sched_status status =
        workloads_only ? instructions_run_workloads(&err) : measure(argv[1], argc == 3 ? argv[2] : NULL, &f, &err);
    if (!status && !workloads_only) status = print_answer(&f, &err);
    figures_free(&f);
    if (status) fprintf(stderr, "%s\n", err.message);
    return status == SCHED_EINVAL ? EXIT_USAGE : status ? EXIT_FAILED : EXIT_FINE;
}

/* --- the parent --------------------------------------------------------------------------------------------------------------- */

static void become(const char *binary, probe_kind kind, const char *folder, FILE *out, FILE *complaints, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(EXIT_FAILED);
    /* A hash by address grows elsewhere at other addresses. By the clock they vary, so that no layout is favoured. */
    if (kind != PROBE_PACE) personality(ADDR_NO_RANDOMIZE);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(complaints), STDERR_FILENO);
    execl(binary, binary, "probe", kinds[kind], folder, (char *)NULL);
    fprintf(stderr, "%s\n", strerror(errno));
    _exit(127);
}

static sigset_t watched_signals(void) {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    return watched;
}

/* Waits for the child; a held interrupt ends it. True when it was interrupted. */
static bool wait_for(pid_t child, int *ret_state) {
    bool interrupted = false;
    sigset_t watched = watched_signals();
    while (waitpid(child, ret_state, WNOHANG) == 0) {
        int signal = sigwaitinfo(&watched, NULL);
        if (signal != SIGINT && signal != SIGTERM) continue;
        interrupted = true;
        kill(-child, SIGTERM);
    }
    return interrupted;
}

static void last_line(FILE *file, char line[COMPLAINT_MAX]) {
    char next[COMPLAINT_MAX];
    snprintf(line, COMPLAINT_MAX, "it said nothing");
    rewind(file);
    while (fgets(next, sizeof next, file))
        if (strspn(next, " \r\n") < strlen(next))
            snprintf(line, COMPLAINT_MAX, "%.*s", (int)strcspn(next, "\r\n"), next);
}

static sched_status read_answer(FILE *file, const char *binary, probe_answer *ret_answer, sched_error *err) {
    rewind(file);
    json_error_t where;
    json_t *doc = json_loadf(file, 0, &where);
    const char *schema = json_string_value(json_object_get(doc, "schema"));
    probe_answer answer = {0};
    sched_status status = SCHED_OK;
    if (!schema || strcmp(schema, PROBE_SCHEMA) != 0)
        status = sched_fail(err, SCHED_EIO, "%s probe: expected %s, got \"%.60s\"", binary, PROBE_SCHEMA,
                            schema ? schema : where.text);
    if (!status) status = environment_from_json(json_object_get(doc, "environment"), &answer.env, err);
    if (!status) status = figures_from_json(json_object_get(doc, "figures"), &answer.figures, err);
    json_decref(doc);
    if (!status) *ret_answer = answer;
    return status;
}

sched_status probe_ask(const char *binary, probe_kind kind, const char *folder, probe_answer *ret_answer,
                       sched_error *err) {
    FILE *out = tmpfile(), *complaints = tmpfile();
    sigset_t watched = watched_signals(), before;
    sched_status status = SCHED_OK;
    int state = 0;
    pid_t child = 0;
    bool interrupted = false;
    if (!out || !complaints) {
        status = sched_fail(err, SCHED_EIO, "temporary file: %s", strerror(errno));
        goto out;
    }
    sigprocmask(SIG_BLOCK, &watched, &before);
    fflush(NULL);
    pid_t self = getpid();
    child = fork();
    if (child == 0) become(binary, kind, folder, out, complaints, self);
    if (child < 0) {
        status = sched_fail(err, SCHED_EIO, "fork: %s", strerror(errno));
    } else {
        setpgid(child, child);
        interrupted = wait_for(child, &state);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (status) goto out;
    if (interrupted) {
        status = sched_fail(err, SCHED_EINTR, "interrupted");
    } else if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        char line[COMPLAINT_MAX];
        last_line(complaints, line);
        status = sched_fail(err, SCHED_EIO, "%s probe %s: %s", binary, kinds[kind], line);
    } else {
        status = read_answer(out, binary, ret_answer, err);
    }
out:
    if (out) fclose(out);
    if (complaints) fclose(complaints);
    return status;
}
