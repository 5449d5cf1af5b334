/* watched.c - /proc/PID/stat for ticks, /proc/PID/statm for pages. */
#include "bench/load/watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Behind the name, which may hold spaces and brackets. */
static void read_stat(pid_t pid, watched_reading *reading) {
    char path[64], line[1024];
    unsigned long user, kernel;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file) return;
    const char *rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    if (rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) == 2)
        reading->cpu = (usec_t)(user + kernel) * (USEC_PER_SEC / sysconf(_SC_CLK_TCK));
}

static void read_statm(pid_t pid, watched_reading *reading) {
    char path[64];
    long size, resident;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file) return;
    if (fscanf(file, "%ld %ld", &size, &resident) == 2) reading->rss = resident * sysconf(_SC_PAGESIZE);
    fclose(file);
}

void watched_read(const watched *w, watched_reading *reading) {
    read_stat(w->pid, reading);
    read_statm(w->pid, reading);
}

sched_status watched_parse(const char *text, watched *ret_watched, sched_error *err) {
    watched w = {.name = ""};
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : 0;
    char *end = NULL;
    long pid = equals ? strtol(equals + 1, &end, 10) : 0;
    if (!len || len > WATCHED_NAME_MAX || pid <= 0 || *end)
        return sched_fail(err, SCHED_EINVAL, "\"%s\": expected NAME=PID, such as linguad=1234", text);
    memcpy(w.name, text, len);
    w.pid = (pid_t)pid;
    watched_read(&w, &w.start);
    if (!w.start.rss) return sched_fail(err, SCHED_EINVAL, "\"%s\": there is no process %ld", text, pid);
    *ret_watched = w;
    return SCHED_OK;
}
