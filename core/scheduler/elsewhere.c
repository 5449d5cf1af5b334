/* elsewhere.c - who lives, and where a session speaks now.
 *
 * Where a session speaks is read when it is needed and never kept: it is needed when somebody has moved, and then what was kept would be
 * wrong. Whether an instance lives is kept for a second by core/instance. */
#include "core/scheduler/elsewhere.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool elsewhere_exists(const scheduler *s) {
    return s->self && !s->stopped;
}

bool elsewhere_begin(scheduler *s) {
    if (s->errands >= ERRANDS_MAX) return false;
    s->errands++;
    return true;
}

void elsewhere_end(scheduler *s) {
    s->errands--;
}

void elsewhere_ask_alive(scheduler *s, const char *instance_id, alive_done *done, void *arg) {
    instance_ask_alive(s->self, instance_id, done, arg);
}

/* An owner is an instance, a colon and a connection. */
void elsewhere_instance_of(const char *owner, char ret_instance[ID_MAX + 1]) {
    const char *colon = strrchr(owner, ':');
    size_t len = colon ? (size_t)(colon - owner) : 0;
    snprintf(ret_instance, ID_MAX + 1, "%.*s", len <= ID_MAX ? (int)len : 0, owner);
}

/* ---- where a session speaks ----------------------------------------------------------------------------------------- */

typedef struct search {
    scheduler *s;
    char session[ID_MAX + 1], instance[ID_MAX + 1];
    session_found *then;
    void *arg;
} search;

static search *search_new(scheduler *s, const char *session_id, session_found *then, void *arg) {
    search *q = mem_alloc(sizeof *q);
    *q = (search){.s = s, .then = then, .arg = arg};
    snprintf(q->session, sizeof q->session, "%s", session_id);
    return q;
}

static void found(search *q, whereabouts where, const char *address) {
    q->then(q->arg, where, q->instance, address);
    free(q);
}

static void on_alive(void *arg, link_status status, bool alive, const char *address) {
    if (status == LINK_OK)
        found(arg, alive ? SESSION_THERE : SESSION_NOWHERE, address);
    else
        found(arg, SESSION_UNKNOWN, "");
}

static void look_at_owner(search *q, const char *owner) {
    elsewhere_instance_of(owner, q->instance);
    if (!elsewhere_exists(q->s))
        found(q, SESSION_UNKNOWN, "");
    else if (!*q->instance)
        found(q, SESSION_NOWHERE, "");
    else if (!strcmp(q->instance, q->s->instance))
        found(q, session_by_id(q->s, q->session) ? SESSION_HERE : SESSION_NOWHERE, "");
    else
        elsewhere_ask_alive(q->s, q->instance, on_alive, q);
}

static void on_owner(void *arg, link_status status, const redis_reply *reply) {
    search *q = arg;
    sched_answered(q->s, SCRIPT_NONE, status, reply);
    if (status == LINK_OK)
        look_at_owner(q, reply_text(reply));
    else
        found(q, SESSION_UNKNOWN, "");
}

void elsewhere_find_session(scheduler *s, const char *session_id, session_found *then, void *arg) {
    redis_key key;
    redis_call call;
    call_command(&call, "HGET");
    call_key(&call, key_session(&key, &s->config.keys, session_id));
    call_str(&call, "owner");
    sched_call(s, &call, on_owner, search_new(s, session_id, then, arg));
}
