/* main.c - lingua-bench: finds the command and hands over. */
#include <stdio.h>
#include <string.h>

#include "bench/commands.h"
#include "core/base/suggest.h"
#include "core/base/version.h"

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run benchmarks and print median, low and high", command_run},
    {"calibrate", "measure this machine for the simulator", command_calibrate},
    {"load", "speak to running instances as a scenario's nodes and clients", command_load},
    {"gate", "say whether it became slower, or does other things than before", command_gate},
    {"probe", "one measurement of this program as JSON, for gate", command_probe},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
    fputs("Usage: lingua-bench COMMAND [ARGUMENT...]\n\n"
          "Benchmarks of the scheduler: its parts, its scripts on a private Redis, its whole flow; and of\n"
          "the daemon, under the load of a scenario.\n\n"
          "Commands:\n",
          out);
    for (int i = 0; i < COMMANDS; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
    fputs("\n  --help     this text; also after a command\n"
          "  --version  the version\n",
          out);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "--help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_help(argc > 1 ? stdout : stderr);
        return argc > 1 ? EXIT_FINE : EXIT_USAGE;
    }
    if (!strcmp(name, "--version")) {
        puts("lingua-bench " LINGUA_VERSION);
        return EXIT_FINE;
    }
    suggest near = suggest_for(name);
    for (int i = 0; i < COMMANDS; i++) {
        suggest_offer(&near, commands[i].name);
        if (strcmp(name, commands[i].name)) continue;
        char program[64];
        snprintf(program, sizeof program, "lingua-bench %s", name);
        argv[1] = program;
        return commands[i].run(argc - 1, argv + 1);
    }
    char hint[SUGGEST_TEXT_MAX];
    fprintf(stderr, "lingua-bench: unknown command \"%s\"%s (see lingua-bench --help)\n", name,
            suggest_text(&near, hint));
    return EXIT_USAGE;
}
