/* event_log.c - levels by kind; fields that an event has, under one name each.
 *
 * Left out is what the core, or a door, says in a line of its own. */
#include "core/daemon/event_log.h"

#include <stdio.h>
#include <string.h>

enum { UNSAID, DEBUG, INFO, WARN };

static const unsigned char levels[EV_KINDS] = {
    [EV_NODE_READY] = INFO,      [EV_NODE_OFFLINE] = INFO,    [EV_NODE_EXPIRED_HEARTBEAT] = INFO,
    [EV_NODE_DEGRADED] = WARN,   [EV_NODE_RECOVERED] = INFO,  [EV_NODE_DRAINING] = INFO,
    [EV_NODE_MARKED] = WARN,     [EV_ADOPTED] = INFO,         [EV_DEPENDENCY_LOST] = INFO,
    [EV_SUBMITTED] = DEBUG,      [EV_REFUSED] = DEBUG,        [EV_CREATED] = DEBUG,
    [EV_GRANT_REFUSED] = DEBUG,  [EV_RESERVED] = DEBUG,       [EV_WAITING] = DEBUG,
    [EV_DISPATCHED] = DEBUG,     [EV_ACCEPTED] = DEBUG,       [EV_STARTED] = DEBUG,
    [EV_RETRY] = DEBUG,          [EV_FINISHED] = DEBUG,       [EV_STALE] = DEBUG,
    [EV_RESULT_SENT] = DEBUG,    [EV_SESSION_GONE] = DEBUG,   [EV_CUT] = DEBUG,
    [EV_AUDIO_REFUSED] = DEBUG,  [EV_AUDIO_DROPPED] = DEBUG,  [EV_CONFIRM_REFUSED] = DEBUG,
    [EV_CANCELLED] = DEBUG,      [EV_RESULT_MISSING] = DEBUG, [EV_LATE_DROPPED] = DEBUG,
    [EV_SESSION_OPENED] = DEBUG, [EV_SESSION_CLOSED] = DEBUG, [EV_ROOM_JOINED] = DEBUG,
    [EV_ROOM_LEFT] = DEBUG,      [EV_FORWARDED] = DEBUG,
};

typedef struct fields {
    char text[LOG_FIELDS_MAX];
    size_t len;
} fields;

static void add(fields *f, const char *name, const char *value) {
    if (!*value || f->len >= sizeof f->text) return;
    f->len += (size_t)snprintf(f->text + f->len, sizeof f->text - f->len, "%s%s=%s", f->len ? " " : "", name, value);
}

static void add_number(fields *f, const char *name, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    add(f, name, text);
}

void event_log(log_writer *w, const sched_event *event) {
    unsigned said = levels[event->kind];
    if (!said || (log_level)(said - DEBUG) < w->least) return;
    fields f = {.len = 0};
    add(&f, "node", event->node);
    add(&f, "job", event->job);
    if (*event->job) add_number(&f, "attempt", event->attempt);
    add(&f, "session", event->session);
    if (*event->session && event->pair) add_number(&f, "utterance", (int64_t)event->utterance);
    char pair[PAIR_MAX + 1];
    if (event->pair) add(&f, "pair", lang_pair_text(pair, event->pair));
    add(&f, "outcome", job_outcome_name(event->outcome));
    add(&f, "code", event->code);
    logger log = log_writer_logger(w);
    log_write(&log, (log_level)(said - DEBUG), sched_event_name(event->kind), "%s", f.text);
}
