/* keys, calls, replies and the script registry: all of core/redis that needs no server. */
#include "core/redis/call.h"
#include "core/redis/keys.h"
#include "core/redis/link.h"
#include "core/redis/reply.h"
#include "core/redis/scripts.h"

#include <check.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static keyspace ks;
static redis_key key;
static sched_error err;

static void default_keyspace(void) {
    ck_assert_int_eq(keyspace_init(&ks, NULL, &err), SCHED_OK);
}

/* --- keys ------------------------------------------------------------------------------------------------------------- */

START_TEST(keys_are_spelled_as_the_data_model_says) {
    const char *job = "j042-9f86d081884c7d65";
    ck_assert_str_eq(key_job(&key, &ks, job), "lingua:v1:{j042}:job:j042-9f86d081884c7d65");
    ck_assert_str_eq(key_job_deadlines(&key, &ks, 7), "lingua:v1:{j007}:deadlines");
    ck_assert_str_eq(key_node_expiry(&key, &ks, 7), "lingua:v1:{n07}:expiry");
    ck_assert_str_eq(key_pool_members(&key, &ks, "de", "en"), "lingua:v1:{de:en}:members");
    ck_assert_str_eq(key_pool_places(&key, &ks, "de", "en"), "lingua:v1:{de:en}:places");
    ck_assert_str_eq(key_pool_left(&key, &ks, "de", "en", "n1"), "lingua:v1:{de:en}:left:n1");
    ck_assert_str_eq(key_session(&key, &ks, "s-1"), "lingua:v1:{s:s-1}:session");
    ck_assert_str_eq(key_session_affinity(&key, &ks, "s-1", "en"), "lingua:v1:{s:s-1}:affinity:en");
    ck_assert_str_eq(key_room(&key, &ks, "012345"), "lingua:v1:{r:012345}:room");
}
END_TEST

/* The tag is what lies between the first '{' and the next '}'. */
static void expect_tag(const char *text, const char *tag) {
    const char *from = strchr(text, '{') + 1;
    size_t len = strcspn(from, "}");
    ck_assert_msg(len == strlen(tag) && !strncmp(from, tag, len), "%s: expected the tag {%s}", text, tag);
}

START_TEST(what_one_script_touches_has_one_tag) {
    char id[ID_MAX + 1], tag[8];
    const char *request = "s1:7:en";
    snprintf(tag, sizeof tag, "j%03u", job_bucket_of_request(request));
    job_id_make(id, request, 99);
    expect_tag(key_job(&key, &ks, id), tag);
    expect_tag(key_request(&key, &ks, request), tag);
    expect_tag(key_job_deadlines(&key, &ks, job_bucket_of_request(request)), tag);
    snprintf(tag, sizeof tag, "n%02u", node_bucket("n1"));
    expect_tag(key_node(&key, &ks, "n1"), tag);
    expect_tag(key_node_langs(&key, &ks, "n1"), tag);
    expect_tag(key_node_reservations(&key, &ks, "n1"), tag);
    expect_tag(key_node_expiry(&key, &ks, node_bucket("n1")), tag);
    expect_tag(key_node_marks(&key, &ks, "n1"), tag);
    expect_tag(key_node_hold(&key, &ks, "n1"), tag);
}
END_TEST

START_TEST(a_job_id_carries_the_bucket_of_its_request) {
    char id[ID_MAX + 1];
    for (int i = 0; i < 1000; i++) {
        char request[16];
        unsigned bucket = JOB_BUCKETS;
        snprintf(request, sizeof request, "r%d", i);
        job_id_make(id, request, (uint64_t)i);
        ck_assert(job_bucket_of_job(id, &bucket));
        ck_assert_uint_eq(bucket, job_bucket_of_request(request));
        ck_assert_uint_lt(node_bucket(request), NODE_BUCKETS);
    }
    job_id_make(id, "r", UINT64_MAX);
    ck_assert_str_eq(id + 5, "ffffffffffffffff");
}
END_TEST

START_TEST(buckets_are_those_of_fnv_1a) {
    ck_assert_uint_eq(job_bucket_of_request("a"), 0xaf63dc4c8601ec8c % JOB_BUCKETS);
    ck_assert_uint_eq(node_bucket("foobar"), 0x85944171f73967e8 % NODE_BUCKETS);
}
END_TEST

static const char *const no_job_ids[] = {"",      "j",      "j12",    "j123",   "x042-1",
                                         "j42-1", "j256-1", "j-42-1", "j0x2-1", "J042-1"};

START_TEST(other_texts_are_no_job_ids) {
    unsigned bucket = 77;
    ck_assert_msg(!job_bucket_of_job(no_job_ids[_i], &bucket), "\"%s\"", no_job_ids[_i]);
    ck_assert_uint_eq(bucket, 77);
}
END_TEST

START_TEST(every_id_that_is_allowed_fits_into_a_key) {
    char prefix[KEYSPACE_MAX + 1], request[REQUEST_ID_MAX + 1], id[ID_MAX + 1], lang[LANG_MAX + 1];
    memset(prefix, 'p', KEYSPACE_MAX - 1);
    memcpy(prefix + KEYSPACE_MAX - 1, ":", 2);
    memset(request, 'r', REQUEST_ID_MAX);
    request[REQUEST_ID_MAX] = '\0';
    memset(id, 'n', ID_MAX);
    id[ID_MAX] = '\0';
    memset(lang, 'l', LANG_MAX);
    lang[LANG_MAX] = '\0';
    ck_assert_int_eq(keyspace_init(&ks, prefix, &err), SCHED_OK);
    ck_assert_uint_lt(strlen(key_request(&key, &ks, request)), KEY_MAX);
    ck_assert_uint_lt(strlen(key_node_reservations(&key, &ks, id)), KEY_MAX);
    ck_assert_uint_lt(strlen(key_pool_left(&key, &ks, lang, lang, id)), KEY_MAX);
}
END_TEST

static const char *const bad_prefixes[] =
    {"", "lingua", "a{b}:", "a b:", "a*:", "a'b:", "a\":", "0123456789012345678901234567890123456789012345678:"};

START_TEST(a_bad_prefix_is_refused_with_its_text) {
    keyspace kept = ks;
    ck_assert_int_eq(keyspace_init(&ks, bad_prefixes[_i], &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, bad_prefixes[_i]), "%s", err.message);
    ck_assert_str_eq(ks.prefix, kept.prefix);
}
END_TEST

/* --- calls ------------------------------------------------------------------------------------------------------------ */

START_TEST(a_call_keeps_copies_of_its_arguments) {
    redis_call call;
    char text[] = "n1";
    call_script(&call, SCRIPT_POOL_JOIN);
    call_key(&call, "k1");
    call_key(&call, "k2");
    call_str(&call, text);
    text[0] = 'x';
    call_int(&call, INT64_MIN);
    call_bytes(&call, "a\0b", 3);
    call_str(&call, "");
    ck_assert_int_eq(call.keys, 2);
    ck_assert_int_eq(call.args, 6);
    ck_assert_str_eq(call_arg(&call, 2), "n1");
    ck_assert_str_eq(call_arg(&call, 3), "-9223372036854775808");
    ck_assert_mem_eq(call_arg(&call, 4), "a\0b", 4);
    ck_assert_str_eq(call_arg(&call, 5), "");
    redis_call copy = call;
    ck_assert_str_eq(call_arg(&copy, 0), "k1");
}
END_TEST

START_TEST(a_script_goes_out_as_evalsha) {
    static const char *const expected[] = {"EVALSHA", "0123456789012345678901234567890123456789", "1", "k", "v"};
    redis_call call;
    call_argv argv;
    call_script(&call, SCRIPT_RELEASE_JOB);
    call_key(&call, "k");
    call_str(&call, "v");
    call_argv_make(&argv, &call, expected[1]);
    ck_assert_int_eq(argv.argc, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(argv.argv[i], expected[i]);
        ck_assert_uint_eq(argv.len[i], strlen(expected[i]));
    }
}
END_TEST

/* As the client library writes it. */
static size_t formatted_size(const redis_call *call, const char *sha) {
    call_argv argv;
    char *text = NULL;
    call_argv_make(&argv, call, sha);
    long long len = redisFormatCommandArgv(&text, argv.argc, argv.argv, argv.len);
    free(text);
    return (size_t)len;
}

START_TEST(the_wire_size_is_what_the_client_library_writes) {
    redis_call call;
    char text[201];
    memset(text, 'x', 200);
    text[200] = '\0';
    call_command(&call, "ZADD");
    call_key(&call, "key");
    for (int i = 0; i < 12; i++) call_str(&call, text + (size_t)i * 18);
    ck_assert_uint_eq(call_wire_size(&call), formatted_size(&call, ""));
    call_script(&call, SCRIPT_SELECT_NODE);
    call_key(&call, "key");
    for (int i = 0; i < 20; i++) call_int(&call, 1 << i);
    ck_assert_uint_eq(call_wire_size(&call), formatted_size(&call, "0123456789012345678901234567890123456789"));
}
END_TEST

START_TEST(the_longest_call_of_the_core_fits) {
    redis_call call;
    char list[LANGS_MAX * (LANG_MAX + 1)], name[KEY_MAX], services[1024 + 1];
    memset(list, 'l', sizeof list - 1);
    list[sizeof list - 1] = '\0';
    memset(name, 'k', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memset(services, 's', sizeof services - 1);
    services[sizeof services - 1] = '\0';
    call_script(&call, SCRIPT_REGISTER_NODE);
    for (int i = 0; i < 4; i++) call_key(&call, name);
    for (int i = 0; i < 2; i++) call_str(&call, name);
    for (int i = 0; i < 2; i++) call_str(&call, list);
    for (int i = 0; i < 2; i++) call_int(&call, INT64_MAX);
    call_str(&call, services);
    ck_assert_uint_le(call.used, CALL_TEXT_MAX);
}
END_TEST

/* --- replies ---------------------------------------------------------------------------------------------------------- */

/* What a server sent, parsed. */
static redisReply *parse(const char *wire) {
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    redisReaderFeed(reader, wire, strlen(wire));
    ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    redisReaderFree(reader);
    ck_assert_ptr_nonnull(reply);
    return reply;
}

START_TEST(a_reply_is_read_by_its_shape) {
    redisReply *reply = parse("*5\r\n$2\r\nOK\r\n:42\r\n$3\r\n-17\r\n*1\r\n$1\r\na\r\n$-1\r\n");
    ck_assert(reply_says(reply, "OK"));
    ck_assert(!reply_says(reply, "O"));
    ck_assert(reply_is_array(reply));
    ck_assert_uint_eq(reply_count(reply), 5);
    ck_assert_int_eq(reply_int(reply_at(reply, 1)), 42);
    ck_assert_int_eq(reply_int(reply_at(reply, 2)), -17);
    ck_assert_str_eq(reply_text(reply_at(reply_at(reply, 3), 0)), "a");
    ck_assert(reply_is_nil(reply_at(reply, 4)));
    ck_assert(reply_is_int(reply_at(reply, 1)));
    ck_assert(!reply_is_int(reply_at(reply, 2)));
    freeReplyObject(reply);
}
END_TEST

START_TEST(an_error_is_told_apart) {
    redisReply *reply = parse("-BADARG ver\r\n");
    ck_assert(reply_is_error(reply));
    ck_assert_str_eq(reply_text(reply), "BADARG ver");
    ck_assert_uint_eq(reply_count(reply), 0);
    freeReplyObject(reply);
    reply = parse("+OK\r\n");
    ck_assert(!reply_is_error(reply));
    ck_assert(reply_says(reply, "OK"));
    freeReplyObject(reply);
}
END_TEST

START_TEST(another_shape_gives_neutral_values) {
    redisReply *reply = parse(":5\r\n");
    ck_assert_str_eq(reply_text(reply), "");
    ck_assert(!reply_says(reply, "5"));
    ck_assert_ptr_null(reply_at(reply, 0));
    freeReplyObject(reply);
    reply = parse("*0\r\n");
    ck_assert_int_eq(reply_int(reply), 0);
    ck_assert(!reply_says(reply, ""));
    freeReplyObject(reply);
    ck_assert(!reply_is_error(NULL) && !reply_is_nil(NULL) && !reply_is_array(NULL) && !reply_says(NULL, ""));
    ck_assert_str_eq(reply_text(NULL), "");
    ck_assert_int_eq(reply_int(NULL), 0);
    ck_assert_uint_eq(reply_count(NULL), 0);
    ck_assert_ptr_null(reply_at(NULL, 0));
}
END_TEST

START_TEST(link_outcomes_have_names) {
    ck_assert_str_eq(link_status_name(LINK_OK), "ok");
    ck_assert_str_eq(link_status_name(LINK_ERROR), "error");
    ck_assert_str_eq(link_status_name(LINK_REFUSED), "refused");
    ck_assert_str_eq(link_status_name(LINK_FULL), "full");
    ck_assert_str_eq(link_status_name(LINK_UNKNOWN), "unknown");
}
END_TEST

/* --- scripts ---------------------------------------------------------------------------------------------------------- */

START_TEST(every_script_is_in_the_program_with_a_signature) {
    static const char *const parts[] = {"\nKEYS[1]", "\nTime ", "\nReturns ", "\nErrors ", "\nCost "};
    scripts *s = NULL;
    size_t len;
    ck_assert_int_eq(scripts_new(NULL, &s, &err), SCHED_OK);
    const char *text = scripts_text(s, (script_id)_i, &len);
    ck_assert_uint_eq(len, strlen(text));
    ck_assert_int_eq(strncmp(text, "#!lua", 5), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_msg(strstr(text, parts[i]), "%s.lua: its header has no line \"%s\"", scripts_name((script_id)_i),
                      parts[i] + 1);
    ck_assert_str_eq(scripts_sha(s, (script_id)_i), "");
    scripts_free(s);
}
END_TEST

START_TEST(the_digest_is_what_the_server_answers) {
    scripts *s = NULL;
    ck_assert_int_eq(scripts_new(NULL, &s, &err), SCHED_OK);
    redisReply *reply = parse("$40\r\n0123456789abcdef0123456789abcdef01234567\r\n");
    ck_assert_int_eq(scripts_loaded(s, SCRIPT_POOL_JOIN, reply, &err), SCHED_OK);
    ck_assert_str_eq(scripts_sha(s, SCRIPT_POOL_JOIN), "0123456789abcdef0123456789abcdef01234567");
    freeReplyObject(reply);
    reply = parse("-ERR Error compiling script\r\n");
    ck_assert_int_eq(scripts_loaded(s, SCRIPT_POOL_LEAVE, reply, &err), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "SCRIPT LOAD pool_leave.lua: ERR Error compiling script");
    ck_assert_str_eq(scripts_sha(s, SCRIPT_POOL_LEAVE), "");
    freeReplyObject(reply);
    reply = parse("$3\r\nabc\r\n");
    ck_assert_int_eq(scripts_loaded(s, SCRIPT_POOL_JOIN, reply, &err), SCHED_EPROTO);
    ck_assert_str_eq(scripts_sha(s, SCRIPT_POOL_JOIN), "0123456789abcdef0123456789abcdef01234567");
    freeReplyObject(reply);
    ck_assert_ptr_null(scripts_free(s));
    ck_assert_ptr_null(scripts_free(NULL));
}
END_TEST

static void write_scripts(const char *folder, script_id missing, script_id bad) {
    char path[256];
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        snprintf(path, sizeof path, "%s/%s.lua", folder, scripts_name((script_id)id));
        if ((script_id)id == missing) {
            unlink(path);
            continue;
        }
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fprintf(file, "%s\nreturn %d\n", (script_id)id == bad ? "-- no shebang" : "#!lua", id);
        fclose(file);
    }
}

START_TEST(a_folder_replaces_the_texts_of_the_program) {
    char folder[] = "/tmp/lingua-scripts-XXXXXX", path[256];
    scripts *s = NULL;
    size_t len;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_scripts(folder, SCRIPT_NONE, SCRIPT_NONE);
    ck_assert_int_eq(scripts_new(folder, &s, &err), SCHED_OK);
    ck_assert_str_eq(scripts_text(s, SCRIPT_HEARTBEAT, &len), "#!lua\nreturn 1\n");
    s = scripts_free(s);
    write_scripts(folder, SCRIPT_NONE, SCRIPT_POOL_JOIN);
    ck_assert_int_eq(scripts_new(folder, &s, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "script pool_join.lua: expected \"#!lua\" at its beginning");
    write_scripts(folder, SCRIPT_SELECT_NODE, SCRIPT_NONE);
    ck_assert_int_eq(scripts_new(folder, &s, &err), SCHED_ENOENT);
    ck_assert_msg(strstr(err.message, "/select_node.lua: No such file"), "%s", err.message);
    ck_assert_ptr_null(s);
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        snprintf(path, sizeof path, "%s/%s.lua", folder, scripts_name((script_id)id));
        unlink(path);
    }
    rmdir(folder);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("redis");
    TCase *keys = tcase_create("keys");
    tcase_add_checked_fixture(keys, default_keyspace, NULL);
    tcase_add_test(keys, keys_are_spelled_as_the_data_model_says);
    tcase_add_test(keys, what_one_script_touches_has_one_tag);
    tcase_add_test(keys, a_job_id_carries_the_bucket_of_its_request);
    tcase_add_test(keys, buckets_are_those_of_fnv_1a);
    tcase_add_loop_test(keys, other_texts_are_no_job_ids, 0, (int)(sizeof no_job_ids / sizeof *no_job_ids));
    tcase_add_test(keys, every_id_that_is_allowed_fits_into_a_key);
    tcase_add_loop_test(keys, a_bad_prefix_is_refused_with_its_text, 0,
                        (int)(sizeof bad_prefixes / sizeof *bad_prefixes));
    suite_add_tcase(suite, keys);
    TCase *calls = tcase_create("calls and replies");
    tcase_add_test(calls, a_call_keeps_copies_of_its_arguments);
    tcase_add_test(calls, a_script_goes_out_as_evalsha);
    tcase_add_test(calls, the_wire_size_is_what_the_client_library_writes);
    tcase_add_test(calls, the_longest_call_of_the_core_fits);
    tcase_add_test(calls, a_reply_is_read_by_its_shape);
    tcase_add_test(calls, an_error_is_told_apart);
    tcase_add_test(calls, another_shape_gives_neutral_values);
    tcase_add_test(calls, link_outcomes_have_names);
    suite_add_tcase(suite, calls);
    TCase *texts = tcase_create("scripts");
    tcase_add_loop_test(texts, every_script_is_in_the_program_with_a_signature, 0, SCRIPT_COUNT);
    tcase_add_test(texts, the_digest_is_what_the_server_answers);
    tcase_add_test(texts, a_folder_replaces_the_texts_of_the_program);
    suite_add_tcase(suite, texts);
    return suite;
}

int main(void) {
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
