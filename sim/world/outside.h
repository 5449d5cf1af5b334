/* outside.h - a world whose instances are elsewhere: its nodes and speakers are the simulator's, what they say leaves it, and answers
 * come from outside, such as over sockets.
 *
 * So a load on a real instance behaves as the same scenario does in a simulation: who speaks when, how long a node works, when it
 * sends a heartbeat. The scenario's delays of nodes and clients are kept, on top of those of the real way. Its instances, their
 * costs, dashboards, and faults of instances and of Redis have no meaning here; world_new() refuses those faults.
 *
 * Connections  begin with MSG_REGISTER or MSG_OPEN over a conn_token that was not heard of before, to the instance in `instance`
 *              (0 .. scenario.instances.count - 1), and end with MSG_NODE_GONE or MSG_SPEAKER_GONE. One that breaks is reported by
 *              outside_lost(); whoever had it comes again over another one, by the rules of the scenario.
 * Time         Everything that comes from outside comes at the engine's present.
 * Re-entry     take() may call every function here. */
#ifndef SIM_WORLD_OUTSIDE_H
#define SIM_WORLD_OUTSIDE_H

#include "sim/world/message.h"

typedef struct outside_speaker {
    const char *id;
    lang_pair pair;
    bool two_way;
    sound_format format;
    const session_group *group;
} outside_speaker;

/* Who registers over that connection; texts live as long as the world. */
void outside_registration(const world *w, conn_token conn, node_registration *ret_registration);
/* In the order of the scenario: 0 .. world_node_count() - 1. */
int32_t outside_node_index(conn_token conn);
/* Jobs that it may have behind its slots. */
int64_t outside_node_queue(const world *w, conn_token conn);
/* False when that connection has ended. Texts live until the speaker is gone. */
bool outside_speaker_at(const world *w, conn_token conn, outside_speaker *ret_speaker);
/* A number below 2^24 that no two speakers have at the same time. */
size_t outside_speaker_place(conn_token conn);

/* A message of a kind from MSG_REGISTERED on, but the end of a connection, to be filled and said. */
message *outside_message(world *w, message_kind kind, conn_token conn);
/* Takes the message; whoever is not there any more does not hear it. */
void outside_say(message *m);
void outside_drop(message *m);
/* That connection broke, or was never made. */
void outside_lost(world *w, conn_token conn, const char *code);

#endif
