#include "tests/support/lua_db.h"

#include "core/base/mem.h"
#include "core/redis/private_cluster.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MASTERS = 3, ANSWER_MAX = 64 * 1024, ARGS_TEXT_MAX = CALL_TEXT_MAX };

struct lua_db {
    lua_world world;
    int servers;
    private_cluster *cluster;
    sync_client *whole;              /* of all servers */
    private_server *server[MASTERS]; /* of the cluster, or the only one */
    sync_client *client[MASTERS];
    scripts *scripts;
    keyspace keys;
    redis_reply *reply;
    bool planted;
    char answer[ANSWER_MAX];
};

static const char *const world_names[LUA_WORLDS] = {"alone", "watched", "cluster"};

/* Keys of each script in the order of its header. Nodes: n record, l langs, r reservations, x expiry, k marks, h hold.
 * Pools: m members, p places, t tombstone. Jobs: j job, q request, d deadlines, c copy, w lock. s session. o room.
 * Instances: i presence, b inbox, D dead letters, T tombstone, L lease, a the list of all. */
static const char *const script_keys[SCRIPT_COUNT] = {
    [SCRIPT_REGISTER_NODE] = "nlxh",  [SCRIPT_HEARTBEAT] = "nlxr",         [SCRIPT_NODE_ASSIGNED] = "nl",
    [SCRIPT_NODE_OFFLINE] = "nlrx",   [SCRIPT_FORGET_NODE] = "nlrx",       [SCRIPT_POOL_JOIN] = "mpt",
    [SCRIPT_POOL_LEAVE] = "mpt",      [SCRIPT_SELECT_NODE] = "m",          [SCRIPT_SELECT_SHARD] = "m",
    [SCRIPT_RESERVE_NODE] = "nrlk",   [SCRIPT_RELEASE_RESERVATION] = "rn", [SCRIPT_CREATE_JOB] = "jqd",
    [SCRIPT_MARK_DISPATCHED] = "jd",  [SCRIPT_ACCEPT_JOB] = "jd",          [SCRIPT_START_JOB] = "jd",
    [SCRIPT_COMPLETE_TASK] = "jqd",   [SCRIPT_RELEASE_JOB] = "jd",         [SCRIPT_FAILOVER_REASSIGN] = "jd",
    [SCRIPT_DRAIN_NODE] = "nh",       [SCRIPT_CONFIRM_RESERVATION] = "nr", [SCRIPT_MARK_SERVICE] = "nk",
    [SCRIPT_OPEN_SESSION] = "s",      [SCRIPT_CLOSE_SESSION] = "s",        [SCRIPT_ROOM_CREATE] = "o",
    [SCRIPT_ROOM_JOIN] = "o",         [SCRIPT_ROOM_LEAVE] = "o",           [SCRIPT_ROOM_SPEAK] = "o",
    [SCRIPT_BIASED_SELECT] = "m",     [SCRIPT_COUNTED_RESERVE] = "nrlk",   [SCRIPT_COUNTED_RELEASE] = "rn",
    [SCRIPT_COUNTED_OVERWRITE] = "n", [SCRIPT_ROOM_PREFER] = "o",          [SCRIPT_INSTANCE_BEAT] = "iTb",
    [SCRIPT_LIST_INSTANCE] = "a",     [SCRIPT_LEAVE_INSTANCE] = "ib",      [SCRIPT_INBOX_ADD] = "ib",
    [SCRIPT_INBOX_DONE] = "b",        [SCRIPT_DEAD_LETTER] = "bD",         [SCRIPT_ADOPT_INSTANCE] = "iLTb",
    [SCRIPT_FORGET_INSTANCE] = "bL",  [SCRIPT_WRITE_JOB_COPY] = "c",       [SCRIPT_UNLOCK_REQUEST] = "w",
    [SCRIPT_ADOPT_JOB] = "jd",        [SCRIPT_RENEW_SESSION] = "s",
};

/* Before a test runs there is nothing that could fail but the program. */
static void give_up(const char *why) {
    fprintf(stderr, "tests of the scripts: %s\n", why);
    exit(EXIT_FAILURE);
}

/* --- the watched world -------------------------------------------------------------------------------------------- */

static const char shim[] =
    "local redis = (function(real)\n"
    "  local declared, times = {}, 0\n"
    "  for _, key in ipairs(KEYS) do declared[key] = true end\n"
    "  local function look(name, args)\n"
    "    if name == 'TIME' then\n"
    "      times = times + 1\n"
    "      if times > 1 then error({err = 'WATCHED TIME is read twice'}) end\n"
    "    end\n"
    "    local first = name == 'XGROUP' and 2 or 1\n"
    "    for i = first, name == 'TIME' and 0 or name == 'DEL' and #args or first do\n"
    "      if not declared[args[i]] then error({err = 'WATCHED undeclared key ' .. tostring(args[i])}) end\n"
    "    end\n"
    "  end\n"
    "  local function call(name, ...)\n"
    "    look(name, {...})\n"
    "    return real.call(name, ...)\n"
    "  end\n"
    "  local function pcall(name, ...)\n"
    "    look(name, {...})\n"
    "    return real.pcall(name, ...)\n"
    "  end\n"
    "  return setmetatable({call = call, pcall = pcall}, {__index = real})\n"
    "end)(redis)\n";

static void write_watched(const scripts *plain, script_id id, const char *folder) {
    char path[256];
    size_t len;
    const char *text = scripts_text(plain, id, &len);
    int shebang = (int)strcspn(text, "\n") + 1;
    snprintf(path, sizeof path, "%s/%s.lua", folder, scripts_name(id));
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "%.*s%s%s", shebang, text, shim, text + shebang) < 0 || fclose(file)) give_up(path);
}

static scripts *watched_scripts(scripts *plain) {
    char folder[] = "/tmp/lingua-watched-XXXXXX";
    char path[256];
    scripts *watched = NULL;
    sched_error err = {0};
    if (!mkdtemp(folder)) give_up(folder);
    for (int id = 0; id < SCRIPT_COUNT; id++) write_watched(plain, (script_id)id, folder);
    sched_status status = scripts_new(folder, &watched, &err);
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        snprintf(path, sizeof path, "%s/%s.lua", folder, scripts_name((script_id)id));
        unlink(path);
    }
    rmdir(folder);
    scripts_free(plain);
    if (status) give_up(err.message);
    return watched;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

static void need(sched_status status, const sched_error *err) {
    if (status) give_up(err->message);
}

lua_db *lua_db_open(lua_world world) {
    sched_error err = {0};
    lua_db *db = mem_zalloc(1, sizeof *db);
    db->world = world;
    db->servers = world == LUA_CLUSTER ? MASTERS : 1;
    need(keyspace_init(&db->keys, NULL, &err), &err);
    need(scripts_new(NULL, &db->scripts, &err), &err);
    if (world == LUA_WATCHED) db->scripts = watched_scripts(db->scripts);
    if (world == LUA_CLUSTER)
        need(private_cluster_start(NULL, &db->cluster, &err), &err);
    else
        need(private_server_start(NULL, &db->server[0], &err), &err);
    for (int i = 0; i < db->servers; i++) {
        if (db->cluster) db->server[i] = private_cluster_server(db->cluster, i);
        const char *path = private_server_socket(db->server[i]);
        need(sync_client_open_socket(path, 10 * USEC_PER_SEC, &db->client[i], &err), &err);
        need(sync_client_load(db->client[i], db->scripts, &err), &err);
    }
    redis_url url = redis_url_of_socket(private_server_socket(db->server[0]));
    need(sync_client_find(&url, 10 * USEC_PER_SEC, &db->whole, &err), &err);
    return db;
}

lua_db *lua_db_close(lua_db *db) {
    if (!db) return NULL;
    sync_client_close(db->whole);
    for (int i = 0; i < db->servers; i++) {
        sync_client_close(db->client[i]);
        if (!db->cluster) private_server_stop(db->server[i]);
    }
    private_cluster_stop(db->cluster);
    sync_reply_free(db->reply);
    scripts_free(db->scripts);
    free(db);
    return NULL;
}

bool lua_is_cluster(const lua_db *db) {
    return db->cluster != NULL;
}

sync_client *lua_whole(const lua_db *db) {
    return db->whole;
}

const keyspace *lua_keyspace(const lua_db *db) {
    return &db->keys;
}

scripts *lua_scripts(const lua_db *db) {
    return db->scripts;
}

sync_client *lua_client(const lua_db *db) {
    return db->client[0];
}

/* --- answers as text ---------------------------------------------------------------------------------------------- */

static void write_reply(FILE *out, const redis_reply *reply, bool inner) {
    size_t count = reply_count(reply);
    if (inner && reply_is_array(reply)) fputc('(', out);
    for (size_t i = 0; i < count; i++) {
        if (i) fputc(' ', out);
        write_reply(out, reply_at(reply, i), true);
    }
    if (inner && reply_is_array(reply)) fputc(')', out);
    if (reply_is_array(reply)) return;
    if (reply_is_nil(reply))
        fputc('-', out);
    else if (*reply_text(reply))
        fputs(reply_text(reply), out);
    else if (reply_is_int(reply))
        fprintf(out, "%" PRId64, reply_int(reply));
    else
        fputs("''", out);
}

static const char *keep(lua_db *db, redis_reply *reply) {
    sync_reply_free(db->reply);
    db->reply = reply;
    FILE *out = fmemopen(db->answer, sizeof db->answer, "w");
    ck_assert_ptr_nonnull(out);
    write_reply(out, reply, false);
    fclose(out);
    return db->answer;
}

static redis_reply *call_at(lua_db *db, int server, const redis_call *call) {
    sched_error err = {0};
    redis_reply *reply = NULL;
    if (sync_client_call(db->client[server], call, &reply, &err)) ck_abort_msg("%s", err.message);
    return reply;
}

static int server_of(lua_db *db, const char *key) {
    if (db->world != LUA_CLUSTER) return 0;
    redis_call call;
    call_command(&call, "CLUSTER");
    call_str(&call, "KEYSLOT");
    call_str(&call, key);
    redis_reply *reply = call_at(db, 0, &call);
    int slot = (int)reply_int(reply);
    sync_reply_free(reply);
    return private_cluster_master_of(db->cluster, slot);
}

const private_server *lua_server(lua_db *db, const char *key) {
    return db->server[server_of(db, key)];
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static const char *spell_key(const lua_db *db, redis_key *key, char letter, const lua_subject *about) {
    const keyspace *ks = &db->keys;
    unsigned bucket = 0;
    switch (letter) {
    case 'n': return key_node(key, ks, about->node);
    case 'l': return key_node_langs(key, ks, about->node);
    case 'r': return key_node_reservations(key, ks, about->node);
    case 'x': return key_node_expiry(key, ks, node_bucket(about->node));
    case 'k': return key_node_marks(key, ks, about->node);
    case 'h': return key_node_hold(key, ks, about->node);
    case 'm': return key_pool_members(key, ks, about->src, about->tgt);
    case 'p': return key_pool_places(key, ks, about->src, about->tgt);
    case 't': return key_pool_left(key, ks, about->src, about->tgt, about->node);
    case 'j': return key_job(key, ks, about->job->id);
    case 'q': return key_request(key, ks, about->job->request);
    case 'c': return key_job_copy(key, ks, about->job->id);
    case 'w': return key_request_lock(key, ks, about->job->request);
    case 's': return key_session(key, ks, about->session);
    case 'o': return key_room(key, ks, about->room);
    case 'i': return key_instance_presence(key, ks, about->instance);
    case 'b': return key_instance_inbox(key, ks, about->instance);
    case 'D': return key_instance_dead(key, ks, about->instance);
    case 'T': return key_instance_tombstone(key, ks, about->instance);
    case 'L': return key_instance_lease(key, ks, about->instance);
    case 'a': return key_instances(key, ks);
    case 'd': ck_assert(job_bucket_of_job(about->job->id, &bucket)); return key_job_deadlines(key, ks, bucket);
    }
    ck_abort_msg("no key is called '%c'", letter);
    return NULL;
}

static void add_args(redis_call *call, const char *format, va_list args) {
    char text[ARGS_TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    char *rest = text;
    if (*format)
        for (char *arg; (arg = strsep(&rest, "|"));) call_str(call, arg);
}

const char *lua_run(lua_db *db, const redis_call *call) {
    int key = call->script == SCRIPT_NONE ? 1 : 0;
    return keep(db, call_at(db, key < call->args ? server_of(db, call_arg(call, key)) : 0, call));
}

void lua_put(const lua_db *db, redis_call *call, script_id id, const lua_subject *about, const char *format,
             va_list args) {
    redis_key key;
    call_script(call, id);
    ck_assert_msg(script_keys[id] != NULL, "%s: its keys are not in the table", scripts_name(id));
    for (const char *letter = script_keys[id]; *letter; letter++) call_key(call, spell_key(db, &key, *letter, about));
    add_args(call, format, args);
}

static const char *call_script_about(lua_db *db, script_id id, const lua_subject *about, const char *format,
                                     va_list args) {
    redis_call call;
    lua_put(db, &call, id, about, format, args);
    return lua_run(db, &call);
}

const char *lua_node(lua_db *db, script_id id, const char *node_id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *answer = call_script_about(db, id, &(lua_subject){.node = node_id}, format, args);
    va_end(args);
    return answer;
}

const char *lua_pool(lua_db *db, script_id id, const char *pair, const char *node_id, const char *format, ...) {
    char src[PAIR_MAX + 1];
    snprintf(src, sizeof src, "%s", pair);
    char *tgt = src;
    strsep(&tgt, ":");
    va_list args;
    va_start(args, format);
    const char *answer =
        call_script_about(db, id, &(lua_subject){.node = node_id, .src = src, .tgt = tgt}, format, args);
    va_end(args);
    return answer;
}

void lua_put_node(lua_db *db, const char *node_id, int slots) {
    redis_key key;
    redis_call call;
    int64_t now = lua_now(db);
    lua_command(db, "HSET|%s|owner|i:1|ver|5|aver|5|status|ready|slots|%d|up|1|seen|%" PRId64,
                key_node(&key, &db->keys, node_id), slots, now);
    call_command(&call, "HSET");
    call_key(&call, key_node_langs(&key, &db->keys, node_id));
    call_str(&call, "5");
    call_str(&call, "de fr|en it");
    lua_run(db, &call);
    lua_command(db, "ZADD|%s|%" PRId64 "|%s", key_node_expiry(&key, &db->keys, node_bucket(node_id)), now + 60000,
                node_id);
}

lua_job lua_job_of(const char *request, unsigned number) {
    lua_job job;
    job_id_make(job.id, request, number);
    snprintf(job.request, sizeof job.request, "%s", request);
    return job;
}

const char *lua_job_call(lua_db *db, script_id id, const lua_job *job, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *answer = call_script_about(db, id, &(lua_subject){.job = job}, format, args);
    va_end(args);
    return answer;
}

const char *lua_session(lua_db *db, script_id id, const char *session_id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *answer = call_script_about(db, id, &(lua_subject){.session = session_id}, format, args);
    va_end(args);
    return answer;
}

const char *lua_room(lua_db *db, script_id id, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *answer = call_script_about(db, id, &(lua_subject){.room = code}, format, args);
    va_end(args);
    return answer;
}

const char *lua_instance(lua_db *db, script_id id, const char *instance_id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *answer = call_script_about(db, id, &(lua_subject){.instance = instance_id}, format, args);
    va_end(args);
    return answer;
}

const char *lua_command(lua_db *db, const char *format, ...) {
    redis_call call;
    va_list args;
    va_start(args, format);
    char text[ARGS_TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *rest = text;
    call_command(&call, strsep(&rest, "|"));
    for (char *arg; (arg = strsep(&rest, "|"));) call_str(&call, arg);
    return lua_run(db, &call);
}

void lua_expect(const lua_db *db, const char *format, ...) {
    char expected[ARGS_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    ck_assert_str_eq(db->answer, expected);
}

void lua_expect_bad(lua_db *db, const lua_bad *bad, const char *answer) {
    ck_assert_msg(!strncmp(answer, bad->name, strlen(bad->name)), "%s %s: expected %s, got %s",
                  scripts_name(bad->script), bad->args, bad->name, answer);
    ck_assert(reply_is_error(lua_reply(db)));
    ck_assert_str_eq(lua_keys(db), "");
}

int64_t lua_int(const lua_db *db, size_t i) {
    return reply_int(reply_at(db->reply, i));
}

const redis_reply *lua_reply(const lua_db *db) {
    return db->reply;
}

int64_t lua_now(lua_db *db) {
    lua_command(db, "TIME");
    return lua_int(db, 0) * 1000 + lua_int(db, 1) / 1000;
}

void lua_near(int64_t instant, int64_t expected) {
    ck_assert_msg(instant >= expected && instant < expected + 2000, "%" PRId64 " is not within 2 s after %" PRId64,
                  instant, expected);
}

/* --- all servers -------------------------------------------------------------------------------------------------- */

void lua_plant(lua_db *db) {
    db->planted = true;
}

typedef struct unexpected {
    unsigned but;
    char first[FSCK_TEXT_MAX];
} unexpected;

static void note_unexpected(void *ctx, const fsck_finding *finding) {
    unexpected *u = ctx;
    if (u->but & LUA_BUT(finding->kind) || u->first[0]) return;
    snprintf(u->first, sizeof u->first, "%s: %.100s: %.300s", fsck_kind_name(finding->kind), finding->key,
             finding->text);
}

void lua_expect_whole(lua_db *db, unsigned but) {
    fsck_report report;
    sched_error err = {0};
    unexpected u = {.but = but};
    if (db->planted) return;
    if (fsck_walk(db->whole, &db->keys, note_unexpected, &u, &report, &err)) ck_abort_msg("%s", err.message);
    ck_assert_msg(!u.first[0], "what is left does not fit together: %s", u.first);
}

void lua_db_clear(lua_db *db) {
    db->planted = false;
    redis_call call;
    call_command(&call, "FLUSHALL");
    for (int i = 0; i < db->servers; i++) sync_reply_free(call_at(db, i, &call));
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *lua_keys(lua_db *db) {
    enum { KEYS_MAX = 1024 };
    redis_reply *replies[MASTERS];
    const char *names[KEYS_MAX];
    size_t count = 0;
    redis_call call;
    call_command(&call, "KEYS");
    call_str(&call, "*");
    for (int i = 0; i < db->servers; i++) {
        replies[i] = call_at(db, i, &call);
        for (size_t k = 0; k < reply_count(replies[i]) && count < KEYS_MAX; k++)
            names[count++] = reply_text(reply_at(replies[i], k));
    }
    qsort(names, count, sizeof *names, by_text);
    size_t used = 0;
    db->answer[0] = '\0';
    for (size_t k = 0; k < count && used < sizeof db->answer; k++)
        used += (size_t)snprintf(db->answer + used, sizeof db->answer - used, "%s%s", k ? " " : "", names[k]);
    for (int i = 0; i < db->servers; i++) sync_reply_free(replies[i]);
    return db->answer;
}

int lua_main(int argc, char **argv, Suite *(*make_suite)(void), lua_db **db) {
    int failed = 0;
    signal(SIGPIPE, SIG_IGN);
    for (int world = 0; world < LUA_WORLDS; world++) {
        if (argc > 1 && strcmp(argv[1], world_names[world]) != 0) continue;
        printf("%s:\n", world_names[world]);
        fflush(stdout);
        *db = lua_db_open((lua_world)world);
        SRunner *runner = srunner_create(make_suite());
        srunner_set_fork_status(runner, CK_NOFORK);
        srunner_run_all(runner, CK_NORMAL);
        failed += srunner_ntests_failed(runner);
        srunner_free(runner);
        *db = lua_db_close(*db);
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
