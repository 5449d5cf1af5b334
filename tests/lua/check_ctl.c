/* check_ctl.c - lingua-ctl as a shell sees it: the real program against a private server, with what the scripts have left there. */
#include "tests/support/lua_fleet.h"
#include "tests/support/program.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lua_db *db;
static program_run run;
static json_t *document;
static lua_job waiting, running, released;

/* ---- what is there --------------------------------------------------------------------------------------------------- */

/* Three nodes in four pools; a job that waits, one that runs on n2, one that is over. */
static void build(void) {
    lua_db_clear(db);
    lua_fleet_node(db, "n1");
    lua_fleet_node(db, "n2");
    lua_fleet_node(db, "n3");
    waiting = lua_fleet_job(db, "s1:1:en");
    running = lua_fleet_job(db, "s1:2:en");
    released = lua_fleet_job(db, "s1:3:en");
    lua_fleet_start(db, &running, "n2");
    lua_fleet_end(db, &released);
}

static void clear(void) {
    json_decref(document);
    document = NULL;
    program_free(&run);
}

/* ---- asking ---------------------------------------------------------------------------------------------------------- */

static void call_at(const char *where, const char *words) {
    char line[1024];
    clear();
    snprintf(line, sizeof line, "lingua-ctl %s%s%s", words, *where ? " --redis " : "", where);
    run = program_call(line);
}

static void call(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs a command against the private server; its exit status must be `status`. */
static void call(int status, const char *format, ...) {
    char words[512], where[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    snprintf(where, sizeof where, "unix://%s", private_server_socket(lua_server(db, "")));
    call_at(where, words);
    ck_assert_msg(run.status == status, "lingua-ctl %s: exit status %d, expected %d; %s%s", words, run.status, status,
                  run.out, run.err);
}

static void says(const char *text) {
    ck_assert_msg(strstr(run.out, text), "expected \"%s\" in:\n%s", text, run.out);
}

static void complains(const char *text) {
    ck_assert_msg(strstr(run.err, text), "expected \"%s\" in:\n%s", text, run.err);
}

static void parse(void) {
    json_error_t wrong;
    document = json_loads(run.out, 0, &wrong);
    ck_assert_msg(document, "%s in line %d of:\n%s", wrong.text, wrong.line, run.out);
}

/* "nodes.0.slots": through objects and arrays. */
static const json_t *at(const char *path) {
    char text[128];
    const json_t *value = document;
    snprintf(text, sizeof text, "%s", path);
    for (char *rest = text, *step; (step = strsep(&rest, "."));)
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(step)) : json_object_get(value, step);
    ck_assert_msg(value, "no %s in:\n%s", path, run.out);
    return value;
}

static void text_is(const char *path, const char *expected) {
    ck_assert_str_eq(json_string_value(at(path)), expected);
}

static void number_is(const char *path, int64_t expected) {
    ck_assert_msg(json_integer_value(at(path)) == expected, "%s is %lld, expected %lld", path,
                  (long long)json_integer_value(at(path)), (long long)expected);
}

/* ---- the command line ------------------------------------------------------------------------------------------------ */

static const char *const commands[] = {"nodes", "node",     "pools", "pair",    "job",     "session", "rooms", "stats",
                                       "watch", "simulate", "drain", "undrain", "offline", "fsck",    "purge"};
enum { COMMANDS = sizeof commands / sizeof *commands };

START_TEST(every_command_explains_itself_with_examples) {
    char words[64];
    snprintf(words, sizeof words, "%s --help", commands[_i]);
    call_at("", words);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.err, "");
    snprintf(words, sizeof words, "Usage: lingua-ctl %s", commands[_i]);
    says(words);
    says("Examples:\n  lingua-ctl ");
    says("Exit status: 0 ");
    says("--namespace PREFIX");
}
END_TEST

START_TEST(the_program_lists_its_commands) {
    call_at("", "--help");
    ck_assert_int_eq(run.status, 0);
    for (int i = 0; i < COMMANDS; i++) says(commands[i]);
    call_at("", "--version");
    ck_assert_int_eq(run.status, 0);
    call_at("", "");
    ck_assert_int_eq(run.status, 2);
    ck_assert_str_eq(run.out, "");
}
END_TEST

static const struct {
    const char *words, *complaint;
} misuses[] = {
    {"nods", "unknown command \"nods\"; did you mean \"nodes\"?"},
    {"nodes --limt 3", "unrecognized option '--limt'"},
    {"nodes --limit", "requires an argument"},
    {"nodes --limit 0", "--limit: 0: expected 1 to"},
    {"nodes --limit few", "--limit: "},
    {"nodes --status well", "\"well\" is none of registering, ready"},
    {"nodes n1", "\"n1\" is one word too many"},
    {"nodes --namespace mine", "expected a ':' at its end"},
    {"nodes --redis http://here", "--redis"},
    {"node", "expected NODE"},
    {"node n%1", "node id"},
    {"pair de-en", "de-en"},
    {"pools de", "expected SRC:TGT"},
    {"job s1/1", "expected the id of a job or of a request"},
    {"session", "expected ID"},
    {"session s/1", "session id"},
    {"rooms 12345", "expected six digits"},
    {"drain n1 --hold 25h", "expected 0s to 1d"},
    {"drain n1 n2", "\"n2\" is one word too many"},
    {"offline n/1", "node id"},
    {"simulate --src de", "which pair?"},
    {"simulate --src de --tgt de", "de"},
    {"simulate --src d/e --tgt de", "d/e"},
    {"purge", "this deletes every key that begins with lingua:v1:; say --confirm"},
    {"fsck --patience soon", "--patience: "},
    {"watch --interval 5", "--interval: "},
    {"watch --interval 1us", "expected 100ms to 1h"},
};

START_TEST(what_is_not_understood_is_said_and_exits_with_2) {
    call_at("", misuses[_i].words);
    ck_assert_msg(run.status == 2, "%s: exit status %d", misuses[_i].words, run.status);
    ck_assert_str_eq(run.out, "");
    if (strcmp(misuses[_i].complaint, "--redis") != 0) complains(misuses[_i].complaint);
}
END_TEST

START_TEST(a_server_that_cannot_be_reached_is_said_and_exits_with_1) {
    call_at("unix:///nowhere/at/all", "nodes");
    ck_assert_int_eq(run.status, 1);
    ck_assert_str_eq(run.out, "");
    ck_assert_str_eq(run.err, "lingua-ctl nodes: redis at /nowhere/at/all: No such file or directory\n");
}
END_TEST

START_TEST(what_does_not_exist_is_said_and_exits_with_1) {
    call(1, "node n9");
    ck_assert_str_eq(run.err, "lingua-ctl node: no node n9\n");
    call(1, "pair it:en");
    complains("no node is in the pool of it:en");
    call(1, "job s1:9:en --json");
    complains("no job or request s1:9:en");
    ck_assert_str_eq(run.out, "");
    call(1, "job j001-0000000000000009");
    call(1, "node n1 --namespace other:");
}
END_TEST

/* ---- nodes ----------------------------------------------------------------------------------------------------------- */

START_TEST(nodes_are_listed_by_their_ids) {
    call(0, "nodes");
    ck_assert_ptr_eq(strstr(run.out, "node  status  up   load  slots"), run.out);
    const char *n1 = strstr(run.out, "\nn1    ready   yes     0      4");
    const char *n2 = strstr(run.out, "\nn2    ready   yes     1      4");
    ck_assert_msg(n1 && n2 && n1 < n2, "%s", run.out);
    call(0, "nodes --json");
    parse();
    number_is("count", 3);
    number_is("matching", 3);
    text_is("nodes.0.node", "n1");
    text_is("nodes.1.status", "ready");
    number_is("nodes.1.load", 1);
    number_is("nodes.2.slots", 4);
}
END_TEST

START_TEST(nodes_may_be_limited_and_chosen_by_status) {
    call(0, "nodes --limit 1");
    says("... and 2 more");
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n3|status|degraded", node_bucket("n3"));
    call(0, "nodes --status degraded --json");
    parse();
    number_is("count", 3);
    number_is("matching", 1);
    text_is("nodes.0.node", "n3");
}
END_TEST

START_TEST(an_empty_redis_has_no_nodes_and_that_is_fine) {
    lua_db_clear(db);
    call(0, "nodes");
    call(0, "pools");
    call(0, "nodes --json");
    parse();
    number_is("count", 0);
}
END_TEST

START_TEST(a_node_tells_all_about_itself) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:marks:n2|de:en|9000000000000 asr-de@2", node_bucket("n2"));
    call(0, "node n2");
    says("sources          de fr");
    says("of these joined  4");
    says("\noffline in       4");
    says(running.id);
    says("asr-de@2");
    call(0, "node n2 --json");
    parse();
    text_is("node.targets", "en it");
    number_is("node.pairs", 4);
    number_is("node.joined", 4);
    number_is("node.generations", 1);
    text_is("node.reservations.0.job", running.id);
    number_is("node.reservations.0.attempt", 1);
    text_is("node.marks.0.service", "asr-de@2");
    number_is("node.marks.0.until", INT64_C(9000000000000));
    ck_assert_int_gt(json_integer_value(at("node.expires")), json_integer_value(at("now")));
}
END_TEST

START_TEST(texts_that_are_no_utf8_or_no_line_do_no_harm) {
    lua_command(db, "SET|lingua:v1:{n%02u}:hold:n2|a\n\xff\xfe|PX|60000", node_bucket("n2"));
    call(0, "node n2");
    says("a\\n");
    call(0, "node n2 --json");
    parse();
    text_is("node.hold_reason", "a\\n\\xff\\xfe");
}
END_TEST

/* ---- pools ----------------------------------------------------------------------------------------------------------- */

START_TEST(pools_say_what_their_nodes_can_take) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n3|status|draining", node_bucket("n3"));
    call(0, "pools");
    says("\nde:en        3      2         0      8     1     7\n");
    call(0, "pools fr:* --json");
    parse();
    ck_assert_uint_eq(json_array_size(at("pools")), 2);
    text_is("pools.1.pair", "fr:it");
    number_is("pools.1.members", 3);
    number_is("pools.1.ready", 2);
    number_is("pools.1.free", 7);
}
END_TEST

START_TEST(the_members_of_a_pair_stand_by_position) {
    call(0, "pair de:it --limit 2");
    says("... and 1 more");
    call(0, "pair DE:it --json");
    parse();
    text_is("pair", "de:it");
    number_is("count", 3);
    for (int i = 0; i < 3; i++) {
        char path[32];
        snprintf(path, sizeof path, "members.%d.position", i);
        number_is(path, i);
    }
    text_is("members.1.node", "n2");
    number_is("members.1.load", 1);
}
END_TEST

/* ---- jobs ------------------------------------------------------------------------------------------------------------ */

START_TEST(a_job_is_found_by_its_id_and_by_its_request) {
    call(0, "job %s --json", running.id);
    parse();
    text_is("job.request", "s1:2:en");
    text_is("job.state", "RUNNING");
    text_is("job.node", "n2");
    number_is("job.audio_ms", 1500);
    ck_assert_int_gt(json_integer_value(at("job.reserved")), json_integer_value(at("now")));
    ck_assert_int_gt(json_integer_value(at("job.deadline")), json_integer_value(at("now")));
    call(0, "job s1:2:en");
    says(running.id);
    says("audio              1.5s");
    call(0, "job s1:3:en --json");
    parse();
    text_is("job.outcome", "ok");
    ck_assert_int_gt(json_integer_value(at("job.forgotten")), json_integer_value(at("now")));
}
END_TEST

START_TEST(a_request_without_its_job_is_a_failure_that_names_fsck) {
    lua_command(db, "DEL|lingua:v1:{j%03u}:job:%s", job_bucket_of_request(waiting.request), waiting.id);
    call(1, "job s1:1:en");
    complains("which does not exist (see lingua-ctl fsck)");
}
END_TEST

/* ---- sessions and rooms ---------------------------------------------------------------------------------------------- */

START_TEST(a_session_tells_its_room_its_affinities_and_its_jobs) {
    lua_session(db, SCRIPT_OPEN_SESSION, "s1", "i1:9|de|en|1|3600000");
    lua_command(db, "HSET|lingua:v1:{s:s1}:session|room|482913");
    lua_command(db, "SET|lingua:v1:{s:s1}:affinity:en|7 n2|PX|60000");
    lua_session(db, SCRIPT_OPEN_SESSION, "s11", "i1:8|de|en|1|3600000");
    call(0, "session s1 --json");
    parse();
    text_is("session.owner", "i1:9");
    text_is("session.room", "482913");
    ck_assert(json_is_true(at("session.two_way")));
    ck_assert_int_gt(json_integer_value(at("session.ends")), json_integer_value(at("now")));
    text_is("session.affinities.0.node", "n2");
    number_is("session.affinities.0.turn", 7);
    ck_assert_uint_eq(json_array_size(at("session.jobs")), 3);
    text_is("session.jobs.1.request", "s1:2:en");
    text_is("session.jobs.1.state", "RUNNING");
    call(0, "session s1");
    says("room        482913");
    says("\naffinities\n");
    says("s1:3:en");
    call(1, "session s2");
    complains("no session s2 is open");
}
END_TEST

START_TEST(rooms_are_listed_with_their_languages_and_one_with_its_members) {
    lua_room(db, SCRIPT_ROOM_CREATE, "482913", "s1|en|i1:9|Ada L.|1800000");
    lua_room(db, SCRIPT_ROOM_JOIN, "482913", "s2|de|i1:8||1800000|10|5");
    lua_room(db, SCRIPT_ROOM_CREATE, "000001", "s3|-|i1:7|Bo|1800000");
    call(0, "rooms --json");
    parse();
    text_is("rooms.0.room", "000001");
    text_is("rooms.0.languages", "");
    text_is("rooms.1.languages", "de en");
    number_is("rooms.1.count", 2);
    text_is("rooms.1.members.0.name", "Ada L.");
    text_is("rooms.1.members.1.name", "");
    call(0, "rooms");
    says("482913  de en            2");
    call(0, "rooms 482913");
    says("s1       Ada L.");
    call(0, "rooms 482913 --json");
    parse();
    text_is("room.members.0.hears", "en");
    call(1, "rooms 111111");
    complains("no room 111111");
}
END_TEST

/* ---- the dry run ----------------------------------------------------------------------------------------------------- */

static const char *verdict_of(const char *node) {
    const json_t *nodes = at("nodes");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *row = json_array_get(nodes, i);
        if (!strcmp(json_string_value(json_object_get(row, "node")), node))
            return json_string_value(json_object_get(row, "verdict"));
    }
    ck_abort_msg("%s was not asked:\n%s", node, run.out);
    return NULL;
}

START_TEST(a_dry_run_tells_who_would_take_a_job_and_why_others_would_not) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|slots|0", node_bucket("n1"));
    lua_node(db, SCRIPT_MARK_SERVICE, "n3", "de|en|asr-de@2|60000|30|10000");
    call(0, "simulate --src de --tgt en");
    ck_assert_ptr_eq(strstr(run.out, "de:en: 3 members, 3 asked\n"), run.out);
    says("is full: 0 of its 0 slots are taken");
    says("lacks asr-de@2 for this pair; it is asked again in ");
    says("\nbest_of_2 would choose n2 (load 1 of 4)\n");
    call(0, "simulate --src de --tgt en --json");
    parse();
    text_is("chosen", "n2");
    number_is("asked", 3);
    ck_assert_str_eq(verdict_of("n1"), "FULL");
    ck_assert_str_eq(verdict_of("n2"), "OK");
    ck_assert_str_eq(verdict_of("n3"), "MARKED");
}
END_TEST

START_TEST(a_dry_run_of_all_members_counts_the_reasons) {
    call(0, "drain n3 --hold 0");
    call(0, "simulate --src de --tgt en --all");
    says("NOTREADY      1\n");
    says("OK            2\n");
    says("\nthe least loaded that takes it: n1 (load 0 of 4)\n");
    call(0, "simulate --src de --tgt en --all --json");
    parse();
    number_is("counts.0.nodes", 2);
    text_is("counts.1.verdict", "NOTREADY");
}
END_TEST

START_TEST(a_dry_run_writes_nothing_and_a_seed_draws_the_same_sample) {
    for (int i = 10; i < 40; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        lua_fleet_node(db, node);
    }
    lua_command(db, "CONFIG|RESETSTAT");
    call(0, "simulate --src de --tgt en --seed 5");
    char *first = strdup(run.out);
    call(0, "simulate --src de --tgt en --seed 5");
    ck_assert_str_eq(run.out, first);
    free(first);
    lua_command(db, "INFO|commandstats");
    const char *used = reply_text(lua_reply(db));
    ck_assert_msg(!strstr(used, "cmdstat_zadd:") && !strstr(used, "cmdstat_hset:"), "%s", used);
    call(1, "simulate --src it --tgt en");
    complains("no node is in the pool of it:en");
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------------------------------ */

START_TEST(a_drained_node_gets_no_more_jobs_and_is_held) {
    call(0, "drain n2 --hold 2h --reason driver");
    says("n2 was ready and is draining: it gets no new job; jobs that it has: 1\n");
    says("held for 2h");
    call(0, "node n2 --json");
    parse();
    text_is("node.status", "draining");
    text_is("node.hold_reason", "driver");
    ck_assert_int_gt(json_integer_value(at("node.hold_until")), json_integer_value(at("now")) + 7100000);
    call(0, "drain n2 --hold 0 --json");
    parse();
    text_is("before", "draining");
    number_is("hold_ms", 0);
    call(1, "drain n9");
    complains("no node n9; its name is held for 10min");
    call(1, "drain n8 --hold 0");
    complains("no node n8");
}
END_TEST

START_TEST(a_drain_can_be_taken_back) {
    call(0, "drain n2");
    call(0, "undrain n2");
    ck_assert_str_eq(run.out, "n2 is ready again\nn2 may register again\n");
    call(0, "fsck --patience 0");
    call(1, "undrain n2");
    complains("node n2 is ready, and not held");
    call(1, "drain n9");
    call(0, "undrain n9 --json");
    parse();
    ck_assert(json_is_true(at("was_held")));
    ck_assert(!json_is_true(at("was_draining")));
    call(1, "undrain n9");
    complains("no node n9, and its name is not held");
}
END_TEST

static const char *beat(const char *id) {
    return lua_node(db, SCRIPT_HEARTBEAT, id, "%s|i:%s|45000|0|0|0|0|1|60000", id, id);
}

/* Tombstones in its pools let nothing of its old version in. */
START_TEST(a_node_that_has_begun_to_leave_its_pools_joins_them_under_the_next_version) {
    int64_t ver;
    char expected[128];
    call(0, "drain n2");
    ck_assert_int_eq(sscanf(beat("n2"), "DRAINING %" SCNd64, &ver), 1);
    call(0, "undrain n2");
    ck_assert_str_eq(run.out, "n2 is registering again\nn2 may register again\n");
    snprintf(expected, sizeof expected, "REASSIGN %" PRId64 " (%" PRId64 " de fr en it %" PRId64 " de fr en it)",
             ver + 1, ver, ver + 1);
    ck_assert_str_eq(beat("n2"), expected);
}
END_TEST

START_TEST(a_node_that_is_taken_offline_leaves_nothing_behind) {
    call(0, "offline n2");
    ck_assert_str_eq(run.out, "n2 is offline: taken out of 4 pools; jobs that it had: 1\n");
    call(1, "node n2");
    call(1, "offline n2");
    complains("no node n2");
    call(0, "nodes --json");
    parse();
    number_is("count", 2);
    call(0, "fsck --patience 0");
    call(0, "offline n1 --json");
    parse();
    number_is("pools", 4);
    ck_assert(json_is_true(at("forgotten")));
}
END_TEST

START_TEST(purge_deletes_the_namespace_and_nothing_else) {
    lua_command(db, "SET|other:key|1");
    call(1, "purge --confirm");
    complains("lingua:v1: is in use: nodes heard of within the last minute 3, unfinished jobs 2; --force");
    call(0, "nodes --json");
    parse();
    number_is("count", 3);
    int64_t keys = 1;
    for (const char *names = lua_keys(db); *names; names++) keys += *names == ' ';
    call(0, "purge --confirm --force --json");
    parse();
    number_is("deleted", keys - 1);
    ck_assert_str_eq(lua_keys(db), "other:key");
    call(0, "purge --confirm");
    ck_assert_str_eq(run.out, "lingua:v1:: 0 keys deleted\n");
}
END_TEST

/* ---- on a cluster ---------------------------------------------------------------------------------------------------- */

START_TEST(on_a_cluster_fsck_repairs_nothing_and_says_so) {
    call(2, "fsck --repair");
    complains(
        "--repair: not on a Redis Cluster, where no step can watch keys of several slots; without it the findings "
        "are told");
    call(0, "fsck");
}
END_TEST

/* ---- the consistency check ------------------------------------------------------------------------------------------- */

START_TEST(fsck_says_that_all_is_well) {
    call(0, "fsck");
    says("nodes 3, places in pools 12, jobs 3 (unfinished 2), reservations 1, sessions 0, rooms 0\nall is "
         "well\n");
    call(0, "fsck --json");
    parse();
    number_is("count", 0);
    number_is("members", 12);
}
END_TEST

START_TEST(fsck_exits_with_3_when_something_is_wrong_and_repairs_it_when_asked) {
    lua_command(db, "ZREM|lingua:v1:{j%03u}:deadlines|%s", job_bucket_of_request(waiting.request), waiting.id);
    lua_command(db, "SET|lingua:v1:loose|1");
    call(3, "fsck --patience 0");
    says("job-unindexed: ");
    says("\n2 findings\n");
    call(3, "fsck --repair --patience 0 --json");
    parse();
    number_is("count", 1);
    number_is("counts.unknown", 1);
    text_is("findings.0.key", "lingua:v1:loose");
    text_is("repairs.0.kind", "job-unindexed");
    text_is("repairs.0.result", "repaired");
    text_is("repairs.1.result", "not repaired");
    ck_assert_uint_eq(json_array_size(at("repairs")), 2);
    lua_command(db, "DEL|lingua:v1:loose");
    call(0, "fsck");
}
END_TEST

/* ---- no command holds the server up ---------------------------------------------------------------------------------- */

/* The slow log counts real time, and another program may have had the CPU: what is slow by itself is slow each time. */
START_TEST(nothing_holds_the_server_up) {
    static const char *const each[] =
        {"fsck", "nodes", "pools", "stats", "pair de:en", "fsck --repair", "purge --confirm --force"};
    enum { NODES = 1000, RUNS = 3 };
    for (int i = 10; i < NODES; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        lua_fleet_node(db, node);
    }
    lua_command(db, "CONFIG|SET|slowlog-log-slower-than|10000");
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        int64_t slow = 1;
        for (int n = 0; n < RUNS && slow; n++) {
            lua_command(db, "SLOWLOG|RESET");
            call(0, "%s --json", each[i]);
            lua_command(db, "SLOWLOG|LEN");
            slow = reply_int(lua_reply(db));
        }
        ck_assert_msg(slow == 0, "%s: %" PRId64 " commands took more than 10 ms", each[i], slow);
    }
}
END_TEST

/* What grows with the fleet is never asked for in one command. */
START_TEST(only_cursors_walk) {
    static const char *const each[] = {"fsck",       "nodes", "pools",      "stats",
                                       "pair de:en", "rooms", "session s1", "purge --confirm --force"};
    lua_session(db, SCRIPT_OPEN_SESSION, "s1", "i1:9|de|en|1|3600000");
    lua_command(db, "CONFIG|RESETSTAT");
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) call(0, "%s", each[i]);
    lua_command(db, "INFO|commandstats");
    const char *used = reply_text(lua_reply(db));
    static const char *const forbidden[] = {"cmdstat_keys:",  "cmdstat_smembers:", "cmdstat_hkeys:",
                                            "cmdstat_hvals:", "cmdstat_zrange:",   "cmdstat_del:"};
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        ck_assert_msg(!strstr(used, forbidden[i]), "%s in %s", forbidden[i], used);
    ck_assert_ptr_nonnull(strstr(used, "cmdstat_scan:"));
}
END_TEST

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

START_TEST(stats_count_nodes_jobs_and_pools) {
    lua_session(db, SCRIPT_OPEN_SESSION, "s1", "i1|de|en|0|60000");
    call(0, "stats --json");
    parse();
    number_is("nodes.count", 3);
    number_is("nodes.ready", 3);
    number_is("nodes.slots", 12);
    number_is("nodes.load", 1);
    number_is("jobs.CREATED", 1);
    number_is("jobs.RUNNING", 1);
    number_is("jobs.RELEASED", 1);
    number_is("jobs.due", 0);
    number_is("pools", 4);
    number_is("members", 12);
    number_is("sessions", 1);
    ck_assert_int_gt(json_integer_value(at("redis.memory_bytes")), 0);
    call(0, "stats");
    says("nodes     3, ready 3\n");
    says("slots     12, taken 1 (8 %), free 11; reservations 1\n");
    says("jobs      waiting 1, sent 0, accepted 0, running 1, to release 0, over 1; past their deadline 0\n");
    says("pools     4 pairs, 12 members\n");
    says("sessions  1; rooms 0\n");
}
END_TEST

START_TEST(watch_says_it_again_and_again) {
    call(0, "watch --count 2 --interval 100ms");
    const char *first = strstr(run.out, "nodes     3");
    ck_assert_msg(first && strstr(first + 1, "\n\nnodes     3"), "%s", run.out);
    ck_assert_ptr_null(strchr(run.out, '\033'));
    call(0, "watch --count 1 --json");
    parse();
    number_is("nodes.count", 3);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("ctl");
    TCase *tests = tcase_create("ctl");
    tcase_add_checked_fixture(tests, build, clear);
    tcase_add_loop_test(tests, every_command_explains_itself_with_examples, 0, COMMANDS);
    tcase_add_test(tests, the_program_lists_its_commands);
    tcase_add_loop_test(tests, what_is_not_understood_is_said_and_exits_with_2, 0,
                        (int)(sizeof misuses / sizeof *misuses));
    tcase_add_test(tests, a_server_that_cannot_be_reached_is_said_and_exits_with_1);
    tcase_add_test(tests, what_does_not_exist_is_said_and_exits_with_1);
    tcase_add_test(tests, nodes_are_listed_by_their_ids);
    tcase_add_test(tests, nodes_may_be_limited_and_chosen_by_status);
    tcase_add_test(tests, an_empty_redis_has_no_nodes_and_that_is_fine);
    tcase_add_test(tests, a_node_tells_all_about_itself);
    tcase_add_test(tests, texts_that_are_no_utf8_or_no_line_do_no_harm);
    tcase_add_test(tests, pools_say_what_their_nodes_can_take);
    tcase_add_test(tests, the_members_of_a_pair_stand_by_position);
    tcase_add_test(tests, a_job_is_found_by_its_id_and_by_its_request);
    tcase_add_test(tests, a_request_without_its_job_is_a_failure_that_names_fsck);
    tcase_add_test(tests, a_session_tells_its_room_its_affinities_and_its_jobs);
    tcase_add_test(tests, rooms_are_listed_with_their_languages_and_one_with_its_members);
    tcase_add_test(tests, a_dry_run_tells_who_would_take_a_job_and_why_others_would_not);
    tcase_add_test(tests, a_dry_run_of_all_members_counts_the_reasons);
    tcase_add_test(tests, a_dry_run_writes_nothing_and_a_seed_draws_the_same_sample);
    tcase_add_test(tests, a_drained_node_gets_no_more_jobs_and_is_held);
    tcase_add_test(tests, a_drain_can_be_taken_back);
    tcase_add_test(tests, a_node_that_has_begun_to_leave_its_pools_joins_them_under_the_next_version);
    tcase_add_test(tests, a_node_that_is_taken_offline_leaves_nothing_behind);
    tcase_add_test(tests, purge_deletes_the_namespace_and_nothing_else);
    tcase_add_test(tests, fsck_says_that_all_is_well);
    if (lua_is_cluster(db)) {
        tcase_add_test(tests, on_a_cluster_fsck_repairs_nothing_and_says_so);
    } else {
        tcase_add_test(tests, fsck_exits_with_3_when_something_is_wrong_and_repairs_it_when_asked);
        tcase_add_test(tests, nothing_holds_the_server_up);
    }
    tcase_add_test(tests, only_cursors_walk);
    tcase_add_test(tests, stats_count_nodes_jobs_and_pools);
    tcase_add_test(tests, watch_says_it_again_and_again);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    int alone = lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
    int cluster = lua_main(2, (char *[]){"", "cluster"}, make_suite, &db);
    return alone ? alone : cluster;
}
