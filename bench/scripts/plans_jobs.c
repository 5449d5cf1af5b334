/* plans_jobs.c - a job through its states; `unfinished` is how many others its bucket's index of deadlines has, which are written without
 * a script: of them nothing but that entry is read. */
#include "bench/benchmarks.h"
#include "bench/scripts/script_bench.h"

#define OTHERS                                                                                                         \
    { PER_MEMBER, "ZADD @deadlines:%J 9999999999999 f%i" }
#define CREATE "create_job @job:%J @req:r%i @deadlines:%J %J r%i i1 s1 7 en:de 2000 86400000 1"
#define MARK   "mark_job_dispatched @job:%J @deadlines:%J %J 1 n1 86400000"
#define ACCEPT "accept_job @job:%J @deadlines:%J %J 1 n1 86400000"
#define CREATED                                                                                                        \
    { PER_CALL, CREATE }
#define MARKED                                                                                                         \
    CREATED, {                                                                                                         \
        PER_CALL, MARK                                                                                                 \
    }
#define FINISH(released) "complete_task @job:%J @req:r%i @deadlines:%J %J 1 ok '' " released " 3600000 0"

static const bench_value unfinished[] = {{.number = 100}, {.number = 1000}, {.number = 20000}};

// clang-format off
const benchmark bench_scripts_jobs[] = {
    {SCRIPT_ROW("create_job", "a request becomes a job",
        .steps = {OTHERS},
        .call = CREATE, .answer = "CREATED", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("mark_job_dispatched", "a job goes to a node",
        .steps = {OTHERS, CREATED},
        .call = MARK, .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("accept_job", "the node acknowledges it",
        .steps = {OTHERS, MARKED},
        .call = ACCEPT, .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("start_job", "the node works on it",
        .steps = {OTHERS, MARKED, {PER_CALL, ACCEPT}},
        .call = "start_job @job:%J @deadlines:%J %J 1 n1 86400000", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("complete_task", "the result decides the job",
        .steps = {OTHERS, MARKED, {PER_CALL, ACCEPT}},
        .call = FINISH("1"), .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("release_job", "a finished job holds nothing any more",
        .steps = {OTHERS, MARKED, {PER_CALL, FINISH("0")}},
        .call = "release_job @job:%J @deadlines:%J %J", .answer = "OK", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("failover_reassign_job", "an attempt has failed, another one begins",
        .steps = {OTHERS, MARKED},
        .call = "failover_reassign_job @job:%J @deadlines:%J %J 1 3 86400000 0", .answer = "RETRY", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("adopt_job", "a job of a dead instance goes on",
        .steps = {OTHERS, MARKED},
        .call = "adopt_job @job:%J @deadlines:%J %J i1 1 i2 86400000", .answer = "ADOPTED", .groups = TENTHS),
     SCRIPT_BY("unfinished", unfinished)},
    {SCRIPT_ROW("write_job_copy", "a job in memory is written behind",
        .call = "write_job_copy @copy:%J %J 1 CREATED '' '' '' 60000 i1 r%i s1 en:de", .answer = "OK")},
    {SCRIPT_ROW("unlock_request", "the lock of a request is given back",
        .steps = {{PER_CALL, "SET @lock:r%i token%i PX 86400000"}},
        .call = "unlock_request @lock:r%i token%i", .answer = "OK")},
    {.name = NULL},
};
// clang-format on
