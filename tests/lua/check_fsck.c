/* fsck: what the scripts leave is found whole; each kind of planted damage is found, once, and named. */
#include "core/ctl/fsck.h"
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lua_db *db;
static lua_job waiting, running, released;

static void put_node(const char *id) {
    lua_node(db, SCRIPT_REGISTER_NODE, id, "%s|i:%s|de fr|en it|4|45000", id, id);
    int64_t ver = lua_int(db, 1);
    static const char *const pairs[] = {"de:en", "de:it", "fr:en", "fr:it"};
    for (int i = 0; i < 4; i++) lua_pool(db, SCRIPT_POOL_JOIN, pairs[i], id, "%s|%" PRId64, id, ver);
    lua_node(db, SCRIPT_NODE_ASSIGNED, id, "i:%s|%" PRId64, id, ver);
    ck_assert(reply_says(lua_reply(db), "READY"));
}

static lua_job put_job(const char *request) {
    lua_job job = lua_job_of(request, 1);
    lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|i1|s1|7|de:en|1500|10000", job.id, job.request);
    return job;
}

static void dispatch(const lua_job *job, const char *node) {
    lua_node(db, SCRIPT_RESERVE_NODE, node, "%s|1|%" PRId64 "|de|en|1|20000", job->id, INT64_C(1));
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_MARK_DISPATCHED, job, "%s|1|%s|15000", job->id, node);
}

/* Three nodes in four pools; a job that waits, one that runs with its reservation, one that is over; a tombstone. */
static void build(void) {
    lua_db_clear(db);
    put_node("n1");
    put_node("n2");
    put_node("n3");
    waiting = put_job("s1:1:en");
    running = put_job("s1:2:en");
    released = put_job("s1:3:en");
    dispatch(&running, "n1");
    lua_job_call(db, SCRIPT_START_JOB, &running, "%s|1|n1|15000", running.id);
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &released, "%s|1|ok||1|90000|0", released.id);
    lua_pool(db, SCRIPT_POOL_LEAVE, "es:en", "n1", "n1|5|60000");
}

static fsck_report check(void) {
    fsck_report report;
    sched_error err = {0};
    if (fsck_run(lua_client(db), lua_keyspace(db), &report, &err)) ck_abort_msg("%s", err.message);
    return report;
}

static void expect(fsck_kind kind, int64_t count, const char *text) {
    fsck_report report = check();
    ck_assert_msg(report.count[kind] == count, "%s: expected %" PRId64 ", found %" PRId64 " of %" PRId64 ": %s",
                  fsck_kind_name(kind), count, report.count[kind], report.findings, report.text[0]);
    for (int i = 0; i < report.texts; i++)
        if (!strncmp(report.text[i], fsck_kind_name(kind), strlen(fsck_kind_name(kind))) &&
            strstr(report.text[i], text))
            return;
    ck_abort_msg("no %s says \"%s\", but: %s", fsck_kind_name(kind), text, report.text[0]);
}

START_TEST(what_the_scripts_leave_is_whole) {
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
    ck_assert_int_eq(report.nodes, 3);
    ck_assert_int_eq(report.members, 12);
    ck_assert_int_eq(report.jobs, 3);
    ck_assert_int_eq(report.unfinished, 2);
    ck_assert_int_eq(report.reservations, 1);
}
END_TEST

START_TEST(nodes_on_their_way_in_and_out_are_whole) {
    lua_node(db, SCRIPT_REGISTER_NODE, "n2", "n2|i:n2|de|en es|4|45000");
    int64_t ver = lua_int(db, 1);
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "registered again: %s", report.text[0]);
    lua_pool(db, SCRIPT_POOL_JOIN, "de:es", "n2", "n2|%" PRId64, ver);
    report = check();
    ck_assert_msg(report.findings == 0, "half assigned: %s", report.text[0]);
}
END_TEST

START_TEST(a_finished_job_waits_for_its_release) {
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &waiting, "%s|1|failed||0|90000|0", waiting.id);
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
}
END_TEST

START_TEST(an_expired_reservation_is_no_leak) {
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|1|%s 7", node_bucket("n1"), waiting.id);
    ck_assert_int_eq(check().findings, 0);
}
END_TEST

START_TEST(other_namespaces_are_not_looked_at) {
    lua_command(db, "SET|other:{n01}:what|1");
    fsck_report report = check();
    ck_assert_int_eq(report.findings, 0);
}
END_TEST

/* --- planted damage ----------------------------------------------------------------------------------------------- */

/* %1 n1's bucket, %2 running's bucket tag and id, ... are filled in by plant(). */
typedef struct damage {
    const char
        *command; /* N, M: buckets of n1 and of "nobody"; W, R, D: waiting, running, released; w, r, d: their buckets */
    fsck_kind kind;
    int64_t count;
    const char *text;
} damage;

// clang-format off
static const damage damages[] = {
    /* command                                               kind                count part of the text */
    {"HSET|lingua:v1:{de:en}:members|7|n1 1",                FSCK_POOL_HOLE,      1, "found position 7 of 4 members"},
    {"HSET|lingua:v1:{de:en}:members|x|n1 1",                FSCK_POOL_HOLE,      1, "found position x"},
    {"HDEL|lingua:v1:{de:en}:members|0",                     FSCK_POOL_HOLE,      1, "found position 2 of 2 members"},
    {"HSET|lingua:v1:{de:en}:members|1|rubbish",             FSCK_POOL_PLACE,     2, "expected \"node ver\""},
    {"HSET|lingua:v1:{de:en}:places|n1|2",                   FSCK_POOL_PLACE,     2, "n1 at place 2"},
    {"HSET|lingua:v1:{de:en}:places|n9|5",                   FSCK_POOL_PLACE,     1, "n9 at place 5"},
    {"HDEL|lingua:v1:{de:en}:places|n1",                     FSCK_POOL_PLACE,     1, "its place says \"\""},
    {"DEL|lingua:v1:{nN}:node:n1",                           FSCK_POOL_DEAD,      4, "does not exist"},
    {"HSET|lingua:v1:{nN}:node:n1|status|offline",           FSCK_POOL_DEAD,      4, "is offline"},
    {"HSET|lingua:v1:{de:en}:members|0|n1 1",                FSCK_POOL_STALE,     1, "member \"n1 1\""},
    {"HSET|lingua:v1:{de:en}:members|0|n1 9000000000000000", FSCK_POOL_STALE,     1, "n1 9000000000000000"},
    {"HDEL|lingua:v1:{fr:it}:places|n1",                     FSCK_POOL_ABSENT,    1, "no place in fr:it"},
    {"PERSIST|lingua:v1:{es:en}:left:n1",                    FSCK_POOL_TOMBSTONE, 1, "found no TTL"},
    {"HSET|lingua:v1:{nN}:node:n1|status|well",              FSCK_NODE_FIELD,     1, "found status \"well\""},
    {"HDEL|lingua:v1:{nN}:node:n1|owner",                    FSCK_NODE_FIELD,     1, "found owner \"(none)\""},
    {"HSET|lingua:v1:{nN}:node:n1|slots|many",               FSCK_NODE_FIELD,     1, "found slots \"many\""},
    {"HSET|lingua:v1:{nN}:node:n1|aver|-1",                  FSCK_NODE_FIELD,     1, "found aver \"-1\""},
    {"DEL|lingua:v1:{nN}:langs:n1",                          FSCK_NODE_FIELD,     1, "found no languages"},
    {"HSET|lingua:v1:{nN}:langs:n1|3|de en",                 FSCK_NODE_FIELD,     1, "found \"de en\" for ver 3"},
    {"ZREM|lingua:v1:{nN}:expiry|n1",                        FSCK_NODE_UNINDEXED, 1, "found no entry"},
    {"ZADD|lingua:v1:{nN}:expiry|1|nobody",                  FSCK_NODE_DANGLING,  1, "found nobody"},
    {"HSET|lingua:v1:{nM}:langs:nobody|3|de,en",             FSCK_NODE_DANGLING,  1, "found languages"},
    {"HSET|lingua:v1:{jr}:job:R|state|LOST",                 FSCK_JOB_FIELD,      1, "found state \"LOST\""},
    {"HSET|lingua:v1:{jr}:job:R|attempt|0",                  FSCK_JOB_FIELD,      1, "found attempt \"0\""},
    {"HSET|lingua:v1:{jr}:job:R|pair|de:de",                 FSCK_JOB_FIELD,      1, "found pair \"de:de\""},
    {"HSET|lingua:v1:{jr}:job:R|node|",                      FSCK_JOB_FIELD,      1, "expected a node"},
    {"HSET|lingua:v1:{jw}:job:W|node|n1",                    FSCK_JOB_FIELD,      1, "expected none"},
    {"HSET|lingua:v1:{jw}:job:W|outcome|ok",                 FSCK_JOB_FIELD,      1, "found outcome \"ok\" in CREATED"},
    {"HDEL|lingua:v1:{jd}:job:D|outcome", FSCK_JOB_FIELD, 1, "outcome \"(none)\" in RELEASED"},
    {"HSET|lingua:v1:{jd}:job:D|outcome|good",               FSCK_JOB_FIELD,      1, "found outcome \"good\""},
    {"HDEL|lingua:v1:{jw}:job:W|sess",                       FSCK_JOB_FIELD,      1, "found sess"},
    {"ZREM|lingua:v1:{jw}:deadlines|W",                      FSCK_JOB_UNINDEXED,  1, "a job in CREATED"},
    {"ZADD|lingua:v1:{jw}:deadlines|1|jw-0000000000000009",  FSCK_JOB_DANGLING,   1, "expected a job of that id"},
    {"ZADD|lingua:v1:{jw}:deadlines|1|what",                 FSCK_JOB_DANGLING,   1, "expected a job id"},
    {"ZADD|lingua:v1:{jd}:deadlines|1|D",                    FSCK_JOB_DANGLING,   1, "which is RELEASED"},
    {"ZADD|lingua:v1:{jw}:deadlines|1|R",                    FSCK_JOB_DANGLING,   1, "expected it in"},
    {"PERSIST|lingua:v1:{jd}:job:D",                         FSCK_JOB_TTL,        1, "no TTL on a finished job"},
    {"PEXPIRE|lingua:v1:{jw}:job:W|50000",                   FSCK_JOB_TTL,        1, "a TTL on a job in CREATED"},
    {"DEL|lingua:v1:{jw}:req:s1:1:en",                       FSCK_REQUEST,        1, "bound to \"\""},
    {"SET|lingua:v1:{jw}:req:s1:1:en|what",                  FSCK_REQUEST,        2, "expected a job id"},
    {"DEL|lingua:v1:{jw}:job:W",                             FSCK_REQUEST,        1, "whose request is \"\""},
    {"HSET|lingua:v1:{jr}:job:R|node|n2",                    FSCK_RESV_LEAK,      1, "R 1"},
    {"HSET|lingua:v1:{jr}:job:R|attempt|2",                  FSCK_RESV_LEAK,      1, "attempt 2"},
    {"HSET|lingua:v1:{jr}:job:R|state|FINISHED",             FSCK_RESV_LEAK,      1, "the job is FINISHED"},
    {"ZADD|lingua:v1:{nN}:resv:n1|9000000000000000|what",    FSCK_RESV_LEAK,      1, "expected \"job attempt\""},
    {"ZADD|lingua:v1:{nN}:resv:n1|9000000000000000|D 1",     FSCK_RESV_LEAK,      1, "the job is RELEASED"},
    {"PERSIST|lingua:v1:{nN}:resv:n1",                       FSCK_RESV_TTL,       1, "found no TTL"},
    {"SET|lingua:v1:{nN}:what|1",                            FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:loose|1",                                FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:{n99}:expiry|1",                         FSCK_UNKNOWN,        1, "nobody writes"},
    {"HSET|lingua:v1:{nM}:node:n1|ver|1",                    FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:{es:de}:members|1",                      FSCK_UNKNOWN,        1, "another type"},
};
// clang-format on

static void append(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size, const char *format, ...) {
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

/* The job that a letter of "WRD" or "wrd" stands for; NULL when it stands for itself. */
static const lua_job *job_of_letter(char letter) {
    switch (letter) {
    case 'W':
    case 'w': return &waiting;
    case 'R':
    case 'r': return &running;
    case 'D':
    case 'd': return &released;
    }
    return NULL;
}

/* A big letter is an id where it stands alone; a small one is a bucket after 'j' and before '}' or '-'. */
static void spell(const char *pattern, char *out, size_t size) {
    char before = '|';
    *out = '\0';
    for (const char *c = pattern; *c; before = *c++) {
        const lua_job *job = job_of_letter(*c);
        bool alone = strchr(":|", before) && strchr("| ", c[1]);
        bool bucket = before == 'j' && strchr("}-", c[1]);
        if (job && alone)
            append(out, size, "%s", job->id);
        else if (job && bucket)
            append(out, size, "%03u", job_bucket_of_request(job->request));
        else if (*c == 'N' && before == 'n')
            append(out, size, "%02u", node_bucket("n1"));
        else if (*c == 'M' && before == 'n')
            append(out, size, "%02u", node_bucket("nobody"));
        else
            append(out, size, "%c", *c);
    }
}

START_TEST(planted_damage_is_found_and_named) {
    const damage *d = &damages[_i];
    char command[512], text[256];
    spell(d->command, command, sizeof command);
    lua_command(db, "%s", command);
    ck_assert_msg(!reply_is_error(lua_reply(db)), "%s: %s", command, reply_text(lua_reply(db)));
    snprintf(text, sizeof text, "%s", d->text);
    if (!strcmp(d->text, "R 1")) snprintf(text, sizeof text, "%s 1", running.id);
    expect(d->kind, d->count, text);
}
END_TEST

START_TEST(a_value_over_4_kib_is_found) {
    lua_command(db, "HSET|lingua:v1:{j%03u}:job:%s|code|%04097d", job_bucket_of_request(running.request), running.id,
                0);
    expect(FSCK_LARGE, 1, "found 4097 bytes");
}
END_TEST

START_TEST(ids_that_no_key_could_hold_are_found_and_survived) {
    lua_command(db, "ZADD|lingua:v1:{n%02u}:expiry|1|%0300d", node_bucket("n1"), 0);
    expect(FSCK_NODE_DANGLING, 1, "000");
    lua_command(db, "ZADD|lingua:v1:{j%03u}:deadlines|1|j001-%0300d", job_bucket_of_request(running.request), 0);
    expect(FSCK_JOB_DANGLING, 1, "expected a job id");
    lua_command(db, "HSET|lingua:v1:{de:en}:places|%0300d|%0300d", 1, 2);
    expect(FSCK_POOL_PLACE, 1, "000");
    lua_command(db, "HSET|lingua:v1:{de:en}:members|0|%0300d 1", 1);
    expect(FSCK_POOL_PLACE, 3, "expected \"node ver\"");
}
END_TEST

START_TEST(only_the_first_findings_are_told_but_all_are_counted) {
    for (int i = 0; i < 500; i++) lua_command(db, "SET|lingua:v1:loose%d|1", i);
    fsck_report report = check();
    ck_assert_int_eq(report.findings, 500);
    ck_assert_int_eq(report.texts, FSCK_TEXTS_MAX);
}
END_TEST

START_TEST(many_members_are_walked_in_batches) {
    lua_db_clear(db);
    for (int i = 0; i < 300; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        put_node(node);
    }
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
    ck_assert_int_eq(report.members, 1200);
    ck_assert_int_eq(report.nodes, 300);
}
END_TEST

/* --- nothing left ------------------------------------------------------------------------------------------------- */

START_TEST(every_key_that_is_left_is_told) {
    fsck_report report;
    sched_error err;
    ck_assert_int_eq(fsck_expect_empty(lua_client(db), lua_keyspace(db), &report, &err), SCHED_OK);
    lua_command(db, "DBSIZE");
    ck_assert_int_eq(report.count[FSCK_LEFT], reply_int(lua_reply(db)));
    ck_assert_msg(strstr(report.text[0], "to live"), "%s", report.text[0]);
    lua_db_clear(db);
    lua_command(db, "SET|other:key|1");
    ck_assert_int_eq(fsck_expect_empty(lua_client(db), lua_keyspace(db), &report, &err), SCHED_OK);
    ck_assert_int_eq(report.findings, 0);
}
END_TEST

START_TEST(after_the_last_node_and_job_nothing_is_left) {
    static const char *const pairs[] = {"de:en", "de:it", "fr:en", "fr:it"};
    static const char *const nodes[] = {"n1", "n2", "n3"};
    lua_node(db, SCRIPT_RELEASE_RESERVATION, "n1", "%s|1", running.id);
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &running, "%s|1|ok||1|10|0", running.id);
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &waiting, "%s|1|cancelled||0|10|0", waiting.id);
    lua_job_call(db, SCRIPT_RELEASE_JOB, &waiting, "%s", waiting.id);
    for (int i = 0; i < 3; i++) {
        lua_node(db, SCRIPT_NODE_OFFLINE, nodes[i], "%s|i:%s|5000|10", nodes[i], nodes[i]);
        int64_t ver = lua_int(db, 1);
        for (int p = 0; p < 4; p++)
            lua_pool(db, SCRIPT_POOL_LEAVE, pairs[p], nodes[i], "%s|%" PRId64 "|10", nodes[i], ver);
        lua_node(db, SCRIPT_FORGET_NODE, nodes[i], "%s|%" PRId64, nodes[i], ver);
    }
    lua_command(db, "DEL|lingua:v1:{es:en}:left:n1");
    lua_command(db, "PEXPIRE|lingua:v1:{j%03u}:job:%s|1", job_bucket_of_request(released.request), released.id);
    lua_command(db, "PEXPIRE|lingua:v1:{j%03u}:req:%s|1", job_bucket_of_request(released.request), released.request);
    lua_command(db, "DEBUG|SLEEP|0.02");
    fsck_report report;
    sched_error err;
    ck_assert_int_eq(fsck_expect_empty(lua_client(db), lua_keyspace(db), &report, &err), SCHED_OK);
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("fsck");
    TCase *tests = tcase_create("fsck");
    tcase_add_checked_fixture(tests, build, NULL);
    tcase_add_test(tests, what_the_scripts_leave_is_whole);
    tcase_add_test(tests, nodes_on_their_way_in_and_out_are_whole);
    tcase_add_test(tests, a_finished_job_waits_for_its_release);
    tcase_add_test(tests, an_expired_reservation_is_no_leak);
    tcase_add_test(tests, other_namespaces_are_not_looked_at);
    tcase_add_loop_test(tests, planted_damage_is_found_and_named, 0, (int)(sizeof damages / sizeof *damages));
    tcase_add_test(tests, a_value_over_4_kib_is_found);
    tcase_add_test(tests, ids_that_no_key_could_hold_are_found_and_survived);
    tcase_add_test(tests, only_the_first_findings_are_told_but_all_are_counted);
    tcase_add_test(tests, many_members_are_walked_in_batches);
    tcase_add_test(tests, every_key_that_is_left_is_told);
    tcase_add_test(tests, after_the_last_node_and_job_nothing_is_left);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    return lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
}
