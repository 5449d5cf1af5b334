/* jobs.c - one job: its record, and what the other keys that name it say. */
#include "core/view/view.h"

#include <stdio.h>
#include <string.h>

#include "core/domain/ids.h"
#include "core/view/members.h"
#include "core/view/record.h"

/* Fields of the record under their names in the document. */
static const struct {
    const char *field, *name;
    bool is_number;
} fields[] = {
    {"req", "request", false},  {"state", "state", false},     {"attempt", "attempt", true},
    {"node", "node", false},    {"outcome", "outcome", false}, {"code", "code", false},
    {"pair", "pair", false},    {"audio", "audio_ms", true},   {"sess", "session", false},
    {"utt", "utterance", true}, {"owner", "owner", false},     {"made", "made", true},
    {"sent", "sent", true},     {"done", "done", true},        {"tried", "tried", false},
};

static json_t *record_json(const char *job_id, const redis_reply *record) {
    json_t *job = json_object();
    view_set_text(job, "job", job_id);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = record_field(record, fields[i].field);
        int64_t number;
        if (!value || !*value) continue;
        if (fields[i].is_number && record_whole(value, 0, &number))
            view_set_number(job, fields[i].name, number);
        else
            view_set_text(job, fields[i].name, value);
    }
    return job;
}

static void add_reservation(asker *ask, const keyspace *ks, json_t *job) {
    const char *node = json_string_value(json_object_get(job, "node"));
    char holder[ID_MAX + 24];
    redis_key key;
    if (!node || !id_valid(node)) return;
    snprintf(holder, sizeof holder, "%s %lld", json_string_value(json_object_get(job, "job")),
             (long long)json_integer_value(json_object_get(job, "attempt")));
    redis_reply *until = asker_call_about(ask, "ZSCORE", key_node_reservations(&key, ks, node), holder);
    if (*reply_text(until)) view_set_number(job, "reserved", reply_int(until));
    sync_reply_free(until);
}

static void add_times(asker *ask, const keyspace *ks, json_t *job, const char *job_id, unsigned bucket, int64_t now) {
    redis_key key;
    redis_reply *due = asker_call_about(ask, "ZSCORE", key_job_deadlines(&key, ks, bucket), job_id);
    redis_reply *ttl = asker_call_about(ask, "PTTL", key_job(&key, ks, job_id), NULL);
    if (*reply_text(due)) view_set_number(job, "deadline", reply_int(due));
    if (reply_int(ttl) > 0) view_set_number(job, "forgotten", now + reply_int(ttl));
    sync_reply_free(due);
    sync_reply_free(ttl);
}

/* NULL when there is no such job. */
static json_t *read_job(asker *ask, const keyspace *ks, const char *job_id, int64_t now) {
    unsigned bucket;
    redis_key key;
    if (!id_valid(job_id) || !job_bucket_of_job(job_id, &bucket)) return NULL;
    redis_reply *record = asker_call_about(ask, "HGETALL", key_job(&key, ks, job_id), NULL);
    json_t *job = NULL;
    if (reply_count(record)) {
        job = record_json(job_id, record);
        add_reservation(ask, ks, job);
        add_times(ask, ks, job, job_id, bucket, now);
    }
    sync_reply_free(record);
    return job;
}

static json_t *read_request(asker *ask, const keyspace *ks, const char *request_id, int64_t now, sched_error *why) {
    redis_key key;
    redis_reply *bound = asker_call_about(ask, "GET", key_request(&key, ks, request_id), NULL);
    json_t *job = read_job(ask, ks, reply_text(bound), now);
    if (!job && *reply_text(bound) && !ask->status)
        sched_fail(why, SCHED_EINVAL, "request %s is bound to job %s, which does not exist (see lingua-ctl fsck)",
                   request_id, reply_text(bound));
    sync_reply_free(bound);
    return job;
}

json_t *view_job(asker *ask, const keyspace *ks, const char *id, sched_error *why) {
    int64_t now = asker_now(ask);
    json_t *job = read_job(ask, ks, id, now);
    if (!job) job = read_request(ask, ks, id, now, why);
    return job ? view_told(ask, view_one(now, "job", job)) : NULL;
}
