/* recording.h - what came and what became of it, in files that lingua-sim replays: no sound, no text, no id that could be found again.
 *
 * Three tables in the folder, each in numbered parts ("arrivals-000001.csv"), so that the oldest can go:
 *
 *   arrivals  arrival_s,session,utterance,src,tgt,speech_s
 *   outcomes  arrival_s,src,tgt,speech_s,outcome,code,attempts,placed_s,service_s,total_s    one line for each end, in their order;
 *             refused ones too. placed: until the assignment left, service: from there to the result, of the last attempt
 *   nodes     at_s,node,event,slots,sources,targets        registered, ready, offline; languages by one space
 *
 * Times are seconds since the recording began. Sessions and nodes are told by a keyed hash whose
 * key is drawn at the start and kept nowhere.
 *
 * Bounds   `files` parts of `file_bytes` each per table.
 * Failure  A disk that is full ends the recording, with a line in the log, and nothing else.
 * Cost     One line into a buffer per arrival and per end; a write to the file system each second, or when 64 KiB are full. */
#ifndef CORE_DAEMON_RECORDING_H
#define CORE_DAEMON_RECORDING_H

#include "core/base/log.h"
#include "core/scheduler/scheduler.h"

typedef struct recording recording;

typedef struct recording_options {
    const char *folder; /* is made when it is not there; a recording that is in it is refused, not continued */
    uint64_t file_bytes;
    int64_t files;
    uint64_t key; /* of the hashes */
    usec_t now;
    logger log;
} recording_options;

/* SCHED_EIO with the path. */
sched_status recording_new(const recording_options *options, recording **ret_recording, sched_error *err);
/* Writes what is left. Takes NULL, returns NULL. */
recording *recording_free(recording *r);

/* Takes NULL. */
void recording_event(recording *r, const sched_event *event);

typedef struct recording_counts {
    uint64_t lines, bytes;
    bool failed;
} recording_counts;

recording_counts recording_count(const recording *r);

#endif
