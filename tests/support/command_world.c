#include "tests/support/command_world.h"

#include <check.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

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

char *command_text(const char *path) {
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "%s: %s", path, strerror(errno));
    char *text = NULL;
    size_t size = 0;
    ssize_t len = getdelim(&text, &size, '\0', in);
    fclose(in);
    if (len >= 0) return text;
    free(text);
    return mem_strdup("");
}

json_t *command_json(const char *path) {
    json_error_t error;
    json_t *o = json_load_file(path, 0, &error);
    ck_assert_msg(o != NULL, "%s:%d: %s", path, error.line, error.text);
    return o;
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

void command_expect_status(int status, int expected) {
    if (status != expected) ck_abort_msg("exit status %d, expected %d: %s", status, expected, command_text("stderr"));
}

void command_expect_in(const char *path, const char *part) {
    char *text = command_text(path);
    ck_assert_msg(strstr(text, part) != NULL, "%s says: %s\nexpected: %s", path, text, part);
    free(text);
}

void command_expect_not_in(const char *path, const char *part) {
    char *text = command_text(path);
    ck_assert_msg(!strstr(text, part), "%s says: %s\nexpected nothing of: %s", path, text, part);
    free(text);
}

void command_expect_same(const char *a, const char *b) {
    char *first = command_text(a), *second = command_text(b);
    ck_assert_msg(*first, "%s is empty", a);
    ck_assert_msg(!strcmp(first, second), "%s and %s differ:\n%s\n%s", a, b, first, second);
    free(first);
    free(second);
}
