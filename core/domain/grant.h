/* grant.h - what a node answers when it is asked to take a job: the words of reserve_node, and a sentence for each.
 *
 * The same words stand in the script's answers, in EV_GRANT_REFUSED, and in what operators are shown; this is the one table. */
#ifndef CORE_DOMAIN_GRANT_H
#define CORE_DOMAIN_GRANT_H

#include "core/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum grant_word {
    GRANT_UNKNOWN, /* no answer, or none that this version knows */
    GRANT_OK,
    GRANT_GONE,
    GRANT_NOTREADY,
    GRANT_NOTSERVED,
    GRANT_MARKED,
    GRANT_TRIAL,
    GRANT_BUSY,
    GRANT_FULL,
    GRANT_WORDS
} grant_word;

enum { GRANT_OWNER_MAX = ID_MAX + 1 + 16, GRANT_DETAIL_MAX = 128, GRANT_SENTENCE_MAX = 256 };

typedef struct grant_verdict {
    grant_word word;
    char detail[GRANT_DETAIL_MAX + 1]; /* NOTREADY: the status; MARKED: "id@version"; BUSY: cpu, gpu or mem; else "" */
    int64_t
        value; /* OK, FULL: load; MARKED, TRIAL: until, ms since 1970, 0: no instant; BUSY: percent; NOTSERVED: version */
    int64_t limit;                   /* OK, FULL: slots */
    char owner[GRANT_OWNER_MAX + 1]; /* OK: who speaks for the node, "instance:connection"; else "" */
} grant_verdict;

/* "FULL", as the script spells it; "UNKNOWN" for GRANT_UNKNOWN. */
const char *grant_word_name(grant_word word);
/* GRANT_UNKNOWN when it is none of them. */
grant_word grant_word_parse(const char *name);
/* "all of its 4 slots are taken", without a full stop: fits behind "gpu-7: ". `now_msec` turns instants into seconds to go. */
char *grant_sentence(char text[GRANT_SENTENCE_MAX], const grant_verdict *verdict, int64_t now_msec);

#endif
