/* run_report.c - the judgement: what was promised, what was asked for, and whether the run came to its end.
 *
 * Shares in objectives are of the requests that were submitted in the whole run, warm-up included: a refusal is a refusal. */
#include "sim/report/run_report.h"

#include <inttypes.h>
#include <string.h>

const double report_percentiles[PERCENTILES] = {50, 90, 95, 99, 99.9};

/* ---- objectives ----------------------------------------------------------------------------------------------------- */

static bool latency_value(const histogram *h, slo_stat stat, double *ret_value) {
    if (!histogram_count(h)) return false;
    if (stat == SLO_MEAN)
        *ret_value = histogram_mean(h);
    else if (stat == SLO_MAX)
        *ret_value = (double)histogram_max(h);
    else
        *ret_value = (double)histogram_percentile(h, slo_percentile(stat));
    return true;
}

static bool share_of_submitted(const job_counts *n, int64_t count, double *ret_value) {
    if (!n->submitted) return false;
    *ret_value = (double)count / (double)n->submitted;
    return true;
}

/* Of the sentences that went on. */
static bool affinity_kept(const job_counts *n, double *ret_value) {
    int64_t kept = n->tally[TALLY_AFFINITY_KEPT], all = kept + n->tally[TALLY_AFFINITY_BROKEN];
    if (!all) return false;
    *ret_value = (double)kept / (double)all;
    return true;
}

static bool tallied(const job_counts *n, slo_subject subject, double *ret_value) {
    static const struct {
        slo_subject subject;
        tally_kind tally;
    } rows[] = {
        {SLO_CUTS_TIMEOUT, TALLY_CUTS_TIMEOUT},
        {SLO_CUTS_MAX_DURATION, TALLY_CUTS_MAX_DURATION},
        {SLO_EMPTY_CUTS, TALLY_EMPTY_CUTS},
        {SLO_MISSING, TALLY_MISSING},
        {SLO_LATE_DROPPED, TALLY_LATE_DROPPED},
        {SLO_RESENT, TALLY_RESENT},
        {SLO_KNOWN, TALLY_KNOWN},
        {SLO_VANISHED, TALLY_VANISHED},
        {SLO_CLOSED_AT_LIMIT, TALLY_CLOSED_AT_LIMIT},
        {SLO_HEARD, TALLY_HEARD},
        {SLO_DEGRADED, TALLY_DEGRADED},
        {SLO_DRAINED, TALLY_DRAINED},
        {SLO_MARKED, TALLY_MARKED},
        {SLO_OUTAGES, TALLY_OUTAGES},
        {SLO_DEPENDENCY_LOST, TALLY_DEPENDENCY_LOST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].subject != subject) continue;
        *ret_value = (double)n->tally[rows[i].tally];
        return true;
    }
    return false;
}

static uint64_t lost(const checker *c) {
    return checker_count(c, VIOLATION_LOST) + checker_gone(c);
}

static bool measured(const run_report *r, const slo *s, double *ret_value) {
    const job_counts *n = recorder_counts(r->recorder);
    const recorder *rec = r->recorder;
    utilisation u = recorder_utilisation(rec);
    switch (s->subject) {
    case SLO_PLACEMENT: return latency_value(recorder_latency(rec, LATENCY_PLACEMENT), s->stat, ret_value);
    case SLO_DISPATCH: return latency_value(recorder_latency(rec, LATENCY_DISPATCH), s->stat, ret_value);
    case SLO_QUEUE_WAIT: return latency_value(recorder_latency(rec, LATENCY_QUEUE_WAIT), s->stat, ret_value);
    case SLO_SERVICE: return latency_value(recorder_latency(rec, LATENCY_SERVICE), s->stat, ret_value);
    case SLO_E2E: return latency_value(recorder_latency(rec, LATENCY_END_TO_END), s->stat, ret_value);
    case SLO_DASHBOARD: return latency_value(recorder_latency(rec, LATENCY_DASHBOARD), s->stat, ret_value);
    case SLO_DASHBOARD_AGE: return latency_value(recorder_latency(rec, LATENCY_DASHBOARD_AGE), s->stat, ret_value);
    case SLO_UTILISATION: *ret_value = s->stat == SLO_MAX ? u.max : u.mean; return true;
    case SLO_REFUSED: return share_of_submitted(n, n->refused, ret_value);
    case SLO_FAILED: return share_of_submitted(n, n->ended[OUTCOME_FAILED], ret_value);
    case SLO_TIMED_OUT: return share_of_submitted(n, n->ended[OUTCOME_TIMED_OUT], ret_value);
    case SLO_LOST: *ret_value = (double)lost(r->checker); return true;
    case SLO_DOUBLED: *ret_value = (double)checker_count(r->checker, VIOLATION_DOUBLED); return true;
    case SLO_RETRIED: *ret_value = (double)n->retried; return true;
    case SLO_CANCELLED: return share_of_submitted(n, n->ended[OUTCOME_CANCELLED], ret_value);
    case SLO_AFFINITY_KEPT: return affinity_kept(n, ret_value);
    case SLO_OVER_COMMITS: *ret_value = (double)checker_count(r->checker, VIOLATION_OVER_COMMIT); return true;
    default: return tallied(n, s->subject, ret_value);
    }
}

static void judge(run_report *r) {
    r->slo_count = r->sc->slo_count;
    for (size_t i = 0; i < r->slo_count; i++) {
        slo_outcome *o = &r->slo[i];
        o->objective = &r->sc->slos[i];
        o->known = measured(r, o->objective, &o->value);
        o->ok = o->known && slo_holds(o->objective, o->value);
        r->slo_missed += !o->ok;
    }
    bool complete = !r->facts->interrupted && !r->facts->stopped;
    r->pass = complete && !checker_broken(r->checker) && r->slo_missed == 0;
}

void run_report_make(run_report *ret_report, const scenario *sc, const recorder *r, const checker *c,
                     const simulation_facts *facts, const redis_data *data, const oracle_waits *oracle) {
    memset(ret_report, 0, sizeof *ret_report);
    ret_report->sc = sc;
    ret_report->recorder = r;
    ret_report->checker = c;
    ret_report->facts = facts;
    ret_report->data = *data;
    ret_report->oracle = *oracle;
    ret_report->simulated = facts->simulated < sc->duration ? facts->simulated : sc->duration;
    scenario_hash(sc, ret_report->hash);
    judge(ret_report);
}

void run_report_add_lives(run_report *report, const lives_counts *lives, const job_audit *audit) {
    report->lives = *lives;
    report->audit = *audit;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

char *slo_value_text(char text[SLO_VALUE_MAX], const slo_outcome *o) {
    if (!o->known)
        snprintf(text, SLO_VALUE_MAX, "nothing measured");
    else if (o->objective->unit == SLO_USEC)
        snprintf(text, SLO_VALUE_MAX, "%.1f ms", o->value / USEC_PER_MSEC);
    else if (o->objective->unit == SLO_SHARE)
        snprintf(text, SLO_VALUE_MAX, "%.3f %%", 100 * o->value);
    else
        snprintf(text, SLO_VALUE_MAX, "%.0f", o->value);
    return text;
}

char *run_report_verdict(const run_report *r, char text[VERDICT_MAX]) {
    if (checker_broken(r->checker)) {
        const violation *v = checker_violation(r->checker, 0);
        snprintf(text, VERDICT_MAX, "FAIL: a promise was broken (%s) at %.6f s: %s", violation_name(v->kind),
                 (double)(v->at - r->sc->start) / USEC_PER_SEC, v->message);
    } else if (r->facts->interrupted) {
        snprintf(text, VERDICT_MAX, "INTERRUPTED after %.1f s of %.1f s: the figures are those of that time.",
                 (double)r->simulated / USEC_PER_SEC, (double)r->sc->duration / USEC_PER_SEC);
    } else if (r->measured && r->measured->facts->interrupted) {
        snprintf(text, VERDICT_MAX, "INTERRUPTED in real time, after %.1f s of %.1f s; the simulated run is whole.",
                 (double)r->measured->simulated / USEC_PER_SEC, (double)r->sc->duration / USEC_PER_SEC);
    } else if (r->measured && !r->measured->pass && !r->slo_missed) {
        char measured[VERDICT_MAX];
        snprintf(text, VERDICT_MAX, "The simulated run is fine, the one in real time is not. %.300s",
                 run_report_verdict(r->measured, measured));
    } else if (r->slo_missed) {
        const slo_outcome *missed = r->slo;
        char value[SLO_VALUE_MAX];
        while (missed->ok) missed++;
        snprintf(text, VERDICT_MAX, "FAIL: all promises kept, but %zu of %zu objectives missed: %s (%s)%s",
                 r->slo_missed, r->slo_count, missed->objective->text, slo_value_text(value, missed),
                 r->slo_missed > 1 ? " and others." : ".");
    } else if (r->slo_count) {
        snprintf(text, VERDICT_MAX, "PASS: all promises kept, %zu of %zu objectives met.", r->slo_count, r->slo_count);
    } else {
        snprintf(text, VERDICT_MAX, "PASS: all promises kept; the scenario sets no objectives.");
    }
    return text;
}

/* ---- figures -------------------------------------------------------------------------------------------------------- */

/* Named are the others: a new way of placing a job belongs to the flow without being listed here. */
uint64_t run_report_flow_calls(const run_report *r) {
    static const script_id upkeep[] = {SCRIPT_REGISTER_NODE,  SCRIPT_HEARTBEAT,      SCRIPT_NODE_ASSIGNED,
                                       SCRIPT_DRAIN_NODE,     SCRIPT_NODE_OFFLINE,   SCRIPT_FORGET_NODE,
                                       SCRIPT_POOL_JOIN,      SCRIPT_POOL_LEAVE,     SCRIPT_RELEASE_JOB,
                                       SCRIPT_MARK_SERVICE,   SCRIPT_OPEN_SESSION,   SCRIPT_CLOSE_SESSION,
                                       SCRIPT_ROOM_CREATE,    SCRIPT_ROOM_JOIN,      SCRIPT_ROOM_LEAVE,
                                       SCRIPT_ROOM_PREFER,    SCRIPT_INSTANCE_BEAT,  SCRIPT_LIST_INSTANCE,
                                       SCRIPT_LEAVE_INSTANCE, SCRIPT_ADOPT_INSTANCE, SCRIPT_FORGET_INSTANCE,
                                       SCRIPT_DEAD_LETTER,    SCRIPT_RENEW_SESSION};
    uint64_t calls = r->facts->redis.script_calls;
    for (size_t i = 0; i < sizeof upkeep / sizeof *upkeep; i++) calls -= r->facts->redis.by_script[upkeep[i]];
    return calls;
}

double run_report_per_job(const run_report *r, double total) {
    int64_t jobs = recorder_counts(r->recorder)->created_in_run;
    return jobs ? total / (double)jobs : 0;
}

const char *saturation_bound_name(saturation_bound bound) {
    return bound == BOUND_REDIS ? "redis" : "scheduler";
}

static double per_second(double usec_per_job) {
    return usec_per_job > 0 ? USEC_PER_SEC / usec_per_job : 0;
}

saturation run_report_saturation(const run_report *r) {
    double cpu = run_report_per_job(r, (double)r->facts->cpu) / (double)r->sc->instances.count;
    saturation s = {.by = {[BOUND_SCHEDULER] = per_second(cpu),
                           [BOUND_REDIS] = per_second(run_report_per_job(r, (double)r->facts->redis.busy))}};
    bool redis = s.by[BOUND_REDIS] > 0 && (s.by[BOUND_REDIS] < s.by[BOUND_SCHEDULER] || !(s.by[BOUND_SCHEDULER] > 0));
    s.binds = redis ? BOUND_REDIS : BOUND_SCHEDULER;
    return s;
}

void run_report_outcomes(const run_report *r, outcome_row ret_rows[OUTCOME_ROWS]) {
    const job_counts *n = recorder_counts(r->recorder);
    const checker *c = r->checker;
    const outcome_row rows[OUTCOME_ROWS] = {
        {"submitted", "submitted", n->submitted, "requests that reached the scheduler"},
        {"refused", "refused", n->refused, "answered with a reason, no job made"},
        {"created", "created", n->created, "jobs made: submitted without refused"},
        {"ok", "ok", n->ended[OUTCOME_OK], "ended with a result"},
        {"failed", "failed", n->ended[OUTCOME_FAILED], "given up after errors of nodes, or for lack of room"},
        {"timed_out", "timed out", n->ended[OUTCOME_TIMED_OUT], "given up at the last deadline"},
        {"cancelled", "cancelled", n->ended[OUTCOME_CANCELLED], "not wanted any more"},
        {"no_text", "no text", n->ended[OUTCOME_NO_TEXT], "ended well, nothing was said"},
        {"in_flight", "in flight", n->in_flight, "not ended when the run was over"},
        {"lost", "lost", (int64_t)lost(c), "gone with their instance, or not ended 5 s after the last deadline"},
        {"doubled", "doubled", (int64_t)checker_count(c, VIOLATION_DOUBLED), "answered twice"},
        {"retried", "retried", n->retried, "attempts beyond the first"},
        {"late_dropped", "late dropped", n->tally[TALLY_LATE_DROPPED],
         "came after the gap they belonged to was given up"},
        {"over_commits", "over-commits", (int64_t)checker_count(c, VIOLATION_OVER_COMMIT),
         "grants beyond the limit of a node"},
    };
    memcpy(ret_rows, rows, sizeof rows);
}

/* Late results have a row among the outcomes. */
int run_report_besides(const run_report *r, besides_row ret_rows[BESIDES_MAX]) {
    const int64_t *tally = recorder_counts(r->recorder)->tally;
    bool cut = false;
    int count = 0;
    for (int k = TALLY_CUTS_MANUAL + 1; k <= TALLY_CUTS_CLOSE; k++) cut |= tally[k] > 0;
    for (int k = 0; k < TALLIES; k++) {
        if (!tally[k] || (k == TALLY_CUTS_MANUAL && !cut) || k == TALLY_LATE_DROPPED) continue;
        ret_rows[count++] = (besides_row){tally_words_of((tally_kind)k), tally[k]};
    }
    besides_row states[STATE_ROWS];
    run_report_states(r, states);
    bool told = job_audit_total(&r->audit) > 0 || r->lives.ends > 0; /* else how many were looked at says nothing */
    for (int k = told ? 0 : 1; k < STATE_ROWS; k++)
        if (states[k].count > 0) ret_rows[count++] = states[k];
    return count;
}

int run_report_latencies(const run_report *r, latency_row ret_rows[LATENCIES]) {
    static const char *const names[LATENCIES][2] = {
        [LATENCY_PLACEMENT] = {"placement", "request here until a node is chosen and the job leaves for it"},
        [LATENCY_DISPATCH] = {"dispatch", "the job travels to its node"},
        [LATENCY_QUEUE_WAIT] = {"queue wait", "in the node, before a slot is free"},
        [LATENCY_SERVICE] = {"service", "in a slot: recognise, translate, speak"},
        [LATENCY_END_TO_END] = {"end to end", "utterance sent by the client until the answer is back"},
        [LATENCY_DASHBOARD] = {"dashboard", "a poller asks until it has the figures"},
        [LATENCY_DASHBOARD_AGE] = {"its age", "of these figures, when the poller has them"},
    };
    int count = 0;
    for (latency_kind k = 0; k < LATENCIES; k++) {
        const histogram *h = recorder_latency(r->recorder, k);
        if (latency_is_optional(k) && !histogram_count(h)) continue;
        ret_rows[count++] = (latency_row){latency_name(k), names[k][0], names[k][1], h};
    }
    return count;
}
