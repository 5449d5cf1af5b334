/* lua_db.h - a Redis for the tests of the scripts, and short ways to call them.
 *
 * One suite runs in three worlds:
 * - alone: one private server, the scripts as they are;
 * - watched: the same, each script with a shim in front that fails when a key was not declared in KEYS, or TIME is read
 *   twice;
 * - cluster: three masters; each call goes to the master of its first key, so a second slot in it is an error.
 *
 * What cannot be set up or reached fails the test (ck_abort_msg). Answers live until the next call. */
#ifndef TESTS_SUPPORT_LUA_DB_H
#define TESTS_SUPPORT_LUA_DB_H

#include "core/base/limits.h"
#include "core/ctl/fsck.h"
#include "core/redis/keys.h"
#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"

#include <check.h>
#include <stdarg.h>

typedef enum lua_world { LUA_ALONE, LUA_WATCHED, LUA_CLUSTER, LUA_WORLDS } lua_world;
typedef struct lua_db lua_db;

lua_db *lua_db_open(lua_world world);
/* Takes NULL, returns NULL. */
lua_db *lua_db_close(lua_db *db);
/* Forgets every key; scripts stay loaded. */
void lua_db_clear(lua_db *db);

bool lua_is_cluster(const lua_db *db);
/* All masters of a cluster, or the only server. */
sync_client *lua_whole(const lua_db *db);
const keyspace *lua_keyspace(const lua_db *db);
scripts *lua_scripts(const lua_db *db);
/* The server that has this key, and a client connected to the first (or only) one. */
const private_server *lua_server(lua_db *db, const char *key);
sync_client *lua_client(const lua_db *db);

/* `args` is a printf format of the arguments, one '|' between two; "" for none. The answer as text: elements by one
 * space, inner lists in parentheses, an empty string as '', nil as -. */
const char *lua_node(lua_db *db, script_id id, const char *node_id, const char *args, ...)
    __attribute__((format(printf, 4, 5)));
/* `pair` is "src:tgt". */
const char *lua_pool(lua_db *db, script_id id, const char *pair, const char *node_id, const char *args, ...)
    __attribute__((format(printf, 5, 6)));

/* A node as scripts leave it, but with versions that a test can spell: version 5, ready and up, of owner i:1, from de and fr to en
 * and it, expected for another minute, in no pool. */
void lua_put_node(lua_db *db, const char *node_id, int slots);

typedef struct lua_job {
    char id[ID_MAX + 1];
    char request[REQUEST_ID_MAX + 1];
} lua_job;

/* The id belongs to the request's bucket; `number` tells jobs of one request apart. */
lua_job lua_job_of(const char *request, unsigned number);
const char *lua_job_call(lua_db *db, script_id id, const lua_job *job, const char *args, ...)
    __attribute__((format(printf, 4, 5)));

const char *lua_session(lua_db *db, script_id id, const char *session_id, const char *args, ...)
    __attribute__((format(printf, 4, 5)));
const char *lua_room(lua_db *db, script_id id, const char *code, const char *args, ...)
    __attribute__((format(printf, 4, 5)));

const char *lua_instance(lua_db *db, script_id id, const char *instance_id, const char *args, ...)
    __attribute__((format(printf, 4, 5)));

/* What a script is about: the members that its keys need. The same call, put together and not made. */
typedef struct lua_subject {
    const char *node, *src, *tgt, *session, *room, *instance;
    const lua_job *job;
} lua_subject;
void lua_put(const lua_db *db, redis_call *call, script_id id, const lua_subject *about, const char *format,
             va_list args);

/* A plain command, arguments by '|'; its second word is the key that decides where it goes in a cluster. */
const char *lua_command(lua_db *db, const char *args, ...) __attribute__((format(printf, 2, 3)));

/* A call that was put together elsewhere; its first key decides. */
const char *lua_run(lua_db *db, const redis_call *call);

/* Fails unless the last answer is this text. */
void lua_expect(const lua_db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A call that its script must refuse: its arguments, and the first words of the error, "BADARG name". */
typedef struct lua_bad {
    script_id script;
    const char *args, *name;
} lua_bad;
/* Fails unless `answer`, the last one, is that error, and no key was written. */
void lua_expect_bad(lua_db *db, const lua_bad *bad, const char *answer);

/* Element i of the last answer as a number. */
int64_t lua_int(const lua_db *db, size_t i);
const redis_reply *lua_reply(const lua_db *db);
/* The server's clock, ms. */
int64_t lua_now(lua_db *db);
/* Fails unless `instant` is `expected`, ms, or up to 2 s later: an instant that a script took from the clock. */
void lua_near(int64_t instant, int64_t expected);
/* All keys of all servers, sorted, by one space. */
const char *lua_keys(lua_db *db);

/* For the end of each test: fails unless all that is in the namespace fits together (fsck), but for the findings that the suite leaves
 * on purpose, LUA_BUT(kind) | LUA_BUT(kind). */
#define LUA_BUT(kind) (1u << (kind))
void lua_expect_whole(lua_db *db, unsigned but);
/* This test writes what no script would: what it leaves is not looked at, until lua_db_clear(). */
void lua_plant(lua_db *db);

/* Runs the suite in each world, or in the one that `argv[1]` names, with *db open. What main() returns. */
int lua_main(int argc, char **argv, Suite *(*make_suite)(void), lua_db **db);

#endif
