/* command_world.h - a command of lingua-sim as its user meets it: in a folder of its own, with its words, heard on both streams. */
#ifndef TESTS_SUPPORT_COMMAND_WORLD_H
#define TESTS_SUPPORT_COMMAND_WORLD_H

#include <jansson.h>

#include "tests/support/temp_files.h"

/* Makes an empty folder, whose name `folder` gets, and works in it from now on. */
void command_enter(char folder[TEMP_PATH_MAX]);
/* Leaves it and removes it with all that is in it. */
void command_leave(const char *folder);
void command_write(const char *path, const char *text);
/* What is in a file, for free(); the test fails when it is not there. */
char *command_text(const char *path);
/* The same as JSON, for json_decref(). */
json_t *command_json(const char *path);

enum { COMMAND_WORDS_MAX = 16 };
/* Runs `command` with `words`, closed by NULL, after `name`; what it says lands in the files `stdout` and `stderr`. Returns its
 * exit status. */
int command_run(int (*command)(int argc, char **argv), const char *name, const char *const words[]);

/* Each fails the test with what was said instead. Files that are empty are not the same. */
void command_expect_status(int status, int expected);
void command_expect_in(const char *path, const char *part);
void command_expect_not_in(const char *path, const char *part);
void command_expect_same(const char *a, const char *b);

#endif
