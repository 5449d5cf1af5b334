/* check_layers.c - scripts/check_layers.sh finds an include against the arrows, and only that. Runs from the root of the tree. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/support/suite.h"

enum { PATH_SIZE = 256, OUTPUT_SIZE = 1024 };

typedef struct planted {
    const char *file, *include, *complaint; /* complaint NULL: it is allowed */
} planted;

// clang-format off
static const planted plants[] = {
    {"core/base/a.c",          "\"core/base/status.h\"",           NULL},
    {"core/base/a.c",          "\"core/redis/link.h\"",            "core/base/a.c:1: core/base may not include \"core/redis/link.h\""},
    {"core/base/a.c",          "<hiredis/hiredis.h>",              "core/base/a.c:1: <hiredis/hiredis.h> belongs into core/redis sim/redis_host tests only"},
    {"core/base/a.c",          "\"status.h\"",                     "core/base/a.c:1: \"status.h\" is not written from the root"},
    {"core/domain/a.h",        "\"core/redis/keys.h\"",            "core/domain may not include"},
    {"core/domain/a.h",        "\"core/base/clock.h\"",            NULL},
    {"core/redis/a.c",         "\"core/domain/job.h\"",            "core/redis may not include"},
    {"core/redis/a.c",         "<hiredis/hiredis.h>",              NULL},
    {"core/redis/link_uv.c",   "<uv.h>",                           NULL},
    {"core/redis/link.c",      "<uv.h>",                           "<uv.h> belongs into"},
    {"core/mechanisms/a.c",    "\"core/scheduler/scheduler.h\"",   "core/mechanisms may not include"},
    {"core/scheduler/a.c",     "\"core/mechanisms/placement.h\"",  NULL},
    {"core/scheduler/a.c",     "\"core/ctl/ctl.h\"",               "core/scheduler may not include"},
    {"core/scheduler/a.c",     "\"sim/engine/engine.h\"",          "core/scheduler may not include"},
    {"core/scheduler/a.c",     "\"tests/support/suite.h\"",        "core/scheduler may not include"},
    {"core/daemon/a.c",        "\"core/scheduler/scheduler.h\"",   NULL},
    {"core/other/a.c",         "\"core/base/clock.h\"",            "core/other/a.c:1: this folder has no row"},
    {"sim/engine/a.c",         "\"core/base/clock.h\"",            NULL},
    {"sim/engine/a.c",         "\"core/redis/link.h\"",            "sim/engine may not include"},
    {"sim/engine/a.c",         "\"sim/world/world.h\"",            "sim/engine may not include"},
    {"sim/world/a.c",          "\"sim/engine/engine.h\"",          NULL},
    {"sim/world/a.c",          "\"core/scheduler/scheduler.h\"",   NULL},
    {"sim/world/a.c",          "\"core/daemon/config.h\"",         "sim may not include"},
    {"sim/world/a.c",          "\"bench/harness.h\"",              "sim may not include"},
    {"bench/a.c",              "\"sim/engine/engine.h\"",          NULL},
    {"bench/a.c",              "\"tests/support/suite.h\"",        "bench may not include"},
    {"tests/unit/a.c",         "\"bench/harness.h\"",              NULL},
};
// clang-format on

static void make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info, (void)type, (void)place;
    return remove(path);
}

/* Runs the script; what it printed is in `output`. */
static int run_layers(const char *root, char output[OUTPUT_SIZE]) {
    char command[PATH_SIZE];
    snprintf(command, sizeof command, "scripts/check_layers.sh '%s' 2>&1", root);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t len = fread(output, 1, OUTPUT_SIZE - 1, pipe);
    output[len] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(a_planted_include_is_found_when_it_goes_against_the_arrows) {
    const planted *p = &plants[_i];
    char root[] = "/tmp/layers test-XXXXXX"; /* with a space in its name */
    ck_assert_ptr_nonnull(mkdtemp(root));
    char path[PATH_SIZE], output[OUTPUT_SIZE];
    snprintf(path, sizeof path, "%s/%s", root, p->file);
    make_folders(path);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#include %s\n", p->include);
    fclose(file);

    int code = run_layers(root, output);
    nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    ck_assert_msg(code == (p->complaint ? 1 : 0), "%s with %s: exit status %d, \"%s\"", p->file, p->include, code,
                  output);
    if (p->complaint) ck_assert_msg(strstr(output, p->complaint), "expected \"%s\" in \"%s\"", p->complaint, output);
}
END_TEST

START_TEST(this_tree_follows_its_arrows) {
    char output[OUTPUT_SIZE];
    int code = run_layers(".", output);
    ck_assert_msg(code == 0, "%s", output);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("layers");
    tcase_add_loop_test(all, a_planted_include_is_found_when_it_goes_against_the_arrows, 0,
                        sizeof plants / sizeof *plants);
    tcase_add_test(all, this_tree_follows_its_arrows);
    return suite_run_case("layers", all);
}
