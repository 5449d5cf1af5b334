/* sync_cluster.c - one map, one connection for each master, and a ring of who owes answers.
 *
 * A transaction has no key of its own to go by: MULTI and its like follow the last call that had one (WATCH, as a rule). */
#include "core/redis/sync_cluster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/redis/cluster_map.h"

struct sync_cluster {
    redis_url url;
    usec_t patience;
    int masters;
    struct {
        redis_host_port at;
        sync_client *client;
    } of[CLUSTER_NODES_MAX];
    uint8_t master[CLUSTER_SLOTS]; /* index of the above */
    int turned_to, last;
    uint8_t *owing; /* a ring */
    size_t first, count, capacity;
};

/* ---- the map -------------------------------------------------------------------------------------------------------- */

static redis_url url_of(const sync_cluster *c, const redis_host_port *at) {
    redis_url url = c->url;
    url.cluster = false;
    *url.socket = '\0';
    memcpy(url.host, at->host, sizeof url.host);
    url.port = at->port;
    return url;
}

static sched_status ask_for_map(sync_client *client, const char *asked, cluster_map *map, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "CLUSTER");
    call_str(&call, "SLOTS");
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (!status) status = cluster_map_read(reply, asked, map, err);
    sync_reply_free(reply);
    if (!status && map->covered < CLUSTER_SLOTS)
        status = sched_fail(err, SCHED_EPROTO, "redis cluster: %d slots are nobody's", CLUSTER_SLOTS - map->covered);
    return status;
}

static sched_status ask_one(const sync_cluster *c, const redis_url *url, cluster_map *map, sched_error *err) {
    sync_client *client = NULL;
    sched_status status = sync_client_open_url(url, c->patience, &client, err);
    if (!status) status = ask_for_map(client, url->host, map, err);
    sync_client_close(client);
    return status;
}

/* Those of the URL; the failure is that of the last one. */
static sched_status find_map(const sync_cluster *c, cluster_map *map, sched_error *err) {
    redis_url url = c->url;
    url.cluster = false;
    sched_status status = ask_one(c, &url, map, err);
    for (int i = 0; i < c->url.others && status; i++) {
        url = url_of(c, &c->url.other[i]);
        status = ask_one(c, &url, map, err);
    }
    return status;
}

/* ---- connections ---------------------------------------------------------------------------------------------------- */

static sync_client *take_old(sync_cluster *old, const redis_host_port *at) {
    for (int i = 0; i < old->masters; i++)
        if (old->of[i].client && cluster_address_same(&old->of[i].at, at)) {
            sync_client *client = old->of[i].client;
            old->of[i].client = NULL;
            return client;
        }
    return NULL;
}

static void close_clients(sync_cluster *c) {
    for (int i = 0; i < c->masters; i++) c->of[i].client = sync_client_close(c->of[i].client);
}

/* Takes over the connections of `c` that go on. */
static sched_status connect_masters(sync_cluster *c, const cluster_map *map, sched_error *err) {
    sync_cluster old = *c;
    uint8_t number[CLUSTER_NODES_MAX];
    sched_status status = SCHED_OK;
    c->masters = 0;
    for (int m = 0; m < map->nodes && !status; m++) {
        if (!map->is_master[m]) continue;
        int i = c->masters;
        redis_url url = url_of(c, &map->node[m]);
        number[m] = (uint8_t)i;
        c->of[i].at = map->node[m];
        c->of[i].client = take_old(&old, &map->node[m]);
        if (!c->of[i].client) status = sync_client_open_url(&url, c->patience, &c->of[i].client, err);
        if (!status) c->masters++;
    }
    close_clients(&old);
    for (int slot = 0; slot < CLUSTER_SLOTS && !status; slot++) c->master[slot] = number[map->master[slot]];
    if (c->turned_to >= c->masters) c->turned_to = 0;
    if (c->last >= c->masters) c->last = 0;
    return status;
}

sched_status sync_cluster_refresh(sync_cluster *c, sched_error *err) {
    assert(!c->count);
    cluster_map *map = mem_zalloc(1, sizeof *map);
    sched_status status = find_map(c, map, err);
    if (!status) status = connect_masters(c, map, err);
    free(map);
    return status;
}

sched_status sync_cluster_open(const redis_url *url, usec_t patience, sync_cluster **ret_cluster, sched_error *err) {
    sync_cluster *c = mem_zalloc(1, sizeof *c);
    c->url = *url;
    c->patience = patience;
    sched_status status = sync_cluster_refresh(c, err);
    if (status)
        sync_cluster_close(c);
    else
        *ret_cluster = c;
    return status;
}

sync_cluster *sync_cluster_close(sync_cluster *c) {
    if (!c) return NULL;
    close_clients(c);
    free(c->owing);
    free(c);
    return NULL;
}

/* ---- where, and who owes -------------------------------------------------------------------------------------------- */

int sync_cluster_masters(const sync_cluster *c) {
    return c->masters;
}

sync_client *sync_cluster_at(const sync_cluster *c, int master) {
    assert(master >= 0 && master < c->masters);
    return c->of[master].client;
}

void sync_cluster_turn_to(sync_cluster *c, int master) {
    assert(master >= 0 && master < c->masters);
    c->turned_to = master;
}

static bool is_of_a_transaction(const redis_call *call) {
    static const char *const names[] = {"MULTI", "EXEC", "DISCARD", "UNWATCH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (call->script == SCRIPT_NONE && !strcmp(call_arg(call, 0), names[i])) return true;
    return false;
}

int sync_cluster_master_of(sync_cluster *c, const redis_call *call) {
    if (call->key >= 0) return c->last = c->master[cluster_slot_of(call_arg(call, call->key), call->length[call->key])];
    return is_of_a_transaction(call) ? c->last : c->turned_to;
}

void sync_cluster_owe(sync_cluster *c, int master) {
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 64;
        uint8_t *wider = mem_alloc(capacity);
        for (size_t i = 0; i < c->count; i++) wider[i] = c->owing[(c->first + i) % c->capacity];
        free(c->owing);
        c->owing = wider;
        c->first = 0;
        c->capacity = capacity;
    }
    c->owing[(c->first + c->count++) % c->capacity] = (uint8_t)master;
}

int sync_cluster_take(sync_cluster *c) {
    assert(c->count);
    int master = c->owing[c->first];
    c->first = (c->first + 1) % c->capacity;
    c->count--;
    return master;
}
