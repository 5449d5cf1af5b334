/* daemon.h - linguad as one program: the parts put together, and their life from the first signal to the last.
 *
 * Without Redis it starts all the same: nodes and clients may connect, are refused what needs it, and /ready says so; when Redis is there
 * it is ready. When it was away for so long that others may have taken over what it had, it ends all connections and goes on under a
 * new id.
 *
 * Signals  SIGTERM, SIGINT: no new connections or sessions; nodes drain, sessions get their answers, and it ends within drain_limit. A
 *          second one ends it at once. SIGHUP: limits, tokens, log and drain_limit are read again. SIGPIPE is ignored.
 * Failure  What goes wrong is written to the log; the exit status says the rest. */
#ifndef CORE_DAEMON_DAEMON_H
#define CORE_DAEMON_DAEMON_H

#include "core/daemon/daemon_config.h"
#include "core/daemon/secrets.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_BAD_INPUT = 2, EXIT_INTERRUPTED = 130 };

typedef struct daemon_options {
    const char *config_path; /* NULL: the defaults; read again by SIGHUP */
    const daemon_config *config;
    const redis_url *redis;
    secrets *secrets;                       /* it owns them from now on */
    const char *scripts_folder;             /* NULL: those in the binary */
    void (*listening)(void *ctx, int port); /* NULL; 0: a unix socket */
    void *ctx;
} daemon_options;

/* Reads what `config` and the environment say of tokens, and whether it fits the rest. */
sched_status daemon_read_secrets(const daemon_config *config, secrets **ret_secrets, sched_error *err);

/* Returns the exit status when it is over. */
int daemon_run(const daemon_options *options);

#endif
