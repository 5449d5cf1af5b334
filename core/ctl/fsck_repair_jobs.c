/* fsck_repair_jobs.c - jobs, their requests and deadlines.
 *
 * A job whose record nobody can work with is forgotten: its instance, if it lives, is answered GONE, and otherwise nobody waits
 * for it. A job under way whose record merely lacks something is left to end. */
#include "core/ctl/fsck_plans.h"

#include "core/domain/ids.h"
#include "core/domain/job.h"

#include <stdio.h>
#include <string.h>

enum {
    FINISHED_TTL_MSEC = 90000, /* as the default of finished_ttl */
    DEADLINE_MSEC = 30000,     /* time for a live instance to say that all is well */
};

/* The job's request, when that is bound to this job; "" otherwise. */
static void bound_request(fsck_plan *p, const char *job_id, redis_key *ret_key) {
    redis_key job;
    ret_key->text[0] = '\0';
    redis_reply *req = plan_read(p, "HGET", key_job(&job, p->f->keys, job_id), "req");
    if (request_id_valid(reply_text(req))) {
        key_request(ret_key, p->f->keys, reply_text(req));
        redis_reply *bound = plan_read(p, "GET", ret_key->text, NULL);
        if (strcmp(reply_text(bound), job_id) != 0) ret_key->text[0] = '\0';
        sync_reply_free(bound);
    }
    sync_reply_free(req);
}

/* ---- the record ------------------------------------------------------------------------------------------------------ */

static const char *plan_forgetting(fsck_plan *p) {
    redis_key request, deadlines;
    unsigned bucket = 0;
    const char *job_id = p->name.rest;
    bound_request(p, job_id, &request);
    job_bucket_of_job(job_id, &bucket);
    plan_call(p, "UNLINK", p->finding->key);
    if (*request.text) plan_call(p, "UNLINK", request.text);
    plan_remove(p, "ZREM", key_job_deadlines(&deadlines, p->f->keys, bucket), job_id);
    plan_says(p, "forgot the job, its request and its deadline");
    return NULL;
}

const char *plan_job_field(fsck_plan *p) {
    job_state state;
    const char *field = p->finding->subject;
    redis_reply *text = plan_read(p, "HGET", p->finding->key, "state");
    bool good = job_state_parse(reply_text(text), &state);
    sync_reply_free(text);
    if (!good || state >= JOB_FINISHED || !strcmp(field, "attempt")) return plan_forgetting(p);
    if (!strcmp(field, "outcome")) {
        plan_remove(p, "HDEL", p->finding->key, field);
        plan_says(p, "removed the outcome of a job that has none yet");
        return NULL;
    }
    if (!strcmp(field, "node") && state == JOB_CREATED) {
        redis_call *call = plan_call(p, "HSET", p->finding->key);
        call_str(call, "node");
        call_str(call, "");
        plan_says(p, "removed the node of a job that waits for one");
        return NULL;
    }
    return "the job is under way and can do without; it goes with its end or its deadline";
}

/* ---- ends and deadlines ---------------------------------------------------------------------------------------------- */

const char *plan_job_ttl(fsck_plan *p) {
    job_state state = JOB_CREATED;
    redis_key request;
    redis_reply *text = plan_read(p, "HGET", p->finding->key, "state");
    job_state_parse(reply_text(text), &state);
    sync_reply_free(text);
    bound_request(p, p->name.rest, &request);
    const char *const keys[] = {p->finding->key, request.text};
    for (size_t i = 0; i < 2; i++) {
        if (!*keys[i]) continue;
        if (state >= JOB_FINISHED)
            plan_set_ttl(p, keys[i], FINISHED_TTL_MSEC);
        else
            plan_call(p, "PERSIST", keys[i]);
    }
    plan_says(p, "%s",
              state >= JOB_FINISHED ? "gave job and request a TTL of 90 s" : "took the TTL from job and request");
    return NULL;
}

const char *plan_job_unindexed(fsck_plan *p) {
    redis_key key;
    unsigned bucket = 0;
    job_bucket_of_job(p->name.rest, &bucket);
    redis_call *call = plan_call(p, "ZADD", key_job_deadlines(&key, p->f->keys, bucket));
    call_str(call, "NX");
    call_int(call, p->now + DEADLINE_MSEC);
    call_str(call, p->name.rest);
    plan_says(p, "put it into the index, due in 30 s");
    return NULL;
}

const char *plan_job_dangling(fsck_plan *p) {
    plan_remove(p, "ZREM", p->finding->key, p->finding->subject);
    plan_says(p, "removed the entry");
    return NULL;
}

/* ---- requests -------------------------------------------------------------------------------------------------------- */

static bool job_names_request(fsck_plan *p, const char *job_id, const char *request_id) {
    redis_key key;
    unsigned bucket;
    if (!id_valid(job_id) || !job_bucket_of_job(job_id, &bucket)) return false;
    redis_reply *named = plan_read(p, "HGET", key_job(&key, p->f->keys, job_id), "req");
    bool does = !strcmp(reply_text(named), request_id);
    sync_reply_free(named);
    return does;
}

const char *plan_copy(fsck_plan *p) {
    if (*p->finding->subject) {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed it; the instance that has the job does not read it");
    } else {
        plan_set_ttl(p, p->finding->key, FINISHED_TTL_MSEC);
        plan_says(p, "gave it a TTL of 90 s");
    }
    return NULL;
}

/* The job says that it belongs to a request, but the request has another job or none. */
static const char *plan_binding(fsck_plan *p) {
    redis_key key;
    redis_reply *req = plan_read(p, "HGET", p->finding->key, "req");
    redis_reply *ttl = plan_read(p, "PTTL", p->finding->key, NULL);
    redis_reply *bound = plan_read(p, "GET", key_request(&key, p->f->keys, reply_text(req)), NULL);
    bool taken = job_names_request(p, reply_text(bound), reply_text(req));
    if (!taken) {
        redis_call *call = plan_call(p, "SET", key.text);
        call_str(call, p->name.rest);
        if (reply_int(ttl) > 0) {
            call_str(call, "PX");
            call_int(call, reply_int(ttl));
        }
        plan_says(p, "bound the request to this job");
    }
    sync_reply_free(req);
    sync_reply_free(ttl);
    sync_reply_free(bound);
    return taken ? "the request has another job, which names it, too; this one goes with its end or its deadline"
                 : NULL;
}

/* The request outlives its job, or ends before it. */
static const char *plan_request_ttl(fsck_plan *p) {
    redis_key job;
    redis_reply *bound = plan_read(p, "GET", p->finding->key, NULL);
    redis_reply *ttl = plan_read(p, "PTTL", key_job(&job, p->f->keys, reply_text(bound)), NULL);
    if (reply_int(ttl) > 0)
        plan_set_ttl(p, p->finding->key, reply_int(ttl));
    else
        plan_call(p, "PERSIST", p->finding->key);
    plan_says(p, "%s", reply_int(ttl) > 0 ? "gave it the TTL of its job" : "took its TTL, as its job has none");
    sync_reply_free(bound);
    sync_reply_free(ttl);
    return NULL;
}

const char *plan_request(fsck_plan *p) {
    if (p->name.kind == KEY_JOB) return plan_binding(p);
    if (*p->finding->subject) return plan_request_ttl(p);
    plan_call(p, "UNLINK", p->finding->key);
    plan_says(p, "removed the request; it may be made again");
    return NULL;
}
