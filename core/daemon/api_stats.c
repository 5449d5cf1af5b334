/* api_stats.c - /api/v1/stats: what this instance has, how its last minute was, and what is wrong.
 *
 * The predecessor's dashboards read web_clients and nodes; the rest is ours. Languages come from the scheduler's snapshot, a few
 * seconds old; all else is of this moment. */
#include "core/daemon/api_internal.h"
#include "core/view/members.h"

static void set_real(json_t *object, const char *field, double value) {
    json_object_set_new(object, field, json_real(value));
}

static json_t *instance_json(const api *a, const metrics_now *now) {
    json_t *object = json_object();
    view_set_text(object, "id", now->instance_id ? now->instance_id : "");
    view_set_text(object, "version", now->version ? now->version : "");
    view_set_number(object, "started", now->started / USEC_PER_MSEC);
    view_set_number(object, "uptime_ms", (clock_now(&a->env.clock) - now->started) / USEC_PER_MSEC);
    view_set_truth(object, "ready", now->ready);
    view_set_truth(object, "draining", now->draining);
    view_set_truth(object, "redis_down", now->scheduler.redis_down);
    return object;
}

static json_t *web_clients_json(const metrics_now *now, const stats_figures *figures) {
    json_t *object = json_object(), *top = json_array(), *usage = json_object();
    for (int i = 0; i < figures->lang_count; i++) {
        const stats_lang *l = &figures->langs[i];
        json_t *one = json_object(), *use = json_object();
        view_set_text(one, "language", l->lang);
        view_set_number(one, "count", l->as_source + l->as_target);
        json_array_append_new(top, one);
        view_set_number(use, "as_source", l->as_source);
        view_set_number(use, "as_target", l->as_target);
        view_set_number(use, "total", l->as_source + l->as_target);
        json_object_set_new(usage, l->lang, use);
    }
    view_set_number(object, "active_users", now->scheduler.sessions);
    json_object_set_new(object, "top_languages", top);
    json_object_set_new(object, "language_usage", usage);
    return object;
}

static json_t *nodes_json(const metrics_now *now, const stats_figures *figures) {
    json_t *object = json_object();
    view_set_number(object, "connected_nodes", now->scheduler.nodes);
    view_set_number(object, "slots", figures->slots);
    view_set_number(object, "running_jobs", figures->running_jobs);
    view_set_number(object, "draining", figures->draining);
    view_set_number(object, "degraded", figures->degraded);
    return object;
}

static json_t *jobs_json(const metrics_now *now) {
    json_t *object = json_object();
    view_set_number(object, "unfinished", now->scheduler.jobs);
    view_set_number(object, "waiting", now->scheduler.waiting);
    view_set_number(object, "guests", now->scheduler.guests);
    view_set_number(object, "audio_bytes", now->scheduler.audio_bytes);
    return object;
}

static json_t *minute_json(const api *a) {
    metrics_figures f = metrics_figure(a->env.metrics);
    json_t *object = json_object();
    set_real(object, "over_sec", f.over_sec);
    set_real(object, "jobs_per_sec", f.jobs_per_sec);
    set_real(object, "refused_per_sec", f.refused_per_sec);
    set_real(object, "dispatch_p50_ms", f.dispatch_p50_ms);
    set_real(object, "dispatch_p99_ms", f.dispatch_p99_ms);
    set_real(object, "end_to_end_p50_ms", f.end_to_end_p50_ms);
    set_real(object, "end_to_end_p99_ms", f.end_to_end_p99_ms);
    set_real(object, "loop_lag_p99_ms", history_lag_p99_ms(a->history));
    view_set_number(object, "created", f.created);
    view_set_number(object, "ok", f.ok);
    view_set_number(object, "no_text", f.no_text);
    view_set_number(object, "failed", f.failed);
    view_set_number(object, "timed_out", f.timed_out);
    view_set_number(object, "cancelled", f.cancelled);
    view_set_number(object, "refused", f.refused);
    view_set_number(object, "retried", f.retried);
    view_set_number(object, "waited", f.waited);
    view_set_number(object, "late_dropped", f.late_dropped);
    return object;
}

static json_t *connections_json(const metrics_now *now) {
    json_t *object = json_object();
    view_set_number(object, "open", now->server.connections);
    view_set_number(object, "queued_bytes", (int64_t)now->server.queued_bytes);
    view_set_number(object, "peers", now->peers.connected);
    view_set_number(object, "redis_calls_in_flight", now->scheduler.calls);
    return object;
}

static json_t *limits_json(const metrics_now *now) {
    json_t *object = json_object();
    view_set_number(object, "connections", now->limits.connections);
    view_set_number(object, "sessions", now->limits.sessions);
    view_set_number(object, "jobs", now->limits.jobs);
    view_set_number(object, "audio_bytes", now->limits.audio_bytes);
    return object;
}

static json_t *stats_json(api *a, const stats_figures *figures, bool with_history) {
    metrics_now now = {.ready = false};
    a->env.now(a->env.ctx, &now);
    json_t *document = json_object();
    view_set_number(document, "now", clock_now(&a->env.clock) / USEC_PER_MSEC);
    json_object_set_new(document, "instance", instance_json(a, &now));
    json_object_set_new(document, "web_clients", web_clients_json(&now, figures));
    json_object_set_new(document, "nodes", nodes_json(&now, figures));
    json_object_set_new(document, "jobs", jobs_json(&now));
    json_object_set_new(document, "last_minute", minute_json(a));
    json_object_set_new(document, "connections", connections_json(&now));
    json_object_set_new(document, "limits", limits_json(&now));
    json_object_set_new(document, "alarms", alarms_json(a->alarms));
    if (with_history) json_object_set_new(document, "history", history_json(a->history));
    return document;
}

static void on_figures(void *arg, const stats_figures *figures) {
    api_ask *ask = arg;
    json_t *document = stats_json(ask->a, figures, ask->history);
    api_answer_json(api_ask_end(ask), 200, document);
}

void api_get_stats(void *ctx, server_request *r) {
    static const stats_figures nothing = {.at = 0};
    api *a = ctx;
    sched_error err;
    bool with_history = api_param_flag(r, "history");
    scheduler *s = a->env.scheduler(a->env.ctx);
    a->survey_wanted = clock_now(&a->env.clock);
    if (!s) {
        api_answer_json(r, 200, stats_json(a, &nothing, with_history));
        return;
    }
    api_ask *ask = api_ask_new(a, r);
    ask->history = with_history;
    if (scheduler_stats(s, on_figures, ask, &err)) {
        api_ask_end(ask);
        api_answer_error(r, 503, "%s", err.message);
    }
}
