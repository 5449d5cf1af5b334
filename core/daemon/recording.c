/* recording.c - the scheduler's events as lines; an event tells all that is known of its job, so nothing is remembered here.
 *
 * Arrivals are told in the order in which they were decided, and a replay wants times that do not go backwards; what was decided a moment
 * later than one that came after it takes that one's time. */
#include "core/daemon/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/daemon/record_file.h"

#include <stdlib.h>

enum { TABLE_ARRIVALS, TABLE_OUTCOMES, TABLE_NODES, TABLES };

struct recording {
    record_file tables[TABLES];
    char folder[512];
    uint64_t key;
    usec_t began, arrived_last, flushed;
    usec_t speech; /* of the request that was told last: a refusal follows at once */
    bool failed;
    logger log;
};

static double seconds(const recording *r, usec_t at) {
    return (double)(at > r->began ? at - r->began : 0) / USEC_PER_SEC;
}

static double length(usec_t usec) {
    return (double)usec / USEC_PER_SEC;
}

/* Keyed by what nobody keeps, so that an id cannot be tried. */
static uint64_t hidden(const recording *r, const char *id) {
    char text[ID_MAX + 40];
    snprintf(text, sizeof text, "%016" PRIx64 ":%.*s:%016" PRIx64, r->key, ID_MAX, id, ~r->key);
    uint64_t hash = hash_text(text);
    return hash ^ (hash >> 29);
}

static void stop(recording *r, const sched_error *err) {
    r->failed = true;
    log_write(&r->log, LOG_ERROR, "recording_ended", "reason=\"%s\"", err->message);
}

#define WRITE(r, table, ...)                                                                                           \
    do {                                                                                                               \
        sched_error err_;                                                                                              \
        if (!(r)->failed && record_file_write(&(r)->tables[table], &err_, __VA_ARGS__)) stop(r, &err_);                \
    } while (0)

static void arrival(recording *r, const sched_event *e) {
    usec_t at = e->until > r->arrived_last ? e->until : r->arrived_last;
    r->arrived_last = at;
    r->speech = e->value;
    WRITE(r, TABLE_ARRIVALS, "%.6f,%016" PRIx64 ",%" PRIu64 ",%s,%s,%.6f", seconds(r, at), hidden(r, e->session),
          e->utterance, e->pair->src, e->pair->tgt, length(e->value));
}

/* Of a job that was taken over from another instance too little is known. */
static void finished(recording *r, const sched_event *e) {
    if (!e->arrived) return;
    WRITE(r, TABLE_OUTCOMES, "%.6f,%s,%s,%.6f,%s,%s,%" PRId64 ",%.6f,%.6f,%.6f", seconds(r, e->arrived), e->pair->src,
          e->pair->tgt, length(e->value), job_outcome_name(e->outcome), e->code, e->attempt,
          e->sent ? length(e->sent - e->arrived) : 0.0, e->sent ? length(e->at - e->sent) : 0.0,
          length(e->at - e->arrived));
}

static void refused(recording *r, const sched_event *e) {
    WRITE(r, TABLE_OUTCOMES, "%.6f,%s,%s,%.6f,refused,%s,0,0.000000,0.000000,%.6f", seconds(r, r->arrived_last),
          e->pair->src, e->pair->tgt, length(r->speech), e->code, length(e->at - r->arrived_last));
}

static void node(recording *r, const sched_event *e, const char *what) {
    WRITE(r, TABLE_NODES, "%.6f,%016" PRIx64 ",%s,%" PRId64 ",%s,%s", seconds(r, e->at), hidden(r, e->node), what,
          e->limit, e->sources ? e->sources : "", e->targets ? e->targets : "");
}

static void flush(recording *r, usec_t now) {
    sched_error err;
    r->flushed = now;
    for (int i = 0; i < TABLES && !r->failed; i++)
        if (record_file_flush(&r->tables[i], &err)) stop(r, &err);
}

void recording_event(recording *r, const sched_event *e) {
    if (!r || r->failed) return;
    switch (e->kind) {
    case EV_SUBMITTED: arrival(r, e); break;
    case EV_REFUSED: refused(r, e); break;
    case EV_FINISHED: finished(r, e); break;
    case EV_NODE_REGISTERED: node(r, e, "registered"); break;
    case EV_NODE_READY: node(r, e, "ready"); break;
    case EV_NODE_OFFLINE: node(r, e, "offline"); break;
    default: break;
    }
    if (e->at - r->flushed >= USEC_PER_SEC) flush(r, e->at);
}

recording_counts recording_count(const recording *r) {
    recording_counts counts = {.failed = r->failed};
    for (int i = 0; i < TABLES; i++) {
        counts.lines += r->tables[i].lines;
        counts.bytes += r->tables[i].bytes;
    }
    return counts;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

static sched_status make_folder(const char *folder, sched_error *err) {
    if (mkdir(folder, 0750) && errno != EEXIST) return sched_fail(err, SCHED_EIO, "%s: %s", folder, strerror(errno));
    return SCHED_OK;
}

sched_status recording_new(const recording_options *options, recording **ret_recording, sched_error *err) {
    static const char *const names[TABLES] = {"arrivals", "outcomes", "nodes"};
    static const char *const heads[TABLES] = {
        "arrival_s,session,utterance,src,tgt,speech_s",
        "arrival_s,src,tgt,speech_s,outcome,code,attempts,placed_s,service_s,total_s",
        "at_s,node,event,slots,sources,targets",
    };
    recording *r = mem_zalloc(1, sizeof *r);
    snprintf(r->folder, sizeof r->folder, "%s", options->folder);
    r->key = options->key;
    r->began = r->flushed = options->now;
    r->log = options->log;
    sched_status status = make_folder(r->folder, err);
    for (int i = 0; i < TABLES && !status; i++) {
        r->tables[i] = (record_file){.folder = r->folder,
                                     .name = names[i],
                                     .head = heads[i],
                                     .part_bytes = options->file_bytes,
                                     .parts_max = options->files};
        status = record_file_open(&r->tables[i], err);
    }
    if (status)
        recording_free(r);
    else
        *ret_recording = r;
    return status;
}

recording *recording_free(recording *r) {
    if (!r) return NULL;
    for (int i = 0; i < TABLES; i++) record_file_close(&r->tables[i]);
    free(r);
    return NULL;
}
