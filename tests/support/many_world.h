/* many_world.h - several schedulers in one hand-played world (hand_world.h): one Redis, and a way between each two for peer messages.
 *
 * use() says which instance the functions of hand_world.h speak to; what they all say lands in the same logs, so connections of different
 * instances have different tokens. Instance i is called "i<i>"; its session is "s-<i>" on connection SESSION. Messages between
 * instances take a millisecond, unless the test loses or delays them. */
#ifndef TESTS_SUPPORT_MANY_WORLD_H
#define TESTS_SUPPORT_MANY_WORLD_H

#include "tests/support/hand_world.h"

enum { INSTANCES_MAX = 4 };

/* In the place of open_scheduler(): `count` instances, 0 .. count - 1; number 0 is in use. */
void open_many(int count);
/* The same, heard by the test itself. */
void open_many_with(int count, transport net);
void close_many(void); /* and the world */
/* The instances end, and Redis forgets all: others may be opened under the same names. */
void end_many(void);
void use(int which);
scheduler *at(int which);
/* It ends as by a crash: what it had is gone, its keys stay until they lapse. */
void kill_instance(int which);
/* Between it and Redis nothing passes until the wire is mended; of what reads its inbox nothing is cut. */
void cut_wire(int which);
void mend_wire(int which);
/* The session of instance i says something in English, to be heard in German. */
void speak_at(int which, uint64_t utterance);

/* ---- what they say to each other ---- */

/* How long a message takes; USEC_NEVER: it is lost. One way never reorders. */
typedef usec_t peer_delay(int from, int to, const peer_message *message);
void meddle_with_peers(peer_delay *delay); /* NULL: a millisecond */
/* How many of that kind were said. */
int said_to_peers(peer_kind kind);

#endif
