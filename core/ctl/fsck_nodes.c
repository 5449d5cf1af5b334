/* fsck_nodes.c - a node's record, lists and reservations belong together, the expiry index knows it, and an assigned
 * node is in every pool that it serves. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"
#include "core/domain/job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {"registering", "ready", "degraded", "draining", "offline"};

static bool is_status(const char *text) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (text && !strcmp(text, statuses[i])) return true;
    return false;
}

/* --- the record --------------------------------------------------------------------------------------------------- */

static void note_bad_field(fsck *f, const char *key, const redis_reply *node, const char *field, const char *expected) {
    fsck_note(f, FSCK_NODE_FIELD, key, "found %s \"%.40s\", expected %s", field, record_shown(node, field), expected);
}

static void judge_fields(fsck *f, const char *key, const redis_reply *node) {
    const char *owner = record_field(node, "owner");
    if (!is_status(record_field(node, "status"))) note_bad_field(f, key, node, "status", "registering to offline");
    if (!record_whole(record_field(node, "ver"), 1, NULL)) note_bad_field(f, key, node, "ver", "a number from 1");
    if (!record_whole(record_field(node, "aver"), 0, NULL)) note_bad_field(f, key, node, "aver", "a number from 0");
    if (!record_whole(record_field(node, "slots"), 1, NULL)) note_bad_field(f, key, node, "slots", "a number from 1");
    if (!owner || !*owner) note_bad_field(f, key, node, "owner", "a connection");
}

static bool is_placed(const redis_reply *node) {
    const char *status = record_field(node, "status");
    const char *ver = record_field(node, "ver"), *aver = record_field(node, "aver");
    return status && ver && aver && !strcmp(ver, aver) && (!strcmp(status, "ready") || !strcmp(status, "degraded"));
}

static void check_pools_of(fsck *f, const char *key, const char *node_id, const lang_service *service) {
    lang_pair pair;
    redis_key places;
    for (int at = 0; lang_service_next(service, &at, &pair);)
        fsck_ask_about(f, "HGET", key_pool_places(&places, f->keys, pair.src, pair.tgt), node_id);
    for (int at = 0; lang_service_next(service, &at, &pair);) {
        redis_reply *place = fsck_answer(f);
        if (reply_is_nil(place))
            fsck_note(f, FSCK_POOL_ABSENT, key, "found no place in %s:%s, expected one: the node is assigned", pair.src,
                      pair.tgt);
        sync_reply_free(place);
    }
}

void fsck_check_node(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    lang_service service;
    f->report->nodes++;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "ZSCORE", key_node_expiry(&other, f->keys, node_bucket(node_id)), node_id);
    fsck_ask_about(f, "HGETALL", key_node_langs(&other, f->keys, node_id), NULL);
    redis_reply *node = fsck_answer(f);
    redis_reply *due = fsck_answer(f);
    redis_reply *langs = fsck_answer(f);
    if (!fsck_wrong_type(f, key, node)) {
        judge_fields(f, key, node);
        fsck_note_large(f, key, node);
        if (reply_is_nil(due))
            fsck_note(f, FSCK_NODE_UNINDEXED, key, "found no entry in the expiry index, expected one");
        const char *ver = record_field(node, "ver");
        if (!record_offer(record_field(langs, ver ? ver : ""), &service))
            fsck_note(f, FSCK_NODE_FIELD, key, "found no languages for ver %.20s, expected \"sources|targets\"",
                      ver ? ver : "(none)");
        else if (is_placed(node))
            check_pools_of(f, key, node_id, &service);
    }
    sync_reply_free(node);
    sync_reply_free(due);
    sync_reply_free(langs);
}

/* --- its languages ------------------------------------------------------------------------------------------------ */

void fsck_check_langs(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    lang_service service;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "EXISTS", key_node(&other, f->keys, node_id), NULL);
    redis_reply *langs = fsck_answer(f);
    redis_reply *exists = fsck_answer(f);
    if (!fsck_wrong_type(f, key, langs)) {
        fsck_note_large(f, key, langs);
        if (!reply_int(exists)) fsck_note(f, FSCK_NODE_DANGLING, key, "found languages, expected a node that has them");
        for (size_t i = 0; i + 1 < reply_count(langs); i += 2)
            if (!record_offer(reply_text(reply_at(langs, i + 1)), &service))
                fsck_note(f, FSCK_NODE_FIELD, key, "found \"%.80s\" for ver %.20s, expected \"sources|targets\"",
                          reply_text(reply_at(langs, i + 1)), reply_text(reply_at(langs, i)));
    }
    sync_reply_free(langs);
    sync_reply_free(exists);
}

/* --- its reservations --------------------------------------------------------------------------------------------- */

static bool holder_of(const char *name, char job_id[ID_MAX + 1], int64_t *ret_attempt) {
    unsigned bucket;
    return record_numbered(name, job_id, ret_attempt) && job_bucket_of_job(job_id, &bucket);
}

static void ask_about_holder(fsck *f, const fsck_entry *e) {
    char job_id[ID_MAX + 1];
    int64_t attempt;
    redis_key key;
    if (holder_of(e->name, job_id, &attempt)) fsck_ask_about(f, "HGETALL", key_job(&key, f->keys, job_id), NULL);
}

static bool holds(const redis_reply *job, const char *node_id, int64_t attempt) {
    job_state state;
    int64_t present;
    const char *name = record_field(job, "state"), *node = record_field(job, "node");
    return name && job_state_parse(name, &state) && state < JOB_FINISHED && node && !strcmp(node, node_id) &&
           record_whole(record_field(job, "attempt"), 1, &present) && present == attempt;
}

static void judge_holder(fsck *f, const fsck_entry *e) {
    char job_id[ID_MAX + 1];
    int64_t attempt;
    f->report->reservations++;
    if (!holder_of(e->name, job_id, &attempt)) {
        fsck_note(f, FSCK_RESV_LEAK, e->key, "found \"%.80s\", expected \"job attempt\"", e->name);
        return;
    }
    redis_reply *job = fsck_answer(f);
    bool expired = strtod(e->value, NULL) <= (double)f->now;
    const char *node_id = strrchr(e->key, '}') + strlen("}:resv:");
    if (!expired && !holds(job, node_id, attempt)) {
        fsck_note(f, FSCK_RESV_LEAK, e->key,
                  "found \"%s\", expected an unfinished attempt on this node (the job is %s, attempt %s, node \"%s\")",
                  e->name, record_shown(job, "state"), record_shown(job, "attempt"), record_shown(job, "node"));
    }
    sync_reply_free(job);
}

void fsck_check_reservations(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    fsck_ask_about(f, "PTTL", key, NULL);
    fsck_ask_about(f, "EXISTS", key_node(&other, f->keys, node_id), NULL);
    redis_reply *ttl = fsck_answer(f);
    redis_reply *exists = fsck_answer(f);
    if (reply_int(ttl) == -1) fsck_note(f, FSCK_RESV_TTL, key, "found no TTL, expected that of the latest reservation");
    if (!reply_int(exists)) fsck_note(f, FSCK_NODE_DANGLING, key, "found reservations, expected a node that has them");
    sync_reply_free(ttl);
    sync_reply_free(exists);
    fsck_each(f, "ZSCAN", key, ask_about_holder, judge_holder);
}

/* --- the index ---------------------------------------------------------------------------------------------------- */

static void ask_about_indexed(fsck *f, const fsck_entry *e) {
    redis_key key;
    if (id_valid(e->name)) fsck_ask_about(f, "EXISTS", key_node(&key, f->keys, e->name), NULL);
}

static void judge_indexed(fsck *f, const fsck_entry *e) {
    redis_key own;
    redis_reply *exists = id_valid(e->name) ? fsck_answer(f) : NULL;
    if (!reply_int(exists))
        fsck_note(f, FSCK_NODE_DANGLING, e->key, "found %.64s, expected a node of that id", e->name);
    else if (strcmp(key_node_expiry(&own, f->keys, node_bucket(e->name)), e->key) != 0)
        fsck_note(f, FSCK_NODE_DANGLING, e->key, "found %.64s, expected it in %s", e->name, own.text);
    sync_reply_free(exists);
}

void fsck_check_expiry(fsck *f, const char *key, const char *tag) {
    (void)tag;
    fsck_each(f, "ZSCAN", key, ask_about_indexed, judge_indexed);
}
