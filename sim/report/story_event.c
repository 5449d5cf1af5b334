/* story_event.c - the sentences. Each names what was decided and by whom it could be decided; what was merely repeated is left out. */
#include "sim/report/story_event.h"

#include <inttypes.h>
#include <string.h>

static const char *text_of(const json_t *root, const char *name) {
    const char *text = json_string_value(json_object_get(root, name));
    return text ? text : "";
}

static int64_t whole_of(const json_t *root, const char *name, int64_t absent) {
    const json_t *value = json_object_get(root, name);
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

sched_status story_event_read(const char *line, size_t bytes, const char *path, int64_t number, story_event *ret_event,
                              sched_error *err) {
    json_error_t why;
    json_t *root = json_loadb(line, bytes, 0, &why);
    if (!json_is_number(json_object_get(root, "t")) || !json_is_string(json_object_get(root, "event"))) {
        sched_fail(err, SCHED_EINVAL, "%s:%" PRId64 ": %s", path, number,
                   root ? "expected an object with \"t\" and \"event\"" : why.text);
        json_decref(root);
        return SCHED_EINVAL;
    }
    *ret_event = (story_event){
        .t = json_number_value(json_object_get(root, "t")),
        .event = text_of(root, "event"),
        .job = text_of(root, "job"),
        .node = text_of(root, "node"),
        .session = text_of(root, "session"),
        .from = text_of(root, "from"),
        .pair = text_of(root, "pair"),
        .outcome = text_of(root, "outcome"),
        .code = text_of(root, "code"),
        .instance = text_of(root, "instance"),
        .utterance = whole_of(root, "utterance", -1),
        .attempt = whole_of(root, "attempt", 0),
        .value = whole_of(root, "value", 0),
        .limit = whole_of(root, "limit", 0),
        .until = json_number_value(json_object_get(root, "until_s")),
        .length_ms = json_number_value(json_object_get(root, "length_ms")),
        .candidates = json_object_get(root, "candidates"),
        .root = root,
    };
    return SCHED_OK;
}

void story_event_free(story_event *e) {
    json_decref(e->root);
    *e = (story_event){0};
}

/* "gpu-3 (2 jobs), gpu-9 (0 jobs)". */
static void say_candidates(const story_event *e, FILE *out) {
    size_t i;
    const json_t *c;
    json_array_foreach(e->candidates, i, c) {
        fprintf(out, "%s%s", i ? ", " : "", text_of(c, "node"));
        if (json_object_get(c, "load")) fprintf(out, " (%" PRId64 ")", whole_of(c, "load", 0));
    }
}

static void proposed(const story_event *e, FILE *out) {
    if (!e->candidates) {
        fputs("no node is proposed: none serves the pair, or all that do have failed it", out);
        return;
    }
    fputs("proposed: ", out);
    say_candidates(e, out);
}

static void compared(const story_event *e, FILE *out) {
    fputs("by load, the least first: ", out);
    say_candidates(e, out);
}

static void grant_refused(const story_event *e, FILE *out) {
    fprintf(out, "%s refuses: ", e->node);
    if (!strcmp(e->code, "FULL"))
        fprintf(out, "full, %" PRId64 " of %" PRId64 " slots taken", e->value, e->limit);
    else if (!strcmp(e->code, "NOTREADY"))
        fputs("it is not ready", out);
    else if (!strcmp(e->code, "NOTSERVED"))
        fputs("it does not serve the pair any more", out);
    else if (!strcmp(e->code, "GONE"))
        fputs("it is gone", out);
    else if (!strcmp(e->code, "BUSY"))
        fputs("its processor or memory is above the limit", out);
    else if (!strcmp(e->code, "MARKED"))
        fputs("it lacks a model for the pair", out);
    else if (!strcmp(e->code, "TRIAL"))
        fputs("it failed often, and is tried with one job at a time", out);
    else
        fputs(e->code, out);
}

static void reserved(const story_event *e, FILE *out) {
    fprintf(out, "%s grants a slot: %" PRId64, e->node, e->value);
    if (e->limit) fprintf(out, " of %" PRId64, e->limit);
    fprintf(out, " taken with it, held until %.3f s", e->until);
}

static void retry(const story_event *e, FILE *out) {
    fprintf(out, "attempt %" PRId64 " begins, because %s: %s", e->attempt, *e->node ? e->node : "the one before",
            *e->code ? e->code : "failed");
}

static void finished(const story_event *e, FILE *out) {
    fprintf(out, "over: %s", e->outcome);
    if (*e->code) fprintf(out, ", %s", e->code);
}

static void answered(const story_event *e, FILE *out) {
    fprintf(out, "%s has the answer: %s", e->session, *e->outcome ? e->outcome : "refused");
    if (*e->code) fprintf(out, ", %s", e->code);
}

static void sent(const story_event *e, FILE *out) {
    fprintf(out, "%s has said utterance %" PRId64 ": %.1f s of speech", e->session, e->utterance, e->length_ms / 1000);
    if (*e->code) fprintf(out, ", cut: %s", e->code);
}

/* How an event is told: by a function, or by words in which $n $s $c $v $a stand for its fields. */
static const struct {
    const char *event, *words;
    void (*say)(const story_event *e, FILE *out);
} sentences[] = {
    {"client_sent", NULL, sent},
    {"client_resent", "$s asks again: no answer has come", NULL},
    {"client_answered", NULL, answered},
    {"client_heard", "$s, in the room, has it: $o", NULL},
    {"client_known", "$s is told that it is a job already: $o", NULL},
    {"client_missed", "$s is told that no result will come: $c", NULL},
    {"cut", "the scheduler cuts the utterance: $c", NULL},
    {"submitted", "it has reached the scheduler", NULL},
    {"refused", "refused: $c", NULL},
    {"duplicate", "the request was a job before", NULL},
    {"created", "it is a job: $j", NULL},
    {"affinity", "the node of its sentence, $n: $c", NULL},
    {"proposed", NULL, proposed},
    {"compared", NULL, compared},
    {"grant_refused", NULL, grant_refused},
    {"waiting", "it waits for room, with $v of its pair", NULL},
    {"reserved", NULL, reserved},
    {"confirm_refused", "the slot at $n is lost before it was sent: $c", NULL},
    {"dispatched", "sent to $n, as attempt $a", NULL},
    {"node_received", "$n has it; waiting there: $v", NULL},
    {"accepted", "$n has acknowledged it", NULL},
    {"node_started", "$n begins; slots busy there: $v", NULL},
    {"started", "the scheduler hears that $n began", NULL},
    {"extended", "its time is extended: it began late", NULL},
    {"node_rejected", "$n refuses to work on it: $c", NULL},
    {"node_empty", "$n answers that nothing was said; more may follow", NULL},
    {"empty_held", "the empty answer is held back for a moment", NULL},
    {"node_finished", "$n is done after $l ms of work", NULL},
    {"node_cancelled", "$n stops working on it", NULL},
    {"node_lost", "$n dies with it", NULL},
    {"retry", NULL, retry},
    {"cancelled", "it is cancelled: $c", NULL},
    {"unreserved", "the slot at $n is free again", NULL},
    {"stale", "a message of an older attempt changes nothing", NULL},
    {"finished", NULL, finished},
    {"result_sent", "the answer leaves for the client: $o", NULL},
    {"session_gone", "nobody is there to be told", NULL},
    {"result_missing", "its place in the order of answers is given up", NULL},
    {"late_dropped", "the answer came too late, and is dropped", NULL},
    {"dependency_lost", "Redis had lost it: it is written again", NULL},
    {"forwarded", "told over instance $c, where its session speaks now", NULL},
    {"adopted", "another instance goes on with it: $c is dead", NULL},
    {"looked_up", "somebody asked about it: $c", NULL},
    {"copy_disagrees", "its copy in Redis says something else: $c", NULL},
};

static void say_words(const char *words, const story_event *e, FILE *out) {
    for (const char *w = words; *w; w++) {
        if (*w != '$') {
            putc(*w, out);
            continue;
        }
        switch (*++w) {
        case 'n': fputs(e->node, out); break;
        case 's': fputs(e->session, out); break;
        case 'j': fputs(e->job, out); break;
        case 'c': fputs(e->code, out); break;
        case 'o': fputs(*e->outcome ? e->outcome : "under way", out); break;
        case 'v': fprintf(out, "%" PRId64, e->value); break;
        case 'a': fprintf(out, "%" PRId64, e->attempt); break;
        case 'l': fprintf(out, "%.1f", e->length_ms); break;
        default: putc(*w, out);
        }
    }
}

bool story_event_say(const story_event *e, FILE *out) {
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (strcmp(sentences[i].event, e->event)) continue;
        if (sentences[i].say)
            sentences[i].say(e, out);
        else
            say_words(sentences[i].words, e, out);
        return true;
    }
    return false;
}
