/* node.c - a GPU node as the scheduler meets it: a connection that registers, sends heartbeats, and sometimes fails.
 *
 * Its languages are drawn anew from the same stream at each registration instead of being kept: three lists of 64 tags
 * would be most of a node's memory, and a hundred thousand idle ones shall fit into a gibibyte.
 *
 * When its connection ends, what was sent before still arrives, then the instance learns of the end. While the process stands
 * still the connection stays, and messages wait in its socket. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"

#define RETRY_MIN (100 * USEC_PER_MSEC) /* when no instance is there */

static void plan_beat(node *n, usec_t at);
static void become_ready(void *arg);

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static uint64_t entity_of(int32_t group, int64_t i) {
    return (uint64_t)group << 32 | (uint64_t)i;
}

/* For what a fault makes the node draw anew. */
static uint64_t entity_in_fault(const node *n, uint64_t fault_number) {
    return (fault_number + 1) << 48 | n->entity;
}

static void node_init(node *n, world *w, int32_t index, int32_t group_index, int64_t i) {
    const node_group *group = &w->sc->node_groups[group_index];
    n->w = w;
    n->entity = entity_of(group_index, i);
    n->group = group;
    n->index = index;
    n->group_index = group_index;
    scenario_node_id(n->id, group, i);
    rng_init(&n->net, w->seed, "node network", n->entity);
    rng_init(&n->beats, w->seed, "node heartbeat", n->entity);
    rng_init(&n->service, w->seed, "node service", n->entity);
    rng_init(&n->usage, w->seed, "node usage", n->entity);
    rng_init(&n->quirks, w->seed, "node quirks", n->entity);
}

void world_nodes_new(world *w) {
    const scenario *sc = w->sc;
    int64_t count = 0;
    for (size_t g = 0; g < sc->node_group_count; g++) count += sc->node_groups[g].count;
    assert(count <= SCENARIO_NODES_MAX);
    w->nodes = mem_zalloc((size_t)count, sizeof *w->nodes);
    for (size_t g = 0; g < sc->node_group_count; g++)
        for (int64_t i = 0; i < sc->node_groups[g].count; i++) {
            node_init(&w->nodes[w->node_count], w, w->node_count, (int32_t)g, i);
            w->node_count++;
        }
}

void world_nodes_free(world *w) {
    for (int32_t i = 0; i < w->node_count; i++) free(w->nodes[i].recent);
    free(w->nodes);
}

static void connect_node(void *arg);

static void begin_leave(void *arg) {
    node *n = arg;
    n->leaving = true;
    node_idle(n);
}

/* The first ones of the shuffled group, from a stream that nothing else uses. */
static void plan_leave(world *w, node *first, const node_group *group, uint64_t number) {
    int64_t count = (int64_t)(group->leave.share * (double)group->count + 0.5);
    int32_t *order = mem_zalloc((size_t)group->count, sizeof *order);
    rng r;
    rng_init(&r, w->seed, "leave", number);
    for (int64_t i = 0; i < group->count; i++) order[i] = (int32_t)i;
    for (int64_t i = 0; i < count; i++) {
        int64_t other = i + (int64_t)rng_below(&r, (uint64_t)(group->count - i));
        int32_t leaver = order[other];
        order[other] = order[i];
        usec_t at = group->leave.at + (usec_t)((double)group->leave.over * (double)i / (double)count);
        engine_at(w->env.engine, w->began + at, begin_leave, &first[leaver]);
    }
    free(order);
}

void world_nodes_start(world *w) {
    node *n = w->nodes;
    for (size_t g = 0; g < w->sc->node_group_count; g++) {
        const node_group *group = &w->sc->node_groups[g];
        if (group->leave.share > 0) plan_leave(w, n, group, g);
        for (int64_t i = 0; i < group->count; i++, n++) {
            usec_t at = group->join.at + (usec_t)((double)group->join.over * (double)i / (double)group->count);
            engine_at(w->env.engine, w->began + at, connect_node, n);
        }
    }
}

/* ---- the connection ------------------------------------------------------------------------------------------------- */

conn_token node_conn_token(const node *n) {
    return (conn_token)(n->index + 1) << 32 | n->connection;
}

node *node_by_token(world *w, conn_token conn) {
    assert(!(conn & SPEAKER_BIT) && conn >> 32 >= 1 && conn >> 32 <= (uint64_t)w->node_count);
    return &w->nodes[(conn >> 32) - 1];
}

node *node_of(world *w, conn_token conn) {
    node *n = node_by_token(w, conn);
    return n->connected && n->connection == (uint32_t)conn ? n : NULL;
}

void node_send(node *n, message *m) {
    m->instance = n->home;
    m->life = n->home_life;
    message_send(m, world_now(n->w), &n->up, &n->group->delay, &n->net);
}

void node_send_down(world *w, message *m, usec_t leave) {
    node *n = node_of(w, m->conn);
    if (n)
        message_send(m, leave, &n->down, &n->group->delay, &n->net);
    else
        message_free(m);
}

void node_tell(node *n, trace_event event) {
    event.node = n->id;
    event.node_index = n->index;
    event.group_index = n->group_index;
    world_tell(n->w, event);
}

static void draw_languages(const scenario *sc, const node_languages *choice, uint64_t entity, lang_list *ret_asr,
                           lang_list *ret_tts, lang_list *ret_semantic) {
    rng r;
    rng_init(&r, (uint64_t)sc->seed, "node languages", entity);
    languages_of_node(&sc->languages, choice, &r, ret_asr, ret_tts, ret_semantic);
}

void node_languages_draw(const node *n, node_registration *ret_registration) {
    const node_hold *changed = node_held(n, FAULT_LANGUAGES);
    const fault_languages *other = changed ? &changed->what->languages : NULL;
    draw_languages(n->w->sc, other && other->given ? &other->choice : &n->group->languages,
                   changed ? entity_in_fault(n, changed->number) : n->entity, &ret_registration->asr,
                   &ret_registration->tts, &ret_registration->semantic);
}

void world_node_languages(const scenario *sc, int32_t group, int64_t i, lang_list *ret_asr, lang_list *ret_tts,
                          lang_list *ret_semantic) {
    assert(group >= 0 && (size_t)group < sc->node_group_count);
    draw_languages(sc, &sc->node_groups[group].languages, entity_of(group, i), ret_asr, ret_tts, ret_semantic);
}

static void send_outbox(node *n) {
    while (n->outbox) {
        message *m = n->outbox;
        n->outbox = m->next;
        m->conn = node_conn_token(n);
        node_send(n, m);
    }
}

static void start_process(node *n) {
    if (n->alive) return;
    n->alive = true;
    n->life++;
    n->ready_at = world_now(n->w) + n->group->unready;
    if (n->group->unready) engine_at(n->w->env.engine, n->ready_at, become_ready, n);
}

static void connect_node(void *arg) {
    node *n = arg;
    if (n->connected || node_is_held_off(n) || n->leaving || n->w->closing) return;
    start_process(n);
    int32_t home = spread_node(n->w, n->entity, n->connection + 1);
    if (home < 0) {
        node_connect_later(n, n->group->reconnect > RETRY_MIN ? n->group->reconnect : RETRY_MIN);
        return;
    }
    n->home = home;
    n->home_life = instance_life(n->w, home);
    n->connected = true;
    n->relearned = false;
    n->connection++;
    n->up = n->down = (channel){world_now(n->w)};
    node_tell(n, (trace_event){.kind = TRACE_NODE_UP, .value = n->group->slots});
    node_send(n, message_new(n->w, MSG_REGISTER, node_conn_token(n)));
    send_outbox(n);
}

void node_connect_later(node *n, usec_t after) {
    engine_at(n->w->env.engine, world_now(n->w) + after, connect_node, n);
}

void node_relearn(node *n) {
    n->relearned = false;
    n->registered = false;
    node_stop_beating(n);
    node_send(n, message_new(n->w, MSG_REGISTER, node_conn_token(n)));
}

static void append(message **list, message **last, message *m) {
    m->next = NULL;
    if (*list)
        (*last)->next = m;
    else
        *list = m;
    *last = m;
}

void node_say(node *n, message *m) {
    m->conn = node_conn_token(n);
    if (n->connected && !node_held(n, FAULT_HANG))
        node_send(n, m);
    else if (m->kind == MSG_RESULT)
        append(&n->outbox, &n->outbox_last, m);
    else
        message_free(m);
}

static void drop_all(message **list) {
    while (*list) {
        message *next = (*list)->next;
        message_free(*list);
        *list = next;
    }
}

static void end_connection(node *n) {
    node_stop_beating(n);
    n->connected = n->registered = false;
    drop_all(&n->inbox);
}

static void end_process(node *n) {
    bool was_connected = n->connected;
    end_connection(n);
    drop_all(&n->outbox);
    work_lose(n);
    n->alive = false;
    if (was_connected) node_tell(n, (trace_event){.kind = TRACE_NODE_DOWN});
}

void node_disconnect(node *n) {
    message *gone = n->connected ? message_new(n->w, MSG_NODE_GONE, node_conn_token(n)) : NULL;
    end_process(n);
    if (gone) node_send(n, gone);
}

void node_lose_connection(node *n) {
    if (!n->connected) return;
    message *gone = message_new(n->w, MSG_NODE_GONE, node_conn_token(n));
    end_connection(n);
    node_tell(n, (trace_event){.kind = TRACE_NODE_DOWN});
    node_send(n, gone);
}

/* It hears of it as fast as of anything else. */
static void break_line(node *n) {
    message *m = message_new(n->w, MSG_NODE_LINE_LOST, node_conn_token(n));
    m->instance = n->home;
    m->life = n->home_life;
    message_post(m, world_now(n->w) + dist_draw_usec(&n->group->delay, &n->net));
}

void node_cut_off(world *w, conn_token conn) {
    node *n = node_of(w, conn);
    if (n) break_line(n);
}

void nodes_lose_instance(world *w, int32_t number, bool posted) {
    for (int32_t i = 0; i < w->node_count; i++) {
        node *n = &w->nodes[i];
        if (!n->connected || n->home != number || n->home_life != instance_life(w, number)) continue;
        break_line(n);
        if (!posted) continue;
        message *gone = message_new(w, MSG_NODE_GONE, node_conn_token(n));
        gone->instance = number;
        gone->life = n->home_life;
        message_post(gone, world_now(w));
    }
}

void node_idle(node *n) {
    if (n->leaving && !node_held(n, FAULT_HANG) && n->busy == 0 && n->waiting == 0) node_disconnect(n);
}

/* ---- heartbeats ----------------------------------------------------------------------------------------------------- */

static void beat(void *arg) {
    node *n = arg;
    n->beat = 0;
    if (!node_held(n, FAULT_SILENT)) {
        message *m = message_new(n->w, MSG_HEARTBEAT, node_conn_token(n));
        m->value = n->busy + n->waiting;
        m->usage[0] = dist_draw(&n->group->usage.cpu, &n->usage);
        m->usage[1] = dist_draw(&n->group->usage.gpu, &n->usage);
        m->usage[2] = dist_draw(&n->group->usage.mem, &n->usage);
        m->unready = world_now(n->w) < n->ready_at;
        node_send(n, m);
    }
    double share = 1 + n->group->jitter * (2 * rng_unit(&n->beats) - 1);
    plan_beat(n, world_now(n->w) + (usec_t)((double)n->group->heartbeat * share));
}

static void plan_beat(node *n, usec_t at) {
    n->beat_due = at;
    n->beat = engine_at(n->w->env.engine, at, beat, n);
}

void node_stop_beating(node *n) {
    engine_cancel(n->w->env.engine, n->beat);
    n->beat = 0;
}

/* Which is told at once, as every change of what it can do. */
static void become_ready(void *arg) {
    node *n = arg;
    if (!n->alive || world_now(n->w) != n->ready_at || !n->registered || node_held(n, FAULT_HANG)) return;
    node_stop_beating(n);
    beat(n);
}

/* ---- what comes ----------------------------------------------------------------------------------------------------- */

static void acknowledged(node *n) {
    if (n->registered) return;
    n->registered = true;
    beat(n);
}

static void take(node *n, const message *m) {
    switch (m->kind) {
    case MSG_REGISTERED: acknowledged(n); break;
    case MSG_ASSIGN: work_take(n, m); break;
    case MSG_CANCEL: work_cancel(n, m); break;
    case MSG_REFUSED:
        node_disconnect(n);
        node_connect_later(n, n->group->reconnect);
        break;
    case MSG_NODE_LINE_LOST:
        node_lose_connection(n);
        node_connect_later(n, n->group->reconnect);
        break;
    case MSG_CLOSE:
        end_process(n);
        node_connect_later(n, n->group->reconnect);
        break;
    default: assert(false && "a message for a node");
    }
}

void node_deliver(node *n, message *m) {
    if (node_held(n, FAULT_HANG)) {
        append(&n->inbox, &n->inbox_last, m);
        return;
    }
    take(n, m);
    message_free(m);
}

/* Timers that passed while it stood still fire now; then it reads what has come. */
void node_go_on(node *n) {
    usec_t now = world_now(n->w);
    if (!n->connected) node_connect_later(n, n->group->reconnect);
    if (n->registered) plan_beat(n, n->beat_due > now ? n->beat_due : now);
    work_resume(n);
    if (n->relearned) node_relearn(n);
    if (n->connected) send_outbox(n);
    while (n->inbox) {
        message *m = n->inbox;
        n->inbox = m->next;
        if (n->connected) take(n, m); /* one of them may be the end of the connection, which empties the inbox */
        message_free(m);
    }
    node_idle(n);
}
