/* placement.h - which of the proposed candidates is asked first.
 *
 * A placement is a row of this table. The flow of a job proposes candidates (uniform, distinct), reads the load of as many
 * as the placement compares, lets it put them in order, and asks for grants in that order. Ties keep the order of the
 * proposal, which is random: no node is preferred by its name. */
#ifndef CORE_MECHANISMS_PLACEMENT_H
#define CORE_MECHANISMS_PLACEMENT_H

#include "core/base/rng.h"
#include "core/domain/candidate.h"

#include <stdint.h>

typedef enum proposal_kind {
    PROPOSE_SAMPLE, /* select_node: distinct members, uniform */
    PROPOSE_SHARD, /* many: all members of a random shard (select_shard), or the least loaded of all that memory knows */
} proposal_kind;

typedef struct placement {
    proposal_kind proposes;
    /* How many of the next `count` candidates have their load read and compared before one is asked; 0: none. When all of
     * those refuse, the next ones are compared the same way. `d` is the setting placement_d. */
    int (*compares)(int d, int count);
    /* Stable. Puts candidates[0..compared) in the order of asking; the others follow as they are. */
    void (*order)(candidate *candidates, int compared);
} placement;

/* A shard comes by position; in that order, ties would go to the oldest members for ever. */
void candidates_shuffle(candidate *candidates, int count, rng *draws);

extern const placement placement_random; /* uniform over the pair */
extern const placement
    placement_least; /* the least loaded: of a random shard, whose loads are read, or of all in memory */
extern const placement placement_best_of; /* the least loaded of d uniform candidates (Mitzenmacher 2001) */

#endif
