#include "tests/support/command_world.h"

#include <check.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void command_enter(char folder[TEMP_PATH_MAX]) {
    temp_folder_make(folder);
    ck_assert_int_eq(chdir(folder), 0);
}

void command_leave(const char *folder) {
    char erase[TEMP_PATH_MAX + 16];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(erase, sizeof erase, "rm -rf %s", folder);
    ck_assert_int_eq(system(erase), 0);
}

void command_write(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

int command_run(int (*command)(int argc, char **argv), const char *name, const char *const words[]) {
    char *argv[COMMAND_WORDS_MAX] = {(char *)(uintptr_t)name};
    int argc = 1;
    for (; words[argc - 1]; argc++) {
        ck_assert_int_lt(argc, COMMAND_WORDS_MAX - 1);
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    fflush(NULL);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    ck_assert(freopen("stdout", "w", stdout) && freopen("stderr", "w", stderr));
    optind = 0;
    int status = command(argc, argv);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    return status;
}
