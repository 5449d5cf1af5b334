/* api.h - the HTTP side: /health /ready /metrics /api/v1/... and the dashboard page. docs/PROTOCOL.md has each document.
 *
 * What concerns this instance is answered at once out of memory. What concerns all (nodes, pools, cluster, jobs) is read from Redis by
 * a thread of libuv's pool over a connection of its own, by the same code as lingua-ctl (core/view), so the loop never waits; at most
 * API_READS_MAX such reads are under way, the next is answered 503. Who asks for what is being read hears the same answer.
 *
 * Errors are {"error": {"code": ..., "message": ...}} with their status.
 *
 * Tokens     /health, /ready and the page itself (which has no data in it) are for everybody; all else needs an admin's token when
 *            tokens are required.
 * Watching   While somebody asks for /api/v1/stats, the whole system is looked at every few seconds, for its alarms. */
#ifndef CORE_DAEMON_API_H
#define CORE_DAEMON_API_H

#include "core/daemon/metrics.h"
#include "core/daemon/secrets.h"
#include "core/daemon/server.h"
#include "core/redis/keys.h"
#include "core/redis/redis_url.h"

enum { API_READS_MAX = 8 };

typedef struct api api;

typedef struct api_env {
    struct uv_loop_s *loop;
    clock_source clock;
    const redis_url *redis;
    const keyspace *keys;
    const secrets *const *secrets; /* what both point to changes with SIGHUP */
    const bool *tokens_required;
    void *ctx;
    /* What the daemon knows at this moment. */
    void (*now)(void *ctx, metrics_now *ret_now);
    /* NULL while there is no scheduler. */
    scheduler *(*scheduler)(void *ctx);
    metrics *metrics;
} api_env;

api *api_new(const api_env *env);
/* Requests without an answer yet get one: 503. Reads under way end behind it, for which the loop must run on. Takes NULL, returns
 * NULL. */
api *api_free(api *a);
/* Comes before a scheduler is freed: what was asked of it is answered 503. */
void api_forget_scheduler(api *a);
/* Closed by a route without a path; lives as long as the api. */
const server_route *api_routes(const api *a);

#endif
