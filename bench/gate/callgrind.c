/* callgrind.c - the words for valgrind, and the one line of its files that matters here: "totals: 171710".
 *
 * Files carry the process id, because a program under valgrind may fork, and a fork writes files of its own. */
#include "bench/gate/callgrind.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool find_valgrind(char path[PATH_MAX]) {
    const char *folders = getenv("PATH");
    for (const char *at = folders; at && *at;) {
        size_t len = strcspn(at, ":");
        if (snprintf(path, PATH_MAX, "%.*s/valgrind", (int)len, at) < PATH_MAX && !access(path, X_OK)) return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static sched_status make_folder(char folder[PATH_MAX], sched_error *err) {
    const char *tmp = getenv("TMPDIR");
    int len = snprintf(folder, PATH_MAX, "%s/lingua-gate-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (len >= PATH_MAX || !mkdtemp(folder)) return sched_fail(err, SCHED_EIO, "%.100s: %s", folder, strerror(errno));
    return SCHED_OK;
}

sched_status callgrind_open(const char *collect, const char *mark, callgrind *ret_callgrind, sched_error *err) {
    callgrind *c = ret_callgrind;
    *c = (callgrind){0};
    if (!find_valgrind(c->valgrind))
        return sched_fail(err, SCHED_ENOENT, "valgrind was not found (Debian: apt install valgrind)");
    sched_status status = make_folder(c->folder, err);
    if (status) return status;
    snprintf(c->out, sizeof c->out, "--callgrind-out-file=%s/%%p", c->folder);
    snprintf(c->collect, sizeof c->collect, "--toggle-collect=%s", collect);
    snprintf(c->mark, sizeof c->mark, "--dump-before=%s", mark);
    const char *const words[] = {c->valgrind, "-q", "--tool=callgrind", c->out, c->collect, c->mark};
    memcpy(c->words, words, sizeof words);
    return SCHED_OK;
}

void callgrind_close(callgrind *c) {
    char path[2 * PATH_MAX];
    DIR *folder = *c->folder ? opendir(c->folder) : NULL;
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", c->folder, entry->d_name);
        if (*entry->d_name != '.') unlink(path);
    }
    closedir(folder);
    rmdir(c->folder);
    *c->folder = '\0';
}

sched_status callgrind_part(const callgrind *c, pid_t pid, int part, int64_t *ret_instructions, sched_error *err) {
    char path[PATH_MAX + 32], line[4096];
    int64_t total = -1;
    snprintf(path, sizeof path, "%s/%d.%d", c->folder, (int)pid, part);
    FILE *file = fopen(path, "re");
    if (!file) return sched_fail(err, SCHED_EIO, "callgrind has not written part %d: %s", part, strerror(errno));
    while (total < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "totals: %" SCNd64, &total) != 1) total = -1;
    fclose(file);
    if (total < 0) return sched_fail(err, SCHED_EIO, "callgrind's part %d has no \"totals:\"", part);
    *ret_instructions = total;
    return SCHED_OK;
}
