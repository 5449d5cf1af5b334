/* tally.c - most events count as themselves; cuts and affinity by their reason. */
#include "sim/measure/tally.h"

#include <assert.h>
#include <string.h>

#include "core/domain/speech.h"

static const tally_words words[TALLIES] = {
    [TALLY_CUTS_MANUAL] = {"cuts_manual", "cuts by the speaker", "the client said that the sentence is over"},
    [TALLY_CUTS_TIMEOUT] = {"cuts_timeout", "cuts by silence", "the sentence may go on behind it"},
    [TALLY_CUTS_MAX_DURATION] = {"cuts_max_duration", "cuts by length", "long speech; the sentence goes on behind it"},
    [TALLY_CUTS_MAX_LENGTH] = {"cuts_max_length", "cuts by bytes", "the buffer of an utterance was full"},
    [TALLY_CUTS_CLOSE] = {"cuts_close", "cuts by the end", "the session ended with sound that was not cut"},
    [TALLY_EMPTY_CUTS] = {"empty_cuts", "empty cuts", "a sentence ended with nothing said; no job"},
    [TALLY_SOUND_REFUSED] = {"sound_refused", "chunks refused", "too much sound, or a session that ends"},
    [TALLY_AFFINITY_KEPT] = {"affinity_kept", "sentences kept", "went on at the node that has their beginning"},
    [TALLY_AFFINITY_BROKEN] = {"affinity_broken", "sentences moved", "went on at another node"},
    [TALLY_MISSING] = {"missing", "missing results", "given up, because later ones waited for them"},
    [TALLY_LATE_DROPPED] = {"late_dropped", "late dropped", "came after the gap they belonged to was given up"},
    [TALLY_EMPTY_HELD] = {"empty_held", "empty results held", "waited a moment for a full one"},
    [TALLY_CANCELS] = {"cancels", "cancels", "somebody wanted a job to end"},
    [TALLY_RESENT] = {"resent", "sent again", "requests that had no answer for long"},
    [TALLY_KNOWN] = {"known", "known", "of these, answered with the job that was there already"},
    [TALLY_VANISHED] = {"vanished", "clients vanished", "their connection ended in the middle"},
    [TALLY_CLOSED_AT_LIMIT] = {"closed_at_limit", "closed at the limit", "sessions that ended with answers missing"},
    [TALLY_ROOM_JOINS] = {"room_joins", "came into rooms", "members"},
    [TALLY_HEARD] = {"heard", "heard in rooms", "results of others, each listener by itself"},
    [TALLY_DEGRADED] = {"degraded", "nodes degraded", "failed too often, or were never ready"},
    [TALLY_RECOVERED] = {"recovered", "nodes recovered", "did a job well again"},
    [TALLY_DRAINED] = {"drained", "nodes drained", "got no new job and left when the last one ended"},
    [TALLY_MARKED] = {"marked", "models marked", "a node said that it misses one; its pair stays away for a while"},
    [TALLY_OUTAGES] = {"outages", "outages of Redis", "calls were not answered"},
    [TALLY_DEPENDENCY_LOST] = {"dependency_lost", "jobs made again", "Redis had lost them"},
    [TALLY_COPIES_DISAGREE] = {"copies_disagree", "copies that disagree",
                               "Redis says something else of a job than memory"},
    [TALLY_STRANGERS] = {"strangers", "jobs of nobody", "refused without an answer of Redis, but made; closed later"},
};

const tally_words *tally_words_of(tally_kind kind) {
    assert(kind >= 0 && kind < TALLIES);
    return &words[kind];
}

static tally_kind of_cut(const char *reason) {
    for (int r = 0; r < CUT_REASONS; r++)
        if (!strcmp(reason, cut_reason_name((cut_reason)r))) return (tally_kind)(TALLY_CUTS_MANUAL + r);
    return TALLIES;
}

static tally_kind of_core(const sched_event *e) {
    switch (e->kind) {
    case EV_CUT: return of_cut(e->code);
    case EV_EMPTY_CUT: return TALLY_EMPTY_CUTS;
    case EV_AUDIO_REFUSED: return TALLY_SOUND_REFUSED;
    case EV_AFFINITY: return strcmp(e->code, "kept") != 0 ? TALLY_AFFINITY_BROKEN : TALLY_AFFINITY_KEPT;
    case EV_RESULT_MISSING: return TALLY_MISSING;
    case EV_LATE_DROPPED: return TALLY_LATE_DROPPED;
    case EV_EMPTY_HELD: return TALLY_EMPTY_HELD;
    case EV_CANCELLED: return TALLY_CANCELS;
    case EV_SESSION_CLOSED: return strcmp(e->code, "limit") != 0 ? TALLIES : TALLY_CLOSED_AT_LIMIT;
    case EV_ROOM_JOINED: return TALLY_ROOM_JOINS;
    case EV_NODE_DEGRADED: return TALLY_DEGRADED;
    case EV_NODE_RECOVERED: return TALLY_RECOVERED;
    case EV_NODE_DRAINING: return TALLY_DRAINED;
    case EV_NODE_MARKED: return TALLY_MARKED;
    case EV_REDIS_DOWN: return TALLY_OUTAGES;
    case EV_COPY_DISAGREES: return TALLY_COPIES_DISAGREE;
    case EV_DEPENDENCY_LOST: return TALLY_DEPENDENCY_LOST;
    default: return TALLIES;
    }
}

tally_kind tally_of(const trace_event *event) {
    switch (event->kind) {
    case TRACE_CORE: return of_core(event->core);
    case TRACE_CLIENT_SENT: return of_cut(event->code);
    case TRACE_CLIENT_RESENT: return TALLY_RESENT;
    case TRACE_CLIENT_KNOWN: return TALLY_KNOWN;
    case TRACE_CLIENT_HEARD: return TALLY_HEARD;
    case TRACE_SESSION_CLOSED: return strcmp(event->code, "VANISHED") != 0 ? TALLIES : TALLY_VANISHED;
    default: return TALLIES;
    }
}
