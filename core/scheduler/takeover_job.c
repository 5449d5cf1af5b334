/* takeover_job.c - a request comes again, with its sound: the unfinished job of a dead instance goes on here.
 *
 * Only a request that comes again has the sound, so only then can a job of a dead owner still end well; the dead one's jobs that nobody
 * asks for again are ended by the sweep at their deadline. A restarted instance is one of the others: its old id is dead.
 *
 * The record tells owner and attempt; whether the owner lives is asked behind that; then one compare-and-set on both decides. Whoever
 * loses it, or finds the owner alive, tells its session what is known. While the owner lives, the utterance stays expected in the
 * session: the answer comes from there, and takes its place among the results. Should that never come, the client asks again.
 *
 * The former attempt's node may still be at work. Its reservation is given back and it is excluded: it would refuse a second job of the
 * utterance, and what it says is heard by nobody. */
#include "core/scheduler/elsewhere.h"

#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct takeover {
    job *j; /* its chain is busy meanwhile */
    char id[ID_MAX + 1], owner[ID_MAX + 1];
    char state[16];
    job_outcome outcome;
    int64_t attempt;
    int tries;
} takeover;

/* The session has gone, or has given the utterance up: nobody here waits for it any more. */
static bool is_unwanted(const job *j) {
    return !j->place || (j->noted & NOTE_CANCEL);
}

/* What is known of the job is told; `expected`: its answer may still come, from wherever it is followed. */
static void tell_known(takeover *t, bool expected) {
    job *j = t->j;
    j->busy = false;
    if (!is_unwanted(j)) session_known_as(j, t->id, t->state, t->outcome, expected);
    free(t);
    job_drop(j);
}

static bool is_unfinished(const takeover *t) {
    job_state state;
    return job_state_parse(t->state, &state) && state < JOB_FINISHED;
}

/* ---- it is ours ----------------------------------------------------------------------------------------------------- */

static void go_on(job *j) {
    char former[ID_MAX + 1];
    memcpy(former, j->node, sizeof former);
    job_next_attempt(j);
    job_emit(j, (sched_event){.kind = EV_ADOPTED, .node = former, .code = j->retry_code});
    affinity_take(j);
    job_place(j);
}

static void take_tried(job *j, const char *tried) {
    char node[ID_MAX + 1];
    for (int used; sscanf(tried, "%64s%n", node, &used) == 1; tried += used) job_exclude(j, node);
}

/* From here on it is that job, at the attempt that its former owner left. Its attempts are counted anew. */
static void adopted(takeover *t, const char *node, const char *tried) {
    job *j = t->j;
    scheduler *s = j->s;
    HASH_DEL(s->jobs, j);
    memcpy(j->id, t->id, sizeof j->id);
    HASH_ADD_STR(s->jobs, id, j);
    snprintf(j->node, sizeof j->node, "%s", node);
    snprintf(j->retry_code, sizeof j->retry_code, "%.*s", (int)sizeof j->retry_code - 1, t->owner);
    j->busy = false;
    j->tries = 0;
    j->attempt = t->attempt;
    j->remade = (int)t->attempt;
    j->released = j->node[0] == '\0';
    j->created = sched_now(s);
    take_tried(j, tried);
    free(t);
    job_release_then(j, go_on);
}

static void adopt(takeover *t);

/* An unknown outcome was repeated, and the first call had happened after all. Its node is among those tried. */
static bool adopted_by_us(const takeover *t, const redis_reply *reply) {
    return t->tries > 0 && reply_says(reply, "STALE") && !strcmp(reply_text(reply_at(reply, 1)), "CREATED") &&
           reply_int(reply_at(reply, 2)) == t->attempt + 1 &&
           !strcmp(reply_text(reply_at(reply, 4)), t->j->s->instance);
}

static void on_adopted(void *arg, link_status status, const redis_reply *reply) {
    takeover *t = arg;
    scheduler *s = t->j->s;
    sched_answered(s, SCRIPT_ADOPT_JOB, status, reply);
    bool here = job_find(s, t->id) != NULL;
    if (status == LINK_UNKNOWN && ++t->tries < UNKNOWN_TRIES) {
        adopt(t);
    } else if (status == LINK_OK && !here && reply_says(reply, "ADOPTED")) {
        adopted(t, reply_text(reply_at(reply, 3)), reply_text(reply_at(reply, 4)));
    } else if (status == LINK_OK && !here && adopted_by_us(t, reply)) {
        adopted(t, "", "");
    } else {
        if (status == LINK_OK) snprintf(t->state, sizeof t->state, "%s", reply_text(reply_at(reply, 1)));
        t->outcome = OUTCOME_NONE;
        job_outcome_parse(reply_text(reply_at(reply, 3)), &t->outcome);
        tell_known(t, status == LINK_OK && is_unfinished(t));
    }
}

static void adopt(takeover *t) {
    scheduler *s = t->j->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_ADOPT_JOB);
    call_key(&call, key_job(&key, &s->config.keys, t->id));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, job_bucket_of_request(t->j->request)));
    call_str(&call, t->id);
    call_str(&call, t->owner);
    call_int(&call, t->attempt);
    call_str(&call, s->instance);
    call_int(&call, usec_to_msec_up(s->config.pending_limit));
    sched_call(s, &call, on_adopted, t);
}

/* ---- whose it is ---------------------------------------------------------------------------------------------------- */

static void on_alive(void *arg, link_status status, bool alive, const char *address) {
    takeover *t = arg;
    (void)address;
    if (status == LINK_OK && !alive && !is_unwanted(t->j))
        adopt(t);
    else
        tell_known(t, status == LINK_OK && alive);
}

static bool is_same_request(const job *j, const redis_reply *reply) {
    char utterance[24], pair[PAIR_MAX + 1];
    snprintf(utterance, sizeof utterance, "%" PRIu64, j->utterance);
    return !strcmp(reply_text(reply_at(reply, 4)), j->session) && !strcmp(reply_text(reply_at(reply, 5)), utterance) &&
           !strcmp(reply_text(reply_at(reply, 6)), lang_pair_text(pair, &j->pair));
}

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    takeover *t = arg;
    scheduler *s = t->j->s;
    sched_answered(s, SCRIPT_NONE, status, reply);
    t->attempt = reply_int(reply_at(reply, 1));
    snprintf(t->state, sizeof t->state, "%s", reply_text(reply_at(reply, 0)));
    snprintf(t->owner, sizeof t->owner, "%s", reply_text(reply_at(reply, 2)));
    job_outcome_parse(reply_text(reply_at(reply, 3)), &t->outcome);
    sched_emit(s, (sched_event){.kind = EV_LOOKED_UP, .job = t->id, .code = *t->state ? "known" : "unknown"});
    if (status != LINK_OK || !is_unfinished(t) || !is_same_request(t->j, reply) || !elsewhere_exists(s))
        tell_known(t, false);
    else if (!strcmp(t->owner, s->instance))
        tell_known(t, true);
    else
        elsewhere_ask_alive(s, t->owner, on_alive, t);
}

bool takeover_job(job *j, const char *job_id) {
    scheduler *s = j->s;
    if (!elsewhere_exists(s) || s->config.job_store != JOB_STORE_REDIS || job_find(s, job_id)) return false;
    takeover *t = mem_zalloc(1, sizeof *t);
    t->j = j;
    snprintf(t->id, sizeof t->id, "%s", job_id);
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key_job(&key, &s->config.keys, t->id));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "owner");
    call_str(&call, "outcome");
    call_str(&call, "sess");
    call_str(&call, "utt");
    call_str(&call, "pair");
    j->busy = true;
    sched_call(s, &call, on_read, t);
    return true;
}
