/* front_internal.h - what the files of the front share. */
#ifndef CORE_DAEMON_FRONT_INTERNAL_H
#define CORE_DAEMON_FRONT_INTERNAL_H

#include "core/daemon/front.h"
#include "core/daemon/utterances.h"

#include <uthash.h>

enum { HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, HTTP_CONFLICT = 409, HTTP_UNAVAILABLE = 503 };
enum { CLOSE_NORMAL = 1000, CLOSE_AWAY = 1001, CLOSE_POLICY = 1008, CLOSE_RESTART = 1012 };

/* A connection, of whichever door; the first member of each kind. */
typedef struct guest guest;

/* What one kind of connection has to say, heard within a turn of the loop; not while it is deaf. */
typedef void guest_hear(guest *g, bool binary, const char *data, size_t bytes);

struct guest {
    front *f;
    server_conn *conn;
    guest_hear *hear;
    bool deaf; /* it is being closed: what it says does not count, and the scheduler knows it no more */
    unsigned refusals;
    guest *next, *prev;
};

typedef struct node_guest {
    guest g;
    conn_token token;
    token_pass pass;
    char node[ID_MAX + 1]; /* as it is registered; "" before */
    UT_hash_handle hh;     /* by token */
} node_guest;

typedef struct client {
    guest g;
    conn_token token;         /* of its session; 0: it has none */
    char session[ID_MAX + 1]; /* "" as well */
    char *trace;              /* owned; of the session */
    utterances said;
    char room[ROOM_CODE_LEN + 1]; /* of which it was told last; "" when it is in none */
    bool makes_room;              /* it has asked for one and was not answered */
    bool closes;                  /* it has asked for the end of its session */
    UT_hash_handle hh;            /* by token */
    UT_hash_handle hh_session;
} client;

typedef struct peer_guest {
    guest g;
    char from[ID_MAX + 1];
} peer_guest;

struct front {
    front_env env;
    scheduler *scheduler;
    char instance[ID_MAX + 1];
    bool draining;
    server_door doors[4];
    guest *guests;
    front_counts counts;
    node_guest *nodes;
    client *clients, *by_session;
};

/* ---- front.c ---- */

/* A turn of the loop begins and ends with these: all that one message does happens at one instant. */
void front_begin(front *f);
void front_end(front *f);
void guest_enter(front *f, guest *g, server_conn *conn, guest_hear *hear, int64_t *count);
void guest_leave(guest *g, int64_t *count);
/* message() of every door. */
void guest_message(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes);
/* Sends and lets go of the caller's reference. */
void guest_send(guest *g, frame *message);
/* What it says from now on does not count; the connection ends when what is queued has left. */
void guest_close(guest *g, int code, const char *reason);
/* A message of it was refused: counts it, and whether that is to be logged. One connection that says nothing but nonsense fills no log:
 * its 1st, 2nd, 4th, 8th ... refusal is told. */
bool guest_refused(guest *g, const char *door, const char *code);
/* Whoever may come in: with a token of this role, or with none where none is required, and while there is a scheduler that takes
 * more. What a door's admit() returns. */
int front_admit(front *f, token_role role, const server_knock *knock, token_pass *ret_pass);

/* ---- the doors ---- */
server_door node_door(front *f);
server_door session_door(front *f);
server_door peer_door(front *f);
void node_transport(transport *t);
void session_transport(transport *t);
void room_transport(transport *t);

/* ---- session_front.c ---- */
client *client_of(front *f, conn_token conn);
client *client_in(front *f, const char *session_id);
void client_refuse(client *c, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* It has no session any more; the scheduler need not be told. */
void client_forget_session(client *c);

/* ---- session_told.c ---- */
void session_observe(front *f, const sched_event *event);

/* ---- session_room.c ---- */
struct client_message;
void client_room_message(client *c, const struct client_message *m);
/* Whether `code` is one of rooms: then it was told. */
bool client_room_error(client *c, const char *code, const char *message);

#endif
