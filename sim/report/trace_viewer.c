/* trace_viewer.c - async slices ("b", "e") rather than nested ones: jobs of a node overlap, and so do utterances of a session. A slice
 * is known to the viewer by its id, so nothing has to be remembered here but the tracks. */
#include "sim/report/trace_viewer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/report/story_walk.h"

#include <uthash.h>

enum { NODES = 1, SESSIONS = 2 }; /* processes, in the words of the format */

typedef struct track {
    char *name;
    int number;
    UT_hash_handle hh;
} track;

typedef struct viewer {
    FILE *out;
    track *tracks[SESSIONS + 1];
    int count;
    bool begun;
} viewer;

static void begin(viewer *v) {
    fputs(v->begun ? ",\n" : "[\n", v->out);
    v->begun = true;
}

static void name_process(viewer *v, int process, const char *name) {
    begin(v);
    fprintf(v->out, "{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}", process, name);
}

/* Ids need no escape. */
static int track_of(viewer *v, int process, const char *name) {
    track *one;
    HASH_FIND_STR(v->tracks[process], name, one);
    if (!one) {
        one = mem_zalloc(1, sizeof *one);
        one->name = mem_strdup(name);
        one->number = ++v->count;
        HASH_ADD_KEYPTR(hh, v->tracks[process], one->name, strlen(one->name), one);
        begin(v);
        fprintf(v->out, "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}}",
                process, one->number, name);
    }
    return one->number;
}

static void slice(viewer *v, char phase, int process, const char *on, const char *id, const char *name,
                  const story_event *e) {
    int number = track_of(v, process, on);
    begin(v);
    fprintf(v->out,
            "{\"ph\":\"%c\",\"cat\":\"%s\",\"pid\":%d,\"tid\":%d,\"id\":\"%s\",\"name\":\"%s\",\"ts\":%.0f,"
            "\"args\":{\"outcome\":\"%s\",\"code\":\"%s\"}}",
            phase, process == NODES ? "job" : "utterance", process, number, id, name, e->t * 1e6, e->outcome, e->code);
}

static bool is_one_of(const char *event, const char *const *names) {
    for (; *names; names++)
        if (!strcmp(event, *names)) return true;
    return false;
}

static void visit(void *ctx, const story_event *e) {
    static const char *const ends[] = {"node_finished", "node_cancelled", "node_lost", NULL};
    static const char *const answers[] = {"client_answered", "client_missed", NULL};
    viewer *v = ctx;
    char id[256];
    if (*e->job && *e->node && (!strcmp(e->event, "node_started") || is_one_of(e->event, ends))) {
        snprintf(id, sizeof id, "%s/%" PRId64, e->job, e->attempt);
        slice(v, !strcmp(e->event, "node_started") ? 'b' : 'e', NODES, e->node, id, e->job, e);
    } else if (!strcmp(e->event, "client_sent") || is_one_of(e->event, answers)) {
        snprintf(id, sizeof id, "%s:%" PRId64, e->session, e->utterance);
        slice(v, !strcmp(e->event, "client_sent") ? 'b' : 'e', SESSIONS, e->session, id,
              *e->pair ? e->pair : "utterance", e);
    } else if (!strncmp(e->event, "fault_", 6) || !strncmp(e->event, "instance_", 9)) {
        begin(v);
        fprintf(v->out, "{\"ph\":\"i\",\"s\":\"g\",\"pid\":%d,\"tid\":0,\"name\":\"%s %s\",\"ts\":%.0f}", NODES,
                e->event, e->code, e->t * 1e6);
    }
}

sched_status trace_viewer_write(const char *path, FILE *out, sched_error *err) {
    viewer v = {.out = out};
    name_process(&v, NODES, "nodes");
    name_process(&v, SESSIONS, "sessions");
    sched_status status = story_walk(path, visit, &v, err);
    fputs("\n]\n", out);
    for (int process = NODES; process <= SESSIONS; process++) {
        track *one, *next;
        HASH_ITER (hh, v.tracks[process], one, next) {
            HASH_DEL(v.tracks[process], one);
            free(one->name);
            free(one);
        }
    }
    return status;
}
