/* fsck_jobs.c - a job, its request and its deadline name each other; what a job says fits its state. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"
#include "core/domain/job.h"

#include <stdio.h>
#include <string.h>

static bool names_job(const char *id, unsigned *ret_bucket) {
    return id_valid(id) && job_bucket_of_job(id, ret_bucket);
}

/* --- the job ------------------------------------------------------------------------------------------------------ */

static void note_bad_field(fsck *f, const char *key, const redis_reply *job, const char *field, const char *expected) {
    fsck_note(f, FSCK_JOB_FIELD, key, field, "found %s \"%.40s\" in %s, expected %s", field, record_shown(job, field),
              record_shown(job, "state"), expected);
}

static void judge_numbers(fsck *f, const char *key, const redis_reply *job) {
    static const struct {
        const char *field;
        int64_t least;
    } numbers[] = {{"attempt", 1}, {"utt", 0}, {"audio", 0}, {"made", 1}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!record_whole(record_field(job, numbers[i].field), numbers[i].least, NULL))
            note_bad_field(f, key, job, numbers[i].field, "a whole number");
}

static void judge_texts(fsck *f, const char *key, const redis_reply *job) {
    static const char *const texts[] = {"owner", "sess", "req"};
    lang_pair pair;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = record_field(job, texts[i]);
        if (!value || !*value) note_bad_field(f, key, job, texts[i], "a text");
    }
    const char *text = record_field(job, "pair");
    if (!text || lang_pair_parse(text, &pair, NULL)) note_bad_field(f, key, job, "pair", "\"src:tgt\"");
}

/* CREATED waits for a node, DISPATCHED to RUNNING have one; any job may end, with or without. */
static void judge_state(fsck *f, const char *key, const redis_reply *job, job_state state) {
    job_outcome outcome = OUTCOME_NONE;
    const char *node = record_field(job, "node"), *text = record_field(job, "outcome");
    bool has_node = node && *node;
    if (state == JOB_CREATED && has_node) note_bad_field(f, key, job, "node", "none");
    if (state > JOB_CREATED && state < JOB_FINISHED && !has_node) note_bad_field(f, key, job, "node", "a node");
    if (text && !job_outcome_parse(text, &outcome))
        note_bad_field(f, key, job, "outcome", "ok, failed, timed_out, cancelled or no_text");
    else if ((state >= JOB_FINISHED) != (outcome != OUTCOME_NONE))
        note_bad_field(f, key, job, "outcome", state >= JOB_FINISHED ? "one" : "none");
}

static void judge_life(fsck *f, const char *key, job_state state, const redis_reply *ttl, const redis_reply *due) {
    bool mortal = reply_int(ttl) != -1;
    if (state >= JOB_FINISHED && !mortal)
        fsck_note(f, FSCK_JOB_TTL, key, "", "found no TTL on a finished job, expected one");
    if (state < JOB_FINISHED && mortal)
        fsck_note(f, FSCK_JOB_TTL, key, "", "found a TTL on a job in %s, expected none", job_state_name(state));
    if (state < JOB_RELEASED && reply_is_nil(due))
        fsck_note(f, FSCK_JOB_UNINDEXED, key, "", "found no deadline for a job in %s, expected one",
                  job_state_name(state));
}

/* `text` is what should be found and, behind a space, where: that place when something else is there, NULL when all is well. */
static const char *misplaced(const char *text, const char *found) {
    size_t len = strcspn(text, " ");
    return strlen(found) != len || strncmp(found, text, len) != 0 ? text + len + 1 : NULL;
}

/* `text` is the job's id and, behind a space, its request. */
static void judge_binding(fsck *f, const char *key, const char *text, const redis_reply *bound) {
    const char *request_id = misplaced(text, reply_text(bound));
    if (request_id)
        fsck_note(f, FSCK_REQUEST, key, "", "found request %.80s bound to \"%.64s\", expected to this job", request_id,
                  reply_text(bound));
}

static void ask_for_binding(fsck *f, const char *key, const char *job_id, const char *request_id) {
    char text[ID_MAX + 1 + REQUEST_ID_MAX + 1];
    redis_key request;
    redis_call call;
    snprintf(text, sizeof text, "%s %s", job_id, request_id);
    call_command(&call, "GET");
    call_key(&call, key_request(&request, f->keys, request_id));
    fsck_ask_later(f, judge_binding, key, text, &call);
}

static void judge_job(fsck *f, const char *key, const char *job_id, const redis_reply *job, const redis_reply *ttl,
                      const redis_reply *due) {
    job_state state;
    const char *name = record_field(job, "state"), *request_id = record_field(job, "req");
    if (!name || !job_state_parse(name, &state)) {
        fsck_note(f, FSCK_JOB_FIELD, key, "state", "found state \"%.20s\", expected CREATED to RELEASED",
                  name ? name : "(none)");
        return;
    }
    f->report->unfinished += state < JOB_FINISHED;
    judge_numbers(f, key, job);
    judge_texts(f, key, job);
    judge_state(f, key, job, state);
    judge_life(f, key, state, ttl, due);
    if (request_id && *request_id && strlen(request_id) <= REQUEST_ID_MAX) ask_for_binding(f, key, job_id, request_id);
}

void fsck_ask_job(fsck *f, const char *key, const char *job_id) {
    redis_key deadlines;
    unsigned bucket = 0;
    job_bucket_of_job(job_id, &bucket);
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
    fsck_ask_about(f, "ZSCORE", key_job_deadlines(&deadlines, f->keys, bucket), job_id);
}

void fsck_judge_job(fsck *f, const char *key, const char *job_id) {
    f->report->jobs++;
    redis_reply *job = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    redis_reply *due = fsck_answer(f);
    if (!fsck_wrong_type(f, key, job) && reply_count(job)) { /* else it has expired meanwhile */
        fsck_note_large(f, key, job);
        judge_job(f, key, job_id, job, ttl, due);
    }
    sync_reply_free(job);
    sync_reply_free(ttl);
    sync_reply_free(due);
}

/* --- the request -------------------------------------------------------------------------------------------------- */

/* `text` is the request's id, the job that it is bound to, and whether it has a TTL. */
typedef struct request_facts {
    char request_id[REQUEST_ID_MAX + 1], job_id[ID_MAX + 1];
    bool mortal;
} request_facts;

static request_facts facts_of(const char *text) {
    request_facts facts = {.request_id = ""};
    int mortal = 0;
    sscanf(text, "%112s %64s %d", facts.request_id, facts.job_id, &mortal);
    facts.mortal = mortal;
    return facts;
}

static void judge_request_of_job(fsck *f, const char *key, const char *text, const redis_reply *job) {
    request_facts facts = facts_of(text);
    job_state state;
    const char *named = reply_text(reply_at(job, 0));
    if (strcmp(named, facts.request_id) != 0) {
        fsck_note(f, FSCK_REQUEST, key, "", "found job %s, whose request is \"%.80s\", expected this one", facts.job_id,
                  named);
        return;
    }
    if (!job_state_parse(reply_text(reply_at(job, 1)), &state) || (state >= JOB_FINISHED) == facts.mortal) return;
    fsck_note(f, FSCK_REQUEST, key, "ttl", "found %s TTL for a job in %s, expected %s", facts.mortal ? "a" : "no",
              job_state_name(state), facts.mortal ? "none" : "one");
}

void fsck_ask_request(fsck *f, const char *key, const char *request_id) {
    fsck_ask_text(f, key, request_id);
}

static void ask_for_job(fsck *f, const char *key, const char *request_id, const char *job_id, bool mortal) {
    char text[ID_MAX + 1 + REQUEST_ID_MAX + 1 + 2];
    redis_key job;
    redis_call call;
    snprintf(text, sizeof text, "%s %s %d", request_id, job_id, mortal);
    call_command(&call, "HMGET");
    call_key(&call, key_job(&job, f->keys, job_id));
    call_str(&call, "req");
    call_str(&call, "state");
    fsck_ask_later(f, judge_request_of_job, key, text, &call);
}

void fsck_judge_request(fsck *f, const char *key, const char *request_id) {
    redis_reply *bound = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    const char *job_id = reply_text(bound);
    unsigned bucket;
    if (reply_is_nil(bound) || fsck_wrong_type(f, key, bound)) {
        /* it has expired meanwhile, or there is nothing to read */
    } else if (!names_job(job_id, &bucket)) {
        fsck_note(f, FSCK_REQUEST, key, "", "found \"%.80s\", expected a job id", job_id);
    } else {
        ask_for_job(f, key, request_id, job_id, reply_int(ttl) != -1);
    }
    sync_reply_free(bound);
    sync_reply_free(ttl);
}

/* --- the index ---------------------------------------------------------------------------------------------------- */

void fsck_ask_deadline(fsck *f, const fsck_entry *e) {
    redis_key key;
    unsigned bucket;
    if (names_job(e->name, &bucket)) fsck_ask_about(f, "HGET", key_job(&key, f->keys, e->name), "state");
}

void fsck_judge_deadline(fsck *f, const fsck_entry *e) {
    redis_key own;
    unsigned bucket;
    job_state state;
    if (!names_job(e->name, &bucket)) {
        fsck_note(f, FSCK_JOB_DANGLING, e->key, e->name, "found \"%.80s\", expected a job id", e->name);
        return;
    }
    redis_reply *text = fsck_answer(f);
    if (!job_state_parse(reply_text(text), &state))
        fsck_note(f, FSCK_JOB_DANGLING, e->key, e->name, "found %.64s, expected a job of that id", e->name);
    else if (state == JOB_RELEASED)
        fsck_note(f, FSCK_JOB_DANGLING, e->key, e->name, "found %.64s, which is RELEASED, expected no deadline",
                  e->name);
    else if (strcmp(key_job_deadlines(&own, f->keys, bucket), e->key) != 0)
        fsck_note(f, FSCK_JOB_DANGLING, e->key, e->name, "found %.64s, expected it in %s", e->name, own.text);
    sync_reply_free(text);
}
