/* takeover_due.c - a deadline has passed, and nobody here follows the job.
 *
 * A dead owner's job ends now, failed, because its sound is lost; its session is told, wherever that speaks. While its owner lives, it is
 * the owner's: that one has a timer, and may have a reason to be late (outage.c, calls that are repeated). But presence outlives a
 * process by half a minute, which is longer than a job has: so it ends all the same when it is still at the same attempt OWNER_LATE
 * behind its deadline. An entry of the index whose job has ended, or is gone, is put in order. */
#include "core/scheduler/elsewhere.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define OWNER_LATE (4 * USEC_PER_SEC)

static const char owner_lost[] = "owner_lost";

struct orphan {
    scheduler *s;
    orphan *next, *prev; /* while its owner may yet act */
    timer_handle timer;
    usec_t due;
    char job[ID_MAX + 1], request[REQUEST_ID_MAX + 1], session[ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;
    int64_t attempt;
    int tries;
};

static void orphan_free(orphan *o) {
    elsewhere_end(o->s);
    free(o);
}

static const char *job_key(redis_key *key, const orphan *o) {
    return key_job(key, &o->s->config.keys, o->job);
}

static const char *deadlines_key(redis_key *key, const orphan *o) {
    unsigned bucket = 0;
    job_bucket_of_job(o->job, &bucket);
    return key_job_deadlines(key, &o->s->config.keys, bucket);
}

static void on_released(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_RELEASE_JOB, status, reply);
    if (reply_says(reply, "OK")) sched_emit(o->s, (sched_event){.kind = EV_RELEASED, .job = o->job});
    orphan_free(o);
}

/* Also for an entry whose job is gone: the script takes it out of the index. */
static void release(orphan *o) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_JOB);
    call_key(&call, job_key(&key, o));
    call_key(&call, deadlines_key(&key, o));
    call_str(&call, o->job);
    sched_call(o->s, &call, on_released, o);
}

static void tell_session(const orphan *o) {
    job_answer answer = {
        .request_id = o->request,
        .session_id = o->session,
        .job_id = o->job,
        .utterance = o->utterance,
        .pair = &o->pair,
        .outcome = OUTCOME_FAILED,
        .code = "JOB_LOST",
    };
    if (*o->session) elsewhere_answer(o->s, (hearer){o->session, ""}, &answer, o->attempt);
}

static void complete(orphan *o);

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool ended_by_us(const orphan *o, const redis_reply *reply) {
    return o->tries > 0 && reply_says(reply, "STALE") && reply_int(reply_at(reply, 2)) == o->attempt &&
           !strcmp(reply_text(reply_at(reply, 3)), job_outcome_name(OUTCOME_FAILED));
}

static void on_completed(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_COMPLETE_TASK, status, reply);
    if (status == LINK_UNKNOWN && !o->s->stopped && ++o->tries < UNKNOWN_TRIES) {
        complete(o);
        return;
    }
    if (status == LINK_OK && (reply_says(reply, "OK") || ended_by_us(o, reply))) {
        sched_emit(o->s, (sched_event){.kind = EV_FINISHED,
                                       .job = o->job,
                                       .attempt = o->attempt,
                                       .outcome = OUTCOME_FAILED,
                                       .code = owner_lost});
        tell_session(o);
    }
    orphan_free(o); /* it is FINISHED now; a later visit releases it */
}

static void complete(orphan *o) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_COMPLETE_TASK);
    call_key(&call, job_key(&key, o));
    call_key(&call, key_request(&key, &o->s->config.keys, o->request));
    call_key(&call, deadlines_key(&key, o));
    call_str(&call, o->job);
    call_int(&call, o->attempt);
    call_str(&call, job_outcome_name(OUTCOME_FAILED));
    call_str(&call, owner_lost);
    call_int(&call, 0);
    call_int(&call, usec_to_msec_up(o->s->config.finished_ttl));
    call_int(&call, 1);
    sched_call(o->s, &call, on_completed, o);
}

static void on_late(void *arg) {
    orphan *o = arg;
    DL_DELETE(o->s->late, o);
    if (outage_deadlines_rest(o->s))
        orphan_free(o);
    else
        complete(o);
}

static void give_time(orphan *o) {
    scheduler *s = o->s;
    DL_APPEND(s->late, o);
    o->timer = s->env.timers.set(s->env.timers.ctx, o->due + OWNER_LATE, on_late, o);
}

static void on_alive(void *arg, link_status status, bool alive, const char *address) {
    orphan *o = arg;
    (void)address;
    if (status != LINK_OK || o->s->stopped)
        orphan_free(o);
    else if (alive)
        give_time(o);
    else
        complete(o);
}

/* What we were ourselves to end, and do not follow, was refused, or its session has its answer. */
static void look_at_owner(orphan *o, const char *owner) {
    if (o->s->stopped) {
        orphan_free(o);
    } else if (!elsewhere_exists(o->s) || !strcmp(owner, o->s->instance)) {
        o->session[0] = '\0';
        complete(o);
    } else {
        elsewhere_ask_alive(o->s, owner, on_alive, o);
    }
}

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    orphan *o = arg;
    sched_answered(o->s, SCRIPT_NONE, status, reply);
    job_state state;
    o->attempt = reply_int(reply_at(reply, 1));
    snprintf(o->request, sizeof o->request, "%s", reply_text(reply_at(reply, 2)));
    if (status != LINK_OK) {
        orphan_free(o);
    } else if (!job_state_parse(reply_text(reply_at(reply, 0)), &state) || state >= JOB_FINISHED) {
        release(o);
    } else {
        bool told = !lang_pair_parse(reply_text(reply_at(reply, 6)), &o->pair, NULL);
        if (told) snprintf(o->session, sizeof o->session, "%s", reply_text(reply_at(reply, 4)));
        o->utterance = (uint64_t)reply_int(reply_at(reply, 5));
        look_at_owner(o, reply_text(reply_at(reply, 3)));
    }
}

void takeover_due(scheduler *s, const char *job_id, usec_t due) {
    unsigned bucket;
    if (!job_bucket_of_job(job_id, &bucket) || !elsewhere_begin(s)) return;
    orphan *o = mem_zalloc(1, sizeof *o);
    o->s = s;
    o->due = due;
    snprintf(o->job, sizeof o->job, "%s", job_id);
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, job_key(&key, o));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "req");
    call_str(&call, "owner");
    call_str(&call, "sess");
    call_str(&call, "utt");
    call_str(&call, "pair");
    sched_call(s, &call, on_read, o);
}

void takeover_due_stop(scheduler *s) {
    orphan *o, *next;
    DL_FOREACH_SAFE(s->late, o, next) {
        s->env.timers.cancel(s->env.timers.ctx, o->timer);
        DL_DELETE(s->late, o);
        orphan_free(o);
    }
}
