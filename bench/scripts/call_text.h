/* call_text.h - a call to Redis written as a line of text, for tables of calls.
 *
 *     "mark_job_dispatched @job:%J @deadlines:%J %J 1 n%i 60000"
 *
 * The first word is a script, or a command in capitals. Words stand between single spaces; '' is the empty one. Numbers are put in
 * where a word says so:
 *
 *     %i   number of the call, from 0           %e   the same, from 1: entries of streams have no 0
 *     %g   the group it belongs to              %k   which one of its group it is, from 0
 *     %n   the size that is varied              %r   a random number below 2^32
 *     %J   a job id of group and call           %L   that many languages, "l00 l01 ...", in one word
 *     %_   a space
 *
 * A word that begins with @ is a key: its kind, and what it is named after (keys.h), between colons. The word %ids stands for that many ids
 * of entries, "1-1", "2-1", ...
 *
 * Failure   None: a text that cannot be read is a bug (assert). */
#ifndef BENCH_SCRIPTS_CALL_TEXT_H
#define BENCH_SCRIPTS_CALL_TEXT_H

#include "core/base/rng.h"
#include "core/redis/call.h"
#include "core/redis/keys.h"

typedef struct call_numbers {
    int64_t call, group, place, size;
    rng *draws;
} call_numbers;

void call_text_make(redis_call *ret_call, const char *text, const keyspace *ks, const call_numbers *numbers);

#endif
