/* api.h - the HTTP side: /health /ready /metrics /api/v1/... and the dashboard page.
 *
 * What concerns this instance is answered at once out of memory. What concerns all (nodes, pools, cluster, jobs) is read from Redis by
 * a thread of libuv's pool over a connection of its own, by the same code as lingua-ctl (core/view), so the loop never waits; at most
 * API_READS_MAX such reads are under way, the next is answered 503. */
#ifndef CORE_DAEMON_API_H
#define CORE_DAEMON_API_H

#include "core/daemon/metrics.h"
#include "core/daemon/secrets.h"
#include "core/daemon/server.h"

enum { API_READS_MAX = 8 };

typedef struct api api;

typedef struct api_env {
    struct uv_loop_s *loop;
    clock_source clock;
    const redis_url *redis;
    const keyspace *keys;
    const secrets *const *secrets; /* what it points to changes with SIGHUP */
    bool tokens_required;
    void *ctx;
    /* What the daemon knows at this moment. */
    void (*now)(void *ctx, metrics_now *ret_now);
    /* NULL while there is no scheduler. */
    scheduler *(*scheduler)(void *ctx);
    metrics *metrics;
} api_env;

api *api_new(const api_env *env);
/* Reads under way are waited for. Takes NULL, returns NULL. */
api *api_free(api *a);
/* Closed by a route without a path; lives as long as the api. */
const server_route *api_routes(const api *a);

#endif
