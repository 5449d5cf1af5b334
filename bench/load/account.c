/* account.c - for each session the utterances that are open, in a list: there are one or two of them at a time.
 *
 * Whoever answers an utterance that is not open answers it twice, unless it never was the client's to cut. */
#include "bench/load/account.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "core/base/limits.h"
#include "core/base/mem.h"

#define LATENCY_HIGHEST (3600 * USEC_PER_SEC)

typedef struct utterance {
    struct utterance *next, *prev;
    uint64_t number;
    usec_t intended, left; /* left 0: not yet */
    bool cut_off;          /* its connection ended when it was on its way */
    bool dropped;
    drop_reason why;
} utterance;

typedef struct talker {
    UT_hash_handle hh;
    char id[ID_MAX + 1];
    utterance *open;
    uint64_t said;      /* numbers below were said */
    uint64_t told_next; /* no result below may be told any more */
} talker;

typedef struct worker {
    int64_t jobs, left_over; /* in it; of these from before its connection */
} worker;

struct account {
    account_options options;
    account_figures figures;
    histogram *corrected, *uncorrected, *lateness;
    talker *talkers;
    worker *workers;
};

account *account_new(const account_options *options) {
    account *a = mem_zalloc(1, sizeof *a);
    a->options = *options;
    a->corrected = histogram_new(LATENCY_HIGHEST);
    a->uncorrected = histogram_new(LATENCY_HIGHEST);
    a->lateness = histogram_new(LATENCY_HIGHEST);
    a->workers = mem_zalloc((size_t)options->nodes + 1, sizeof *a->workers);
    return a;
}

static void forget_open(talker *t) {
    utterance *u, *next;
    DL_FOREACH_SAFE(t->open, u, next) free(u);
    t->open = NULL;
}

account *account_free(account *a) {
    if (!a) return NULL;
    talker *t, *next;
    HASH_ITER (hh, a->talkers, t, next) {
        HASH_DEL(a->talkers, t);
        forget_open(t);
        free(t);
    }
    histogram_free(a->corrected);
    histogram_free(a->uncorrected);
    histogram_free(a->lateness);
    free(a->workers);
    free(a);
    return NULL;
}

void account_codes_add(account_codes *codes, const char *code) {
    codes->sum++;
    int i = 0;
    while (i < codes->count && strcmp(codes->list[i].code, code)) i++;
    if (i == ACCOUNT_CODES_MAX) i--;
    if (i == codes->count) {
        bool last = ++codes->count == ACCOUNT_CODES_MAX;
        snprintf(codes->list[i].code, sizeof codes->list[i].code, "%s", last ? "other" : code);
    }
    codes->list[i].count++;
}

/* ---- who speaks -------------------------------------------------------------------------------------------------------- */

static talker *find_talker(account *a, const char *id) {
    talker *t;
    HASH_FIND_STR(a->talkers, id, t);
    return t;
}

static talker *need_talker(account *a, const char *id) {
    talker *t = find_talker(a, id);
    if (t) return t;
    t = mem_zalloc(1, sizeof *t);
    snprintf(t->id, sizeof t->id, "%s", id);
    HASH_ADD_STR(a->talkers, id, t);
    return t;
}

static utterance *find_open(const talker *t, uint64_t number) {
    utterance *u;
    DL_FOREACH(t->open, u) if (u->number == number) break;
    return u;
}

static bool is_awaited(const utterance *u) {
    return u->left && !u->cut_off;
}

static void close_utterance(account *a, talker *t, utterance *u) {
    a->figures.awaited -= is_awaited(u);
    DL_DELETE(t->open, u);
    free(u);
    a->figures.open--;
}

static bool in_window(const account *a, usec_t at) {
    return at >= a->options.warmup && at < a->options.end;
}

static void say(account *a, const trace_event *event) {
    talker *t = need_talker(a, event->session);
    utterance *u = mem_zalloc(1, sizeof *u);
    *u = (utterance){.number = event->utterance, .intended = event->at};
    DL_APPEND(t->open, u);
    if (event->utterance >= t->said) t->said = event->utterance + 1;
    a->figures.said++;
    a->figures.open++;
    a->figures.in_window += in_window(a, event->at);
}

void account_left(account *a, const char *session, uint64_t number, usec_t late) {
    talker *t = find_talker(a, session);
    utterance *u = t ? find_open(t, number) : NULL;
    if (!u || is_awaited(u)) return;
    bool first = !u->left;
    a->figures.awaited++;
    u->cut_off = u->dropped = false;
    if (!first) return;
    if (late < 0) late = 0;
    u->left = u->intended + late;
    if (in_window(a, u->intended)) histogram_record(a->lateness, late);
}

void account_dropped(account *a, const char *session, uint64_t number, drop_reason why) {
    talker *t = find_talker(a, session);
    utterance *u = t ? find_open(t, number) : NULL;
    if (!u || u->left) return;
    u->dropped = true;
    u->why = why;
}

/* ---- what it is told --------------------------------------------------------------------------------------------------- */

static bool is_result(const trace_event *event) {
    return event->outcome == OUTCOME_OK || event->outcome == OUTCOME_NO_TEXT;
}

static void measure(account *a, const utterance *u, usec_t at) {
    a->figures.ok_in_window += in_window(a, at);
    if (!in_window(a, u->intended)) return;
    histogram_record(a->corrected, at - u->intended);
    usec_t left = u->left ? u->left : u->intended;
    histogram_record(a->uncorrected, at > left ? at - left : 0);
}

static void count_outcome(account *a, const trace_event *event) {
    account_figures *f = &a->figures;
    if (event->kind == TRACE_CLIENT_MISSED)
        account_codes_add(&f->missing, event->code);
    else if (event->outcome == OUTCOME_OK)
        f->ok++;
    else if (event->outcome == OUTCOME_NO_TEXT)
        f->no_text++;
    else
        account_codes_add(&f->failed, *event->code ? event->code : "UNKNOWN");
}

/* Refusals and failures are told at once, results and their absence in order. */
static void keep_order(account *a, talker *t, const trace_event *event) {
    if (event->kind == TRACE_CLIENT_ANSWERED && !is_result(event)) return;
    if (event->utterance < t->told_next)
        a->figures.disordered++;
    else
        t->told_next = event->utterance + 1;
}

static void hear(account *a, const trace_event *event) {
    talker *t = need_talker(a, event->session);
    utterance *u = find_open(t, event->utterance);
    if (!u && event->utterance >= t->said) {
        a->figures.heard++;
        return;
    }
    if (!u) {
        a->figures.doubled++;
        return;
    }
    keep_order(a, t, event);
    count_outcome(a, event);
    if (event->kind == TRACE_CLIENT_ANSWERED && is_result(event)) measure(a, u, event->at);
    close_utterance(a, t, u);
}

/* What is known and has ended will not be told again. */
static void hear_known(account *a, const trace_event *event) {
    talker *t = need_talker(a, event->session);
    utterance *u = find_open(t, event->utterance);
    if (!u || event->outcome == OUTCOME_NONE) return;
    a->figures.known++;
    close_utterance(a, t, u);
}

/* ---- coming and going -------------------------------------------------------------------------------------------------- */

static void cut_off(account *a, const trace_event *event) {
    talker *t = need_talker(a, event->session);
    utterance *u;
    a->figures.sessions_lost++;
    DL_FOREACH(t->open, u) {
        a->figures.awaited -= is_awaited(u);
        u->cut_off = u->left != 0;
    }
    t->told_next = 0;
}

static void settle(account *a, talker *t, utterance *u, bool left_us) {
    if (u->left && left_us)
        a->figures.abandoned++;
    else if (u->left && u->cut_off)
        a->figures.disconnected++;
    else if (u->left)
        a->figures.unanswered++;
    else
        a->figures.dropped[u->dropped ? u->why : DROP_GONE]++;
    close_utterance(a, t, u);
}

static void settle_all(account *a, talker *t, bool left_us) {
    utterance *u, *next;
    DL_FOREACH_SAFE(t->open, u, next) settle(a, t, u, left_us);
}

/* A place for each session that ever was would grow with the run. */
static void leave(account *a, const trace_event *event) {
    talker *t = find_talker(a, event->session);
    if (!t) return;
    settle_all(a, t, !strcmp(event->code, "VANISHED"));
    HASH_DEL(a->talkers, t);
    free(t);
}

void account_close(account *a) {
    talker *t, *next;
    HASH_ITER (hh, a->talkers, t, next) settle_all(a, t, false);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------- */

static void receive(account *a, const trace_event *event) {
    worker *n = &a->workers[event->node_index];
    n->jobs++;
    a->figures.jobs_in_nodes++;
    a->figures.jobs_received++;
    if (event->value <= 0) return;
    if (n->left_over > 0)
        a->figures.overlaps++;
    else
        a->figures.over_commits++;
}

/* Which one has left nobody knows: those from before are the first. */
static void release(account *a, const trace_event *event) {
    worker *n = &a->workers[event->node_index];
    if (n->jobs == 0) return;
    n->jobs--;
    a->figures.jobs_in_nodes--;
    if (n->left_over > 0) n->left_over--;
}

static void connect_node(account *a, const trace_event *event) {
    worker *n = &a->workers[event->node_index];
    a->figures.node_ups++;
    n->left_over = n->jobs;
}

static void on_event(void *ctx, const trace_event *event) {
    account *a = ctx;
    account_figures *f = &a->figures;
    assert(event->node_index < a->options.nodes);
    switch (event->kind) {
    case TRACE_SESSION_OPENED: f->sessions_opened++; break;
    case TRACE_SESSION_CLOSED: leave(a, event); break;
    case TRACE_SESSION_LOST: cut_off(a, event); break;
    case TRACE_SESSION_BACK: f->sessions_back++; break;
    case TRACE_CLIENT_SENT: say(a, event); break;
    case TRACE_CLIENT_RESENT: f->resent++; break;
    case TRACE_CLIENT_ANSWERED:
    case TRACE_CLIENT_MISSED: hear(a, event); break;
    case TRACE_CLIENT_HEARD: f->heard++; break;
    case TRACE_CLIENT_KNOWN: hear_known(a, event); break;
    case TRACE_CLIENT_ERROR: account_codes_add(&f->errors, event->code); break;
    case TRACE_NODE_UP: connect_node(a, event); break;
    case TRACE_NODE_DOWN: f->node_downs++; break;
    case TRACE_NODE_RECEIVED: receive(a, event); break;
    case TRACE_NODE_REJECTED:
        f->jobs_rejected++;
        release(a, event);
        break;
    case TRACE_NODE_FINISHED:
        f->jobs_finished++;
        release(a, event);
        break;
    case TRACE_NODE_CANCELLED:
        f->jobs_cancelled++;
        release(a, event);
        break;
    case TRACE_NODE_LOST: release(a, event); break;
    default: break;
    }
}

trace_sink account_sink(account *a) {
    return (trace_sink){on_event, a};
}

const account_figures *account_figure(const account *a) {
    return &a->figures;
}

bool account_is_clean(const account *a) {
    const account_figures *f = &a->figures;
    return !f->unanswered && !f->doubled && !f->disordered && !f->over_commits;
}

const histogram *account_corrected(const account *a) {
    return a->corrected;
}

const histogram *account_uncorrected(const account *a) {
    return a->uncorrected;
}

const histogram *account_lateness(const account *a) {
    return a->lateness;
}
