/* fsck_checks.h - what the checks of fsck share: asking, and noting what was found.
 *
 * A walk that failed keeps its first status; from then on answers are NULL and nothing is noted, so that checks need
 * not look after each question. */
#ifndef CORE_CTL_FSCK_CHECKS_H
#define CORE_CTL_FSCK_CHECKS_H

#include "core/ctl/fsck.h"
#include "core/ctl/record.h"

#include <stdbool.h>

enum { FSCK_VALUE_MAX = 4096 };

typedef struct fsck_later fsck_later;

typedef struct fsck {
    sync_client *client;
    const keyspace *keys;
    fsck_report *report;
    int64_t now; /* of the server, ms, when the walk began */
    sched_status status;
    sched_error *err;
    fsck_later *later; /* second questions of this batch; owned by the walk */
    size_t later_count, later_capacity;
} fsck;

/* Asks one question and takes its answer, which belongs to the caller. */
redis_reply *fsck_call(fsck *f, const redis_call *call);
/* Several questions may be put one after the other; answers come in that order. "HGETALL key", "ZSCORE key field": `field`
 * may be NULL. */
void fsck_ask_about(fsck *f, const char *command, const char *key, const char *field);
redis_reply *fsck_answer(fsck *f);

void fsck_note(fsck *f, fsck_kind kind, const char *key, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* True when the reply to a read of `key` is an error, which means another type; it is noted then. */
bool fsck_wrong_type(fsck *f, const char *key, const redis_reply *reply);
/* Notes every text over FSCK_VALUE_MAX in a flat list. */
void fsck_note_large(fsck *f, const char *key, const redis_reply *list);

/* Calls `ask` for all entries of a hash or sorted set (by `command`, HSCAN or ZSCAN) that came in one batch, then
 * `judge` for each in the same order. For a sorted set `value` is the score. */
typedef struct fsck_entry {
    const char *key, *name, *value;
    int64_t size; /* of the hash or set */
} fsck_entry;
typedef void fsck_step(fsck *f, const fsck_entry *entry);
void fsck_each(fsck *f, const char *command, const char *key, fsck_step *ask, fsck_step *judge);

/* A second question that follows from the answer to the first: put it, then say who judges its answer. All second answers of a
 * batch come when all first ones were judged. `key` must live as long as the batch; `text` is copied. */
typedef void fsck_judge_later(fsck *f, const char *key, const char *text, const redis_reply *answer);
void fsck_ask_later(fsck *f, fsck_judge_later *judge, const char *key, const char *text);
void fsck_judge_all_later(fsck *f);

/* One check per kind of key; `rest` is what follows the name in the key, "" when nothing does. What there are many of (jobs
 * and their requests) is asked about for a whole batch of keys before the first answer is taken: ask, then judge. */
typedef void fsck_check(fsck *f, const char *key, const char *rest);
void fsck_check_node(fsck *f, const char *key, const char *node_id);
void fsck_check_langs(fsck *f, const char *key, const char *node_id);
void fsck_check_reservations(fsck *f, const char *key, const char *node_id);
void fsck_check_expiry(fsck *f, const char *key, const char *rest);
void fsck_ask_job(fsck *f, const char *key, const char *job_id);
void fsck_judge_job(fsck *f, const char *key, const char *job_id);
void fsck_ask_request(fsck *f, const char *key, const char *request_id);
void fsck_judge_request(fsck *f, const char *key, const char *request_id);
void fsck_check_deadlines(fsck *f, const char *key, const char *rest);
void fsck_check_members(fsck *f, const char *key, const char *pair);
void fsck_check_places(fsck *f, const char *key, const char *pair);
void fsck_check_tombstone(fsck *f, const char *key, const char *rest);

#endif
