#include "tests/support/lua_fleet.h"

#include <inttypes.h>

void lua_fleet_node(lua_db *db, const char *id) {
    static const char *const pairs[] = {"de:en", "de:it", "fr:en", "fr:it"};
    lua_node(db, SCRIPT_REGISTER_NODE, id, "%s|i:%s|de fr|en it|4|45000|asr@1 mt@2", id, id);
    int64_t ver = lua_int(db, 1);
    for (int i = 0; i < 4; i++) lua_pool(db, SCRIPT_POOL_JOIN, pairs[i], id, "%s|%" PRId64, id, ver);
    lua_node(db, SCRIPT_NODE_ASSIGNED, id, "i:%s|%" PRId64, id, ver);
    ck_assert(reply_says(lua_reply(db), "READY"));
}

lua_job lua_fleet_job(lua_db *db, const char *request) {
    lua_job job = lua_job_of(request, 1);
    lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|i1|s1|7|de:en|1500|10000|1", job.id, job.request);
    ck_assert(reply_says(lua_reply(db), "CREATED"));
    return job;
}

void lua_fleet_start(lua_db *db, const lua_job *job, const char *node) {
    lua_node(db, SCRIPT_RESERVE_NODE, node, "%s|1|1|de|en|1|20000|0", job->id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_MARK_DISPATCHED, job, "%s|1|%s|15000", job->id, node);
    lua_job_call(db, SCRIPT_START_JOB, job, "%s|1|%s|15000", job->id, node);
    ck_assert(reply_says(lua_reply(db), "OK"));
}

void lua_fleet_end(lua_db *db, const lua_job *job) {
    lua_job_call(db, SCRIPT_COMPLETE_TASK, job, "%s|1|ok||1|90000|0", job->id);
    ck_assert(reply_says(lua_reply(db), "OK"));
}
