/* commands.h - the commands of lingua-sim: one file each, one line each in the table of sim/main.c.
 *
 * A command gets its own argv ("lingua-sim check", which its messages begin with, then the arguments), parses it with
 * getopt_long, writes its result to stdout and everything else to stderr, and returns the exit status. `--help` works on
 * each. */
#ifndef SIM_COMMANDS_COMMANDS_H
#define SIM_COMMANDS_COMMANDS_H

enum {
    STATUS_FINE = 0,
    STATUS_FAILED = 1,        /* an invariant broke, an objective was missed */
    STATUS_BAD_INPUT = 2,     /* bad usage, or a file that is not right */
    STATUS_INTERRUPTED = 130, /* what was measured so far is written */
};

typedef struct command {
    const char *name;
    const char *help; /* one line */
    int (*run)(int argc, char **argv);
} command;

int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_capacity(int argc, char **argv);
int cmd_usl(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_validate(int argc, char **argv);

#endif
