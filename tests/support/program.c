/* program.c - both streams are read to their end through files, so that neither can block the program. */
#include "tests/support/program.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"

/* BUILD/tests/lua/check_ctl -> BUILD/lingua-ctl */
static void find_program(const char *name, char path[PATH_MAX]) {
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(len, 0);
    self[len] = '\0';
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = '\0';
    ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", self, name), PATH_MAX);
}

static char *read_all(FILE *file) {
    char *text = mem_alloc(PROGRAM_TEXT_MAX);
    rewind(file);
    text[fread(text, 1, PROGRAM_TEXT_MAX - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void become(char *const argv[], FILE *out, FILE *err) {
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

program_run program_call(const char *line) {
    char path[PATH_MAX], *argv[PROGRAM_WORDS_MAX + 1] = {path}, *words = mem_strdup(line), *rest = words;
    int argc = 1, status = 0;
    find_program(strsep(&rest, " "), path);
    for (char *word; (word = strsep(&rest, " "));) {
        ck_assert_int_lt(argc, PROGRAM_WORDS_MAX);
        if (*word) argv[argc++] = word;
    }
    FILE *out = tmpfile(), *err = tmpfile();
    ck_assert(out && err);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) become(argv, out, err);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    free(words);
    return (program_run){WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_all(out), read_all(err)};
}

void program_free(program_run *run) {
    free(run->out);
    free(run->err);
    *run = (program_run){.status = -1};
}
