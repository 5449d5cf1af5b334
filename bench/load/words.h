/* words.h - what nodes and clients of a load say, in the texts of the wire protocol, and what they pick out of what they hear.
 *
 * Sound is base64 of one fixed row of bytes, made once: what it contains nobody asks, what it weighs everybody does.
 *
 * Ownership  A text lives until the next one is written: there is one buffer. Threads: none. */
#ifndef BENCH_LOAD_WORDS_H
#define BENCH_LOAD_WORDS_H

#include "bench/load/json_pick.h"
#include "sim/world/outside.h"

typedef struct words words;

typedef struct words_text {
    const char *text;
    size_t bytes;
} words_text;

/* `nonce` tells the requests of this run from those of others. `result_bytes`: of speech in a result. */
words *words_new(uint32_t nonce, int64_t result_bytes);
words *words_free(words *w); /* takes NULL, returns NULL */

/* What a node knows of a job that it answers; as they came, escapes included. */
typedef struct words_job {
    const char *job, *session, *trace;
    int64_t utterance;
} words_job;

words_text words_register(words *w, const node_registration *who);
words_text words_heartbeat(words *w, const char *node, const node_registration *who, const message *m,
                           int64_t now_msec);
words_text words_drain(words *w, const char *node);
/* MSG_ACK, MSG_STARTED */
words_text words_about_job(words *w, const char *node, const words_job *job, const message *m);
words_text words_result(words *w, const char *node, const words_job *job, const message *m, int64_t now_msec);

words_text words_open(words *w, const outside_speaker *who);
/* `bytes` of sound instead of those of the scenario. */
words_text words_request(words *w, const outside_speaker *who, const char *session, const message *m, int64_t bytes);
words_text words_chunk(words *w, const char *session, const message *m);
words_text words_close(words *w, const char *session);
words_text words_client_heartbeat(words *w, const char *session, int64_t now_msec);
words_text words_room_create(words *w, const outside_speaker *who, int64_t now_msec);
words_text words_room_join(words *w, const outside_speaker *who, const char *code);

/* What the load reads of any message; absent members are empty. */
typedef struct heard {
    json_span type, session, job, trace, code, reason, room, outcome;
    json_span utterance, attempt, audio, format, src, tgt;
    json_span text_asr, text_translated;
} heard;

/* False: no JSON object. */
bool words_hear(const char *text, size_t bytes, heard *ret_heard);
/* Length of the speech of a job_assign: as the client of this load said it in the trace id, else by the sound's bytes. */
usec_t words_speech(const heard *h);

#endif
