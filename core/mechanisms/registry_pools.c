/* registry_pools.c - a pool of the pair proposes, out of Redis; loads are read one by one.
 *
 * A pool knows names and versions only. So a proposal costs the same whatever the size of the pool, and what it says of a node may be
 * old: the record grants. */
#include "core/mechanisms/registry_redis.h"

#include "core/base/mem.h"
#include "core/mechanisms/registry_counted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct proposing {
    registry *r;
    script_id script;
    proposal_done *done;
    void *arg;
} proposing;

/* Members come as "node version", behind the size of the pool. */
static int take_members(const redis_reply *reply, candidate *ret_candidates) {
    int count = 0;
    for (size_t i = 1; i < reply_count(reply) && count < SHARD_MAX; i++) {
        candidate *c = &ret_candidates[count];
        c->load = LOAD_UNKNOWN;
        if (sscanf(reply_text(reply_at(reply, i)), "%64s %" SCNd64, c->node, &c->version) == 2) count++;
    }
    return count;
}

static void on_proposed(void *arg, link_status status, const redis_reply *reply) {
    proposing p = *(proposing *)arg;
    free(arg);
    mechanism_answered(&p.r->env, p.script, status, reply);
    const redis_reply *members = status == LINK_OK ? reply : NULL;
    size_t room = reply_count(members);
    candidate *candidates = mem_zalloc(room ? room : 1, sizeof *candidates);
    proposal answer = {
        .status = status,
        .members = reply_int(reply_at(members, 0)),
        .count = take_members(members, candidates),
        .candidates = candidates,
    };
    p.done(p.arg, &answer);
    free(candidates);
}

static void sample_arguments(redis_call *call, const proposal_question *q) {
    call_int(call, q->want);
    call_int(call, q->excluded_count);
    for (int i = 0; i < q->excluded_count; i++) call_str(call, q->excluded[i]);
    for (int i = 0; i < q->want + q->excluded_count; i++) call_int(call, rng_u32(q->draws));
}

/* Two for each: a shard, and a member of it. */
static void biased_arguments(redis_call *call, const proposal_question *q) {
    call_int(call, q->want);
    call_int(call, q->excluded_count);
    for (int i = 0; i < q->excluded_count; i++) call_str(call, q->excluded[i]);
    for (int i = 0; i < 2 * q->want; i++) call_int(call, rng_u32(q->draws));
}

static script_id script_for(const registry *r, const proposal_question *q) {
    if (q->shard) return SCRIPT_SELECT_SHARD;
    return r->set.biased_shards ? SCRIPT_BIASED_SELECT : SCRIPT_SELECT_NODE;
}

static void propose(registry *r, const proposal_question *q, proposal_done *done, void *arg) {
    redis_key key;
    redis_call call;
    proposing *p = mem_zalloc(1, sizeof *p);
    *p = (proposing){r, script_for(r, q), done, arg};
    call_script(&call, p->script);
    call_key(&call, key_pool_members(&key, r->env.keys, q->pair->src, q->pair->tgt));
    if (q->shard)
        call_int(&call, rng_u32(q->draws));
    else if (r->set.biased_shards)
        biased_arguments(&call, q);
    else
        sample_arguments(&call, q);
    mechanism_call(&r->env, &call, on_proposed, p);
}

typedef struct loading {
    registry *r;
    load_done *done;
    void *arg;
} loading;

static void on_load(void *arg, link_status status, const redis_reply *reply) {
    loading l = *(loading *)arg;
    free(arg);
    mechanism_answered(&l.r->env, SCRIPT_NONE, status, reply);
    l.done(l.arg, status == LINK_OK ? reply_int(reply) : LOAD_UNREADABLE);
}

static void read_load(registry *r, const char *node, load_done *done, void *arg) {
    redis_key key;
    redis_call call;
    loading *l = mem_zalloc(1, sizeof *l);
    *l = (loading){r, done, arg};
    if (r->set.load == LOAD_REPORTED) {
        call_command(&call, "HGET");
        call_key(&call, key_node(&key, r->env.keys, node));
        call_str(&call, "running");
    } else if (r->set.counted_reservations) {
        counted_load_call(&call, r, node);
    } else {
        call_command(&call, "ZCOUNT");
        call_key(&call, key_node_reservations(&key, r->env.keys, node));
        call_int(&call, clock_now(&r->env.clock) / USEC_PER_MSEC);
        call_str(&call, "+inf");
    }
    mechanism_call(&r->env, &call, on_load, l);
}

static void stop(registry *r) {
    (void)r;
}

static void free_pools(registry *r) {
    free(r);
}

static const registry_ops ops = {
    .in_redis = true,
    .pools = true,
    .loads = true,
    .propose = propose,
    .load = read_load,
    .grant = registry_redis_grant,
    .confirm = registry_redis_confirm,
    .release = registry_redis_release,
    .mark = registry_redis_mark,
    .enrol = registry_redis_enrol,
    .beat = registry_redis_beat,
    .assigned = registry_redis_assigned,
    .drain = registry_redis_drain,
    .offline = registry_redis_offline,
    .forget = registry_redis_forget,
    .due = registry_redis_due,
    .stop = stop,
    .free = free_pools,
};

registry *registry_pools_new(const mechanism_env *env, const registry_settings *settings) {
    registry *r = mem_zalloc(1, sizeof *r);
    *r = (registry){&ops, *env, *settings};
    return r;
}
