/* commands.h - the commands of lingua-bench: each takes its own arguments and returns the exit status of the program. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REGRESSION = 3, EXIT_INTERRUPTED = 130 };

/* argv[0] is what its messages begin with: "lingua-bench run". */
int command_run(int argc, char **argv);
int command_calibrate(int argc, char **argv); /* bench/calibrate */
int command_load(int argc, char **argv);      /* bench/load */
int command_gate(int argc, char **argv);      /* bench/gate, as the next */
int command_probe(int argc, char **argv);

#endif
