/* daemon_config.h - linguad.yaml: one table of rows serves reading, --check-config, --print-config and the shipped file.
 *
 * Secrets never stand in it: they come from the environment (secrets.h). Unknown keys are refused with the nearest known one. */
#ifndef CORE_DAEMON_DAEMON_CONFIG_H
#define CORE_DAEMON_DAEMON_CONFIG_H

#include "core/base/settings.h"
#include "core/daemon/server.h"
#include "core/instance/instance.h"
#include "core/redis/redis_url.h"
#include "core/scheduler/config.h"

typedef struct daemon_config {
    struct {
        char host[256], socket[108], tls_certificate[512], tls_key[512];
        int64_t port; /* 5010; 0: any free one */
    } listen;
    struct {
        char
            url[512]; /* without a password: that is in LINGUAD_REDIS_PASSWORD, or the whole URL in LINGUAD_REDIS_URL */
        int64_t window;
    } redis;
    struct {
        /* What the id begins with; random digits follow, because an id is never used twice. "": host and pid */
        char name[49];
        char address[ADDRESS_MAX + 1]; /* ws://10.0.0.1:5010/ws/peer: what other instances call; "": none */
        bool verify_tls;
    } instance;
    struct {
        bool required;  /* every connection of a node or session needs a token */
        char file[512]; /* tokens, one per line: secrets.h */
    } tokens;
    server_limits limits;
    struct {
        int least;  /* log_level */
        int format; /* log_format of log_writer.h */
    } log;
    struct {
        char folder[512]; /* "": nothing is recorded */
        uint64_t file_bytes;
        int64_t files;
    } record;
    usec_t drain_limit;         /* SIGTERM: from its arrival to the end, whatever is left */
    scheduler_config scheduler; /* phase production */
} daemon_config;

extern const setting daemon_settings[];

/* `path` NULL: the defaults. daemon_config_check() is included. */
sched_status daemon_config_read(const char *path, daemon_config *ret_config, sched_error *err);
/* What the rows cannot say: contradictions between settings, each with its reason. */
sched_status daemon_config_check(const daemon_config *config, sched_error *err);
/* Where Redis is: the setting, or LINGUAD_REDIS_URL in its place, with LINGUAD_REDIS_PASSWORD where the URL has none. */
sched_status daemon_config_redis(const daemon_config *config, redis_url *ret_url, sched_error *err);
/* The first setting that differs and cannot change while the daemon runs ("listen", ...); NULL: there is none. */
const char *daemon_config_fixed(const daemon_config *now, const daemon_config *then);

#endif
