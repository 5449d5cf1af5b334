/* check_ctl_instances.c - lingua-ctl instances, inbox, dlq, as a shell sees them: the real program against a private server. */
#include "tests/support/lua_db.h"
#include "tests/support/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static lua_db *db;
static program_run run;
static char letter[44]; /* a dead letter of i2 */

/* i1 lives, with an entry that it has read and one that it has not; i2 is dead, has one entry and one dead letter, and is adopted
 * by i1; of i3 only a tombstone is left. */
static void build(void) {
    lua_db_clear(db);
    lua_instance(db, SCRIPT_INSTANCE_BEAT, "i1", "t1|10.0.0.1:7001|host-1|42|1|30000|3600000");
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "i1|3600000");
    lua_instance(db, SCRIPT_INSTANCE_BEAT, "i2", "t2|10.0.0.2:7001|host-2|43|1|30000|3600000");
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "i2|3600000");
    lua_instance(db, SCRIPT_INBOX_ADD, "i1", "10|assign|i2||j1|s1|n1|1|1");
    redis_call call;
    static const char *const words[] = {"GROUP", "scheduler", "i1", "STREAMS", "lingua:v1:{i:i1}:inbox", ">"};
    call_command(&call, "XREADGROUP");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) call_str(&call, words[i]);
    lua_run(db, &call);
    lua_instance(db, SCRIPT_INBOX_ADD, "i1", "10|assign|i2||j2|s1|n1|1|1");
    lua_instance(db, SCRIPT_INBOX_ADD, "i2", "10|result|i1|10.0.0.1:7001|j3|s3|n3|2|1700000000000");
    char id[44];
    snprintf(id, sizeof id, "%s", reply_text(reply_at(lua_reply(db), 1)));
    lua_instance(db, SCRIPT_DEAD_LETTER, "i2", "%s|NOT_HERE|0|10|3600000|10", id);
    snprintf(letter, sizeof letter, "%s", reply_text(reply_at(lua_reply(db), 1)));
    lua_instance(db, SCRIPT_INBOX_ADD, "i2", "10|assign|i1||j4|s1|n1|1|1");
    lua_command(db, "DEL|lingua:v1:{i:i2}:presence");
    lua_instance(db, SCRIPT_ADOPT_INSTANCE, "i2", "i1|30000|3600000");
    lua_instance(db, SCRIPT_ADOPT_INSTANCE, "i3", "i1|30000|3600000");
}

static void whole(void) {
    lua_expect_whole(db, 0);
    program_free(&run);
}

static void call(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void call(int status, const char *format, ...) {
    char words[256], line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    program_free(&run);
    snprintf(line, sizeof line, "lingua-ctl %s --redis unix://%s", words, private_server_socket(lua_server(db, "")));
    run = program_call(line);
    ck_assert_msg(run.status == status, "%s: exit status %d, expected %d; %s%s", words, run.status, status, run.out,
                  run.err);
}

static void says(const char *text) {
    ck_assert_msg(strstr(run.out, text), "expected \"%s\" in:\n%s", text, run.out);
}

static void complains(const char *text) {
    ck_assert_msg(strstr(run.err, text), "expected \"%s\" in:\n%s", text, run.err);
}

static void keeps_quiet_about(const char *text) {
    ck_assert_msg(!strstr(run.out, text), "expected no \"%s\" in:\n%s", text, run.out);
}

START_TEST(instances_tell_who_lives_and_what_waits_for_whom) {
    call(0, "instances");
    says("i1        alive  10.0.0.1:7001  host-1");
    says("i2        dead");
    keeps_quiet_about("i3"); /* nothing of it is left to do */
    call(0, "instances --json");
    says("\"waiting\": 1");
    says("\"pending\": 1");
    says("\"dead_letters\": 1");
    says("\"adopter\": \"i1\"");
}
END_TEST

START_TEST(an_instance_of_which_only_dead_letters_are_left_is_gone) {
    lua_command(db, "DEL|lingua:v1:{i:i2}:inbox");
    lua_command(db, "ZREM|lingua:v1:{instances}:all|i2");
    call(0, "instances");
    says("i2        gone");
}
END_TEST

START_TEST(an_inbox_tells_its_entries_and_how_often_they_were_delivered) {
    call(0, "inbox i1 --json");
    says("\"job\": \"j1\"");
    says("\"deliveries\": 1");
    says("\"job\": \"j2\"");
    says("\"deliveries\": 0");
    call(0, "inbox i1 --limit 1");
    says("... and 1 more");
    call(1, "inbox i9");
    complains("no inbox of instance i9");
    call(2, "inbox {i1}");
}
END_TEST

START_TEST(dead_letters_are_listed_and_shown) {
    call(0, "dlq list");
    says("NOT_HERE");
    says("j3");
    call(0, "dlq list i1");
    keeps_quiet_about("j3");
    call(0, "dlq show i2 %s", letter);
    says("result");
    says("10.0.0.1:7001");
    says("NOT_HERE");
    call(1, "dlq show i1 %s", letter);
    complains("no dead letter");
}
END_TEST

START_TEST(a_dead_letter_goes_back_to_who_lives) {
    call(1, "dlq replay i2 %s", letter);
    complains("instance i2 does not live");
    call(0, "dlq replay i2 %s --to i1", letter);
    says("of instance i1 now");
    lua_command(db, "EXISTS|lingua:v1:{i:i2}:dead");
    lua_command(db, "XLEN|lingua:v1:{i:i2}:dead");
    lua_expect(db, "0");
    lua_command(db, "XREVRANGE|lingua:v1:{i:i1}:inbox|+|-|COUNT|1");
    ck_assert_str_eq(reply_text(reply_at(reply_at(reply_at(lua_reply(db), 0), 1), 7)), "j3");
}
END_TEST

START_TEST(dead_letters_are_dropped_one_by_one_or_all) {
    call(2, "dlq drop i2");
    complains("expected an ENTRY or --all");
    call(0, "dlq drop i2 %s", letter);
    call(1, "dlq drop i2 %s", letter);
    call(0, "dlq drop i2 --all --json");
    says("\"dropped\": 0");
    lua_command(db, "EXISTS|lingua:v1:{i:i2}:dead");
    lua_expect(db, "0");
}
END_TEST

START_TEST(what_is_not_understood_is_said) {
    call(2, "dlq burn i2");
    complains("none of list, show, replay, drop");
    call(2, "dlq show i2 12");
    complains("expected two numbers");
    call(2, "dlq show i2");
    complains("expected INSTANCE and ENTRY");
    call(0, "dlq --help");
    says("lingua-ctl dlq drop gw-1 --all");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("ctl instances");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, build, whole);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, instances_tell_who_lives_and_what_waits_for_whom);
    tcase_add_test(tests, an_instance_of_which_only_dead_letters_are_left_is_gone);
    tcase_add_test(tests, an_inbox_tells_its_entries_and_how_often_they_were_delivered);
    tcase_add_test(tests, dead_letters_are_listed_and_shown);
    tcase_add_test(tests, a_dead_letter_goes_back_to_who_lives);
    tcase_add_test(tests, dead_letters_are_dropped_one_by_one_or_all);
    tcase_add_test(tests, what_is_not_understood_is_said);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    char name[] = "check_ctl_instances", world[] = "alone";
    char *argv[] = {name, world, NULL};
    return lua_main(2, argv, make_suite, &db);
}
