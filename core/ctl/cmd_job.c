/* cmd_job.c - one job: its record, and what the other keys that name it say. */
#include <stdio.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/record.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"

static const ctl_usage usage = {
    "ID",
    1,
    1,
    "One job, by its own id (j042-9f86d081884c7d65) or by its request's (session:utterance:target). Unfinished jobs "
    "have a\n"
    "deadline, at which somebody looks after them; finished ones live for a while and are then forgotten.\n",
    "job j042-9f86d081884c7d65\njob s-17:4:en\njob s-17:4:en --json\n",
};

static const show_column columns[] = {
    {"job", "job", SHOW_PLAIN},
    {"request", "request", SHOW_PLAIN},
    {"state", "state", SHOW_PLAIN},
    {"attempt", "attempt", SHOW_PLAIN},
    {"node", "node", SHOW_PLAIN},
    {"node's slot until", "reserved", SHOW_IN},
    {"outcome", "outcome", SHOW_PLAIN},
    {"code", "code", SHOW_PLAIN},
    {"pair", "pair", SHOW_PLAIN},
    {"audio", "audio_ms", SHOW_TIME},
    {"session", "session", SHOW_PLAIN},
    {"utterance", "utterance", SHOW_PLAIN},
    {"owner", "owner", SHOW_PLAIN},
    {"made ago", "made", SHOW_AGO},
    {"sent ago", "sent", SHOW_AGO},
    {"done ago", "done", SHOW_AGO},
    {"failed at", "tried", SHOW_PLAIN},
    {"deadline in", "deadline", SHOW_IN},
    {"forgotten in", "forgotten", SHOW_IN},
};

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
    show_set_text(job, "job", job_id);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = record_field(record, fields[i].field);
        int64_t number;
        if (!value || !*value) continue;
        if (fields[i].is_number && record_whole(value, 0, &number))
            show_set_number(job, fields[i].name, number);
        else
            show_set_text(job, fields[i].name, value);
    }
    return job;
}

static void add_reservation(ctl *c, json_t *job) {
    const char *node = json_string_value(json_object_get(job, "node"));
    char holder[ID_MAX + 24];
    redis_key key;
    if (!node || !id_valid(node)) return;
    snprintf(holder, sizeof holder, "%s %lld", json_string_value(json_object_get(job, "job")),
             (long long)json_integer_value(json_object_get(job, "attempt")));
    redis_reply *until = asker_call_about(&c->ask, "ZSCORE", key_node_reservations(&key, &c->keys, node), holder);
    if (*reply_text(until)) show_set_number(job, "reserved", reply_int(until));
    sync_reply_free(until);
}

static void add_times(ctl *c, json_t *job, const char *job_id, unsigned bucket, int64_t now) {
    redis_key key;
    redis_reply *due = asker_call_about(&c->ask, "ZSCORE", key_job_deadlines(&key, &c->keys, bucket), job_id);
    redis_reply *ttl = asker_call_about(&c->ask, "PTTL", key_job(&key, &c->keys, job_id), NULL);
    if (*reply_text(due)) show_set_number(job, "deadline", reply_int(due));
    if (reply_int(ttl) > 0) show_set_number(job, "forgotten", now + reply_int(ttl));
    sync_reply_free(due);
    sync_reply_free(ttl);
}

/* NULL when there is no such job. */
static json_t *read_job(ctl *c, const char *job_id, int64_t now) {
    unsigned bucket;
    redis_key key;
    if (!id_valid(job_id) || !job_bucket_of_job(job_id, &bucket)) return NULL;
    redis_reply *record = asker_call_about(&c->ask, "HGETALL", key_job(&key, &c->keys, job_id), NULL);
    json_t *job = NULL;
    if (reply_count(record)) {
        job = record_json(job_id, record);
        add_reservation(c, job);
        add_times(c, job, job_id, bucket, now);
    }
    sync_reply_free(record);
    return job;
}

static json_t *read_request(ctl *c, const char *request_id, int64_t now) {
    redis_key key;
    redis_reply *bound = asker_call_about(&c->ask, "GET", key_request(&key, &c->keys, request_id), NULL);
    json_t *job = read_job(c, reply_text(bound), now);
    if (!job && *reply_text(bound))
        ctl_failed(c, "request %s is bound to job %s, which does not exist (see lingua-ctl fsck)", request_id,
                   reply_text(bound));
    sync_reply_free(bound);
    return job;
}

static int show_job(ctl *c, const char *id) {
    int64_t now = asker_now(&c->ask);
    json_t *job = read_job(c, id, now);
    if (!job) job = read_request(c, id, now);
    if (!job)
        return *c->err.message ? CTL_FAILED
                               : ctl_failed(c, "no job or request %s (finished ones are forgotten after a while)", id);
    if (c->ask.status)
        json_decref(job);
    else if (c->json)
        ctl_print_json(json_pack("{s:I,s:o}", "now", (json_int_t)now, "job", job));
    else {
        show_record(job, columns, sizeof columns / sizeof *columns, now, stdout);
        json_decref(job);
    }
    return CTL_FINE;
}

int cmd_job(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (!request_id_valid(c.words[0]))
        return ctl_end(&c, ctl_misused(&c, "\"%s\": expected the id of a job or of a request", c.words[0]));
    ctl_connect(&c);
    return ctl_end(&c, show_job(&c, c.words[0]));
}
