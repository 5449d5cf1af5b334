/* hand_jobs.c - see the header. */
#include "tests/support/hand_jobs.h"

#include <check.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tests/support/hand_world.h"

void begin_job(uint64_t utterance, const char *tgt, fanout *fan, const char *affine) {
    char request_id[REQUEST_ID_MAX + 1];
    lang_pair pair = {"en", ""};
    snprintf(pair.tgt, sizeof pair.tgt, "%s", tgt);
    snprintf(request_id, sizeof request_id, "s-1:%llu:%s", (unsigned long long)utterance, tgt);
    session *one = session_by_conn(s, SESSION);
    target *t = session_target(one, tgt);
    snprintf(t->affinity, sizeof t->affinity, "%s", affine);
    t->affinity_asked = true;
    ck_assert_msg(!result_order_expect(t->order, utterance, &err), "%s", err.message);
    one->unanswered++;
    job_spec spec = {
        .speaker = one,
        .request_id = request_id,
        .utterance = utterance,
        .pair = &pair,
        .sound = audio_new(5 * second, 1024, NULL),
        .arrived = engine_now(e),
        .fan = fan,
        .place = t,
    };
    job_begin(s, &spec);
    audio_unref(spec.sound);
}

fanout *new_fanout(void) {
    return mem_zalloc(1, sizeof(fanout));
}
