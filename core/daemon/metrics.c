/* metrics.c - one place for each value of each counter, found by the tables; a code is looked up in the few words of its list.
 *
 * What is counted here is what happened at this instance since it started. What is the case now is asked when somebody reads. */
#include "core/daemon/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/metrics_internal.h"

/* ---- the words of labels -------------------------------------------------------------------------------------------- */

static const char *const outcomes[] = {"ok", "failed", "timed_out", "cancelled", "no_text", "other", NULL};
static const char *const refusal_codes[] = {"NO_AVAILABLE_NODE",
                                            "SCHEDULER_OVERLOADED",
                                            "SCHEDULER_DEPENDENCY_DOWN",
                                            "INVALID_MESSAGE",
                                            "INVALID_SESSION",
                                            "NODE_UNAVAILABLE",
                                            "NODE_OVERLOADED",
                                            "NODE_ID_CONFLICT",
                                            "ROOM_NOT_FOUND",
                                            "ROOM_FULL",
                                            "ALREADY_IN_ROOM",
                                            "INVALID_ROOM_CODE",
                                            "INTERNAL_ERROR",
                                            "other",
                                            NULL};
static const char *const failure_codes[] = {"JOB_TIMEOUT",
                                            "NODE_LOST",
                                            "NODE_UNAVAILABLE",
                                            "NODE_OVERLOADED",
                                            "NO_AVAILABLE_NODE",
                                            "RESERVATION_LOST",
                                            "MODEL_NOT_AVAILABLE",
                                            "PROCESSING_ERROR",
                                            "DUPLICATE_JOB_ID",
                                            "DUPLICATE_UTTERANCE_INDEX",
                                            "SCHEDULER_DEPENDENCY_DOWN",
                                            "DEPENDENCY_LOST",
                                            "JOB_LOST",
                                            "GAP_TIMEOUT",
                                            "INTERNAL_ERROR",
                                            "other",
                                            NULL};
static const char *const node_codes[] =
    {"MODEL_NOT_AVAILABLE", "MODEL_VERIFY_FAILED", "MODEL_CORRUPTED", "PROCESSING_ERROR",
     "INTERNAL_ERROR",      "WS_DISCONNECTED",     "other",           NULL};
static const char *const lookups[] = {"known", "unknown", "other", NULL};
static const char *const grant_words[] = {"FULL",   "NOTREADY", "NOTSERVED", "GONE",  "BUSY",
                                          "MARKED", "TRIAL",    "SILENT",    "other", NULL};
static const char *const confirm_words[] = {"released", "owner", "offline", "gone", "full", "silent", "other", NULL};
static const char *const affinities[] = {"kept", "dead", "full", "unserved", "other", NULL};
static const char *const cut_reasons[] = {"manual", "timeout", "max_duration", "max_length", "close", "other", NULL};
static const char *const session_ends[] = {"closed", "limit", "gone", "moved", "other", NULL};
static const char *const offline_reasons[] = {"disconnected", "expired", "drained", "renamed", "other", NULL};
static const char *const degradations[] = {"failures", "never_ready", "other", NULL};
static const char *const drainers[] = {"operator", "node", "other", NULL};
static const char *const redis_errors[] = {"unknown", "refused",    "full",        "NOSCRIPT", "OOM",
                                           "LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "MISCONF",
                                           "NOAUTH",  "other",      NULL};

const char *const metrics_doors[DOORS + 1] = {"node", "session", "peer", "other", NULL};
const char *const metrics_refusals[] = {"INVALID_MESSAGE",
                                        "INVALID_SESSION",
                                        "NODE_ID_CONFLICT",
                                        "SCHEDULER_OVERLOADED",
                                        "SCHEDULER_DEPENDENCY_DOWN",
                                        "NO_AVAILABLE_NODE",
                                        "NODE_UNAVAILABLE",
                                        "ROOM_NOT_FOUND",
                                        "ROOM_FULL",
                                        "ALREADY_IN_ROOM",
                                        "INVALID_ROOM_CODE",
                                        "INTERNAL_ERROR",
                                        "other",
                                        NULL};

#define COUNTER_ROW(id, name, label, values, help) [id] = {"lingua_" name, label, values, help},
const counter_row metrics_counters[COUNTERS] = {METRICS_COUNTERS(COUNTER_ROW)};
#define HISTOGRAM_ROW(id, name, help) [id] = {"lingua_" name, help},
const histogram_row metrics_histograms[HISTOGRAMS] = {METRICS_HISTOGRAMS(HISTOGRAM_ROW)};

const usec_t metrics_bounds[BUCKETS] = {500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
                                        250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000};

/* ---- counting ------------------------------------------------------------------------------------------------------- */

metrics *metrics_new(clock_source clock) {
    metrics *m = mem_zalloc(1, sizeof *m);
    m->clock = clock;
    m->window = metrics_window_new(clock_now(&clock));
    return m;
}

metrics *metrics_free(metrics *m) {
    if (!m) return NULL;
    metrics_window_free(m->window);
    free(m);
    return NULL;
}

/* The last one when it is not among them. */
static int place_of(const char *const *values, const char *value) {
    int i = 0;
    while (values[i + 1] && strcmp(values[i], value) != 0) i++;
    return i;
}

static void count(metrics *m, counter_id id) {
    m->counts[id][0]++;
}

static void count_by(metrics *m, counter_id id, const char *value) {
    assert(metrics_counters[id].values);
    m->counts[id][place_of(metrics_counters[id].values, value ? value : "")]++;
}

static void add(metrics *m, counter_id id, int64_t amount) {
    if (amount > 0) m->counts[id][0] += (uint64_t)amount;
}

static void measure(metrics *m, histogram_id id, usec_t took) {
    bucket_counts *h = &m->histograms[id];
    int i = 0;
    if (took < 0) took = 0;
    while (i < BUCKETS && took > metrics_bounds[i]) i++;
    h->counts[i]++;
    h->count++;
    h->sum += (double)took / USEC_PER_SEC;
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

static void on_dispatched(metrics *m, const sched_event *e) {
    count(m, JOBS_DISPATCHED);
    if (e->attempt != 1 || !e->arrived) return;
    measure(m, DISPATCH, e->at - e->arrived);
    metrics_window_time(m->window, e->at, WINDOW_DISPATCH, e->at - e->arrived);
}

static void on_reserved(metrics *m, const sched_event *e) {
    count(m, RESERVATIONS);
    if (e->attempt == 1 && e->arrived) measure(m, PLACEMENT, e->at - e->arrived);
}

static void on_finished(metrics *m, const sched_event *e) {
    bool well = e->outcome == OUTCOME_OK || e->outcome == OUTCOME_NO_TEXT;
    count_by(m, JOBS_FINISHED, job_outcome_name(e->outcome));
    if (!well) count_by(m, JOBS_FAILED, e->code);
    if (e->sent) measure(m, NODE, e->at - e->sent);
    metrics_window_note(m->window, e->at, WINDOW_ENDED + (int)e->outcome);
}

static void on_result_sent(metrics *m, const sched_event *e) {
    count_by(m, RESULTS_SENT, job_outcome_name(e->outcome));
    if (!e->arrived || (e->outcome != OUTCOME_OK && e->outcome != OUTCOME_NO_TEXT)) return;
    measure(m, END_TO_END, e->at - e->arrived);
    metrics_window_time(m->window, e->at, WINDOW_END_TO_END, e->at - e->arrived);
}

static void on_cut(metrics *m, const sched_event *e) {
    count_by(m, CUTS, e->code);
    add(m, CUT_BYTES, e->value);
    if (e->until > 0) m->cut_usec += (uint64_t)e->until;
}

static void count_and_note(metrics *m, const sched_event *e, counter_id id, window_count window) {
    if (metrics_counters[id].values)
        count_by(m, id, e->code);
    else
        count(m, id);
    metrics_window_note(m->window, e->at, (int)window);
}

void metrics_event(metrics *m, const sched_event *e) {
    switch (e->kind) {
    case EV_CREATED: count_and_note(m, e, REQUESTS_CREATED, WINDOW_CREATED); break;
    case EV_REFUSED: count_and_note(m, e, REQUESTS_REFUSED, WINDOW_REFUSED); break;
    case EV_RETRY: count_and_note(m, e, JOBS_RETRIED, WINDOW_RETRIED); break;
    case EV_LATE_DROPPED: count_and_note(m, e, RESULTS_LATE, WINDOW_LATE); break;
    case EV_WAITING: count_and_note(m, e, JOBS_WAITED, WINDOW_WAITED); break;
    case EV_RESERVED: on_reserved(m, e); break;
    case EV_DISPATCHED: on_dispatched(m, e); break;
    case EV_FINISHED: on_finished(m, e); break;
    case EV_RESULT_SENT: on_result_sent(m, e); break;
    case EV_CUT: on_cut(m, e); break;

    case EV_DUPLICATE: count(m, REQUESTS_REPEATED); break;
    case EV_ACCEPTED: count(m, JOBS_ACCEPTED); break;
    case EV_STARTED: count(m, JOBS_STARTED); break;
    case EV_CANCELLED: count(m, JOBS_CANCELS); break;
    case EV_ADOPTED: count(m, JOBS_ADOPTED); break;
    case EV_DEPENDENCY_LOST: count(m, JOBS_REMADE); break;
    case EV_EXTENDED: count(m, RESERVATIONS_EXTENDED); break;
    case EV_STALE: count(m, STALE); break;
    case EV_FORWARDED: count(m, RESULTS_FORWARDED); break;
    case EV_SESSION_GONE: count(m, RESULTS_UNHEARD); break;
    case EV_RESULT_MISSING: count(m, RESULTS_MISSING); break;
    case EV_EMPTY_HELD: count(m, RESULTS_HELD); break;
    case EV_EMPTY_CUT: count(m, CUTS_EMPTY); break;
    case EV_AUDIO_DROPPED: add(m, AUDIO_DROPPED_BYTES, e->value); break;
    case EV_SESSION_OPENED: count(m, SESSIONS_OPENED); break;
    case EV_ROOM_JOINED: count(m, ROOMS_JOINED); break;
    case EV_ROOM_LEFT: count(m, ROOMS_LEFT); break;
    case EV_NODE_REGISTERED: count(m, NODES_REGISTERED); break;
    case EV_NODE_READY: count(m, NODES_READY); break;
    case EV_NODE_EXPIRED_HEARTBEAT: count(m, NODES_EXPIRED); break;
    case EV_NODE_RECOVERED: count(m, NODES_RECOVERED); break;
    case EV_NODE_MARKED: count(m, NODES_MARKED); break;
    case EV_REDIS_DOWN: count(m, REDIS_OUTAGES); break;
    case EV_COPY_DISAGREES: count(m, COPIES_DISAGREE); break;

    case EV_GRANT_REFUSED: count_by(m, GRANTS_REFUSED, e->code); break;
    case EV_CONFIRM_REFUSED: count_by(m, CONFIRMS_REFUSED, e->code); break;
    case EV_AFFINITY: count_by(m, AFFINITY, e->code); break;
    case EV_LOOKED_UP: count_by(m, JOBS_LOOKED_UP, e->code); break;
    case EV_AUDIO_REFUSED:
        count_by(m, AUDIO_REFUSED, e->code);
        add(m, AUDIO_REFUSED_BYTES, e->value);
        break;
    case EV_SESSION_CLOSED: count_by(m, SESSIONS_CLOSED, e->code); break;
    case EV_NODE_OFFLINE: count_by(m, NODES_OFFLINE, e->code); break;
    case EV_NODE_DEGRADED: count_by(m, NODES_DEGRADED, e->code); break;
    case EV_NODE_DRAINING: count_by(m, NODES_DRAINING, e->code); break;
    case EV_NODE_REFUSED: count_by(m, NODES_REFUSED, e->code); break;
    case EV_REDIS: count_by(m, REDIS_ERRORS, e->code); break;

    /* Told by others: EV_CREATED or EV_REFUSED, EV_RESERVED, EV_FINISHED; EV_REDIS_BACK by the gauge. */
    case EV_SUBMITTED:
    case EV_PROPOSED:
    case EV_COMPARED:
    case EV_UNRESERVED:
    case EV_RELEASED:
    case EV_REDIS_BACK:
    case EV_KINDS: break;
    }
}

void metrics_refused_message(metrics *m, const char *door, const char *code) {
    m->refused_messages[place_of(metrics_doors, door)][place_of(metrics_refusals, code)]++;
}

void metrics_node_error(metrics *m, const char *code) {
    count_by(m, NODE_ERRORS, code);
}

metrics_figures metrics_figure(const metrics *m) {
    return metrics_window_figures(m->window, clock_now(&m->clock), WINDOW_MINUTE);
}

metrics_figures metrics_recent(const metrics *m) {
    return metrics_window_figures(m->window, clock_now(&m->clock), WINDOW_RECENT);
}
