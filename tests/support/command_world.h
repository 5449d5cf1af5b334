/* command_world.h - a command of lingua-sim as its user meets it: in a folder of its own, with its words, heard on both streams. */
#ifndef TESTS_SUPPORT_COMMAND_WORLD_H
#define TESTS_SUPPORT_COMMAND_WORLD_H

#include "tests/support/temp_files.h"

/* Makes an empty folder, whose name `folder` gets, and works in it from now on. */
void command_enter(char folder[TEMP_PATH_MAX]);
/* Leaves it and removes it with all that is in it. */
void command_leave(const char *folder);
void command_write(const char *path, const char *text);

enum { COMMAND_WORDS_MAX = 16 };
/* Runs `command` with `words`, closed by NULL, after `name`; what it says lands in the files `stdout` and `stderr`. Returns its
 * exit status. */
int command_run(int (*command)(int argc, char **argv), const char *name, const char *const words[]);

#endif
