/* check_wire_peer.c - what instances say to each other comes over as it was said, or not at all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/wire/peer_frame.h"
#include "tests/support/suite.h"

static rng r;
static sched_error err;

static bool chance(void) {
    return rng_u64(&r) & 1;
}

static payload *any_payload(void) {
    size_t bytes = rng_u64(&r) % 300;
    char *data = mem_alloc(bytes + 1);
    for (size_t i = 0; i < bytes; i++) data[i] = (char)rng_u64(&r);
    return payload_new(data, bytes);
}

static audio *any_sound(void) {
    payload *bytes = any_payload();
    audio *sound = audio_new(1 + (usec_t)(rng_u64(&r) >> 2), bytes->bytes + 1, (unsigned char *)bytes->data);
    sound->data[sound->bytes - 1] = 7;
    free(bytes);
    if (chance()) sound->about = any_payload();
    return sound;
}

static const char *any_text(void) {
    static const char *const texts[] = {"", "", "n-1", "s:1", "\xc3\xa4\"\\\n", "wss://h:5010/ws/peer"};
    return texts[rng_u64(&r) % 6];
}

static const lang_pair pair = {"zh", "en"};

static peer_message any_message(peer_kind kind) {
    return (peer_message){
        .kind = kind,
        .job = any_text(),
        .node = any_text(),
        .session = any_text(),
        .to = any_text(),
        .request = any_text(),
        .code = any_text(),
        .service = any_text(),
        .room = any_text(),
        .address = any_text(),
        .attempt = chance() ? (int64_t)(rng_u64(&r) >> 1) : 0,
        .utterance = chance() ? rng_u64(&r) >> 11 : 0,
        .pair = chance() ? &pair : NULL,
        .cut = (cut_reason)(rng_u64(&r) % CUT_REASONS),
        .padding = (usec_t)(rng_u64(&r) % 1000),
        .until = (usec_t)(rng_u64(&r) >> 1),
        .outcome = (job_outcome)(rng_u64(&r) % JOB_OUTCOMES),
        .sound = chance() ? any_sound() : NULL,
        .content = chance() ? any_payload() : NULL,
    };
}

static void assert_payload(const payload *a, const payload *b) {
    ck_assert_int_eq(a != NULL, b != NULL);
    if (!a) return;
    ck_assert_uint_eq(a->bytes, b->bytes);
    ck_assert(!memcmp(a->data, b->data, a->bytes));
}

static void assert_sound(const audio *a, const audio *b) {
    ck_assert_int_eq(a != NULL, b != NULL);
    if (!a) return;
    ck_assert_int_eq(a->duration, b->duration);
    ck_assert_uint_eq(a->bytes, b->bytes);
    ck_assert(!memcmp(a->data, b->data, a->bytes));
    assert_payload(a->about, b->about);
}

static void assert_same(const peer_message *a, const peer_message *b) {
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_str_eq(a->job, b->job);
    ck_assert_str_eq(a->node, b->node);
    ck_assert_str_eq(a->session, b->session);
    ck_assert_str_eq(a->to, b->to);
    ck_assert_str_eq(a->request, b->request);
    ck_assert_str_eq(a->code, b->code);
    ck_assert_str_eq(a->service, b->service);
    ck_assert_str_eq(a->room, b->room);
    ck_assert_str_eq(a->address, b->address);
    ck_assert_int_eq(a->attempt, b->attempt);
    ck_assert_uint_eq(a->utterance, b->utterance);
    ck_assert_int_eq(a->pair != NULL, b->pair != NULL);
    if (a->pair) ck_assert(!strcmp(a->pair->src, b->pair->src) && !strcmp(a->pair->tgt, b->pair->tgt));
    ck_assert_int_eq(a->cut, b->cut);
    ck_assert_int_eq(a->padding, b->padding);
    ck_assert_int_eq(a->until, b->until);
    ck_assert_int_eq(a->outcome, b->outcome);
    assert_sound(a->sound, b->sound);
    assert_payload(a->content, b->content);
}

static void drop(peer_message *m) {
    audio_unref(m->sound);
    payload_unref(m->content);
}

START_TEST(each_message_comes_over_as_it_was_said) {
    rng_init(&r, 1, "peers", 0);
    for (int i = 0; i < 4000; i++) {
        peer_message said = any_message((peer_kind)(i % PEER_KINDS));
        frame *f = peer_frame_encode("i-1", &said);
        peer_frame heard;
        ck_assert(f->binary);
        ck_assert_msg(!peer_frame_decode(f->data, f->bytes, &heard, &err), "%s", err.message);
        ck_assert_str_eq(heard.from, "i-1");
        assert_same(&said, &heard.message);
        peer_frame_free(&heard);
        frame_unref(f);
        drop(&said);
    }
}
END_TEST

/* These bytes, in a block of exactly their size. */
static sched_status decode(const char *data, size_t bytes, peer_frame *heard) {
    char *exact = mem_alloc(bytes ? bytes : 1);
    memcpy(exact, data, bytes);
    sched_status status = peer_frame_decode(exact, bytes, heard, &err);
    free(exact);
    return status;
}

START_TEST(a_frame_that_was_cut_or_lengthened_is_refused) {
    rng_init(&r, 2, "peers", 0);
    peer_message said = any_message(PEER_JOB);
    said.content = said.content ? said.content : any_payload();
    frame *f = peer_frame_encode("i-1", &said);
    char *longer = mem_alloc(f->bytes + 1);
    peer_frame heard;
    memcpy(longer, f->data, f->bytes + 1);
    for (size_t bytes = 0; bytes < f->bytes; bytes++) ck_assert_int_eq(decode(f->data, bytes, &heard), SCHED_EINVAL);
    ck_assert_int_eq(decode(longer, f->bytes + 1, &heard), SCHED_EINVAL);
    free(longer);
    frame_unref(f);
    drop(&said);
}
END_TEST

/* A frame with this head, and `parts` zero bytes behind it. */
static sched_status decode_head(const char *head, size_t parts) {
    char data[1024] = {0};
    size_t bytes = strlen(head);
    data[2] = (char)(bytes >> 8);
    data[3] = (char)bytes;
    memcpy(data + 4, head, bytes);
    peer_frame heard;
    sched_status status = decode(data, 4 + bytes + parts, &heard);
    if (!status) peer_frame_free(&heard);
    return status;
}

START_TEST(heads_that_make_no_sense_are_refused) {
    ck_assert_int_eq(decode_head("{\"type\":\"got\",\"from\":\"i\"}", 0), SCHED_OK);
    ck_assert_int_eq(decode_head("{\"type\":\"got\",\"from\":\"i\",\"content\":3}", 3), SCHED_OK);
    ck_assert_int_eq(decode_head("{\"type\":\"job\",\"from\":\"i\",\"sound\":3,\"duration\":1}", 3), SCHED_OK);
    static const char *const bad[] = {
        "{\"type\":\"what\",\"from\":\"i\"}",
        "{\"type\":\"got\"}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":2}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":-1}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":9223372036854775807}",
        "{\"type\":\"job\",\"from\":\"i\",\"sound\":3}",
        "{\"type\":\"job\",\"from\":\"i\",\"about\":3}",
        "{\"type\":\"job\",\"from\":\"i\",\"duration\":3,\"content\":3}",
        "{\"type\":\"job\",\"from\":\"i\",\"sound\":2,\"content\":2,\"duration\":1}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":3,\"src\":\"zh\"}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":3,\"src\":\"zh\",\"tgt\":\"zh\"}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":3,\"outcome\":99}",
        "{\"type\":\"got\",\"from\":\"i\",\"content\":3,\"cut\":5}",
        "{\"type\":\"got\",\"from\":5,\"content\":3}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(decode_head(bad[i], 3) == SCHED_EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(a_head_beyond_its_bound_is_refused_unread) {
    char *data = mem_alloc(PEER_HEAD_MAX + 8);
    memset(data, ' ', PEER_HEAD_MAX + 8);
    memcpy(data, "\x00\x00\x40\x01", 4);
    peer_frame heard;
    ck_assert_int_eq(peer_frame_decode(data, PEER_HEAD_MAX + 8, &heard, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "peer frame: 16392 bytes with a head of 16385");
    memcpy(data, "\xff\xff\xff\xff", 4);
    ck_assert_int_eq(peer_frame_decode(data, PEER_HEAD_MAX + 8, &heard, &err), SCHED_EINVAL);
    free(data);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_message_comes_over_as_it_was_said,
        a_frame_that_was_cut_or_lengthened_is_refused,
        heads_that_make_no_sense_are_refused,
        a_head_beyond_its_bound_is_refused_unread,
    };
    return SUITE_RUN("wire_peer", tests);
}
