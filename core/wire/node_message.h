/* node_message.h - what a node says: JSON text in, one checked struct out. Strictness, ownership, failure: as client_message.h.
 *
 * Existing nodes are served as they are: they send no job_ack and no job_started, answer PROCESSING_ERROR for what is
 * DUPLICATE_JOB_ID or DUPLICATE_UTTERANCE_INDEX (told apart here by the beginning of the message), and say "no text" in three ways
 * (extra.reason NO_TEXT_ASSIGNED or ASR_EMPTY, or three empty texts). */
#ifndef CORE_WIRE_NODE_MESSAGE_H
#define CORE_WIRE_NODE_MESSAGE_H

#include "core/base/status.h"
#include "core/scheduler/scheduler.h"

typedef enum node_kind {
    NODE_REGISTER,
    NODE_HEARTBEAT,
    NODE_JOB_ACK,
    NODE_JOB_STARTED,
    NODE_ASR_PARTIAL,
    NODE_JOB_RESULT,
    NODE_ERROR,
    NODE_DRAIN, /* node_drain, new: it wants no new job */
    NODE_KINDS
} node_kind;

typedef struct node_message {
    node_kind kind;
    const char *node_id; /* "" when absent */
    union {
        node_registration registration;
        node_load load;
        struct {
            const char *job_id;
            int64_t attempt;
        } job; /* ack, started */
        struct {
            const char *job_id;
            payload *content; /* members of asr_partial: text, is_final */
        } partial;
        node_result result; /* content: members of a translation_result, or message and details of a failure */
        struct {
            const char *code, *message;
        } error;
    };
    char *texts;
    payload *content; /* what result and partial point to */
    char *made;       /* registration.services or result.service, put together here */
} node_message;

/* A node is ready unless it lists services of which none runs (installed_services, capability_by_type). */
sched_status node_message_parse(const char *text, size_t bytes, node_message *ret_message, sched_error *err);
void node_message_free(node_message *m);
const char *node_kind_name(node_kind kind);

#endif
