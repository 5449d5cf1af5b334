/* recorder.c - follows each job and each request from event to event and books what lies between.
 *
 * A job is known from its creation to its end, a request from its sending to its answer; nothing else is kept of them, so that
 * a run of a day takes the memory of a run of a minute. */
#include "sim/measure/recorder_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/hash.h"
#include "core/base/mem.h"

static const usec_t highest = 3600 * USEC_PER_SEC;

static const char *const latency_names[LATENCIES] = {
    [LATENCY_PLACEMENT] = "placement",         [LATENCY_DISPATCH] = "dispatch",
    [LATENCY_QUEUE_WAIT] = "queue_wait",       [LATENCY_SERVICE] = "service",
    [LATENCY_END_TO_END] = "end_to_end",       [LATENCY_DASHBOARD] = "dashboard",
    [LATENCY_DASHBOARD_AGE] = "dashboard_age",
};

const char *latency_name(latency_kind kind) {
    assert(kind >= 0 && kind < LATENCIES);
    return latency_names[kind];
}

bool latency_is_optional(latency_kind kind) {
    return kind == LATENCY_DASHBOARD || kind == LATENCY_DASHBOARD_AGE;
}

bool in_window(const recorder *r, usec_t at) {
    return at >= r->window_begin && at < r->window_end;
}

static void count_code(code_table *table, const char *code) {
    size_t i = 0;
    while (i < table->count && strncmp(table->row[i].code, code, CODE_NAME_MAX) != 0) i++;
    if (i == CODES_MAX) i--;
    if (i == table->count) {
        snprintf(table->row[i].code, sizeof table->row[i].code, "%s", i == CODES_MAX - 1 ? "other" : code);
        table->count++;
    }
    table->row[i].count++;
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

static job_record *find_job(const recorder *r, const char *id) {
    job_record *j = NULL;
    if (*id) HASH_FIND_STR(r->jobs, id, j);
    return j;
}

static void take_latency(recorder *r, const job_record *j, latency_kind kind, usec_t value) {
    if (in_window(r, j->arrived)) histogram_record(r->latency[kind], value);
}

static uint64_t process_of(const char *id) {
    return id && *id ? hash_text(id) : 0;
}

static void created(recorder *r, const sched_event *e, const char *instance_id) {
    r->counts.created++;
    r->counts.in_flight++;
    if (e->at < r->window_end) r->counts.created_in_run++;
    series_row *row = series_now(r);
    if (row) row->created++;
    if (find_job(r, e->job)) return; /* the checker says what is wrong here */
    job_record *j = mem_zalloc(1, sizeof *j);
    snprintf(j->id, sizeof j->id, "%s", e->job);
    j->arrived = r->arrived;
    j->process = process_of(instance_id);
    HASH_ADD_STR(r->jobs, id, j);
}

static void asked_for(recorder *r, const sched_event *e);
static void ask_implicitly(recorder *r, const char *session);

static void submitted(recorder *r, const sched_event *e) {
    r->counts.submitted++;
    r->arrived = e->until;
    series_row *row = series_now(r);
    if (row) row->submitted++;
    if (e->pair) pair_submitted(pair_of(r, e->pair), false);
    asked_for(r, e);
}

static void refused(recorder *r, const sched_event *e) {
    r->counts.refused++;
    count_code(&r->counts.refused_by, e->code);
    series_row *row = series_now(r);
    if (row) row->refused++;
    if (e->pair) pair_submitted(pair_of(r, e->pair), true);
}

static void stop_waiting(recorder *r, job_record *j) {
    r->waiting -= j->waiting;
    j->waiting = false;
}

static void dispatched(recorder *r, job_record *j, const sched_event *e) {
    stop_waiting(r, j);
    if (!j->attempt) take_latency(r, j, LATENCY_PLACEMENT, e->at - j->arrived);
    j->attempt = e->attempt;
    j->dispatched = e->at;
    j->at_node = false;
}

static void retried(recorder *r, const sched_event *e) {
    r->counts.retried++;
    count_code(&r->counts.retried_by, e->code);
    series_row *row = series_now(r);
    if (row) row->retried++;
}

/* A job that was refused and came into being all the same is swept away; it counts as refused. */
static void finished(recorder *r, job_record *j, const sched_event *e) {
    if (!j) {
        r->counts.tally[TALLY_STRANGERS]++;
        return;
    }
    r->counts.ended[e->outcome]++;
    r->counts.in_flight--;
    if (e->outcome == OUTCOME_FAILED || e->outcome == OUTCOME_TIMED_OUT) count_code(&r->counts.failed_by, e->code);
    series_row *row = series_now(r);
    if (row) row->ended[e->outcome]++;
    stop_waiting(r, j);
    HASH_DEL(r->jobs, j);
    free(j);
}

static void waits(recorder *r, job_record *j) {
    r->counts.waited++;
    r->waiting += !j->waiting;
    j->waiting = true;
}

/* Nobody else knew of them. */
static void instance_down(recorder *r, const trace_event *e) {
    job_record *j, *next;
    if (r->options.jobs_survive) return;
    HASH_ITER (hh, r->jobs, j, next) {
        if (j->process != process_of(e->instance)) continue;
        r->counts.gone++;
        r->counts.in_flight--;
        stop_waiting(r, j);
        HASH_DEL(r->jobs, j);
        free(j);
    }
}

static void take_core(recorder *r, const sched_event *e, const char *instance_id) {
    job_record *j = find_job(r, e->job);
    switch (e->kind) {
    case EV_SUBMITTED: submitted(r, e); break;
    case EV_REFUSED: refused(r, e); break;
    case EV_CREATED: created(r, e, instance_id); break;
    case EV_DUPLICATE: r->counts.duplicates++; break;
    case EV_GRANT_REFUSED: r->counts.grants_refused++; break;
    case EV_WAITING:
        if (j) waits(r, j);
        break;
    case EV_DISPATCHED:
        if (j) dispatched(r, j, e);
        break;
    case EV_RETRY: retried(r, e); break;
    case EV_FINISHED: finished(r, j, e); break;
    case EV_STALE: r->counts.stale++; break;
    case EV_SESSION_GONE: r->counts.session_gone++; break;
    case EV_AFFINITY:
        if (strcmp(e->code, "kept") != 0) count_code(&r->counts.moved_by, e->code);
        break;
    case EV_ROOM_JOINED: ask_implicitly(r, e->session); break;
    case EV_NODE_OFFLINE: r->counts.nodes_offline++; break;
    case EV_REDIS: r->counts.redis_troubles++; break;
    default: break;
    }
}

/* ---- at the nodes --------------------------------------------------------------------------------------------------- */

static void take_node(recorder *r, const trace_event *e) {
    job_record *j = find_job(r, e->job);
    if (!j || j->attempt != e->attempt) return;
    bool grouped = in_window(r, j->arrived) && e->group_index >= 0 && (size_t)e->group_index < r->options.groups;
    if (e->kind == TRACE_NODE_RECEIVED) {
        j->received = e->at;
        j->at_node = true;
        take_latency(r, j, LATENCY_DISPATCH, e->at - j->dispatched);
    } else if (e->kind == TRACE_NODE_STARTED && j->at_node) {
        take_latency(r, j, LATENCY_QUEUE_WAIT, e->at - j->received);
        if (grouped) histogram_record(r->group_latency[2 * e->group_index], e->at - j->received);
    } else if (e->kind == TRACE_NODE_FINISHED) {
        take_latency(r, j, LATENCY_SERVICE, e->length);
        if (grouped) histogram_record(r->group_latency[2 * e->group_index + 1], e->length);
    }
}

/* ---- at the clients ------------------------------------------------------------------------------------------------- */

static void close_session(recorder *r, session_record *s) {
    sent_request *q, *next;
    DL_FOREACH_SAFE(s->open, q, next) free(q);
    HASH_DEL(r->sessions, s);
    free(s);
}

static session_record *find_session(const recorder *r, const char *id) {
    session_record *s = NULL;
    if (id && *id) HASH_FIND_STR(r->sessions, id, s);
    return s;
}

static void sent(recorder *r, session_record *s, uint64_t utterance, usec_t at, const lang_pair *pair) {
    sent_request *q = mem_zalloc(1, sizeof *q);
    q->utterance = utterance;
    q->at = at;
    q->pair = pair ? pair_of(r, pair) : NULL;
    if (pair) memcpy(q->target, pair->tgt, sizeof q->target);
    DL_APPEND(s->open, q);
}

static void ask_implicitly(recorder *r, const char *session) {
    session_record *s = find_session(r, session);
    if (s) s->implicit = true;
}

static void asked_for(recorder *r, const sched_event *e) {
    session_record *s = find_session(r, e->session);
    if (s && s->implicit) sent(r, s, e->utterance, e->until, e->pair);
}

static void answered(recorder *r, session_record *s, const trace_event *e) {
    sent_request *q;
    DL_FOREACH(s->open, q)
    if (q->utterance == e->utterance && (!e->pair || !strcmp(q->target, e->pair->tgt))) break;
    if (!q) return;
    if (e->outcome != OUTCOME_NONE) {
        usec_t latency = e->at - q->at;
        series_answer(r, latency);
        if (in_window(r, q->at)) {
            r->counts.measured++;
            histogram_record(r->latency[LATENCY_END_TO_END], latency);
            if (q->pair) pair_answered(q->pair, latency);
        }
    }
    DL_DELETE(s->open, q);
    free(q);
}

static void opened(recorder *r, const char *id) {
    if (find_session(r, id)) return;
    session_record *s = mem_zalloc(1, sizeof *s);
    snprintf(s->id, sizeof s->id, "%s", id);
    HASH_ADD_STR(r->sessions, id, s);
}

static void take_client(recorder *r, const trace_event *e) {
    bool heard = e->kind == TRACE_CLIENT_HEARD;
    session_record *s = find_session(r, heard ? e->from : e->session);
    if (e->kind == TRACE_SESSION_OPENED) opened(r, e->session);
    if (!s) return;
    switch (e->kind) {
    case TRACE_SESSION_CLOSED: close_session(r, s); break;
    case TRACE_SOUND_CAME: s->implicit = true; break;
    case TRACE_CLIENT_SENT:
        s->implicit |= !e->pair;
        if (!s->implicit) sent(r, s, e->utterance, e->at, e->pair);
        break;
    case TRACE_CLIENT_ANSWERED:
    case TRACE_CLIENT_MISSED:
    case TRACE_CLIENT_HEARD: answered(r, s, e); break;
    default: break;
    }
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

static void take_fault(recorder *r, const trace_event *e) {
    if (r->mark_count == MARKS_MAX) return;
    fault_mark *m = &r->marks[r->mark_count++];
    *m = (fault_mark){.at = e->at - r->options.start, .begins = e->kind == TRACE_FAULT_BEGIN, .nodes = e->value};
    snprintf(m->code, sizeof m->code, "%s", e->code);
}

static void take_dashboard(recorder *r, const trace_event *e) {
    if (!in_window(r, e->at)) return;
    histogram_record(r->latency[LATENCY_DASHBOARD], e->length);
    if (e->value >= 0) histogram_record(r->latency[LATENCY_DASHBOARD_AGE], e->value);
}

static void on_event(void *ctx, const trace_event *event) {
    recorder *r = ctx;
    series_reach(r, event->at);
    tally_kind tally = tally_of(event);
    if (tally < TALLIES) r->counts.tally[tally]++;
    switch (event->kind) {
    case TRACE_CORE: take_core(r, event->core, event->instance); break;
    case TRACE_SESSION_OPENED:
    case TRACE_SESSION_CLOSED:
    case TRACE_CLIENT_SENT:
    case TRACE_CLIENT_RESENT: /* the request counts from the first time */
    case TRACE_CLIENT_ANSWERED:
    case TRACE_CLIENT_HEARD:
    case TRACE_CLIENT_KNOWN:
    case TRACE_CLIENT_MISSED:
    case TRACE_CLIENT_CLOSES:
    case TRACE_CLIENT_ERROR:
    case TRACE_SOUND_CAME: take_client(r, event); break;
    case TRACE_DASHBOARD_ASKED: break;
    case TRACE_DASHBOARD_ANSWERED: take_dashboard(r, event); break;
    case TRACE_FAULT_BEGIN:
    case TRACE_FAULT_END: take_fault(r, event); break;
    case TRACE_INSTANCE_DOWN: instance_down(r, event); break;
    case TRACE_INSTANCE_UP:
    case TRACE_SESSION_LOST:
    case TRACE_SESSION_BACK: break;
    default: take_node(r, event); nodes_take(r, event);
    }
}

/* ---- the recorder --------------------------------------------------------------------------------------------------- */

recorder *recorder_new(const recorder_options *options) {
    assert(options->bin > 0 && options->warmup >= 0 && options->warmup < options->duration && options->nodes >= 0);
    recorder *r = mem_zalloc(1, sizeof *r);
    r->options = *options;
    r->window_begin = options->start + options->warmup;
    r->window_end = options->start + options->duration;
    for (int i = 0; i < LATENCIES; i++) r->latency[i] = histogram_new(highest);
    r->group_latency = mem_zalloc(2 * options->groups + 1, sizeof(histogram *));
    for (size_t i = 0; i < 2 * options->groups; i++) r->group_latency[i] = histogram_new(highest);
    series_new(r);
    nodes_new(r);
    return r;
}

recorder *recorder_free(recorder *r) {
    if (!r) return NULL;
    job_record *j, *next_job;
    session_record *s, *next_session;
    HASH_ITER (hh, r->jobs, j, next_job) {
        HASH_DEL(r->jobs, j);
        free(j);
    }
    HASH_ITER (hh, r->sessions, s, next_session) close_session(r, s);
    for (int i = 0; i < LATENCIES; i++) histogram_free(r->latency[i]);
    for (size_t i = 0; i < 2 * r->options.groups; i++) histogram_free(r->group_latency[i]);
    free(r->group_latency);
    pairs_free(r);
    series_free(r);
    nodes_free(r);
    free(r);
    return NULL;
}

trace_sink recorder_sink(recorder *r) {
    return (trace_sink){on_event, r};
}

void recorder_end(recorder *r, usec_t now) {
    series_reach(r, now);
    nodes_end(r, now);
}

const job_counts *recorder_counts(const recorder *r) {
    return &r->counts;
}

const histogram *recorder_latency(const recorder *r, latency_kind kind) {
    return r->latency[kind];
}

const histogram *recorder_group_latency(const recorder *r, size_t group, latency_kind kind) {
    assert(group < r->options.groups && (kind == LATENCY_QUEUE_WAIT || kind == LATENCY_SERVICE));
    return r->group_latency[2 * group + (kind == LATENCY_SERVICE)];
}

const fault_mark *recorder_marks(const recorder *r, size_t *ret_count) {
    *ret_count = r->mark_count;
    return r->marks;
}
