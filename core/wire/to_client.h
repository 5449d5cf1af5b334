/* to_client.h - what clients are told, as the frames that existing clients read. Each returns one reference.
 *
 * Members that are absent are left out, never null. `content` of answers is members of the message already, written by the instance
 * with the node (node_message.h), so a result is put together without being read again. */
#ifndef CORE_WIRE_TO_CLIENT_H
#define CORE_WIRE_TO_CLIENT_H

#include "core/scheduler/scheduler.h"
#include "core/wire/frame.h"

typedef enum ui_event {
    UI_DISPATCHED,
    UI_NODE_ACCEPTED,
    UI_ASR_PARTIAL,
    UI_ASR_FINAL,
    UI_NMT_DONE,
    UI_ERROR,
} ui_event;

frame *to_client_init_ack(const char *session_id, const char *trace_id);
/* `data` is a time of the sender; `now` ms since 1970. */
frame *to_client_heartbeat(const char *session_id, int64_t now_msec);
frame *to_client_close_ack(const char *session_id);
/* translation_result; missing_result silence_detected (NO_TEXT); error with the utterance's members for any other end. */
frame *to_client_answer(const job_answer *answer, const char *trace_id, int64_t now_msec);
frame *to_client_missing(const missing_result *missing, const char *trace_id, int64_t now_msec);
/* job_known, new: the request was bound before. */
frame *to_client_known(const job_known *known);
frame *to_client_partial(const job_partial *partial, const char *trace_id);
/* `code` of an error, "": one that has no code of its own. `elapsed_msec` < 0: not told. */
frame *to_client_ui_event(const char *session_id, const char *trace_id, const char *job_id, uint64_t utterance,
                          ui_event event, int64_t elapsed_msec, const char *code);
frame *to_client_error(const char *code, const char *message);
frame *to_client_room_created(const char *code);
frame *to_client_room_members(const room_view *room);
frame *to_client_room_error(const char *code, const char *message);
frame *to_client_room_expired(const char *code);

#endif
