/* checker.h - watches a run for broken promises, knowing nothing but the trace.
 *
 * It keeps its own books of jobs, reservations and requests and shares no code with the scheduler's or the recorder's counters:
 * what they get wrong together, it must not get wrong with them. Rules, by kind of violation:
 *
 *   sums         at every bin: submitted = refused + created; created = ok + failed + timed-out + cancelled + no-text + in flight
 *   unknown_job  an event is about a job that was never created (or finished more than a minute ago); one that is swept away as
 *                failed is none within a minute of its last deadline, had calls to Redis failed: its request was refused, but
 *                it came into being all the same
 *   transition   the states follow the table of core/domain/job.h, spelled again here; a job is created once
 *   attempt      attempts grow by one, and whatever happens to a job happens to its present attempt
 *   dispatch     nothing is dispatched after the end, or to a node that holds no reservation for it
 *   double_end   a job finishes once
 *   stale_end    a result (ok, no_text) counts only from the node and attempt that were dispatched, after that node worked
 *   lost         created, not finished, and 5 s past the last deadline that was set, past the last call to Redis that failed,
 *                and past the time for which deadlines rest after an outage
 *   doubled      a second answer for one (session, utterance, target); also an answer that nobody asked for
 *   unanswered   the run is drained, the session is open, and a request has no answer
 *   order        somebody is told the results of one speaker and target out of order, one twice, or one that was given up;
 *                failures and refusals are told at once
 *   missing      a result is given up although no later one has waited for gap_limit
 *   sound        bytes that came are in no cut, or in two; or the numbers of the cuts have a gap
 *   affinity     a sentence goes on at another node, and no event says why
 *   fanout       two jobs of one utterance are on one node
 *   close        the end of a session is acknowledged before its last answer and before close_limit; or long after; or never
 *   repeated     a job is dispatched to a node at which it has failed
 *   draining     a node that drains is given a job
 *   over_commit  a node holds more unexpired reservations than slots, while the limit is enforced
 *   unreleased   an attempt has ended, and its reservation was neither given back nor has it expired
 *   leaked       Redis counts more reservations of a node than anybody holds
 *   undrained    jobs are left when nothing is under way any more
 *   data         the consistency check of the data in Redis found something (told by the caller)
 *
 * While Redis is down, or after a call whose outcome is unknown, nobody can know which reservations stand: then, and for as long
 * as a reservation lives, the three rules about reservations and that about affinity rest. Of one instance the order of events is that of
 * Redis. Several tell what Redis did in an order of their own: what would break a rule about reservations is then looked at again when
 * all others have told what they did, a call's patience later.
 *
 * When an instance ends, or is hit by a fault, what it alone knew is excused (checker_instances.c), a deadline that it was about to set
 * included. Where the state of jobs is in Redis
 * (`jobs_survive`), they still have to end, once; else they are gone with it, which is counted and no violation.
 *
 * Memory: jobs in flight and those that finished within the last minute (about 1 KiB each), open requests, sessions, nodes.
 * Cost: O(1) for an event, a walk over the jobs in flight at each bin. */
#ifndef SIM_MEASURE_CHECKER_H
#define SIM_MEASURE_CHECKER_H

#include "sim/measure/trace.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum violation_kind {
    VIOLATION_SUMS,
    VIOLATION_UNKNOWN_JOB,
    VIOLATION_TRANSITION,
    VIOLATION_ATTEMPT,
    VIOLATION_DISPATCH,
    VIOLATION_DOUBLE_END,
    VIOLATION_STALE_END,
    VIOLATION_LOST,
    VIOLATION_DOUBLED,
    VIOLATION_UNANSWERED,
    VIOLATION_ORDER,
    VIOLATION_MISSING,
    VIOLATION_SOUND,
    VIOLATION_AFFINITY,
    VIOLATION_FANOUT,
    VIOLATION_CLOSE,
    VIOLATION_REPEATED,
    VIOLATION_DRAINING,
    VIOLATION_OVER_COMMIT,
    VIOLATION_UNRELEASED,
    VIOLATION_LEAKED,
    VIOLATION_UNDRAINED,
    VIOLATION_DATA,
    VIOLATION_KINDS
} violation_kind;

enum { VIOLATIONS_MAX = 16, VIOLATION_TEXT_MAX = 320 };

typedef struct violation {
    violation_kind kind;
    usec_t at;                        /* simulated, since the Unix epoch */
    char job[ID_MAX + 1];             /* "" when it is about none */
    char message[VIOLATION_TEXT_MAX]; /* one line with the values */
    char *history;                    /* owned by the checker: lines, the job's last events and then those of the run */
} violation;

typedef struct checker_rules {
    usec_t start;         /* of the run; bins are counted from here */
    usec_t bin;           /* > 0 */
    bool limit;           /* full nodes refuse: over-commits are violations */
    bool counted;         /* an incident: the load that a grant tells is a counter, and may be wrong */
    usec_t pending_limit; /* a retry has so long until its dispatch */
    usec_t patience;      /* of a call to Redis: an answer may be so late */
    usec_t gap_limit, close_limit;
    bool affinity;
    usec_t affinity_ttl;
    int64_t instances; /* 0 is 1 */
    bool jobs_survive; /* the end of their instance */
} checker_rules;

typedef struct checker checker;

checker *checker_new(const checker_rules *rules);
checker *checker_free(checker *c); /* takes NULL, returns NULL */

trace_sink checker_sink(checker *c);
/* The trace has ended. `drained`: nothing was under way any more, so whatever is still open stays so. */
void checker_end(checker *c, usec_t now, bool drained);
/* A finding of the consistency check. */
void checker_data(checker *c, usec_t at, const char *finding);

/* Something was violated: the run should stop. */
bool checker_broken(const checker *c);
/* The first VIOLATIONS_MAX; checker_count() counts all. */
size_t checker_violations(const checker *c);
const violation *checker_violation(const checker *c, size_t i);
uint64_t checker_count(const checker *c, violation_kind kind);

/* Jobs that were gone with their instance. */
uint64_t checker_gone(const checker *c);

const char *violation_name(violation_kind kind); /* "over_commit" */

#endif
