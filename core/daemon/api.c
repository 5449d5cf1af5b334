/* api.c - routes and answers.
 *
 * Whoever asks may be a person at an incident: each error says what was wrong with the question, and an unknown path lists those that
 * there are. */
#include "core/daemon/api.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/embedded.h"
#include "core/base/mem.h"
#include "core/daemon/api_internal.h"
#include "core/view/members.h"

const char api_json_type[] = "application/json";

enum { JSON_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(6) };

static const usec_t watched_for = 30 * USEC_PER_SEC, survey_every = 5 * USEC_PER_SEC;

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *code;
} codes[] = {{400, "BAD_REQUEST"}, {401, "UNAUTHORIZED"}, {404, "NOT_FOUND"}, {503, "UNAVAILABLE"}};

frame *api_json_frame(json_t *document) {
    size_t bytes = json_dumpb(document, NULL, 0, JSON_FLAGS);
    frame *f = frame_new(false, bytes + 1);
    json_dumpb(document, f->data, bytes, JSON_FLAGS);
    f->data[bytes] = '\n';
    json_decref(document);
    return f;
}

frame *api_error_frame(int status, const char *message) {
    const char *code = "INTERNAL_ERROR";
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].status == status) code = codes[i].code;
    json_t *error = json_object();
    json_object_set_new(error, "code", json_string(code));
    view_set_text(error, "message", message);
    return api_json_frame(json_pack("{s:o}", "error", error));
}

void api_answer_json(server_request *r, int status, json_t *document) {
    server_answer(r, status, api_json_type, api_json_frame(document));
}

void api_answer_error(server_request *r, int status, const char *format, ...) {
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    server_answer(r, status, api_json_type, api_error_frame(status, message));
}

bool api_param_count(server_request *r, const char *name, int64_t least, int64_t most, int64_t initial,
                     int64_t *ret_value) {
    const char *text = server_request_param(r, name);
    *ret_value = initial;
    if (!text || !*text) return true;
    int64_t value = strlen(text) < 19 && !text[strspn(text, "0123456789")] ? strtoll(text, NULL, 10) : -1;
    if (value >= least && value <= most) {
        *ret_value = value;
        return true;
    }
    api_answer_error(r, 400, "%s \"%.40s\": expected a whole number from %" PRId64 " to %" PRId64, name, text, least,
                     most);
    return false;
}

bool api_param_flag(server_request *r, const char *name) {
    const char *text = server_request_param(r, name);
    return text && strcmp(text, "0") != 0 && strcmp(text, "false") != 0;
}

/* ---- questions to the scheduler ------------------------------------------------------------------------------------- */

api_ask *api_ask_new(api *a, server_request *r) {
    api_ask *ask = mem_zalloc(1, sizeof *ask);
    ask->a = a;
    ask->request = r;
    DL_APPEND(a->asks, ask);
    return ask;
}

server_request *api_ask_end(api_ask *ask) {
    server_request *r = ask->request;
    DL_DELETE(ask->a->asks, ask);
    free(ask);
    return r;
}

void api_forget_scheduler(api *a) {
    while (a->asks) api_answer_error(api_ask_end(a->asks), 503, "this instance begins anew");
}

/* ---- what is answered at once --------------------------------------------------------------------------------------- */

static void get_health(void *ctx, server_request *r) {
    (void)ctx;
    server_answer(r, 200, "text/plain", frame_of_text("OK"));
}

static const char *why_not_ready(const metrics_now *now) {
    if (now->draining) return "leaving: nothing new is taken\n";
    if (now->scheduler.redis_down) return "Redis does not answer\n";
    return "not ready yet: Redis was not reached, or the scripts are not loaded\n";
}

static void get_ready(void *ctx, server_request *r) {
    api *a = ctx;
    metrics_now now = {.ready = false};
    a->env.now(a->env.ctx, &now);
    server_answer(r, now.ready ? 200 : 503, "text/plain", frame_of_text(now.ready ? "ready\n" : why_not_ready(&now)));
}

static void get_metrics(void *ctx, server_request *r) {
    api *a = ctx;
    metrics_now now = {.ready = false};
    a->env.now(a->env.ctx, &now);
    server_answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(a->env.metrics, &now));
}

static void get_page(void *ctx, server_request *r) {
    const embedded_file *page = embedded_find(embedded_dashboard, "dashboard.html");
    (void)ctx;
    assert(page);
    if (*server_request_rest(r)) /* "/" ends with a slash: all that has no route comes here */
        api_answer_error(r, 404, "nothing is at %.200s", server_request_path(r));
    else
        server_answer(r, 200, "text/html; charset=utf-8", frame_of_text((const char *)page->data));
}

static void get_unknown(void *ctx, server_request *r);

/* ---- routes --------------------------------------------------------------------------------------------------------- */

static int admit(void *ctx, const server_knock *knock) {
    const api *a = ctx;
    token_pass pass;
    if (!*a->env.tokens_required || secrets_admit(*a->env.secrets, ROLE_ADMIN, knock->token, &pass)) return 0;
    return 401;
}

static const struct {
    const char *path;
    bool is_open; /* for everybody */
    void (*get)(void *ctx, server_request *r);
} paths[] = {
    {"/health", true, get_health},
    {"/ready", true, get_ready},
    {"/", true, get_page},
    {"/dashboard", true, get_page},
    {"/metrics", false, get_metrics},
    {"/api/v1/stats", false, api_get_stats},
    {"/api/v1/cluster", false, api_get_cluster},
    {"/api/v1/nodes", false, api_get_nodes},
    {"/api/v1/nodes/", false, api_get_node},
    {"/api/v1/pools", false, api_get_pools},
    {"/api/v1/pools/", false, api_get_pool},
    {"/api/v1/jobs/", false, api_get_job},
    {"/api/v1/sessions/", false, api_get_session},
    {"/api/v1/rooms", false, api_get_rooms},
    {"/api/v1/rooms/", false, api_get_room},
    {"/api/v1/instances", false, api_get_instances},
    {"/api/v1/inboxes/", false, api_get_inbox},
    {"/api/v1/dead-letters", false, api_get_dead_letters},
    {"/api/v1/simulate", false, api_get_simulate},
    {"/api/", true, get_unknown},
};
enum { PATHS = sizeof paths / sizeof *paths };

static void get_unknown(void *ctx, server_request *r) {
    char list[768] = "";
    size_t length = 0;
    (void)ctx;
    for (int i = 0; i < PATHS; i++)
        if (!strncmp(paths[i].path, "/api/v1/", 8) && length < sizeof list)
            length += (size_t)snprintf(list + length, sizeof list - length, " %s%s", paths[i].path,
                                       paths[i].path[strlen(paths[i].path) - 1] == '/' ? "ID" : "");
    api_answer_error(r, 404, "nothing is at %.200s; there are%s", server_request_path(r), list);
}

const server_route *api_routes(const api *a) {
    return a->routes;
}

/* ---- life ----------------------------------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *tick) {
    api *a = tick->data;
    metrics_now now = {.ready = false};
    usec_t at = clock_now(&a->env.clock);
    a->env.now(a->env.ctx, &now);
    history_tick(a->history, at, &now, a->env.metrics);
    metrics_figures figures = metrics_figure(a->env.metrics);
    bool watched = a->survey_wanted && at - a->survey_wanted < watched_for;
    bool known = a->survey.at && at - a->survey.at < watched_for;
    alarms_tick(a->alarms, at, &now, &figures, a->history, known ? &a->survey : NULL);
    if (watched && at - a->survey_begun >= survey_every) api_survey(a);
}

api *api_new(const api_env *env) {
    api *a = mem_zalloc(1, sizeof *a);
    a->env = *env;
    a->routes = mem_zalloc(PATHS + 1, sizeof *a->routes);
    for (int i = 0; i < PATHS; i++)
        a->routes[i] = (server_route){.path = paths[i].path,
                                      .admit = paths[i].is_open ? NULL : admit,
                                      .get = paths[i].get,
                                      .ctx = a};
    json_object_seed(0); /* before threads make objects */
    a->reads = api_reads_new(&a->env);
    a->history = history_new();
    a->alarms = alarms_new();
    a->tick = mem_zalloc(1, sizeof *a->tick);
    a->tick->data = a;
    uv_timer_init(env->loop, a->tick);
    uv_timer_start(a->tick, on_tick, 1000, 1000);
    uv_unref((uv_handle_t *)a->tick);
    return a;
}

static void free_tick(uv_handle_t *tick) {
    free(tick);
}

api *api_free(api *a) {
    if (!a) return NULL;
    api_forget_scheduler(a);
    api_reads_free(a->reads);
    uv_close((uv_handle_t *)a->tick, free_tick);
    history_free(a->history);
    alarms_free(a->alarms);
    free(a->routes);
    free(a);
    return NULL;
}
