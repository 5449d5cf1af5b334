/* farm.c - one loop that waits for signals: a child that ended, the user, or half a second.
 *
 * The signals are blocked and taken by sigtimedwait(), so nothing runs inside a handler and none is lost between looking and
 * waiting. Children get the mask back that the parent had. */
#include "sim/commands/farm.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_NSEC = 500000000, NO_PROCESS = 127 };

typedef struct worker {
    pid_t pid; /* 0: idle */
    size_t task;
} worker;

typedef struct herd {
    const farm *farm;
    worker workers[FARM_JOBS_MAX];
    int running;
    size_t next;
    int interrupts;
    sigset_t watched, before;
} herd;

static _Noreturn void be_child(const herd *h, size_t task, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &h->before, NULL);
    if (getppid() != parent) _exit(NO_PROCESS);
    int status = h->farm->run(h->farm->ctx, task);
    fflush(NULL);
    _exit(status);
}

static void begin(herd *h, worker *w) {
    size_t task = h->next++;
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) be_child(h, task, parent);
    if (pid < 0) {
        h->farm->ended(h->farm->ctx, task, NO_PROCESS);
        return;
    }
    *w = (worker){pid, task};
    h->running++;
    h->farm->began(h->farm->ctx, task);
}

static void fill(herd *h) {
    for (int i = 0; i < h->farm->jobs; i++) {
        while (!h->interrupts && h->next < h->farm->count && !h->workers[i].pid) begin(h, &h->workers[i]);
    }
}

static void reap(herd *h) {
    for (int i = 0; i < h->farm->jobs; i++) {
        worker *w = &h->workers[i];
        int status;
        if (!w->pid || waitpid(w->pid, &status, WNOHANG) != w->pid) continue;
        w->pid = 0;
        h->running--;
        h->farm->ended(h->farm->ctx, w->task,
                       WIFSIGNALED(status) ? FARM_KILLED + WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void hand_on(herd *h) {
    int signal = h->interrupts++ ? SIGKILL : SIGINT;
    for (int i = 0; i < h->farm->jobs; i++) {
        if (h->workers[i].pid) kill(h->workers[i].pid, signal);
    }
}

bool farm_run(const farm *f) {
    assert(f->jobs >= 1 && f->jobs <= FARM_JOBS_MAX);
    herd *h = &(herd){.farm = f};
    sigemptyset(&h->watched);
    sigaddset(&h->watched, SIGCHLD);
    sigaddset(&h->watched, SIGINT);
    sigaddset(&h->watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &h->watched, &h->before);
    for (fill(h); h->running; fill(h)) {
        int signal = sigtimedwait(&h->watched, NULL, &(struct timespec){.tv_nsec = TICK_NSEC});
        if (signal == SIGINT || signal == SIGTERM) hand_on(h);
        reap(h);
        f->tick(f->ctx);
    }
    sigprocmask(SIG_SETMASK, &h->before, NULL);
    return !h->interrupts;
}

int farm_processors(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return n < FARM_JOBS_MAX ? n : FARM_JOBS_MAX;
}
