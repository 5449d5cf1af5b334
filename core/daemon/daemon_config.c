/* daemon_config.c - the rows of linguad.yaml, and what they cannot say.
 *
 * The scheduler's rows are the core's own, so that a setting that was tried in the simulator is spelled the same here. */
#include "core/daemon/daemon_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/yaml_bind.h"
#include "core/domain/ids.h"

#define SEC  USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static const char *const level_names[] = {"debug", "info", "warn", "error", NULL};
static const char *const format_names[] = {"logfmt", "json", NULL};

#define TEXT(key, field, ...)     ROW_TEXT(daemon_config, key, field, __VA_ARGS__)
#define BOOL(key, field, ...)     ROW_BOOL(daemon_config, key, field, __VA_ARGS__)
#define COUNT(key, field, ...)    ROW_COUNT(daemon_config, key, field, __VA_ARGS__)
#define SIZE(key, field, ...)     ROW_SIZE(daemon_config, key, field, __VA_ARGS__)
#define DURATION(key, field, ...) ROW_DURATION(daemon_config, key, field, __VA_ARGS__)
#define CHOICE(key, field, ...)   ROW_CHOICE(daemon_config, key, field, __VA_ARGS__)
/* Its rows count from the beginning of the whole configuration. */
#define SECTION(key, table, text)                                                                                      \
    { .name = key, .kind = SETTING_SECTION, .offset = 0, .rows = table, .help = text }

// clang-format off
static const setting listen_rows[] = {
    TEXT("host", listen.host, "0.0.0.0", "address to listen on; \"::\" for IPv6 too"),
    COUNT("port", listen.port, 0, 65535, "5010", "TCP port; 0: any free one, which the log tells"),
    TEXT("socket", listen.socket, "\"\"", "path of a unix socket to listen on instead of host and port"),
    TEXT("tls_certificate", listen.tls_certificate, "\"\"", "file with the certificate and its chain (PEM); none: no TLS"),
    TEXT("tls_key", listen.tls_key, "\"\"", "file with the private key that belongs to it (PEM)"),
    {.name = NULL},
};

static const setting redis_rows[] = {
    TEXT("url", redis.url, "redis://127.0.0.1:6379",
         "redis://HOST:PORT/DB, unix:///PATH or redis+cluster://HOST:PORT,...; the password stands in LINGUAD_REDIS_PASSWORD"),
    COUNT("window", redis.window, 16, 1000000, "8192", "calls under way at once; more are refused"),
    {.name = NULL},
};

static const setting instance_rows[] = {
    TEXT("name", instance.name, "\"\"", "the instance id begins with it, random digits follow; none: host and pid"),
    TEXT("address", instance.address, "\"\"",
         "under which other instances reach this one, ws://HOST:PORT/ws/peer; none: it shares neither sound nor results"),
    BOOL("verify_tls", instance.verify_tls, "yes", "are certificates of other instances verified (wss://)?"),
    {.name = NULL},
};

static const setting token_rows[] = {
    BOOL("required", tokens.required, "no", "does every node, session and reader of /api need a token?"),
    TEXT("file", tokens.file, "\"\"", "tokens, one per line; others may not read it"),
    {.name = NULL},
};

static const setting limit_rows[] = {
    COUNT("connections", limits.connections, 1, 10000000, "100000", "WebSocket connections that are open at once"),
    SIZE("message_size", limits.message_bytes, 1024, 64 << 20, "1MiB", "of one message; larger ones end their connection"),
    COUNT("messages_per_second", limits.messages_per_sec, 1, 1000000, "200",
          "of one connection, in bursts up to twice that; then reading from it rests"),
    SIZE("queue_size", limits.queue_bytes, 4096, 1LL << 32, "8MiB",
         "waiting to be sent over one connection; a reader that is slower is cut"),
    DURATION("handshake", limits.handshake, 100 * MSEC, 600 * SEC, "10s", "from connecting to an open WebSocket"),
    DURATION("idle", limits.idle, SEC, 86400 * SEC, "90s", "silence after which a connection ends; it is pinged at half of it"),
    DURATION("flood_cut", limits.flood_cut, 100 * MSEC, 3600 * SEC, "10s", "a flood that lasts so long ends its connection"),
    {.name = NULL},
};

static const setting log_rows[] = {
    CHOICE("level", log.least, level_names, "info", "what is less is not written"),
    CHOICE("format", log.format, format_names, "logfmt", "of the lines on standard error"),
    {.name = NULL},
};

static const setting record_rows[] = {
    TEXT("folder", record.folder, "\"\"", "arrivals and outcomes are recorded there for lingua-sim import; none: nothing is"),
    SIZE("file_size", record.file_bytes, 4096, 1LL << 40, "64MiB", "of one part of a table; then the next one begins"),
    COUNT("files", record.files, 1, 100000, "16", "parts of each table that are kept"),
    {.name = NULL},
};

const setting daemon_settings[] = {
    SECTION("listen", listen_rows, "where nodes and clients connect; fixed while the daemon runs"),
    SECTION("redis", redis_rows, "where the state is; fixed while the daemon runs"),
    SECTION("instance", instance_rows, "one instance among others; fixed while the daemon runs"),
    SECTION("tokens", token_rows, "who may come in"),
    SECTION("limits", limit_rows, "what one connection may do, and how many there may be"),
    SECTION("log", log_rows, "one line for each event, never with audio, text or tokens"),
    SECTION("record", record_rows, "what came and what became of it, without sound, text or names; fixed while the daemon runs"),
    DURATION("drain_limit", drain_limit, 0, 3600 * SEC, "30s", "from SIGTERM to the end, whatever is left then"),
    {.name = "scheduler", .kind = SETTING_SECTION, .offset = offsetof(daemon_config, scheduler),
     .rows = scheduler_settings, .prepare = scheduler_config_prepare,
     .help = "the scheduler's own settings, as in scenarios; fixed while the daemon runs"},
    {.name = NULL},
};
// clang-format on

/* ---- contradictions ------------------------------------------------------------------------------------------------- */

static bool has_half_of_tls(const daemon_config *c) {
    return !*c->listen.tls_certificate != !*c->listen.tls_key;
}

static bool listens_nowhere(const daemon_config *c) {
    return !*c->listen.host && !*c->listen.socket;
}

static bool has_a_bad_name(const daemon_config *c) {
    return *c->instance.name && !id_valid(c->instance.name);
}

static bool has_a_bad_address(const daemon_config *c) {
    const char *a = c->instance.address;
    return *a && (strpbrk(a, " \t\r\n") || (strncmp(a, "ws://", 5) != 0 && strncmp(a, "wss://", 6) != 0));
}

static bool is_deaf_to_audio(const daemon_config *c) {
    return c->limits.message_bytes < c->scheduler.utterance_bytes / 3 * 4;
}

static bool cuts_every_assignment(const daemon_config *c) {
    return c->limits.queue_bytes < c->limits.message_bytes;
}

static bool drains_too_short(const daemon_config *c) {
    return c->drain_limit < c->scheduler.close_limit;
}

static const struct {
    bool (*senseless)(const daemon_config *config);
    const char *reason;
} contradictions[] = {
    {listens_nowhere, "listen: neither host nor socket is given"},
    {has_half_of_tls, "listen: tls_certificate and tls_key go together"},
    {has_a_bad_name, "instance.name: expected up to 48 of A-Z a-z 0-9 . _ : -"},
    {has_a_bad_address, "instance.address: expected ws://HOST:PORT/ws/peer or wss://..."},
    {is_deaf_to_audio,
     "limits.message_size is below scheduler.utterance_bytes in base64, so that the longest utterance "
     "would end its connection"},
    {cuts_every_assignment, "limits.queue_size is below limits.message_size, so that one message could be too much"},
    {drains_too_short,
     "drain_limit is below scheduler.close_limit, so that sessions would be cut before their answers"},
};

static sched_status check_own(const daemon_config *config, sched_error *err) {
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        if (contradictions[i].senseless(config)) return sched_fail(err, SCHED_EINVAL, "%s", contradictions[i].reason);
    }
    return SCHED_OK;
}

sched_status daemon_config_check(const daemon_config *config, sched_error *err) {
    sched_status status = check_own(config, err);
    return status ? status : scheduler_config_check(&config->scheduler, err);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* Every reason begins with the setting that it is about. */
static sched_status fail_at(const yaml_value *root, const char *section, const char *about, const sched_error *why,
                            sched_error *err) {
    const yaml_value *at = yaml_at(root, "%s%.*s", section, (int)strcspn(about, " :"), about);
    return yaml_fail(at, err, "%s", why->message);
}

static sched_status check_at(const yaml_value *root, const daemon_config *config, sched_error *err) {
    sched_error why;
    if (check_own(config, &why)) return fail_at(root, "", why.message, &why, err);
    if (scheduler_config_check(&config->scheduler, &why))
        return fail_at(root, "scheduler.", scheduler_config_about(why.message), &why, err);
    return SCHED_OK;
}

static sched_status read_file(const char *path, daemon_config *ret_config, sched_error *err) {
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_read(path, &doc, err);
    if (status) return status;
    const yaml_value *root = yaml_doc_root(doc);
    status = yaml_bind(root, daemon_settings, sizeof *ret_config, ret_config, err);
    if (!status) status = check_at(root, ret_config, err);
    yaml_doc_free(doc);
    return status;
}

sched_status daemon_config_read(const char *path, daemon_config *ret_config, sched_error *err) {
    daemon_config config = {0};
    sched_status status = SCHED_OK;
    if (path) {
        status = read_file(path, &config, err);
    } else {
        settings_default(daemon_settings, &config);
    }
    if (!status) *ret_config = config;
    return status;
}

sched_status daemon_config_redis(const daemon_config *config, redis_url *ret_url, sched_error *err) {
    const char *whole = getenv("LINGUAD_REDIS_URL"), *password = getenv("LINGUAD_REDIS_PASSWORD");
    bool given = whole && *whole;
    redis_url url;
    sched_error why;
    if (redis_url_parse(given ? whole : config->redis.url, &url, &why))
        return sched_fail(err, SCHED_EINVAL, "%s: %s", given ? "LINGUAD_REDIS_URL" : "redis.url", why.message);
    if (password && *password && !*url.password) {
        size_t len = strlen(password);
        if (len >= sizeof url.password)
            return sched_fail(err, SCHED_EINVAL, "LINGUAD_REDIS_PASSWORD: %zu bytes, at most %d fit", len,
                              REDIS_SECRET_MAX);
        memcpy(url.password, password, len + 1);
    }
    *ret_url = url;
    return SCHED_OK;
}

/* ---- what can change ------------------------------------------------------------------------------------------------ */

static char *as_text(const setting *row, const daemon_config *config) {
    const setting one[] = {*row, {.name = NULL}};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return mem_strdup("");
    settings_dump(one, config, out, 0);
    fclose(out);
    return text;
}

const char *daemon_config_fixed(const daemon_config *now, const daemon_config *then) {
    static const char *const changing[] = {"tokens", "limits", "log", "drain_limit"};
    for (const setting *row = daemon_settings; row->name; row++) {
        bool may = false;
        for (size_t i = 0; i < sizeof changing / sizeof *changing; i++) may = may || !strcmp(row->name, changing[i]);
        if (may) continue;
        char *was = as_text(row, now), *is = as_text(row, then);
        bool differs = strcmp(was, is) != 0;
        free(was);
        free(is);
        if (differs) return row->name;
    }
    return NULL;
}
