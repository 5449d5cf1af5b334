/* peer.h - what instances say to each other directly: sound, results, and what becomes of a job at its node.
 *
 * Control that must not be lost travels through Redis (instance.h). A peer message may be lost, never doubled or reordered on one way;
 * whoever needs an answer has a timer. Both ends of a job are told apart:
 *
 *     holder of the session                              holder of the node
 *     ─ inbox entry ASSIGN (job, attempt, node) ───────▶
 *     ◀─ FETCH (job, attempt) ──────────────────────────
 *     ─ JOB (with the sound), or NOT_HERE ─────────────▶  confirms the reservation, sends the assignment
 *     ◀─ SENT, or REFUSED with a code ──────────────────
 *     ◀─ ACK, STARTED, PARTIAL, RESULT, NODE_LOST ──────
 *     ─ GOT, for each RESULT ──────────────────────────▶
 *     ─ CANCEL ────────────────────────────────────────▶
 *
 * Ownership  Texts live until the function returns; sound and content are shared by reference. */
#ifndef CORE_INSTANCE_PEER_H
#define CORE_INSTANCE_PEER_H

#include "core/base/clock.h"
#include "core/domain/audio.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"
#include "core/domain/payload.h"
#include "core/domain/speech.h"

#include <stdint.h>

typedef enum peer_kind {
    PEER_FETCH, /* job, attempt, node */
    PEER_JOB,   /* job, attempt, node, session, utterance, pair, cut, padding, sound, until = the attempt's deadline */
    PEER_NOT_HERE,  /* job, attempt: it is not ours, or not at this attempt any more */
    PEER_SENT,      /* job, attempt, node; until = expiry of the reservation */
    PEER_REFUSED,   /* job, attempt, node, code: it was not sent */
    PEER_ACK,       /* job, attempt, node */
    PEER_STARTED,   /* job, attempt, node */
    PEER_RESULT,    /* job, attempt, node, outcome, code, service, content; said again until it was GOT */
    PEER_GOT,       /* job, attempt, node, outcome: that result has come */
    PEER_NODE_LOST, /* job, attempt, node */
    PEER_CANCEL,    /* job, attempt, node, code */
    PEER_ANSWER, /* to = a session of the receiver; session = who spoke; room, when `to` is a listener; request, utterance, pair, job,
                  * attempt, outcome, code, content */
    PEER_MISSING, /* to, session, utterance, pair, code */
    PEER_ROOM,    /* room: its members have changed */
    PEER_RELAY,   /* to, session = from whom, room, content */
    PEER_MOVED,   /* to = a session that has opened at the sender */
    PEER_PARTIAL, /* job, attempt, node, content: so far; it runs */
    PEER_KINDS
} peer_kind;

typedef struct peer_message {
    peer_kind kind;
    const char *job, *node, *session, *to, *request, *code, *service, *room; /* "" when absent */
    const char *address; /* under which the sender is reached; "" as well */
    int64_t attempt;
    uint64_t utterance;
    const lang_pair *pair; /* NULL when absent */
    cut_reason cut;
    usec_t padding, until;
    job_outcome outcome;
    audio *sound;     /* NULL, or take a reference to keep it */
    payload *content; /* the same */
} peer_message;

/* The way to other instances. `address` is what that instance's presence tells. Returns at once; what cannot be delivered is dropped. */
typedef struct peer_link {
    void (*send)(void *ctx, const char *instance_id, const char *address, const peer_message *message);
    void *ctx;
} peer_link;

const char *peer_kind_name(peer_kind kind);

#endif
