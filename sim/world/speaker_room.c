/* speaker_room.c - those who come together, tell each other the code of their room, and take turns.
 *
 * The first one creates the room; the others join it as soon as that one knows the code, as if it had called it out. Whoever speaks
 * before that is heard by nobody else. Turns go round by seats; who vanishes passes its turn on. */
#include "sim/world/speaker_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct gathering {
    char code[ROOM_CODE_LEN + 1]; /* "" before somebody knows it */
    int members, left, turn;
    speaker *seat[ROOM_MEMBERS_MAX]; /* NULL: gone */
};

static bool in_turns(const speaker *sp) {
    return sp->room && sp->group->room.turns;
}

/* The one behind seat `from`, all around; NULL when nobody is there. */
static speaker *behind(const gathering *g, int from) {
    for (int i = 1; i <= g->members; i++) {
        speaker *sp = g->seat[(from + i) % g->members];
        if (sp && sp->state < LINGERS) return sp;
    }
    return NULL;
}

speaker *room_next(speaker *sp) {
    if (!in_turns(sp)) return sp;
    speaker *next = behind(sp->room, sp->seat);
    sp->room->turn = next->seat;
    if (next != sp) talk_wait(sp);
    return next;
}

void room_over(speaker *sp) {
    gathering *g = sp->room;
    if (!in_turns(sp)) {
        speaker_linger(sp);
        return;
    }
    for (int i = 0; i < g->members; i++)
        if (g->seat[i] && g->seat[i]->state < LINGERS) speaker_linger(g->seat[i]);
}

static void join(speaker *sp, const char *code) {
    message *m = message_new(sp->w, MSG_ROOM_JOIN, sp->conn);
    snprintf(m->code, sizeof m->code, "%s", code);
    speaker_send_up(sp, m);
}

void room_enter_again(speaker *sp) {
    const gathering *g = sp->room;
    if (!g) return;
    if (*g->code)
        join(sp, g->code);
    else if (sp->seat == 0)
        speaker_send_up(sp, message_new(sp->w, MSG_ROOM_CREATE, sp->conn));
}

void room_told(speaker *sp, const char *code) {
    gathering *g = sp->room;
    if (!g || *g->code) return;
    snprintf(g->code, sizeof g->code, "%s", code);
    for (int i = 0; i < g->members; i++)
        if (g->seat[i] && g->seat[i] != sp && g->seat[i]->state < CLOSES) join(g->seat[i], code);
}

void room_left(speaker *sp) {
    gathering *g = sp->room;
    if (!g) return;
    g->seat[sp->seat] = NULL;
    sp->room = NULL;
    if (--g->left == 0) {
        free(g);
        return;
    }
    speaker *next = sp->group->room.turns && g->turn == sp->seat && !sp->w->hushed ? behind(g, sp->seat) : NULL;
    if (!next) return;
    g->turn = next->seat;
    talk_pause(next);
}

void speaker_open_room(world *w, const session_group *group, uint64_t number, bool under_way) {
    gathering *g = mem_zalloc(1, sizeof *g);
    g->members = g->left = (int)group->room.members;
    for (int i = 0; i < g->members; i++) {
        speaker *sp = speaker_new(w, group, number + (uint64_t)i);
        g->seat[i] = sp;
        sp->room = g;
        sp->seat = i;
        speaker_begin(sp, under_way, g->seat[0]);
        if (i == 0) speaker_send_up(sp, message_new(w, MSG_ROOM_CREATE, sp->conn));
        if (i == 0 || !group->room.turns)
            talk_pause(sp);
        else
            talk_wait(sp);
    }
}
