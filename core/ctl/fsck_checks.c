/* fsck_checks.c - what all checks do: put questions to Redis, a hundred at a time, and note what does not fit.
 *
 * Questions are pipelined because a check asks several about each of a hundred thousand keys; one round trip each would make
 * it take minutes. The first failure of the connection is kept and silences all that follows. */
#include "core/ctl/fsck_checks.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/domain/ids.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 100 };

static void put_question(fsck *f, const redis_call *call) {
    if (!f->status) f->status = sync_client_append(f->client, call, f->err);
}

redis_reply *fsck_answer(fsck *f) {
    redis_reply *reply = NULL;
    if (!f->status) f->status = sync_client_read(f->client, &reply, f->err);
    return reply;
}

redis_reply *fsck_call(fsck *f, const redis_call *call) {
    put_question(f, call);
    return fsck_answer(f);
}

void fsck_ask_about(fsck *f, const char *command, const char *key, const char *field) {
    redis_call call;
    call_command(&call, command);
    call_key(&call, key);
    if (field) call_str(&call, field);
    put_question(f, &call);
}

void fsck_note(fsck *f, fsck_kind kind, const char *key, const char *format, ...) {
    fsck_report *r = f->report;
    if (f->status) return;
    r->count[kind]++;
    r->findings++;
    if (r->texts == FSCK_TEXTS_MAX) return;
    char found[FSCK_TEXT_MAX / 2], line[FSCK_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(found, sizeof found, format, args);
    va_end(args);
    snprintf(line, sizeof line, "%s: %.*s: %s", fsck_kind_name(kind), KEY_MAX - 32, key, found);
    text_one_line(r->text[r->texts++], FSCK_TEXT_MAX, line);
}

bool fsck_wrong_type(fsck *f, const char *key, const redis_reply *reply) {
    if (!reply_is_error(reply)) return false;
    fsck_note(f, FSCK_UNKNOWN, key, "found another type, expected what the data model says (%.40s)", reply_text(reply));
    return true;
}

static void note_if_large(fsck *f, const char *key, const char *text) {
    size_t len = strlen(text);
    if (len > FSCK_VALUE_MAX)
        fsck_note(f, FSCK_LARGE, key, "found %zu bytes in \"%.20s...\", expected at most %d", len, text,
                  FSCK_VALUE_MAX);
}

void fsck_note_large(fsck *f, const char *key, const redis_reply *list) {
    for (size_t i = 0; i < reply_count(list); i++) note_if_large(f, key, reply_text(reply_at(list, i)));
}

/* --- second questions --------------------------------------------------------------------------------------------- */

struct fsck_later {
    fsck_judge_later *judge;
    const char *key;
    char text[ID_MAX + 1 + REQUEST_ID_MAX + 1];
};

void fsck_ask_later(fsck *f, fsck_judge_later *judge, const char *key, const char *text) {
    if (f->later_count == f->later_capacity) {
        f->later_capacity = f->later_capacity ? 2 * f->later_capacity : 256;
        f->later = mem_realloc(f->later, f->later_capacity, sizeof *f->later);
    }
    fsck_later *later = &f->later[f->later_count++];
    later->judge = judge;
    later->key = key;
    snprintf(later->text, sizeof later->text, "%s", text);
}

void fsck_judge_all_later(fsck *f) {
    for (size_t i = 0; i < f->later_count; i++) {
        redis_reply *answer = fsck_answer(f);
        f->later[i].judge(f, f->later[i].key, f->later[i].text, answer);
        sync_reply_free(answer);
    }
    f->later_count = 0;
}

/* --- entries of one key ------------------------------------------------------------------------------------------- */

static int64_t size_of(fsck *f, const char *command, const char *key) {
    redis_call call;
    call_command(&call, command[0] == 'H' ? "HLEN" : "ZCARD");
    call_key(&call, key);
    redis_reply *reply = fsck_call(f, &call);
    int64_t size = reply_int(reply);
    bool wrong = fsck_wrong_type(f, key, reply);
    sync_reply_free(reply);
    return wrong ? -1 : size;
}

static void step_through(fsck *f, const char *key, int64_t size, const redis_reply *batch, fsck_step *step) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        fsck_entry entry = {key, reply_text(reply_at(batch, i)), reply_text(reply_at(batch, i + 1)), size};
        step(f, &entry);
    }
}

void fsck_each(fsck *f, const char *command, const char *key, fsck_step *ask, fsck_step *judge) {
    int64_t size = size_of(f, command, key);
    char cursor[24] = "0";
    if (size < 0) return;
    do {
        redis_call call;
        call_command(&call, command);
        call_key(&call, key);
        call_str(&call, cursor);
        call_str(&call, "COUNT");
        call_int(&call, BATCH);
        redis_reply *reply = fsck_call(f, &call);
        const redis_reply *batch = reply_at(reply, 1);
        snprintf(cursor, sizeof cursor, "%s", reply_text(reply_at(reply, 0)));
        fsck_note_large(f, key, batch);
        step_through(f, key, size, batch, ask);
        step_through(f, key, size, batch, judge);
        sync_reply_free(reply);
    } while (!f->status && strcmp(cursor, "0") != 0);
}
