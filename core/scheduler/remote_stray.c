/* remote_stray.c - what concerns a job that nobody here follows: the rest of elsewhere.h knows what becomes of it.
 *
 * An entry of a dead instance's inbox: what was to be sent to a node goes to the instance that has the node's connection by now; when there
 * is none, the holder of the session is told at once, and need not wait for its timer. The notice of a result needs nothing: whoever has
 * the result learns itself that the other is dead, and then it is a result of a job that nobody follows. */
#include "core/scheduler/elsewhere.h"

#include "core/base/mem.h"
#include "core/scheduler/remote_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void remote_stray_result(scheduler *s, const char *node, const node_result *result) {
    takeover_result(s, node, result);
}

void remote_stray_message(scheduler *s, const char *from, const peer_message *message) {
    (void)from;
    elsewhere_hear(s, message);
}

/* ---- entries -------------------------------------------------------------------------------------------------------- */

typedef struct errand {
    scheduler *s;
    entry_token token;
    char from[ID_MAX + 1], address[ADDRESS_MAX + 1];
    char job[ID_MAX + 1], session[ID_MAX + 1], node[ID_MAX + 1];
    int64_t attempt, deadline_msec;
} errand;

static void over(errand *e, bool handled, const char *reason) {
    elsewhere_end(e->s);
    if (!e->s->stopped) instance_handled(e->s->self, &e->token, handled, reason);
    free(e);
}

static void refuse(errand *e) {
    peer_message refused = remote_about(PEER_REFUSED, e->job, e->attempt, e->node);
    refused.code = "gone";
    if (strcmp(e->from, e->s->instance) != 0)
        remote_say(e->s, e->from, e->address, refused);
    else
        remote_job_heard(e->s, e->from, &refused);
    over(e, true, NULL);
}

static void on_sent(void *arg, send_result result) {
    if (result == SEND_GONE)
        refuse(arg);
    else
        over(arg, result == SEND_OK, "not delivered");
}

static void send_on(errand *e, const char *holder) {
    inbox_entry entry = {
        .kind = ENTRY_ASSIGN,
        .from = e->from,
        .address = e->address,
        .job = e->job,
        .session = e->session,
        .node = e->node,
        .attempt = e->attempt,
        .deadline_msec = e->deadline_msec,
    };
    instance_send(e->s->self, holder, &entry, on_sent, e);
}

static void on_owner(void *arg, link_status status, const redis_reply *reply) {
    errand *e = arg;
    char holder[ID_MAX + 1];
    sched_answered(e->s, SCRIPT_NONE, status, reply);
    elsewhere_instance_of(reply_text(reply), holder);
    if (status != LINK_OK || e->s->stopped)
        over(e, false, "node not read");
    else if (*holder && strcmp(holder, e->token.instance) != 0)
        send_on(e, holder);
    else
        refuse(e);
}

static void bring_to_node(scheduler *s, const inbox_entry *entry, const entry_token *token) {
    errand *e = mem_alloc(sizeof *e);
    *e = (errand){.s = s, .token = *token, .attempt = entry->attempt, .deadline_msec = entry->deadline_msec};
    snprintf(e->from, sizeof e->from, "%s", entry->from);
    snprintf(e->address, sizeof e->address, "%s", entry->address);
    snprintf(e->job, sizeof e->job, "%s", entry->job);
    snprintf(e->session, sizeof e->session, "%s", entry->session);
    snprintf(e->node, sizeof e->node, "%s", entry->node);
    redis_key key;
    redis_call call;
    call_command(&call, "HGET");
    call_key(&call, key_node(&key, &s->config.keys, e->node));
    call_str(&call, "owner");
    sched_call(s, &call, on_owner, e);
}

void remote_stray_entry(scheduler *s, const char *dead_instance, const inbox_entry *entry, const entry_token *token) {
    (void)dead_instance;
    bool late = entry->deadline_msec <= sched_now(s) / USEC_PER_MSEC;
    if (entry->kind != ENTRY_ASSIGN || late)
        instance_handled(s->self, token, true, NULL);
    else if (elsewhere_begin(s))
        bring_to_node(s, entry, token);
    else
        instance_handled(s->self, token, false, "too many are under way");
}
