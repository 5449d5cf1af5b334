/* trace_file.c - written by hand rather than through a JSON library: a run has millions of events, and everything but `code` is
 * made of characters that need no escape. */
#include "sim/measure/trace_file.h"

#include <inttypes.h>

static void text(FILE *out, const char *name, const char *value) {
    if (!value || !*value) return;
    fprintf(out, ",\"%s\":\"", name);
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(out, "\\u%04x", *c);
        else
            putc(*c, out);
    }
    putc('"', out);
}

static void number(FILE *out, const char *name, int64_t value) {
    if (value) fprintf(out, ",\"%s\":%" PRId64, name, value);
}

/* The first one is 0; events that have one have a pair too, but for what is said into a room. */
static void utterance(FILE *out, bool has, uint64_t value) {
    if (has) fprintf(out, ",\"utterance\":%" PRIu64, value);
}

static void pair(FILE *out, const lang_pair *p) {
    char name[PAIR_MAX + 1];
    if (p) text(out, "pair", lang_pair_text(name, p));
}

static void candidates(FILE *out, const sched_event *e) {
    if (!e->candidates || e->value == 0) return;
    fputs(",\"candidates\":[", out);
    for (int64_t i = 0; i < e->value; i++) {
        const candidate *c = &e->candidates[i];
        fprintf(out, "%s{\"node\":\"%s\"", i ? "," : "", c->node); /* ids need no escape */
        if (c->load < LOAD_UNREADABLE) fprintf(out, ",\"load\":%" PRId64, c->load);
        putc('}', out);
    }
    putc(']', out);
}

static double seconds(usec_t usec) {
    return (double)usec / USEC_PER_SEC;
}

static void write_core(const trace_file *f, const sched_event *e) {
    FILE *out = f->out;
    text(out, "job", e->job);
    number(out, "attempt", e->attempt);
    text(out, "node", e->node);
    text(out, "session", e->session);
    utterance(out, e->pair != NULL, e->utterance);
    pair(out, e->pair);
    candidates(out, e);
    number(out, "value", e->value);
    number(out, "limit", e->limit);
    if (e->kind == EV_CUT)
        fprintf(out, ",\"length_ms\":%.3f", (double)e->until / USEC_PER_MSEC);
    else if (e->until)
        fprintf(out, ",\"until_s\":%.6f", seconds(e->until - f->start));
    text(out, "outcome", job_outcome_name(e->outcome));
    text(out, "code", e->code);
}

static void write_world(const trace_file *f, const trace_event *e) {
    FILE *out = f->out;
    text(out, "job", e->job);
    number(out, "attempt", e->attempt);
    text(out, "node", e->node);
    text(out, "session", e->session);
    text(out, "from", e->from);
    utterance(out, e->pair || e->kind == TRACE_CLIENT_SENT, e->utterance);
    pair(out, e->pair);
    number(out, "value", e->value);
    if (e->length) fprintf(out, ",\"length_ms\":%.3f", (double)e->length / USEC_PER_MSEC);
    text(out, "outcome", job_outcome_name(e->outcome));
    text(out, "code", e->code);
}

static void on_event(void *ctx, const trace_event *e) {
    const trace_file *f = ctx;
    const char *name = e->core ? sched_event_name(e->core->kind) : trace_kind_name(e->kind);
    fprintf(f->out, "{\"t\":%.6f,\"event\":\"%s\"", seconds(e->at - f->start), name);
    if (e->core)
        write_core(f, e->core);
    else
        write_world(f, e);
    if (f->several) text(f->out, "instance", e->instance);
    fputs("}\n", f->out);
}

trace_sink trace_file_sink(trace_file *file) {
    return (trace_sink){on_event, file};
}
