/* registry_counted.c - the same calls with other scripts, and one more behind each heartbeat. */
#include "core/mechanisms/registry_counted.h"

script_id counted_script(const registry_settings *set, script_id script) {
    if (!set->counted_reservations) return script;
    switch (script) {
    case SCRIPT_RESERVE_NODE: return SCRIPT_COUNTED_RESERVE;
    case SCRIPT_RELEASE_RESERVATION: return SCRIPT_COUNTED_RELEASE;
    default: return script;
    }
}

static void on_overwritten(void *arg, link_status status, const redis_reply *reply) {
    registry *r = arg;
    mechanism_answered(&r->env, SCRIPT_COUNTED_OVERWRITE, status, reply);
}

void counted_overwrite(registry *r, const char *node, int64_t running_jobs) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_COUNTED_OVERWRITE);
    call_key(&call, key_node(&key, r->env.keys, node));
    call_int(&call, running_jobs);
    mechanism_call(&r->env, &call, on_overwritten, r);
}

void counted_load_call(redis_call *call, const registry *r, const char *node) {
    redis_key key;
    call_command(call, "HGET");
    call_key(call, key_node(&key, r->env.keys, node));
    call_str(call, "count");
}
