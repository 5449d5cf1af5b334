/* suite.c - one suite with one case: a test program is about one module, and its name says which. */
#include "tests/support/suite.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int suite_run_case(const char *name, TCase *tests) {
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}

int suite_run(const char *name, const TTest *const tests[], size_t count) {
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < count; i++) tcase_add_test(all, tests[i]);
    return suite_run_case(name, all);
}

bool suite_aborts(void (*call)(void)) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(STDERR_FILENO);
        call();
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
