/* cmd_check.c - reads scenarios as a run would, without running them. Every file gets its line; the exit status tells
 * whether all were right, so that a repository of scenarios can be checked in one call. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sim/commands/overrides.h"
#include "sim/scenario/sweep.h"

static const char help[] =
    "Usage: lingua-sim check [--dump] [--set PATH=VALUE]... FILE...\n"
    "\n"
    "Reads each scenario (\"-\": standard input) and prints one line: its name, its hash, and what it amounts to.\n"
    "Sessions, jobs and load are expectations; load is offered work / slots. What is wrong is told on stderr as\n"
    "file:line:column, and the exit status is 2.\n"
    "\n"
    "  --dump            print the scenario with every setting filled in, as YAML, instead\n"
    "  --set PATH=VALUE  another value for one setting, such as nodes.0.count=50; may be repeated\n"
    "  --help            this text\n"
    "\n"
    "Examples:\n"
    "  lingua-sim check scenarios/quickstart.yaml\n"
    "  lingua-sim check scenarios/*.yaml scenarios/*/*.yaml\n"
    "  lingua-sim check --dump my.yaml > full.yaml\n"
    "  lingua-sim check --set nodes.0.count=50 my.yaml\n"
    "  printf 'duration: 2min\\n' | lingua-sim check -\n";

static void print_line(const char *path, const scenario *s) {
    char hash[SCENARIO_HASH_MAX + 1];
    scenario_totals t = scenario_total(s);
    printf("%s: ok: %s %s: %" PRId64 " nodes, %" PRId64 " slots, %" PRId64
           " pairs, about %.0f sessions, %.0f jobs, load "
           "%.0f %%\n",
           path, s->name, scenario_hash(s, hash), t.nodes, t.slots, t.pairs, t.sessions, t.jobs, 100 * t.load);
}

/* A sweep is right when each of its points is. */
static bool check_points(const char *path, const overrides *sets) {
    sched_error err = {0};
    sweep_plan *plan = NULL;
    sched_status status = strcmp(path, "-") ? sweep_load(path, sets->set, sets->count, &plan, &err) : SCHED_OK;
    if (!status && plan) status = sweep_check(plan, &err);
    if (status) fprintf(stderr, "%s\n", err.message);
    sweep_free(plan);
    return !status;
}

static bool check(const char *path, const overrides *sets, bool dump) {
    sched_error err = {0};
    scenario *s = NULL;
    if (scenario_load_set(path, sets->set, sets->count, &s, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return false;
    }
    if (s->sweep && !check_points(path, sets)) {
        scenario_free(s);
        return false;
    }
    if (*s->warning) fprintf(stderr, "%s: warning: %s\n", path, s->warning);
    if (dump) {
        scenario_dump(s, stdout);
    } else {
        print_line(path, s);
    }
    scenario_free(s);
    return true;
}

int cmd_check(int argc, char **argv) {
    static const struct option options[] = {{"dump", no_argument, NULL, 'd'},
                                            {"set", required_argument, NULL, OPT_SET},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    overrides sets = {.count = 0};
    bool dump = false, good = true;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'd': dump = true; break;
        case OPT_SET:
            if (!overrides_add(&sets, optarg)) return STATUS_BAD_INPUT;
            break;
        case 'h': fputs(help, stdout); return STATUS_FINE;
        default: fputs("Try: lingua-sim check --help\n", stderr); return STATUS_BAD_INPUT;
        }
    }
    if (optind == argc) {
        fputs("lingua-sim check: which file? Try: lingua-sim check scenarios/quickstart.yaml\n", stderr);
        return STATUS_BAD_INPUT;
    }
    for (int i = optind; i < argc; i++) good &= check(argv[i], &sets, dump);
    return good ? STATUS_FINE : STATUS_BAD_INPUT;
}
