/* program.h - one of the programs as its user meets it: started beside this test, with its words, heard on both streams. */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

enum { PROGRAM_TEXT_MAX = 1 << 20, PROGRAM_WORDS_MAX = 24 };

typedef struct program_run {
    int status;      /* of its exit; -1 when it died otherwise */
    char *out, *err; /* what it said; program_free() */
} program_run;

/* `line` is split at its spaces: "lingua-ctl nodes --json". The program is looked for in the build folder of this test. What
 * cannot be started fails the test. */
program_run program_call(const char *line);
void program_free(program_run *run);

#endif
