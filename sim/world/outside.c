/* outside.c - see the header: the other end of every connection of a world without instances of its own. */
#include "sim/world/outside.h"

#include "sim/world/internal.h"

void outside_registration(const world *w, conn_token conn, node_registration *ret_registration) {
    const node *n = node_by_token((world *)w, conn);
    *ret_registration = (node_registration){.node_id = n->id, .slots = n->group->slots, .services = n->group->services};
    node_languages_draw(n, ret_registration);
}

int64_t outside_node_queue(const world *w, conn_token conn) {
    return node_by_token((world *)w, conn)->group->queue;
}

int32_t outside_node_index(conn_token conn) {
    return (int32_t)((conn & ~SPEAKER_BIT) >> 32) - 1;
}

bool outside_speaker_at(const world *w, conn_token conn, outside_speaker *ret_speaker) {
    const speaker *sp = speaker_at_instance(w, conn);
    if (!sp) return false;
    *ret_speaker = (outside_speaker){.id = speaker_id(sp),
                                     .pair = *speaker_pair(sp),
                                     .two_way = speaker_two_way(sp),
                                     .format = speaker_format(sp),
                                     .group = speaker_group(sp)};
    return true;
}

size_t outside_speaker_place(conn_token conn) {
    return (size_t)(conn & (SPEAKER_PLACES_MAX - 1));
}

message *outside_message(world *w, message_kind kind, conn_token conn) {
    return message_new(w, kind, conn);
}

void outside_say(message *m) {
    world *w = m->w;
    if (m->conn & SPEAKER_BIT)
        speaker_send_down(w, m, world_now(w));
    else
        node_send_down(w, m, world_now(w));
}

void outside_drop(message *m) {
    message_free(m);
}

void outside_lost(world *w, conn_token conn, const char *code) {
    if (conn & SPEAKER_BIT)
        speaker_cut_off(w, conn, code);
    else
        node_cut_off(w, conn);
}

/* What was said over a connection that has ended against the speaker's will nobody hears. */
void outside_take(world *w, const message *m) {
    bool of_speaker = m->conn & SPEAKER_BIT;
    bool ends = m->kind == MSG_SPEAKER_GONE;
    if (of_speaker && !ends && !speaker_at_instance(w, m->conn)) return;
    w->env.outside.take(w->env.outside.ctx, m);
    if (ends) speaker_forget(w, m->conn);
}
