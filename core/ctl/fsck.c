/* fsck.c - the walk: every key is told apart by its name, spelled again by keys.c, and given to its check. A key
 * that keys.c would not spell like this is unknown: a node in the wrong bucket is as lost as a misspelled one. */
#include "core/ctl/fsck.h"

#include "core/ctl/fsck_checks.h"
#include "core/ctl/key_names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCAN_BATCH = 200 };

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
    [FSCK_JOB_FIELD] = "job-field",
    [FSCK_JOB_UNINDEXED] = "job-unindexed",
    [FSCK_JOB_DANGLING] = "job-dangling",
    [FSCK_JOB_TTL] = "job-ttl",
    [FSCK_REQUEST] = "request",
    [FSCK_RESV_LEAK] = "reservation-leak",
    [FSCK_RESV_TTL] = "reservation-ttl",
    [FSCK_UNKNOWN] = "unknown",
    [FSCK_LARGE] = "large",
    [FSCK_LEFT] = "left",
};

const char *fsck_kind_name(fsck_kind kind) {
    assert(kind >= 0 && kind < FSCK_KINDS);
    return kind_names[kind];
}

typedef struct key_check {
    fsck_check *check; /* or the judging, when it is asked about beforehand */
    bool wants_tag;    /* the check is told the tag, not the rest */
    fsck_check *ask;   /* NULL: the check asks for itself */
} key_check;

static const key_check key_checks[KEY_KINDS] = {
    [KEY_NODE] = {fsck_check_node, false, NULL},
    [KEY_LANGS] = {fsck_check_langs, false, NULL},
    [KEY_RESERVATIONS] = {fsck_check_reservations, false, NULL},
    [KEY_EXPIRY] = {fsck_check_expiry, true, NULL},
    [KEY_JOB] = {fsck_judge_job, false, fsck_ask_job},
    [KEY_REQUEST] = {fsck_judge_request, false, fsck_ask_request},
    [KEY_DEADLINES] = {fsck_check_deadlines, true, NULL},
    [KEY_MEMBERS] = {fsck_check_members, true, NULL},
    [KEY_PLACES] = {fsck_check_places, true, NULL},
    [KEY_LEFT] = {fsck_check_tombstone, false, NULL},
};

/* NULL for a key that nobody writes. */
static const key_check *check_of(const fsck *f, const char *key, key_name *ret_name) {
    *ret_name = key_name_of(f->keys, key);
    return ret_name->kind == KEY_UNKNOWN ? NULL : &key_checks[ret_name->kind];
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

/* The keys of one SCAN, three times: ask about what there are many of; judge it, which may ask for more; then the others, which ask
 * for themselves and therefore must find no answer outstanding. */
static void ask_about_batch(fsck *f, const redis_reply *keys) {
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name parts;
        const key_check *kind = check_of(f, reply_text(reply_at(keys, i)), &parts);
        if (kind && kind->ask) kind->ask(f, reply_text(reply_at(keys, i)), parts.rest);
    }
}

static void check_those(fsck *f, const redis_reply *keys, bool asked) {
    for (size_t i = 0; i < reply_count(keys); i++) {
        const char *key = reply_text(reply_at(keys, i));
        key_name parts;
        const key_check *kind = check_of(f, key, &parts);
        if (kind && !kind->check) continue;
        if ((kind && kind->ask) != asked) continue;
        if (kind)
            kind->check(f, key, kind->wants_tag ? parts.tag : parts.rest);
        else
            fsck_note(f, FSCK_UNKNOWN, key, "found a key that nobody writes, expected none");
    }
}

static void check_batch(fsck *f, const redis_reply *keys) {
    ask_about_batch(f, keys);
    check_those(f, keys, true);
    fsck_judge_all_later(f);
    check_those(f, keys, false);
}

static void note_left_key(fsck *f, const char *key) {
    if (strlen(key) >= KEY_MAX) { /* nobody here could have written it, or ask for it */
        fsck_note(f, FSCK_LEFT, key, "found a key of %zu bytes, expected nothing", strlen(key));
        return;
    }
    fsck_ask_about(f, "TYPE", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
    redis_reply *type = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    fsck_note(f, FSCK_LEFT, key, "found a %s with %lld ms to live (-1: for ever), expected nothing", reply_text(type),
              (long long)reply_int(ttl));
    sync_reply_free(type);
    sync_reply_free(ttl);
}

static void note_left(fsck *f, const redis_reply *keys) {
    for (size_t i = 0; i < reply_count(keys); i++) note_left_key(f, reply_text(reply_at(keys, i)));
}

static int64_t server_time(fsck *f) {
    redis_call call;
    call_command(&call, "TIME");
    redis_reply *reply = fsck_call(f, &call);
    int64_t msec = reply_int(reply_at(reply, 0)) * 1000 + reply_int(reply_at(reply, 1)) / 1000;
    sync_reply_free(reply);
    return msec;
}

static sched_status walk(sync_client *client, const keyspace *ks, void (*visit)(fsck *f, const redis_reply *keys),
                         fsck_report *ret_report, sched_error *err) {
    fsck_report report = {0};
    fsck f = {.client = client, .keys = ks, .report = &report, .err = err};
    f.now = server_time(&f);
    char cursor[24] = "0", pattern[KEYSPACE_MAX + 2];
    snprintf(pattern, sizeof pattern, "%s*", ks->prefix);
    do {
        redis_call call;
        call_command(&call, "SCAN");
        call_str(&call, cursor);
        call_str(&call, "MATCH");
        call_str(&call, pattern);
        call_str(&call, "COUNT");
        call_int(&call, SCAN_BATCH);
        redis_reply *reply = fsck_call(&f, &call);
        const redis_reply *keys = reply_at(reply, 1);
        snprintf(cursor, sizeof cursor, "%s", reply_text(reply_at(reply, 0)));
        report.keys += (int64_t)reply_count(keys);
        visit(&f, keys);
        sync_reply_free(reply);
    } while (!f.status && strcmp(cursor, "0") != 0);
    free(f.later);
    if (!f.status) *ret_report = report;
    return f.status;
}

sched_status fsck_run(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err) {
    return walk(client, ks, check_batch, ret_report, err);
}

sched_status fsck_expect_empty(sync_client *client, const keyspace *ks, fsck_report *ret_report, sched_error *err) {
    return walk(client, ks, note_left, ret_report, err);
}
