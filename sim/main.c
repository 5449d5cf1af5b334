/* main.c - lingua-sim: finds the command and hands it the rest of the line. */
#include <stdio.h>
#include <string.h>

#include "core/base/suggest.h"
#include "core/base/version.h"
#include "sim/commands/commands.h"

static const command commands[] = {
    {"run", "run a scenario, check its promises, write its report", cmd_run},
    {"check", "validate scenarios and say what they amount to", cmd_check},
    {"schema", "print the language of scenarios", cmd_schema},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
    fputs("lingua-sim " LINGUA_VERSION " - replays scenarios through the scheduler's own code, in simulated time\n"
          "\n"
          "Usage: lingua-sim COMMAND [OPTIONS] [FILE...]\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\n"
          "  --help     this text; lingua-sim COMMAND --help tells about one command\n"
          "  --version  print the version\n"
          "\n"
          "Example: lingua-sim run scenarios/quickstart.yaml\n",
          out);
}

/* A result that could not be written is not fine. */
static int finish(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    perror("lingua-sim: standard output");
    return status ? status : STATUS_FAILED;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return STATUS_BAD_INPUT;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_help(stdout);
        return finish(STATUS_FINE);
    }
    if (!strcmp(name, "--version")) {
        puts("lingua-sim " LINGUA_VERSION);
        return finish(STATUS_FINE);
    }
    suggest near = suggest_for(name);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!strcmp(name, commands[i].name)) return finish(commands[i].run(argc - 1, argv + 1));
        suggest_offer(&near, commands[i].name);
    }
    char hint[SUGGEST_TEXT_MAX];
    fprintf(stderr, "lingua-sim: unknown command \"%s\"%s\nTry: lingua-sim --help\n", name, suggest_text(&near, hint));
    return STATUS_BAD_INPUT;
}
