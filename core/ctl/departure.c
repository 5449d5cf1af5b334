/* departure.c - three steps, as in core/scheduler/node_flow.c: mark the node, leave the pools of all its generations, forget it. */
#include "core/ctl/departure.h"

#include <stdio.h>

#include "core/view/record.h"

enum { RETRY_MSEC = 10000, JOBS_MAX = 1000 };

void departure_leave_call(redis_call *call, const keyspace *ks, const lang_pair *pair, const char *node_id,
                          int64_t version, int64_t tombstone_msec) {
    redis_key key;
    call_script(call, SCRIPT_POOL_LEAVE);
    call_key(call, key_pool_members(&key, ks, pair->src, pair->tgt));
    call_key(call, key_pool_places(&key, ks, pair->src, pair->tgt));
    call_key(call, key_pool_left(&key, ks, pair->src, pair->tgt, node_id));
    call_str(call, node_id);
    call_int(call, version);
    call_int(call, tombstone_msec);
}

static redis_reply *mark_offline(asker *ask, const keyspace *ks, const char *node_id, const char *owner) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_NODE_OFFLINE);
    call_key(&call, key_node(&key, ks, node_id));
    call_key(&call, key_node_langs(&key, ks, node_id));
    call_key(&call, key_node_reservations(&key, ks, node_id));
    call_key(&call, key_node_expiry(&key, ks, node_bucket(node_id)));
    call_str(&call, node_id);
    call_str(&call, owner);
    call_int(&call, RETRY_MSEC);
    call_int(&call, JOBS_MAX);
    return asker_call(ask, &call);
}

/* At most 1,000 pairs of one generation. False when one pool holds the node under a newer registration: then it came back. */
static bool leave_pools(asker *ask, const keyspace *ks, const char *node_id, int64_t version,
                        const lang_service *service, departure *d) {
    lang_pair pair;
    bool all = true;
    for (int at = 0; lang_service_next(service, &at, &pair);) {
        redis_call call;
        departure_leave_call(&call, ks, &pair, node_id, version, DEPARTURE_TOMBSTONE_MSEC);
        asker_put(ask, &call);
    }
    for (int at = 0; lang_service_next(service, &at, &pair);) {
        redis_reply *left = asker_take(ask);
        d->pools += reply_says(left, "OK");
        all = all && !reply_says(left, "STALE");
        sync_reply_free(left);
    }
    return all && !ask->status;
}

static void forget(asker *ask, const keyspace *ks, const char *node_id, int64_t version, departure *d) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_FORGET_NODE);
    call_key(&call, key_node(&key, ks, node_id));
    call_key(&call, key_node_langs(&key, ks, node_id));
    call_key(&call, key_node_reservations(&key, ks, node_id));
    call_key(&call, key_node_expiry(&key, ks, node_bucket(node_id)));
    call_str(&call, node_id);
    call_int(&call, version);
    redis_reply *forgotten = asker_call(ask, &call);
    d->forgotten = reply_says(forgotten, "OK");
    sync_reply_free(forgotten);
}

/* `generations` is ver, sources, targets, ver, ... Lists that do not parse are passed over: fsck finds what is left of them. */
static bool leave_generations(asker *ask, const keyspace *ks, const char *node_id, int64_t version,
                              const redis_reply *generations, departure *d) {
    bool all = true;
    for (size_t i = 0; i + 2 < reply_count(generations); i += 3) {
        lang_service service;
        bool good = !lang_list_parse(reply_text(reply_at(generations, i + 1)), &service.sources, NULL) &&
                    !lang_list_parse(reply_text(reply_at(generations, i + 2)), &service.targets, NULL);
        if (good) all = leave_pools(ask, ks, node_id, version, &service, d) && all;
    }
    return all;
}

void departure_run(asker *ask, const keyspace *ks, const char *node_id, const char *owner, departure *ret_departure) {
    departure d = {.pools = 0};
    redis_reply *reply = mark_offline(ask, ks, node_id, owner);
    int64_t version = reply_int(reply_at(reply, 1));
    snprintf(d.answer, sizeof d.answer, "%s", reply_text(reply_at(reply, 0)));
    if (reply_says(reply, "OFFLINE")) {
        d.jobs = (int64_t)reply_count(reply_at(reply, 4));
        if (leave_generations(ask, ks, node_id, version, reply_at(reply, 3), &d)) forget(ask, ks, node_id, version, &d);
    }
    sync_reply_free(reply);
    *ret_departure = d;
}
