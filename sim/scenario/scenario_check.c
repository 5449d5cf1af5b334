/* scenario_check.c - each rule reads the bound scenario and points at the place in the file that breaks it.
 *
 * The order is the order of the file: languages, nodes, sessions, what both have to do with each other, the rest;
 * later rules rely on what earlier ones filled in. */
#include "sim/scenario/scenario_check.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/domain/ids.h"
#include "sim/scenario/faults_check.h"

enum { BINS_MAX = 100000, WARNED_PAIRS = 12, LANGUAGES_DEFAULT = 12, CONCURRENT_DEFAULT = 100 };
enum { PCM16_BYTES_PER_SECOND = 2 * SAMPLE_RATE_DEFAULT, OPUS_BYTES_PER_SECOND = 24000 / 8 };

/* --- languages -------------------------------------------------------------------------------------------------- */

/* "\"xx\" is not among the 12 languages of the scenario; did you mean ...?" */
static void say_unknown(const scenario_languages *langs, const char *tag, sched_error *ret_text) {
    char hint[SUGGEST_TEXT_MAX];
    suggest near = suggest_for(tag);
    for (size_t i = 0; i < langs->count; i++) suggest_offer(&near, langs->tag[i]);
    sched_fail(ret_text, SCHED_EINVAL, "\"%s\" is not among the %zu languages of the scenario%s", tag, langs->count,
               suggest_text(&near, hint));
}

static sched_status unknown_language(const yaml_value *at, const scenario_languages *langs, const char *tag,
                                     sched_error *err) {
    sched_error text;
    say_unknown(langs, tag, &text);
    return yaml_fail(at, err, "%s", text.message);
}

static int spoken(const scenario_languages *langs) {
    int n = 0;
    for (size_t i = 0; i < langs->count; i++) n += langs->share[i] > 0;
    return n;
}

static sched_status finish_languages(const yaml_value *root, scenario *s, sched_error *err) {
    scenario_languages *langs = &s->languages;
    if (langs->count && langs->asked) {
        return yaml_fail(yaml_at(root, "languages.count"), err, "languages: either list or count, not both");
    }
    bool file = langs->popularity.kind == POPULARITY_FILE;
    if (file && langs->asked > (int64_t)langs->popularity.table.count) {
        return yaml_fail(yaml_at(root, "languages.count"), err, "count: %lld, but the popularity names %zu languages",
                         (long long)langs->asked, langs->popularity.table.count);
    }
    if (!langs->count && !langs->asked && !file) langs->asked = LANGUAGES_DEFAULT;
    for (size_t i = 0; i < langs->count; i++) {
        if (languages_find(langs, langs->tag[i]) == (int)i) continue;
        return yaml_fail(yaml_at(root, "languages.list[%zu]", i), err, "language \"%s\" is listed twice",
                         langs->tag[i]);
    }
    languages_resolve(langs);
    for (size_t i = 0; i < langs->popularity.weight_count; i++) {
        const char *tag = langs->popularity.weights[i].tag;
        if (languages_find(langs, tag) >= 0) continue;
        return unknown_language(yaml_at(root, "languages.popularity.weights.%s", tag), langs, tag, err);
    }
    if (spoken(langs) >= 2) return SCHED_OK;
    return yaml_fail(yaml_at(root, "languages"), err, "languages: %d of %zu with a share: a pair needs two",
                     spoken(langs), langs->count);
}

/* --- nodes ------------------------------------------------------------------------------------------------------ */

/* Fills a missing name; `prefix` and the group's number from 1. */
static sched_status finish_name(const yaml_value *at, char name[GROUP_NAME_MAX + 1], const char *prefix, size_t i,
                                sched_error *err) {
    sched_error inner = {0};
    if (!*name) snprintf(name, GROUP_NAME_MAX + 1, "%s%zu", prefix, i + 1);
    return id_check("name", name, &inner) ? yaml_fail(at, err, "%s", inner.message) : SCHED_OK;
}

static sched_status check_choice(const yaml_value *at, const scenario *s, const lang_choice *choice, sched_error *err) {
    const scenario_languages *langs = &s->languages;
    if (choice->kind == LANGS_LISTED) {
        for (int i = 0; i < choice->list.count; i++) {
            if (languages_find(langs, choice->list.tag[i]) >= 0) continue;
            return unknown_language(at, langs, choice->list.tag[i], err);
        }
    }
    if (choice->kind == LANGS_ALL && langs->count > LANGS_MAX) {
        return yaml_fail(at, err, "languages: all is %zu, but a node knows at most %d: say a number to draw",
                         langs->count, LANGS_MAX);
    }
    if (choice->kind == LANGS_DRAWN && choice->drawn > spoken(langs)) {
        return yaml_fail(at, err, "languages: %d to draw, but only %d have a share in the popularity", choice->drawn,
                         spoken(langs));
    }
    return SCHED_OK;
}

static bool may_serve_something(const scenario *s, const node_group *g) {
    int n = (int)s->languages.count;
    for (int src = 0; src < n; src++) {
        for (int tgt = 0; tgt < n; tgt++) {
            if (languages_may_serve(&s->languages, &g->languages, src, tgt)) return true;
        }
    }
    return false;
}

/* Most pairs of one node: every source with every target but itself, when both lists are the same. */
static int most_pairs(const scenario *s, const node_group *g) {
    int sources = languages_most(&s->languages, &g->languages.asr);
    if (g->languages.tts.kind == LANGS_AS_ASR) return sources * (sources - 1);
    int targets = languages_most(&s->languages, &g->languages.tts);
    bool all = g->languages.tts.kind == LANGS_ALL || g->languages.asr.kind == LANGS_ALL;
    return sources * targets - (all ? (sources < targets ? sources : targets) : 0);
}

sched_status node_languages_check(const yaml_value *at, const scenario *s, const node_group *g, sched_error *err) {
    sched_status status = check_choice(yaml_at(at, "asr"), s, &g->languages.asr, err);
    if (!status) status = check_choice(yaml_at(at, "tts"), s, &g->languages.tts, err);
    if (!status) status = check_choice(yaml_at(at, "semantic"), s, &g->languages.semantic, err);
    if (status) return status;
    if (!may_serve_something(s, g)) {
        return yaml_fail(at, err,
                         "languages: no pair follows for nodes of \"%s\": one needs a source that is recognised "
                         "and repaired, and another target that is spoken",
                         g->name);
    }
    if (most_pairs(s, g) > s->scheduler.pairs_max) {
        return yaml_fail(at, err,
                         "languages: a node of \"%s\" may serve %d pairs: at most %lld (scheduler.pairs_max) are "
                         "accepted",
                         g->name, most_pairs(s, g), (long long)s->scheduler.pairs_max);
    }
    return SCHED_OK;
}

static sched_status check_join(const yaml_value *at, const scenario *s, const join_time *join, sched_error *err) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];
    if (join->at + join->over < s->duration) return SCHED_OK;
    return yaml_fail(at, err, "join: %s and %s more are not over before the end of the run at %s",
                     units_format_duration(a, join->at), units_format_duration(b, join->over),
                     units_format_duration(c, s->duration));
}

static sched_status check_leave(const yaml_value *at, const scenario *s, const node_group *g, sched_error *err) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];
    const leave_time *leave = &g->leave;
    if (leave->share <= 0 && !leave->at && !leave->over) return SCHED_OK;
    if (leave->share <= 0) return yaml_fail(at, err, "leave: share is missing: part of the group, such as 50%%");
    if (leave->at < g->join.at + g->join.over) {
        return yaml_fail(at, err, "leave: at %s not all have joined: expected at least %s",
                         units_format_duration(a, leave->at), units_format_duration(b, g->join.at + g->join.over));
    }
    if (leave->at + leave->over < s->duration) return SCHED_OK;
    return yaml_fail(at, err, "leave: %s and %s more are not over before the end of the run at %s",
                     units_format_duration(a, leave->at), units_format_duration(b, leave->over),
                     units_format_duration(c, s->duration));
}

static sched_status check_services(const yaml_value *at, const node_group *g, sched_error *err) {
    sched_error inner = {0};
    return service_list_check(g->services, &inner) ? yaml_fail(at, err, "%s", inner.message) : SCHED_OK;
}

static sched_status finish_nodes(const yaml_value *root, scenario *s, sched_error *err) {
    int64_t total = 0;
    if (!s->node_group_count)
        return yaml_fail(yaml_at(root, "nodes"), err, "nodes: an empty list: no job could be placed");
    for (size_t i = 0; i < s->node_group_count; i++) {
        node_group *g = &s->node_groups[i];
        sched_status status = finish_name(yaml_at(root, "nodes[%zu].name", i), g->name, "n", i, err);
        for (size_t k = 0; k < i && !status; k++) {
            if (strcmp(g->name, s->node_groups[k].name) != 0) continue;
            status =
                yaml_fail(yaml_at(root, "nodes[%zu].name", i), err, "two groups of nodes are named \"%s\"", g->name);
        }
        if (!status) status = check_services(yaml_at(root, "nodes[%zu].services", i), g, err);
        if (!status) status = node_languages_check(yaml_at(root, "nodes[%zu].languages", i), s, g, err);
        if (!status) status = check_join(yaml_at(root, "nodes[%zu].join", i), s, &g->join, err);
        if (!status) status = check_leave(yaml_at(root, "nodes[%zu].leave", i), s, g, err);
        if (status) return status;
        total += g->count;
        if (total <= SCENARIO_NODES_MAX) continue;
        return yaml_fail(yaml_at(root, "nodes[%zu].count", i), err, "%lld nodes in all: at most %d are accepted",
                         (long long)total, SCENARIO_NODES_MAX);
    }
    return SCHED_OK;
}

/* --- sessions --------------------------------------------------------------------------------------------------- */

/* The place of the i-th weight: in the scenario, or in the file of the matrix. */
static sched_status refuse_pair(const yaml_value *at, const pair_mix *mix, size_t i, const char *text,
                                sched_error *err) {
    if (mix->kind == PAIRS_LISTED) return yaml_fail(yaml_at(at, "[%zu].pair", i), err, "%s", text);
    char *path = yaml_path(yaml_at(at, "matrix.file"), mix->matrix.file);
    sched_status status = sched_fail(err, SCHED_EINVAL, "%s:%lld: %s", path, (long long)mix->weights[i].line, text);
    free(path);
    return status;
}

static sched_status check_pairs(const yaml_value *at, const scenario_languages *langs, const pair_mix *mix,
                                sched_error *err) {
    bool *seen = mem_zalloc(langs->count * langs->count, sizeof *seen);
    sched_error text = {SCHED_OK, ""};
    for (size_t i = 0; i < mix->weight_count && !text.status; i++) {
        const lang_pair *pair = &mix->weights[i].pair;
        int src = languages_find(langs, pair->src), tgt = languages_find(langs, pair->tgt);
        bool *here = src < 0 || tgt < 0 ? NULL : &seen[(size_t)src * langs->count + (size_t)tgt];
        if (!here)
            say_unknown(langs, src < 0 ? pair->src : pair->tgt, &text);
        else if (*here)
            sched_fail(&text, SCHED_EINVAL, "pair %s:%s is listed twice", pair->src, pair->tgt);
        else
            *here = true;
        if (text.status) refuse_pair(at, mix, i, text.message, err);
    }
    free(seen);
    return text.status;
}

/* A product needs two languages that the scenario has. */
static sched_status check_product(const yaml_value *at, const pair_mix *mix, sched_error *err) {
    if (mix->kind != PAIRS_PRODUCT || mix->pair_count) return SCHED_OK;
    return yaml_fail(yaml_at(at, "product"), err,
                     "product: fewer than two of its languages are among those of the scenario");
}

/* The rate is that of the written ones, or of the trace within the run; the group itself may say none. */
static sched_status finish_arrivals(const yaml_value *at, const scenario *s, session_group *g, sched_error *err) {
    arrivals *a = &g->arrivals;
    bool trace = a->kind == ARRIVALS_TRACE;
    if (!trace && (a->kind != ARRIVALS_BURSTS || a->bursts.burst_rate <= 0)) return SCHED_OK;
    if (g->concurrent || g->rate_given > 0) {
        return yaml_fail(yaml_at(at, g->concurrent ? "concurrent" : "rate"), err,
                         "%s: has no meaning here: the %s says when sessions come",
                         g->concurrent ? "concurrent" : "rate", trace ? "trace" : "rate of the bursts");
    }
    g->rate = bursts_mean_rate(&a->bursts);
    if (!trace) return SCHED_OK;
    if (g->two_way || g->vanish > 0) {
        return yaml_fail(yaml_at(at, g->two_way ? "two_way" : "vanish"), err,
                         "%s: has no meaning here: each line of a trace is a call of one utterance",
                         g->two_way ? "two_way" : "vanish");
    }
    usec_t within = s->duration - g->join.at;
    sched_status status = trace_rows_read(&a->trace, yaml_at(at, "arrivals.trace"), &s->languages, within, err);
    if (!status) g->rate = (double)a->trace.row_count / ((double)within / (double)USEC_PER_SEC);
    return status;
}

/* Bytes follow from the format, as the core measures them. */
static sched_status finish_talk(const yaml_value *at, const scenario *s, session_group *g, sched_error *err) {
    talk_pattern *talk = &g->talk;
    if (!talk->bytes_per_second)
        talk->bytes_per_second = talk->format == SOUND_OPUS ? OPUS_BYTES_PER_SECOND : PCM16_BYTES_PER_SECOND;
    double most = (double)talk->chunk / (double)USEC_PER_SEC * (double)talk->bytes_per_second;
    if (most > (double)s->scheduler.utterance_bytes) {
        return yaml_fail(yaml_at(at, "chunk"), err, "chunk: %.0f bytes in one: at most %llu may be in an utterance",
                         most, (unsigned long long)s->scheduler.utterance_bytes);
    }
    if (talk->granularity == TALK_CHUNK && g->retry.after) {
        return yaml_fail(yaml_at(at, "granularity"), err,
                         "granularity: chunk has no meaning beside retry: chunks are not sent again");
    }
    if (g->arrivals.kind != ARRIVALS_TRACE) return SCHED_OK;
    if (talk->manual >= 1 && talk->granularity == TALK_WHOLE) return SCHED_OK;
    const char *key = talk->manual < 1 ? "manual" : "granularity";
    return yaml_fail(yaml_at(at, "%s", key), err, "%s: has no meaning here: each line of a trace is cut already", key);
}

static sched_status check_room(const yaml_value *at, const session_group *g, sched_error *err) {
    const char *key = g->two_way ? "two_way" : g->retry.after ? "retry" : NULL;
    if (!g->room.members) return SCHED_OK;
    if (key)
        return yaml_fail(yaml_at(at, "%s", key), err, "%s: has no meaning in a room: the others hear the answers", key);
    if (g->arrivals.kind != ARRIVALS_TRACE) return SCHED_OK;
    return yaml_fail(yaml_at(at, "room"), err,
                     "room: has no meaning here: each line of a trace is a call of one utterance");
}

static sched_status finish_rate(const yaml_value *at, session_group *g, sched_error *err) {
    if (g->concurrent && g->rate_given > 0) {
        return yaml_fail(yaml_at(at, "rate"), err, "either concurrent or rate, not both");
    }
    if (!g->concurrent && g->rate_given <= 0 && g->rate <= 0) g->concurrent = CONCURRENT_DEFAULT;
    double length = dist_mean(&g->length) / (double)USEC_PER_SEC;
    if (length < 0.001) return yaml_fail(yaml_at(at, "length"), err, "length: expected a mean of at least 1ms");
    if (dist_mean(&g->talk.utterance) < 1000) {
        return yaml_fail(yaml_at(at, "talk.utterance"), err, "utterance: expected a mean of at least 1ms");
    }
    if (g->concurrent || g->rate_given > 0) g->rate = g->concurrent ? (double)g->concurrent / length : g->rate_given;
    if (g->arrivals.kind == ARRIVALS_TRACE || g->rate * length <= SCENARIO_SESSIONS_MAX) return SCHED_OK;
    return yaml_fail(yaml_at(at, "rate"), err, "rate: %.0f sessions at once would follow: at most %d are accepted",
                     g->rate * length, SCENARIO_SESSIONS_MAX);
}

static sched_status finish_sessions(const yaml_value *root, scenario *s, sched_error *err) {
    if (!s->session_group_count) {
        return yaml_fail(yaml_at(root, "sessions"), err, "sessions: an empty list: nobody would ask for a job");
    }
    for (size_t i = 0; i < s->session_group_count; i++) {
        session_group *g = &s->session_groups[i];
        const yaml_value *at = yaml_at(root, "sessions[%zu]", i);
        sched_status status = finish_name(yaml_at(at, "name"), g->name, "s", i, err);
        for (size_t k = 0; k < i && !status; k++) {
            if (strcmp(g->name, s->session_groups[k].name) != 0) continue;
            status = yaml_fail(yaml_at(at, "name"), err, "two groups of sessions are named \"%s\"", g->name);
        }
        if (!status) status = check_pairs(yaml_at(at, "pairs"), &s->languages, &g->pairs, err);
        if (!status) status = check_join(yaml_at(at, "join"), s, &g->join, err);
        if (!status) status = finish_arrivals(at, s, g, err);
        if (!status) status = finish_rate(at, g, err);
        if (!status) status = check_room(at, g, err);
        if (!status) status = finish_talk(yaml_at(at, "talk"), s, g, err);
        if (status) return status;
        pair_mix_resolve(&g->pairs, &s->languages, g->two_way);
        status = check_product(yaml_at(at, "pairs"), &g->pairs, err);
        if (status) return status;
    }
    return SCHED_OK;
}

/* --- does anybody serve what is asked for? ---------------------------------------------------------------------- */

static bool somebody_serves(const scenario *s, const pair_share *pair) {
    for (size_t i = 0; i < s->node_group_count; i++) {
        if (languages_may_serve(&s->languages, &s->node_groups[i].languages, pair->src, pair->tgt)) return true;
    }
    return false;
}

/* Appends "en:de, en:fr" of the pairs that no group can serve; returns how many there are. */
static size_t unserved(const scenario *s, const pair_mix *mix, char *list, size_t size) {
    size_t n = 0, len = 0;
    for (size_t i = 0; i < mix->pair_count; i++) {
        const pair_share *pair = &mix->pairs[i];
        if (somebody_serves(s, pair)) continue;
        if (n < WARNED_PAIRS) {
            len += (size_t)snprintf(list + len, size - len, "%s%s:%s", n ? ", " : "", s->languages.tag[pair->src],
                                    s->languages.tag[pair->tgt]);
        }
        if (n == WARNED_PAIRS) snprintf(list + len, size - len, " ...");
        n++;
    }
    return n;
}

static sched_status check_service(const yaml_value *root, scenario *s, sched_error *err) {
    char list[WARNED_PAIRS * (PAIR_MAX + 2) + 8] = "";
    bool any = false;
    for (size_t i = 0; i < s->session_group_count; i++) {
        const session_group *g = &s->session_groups[i];
        size_t n = unserved(s, &g->pairs, list, sizeof list);
        any |= n < g->pairs.pair_count;
        if (n == 0 || *s->warning) continue;
        const char *verb = n == 1 ? "is" : "are";
        snprintf(s->warning, sizeof s->warning,
                 "sessions \"%s\": %zu of %zu pairs %s served by no node, their jobs will be "
                 "refused: %s",
                 g->name, n, g->pairs.pair_count, verb, list);
    }
    if (any) return SCHED_OK;
    return yaml_fail(yaml_at(root, "sessions"), err,
                     "no job can ever be placed: no node serves any of the demanded pairs (%s)", list);
}

/* --- the rest -------------------------------------------------------------------------------------------------- */

static sched_status check_times(const yaml_value *root, scenario *s, sched_error *err) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];
    if (!yaml_get(root, "warmup") && s->warmup > s->duration / 4) s->warmup = s->duration / 4;
    if (s->warmup >= s->duration) {
        return yaml_fail(yaml_at(root, "warmup"), err, "warmup: %s is not shorter than the duration of %s",
                         units_format_duration(a, s->warmup), units_format_duration(b, s->duration));
    }
    if (s->duration / s->measure.bin >= BINS_MAX) {
        return yaml_fail(yaml_at(root, "measure.bin"), err, "bin: %s makes more than %d bins of %s",
                         units_format_duration(a, s->measure.bin), BINS_MAX, units_format_duration(b, s->duration));
    }
    return SCHED_OK;
}

sched_status scenario_finish(const yaml_value *root, scenario *s, sched_error *err) {
    sched_error inner = {0};
    sched_status status = check_times(root, s, err);
    if (!status) status = finish_languages(root, s, err);
    if (!status) status = finish_nodes(root, s, err);
    if (!status) status = finish_sessions(root, s, err);
    if (!status) status = check_service(root, s, err);
    if (!status && scheduler_config_check(&s->scheduler, &inner)) {
        const char *about = scheduler_config_about(inner.message);
        const yaml_value *at = yaml_at(root, "scheduler.%.*s", (int)strcspn(about, " :"), about);
        status = yaml_fail(at, err, "%s", inner.message);
    }
    if (!status && s->instances.count > 1 && !scheduler_config_is_shared(&s->scheduler)) {
        status =
            yaml_fail(yaml_at(root, "instances.count"), err,
                      "count: %lld instances, but with delivery: local (phase %s) none reaches a node of another one",
                      (long long)s->instances.count, s->scheduler.phase);
    }
    for (size_t i = 0; i < s->fault_count && !status; i++) {
        status = fault_finish(yaml_at(root, "faults[%zu]", i), s, &s->faults[i], err);
    }
    return status;
}
