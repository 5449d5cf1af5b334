/* lines.h - the connections of a load: what the world's nodes and speakers say goes over them as the wire protocol wants it, and what
 * comes back is told to the world.
 *
 * A session's id is given by the server. What its client says before that is known waits, and so does whatever is said over a
 * connection that is still being made. A connection that is gone swallows what is said over it, until its owner has noticed.
 *
 * Time       The engine's present is moved to the machine's before anything that came is handed on (clock_wall.h).
 * Ownership  Owns its sockets; the world, the clock and the account are borrowed. Threads: none. */
#ifndef BENCH_LOAD_LINES_H
#define BENCH_LOAD_LINES_H

#include "bench/load/account.h"
#include "bench/load/ws_client.h"
#include "core/base/histogram.h"
#include "sim/redis_host/clock_wall.h"
#include "sim/world/outside.h"

typedef struct lines lines;

typedef struct lines_options {
    engine *engine;
    clock_wall *clock;
    account *account;
    const ws_target *targets;               /* one for each instance of the scenario */
    const char *node_token, *session_token; /* "": none */
    int64_t audio_bytes;                    /* of each utterance; -1: as the scenario says */
    int64_t result_bytes;
    usec_t late_max;  /* an utterance that would leave later than that is dropped, not sent */
    usec_t heartbeat; /* of clients; 0: none */
    int32_t nodes;    /* of the world */
    uint32_t nonce;   /* words.h */
} lines_options;

lines *lines_new(const lines_options *options);
/* What is open is closed, for which the loop runs once; the world may be there no more. Takes NULL, returns NULL. */
lines *lines_free(lines *l);
world_outside lines_outside(lines *l);
/* Before the world starts. */
void lines_attach(lines *l, world *w);

enum { LINE_WHYS_MAX = 8 };

typedef struct lines_counts {
    int64_t nodes, sessions;           /* registered; open */
    uint64_t connects, failed, broken; /* attempts; that came to nothing; that ended later, against our will */
    uint64_t speaker_connects;         /* of the attempts */
    account_codes failures;            /* why those came to nothing */
    account_codes node_errors, session_refusals;
    uint64_t sent, received, bytes_sent, bytes_received; /* messages; bytes on the wire */
    int64_t queued;                                      /* bytes that no socket took yet */
    uint64_t not_json, unknown, ui_events;               /* of what came */
} lines_counts;

lines_counts lines_count(const lines *l);
/* From the first attempt's beginning to the acknowledgement: registered; session open. */
const histogram *lines_node_setup(const lines *l);
const histogram *lines_session_setup(const lines *l);

#endif
