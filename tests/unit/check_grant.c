/* check_grant.c - what nodes answer to the question for a slot: words and sentences. */
#include "core/domain/grant.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

static const int64_t now = INT64_C(1767225600000);

static char text[GRANT_SENTENCE_MAX];

static const char *sentence(grant_verdict v) {
    return grant_sentence(text, &v, now);
}

START_TEST(every_word_is_read_as_it_is_spelled) {
    for (int word = 0; word < GRANT_WORDS; word++)
        ck_assert_int_eq(grant_word_parse(grant_word_name((grant_word)word)), word);
    ck_assert_int_eq(grant_word_parse(""), GRANT_UNKNOWN);
    ck_assert_int_eq(grant_word_parse("full"), GRANT_UNKNOWN);
}
END_TEST

START_TEST(sentences_carry_the_figures_of_the_answer) {
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_OK, .value = 3, .limit = 4}),
                     "takes the job: with it, 3 of its 4 slots are taken");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_FULL, .value = 5, .limit = 4}),
                     "is full: 5 of its 4 slots are taken");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_BUSY, .detail = "gpu", .value = 93}),
                     "is busy: its gpu stands at 93 %");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_MARKED, .detail = "nmt-de@2", .value = now + 1}),
                     "lacks nmt-de@2 for this pair; it is asked again in 1 s");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_MARKED, .detail = "nmt-de@2", .value = now - 5000}),
                     "lacks nmt-de@2 for this pair; it is asked again in 0 s");
}
END_TEST

START_TEST(a_node_that_is_not_ready_says_what_it_is_instead) {
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_NOTREADY, .detail = "draining"}),
                     "is draining: it gets no new job");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_NOTREADY, .detail = "unready"}),
                     "says that its services are not ready");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_NOTREADY, .detail = "asleep"}),
                     "is not ready: its status is \"asleep\"");
}
END_TEST

START_TEST(a_degraded_node_is_on_trial_or_waits_for_it) {
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_TRIAL, .value = now + 4001}),
                     "is degraded, because jobs failed on it; it gets a job again in 5 s");
    ck_assert_str_eq(sentence((grant_verdict){.word = GRANT_TRIAL}),
                     "is degraded and has the one job that it may have");
}
END_TEST

START_TEST(the_longest_detail_fits_into_every_sentence) {
    grant_verdict v = {.value = INT64_MAX, .limit = INT64_MAX};
    memset(v.detail, 'x', GRANT_DETAIL_MAX);
    for (int word = 0; word < GRANT_WORDS; word++) {
        v.word = (grant_word)word;
        size_t len = strlen(sentence(v));
        ck_assert_msg(len > 0 && len < GRANT_SENTENCE_MAX - 1, "%s: %zu", grant_word_name(v.word), len);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_word_is_read_as_it_is_spelled,
        sentences_carry_the_figures_of_the_answer,
        a_node_that_is_not_ready_says_what_it_is_instead,
        a_degraded_node_is_on_trial_or_waits_for_it,
        the_longest_detail_fits_into_every_sentence,
    };
    return SUITE_RUN("grant", tests);
}
