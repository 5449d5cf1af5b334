/* The same people give the same jobs, whether their clients send whole utterances or chunks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/speech.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

enum { LINES_MAX = 8000, LINE_MAX = 160 };

typedef struct said {
    char line[LINES_MAX][LINE_MAX];
    size_t count;
    uint64_t created, by[CUT_REASONS];
} said;

static void note(said *s, const char *session, uint64_t utterance, const lang_pair *pair, usec_t length,
                 const char *cut) {
    char name[PAIR_MAX + 1];
    ck_assert_uint_lt(s->count, LINES_MAX);
    snprintf(s->line[s->count++], LINE_MAX, "%s %llu %s %lld us %s", session, (unsigned long long)utterance,
             lang_pair_text(name, pair), (long long)length, cut);
    for (int r = 0; r < CUT_REASONS; r++) s->by[r] += !strcmp(cut, cut_reason_name((cut_reason)r));
}

static void watch(void *ctx, const trace_event *e) {
    said *s = ctx;
    const sched_event *core = e->core;
    if (e->kind == TRACE_CLIENT_SENT) note(s, e->session, e->utterance, e->pair, e->length, e->code);
    if (core && core->kind == EV_CUT) note(s, core->session, core->utterance, core->pair, core->until, core->code);
    s->created += core && core->kind == EV_CREATED;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static said *run(const char *talk, const char *more, const char *granularity) {
    char yaml[1024];
    said *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    snprintf(yaml, sizeof yaml,
             "duration: 2min\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\nnodes: [{count: 20}]\n"
             "sessions: [{concurrent: 20, length: 40s, delay: 30ms, %s, talk: {granularity: %s, %s}}]\n",
             more, granularity, talk);
    trace_sink also = {watch, s};
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->core[EV_REFUSED], 0);
    sim_run_free(r);
    qsort(s->line, s->count, LINE_MAX, by_text);
    return s;
}

static const struct {
    const char *talk, *more;
    cut_reason most; /* a reason that must occur */
} cases[] = {
    {"utterance: 3s, pause: 2s", "vanish: 0%", CUT_MANUAL},
    {"manual: 0%, pause: {dist: uniform, min: 1s, max: 5s}", "vanish: 0%", CUT_TIMEOUT},
    {"manual: 50%, long: {share: 30%}", "vanish: 10%", CUT_MAX_DURATION},
    {"manual: 70%, chunk: 90ms", "two_way: yes", CUT_TIMEOUT},
    {"manual: 30%, format: opus, long: {share: 50%, length: 30s}", "two_way: yes", CUT_MAX_DURATION},
    {"manual: 0%, pause: 10s", "vanish: 0%", CUT_CLOSE},
    {"utterance: 12s, bytes_per_second: 64KiB", "vanish: 0%", CUT_MAX_DURATION},
};

START_TEST(whole_utterances_and_chunks_give_the_same_jobs) {
    said *whole = run(cases[_i].talk, cases[_i].more, "whole"), *chunks = run(cases[_i].talk, cases[_i].more, "chunk");
    for (size_t i = 0; i < whole->count && i < chunks->count; i++)
        ck_assert_msg(!strcmp(whole->line[i], chunks->line[i]), "whole: %s\nchunk: %s", whole->line[i],
                      chunks->line[i]);
    ck_assert_uint_eq(whole->count, chunks->count);
    ck_assert_uint_gt(whole->by[cases[_i].most], 5);
    ck_assert_uint_eq(whole->created, whole->count);
    ck_assert_uint_eq(chunks->created, chunks->count);
    free(whole);
    free(chunks);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("granularity");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, whole_utterances_and_chunks_give_the_same_jobs, 0, sizeof cases / sizeof *cases);
    return suite_run_case("granularity", tests);
}
