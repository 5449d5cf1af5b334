/* story.c - finds an utterance in a trace, then tells its events with the time since the one before: where it waited is what people ask.
 *
 * Two readings: the first learns to which session, utterance and pair the name belongs, because the client's own events stand before
 * there is a job. A crash of its instance is told, too, when it falls into its life. */
#include "sim/report/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/text_table.h"
#include "sim/report/story_walk.h"

#include <uthash.h>

typedef struct subject {
    char session[ID_MAX + 1], pair[PAIR_MAX + 1]; /* pair "": all of the utterance */
    char job[ID_MAX + 1];                         /* "": all */
    int64_t utterance;
    bool found;
} subject;

/* ---- one story ------------------------------------------------------------------------------------------------------ */

/* "session:utterance", "session:utterance:target"; ids may hold colons, so it is read from behind. */
static void read_name(const char *name, subject *s) {
    *s = (subject){.utterance = -1};
    char text[3 * ID_MAX];
    snprintf(text, sizeof text, "%s", name);
    char *last = strrchr(text, ':'), *end;
    if (!last) {
        snprintf(s->job, sizeof s->job, "%.*s", ID_MAX, text);
        return;
    }
    s->utterance = strtoll(last + 1, &end, 10);
    if (*end || end == last + 1) { /* a target: the number stands before it */
        snprintf(s->pair, sizeof s->pair, "%.*s", LANG_MAX, last + 1);
        *last = '\0';
        last = strrchr(text, ':');
        s->utterance = last ? strtoll(last + 1, &end, 10) : -1;
    }
    if (last) *last = '\0';
    snprintf(s->session, sizeof s->session, "%.*s", ID_MAX, text);
}

static void learn(void *ctx, const story_event *e) {
    subject *s = ctx;
    if (s->found) return;
    if (*s->job && !strcmp(e->job, s->job) && *e->session && e->utterance >= 0) {
        snprintf(s->session, sizeof s->session, "%.*s", ID_MAX, e->session);
        snprintf(s->pair, sizeof s->pair, "%.*s", PAIR_MAX, e->pair);
        s->utterance = e->utterance;
        s->found = true;
    } else if (!*s->job && !strcmp(e->session, s->session) && e->utterance == s->utterance) {
        s->found = true;
    }
}

/* `pair` is a whole one, or a target alone. */
static bool is_of_pair(const char *pair, const char *of) {
    const char *colon = strchr(of, ':');
    return !*pair || !strcmp(pair, of) || (colon && !strcmp(pair, colon + 1));
}

typedef struct telling {
    const subject *about;
    char job[ID_MAX + 1]; /* of the present life, to know those of nodes */
    FILE *out;
    double first, before;
    int told;
} telling;

static bool concerns(const telling *tell, const story_event *e) {
    const subject *s = tell->about;
    const char *speaker = *e->from ? e->from : e->session;
    if (!strcmp(speaker, s->session) && e->utterance == s->utterance)
        return !strcmp(e->event, "client_sent") || is_of_pair(s->pair, e->pair);
    return *e->job && !strcmp(e->job, *s->job ? s->job : tell->job);
}

static void tell_event(void *ctx, const story_event *e) {
    telling *tell = ctx;
    if (!concerns(tell, e)) return;
    if (*e->job) snprintf(tell->job, sizeof tell->job, "%.*s", ID_MAX, e->job);
    char *sentence = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&sentence, &bytes);
    bool says = text && story_event_say(e, text);
    if (text) fclose(text);
    if (says) {
        if (tell->told++ == 0) {
            tell->first = tell->before = e->t;
            fprintf(tell->out, "%14s %11s\n", "at", "after");
        }
        fprintf(tell->out, "%12.3f s %8.1f ms  %s", e->t, (e->t - tell->before) * 1000, sentence);
        if (*e->instance) fprintf(tell->out, "  [%s]", e->instance);
        putc('\n', tell->out);
        tell->before = e->t;
    }
    free(sentence);
}

sched_status story_tell(const char *path, const char *name, FILE *out, sched_error *err) {
    subject about;
    read_name(name, &about);
    sched_status status = story_walk(path, learn, &about, err);
    if (status) return status;
    if (!about.found)
        return sched_fail(err, SCHED_ENOENT, "%s: nothing of \"%s\": expected the id of a job, or session:utterance",
                          path, name);
    fprintf(out, "utterance %" PRId64 " of %s", about.utterance, about.session);
    if (*about.pair) fprintf(out, ", %s", about.pair);
    if (*about.job) fprintf(out, ", job %s", about.job);
    fputs("\n\n", out);
    telling tell = {.about = &about, .out = out};
    status = story_walk(path, tell_event, &tell, err);
    if (!status) fprintf(out, "\n%.1f ms in all\n", (tell.before - tell.first) * 1000);
    return status;
}

/* ---- which ones are worth telling ----------------------------------------------------------------------------------- */

typedef struct life {
    char name[2 * ID_MAX + LANG_MAX + 24];
    char job[ID_MAX + 1], how[48];
    double sent, took; /* took < 0: no answer yet */
    int64_t attempts;
    UT_hash_handle hh;
} life;

static life *life_of(life **lives, const story_event *e, bool make) {
    char name[sizeof((life *)0)->name];
    const char *target = strchr(e->pair, ':');
    snprintf(name, sizeof name, "%s:%" PRId64 ":%s", *e->from ? e->from : e->session, e->utterance,
             target ? target + 1 : "");
    life *one;
    HASH_FIND_STR(*lives, name, one);
    if (!one && make) {
        one = mem_zalloc(1, sizeof *one);
        memcpy(one->name, name, sizeof name);
        one->took = -1;
        HASH_ADD_STR(*lives, name, one);
    }
    return one;
}

static void collect(void *ctx, const story_event *e) {
    life **lives = ctx;
    if (e->utterance < 0 || !*e->pair) return;
    if (!strcmp(e->event, "client_sent")) {
        life_of(lives, e, true)->sent = e->t;
        return;
    }
    life *one = life_of(lives, e, false);
    if (!one) return;
    if (*e->job) snprintf(one->job, sizeof one->job, "%.*s", ID_MAX, e->job);
    if (e->attempt > one->attempts) one->attempts = e->attempt;
    if (!strcmp(e->event, "client_answered") || !strcmp(e->event, "client_missed")) {
        one->took = e->t - one->sent;
        snprintf(one->how, sizeof one->how, "%.20s %.24s", *e->outcome ? e->outcome : "refused", e->code);
    }
}

/* No answer is worse than a late one; then the longer, then the more attempts, then by name. */
static int worse_first(const life *a, const life *b) {
    bool silent_a = a->took < 0, silent_b = b->took < 0;
    if (silent_a != silent_b) return silent_a ? -1 : 1;
    if (!silent_a && a->took != b->took) return a->took > b->took ? -1 : 1;
    if (a->attempts != b->attempts) return a->attempts > b->attempts ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void print_worst(life *lives, FILE *out) {
    size_t rows = HASH_COUNT(lives) < STORY_WORST ? HASH_COUNT(lives) : STORY_WORST;
    text_table *t = text_table_new(rows + 1, 5);
    static const char *const head[] = {"utterance", "job", "answer", "attempts", "after, ms"};
    for (size_t i = 0; i < 5; i++) text_table_set(t, 0, i, "%s", head[i]);
    size_t row = 1;
    for (const life *one = lives; one && row <= rows; one = one->hh.next, row++) {
        text_table_set(t, row, 0, "%s", one->name);
        text_table_set(t, row, 1, "%s", *one->job ? one->job : "-");
        text_table_set(t, row, 2, "%s", one->took < 0 ? "none" : one->how);
        text_table_set(t, row, 3, "%" PRId64, one->attempts);
        if (one->took < 0)
            text_table_set(t, row, 4, "-");
        else
            text_table_set(t, row, 4, "%.1f", one->took * 1000);
    }
    text_table_print(t, 3, out);
    text_table_free(t);
}

sched_status story_list(const char *path, FILE *out, sched_error *err) {
    life *lives = NULL, *one, *next;
    sched_status status = story_walk(path, collect, &lives, err);
    if (!status) {
        HASH_SORT(lives, worse_first);
        print_worst(lives, out);
    }
    HASH_ITER (hh, lives, one, next) {
        HASH_DEL(lives, one);
        free(one);
    }
    return status;
}
