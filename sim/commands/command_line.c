/* command_line.c - one switch for what commands have in common; what is left goes to the command. */
#include "sim/commands/command_line.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/units.h"
#include "sim/commands/commands.h"

int command_line_usage(const command_line *line) {
    fprintf(stderr, "Try: lingua-sim %s --help\n", line->command);
    return STATUS_BAD_INPUT;
}

int command_line_refuse(const command_line *line, const char *option, const char *format, ...) {
    va_list args;
    fprintf(stderr, "lingua-sim %s: %s: ", line->command, option);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return STATUS_BAD_INPUT;
}

static int take_seed(command_line *line, const char *text) {
    sched_error err;
    if (units_parse_count(text, &line->seed, &err)) return command_line_refuse(line, "--seed", "%s", err.message);
    line->seeded = true;
    return GO_ON;
}

static int take(command_line *line, int c) {
    switch (c) {
    case OPT_SEED: return take_seed(line, optarg);
    case OPT_SET: return overrides_add(&line->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_PHASE: return overrides_add_phase(&line->sets, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_VARIANT:
    case OPT_JOBS:
    case OPT_RUNS: return variant_argument(&line->variants, c, optarg) ? GO_ON : STATUS_BAD_INPUT;
    case OPT_OUT: line->out = optarg; return GO_ON;
    case OPT_REPORT: line->report = true; return GO_ON;
    case OPT_FRESH: line->fresh = true; return GO_ON;
    case OPT_QUIET: line->quiet = true; return GO_ON;
    case 'h': fputs(line->help, stdout); return STATUS_FINE;
    case '?': return command_line_usage(line);
    default: return line->own(line->ctx, c);
    }
}

int command_line_parse(command_line *line, int argc, char **argv) {
    for (int c; (c = getopt_long(argc, argv, "h", line->options, NULL)) != -1;) {
        int result = take(line, c);
        if (result != GO_ON) return result;
    }
    if (argc - optind != 1) {
        fprintf(stderr, "lingua-sim %s: expected one scenario, %d were given\n", line->command, argc - optind);
        return command_line_usage(line);
    }
    line->scenario = argv[optind];
    return GO_ON;
}

sweep_arguments command_line_sweep(const command_line *line) {
    return (sweep_arguments){
        .command = line->command,
        .scenario = line->scenario,
        .out = line->out,
        .sets = &line->sets,
        .seeded = line->seeded,
        .fresh = line->fresh,
        .quiet = line->quiet,
        .seed = line->seed,
        .jobs = line->variants.jobs,
        .runs = line->variants.runs,
    };
}
