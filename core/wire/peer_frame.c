/* peer_frame.c - sound and results go as they are: between instances base64 would be a third more, twice. */
#include "core/wire/peer_frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/json_out.h"
#include "core/wire/json_text.h"

enum { LENGTH_BYTES = 4 };

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static void put_numbers(json_out *o, const peer_message *m) {
    if (m->attempt) json_out_num(o, "attempt", m->attempt);
    if (m->utterance) json_out_num(o, "utterance", (int64_t)m->utterance);
    if (m->cut) json_out_num(o, "cut", m->cut);
    if (m->padding) json_out_num(o, "padding", m->padding);
    if (m->until) json_out_num(o, "until", m->until);
    if (m->outcome) json_out_num(o, "outcome", m->outcome);
}

static void put_parts(json_out *o, const peer_message *m) {
    if (m->sound) {
        json_out_num(o, "duration", m->sound->duration);
        json_out_num(o, "sound", (int64_t)m->sound->bytes);
        if (m->sound->about) json_out_num(o, "about", (int64_t)m->sound->about->bytes);
    }
    if (m->content) json_out_num(o, "content", (int64_t)m->content->bytes);
}

frame *peer_frame_encode(const char *from, const peer_message *m) {
    const payload *about = m->sound ? m->sound->about : NULL;
    size_t sound = m->sound ? m->sound->bytes : 0;
    assert(!m->sound || m->sound->data);
    json_out o =
        json_out_begin(FRAME_HEADROOM, 512 + sound + (about ? about->bytes : 0) + (m->content ? m->content->bytes : 0));
    json_out_room(&o, LENGTH_BYTES);
    o.start += LENGTH_BYTES;
    o.bytes -= LENGTH_BYTES;
    json_out_open(&o, '{');
    json_out_str(&o, "type", peer_kind_name(m->kind));
    json_out_str(&o, "from", from);
    json_out_str_opt(&o, "job", m->job);
    json_out_str_opt(&o, "node", m->node);
    json_out_str_opt(&o, "session", m->session);
    json_out_str_opt(&o, "to", m->to);
    json_out_str_opt(&o, "request", m->request);
    json_out_str_opt(&o, "code", m->code);
    json_out_str_opt(&o, "service", m->service);
    json_out_str_opt(&o, "room", m->room);
    json_out_str_opt(&o, "address", m->address);
    if (m->pair) {
        json_out_str(&o, "src", m->pair->src);
        json_out_str(&o, "tgt", m->pair->tgt);
    }
    put_numbers(&o, m);
    put_parts(&o, m);
    json_out_close(&o, '}');
    size_t head = o.bytes;
    assert(head <= PEER_HEAD_MAX);
    o.start -= LENGTH_BYTES;
    o.bytes += LENGTH_BYTES;
    unsigned char *length = (unsigned char *)o.block + o.start;
    for (int i = 0; i < LENGTH_BYTES; i++) length[i] = (unsigned char)(head >> (24 - 8 * i));
    if (sound > 0) json_out_raw(&o, (const char *)m->sound->data, sound);
    if (about) json_out_raw(&o, about->data, about->bytes);
    if (m->content) json_out_raw(&o, m->content->data, m->content->bytes);
    return frame_adopt(true, o.block, o.bytes);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static peer_kind kind_of(json_text *t) {
    int kind = 0;
    while (kind < PEER_KINDS && strcmp(peer_kind_name((peer_kind)kind), t->type) != 0) kind++;
    if (kind == PEER_KINDS) json_text_fail(t, "type", "a kind of message between instances", NULL);
    return (peer_kind)kind;
}

static void read_texts(json_text *t, peer_message *m) {
    m->job = json_text_str_or(t, "job", "");
    m->node = json_text_str_or(t, "node", "");
    m->session = json_text_str_or(t, "session", "");
    m->to = json_text_str_or(t, "to", "");
    m->request = json_text_str_or(t, "request", "");
    m->code = json_text_str_or(t, "code", "");
    m->service = json_text_str_or(t, "service", "");
    m->room = json_text_str_or(t, "room", "");
    m->address = json_text_str_or(t, "address", "");
}

static void read_numbers(json_text *t, peer_message *m) {
    m->attempt = json_text_int_or(t, "attempt", 0, INT64_MAX, 0);
    m->utterance = (uint64_t)json_text_int_or(t, "utterance", 0, INT64_MAX, 0);
    m->cut = (cut_reason)json_text_int_or(t, "cut", 0, CUT_REASONS - 1, 0);
    m->padding = json_text_int_or(t, "padding", 0, INT64_MAX, 0);
    m->until = json_text_int_or(t, "until", INT64_MIN, INT64_MAX, 0);
    m->outcome = (job_outcome)json_text_int_or(t, "outcome", 0, JOB_OUTCOMES - 1, 0);
}

static char *copy_of(const char *data, size_t bytes) {
    char *copy = mem_alloc(bytes + 1);
    memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    return copy;
}

/* What stands behind the head; its lengths have to add up to `bytes`. */
static void read_parts(json_text *t, const char *data, size_t bytes, peer_message *m) {
    int64_t limit = (int64_t)bytes;
    int64_t sound = json_text_int_or(t, "sound", 1, limit, 0), about = json_text_int_or(t, "about", 0, limit, -1);
    int64_t content = json_text_int_or(t, "content", 0, limit, -1);
    int64_t duration = json_text_int_or(t, "duration", 1, INT64_MAX, 0);
    int64_t sum = sound + (about > 0 ? about : 0) + (content > 0 ? content : 0);
    if (t->status) return;
    if (sum != limit || (sound > 0) != (duration > 0) || (about >= 0 && sound == 0)) {
        json_text_refuse(t, "the lengths of its parts do not add up");
        return;
    }
    if (sound > 0) m->sound = audio_new(duration, (size_t)sound, (unsigned char *)copy_of(data, (size_t)sound));
    data += sound;
    if (about >= 0) m->sound->about = payload_new(copy_of(data, (size_t)about), (size_t)about);
    data += about > 0 ? about : 0;
    if (content >= 0) m->content = payload_new(copy_of(data, (size_t)content), (size_t)content);
}

static void read_pair(json_text *t, lang_pair *pair) {
    sched_error why;
    if (lang_pair_make(json_text_str(t, "src"), json_text_str(t, "tgt"), pair, &why)) json_text_refuse(t, why.message);
}

sched_status peer_frame_decode(const char *data, size_t bytes, peer_frame *ret_frame, sched_error *err) {
    const unsigned char *length = (const unsigned char *)data;
    size_t head = 0;
    for (size_t i = 0; i < LENGTH_BYTES && bytes >= LENGTH_BYTES; i++) head = head << 8 | length[i];
    if (head == 0 || head > PEER_HEAD_MAX || head > bytes - LENGTH_BYTES)
        return sched_fail(err, SCHED_EINVAL, "peer frame: %zu bytes with a head of %zu", bytes, head);
    json_text t;
    sched_status status = json_text_parse(data + LENGTH_BYTES, head, &t, err);
    if (status) return status;
    peer_frame f = {.from = json_text_str(&t, "from"), .message.kind = kind_of(&t)};
    bool paired = json_text_slice(&t, "src").text != NULL;
    read_texts(&t, &f.message);
    read_numbers(&t, &f.message);
    if (paired) read_pair(&t, &f.pair);
    read_parts(&t, data + LENGTH_BYTES + head, bytes - LENGTH_BYTES - head, &f.message);
    f.texts = json_text_end(&t);
    if (t.status) {
        peer_frame_free(&f);
        return t.status;
    }
    *ret_frame = f;
    if (paired) ret_frame->message.pair = &ret_frame->pair;
    return SCHED_OK;
}

void peer_frame_free(peer_frame *f) {
    audio_unref(f->message.sound);
    payload_unref(f->message.content);
    free(f->texts);
}
