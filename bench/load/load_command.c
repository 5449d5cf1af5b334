/* load_command.c - `lingua-bench load`: reads the command line and the scenario, runs the load, shows what came out.
 *
 * Results go to standard output, progress to standard error when that is a terminal. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/commands.h"
#include "bench/interrupt.h"
#include "bench/load/speech_rate.h"
#include "bench/load/report.h"
#include "core/base/units.h"

enum { SETS_MAX = 64, SET_TEXT_MAX = 64, BYTES_MAX = 1 << 20 };

static const char help[] =
    "Usage: lingua-bench load --target ws://HOST:PORT[,...] --scenario FILE [OPTION...]\n"
    "\n"
    "Opens the scenario's nodes and sessions as WebSocket clients of running instances of linguad, lets them behave as "
    "in\n"
    "lingua-sim, and tells what became of every utterance. The loop is open: who speaks when does not depend on "
    "answers, and\n"
    "latencies count from the instant at which an utterance was to be sent (corrected) and was sent (uncorrected):\n"
    "p50, p90, p95, p99, p99.9 and maximum.\n"
    "Exit status 1: something was lost, answered twice or out of order, a node got more than its slots, or nobody was\n"
    "let in.\n"
    "\n"
    "  --target URL,...    instances; connections go to them as instances.spread of the scenario says\n"
    "  --scenario FILE     as for lingua-sim; what it says of instances, Redis and the scheduler has no meaning here\n"
    "  --set PATH=VALUE    another value for one setting of it; may be repeated\n"
    "  --duration TIME     instead of the scenario's, warm-up included\n"
    "  --warmup TIME       instead of the scenario's; a quarter of --duration at most\n"
    "  --seed N            instead of the scenario's\n"
    "  --rate RATE         makes pauses longer or shorter until all sessions together speak so often: 3000/s\n"
    "  --audio SIZE        of each utterance, instead of what the scenario's speech comes to\n"
    "  --result SIZE       speech in each result; 1KiB\n"
    "  --nodes-token T, --session-token T, --admin-token T\n"
    "                      where the instances want them; the last one for /metrics and --poll\n"
    "  --heartbeat TIME    between two heartbeats of a client; 30s, 0: none\n"
    "  --late-max TIME     an utterance that the generator would send later than that is dropped and counted; 1s\n"
    "  --patience TIME     how long answers are waited for after the end; 30s\n"
    "  --poll PATH         asks the first instance for this page once a second and takes the time; may be repeated\n"
    "  --watch NAME=PID    tells what this process takes of processor and memory; may be repeated\n"
    "  --out DIR           load.json and percentile tables (.hgrm) into that folder\n"
    "  --json              JSON on standard output instead of a table\n"
    "  --help              this text\n"
    "\n"
    "Examples:\n"
    "  lingua-bench load --target ws://127.0.0.1:5010 --scenario scenarios/load/throughput_1k.yaml --rate 3000/s\n"
    "  lingua-bench load --target ws://127.0.0.1:5010 --scenario scenarios/quickstart.yaml --duration 2min --out out\n";

typedef struct request {
    load_options load;
    char *urls;
    const char *scenario, *out;
    const char *sets[SETS_MAX];
    size_t set_count;
    char made[3][SET_TEXT_MAX]; /* sets of our own */
    usec_t duration, warmup;    /* -1: not given */
    const char *seed;
    double rate; /* 0: as the scenario says */
    bool json;
} request;

/* ---- the command line -------------------------------------------------------------------------------------------------- */

typedef enum option_id {
    OPTION_TARGET = 256,
    OPTION_SCENARIO,
    OPTION_SET,
    OPTION_DURATION,
    OPTION_WARMUP,
    OPTION_SEED,
    OPTION_RATE,
    OPTION_AUDIO,
    OPTION_RESULT,
    OPTION_NODES_TOKEN,
    OPTION_SESSION_TOKEN,
    OPTION_ADMIN_TOKEN,
    OPTION_HEARTBEAT,
    OPTION_LATE_MAX,
    OPTION_PATIENCE,
    OPTION_POLL,
    OPTION_WATCH,
    OPTION_OUT,
    OPTION_JSON,
} option_id;

static sched_status take_targets(request *req, const char *text, sched_error *err) {
    free(req->urls);
    req->urls = strdup(text);
    req->load.target_count = 0;
    char *rest = req->urls;
    for (char *url; (url = strsep(&rest, ","));) {
        int i = req->load.target_count;
        if (i == LOAD_TARGETS_MAX) return sched_fail(err, SCHED_EINVAL, "more than %d targets", LOAD_TARGETS_MAX);
        sched_status status = ws_target_parse(url, &req->load.targets[i], err);
        if (status) return status;
        req->load.url[i] = url;
        req->load.target_count++;
    }
    return SCHED_OK;
}

static sched_status take_bytes(const char *text, int64_t *ret_bytes, sched_error *err) {
    uint64_t bytes;
    sched_status status = units_parse_size(text, &bytes, err);
    if (!status && bytes > BYTES_MAX) return sched_fail(err, SCHED_EINVAL, "\"%s\": at most 1MiB", text);
    if (!status) *ret_bytes = (int64_t)bytes;
    return status;
}

static sched_status take_token(const char *text, const char **ret_token, sched_error *err) {
    if (strlen(text) > WS_TOKEN_MAX)
        return sched_fail(err, SCHED_EINVAL, "a token is longer than %d bytes", WS_TOKEN_MAX);
    *ret_token = text;
    return SCHED_OK;
}

static sched_status take_set(request *req, const char *text, sched_error *err) {
    if (req->set_count == SETS_MAX) return sched_fail(err, SCHED_EINVAL, "more than %d times --set", SETS_MAX);
    req->sets[req->set_count++] = text;
    return SCHED_OK;
}

static sched_status take_path(load_options *o, const char *path, sched_error *err) {
    if (*path != '/') return sched_fail(err, SCHED_EINVAL, "\"%s\": expected a path, such as /metrics", path);
    if (o->path_count == PAGE_PATHS_MAX)
        return sched_fail(err, SCHED_EINVAL, "more than %d times --poll", PAGE_PATHS_MAX);
    o->paths[o->path_count++] = path;
    return SCHED_OK;
}

static sched_status take_watched(load_options *o, const char *text, sched_error *err) {
    if (o->watched_count == WATCHED_MAX)
        return sched_fail(err, SCHED_EINVAL, "more than %d times --watch", WATCHED_MAX);
    return watched_parse(text, &o->watched[o->watched_count++], err);
}

static sched_status take_option(request *req, int id, const char *text, sched_error *err) {
    load_options *o = &req->load;
    switch ((option_id)id) {
    case OPTION_TARGET: return take_targets(req, text, err);
    case OPTION_SCENARIO: req->scenario = text; return SCHED_OK;
    case OPTION_SET: return take_set(req, text, err);
    case OPTION_DURATION: return units_parse_duration(text, &req->duration, err);
    case OPTION_WARMUP: return units_parse_duration(text, &req->warmup, err);
    case OPTION_SEED: req->seed = text; return SCHED_OK;
    case OPTION_RATE: return units_parse_rate(text, &req->rate, err);
    case OPTION_AUDIO: return take_bytes(text, &o->audio_bytes, err);
    case OPTION_RESULT: return take_bytes(text, &o->result_bytes, err);
    case OPTION_NODES_TOKEN: return take_token(text, &o->node_token, err);
    case OPTION_SESSION_TOKEN: return take_token(text, &o->session_token, err);
    case OPTION_ADMIN_TOKEN: return take_token(text, &o->admin_token, err);
    case OPTION_HEARTBEAT: return units_parse_duration(text, &o->heartbeat, err);
    case OPTION_LATE_MAX: return units_parse_duration(text, &o->late_max, err);
    case OPTION_PATIENCE: return units_parse_duration(text, &o->patience, err);
    case OPTION_POLL: return take_path(o, text, err);
    case OPTION_WATCH: return take_watched(o, text, err);
    case OPTION_OUT: req->out = text; return SCHED_OK;
    case OPTION_JSON: req->json = true; return SCHED_OK;
    }
    return SCHED_OK;
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, request *req) {
    // clang-format off
    static const struct option options[] = {
        {"target",        required_argument, NULL, OPTION_TARGET},
        {"scenario",      required_argument, NULL, OPTION_SCENARIO},
        {"set",           required_argument, NULL, OPTION_SET},
        {"duration",      required_argument, NULL, OPTION_DURATION},
        {"warmup",        required_argument, NULL, OPTION_WARMUP},
        {"seed",          required_argument, NULL, OPTION_SEED},
        {"rate",          required_argument, NULL, OPTION_RATE},
        {"audio",         required_argument, NULL, OPTION_AUDIO},
        {"result",        required_argument, NULL, OPTION_RESULT},
        {"nodes-token",   required_argument, NULL, OPTION_NODES_TOKEN},
        {"session-token", required_argument, NULL, OPTION_SESSION_TOKEN},
        {"admin-token",   required_argument, NULL, OPTION_ADMIN_TOKEN},
        {"heartbeat",     required_argument, NULL, OPTION_HEARTBEAT},
        {"late-max",      required_argument, NULL, OPTION_LATE_MAX},
        {"patience",      required_argument, NULL, OPTION_PATIENCE},
        {"poll",          required_argument, NULL, OPTION_POLL},
        {"watch",         required_argument, NULL, OPTION_WATCH},
        {"out",           required_argument, NULL, OPTION_OUT},
        {"json",          no_argument,       NULL, OPTION_JSON},
        {"help",          no_argument,       NULL, 'h'},
        {NULL,            0,                 NULL, 0},
    };
    // clang-format on
    int id, place;
    sched_error err;
    while ((id = getopt_long(argc, argv, "h", options, &place)) != -1) {
        if (id == 'h') {
            fputs(help, stdout);
            return EXIT_FINE;
        }
        if (id == '?') {
            fputs("Try: lingua-bench load --help\n", stderr);
            return EXIT_USAGE;
        }
        if (!take_option(req, id, optarg, &err)) continue;
        fprintf(stderr, "lingua-bench load: --%s: %s\n", options[place].name, err.message);
        return EXIT_USAGE;
    }
    if (optind == argc && req->load.target_count && req->scenario) return -1;
    if (optind < argc)
        fprintf(stderr, "lingua-bench load: \"%s\" is one word too many\n", argv[optind]);
    else
        fprintf(stderr, "lingua-bench load: %s is missing\n", req->load.target_count ? "--scenario" : "--target");
    fputs("Try: lingua-bench load --help\n", stderr);
    return EXIT_USAGE;
}

/* ---- the scenario ------------------------------------------------------------------------------------------------------ */

static sched_status add_set(request *req, char text[SET_TEXT_MAX], const char *path, const char *value,
                            sched_error *err) {
    snprintf(text, SET_TEXT_MAX, "%s=%s", path, value);
    return take_set(req, text, err);
}

/* The file's own warm-up says how long one is needed, and a short run has a short one. */
static sched_status shorten(request *req, scenario **sc, sched_error *err) {
    char duration[UNITS_TEXT_MAX], warmup[UNITS_TEXT_MAX];
    usec_t length = req->duration >= 0 ? req->duration : (*sc)->duration;
    usec_t warm = req->warmup >= 0 ? req->warmup : (*sc)->warmup;
    if (req->duration >= 0 && req->warmup < 0 && warm > length / 4) warm = length / 4;
    sched_status status = add_set(req, req->made[0], "duration", units_format_duration(duration, length), err);
    if (!status) status = add_set(req, req->made[1], "warmup", units_format_duration(warmup, warm), err);
    if (!status && req->seed) status = add_set(req, req->made[2], "seed", req->seed, err);
    if (status) return status;
    *sc = scenario_free(*sc);
    return scenario_load_set(req->scenario, req->sets, req->set_count, sc, err);
}

static sched_status read_scenario(request *req, scenario **ret_scenario, sched_error *err) {
    scenario *sc = NULL;
    sched_status status = scenario_load_set(req->scenario, req->sets, req->set_count, &sc, err);
    if (!status && (req->duration >= 0 || req->warmup >= 0 || req->seed)) status = shorten(req, &sc, err);
    if (!status && req->rate > 0) status = speech_rate_set(sc, req->rate, err);
    if (status)
        scenario_free(sc);
    else
        *ret_scenario = sc;
    return status;
}

/* ---- progress ---------------------------------------------------------------------------------------------------------- */

typedef struct progress {
    usec_t shown;
    int64_t said, answered;
} progress;

static void show_progress(void *ctx, const load *l) {
    static const char *const stages[] = {"", ", waits for the last answers", ", goes home"};
    progress *p = ctx;
    usec_t now = load_time(l);
    if (now - p->shown < USEC_PER_SEC) return;
    double passed = (double)(now - p->shown) / USEC_PER_SEC;
    const account_figures *f = account_figure(load_account(l));
    lines_counts c = load_lines_now(l);
    int64_t answered = f->said - f->open;
    fprintf(stderr,
            "\r\033[K%.0f/%.0f s  %" PRId64 " nodes  %" PRId64 " sessions  %.0f/s said  %.0f/s answered  %" PRId64
            " open",
            (double)now / USEC_PER_SEC, (double)load_scenario(l)->duration / USEC_PER_SEC, c.nodes, c.sessions,
            (double)(f->said - p->said) / passed, (double)(answered - p->answered) / passed, f->open);
    fputs(stages[load_stage_of(l)], stderr);
    *p = (progress){now, f->said, answered};
}

/* ---- the load ---------------------------------------------------------------------------------------------------------- */

static sched_status show(const request *req, const load *l, bool interrupted, sched_error *err) {
    sched_status status = SCHED_OK;
    if (req->json)
        status = report_json(l, interrupted, stdout, err);
    else
        report_print(l, interrupted, stdout);
    if (!status && req->out) status = report_folder(l, interrupted, req->out, err);
    return status;
}

static int run(request *req) {
    sched_error err = {0};
    scenario *sc = NULL;
    load *l = NULL;
    progress shown = {0};
    bool terminal = isatty(STDERR_FILENO);
    sched_status status = read_scenario(req, &sc, &err);
    if (status) {
        fprintf(stderr, "lingua-bench load: %s\n", err.message);
        return EXIT_USAGE;
    }
    if (terminal) req->load.progress = show_progress;
    req->load.ctx = &shown;
    req->load.interrupted = interrupt_pending;
    interrupts_hold();
    signal(SIGPIPE, SIG_IGN);
    status = load_run(sc, &req->load, &l, &err);
    if (terminal) fputs("\r\033[K", stderr);
    char verdict[256];
    bool interrupted = status == SCHED_EINTR, clean = l && report_verdict(l, verdict, sizeof verdict);
    if (interrupted) status = SCHED_OK;
    if (!status) status = show(req, l, interrupted, &err);
    if (status) fprintf(stderr, "lingua-bench load: %s\n", err.message);
    load_free(l);
    scenario_free(sc);
    return status ? EXIT_FAILED : interrupted ? EXIT_INTERRUPTED : clean ? EXIT_FINE : EXIT_FAILED;
}

int command_load(int argc, char **argv) {
    request req = {
        .load = {.node_token = "",
                 .session_token = "",
                 .admin_token = "",
                 .audio_bytes = -1,
                 .result_bytes = 1024,
                 .late_max = USEC_PER_SEC,
                 .heartbeat = 30 * USEC_PER_SEC,
                 .patience = 30 * USEC_PER_SEC},
        .duration = -1,
        .warmup = -1,
    };
    int code = parse(argc, argv, &req);
    if (code < 0) code = run(&req);
    free(req.urls);
    return code;
}
