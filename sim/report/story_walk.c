/* story_walk.c - line by line: a trace of a long run does not fit into memory. */
#include "sim/report/story_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

sched_status story_walk(const char *path, story_visit *visit, void *ctx, sched_error *err) {
    FILE *in = fopen(path, "r");
    if (!in && errno == ENOENT)
        return sched_fail(err, SCHED_ENOENT, "%s: there is none: run the scenario with --trace", path);
    if (!in) return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t size = 0;
    sched_status status = SCHED_OK;
    ssize_t bytes;
    for (int64_t number = 1; (bytes = getline(&line, &size, in)) > 0; number++) {
        story_event e;
        status = story_event_read(line, (size_t)bytes, path, number, &e, err);
        if (status) break;
        visit(ctx, &e);
        story_event_free(&e);
    }
    if (!status && ferror(in)) status = sched_fail(err, SCHED_EIO, "%s: it cannot be read", path);
    free(line);
    fclose(in);
    return status;
}
