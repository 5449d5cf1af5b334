/* command_line.h - the options of the commands that run a scenario, read and refused alike: a command lists which of them it takes and
 * reads only what is its own.
 *
 *     static const struct option options[] = {COMMON_OPTIONS, {"phases", required_argument, NULL, OPT_PHASES}, {NULL, 0, NULL, 0}};
 *     o.line = (command_line){.command = "compare", .help = help, .options = options, .own = take_own, .ctx = &o};
 *     int result = command_line_parse(&o.line, argc, argv);
 *     if (result != GO_ON) return result;
 *
 * Failure  GO_ON, or the exit status; why is told on stderr then. */
#ifndef SIM_COMMANDS_COMMAND_LINE_H
#define SIM_COMMANDS_COMMAND_LINE_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/commands/overrides.h"
#include "sim/commands/sweep_run.h"

enum {
    GO_ON = -1,
    OPT_OWN = 256, /* the first of a command's own */
    OPT_SEED = 1200,
    OPT_OUT,
    OPT_REPORT,
    OPT_FRESH,
    OPT_QUIET,
};

/* Rows of `options`: what all commands take, and what many do beside OPT_SET, OPT_PHASE, OPT_VARIANT, OPT_JOBS and OPT_RUNS. */
// clang-format off
#define COMMON_OPTIONS                            \
    {"seed", required_argument, NULL, OPT_SEED},  \
    {"set", required_argument, NULL, OPT_SET},    \
    {"out", required_argument, NULL, OPT_OUT},    \
    {"quiet", no_argument, NULL, OPT_QUIET},      \
    {"help", no_argument, NULL, 'h'}
// clang-format on

/* Must not be moved when a phase was given (overrides.h). */
typedef struct command_line {
    const char *command, *help;   /* "compare"; what --help prints */
    const struct option *options; /* ends with a row without a name */
    int (*own)(void *ctx, int c); /* takes an option that is none of the above, with `optarg` */
    void *ctx;
    /* what was said */
    const char *scenario, *out; /* out NULL: nothing */
    overrides sets;             /* --set, --phase */
    variant_arguments variants; /* --variant, --jobs, --runs */
    bool seeded, report, fresh, quiet;
    int64_t seed;
} command_line;

/* Takes the options and one scenario. */
int command_line_parse(command_line *line, int argc, char **argv);
/* What a sweep needs of it; the rest is empty. Borrows `line`. */
sweep_arguments command_line_sweep(const command_line *line);

/* "lingua-sim compare: --phases: more than 8 are given"; returns the exit status. */
int command_line_refuse(const command_line *line, const char *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Where to read on; returns the exit status. */
int command_line_usage(const command_line *line);

#endif
