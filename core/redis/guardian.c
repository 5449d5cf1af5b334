/* guardian.c - see the header. Between fork and exec, and in the guardian itself, nothing of the owner's is used: no
 * stdio, no atexit handlers (_exit), no descriptor but the line. A guardian that kept the owner's other descriptors
 * would hold the lines of other guardians open, and no server would ever end.
 *
 * The guardian lives in a session of its own, so that a Ctrl-C at the terminal reaches the owner only; the server
 * gets SIGKILL from the kernel when the guardian itself is killed (PR_SET_PDEATHSIG). */
#include "core/redis/guardian.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the owner says over the line; the answer is the number of the server, 0 for none. */
enum { ORDER_KILL = 'k', ORDER_RUN = 'r' };

static const int shielded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

static void set_signals(void (*handler)(int)) {
    for (size_t i = 0; i < sizeof shielded / sizeof *shielded; i++) signal(shielded[i], handler);
}

static bool kept(const guardian_plan *plan, int line, int fd) {
    for (int i = 0; i < GUARDIAN_KEEP; i++)
        if (plan->keep[i] == fd) return true;
    return fd == line || fd <= STDERR_FILENO;
}

static void close_others(const guardian_plan *plan, int line) {
    DIR *open_files = opendir("/proc/self/fd");
    if (!open_files) return;
    for (struct dirent *entry; (entry = readdir(open_files));) {
        int fd = atoi(entry->d_name);
        if (fd != dirfd(open_files) && !kept(plan, line, fd)) close(fd);
    }
    closedir(open_files);
}

static void point_standard_files(const char *out) {
    int null = open("/dev/null", O_RDWR);
    int log = out ? open(out, O_WRONLY | O_CREAT | O_APPEND, 0600) : dup(null);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (null > STDERR_FILENO) close(null);
    if (log > STDERR_FILENO) close(log);
}

static void become_server(const guardian_plan *plan, pid_t parent, int line) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    set_signals(SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(line);
    for (int i = 0; i < GUARDIAN_KEEP; i++)
        if (plan->keep[i] >= 0) fcntl(plan->keep[i], F_SETFD, 0);
    point_standard_files(plan->log);
    execve(plan->argv[0], plan->argv, plan->env);
    dprintf(STDERR_FILENO, "%s: %s\n", plan->argv[0], strerror(errno));
    _exit(127);
}

/* What the guardian knows. The plan stays valid: the guardian is a copy of its owner as it was. */
typedef struct ward {
    const guardian_plan *plan;
    int line, child_ended;
    pid_t self, server; /* server 0: none */
} ward;

static bool run_server(ward *w) {
    w->server = fork();
    if (w->server == 0) become_server(w->plan, w->self, w->line);
    if (w->server < 0) w->server = 0;
    return w->server > 0;
}

static void end_server(ward *w) {
    if (!w->server) return;
    kill(w->server, SIGKILL);
    waitpid(w->server, NULL, 0);
    w->server = 0;
}

/* Answers with the number of the server. False when the owner has hung up. */
static bool obey(ward *w) {
    char order;
    ssize_t got = read(w->line, &order, sizeof order);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    end_server(w);
    if (order == ORDER_RUN) run_server(w);
    return write(w->line, &w->server, sizeof w->server) == sizeof w->server;
}

/* Takes the signal from its descriptor; it also tells when a child was only stopped. */
static bool has_ended(const ward *w) {
    struct signalfd_siginfo signal_info;
    siginfo_t info = {0};
    return read(w->child_ended, &signal_info, sizeof signal_info) > 0 && w->server &&
           !waitid(P_PID, (id_t)w->server, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == w->server;
}

/* Until the owner hangs up. A server that ends by itself is told to the owner by hanging up our half of the line. */
static void watch(ward *w) {
    struct pollfd files[2] = {{.fd = w->line, .events = POLLIN}, {.fd = w->child_ended, .events = POLLIN}};
    for (;;) {
        if (poll(files, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (files[0].revents && !obey(w)) return;
        if (files[1].revents && has_ended(w)) {
            shutdown(w->line, SHUT_WR);
            files[1].fd = -1;
        }
    }
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_folder(const char *folder) {
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void be_guardian(const guardian_plan *plan, int line) {
    setsid();
    set_signals(SIG_IGN);
    close_others(plan, line);
    point_standard_files(NULL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &child, NULL);
    ward w = {.plan = plan, .line = line, .child_ended = signalfd(-1, &child, SFD_CLOEXEC), .self = getpid()};
    if (w.child_ended >= 0 && run_server(&w) && write(line, &w.server, sizeof w.server) == sizeof w.server) watch(&w);
    end_server(&w);
    remove_folder(plan->folder);
    _exit(0);
}

static bool read_number(int line, pid_t *ret_server) {
    ssize_t got;
    do got = read(line, ret_server, sizeof *ret_server);
    while (got < 0 && errno == EINTR);
    return got == sizeof *ret_server;
}

static void wait_for(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

sched_status guardian_start(const guardian_plan *plan, guardian *ret_guardian, sched_error *err) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return sched_fail(err, SCHED_EIO, "socketpair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        be_guardian(plan, pair[1]);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return sched_fail(err, SCHED_EIO, "fork: %s", strerror(errno));
    }
    pid_t server = 0;
    if (!read_number(pair[0], &server)) {
        close(pair[0]);
        wait_for(pid);
        return sched_fail(err, SCHED_EIO, "the process that guards redis-server could not start it");
    }
    *ret_guardian = (guardian){.pid = pid, .server = server, .line = pair[0]};
    return SCHED_OK;
}

bool guardian_server_lives(const guardian *g) {
    char byte;
    return recv(g->line, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0;
}

static void give_order(guardian *g, char order) {
    g->server = 0;
    if (send(g->line, &order, sizeof order, MSG_NOSIGNAL) != sizeof order || !read_number(g->line, &g->server))
        g->server = 0;
}

void guardian_kill_server(guardian *g) {
    give_order(g, ORDER_KILL);
}

sched_status guardian_run_server(guardian *g, sched_error *err) {
    give_order(g, ORDER_RUN);
    if (g->server > 0) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "the process that guards redis-server could not start it again");
}

void guardian_end(guardian *g, const char *folder) {
    assert(g->line >= 0);
    shutdown(g->line, SHUT_RDWR);
    close(g->line);
    wait_for(g->pid);
    remove_folder(folder);
    g->line = -1;
}
