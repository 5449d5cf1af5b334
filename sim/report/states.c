/* states.c - one table of words and counts: for result.json, for the pages, and for comparisons. */
#include "sim/report/run_report.h"

#include <string.h>

static const tally_words words[STATE_ROWS] = {
    {"looked_at", "jobs looked up in Redis", "behind the run: what stands there of them, and what became of them"},
    {"disagree", "states that disagree", "Redis says something else of a job than what became of it"},
    {"unfinished", "of these unfinished", "under way, says Redis, and nobody will ever go on"},
    {"otherwise", "of these otherwise", "its session was told of another end"},
    {"missing", "of these missing", "ended, and Redis has forgotten it too soon"},
    {"nobodys", "of these nobody's", "under way, says Redis, and nobody was told that it was made"},
    {"ends", "ends of instances", "crashed, left, or taken for dead"},
    {"caught", "jobs at the end of their instance", "were under way there"},
    {"caught_ok", "of these with a result", "went on elsewhere, and ended well"},
    {"caught_answered", "of their requests answered well", "in the end, by whichever job"},
    {"resume_ms", "until it works again, ms",
     "mean, from the end of an instance to the first job of the next one there"},
    {"asked_elsewhere", "asked about elsewhere", "a client or a node asked an instance that does not follow the job"},
    {"unknown_elsewhere", "of these in vain", "nothing was known of it there"},
    {"twice", "made twice", "jobs for a request that had one already"},
};

void run_report_states(const run_report *r, besides_row ret_rows[STATE_ROWS]) {
    const lives_counts *lives = &r->lives;
    const job_audit *audit = &r->audit;
    bool done = audit->done, ended = lives->ends > 0, several = ended || r->sc->instances.count > 1;
    const int64_t counts[STATE_ROWS] = {
        done ? audit->jobs : -1,
        done ? job_audit_total(audit) : -1,
        done ? audit->count[DISAGREES_UNFINISHED] : -1,
        done ? audit->count[DISAGREES_OTHERWISE] : -1,
        done ? audit->count[DISAGREES_MISSING] : -1,
        done ? audit->count[DISAGREES_NOBODYS] : -1,
        lives->ends,
        ended ? lives->caught : -1,
        ended ? lives->caught_ok : -1,
        ended ? lives->caught_answered : -1,
        lives->resumed ? lives->resume_sum / lives->resumed / USEC_PER_MSEC : -1,
        several ? lives->asked_elsewhere : -1,
        several ? lives->unknown_elsewhere : -1,
        several ? lives->twice : -1,
    };
    for (int k = 0; k < STATE_ROWS; k++) ret_rows[k] = (besides_row){&words[k], counts[k]};
}
