/* check_domain.c - names, language pairs, the job table and shared audio: the sentences of their headers. */
#include "core/domain/audio.h"
#include "core/domain/ids.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static sched_error err;

static lang_list list_of(const char *text) {
    lang_list list;
    ck_assert_msg(lang_list_parse(text, &list, &err) == SCHED_OK, "%s", err.message);
    return list;
}

START_TEST(ids_have_1_to_64_characters_of_the_allowed_set) {
    char longest[ID_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[ID_MAX + 1] = '\0';
    ck_assert(!id_valid(longest));
    longest[ID_MAX] = '\0';
    ck_assert(id_valid(longest));
    ck_assert(id_valid("A-z.0_9:x"));
    const char *bad[] = {"", "a b", "{a}", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_msg(!id_valid(bad[i]), "%s", bad[i]);
    ck_assert_int_eq(id_check("node id", "a b", &err), SCHED_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "node id \"a b\""));
}
END_TEST

START_TEST(a_request_id_has_room_for_session_utterance_and_target) {
    char id[REQUEST_ID_MAX + 2];
    memset(id, 'x', sizeof id);
    id[REQUEST_ID_MAX + 1] = '\0';
    ck_assert(!request_id_valid(id));
    id[REQUEST_ID_MAX] = '\0';
    ck_assert(request_id_valid(id));
    ck_assert_int_ge(REQUEST_ID_MAX, ID_MAX + 1 + 20 + 1 + LANG_MAX);
}
END_TEST

START_TEST(tags_fold_to_lower_case_and_bad_ones_are_refused) {
    char tag[LANG_MAX + 1];
    ck_assert_int_eq(lang_tag_parse("ZH-Hant", tag, &err), SCHED_OK);
    ck_assert_str_eq(tag, "zh-hant");
    const char *bad[] = {"", "e", "abcdefghijklmnopq", "e_n", "en us", "auto", "AUTO"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(lang_tag_parse(bad[i], tag, &err) == SCHED_EINVAL, "%s", bad[i]);
        ck_assert_str_eq(tag, "zh-hant");
    }
    lang_tag_parse("e_n", tag, &err);
    ck_assert_str_eq(err.message, "language \"e_n\": expected only a-z, 0-9 and -");
}
END_TEST

START_TEST(a_pair_is_directed_and_never_a_language_with_itself) {
    lang_pair pair;
    char text[PAIR_MAX + 1];
    ck_assert_int_eq(lang_pair_parse("en:De", &pair, &err), SCHED_OK);
    const char *bad[] = {"en:EN", "ende", "en:de:fr", ":de", "en:"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(lang_pair_parse(bad[i], &pair, &err) == SCHED_EINVAL, "%s", bad[i]);
        ck_assert_str_eq(lang_pair_text(text, &pair), "en:de");
    }
}
END_TEST

START_TEST(lists_are_sorted_hold_each_tag_once_and_round_trip_as_text) {
    lang_list list = list_of("fr de EN de");
    char text[LANG_LIST_TEXT_MAX];
    ck_assert_str_eq(lang_list_text(text, &list), "de en fr");
    ck_assert_int_eq(list.count, 3);
    ck_assert(lang_list_has(&list, "en"));
    ck_assert(!lang_list_has(&list, "es"));
    list = list_of("");
    ck_assert_str_eq(lang_list_text(text, &list), "");
}
END_TEST

START_TEST(a_list_takes_64_languages_and_no_more) {
    lang_list list = {0};
    for (int i = 0; i < LANGS_MAX; i++) {
        char tag[8];
        snprintf(tag, sizeof tag, "l%d", 63 - i);
        ck_assert_int_eq(lang_list_add(&list, tag, &err), SCHED_OK);
    }
    ck_assert_int_eq(lang_list_add(&list, "l63", &err), SCHED_OK);
    ck_assert_int_eq(lang_list_add(&list, "zz", &err), SCHED_FULL);
    ck_assert_int_eq(list.count, LANGS_MAX);
}
END_TEST

START_TEST(a_node_serves_asr_and_semantic_times_tts_without_same_language) {
    lang_list asr = list_of("de en fr"), semantic = list_of("de en zh"), tts = list_of("de es");
    lang_service service;
    ck_assert_int_eq(lang_service_make(&asr, &semantic, &tts, 1000, &service, &err), SCHED_OK);
    ck_assert_int_eq(lang_service_pairs(&service), 3);
    const char *want[] = {"de:es", "en:de", "en:es"};
    lang_pair pair;
    int cursor = 0, n = 0;
    while (lang_service_next(&service, &cursor, &pair)) {
        char text[PAIR_MAX + 1];
        ck_assert_int_lt(n, 3);
        ck_assert_str_eq(lang_pair_text(text, &pair), want[n++]);
        ck_assert(lang_service_has(&service, &pair));
    }
    ck_assert_int_eq(n, 3);
    pair = (lang_pair){"fr", "de"};
    ck_assert_msg(!lang_service_has(&service, &pair), "fr is recognised but has no semantic repair");
    pair = (lang_pair){"de", "de"};
    ck_assert(!lang_service_has(&service, &pair));
}
END_TEST

START_TEST(a_node_without_a_pair_or_with_too_many_is_refused_with_the_number) {
    lang_list en = list_of("en"), none = list_of(""), many = list_of("aa bb cc dd");
    lang_service service;
    ck_assert_int_eq(lang_service_make(&none, &en, &en, 10, &service, &err), SCHED_EINVAL);
    ck_assert_int_eq(lang_service_make(&en, &none, &en, 10, &service, &err), SCHED_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "semantic"));
    ck_assert_int_eq(lang_service_make(&en, &en, &none, 10, &service, &err), SCHED_EINVAL);
    ck_assert_int_eq(lang_service_make(&en, &en, &en, 10, &service, &err), SCHED_EINVAL);
    ck_assert_int_eq(lang_service_make(&many, &many, &many, 12, &service, &err), SCHED_OK);
    ck_assert_int_eq(lang_service_make(&many, &many, &many, 11, &service, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "the node serves 12 language pairs, at most 11 are allowed");
}
END_TEST

START_TEST(states_only_move_forward_or_back_to_created_for_a_retry) {
    for (job_state from = 0; from < JOB_STATES; from++)
        for (job_state to = 0; to < JOB_STATES; to++) {
            bool retry = to == JOB_CREATED && from < JOB_FINISHED;
            bool forward = to > from && to <= JOB_FINISHED && from < JOB_FINISHED;
            bool skips_dispatch = from == JOB_CREATED && (to == JOB_ACCEPTED || to == JOB_RUNNING);
            bool want = retry || (forward && !skips_dispatch) || (from == JOB_FINISHED && to == JOB_RELEASED);
            ck_assert_msg(job_may(from, to) == want, "%s -> %s", job_state_name(from), job_state_name(to));
        }
}
END_TEST

START_TEST(names_of_states_and_outcomes_parse_back) {
    job_state state = 0;
    for (job_state s = 0; s < JOB_STATES; s++) ck_assert(job_state_parse(job_state_name(s), &state) && state == s);
    job_outcome outcome = 0;
    for (job_outcome o = 0; o < JOB_OUTCOMES; o++)
        ck_assert(job_outcome_parse(job_outcome_name(o), &outcome) && outcome == o);
    ck_assert(!job_state_parse("created", &state));
    ck_assert(!job_outcome_parse("OK", &outcome));
}
END_TEST

START_TEST(audio_lives_until_its_last_reference) {
    audio *a = audio_new(5000000, 3, malloc(3));
    ck_assert_ptr_eq(audio_ref(a), a);
    ck_assert_ptr_null(audio_unref(a));
    ck_assert_uint_eq(a->bytes, 3);
    ck_assert_ptr_null(audio_unref(a));
    ck_assert_ptr_null(audio_unref(NULL));
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("domain");
    tcase_add_test(tests, ids_have_1_to_64_characters_of_the_allowed_set);
    tcase_add_test(tests, a_request_id_has_room_for_session_utterance_and_target);
    tcase_add_test(tests, tags_fold_to_lower_case_and_bad_ones_are_refused);
    tcase_add_test(tests, a_pair_is_directed_and_never_a_language_with_itself);
    tcase_add_test(tests, lists_are_sorted_hold_each_tag_once_and_round_trip_as_text);
    tcase_add_test(tests, a_list_takes_64_languages_and_no_more);
    tcase_add_test(tests, a_node_serves_asr_and_semantic_times_tts_without_same_language);
    tcase_add_test(tests, a_node_without_a_pair_or_with_too_many_is_refused_with_the_number);
    tcase_add_test(tests, states_only_move_forward_or_back_to_created_for_a_retry);
    tcase_add_test(tests, names_of_states_and_outcomes_parse_back);
    tcase_add_test(tests, audio_lives_until_its_last_reference);
    return suite_run_case("domain", tests);
}
