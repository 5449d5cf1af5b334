/* hand_room.c - see the header. */
#include "tests/support/hand_room.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/fsck_now.h"

static const char all_languages[] = "en de fr es it ja zh";
char room_code[ROOM_CODE_LEN + 1];
static int answered_to;

static void moment(void) {
    pass(10 * USEC_PER_MSEC);
}

void make_room(void) {
    int before = viewed_count;
    scheduler_room_create(s, SESSION, "", "Ann");
    moment();
    ck_assert_msg(viewed_count == before + 1, "no room: %s", last_error);
    snprintf(room_code, sizeof room_code, "%s", viewed[before].code);
}

void listener_joins(int i, const char *lang) {
    char id[ID_MAX + 1];
    snprintf(id, sizeof id, "l-%d", i);
    ck_assert_msg(!open_session(LISTENER + (conn_token)i, id), "%s", err.message);
    scheduler_room_join(s, LISTENER + (conn_token)i, room_code, lang, "");
    moment();
}

void listeners_join(const char *languages) {
    char lang[LANG_MAX + 1];
    int used;
    for (int i = 0; sscanf(languages, "%16s%n", lang, &used) == 1; languages += used)
        listener_joins(i++, strcmp(lang, "-") ? lang : "");
}

void listeners_go(int count) {
    for (int i = 0; i < count; i++) scheduler_session_gone(s, LISTENER + (conn_token)i);
    moment();
}

void nodes_join(int count, int64_t slots) {
    for (int i = 1; i <= count; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        offer((conn_token)i, node, all_languages, slots);
        beat((conn_token)i);
    }
}

void say(uint64_t utterance) {
    job_request request = {.session_id = "s-1",
                           .utterance = utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(second, UTTERANCE_BYTES, NULL)};
    scheduler_submit(s, SESSION, &request);
    audio_unref(request.sound);
}

void answer_all(void) {
    for (; answered_to < assigned_count; answered_to++) answer(&assigned[answered_to], OUTCOME_OK, "");
}

const said *assigned_for(uint64_t utterance, const char *tgt) {
    for (int i = 0; i < assigned_count; i++)
        if (assigned[i].utterance == utterance && !strcmp(assigned[i].tgt, tgt)) return &assigned[i];
    ck_abort_msg("utterance %llu was not assigned in %s", (unsigned long long)utterance, tgt);
    return NULL;
}

const char *heard_by(conn_token conn) {
    static char text[4096];
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < answered_count; i++)
        if (answered[i].conn == conn)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu:%s %s", at ? "," : "",
                                   (unsigned long long)answered[i].utterance, answered[i].tgt,
                                   answered[i].outcome ? job_outcome_name(answered[i].outcome) : answered[i].code);
    return text;
}

int64_t room_exists(void) {
    redis_key key;
    return ask_int("EXISTS", key_room(&key, &config.keys, room_code));
}

static void on_joined(void *arg, link_status status, const redis_reply *reply) {
    (void)arg;
    ck_assert_msg(status == LINK_OK && reply_says(reply, "OK"), "room_join: %s", reply_text(reply));
}

void stranger_joins(const char *session, const char *lang) {
    redis_link link = link_virtual_interface(wire);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_ROOM_JOIN);
    call_key(&call, key_room(&key, &config.keys, room_code));
    call_str(&call, session);
    call_str(&call, lang);
    call_str(&call, "two:0123456789abcdef");
    call_str(&call, "Eve");
    call_int(&call, config.room_idle / USEC_PER_MSEC);
    call_int(&call, ROOM_MEMBERS_MAX);
    call_int(&call, ROOM_LANGS_MAX);
    link_submit(&link, &call, second, on_joined, NULL);
    moment();
}

void close_rooms(void) {
    expect_consistent();
    listeners_go(ROOM_MEMBERS_MAX);
    expect_empty_in_the_end();
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    assert_nothing_in_flight();
    close_world();
}
