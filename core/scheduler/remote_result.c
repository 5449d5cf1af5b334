/* remote_result.c - a result on its way from the instance that has the node to the one that has the session.
 *
 * It is said again, with growing pauses, until the other has said that it came (GOT), because nobody else knows it: the node has
 * forgotten the job. An empty result leaves the guest where it is, since the full one may follow; DUPLICATE_JOB_ID, too, says only that
 * the true result is to come, and is passed on without being kept.
 *
 * By inbox, the other is told where the result lies, and fetches it. */
#include "core/scheduler/remote_flow.h"

#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- at the holder of the node -------------------------------------------------------------------------------------- */

void guest_drop_result(guest *g) {
    g->outcome = OUTCOME_NONE;
    g->content = payload_unref(g->content);
    free(g->service);
    g->service = NULL;
}

static void stale(scheduler *s, const char *node, const char *job_id, int64_t attempt, const char *code) {
    sched_emit(s, (sched_event){.kind = EV_STALE, .job = job_id, .attempt = attempt, .node = node, .code = code});
}

static void say_result(guest *g, const char *to, const char *address, const node_result *result) {
    peer_message m = remote_about(PEER_RESULT, g->job, g->attempt, g->node);
    m.outcome = result->outcome;
    m.code = result->code;
    m.service = result->service;
    m.content = result->content;
    remote_say(g->s, to, address, m);
}

static node_result result_of(const guest *g) {
    return (node_result){
        .job_id = g->job,
        .attempt = g->attempt,
        .outcome = g->outcome,
        .code = g->code,
        .service = g->service,
        .content = g->content,
    };
}

static void on_notice_sent(void *arg, send_result result) {
    (void)arg, (void)result; /* until GOT comes, the next one follows by its timer */
}

static void send_notice(guest *g) {
    inbox_entry entry = {
        .kind = ENTRY_RESULT,
        .from = g->s->instance,
        .address = g->s->env.address ? g->s->env.address : "",
        .job = g->job,
        .session = g->session,
        .node = g->node,
        .attempt = g->attempt,
        .deadline_msec = g->expires / USEC_PER_MSEC,
    };
    instance_send(g->s->self, g->from, &entry, on_notice_sent, NULL);
}

void guest_tell_result(guest *g) {
    scheduler *s = g->s;
    if (!g->outcome) {
        guest_set_timer(g, g->expires);
        return;
    }
    node_result result = result_of(g);
    usec_t again = sched_now(s) + g->pause;
    g->pause *= 2;
    guest_set_timer(g, again < g->expires ? again : g->expires);
    if (s->config.delivery == DELIVERY_INBOX)
        send_notice(g);
    else
        say_result(g, g->from, g->address, &result);
}

static void keep_result(guest *g, const node_result *result) {
    guest_drop_result(g);
    g->outcome = result->outcome;
    snprintf(g->code, sizeof g->code, "%s", result->code ? result->code : "");
    g->service = result->service && *result->service ? mem_strdup(result->service) : NULL;
    g->content = payload_ref(result->content);
    g->pause = g->s->config.instance.peer_patience;
}

/* A full result may come behind an empty one; anything else behind a result is said twice. */
static bool is_repeated(const guest *g, const node_result *result) {
    job_outcome before = g->outcome ? g->outcome : g->had;
    return before && !(before == OUTCOME_NO_TEXT && result->outcome == OUTCOME_OK);
}

bool remote_guest_result(scheduler *s, const node_conn *n, const node_result *result) {
    guest *g = guest_of_message(s, n, result->job_id, result->attempt);
    if (!g) return false;
    if (is_repeated(g, result)) {
        stale(s, g->node, g->job, g->attempt, "REPEATED");
    } else if (result->outcome == OUTCOME_FAILED && result->code && !strcmp(result->code, "DUPLICATE_JOB_ID")) {
        say_result(g, g->from, g->address, result);
    } else {
        keep_result(g, result);
        guest_tell_result(g);
    }
    return true;
}

void remote_result_got(scheduler *s, const peer_message *m) {
    guest *g = guest_find(s, m->job, m->attempt);
    if (!g || !g->outcome || g->outcome != m->outcome) return;
    g->had = g->outcome;
    guest_drop_result(g);
    if (g->had == OUTCOME_NO_TEXT)
        guest_set_timer(g, g->expires);
    else
        guest_end(g);
}

bool remote_result_asked(scheduler *s, const char *from, const peer_message *m) {
    guest *g = guest_find(s, m->job, m->attempt);
    if (!g || !g->outcome) return false;
    node_result result = result_of(g);
    say_result(g, from, m->address, &result);
    return true;
}

void guest_result_is_stray(guest *g) {
    if (!g->outcome) return;
    node_result result = result_of(g);
    remote_stray_result(g->s, g->node, &result);
}

/* ---- at the holder of the session ----------------------------------------------------------------------------------- */

void remote_result_came(scheduler *s, const char *from, const peer_message *m) {
    node_result result = {
        .job_id = m->job,
        .attempt = m->attempt,
        .outcome = m->outcome,
        .code = m->code,
        .service = m->service,
        .content = m->content,
    };
    peer_message got = remote_about(PEER_GOT, m->job, m->attempt, m->node);
    got.outcome = m->outcome;
    remote_say(s, from, m->address, got);
    if (job_find(s, m->job))
        job_hear_result(s, m->node, &result);
    else
        remote_stray_result(s, m->node, &result);
}

void remote_result_entry(scheduler *s, const inbox_entry *entry) {
    remote_say(s, entry->from, entry->address, remote_about(PEER_FETCH, entry->job, entry->attempt, entry->node));
}
