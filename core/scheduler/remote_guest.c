/* remote_guest.c - a job of another instance at a node of ours, from the entry in our inbox until the node is rid of it.
 *
 * Of an attempt there is one guest, so what is asked twice is done once. It ends with the node's last word, with the node, with the
 * other instance, or when its time is over; what the node says later concerns a job that nobody here follows (remote_stray.c).
 *
 * The reservation is confirmed here and not where the job is placed, because only who has the connection can say over which one the
 * node speaks now, and because then no call lies between the confirmation and the assignment. */
#include "core/scheduler/remote_flow.h"

#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

guest *guest_find(scheduler *s, const char *job_id, int64_t attempt) {
    char key[sizeof((guest *)0)->key];
    guest *g;
    snprintf(key, sizeof key, "%.*s %" PRId64, ID_MAX, job_id, attempt);
    HASH_FIND_STR(s->guests, key, g);
    return g;
}

static void cancel_timer(guest *g) {
    const timer_source *timers = &g->s->env.timers;
    timers->cancel(timers->ctx, g->timer);
    g->timer = 0;
}

static void guest_free(guest *g) {
    cancel_timer(g);
    audio_unref(g->sound);
    guest_drop_result(g);
    free(g);
}

static void forget_as_latest(guest *g) {
    if (g->latest) HASH_DELETE(hh_job, g->s->guests_by_job, g);
    g->latest = false;
}

void guest_end(guest *g) {
    scheduler *s = g->s;
    if (g->stage == GUEST_OVER) return;
    cancel_timer(g);
    forget_as_latest(g);
    HASH_DEL(s->guests, g);
    s->counts.guests--;
    g->stage = GUEST_OVER;
    if (g->calls == 0) guest_free(g);
}

void guest_say(guest *g, peer_kind kind, const char *code) {
    peer_message m = remote_about(kind, g->job, g->attempt, g->node);
    m.code = code;
    if (kind == PEER_SENT) m.until = g->expires;
    remote_say(g->s, g->from, g->address, m);
}

static void refuse(guest *g, const char *code) {
    guest_say(g, PEER_REFUSED, code);
    guest_end(g);
}

/* ---- its time ------------------------------------------------------------------------------------------------------- */

static void on_timer(void *arg) {
    guest *g = arg;
    usec_t now = sched_now(g->s), patience = g->s->config.instance.peer_patience;
    g->timer = 0;
    if (g->stage == GUEST_FETCHED && g->tries++ == 0) {
        guest_say(g, PEER_FETCH, "");
        guest_set_timer(g, now + patience / 2);
    } else if (g->stage == GUEST_SENT && now < g->expires) {
        guest_tell_result(g);
    } else {
        guest_result_is_stray(g);
        guest_end(g);
    }
}

void guest_set_timer(guest *g, usec_t at) {
    const timer_source *timers = &g->s->env.timers;
    cancel_timer(g);
    g->timer = timers->set(timers->ctx, at, on_timer, g);
}

/* ---- it comes ------------------------------------------------------------------------------------------------------- */

static void make_latest(guest *g) {
    guest *before;
    HASH_FIND(hh_job, g->s->guests_by_job, g->job, strlen(g->job), before);
    if (before && before->attempt > g->attempt) return;
    if (before) forget_as_latest(before);
    HASH_ADD(hh_job, g->s->guests_by_job, job, strlen(g->job), g);
    g->latest = true;
}

static guest *guest_new(scheduler *s, const inbox_entry *entry) {
    guest *g = mem_zalloc(1, sizeof *g);
    g->s = s;
    g->attempt = entry->attempt;
    snprintf(g->key, sizeof g->key, "%.*s %" PRId64, ID_MAX, entry->job, entry->attempt);
    snprintf(g->job, sizeof g->job, "%s", entry->job);
    snprintf(g->node, sizeof g->node, "%s", entry->node);
    snprintf(g->session, sizeof g->session, "%s", entry->session);
    snprintf(g->from, sizeof g->from, "%s", entry->from);
    snprintf(g->address, sizeof g->address, "%s", entry->address);
    HASH_ADD_STR(s->guests, key, g);
    make_latest(g);
    s->counts.guests++;
    return g;
}

static void refuse_entry(scheduler *s, const inbox_entry *entry, const char *code) {
    peer_message m = remote_about(PEER_REFUSED, entry->job, entry->attempt, entry->node);
    m.code = code;
    remote_say(s, entry->from, entry->address, m);
}

/* An entry that comes late is no job any more; one that comes again is known. */
void remote_assign_entry(scheduler *s, const inbox_entry *entry) {
    if (entry->deadline_msec <= sched_now(s) / USEC_PER_MSEC || guest_find(s, entry->job, entry->attempt)) return;
    if (!node_by_id(s, entry->node)) {
        refuse_entry(s, entry, "owner");
    } else if (s->counts.guests >= s->config.jobs_max) {
        refuse_entry(s, entry, "full");
    } else {
        guest *g = guest_new(s, entry);
        guest_say(g, PEER_FETCH, "");
        guest_set_timer(g, sched_now(s) + s->config.instance.peer_patience / 2);
    }
}

/* ---- it is sent ----------------------------------------------------------------------------------------------------- */

static void send_to_node(guest *g, const node_conn *n) {
    job_assign assign = {
        .job_id = g->job,
        .session_id = g->session,
        .attempt = g->attempt,
        .utterance = g->utterance,
        .pair = &g->pair,
        .sound = g->sound,
        .cut = g->cut,
        .padding = g->padding,
    };
    g->stage = GUEST_SENT;
    sched_tell(g->s, node_assign, n->conn, &assign);
    g->sound = audio_unref(g->sound);
    guest_say(g, PEER_SENT, "");
    guest_set_timer(g, g->expires);
}

static void confirm(guest *g, const node_conn *n);

static void confirmed(guest *g, const confirm_answer *answer) {
    const node_conn *n = node_by_id(g->s, g->node);
    if (answer->status == LINK_UNKNOWN && n && ++g->tries < UNKNOWN_TRIES)
        confirm(g, n);
    else if (answer->status != LINK_OK)
        refuse(g, link_status_name(answer->status));
    else if (!answer->held)
        refuse(g, answer->why);
    else if (!n)
        refuse(g, "owner");
    else {
        g->expires = answer->expiry;
        send_to_node(g, n);
    }
}

static void on_confirmed(void *arg, const confirm_answer *answer) {
    guest *g = arg;
    g->calls--;
    if (g->stage == GUEST_OVER)
        guest_free(g);
    else
        confirmed(g, answer);
}

static void confirm(guest *g, const node_conn *n) {
    scheduler *s = g->s;
    char owner[OWNER_MAX + 1];
    usec_t hold = g->expires + s->config.reservation_grace - sched_now(s);
    confirm_question question = {
        .node = g->node,
        .job_id = g->job,
        .attempt = g->attempt,
        .owner = owner,
        .hold_msec = hold > 0 ? usec_to_msec_up(hold) : 1,
    };
    sched_owner(s, n->conn, owner);
    g->calls++;
    s->registry->ops->confirm(s->registry, &question, on_confirmed, g);
}

/* `until` is the attempt's deadline. */
static void take_job(guest *g, const peer_message *m) {
    usec_t now = sched_now(g->s);
    const node_conn *n = node_by_id(g->s, g->node);
    if (!n || !m->pair || !m->sound) {
        refuse(g, "owner");
        return;
    }
    cancel_timer(g);
    g->stage = GUEST_CONFIRMED;
    g->tries = 0;
    g->utterance = m->utterance;
    g->pair = *m->pair;
    g->cut = m->cut;
    g->padding = m->padding;
    g->sound = audio_ref(m->sound);
    g->limit = m->until > now ? m->until - now : 0;
    g->expires = m->until;
    confirm(g, n);
}

/* ---- what the other instance says ----------------------------------------------------------------------------------- */

/* One that is being confirmed is not sent then. */
static void cancelled(guest *g, const char *code) {
    const node_conn *n = g->stage == GUEST_SENT ? node_by_id(g->s, g->node) : NULL;
    if (n) sched_tell(g->s, node_cancel, n->conn, g->job, g->attempt, code);
    guest_end(g);
}

void remote_guest_heard(scheduler *s, const char *from, const peer_message *m) {
    guest *g = guest_find(s, m->job, m->attempt);
    if (!g || strcmp(g->from, from) != 0) return;
    if (m->kind == PEER_CANCEL)
        cancelled(g, m->code);
    else if (m->kind == PEER_JOB && g->stage == GUEST_FETCHED)
        take_job(g, m);
    else if (m->kind == PEER_JOB && g->stage == GUEST_SENT)
        guest_say(g, PEER_SENT, "");
    else if (m->kind == PEER_NOT_HERE && g->stage == GUEST_FETCHED)
        guest_end(g);
}

/* ---- what the node says --------------------------------------------------------------------------------------------- */

guest *guest_of_message(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt) {
    guest *g = n ? guest_find(s, job_id, attempt) : NULL;
    return g && g->stage == GUEST_SENT && !strcmp(g->node, n->node) ? g : NULL;
}

bool remote_guest_acked(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt) {
    guest *g = guest_of_message(s, n, job_id, attempt);
    if (g) guest_say(g, PEER_ACK, "");
    return g != NULL;
}

/* A job that was started has its whole time anew, once. */
static void runs(guest *g) {
    if (g->started) return;
    g->started = true;
    usec_t expires = sched_now(g->s) + g->limit + g->s->config.reservation_grace;
    if (expires > g->expires) g->expires = expires;
    if (!g->outcome) guest_set_timer(g, g->expires);
}

bool remote_guest_started(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt) {
    guest *g = guest_of_message(s, n, job_id, attempt);
    if (!g) return false;
    runs(g);
    guest_say(g, PEER_STARTED, "");
    return true;
}

/* The node names no attempt: it is the latest one, or none that matters. */
bool remote_guest_partial(scheduler *s, const node_conn *n, const char *job_id, payload *content) {
    guest *g;
    HASH_FIND(hh_job, s->guests_by_job, job_id, strlen(job_id), g);
    if (!g || !guest_of_message(s, n, job_id, g->attempt)) return false;
    runs(g);
    peer_message m = remote_about(PEER_PARTIAL, g->job, g->attempt, g->node);
    m.content = content;
    remote_say(s, g->from, g->address, m);
    return true;
}

void remote_guest_lost(scheduler *s, const char *node, const char *job_id, int64_t attempt) {
    guest *g = guest_find(s, job_id, attempt);
    if (!g || strcmp(g->node, node) != 0 || g->outcome) return;
    if (g->stage == GUEST_SENT) {
        guest_say(g, PEER_NODE_LOST, "");
        guest_end(g);
    } else {
        refuse(g, "offline");
    }
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

/* Their nodes may finish: whoever takes the job over asks for the result, or finds it. */
void remote_guests_of_dead(scheduler *s, const char *instance_id) {
    guest *g, *next;
    HASH_ITER (hh, s->guests, g, next) {
        if (strcmp(g->from, instance_id) != 0) continue;
        guest_result_is_stray(g);
        guest_end(g);
    }
}

void remote_guests_stop(scheduler *s) {
    for (guest *g = s->guests; g; g = g->hh.next) cancel_timer(g);
}

void remote_guests_free(scheduler *s) {
    guest *g, *next;
    HASH_ITER (hh, s->guests, g, next) guest_end(g);
}
