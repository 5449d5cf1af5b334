/* gate_command.c - `lingua-bench gate`: the command line, and where the reports go.
 *
 * The verdict goes to standard output, progress to standard error, further reports into the files that were named. These are opened
 * before the minutes of work. Exit status 3 when something became worse; whatever failed to be measured is 1, not 3. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/commands.h"
#include "bench/gate/gate.h"
#include "bench/gate/report.h"
#include "bench/interrupt.h"
#include "core/base/suggest.h"

#define BASELINE_FILE "bench/baseline.json"

typedef enum report_kind { REPORT_JSON, REPORT_MARKDOWN, REPORT_JUNIT, REPORT_KINDS } report_kind;

static void (*const write_report[REPORT_KINDS])(const gate_report *, FILE *) = {
    [REPORT_JSON] = gate_report_json,
    [REPORT_MARKDOWN] = gate_report_markdown,
    [REPORT_JUNIT] = gate_report_junit,
};

typedef struct request {
    gate_options gate;
    char base[PATH_MAX], cand[PATH_MAX];
    const char *bless;
    bool all;
    const char *path[REPORT_KINDS]; /* NULL: not wanted */
    FILE *file[REPORT_KINDS];
} request;

static void print_help(FILE *out) {
    fprintf(out,
            "Usage: lingua-bench gate [OPTION...]\n\n"
            "Says whether the candidate became slower, or does other things, than what it stands against:\n"
            "  counters      what can be counted must be equal to the committed baseline\n"
            "  instructions  counted by valgrind; more than 1 %% is a warning, more than 5 %% fails\n"
            "  pace          by the clock, in pairs; fails when more than 10 %% slower is certain\n\n"
            "  --base=A         a lingua-bench, or the build folder it is in; needed for pace\n"
            "  --cand=B         the same; without it this program\n"
            "  --layers=LIST    of counters,instructions,pace, or 1,2,3; without it all of them\n"
            "  --pairs=N        of pace, %d..%d\n"
            "  --scripts=DIR    Lua scripts of the candidate instead of those in its binary\n"
            "  --baseline=FILE  instead of " BASELINE_FILE "\n"
            "  --bless=WHY      measure the candidate and make it the baseline; WHY is kept in the file\n"
            "  --all            show also what is the same\n"
            "  --out=FILE       JSON; --markdown=FILE, --junit=FILE: the same as Markdown and JUnit XML;\n"
            "                   - is standard output\n"
            "  --help           this text\n\n"
            "Exit status: 0 pass, 3 regression, 1 not measured, 2 bad usage, 130 interrupted.\n\n"
            "Examples:\n"
            "  lingua-bench gate\n"
            "  lingua-bench gate --base ../main/build --cand build --markdown gate.md\n"
            "  lingua-bench gate --bless \"the grant reads one field more: limits by group\"\n",
            GATE_PAIRS, BOOTSTRAP_PAIRS_MAX);
}

/* --- the command line -------------------------------------------------------------------------------------------------------------- */

/* A program, or the folder it is in. */
static bool find_binary(const char *option, const char *given, char path[PATH_MAX]) {
    struct stat info;
    char inside[PATH_MAX];
    snprintf(inside, sizeof inside, "%s/lingua-bench", given);
    bool is_folder = !stat(given, &info) && S_ISDIR(info.st_mode);
    if (realpath(is_folder ? inside : given, path) && !access(path, X_OK)) return true;
    fprintf(stderr, "lingua-bench gate: %s=%s: %s; expected a lingua-bench or its build folder\n", option, given,
            strerror(errno));
    return false;
}

static bool parse_layers(const char *text, bool layer[GATE_LAYERS]) {
    char words[128], *rest = words, *word;
    snprintf(words, sizeof words, "%s", text);
    memset(layer, 0, GATE_LAYERS * sizeof *layer);
    while ((word = strsep(&rest, ","))) {
        suggest near = suggest_for(word);
        bool known = false;
        for (int l = 0; l < GATE_LAYERS; l++) {
            const char digit[] = {(char)('1' + l), '\0'};
            suggest_offer(&near, gate_layer_name((gate_layer)l));
            if (strcmp(word, digit) != 0 && strcmp(word, gate_layer_name((gate_layer)l)) != 0) continue;
            layer[l] = known = true;
        }
        if (known) continue;
        char hint[SUGGEST_TEXT_MAX];
        fprintf(stderr, "lingua-bench gate: --layers: \"%s\": expected counters, instructions, pace, or 1, 2, 3%s\n",
                word, suggest_text(&near, hint));
        return false;
    }
    return true;
}

static bool parse_pairs(const char *text, int *ret_pairs) {
    char *end;
    long pairs = strtol(text, &end, 10);
    if (end == text || *end || pairs < GATE_PAIRS || pairs > BOOTSTRAP_PAIRS_MAX) {
        fprintf(stderr, "lingua-bench gate: --pairs=%s: expected a whole number, %d..%d\n", text, GATE_PAIRS,
                BOOTSTRAP_PAIRS_MAX);
        return false;
    }
    *ret_pairs = (int)pairs;
    return true;
}

static bool take_option(request *req, int letter, const char *value) {
    switch (letter) {
    case 'b': req->gate.base = req->base; return find_binary("--base", value, req->base);
    case 'c': return find_binary("--cand", value, req->cand);
    case 'l': return parse_layers(value, req->gate.layer);
    case 'p': return parse_pairs(value, &req->gate.pairs);
    case 's': req->gate.scripts = value; return true;
    case 'f': req->gate.baseline = value; return true;
    case 'B': req->bless = value; return true;
    case 'a': req->all = true; return true;
    case 'o': req->path[REPORT_JSON] = value; return true;
    case 'm': req->path[REPORT_MARKDOWN] = value; return true;
    case 'j': req->path[REPORT_JUNIT] = value; return true;
    default: fprintf(stderr, "Try: lingua-bench gate --help\n"); return false;
    }
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, request *req) {
    // clang-format off
    static const struct option options[] = {
        {"base",     required_argument, NULL, 'b'},
        {"cand",     required_argument, NULL, 'c'},
        {"layers",   required_argument, NULL, 'l'},
        {"pairs",    required_argument, NULL, 'p'},
        {"scripts",  required_argument, NULL, 's'},
        {"baseline", required_argument, NULL, 'f'},
        {"bless",    required_argument, NULL, 'B'},
        {"all",      no_argument,       NULL, 'a'},
        {"out",      required_argument, NULL, 'o'},
        {"markdown", required_argument, NULL, 'm'},
        {"junit",    required_argument, NULL, 'j'},
        {"help",     no_argument,       NULL, 'h'},
        {NULL,       0,                 NULL, 0},
    };
    // clang-format on
    int letter;
    while ((letter = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (letter == 'h') {
            print_help(stdout);
            return EXIT_FINE;
        }
        if (!take_option(req, letter, optarg)) return EXIT_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "lingua-bench gate: \"%s\" is one word too many\nTry: lingua-bench gate --help\n",
                argv[optind]);
        return EXIT_USAGE;
    }
    if (req->bless && (!*req->bless || req->gate.base)) {
        fprintf(stderr, "lingua-bench gate: --bless wants a reason, and goes without --base\n");
        return EXIT_USAGE;
    }
    if (!req->bless && strcmp(req->gate.baseline, BASELINE_FILE) != 0 && access(req->gate.baseline, R_OK)) {
        fprintf(stderr, "lingua-bench gate: --baseline=%s: %s\n", req->gate.baseline, strerror(errno));
        return EXIT_USAGE;
    }
    if (!*req->cand && !find_binary("--cand", "/proc/self/exe", req->cand)) return EXIT_FAILED;
    return -1;
}

/* --- reports ------------------------------------------------------------------------------------------------------------------------ */

static bool open_reports(request *req) {
    for (int k = 0; k < REPORT_KINDS; k++) {
        if (!req->path[k]) continue;
        req->file[k] = !strcmp(req->path[k], "-") ? stdout : fopen(req->path[k], "we");
        if (req->file[k]) continue;
        fprintf(stderr, "lingua-bench gate: %s: %s\n", req->path[k], strerror(errno));
        return false;
    }
    return true;
}

static bool close_reports(request *req) {
    bool fine = true;
    for (int k = 0; k < REPORT_KINDS; k++) {
        if (!req->file[k]) continue;
        bool failed = fflush(req->file[k]) || ferror(req->file[k]);
        if (req->file[k] != stdout) failed |= fclose(req->file[k]) != 0;
        if (failed) fprintf(stderr, "lingua-bench gate: %s: it could not be written\n", req->path[k]);
        fine &= !failed;
    }
    return fine;
}

/* Whoever wants a report on standard output gets nothing else there. */
static void show(const request *req, const gate_report *report) {
    bool taken = false;
    for (int k = 0; k < REPORT_KINDS; k++) {
        if (req->file[k]) write_report[k](report, req->file[k]);
        taken |= req->file[k] == stdout;
    }
    if (!taken) gate_report_terminal(report, req->all, stdout);
}

static void show_progress(const char *what) {
    fprintf(stderr, "%s\n", what);
}

/* --- the command ---------------------------------------------------------------------------------------------------------------------- */

static int exit_status(sched_status status, const gate_report *report) {
    if (status == SCHED_EINTR) return EXIT_INTERRUPTED;
    if (status) return status == SCHED_EINVAL ? EXIT_USAGE : EXIT_FAILED;
    return gate_worst(report, GATE_LAYERS) == GATE_FAIL ? EXIT_REGRESSION : EXIT_FINE;
}

static int run_gate(request *req) {
    gate_report report;
    sched_error err = {0};
    if (!open_reports(req)) return EXIT_USAGE;
    sched_status status = gate_run(&req->gate, &report, &err);
    if (status) fprintf(stderr, "lingua-bench gate: %s\n", err.message);
    if (!status || status == SCHED_EINTR) show(req, &report);
    int code = exit_status(status, &report);
    gate_report_free(&report);
    return close_reports(req) || code ? code : EXIT_FAILED;
}

static int run_bless(const request *req) {
    sched_error err = {0};
    sched_status status = gate_bless(&req->gate, req->bless, &err);
    const gate_report nothing = {0};
    if (status)
        fprintf(stderr, "lingua-bench gate: %s\n", err.message);
    else
        printf("%s: blessed, %s\n", req->gate.baseline, req->bless);
    return exit_status(status, &nothing);
}

int command_gate(int argc, char **argv) {
    request req = {.gate = {.baseline = BASELINE_FILE,
                            .layer = {true, true, true},
                            .pairs = GATE_PAIRS,
                            .progress = show_progress}};
    int code = parse(argc, argv, &req);
    if (code >= 0) return code;
    req.gate.cand = req.cand;
    interrupts_hold();
    return req.bless ? run_bless(&req) : run_gate(&req);
}
