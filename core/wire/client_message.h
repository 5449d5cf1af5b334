/* client_message.h - what a client says: JSON text in, one checked struct out.
 *
 * Strict where it matters: the types of known fields, their ranges, UTF-8, one object per text; unknown fields are ignored, an
 * unknown `type` is an error that names it. Whether ids and languages make sense is left to the scheduler, except what is needed to
 * fill its structs.
 *
 * Ownership  Texts live until client_message_free(); sound and payloads are references of the message, to be taken by
 *            audio_ref(), payload_ref().
 * Failure    SCHED_EINVAL; the message says which field of which type, what was there (cut to fit, one line), what was expected.
 *            Nothing is to be freed then.
 * Cost       One walk over the text, and few allocations; base64 is checked once and decoded once (json_text.c). */
#ifndef CORE_WIRE_CLIENT_MESSAGE_H
#define CORE_WIRE_CLIENT_MESSAGE_H

#include "core/base/status.h"
#include "core/domain/audio.h"
#include "core/domain/lang_pair.h"
#include "core/domain/payload.h"
#include "core/domain/sound.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum client_kind {
    CLIENT_SESSION_INIT,
    CLIENT_AUDIO_CHUNK,
    CLIENT_UTTERANCE,
    CLIENT_HEARTBEAT,
    CLIENT_TTS_STARTED,
    CLIENT_TTS_PLAY_ENDED,
    CLIENT_SESSION_CLOSE,
    CLIENT_ROOM_CREATE,
    CLIENT_ROOM_JOIN,
    CLIENT_ROOM_LEAVE,
    CLIENT_ROOM_PREFER, /* room_raw_voice_preference */
    CLIENT_RELAY,       /* webrtc_offer, webrtc_answer, webrtc_ice */
    CLIENT_KINDS
} client_kind;

/* src "auto" with lang_a and lang_b speaks from a to b; without them it is an error. */
typedef struct client_session_init {
    lang_pair pair;
    bool two_way;
    sound_format
        format; /* of its chunks: new members audio_format and sample_rate, else what session_init_ack negotiates */
    int64_t sample_rate;
    const char *trace_id; /* the client's, else the one handed in */
    payload *about;       /* members of a job_assign that come from here (about.h) */
} client_session_init;

typedef struct client_chunk {
    unsigned char *data; /* of the message; NULL when there is none */
    size_t bytes;
    bool is_final;
    const char *src; /* src_lang, new; "" when absent */
} client_chunk;

typedef struct client_utterance {
    const char *request_id; /* "" when absent */
    const char *trace_id;   /* the client's, else the one handed in */
    uint64_t utterance;
    bool manual;
    lang_pair pair;
    audio *sound; /* with its `about` */
} client_utterance;

typedef struct client_message {
    client_kind kind;
    const char *session_id; /* "" in messages that have none, and before session_init */
    union {
        client_session_init init;
        client_chunk chunk;
        client_utterance utterance;
        int64_t heartbeat; /* its timestamp */
        struct {
            const char *code, *name, *lang, *target; /* of a room; "" when absent */
            bool wants;
        } room;
        struct {
            const char *to;
            payload *text; /* the whole message with `to` replaced by the sender: relay_text() */
        } relay;
    };
    char *texts;
} client_message;

/* `session_id`: of the connection's session, for a relay; NULL before session_init. `trace_id`: of a session_init or utterance that
 * names none; NULL: it has none. Both have to live as long as the message. */
sched_status client_message_parse(const char *text, size_t bytes, const char *session_id, const char *trace_id,
                                  client_message *ret_message, sched_error *err);
/* All zero is nothing to free. */
void client_message_free(client_message *m);
const char *client_kind_name(client_kind kind);

#endif
