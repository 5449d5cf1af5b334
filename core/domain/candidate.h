/* candidate.h - a node that a registry proposes for a job. */
#ifndef CORE_DOMAIN_CANDIDATE_H
#define CORE_DOMAIN_CANDIDATE_H

#include "core/base/limits.h"

#include <stdint.h>

enum {
    CANDIDATES_MAX = 8,   /* that a sample holds, and that one round asks */
    CANDIDATES_FIRST = 4, /* of the first proposal: enough nearly always, and half the cost in a large pool */
    SHARD_MAX = 100,      /* that a shard holds */
};

#define LOAD_UNKNOWN    INT64_MAX       /* not read yet */
#define LOAD_UNREADABLE (INT64_MAX - 1) /* Redis did not tell: asked last */

typedef struct candidate {
    char node[ID_MAX + 1];
    int64_t version; /* of the registration under which it is proposed */
    int64_t load;    /* by the signal that was chosen, or LOAD_UNKNOWN, LOAD_UNREADABLE */
} candidate;

#endif
