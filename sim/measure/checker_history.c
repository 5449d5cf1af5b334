/* checker_history.c - what is shown when a promise broke: the last events of the job, and the last of the run.
 *
 * Rings of fixed size: a run of hours needs no more memory for it than one of seconds, and whoever looks for a cause reads
 * backwards from the end anyway. */
#include "sim/measure/checker_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[VIOLATION_KINDS] = {
    [VIOLATION_SUMS] = "sums",
    [VIOLATION_UNKNOWN_JOB] = "unknown_job",
    [VIOLATION_TRANSITION] = "transition",
    [VIOLATION_ATTEMPT] = "attempt",
    [VIOLATION_DISPATCH] = "dispatch",
    [VIOLATION_DOUBLE_END] = "double_end",
    [VIOLATION_STALE_END] = "stale_end",
    [VIOLATION_LOST] = "lost",
    [VIOLATION_DOUBLED] = "doubled",
    [VIOLATION_UNANSWERED] = "unanswered",
    [VIOLATION_ORDER] = "order",
    [VIOLATION_MISSING] = "missing",
    [VIOLATION_SOUND] = "sound",
    [VIOLATION_AFFINITY] = "affinity",
    [VIOLATION_FANOUT] = "fanout",
    [VIOLATION_CLOSE] = "close",
    [VIOLATION_REPEATED] = "repeated",
    [VIOLATION_DRAINING] = "draining",
    [VIOLATION_OVER_COMMIT] = "over_commit",
    [VIOLATION_UNRELEASED] = "unreleased",
    [VIOLATION_LEAKED] = "leaked",
    [VIOLATION_UNDRAINED] = "undrained",
    [VIOLATION_DATA] = "data",
};

const char *violation_name(violation_kind kind) {
    return names[kind];
}

static past_event remember(const trace_event *event, const watched_node *node) {
    past_event past = {.at = event->at, .node = node};
    const sched_event *core = event->core;
    past.name = core ? sched_event_name(core->kind) : trace_kind_name(event->kind);
    past.attempt = core ? core->attempt : event->attempt;
    past.value = core ? core->value : event->value;
    past.limit = core ? core->limit : 0;
    past.until = core && core->kind != EV_CUT ? core->until : 0; /* of a cut it is a length */
    past.outcome = core ? core->outcome : event->outcome;
    snprintf(past.code, sizeof past.code, "%s", core ? core->code : event->code);
    return past;
}

/* Chunks would fill all of it. */
void history_add(checker *c, watched_job *j, const trace_event *event, const watched_node *node) {
    if (event->kind == TRACE_SOUND_CAME) return;
    run_event *last = &c->run[c->events++ % RUN_HISTORY];
    last->event = remember(event, node);
    snprintf(last->job, sizeof last->job, "%s", event->core ? event->core->job : event->job);
    if (j) j->history[j->events++ % JOB_HISTORY] = last->event;
}

static void write_event(const checker *c, FILE *out, const past_event *e, const char *job) {
    fprintf(out, "%14.6f s  %-16s", (double)(e->at - c->rules.start) / 1e6, e->name);
    if (*job) fprintf(out, " job %s", job);
    if (e->attempt) fprintf(out, " attempt %" PRId64, e->attempt);
    if (e->node) fprintf(out, " node %s", e->node->id);
    if (e->outcome) fprintf(out, " %s", job_outcome_name(e->outcome));
    if (*e->code) fprintf(out, " %s", e->code);
    if (e->limit) fprintf(out, " holds %" PRId64 " of %" PRId64, e->value, e->limit);
    if (e->until) fprintf(out, " until %.6f s", (double)(e->until - c->rules.start) / 1e6);
    fputc('\n', out);
}

static char *write_history(const checker *c, const watched_job *j) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return NULL;
    if (j) {
        fprintf(out, "last events of job %s:\n", j->id);
        unsigned from = j->events > JOB_HISTORY ? j->events - JOB_HISTORY : 0;
        for (unsigned i = from; i < j->events; i++) write_event(c, out, &j->history[i % JOB_HISTORY], "");
    }
    fprintf(out, "last events of the run:\n");
    uint64_t from = c->events > RUN_HISTORY ? c->events - RUN_HISTORY : 0;
    for (uint64_t i = from; i < c->events; i++) {
        const run_event *e = &c->run[i % RUN_HISTORY];
        write_event(c, out, &e->event, e->job);
    }
    fclose(out);
    return text;
}

void violate(checker *c, violation_kind kind, usec_t at, const watched_job *j, const char *format, ...) {
    c->counts[kind]++;
    if (c->violation_count == VIOLATIONS_MAX) return;
    violation *v = &c->violations[c->violation_count++];
    v->kind = kind;
    v->at = at;
    snprintf(v->job, sizeof v->job, "%s", j ? j->id : "");
    va_list args;
    va_start(args, format);
    vsnprintf(v->message, sizeof v->message, format, args);
    va_end(args);
    v->history = write_history(c, j);
}
