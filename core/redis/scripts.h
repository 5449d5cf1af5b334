/* scripts.h - the Lua scripts: their texts, and the SHA-1 by which EVALSHA names them.
 *
 * Texts come from the binary, or from a folder while one develops. The SHA-1 is what the server answered to SCRIPT
 * LOAD; it depends on the text alone, so one registry serves every connection. Threads: none. */
#ifndef CORE_REDIS_SCRIPTS_H
#define CORE_REDIS_SCRIPTS_H

#include "core/base/status.h"
#include "core/redis/reply.h"
#include "core/redis/script_list.h"

#include <stddef.h>

typedef enum script_id {
    SCRIPT_NONE = -1, /* a plain command */
#define SCRIPT_ENUM(id, file) id,
    SCRIPT_LIST(SCRIPT_ENUM)
#undef SCRIPT_ENUM
        SCRIPT_COUNT
} script_id;

enum { SCRIPT_SHA_LEN = 40 };

typedef struct scripts scripts;

/* Reads every text: from `folder`, or from the binary when `folder` is NULL. SCHED_ENOENT names the missing file,
 * SCHED_EINVAL a file that does not begin with "#!lua". */
sched_status scripts_new(const char *folder, scripts **ret_scripts, sched_error *err);
scripts *scripts_free(scripts *s);

/* "select_node", without ".lua". */
const char *scripts_name(script_id id);
const char *scripts_text(const scripts *s, script_id id, size_t *ret_len);
/* 40 hex digits; "" until the script was loaded once. */
const char *scripts_sha(const scripts *s, script_id id);
/* Takes the server's answer to SCRIPT LOAD; SCHED_EPROTO unless it is 40 hex digits (an error reply: its text is
 * passed on). */
sched_status scripts_loaded(scripts *s, script_id id, const redis_reply *reply, sched_error *err);

#endif
