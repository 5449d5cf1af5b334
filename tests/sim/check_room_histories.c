/* check_room_histories.c - random histories of a few sessions in a few rooms, with calls that are refused and lost: when all have
 * gone and the rooms have passed their time, nothing is left and nothing was lost count of. */
#include "tests/support/hand_room.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "tests/support/fsck_now.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

enum { PEOPLE = 6, STEPS = 400, HISTORIES = 12 };

static rng chance;
static uint64_t trouble; /* of 1000 calls */
static uint64_t said_by[PEOPLE];

static meddling at_random(const redis_call *call) {
    static const meddling how[] = {REFUSE, LOSE, DO_BUT_LOSE_ANSWER};
    bool about_rooms = call->script >= SCRIPT_ROOM_CREATE && call->script <= SCRIPT_ROOM_PREFER;
    if (!about_rooms || rng_below(&chance, 1000) >= trouble) return LET_THROUGH;
    return how[rng_below(&chance, 3)];
}

static void arrive(int who) {
    char id[ID_MAX + 1];
    snprintf(id, sizeof id, "l-%d", who);
    if (!open_session(LISTENER + (conn_token)who, id)) said_by[who] = 0;
}

static void utter(int who) {
    char id[ID_MAX + 1];
    snprintf(id, sizeof id, "l-%d", who);
    job_request request = {.session_id = id,
                           .utterance = said_by[who]++,
                           .pair = {"en", "de"},
                           .sound = audio_new(second, UTTERANCE_BYTES, NULL)};
    scheduler_submit(s, LISTENER + (conn_token)who, &request);
    audio_unref(request.sound);
}

static void send_to(conn_token from, int to) {
    char id[ID_MAX + 1];
    snprintf(id, sizeof id, "l-%d", to);
    payload *message = payload_new(NULL, 0);
    scheduler_room_relay(s, from, id, message);
    payload_unref(message);
    scheduler_room_prefer(s, from, id, rng_below(&chance, 2));
}

static void step(void) {
    static const char *const wanted[] = {"", "fr", "es", "en"};
    int who = (int)rng_below(&chance, PEOPLE), other = (int)rng_below(&chance, PEOPLE);
    conn_token conn = LISTENER + (conn_token)who;
    const char *lang = wanted[rng_below(&chance, 4)];
    const char *code = viewed_count ? viewed[(viewed_count - 1) % ROOM_LOG_MAX].code : "123456";
    switch (rng_below(&chance, 12)) {
    case 0: arrive(who); break;
    case 1: scheduler_room_create(s, conn, lang, "x"); break;
    case 2:
    case 3:
    case 4: scheduler_room_join(s, conn, code, lang, "y"); break;
    case 5: scheduler_room_leave(s, conn); break;
    case 6: send_to(conn, other); break;
    case 7: scheduler_session_gone(s, conn); break;
    case 8: scheduler_session_close(s, conn); break;
    case 9: pass((usec_t)rng_below(&chance, (uint64_t)second)); break;
    default: utter(who); break;
    }
    arrive(other);
}

START_TEST(whatever_happens_nothing_is_left_in_the_end) {
    rng_init(&chance, (uint64_t)_i, "rooms", 0);
    trouble = _i % 3 == 0 ? 0 : 100;
    open_world("production");
    open_scheduler_on(meddler_link(at_random));
    nodes_join(3, 8);
    for (int i = 0; i < STEPS; i++) {
        step();
        if (i % 10 == 0) answer_all();
        if (i % 50 == 0)
            for (conn_token node = 1; node <= 3; node++) beat(node);
    }
    trouble = 0;
    ck_assert_int_gt(count_of(EV_ROOM_JOINED), 10);
    listeners_go(PEOPLE);
    for (int i = 0; i < 40; i++) { /* jobs end, be it by their deadlines */
        answer_all();
        pass(second);
    }
    ck_assert_msg(scheduler_count(s).audio_bytes == 0, "seed %d: %lld bytes of sound are still counted", _i,
                  (long long)scheduler_count(s).audio_bytes);
    pass(config.room_idle);
    ck_assert_int_eq(scheduler_count(s).sessions, 1);
    close_rooms();
}
END_TEST

int main(void) {
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, whatever_happens_nothing_is_left_in_the_end, 0, HISTORIES);
    return suite_run_case("room_histories", all);
}
