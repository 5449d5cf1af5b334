/* fsck_checks.h - what the checks of fsck share: asking, and noting what was found.
 *
 * A walk that failed keeps its first status; from then on answers are NULL and nothing is noted, so that checks need
 * not look after each question. */
#ifndef CORE_CTL_FSCK_CHECKS_H
#define CORE_CTL_FSCK_CHECKS_H

#include "core/ctl/fsck.h"
#include "core/view/asker.h"
#include "core/view/key_names.h"
#include "core/view/record.h"

#include <stdbool.h>

enum { FSCK_VALUE_MAX = 4096 };

typedef struct fsck_later fsck_later;

typedef struct fsck {
    asker ask;
    const keyspace *keys;
    fsck_report *report;
    fsck_sink *sink; /* may be NULL */
    void *sink_ctx;
    int64_t now;       /* of the server, ms, when the walk began */
    bool watching;     /* each key is put under WATCH before it is asked about */
    bool in_entry;     /* what is noted now is about one entry */
    fsck_later *later; /* second questions of this batch; owned by the walk */
    size_t later_count, later_capacity;
} fsck;

/* Several questions may be put one after the other; answers come in that order. The key is the first argument. */
void fsck_ask(fsck *f, const redis_call *call);
/* "HGETALL key", "ZSCORE key field": `field`
 * may be NULL. */
void fsck_ask_about(fsck *f, const char *command, const char *key, const char *field);
redis_reply *fsck_answer(fsck *f);

/* `subject`: as fsck_finding has it. */
void fsck_note(fsck *f, fsck_kind kind, const char *key, const char *subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* True when the reply to a read of `key` is an error, which means another type; it is noted then. */
bool fsck_wrong_type(fsck *f, const char *key, const redis_reply *reply);
/* Notes every text over FSCK_VALUE_MAX in a flat list. */
void fsck_note_large(fsck *f, const char *key, const redis_reply *list);
/* Notes a key without TTL; `ttl` is the answer to PTTL. */
void fsck_judge_ttl(fsck *f, fsck_kind kind, const char *key, const redis_reply *ttl);

/* One entry of a hash or sorted set; of a sorted set `value` is the score. */
typedef struct fsck_entry {
    const char *key, *name, *value;
    int64_t size; /* of the hash or set */
} fsck_entry;
/* All entries of a batch are asked about, then judged in the same order. */
typedef void fsck_step(fsck *f, const fsck_entry *entry);
fsck_step fsck_note_large_entry;

/* A second question that follows from the answer to the first, and who judges its answer: they are asked when all first ones of
 * the batch were judged, and not judged when `key` has gone by then. `key` must live as long as the batch; `text` and the question are
 * copied. */
typedef void fsck_judge_later(fsck *f, const char *key, const char *text, const redis_reply *answer);
void fsck_ask_later(fsck *f, fsck_judge_later *judge, const char *key, const char *text, const redis_call *question);
void fsck_judge_all_later(fsck *f);

/* One check per kind of key, of the key as a whole and of its entries. Keys are asked about for a whole batch before the first
 * answer is taken; `rest` is what follows the name in the key, "" when nothing does. */
typedef void fsck_check(fsck *f, const char *key, const char *rest);

fsck_check fsck_ask_node, fsck_judge_node;
fsck_check fsck_ask_langs, fsck_judge_langs;
fsck_check fsck_ask_reservations, fsck_judge_reservations;
fsck_step fsck_ask_holder, fsck_judge_holder;
fsck_step fsck_ask_expiry, fsck_judge_expiry;
fsck_check fsck_ask_ttl; /* for marks and rooms, whose entries tell the rest */
fsck_check fsck_judge_marks;
fsck_step fsck_ask_nothing, fsck_judge_mark;
fsck_check fsck_ask_text, fsck_judge_hold; /* GET and PTTL */

fsck_check fsck_ask_job, fsck_judge_job;
fsck_check fsck_ask_request, fsck_judge_request;
fsck_step fsck_ask_deadline, fsck_judge_deadline;
fsck_check fsck_ask_copy, fsck_judge_copy, fsck_judge_binding;

fsck_step fsck_ask_member, fsck_judge_member;
fsck_step fsck_ask_place, fsck_judge_place;
fsck_check fsck_judge_tombstone;

fsck_check fsck_ask_session, fsck_judge_session; /* asks HGETALL and PTTL */
fsck_check fsck_judge_affinity;
fsck_check fsck_ask_room, fsck_judge_room;
fsck_step fsck_ask_room_entry, fsck_judge_room_entry;

fsck_check fsck_judge_presence;
fsck_check fsck_ask_inbox, fsck_judge_inbox;
fsck_check fsck_ask_dead, fsck_judge_dead;
fsck_check fsck_judge_adopter; /* of a lease or a tombstone; and who owns a connection */
fsck_check fsck_judge_instances;
fsck_step fsck_ask_listed, fsck_judge_listed;

#endif
