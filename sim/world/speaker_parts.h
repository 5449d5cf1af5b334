/* speaker_parts.h - what the files of speakers share; nobody else includes it.
 *
 *     speaker.c        who is there; coming, lingering and going
 *     speaker_talk.c   speeches, pauses, and what leaves because of them
 *     speaker_line.c   its connection
 *     speaker_room.c   those who are in one room
 *     mouth.c          a speech in chunks
 *     client_cuts.c    where a client cuts it */
#ifndef SIM_WORLD_SPEAKER_PARTS_H
#define SIM_WORLD_SPEAKER_PARTS_H

#include "sim/world/client_cuts.h"
#include "sim/world/internal.h"

typedef struct gathering gathering;

typedef enum speaker_state {
    PAUSES,
    SPEAKS,
    LINGERS, /* waits for the last answers */
    CLOSES,  /* has asked for the end */
    GONE,    /* the instance will hear of it */
} speaker_state;

/* What a client asked for. */
typedef struct asking {
    uint64_t utterance;
    lang_pair pair;
    int64_t bytes;
    usec_t speech;
    cut_reason cut;
} asking;

/* An open request of an impatient client. */
typedef struct asked {
    struct asked *next, *prev;
    speaker *sp;
    asking what;
    int64_t left; /* times that it may be sent again */
    timer_handle timer;
} asked;

struct speaker {
    world *w;
    const session_group *group;
    conn_token conn;
    int32_t home;       /* the instance to which it leads */
    uint32_t home_life; /* the process there */
    uint64_t connections;
    bool online;
    bool cut_off;           /* its connection ended; it will be back */
    timer_handle reconnect; /* the next attempt */
    asked *unsent;          /* what waits for a connection */
    uint64_t entity;        /* of its random streams: group and number in the group */
    char id[ID_MAX + 1];
    rng talk, manual, longs, net;
    channel up, down;
    lang_pair pair;
    usec_t ends; /* of its length */

    mouth mouth;
    manner how;
    client_ear ear;
    int64_t speeches;   /* that began */
    uint64_t utterance; /* number of the next one that is cut here */
    usec_t last_sent;
    int64_t unanswered;
    asked *open; /* these, when the client is impatient */
    speaker_state state;
    timer_handle timer;     /* the end of that state */
    timer_handle cut_timer; /* the next cut, when it comes before */
    timer_handle vanish;
    gathering *room; /* NULL: alone */
    int seat;        /* in it */
};

typedef struct speakers {
    pool *all, *asked;
    int64_t offline;    /* without a connection, and not gone */
    speech_rules rules; /* by which clients cut */
    speaker **at;       /* by place; NULL: free */
    size_t places, capacity;
    uint32_t *free; /* places */
    size_t free_count;
    uint64_t serial;
} speakers;

/* speaker.c */
/* NULL when that connection has ended. */
speaker *speaker_of(const world *w, conn_token conn);
void speaker_tell(speaker *sp, trace_event event);
void speaker_send_up(speaker *sp, message *m);
/* It has said all that it will; what it asked for it still waits for. */
void speaker_linger(speaker *sp);
bool speaker_in_chunks(const speaker *sp);
/* Each of its requests is answered to it: it neither sends chunks nor is in a room. */
bool speaker_hears_answers(const speaker *sp);
speaker *speaker_new(world *w, const session_group *group, uint64_t number);
/* It comes; `with`: as long as that one stays, or NULL. */
void speaker_begin(speaker *sp, bool under_way, const speaker *with);

/* Its connection is another one from now on. */
void speaker_renew_token(speaker *sp);
/* It ends, of itself or for good. */
void speaker_end(speaker *sp, const char *code);

/* speaker_line.c */
/* Connects as soon as an instance is there, and opens its session. */
void line_open(speaker *sp);
/* An utterance waits until it is connected. */
void line_hold(speaker *sp, const asking *what);
void line_lost(speaker *sp, const message *m);
void line_forget(speaker *sp);

/* speaker_room.c */
/* Back in the room that it was in, or that it wanted. */
void room_enter_again(speaker *sp);
/* Whoever speaks next, `sp` itself when it is alone or nobody waits for turns. */
speaker *room_next(speaker *sp);
/* Its time is over: all who are in the room with it end, when they take turns. */
void room_over(speaker *sp);
void room_told(speaker *sp, const char *code);
void room_left(speaker *sp);

/* speaker_talk.c */
void talk_pause(speaker *sp);
/* Silent until it has its turn. */
void talk_wait(speaker *sp);
/* One speech that is over already. */
void talk_call(speaker *sp, usec_t length);
usec_t talk_draw(speaker *sp);
/* It falls silent, now; what silence has not cut yet is waited for. */
void talk_hush(speaker *sp);
/* What was said and not cut is cut now. */
void talk_end(speaker *sp);
bool talk_is_over(const speaker *sp);
/* The answer to an open request. False when an impatient client has had one already. */
bool talk_answered(speaker *sp, uint64_t utterance);
/* The scheduler knows the request; it is not sent again when its job has ended. */
void talk_known(speaker *sp, uint64_t utterance, bool ended);
void talk_forget(speaker *sp);
/* An utterance that waited leaves. */
void talk_send(speaker *sp, const asking *what);
/* What is not answered is asked for again. */
void talk_repeat(speaker *sp);

#endif
