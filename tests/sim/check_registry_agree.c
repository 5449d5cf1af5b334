/* check_registry_agree.c - a registry in memory answers what the scripts would: random histories on both, answer by answer.
 *
 * What differs by design is left out: memory has a node ready at once, where Redis wants its pools agreed upon first. So is a verdict
 * about an attempt whose reservation has expired: in Redis it counts when something else has kept the entry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/mechanisms/registry.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/link_virtual.h"
#include "tests/support/suite.h"

enum { STEPS = 1000, HISTORIES = 24, AGREE_NODES = 3, JOBS = 5, REDIS = 0, MEMORY = 1, TEXT = 4096 };

static engine *e;
static virtual_redis *redis;
static virtual_server *server;
static link_virtual *wire;
static redis_link way;
static keyspace keys;
static scripts *lua;
static sched_error err;
static registry *both[2];
static soon *later;
static char said[2][TEXT];
static int64_t version[2][AGREE_NODES];
static bool drains[AGREE_NODES];
static int of_node, of_job; /* what the present step is about */
static bool dry;
static usec_t until[AGREE_NODES][JOBS];
static rng draws;

/* ---- two registries in one world ------------------------------------------------------------------------------------ */

static void submit(void *ctx, const redis_call *call, link_callback *done, void *arg) {
    (void)ctx;
    link_submit(&way, call, USEC_PER_SEC, done, arg);
}

static void answered(void *ctx, script_id script, link_status status, const redis_reply *reply) {
    (void)ctx, (void)script;
    ck_assert_msg(status == LINK_OK, "%s", reply_text(reply));
}

static void open_both(uint64_t seed) {
    virtual_redis_options redis_options = virtual_redis_defaults;
    virtual_server_options server_options = {.costs = COST_ZERO, .seed = 1};
    link_virtual_options link_options = {.delay = {.kind = DIST_CONSTANT}, .window = 100, .seed = 1};
    e = engine_new(1767225600 * USEC_PER_SEC);
    ck_assert_msg(!virtual_redis_start(e, &redis_options, &redis, &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    ck_assert_msg(!virtual_server_new(e, redis, lua, &server_options, &server, &err), "%s", err.message);
    wire = link_virtual_new(e, server, &link_options);
    way = link_virtual_interface(wire);
    ck_assert(!keyspace_init(&keys, NULL, &err));
    rng_init(&draws, seed, "agree", 0);
    later = soon_new(engine_clock(e), engine_timers(e));
    mechanism_env env = {.clock = engine_clock(e),
                         .timers = engine_timers(e),
                         .soon = later,
                         .keys = &keys,
                         .submit = submit,
                         .answered = answered};
    registry_settings set = {.limit = true,
                             .node_ttl = 45 * USEC_PER_SEC,
                             .ready_limit = 86400 * USEC_PER_SEC,
                             .trial_pause = 5 * USEC_PER_SEC,
                             .mark_ttl = 20 * USEC_PER_SEC,
                             .resource_limit = 85,
                             .reap_batch = 100};
    set.kind = REGISTRY_POOLS;
    set.load = LOAD_RESERVATIONS;
    both[REDIS] = registry_new(&env, &set);
    set.kind = REGISTRY_CANDIDATES;
    set.load = LOAD_OWN;
    both[MEMORY] = registry_new(&env, &set);
}

static void close_both(void) {
    for (int i = 0; i < 2; i++) both[i] = registry_free(both[i]);
    later = soon_free(later);
    wire = link_virtual_free(wire);
    server = virtual_server_free(server);
    lua = scripts_free(lua);
    redis = virtual_redis_stop(redis);
    e = engine_free(e);
}

/* ---- what they say -------------------------------------------------------------------------------------------------- */

static int who_of(const void *arg) {
    return arg == &both[MEMORY];
}

static char *room_of(const void *arg) {
    return said[who_of(arg)];
}

static void on_grant(void *arg, const grant_answer *a) {
    if (a->verdict.word == GRANT_OK && !dry && a->expiry > until[of_node][of_job]) until[of_node][of_job] = a->expiry;
    snprintf(room_of(arg), TEXT, "%s detail=%s value=%lld limit=%lld owner=%s expiry=%lld",
             grant_word_name(a->verdict.word), a->verdict.detail,
             (long long)(a->verdict.word == GRANT_NOTSERVED ? 0 : a->verdict.value), (long long)a->verdict.limit,
             a->verdict.owner, a->verdict.word == GRANT_OK ? (long long)a->expiry : 0);
}

static void on_confirm(void *arg, const confirm_answer *a) {
    if (a->expiry > until[of_node][of_job]) until[of_node][of_job] = a->expiry;
    snprintf(room_of(arg), TEXT, "%d %s expiry=%lld", a->held, a->why, (long long)a->expiry);
}

static void on_release(void *arg, const release_answer *a) {
    snprintf(room_of(arg), TEXT, "load=%lld status=%s", (long long)a->load, a->node_status);
}

static void on_mark(void *arg, const mark_answer *a) {
    snprintf(room_of(arg), TEXT, "%d until=%lld", a->marked, (long long)a->until);
}

static void on_node(void *arg, const node_answer *a) {
    char *to = room_of(arg);
    int len = snprintf(to, TEXT, "word=%d load=%lld", (int)a->word, (long long)a->load);
    for (size_t i = 0; i < a->held_count; i++)
        len += snprintf(to + len, (size_t)(TEXT - len), " %s/%lld", a->held[i].job, (long long)a->held[i].attempt);
}

static int enrolled_node;

static void on_enrolled(void *arg, const node_answer *a) {
    version[who_of(arg)][enrolled_node] = a->version;
    snprintf(room_of(arg), TEXT, "word=%d", (int)a->word);
}

/* ---- a step --------------------------------------------------------------------------------------------------------- */

static int below(int n) {
    return (int)rng_below(&draws, (uint64_t)n);
}

static const char *const nodes[AGREE_NODES] = {"n1", "n2", "n3"};
static const char *const jobs[JOBS] = {"j001-a", "j001-b", "j001-c", "j001-d", "j001-e"};
static const char *const owners[2] = {"i:1", "i:2"};
static const char *const targets[2] = {"en", "en fr"};
static const lang_pair pairs[2] = {{"de", "en"}, {"de", "fr"}};

static void settle(int step, const char *what) {
    engine_run(e, engine_now(e) + USEC_PER_MSEC);
    ck_assert_msg(!strcmp(said[REDIS], said[MEMORY]), "step %d, %s:\n  redis  %s\n  memory %s", step, what, said[REDIS],
                  said[MEMORY]);
    said[REDIS][0] = said[MEMORY][0] = '\0';
}

#define ON_BOTH(what, ...)                                                                                             \
    for (int w = 0; w < 2; w++) both[w]->ops->what(both[w], __VA_ARGS__, &both[w])

static void enrol(int step) {
    int node = enrolled_node = below(AGREE_NODES);
    const char *owner = owners[below(2)];
    if (drains[node]) return; /* Redis keeps each offer of a node that drains, up to a bound */
    node_offer offer = {nodes[node], owner, "de", targets[below(2)], 2, ""};
    ON_BOTH(enrol, &offer, on_enrolled);
    settle(step, "enrol");
    both[REDIS]->ops->assigned(both[REDIS], nodes[node], owner, version[REDIS][node], on_node, &both[REDIS]);
    both[MEMORY]->ops->assigned(both[MEMORY], nodes[node], owner, version[MEMORY][node], on_node, &both[MEMORY]);
    settle(step, "assigned");
}

static void take_offline(int step) {
    int node = below(AGREE_NODES);
    const char *owner = below(2) ? owners[below(2)] : "";
    ON_BOTH(offline, nodes[node], owner, "test", on_node);
    char word[32];
    snprintf(word, sizeof word, "word=%d ", (int)NODE_OFFLINE);
    engine_run(e, engine_now(e) + USEC_PER_MSEC);
    bool gone = !strncmp(said[REDIS], word, strlen(word));
    settle(step, "offline");
    if (gone) drains[node] = false;
    if (gone)
        for (int w = 0; w < 2; w++) both[w]->ops->forget(both[w], nodes[node], version[w][node]);
}

/* A node that has left may keep reservations for a while in Redis; a name that is not registered is asked for nothing else. */
static void one_step(int step) {
    of_node = below(AGREE_NODES);
    of_job = below(JOBS);
    const char *node = nodes[of_node], *job = jobs[of_job], *owner = owners[below(2)];
    const lang_pair *pair = &pairs[below(2)];
    int64_t hold = below(8) ? 30000 + below(30000) : 1 + below(3000);
    switch (below(12)) {
    case 0: enrol(step); break;
    case 1: take_offline(step); break;
    case 2:
        if (below(4)) break; /* rarely: else all nodes drain soon */
        drains[of_node] = true;
        ON_BOTH(drain, node, owner, on_node);
        settle(step, "drain");
        break;
    case 3: {
        node_report report = {.gpu = below(4) ? 10 : 90, .unready = !below(8)};
        ON_BOTH(beat, node, owner, &report, on_node);
        settle(step, "beat");
        break;
    }
    case 4: {
        mark_question q = {node, pair, below(2) ? "nmt@1" : "nmt@2"};
        ON_BOTH(mark, &q, on_mark);
        settle(step, "mark");
        break;
    }
    case 5: {
        confirm_question q = {node, job, 1, owner, hold};
        ON_BOTH(confirm, &q, on_confirm);
        settle(step, "confirm");
        break;
    }
    case 6:
    case 7: {
        bool expired = until[of_node][of_job] <= engine_now(e) + USEC_PER_MSEC;
        if (expired && until[of_node][of_job]) break;
        release_question q = {node, job, 1, below(2) ? VERDICT_FAILURE : (attempt_verdict)below(3)};
        ON_BOTH(release, &q, on_release);
        settle(step, "release");
        break;
    }
    case 8: engine_run(e, engine_now(e) + below(8000) * USEC_PER_MSEC); break;
    default: {
        grant_question q = {node, job, 1, 1, pair, (grant_mode)below(3), hold, 85};
        dry = q.mode == GRANT_DRY;
        ON_BOTH(grant, &q, on_grant);
        settle(step, "grant");
    }
    }
}

START_TEST(memory_answers_what_the_scripts_answer) {
    open_both((uint64_t)_i + 1);
    for (int node = 0; node < AGREE_NODES; node++) enrol(0);
    for (int step = 1; step <= STEPS; step++) one_step(step);
    close_both();
}
END_TEST

int main(void) {
    TCase *all = tcase_create("registry_agree");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, memory_answers_what_the_scripts_answer, 0, HISTORIES);
    return suite_run_case("registry_agree", all);
}
