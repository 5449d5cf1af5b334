/* main.c - linguad: the command line, and what is said before there is anything to run. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/settings_print.h"
#include "core/base/units.h"
#include "core/base/version.h"
#include "core/daemon/daemon.h"
#include "core/redis/private_server.h"

typedef struct command_line {
    const char *config, *scripts;
    int64_t port; /* -1: as configured */
    bool check, print, dev;
} command_line;

enum { GO_ON = -1 };

static const char help[] =
    "linguad " LINGUA_VERSION " - the scheduler of a speech-translation service: nodes and clients connect here\n"
    "\n"
    "Usage: linguad [OPTION...]\n"
    "\n"
    "  --config FILE   settings (YAML); without it, the defaults\n"
    "  --port N        TCP port to listen on, instead of listen.port; 0: any free one\n"
    "  --dev           with a Redis of its own that ends with it, on 127.0.0.1; says where to connect\n"
    "  --check-config  say whether the settings are right, and do nothing else\n"
    "  --print-config  print all settings as they would be used, and do nothing else\n"
    "  --scripts DIR   take the Lua scripts from there, not from the program\n"
    "  --help          this text\n"
    "  --version       print the version\n"
    "\n"
    "Environment:\n"
    "  LINGUAD_REDIS_URL       where Redis is, instead of redis.url\n"
    "  LINGUAD_REDIS_PASSWORD  for it, when the URL has none\n"
    "  LINGUAD_TOKENS          tokens, besides those in tokens.file: \"node gpu-7 TOKEN; session * TOKEN; admin * "
    "TOKEN\"\n"
    "  LINGUAD_PEER_SECRET     what instances prove to each other; the same for all of them\n"
    "\n"
    "Signals: SIGTERM, SIGINT drain and end, a second one ends at once; SIGHUP reads tokens, limits and log again.\n"
    "\n"
    "Examples:\n"
    "  linguad --dev\n"
    "  linguad --config /etc/linguad/linguad.yaml --check-config\n"
    "  LINGUAD_REDIS_URL=redis://10.0.0.5:6379/1 linguad --port 5020\n"
    "\n"
    "Exit status: 0 ended in good order; 1 it could not start, or was told twice to end; 2 an option, setting or "
    "secret\n"
    "that is not right; 130 interrupted twice.\n";

/* ---- the command line ----------------------------------------------------------------------------------------------- */

static int misused(const char *format, const char *word) {
    fputs("linguad: ", stderr);
    fprintf(stderr, format, word);
    fputs("\nTry: linguad --help\n", stderr);
    return EXIT_BAD_INPUT;
}

static int take_port(const char *text, int64_t *ret_port) {
    sched_error err;
    if (!units_parse_count(text, ret_port, &err) && *ret_port >= 0 && *ret_port <= 65535) return GO_ON;
    return misused("--port: \"%s\": expected 0 to 65535", text);
}

static int parse(int argc, char **argv, command_line *line) {
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"scripts", required_argument, NULL, 's'},
                                            {"dev", no_argument, NULL, 'd'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"print-config", no_argument, NULL, 'P'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    *line = (command_line){.port = -1};
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        int status = GO_ON;
        switch (c) {
        case 'c': line->config = optarg; break;
        case 'p': status = take_port(optarg, &line->port); break;
        case 's': line->scripts = optarg; break;
        case 'd': line->dev = true; break;
        case 'k': line->check = true; break;
        case 'P': line->print = true; break;
        case 'h': fputs(help, stdout); return EXIT_FINE;
        case 'v': puts("linguad " LINGUA_VERSION); return EXIT_FINE;
        default: fputs("Try: linguad --help\n", stderr); return EXIT_BAD_INPUT;
        }
        if (status != GO_ON) return status;
    }
    return optind == argc ? GO_ON : misused("\"%s\" is one word too many", argv[optind]);
}

/* ---- a Redis of its own --------------------------------------------------------------------------------------------- */

static void tell_where(void *ctx, int port) {
    const private_server *redis = ctx;
    printf("linguad listens on 127.0.0.1:%d; its Redis is its own, and ends with it\n"
           "\n"
           "  nodes      ws://127.0.0.1:%d/ws/node\n"
           "  clients    ws://127.0.0.1:%d/ws/session\n"
           "  dashboard  http://127.0.0.1:%d/\n"
           "  Redis      unix://%s\n"
           "\n"
           "A client by hand (Debian: python3-websockets); paste the second line when it is connected:\n"
           "\n"
           "  python3 -m websockets ws://127.0.0.1:%d/ws/session\n"
           "  "
           "{\"type\":\"session_init\",\"client_version\":\"1\",\"platform\":\"web\",\"src_lang\":\"de\",\"tgt_lang\":"
           "\"en\"}\n"
           "\n",
           port, port, port, port, private_server_socket(redis), port);
    fflush(stdout);
}

static sched_status start_redis(redis_url *ret_url, private_server **ret_server, sched_error *err) {
    sched_status status = private_server_start(&private_server_defaults, ret_server, err);
    if (!status) *ret_url = redis_url_of_socket(private_server_socket(*ret_server));
    return status;
}

/* ---- main ----------------------------------------------------------------------------------------------------------- */

static int complain(int exit_status, const sched_error *err) {
    fprintf(stderr, "linguad: %s\n", err->message);
    return exit_status;
}

static int run(const command_line *line, const daemon_config *config, redis_url *redis, secrets *tokens) {
    sched_error err;
    private_server *own = NULL;
    sched_status status = line->dev ? start_redis(redis, &own, &err) : SCHED_OK;
    if (status) {
        secrets_free(tokens);
        return complain(EXIT_FAILED, &err);
    }
    daemon_options options = {.config_path = line->config,
                              .config = config,
                              .redis = redis,
                              .secrets = tokens,
                              .scripts_folder = line->scripts,
                              .listening = line->dev ? tell_where : NULL,
                              .ctx = own};
    int result = daemon_run(&options);
    private_server_stop(own);
    return result;
}

static int start(const command_line *line) {
    sched_error err;
    daemon_config config;
    redis_url redis;
    secrets *tokens = NULL;
    sched_status status = daemon_config_read(line->config, &config, &err);
    if (!status) status = daemon_config_redis(&config, &redis, &err);
    if (!status) status = daemon_read_secrets(&config, &tokens, &err);
    if (status) return complain(EXIT_BAD_INPUT, &err); /* a file that is not there, too: it was named */
    if (line->port >= 0) config.listen.port = line->port;
    if (line->dev) snprintf(config.listen.host, sizeof config.listen.host, "127.0.0.1");
    if (line->print) settings_dump(daemon_settings, &config, stdout, 0);
    if (line->check && !line->print) puts("the settings are right");
    if (!line->check && !line->print) return run(line, &config, &redis, tokens);
    secrets_free(tokens);
    return EXIT_FINE;
}

/* A standard stream that was closed from outside would give its number to a connection, and what is logged would be sent. */
static void fill_closed_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
}

/* A result that could not be written is not fine. Of an earlier failure only the fact is known. */
static int finish(int status) {
    int why = fflush(stdout) ? errno : 0;
    if (!why && !ferror(stdout)) return status;
    fprintf(stderr, "linguad: standard output: %s\n", why ? strerror(why) : "it could not be written");
    return status ? status : EXIT_FAILED;
}

int main(int argc, char **argv) {
    static char name[] = "linguad"; /* what getopt's complaints begin with */
    command_line line;
    if (argc > 0) argv[0] = name;
    fill_closed_streams();
    signal(SIGPIPE, SIG_IGN);
    int status = parse(argc, argv, &line);
    return finish(status == GO_ON ? start(&line) : status);
}
