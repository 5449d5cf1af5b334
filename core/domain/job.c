/* job.c - names and transitions as tables. The names stand in Redis and in scripts: a new one may be added, an old one stays. */
#include "core/domain/job.h"

#include <assert.h>
#include <string.h>

static const char *const state_names[JOB_STATES] = {
    [JOB_CREATED] = "CREATED", [JOB_DISPATCHED] = "DISPATCHED", [JOB_ACCEPTED] = "ACCEPTED",
    [JOB_RUNNING] = "RUNNING", [JOB_FINISHED] = "FINISHED",     [JOB_RELEASED] = "RELEASED",
};

static const char *const outcome_names[JOB_OUTCOMES] = {
    [OUTCOME_NONE] = "",
    [OUTCOME_OK] = "ok",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_TIMED_OUT] = "timed_out",
    [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_NO_TEXT] = "no_text",
};

/* may[from][to]. A retry leads to CREATED with the next attempt, from CREATED itself too: a placement can fail before
 * anything was dispatched. */
static const bool may[JOB_STATES][JOB_STATES] = {
    [JOB_CREATED] = {[JOB_CREATED] = true, [JOB_DISPATCHED] = true, [JOB_FINISHED] = true},
    [JOB_DISPATCHED] = {[JOB_CREATED] = true, [JOB_ACCEPTED] = true, [JOB_RUNNING] = true, [JOB_FINISHED] = true},
    [JOB_ACCEPTED] = {[JOB_CREATED] = true, [JOB_RUNNING] = true, [JOB_FINISHED] = true},
    [JOB_RUNNING] = {[JOB_CREATED] = true, [JOB_FINISHED] = true},
    [JOB_FINISHED] = {[JOB_RELEASED] = true},
};

const char *job_state_name(job_state state) {
    assert(state >= 0 && state < JOB_STATES);
    return state_names[state];
}

const char *job_outcome_name(job_outcome outcome) {
    assert(outcome >= 0 && outcome < JOB_OUTCOMES);
    return outcome_names[outcome];
}

static int find(const char *name, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (!strcmp(name, names[i])) return i;
    return -1;
}

bool job_state_parse(const char *name, job_state *ret_state) {
    int i = find(name, state_names, JOB_STATES);
    if (i < 0) return false;
    *ret_state = (job_state)i;
    return true;
}

bool job_outcome_parse(const char *name, job_outcome *ret_outcome) {
    int i = find(name, outcome_names, JOB_OUTCOMES);
    if (i < 0) return false;
    *ret_outcome = (job_outcome)i;
    return true;
}

bool job_may(job_state from, job_state to) {
    assert(from >= 0 && from < JOB_STATES && to >= 0 && to < JOB_STATES);
    return may[from][to];
}
