/* fuzz_speech.c - whatever a session says and when, it is cut as the model of tests/support/speech_model.h cuts it.
 *
 * Four bytes are an event: what, how long after the one before, how many bytes, final or not. The first two are the rules. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/speech_model.h"

enum { EVENTS_MAX = 64, EVENT_BYTES = 4, CUTS_MAX = EVENTS_MAX * SPEECH_CUTS_MAX };

static const usec_t msec = USEC_PER_MSEC;

static speech_rules rules_of(uint8_t a, uint8_t b) {
    return (speech_rules){
        .pause = (1 + a % 16) * 100 * msec,
        .max_duration = (1 + a / 16) * 500 * msec,
        .bytes_max = 1 + (b % 16) * 512,
        .hangover_manual = (b / 16 % 4) * 100 * msec,
        .hangover_auto = (b / 64) * 75 * msec,
        .padding_manual = 280 * msec,
        .padding_auto = 220 * msec,
    };
}

static int events_of(const uint8_t *data, size_t size, const speech_rules *rules, speech_event events[EVENTS_MAX]) {
    int count = 0;
    usec_t now = 1000 * USEC_PER_SEC;
    for (; size >= EVENT_BYTES && count < EVENTS_MAX; size -= EVENT_BYTES, data += EVENT_BYTES) {
        bool is_chunk = data[0] % 4 > 1;
        now += data[1] * 20 * msec;
        int64_t bytes = is_chunk ? data[2] * 32 % (rules->bytes_max + 1) : 0;
        events[count++] = (speech_event){
            .kind = is_chunk           ? EVENT_CHUNK
                    : data[0] % 4 == 1 ? EVENT_FLUSH
                                       : EVENT_TIMER,
            .at = now,
            .bytes = bytes,
            .duration = bytes * 31 * msec / 16,
            .is_final = is_chunk && data[3] % 4 == 0,
        };
    }
    return count;
}

static int happen(speech *sp, const speech_rules *rules, const speech_event *event, speech_cut cuts[SPEECH_CUTS_MAX]) {
    switch (event->kind) {
    case EVENT_CHUNK: return speech_chunk(sp, rules, event->at, event->bytes, event->duration, event->is_final, cuts);
    case EVENT_TIMER: return speech_timer(sp, rules, event->at, cuts);
    case EVENT_FLUSH: return speech_flush(sp, rules, event->at, cuts);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    speech_event events[EVENTS_MAX];
    model_cut expected[CUTS_MAX];
    speech sp = {0};
    int next = 0;
    if (size < 2) return 0;
    speech_rules rules = rules_of(data[0], data[1]);
    int count = events_of(data + 2, size - 2, &rules, events);
    int due = model_cuts(&rules, events, count, expected, CUTS_MAX);
    for (int i = 0; i < count; i++) {
        speech_cut cuts[SPEECH_CUTS_MAX];
        int told = happen(&sp, &rules, &events[i], cuts);
        for (int c = 0; c < told; c++, next++) {
            FUZZ_ASSERT(next < due && expected[next].told_by == i);
            FUZZ_ASSERT(cuts[c].reason == expected[next].cut.reason && cuts[c].bytes == expected[next].cut.bytes);
            FUZZ_ASSERT(cuts[c].duration == expected[next].cut.duration &&
                        cuts[c].padding == expected[next].cut.padding);
        }
    }
    FUZZ_ASSERT(next == due || expected[next].told_by == count);
    return 0;
}
