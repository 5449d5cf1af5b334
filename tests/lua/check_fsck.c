/* fsck: what the scripts leave is found whole; each kind of planted damage is found, once, and named. */
#include "core/ctl/cas.h"
#include "core/ctl/fsck_repair.h"
#include "tests/support/lua_fleet.h"
#include "tests/support/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lua_db *db;
static lua_job waiting, running, released;

/* Three nodes in four pools; a job that waits, one that runs with its reservation, one that is over; a tombstone; a session in a
 * room of two; a mark; a hold of a node that is not there; an instance with entries and dead letters that has a lease on another. */
static void build(void) {
    lua_db_clear(db);
    lua_fleet_node(db, "n1");
    lua_fleet_node(db, "n2");
    lua_fleet_node(db, "n3");
    waiting = lua_fleet_job(db, "s1:1:en");
    running = lua_fleet_job(db, "s1:2:en");
    released = lua_fleet_job(db, "s1:3:en");
    lua_fleet_start(db, &running, "n1");
    lua_fleet_end(db, &released);
    lua_pool(db, SCRIPT_POOL_LEAVE, "es:en", "n1", "n1|5|60000");
    lua_session(db, SCRIPT_OPEN_SESSION, "s1", "i1:1|de|en|1|3600000");
    lua_command(db, "HSET|lingua:v1:{s:s1}:session|room|123456");
    lua_command(db, "SET|lingua:v1:{s:s1}:affinity:en|7 n1|PX|300000");
    lua_room(db, SCRIPT_ROOM_CREATE, "123456", "s1|en|i1:1|Ada L.|1800000");
    lua_room(db, SCRIPT_ROOM_JOIN, "123456", "s2|-|i1:2||1800000|10|5");
    lua_room(db, SCRIPT_ROOM_PREFER, "123456", "s2|s1|0");
    lua_node(db, SCRIPT_MARK_SERVICE, "n2", "de|en|asr-de@2|60000|30|10000");
    lua_command(db, "SET|lingua:v1:{n%02u}:hold:n9|why|PX|60000", node_bucket("n9"));
    lua_instance(db, SCRIPT_INSTANCE_BEAT, "i1", "t1|10.0.0.1:7001|host-1|42|1|30000|3600000");
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "i1|3600000");
    lua_instance(db, SCRIPT_INBOX_ADD, "i1", "10|assign|i2||j1|s1|n1|1|1");
    lua_instance(db, SCRIPT_INBOX_ADD, "i1", "10|assign|i2||j2|s1|n1|1|1");
    lua_command(db, "XADD|lingua:v1:{i:i1}:dead|*|kind|assign|reason|NOT_HERE");
    lua_command(db, "PEXPIRE|lingua:v1:{i:i1}:dead|3600000");
    lua_instance(db, SCRIPT_ADOPT_INSTANCE, "i0", "i1|30000|3600000");
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
    ck_assert_int_eq(report.sessions, 1);
    ck_assert_int_eq(report.rooms, 1);
}
END_TEST

START_TEST(a_session_may_name_a_room_that_has_gone) {
    lua_command(db, "DEL|lingua:v1:{r:123456}:room");
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
}
END_TEST

START_TEST(nodes_on_their_way_in_and_out_are_whole) {
    lua_node(db, SCRIPT_REGISTER_NODE, "n2", "n2|i:n2|de|en es|4|45000|");
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

/* Between the first question about a key and the second one, about what it names, some of these go. */
START_TEST(jobs_that_expire_meanwhile_are_no_findings) {
    enum { JOBS = 400, LONGEST_MS = 100 };
    lua_db_clear(db);
    for (int i = 0; i < JOBS; i++) {
        char request[24];
        snprintf(request, sizeof request, "s1:%d:en", i + 1);
        lua_job job = lua_job_of(request, (unsigned)i + 1);
        lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|i1|s1|7|de:en|1500|10000|1", job.id, job.request);
        lua_job_call(db, SCRIPT_COMPLETE_TASK, &job, "%s|1|ok||1|%d|0", job.id, 1 + i % LONGEST_MS);
    }
    for (fsck_report report = check(); report.jobs > 0; report = check())
        ck_assert_msg(report.findings == 0, "%s", report.text[0]);
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
    const char *
        command; /* N, P, M: buckets of n1, n2 and of "nobody"; W, R, D: waiting, running, released; w, r, d: their buckets */
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
    {"HSET|lingua:v1:{jw}:job:W|node|n1",                    FSCK_JOB_FIELD,      1, "expected none"},
    {"HSET|lingua:v1:{jw}:job:W|outcome|ok",                 FSCK_JOB_FIELD,      1, "found outcome \"ok\" in CREATED"},
    {"HDEL|lingua:v1:{jd}:job:D|outcome", FSCK_JOB_FIELD, 1, "outcome \"(none)\" in RELEASED"},
    {"HSET|lingua:v1:{jd}:job:D|outcome|good",               FSCK_JOB_FIELD,      1, "found outcome \"good\""},
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
    {"HSET|lingua:v1:{nN}:node:n1|up|2",                     FSCK_NODE_FIELD,     1, "found up \"2\""},
    {"HSET|lingua:v1:{nN}:node:n1|hist|..?",                 FSCK_NODE_FIELD,     1, "found hist \"..?\""},
    {"HSET|lingua:v1:{nN}:node:n1|trial|soon",               FSCK_NODE_FIELD,     1, "found trial"},
    {"HSET|lingua:v1:{nN}:node:n1|since|-1",                 FSCK_NODE_FIELD,     1, "found since"},
    {"HSET|lingua:v1:{nN}:node:n1|marked|x",                 FSCK_NODE_FIELD,     1, "found marked"},
    {"HSET|lingua:v1:{nN}:node:n1|seen|x",                   FSCK_NODE_FIELD,     1, "found seen"},
    {"HDEL|lingua:v1:{nN}:node:n1|ver",                      FSCK_NODE_FIELD,     2, "found ver \"(none)\""},
    {"HSET|lingua:v1:{nN}:marks:n1|de:en|9000000000000 a@1", FSCK_NODE_MARK,      1, "found no TTL"},
    {"HSET|lingua:v1:{nP}:marks:n2|de:it|soon a@1",          FSCK_NODE_MARK,      1, "found \"soon a@1\" for \"de:it\""},
    {"HSET|lingua:v1:{nP}:marks:n2|de|9000000000000 a@1",    FSCK_NODE_MARK,      1, "for \"de\""},
    {"SET|lingua:v1:{nN}:hold:n1|why",                       FSCK_NODE_HOLD,      1, "found no TTL"},
    {"PEXPIRE|lingua:v1:{jw}:req:s1:1:en|50000",             FSCK_REQUEST,        1, "found a TTL for a job in CREATED"},
    {"PERSIST|lingua:v1:{jd}:req:s1:3:en",                   FSCK_REQUEST,        1, "found no TTL for a job in RELEASED"},
    {"HSET|lingua:v1:{jw}:copy:W|state|CREATED|attempt|1",   FSCK_COPY,           1, "found no TTL"},
    {"HSET|lingua:v1:{jw}:copy:W|attempt|1",                 FSCK_COPY,           2, "found state \"(none)\""},
    {"HSET|lingua:v1:{jw}:copy:W|state|RUNNING|attempt|x",   FSCK_COPY,           2, "found attempt \"x\""},
    {"SET|lingua:v1:{jw}:bind:s1:1:en|what|PX|60000",        FSCK_COPY,           1, "expected a job id"},
    {"SET|lingua:v1:{jw}:lock:s1:1:en|W",                    FSCK_COPY,           1, "found no TTL"},
    {"PERSIST|lingua:v1:{s:s1}:session",                     FSCK_SESSION,        1, "found no TTL"},
    {"HSET|lingua:v1:{s:s1}:session|two_way|maybe",          FSCK_SESSION,        1, "found two_way \"maybe\""},
    {"HSET|lingua:v1:{s:s1}:session|tgt|EN",                 FSCK_SESSION,        1, "found tgt \"EN\""},
    {"HSET|lingua:v1:{s:s1}:session|room|12345",             FSCK_SESSION,        1, "found room \"12345\""},
    {"HDEL|lingua:v1:{s:s1}:session|owner",                  FSCK_SESSION,        1, "found owner"},
    {"PERSIST|lingua:v1:{s:s1}:affinity:en",                 FSCK_AFFINITY,       1, "found no TTL"},
    {"SET|lingua:v1:{s:s1}:affinity:it|n1|PX|60000",         FSCK_AFFINITY,       1, "found \"n1\""},
    {"PERSIST|lingua:v1:{r:123456}:room",                    FSCK_ROOM,           1, "found no TTL"},
    {"HDEL|lingua:v1:{r:123456}:room|made",                  FSCK_ROOM,           1, "found no instant"},
    {"HSET|lingua:v1:{r:123456}:room|made|once",             FSCK_ROOM,           1, "found \"once\" for \"made\""},
    {"HSET|lingua:v1:{r:123456}:room|m:s3|en i1",            FSCK_ROOM,           1, "for \"m:s3\""},
    {"HSET|lingua:v1:{r:123456}:room|x:s1 s9|0",             FSCK_ROOM,           1, "for \"x:s1 s9\""},
    {"HSET|lingua:v1:{r:123456}:room|x:s1 s2|1",             FSCK_ROOM,           1, "for \"x:s1 s2\""},
    {"HSET|lingua:v1:{r:654321}:room|made|5",                FSCK_ROOM,           2, "found no member"},
    {"PERSIST|lingua:v1:{i:i1}:presence",                    FSCK_INSTANCE,       1, "found no TTL"},
    {"PERSIST|lingua:v1:{i:i1}:inbox",                       FSCK_INSTANCE,       1, "found no TTL"},
    {"PERSIST|lingua:v1:{i:i1}:dead",                        FSCK_INSTANCE,       1, "found no TTL"},
    {"PERSIST|lingua:v1:{i:i0}:lease",                       FSCK_INSTANCE,       1, "found no TTL"},
    {"PERSIST|lingua:v1:{i:i0}:tombstone",                   FSCK_INSTANCE,       1, "found no TTL"},
    {"PERSIST|lingua:v1:{instances}:all",                    FSCK_INSTANCE,       1, "found no TTL"},
    {"SET|lingua:v1:{i:i0}:lease|nobody here|PX|30000",      FSCK_INSTANCE,       1, "found \"nobody here\""},
    {"ZADD|lingua:v1:{instances}:all|5|no id",               FSCK_INSTANCE,       1, "found \"no id\""},
    {"ZADD|lingua:v1:{instances}:all|5|i2",                  FSCK_ORPHAN,         1, "found i2"},
    {"COPY|lingua:v1:{i:i1}:inbox|lingua:v1:{i:i2}:inbox",   FSCK_ORPHAN,         1, "found 2 entries"},
    /* These are left as they are, since putting them right would be guessing. */
    {"HSET|lingua:v1:{i:i1}:presence|pid|me",                FSCK_INSTANCE,       1, "found pid \"me\""},
    {"HDEL|lingua:v1:{jw}:job:W|sess",                       FSCK_JOB_FIELD,      1, "found sess"},
    {"HSET|lingua:v1:{jr}:job:R|node|",                      FSCK_JOB_FIELD,      1, "expected a node"},
    {"HSET|lingua:v1:{jr}:job:R|pair|de:de",                 FSCK_JOB_FIELD,      1, "found pair \"de:de\""},
    {"HSET|lingua:v1:{r:65432}:room|made|5",                 FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:{nN}:what|1",                            FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:loose|1",                                FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:{n99}:expiry|1",                         FSCK_UNKNOWN,        1, "nobody writes"},
    {"HSET|lingua:v1:{nM}:node:n1|ver|1",                    FSCK_UNKNOWN,        1, "nobody writes"},
    {"SET|lingua:v1:{es:de}:members|1",                      FSCK_UNKNOWN,        1, "another type"},
};
// clang-format on
enum { DAMAGES = sizeof damages / sizeof *damages, LEFT_ALONE = 10 };

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
        else if (*c == 'P' && before == 'n')
            append(out, size, "%02u", node_bucket("n2"));
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

static program_run ctl(const char *words) {
    char line[512];
    snprintf(line, sizeof line, "lingua-ctl %s --redis unix://%s", words, private_server_socket(lua_server(db, "")));
    return program_call(line);
}

START_TEST(planted_damage_is_repaired_or_the_reason_is_told) {
    const damage *d = &damages[_i];
    bool stays = _i >= DAMAGES - LEFT_ALONE;
    char command[512];
    spell(d->command, command, sizeof command);
    lua_command(db, "%s", command);
    program_run run = ctl("fsck --repair --patience 0");
    ck_assert_msg(run.status == (stays ? 3 : 0), "%s: exit status %d: %s%s", command, run.status, run.out, run.err);
    ck_assert_msg(strstr(run.out, fsck_kind_name(d->kind)), "%s", run.out);
    ck_assert_msg(strstr(run.out, stays ? "\n  not repaired: " : "\n  repaired: "), "%s", run.out);
    fsck_report report = check();
    ck_assert_msg(!report.findings == !stays, "%s: %" PRId64 " findings are left: %s\n%s", command, report.findings,
                  report.text[0], run.out);
    program_free(&run);
}
END_TEST

/* Values over 4 KiB have a test of their own, and FSCK_LEFT is no damage. */
START_TEST(every_kind_is_planted) {
    for (int kind = 0; kind < FSCK_LARGE; kind++) {
        int i = 0;
        while (i < DAMAGES && (int)damages[i].kind != kind) i++;
        ck_assert_msg(i < DAMAGES, "nothing is planted for %s", fsck_kind_name((fsck_kind)kind));
    }
}
END_TEST

static fsck_finding unindexed(redis_key *key) {
    return (fsck_finding){FSCK_NODE_UNINDEXED, key_node(key, lua_keyspace(db), "n1"), "", false, ""};
}

START_TEST(what_is_not_there_any_more_is_not_repaired) {
    redis_key key;
    fsck_finding finding = unindexed(&key);
    fsck_repair repair;
    sched_error err;
    lua_command(db, "ZSCORE|lingua:v1:{n%02u}:expiry|n1", node_bucket("n1"));
    int64_t due = reply_int(lua_reply(db));
    ck_assert_int_eq(fsck_repair_one(lua_client(db), lua_keyspace(db), &finding, &repair, &err), SCHED_OK);
    ck_assert_int_eq(repair.result, FSCK_NOT_THERE);
    lua_command(db, "ZSCORE|lingua:v1:{n%02u}:expiry|n1", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), due);
}
END_TEST

START_TEST(the_last_member_takes_the_place_of_what_is_none) {
    redis_key key;
    fsck_finding finding = {FSCK_POOL_PLACE, key_pool_members(&key, lua_keyspace(db), "de", "en"), "1", true, ""};
    fsck_repair repair;
    sched_error err;
    lua_command(db, "HSET|lingua:v1:{de:en}:members|1|rubbish");
    ck_assert_int_eq(fsck_repair_one(lua_client(db), lua_keyspace(db), &finding, &repair, &err), SCHED_OK);
    ck_assert_str_eq(repair.text, "took what is no member out of position 1");
    lua_command(db, "HGET|lingua:v1:{de:en}:places|n3");
    lua_expect(db, "1");
    lua_command(db, "HLEN|lingua:v1:{de:en}:members");
    lua_expect(db, "2");
}
END_TEST

START_TEST(a_live_node_gets_its_time_back_and_not_its_end) {
    redis_key key;
    fsck_finding finding = unindexed(&key);
    fsck_repair repair;
    sched_error err;
    lua_command(db, "ZREM|lingua:v1:{n%02u}:expiry|n1", node_bucket("n1"));
    ck_assert_int_eq(fsck_repair_one(lua_client(db), lua_keyspace(db), &finding, &repair, &err), SCHED_OK);
    ck_assert_msg(repair.result == FSCK_REPAIRED, "%s", repair.text);
    lua_command(db, "ZSCORE|lingua:v1:{n%02u}:expiry|n1", node_bucket("n1"));
    ck_assert_int_gt(reply_int(lua_reply(db)), lua_now(db) + 30000);
}
END_TEST

START_TEST(a_change_beside_a_change_that_came_first_does_nothing) {
    asker ask = {.client = lua_client(db), .err = NULL};
    sync_client *other = NULL;
    sched_error err;
    redis_call set;
    char why[CAS_WHY_MAX];
    call_command(&set, "SET");
    call_key(&set, "lingua:v1:watched");
    call_str(&set, "mine");
    sync_reply_free(asker_call_about(&ask, "WATCH", "lingua:v1:watched", NULL));
    ck_assert_int_eq(sync_client_open_socket(private_server_socket(lua_server(db, "")), 10 * USEC_PER_SEC, &other,
                                             &err),
                     SCHED_OK);
    asker theirs = {.client = other, .err = NULL};
    sync_reply_free(asker_call_about(&theirs, "SET", "lingua:v1:watched", "theirs"));
    ck_assert_int_eq(cas_run(&ask, &set, 1, why), CAS_CHANGED);
    lua_command(db, "GET|lingua:v1:watched");
    lua_expect(db, "theirs");
    ck_assert_int_eq(cas_run(&ask, &set, 1, why), CAS_DONE);
    call_command(&set, "LPUSH");
    call_key(&set, "lingua:v1:watched");
    call_str(&set, "x");
    ck_assert_int_eq(cas_run(&ask, &set, 1, why), CAS_REFUSED);
    ck_assert_msg(strstr(why, "WRONGTYPE"), "%s", why);
    sync_client_close(other);
}
END_TEST

/* Nodes that are dead come from everywhere in their pools, and the last member moves into each hole. */
START_TEST(many_dead_members_of_one_pool_are_taken_out) {
    lua_db_clear(db);
    for (int i = 0; i < 60; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        lua_fleet_node(db, node);
    }
    for (int i = 0; i < 60; i += 3) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        lua_command(db, "DEL|lingua:v1:{n%02u}:node:n%d|lingua:v1:{n%02u}:langs:n%d", node_bucket(name), i,
                    node_bucket(name), i);
        lua_command(db, "ZREM|lingua:v1:{n%02u}:expiry|n%d", node_bucket(name), i);
    }
    program_run run = ctl("fsck --repair --patience 0 --json");
    ck_assert_msg(run.status == 0, "%s%s", run.out, run.err);
    ck_assert_ptr_null(strstr(run.out, "not repaired"));
    ck_assert_msg(!strstr(run.out, "\"gone\""), "one repair moved what another was about: %.2000s", run.out);
    fsck_report report = check();
    ck_assert_msg(report.findings == 0, "%s", report.text[0]);
    ck_assert_int_eq(report.members, 4 * 40);
    program_free(&run);
}
END_TEST

START_TEST(a_reservation_of_a_job_in_memory_is_told_from_a_leak_by_its_copy) {
    lua_job job = lua_job_of("s1:9:en", 1);
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|9000000000000000|%s 1", node_bucket("n1"), job.id);
    expect(FSCK_RESV_LEAK, 1, job.id);
    lua_job_call(db, SCRIPT_WRITE_JOB_COPY, &job, "%s|1|RUNNING|n1|||60000|i1", job.id);
    ck_assert_int_eq(check().findings, 0);
}
END_TEST

START_TEST(a_value_over_4_kib_is_found) {
    lua_command(db, "HSET|lingua:v1:{j%03u}:job:%s|code|%04097d", job_bucket_of_request(running.request), running.id,
                0);
    expect(FSCK_LARGE, 1, "found 4097 bytes");
}
END_TEST

START_TEST(a_large_entry_is_still_there_at_the_second_look) {
    lua_command(db, "HSET|lingua:v1:{de:en}:members|9|%04097d", 0);
    lua_command(db, "ZADD|lingua:v1:{n%02u}:expiry|1|%04097d", node_bucket("n1"), 0);
    program_run run = ctl("fsck --patience 0 --json");
    ck_assert_int_eq(run.status, 3);
    ck_assert_msg(strstr(run.out, "\"large\": 2"), "%s", run.out);
    program_free(&run);
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
        lua_fleet_node(db, node);
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
    lua_node(db, SCRIPT_RELEASE_RESERVATION, "n1", "%s|1|success|0", running.id);
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
    lua_session(db, SCRIPT_CLOSE_SESSION, "s1", "i1:1");
    lua_room(db, SCRIPT_ROOM_LEAVE, "123456", "s1|");
    lua_room(db, SCRIPT_ROOM_LEAVE, "123456", "s2|");
    lua_command(db, "PEXPIRE|lingua:v1:{s:s1}:affinity:en|1");
    lua_command(db, "PEXPIRE|lingua:v1:{n%02u}:marks:n2|1", node_bucket("n2"));
    lua_command(db, "PEXPIRE|lingua:v1:{n%02u}:hold:n9|1", node_bucket("n9"));
    lua_command(db, "DEL|lingua:v1:{es:en}:left:n1");
    lua_command(db, "XTRIM|lingua:v1:{i:i1}:inbox|MAXLEN|0");
    lua_instance(db, SCRIPT_LEAVE_INSTANCE, "i1", "t1");
    lua_instance(db, SCRIPT_FORGET_INSTANCE, "i0", "i1");
    lua_command(db, "ZREM|lingua:v1:{instances}:all|i1");
    lua_command(db, "PEXPIRE|lingua:v1:{i:i1}:dead|1");
    lua_command(db, "PEXPIRE|lingua:v1:{i:i0}:tombstone|1");
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
    tcase_add_test(tests, a_session_may_name_a_room_that_has_gone);
    tcase_add_test(tests, a_finished_job_waits_for_its_release);
    tcase_add_test(tests, an_expired_reservation_is_no_leak);
    tcase_add_test(tests, jobs_that_expire_meanwhile_are_no_findings);
    tcase_add_test(tests, other_namespaces_are_not_looked_at);
    tcase_add_loop_test(tests, planted_damage_is_found_and_named, 0, DAMAGES);
    tcase_add_loop_test(tests, planted_damage_is_repaired_or_the_reason_is_told, 0, DAMAGES);
    tcase_add_test(tests, what_is_not_there_any_more_is_not_repaired);
    tcase_add_test(tests, the_last_member_takes_the_place_of_what_is_none);
    tcase_add_test(tests, a_live_node_gets_its_time_back_and_not_its_end);
    tcase_add_test(tests, a_change_beside_a_change_that_came_first_does_nothing);
    tcase_add_test(tests, many_dead_members_of_one_pool_are_taken_out);
    tcase_add_test(tests, every_kind_is_planted);
    tcase_add_test(tests, a_reservation_of_a_job_in_memory_is_told_from_a_leak_by_its_copy);
    tcase_add_test(tests, a_value_over_4_kib_is_found);
    tcase_add_test(tests, a_large_entry_is_still_there_at_the_second_look);
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
