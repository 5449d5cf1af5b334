/* fsck_nodes.c - a node's record, lists and reservations belong together, the expiry index knows it, and an assigned
 * node is in every pool that it serves. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"
#include "core/domain/job.h"
#include "core/view/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIST_MAX = 5 };

/* --- the record --------------------------------------------------------------------------------------------------- */

static void note_bad_field(fsck *f, const char *key, const redis_reply *node, const char *field, const char *expected) {
    fsck_note(f, FSCK_NODE_FIELD, key, field, "found %s \"%.40s\", expected %s", field, record_shown(node, field),
              expected);
}

typedef bool field_check(const char *value);

static bool is_whole(const char *value) {
    return record_whole(value, 0, NULL);
}

static bool is_counted(const char *value) {
    return record_whole(value, 1, NULL);
}

static bool is_owner(const char *value) {
    return *value != '\0';
}

static bool is_truth(const char *value) {
    return !strcmp(value, "0") || !strcmp(value, "1");
}

/* Results of the last attempts: at most five, some of them failures. */
static bool is_history(const char *value) {
    size_t len = strlen(value);
    return len >= 1 && len <= HIST_MAX && strspn(value, ".x") == len;
}

static bool is_list(const char *value) {
    return strlen(value) <= SERVICES_MAX;
}

static const struct {
    const char *name;
    bool required;
    field_check *good;
    const char *expected;
} fields[] = {
    {"status", true, fleet_status_valid, "registering to offline"},
    {"ver", true, is_counted, "a number from 1"},
    {"aver", true, is_whole, "a number from 0"},
    {"slots", true, is_counted, "a number from 1"},
    {"owner", true, is_owner, "a connection"},
    {"seen", true, is_whole, "an instant"},
    {"running", false, is_whole, "a number from 0"},
    {"up", false, is_truth, "0 or 1"},
    {"pools", false, is_truth, "0 or 1"},
    {"hist", false, is_history, "one to five of '.' and 'x'"},
    {"trial", false, is_whole, "an instant"},
    {"since", false, is_whole, "an instant"},
    {"marked", false, is_whole, "an instant"},
    {"mark_n", false, is_whole, "a number from 0"},
    {"mark_from", false, is_whole, "an instant"},
    {"services", false, is_list, "a list of at most 1024 bytes"},
};

static void judge_fields(fsck *f, const char *key, const redis_reply *node) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = record_field(node, fields[i].name);
        bool good = value ? fields[i].good(value) : !fields[i].required;
        if (!good) note_bad_field(f, key, node, fields[i].name, fields[i].expected);
    }
}

static bool is_placed(const redis_reply *node) {
    const char *status = record_field(node, "status");
    const char *ver = record_field(node, "ver"), *aver = record_field(node, "aver");
    const char *pools = record_field(node, "pools");
    if (pools && !strcmp(pools, "0")) return false; /* instances keep copies instead */
    return status && ver && aver && !strcmp(ver, aver) && (!strcmp(status, "ready") || !strcmp(status, "degraded"));
}

static void judge_place_in(fsck *f, const char *key, const char *pair, const redis_reply *place) {
    if (reply_is_nil(place))
        fsck_note(f, FSCK_POOL_ABSENT, key, pair, "found no place in %s, expected one: the node is assigned", pair);
}

static void ask_for_places(fsck *f, const char *key, const char *node_id, const lang_service *service) {
    lang_pair pair;
    redis_key places;
    redis_call call;
    char text[PAIR_MAX + 1];
    for (int at = 0; lang_service_next(service, &at, &pair);) {
        call_command(&call, "HGET");
        call_key(&call, key_pool_places(&places, f->keys, pair.src, pair.tgt));
        call_str(&call, node_id);
        fsck_ask_later(f, judge_place_in, key, lang_pair_text(text, &pair), &call);
    }
}

void fsck_ask_node(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "ZSCORE", key_node_expiry(&other, f->keys, node_bucket(node_id)), node_id);
    fsck_ask_about(f, "HGETALL", key_node_langs(&other, f->keys, node_id), NULL);
}

static void judge_node(fsck *f, const char *key, const char *node_id, const redis_reply *node,
                       const redis_reply *langs) {
    lang_service service;
    const char *ver = record_field(node, "ver");
    judge_fields(f, key, node);
    fsck_note_large(f, key, node);
    if (!record_offer(record_field(langs, ver ? ver : ""), &service))
        fsck_note(f, FSCK_NODE_FIELD, key, "languages",
                  "found no languages for ver %.20s, expected \"sources|targets\"", ver ? ver : "(none)");
    else if (is_placed(node))
        ask_for_places(f, key, node_id, &service);
}

void fsck_judge_node(fsck *f, const char *key, const char *node_id) {
    f->report->nodes++;
    redis_reply *node = fsck_answer(f);
    redis_reply *due = fsck_answer(f);
    redis_reply *langs = fsck_answer(f);
    if (!fsck_wrong_type(f, key, node) && reply_count(node)) {
        if (reply_is_nil(due))
            fsck_note(f, FSCK_NODE_UNINDEXED, key, "", "found no entry in the expiry index, expected one");
        judge_node(f, key, node_id, node, langs);
    }
    sync_reply_free(node);
    sync_reply_free(due);
    sync_reply_free(langs);
}

/* --- its languages ------------------------------------------------------------------------------------------------ */

void fsck_ask_langs(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "EXISTS", key_node(&other, f->keys, node_id), NULL);
}

void fsck_judge_langs(fsck *f, const char *key, const char *node_id) {
    (void)node_id;
    lang_service service;
    redis_reply *langs = fsck_answer(f);
    redis_reply *exists = fsck_answer(f);
    if (!fsck_wrong_type(f, key, langs) && reply_count(langs)) {
        fsck_note_large(f, key, langs);
        if (!reply_int(exists))
            fsck_note(f, FSCK_NODE_DANGLING, key, "", "found languages, expected a node that has them");
        for (size_t i = 0; i + 1 < reply_count(langs); i += 2)
            if (!record_offer(reply_text(reply_at(langs, i + 1)), &service))
                fsck_note(f, FSCK_NODE_FIELD, key, reply_text(reply_at(langs, i)),
                          "found \"%.80s\" for ver %.20s, expected \"sources|targets\"",
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

void fsck_ask_holder(fsck *f, const fsck_entry *e) {
    char job_id[ID_MAX + 1];
    int64_t attempt;
    redis_key key;
    if (!holder_of(e->name, job_id, &attempt)) return;
    fsck_ask_about(f, "HGETALL", key_job(&key, f->keys, job_id), NULL);
    fsck_ask_about(f, "HGETALL", key_job_copy(&key, f->keys, job_id), NULL);
}

static bool holds(const redis_reply *job, const char *node_id, int64_t attempt) {
    job_state state;
    int64_t present;
    const char *name = record_field(job, "state"), *node = record_field(job, "node");
    return name && job_state_parse(name, &state) && state < JOB_FINISHED && node && !strcmp(node, node_id) &&
           record_whole(record_field(job, "attempt"), 1, &present) && present == attempt;
}

void fsck_judge_holder(fsck *f, const fsck_entry *e) {
    char job_id[ID_MAX + 1];
    int64_t attempt;
    f->report->reservations++;
    if (!holder_of(e->name, job_id, &attempt)) {
        fsck_note(f, FSCK_RESV_LEAK, e->key, e->name, "found \"%.80s\", expected \"job attempt\"", e->name);
        return;
    }
    redis_reply *job = fsck_answer(f);
    redis_reply *copy = fsck_answer(f); /* of one that is in memory */
    bool expired = strtod(e->value, NULL) <= (double)f->now;
    const char *node_id = strrchr(e->key, '}') + strlen("}:resv:");
    if (!expired && !holds(job, node_id, attempt) && !holds(copy, node_id, attempt)) {
        fsck_note(f, FSCK_RESV_LEAK, e->key, e->name,
                  "found \"%s\", expected an unfinished attempt on this node (the job is %s, attempt %s, node \"%s\")",
                  e->name, record_shown(job, "state"), record_shown(job, "attempt"), record_shown(job, "node"));
    }
    sync_reply_free(job);
    sync_reply_free(copy);
}

void fsck_ask_reservations(fsck *f, const char *key, const char *node_id) {
    redis_key other;
    fsck_ask_about(f, "PTTL", key, NULL);
    fsck_ask_about(f, "EXISTS", key_node(&other, f->keys, node_id), NULL);
}

void fsck_judge_reservations(fsck *f, const char *key, const char *node_id) {
    (void)node_id;
    redis_reply *ttl = fsck_answer(f);
    redis_reply *exists = fsck_answer(f);
    if (reply_int(ttl) == -1)
        fsck_note(f, FSCK_RESV_TTL, key, "", "found no TTL, expected that of the latest reservation");
    if (reply_int(ttl) != -2 && !reply_int(exists))
        fsck_note(f, FSCK_NODE_DANGLING, key, "", "found reservations, expected a node that has them");
    sync_reply_free(ttl);
    sync_reply_free(exists);
}

/* --- what it lacks, and what holds it ------------------------------------------------------------------------------ */

void fsck_judge_marks(fsck *f, const char *key, const char *node_id) {
    (void)node_id;
    redis_reply *ttl = fsck_answer(f);
    fsck_judge_ttl(f, FSCK_NODE_MARK, key, ttl);
    sync_reply_free(ttl);
}

/* "src:tgt" -> "until service" */
void fsck_judge_mark(fsck *f, const fsck_entry *e) {
    lang_pair pair;
    char until[24] = "";
    size_t digits = strcspn(e->value, " ");
    snprintf(until, sizeof until, "%.*s", (int)(digits < sizeof until ? digits : 0), e->value);
    const char *service = e->value[digits] ? e->value + digits + 1 : "";
    if (lang_pair_parse(e->name, &pair, NULL) || !record_whole(until, 1, NULL) || !*service || strchr(service, ' '))
        fsck_note(f, FSCK_NODE_MARK, e->key, e->name, "found \"%.40s\" for \"%.40s\", expected \"until service\"",
                  e->value, e->name);
}

void fsck_judge_hold(fsck *f, const char *key, const char *node_id) {
    (void)node_id;
    redis_reply *reason = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!fsck_wrong_type(f, key, reason)) fsck_judge_ttl(f, FSCK_NODE_HOLD, key, ttl);
    sync_reply_free(reason);
    sync_reply_free(ttl);
}

/* --- the index ---------------------------------------------------------------------------------------------------- */

void fsck_ask_expiry(fsck *f, const fsck_entry *e) {
    redis_key key;
    if (id_valid(e->name)) fsck_ask_about(f, "EXISTS", key_node(&key, f->keys, e->name), NULL);
}

void fsck_judge_expiry(fsck *f, const fsck_entry *e) {
    redis_key own;
    redis_reply *exists = id_valid(e->name) ? fsck_answer(f) : NULL;
    if (!reply_int(exists))
        fsck_note(f, FSCK_NODE_DANGLING, e->key, e->name, "found %.64s, expected a node of that id", e->name);
    else if (strcmp(key_node_expiry(&own, f->keys, node_bucket(e->name)), e->key) != 0)
        fsck_note(f, FSCK_NODE_DANGLING, e->key, e->name, "found %.64s, expected it in %s", e->name, own.text);
    sync_reply_free(exists);
}
