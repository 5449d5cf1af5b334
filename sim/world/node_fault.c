/* node_fault.c - what faults do to a node.
 *
 * A node keeps the list of the faults that hold it, and what it does follows from that list alone. So faults may overlap in any
 * order: it is up again when the last crash is over, and as slow as all that slow it down together. */
#include "sim/world/internal.h"

#include <assert.h>
#include <string.h>

const node_hold *node_held(const node *n, fault_kind kind) {
    for (const node_hold *h = n->holds; h; h = h->next)
        if (h->what->kind == (int)kind) return h;
    return NULL;
}

bool node_is_held_off(const node *n) {
    return node_held(n, FAULT_CRASH) || node_held(n, FAULT_HANG) || node_held(n, FAULT_DRAIN);
}

double node_slowness(const node *n) {
    double factor = 1;
    for (const node_hold *h = n->holds; h; h = h->next)
        if (h->what->kind == FAULT_SLOW) factor *= h->what->factor;
    return factor;
}

/* ---- jobs that fail ------------------------------------------------------------------------------------------------- */

static bool is_for(const fault *f, const char *target) {
    for (size_t i = 0; i < f->target_count; i++)
        if (!strcmp(f->targets[i], target)) return true;
    return f->target_count == 0;
}

bool node_fails(const node *n, const message *assign, job_failure *ret_failure) {
    if (node_held(n, FAULT_ERRORS) || world_now(n->w) < n->ready_at) {
        *ret_failure = (job_failure){"PROCESSING_ERROR", NULL};
        return true;
    }
    for (const node_hold *h = n->holds; h; h = h->next) {
        if (h->what->kind != FAULT_MISSING_MODEL || !is_for(h->what, assign->pair.tgt)) continue;
        *ret_failure = (job_failure){"MODEL_NOT_AVAILABLE", h->what->service};
        return true;
    }
    return false;
}

/* ---- begin and end -------------------------------------------------------------------------------------------------- */

static void hang(node *n) {
    node_stop_beating(n);
    work_pause(n);
}

static void relearn(node *n) {
    if (!n->connected) return;
    if (node_held(n, FAULT_HANG))
        n->relearned = true;
    else
        node_relearn(n);
}

static void reconnect(node *n) {
    if (!n->connected) return;
    node_lose_connection(n);
    node_connect_later(n, n->group->reconnect);
}

/* It works on; the instance closes the connection when nothing is left. */
static void drain(node *n) {
    if (n->connected) node_send(n, message_new(n->w, MSG_DRAIN, node_conn_token(n)));
}

/* Whoever still had something to do ends, and comes like the others. */
static void return_from_drain(node *n) {
    if (node_held(n, FAULT_DRAIN)) return;
    node_disconnect(n);
    node_connect_later(n, n->group->reconnect);
}

void node_fault_begin(node *n, node_hold *hold) {
    bool hung = node_held(n, FAULT_HANG) != NULL;
    hold->next = n->holds;
    n->holds = hold;
    switch (hold->what->kind) {
    case FAULT_CRASH: node_disconnect(n); break;
    case FAULT_HANG:
        if (!hung) hang(n);
        break;
    case FAULT_RECONNECT: reconnect(n); break;
    case FAULT_DRAIN: drain(n); break;
    case FAULT_LANGUAGES: relearn(n); break;
    default: break; /* felt when the next job or heartbeat is due */
    }
}

static void let_go(node *n, const node_hold *hold) {
    node_hold **at = &n->holds;
    while (*at != hold) {
        assert(*at && "the fault holds the node");
        at = &(*at)->next;
    }
    *at = hold->next;
}

void node_fault_end(node *n, node_hold *hold) {
    let_go(n, hold);
    switch (hold->what->kind) {
    case FAULT_CRASH:
        if (!node_held(n, FAULT_CRASH)) node_connect_later(n, n->group->reconnect);
        break;
    case FAULT_HANG:
        if (!node_held(n, FAULT_HANG)) node_go_on(n);
        break;
    case FAULT_DRAIN: return_from_drain(n); break;
    case FAULT_LANGUAGES: relearn(n); break;
    default: break;
    }
}
