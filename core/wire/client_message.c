/* client_message.c - one reader per type, by table. */
#include "core/wire/client_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/about.h"
#include "core/wire/base64.h"
#include "core/wire/json_out.h"
#include "core/wire/json_text.h"

#define EXACT_MAX (((int64_t)1 << 53) - 1) /* whole numbers that every JSON writer writes exactly */

enum { RELAY_MAX = 64 * 1024 };

typedef struct reading {
    json_text *t;
    const char *session_id, *trace_id; /* of the connection; may be NULL */
    client_message *m;
} reading;

/* ---- speech --------------------------------------------------------------------------------------------------------- */

/* src_lang "auto" with lang_a and lang_b speaks from a to b. */
static lang_pair read_pair(json_text *t) {
    lang_pair pair = {0};
    const char *src = json_text_str(t, "src_lang"), *tgt = json_text_str(t, "tgt_lang");
    const char *a = json_text_str_or(t, "lang_a", ""), *b = json_text_str_or(t, "lang_b", "");
    if (t->status) return pair;
    if (!strcmp(src, "auto") && *a && *b) {
        src = a;
        tgt = b;
    } else if (!strcmp(src, "auto")) {
        json_text_fail(t, "src_lang", "a language, or lang_a and lang_b with auto", NULL);
        return pair;
    }
    sched_error why;
    if (lang_pair_make(src, tgt, &pair, &why)) json_text_refuse(t, why.message);
    return pair;
}

static sound_format read_format(json_text *t, const char *name) {
    sound_format format = SOUND_OPUS;
    sched_error why;
    if (sound_format_parse(name, &format, &why)) json_text_refuse(t, why.message);
    return format;
}

/* The client's, else the connection's. */
static const char *read_trace(const reading *r) {
    const char *own = json_text_str_or(r->t, "trace_id", "");
    return *own ? own : r->trace_id ? r->trace_id : "";
}

static void read_init(reading *r) {
    json_text *t = r->t;
    client_session_init *init = &r->m->init;
    json_text_check(t, "client_version", VALUE_TEXT);
    json_text_check(t, "platform", VALUE_TEXT);
    init->pair = read_pair(t);
    init->two_way = !strcmp(json_text_str_or(t, "mode", ""), "two_way_auto");
    init->format = read_format(t, json_text_str_or(t, "audio_format", sound_format_name(SOUND_OPUS)));
    init->sample_rate = json_text_int_or(t, "sample_rate", SAMPLE_RATE_MIN, SAMPLE_RATE_MAX, SAMPLE_RATE_DEFAULT);
    init->trace_id = read_trace(r);
    init->about = about_of(t, init->trace_id, init->format, init->sample_rate);
}

/* The bytes of a text of base64; NULL when there are none. */
static unsigned char *read_sound(json_text *t, const char *name, size_t *ret_bytes) {
    json_slice text = json_text_base64(t, name);
    *ret_bytes = 0;
    if (t->status || text.bytes == 0) return NULL;
    unsigned char *data = mem_alloc(text.bytes / 4 * 3);
    bool valid = base64_decode(text.text, text.bytes, data, ret_bytes);
    assert(valid);
    return data;
}

static void read_chunk(reading *r) {
    client_chunk *chunk = &r->m->chunk;
    chunk->is_final = json_text_bool(r->t, "is_final");
    chunk->src = json_text_str_or(r->t, "src_lang", "");
    chunk->data = read_sound(r->t, "payload", &chunk->bytes);
}

static void read_utterance(reading *r) {
    json_text *t = r->t;
    client_utterance *u = &r->m->utterance;
    size_t bytes;
    u->request_id = json_text_str_or(t, "request_id", "");
    u->trace_id = read_trace(r);
    u->utterance = (uint64_t)json_text_int(t, "utterance_index", 0, EXACT_MAX);
    u->manual = json_text_bool(t, "manual_cut");
    u->pair = read_pair(t);
    sound_format format = read_format(t, json_text_str(t, "audio_format"));
    int64_t rate = json_text_int(t, "sample_rate", SAMPLE_RATE_MIN, SAMPLE_RATE_MAX);
    payload *about = about_of(t, u->trace_id, format, rate);
    unsigned char *data = read_sound(t, "audio", &bytes);
    if (!data) json_text_fail(t, "audio", "some sound", "none");
    if (t->status) {
        payload_unref(about);
        free(data);
        return;
    }
    u->sound = audio_new(sound_duration(format, rate, (int64_t)bytes), bytes, data);
    u->sound->about = about;
}

/* ---- the session ---------------------------------------------------------------------------------------------------- */

static void read_heartbeat(reading *r) {
    r->m->heartbeat = json_text_int(r->t, "timestamp", INT64_MIN, INT64_MAX);
}

static void read_nothing_more(reading *r) {
    (void)r;
}

/* ---- rooms ---------------------------------------------------------------------------------------------------------- */

static void read_room(reading *r) {
    client_message *m = r->m;
    bool create = m->kind == CLIENT_ROOM_CREATE, prefer = m->kind == CLIENT_ROOM_PREFER;
    m->room.code = create ? "" : json_text_str(r->t, "room_code");
    m->room.name = json_text_str_or(r->t, "display_name", "");
    m->room.lang = json_text_str_or(r->t, "preferred_lang", "");
    m->room.target = prefer ? json_text_str(r->t, "target_session_id") : "";
    m->room.wants = prefer && json_text_bool(r->t, "receive_raw_voice");
}

/* As it came, but that `to` tells from whom it is. */
static payload *relay_text(const reading *r) {
    json_out o = json_out_begin(0, r->t->whole.bytes + ID_MAX);
    json_out_open(&o, '{');
    for (int i = 0; i < r->t->count; i++) {
        const json_member *member = &r->t->members[i];
        if (member->key.bytes == 2 && !memcmp(member->key.text, "to", 2)) continue;
        json_out_members(&o, member->key.text - 1,
                         (size_t)(member->value.text + member->value.bytes + 1 - member->key.text));
    }
    json_out_str(&o, "to", r->session_id ? r->session_id : "");
    json_out_close(&o, '}');
    return json_out_payload(&o);
}

static void read_relay(reading *r) {
    r->m->relay.to = json_text_str(r->t, "to");
    if (r->t->whole.bytes > RELAY_MAX) json_text_fail(r->t, "sdp", "a message of at most 64 KiB", "more");
    if (!r->t->status) r->m->relay.text = relay_text(r);
}

/* ---- by type -------------------------------------------------------------------------------------------------------- */

typedef struct client_type {
    const char *type;
    client_kind kind;
    bool names_session;
    void (*read)(reading *r);
} client_type;

static const client_type types[] = {
    {"audio_chunk", CLIENT_AUDIO_CHUNK, true, read_chunk},
    {"utterance", CLIENT_UTTERANCE, true, read_utterance},
    {"client_heartbeat", CLIENT_HEARTBEAT, true, read_heartbeat},
    {"tts_started", CLIENT_TTS_STARTED, true, read_nothing_more},
    {"tts_play_ended", CLIENT_TTS_PLAY_ENDED, true, read_nothing_more},
    {"session_init", CLIENT_SESSION_INIT, false, read_init},
    {"session_close", CLIENT_SESSION_CLOSE, true, read_nothing_more},
    {"room_create", CLIENT_ROOM_CREATE, false, read_room},
    {"room_join", CLIENT_ROOM_JOIN, false, read_room},
    {"room_leave", CLIENT_ROOM_LEAVE, false, read_room},
    {"room_raw_voice_preference", CLIENT_ROOM_PREFER, false, read_room},
    {"webrtc_offer", CLIENT_RELAY, false, read_relay},
    {"webrtc_answer", CLIENT_RELAY, false, read_relay},
    {"webrtc_ice", CLIENT_RELAY, false, read_relay},
};
enum { TYPES = sizeof types / sizeof *types };

static const client_type *type_of(const char *name) {
    for (int i = 0; i < TYPES; i++)
        if (!strcmp(types[i].type, name)) return &types[i];
    return NULL;
}

const char *client_kind_name(client_kind kind) {
    assert(kind >= 0 && kind < CLIENT_KINDS);
    if (kind == CLIENT_RELAY) return "webrtc";
    for (int i = 0; i < TYPES; i++)
        if (types[i].kind == kind) return types[i].type;
    return "";
}

sched_status client_message_parse(const char *text, size_t bytes, const char *session_id, const char *trace_id,
                                  client_message *ret_message, sched_error *err) {
    json_text t;
    sched_status status = json_text_parse(text, bytes, &t, err);
    if (status) return status;
    client_message m = {0};
    const client_type *type = type_of(t.type);
    if (type) {
        m.kind = type->kind;
        m.session_id = type->names_session ? json_text_str(&t, "session_id") : "";
        type->read(&(reading){&t, session_id, trace_id, &m});
    } else {
        status = sched_fail(err, SCHED_EINVAL, "message: type \"%.40s\": no message of a client has it", t.type);
    }
    if (!status) status = t.status;
    m.texts = json_text_end(&t);
    if (status)
        client_message_free(&m);
    else
        *ret_message = m;
    return status;
}

void client_message_free(client_message *m) {
    switch (m->kind) {
    case CLIENT_SESSION_INIT: payload_unref(m->init.about); break;
    case CLIENT_AUDIO_CHUNK: free(m->chunk.data); break;
    case CLIENT_UTTERANCE: audio_unref(m->utterance.sound); break;
    case CLIENT_RELAY: payload_unref(m->relay.text); break;
    default: break;
    }
    free(m->texts);
}
