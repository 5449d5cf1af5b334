/* scenario.c - from a file to a checked scenario, and back to the text that says the same. */
#include "sim/scenario/scenario.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/detmath.h"
#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/text.h"
#include "core/base/yaml_bind.h"
#include "core/base/yaml_merge.h"
#include "sim/scenario/scenario_check.h"

/* "scenarios/faults/node_crash.yaml" → "node_crash". */
static void name_after_file(const char *file, char name[SCENARIO_NAME_MAX + 1]) {
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    size_t len = strlen(base);
    const char *dot = strrchr(base, '.');
    if (dot && dot > base) len = (size_t)(dot - base);
    len = len <= SCENARIO_NAME_MAX ? len : text_prefix(base, SCENARIO_NAME_MAX);
    memcpy(name, base, len);
    name[len] = '\0';
}

sched_status scenario_bind(const yaml_doc *doc, scenario **ret_scenario, sched_error *err) {
    const yaml_value *root = yaml_doc_root(doc);
    scenario *s = mem_zalloc(1, sizeof *s);
    sched_status status = yaml_bind(root, scenario_settings, sizeof *s, s, err);
    if (!status && !*s->name) name_after_file(yaml_doc_file(doc), s->name);
    if (!status) status = scenario_finish(root, s, err);
    if (status) {
        scenario_free(s);
        return status;
    }
    *ret_scenario = s;
    return SCHED_OK;
}

/* Takes the document over. */
static sched_status finish_reading(yaml_doc *doc, const char *const *sets, size_t set_count, yaml_doc **ret_doc,
                                   sched_error *err) {
    sched_status status = yaml_doc_include(doc, err);
    for (size_t i = 0; i < set_count && !status; i++) status = yaml_doc_set(doc, sets[i], err);
    if (status) {
        yaml_doc_free(doc);
    } else {
        *ret_doc = doc;
    }
    return status;
}

sched_status scenario_read(const char *path, const char *const *sets, size_t set_count, yaml_doc **ret_doc,
                           sched_error *err) {
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_read(path, &doc, err);
    return status ? status : finish_reading(doc, sets, set_count, ret_doc, err);
}

sched_status scenario_load_set(const char *path, const char *const *sets, size_t set_count, scenario **ret_scenario,
                               sched_error *err) {
    assert(path && ret_scenario);
    yaml_doc *doc = NULL;
    sched_status status = scenario_read(path, sets, set_count, &doc, err);
    if (!status) status = scenario_bind(doc, ret_scenario, err);
    yaml_doc_free(doc);
    return status;
}

sched_status scenario_load(const char *path, scenario **ret_scenario, sched_error *err) {
    return scenario_load_set(path, NULL, 0, ret_scenario, err);
}

sched_status scenario_parse(const char *file, const char *text, size_t len, scenario **ret_scenario, sched_error *err) {
    assert(file && ret_scenario);
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_parse(file, text, len, &doc, err);
    if (status) return status;
    status = finish_reading(doc, NULL, 0, &doc, err);
    if (status) return status;
    status = scenario_bind(doc, ret_scenario, err);
    yaml_doc_free(doc);
    return status;
}

scenario *scenario_free(scenario *s) {
    if (!s) return NULL;
    settings_release(scenario_settings, s);
    free(s->languages.share);
    free(s);
    return NULL;
}

bool scenario_drop_sweep(scenario *s) {
    bool there = s->sweep || s->runs;
    free(s->sweep);
    s->sweep = NULL;
    free(s->variants);
    s->variants = NULL;
    s->variant_count = 0;
    s->runs = 0;
    return there;
}

void scenario_dump(const scenario *s, FILE *out) {
    settings_dump(scenario_settings, s, out, 0);
}

char *scenario_hash(const scenario *s, char hash[SCENARIO_HASH_MAX + 1]) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert(out);
    scenario_dump(s, out);
    fclose(out);

    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    free(text);
    snprintf(hash, SCENARIO_HASH_MAX + 1, "%016" PRIx64, sum);
    return hash;
}

char *scenario_node_id(char id[ID_MAX + 1], const node_group *group, int64_t i) {
    snprintf(id, ID_MAX + 1, "%s-%" PRId64, group->name, i);
    return id;
}

/* --- totals ----------------------------------------------------------------------------------------------------- */

static int64_t distinct_pairs(const scenario *s) {
    size_t n = s->languages.count;
    bool *seen = mem_zalloc(n * n, sizeof *seen);
    int64_t pairs = 0;
    for (size_t i = 0; i < s->session_group_count; i++) {
        const pair_mix *mix = &s->session_groups[i].pairs;
        for (size_t k = 0; k < mix->pair_count; k++) {
            bool *at = &seen[(size_t)mix->pairs[k].src * n + (size_t)mix->pairs[k].tgt];
            pairs += !*at;
            *at = true;
        }
    }
    free(seen);
    return pairs;
}

static double in_seconds(double usec) {
    return usec / (double)USEC_PER_SEC;
}

/* In seconds. */
static double speech_mean(const talk_pattern *talk) {
    double usual = dist_mean(&talk->utterance), share = talk->longs.share;
    return in_seconds(share > 0 ? usual + share * (dist_mean(&talk->longs.length) - usual) : usual);
}

/* Speeches per second of one session, while it lasts. */
static double talk_rate(const talk_pattern *talk) {
    return 1 / (speech_mean(talk) + in_seconds(dist_mean(&talk->pause)));
}

/* Mean length of a speech of the group, in seconds. */
static double mean_speech(const session_group *g) {
    const trace_pattern *trace = &g->arrivals.trace;
    double drawn = speech_mean(&g->talk), sum = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        sum += trace->rows[i].speech ? in_seconds((double)trace->rows[i].speech) : drawn;
    }
    return trace->row_count ? sum / (double)trace->row_count : drawn;
}

/* Seconds of all sessions of a group together, until the end of the run. Arriving at a rate, their number approaches
 * rate * length as 1 - exp(-t / length) does. */
static double session_seconds(const session_group *g, double seconds) {
    double length = in_seconds(dist_mean(&g->length));
    if (g->concurrent) return (double)g->concurrent * seconds;
    return g->rate * length * (seconds - length * (1 - det_exp(-seconds / length)));
}

static double stage_seconds(const stage_time *stage, double audio) {
    return stage->rtf * audio + in_seconds((double)stage->overhead);
}

/* Jobs per second that the nodes finish when all their slots are busy with utterances of that length. */
static double capacity(const scenario *s, double audio) {
    double sum = 0;
    for (size_t i = 0; i < s->node_group_count; i++) {
        const node_group *g = &s->node_groups[i];
        double seconds = stage_seconds(&g->service.asr, audio) + stage_seconds(&g->service.nmt, audio) +
                         stage_seconds(&g->service.tts, audio);
        if (seconds > 0) sum += (double)(g->count * g->slots) * g->speed / seconds;
    }
    return sum;
}

scenario_totals scenario_total(const scenario *s) {
    scenario_totals total = {.pairs = distinct_pairs(s)};
    for (size_t i = 0; i < s->node_group_count; i++) {
        total.nodes += s->node_groups[i].count;
        total.slots += s->node_groups[i].count * s->node_groups[i].slots;
    }
    for (size_t i = 0; i < s->session_group_count; i++) {
        const session_group *g = &s->session_groups[i];
        double seconds = in_seconds((double)(s->duration - g->join.at));
        bool calls = g->arrivals.kind == ARRIVALS_TRACE; /* of one utterance each */
        double steady = calls ? g->rate : g->rate * in_seconds(dist_mean(&g->length)) * talk_rate(&g->talk);
        double able = capacity(s, mean_speech(g));
        total.sessions += (double)g->concurrent + g->rate * seconds;
        total.jobs += calls ? g->rate * seconds : session_seconds(g, seconds) * talk_rate(&g->talk);
        if (able > 0) total.load += steady / able;
    }
    return total;
}
