/* crowd.c - each deed is what an instance does for one reason, from one call to a dozen, with what was true when it began: the
 * others act meanwhile, so its later calls are often about a world that has moved on. That is what the scripts must stand. */
#include "tests/support/crowd.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/support/server_watch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    NODES = 3,
    REQUESTS = 16,
    HOLD_MAX = 20, /* ms */
    TTL_MAX = 5,   /* ms, of a finished job: then its request is free again */
    SETTLE_MAX = 20,
};

static const char *const sources = "de fr";
static const char *const offers[] = {"en it", "en", "it en es"};
static const char *const pairs[] = {"de:en", "fr:en", "de:it", "fr:es"};

typedef struct actor {
    const lua_db *db;
    sync_client *client;
    rng r;
    crowd_diary *diary;
    int64_t left; /* operations */
} actor;

/* ---- asking --------------------------------------------------------------------------------------------------------- */

static void give_up(actor *a, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

static void give_up(actor *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(a->diary->wrong, sizeof a->diary->wrong, format, args);
    va_end(args);
    server_watch_leave(a->client);
    _exit(EXIT_FAILURE);
}

static redis_reply *ask(actor *a, script_id id, lua_subject about, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The answer belongs to the caller. An error reply is a failure: nothing here passes a bad argument. */
static redis_reply *ask(actor *a, script_id id, lua_subject about, const char *format, ...) {
    sched_error err = {0};
    redis_reply *reply = NULL;
    redis_call call;
    va_list args;
    va_start(args, format);
    lua_put(a->db, &call, id, &about, format, args);
    va_end(args);
    if (sync_client_call(a->client, &call, &reply, &err)) give_up(a, "%s", err.message);
    if (reply_is_error(reply)) give_up(a, "%s: %.200s", scripts_name(id), reply_text(reply));
    a->diary->calls[id]++;
    a->left--;
    return reply;
}

static bool said(redis_reply *reply, const char *word) {
    bool yes = reply_says(reply, word);
    sync_reply_free(reply);
    return yes;
}

static redis_reply *look(actor *a, const char *key, const char *const fields[], int count) {
    sched_error err = {0};
    redis_reply *reply = NULL;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key);
    for (int i = 0; i < count; i++) call_str(&call, fields[i]);
    if (sync_client_call(a->client, &call, &reply, &err)) give_up(a, "%s", err.message);
    return reply;
}

static int64_t below(actor *a, int64_t n) {
    return (int64_t)rng_below(&a->r, (uint64_t)n);
}

static bool chance(actor *a, double probability) {
    return rng_chance(&a->r, probability);
}

typedef struct node_name {
    char id[8], owner[8];
} node_name;

/* One of the nodes and one of the two connections that may speak for it. */
static node_name some_node(actor *a) {
    node_name n;
    snprintf(n.id, sizeof n.id, "n%d", (int)below(a, NODES));
    snprintf(n.owner, sizeof n.owner, "i:%d", (int)below(a, 2));
    return n;
}

/* Two ids may want the same request; only one of them gets it at a time. */
static lua_job job_number(int request, int number) {
    char name[16];
    snprintf(name, sizeof name, "s1:%d:en", request);
    return lua_job_of(name, (unsigned)number);
}

static lua_job some_job(actor *a) {
    return job_number((int)below(a, REQUESTS), chance(a, 0.1));
}

/* ---- pools ---------------------------------------------------------------------------------------------------------- */

static bool listed(const char *list, const char *tag) {
    char padded[64], wanted[32];
    snprintf(padded, sizeof padded, " %s ", list);
    snprintf(wanted, sizeof wanted, " %s ", tag);
    return strstr(padded, wanted) != NULL;
}

/* Joins or leaves each pair of `from` x `to`, or leaves those that are not in `except`; false when a pool said no. */
static bool change_pairs(actor *a, script_id id, const char *node, int64_t ver, const char *from, const char *to,
                         const char *except) {
    char src_list[64], tgt_list[64], *rest = src_list;
    bool good = true;
    snprintf(src_list, sizeof src_list, "%s", from);
    for (char *src; (src = strsep(&rest, " "));) {
        snprintf(tgt_list, sizeof tgt_list, "%s", to);
        char *others = tgt_list;
        for (char *tgt; (tgt = strsep(&others, " "));) {
            if (except && listed(except, tgt)) continue;
            lua_subject about = {.node = node, .src = src, .tgt = tgt};
            redis_reply *reply = id == SCRIPT_POOL_JOIN ? ask(a, id, about, "%s|%" PRId64, node, ver)
                                                        : ask(a, id, about, "%s|%" PRId64 "|60000", node, ver);
            good = !reply_says(reply, "STALE") && good;
            sync_reply_free(reply);
        }
    }
    return good;
}

static void leave_all(actor *a, const char *node, int64_t ver, const redis_reply *generations) {
    for (size_t i = 0; i + 2 < reply_count(generations); i += 3)
        change_pairs(a, SCRIPT_POOL_LEAVE, node, ver, reply_text(reply_at(generations, i + 1)),
                     reply_text(reply_at(generations, i + 2)), NULL);
}

/* REASSIGN is obeyed; `lazy` may stop in between, as a crash would. */
static void reassign(actor *a, const node_name *n, const redis_reply *reply, bool lazy) {
    const redis_reply *generations = reply_at(reply, 2);
    size_t last = reply_count(generations) - 3;
    int64_t ver = reply_int(reply_at(reply, 1));
    const char *targets = reply_text(reply_at(generations, last + 2));
    bool good =
        change_pairs(a, SCRIPT_POOL_JOIN, n->id, ver, reply_text(reply_at(generations, last + 1)), targets, NULL);
    if (lazy && chance(a, 0.1)) return;
    for (size_t i = 0; i < last; i += 3)
        good = change_pairs(a, SCRIPT_POOL_LEAVE, n->id, ver, reply_text(reply_at(generations, i + 1)),
                            reply_text(reply_at(generations, i + 2)), targets) &&
               good;
    if (!good || (lazy && chance(a, 0.1))) return;
    sync_reply_free(ask(a, SCRIPT_NODE_ASSIGNED, (lua_subject){.node = n->id}, "%s|%" PRId64, n->owner, ver));
}

/* ---- nodes ---------------------------------------------------------------------------------------------------------- */

static void enroll(actor *a, const node_name *n) {
    const char *targets = offers[chance(a, 0.8) ? 0 : below(a, 3)];
    sync_reply_free(ask(a, SCRIPT_REGISTER_NODE, (lua_subject){.node = n->id}, "%s|%s|%s|%s|%d|%d|mt@1", n->id,
                        n->owner, sources, targets, CROWD_SLOTS, (int)(50 + below(a, 2000))));
}

/* `owner` "" is a sweep. */
static void take_offline(actor *a, const char *node, const char *owner, bool lazy) {
    redis_reply *reply = ask(a, SCRIPT_NODE_OFFLINE, (lua_subject){.node = node}, "%s|%s|50|10", node, owner);
    if (reply_says(reply, "OFFLINE") && !(lazy && chance(a, 0.2))) {
        int64_t ver = reply_int(reply_at(reply, 1));
        leave_all(a, node, ver, reply_at(reply, 3));
        sync_reply_free(ask(a, SCRIPT_FORGET_NODE, (lua_subject){.node = node}, "%s|%" PRId64, node, ver));
    }
    sync_reply_free(reply);
}

/* Returns whether there is nothing more to do. */
static bool beat(actor *a, const node_name *n, int up, bool lazy) {
    redis_reply *reply = ask(a, SCRIPT_HEARTBEAT, (lua_subject){.node = n->id}, "%s|%s|%d|%d|20|30|2|%d|20", n->id,
                             n->owner, (int)(50 + below(a, 2000)), (int)(10 + below(a, 80)), up);
    bool done = reply_says(reply, "OK");
    if (reply_says(reply, "REASSIGN")) {
        reassign(a, n, reply, lazy);
    } else if (reply_says(reply, "DRAINING")) {
        leave_all(a, n->id, reply_int(reply_at(reply, 1)), reply_at(reply, 3));
        if (!lazy || reply_int(reply_at(reply, 2)) == 0) take_offline(a, n->id, n->owner, lazy);
    }
    sync_reply_free(reply);
    return done;
}

static void do_register(actor *a) {
    node_name n = some_node(a);
    enroll(a, &n);
}

static void do_beat(actor *a) {
    node_name n = some_node(a);
    beat(a, &n, chance(a, 0.9), true);
}

static void do_drain(actor *a) {
    node_name n = some_node(a);
    const char *owner = chance(a, 0.5) ? "" : n.owner;
    if (chance(a, 0.9)) return; /* rare, or nothing would ever be ready */
    sync_reply_free(ask(a, SCRIPT_DRAIN_NODE, (lua_subject){.node = n.id}, "%s|%d|disk", owner, (int)below(a, 5)));
}

static void do_offline(actor *a) {
    node_name n = some_node(a);
    if (chance(a, 0.8)) return;
    take_offline(a, n.id, chance(a, 0.5) ? "" : n.owner, true);
}

static void do_mark_service(actor *a) {
    node_name n = some_node(a);
    sync_reply_free(ask(a, SCRIPT_MARK_SERVICE, (lua_subject){.node = n.id}, "de|en|mt@%d|%d|5|20", (int)below(a, 3),
                        (int)(1 + below(a, 10))));
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

typedef struct known {
    bool there;
    char state[16], node[8];
    int64_t attempt;
} known;

/* Sometimes an attempt that was, or is not yet. */
static known know(actor *a, const lua_job *job) {
    static const char *const fields[] = {"state", "attempt", "node"};
    redis_key key;
    known k = {0};
    redis_reply *reply = look(a, key_job(&key, lua_keyspace(a->db), job->id), fields, 3);
    k.there = !reply_is_nil(reply_at(reply, 0));
    k.attempt = reply_int(reply_at(reply, 1));
    snprintf(k.state, sizeof k.state, "%s", reply_text(reply_at(reply, 0)));
    snprintf(k.node, sizeof k.node, "%s", reply_text(reply_at(reply, 2)));
    sync_reply_free(reply);
    if (chance(a, 0.05)) k.attempt += chance(a, 0.5) ? 1 : -1;
    if (k.attempt < 1) k.attempt = 1;
    if (!k.node[0] || chance(a, 0.05)) snprintf(k.node, sizeof k.node, "n%d", (int)below(a, NODES));
    return k;
}

static int brief(actor *a) {
    return (int)(1 + below(a, HOLD_MAX));
}

static void release(actor *a, const lua_job *job, int64_t attempt, const char *node, const char *verdict) {
    sync_reply_free(ask(a, SCRIPT_RELEASE_RESERVATION, (lua_subject){.node = node}, "%s|%" PRId64 "|%s|%d", job->id,
                        attempt, verdict, (int)below(a, 5)));
}

static void do_create(actor *a) {
    lua_job job = some_job(a);
    int attempt = chance(a, 0.8) ? 1 : (int)(1 + below(a, 4));
    sync_reply_free(ask(a, SCRIPT_CREATE_JOB, (lua_subject){.job = &job}, "%s|%s|i%d|s1|7|de:en|1500|%d|%d", job.id,
                        job.request, (int)below(a, 2), brief(a), attempt));
}

/* Marks, and confirms what was marked; a mark that was lost gives the slot back. */
static void send_job(actor *a, const lua_job *job, int64_t attempt, const char *node) {
    if (chance(a, 0.05)) return;
    if (said(ask(a, SCRIPT_MARK_DISPATCHED, (lua_subject){.job = job}, "%s|%" PRId64 "|%s|%d", job->id, attempt, node,
                 brief(a)),
             "OK"))
        sync_reply_free(ask(a, SCRIPT_CONFIRM_RESERVATION, (lua_subject){.node = node}, "%s|%" PRId64 "|i:%d|%d",
                            job->id, attempt, (int)below(a, 2), brief(a)));
    else
        release(a, job, attempt, node, "none");
}

/* "n1 17" as a pool proposes it: granted and sent, or a stale member taken out. */
static bool try_node(actor *a, const lua_job *job, int64_t attempt, const char *pair, const char *proposal) {
    char node[8] = "", src[8], tgt[8];
    int64_t ver = 0;
    if (sscanf(proposal, "%7s %" SCNd64, node, &ver) != 2) give_up(a, "%s proposed \"%s\"", pair, proposal);
    sscanf(pair, "%7[^:]:%7s", src, tgt);
    int mode = chance(a, 0.9) ? 1 : 2;
    redis_reply *reply =
        ask(a, SCRIPT_RESERVE_NODE, (lua_subject){.node = node}, "%s|%" PRId64 "|%" PRId64 "|%s|%s|%d|%d|85", job->id,
            attempt, ver, src, tgt, mode, brief(a));
    bool granted = reply_says(reply, "OK");
    bool stale = reply_says(reply, "NOTSERVED") || reply_says(reply, "GONE");
    int64_t load = reply_int(reply_at(reply, 1));
    sync_reply_free(reply);
    if (granted && load > CROWD_SLOTS) give_up(a, "%s granted %s with load %" PRId64, node, job->id, load);
    a->diary->granted += granted;
    if (granted && mode == 1) send_job(a, job, attempt, node);
    if (stale)
        sync_reply_free(ask(a, SCRIPT_POOL_LEAVE, (lua_subject){.node = node, .src = src, .tgt = tgt},
                            "%s|%" PRId64 "|60000", node, ver));
    return granted;
}

static void do_place(actor *a) {
    lua_job job = some_job(a);
    known k = know(a, &job);
    const char *pair = pairs[below(a, 4)];
    char src[8], tgt[8];
    sscanf(pair, "%7[^:]:%7s", src, tgt);
    redis_reply *reply =
        ask(a, SCRIPT_SELECT_NODE, (lua_subject){.src = src, .tgt = tgt}, "2|0|%u|%u", rng_u32(&a->r), rng_u32(&a->r));
    int64_t members = reply_int(reply_at(reply, 0));
    size_t proposed = reply_count(reply) - 1;
    if (proposed != (size_t)(members < 2 ? members : 2))
        give_up(a, "%s: %zu proposals of %" PRId64 " members: its positions have a hole", pair, proposed, members);
    bool done = false;
    for (size_t i = 1; i <= proposed && !done; i++)
        done = try_node(a, &job, k.attempt, pair, reply_text(reply_at(reply, i)));
    sync_reply_free(reply);
}

static void do_accept(actor *a) {
    lua_job job = some_job(a);
    known k = know(a, &job);
    sync_reply_free(ask(a, SCRIPT_ACCEPT_JOB, (lua_subject){.job = &job}, "%s|%" PRId64 "|%s|%d", job.id, k.attempt,
                        k.node, brief(a)));
}

static void do_start(actor *a) {
    lua_job job = some_job(a);
    known k = know(a, &job);
    sync_reply_free(ask(a, SCRIPT_START_JOB, (lua_subject){.job = &job}, "%s|%" PRId64 "|%s|%d", job.id, k.attempt,
                        k.node, brief(a)));
}

static void do_retry(actor *a) {
    lua_job job = some_job(a);
    known k = know(a, &job);
    if (said(ask(a, SCRIPT_FAILOVER_REASSIGN, (lua_subject){.job = &job}, "%s|%" PRId64 "|4|%d|%d", job.id, k.attempt,
                 brief(a), chance(a, 0.5)),
             "RETRY"))
        release(a, &job, k.attempt, k.node, "failure");
}

/* With the slot given back before the end is written, or after it, or not at all. */
static void do_complete(actor *a) {
    lua_job job = some_job(a);
    known k = know(a, &job);
    bool before = chance(a, 0.5);
    const char *verdict = chance(a, 0.75) ? "success" : "failure";
    if (before) release(a, &job, k.attempt, k.node, verdict);
    bool ended = said(ask(a, SCRIPT_COMPLETE_TASK, (lua_subject){.job = &job}, "%s|%" PRId64 "|ok||%d|%d|%d", job.id,
                          k.attempt, before, (int)(1 + below(a, TTL_MAX)), chance(a, 0.2)),
                      "OK");
    if (ended && !before && chance(a, 0.9)) release(a, &job, k.attempt, k.node, verdict);
}

static void do_release_job(actor *a) {
    lua_job job = some_job(a);
    sync_reply_free(ask(a, SCRIPT_RELEASE_JOB, (lua_subject){.job = &job}, "%s", job.id));
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

typedef struct deed {
    void (*act)(actor *a);
    int weight;
} deed;

static const deed deeds[] = {
    {do_place, 25}, {do_create, 15},  {do_complete, 12}, {do_accept, 8},       {do_start, 8}, {do_retry, 8},
    {do_beat, 10},  {do_register, 3}, {do_offline, 2},   {do_mark_service, 2}, {do_drain, 2}, {do_release_job, 5},
};

static void open_actor(actor *a, const crowd_client *c, int64_t operations) {
    sched_error err = {0};
    *a = (actor){.db = c->db, .diary = c->diary, .left = operations};
    rng_init(&a->r, c->seed, "crowd", (uint64_t)c->number);
    if (sync_client_open_socket(private_server_socket(c->server), 30 * USEC_PER_SEC, &a->client, &err) ||
        sync_client_load(a->client, lua_scripts(c->db), &err)) {
        snprintf(c->diary->wrong, sizeof c->diary->wrong, "%.250s", err.message);
        _exit(EXIT_FAILURE);
    }
}

void crowd_play(const crowd_client *c, int64_t operations, int seconds_max) {
    actor a;
    int total = 0;
    open_actor(&a, c, operations);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) total += deeds[i].weight;
    for (time_t end = time(NULL) + seconds_max; a.left > 0 && time(NULL) < end;) {
        int choice = (int)below(&a, total);
        const deed *next = deeds;
        while ((choice -= next->weight) >= 0) next++;
        next->act(&a);
    }
    server_watch_leave(a.client);
    sync_client_close(a.client);
}

/* ---- what is left --------------------------------------------------------------------------------------------------- */

/* A job that is gone, or finished, may stand in the deadline index until a sweep has released it. */
static void end_job(actor *a, const lua_job *job) {
    for (int i = 0; i < SETTLE_MAX; i++) {
        known k = know(a, job);
        if (!strcmp(k.state, "RELEASED")) return;
        if (k.there && strcmp(k.state, "FINISHED") != 0)
            sync_reply_free(ask(a, SCRIPT_COMPLETE_TASK, (lua_subject){.job = job}, "%s|%" PRId64 "|cancelled||0|1|0",
                                job->id, k.attempt));
        sync_reply_free(ask(a, SCRIPT_RELEASE_JOB, (lua_subject){.job = job}, "%s", job->id));
        if (!k.there) return;
    }
    give_up(a, "%s does not end", job->id);
}

static void settle_node(actor *a, int number) {
    static const char *const fields[] = {"owner", "status"};
    redis_key key;
    node_name n;
    snprintf(n.id, sizeof n.id, "n%d", number);
    for (int i = 0; i < SETTLE_MAX; i++) {
        redis_reply *reply = look(a, key_node(&key, lua_keyspace(a->db), n.id), fields, 2);
        bool there = !reply_is_nil(reply_at(reply, 0)), offline = !strcmp(reply_text(reply_at(reply, 1)), "offline");
        snprintf(n.owner, sizeof n.owner, "%s", reply_text(reply_at(reply, 0)));
        sync_reply_free(reply);
        if (!there) return;
        if (offline)
            take_offline(a, n.id, n.owner, false);
        else if (beat(a, &n, 1, false))
            return;
    }
    give_up(a, "%s does not settle", n.id);
}

void crowd_settle(const crowd_client *c) {
    actor a;
    open_actor(&a, c, 0);
    for (int request = 0; request < REQUESTS; request++)
        for (int number = 0; number < 2; number++) {
            lua_job job = job_number(request, number);
            end_job(&a, &job);
        }
    for (int number = 0; number < NODES; number++) settle_node(&a, number);
    usleep(2 * HOLD_MAX * 1000);
    sync_client_close(a.client);
}

void crowd_go_home(const crowd_client *c) {
    static const char *const owner[] = {"owner"};
    actor a;
    redis_key key;
    open_actor(&a, c, 0);
    for (int number = 0; number < NODES; number++) {
        char node[8];
        snprintf(node, sizeof node, "n%d", number);
        redis_reply *reply = look(&a, key_node(&key, lua_keyspace(c->db), node), owner, 1);
        if (!reply_is_nil(reply_at(reply, 0))) take_offline(&a, node, reply_text(reply_at(reply, 0)), false);
        sync_reply_free(reply);
    }
    sync_client_close(a.client);
}
