/* main.c - lingua-sim: finds the command and hands it the rest of the line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/suggest.h"
#include "core/base/version.h"
#include "sim/commands/commands.h"

static const command commands[] = {
    {"run", "run a scenario, check its promises, write its report", cmd_run},
    {"compare", "run a scenario with several phases or variants, tell their differences", cmd_compare},
    {"sweep", "run a scenario at many points, side by side", cmd_sweep},
    {"capacity", "how much a scenario carries, or how much it takes to carry it", cmd_capacity},
    {"usl", "fit the Universal Scalability Law to measured points", cmd_usl},
    {"validate", "run in simulated and in real time at several loads: is the simulator right?", cmd_validate},
    {"check", "read scenarios and say what they amount to", cmd_check},
    {"explain", "tell what happened to one utterance of a run, step by step", cmd_explain},
    {"import", "turn a recording of linguad into a scenario", cmd_import},
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

/* A standard stream that was closed from outside would give its number to the next file that is opened, and what is printed
 * would land there. Opened for the other direction, so that using it is the error that it was. */
static void fill_closed_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
}

/* A result that could not be written is not fine. Of an earlier failure only the fact is known. */
static int finish(int status) {
    int why = fflush(stdout) ? errno : 0;
    if (!why && !ferror(stdout)) return status;
    fprintf(stderr, "lingua-sim: standard output: %s\n", why ? strerror(why) : "it could not be written");
    return status ? status : STATUS_FAILED;
}

static int run_command(const command *c, int argc, char **argv) {
    char program[64];
    snprintf(program, sizeof program, "lingua-sim %s", c->name);
    argv[0] = program;
    return finish(c->run(argc, argv));
}

int main(int argc, char **argv) {
    fill_closed_streams();
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
        if (!strcmp(name, commands[i].name)) return run_command(&commands[i], argc - 1, argv + 1);
        suggest_offer(&near, commands[i].name);
    }
    char hint[SUGGEST_TEXT_MAX];
    fprintf(stderr, "lingua-sim: unknown command \"%s\"%s\nTry: lingua-sim --help\n", name, suggest_text(&near, hint));
    return STATUS_BAD_INPUT;
}
