/* cluster_nodes.c - links that come and go with the map.
 *
 * Why a node is not dropped where the map is read: that happens inside a callback of some node's link, perhaps of the very one
 * that leaves. The timer drops it, and the same timer reads the map; it runs only while there is something to do.
 *
 * The addresses of the URL are nodes until a map names others; they come back when nobody is left to be asked. A host has more
 * than one name, so what the URL calls localhost may leave and stay as 127.0.0.1. */
#include "core/redis/cluster_nodes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/mem.h"

#define MAP_PATIENCE (1 * USEC_PER_SEC)

enum { MAP_PAUSE_MS = 50, TEXT_MAX = 512 };

typedef struct node {
    cluster_nodes *all;
    redis_host_port at;
    bool is_socket; /* of the URL; its address is no address of the map */
    link_uv *link;
    bool in_map; /* or told of since the map was read */
    bool is_master;
} node;

struct cluster_nodes {
    uv_loop_t *loop;
    redis_url url;
    scripts *scripts;
    link_uv_options options;
    void (*changed)(void *ctx);
    void *ctx;
    node *of[CLUSTER_NODES_MAX]; /* NULL: free */
    uint8_t master[CLUSTER_SLOTS];
    int covered;
    bool mapped, map_wanted, map_under_way, was_ready;
    int asked;          /* the last one; the next is asked the next time */
    cluster_map *fresh; /* where a map is read to */
    uv_timer_t pace;
    uint64_t maps, made; /* links */
    link_uv_counts past;
};

/* ---- one node ------------------------------------------------------------------------------------------------------- */

static void tell(const cluster_nodes *n, link_uv_state state, const char *text) {
    if (n->options.on_state) n->options.on_state(n->options.ctx, state, text);
}

/* To those above: all is well, once, when it has become so. */
static void tell_when_ready(cluster_nodes *n) {
    char text[TEXT_MAX];
    bool ready = cluster_nodes_ready(n);
    if (ready && !n->was_ready) {
        int masters = 0, nodes = 0;
        for (int i = 0; i < CLUSTER_NODES_MAX; i++) {
            nodes += n->of[i] && n->of[i]->in_map;
            masters += n->of[i] && n->of[i]->in_map && n->of[i]->is_master;
        }
        snprintf(text, sizeof text, "redis cluster: ready, %d masters of %d nodes", masters, nodes);
        n->was_ready = true;
        tell(n, LINK_UV_READY, text);
    }
    n->was_ready = ready;
}

static void on_state(void *ctx, link_uv_state state, const char *text) {
    cluster_nodes *n = ((node *)ctx)->all;
    if (state != LINK_UV_READY) {
        n->was_ready = cluster_nodes_ready(n);
        cluster_nodes_want_map(n);
        tell(n, state, text);
        return;
    }
    if (!n->mapped) cluster_nodes_want_map(n);
    tell_when_ready(n);
    n->changed(n->ctx);
}

static int add(cluster_nodes *n, const redis_host_port *at, const char *socket) {
    int i = 0;
    while (i < CLUSTER_NODES_MAX && n->of[i]) i++;
    if (i == CLUSTER_NODES_MAX) return CLUSTER_NO_NODE;
    node *one = mem_zalloc(1, sizeof *one);
    redis_url url = n->url;
    one->all = n;
    one->at = *at;
    one->is_socket = *socket != '\0';
    one->in_map = true;
    snprintf(url.socket, sizeof url.socket, "%s", socket);
    snprintf(url.host, sizeof url.host, "%s", at->host);
    url.port = at->port;
    link_uv_options options = n->options;
    options.window++; /* for reading the map */
    options.seed += n->made++;
    options.on_state = on_state;
    options.ctx = one;
    one->link = link_uv_new(n->loop, &url, n->scripts, &options);
    n->of[i] = one;
    return i;
}

static void add_counts(link_uv_counts *sum, const link_uv_counts *c) {
    sum->calls += c->calls;
    sum->answered += c->answered;
    sum->refused += c->refused;
    sum->unknown += c->unknown;
    sum->sent += c->sent;
    for (int i = 0; i < SCRIPT_COUNT; i++) sum->by_script[i] += c->by_script[i];
    sum->bytes_sent += c->bytes_sent;
    sum->bytes_received += c->bytes_received;
    sum->reloads += c->reloads;
    sum->connections += c->connections;
    sum->in_flight += c->in_flight;
}

static void drop(cluster_nodes *n, int i) {
    link_uv_counts counts = link_uv_count(n->of[i]->link);
    counts.in_flight = 0;
    add_counts(&n->past, &counts);
    link_uv_free(n->of[i]->link);
    free(n->of[i]);
    n->of[i] = NULL;
}

static int find(const cluster_nodes *n, const redis_host_port *at) {
    for (int i = 0; i < CLUSTER_NODES_MAX; i++)
        if (n->of[i] && !n->of[i]->is_socket && cluster_address_same(&n->of[i]->at, at)) return i;
    return CLUSTER_NO_NODE;
}

int cluster_nodes_at(cluster_nodes *n, const redis_host_port *at) {
    int i = find(n, at);
    return i == CLUSTER_NO_NODE ? add(n, at, "") : i;
}

static void add_those_of_the_url(cluster_nodes *n) {
    redis_host_port first = {.port = n->url.port};
    memcpy(first.host, n->url.host, sizeof first.host);
    if (!*n->url.socket) {
        cluster_nodes_at(n, &first);
    } else {
        int i = 0;
        while (i < CLUSTER_NODES_MAX && !(n->of[i] && n->of[i]->is_socket)) i++;
        if (i == CLUSTER_NODES_MAX) add(n, &first, n->url.socket);
    }
    for (int i = 0; i < n->url.others; i++) cluster_nodes_at(n, &n->url.other[i]);
}

/* ---- the map -------------------------------------------------------------------------------------------------------- */

static bool has_left(const cluster_nodes *n, int i) {
    return n->mapped && n->of[i] && !n->of[i]->in_map;
}

/* Returns how many have left and are still there. */
static int drop_idle(cluster_nodes *n) {
    int left = 0;
    for (int i = 0; i < CLUSTER_NODES_MAX; i++) {
        if (!has_left(n, i)) continue;
        if (link_uv_idle(n->of[i]->link))
            drop(n, i);
        else
            left++;
    }
    return left;
}

static void use_map(cluster_nodes *n, const cluster_map *map) {
    uint8_t number[CLUSTER_NODES_MAX];
    for (int i = 0; i < CLUSTER_NODES_MAX; i++)
        if (n->of[i]) n->of[i]->in_map = false;
    for (int m = 0; m < map->nodes; m++) {
        int i = cluster_nodes_at(n, &map->node[m]);
        number[m] = i == CLUSTER_NO_NODE ? CLUSTER_NOBODY : (uint8_t)i;
        if (i == CLUSTER_NO_NODE) continue;
        n->of[i]->in_map = true;
        n->of[i]->is_master = map->is_master[m];
    }
    for (int slot = 0; slot < CLUSTER_SLOTS; slot++)
        n->master[slot] = map->master[slot] == CLUSTER_NOBODY ? CLUSTER_NOBODY : number[map->master[slot]];
    n->covered = map->covered;
    n->mapped = true;
    n->maps++;
}

static void on_pace(uv_timer_t *timer);

static void look_again(cluster_nodes *n) {
    if (!uv_is_active((uv_handle_t *)&n->pace)) uv_timer_start(&n->pace, on_pace, MAP_PAUSE_MS, 0);
}

static void on_map(void *arg, link_status status, const redis_reply *reply) {
    cluster_nodes *n = arg;
    sched_error err = {0};
    n->map_under_way = false;
    look_again(n);
    if (status != LINK_OK && status != LINK_ERROR) return;
    if (cluster_map_read(reply, n->of[n->asked]->at.host, n->fresh, &err)) {
        tell(n, LINK_UV_FAILED, err.message);
        return;
    }
    n->map_wanted = n->fresh->covered < CLUSTER_SLOTS;
    use_map(n, n->fresh);
    tell_when_ready(n);
    n->changed(n->ctx);
}

/* In turn, so that one whose view is old is not the only one that is heard. */
static bool ask_next(cluster_nodes *n) {
    for (int k = 1; k <= CLUSTER_NODES_MAX; k++) {
        int i = (n->asked + k) % CLUSTER_NODES_MAX;
        if (!n->of[i] || !link_uv_ready(n->of[i]->link)) continue;
        redis_call call;
        redis_link link = link_uv_interface(n->of[i]->link);
        call_command(&call, "CLUSTER");
        call_str(&call, "SLOTS");
        n->asked = i;
        n->map_under_way = true;
        link_submit(&link, &call, MAP_PATIENCE, on_map, n);
        return true;
    }
    return false;
}

static void on_pace(uv_timer_t *timer) {
    cluster_nodes *n = timer->data;
    int left = drop_idle(n);
    if (n->map_wanted && !n->map_under_way && !ask_next(n)) add_those_of_the_url(n);
    if (left || n->map_wanted) look_again(n);
}

void cluster_nodes_want_map(cluster_nodes *n) {
    if (n->map_wanted) return;
    n->map_wanted = true;
    look_again(n);
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

bool cluster_nodes_mapped(const cluster_nodes *n) {
    return n->mapped;
}

bool cluster_nodes_ready(const cluster_nodes *n) {
    if (!n->mapped || n->covered < CLUSTER_SLOTS) return false;
    for (int i = 0; i < CLUSTER_NODES_MAX; i++)
        if (n->of[i] && n->of[i]->in_map && n->of[i]->is_master && !link_uv_ready(n->of[i]->link)) return false;
    return true;
}

uint64_t cluster_nodes_maps(const cluster_nodes *n) {
    return n->maps;
}

int cluster_nodes_master(const cluster_nodes *n, int slot) {
    uint8_t i = n->master[slot];
    return i == CLUSTER_NOBODY || !n->of[i] ? CLUSTER_NO_NODE : i;
}

int cluster_nodes_any(const cluster_nodes *n) {
    for (int i = 0; i < CLUSTER_NODES_MAX; i++)
        if (cluster_nodes_is_ready(n, i) && n->of[i]->in_map && n->of[i]->is_master) return i;
    return CLUSTER_NO_NODE;
}

void cluster_nodes_correct(cluster_nodes *n, int slot, int i) {
    n->covered += n->master[slot] == CLUSTER_NOBODY;
    n->master[slot] = (uint8_t)i;
    n->of[i]->is_master = true;
}

link_uv *cluster_nodes_link(const cluster_nodes *n, int i) {
    assert(n->of[i]);
    return n->of[i]->link;
}

const redis_host_port *cluster_nodes_address(const cluster_nodes *n, int i) {
    assert(n->of[i]);
    return &n->of[i]->at;
}

bool cluster_nodes_is_ready(const cluster_nodes *n, int i) {
    return n->of[i] && link_uv_ready(n->of[i]->link);
}

int cluster_nodes_list(const cluster_nodes *n, cluster_node_state ret_nodes[CLUSTER_NODES_MAX]) {
    int count = 0;
    for (int i = 0; i < CLUSTER_NODES_MAX; i++) {
        const node *one = n->of[i];
        if (!one || !one->in_map) continue;
        cluster_node_state *state = &ret_nodes[count++];
        *state = (cluster_node_state){.at = one->at, .is_master = one->is_master, .ready = link_uv_ready(one->link)};
        for (int slot = 0; slot < CLUSTER_SLOTS; slot++) state->slots += n->master[slot] == i;
    }
    return count;
}

link_uv_counts cluster_nodes_count(const cluster_nodes *n) {
    link_uv_counts sum = n->past;
    for (int i = 0; i < CLUSTER_NODES_MAX; i++) {
        if (!n->of[i]) continue;
        link_uv_counts counts = link_uv_count(n->of[i]->link);
        add_counts(&sum, &counts);
    }
    return sum;
}

/* ---- coming and going ----------------------------------------------------------------------------------------------- */

cluster_nodes *cluster_nodes_new(uv_loop_t *loop, const redis_url *url, scripts *s, const link_uv_options *options,
                                 void (*changed)(void *ctx), void *ctx) {
    cluster_nodes *n = mem_zalloc(1, sizeof *n);
    n->loop = loop;
    n->url = *url;
    n->scripts = s;
    n->options = *options;
    n->changed = changed;
    n->ctx = ctx;
    n->fresh = mem_zalloc(1, sizeof *n->fresh);
    memset(n->master, CLUSTER_NOBODY, sizeof n->master);
    uv_timer_init(loop, &n->pace);
    n->pace.data = n;
    add_those_of_the_url(n);
    return n;
}

static void on_pace_closed(uv_handle_t *handle) {
    cluster_nodes *n = handle->data;
    free(n->fresh);
    free(n);
}

cluster_nodes *cluster_nodes_free(cluster_nodes *n) {
    if (!n) return NULL;
    for (int i = 0; i < CLUSTER_NODES_MAX; i++)
        if (n->of[i]) drop(n, i);
    uv_close((uv_handle_t *)&n->pace, on_pace_closed);
    return NULL;
}
