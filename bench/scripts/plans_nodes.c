/* plans_nodes.c - nodes, pools and reservations.
 *
 * A registration's version is the clock, unless the one before was later: so a later one is put there first, and the version that follows
 * can be written here. Reservations that fill a node, and that alone, are written without the script: of them only the number counts. */
#include "bench/benchmarks.h"
#include "bench/scripts/script_bench.h"

#define BEFORE "8999999999999"
#define VER    "9000000000000"

#define OFFER(times, id, languages)                                                                                    \
    {times, "HSET @node:" id " ver " BEFORE}, {                                                                        \
        times, "register_node_v2 @node:" id " @langs:" id " @expiry:" id " @hold:" id " " id " i1:1 " languages        \
               " " languages " 1000000 86400000 ''"                                                                    \
    }
#define ASSIGNED(times, id)                                                                                            \
    { times, "node_assigned @node:" id " @langs:" id " i1:1 " VER }
#define READY(times, id)       OFFER(times, id, "l00"), ASSIGNED(times, id)
#define NODE_KEYS              "@node:n%g @resv:n%g @langs:n%g @marks:n%g"
#define ATTEMPT                "j%i 1"
#define RESERVED(script, hold) script " " NODE_KEYS " " ATTEMPT " " VER " l00 l00 1 " hold " 85"
#define HELD                                                                                                           \
    { PER_MEMBER, "ZADD @resv:n%g 9999999999999 f%i" }
#define HEARTBEAT                                                                                                      \
    "heartbeat_with_pool_assign @node:n%g @langs:n%g @expiry:n%g @resv:n%g n%g i1:1 86400000 50 60 40 2 1 60000"
#define POOL(id) "@members:en:t%g @places:en:t%g @left:en:t%g:" id " " id
#define MEMBERS                                                                                                        \
    { PER_MEMBER, "pool_join " POOL("f%i") " 1" }

static const bench_value languages[] = {{.number = 1}, {.number = 8}, {.number = 64}};
static const bench_value members[] = {{.number = 10}, {.number = 1000}, {.number = 20000}};
static const bench_value held[] = {{.number = 4}, {.number = 100}, {.number = 1000}};
static const bench_value jobs[] = {{.number = 1}, {.number = 10}, {.number = 100}};

// clang-format off
const benchmark bench_scripts_nodes[] = {
    {SCRIPT_ROW("register_node_v2", "a node registers, with so many sources and targets",
        .call = "register_node_v2 @node:n%i @langs:n%i @expiry:n%i @hold:n%i n%i i1:1 %L %L 4 45000 ''",
        .answer = "OK"),
     SCRIPT_BY("languages", languages)},
    {SCRIPT_ROW("heartbeat_with_pool_assign", "a node reports in, and nothing has changed",
        .steps = {OFFER(PER_GROUP, "n%g", "%L"), ASSIGNED(PER_GROUP, "n%g")},
        .call = HEARTBEAT, .answer = "OK"),
     SCRIPT_BY("languages", languages)},
    {SCRIPT_ROW("heartbeat_with_pool_assign.join", "a node reports in that is in no pool yet",
        .steps = {OFFER(PER_GROUP, "n%g", "%L")},
        .call = HEARTBEAT, .answer = "REASSIGN", .linear = true),
     SCRIPT_BY("languages", languages)},
    {SCRIPT_ROW("node_assigned", "a node has joined its pools",
        .steps = {OFFER(PER_CALL, "n%i", "l00")},
        .call = "node_assigned @node:n%i @langs:n%i i1:1 " VER, .answer = "READY")},
    {SCRIPT_ROW("drain_node", "a node gets no new jobs",
        .steps = {READY(PER_CALL, "n%i")},
        .call = "drain_node @node:n%i @hold:n%i i1:1 0 ''", .answer = "OK")},
    {SCRIPT_ROW("node_offline", "a node's connection has ended, with so many jobs",
        .steps = {READY(PER_GROUP, "n%g"), HELD},
        .call = "node_offline @node:n%g @langs:n%g @resv:n%g @expiry:n%g n%g i1:1 5000 1000", .answer = "OFFLINE",
        .groups = APART, .linear = true),
     SCRIPT_BY("jobs", jobs)},
    {SCRIPT_ROW("forget_node", "nothing stays of a node",
        .steps = {READY(PER_CALL, "n%i"),
                  {PER_CALL, "node_offline @node:n%i @langs:n%i @resv:n%i @expiry:n%i n%i i1:1 5000 1000"}},
        .call = "forget_node @node:n%i @langs:n%i @resv:n%i @expiry:n%i n%i " VER, .answer = "OK")},
    {SCRIPT_ROW("mark_service", "a node lacks a model",
        .steps = {READY(PER_GROUP, "n%g")},
        .call = "mark_service @node:n%g @marks:n%g l00 l00 asr@%i 86400000 1000000 86400000", .answer = "MARKED")},

    {SCRIPT_ROW("pool_join", "a node joins a pool of so many members",
        .steps = {MEMBERS},
        .call = "pool_join " POOL("n%i") " 1", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("pool_leave", "one of so many members leaves a pool",
        .steps = {MEMBERS},
        .call = "pool_leave " POOL("f%k") " 1 60000", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("select_node", "four candidates out of so many members",
        .steps = {MEMBERS},
        .call = "select_node @members:en:t%g 4 0 %r %r %r %r", .answer = "%n"),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("select_shard", "a hundred candidates out of so many members",
        .steps = {MEMBERS},
        .call = "select_shard @members:en:t%g %r", .answer = "%n"),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("biased_select", "four candidates, as an incident chose them",
        .steps = {MEMBERS},
        .call = "biased_select @members:en:t%g 4 0 %r %r %r %r %r %r %r %r", .answer = "%n"),
     SCRIPT_BY("members", members)},

    {SCRIPT_ROW("reserve_node", "a node that holds so many reservations takes one more",
        .steps = {READY(PER_GROUP, "n%g"), HELD},
        .call = RESERVED("reserve_node", "60000"), .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("held", held)},
    {SCRIPT_ROW("confirm_reservation", "a reservation is confirmed and extended",
        .steps = {READY(PER_GROUP, "n%g"), HELD, {PER_CALL, RESERVED("reserve_node", "3600000")}},
        .call = "confirm_reservation @node:n%g @resv:n%g " ATTEMPT " i1:1 86400000", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("held", held)},
    {SCRIPT_ROW("release_reservation", "a reservation is given back",
        .steps = {READY(PER_GROUP, "n%g"), HELD, {PER_CALL, RESERVED("reserve_node", "3600000")}},
        .call = "release_reservation @resv:n%g @node:n%g " ATTEMPT " success 0", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("held", held)},
    {SCRIPT_ROW("counted_reserve", "a reservation, as an incident counted it",
        .steps = {READY(PER_GROUP, "n%g"), HELD},
        .call = RESERVED("counted_reserve", "60000"), .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("held", held)},
    {SCRIPT_ROW("counted_release", "its release",
        .steps = {READY(PER_GROUP, "n%g"), HELD, {PER_CALL, RESERVED("counted_reserve", "3600000")}},
        .call = "counted_release @resv:n%g @node:n%g " ATTEMPT " success 0", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("held", held)},
    {SCRIPT_ROW("counted_overwrite", "a heartbeat that overwrites what was counted",
        .steps = {READY(PER_GROUP, "n%g")},
        .call = "counted_overwrite @node:n%g 2", .answer = "OK")},
    {.name = NULL},
};
// clang-format on
