/* api.c - what an instance says of itself out of memory: whether it lives, whether it takes work, what it counts. */
#include "core/daemon/api.h"

#include <stdlib.h>

#include "core/base/mem.h"

enum { ROUTES = 3, HTTP_OK = 200, HTTP_UNAUTHORIZED = 401, HTTP_UNAVAILABLE = 503 };

struct api {
    api_env env;
    server_route routes[ROUTES + 1];
};

static metrics_now now_of(const api *a) {
    metrics_now now;
    a->env.now(a->env.ctx, &now);
    return now;
}

static void get_health(void *ctx, server_request *request) {
    (void)ctx;
    server_answer(request, HTTP_OK, "text/plain", frame_of_text("OK"));
}

static void get_ready(void *ctx, server_request *request) {
    bool ready = now_of(ctx).ready;
    server_answer(request, ready ? HTTP_OK : HTTP_UNAVAILABLE, "text/plain",
                  frame_of_text(ready ? "ready\n" : "not ready\n"));
}

static void get_metrics(void *ctx, server_request *request) {
    const api *a = ctx;
    metrics_now now = now_of(a);
    server_answer(request, HTTP_OK, "text/plain; version=0.0.4", metrics_text(a->env.metrics, &now));
}

static int admit_admin(void *ctx, const server_knock *knock) {
    const api *a = ctx;
    bool may = !a->env.tokens_required || secrets_admit(*a->env.secrets, ROLE_ADMIN, knock->token, NULL);
    return may ? 0 : HTTP_UNAUTHORIZED;
}

api *api_new(const api_env *env) {
    api *a = mem_zalloc(1, sizeof *a);
    a->env = *env;
    a->routes[0] = (server_route){.path = "/health", .get = get_health, .ctx = a};
    a->routes[1] = (server_route){.path = "/ready", .get = get_ready, .ctx = a};
    a->routes[2] = (server_route){.path = "/metrics", .admit = admit_admin, .get = get_metrics, .ctx = a};
    return a;
}

api *api_free(api *a) {
    free(a);
    return NULL;
}

const server_route *api_routes(const api *a) {
    return a->routes;
}
