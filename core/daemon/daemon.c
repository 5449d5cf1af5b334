/* daemon.c - the parts, in the order in which they need each other, and back.
 *
 * Two links to Redis: the blocking read of the inbox has one of its own, so that no call ever waits behind it. */
#include "core/daemon/daemon_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/version.h"
#include "core/daemon/entropy.h"
#include "core/daemon/event_log.h"
#include "core/daemon/peers.h"

enum { START_PATIENCE_MSEC = 500 };

usec_t daemon_now(const linguad *d) {
    clock_source clock = loop_clock_source(d->clock);
    return clock_now(&clock);
}

/* ---- secrets -------------------------------------------------------------------------------------------------------- */

static sched_status check_secrets(const daemon_config *config, const secrets *s, sched_error *err) {
    static const char *const roles[ROLES] = {"node", "session", "admin"};
    for (token_role role = ROLE_NODE; role < ROLES && config->tokens.required; role++)
        if (!secrets_count(s, role))
            return sched_fail(err, SCHED_EINVAL,
                              "tokens.required, and there is no token of role %s: nobody of that role could come in",
                              roles[role]);
    if (*config->instance.address && !secrets_peer(s))
        return sched_fail(err, SCHED_EINVAL,
                          "instance.address is given, but LINGUAD_PEER_SECRET is not: other instances could not come "
                          "in");
    return SCHED_OK;
}

sched_status daemon_read_secrets(const daemon_config *config, secrets **ret_secrets, sched_error *err) {
    secrets *s = NULL;
    sched_status status =
        secrets_read(config->tokens.file, getenv("LINGUAD_TOKENS"), getenv("LINGUAD_PEER_SECRET"), &s, err);
    if (!status) status = check_secrets(config, s, err);
    if (status)
        secrets_free(s);
    else
        *ret_secrets = s;
    return status;
}

/* ---- Redis ---------------------------------------------------------------------------------------------------------- */

/* A server that stays away fails again and again: that is said once. */
static void on_link_state(void *ctx, link_uv_state state, const char *text) {
    static const char *const names[] =
        {[LINK_UV_READY] = "ready", [LINK_UV_LOST] = "lost", [LINK_UV_FAILED] = "failed"};
    redis_line *line = ctx;
    if (state == line->state && state != LINK_UV_READY) return;
    line->state = state;
    log_write(&line->d->log, state == LINK_UV_READY ? LOG_INFO : LOG_WARN, "redis_link", "link=%s state=%s text=\"%s\"",
              line->name, names[state], text);
}

static void open_line(linguad *d, redis_line *line, const char *name) {
    link_uv_options how = link_uv_defaults;
    how.window = d->config.redis.window;
    how.seed = entropy_u64();
    how.on_state = on_link_state;
    how.ctx = line;
    *line = (redis_line){.d = d, .name = name, .state = LINK_UV_LOST};
    line->link = link_url_new(&d->loop, d->options.redis, d->scripts, &how);
}

/* ---- the instance --------------------------------------------------------------------------------------------------- */

static void put_host(char text[HOST_MAX]) {
    char host[256] = "";
    size_t len = 0;
    gethostname(host, sizeof host - 1);
    for (const char *c = host; *c && len + 1 < HOST_MAX; c++)
        if (isalnum((unsigned char)*c) || *c == '-' || *c == '.') text[len++] = *c;
    text[len] = '\0';
}

static void draw_id(linguad *d) {
    unsigned tail = (unsigned)(entropy_u64() >> 32);
    put_host(d->host);
    if (*d->config.instance.name)
        snprintf(d->instance_id, sizeof d->instance_id, "%s-%08x", d->config.instance.name, tail);
    else
        snprintf(d->instance_id, sizeof d->instance_id, "%s-%d-%08x", *d->host ? d->host : "host", (int)getpid(), tail);
}

static void observe(void *ctx, const sched_event *event) {
    linguad *d = ctx;
    metrics_event(d->metrics, event);
    recording_event(d->recording, event);
    event_log(&d->writer, event);
    front_observe(d->front, event);
}

static void open_peers(linguad *d) {
    const char *secret = secrets_peer(d->secrets);
    peers_options options = {
        .instance_id = d->instance_id,
        .secret = secret,
        .verify_tls = d->config.instance.verify_tls,
        .queue_bytes = d->config.limits.queue_bytes,
        .patience = d->config.scheduler.instance.peer_patience,
        .idle = d->config.limits.idle,
        .clock = loop_clock_source(d->clock),
        .timers = loop_clock_timers(d->clock),
        .log = d->log,
    };
    d->peers = secret ? peers_new(d->server, &options) : NULL;
}

sched_status daemon_begin_instance(linguad *d, sched_error *err) {
    draw_id(d);
    open_peers(d);
    scheduler_env env = {
        .clock = loop_clock_source(d->clock),
        .timers = loop_clock_timers(d->clock),
        .seed = entropy_u64(),
        .redis = loop_clock_link(d->clock, link_url_interface(d->calls.link)),
        .reader = loop_clock_link(d->clock, link_url_interface(d->reads.link)),
        .net = front_transport(d->front),
        .observer = {observe, d},
        .log = d->log,
        .instance_id = d->instance_id,
        .address = d->config.instance.address,
        .host = d->host,
        .pid = getpid(),
    };
    if (d->peers) env.peer = peers_link(d->peers);
    sched_status status = scheduler_new(&d->config.scheduler, &env, &d->scheduler, err);
    if (status) return status;
    d->scheduler_left = false;
    front_use(d->front, d->scheduler, d->instance_id);
    log_write(&d->log, LOG_INFO, "instance_begins", "instance=%s address=%s", d->instance_id,
              d->config.instance.address);
    return SCHED_OK;
}

void daemon_end_instance(linguad *d) {
    front_use(d->front, NULL, "");
    api_forget_scheduler(d->api);
    d->scheduler = scheduler_free(d->scheduler);
    d->peers = peers_free(d->peers);
}

/* ---- what HTTP is told ---------------------------------------------------------------------------------------------- */

bool daemon_is_ready(const linguad *d) {
    return d->stage == STAGE_RUNS && d->scheduler && link_url_ready(d->calls.link) && link_url_ready(d->reads.link) &&
           !scheduler_count(d->scheduler).redis_down;
}

static void tell_now(void *ctx, metrics_now *ret_now) {
    const linguad *d = ctx;
    *ret_now = (metrics_now){
        .redis = link_url_count(d->calls.link),
        .limits = {d->config.limits.connections, d->config.scheduler.sessions_max, d->config.scheduler.jobs_max,
                   (int64_t)d->config.scheduler.audio_max},
        .loop_lag = loop_clock_lag(d->clock),
        .instance_id = d->instance_id,
        .version = LINGUA_VERSION,
        .started = d->started,
        .ready = daemon_is_ready(d),
        .draining = d->stage == STAGE_LEAVES || d->stage == STAGE_CLOSES,
    };
    if (d->server) ret_now->server = server_count(d->server);
    if (d->scheduler) {
        ret_now->scheduler = scheduler_count(d->scheduler);
        ret_now->instance = scheduler_instance_count(d->scheduler);
    }
    if (d->peers) ret_now->peers = peers_count(d->peers);
}

static scheduler *tell_scheduler(void *ctx) {
    const linguad *d = ctx;
    return d->stage == STAGE_RUNS ? d->scheduler : NULL;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

static void raise_descriptors(const linguad *d) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)d->config.limits.connections + 64)
        log_write(&d->log, LOG_WARN, "descriptors_few", "limit=%llu connections=%lld",
                  (unsigned long long)limit.rlim_cur, (long long)d->config.limits.connections);
}

static void open_core(linguad *d) {
    uv_loop_init(&d->loop);
    life_open(d);
    d->clock = loop_clock_new(&d->loop);
    d->started = daemon_now(d);
    open_line(d, &d->calls, "calls");
    open_line(d, &d->reads, "reads");
    d->metrics = metrics_new(loop_clock_source(d->clock));
    d->front = front_new(&(front_env){.clock = d->clock,
                                      .metrics = d->metrics,
                                      .log = d->log,
                                      .secrets = &d->secrets,
                                      .tokens_required = &d->config.tokens.required,
                                      .instance_lost = life_instance_lost,
                                      .ctx = d});
    d->api = api_new(&(api_env){.loop = &d->loop,
                                .clock = loop_clock_source(d->clock),
                                .redis = d->options.redis,
                                .keys = &d->config.scheduler.keys,
                                .secrets = &d->secrets,
                                .tokens_required = &d->config.tokens.required,
                                .ctx = d,
                                .now = tell_now,
                                .scheduler = tell_scheduler,
                                .metrics = d->metrics});
}

static const char *given(const char *text) {
    return *text ? text : NULL;
}

static sched_status open_server(linguad *d, sched_error *err) {
    server_options options = {
        .loop = &d->loop,
        .host = d->config.listen.host,
        .socket = given(d->config.listen.socket),
        .port = (int)d->config.listen.port,
        .tls_certificate = given(d->config.listen.tls_certificate),
        .tls_key = given(d->config.listen.tls_key),
        .doors = front_doors(d->front),
        .routes = api_routes(d->api),
        .limits = d->config.limits,
        .log = d->log,
    };
    sched_status status = server_new(&options, &d->server, err);
    if (status) return status;
    log_write(&d->log, LOG_INFO, "listening", "host=%s port=%d socket=%s tls=%s version=%s", d->config.listen.host,
              options.socket ? 0 : server_port(d->server), d->config.listen.socket, options.tls_key ? "yes" : "no",
              LINGUA_VERSION);
    if (d->options.listening) d->options.listening(d->options.ctx, options.socket ? 0 : server_port(d->server));
    return SCHED_OK;
}

static void close_core(linguad *d) {
    d->server = server_free(d->server);
    d->api = api_free(d->api);
    link_url_free(d->calls.link);
    link_url_free(d->reads.link);
    loop_clock_free(d->clock);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    uv_loop_close(&d->loop);
    d->front = front_free(d->front);
    d->metrics = metrics_free(d->metrics);
}

static sched_status open_recording(linguad *d, sched_error *err) {
    if (!*d->config.record.folder) return SCHED_OK;
    recording_options options = {
        .folder = d->config.record.folder,
        .file_bytes = d->config.record.file_bytes,
        .files = d->config.record.files,
        .key = entropy_u64(),
        .now = daemon_now(d),
        .log = d->log,
    };
    return recording_new(&options, &d->recording, err);
}

static void on_patience(uv_timer_t *timer) {
    (void)timer; /* that it is over shows in its not being active */
}

/* With a Redis that answers at once, the first sign of life is not refused, and nobody ever finds us up and not ready. */
static void wait_for_redis(linguad *d) {
    uv_timer_start(&d->step, on_patience, START_PATIENCE_MSEC, 0);
    while (uv_is_active((uv_handle_t *)&d->step) && !(link_url_ready(d->calls.link) && link_url_ready(d->reads.link)))
        uv_run(&d->loop, UV_RUN_ONCE);
    uv_timer_stop(&d->step);
}

static sched_status run(linguad *d, sched_error *err) {
    sched_status status = open_recording(d, err);
    if (!status) {
        wait_for_redis(d);
        status = open_server(d, err);
    }
    loop_clock_catch_up(d->clock); /* whatever it took so far, nobody has slept through it */
    if (!status) status = daemon_begin_instance(d, err);
    if (!status) {
        life_begin(d);
        loop_clock_settle(d->clock);
        uv_run(&d->loop, UV_RUN_DEFAULT);
    }
    life_end(d);
    daemon_end_instance(d);
    d->recording = recording_free(d->recording);
    return status;
}

int daemon_run(const daemon_options *options) {
    sched_error err;
    linguad d = {.options = *options, .config = *options->config, .owned_secrets = options->secrets};
    d.secrets = d.owned_secrets;
    d.writer = (log_writer){STDERR_FILENO, (log_format)d.config.log.format, (log_level)d.config.log.least};
    d.log = log_writer_logger(&d.writer);
    sched_status status = scripts_new(options->scripts_folder, &d.scripts, &err);
    if (!status) {
        raise_descriptors(&d);
        open_core(&d);
        status = run(&d, &err);
        close_core(&d);
    }
    if (status) log_write(&d.log, LOG_ERROR, "start_failed", "reason=\"%s\"", err.message);
    scripts_free(d.scripts);
    secrets_free(d.owned_secrets);
    return status == SCHED_OK ? EXIT_FINE : EXIT_FAILED;
}
