/* peers.c - a table of ways, by instance id.
 *
 * When it is full the way that was silent for the longest, and has nothing to say, makes room. A linear search through 64 names costs less
 * than the frame that is written then. */
#include "core/daemon/peers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/peers_internal.h"
#include "core/daemon/server_internal.h"
#include "core/wire/peer_frame.h"

static way *find_way(const peers *p, const char *instance) {
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->ways[i]->instance, instance) == 0) return p->ways[i];
    return NULL;
}

/* Where a new way may stand; -1: all have something to say. */
static int find_place(peers *p) {
    if (p->count < PEERS_MAX) return p->count++;
    int best = -1;
    for (int i = 0; i < p->count; i++)
        if (!p->ways[i]->first && (best < 0 || p->ways[i]->used < p->ways[best]->used)) best = i;
    if (best >= 0) way_free(p->ways[best]);
    return best;
}

static void send_message(void *ctx, const char *instance_id, const char *address, const peer_message *message) {
    peers *p = ctx;
    way *w = find_way(p, instance_id);
    bool fits = *address && strlen(address) <= ADDRESS_MAX && strlen(instance_id) <= ID_MAX;
    int place = fits && !w ? find_place(p) : -1;
    if (!fits || (!w && place < 0)) {
        p->counts.dropped++;
        return;
    }
    if (!w)
        w = p->ways[place] = way_new(p, instance_id, address);
    else if (strcmp(w->address, address) != 0)
        way_move(w, address);
    way_send(w, peer_frame_encode(p->instance_id, message));
}

peer_link peers_link(peers *p) {
    return (peer_link){.send = send_message, .ctx = p};
}

peers_counts peers_count(const peers *p) {
    return p->counts;
}

static void on_flush(uv_prepare_t *handle) {
    peers *p = handle->data;
    for (int i = 0; i < p->count; i++) way_flush(p->ways[i]);
}

peers *peers_new(struct server *door, const peers_options *options) {
    assert(strlen(options->instance_id) <= ID_MAX && strlen(options->secret) <= SECRET_MAX);
    assert(options->patience > 0 && options->idle > 0);
    peers *p = mem_zalloc(1, sizeof *p);
    p->loop = door->loop;
    p->lws = server_lws(door);
    p->vhost = server_calls(door, way_protocols);
    snprintf(p->instance_id, sizeof p->instance_id, "%s", options->instance_id);
    snprintf(p->secret, sizeof p->secret, "%s", options->secret);
    p->verify_tls = options->verify_tls;
    p->queue_bytes = options->queue_bytes;
    p->patience = options->patience;
    p->idle = options->idle;
    p->clock = options->clock;
    p->timers = options->timers;
    p->log = options->log;
    uv_prepare_init(p->loop, &p->flush);
    p->flush.data = p;
    uv_prepare_start(&p->flush, on_flush);
    return p;
}

static void on_flush_closed(uv_handle_t *handle) {
    free(handle->data);
}

peers *peers_free(peers *p) {
    if (!p) return NULL;
    for (int i = 0; i < p->count; i++) way_free(p->ways[i]);
    p->count = 0;
    memset(p->secret, 0, sizeof p->secret);
    uv_close((uv_handle_t *)&p->flush, on_flush_closed);
    return NULL;
}
