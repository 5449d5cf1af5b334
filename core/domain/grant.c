/* grant.c - one row for each answer: its word, and how it reads.
 *
 * A row is a function rather than a format, because each answer carries other figures. An instant is told as the seconds that are
 * left, rounded up: whoever waits that long does not come too early. */
#include "core/domain/grant.h"

#include <stdio.h>
#include <string.h>

typedef void sentence(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec);

static long long seconds_left(int64_t until_msec, int64_t now_msec) {
    return until_msec > now_msec ? (long long)(until_msec - now_msec + 999) / 1000 : 0;
}

static void say_unknown(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)v, (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "could not be asked");
}

static void say_ok(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "takes the job: with it, %lld of its %lld slots are taken", (long long)v->value,
             (long long)v->limit);
}

static void say_gone(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)v, (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "has left; its place in the pool is out of date");
}

static const struct {
    const char *status, *sentence;
} not_ready[] = {
    {"registering", "has registered, but is not in its pools yet"},
    {"unready", "says that its services are not ready"},
    {"draining", "is draining: it gets no new job"},
    {"offline", "is offline"},
};

static void say_not_ready(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)now_msec;
    for (size_t i = 0; i < sizeof not_ready / sizeof *not_ready; i++) {
        if (strcmp(v->detail, not_ready[i].status) != 0) continue;
        snprintf(text, GRANT_SENTENCE_MAX, "%s", not_ready[i].sentence);
        return;
    }
    snprintf(text, GRANT_SENTENCE_MAX, "is not ready: its status is \"%s\"", v->detail);
}

static void say_not_served(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)v, (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "has registered again and does not serve this pair any more");
}

static void say_marked(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    snprintf(text, GRANT_SENTENCE_MAX, "lacks %s for this pair; it is asked again in %lld s", v->detail,
             seconds_left(v->value, now_msec));
}

static void say_trial(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    long long left = seconds_left(v->value, now_msec);
    if (left)
        snprintf(text, GRANT_SENTENCE_MAX, "is degraded, because jobs failed on it; it gets a job again in %lld s",
                 left);
    else
        snprintf(text, GRANT_SENTENCE_MAX, "is degraded and has the one job that it may have");
}

static void say_busy(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "is busy: its %s stands at %lld %%", v->detail, (long long)v->value);
}

static void say_full(char text[GRANT_SENTENCE_MAX], const grant_verdict *v, int64_t now_msec) {
    (void)now_msec;
    snprintf(text, GRANT_SENTENCE_MAX, "is full: %lld of its %lld slots are taken", (long long)v->value,
             (long long)v->limit);
}

static const struct {
    const char *name;
    sentence *say;
} words[GRANT_WORDS] = {
    [GRANT_UNKNOWN] = {"UNKNOWN", say_unknown},
    [GRANT_OK] = {"OK", say_ok},
    [GRANT_GONE] = {"GONE", say_gone},
    [GRANT_NOTREADY] = {"NOTREADY", say_not_ready},
    [GRANT_NOTSERVED] = {"NOTSERVED", say_not_served},
    [GRANT_MARKED] = {"MARKED", say_marked},
    [GRANT_TRIAL] = {"TRIAL", say_trial},
    [GRANT_BUSY] = {"BUSY", say_busy},
    [GRANT_FULL] = {"FULL", say_full},
};

const char *grant_word_name(grant_word word) {
    return words[word].name;
}

grant_word grant_word_parse(const char *name) {
    for (int word = 0; word < GRANT_WORDS; word++)
        if (!strcmp(name, words[word].name)) return (grant_word)word;
    return GRANT_UNKNOWN;
}

char *grant_sentence(char text[GRANT_SENTENCE_MAX], const grant_verdict *verdict, int64_t now_msec) {
    words[verdict->word].say(text, verdict, now_msec);
    return text;
}
