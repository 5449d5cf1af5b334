/* message.h - what nodes and speakers and instances say to each other, in a form that every network can carry.
 *
 * The simulated network carries it as it is. To an instance that is elsewhere (outside.h) it is written as its wire protocol wants. */
#ifndef SIM_WORLD_MESSAGE_H
#define SIM_WORLD_MESSAGE_H

#include "core/domain/job.h"
#include "core/domain/lang_pair.h"
#include "core/domain/speech.h"
#include "core/scheduler/scheduler.h"
#include "sim/world/world.h"

enum { CODE_MAX = 47 };

/* Its connection is one of a speaker. */
#define SPEAKER_BIT (UINT64_C(1) << 63)

typedef enum message_kind {
    /* to the instance */
    MSG_REGISTER,
    MSG_HEARTBEAT, /* value: jobs in the node */
    MSG_ACK,
    MSG_STARTED,
    MSG_RESULT,
    MSG_DRAIN,
    MSG_NODE_GONE,
    MSG_OPEN,
    MSG_REQUEST, /* a whole utterance; value: bytes of audio */
    MSG_CHUNK,   /* value: bytes of audio */
    MSG_SESSION_CLOSE,
    MSG_ROOM_CREATE,
    MSG_ROOM_JOIN, /* code: of the room */
    MSG_SPEAKER_GONE,
    /* to a node */
    MSG_REGISTERED,
    MSG_REFUSED,
    MSG_ASSIGN,
    MSG_CANCEL,
    MSG_CLOSE,
    MSG_NODE_LINE_LOST, /* the connection broke */
    /* to a speaker */
    MSG_ANSWER, /* session: who spoke */
    MSG_KNOWN,
    MSG_MISSED,
    MSG_ERROR,
    MSG_SESSION_CLOSED,
    MSG_ROOM, /* code: of the room that it is in */
    MSG_LINE_LOST,
    MESSAGE_KINDS
} message_kind;

typedef struct message {
    struct message *next; /* in a node's inbox or outbox */
    world *w;
    conn_token conn;
    int32_t instance; /* to which it goes, or from which it comes */
    uint32_t life;    /* of the process there */
    usec_t left;
    message_kind kind;
    job_outcome outcome;
    uint64_t utterance;
    int64_t attempt, value;
    usec_t speech;   /* length of the audio */
    uint64_t spoken; /* hash of session and utterance of a job */
    lang_pair pair;  /* of a job */
    cut_reason cut;
    bool is_final; /* of a chunk */
    char session[ID_MAX + 1];
    double usage[3];     /* of a heartbeat: cpu, gpu, mem */
    bool unready;        /* of a heartbeat */
    const char *service; /* of a result; the scenario's, or NULL */
    char job[ID_MAX + 1];
    char code[CODE_MAX + 1];
} message;

#endif
