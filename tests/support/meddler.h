/* meddler.h - a link between the scheduler of a hand-played world and its Redis that loses, refuses or delays as a test says. */
#ifndef TESTS_SUPPORT_MEDDLER_H
#define TESTS_SUPPORT_MEDDLER_H

#include "core/redis/link.h"

typedef enum meddling {
    LET_THROUGH,
    REFUSE,             /* not sent: LINK_REFUSED at once */
    LOSE,               /* not executed: LINK_UNKNOWN when the caller's patience has passed */
    DO_BUT_LOSE_ANSWER, /* executed, and LINK_UNKNOWN at that instant */
} meddling;

/* Asked about every call; it may change the world before it answers. */
typedef meddling meddle(const redis_call *call);

/* For open_scheduler_on(), behind open_world(). */
redis_link meddler_link(meddle *what);

#endif
