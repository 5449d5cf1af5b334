/* call.h - one Redis call while it is put together: a script with its keys and arguments, or a plain command.
 *
 * A value on the caller's stack; the texts are copied into it, so temporaries may be passed. The bounds hold for
 * every call that the core makes, because ids and language lists are bounded where they enter; exceeding them is a
 * bug (assert).
 *
 *     redis_call call;
 *     call_script(&call, SCRIPT_POOL_JOIN);
 *     call_key(&call, key_pool_members(...));
 *     call_str(&call, node_id);
 *     call_int(&call, version);
 *     link_submit(link, &call, deadline, on_joined, me); */
#ifndef CORE_REDIS_CALL_H
#define CORE_REDIS_CALL_H

#include "core/redis/scripts.h"

#include <stdint.h>

enum { CALL_ARGS_MAX = 64, CALL_TEXT_MAX = 6144 };

typedef struct redis_call {
    script_id script; /* SCRIPT_NONE: args[0] is the name of a command */
    int keys;         /* scripts only: the first `keys` of the arguments are KEYS */
    int args;
    int key; /* which argument call_key() has put first: it tells where in a cluster the call belongs; -1: anywhere */
    uint16_t offset[CALL_ARGS_MAX]; /* of argument i in text; each is followed by a NUL */
    uint16_t length[CALL_ARGS_MAX];
    uint16_t used;
    char text[CALL_TEXT_MAX];
} redis_call;

void call_script(redis_call *call, script_id script);
void call_command(redis_call *call, const char *name);
/* Keys come before other arguments. A plain command sends it as an argument like any other. */
void call_key(redis_call *call, const char *key);
void call_str(redis_call *call, const char *text);
void call_bytes(redis_call *call, const char *bytes, size_t len);
void call_int(redis_call *call, int64_t value);

/* The call as the client library takes it. Pointers lead into `call` and `sha`, which must outlive it. */
typedef struct call_argv {
    int argc;
    const char *argv[CALL_ARGS_MAX + 3];
    size_t len[CALL_ARGS_MAX + 3];
    char keys[12];
} call_argv;

/* `sha` of the script, "" for a plain command. */
void call_argv_make(call_argv *ret_argv, const redis_call *call, const char *sha);

const char *call_arg(const redis_call *call, int i);
/* Bytes of the call on the wire in RESP, with EVALSHA and the digest for a script: for cost models and reports. */
size_t call_wire_size(const redis_call *call);

#endif
