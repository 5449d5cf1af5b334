/* cmd_import.c - a recording of a running system becomes a scenario. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "sim/scenario/recorded.h"

static const char help[] =
    "Usage: lingua-sim import RECORDING --out DIR\n"
    "\n"
    "Turns what linguad has recorded (linguad.yaml, record.folder) into a scenario: DIR/scenario.yaml, with the "
    "requests as they\n"
    "came in DIR/arrivals.csv, as many nodes of each kind as were ready at once, and the time they took as a line over "
    "the length\n"
    "of the speech. The result is a scenario like any other: change its nodes, its faults, its phase.\n"
    "\n"
    "  --out DIR   where to; it is made when it is not there\n"
    "  --help      this text\n"
    "\n"
    "Exit status: 0 done; 1 it could not be written; 2 bad usage, or a recording that is not right.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim import /var/lib/linguad/record --out monday\n"
    "  lingua-sim run monday/scenario.yaml --variant as_it_was --variant fewer:nodes.0.count=20\n";

int cmd_import(int argc, char **argv) {
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *out = NULL;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'o': out = optarg; break;
        case 'h': fputs(help, stdout); return STATUS_FINE;
        default: fputs("Try: lingua-sim import --help\n", stderr); return STATUS_BAD_INPUT;
        }
    }
    if (argc - optind != 1 || !out) {
        fputs("lingua-sim import: expected the folder of a recording, and --out DIR\nTry: lingua-sim import --help\n",
              stderr);
        return STATUS_BAD_INPUT;
    }
    recorded_facts f;
    sched_error err = {0};
    if (recorded_import(argv[optind], out, &f, &err)) {
        fprintf(stderr, "lingua-sim import: %s\n", err.message);
        return err.status == SCHED_EIO ? STATUS_FAILED : STATUS_BAD_INPUT;
    }
    printf("%" PRId64 " requests in %.0f s; %" PRId64 " nodes of %" PRId64 " kinds; of %" PRId64 " that ended, %" PRId64
           " ended well, %" PRId64 " were refused\n",
           f.arrivals, f.span_s, f.nodes, f.groups, f.ended, f.ok, f.refused);
    printf("service: %.0f ms + %.3f of the speech, spread %.2f; answers: half in %.3f s, 95 of 100 in %.3f s\n",
           f.overhead_s * 1000, f.rtf, f.cv, f.total_p50_s, f.total_p95_s);
    printf("\nscenario  %s/scenario.yaml\n", out);
    return STATUS_FINE;
}
