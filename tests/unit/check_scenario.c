/* check_scenario.c - the language of scenarios: what it fills in, what it refuses, and that it prints what it read. */
#include <ctype.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/schema.h"
#include "tests/support/suite.h"

static scenario *parsed(const char *text) {
    scenario *s = NULL;
    sched_error err = {0};
    sched_status status = scenario_parse("s.yaml", text, strlen(text), &s, &err);
    ck_assert_msg(!status, "%s\n%s", text, err.message);
    return s;
}

static char *dumped(const scenario *s) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    scenario_dump(s, out);
    fclose(out);
    return text;
}

/* --- what it fills in ------------------------------------------------------------------------------------------- */

START_TEST(one_line_makes_a_sensible_scenario) {
    scenario *s = parsed("duration: 2min");
    ck_assert_str_eq(s->name, "s");
    ck_assert_int_eq(s->start, 1767225600 * USEC_PER_SEC);
    ck_assert_uint_eq(s->languages.count, 12);
    ck_assert_uint_eq(s->node_group_count, 1);
    ck_assert_str_eq(s->node_groups[0].name, "n1");
    ck_assert_int_eq(s->node_groups[0].count, 100);
    ck_assert_double_eq(s->node_groups[0].service.asr.rtf, 0.15);
    ck_assert_int_eq(s->node_groups[0].service.nmt.overhead, 150000);
    ck_assert_double_eq(s->node_groups[0].service.tts.rtf, 0.1);
    ck_assert_int_eq(s->session_groups[0].concurrent, 100);
    ck_assert_double_eq_tol(s->session_groups[0].rate, 100 / 310.0, 1e-4);
    ck_assert_uint_eq(s->session_groups[0].pairs.pair_count, 132);
    ck_assert_str_eq(s->scheduler.phase, "production");
    ck_assert_int_eq(s->redis.window, 10000);
    ck_assert_str_eq(s->warning, "");
    scenario_free(s);
}
END_TEST

START_TEST(the_name_is_that_of_the_file_unless_given) {
    scenario *s = NULL;
    static const struct {
        const char *file, *text, *name;
    } cases[] = {
        {"a/b/node_crash.yaml", "seed: 1", "node_crash"},
        {"plain", "seed: 1", "plain"},
        {".hidden", "seed: 1", ".hidden"},
        {"x.yaml", "name: mine", "mine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(!scenario_parse(cases[i].file, cases[i].text, strlen(cases[i].text), &s, NULL));
        ck_assert_str_eq(s->name, cases[i].name);
        scenario_free(s);
    }
}
END_TEST

START_TEST(popularity_gives_each_language_its_share) {
    scenario *s = parsed("languages: {list: [en, de, fr, it], popularity: {zipf: 1}}");
    for (int i = 0; i < 4; i++) ck_assert_double_eq_tol(s->languages.share[i], 12.0 / 25 / (i + 1), 1e-12);
    scenario_free(s);
    s = parsed("languages: {list: [en, de, fr], popularity: {weights: {de: 4, fr: 0}}}\n");
    ck_assert_double_eq_tol(s->languages.share[0], 0.2, 1e-12);
    ck_assert_double_eq_tol(s->languages.share[1], 0.8, 1e-12);
    ck_assert_double_eq(s->languages.share[2], 0);
    ck_assert_uint_eq(s->session_groups[0].pairs.pair_count, 2);
    scenario_free(s);
    s = parsed("languages: {count: 5, popularity: uniform}");
    ck_assert_str_eq(s->languages.tag[0], "en");
    for (int i = 0; i < 5; i++) ck_assert_double_eq_tol(s->languages.share[i], 0.2, 1e-12);
    scenario_free(s);
}
END_TEST

START_TEST(a_pair_is_asked_for_by_the_product_of_its_shares) {
    scenario *s = parsed("languages: {list: [en, de, fr], popularity: {weights: {en: 4, de: 2, fr: 1}}}");
    const pair_mix *mix = &s->session_groups[0].pairs;
    static const double products[] = {8, 4, 8, 2, 4, 2}; /* en:de en:fr de:en de:fr fr:en fr:de */
    double upto = 0;
    ck_assert_uint_eq(mix->pair_count, 6);
    for (int i = 0; i < 6; i++) {
        upto += products[i] / 28;
        ck_assert_double_eq_tol(mix->pairs[i].share, products[i] / 28, 1e-12);
        ck_assert_double_eq_tol(mix->pairs[i].upto, upto, 1e-12);
        ck_assert_int_ne(mix->pairs[i].src, mix->pairs[i].tgt);
    }
    scenario_free(s);
}
END_TEST

START_TEST(listed_pairs_keep_their_weights_in_the_order_of_the_languages) {
    scenario *s = parsed("languages: {list: [en, de, fr]}\nsessions: [{pairs: [{pair: fr:en, weight: 3}, en:de]}]");
    const pair_mix *mix = &s->session_groups[0].pairs;
    ck_assert_uint_eq(mix->pair_count, 2);
    ck_assert_int_eq(mix->pairs[0].src, 0);
    ck_assert_int_eq(mix->pairs[0].tgt, 1);
    ck_assert_double_eq(mix->pairs[0].share, 0.25);
    ck_assert_int_eq(mix->pairs[1].src, 2);
    ck_assert_double_eq(mix->pairs[1].upto, 1);
    rng r;
    rng_init(&r, 1, "pairs", 0);
    int first = 0;
    for (int i = 0; i < 10000; i++) first += pair_mix_draw(mix, &r) == &mix->pairs[0];
    ck_assert_msg(abs(first - 2500) < 180, "%d of 10000 draws instead of about 2500", first);
    scenario_free(s);
}
END_TEST

START_TEST(nodes_draw_different_languages_by_popularity) {
    scenario *s = parsed("languages: {count: 12}\nnodes: [{languages: 3}]");
    rng r;
    rng_init(&r, 1, "langs", 0);
    int english = 0, rare = 0;
    for (int i = 0; i < 10000; i++) {
        lang_list asr, tts, semantic;
        languages_of_node(&s->languages, &s->node_groups[0].languages, &r, &asr, &tts, &semantic);
        ck_assert_int_eq(asr.count, 3);
        ck_assert_mem_eq(&asr, &tts, sizeof asr);
        ck_assert_mem_eq(&asr, &semantic, sizeof asr);
        english += lang_list_has(&asr, "en");
        rare += lang_list_has(&asr, s->languages.tag[11]);
    }
    /* By successive draws of 3 from shares 1/(i H12): summed over all orders 0.7324 and 0.0968; four standard
     * errors. */
    ck_assert_msg(abs(english - 7324) < 180, "%d nodes know en", english);
    ck_assert_msg(abs(rare - 968) < 119, "%d nodes know the rarest", rare);
    scenario_free(s);
}
END_TEST

START_TEST(every_drawn_node_serves_some_pair) {
    scenario *s = parsed("languages: {count: 3}\nnodes: [{languages: {asr: 1, tts: 1, semantic: 2}}]");
    rng r;
    rng_init(&r, 1, "langs", 0);
    for (int i = 0; i < 2000; i++) {
        lang_list asr, tts, semantic;
        lang_service service;
        languages_of_node(&s->languages, &s->node_groups[0].languages, &r, &asr, &tts, &semantic);
        ck_assert_int_eq(lang_service_make(&asr, &semantic, &tts, 1000, &service, NULL), SCHED_OK);
    }
    scenario_free(s);
}
END_TEST

START_TEST(built_in_tags_are_valid_and_different) {
    static lang_tag tags[SCENARIO_LANGS_MAX];
    int real = 0;
    for (size_t i = 0; i < SCENARIO_LANGS_MAX; i++) {
        lang_tag folded;
        languages_builtin(i, tags[i]);
        ck_assert_msg(!lang_tag_parse(tags[i], folded, NULL), "%s", tags[i]);
        ck_assert_str_eq(tags[i], folded);
        for (size_t k = 0; k < i; k++) ck_assert_str_ne(tags[k], tags[i]);
        real += tags[i][1] != '-';
    }
    ck_assert_int_ge(real, 300);
}
END_TEST

START_TEST(a_fault_of_a_share_hits_that_many_nodes_at_least_one) {
    scenario *s = parsed("nodes: [{name: a, count: 250}, {name: b, count: 3}]\n"
                         "faults:\n"
                         "  - {at: 1s, kind: crash, nodes: {group: a, share: 10%}}\n"
                         "  - {at: 1s, kind: hang, nodes: {group: b, share: 1%}, for: 5s}\n"
                         "  - {at: 1s, kind: hang, nodes: {share: 50%}}\n"
                         "  - {at: 1s, kind: hang, nodes: {names: [a-249, b-0]}}\n");
    ck_assert_int_eq(s->faults[0].nodes.group, 0);
    ck_assert_int_eq(s->faults[0].nodes.count, 25);
    ck_assert_int_eq(s->faults[0].lasts, 0);
    ck_assert_int_eq(s->faults[1].nodes.group, 1);
    ck_assert_int_eq(s->faults[1].nodes.count, 1);
    ck_assert_int_eq(s->faults[1].kind, FAULT_HANG);
    ck_assert_int_eq(s->faults[2].nodes.group, -1);
    ck_assert_int_eq(s->faults[2].nodes.count, 127);
    ck_assert_uint_eq(s->faults[3].nodes.name_count, 2);
    ck_assert_str_eq(s->faults[3].nodes.names[0], "a-249");
    scenario_free(s);
}
END_TEST

START_TEST(demand_that_certainly_nobody_serves_is_warned_about) {
    scenario *s = parsed("languages: {list: [en, de, fr]}\nnodes: [{languages: [en, de]}]\n"
                         "sessions: [{name: x, pairs: [en:de, en:fr, fr:de]}]");
    ck_assert_str_eq(s->warning, "sessions \"x\": 2 of 3 pairs are served by no node, their jobs will be refused: "
                                 "en:fr, fr:de");
    scenario_free(s);
    s = parsed("languages: {list: [en, de, fr]}\nnodes: [{languages: [en, de]}, {languages: 2, count: 1}]\n");
    ck_assert_str_eq(s->warning, "");
    scenario_free(s);
}
END_TEST

/* 100 slots; utterances of 4 s take 0.1 * 4 + 0.6 = 1 s; every session speaks once in 10 s. */
START_TEST(totals_are_what_the_arithmetic_says) {
    scenario *s =
        parsed("duration: 110s\nwarmup: 0s\nlanguages: {count: 3}\n"
               "nodes: [{count: 50, slots: 2, service: {asr: {rtf: 0.1, overhead: 600ms}, nmt: {overhead: 0s}, "
               "tts: {rtf: 0, overhead: 0s}}}]\n"
               "sessions: [{concurrent: 300, length: 100s, talk: {utterance: 4s, pause: 6s}, join: {at: 10s}}]");
    scenario_totals t = scenario_total(s);
    ck_assert_int_eq(t.nodes, 50);
    ck_assert_int_eq(t.slots, 100);
    ck_assert_int_eq(t.pairs, 6);
    ck_assert_double_eq_tol(t.sessions, 300 + 300, 1e-6);
    ck_assert_double_eq_tol(t.jobs, 3000, 1e-6);
    ck_assert_double_eq_tol(t.load, 0.3, 1e-9);
    scenario_free(s);
}
END_TEST

/* --- what it refuses -------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *message;
} bad[] = {
    {"sede: 1", "s.yaml:1:1: unknown key \"sede\"; did you mean \"seed\"?"},
    {"nodes:\n  - {coutn: 5}", "s.yaml:2:6: unknown key \"coutn\"; did you mean \"count\"?"},
    {"nodes:\n  - {count: -5}",
     "s.yaml:2:13: count: \"-5\" is not a count: expected a whole number that is not negative, "
     "such as 500, 10_000, 10k or 2M"},
    {"nodes: [{count: 0}]", "s.yaml:1:17: count: \"0\" is out of bounds: expected 1 .. 200000"},
    {"nodes: [{slots: 0}]", "s.yaml:1:17: slots: \"0\" is out of bounds: expected 1 .. 1000"},
    {"nodes: [{count: 150k}, {count: 150k}]", "s.yaml:1:32: 300000 nodes in all: at most 200000 are accepted"},
    {"nodes: [{heartbeat: 15}]",
     "s.yaml:1:21: heartbeat: \"15\" is not a duration: expected a number with a unit such as "
     "250ms, 15s, 2min or 1h30min"},
    {"nodes: [{delay: fast}]", "s.yaml:1:17: delay: \"fast\" is not a duration: expected a number with a unit such as "
                               "250ms, 15s, 2min or 1h30min"},
    {"nodes: []", "s.yaml:1:8: nodes: an empty list: no job could be placed"},
    {"sessions: []", "s.yaml:1:11: sessions: an empty list: nobody would ask for a job"},
    {"nodes: [{name: a}, {name: a}]", "s.yaml:1:27: two groups of nodes are named \"a\""},
    {"sessions: [{name: a}, {name: a}]", "s.yaml:1:30: two groups of sessions are named \"a\""},
    {"nodes: [{name: a b}]", "s.yaml:1:16: name \"a b\": expected 1 to 64 of A-Z a-z 0-9 . _ : -"},
    {"{duration: 20s, warmup: 30s}", "s.yaml:1:25: warmup: 30s is not shorter than the duration of 20s"},
    {"warmup: 10min", "s.yaml:1:9: warmup: 10min is not shorter than the duration of 10min"},
    {"nodes: [{leave: {at: 5min}}]", "s.yaml:1:17: leave: share is missing: part of the group, such as 50%"},
    {"nodes: [{leave: {at: 5s, share: 10%}}]", "s.yaml:1:17: leave: at 5s not all have joined: expected at least 10s"},
    {"nodes: [{leave: {at: 9min, over: 1min, share: 10%}}]",
     "s.yaml:1:17: leave: 9min and 1min more are not over before the end of the run at 10min"},
    {"sessions: [{retry: {after: 1ms}}]", "s.yaml:1:28: after: \"1ms\" is out of bounds: expected 10ms .. 1h"},
    {"sessions: [{vanish: 101%}]",
     "s.yaml:1:21: vanish: \"101%\" is not a share: expected a part of the whole such as 15% or 0.15, from 0 to 1"},
    {"sessions: [{two_way: yes, arrivals: {trace: {file: x, time: t}}}]",
     "s.yaml:1:22: two_way: has no meaning here: each line of a trace is a call of one utterance"},
    {"nodes: [{join: {at: 9min, over: 1min}}]",
     "s.yaml:1:16: join: 9min and 1min more are not over before the end of the run at 10min"},
    {"measure: {bin: 100ms}\nduration: 1d", "s.yaml:1:16: bin: 100ms makes more than 100000 bins of 1d"},
    {"start: 2026-02-30T00:00:00Z",
     "s.yaml:1:8: start: expected an instant of the years 2000 to 2100 such as 2026-01-01T00:00:00Z"},
    {"start: 2026-02-03",
     "s.yaml:1:8: start: expected an instant of the years 2000 to 2100 such as 2026-01-01T00:00:00Z"},
    {"languages: {list: [en, de], count: 2}", "s.yaml:1:36: languages: either list or count, not both"},
    {"languages: {list: [en, de, EN]}", "s.yaml:1:28: language \"en\" is listed twice"},
    {"languages: {list: [en]}", "s.yaml:1:12: languages: 1 of 1 with a share: a pair needs two"},
    {"languages: {list: [en, auto]}", "s.yaml:1:24: language \"auto\": a node and a pair need a real language"},
    {"languages: {count: 501}", "s.yaml:1:20: count: \"501\" is out of bounds: expected 2 .. 500"},
    {"languages: {popularity: steep}",
     "s.yaml:1:25: popularity: expected uniform, {zipf: 1.0}, {weights: {en: 5, de: 2}} or {file, language, weight}"},
    {"languages: {popularity: {weights: {en: 5, EN: 2}}}", "s.yaml:1:43: language \"en\" is given twice"},
    {"languages: {list: [en, de], popularity: {weights: {fr: 5}}}",
     "s.yaml:1:56: \"fr\" is not among the 2 languages of the scenario"},
    {"languages: {list: [en, de], popularity: {weights: {de: 0}}}",
     "s.yaml:1:12: languages: 1 of 2 with a share: a pair needs two"},
    {"nodes: [{languages: some}]",
     "s.yaml:1:21: languages: expected all, a number to draw (1 .. 64), asr, or a list such "
     "as [en, de]"},
    {"nodes: [{languages: 13}]", "s.yaml:1:21: languages: 13 to draw, but only 12 have a share in the popularity"},
    {"nodes: [{languages: asr}]",
     "s.yaml:1:21: languages: asr cannot stand for itself: expected all, a number or a list"},
    {"nodes: [{languages: [en, xx]}]", "s.yaml:1:21: \"xx\" is not among the 12 languages of the scenario"},
    {"nodes: [{languages: {asr: 3, tts: [ens]}}]",
     "s.yaml:1:35: \"ens\" is not among the 12 languages of the scenario; did you mean \"en\"?"},
    {"nodes: [{languages: {tts: []}}]", "s.yaml:1:27: an empty list: a node knows at least one language"},
    {"nodes: [{name: a, languages: 1}]", "s.yaml:1:30: languages: no pair follows for nodes of \"a\": one needs a "
                                         "source that is recognised and repaired, and "
                                         "another target that is spoken"},
    {"nodes: [{name: a, languages: {asr: [en], semantic: [de]}}]",
     "s.yaml:1:30: languages: no pair follows for nodes of \"a\": one needs a source that is recognised and repaired, "
     "and "
     "another target that is spoken"},
    {"languages: {count: 70}\nnodes: [{languages: all}]",
     "s.yaml:2:21: languages: all is 70, but a node knows at most 64: say a number to draw"},
    {"languages: {count: 40}\nnodes: [{name: a, languages: all}]",
     "s.yaml:2:30: languages: a node of \"a\" may serve 1560 pairs: at most 1000 (scheduler.pairs_max) are accepted"},
    {"sessions: [{concurrent: 5, rate: 3/s}]", "s.yaml:1:34: either concurrent or rate, not both"},
    {"sessions: [{rate: 3}]",
     "s.yaml:1:19: rate: \"3\" is not a rate: expected a number per time such as 5/s, 300/min or "
     "2/h"},
    {"sessions: [{rate: 1000/s}]",
     "s.yaml:1:19: rate: 310000 sessions at once would follow: at most 200000 are accepted"},
    {"sessions: [{length: 0s}]", "s.yaml:1:21: length: expected a mean of at least 1ms"},
    {"sessions: [{talk: {utterance: 10us}}]", "s.yaml:1:31: utterance: expected a mean of at least 1ms"},
    {"sessions: [{room: {members: 3}, retry: {after: 5s}}]",
     "s.yaml:1:40: retry: has no meaning in a room: the others hear the answers"},
    {"sessions: [{two_way: yes, room: {members: 3}}]",
     "s.yaml:1:22: two_way: has no meaning in a room: the others hear the answers"},
    {"sessions: [{room: {members: 33}}]", "s.yaml:1:29: members: \"33\" is out of bounds: expected 2 .. 32"},
    {"sessions: [{retry: {after: 5s}, talk: {granularity: chunk}}]",
     "s.yaml:1:53: granularity: chunk has no meaning beside retry: chunks are not sent again"},
    {"sessions: [{talk: {chunk: 10s, bytes_per_second: 1MiB}}]",
     "s.yaml:1:27: chunk: 10485760 bytes in one: at most 512000 may be in an utterance"},
    {"sessions: [{talk: {format: mp3}}]", "s.yaml:1:28: format: \"mp3\" is not one of pcm16, opus"},
    {"sessions: [{arrivals: burst}]",
     "s.yaml:1:23: arrivals: \"burst\" is not poisson, constant, or one of {bursts: ...}, "
     "{diurnal: ...}, {trace: ...}; did you mean \"bursts\"?"},
    {"sessions: [{pairs: [en:xx]}]", "s.yaml:1:21: \"xx\" is not among the 12 languages of the scenario"},
    {"sessions: [{pairs: [en:en]}]", "s.yaml:1:21: language pair \"en:en\": source and target are the same"},
    {"sessions: [{pairs: [en:es, {pair: en:es, weight: 2}]}]", "s.yaml:1:35: pair en:es is listed twice"},
    {"sessions: [{pairs: []}]", "s.yaml:1:20: pairs: an empty list: expected at least one pair"},
    {"sessions: [{pairs: most}]", "s.yaml:1:20: pairs: expected popularity, uniform, or a list such as [{pair: en:de, "
                                  "weight: 3}, de:en]"},
    {"nodes: [{languages: [en, es]}]\nsessions: [{pairs: [en:fr, fr:es]}]",
     "s.yaml:2:11: no job can ever be placed: no node serves any of the demanded pairs (en:fr, fr:es)"},
    {"scheduler: {phase: 4}", "s.yaml:1:20: phase \"4\" does not exist: expected one of 0, 1, 2, 3, production"},
    {"seed: 1\nscheduler: {phase: 3, on_full: refuse}",
     "s.yaml:2:32: phase 3: on_full: refuse makes no sense with limit: no, because no node is ever full then"},
    {"scheduler: {phase: 3, delivery: local}\ninstances: {count: 2}",
     "s.yaml:2:20: count: 2 instances, but with delivery: local (phase 3) none reaches a node of another one"},
    {"faults: [{kind: crash, nodes: {count: 1}}]", "s.yaml:1:10: \"at\" is missing: from the start of the run"},
    {"faults: [{at: 1s, kind: melt, nodes: {count: 1}}]",
     "s.yaml:1:25: kind: \"melt\" is not one of crash, hang, "
     "reconnect, drain, languages, errors, missing_model, slow, silent"},
    {"faults: [{at: 10min, kind: crash, nodes: {count: 1}}]",
     "s.yaml:1:15: at: 10min is not before the end of the run at 10min"},
    {"faults: [{at: 1s, kind: crash, nodes: {group: gpu, count: 1}}]\nnodes: [{name: gpus}]",
     "s.yaml:1:47: group: no nodes are named \"gpu\"; did you mean \"gpus\"?"},
    {"faults: [{at: 1s, kind: crash, nodes: {count: 1, share: 10%}}]",
     "s.yaml:1:39: nodes: expected exactly one of share, count and names"},
    {"faults: [{at: 1s, kind: crash, nodes: {}}]",
     "s.yaml:1:39: nodes: expected exactly one of share, count and names"},
    {"faults: [{at: 1s, kind: crash, nodes: {count: 101}}]", "s.yaml:1:47: count: 101 nodes of 100"},
    {"faults: [{at: 1s, kind: crash, nodes: {names: [n1-0, n1-100]}}]",
     "s.yaml:1:54: no node is named \"n1-100\": expected for instance \"n1-0\""},
    {"faults: [{at: 1s, kind: crash, nodes: {names: [n1-07]}}]",
     "s.yaml:1:48: no node is named \"n1-07\": expected for instance \"n1-0\""},
    {"faults: [{at: 1s, kind: crash, nodes: {names: [n1-0, n1-0]}}]", "s.yaml:1:54: node \"n1-0\" is named twice"},
    {"faults: [{at: 1s, kind: crash, nodes: {names: [n1-0], group: n1}}]",
     "s.yaml:1:62: group: has no meaning beside names"},
    {"faults: [{at: 1s, kind: crash, redis: pause, for: 1s, nodes: {count: 1}}]",
     "s.yaml:1:39: only one of kind, redis and instance: what happens to whom?"},
    {"faults: [{at: 1s, instance: melt}]",
     "s.yaml:1:29: instance: \"melt\" is not one of crash, stop, restart, pause, partition"},
    {"faults: [{at: 1s, instance: pause}]", "s.yaml:1:10: \"for\" is missing: how long it lasts"},
    {"faults: [{every: 1min, instance: crash}]", "s.yaml:1:10: \"for\" is missing: how long it lasts"},
    {"faults: [{at: 1s, instance: crash, which: 1}]",
     "s.yaml:1:43: which: 1, but there are 1 instances, counted from 0"},
    {"faults: [{every: 1min, kind: crash, for: 1s, nodes: {count: 1}}]",
     "s.yaml:1:18: every: has no meaning for a fault that is crash"},
    {"faults: [{at: 1s, redis: stop}]", "s.yaml:1:26: redis: \"stop\" is not one of pause, slow, flush_scripts, "
                                        "restart, disconnect; did you mean \"slow\"?"},
    {"faults: [{at: 1s, redis: restart}]", "s.yaml:1:10: \"for\" is missing: how long it lasts"},
    {"faults: [{at: 9min, redis: restart, for: 2min}]",
     "s.yaml:1:42: for: 9min and 2min more are not over before the end of the run at 10min"},
    {"faults: [{at: 1s, redis: pause, for: 1s, nodes: {count: 1}}]",
     "s.yaml:1:49: nodes: has no meaning for a fault that is redis_pause"},
    {"faults: [{at: 1s, redis: pause, for: 1s, data: lost}]",
     "s.yaml:1:48: data: has no meaning for a fault that is redis_pause"},
    {"faults: [{at: 1s, redis: restart, for: 1s, data: some}]", "s.yaml:1:50: data: \"some\" is not one of kept, lost"},
    {"nodes: [{services: \"asr  nmt\"}]",
     "s.yaml:1:20: services: byte 4: expected ids of 1 to 128 visible ASCII characters, by one space"},
    {"faults: [{at: 1s, nodes: {count: 1}}]",
     "s.yaml:1:10: \"kind\" is missing, or \"redis\", or \"instance\": what happens"},
    {"faults: [{at: 1s, kind: crash}]", "s.yaml:1:10: \"nodes\" is missing: who is hit"},
    {"faults: [{at: 1s, kind: crash, factor: 3, nodes: {count: 1}}]",
     "s.yaml:1:40: factor: has no meaning for a fault that is crash"},
    {"faults: [{at: 1s, kind: reconnect, for: 3s, nodes: {count: 1}}]",
     "s.yaml:1:41: for: has no meaning for a fault that is reconnect"},
    {"faults: [{at: 1s, kind: missing_model, nodes: {count: 1}, targets: [xx]}]",
     "s.yaml:1:69: \"xx\" is not among the languages of the scenario"},
    {"faults: [{at: 1s, kind: missing_model, nodes: {count: 1}, service: a b}]",
     "s.yaml:1:68: service: \"a b\" has a space: expected a name such as nmt@1"},
    {"faults: [{at: 1s, kind: languages, nodes: {count: 1}, languages: [en]}]",
     "s.yaml:1:66: languages: no pair follows for nodes of \"n1\": one needs a source that is recognised and repaired, "
     "and another target that is spoken"},
    {"faults: [{at: 1s, kind: languages, nodes: {count: 1}, languages: [en, xx]}]",
     "s.yaml:1:66: \"xx\" is not among the 12 languages of the scenario"},
    {"slo: [\"e2e_p94<5s\"]", "s.yaml:1:7: slo: \"e2e_p94\" is no figure; did you mean \"e2e_p90\"?"},
    {"slo: [\"lost_p95<5s\"]", "s.yaml:1:7: slo: \"lost_p95\" is no figure: expected one such as e2e_p95, "
                               "queue_wait_max, refused, lost or utilisation_mean"},
    {"slo: [\"quickness<5s\"]",
     "s.yaml:1:7: slo: \"quickness\" is no figure: expected one such as e2e_p95, queue_wait_max, "
     "refused, lost or utilisation_mean"},
    {"slo: [\"e2e_p95\"]",
     "s.yaml:1:7: slo: \"e2e_p95\" compares nothing: expected a figure, one of < <= > >= == !=, a value"},
    {"slo: [\"e2e_p95<5\"]",
     "s.yaml:1:7: slo: \"5\" is not a duration: expected a number with a unit such as 250ms, 15s, "
     "2min or 1h30min"},
    {"slo: [\"refused<3s\"]",
     "s.yaml:1:7: slo: \"3s\" is not a share: expected a part of the whole such as 15% or 0.15, from "
     "0 to 1"},
    {"slo: e2e_p95<5s", "s.yaml:1:6: slo: expected a list, not text"},
};

START_TEST(what_cannot_be_run_is_refused_with_place_and_reason) {
    scenario *s = NULL;
    sched_error err = {0};
    sched_status status = scenario_parse("s.yaml", bad[_i].text, strlen(bad[_i].text), &s, &err);
    ck_assert_msg(status == SCHED_EINVAL, "accepted: %s", bad[_i].text);
    ck_assert_ptr_null(s);
    ck_assert_msg(!strcmp(err.message, bad[_i].message), "%s\n  said     %s\n  expected %s", bad[_i].text, err.message,
                  bad[_i].message);
}
END_TEST

/* --- objectives ------------------------------------------------------------------------------------------------- */

START_TEST(objectives_compare_in_the_unit_of_their_figure) {
    static const struct {
        const char *text, *figure, *packed;
        slo_unit unit;
        double value, meets, misses;
    } cases[] = {
        {"e2e_p95 < 1500ms", "e2e_p95", "e2e_p95<1500ms", SLO_USEC, 1.5e6, 1499999, 1.5e6},
        {"queue_wait_max<=2s", "queue_wait_max", "queue_wait_max<=2s", SLO_USEC, 2e6, 2e6, 2000001},
        {"service_mean>1ms", "service_mean", "service_mean>1ms", SLO_USEC, 1000, 1001, 1000},
        {"refused<0.1%", "refused", "refused<0.1%", SLO_SHARE, 0.001, 0.0009, 0.001},
        {"utilisation_mean >= 40%", "utilisation_mean", "utilisation_mean>=40%", SLO_SHARE, 0.4, 0.4, 0.39},
        {"lost==0", "lost", "lost==0", SLO_COUNT, 0, 0, 1},
        {"retried!=0", "retried", "retried!=0", SLO_COUNT, 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        slo o;
        char name[SLO_TEXT_MAX + 1];
        ck_assert_int_eq(slo_parse(cases[i].text, &o, NULL), SCHED_OK);
        ck_assert_str_eq(slo_figure(name, &o), cases[i].figure);
        ck_assert_str_eq(o.text, cases[i].packed);
        ck_assert_int_eq(o.unit, cases[i].unit);
        ck_assert_double_eq(o.value, cases[i].value);
        ck_assert_msg(slo_holds(&o, cases[i].meets), "%s, %g", o.text, cases[i].meets);
        ck_assert_msg(!slo_holds(&o, cases[i].misses), "%s, %g", o.text, cases[i].misses);
    }
    ck_assert_double_eq(slo_percentile(SLO_P999), 99.9);
}
END_TEST

/* --- dump, hash, schema ----------------------------------------------------------------------------------------- */

static const char *const readable[] = {
    "seed: 5",
    "languages: {list: [en, de, fr], popularity: {weights: {de: 4, fr: 0.5}}}\nsessions: [{pairs: [{pair: fr:en, "
    "weight: 3}, "
    "en:de]}, {rate: 0.7/s, arrivals: constant, pairs: uniform}]",
    "nodes: [{name: a, languages: {asr: 4, tts: all, semantic: [en, es, zh]}, acks: yes}, {languages: [en, es], "
    "jitter: 0}]",
    "faults: [{at: 1s, kind: crash, nodes: {share: 10%}}, {at: 2min, kind: hang, nodes: {names: [n1-3]}, for: 1s},\n"
    "  {at: 1min, instance: pause, which: 0, for: 2s}, {every: 5min, instance: crash, for: 3s},\n"
    " {at: 3s, kind: languages, nodes: {count: 1}, languages: {asr: 3, tts: [de, fr]}},\n"
    " {at: 3s, kind: missing_model, nodes: {count: 1}, targets: [de, en]}, {at: 1s, kind: slow, nodes: {count: 1}},\n"
    " {at: 4s, redis: restart, data: lost, for: 1s}, {at: 5s, redis: slow, factor: 3}]",
    "slo: [\"e2e_p95 < 1500ms\", \"lost==0\"]\nscheduler: {phase: 3, limit: yes, namespace: \"x:\"}\n",
    "provenance: \"line one\\nline \\\"two\\\" ü \\u2028\"\nname: 'yes'\nmeasure: {trace: yes}\nstart: "
    "2028-02-29T12:34:56Z",
};

START_TEST(a_dump_reads_back_to_the_same_dump_and_hash) {
    scenario *s = parsed(readable[_i]);
    char *once = dumped(s), a[SCENARIO_HASH_MAX + 1], b[SCENARIO_HASH_MAX + 1];
    scenario *again = parsed(once);
    char *twice = dumped(again);
    ck_assert_str_eq(once, twice);
    ck_assert_str_eq(scenario_hash(s, a), scenario_hash(again, b));
    ck_assert_uint_eq(strlen(a), 16);
    free(once);
    free(twice);
    scenario_free(s);
    scenario_free(again);
}
END_TEST

static void ck_hashes(const char *one, const char *other, bool same) {
    scenario *s = parsed(one), *t = parsed(other);
    char a[SCENARIO_HASH_MAX + 1], b[SCENARIO_HASH_MAX + 1];
    scenario_hash(s, a);
    scenario_hash(t, b);
    ck_assert_msg(!strcmp(a, b) == same, "%s and %s: %s %s", one, other, a, b);
    scenario_free(s);
    scenario_free(t);
}

START_TEST(the_hash_is_about_values_not_about_their_spelling) {
    ck_hashes("seed: 5\nduration: 2min", "# question\nduration: 120s\nseed: 5", true);
    ck_hashes("duration: 40s", "duration: 40s\nwarmup: 10s", true);
    ck_hashes("seed: 5", "seed: 5\nwarmup: 30s\nfaults: []\nscheduler: {phase: production}", true);
    ck_hashes("languages: {count: 3}", "languages: {list: [en, zh, es]}", true);
    ck_hashes("slo: [\"lost == 0\"]", "slo: [lost==0]", true);
    ck_hashes("nodes: [{delay: {dist: constant, mean: 5ms}}]", "nodes: [{delay: 5ms}]", true);
    ck_hashes("seed: 5", "seed: 6", false);
    ck_hashes("name: a", "name: b", false);
    ck_hashes("nodes: [{jitter: 20%}]", "nodes: [{jitter: 21%}]", false);
    ck_hashes("scheduler: {phase: 3}", "scheduler: {phase: production}", false);
    ck_hashes("nodes: [{name: a}, {name: b}]", "nodes: [{name: b}, {name: a}]", false);
}
END_TEST

/* noinline: gcc 12 takes the stream's pointer to `text` for one that dangles. */
__attribute__((noinline)) static char *schema(void (*print)(FILE *out)) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    print(out);
    fclose(out);
    return text;
}

START_TEST(the_schema_is_the_scenario_of_all_defaults) {
    char *text = schema(scenario_schema_text);
    ck_hashes(text, "{}", true);
    free(text);
}
END_TEST

START_TEST(the_documentation_is_what_the_tables_print) {
    char *text = schema(scenario_schema_markdown);
    size_t len = strlen(text);
    char *file = mem_zalloc(len + 2, 1);
    FILE *in = fopen("docs/SCENARIOS.md", "rb");
    ck_assert_msg(in != NULL, "docs/SCENARIOS.md is missing: lingua-sim schema --markdown > docs/SCENARIOS.md");
    size_t n = fread(file, 1, len + 1, in);
    fclose(in);
    ck_assert_msg(n == len && !memcmp(file, text, len),
                  "docs/SCENARIOS.md is out of date: lingua-sim schema --markdown > docs/SCENARIOS.md");
    free(text);
    free(file);
}
END_TEST

/* The example in the documentation is one. */
START_TEST(the_documented_example_is_a_scenario) {
    char *text = schema(scenario_schema_markdown);
    char *start = strstr(text, "```yaml\n");
    ck_assert_ptr_nonnull(start);
    start += strlen("```yaml\n");
    *strstr(start, "```") = '\0';
    scenario *s = parsed(start);
    ck_assert_str_eq(s->warning, "");
    scenario_free(s);
    free(text);
}
END_TEST

START_TEST(every_scenario_of_the_project_is_right_and_says_its_question_first) {
    glob_t files = {0};
    ck_assert_int_eq(glob("scenarios/*.yaml", 0, NULL, &files), 0);
    glob("scenarios/*/*.yaml", GLOB_APPEND, NULL, &files);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        scenario *s = NULL;
        sched_error err = {0};
        ck_assert_msg(!scenario_load(files.gl_pathv[i], &s, &err), "%s", err.message);
        ck_assert_msg(!*s->warning, "%s: %s", files.gl_pathv[i], s->warning);
        scenario_free(s);
        char head[32] = "";
        FILE *in = fopen(files.gl_pathv[i], "rb");
        ck_assert_ptr_nonnull(fgets(head, sizeof head, in));
        fclose(in);
        ck_assert_msg(!strncmp(head, "# Question ", 11), "%s begins with: %s", files.gl_pathv[i], head);
    }
    globfree(&files);
}
END_TEST

START_TEST(the_quickstart_loads_its_nodes_to_about_a_half) {
    scenario *s = NULL;
    ck_assert_int_eq(scenario_load("scenarios/quickstart.yaml", &s, NULL), SCHED_OK);
    scenario_totals t = scenario_total(s);
    ck_assert_int_eq(t.nodes, 500);
    ck_assert_uint_eq(s->languages.count, 12);
    ck_assert_int_eq(s->session_groups[0].concurrent, 1000);
    ck_assert_int_eq(s->duration, 600 * USEC_PER_SEC);
    ck_assert_msg(t.load > 0.4 && t.load < 0.6, "load %g", t.load);
    scenario_free(s);
}
END_TEST

/* Characters of one document are overwritten by what has a meaning in YAML, and by letters and digits of its own. */
START_TEST(mutated_scenarios_load_or_are_refused_with_a_place) {
    static const char seed_text[] =
        "seed: 1\nduration: 2min\nlanguages: {list: [en, de, fr], popularity: {weights: {de: 4, fr: 0.5}}}\n"
        "nodes:\n  - {name: a, count: 9, languages: {asr: 2, tts: all}, delay: {dist: gamma, mean: 5ms, cv: 0.3, min: "
        "1ms}}\n"
        "  - {languages: [en, de], slots: 2, service: {asr: {rtf: 0.2, cv: 0.1}}}\n"
        "sessions: [{pairs: [{pair: fr:en, weight: 3}, en:de], length: {dist: uniform, min: 5s, max: 9s}}, {rate: "
        "0.7/s}]\n"
        "faults: [{at: 9s, kind: crash, nodes: {names: [a-3]}, for: 1s}, {at: 5s, kind: hang, nodes: {share: 10%}}]\n"
        "slo: [\"e2e_p95<1500ms\", lost==0]\nscheduler: {phase: 3, limit: yes}\n";
    static const char alphabet[] = "[]{}:,-&*!|>'\"%#?~ \n\t0159aenx.\\";
    rng r;
    rng_init(&r, 1, "mutate", 0);
    int loaded = 0;
    for (int i = 0; i < 5000; i++) {
        char text[sizeof seed_text];
        memcpy(text, seed_text, sizeof text);
        size_t len = sizeof text - 1;
        for (uint64_t k = 1 + rng_below(&r, 2); k > 0; k--) {
            text[rng_below(&r, len)] = alphabet[rng_below(&r, sizeof alphabet - 1)];
        }
        scenario *s = NULL;
        sched_error err = {0};
        if (scenario_parse("s.yaml", text, len, &s, &err)) {
            int line = 0, column = 0;
            ck_assert_msg(sscanf(err.message, "s.yaml:%d:%d: ", &line, &column) == 2, "%s", err.message);
        } else {
            scenario_total(s);
            scenario_free(s);
            loaded++;
        }
    }
    ck_assert_msg(loaded > 100, "%d loaded", loaded);
}
END_TEST

START_TEST(a_node_is_named_after_its_group) {
    char id[ID_MAX + 1];
    node_group g = {.name = "gpu"};
    ck_assert_str_eq(scenario_node_id(id, &g, 17), "gpu-17");
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("scenario");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, one_line_makes_a_sensible_scenario);
    tcase_add_test(tests, the_name_is_that_of_the_file_unless_given);
    tcase_add_test(tests, popularity_gives_each_language_its_share);
    tcase_add_test(tests, a_pair_is_asked_for_by_the_product_of_its_shares);
    tcase_add_test(tests, listed_pairs_keep_their_weights_in_the_order_of_the_languages);
    tcase_add_test(tests, nodes_draw_different_languages_by_popularity);
    tcase_add_test(tests, every_drawn_node_serves_some_pair);
    tcase_add_test(tests, built_in_tags_are_valid_and_different);
    tcase_add_test(tests, a_fault_of_a_share_hits_that_many_nodes_at_least_one);
    tcase_add_test(tests, demand_that_certainly_nobody_serves_is_warned_about);
    tcase_add_test(tests, totals_are_what_the_arithmetic_says);
    tcase_add_loop_test(tests, what_cannot_be_run_is_refused_with_place_and_reason, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, objectives_compare_in_the_unit_of_their_figure);
    tcase_add_loop_test(tests, a_dump_reads_back_to_the_same_dump_and_hash, 0, sizeof readable / sizeof *readable);
    tcase_add_test(tests, the_hash_is_about_values_not_about_their_spelling);
    tcase_add_test(tests, the_schema_is_the_scenario_of_all_defaults);
    tcase_add_test(tests, the_documentation_is_what_the_tables_print);
    tcase_add_test(tests, the_documented_example_is_a_scenario);
    tcase_add_test(tests, every_scenario_of_the_project_is_right_and_says_its_question_first);
    tcase_add_test(tests, the_quickstart_loads_its_nodes_to_about_a_half);
    tcase_add_test(tests, mutated_scenarios_load_or_are_refused_with_a_place);
    tcase_add_test(tests, a_node_is_named_after_its_group);
    return suite_run_case("scenario", tests);
}
