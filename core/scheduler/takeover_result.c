/* takeover_result.c - a node says something of a job that nobody here follows.
 *
 * Its connection moved here, or the instance that followed the job died: the job's record tells. Where its owner lives, that one is told.
 * Where it is dead, a result ends the job from its record, and goes to its session, wherever that speaks by now. The end is a
 * compare-and-set on the attempt, so of several who try, one tells the session.
 *
 * A failure cannot become another attempt here, because the sound was with the owner. Its reservation is given back; the job stays for
 * whoever brings its sound again (takeover_job.c), and ends at its deadline otherwise. An empty result is held, as ever, for a full one. */
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"

#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct stray {
    scheduler *s;
    stray *next, *prev; /* while it is held */
    timer_handle timer;
    char job[ID_MAX + 1], node[ID_MAX + 1];
    int64_t attempt;
    job_outcome outcome;
    char code[48], service[SERVICE_MAX + 1];
    payload *content;

    /* of the record */
    char owner[ID_MAX + 1], session[ID_MAX + 1], request[REQUEST_ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;

    bool released; /* the reservation was given back */
    int tries;
};

static void stray_free(stray *r) {
    elsewhere_end(r->s);
    payload_unref(r->content);
    free(r);
}

static void emit(const stray *r, sched_event event) {
    event.job = r->job;
    event.attempt = r->attempt;
    event.node = r->node;
    if (*r->session) {
        event.session = r->session;
        event.utterance = r->utterance;
        event.pair = &r->pair;
    }
    sched_emit(r->s, event);
}

static void drop(stray *r) {
    emit(r, (sched_event){.kind = EV_STALE, .code = r->code});
    stray_free(r);
}

/* ---- the owner is dead ---------------------------------------------------------------------------------------------- */

static void ended(stray *r, const char *stored) {
    scheduler *s = r->s;
    job_answer answer = {
        .request_id = r->request,
        .session_id = r->session,
        .job_id = r->job,
        .utterance = r->utterance,
        .pair = &r->pair,
        .outcome = r->outcome,
        .code = "",
        .content = r->content,
    };
    emit(r, (sched_event){.kind = EV_FINISHED, .outcome = r->outcome});
    if (!strcmp(stored, job_state_name(JOB_RELEASED))) emit(r, (sched_event){.kind = EV_RELEASED});
    elsewhere_answer(s, (hearer){r->session, ""}, &answer, r->attempt);
    stray_free(r);
}

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool ended_by_us(const stray *r, const redis_reply *reply) {
    return r->tries > 0 && reply_says(reply, "STALE") && reply_int(reply_at(reply, 2)) == r->attempt &&
           !strcmp(reply_text(reply_at(reply, 3)), job_outcome_name(r->outcome));
}

static void complete(stray *r);

static void on_completed(void *arg, link_status status, const redis_reply *reply) {
    stray *r = arg;
    sched_answered(r->s, SCRIPT_COMPLETE_TASK, status, reply);
    if (status == LINK_UNKNOWN && ++r->tries < UNKNOWN_TRIES)
        complete(r);
    else if (status == LINK_OK && (reply_says(reply, "OK") || ended_by_us(r, reply)))
        ended(r, reply_text(reply_at(reply, 1)));
    else
        drop(r);
}

static void complete(stray *r) {
    scheduler *s = r->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_COMPLETE_TASK);
    call_key(&call, key_job(&key, &s->config.keys, r->job));
    call_key(&call, key_request(&key, &s->config.keys, r->request));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, job_bucket_of_request(r->request)));
    call_str(&call, r->job);
    call_int(&call, r->attempt);
    call_str(&call, job_outcome_name(r->outcome));
    call_str(&call, "");
    call_int(&call, r->released ? 1 : 0);
    call_int(&call, usec_to_msec_up(s->config.finished_ttl));
    call_int(&call, 0);
    sched_call(s, &call, on_completed, r);
}

static void on_released(void *arg, link_status status, const redis_reply *reply) {
    stray *r = arg;
    scheduler *s = r->s;
    char node[ID_MAX + 1];
    lang_pair pair = r->pair;
    sched_answered(s, SCRIPT_RELEASE_RESERVATION, status, reply);
    r->released = status == LINK_OK;
    memcpy(node, r->node, sizeof node);
    if (r->released) {
        emit(r, (sched_event){.kind = EV_UNRESERVED});
        node_released(s, node, reply_int(reply_at(reply, 1)), reply_text(reply_at(reply, 2)));
    }
    if (r->outcome == OUTCOME_FAILED)
        drop(r);
    else
        complete(r);
    job_offer_room(s, node, &pair);
}

static void release(stray *r) {
    scheduler *s = r->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &s->config.keys, r->node));
    call_key(&call, key_node(&key, &s->config.keys, r->node));
    call_str(&call, r->job);
    call_int(&call, r->attempt);
    call_str(&call, r->outcome == OUTCOME_FAILED ? "none" : "success"); /* the owner knew what to think of a failure */
    call_int(&call, usec_to_msec_up(s->config.trial_pause));
    sched_call(s, &call, on_released, r);
}

static void on_hold_over(void *arg) {
    stray *r = arg;
    r->timer = 0;
    DL_DELETE(r->s->held, r);
    release(r);
}

static void hold(stray *r) {
    scheduler *s = r->s;
    usec_t until = sched_now(s) + s->config.empty_hold;
    DL_APPEND(s->held, r);
    r->timer = s->env.timers.set(s->env.timers.ctx, until, on_hold_over, r);
    emit(r, (sched_event){.kind = EV_EMPTY_HELD, .until = until});
}

static void take_over(stray *r) {
    if (r->outcome == OUTCOME_NO_TEXT && r->s->config.empty_hold > 0)
        hold(r);
    else
        release(r);
}

/* ---- whose it is ---------------------------------------------------------------------------------------------------- */

static void hand_on(stray *r, const char *address) {
    remote_say(r->s, r->owner, address,
               (peer_message){
                   .kind = PEER_RESULT,
                   .job = r->job,
                   .attempt = r->attempt,
                   .node = r->node,
                   .outcome = r->outcome,
                   .code = r->code,
                   .service = r->service,
                   .content = r->content,
               });
    stray_free(r);
}

static void on_alive(void *arg, link_status status, bool alive, const char *address) {
    stray *r = arg;
    if (status != LINK_OK)
        drop(r);
    else if (alive)
        hand_on(r, address);
    else
        take_over(r);
}

/* False when the record has no such attempt at that node, or no job that could be ended. */
static bool read_record(stray *r, const redis_reply *reply) {
    job_state state;
    bool there = job_state_parse(reply_text(reply_at(reply, 0)), &state) && state < JOB_FINISHED &&
                 reply_int(reply_at(reply, 1)) == r->attempt && !strcmp(reply_text(reply_at(reply, 2)), r->node);
    if (!there || lang_pair_parse(reply_text(reply_at(reply, 6)), &r->pair, NULL)) return false;
    snprintf(r->owner, sizeof r->owner, "%s", reply_text(reply_at(reply, 3)));
    snprintf(r->session, sizeof r->session, "%s", reply_text(reply_at(reply, 4)));
    r->utterance = (uint64_t)reply_int(reply_at(reply, 5));
    snprintf(r->request, sizeof r->request, "%s", reply_text(reply_at(reply, 7)));
    return true;
}

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    stray *r = arg;
    scheduler *s = r->s;
    sched_answered(s, SCRIPT_NONE, status, reply);
    bool known = status == LINK_OK && !reply_is_nil(reply_at(reply, 0));
    emit(r, (sched_event){.kind = EV_LOOKED_UP, .code = known ? "known" : "unknown"});
    if (!known || !read_record(r, reply) || !elsewhere_exists(s))
        drop(r);
    else if (!strcmp(r->owner, s->instance))
        take_over(r); /* we follow it no more, and nobody else will */
    else
        elsewhere_ask_alive(s, r->owner, on_alive, r);
}

static void ask(stray *r) {
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key_job(&key, &r->s->config.keys, r->job));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "node");
    call_str(&call, "owner");
    call_str(&call, "sess");
    call_str(&call, "utt");
    call_str(&call, "pair");
    call_str(&call, "req");
    sched_call(r->s, &call, on_read, r);
}

/* NULL, and it is counted as stale, when nothing can be done about it. */
static stray *stray_new(scheduler *s, const char *node, const char *job_id, int64_t attempt) {
    unsigned bucket;
    bool askable = elsewhere_exists(s) && *node && job_bucket_of_job(job_id, &bucket) && strlen(job_id) <= ID_MAX;
    if (!askable || !elsewhere_begin(s)) {
        sched_emit(s, (sched_event){.kind = EV_STALE, .job = job_id, .attempt = attempt, .node = node});
        return NULL;
    }
    stray *r = mem_zalloc(1, sizeof *r);
    r->s = s;
    r->attempt = attempt;
    snprintf(r->job, sizeof r->job, "%s", job_id);
    snprintf(r->node, sizeof r->node, "%s", node);
    return r;
}

void takeover_result(scheduler *s, const char *node, const node_result *result) {
    stray *r = stray_new(s, node, result->job_id, result->attempt);
    if (!r) return;
    r->outcome = result->outcome;
    r->content = payload_ref(result->content);
    snprintf(r->code, sizeof r->code, "%s", result->code ? result->code : "");
    snprintf(r->service, sizeof r->service, "%s", result->service ? result->service : "");
    ask(r);
}

void takeover_stop(scheduler *s) {
    stray *r, *next;
    DL_FOREACH_SAFE(s->held, r, next) {
        s->env.timers.cancel(s->env.timers.ctx, r->timer);
        DL_DELETE(s->held, r);
        stray_free(r);
    }
    s->stopped = true;
}
