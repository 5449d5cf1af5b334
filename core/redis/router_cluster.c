/* router_cluster.c - calls on their way through a cluster: in the air at a node, or waiting for one.
 *
 * What keeps the order of a slot: a call goes to a node only when no earlier call of its slot waits, and none is in the air at
 * another node. So while nothing moves a slot is one pipeline to one master, and while it moves it is drained before the first call
 * goes to the new one. A call that has to be tried again later goes alone, or those behind it would pass it. Calls that wait stand
 * in one list in the order of submission; a call that comes back takes its old place.
 *
 * One list for all slots because it is empty nearly always. What walks it is bounded by half the window.
 *
 * Why a call is repeated as RESP: the digest of a script depends on its text alone, so the bytes are the same for each node. */
#include "core/redis/router_cluster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/mem.h"

#define LATER_PAUSE  (20 * USEC_PER_MSEC)
#define ASK_PATIENCE (200 * USEC_PER_MSEC) /* to reach the node that was told; then the master is asked again */

enum { TICK_MS = 5, HANDLES = 2, AT_ONCE_MAX = 3, ANY_SLOT = -1 };

typedef struct flight {
    struct flight *next, *before; /* `before`: of those that wait */
    struct flight *made_before;   /* all that there are, whatever they do */
    router_cluster *router;
    uint64_t number; /* of submission */
    int slot;        /* ANY_SLOT: no key */
    int node;        /* in the air there, or asked to go there */
    bool full;       /* why it was refused */
    bool asking;
    bool alone;   /* none of its slot is sent behind it before it is answered */
    int refusals; /* how often it was turned away */
    usec_t deadline;
    usec_t not_before; /* it goes; and with ASKING not after: */
    usec_t ask_until;
    script_id script;
    link_callback *done;
    void *arg;
    resp request;
} flight;

struct router_cluster {
    scripts *scripts;
    int64_t window;
    cluster_nodes *nodes;
    flight *first, *last; /* that wait, by number */
    flight *refused, **refused_end;
    flight *free, *made;
    uint64_t submitted;
    uint32_t in_air[CLUSTER_SLOTS], waiting[CLUSTER_SLOTS];
    uint8_t at[CLUSTER_SLOTS]; /* where those in the air are */
    bool held[CLUSTER_SLOTS];  /* by one that is alone in the air */
    uint32_t round, blocked[CLUSTER_SLOTS];
    int64_t flying; /* in the air */
    router_counts counts;
    bool in_callback, freed;
    int handles;
    uv_timer_t tick;
    uv_idle_t refusing;
};

static usec_t now_usec(void) {
    return (usec_t)(uv_hrtime() / 1000);
}

/* ---- flights -------------------------------------------------------------------------------------------------------- */

static flight *take_flight(router_cluster *r, link_callback *done, void *arg) {
    flight *f = r->free;
    if (f) {
        r->free = f->next;
    } else {
        f = mem_zalloc(1, sizeof *f);
        f->made_before = r->made;
        r->made = f;
    }
    f->router = r;
    f->number = r->submitted++;
    f->asking = f->alone = false;
    f->refusals = 0;
    f->not_before = 0;
    f->done = done;
    f->arg = arg;
    return f;
}

/* Its place may be taken again by what the callback submits. */
static void answer(flight *f, link_status status, const redis_reply *reply) {
    router_cluster *r = f->router;
    link_uv_counts *counts = &r->counts.calls;
    link_callback *done = f->done;
    void *arg = f->arg;
    f->next = r->free;
    r->free = f;
    switch (status) {
    case LINK_OK:
    case LINK_ERROR: counts->answered++; break;
    case LINK_REFUSED:
    case LINK_FULL: counts->refused++; break;
    case LINK_UNKNOWN: counts->unknown++; break;
    }
    bool nested = r->in_callback;
    r->in_callback = true;
    done(arg, status, reply);
    r->in_callback = nested;
}

static void on_refusing(uv_idle_t *handle) {
    router_cluster *r = handle->data;
    flight *now = r->refused;
    r->refused = NULL;
    r->refused_end = &r->refused;
    uv_idle_stop(&r->refusing);
    for (flight *f = now, *next; f; f = next) {
        next = f->next;
        answer(f, f->full ? LINK_FULL : LINK_REFUSED, NULL);
    }
}

static void refuse(flight *f, bool full) {
    router_cluster *r = f->router;
    f->full = full;
    f->next = NULL;
    *r->refused_end = f;
    r->refused_end = &f->next;
    uv_idle_start(&r->refusing, on_refusing);
}

/* ---- those that wait ------------------------------------------------------------------------------------------------ */

static void on_tick(uv_timer_t *timer);

static void wait_here(flight *f) {
    router_cluster *r = f->router;
    flight *before = r->last;
    while (before && before->number > f->number) before = before->before;
    flight *next = before ? before->next : r->first;
    f->before = before;
    f->next = next;
    *(before ? &before->next : &r->first) = f;
    *(next ? &next->before : &r->last) = f;
    r->counts.waiting++;
    if (f->slot != ANY_SLOT) r->waiting[f->slot]++;
    if (!uv_is_active((uv_handle_t *)&r->tick)) uv_timer_start(&r->tick, on_tick, TICK_MS, TICK_MS);
}

static void take_out(flight *f) {
    router_cluster *r = f->router;
    *(f->before ? &f->before->next : &r->first) = f->next;
    *(f->next ? &f->next->before : &r->last) = f->before;
    r->counts.waiting--;
    if (f->slot != ANY_SLOT) r->waiting[f->slot]--;
}

/* ---- there and back ------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, link_status status, const redis_reply *reply);

/* Where it could go now; CLUSTER_NO_NODE: nowhere. */
static int place_of(const flight *f) {
    const router_cluster *r = f->router;
    int node = f->asking             ? f->node
               : f->slot == ANY_SLOT ? cluster_nodes_any(r->nodes)
                                     : cluster_nodes_master(r->nodes, f->slot);
    if (node == CLUSTER_NO_NODE || !cluster_nodes_is_ready(r->nodes, node)) return CLUSTER_NO_NODE;
    if (f->slot == ANY_SLOT || !r->in_air[f->slot]) return node;
    return f->alone || r->held[f->slot] || r->at[f->slot] != node ? CLUSTER_NO_NODE : node;
}

static void send_flight(flight *f, int node, usec_t now) {
    router_cluster *r = f->router;
    f->node = node;
    r->flying++;
    if (f->slot != ANY_SLOT) {
        r->in_air[f->slot]++;
        r->at[f->slot] = (uint8_t)node;
        r->held[f->slot] = f->alone;
    }
    usec_t patience = f->deadline == USEC_NEVER ? USEC_NEVER : f->deadline > now ? f->deadline - now : 1;
    link_uv_submit_written(cluster_nodes_link(r->nodes, node), &f->request, f->script, f->asking, patience, on_answer,
                           f);
}

/* Sends what can go, of one slot or (ANY_SLOT) of all. */
static void launch(router_cluster *r, int slot) {
    usec_t now = now_usec();
    r->round++;
    for (flight *f = r->first, *next; f; f = next) {
        next = f->next;
        if (slot != ANY_SLOT && f->slot != slot) continue;
        if (f->slot != ANY_SLOT && r->blocked[f->slot] == r->round) continue;
        if (f->asking && now > f->ask_until) f->asking = false;
        int node = f->not_before > now ? CLUSTER_NO_NODE : place_of(f);
        if (node == CLUSTER_NO_NODE) {
            if (f->slot != ANY_SLOT) r->blocked[f->slot] = r->round;
            continue;
        }
        take_out(f);
        send_flight(f, node, now);
    }
}

static void on_changed(void *ctx) {
    launch(ctx, ANY_SLOT);
}

static bool take_overdue(router_cluster *r, usec_t now, flight **ret_flight) {
    for (flight *f = r->first; f; f = f->next) {
        if (f->deadline > now) continue;
        take_out(f);
        *ret_flight = f;
        return true;
    }
    return false;
}

static void on_tick(uv_timer_t *timer) {
    router_cluster *r = timer->data;
    flight *f;
    launch(r, ANY_SLOT);
    for (usec_t now = now_usec(); take_overdue(r, now, &f);) answer(f, LINK_REFUSED, NULL);
    if (!r->first) uv_timer_stop(&r->tick);
}

/* It did not happen, and is to go where it was told; true when it waits for that. */
static bool turn_away(flight *f, const redis_reply *reply) {
    router_cluster *r = f->router;
    redis_host_port to;
    int slot, node = CLUSTER_NO_NODE;
    cluster_refusal refusal =
        cluster_refusal_of(reply_text(reply), cluster_nodes_address(r->nodes, f->node)->host, &slot, &to);
    if (refusal == CLUSTER_NO_REFUSAL) return false;
    f->asking = false;
    if (refusal != CLUSTER_LATER) node = cluster_nodes_at(r->nodes, &to);
    if (node == CLUSTER_NO_NODE || ++f->refusals > AT_ONCE_MAX) f->not_before = now_usec() + LATER_PAUSE;
    switch (refusal) {
    case CLUSTER_MOVED:
        r->counts.moved++;
        if (node != CLUSTER_NO_NODE) cluster_nodes_correct(r->nodes, slot, node);
        if (f->slot == ANY_SLOT) f->slot = slot; /* it has a key that nobody told us of */
        break;
    case CLUSTER_ASK:
        r->counts.asked++;
        f->asking = node != CLUSTER_NO_NODE;
        f->node = node;
        f->ask_until = now_usec() + ASK_PATIENCE;
        break;
    case CLUSTER_LATER:
    case CLUSTER_NO_REFUSAL:
        r->counts.later++;
        f->alone = true;
        break;
    }
    if (refusal != CLUSTER_ASK) cluster_nodes_want_map(r->nodes);
    wait_here(f);
    return true;
}

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    flight *f = arg;
    router_cluster *r = f->router;
    int slot = f->slot;
    r->flying--;
    if (slot != ANY_SLOT) r->in_air[slot]--;
    if (status == LINK_REFUSED || status == LINK_FULL) { /* it was not sent */
        f->asking = false;
        wait_here(f);
    } else if (status == LINK_ERROR && turn_away(f, reply)) {
        slot = f->slot;
    } else {
        answer(f, status, reply);
    }
    if (slot != ANY_SLOT && r->waiting[slot] && !r->in_air[slot]) launch(r, slot);
}

/* ---- the interface -------------------------------------------------------------------------------------------------- */

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    router_cluster *r = ctx;
    assert(patience > 0 && done && !r->freed);
    flight *f = take_flight(r, done, arg);
    r->counts.calls.calls++;
    bool full = r->flying + r->counts.waiting >= r->window;
    if (full || !cluster_nodes_mapped(r->nodes)) {
        refuse(f, full);
        return;
    }
    usec_t now = now_usec();
    f->deadline = patience < USEC_NEVER - now ? now + patience : USEC_NEVER;
    f->script = call->script;
    f->slot = call->key < 0 ? ANY_SLOT : cluster_slot_of(call_arg(call, call->key), call->length[call->key]);
    bool behind = f->slot != ANY_SLOT && r->waiting[f->slot];
    int node = behind ? CLUSTER_NO_NODE : place_of(f);
    if (node == CLUSTER_NO_NODE && r->counts.waiting >= (r->window + 1) / 2) {
        refuse(f, false);
        return;
    }
    resp_write(&f->request, call, f->script == SCRIPT_NONE ? "" : scripts_sha(r->scripts, f->script));
    if (node != CLUSTER_NO_NODE) {
        send_flight(f, node, now);
        return;
    }
    r->counts.waited++;
    wait_here(f);
}

redis_link router_cluster_interface(router_cluster *r) {
    return (redis_link){.submit = submit, .ctx = r};
}

bool router_cluster_ready(const router_cluster *r) {
    return cluster_nodes_ready(r->nodes);
}

int router_cluster_nodes(const router_cluster *r, cluster_node_state ret_nodes[CLUSTER_NODES_MAX]) {
    return cluster_nodes_list(r->nodes, ret_nodes);
}

router_counts router_cluster_count(const router_cluster *r) {
    router_counts counts = r->counts;
    link_uv_counts calls = cluster_nodes_count(r->nodes);
    calls.calls = counts.calls.calls;
    calls.answered = counts.calls.answered;
    calls.refused = counts.calls.refused;
    calls.unknown = counts.calls.unknown;
    calls.in_flight = r->flying + counts.waiting;
    counts.calls = calls;
    counts.maps = cluster_nodes_maps(r->nodes);
    return counts;
}

router_cluster *router_cluster_new(uv_loop_t *loop, const redis_url *url, scripts *s, const link_uv_options *options) {
    assert(options->window > 0 && options->window <= UINT32_MAX);
    router_cluster *r = mem_zalloc(1, sizeof *r);
    r->scripts = s;
    r->window = options->window;
    r->refused_end = &r->refused;
    r->handles = HANDLES;
    uv_timer_init(loop, &r->tick);
    uv_idle_init(loop, &r->refusing);
    r->tick.data = r->refusing.data = r;
    r->nodes = cluster_nodes_new(loop, url, s, options, on_changed, r);
    return r;
}

static void on_handle_closed(uv_handle_t *handle) {
    router_cluster *r = handle->data;
    if (!--r->handles) free(r);
}

router_cluster *router_cluster_free(router_cluster *r) {
    if (!r) return NULL;
    assert(!r->in_callback && !r->freed);
    r->freed = true;
    cluster_nodes_free(r->nodes);
    for (flight *f = r->made, *before; f; f = before) {
        before = f->made_before;
        resp_free(&f->request);
        free(f);
    }
    uv_close((uv_handle_t *)&r->tick, on_handle_closed);
    uv_close((uv_handle_t *)&r->refusing, on_handle_closed);
    return NULL;
}
