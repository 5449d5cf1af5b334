/* fsck_checks.c - what all checks do: put questions to Redis, a batch at a time, and note what does not fit.
 *
 * Questions are pipelined because a check asks several about each of a hundred thousand keys; one round trip each would make
 * it take minutes. A look under WATCH asks the same questions: the WATCH of a key goes before each, and its answer is dropped. */
#include "core/ctl/fsck_checks.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/domain/ids.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fsck_ask(fsck *f, const redis_call *call) {
    if (f->watching) asker_put_about(&f->ask, "WATCH", call_arg(call, 1), NULL);
    asker_put(&f->ask, call);
}

redis_reply *fsck_answer(fsck *f) {
    if (f->watching) sync_reply_free(asker_take(&f->ask));
    return asker_take(&f->ask);
}

void fsck_ask_about(fsck *f, const char *command, const char *key, const char *field) {
    redis_call call;
    call_command(&call, command);
    call_key(&call, key);
    if (field) call_str(&call, field);
    fsck_ask(f, &call);
}

void fsck_note(fsck *f, fsck_kind kind, const char *key, const char *subject, const char *format, ...) {
    fsck_report *r = f->report;
    if (f->ask.status) return;
    r->count[kind]++;
    r->findings++;
    char raw[FSCK_TEXT_MAX / 2], found[FSCK_TEXT_MAX / 2], line[FSCK_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_one_line(found, sizeof found, raw);
    if (f->sink) f->sink(f->sink_ctx, &(fsck_finding){kind, key, subject, f->in_entry, found});
    if (r->texts == FSCK_TEXTS_MAX) return;
    snprintf(line, sizeof line, "%s: %.*s: %s", fsck_kind_name(kind), KEY_MAX - 32, key, found);
    text_one_line(r->text[r->texts++], FSCK_TEXT_MAX, line);
}

bool fsck_wrong_type(fsck *f, const char *key, const redis_reply *reply) {
    if (!reply_is_error(reply)) return false;
    fsck_note(f, FSCK_UNKNOWN, key, "", "found another type, expected what the data model says (%.40s)",
              reply_text(reply));
    return true;
}

static void note_if_large(fsck *f, const char *key, const char *subject, const char *text) {
    size_t len = strlen(text);
    if (len > FSCK_VALUE_MAX)
        fsck_note(f, FSCK_LARGE, key, subject, "found %zu bytes in \"%.20s...\", expected at most %d", len, text,
                  FSCK_VALUE_MAX);
}

void fsck_note_large(fsck *f, const char *key, const redis_reply *list) {
    for (size_t i = 0; i < reply_count(list); i++) note_if_large(f, key, "", reply_text(reply_at(list, i)));
}

void fsck_note_large_entry(fsck *f, const fsck_entry *entry) {
    note_if_large(f, entry->key, entry->name, entry->name);
    note_if_large(f, entry->key, entry->name, entry->value);
}

void fsck_judge_ttl(fsck *f, fsck_kind kind, const char *key, const redis_reply *ttl) {
    if (reply_int(ttl) == -1) fsck_note(f, kind, key, "", "found no TTL, expected one");
}

void fsck_ask_nothing(fsck *f, const fsck_entry *entry) {
    (void)f, (void)entry;
}

void fsck_ask_ttl(fsck *f, const char *key, const char *rest) {
    (void)rest;
    fsck_ask_about(f, "PTTL", key, NULL);
}

void fsck_ask_text(fsck *f, const char *key, const char *rest) {
    (void)rest;
    fsck_ask_about(f, "GET", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
}

/* --- second questions --------------------------------------------------------------------------------------------- */

enum { LATER_TEXT_MAX = ID_MAX + 1 + REQUEST_ID_MAX + 1 + 2, LATER_WORDS = 4 };

struct fsck_later {
    fsck_judge_later *judge;
    const char *key;
    char text[LATER_TEXT_MAX];
    char words[LATER_WORDS][KEY_MAX]; /* of the question; "" ends them */
};

void fsck_ask_later(fsck *f, fsck_judge_later *judge, const char *key, const char *text, const redis_call *question) {
    if (f->later_count == f->later_capacity) {
        f->later_capacity = f->later_capacity ? 2 * f->later_capacity : 256;
        f->later = mem_realloc(f->later, f->later_capacity, sizeof *f->later);
    }
    fsck_later *later = &f->later[f->later_count++];
    later->judge = judge;
    later->key = key;
    snprintf(later->text, sizeof later->text, "%s", text);
    for (int i = 0; i < LATER_WORDS; i++)
        snprintf(later->words[i], KEY_MAX, "%s", i < question->args ? call_arg(question, i) : "");
}

static void put_later(fsck *f, const fsck_later *later) {
    redis_call call;
    call_command(&call, later->words[0]);
    call_key(&call, later->words[1]);
    for (int i = 2; i < LATER_WORDS && *later->words[i]; i++) call_str(&call, later->words[i]);
    fsck_ask(f, &call);
    fsck_ask_about(f, "EXISTS", later->key, NULL);
}

/* A job and its request expire in one instant, which may be the one between the first question and the second. */
static void judge_later(fsck *f, const fsck_later *later) {
    redis_reply *answer = fsck_answer(f);
    redis_reply *exists = fsck_answer(f);
    if (reply_int(exists) != 0) later->judge(f, later->key, later->text, answer);
    sync_reply_free(answer);
    sync_reply_free(exists);
}

void fsck_judge_all_later(fsck *f) {
    enum { QUESTIONS = 2, TOGETHER = ASKER_TOGETHER / QUESTIONS };
    for (size_t from = 0; from < f->later_count && !f->ask.status; from += TOGETHER) {
        size_t end = f->later_count - from < TOGETHER ? f->later_count : from + TOGETHER;
        for (size_t i = from; i < end; i++) put_later(f, &f->later[i]);
        for (size_t i = from; i < end; i++) judge_later(f, &f->later[i]);
    }
    f->later_count = 0;
}
