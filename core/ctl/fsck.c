/* fsck.c - the walk. Every key is told apart by its name and given to the checks of its kind: of the key as a whole, and of its
 * entries one by one. The same checks look again at one finding, at one key or one entry of it. */
#include "core/ctl/fsck.h"

#include "core/ctl/fsck_checks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys that are asked about together: three questions each, and what follows from the answers. */
enum { TOGETHER = 100 };

static const char *const kind_names[FSCK_KINDS] = {
    [FSCK_POOL_HOLE] = "pool-hole",
    [FSCK_POOL_PLACE] = "pool-place",
    [FSCK_POOL_DEAD] = "pool-dead",
    [FSCK_POOL_STALE] = "pool-stale",
    [FSCK_POOL_ABSENT] = "pool-absent",
    [FSCK_POOL_TOMBSTONE] = "pool-tombstone",
    [FSCK_NODE_FIELD] = "node-field",
    [FSCK_NODE_UNINDEXED] = "node-unindexed",
    [FSCK_NODE_DANGLING] = "node-dangling",
    [FSCK_NODE_MARK] = "node-mark",
    [FSCK_NODE_HOLD] = "node-hold",
    [FSCK_JOB_FIELD] = "job-field",
    [FSCK_JOB_UNINDEXED] = "job-unindexed",
    [FSCK_JOB_DANGLING] = "job-dangling",
    [FSCK_JOB_TTL] = "job-ttl",
    [FSCK_REQUEST] = "request",
    [FSCK_COPY] = "job-copy",
    [FSCK_RESV_LEAK] = "reservation-leak",
    [FSCK_RESV_TTL] = "reservation-ttl",
    [FSCK_SESSION] = "session",
    [FSCK_AFFINITY] = "affinity",
    [FSCK_ROOM] = "room",
    [FSCK_INSTANCE] = "instance",
    [FSCK_ORPHAN] = "orphan",
    [FSCK_UNKNOWN] = "unknown",
    [FSCK_LARGE] = "large",
    [FSCK_LEFT] = "left",
};

const char *fsck_kind_name(fsck_kind kind) {
    assert(kind >= 0 && kind < FSCK_KINDS);
    return kind_names[kind];
}

typedef struct key_check {
    fsck_check *ask, *judge; /* of the key as a whole; NULL: its entries tell all */
    const char *walk;        /* HSCAN or ZSCAN when entries are judged one by one; else NULL */
    fsck_step *ask_entry, *judge_entry;
} key_check;

// clang-format off
static const key_check key_checks[KEY_KINDS] = {
    [KEY_NODE]         = {fsck_ask_node,         fsck_judge_node,         NULL,    NULL,                NULL},
    [KEY_LANGS]        = {fsck_ask_langs,        fsck_judge_langs,        NULL,    NULL,                NULL},
    [KEY_RESERVATIONS] = {fsck_ask_reservations, fsck_judge_reservations, "ZSCAN", fsck_ask_holder,     fsck_judge_holder},
    [KEY_EXPIRY]       = {NULL,                  NULL,                    "ZSCAN", fsck_ask_expiry,     fsck_judge_expiry},
    [KEY_MARKS]        = {fsck_ask_ttl,          fsck_judge_marks,        "HSCAN", fsck_ask_nothing,    fsck_judge_mark},
    [KEY_HOLD]         = {fsck_ask_text,         fsck_judge_hold,         NULL,    NULL,                NULL},
    [KEY_JOB]          = {fsck_ask_job,          fsck_judge_job,          NULL,    NULL,                NULL},
    [KEY_REQUEST]      = {fsck_ask_request,      fsck_judge_request,      NULL,    NULL,                NULL},
    [KEY_DEADLINES]    = {NULL,                  NULL,                    "ZSCAN", fsck_ask_deadline,   fsck_judge_deadline},
    [KEY_COPY]         = {fsck_ask_copy,         fsck_judge_copy,         NULL,    NULL,                NULL},
    [KEY_BINDING]      = {fsck_ask_text,         fsck_judge_binding,      NULL,    NULL,                NULL},
    [KEY_LOCK]         = {fsck_ask_text,         fsck_judge_binding,      NULL,    NULL,                NULL},
    [KEY_MEMBERS]      = {NULL,                  NULL,                    "HSCAN", fsck_ask_member,     fsck_judge_member},
    [KEY_PLACES]       = {NULL,                  NULL,                    "HSCAN", fsck_ask_place,      fsck_judge_place},
    [KEY_LEFT]         = {fsck_ask_text,         fsck_judge_tombstone,    NULL,    NULL,                NULL},
    [KEY_SESSION]      = {fsck_ask_session,      fsck_judge_session,      NULL,    NULL,                NULL},
    [KEY_AFFINITY]     = {fsck_ask_text,         fsck_judge_affinity,     NULL,    NULL,                NULL},
    [KEY_ROOM]         = {fsck_ask_room,         fsck_judge_room,         "HSCAN", fsck_ask_room_entry, fsck_judge_room_entry},
    [KEY_PRESENCE]     = {fsck_ask_session,      fsck_judge_presence,     NULL,    NULL,                NULL},
    [KEY_INBOX]        = {fsck_ask_inbox,        fsck_judge_inbox,        NULL,    NULL,                NULL},
    [KEY_DEAD]         = {fsck_ask_dead,         fsck_judge_dead,         NULL,    NULL,                NULL},
    [KEY_TOMBSTONE]    = {fsck_ask_text,         fsck_judge_adopter,      NULL,    NULL,                NULL},
    [KEY_LEASE]        = {fsck_ask_text,         fsck_judge_adopter,      NULL,    NULL,                NULL},
    [KEY_INSTANCES]    = {fsck_ask_ttl,          fsck_judge_instances,    "ZSCAN", fsck_ask_listed,     fsck_judge_listed},
    [KEY_NODE_OWNER]   = {fsck_ask_text,         fsck_judge_adopter,      NULL,    NULL,                NULL},
    [KEY_SESSION_OWNER] = {fsck_ask_text,        fsck_judge_adopter,      NULL,    NULL,                NULL},
};
// clang-format on

/* NULL for a key that nobody writes. */
static const key_check *check_of(const fsck *f, const char *key, key_name *ret_name) {
    *ret_name = key_name_of(f->keys, key);
    return ret_name->kind == KEY_UNKNOWN ? NULL : &key_checks[ret_name->kind];
}

/* --- entries of one key ------------------------------------------------------------------------------------------- */

/* -1 when it is of another type. */
static int64_t size_of(fsck *f, const key_check *check, const char *key) {
    fsck_ask_about(f, check->walk[0] == 'H' ? "HLEN" : "ZCARD", key, NULL);
    redis_reply *reply = fsck_answer(f);
    int64_t size = fsck_wrong_type(f, key, reply) ? -1 : reply_int(reply);
    sync_reply_free(reply);
    return size;
}

typedef struct entry_walk {
    fsck *f;
    const key_check *check;
    const char *key;
    int64_t size;
} entry_walk;

static void step_through(const entry_walk *walk, const redis_reply *batch, size_t from, size_t end, fsck_step *step) {
    for (size_t i = from; i < end; i++) {
        fsck_entry entry = {walk->key, reply_text(reply_at(batch, 2 * i)), reply_text(reply_at(batch, 2 * i + 1)),
                            walk->size};
        step(walk->f, &entry);
    }
}

/* Entries that are asked about together: a small key answers with all of its entries at once. */
static void check_entries(void *ctx, const redis_reply *batch) {
    const entry_walk *walk = ctx;
    size_t count = reply_count(batch) / 2;
    walk->f->in_entry = true;
    for (size_t from = 0; from < count; from += TOGETHER) {
        size_t end = count - from < TOGETHER ? count : from + TOGETHER;
        step_through(walk, batch, from, end, walk->check->ask_entry);
        step_through(walk, batch, from, end, walk->check->judge_entry);
    }
    step_through(walk, batch, 0, count, fsck_note_large_entry);
    walk->f->in_entry = false;
}

static void walk_entries(fsck *f, const key_check *check, const char *key) {
    entry_walk walk = {f, check, key, size_of(f, check, key)};
    if (walk.size > 0) asker_scan_entries(&f->ask, check->walk, key, check_entries, &walk);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static void check_together(fsck *f, const redis_reply *keys, size_t from, size_t end) {
    key_name name;
    for (size_t i = from; i < end; i++) {
        const key_check *check = check_of(f, reply_text(reply_at(keys, i)), &name);
        if (check && check->ask) check->ask(f, reply_text(reply_at(keys, i)), name.rest);
    }
    for (size_t i = from; i < end; i++) {
        const char *key = reply_text(reply_at(keys, i));
        const key_check *check = check_of(f, key, &name);
        if (!check) fsck_note(f, FSCK_UNKNOWN, key, "", "found a key that nobody writes, expected none");
        if (check && check->judge) check->judge(f, key, name.rest);
    }
    fsck_judge_all_later(f);
    for (size_t i = from; i < end; i++) {
        const key_check *check = check_of(f, reply_text(reply_at(keys, i)), &name);
        if (check && check->walk) walk_entries(f, check, reply_text(reply_at(keys, i)));
    }
}

static void check_batch(void *ctx, const redis_reply *keys) {
    fsck *f = ctx;
    size_t count = reply_count(keys);
    f->report->keys += (int64_t)count;
    for (size_t from = 0; from < count; from += TOGETHER)
        check_together(f, keys, from, count - from < TOGETHER ? count : from + TOGETHER);
}

static void note_left_key(fsck *f, const char *key) {
    if (strlen(key) >= KEY_MAX) { /* nobody here could have written it, or ask for it */
        fsck_note(f, FSCK_LEFT, key, "", "found a key of %zu bytes, expected nothing", strlen(key));
        return;
    }
    fsck_ask_about(f, "TYPE", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
    redis_reply *type = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    fsck_note(f, FSCK_LEFT, key, "", "found a %s with %lld ms to live (-1: for ever), expected nothing",
              reply_text(type), (long long)reply_int(ttl));
    sync_reply_free(type);
    sync_reply_free(ttl);
}

static void note_left(void *ctx, const redis_reply *keys) {
    fsck *f = ctx;
    f->report->keys += (int64_t)reply_count(keys);
    for (size_t i = 0; i < reply_count(keys); i++) note_left_key(f, reply_text(reply_at(keys, i)));
}

/* --- from outside ------------------------------------------------------------------------------------------------- */

static sched_status walk_keys(fsck *f, asker_visit *visit, fsck_report *ret_report) {
    redis_key pattern;
    f->now = asker_now(&f->ask);
    asker_scan(&f->ask, key_pattern_all(&pattern, f->keys), visit, f);
    free(f->later);
    if (!f->ask.status) *ret_report = *f->report;
    return f->ask.status;
}

sched_status fsck_walk(sync_client *client, const keyspace *ks, fsck_sink *sink, void *ctx, fsck_report *ret_report,
                       sched_error *err) {
    fsck_report report = {0};
    fsck f = {.ask = {.client = client, .err = err}, .keys = ks, .report = &report, .sink = sink, .sink_ctx = ctx};
    return walk_keys(&f, check_batch, ret_report);
}

sched_status fsck_run(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err) {
    return fsck_walk(client, ks, NULL, NULL, ret_report, err);
}

sched_status fsck_expect_empty(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err) {
    fsck_report report = {0};
    fsck f = {.ask = {.client = client, .err = err}, .keys = ks, .report = &report};
    return walk_keys(&f, note_left, ret_report);
}

/* --- looking again ------------------------------------------------------------------------------------------------ */

typedef struct wanted {
    const fsck_finding *finding;
    bool found;
} wanted;

static void compare(void *ctx, const fsck_finding *finding) {
    wanted *w = ctx;
    if (finding->kind == w->finding->kind && !strcmp(finding->key, w->finding->key) &&
        !strcmp(finding->subject, w->finding->subject))
        w->found = true;
}

/* As the walk would meet it; an entry that is gone is not judged. */
static void judge_entry(fsck *f, const key_check *check, const char *key, const char *name) {
    bool hash = check->walk[0] == 'H';
    fsck_ask_about(f, hash ? "HLEN" : "ZCARD", key, NULL);
    fsck_ask_about(f, hash ? "HGET" : "ZSCORE", key, name);
    redis_reply *size = fsck_answer(f);
    redis_reply *value = fsck_answer(f);
    if (value && !reply_is_nil(value) && !reply_is_error(value)) {
        fsck_entry entry = {key, name, reply_text(value), reply_int(size)};
        f->in_entry = true;
        check->ask_entry(f, &entry);
        check->judge_entry(f, &entry);
        fsck_note_large_entry(f, &entry);
    }
    sync_reply_free(size);
    sync_reply_free(value);
}

static void judge_key(fsck *f, const key_check *check, const char *key, const char *rest) {
    if (check->walk && size_of(f, check, key) < 0) return;
    if (!check->ask) return;
    check->ask(f, key, rest);
    check->judge(f, key, rest);
    fsck_judge_all_later(f);
}

sched_status fsck_look_again(sync_client *client, const keyspace *ks, const fsck_finding *finding, bool watching,
                             bool *ret_still, sched_error *err) {
    key_name name;
    fsck_report report = {0};
    wanted w = {.finding = finding};
    fsck f = {.ask = {.client = client, .err = err}, .keys = ks, .report = &report, .watching = watching};
    f.sink = compare;
    f.sink_ctx = &w;
    const key_check *check = check_of(&f, finding->key, &name);
    if (strlen(finding->key) >= KEY_MAX || strlen(finding->subject) > FSCK_VALUE_MAX) {
        w.found = true; /* too long to be asked about */
    } else if (!check) {
        fsck_ask_about(&f, "EXISTS", finding->key, NULL);
        redis_reply *exists = fsck_answer(&f);
        w.found = reply_int(exists) == 1;
        sync_reply_free(exists);
    } else {
        f.now = asker_now(&f.ask);
        if (finding->is_entry)
            judge_entry(&f, check, finding->key, finding->subject);
        else
            judge_key(&f, check, finding->key, name.rest);
    }
    free(f.later);
    if (!f.ask.status) *ret_still = w.found;
    return f.ask.status;
}
