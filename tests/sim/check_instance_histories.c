/* check_instance_histories.c - random histories of a few instances that write to each other, sleep, are cut off, leave, and crash: no
 * entry that was taken is lost, nobody is taken for dead who is not, and in the end only the living are in Redis. */
#include "tests/support/fellows.h"
#include "tests/support/histories.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS = 60, HISTORIES = 12, JOBS_MAX = OPS, REASON_MAX = 256 };

typedef enum op_kind {
    OP_SEND,
    OP_WAIT,
    OP_START,
    OP_FAIL,
    OP_HEAL,
    OP_PAUSE,
    OP_RESUME,
    OP_CUT,
    OP_MEND,
    OP_LEAVE,
    OP_CRASH
} op_kind;

static const op_row kinds[] = {
    [OP_SEND] = {"send", 30}, [OP_WAIT] = {"wait", 30},  [OP_START] = {"start", 6},   [OP_FAIL] = {"fail", 4},
    [OP_HEAL] = {"heal", 3},  [OP_PAUSE] = {"pause", 4}, [OP_RESUME] = {"resume", 6}, [OP_CUT] = {"cut", 3},
    [OP_MEND] = {"mend", 5},  [OP_LEAVE] = {"leave", 2}, [OP_CRASH] = {"crash", 3},
};

static struct {
    int count;
    bool meddled[FELLOWS_MAX]; /* it was paused, or cut off */
    int jobs;
    send_result sent[JOBS_MAX];
    bool dead[JOBS_MAX]; /* a dead letter */
    char wrong[REASON_MAX];
} m;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...) {
    if (m.wrong[0]) return;
    va_list args;
    va_start(args, format);
    vsnprintf(m.wrong, sizeof m.wrong, format, args);
    va_end(args);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static int pick(uint8_t a) {
    return a % m.count;
}

static void start_one(void) {
    if (m.count < 12) m.count = fellow_start() + 1;
}

static void send_one(int from, int to) {
    char job[16];
    if (!fellow_runs(from) || fellow_is_paused(from) || m.jobs == JOBS_MAX) return;
    snprintf(job, sizeof job, "j%d", m.jobs);
    m.sent[m.jobs] = SEND_UNKNOWN;
    fellow_send_soon(from, fellow_id(to), job, &m.sent[m.jobs++]);
}

static void play_one(const op *o) {
    int who = pick(o->a);
    bool runs = fellow_runs(who);
    switch ((op_kind)o->kind) {
    case OP_SEND: send_one(who, pick(o->b)); break;
    case OP_WAIT: fellow_pass((usec_t)o->b * 100 * USEC_PER_MSEC); break;
    case OP_START: start_one(); break;
    case OP_FAIL: fellow_handles(who, HANDLE_BADLY); break;
    case OP_HEAL: fellow_handles(who, HANDLE_WELL); break;
    case OP_PAUSE:
        fellow_pause(who);
        m.meddled[who] = true;
        break;
    case OP_RESUME: fellow_resume(who); break;
    case OP_CUT:
        fellow_cut(who);
        m.meddled[who] = true;
        break;
    case OP_MEND: fellow_mend(who); break;
    case OP_LEAVE:
        if (runs && !fellow_is_paused(who)) fellow_leave(who);
        break;
    case OP_CRASH:
        if (runs) fellow_crash(who);
        break;
    }
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static void read_dead_letters(const char *id) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "XRANGE");
    call_key(&call, key_instance_dead(&key, &keys, id));
    call_str(&call, "-");
    call_str(&call, "+");
    ck_assert(!virtual_redis_sync(fellow_redis, &call, &reply, &fellow_err));
    for (size_t n = 0; n < reply_count(reply); n++) {
        const redis_reply *fields = reply_at(reply_at(reply, n), 1);
        for (size_t at = 0; at + 1 < reply_count(fields); at += 2)
            if (!strcmp(reply_text(reply_at(fields, at)), "job"))
                m.dead[atoi(reply_text(reply_at(fields, at + 1)) + 1)] = true;
    }
    virtual_redis_reply_free(reply);
}

static bool was_handled(int job) {
    for (int i = 0; i < told_count; i++)
        if (atoi(tellings[i].job + 1) == job && tellings[i].well) return true;
    return false;
}

static void check_entries(void) {
    char job[16];
    for (int who = 0; who < m.count; who++) read_dead_letters(fellow_id(who));
    for (int j = 0; j < m.jobs; j++) {
        snprintf(job, sizeof job, "j%d", j);
        if (m.sent[j] == SEND_OK && !was_handled(j) && !m.dead[j])
            wrong("%s was taken, told %d times, and neither handled nor a dead letter", job, told_of(job, -1));
        bool refused = m.sent[j] == SEND_GONE || m.sent[j] == SEND_FULL || m.sent[j] == SEND_FAILED;
        if (refused && told_of(job, -1)) wrong("%s was refused, and told", job);
    }
}

static void check_fellows(void) {
    redis_key key;
    int living = 0;
    for (int who = 0; who < m.count; who++) {
        bool runs = fellow_runs(who);
        living += runs;
        if (fellow_lost(who)[0] && !m.meddled[who]) wrong("%s is lost: %s", fellow_id(who), fellow_lost(who));
        if (runs != (fellow_ask_int("EXISTS", key_instance_presence(&key, &keys, fellow_id(who))) == 1))
            wrong("%s %s", fellow_id(who), runs ? "runs and is not present" : "is present and does not run");
        if (fellow_ask_int("XLEN", key_instance_inbox(&key, &keys, fellow_id(who))))
            wrong("%s has entries left", fellow_id(who));
        if (!runs && fellow_ask_int("EXISTS", key_instance_inbox(&key, &keys, fellow_id(who))))
            wrong("the inbox of %s is still there", fellow_id(who));
        if (fellow_ask_int("EXISTS", key_instance_lease(&key, &keys, fellow_id(who))))
            wrong("%s is still leased", fellow_id(who));
        for (int n = 0; n < fellow_deaths(who); n++)
            if (fellow_runs(atoi(fellow_death(who, n) + 1)))
                wrong("%s was told that %s is dead", fellow_id(who), fellow_death(who, n));
    }
    if (fellow_ask_int("ZCARD", key_instances(&key, &keys)) != living) wrong("%d live, others are listed", living);
}

static void end_well(void) {
    for (int who = 0; who < m.count; who++) {
        fellow_resume(who);
        fellow_mend(who);
        fellow_handles(who, HANDLE_WELL);
    }
    fellow_pass(20 * fellow_second);
    m.count = fellow_start() + 1;
    fellow_pass(200 * fellow_second);
    check_entries();
    check_fellows();
}

static bool fails(const void *ops, size_t count, void *ctx) {
    (void)ctx;
    memset(&m, 0, sizeof m);
    open_fellows();
    start_one();
    start_one();
    for (size_t i = 0; i < count; i++) play_one((const op *)ops + i);
    end_well();
    close_fellows();
    return m.wrong[0];
}

static const histories all = {
    .stream = "instances",
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof *kinds,
    .ops = OPS,
    .count = HISTORIES,
    .latest = 0.2,
    .fails = fails,
    .wrong = m.wrong,
};

START_TEST(whatever_happens_no_entry_is_lost_and_only_the_living_stay) {
    histories_play(&all);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {whatever_happens_no_entry_is_lost_and_only_the_living_stay};
    return SUITE_RUN("instance_histories", tests);
}
