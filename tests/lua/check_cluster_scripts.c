/* check_cluster_scripts.c - no script is without tests on three masters. Runs from the root of the tree.
 *
 * A suite that hands its arguments to lua_main() runs in all worlds, the cluster among them. So a script is tested there when such a
 * suite names it; and here each script is called at the master of its first key, where a key of another slot would be refused.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lua_db *db;

static const char *const ids[SCRIPT_COUNT] = {
#define SCRIPT_ID_TEXT(id, file) [id] = #id,
    SCRIPT_LIST(SCRIPT_ID_TEXT)
#undef SCRIPT_ID_TEXT
};

static char *read_text(const char *path) {
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0) ck_abort_msg("%s is empty", path);
    fclose(file);
    return text;
}

/* As a whole word: one name is the beginning of another. */
static bool names(const char *text, const char *id) {
    size_t len = strlen(id);
    for (const char *at = text; (at = strstr(at, id)); at += len)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", at[len]) || !at[len]) return true;
    return false;
}

START_TEST(each_script_has_a_suite_that_runs_on_a_cluster) {
    glob_t suites;
    bool tested[SCRIPT_COUNT] = {false};
    ck_assert_int_eq(glob("tests/lua/check_*.c", 0, NULL, &suites), 0);
    for (size_t i = 0; i < suites.gl_pathc; i++) {
        char *text = read_text(suites.gl_pathv[i]);
        bool everywhere =
            strstr(text, "return lua_main(argc, argv, ") != NULL && !strstr(suites.gl_pathv[i], "check_cluster");
        for (int id = 0; id < SCRIPT_COUNT; id++) tested[id] |= everywhere && names(text, ids[id]);
        free(text);
    }
    globfree(&suites);
    for (int id = 0; id < SCRIPT_COUNT; id++)
        ck_assert_msg(tested[id], "%s.lua: no suite in tests/lua that runs on a cluster names %s",
                      scripts_name((script_id)id), ids[id]);
}
END_TEST

static void put(redis_call *call, script_id id, const char *args, ...) __attribute__((format(printf, 3, 4)));

static void put(redis_call *call, script_id id, const char *args, ...) {
    lua_job job = lua_job_of("s1:1:en", 1);
    lua_subject about =
        {.node = "n1", .src = "de", .tgt = "en", .session = "s1", .room = "012345", .instance = "i1", .job = &job};
    va_list list;
    va_start(list, args);
    lua_put(db, call, id, &about, args, list);
    va_end(list);
}

START_TEST(the_keys_of_each_script_are_in_one_slot) {
    redis_call call;
    put(&call, (script_id)_i, "%s", "");
    const char *answer = lua_run(db, &call);
    ck_assert_int_ge(call.keys, 1);
    static const char *const wrong[] = {"CROSSSLOT", "MOVED", "NOSCRIPT", "ERR Script attempted"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(strncmp(answer, wrong[i], strlen(wrong[i])) != 0, "%s.lua: %s", scripts_name((script_id)_i),
                      answer);
}
END_TEST

static void clear(void) {
    lua_db_clear(db);
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("cluster scripts");
    TCase *tests = tcase_create("cluster scripts");
    tcase_add_checked_fixture(tests, clear, NULL);
    tcase_add_test(tests, each_script_has_a_suite_that_runs_on_a_cluster);
    tcase_add_loop_test(tests, the_keys_of_each_script_are_in_one_slot, 0, SCRIPT_COUNT);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    return lua_main(2, (char *[]){"", "cluster"}, make_suite, &db);
}
