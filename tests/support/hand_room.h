/* hand_room.h - a room in the hand-played world: the session "s-1" speaks, others listen. */
#ifndef TESTS_SUPPORT_HAND_ROOM_H
#define TESTS_SUPPORT_HAND_ROOM_H

#include "tests/support/hand_world.h"

enum { LISTENER = 2000, UTTERANCE_BYTES = 1000 }; /* listeners are on the connections from there on */

extern char room_code[ROOM_CODE_LEN + 1];

/* "s-1" makes a room, in which it wants no translation. */
void make_room(void);
/* Listener i, "l-<i>", comes and wants `lang`, "" for none. */
void listener_joins(int i, const char *lang);
/* As many of them as there are words. */
void listeners_join(const char *languages);
void listeners_go(int count);
/* Nodes 1..count for all languages of the tests. */
void nodes_join(int count, int64_t slots);
/* "s-1" says something; no time passes. */
void say(uint64_t utterance);
/* All that was assigned and not answered by this is answered. */
void answer_all(void);
/* The one that was assigned for this utterance and language. */
const said *assigned_for(uint64_t utterance, const char *tgt);
/* What this connection was answered, as "utterance:target outcome", in order, with commas. */
const char *heard_by(conn_token conn);
int64_t room_exists(void);
/* A session of another instance comes into the room. */
void stranger_joins(const char *session, const char *lang);
/* Everybody goes; nothing may be left anywhere. */
void close_rooms(void);

#endif
