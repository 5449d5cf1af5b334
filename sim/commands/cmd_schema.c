/* cmd_schema.c - prints the language of scenarios. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/scenario/schema.h"

static const char help[] = "Usage: lingua-sim schema [--markdown]\n"
                           "\n"
                           "Prints every key of a scenario with its meaning, form, bounds and default, as an annotated "
                           "YAML file that is itself a\n"
                           "scenario.\n"
                           "\n"
                           "  --markdown print docs/SCENARIOS.md instead\n"
                           "  --help     this text\n"
                           "\n"
                           "Examples:\n"
                           "  lingua-sim schema | less\n"
                           "  lingua-sim schema > my.yaml\n"
                           "  lingua-sim schema --markdown > docs/SCENARIOS.md\n";

int cmd_schema(int argc, char **argv) {
    static const struct option options[] = {{"markdown", no_argument, NULL, 'm'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool markdown = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'm': markdown = true; break;
        case 'h': fputs(help, stdout); return STATUS_FINE;
        default: fputs("Try: lingua-sim schema --help\n", stderr); return STATUS_BAD_INPUT;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "lingua-sim schema: takes no file, but \"%s\" was given\n", argv[optind]);
        return STATUS_BAD_INPUT;
    }
    if (markdown) {
        scenario_schema_markdown(stdout);
    } else {
        scenario_schema_text(stdout);
    }
    return STATUS_FINE;
}
