/* fsck_sessions.c - sessions, what ties them to a node, and rooms: each ends by its TTL, so that is what counts most. A session
 * may name a room that has gone: rooms end by themselves. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, OWNER_MAX_BYTES = 128, ROOM_CODE = 6 };

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static bool is_tag(const char *text) {
    char tag[LANG_MAX + 1];
    return text && !lang_tag_parse(text, tag, NULL) && !strcmp(text, tag);
}

/* A pair is not asked for: before a session has chosen, both may be the same. */
static void judge_fields(fsck *f, const char *key, const redis_reply *session) {
    const char *two_way = record_field(session, "two_way"), *room = record_field(session, "room");
    const char *owner = record_field(session, "owner");
    const struct {
        const char *field;
        bool good;
    } fields[] = {
        {"owner", owner && *owner && strlen(owner) <= OWNER_MAX_BYTES},
        {"opened", record_whole(record_field(session, "opened"), 1, NULL)},
        {"src", is_tag(record_field(session, "src"))},
        {"tgt", is_tag(record_field(session, "tgt"))},
        {"two_way", two_way && (!strcmp(two_way, "0") || !strcmp(two_way, "1"))},
        {"room", !room || !*room || (strlen(room) == ROOM_CODE && record_whole(room, 0, NULL))},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!fields[i].good)
            fsck_note(f, FSCK_SESSION, key, fields[i].field, "found %s \"%.40s\", expected what open_session writes",
                      fields[i].field, record_shown(session, fields[i].field));
}

void fsck_ask_session(fsck *f, const char *key, const char *rest) {
    (void)rest;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
}

void fsck_judge_session(fsck *f, const char *key, const char *rest) {
    (void)rest;
    f->report->sessions++;
    redis_reply *session = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!fsck_wrong_type(f, key, session) && reply_count(session)) {
        judge_fields(f, key, session);
        fsck_note_large(f, key, session);
        fsck_judge_ttl(f, FSCK_SESSION, key, ttl);
    }
    sync_reply_free(session);
    sync_reply_free(ttl);
}

/* "turn node" */
static bool is_affinity(const char *text) {
    char turn[24] = "";
    size_t digits = strcspn(text, " ");
    snprintf(turn, sizeof turn, "%.*s", (int)(digits < sizeof turn ? digits : 0), text);
    return record_whole(turn, 0, NULL) && text[digits] && id_valid(text + digits + 1);
}

void fsck_judge_affinity(fsck *f, const char *key, const char *tgt) {
    (void)tgt;
    redis_reply *value = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!reply_is_nil(value) && !fsck_wrong_type(f, key, value)) {
        if (!is_affinity(reply_text(value)))
            fsck_note(f, FSCK_AFFINITY, key, "value", "found \"%.80s\", expected \"turn node\"", reply_text(value));
        fsck_judge_ttl(f, FSCK_AFFINITY, key, ttl);
    }
    sync_reply_free(value);
    sync_reply_free(ttl);
}

/* --- rooms -------------------------------------------------------------------------------------------------------- */

void fsck_ask_room(fsck *f, const char *key, const char *rest) {
    (void)rest;
    fsck_ask_about(f, "HGET", key, "made");
    fsck_ask_about(f, "HLEN", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
}

void fsck_judge_room(fsck *f, const char *key, const char *rest) {
    (void)rest;
    f->report->rooms++;
    redis_reply *made = fsck_answer(f);
    redis_reply *entries = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (reply_int(entries) && reply_is_nil(made))
        fsck_note(f, FSCK_ROOM, key, "made", "found no instant at which it was made, expected one");
    if (reply_int(entries) == 1 && !reply_is_nil(made))
        fsck_note(f, FSCK_ROOM, key, "members", "found no member, expected that the room had ended");
    if (!reply_is_error(entries)) fsck_judge_ttl(f, FSCK_ROOM, key, ttl);
    sync_reply_free(made);
    sync_reply_free(entries);
    sync_reply_free(ttl);
}

/* "m:" session -> "lang owner joined name", where the name is the rest and may be empty. */
static bool is_member(const char *session, const char *value) {
    char lang[LANG_MAX + 2] = "", owner[OWNER_MAX_BYTES + 2] = "", joined[24] = "";
    int at = 0;
    if (!id_valid(session) || sscanf(value, "%17s %129s %23s%n", lang, owner, joined, &at) != 3) return false;
    return (!strcmp(lang, "-") || is_tag(lang)) && strlen(owner) <= OWNER_MAX_BYTES && record_whole(joined, 1, NULL) &&
           value[at] == ' ' && strlen(value + at + 1) <= NAME_MAX_BYTES;
}

/* "x:" receiver " " sender: -> the receiver's session, false when it is not of this form. */
static bool split_preference(const char *text, char receiver[ID_MAX + 1], char sender[ID_MAX + 1]) {
    size_t len = strcspn(text, " ");
    if (len > ID_MAX || !text[len] || strlen(text + len + 1) > ID_MAX) return false;
    snprintf(receiver, ID_MAX + 1, "%.*s", (int)len, text);
    snprintf(sender, ID_MAX + 1, "%s", text + len + 1);
    return id_valid(receiver) && id_valid(sender);
}

static bool preference_of(const fsck_entry *e, char receiver[ID_MAX + 1], char sender[ID_MAX + 1]) {
    return !strncmp(e->name, "x:", 2) && split_preference(e->name + 2, receiver, sender);
}

void fsck_ask_room_entry(fsck *f, const fsck_entry *e) {
    char name[2][ID_MAX + 1], field[ID_MAX + 3];
    if (!preference_of(e, name[0], name[1])) return;
    for (int i = 0; i < 2; i++) {
        snprintf(field, sizeof field, "m:%s", name[i]);
        fsck_ask_about(f, "HEXISTS", e->key, field);
    }
}

void fsck_judge_room_entry(fsck *f, const fsck_entry *e) {
    char receiver[ID_MAX + 1], sender[ID_MAX + 1];
    bool good;
    if (preference_of(e, receiver, sender)) {
        redis_reply *hears = fsck_answer(f);
        redis_reply *speaks = fsck_answer(f);
        good = reply_int(hears) && reply_int(speaks) && !strcmp(e->value, "0");
        sync_reply_free(hears);
        sync_reply_free(speaks);
    } else if (!strncmp(e->name, "m:", 2)) {
        good = is_member(e->name + 2, e->value);
    } else {
        good = !strcmp(e->name, "made") && record_whole(e->value, 1, NULL);
    }
    if (!good)
        fsck_note(f, FSCK_ROOM, e->key, e->name,
                  "found \"%.80s\" for \"%.80s\", expected a member, a preference between members, or the instant made",
                  e->value, e->name);
}
