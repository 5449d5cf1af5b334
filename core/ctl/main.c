/* main.c - lingua-ctl: finds the command and hands it the rest of the line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/suggest.h"
#include "core/base/version.h"
#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"

static const struct {
    const char *name, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"nodes", "all nodes: status, slots, load", cmd_nodes},
    {"node", "one node: record, languages, pools, reservations", cmd_node},
    {"pools", "language pairs and what their nodes can take", cmd_pools},
    {"pair", "the nodes of one language pair", cmd_pair},
    {"job", "one job, by its id or its request's", cmd_job},
    {"session", "one session: languages, room, affinities, jobs", cmd_session},
    {"rooms", "rooms, or the members of one", cmd_rooms},
    {"instances", "instances of the scheduler, and what waits for them", cmd_instances},
    {"inbox", "the entries that wait for one instance", cmd_inbox},
    {"dlq", "dead letters: list, show, replay, drop", cmd_dlq},
    {"stats", "how many nodes, jobs, pools, sessions there are, and in which state", cmd_stats},
    {"watch", "the same, again and again", cmd_watch},
    {"simulate", "what would the nodes of a pair answer, and which would be chosen?", cmd_simulate},
    {"drain", "a node gets no more jobs, and is kept away for a while", cmd_drain},
    {"undrain", "takes a drain back", cmd_undrain},
    {"offline", "takes a node out at once", cmd_offline},
    {"fsck", "does everything in Redis fit together? can it be put right?", cmd_fsck},
    {"purge", "deletes the namespace", cmd_purge},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
    fputs("lingua-ctl " LINGUA_VERSION " - looks at a running lingua-scheduler through its Redis\n"
          "\n"
          "Usage: lingua-ctl COMMAND [WORD...] [OPTION...]\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\n"
          "  --redis URL        where Redis is (environment LINGUA_REDIS; else redis://127.0.0.1:6379)\n"
          "  --namespace PREFIX what the keys begin with (lingua:v1:)\n"
          "  --json             one JSON document instead of a table\n"
          "  --help             this text; lingua-ctl COMMAND --help tells about one command\n"
          "  --version          print the version\n"
          "\n"
          "Everything is read with cursors and in bounded batches, so that a server at work is not held up.\n"
          "\n"
          "Examples:\n"
          "  lingua-ctl nodes --status degraded\n"
          "  lingua-ctl pair de:en --redis redis://10.0.0.5:6379/1\n"
          "  lingua-ctl stats --json\n"
          "\n"
          "Exit status: 0 done; 1 Redis could not be asked, what was named does not exist, or it was refused;\n"
          "2 a word or option that is not understood; 3 fsck has findings.\n",
          out);
}

/* A standard stream that was closed from outside would give its number to the connection, and what is printed would be sent. */
static void fill_closed_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
}

/* A result that could not be written is not fine. Of an earlier failure only the fact is known. */
static int finish(int status) {
    int why = fflush(stdout) ? errno : 0;
    if (!why && !ferror(stdout)) return status;
    fprintf(stderr, "lingua-ctl: standard output: %s\n", why ? strerror(why) : "it could not be written");
    return status ? status : CTL_FAILED;
}

int main(int argc, char **argv) {
    fill_closed_streams();
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return CTL_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_help(stdout);
        return finish(CTL_FINE);
    }
    if (!strcmp(name, "--version")) {
        puts("lingua-ctl " LINGUA_VERSION);
        return finish(CTL_FINE);
    }
    suggest near = suggest_for(name);
    for (size_t i = 0; i < COMMANDS; i++) {
        suggest_offer(&near, commands[i].name);
        if (strcmp(name, commands[i].name) != 0) continue;
        char program[64];
        snprintf(program, sizeof program, "lingua-ctl %s", name);
        argv[1] = program;
        return finish(commands[i].run(argc - 1, argv + 1));
    }
    char hint[SUGGEST_TEXT_MAX];
    fprintf(stderr, "lingua-ctl: unknown command \"%s\"%s\nTry: lingua-ctl --help\n", name, suggest_text(&near, hint));
    return CTL_USAGE;
}
