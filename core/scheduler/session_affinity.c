/* session_affinity.c - where a sentence that goes on was sent: its node keeps the tail of the sound.
 *
 * After a cut by timeout or by max-duration the next job of the session and target is first offered to the same node. A job takes what
 * is known when it is created, so that only one does. When it was sent, and its own cut goes on too, it says where the sentence is now,
 * also after a retry; but only the latest job of a target may: one that waited long does not bring back a sentence that has ended,
 * or gone elsewhere, since. So a job that is created before the one before it was sent finds nothing and is placed as any other: that
 * happens when the former waits for room longer than a whole utterance lasts, and then its node would have had no room either.
 *
 * Redis has it too, for sessions that come back on another instance: one plain SET, GET or DEL, and nobody waits for the answer. That of
 * the GET comes before the first job is created, because a link answers in order; on a cluster, where it may not, the tail of
 * one sentence is lost. */
#include "core/base/mem.h"
#include "core/scheduler/session_flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_done(void *arg, link_status status, const redis_reply *reply) {
    sched_answered(arg, SCRIPT_NONE, status, reply);
}

static void begin(redis_call *call, const char *command, const session *one, const target *t) {
    redis_key key;
    call_command(call, command);
    call_key(call, key_session_affinity(&key, &one->s->config.keys, one->id, t->lang));
}

static void store(session *one, target *t) {
    char value[ID_MAX + 24];
    redis_call call;
    snprintf(value, sizeof value, "%" PRIu64 " %s", t->affinity_utterance, t->affinity);
    begin(&call, "SET", one, t);
    call_str(&call, value);
    call_str(&call, "PX");
    call_int(&call, usec_to_msec_up(one->s->config.affinity_ttl));
    t->affinity_stored = true;
    sched_call(one->s, &call, on_done, one->s);
}

/* The sentence has ended. */
static void drop(session *one, target *t) {
    redis_call call;
    t->affinity[0] = '\0';
    t->affinity_utterance = NO_UTTERANCE;
    if (!t->affinity_stored) return;
    begin(&call, "DEL", one, t);
    t->affinity_stored = false;
    sched_call(one->s, &call, on_done, one->s);
}

typedef struct question {
    session *one;
    target *about; /* lives as long as the session is not gone */
} question;

static void on_asked(void *arg, link_status status, const redis_reply *reply) {
    question q = *(question *)arg;
    free(arg);
    sched_answered(q.one->s, SCRIPT_NONE, status, reply);
    uint64_t utterance;
    char node[ID_MAX + 1];
    bool found = status == LINK_OK && sscanf(reply_text(reply), "%" SCNu64 " %64s", &utterance, node) == 2;
    if (found && !q.one->gone && q.about->affinity_utterance == NO_UTTERANCE) {
        memcpy(q.about->affinity, node, sizeof node);
        q.about->affinity_stored = true;
    }
    session_unref(q.one);
}

void affinity_ask(session *one, target *t) {
    if (t->affinity_asked || !one->s->config.affinity) return;
    t->affinity_asked = true;
    question *q = mem_alloc(sizeof *q);
    *q = (question){one, t};
    redis_call call;
    begin(&call, "GET", one, t);
    session_ref(one);
    sched_call(one->s, &call, on_asked, q);
}

void affinity_take(job *j) {
    session *one = session_by_conn(j->s, j->conn);
    target *t = j->place;
    if (!one || !t) return;
    memcpy(j->affine, t->affinity, sizeof j->affine);
    t->affinity[0] = '\0';
    t->affinity_utterance = j->utterance;
    if (!cut_continues(j->cut)) drop(one, t);
}

void affinity_sent(const job *j) {
    session *one = session_by_conn(j->s, j->conn);
    target *t = j->place;
    if (!one || !t || !j->s->config.affinity) return;
    if (t->affinity_utterance != j->utterance) return;
    memcpy(t->affinity, j->node, sizeof t->affinity);
    store(one, t);
}

void affinity_forget(session *one) {
    for (target *t = one->targets; t; t = t->next) drop(one, t);
}
