/* plans_talk.c - sessions, rooms and instances. Members of a room are written without room_join, which would read all of them for each. */
#include "bench/benchmarks.h"
#include "bench/scripts/script_bench.h"

#define OPEN "open_session @session:s%i i1:1 en de 0 86400000"
#define MEMBERS                                                                                                        \
    {PER_GROUP, "HSET @room:%g made 1700000000000"}, {                                                                 \
        PER_MEMBER, "HSET @room:%g m:f%i de%_i1:1%_1700000000000%_Ann"                                                 \
    }
#define BEAT(id)                                                                                                       \
    "instance_beat @presence:" id " @tombstone:" id " @inbox:" id " token 127.0.0.1:7000 host 4711 1 86400000 "        \
    "864000000"
#define INBOX(times, id)                                                                                               \
    { times, "XGROUP CREATE @inbox:" id " scheduler 0 MKSTREAM" }
#define ENTRY(id)                                                                                                      \
    "XADD @inbox:" id " %e-1 kind answer from i2 address 127.0.0.1:7001 job j1 session s1 node n1 attempt 1 deadline " \
    "0"
#define DELIVER(id) "XREADGROUP GROUP scheduler reader COUNT 1000000 STREAMS @inbox:" id " >"
#define ADOPT       "adopt_instance @presence:i%i @lease:i%i @tombstone:i%i @inbox:i%i heir 86400000 864000000"

static const bench_value members[] = {{.number = 2}, {.number = 8}, {.number = 31}}; /* a room has 32 at most */
static const bench_value instances[] = {{.number = 2}, {.number = 8}, {.number = 64}};
static const bench_value entries[] = {{.number = 1}, {.number = 8}, {.number = 48}};

// clang-format off
const benchmark bench_scripts_talk[] = {
    {SCRIPT_ROW("open_session", "a connection speaks for a session",
        .call = OPEN, .answer = "OK")},
    {SCRIPT_ROW("renew_session", "it still does",
        .steps = {{PER_CALL, OPEN}},
        .call = "renew_session @session:s%i i1:1 86400000", .answer = "OK")},
    {SCRIPT_ROW("close_session", "it does no longer",
        .steps = {{PER_CALL, OPEN}},
        .call = "close_session @session:s%i i1:1", .answer = "OK")},

    {SCRIPT_ROW("room_create", "a room and its first member",
        .call = "room_create @room:%i s0 de i1:1 Ann 86400000", .answer = "OK")},
    {SCRIPT_ROW("room_join", "a session joins a room of so many members",
        .steps = {MEMBERS},
        .call = "room_join @room:%g s0 fr i1:1 Ann 86400000 32 12", .answer = "OK", .groups = APART, .linear = true),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("room_leave", "one of so many members leaves",
        .steps = {MEMBERS},
        .call = "room_leave @room:%g f0 i1:1", .answer = "OK", .groups = APART, .linear = true),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("room_speak", "one of so many members speaks",
        .steps = {MEMBERS},
        .call = "room_speak @room:%g f0 86400000", .answer = "OK", .linear = true),
     SCRIPT_BY("members", members)},
    {SCRIPT_ROW("room_prefer", "a member does not want another's voice",
        .steps = {{PER_CALL, "HSET @room:%i made 1700000000000 m:a de%_i1:1%_1700000000000%_Ann m:b en%_i1:2%_1700000000000%_Bob"}},
        .call = "room_prefer @room:%i a b 0", .answer = "OK")},

    {SCRIPT_ROW("instance_beat", "an instance lives",
        .steps = {{ONCE, BEAT("i1")}},
        .call = BEAT("i1"), .answer = "OK")},
    {SCRIPT_ROW("list_instance", "an instance shows itself among so many",
        .steps = {{PER_MEMBER, "list_instance @instances f%i 864000000"}},
        .call = "list_instance @instances f0 864000000", .answer = "OK", .linear = true),
     SCRIPT_BY("instances", instances)},
    {SCRIPT_ROW("leave_instance", "an instance goes in good order",
        .steps = {{PER_CALL, BEAT("i%i")}},
        .call = "leave_instance @presence:i%i @inbox:i%i token", .answer = "OK")},
    {SCRIPT_ROW("inbox_add", "an entry for another instance",
        .steps = {{ONCE, BEAT("i1")}},
        .call = "inbox_add @presence:i1 @inbox:i1 1000000 answer i2 127.0.0.1:7001 j1 s1 n1 1 0", .answer = "OK")},
    {SCRIPT_ROW("inbox_done", "so many entries were handled",
        .steps = {INBOX(PER_GROUP, "i%g"), {PER_MEMBER, ENTRY("i%g")}, {PER_GROUP, DELIVER("i%g")}},
        .call = "inbox_done @inbox:i%g %ids", .answer = "OK", .groups = APART, .linear = true),
     SCRIPT_BY("entries", entries)},
    {SCRIPT_ROW("dead_letter", "an entry that cannot be handled",
        .steps = {INBOX(ONCE, "i1"), {PER_CALL, ENTRY("i1")}, {ONCE, DELIVER("i1")}},
        .call = "dead_letter @inbox:i1 @dead:i1 %e-1 expired 0 3 7776000000 1000000", .answer = "OK")},
    {SCRIPT_ROW("adopt_instance", "a survivor takes the inbox of a dead instance",
        .call = ADOPT, .answer = "LEASED")},
    {SCRIPT_ROW("forget_instance", "everything that it left was handled",
        .steps = {INBOX(PER_CALL, "i%i"), {PER_CALL, ADOPT}},
        .call = "forget_instance @inbox:i%i @lease:i%i heir", .answer = "OK")},
    {.name = NULL},
};
// clang-format on
