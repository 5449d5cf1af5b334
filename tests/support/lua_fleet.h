/* lua_fleet.h - a few nodes and jobs as the scripts make them, for tests of what reads and repairs them. */
#ifndef TESTS_SUPPORT_LUA_FLEET_H
#define TESTS_SUPPORT_LUA_FLEET_H

#include "tests/support/lua_db.h"

/* Registered by "i:<id>" for de and fr to en and it, 4 slots, in its four pools, ready. */
void lua_fleet_node(lua_db *db, const char *id);
/* Of session s1, "de:en", 1.5 s of sound, by instance i1; it waits. */
lua_job lua_fleet_job(lua_db *db, const char *request);
/* Its first attempt runs on `node`, which holds a slot for it. */
void lua_fleet_start(lua_db *db, const lua_job *job, const char *node);
/* It has ended well, and holds nothing. */
void lua_fleet_end(lua_db *db, const lua_job *job);

#endif
