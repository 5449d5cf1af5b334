/* gnuplot.c - the script goes in through a file without a name, and what gnuplot has to say comes out through another: no pipe can
 * fill up, so that waiting for the end is all there is to do. */
#include "sim/report/gnuplot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MSEC = 30000, LOOK_MSEC = 2, SAID_MAX = 1024 };

static int anonymous_file(const char *name, const char *text) {
    int fd = memfd_create(name, MFD_CLOEXEC);
    size_t len = strlen(text);
    while (fd >= 0 && len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            close(fd);
            return -1;
        }
        text += n;
        len -= (size_t)n;
    }
    if (fd >= 0) lseek(fd, 0, SEEK_SET);
    return fd;
}

/* The locale decides how numbers are written, so it is fixed. */
static int spawn(const char *folder, int in, int said, pid_t *ret_pid) {
    char path[4096];
    const char *given = getenv("PATH");
    snprintf(path, sizeof path, "PATH=%s", given ? given : "/usr/local/bin:/usr/bin:/bin");
    char *argv[] = {"gnuplot", "-d", "-", NULL}, *envp[] = {path, "LC_ALL=C.UTF-8", NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addchdir_np(&files, folder);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, said, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, said, STDERR_FILENO);
    int failed = posix_spawnp(ret_pid, "gnuplot", &files, NULL, argv, envp);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* False when it had to be killed. */
static bool wait_for(pid_t pid, int *ret_status) {
    const struct timespec pause = {.tv_nsec = LOOK_MSEC * 1000000L};
    for (int msec = 0; msec < PATIENCE_MSEC; msec += LOOK_MSEC) {
        if (waitpid(pid, ret_status, WNOHANG) == pid) return true;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, ret_status, 0);
    return false;
}

/* The line with the reason is the last one that is not empty. */
static const char *last_line(int said, char text[SAID_MAX]) {
    off_t end = lseek(said, 0, SEEK_END);
    off_t from = end > SAID_MAX - 1 ? end - (SAID_MAX - 1) : 0;
    ssize_t len = pread(said, text, SAID_MAX - 1, from);
    while (len > 0 && isspace((unsigned char)text[len - 1])) len--;
    text[len > 0 ? len : 0] = '\0';
    char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    while (isspace((unsigned char)*line)) line++;
    return line;
}

static sched_status ended_badly(int code, int said, sched_error *err) {
    char text[SAID_MAX];
    if (WIFSIGNALED(code)) return sched_fail(err, SCHED_EIO, "gnuplot: ended by signal %d", WTERMSIG(code));
    const char *line = last_line(said, text);
    return sched_fail(err, SCHED_EIO, "gnuplot: exit status %d: %s", WEXITSTATUS(code),
                      *line ? line : "it said nothing");
}

sched_status gnuplot_run(const char *folder, const char *script, sched_error *err) {
    sched_status status = SCHED_OK;
    pid_t pid;
    int code = 0, failed;
    int in = anonymous_file("script", script), said = anonymous_file("said", "");
    if (in < 0 || said < 0) {
        status = sched_fail(err, SCHED_EIO, "gnuplot: %s", strerror(errno));
        goto out;
    }
    failed = spawn(folder, in, said, &pid);
    if (failed) {
        status = sched_fail(err, failed == ENOENT ? SCHED_ENOENT : SCHED_EIO, "gnuplot: %s",
                            failed == ENOENT ? "not installed (apt-get install gnuplot-nox)" : strerror(failed));
    } else if (!wait_for(pid, &code)) {
        status = sched_fail(err, SCHED_ETIMEDOUT, "gnuplot: not done after %d s", PATIENCE_MSEC / 1000);
    } else if (!WIFEXITED(code) || WEXITSTATUS(code) != 0) {
        status = ended_badly(code, said, err);
    }
out:
    if (in >= 0) close(in);
    if (said >= 0) close(said);
    return status;
}
