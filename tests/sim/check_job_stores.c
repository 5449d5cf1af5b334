/* check_job_stores.c - the same history gets the same answers from the scripts and from memory, with a copy in Redis or without.
 *
 * Both are asked the same random questions about a few jobs at the same instants, sensible ones and others: of past attempts, of other
 * nodes, of jobs that are finished or were never made. Times are whole milliseconds, because Redis counts those. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/mechanisms/jobstore.h"
#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

enum { HISTORIES = 200, QUESTIONS = 60, JOBS = 3, ATTEMPTS_MAX = 3 };

static const lang_pair pair = {"en", "de"};

static mechanism_env env;
static rng draws;
static char ids[JOBS][2][ID_MAX + 1]; /* of a request: the job that is made first keeps it */
static char requests[JOBS][REQUEST_ID_MAX + 1];

typedef struct heard {
    int count;
    store_answer answer;
    char job[ID_MAX + 1];
} heard;

static void on_answer(void *arg, const store_answer *answer) {
    heard *h = arg;
    h->count++;
    h->answer = *answer;
    snprintf(h->job, sizeof h->job, "%s", answer->job);
}

static void submit(void *ctx, const redis_call *call, link_callback *done, void *arg) {
    redis_link link = link_virtual_interface(wire);
    (void)ctx;
    link_submit(&link, call, second, done, arg);
}

static void on_counted(void *ctx, script_id script, link_status status, const redis_reply *reply) {
    (void)ctx;
    ck_assert_msg(status == LINK_OK, "script %d: %s", script, reply_text(reply));
}

static uint32_t pick(uint32_t below) {
    return rng_u32(&draws) % below;
}

/* The attempt that a job has is asked about most often. */
static store_question any_question(const int64_t attempts[JOBS]) {
    static const char *const nodes[] = {"n1", "n2"};
    unsigned j = pick(JOBS);
    bool near = pick(4) > 0;
    return (store_question){
        .op = (store_op)pick(STORE_OPS),
        .job = ids[j][pick(8) == 0],
        .request = requests[j],
        .attempt = near && attempts[j] ? attempts[j] : 1 + pick(ATTEMPTS_MAX + 1),
        .owner = "one",
        .session = "s-1",
        .utterance = 7,
        .pair = &pair,
        .audio = 5 * second,
        .node = nodes[pick(4) ? 0 : 1],
        .limit = (1 + pick(4)) * second,
        .attempts_max = ATTEMPTS_MAX,
        .only_if_due = pick(2),
        .outcome = (job_outcome)(OUTCOME_OK + pick(JOB_OUTCOMES - OUTCOME_OK)),
        .code = "",
        .released = pick(2),
        .keep = 3600 * second,
    };
}

static void expect_same(int history, int i, const store_question *q, const heard *lua, const heard *memory) {
    const store_answer *a = &lua->answer, *b = &memory->answer;
    bool told = q->op != STORE_CREATE || strcmp(lua->job, q->job) == 0;
    bool same = a->word == b->word && a->due == b->due && a->attempt == b->attempt && !strcmp(lua->job, memory->job);
    ck_assert_msg(lua->count == 1 && memory->count == 1, "history %d, question %d: answered %d and %d times", history,
                  i, lua->count, memory->count);
    ck_assert_msg(same && (!told || (a->state == b->state && a->outcome == b->outcome)),
                  "history %d, question %d (op %d, %s, attempt %lld): word %d state %d attempt %lld outcome %d due "
                  "%lld job "
                  "\"%s\", in memory word %d state %d attempt %lld outcome %d due %lld job \"%s\"",
                  history, i, q->op, q->job, (long long)q->attempt, a->word, a->state, (long long)a->attempt,
                  a->outcome, (long long)a->due, lua->job, b->word, b->state, (long long)b->attempt, b->outcome,
                  (long long)b->due, memory->job);
}

static void follow(int64_t *attempt, const store_question *q, const store_answer *a) {
    if (q->op == STORE_CREATE && a->word == STORE_DONE) *attempt = q->attempt;
    if (q->op == STORE_REASSIGN && a->word == STORE_DONE) *attempt = q->attempt + 1;
}

static void on_disagreement(void *ctx, const char *job, int64_t attempt, const char *code) {
    (void)ctx;
    ck_abort_msg("the copy of %s, attempt %lld, says %s", job, (long long)attempt, code);
}

static job_store *open_leased(void) {
    return job_store_lease_new(&env, job_store_memory_new(&env, 100), 3600 * second, 100);
}

static job_store *open_locked_dual(void) {
    dual_settings settings = {.unfinished_ttl = 3600 * second, .disagrees = on_disagreement};
    job_store *dual = job_store_dual_new(&env, job_store_memory_new(&env, 100), "one", &settings);
    return job_store_lock_new(&env, dual, 3600 * second);
}

typedef job_store *open_function(void);

static void play(int history, open_function *open_memory, int counts[STORE_GONE + 1]) {
    int64_t attempts[JOBS] = {0};
    job_store *lua = job_store_redis_new(&env);
    job_store *memory = open_memory();
    for (int j = 0; j < JOBS; j++) {
        snprintf(requests[j], sizeof requests[j], "h%d:%d", history, j);
        for (int k = 0; k < 2; k++) job_id_make(ids[j][k], requests[j], rng_u64(&draws));
    }
    for (int i = 0; i < QUESTIONS; i++) {
        store_question q = any_question(attempts);
        heard a = {0}, b = {0};
        job_store_ask(lua, &q, on_answer, &a);
        job_store_ask(memory, &q, on_answer, &b);
        pass(0);
        expect_same(history, i, &q, &a, &b);
        counts[a.answer.word]++;
        for (int j = 0; j < JOBS; j++)
            if (q.job == ids[j][0]) follow(&attempts[j], &q, &a.answer);
        if (pick(2)) pass((1 + pick(1500)) * USEC_PER_MSEC);
    }
    job_store_free(lua);
    job_store_free(memory);
}

static void compare_with(open_function *open_memory) {
    int counts[STORE_GONE + 1] = {0};
    open_world("production");
    env = (mechanism_env){.clock = engine_clock(e),
                          .timers = engine_timers(e),
                          .keys = &config.keys,
                          .submit = submit,
                          .answered = on_counted};
    env.soon = soon_new(env.clock, env.timers);
    rng_init(&draws, 1, "job stores", 0);
    for (int history = 0; history < HISTORIES; history++) play(history, open_memory, counts);
    for (int word = STORE_DONE; word <= STORE_GONE; word++)
        ck_assert_msg(counts[word] >= HISTORIES / 2, "word %d was answered %d times only", word, counts[word]);
    soon_free(env.soon);
}

START_TEST(memory_with_leases_answers_as_the_scripts_do) {
    compare_with(open_leased);
}
END_TEST

START_TEST(memory_with_copies_and_locks_answers_as_the_scripts_do) {
    compare_with(open_locked_dual);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        memory_with_leases_answers_as_the_scripts_do,
        memory_with_copies_and_locks_answers_as_the_scripts_do,
    };
    return SUITE_RUN("job_stores", tests);
}
