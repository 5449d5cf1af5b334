/* to_client.c - heads are written here, what a node answered is copied behind them: see node_message.h. */
#include "core/wire/to_client.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "core/wire/json_out.h"

enum { SMALL = 256, HEAD = 512 }; /* bytes that are about enough */

/* ---- the session ---------------------------------------------------------------------------------------------------- */

/* What is negotiated never was: existing clients read these constants, and ask for nothing else. */
frame *to_client_init_ack(const char *session_id, const char *trace_id) {
    json_out o = json_out_message("session_init_ack", HEAD);
    json_out_str(&o, "session_id", session_id);
    json_out_str(&o, "message", "session created");
    json_out_str(&o, "trace_id", trace_id);
    json_out_str(&o, "protocol_version", "1.0");
    json_out_bool(&o, "use_binary_frame", false);
    json_out_str(&o, "negotiated_codec", "opus");
    json_out_str(&o, "negotiated_audio_format", "opus");
    json_out_num(&o, "negotiated_sample_rate", 16000);
    json_out_num(&o, "negotiated_channel_count", 1);
    return json_out_end_message(&o);
}

frame *to_client_heartbeat(const char *session_id, int64_t now_msec) {
    json_out o = json_out_message("server_heartbeat", SMALL);
    json_out_str(&o, "session_id", session_id);
    json_out_num(&o, "timestamp", now_msec);
    return json_out_end_message(&o);
}

frame *to_client_close_ack(const char *session_id) {
    json_out o = json_out_message("session_close_ack", SMALL);
    json_out_str(&o, "session_id", session_id);
    return json_out_end_message(&o);
}

frame *to_client_error(const char *code, const char *message) {
    json_out o = json_out_message("error", SMALL);
    json_out_str(&o, "code", code);
    json_out_str(&o, "message", message);
    return json_out_end_message(&o);
}

/* ---- utterances ----------------------------------------------------------------------------------------------------- */

static void put_utterance(json_out *o, const char *session_id, uint64_t utterance, const char *job_id) {
    json_out_str(o, "session_id", session_id);
    json_out_num(o, "utterance_index", (int64_t)utterance);
    if (job_id) json_out_str(o, "job_id", job_id);
}

/* New: which of the languages of a room it is. */
static void put_pair(json_out *o, const lang_pair *pair) {
    json_out_str(o, "src_lang", pair->src);
    json_out_str(o, "tgt_lang", pair->tgt);
}

static frame *result(const job_answer *answer, const char *trace_id, int64_t now_msec) {
    static const char nothing[] =
        "\"text_asr\":\"\",\"text_translated\":\"\",\"tts_audio\":\"\",\"tts_format\":\"pcm16\"";
    const payload *content = answer->content;
    json_out o = json_out_message("translation_result", HEAD + (content ? content->bytes : 0));
    put_utterance(&o, answer->session_id, answer->utterance, answer->job_id);
    put_pair(&o, answer->pair);
    json_out_str(&o, "trace_id", trace_id);
    json_out_num(&o, "scheduler_sent_at_ms", now_msec);
    json_out_members(&o, content ? content->data : nothing, content ? content->bytes : strlen(nothing));
    return json_out_end_message(&o);
}

static frame *missing(const char *session_id, uint64_t utterance, const lang_pair *pair, const char *reason,
                      const char *trace_id, int64_t now_msec) {
    json_out o = json_out_message("missing_result", SMALL);
    put_utterance(&o, session_id, utterance, NULL);
    put_pair(&o, pair);
    json_out_str(&o, "reason", reason);
    json_out_num(&o, "created_at_ms", now_msec);
    json_out_str_opt(&o, "trace_id", trace_id);
    return json_out_end_message(&o);
}

typedef struct code_text {
    const char *code, *text;
} code_text;

static const code_text texts[] = {
    {"INVALID_MESSAGE", "the request is not valid"},
    {"INVALID_SESSION", "there is no such session on this connection, or it is closing"},
    {"SCHEDULER_OVERLOADED", "too much is under way; try again later"},
    {"SCHEDULER_DEPENDENCY_DOWN", "the scheduler's store does not answer; try again later"},
    {"NO_AVAILABLE_NODE", "no node had room for it in time"},
    {"JOB_TIMEOUT", "no node answered in time"},
    {"MODEL_NOT_AVAILABLE", "no node had the model"},
    {"INTERNAL_ERROR", "the scheduler has failed; its log says more"},
};

static const char *text_of(const char *code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(texts[i].code, code)) return texts[i].text;
    return "the utterance was not translated";
}

/* What a node says of a failure begins with its message; what it says of a success may lie here too, when the end came
 * otherwise, and is no error's. */
static bool tells_failure(const payload *content) {
    static const char begin[] = "\"message\":";
    return content && content->bytes >= strlen(begin) && !memcmp(content->data, begin, strlen(begin));
}

static frame *failure(const job_answer *answer, const char *trace_id) {
    bool told = tells_failure(answer->content);
    const char *code = *answer->code                          ? answer->code
                       : answer->outcome == OUTCOME_TIMED_OUT ? "JOB_TIMEOUT"
                                                              : "INTERNAL_ERROR";
    json_out o = json_out_message("error", HEAD + (told ? answer->content->bytes : 0));
    json_out_str(&o, "code", code);
    if (told)
        json_out_members(&o, answer->content->data, answer->content->bytes);
    else
        json_out_str(&o, "message", text_of(code));
    put_utterance(&o, answer->session_id, answer->utterance, answer->job_id);
    put_pair(&o, answer->pair);
    json_out_str_opt(&o, "request_id", answer->request_id);
    json_out_str_opt(&o, "trace_id", trace_id);
    return json_out_end_message(&o);
}

frame *to_client_answer(const job_answer *answer, const char *trace_id, int64_t now_msec) {
    if (answer->outcome == OUTCOME_OK) return result(answer, trace_id, now_msec);
    if (answer->outcome != OUTCOME_NO_TEXT) return failure(answer, trace_id);
    return missing(answer->session_id, answer->utterance, answer->pair, "silence_detected", trace_id, now_msec);
}

frame *to_client_missing(const missing_result *m, const char *trace_id, int64_t now_msec) {
    return missing(m->session_id, m->utterance, m->pair, m->reason, trace_id, now_msec);
}

frame *to_client_known(const job_known *known) {
    json_out o = json_out_message("job_known", SMALL);
    json_out_str(&o, "request_id", known->request_id);
    put_utterance(&o, known->session_id, known->utterance, known->job_id);
    put_pair(&o, known->pair);
    json_out_str_opt(&o, "state", known->state);
    json_out_str_opt(&o, "outcome", job_outcome_name(known->outcome));
    return json_out_end_message(&o);
}

frame *to_client_partial(const job_partial *partial, const char *trace_id) {
    json_out o = json_out_message("asr_partial", HEAD + partial->content->bytes);
    put_utterance(&o, partial->session_id, partial->utterance, partial->job_id);
    json_out_members(&o, partial->content->data, partial->content->bytes);
    json_out_str(&o, "trace_id", trace_id);
    return json_out_end_message(&o);
}

static const char *const events[] = {
    [UI_DISPATCHED] = "DISPATCHED", [UI_NODE_ACCEPTED] = "NODE_ACCEPTED", [UI_ASR_PARTIAL] = "ASR_PARTIAL",
    [UI_ASR_FINAL] = "ASR_FINAL",   [UI_NMT_DONE] = "NMT_DONE",           [UI_ERROR] = "ERROR",
};

frame *to_client_ui_event(const char *session_id, const char *trace_id, const char *job_id, uint64_t utterance,
                          ui_event event, int64_t elapsed_msec, const char *code) {
    assert(event >= 0 && (size_t)event < sizeof events / sizeof *events);
    json_out o = json_out_message("ui_event", HEAD);
    json_out_str(&o, "trace_id", trace_id);
    put_utterance(&o, session_id, utterance, job_id);
    json_out_str(&o, "event", events[event]);
    if (elapsed_msec >= 0) json_out_num(&o, "elapsed_ms", elapsed_msec);
    json_out_str(&o, "status", event == UI_ERROR ? "error" : "ok");
    json_out_str_opt(&o, "error_code", code);
    return json_out_end_message(&o);
}

/* ---- rooms ---------------------------------------------------------------------------------------------------------- */

frame *to_client_room_created(const char *code) {
    json_out o = json_out_message("room_create_ack", SMALL);
    json_out_str(&o, "room_code", code);
    return json_out_end_message(&o);
}

static void put_member(json_out *o, const room_member *member) {
    char joined[40] = "";
    struct tm parts;
    time_t seconds = (time_t)(member->joined_msec / 1000);
    if (gmtime_r(&seconds, &parts)) strftime(joined, sizeof joined, "%Y-%m-%dT%H:%M:%SZ", &parts);
    json_out_open(o, '{');
    json_out_str(o, "participant_id", member->session_id);
    json_out_str(o, "session_id", member->session_id);
    json_out_str_opt(o, "display_name", member->name);
    json_out_str_opt(o, "preferred_lang", member->lang);
    json_out_str(o, "joined_at", joined);
    json_out_close(o, '}');
}

frame *to_client_room_members(const room_view *room) {
    json_out o = json_out_message("room_members", SMALL + (size_t)room->count * SMALL);
    json_out_str(&o, "room_code", room->code);
    json_out_key(&o, "members");
    json_out_open(&o, '[');
    for (int i = 0; i < room->count; i++) put_member(&o, &room->members[i]);
    json_out_close(&o, ']');
    return json_out_end_message(&o);
}

frame *to_client_room_error(const char *code, const char *message) {
    json_out o = json_out_message("room_error", SMALL);
    json_out_str(&o, "code", code);
    json_out_str_opt(&o, "message", message);
    return json_out_end_message(&o);
}

frame *to_client_room_expired(const char *code) {
    json_out o = json_out_message("room_expired", SMALL);
    json_out_str(&o, "room_code", code);
    json_out_str(&o, "message", "nobody has spoken in this room for long; it is closed");
    return json_out_end_message(&o);
}
