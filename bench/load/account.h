/* account.h - the books of a load: what was to be said when, what left when, what became of it, and what must not be.
 *
 * Open loop  An utterance has an intended instant, from the scenario, whatever the server does. `corrected` latencies count from it,
 *            `uncorrected` ones from as much later as the socket was given the message late: the difference is what a closed loop would
 *            hide (coordinated omission). What was dropped has no latency and is counted.
 * Counting   Counts hold everything from the start to the end; latencies and the throughput what was intended (answered) in
 *            [warmup, end).
 * Sums       said = ok + no_text + failed + missing + known + disconnected + abandoned + dropped + unanswered, after account_close().
 * Wrong      doubled: an utterance was answered again. disordered: a result of an utterance before one that was told already.
 *            over_commits: a node had a job waiting behind its slots, though none was left from before its connection.
 *            unanswered: lost without a word.
 * Time       usec_t of the world, handed in. Threads: none. It asks nobody and prints nothing. */
#ifndef BENCH_LOAD_ACCOUNT_H
#define BENCH_LOAD_ACCOUNT_H

#include "core/base/histogram.h"
#include "sim/measure/trace.h"

#include <stdbool.h>

typedef struct account account;

typedef struct account_options {
    usec_t warmup, end; /* of the window, as instants of the trace */
    int32_t nodes;      /* node_index is below */
} account_options;

account *account_new(const account_options *options);
account *account_free(account *a); /* takes NULL, returns NULL */
trace_sink account_sink(account *a);

typedef enum drop_reason {
    DROP_LATE, /* the generator was too far behind */
    DROP_GONE, /* there was no connection */
    DROP_REASONS
} drop_reason;

/* The socket has it, for the first time or again, `late` after it was to have it. The scenario's own delay between mouth and socket is no
 * lateness. */
void account_left(account *a, const char *session, uint64_t utterance, usec_t late);
void account_dropped(account *a, const char *session, uint64_t utterance, drop_reason why);
/* What is still open stays so: unanswered, disconnected, or never sent. Figures are complete from here on. */
void account_close(account *a);

enum { ACCOUNT_CODES_MAX = 32, ACCOUNT_CODE_MAX = 47 };

typedef struct account_code {
    char code[ACCOUNT_CODE_MAX + 1];
    int64_t count;
} account_code;

typedef struct account_codes {
    account_code
        list[ACCOUNT_CODES_MAX]; /* in the order of their coming; the last one is "other" when there are too many */
    int count;
    int64_t sum;
} account_codes;

void account_codes_add(account_codes *codes, const char *code);

typedef struct account_figures {
    int64_t said, ok, no_text, known, disconnected, abandoned, unanswered;
    int64_t dropped[DROP_REASONS];
    account_codes failed, missing, errors; /* errors: of something other than an utterance */
    int64_t open;                          /* said and not answered yet */
    int64_t awaited;                       /* of these, on their way over a connection that stands */
    int64_t resent;
    int64_t heard;        /* results of what the server cut, and of others in a room */
    int64_t in_window;    /* said in the window */
    int64_t ok_in_window; /* answered in the window, ok or no_text */
    int64_t doubled, disordered, over_commits;
    int64_t overlaps; /* a node was over its slots with jobs left from before its connection: no fault of the server */
    int64_t jobs_in_nodes; /* now */
    int64_t jobs_received, jobs_finished, jobs_rejected, jobs_cancelled;
    int64_t sessions_opened, sessions_lost, sessions_back, node_ups, node_downs;
} account_figures;

const account_figures *account_figure(const account *a);
bool account_is_clean(const account *a); /* nothing wrong */

const histogram *account_corrected(const account *a);
const histogram *account_uncorrected(const account *a);
const histogram *account_lateness(const account *a); /* from the intended instant to the socket */

#endif
