/* languages.c - shares, draws and what may serve what.
 *
 * Why a draw walks the remaining languages instead of rejecting repeats: with a steep popularity the last of many
 * languages would take hundreds of rejections, and their number would depend on the drawn values, so that equal
 * scenarios differ in cost. A walk is O(languages) per drawn one, always. */
#include "sim/scenario/languages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/detmath.h"
#include "core/base/mem.h"

int languages_find(const scenario_languages *langs, const char *tag) {
    for (size_t i = 0; i < langs->count; i++) {
        if (!strcmp(langs->tag[i], tag)) return (int)i;
    }
    return -1;
}

static double weight_in(const lang_table *table, const char *tag) {
    for (size_t i = 0; i < table->count; i++) {
        if (!strcmp(table->weights[i].tag, tag)) return table->weights[i].weight;
    }
    return 0;
}

static double weight_of(const popularity *p, size_t i, const char *tag) {
    if (p->kind == POPULARITY_FILE) return weight_in(&p->table, tag);
    if (p->kind == POPULARITY_UNIFORM) return 1;
    if (p->kind == POPULARITY_ZIPF) return det_pow((double)(i + 1), -p->zipf);
    for (size_t k = 0; k < p->weight_count; k++) {
        if (!strcmp(p->weights[k].tag, tag)) return p->weights[k].weight;
    }
    return 1;
}

/* The languages are those of the file; `asked` of them when that is given. */
static void take_from_table(scenario_languages *langs) {
    const lang_table *table = &langs->popularity.table;
    langs->count = langs->asked ? (size_t)langs->asked : table->count;
    langs->tag = mem_zalloc(langs->count, sizeof *langs->tag);
    for (size_t i = 0; i < langs->count; i++) memcpy(langs->tag[i], table->weights[i].tag, sizeof(lang_tag));
    langs->asked = 0;
}

void languages_resolve(scenario_languages *langs) {
    if (langs->popularity.kind == POPULARITY_FILE && !langs->count) take_from_table(langs);
    if (langs->asked) {
        langs->count = (size_t)langs->asked;
        langs->tag = mem_zalloc(langs->count, sizeof *langs->tag);
        for (size_t i = 0; i < langs->count; i++) languages_builtin(i, langs->tag[i]);
        langs->asked = 0;
    }
    double sum = 0;
    langs->share = mem_zalloc(langs->count, sizeof *langs->share);
    for (size_t i = 0; i < langs->count; i++) {
        langs->share[i] = weight_of(&langs->popularity, i, langs->tag[i]);
        sum += langs->share[i];
    }
    for (size_t i = 0; i < langs->count; i++) langs->share[i] = sum > 0 ? langs->share[i] / sum : 0;
}

/* --- what a node knows ------------------------------------------------------------------------------------------ */

int languages_most(const scenario_languages *langs, const lang_choice *choice) {
    if (choice->kind == LANGS_DRAWN) return choice->drawn;
    return choice->kind == LANGS_LISTED ? choice->list.count : (int)langs->count;
}

static void add(lang_list *list, const char *tag) {
    sched_status status = lang_list_add(list, tag, NULL);
    assert(!status);
    (void)status;
}

/* One language that is not taken, by its share among those; all of them together have `left`. */
static size_t draw_one(const scenario_languages *langs, const bool *taken, double left, rng *r) {
    double point = rng_unit(r) * left;
    size_t last = langs->count;
    for (size_t i = 0; i < langs->count; i++) {
        if (taken[i] || langs->share[i] <= 0) continue;
        last = i;
        point -= langs->share[i];
        if (point < 0) break;
    }
    assert(last < langs->count);
    return last;
}

static void draw_some(const scenario_languages *langs, int drawn, rng *r, lang_list *list) {
    bool taken[SCENARIO_LANGS_MAX] = {false};
    double left = 1;
    for (int n = 0; n < drawn; n++) {
        size_t i = draw_one(langs, taken, left, r);
        taken[i] = true;
        left -= langs->share[i];
        add(list, langs->tag[i]);
    }
}

static void choose(const scenario_languages *langs, const lang_choice *choice, const lang_list *asr, rng *r,
                   lang_list *ret_list) {
    lang_list list = {.count = 0};
    switch (choice->kind) {
    case LANGS_ALL:
        for (size_t i = 0; i < langs->count; i++) add(&list, langs->tag[i]);
        break;
    case LANGS_DRAWN: draw_some(langs, choice->drawn, r, &list); break;
    case LANGS_LISTED: list = choice->list; break;
    case LANGS_AS_ASR: list = *asr; break;
    }
    *ret_list = list;
}

static bool serves_something(const lang_list *asr, const lang_list *tts, const lang_list *semantic) {
    for (int i = 0; i < asr->count; i++) {
        if (!lang_list_has(semantic, asr->tag[i])) continue;
        if (tts->count > 1 || strcmp(tts->tag[0], asr->tag[i]) != 0) return true;
    }
    return false;
}

void languages_of_node(const scenario_languages *langs, const node_languages *choice, rng *r, lang_list *ret_asr,
                       lang_list *ret_tts, lang_list *ret_semantic) {
    for (int i = 0; i < LANGS_REDRAWS; i++) {
        choose(langs, &choice->asr, NULL, r, ret_asr);
        choose(langs, &choice->tts, ret_asr, r, ret_tts);
        choose(langs, &choice->semantic, ret_asr, r, ret_semantic);
        if (serves_something(ret_asr, ret_tts, ret_semantic)) return;
    }
}

static bool may_know(const scenario_languages *langs, const node_languages *node, const lang_choice *choice, int lang) {
    switch (choice->kind) {
    case LANGS_ALL: return true;
    case LANGS_DRAWN: return langs->share[lang] > 0;
    case LANGS_LISTED: return lang_list_has(&choice->list, langs->tag[lang]);
    case LANGS_AS_ASR: return may_know(langs, node, &node->asr, lang);
    }
    return false;
}

bool languages_may_serve(const scenario_languages *langs, const node_languages *choice, int src, int tgt) {
    bool one_for_both = choice->tts.kind == LANGS_AS_ASR && languages_most(langs, &choice->asr) < 2;
    return src != tgt && !one_for_both && may_know(langs, choice, &choice->asr, src) &&
           may_know(langs, choice, &choice->semantic, src) && may_know(langs, choice, &choice->tts, tgt);
}

/* --- what is asked for ------------------------------------------------------------------------------------------ */

/* How much a language counts for the mix. */
static double lang_weight_of(const pair_mix *mix, const scenario_languages *langs, size_t i) {
    if (mix->kind == PAIRS_UNIFORM) return 1;
    return mix->kind == PAIRS_PRODUCT ? weight_in(&mix->product, langs->tag[i]) : langs->share[i];
}

static void every_pair(pair_mix *mix, const scenario_languages *langs) {
    double weights[SCENARIO_LANGS_MAX];
    for (size_t i = 0; i < langs->count; i++) weights[i] = lang_weight_of(mix, langs, i);
    mix->pairs = mem_zalloc(langs->count * (langs->count - 1), sizeof *mix->pairs);
    for (size_t src = 0; src < langs->count; src++) {
        for (size_t tgt = 0; tgt < langs->count; tgt++) {
            double weight = src == tgt ? 0 : weights[src] * weights[tgt];
            if (weight <= 0) continue;
            mix->pairs[mix->pair_count++] = (pair_share){.src = (int)src, .tgt = (int)tgt, .share = weight};
        }
    }
}

static int by_pair(const void *a, const void *b) {
    const pair_share *x = a, *y = b;
    return x->src != y->src ? (x->src > y->src) - (x->src < y->src) : (x->tgt > y->tgt) - (x->tgt < y->tgt);
}

static void listed_pairs(pair_mix *mix, const scenario_languages *langs) {
    mix->pairs = mem_zalloc(mix->weight_count, sizeof *mix->pairs);
    for (size_t i = 0; i < mix->weight_count; i++) {
        const pair_weight *w = &mix->weights[i];
        mix->pairs[i] = (pair_share){.src = languages_find(langs, w->pair.src),
                                     .tgt = languages_find(langs, w->pair.tgt),
                                     .share = w->weight};
    }
    mix->pair_count = mix->weight_count;
    qsort(mix->pairs, mix->pair_count, sizeof *mix->pairs, by_pair);
}

/* Adds the opposite of each pair, and joins pairs that are there twice. */
static void add_opposites(pair_mix *mix) {
    size_t n = mix->pair_count, kept = 0;
    mix->pairs = mem_realloc(mix->pairs, 2 * n, sizeof *mix->pairs);
    for (size_t i = 0; i < n; i++) {
        const pair_share *p = &mix->pairs[i];
        mix->pairs[n + i] = (pair_share){.src = p->tgt, .tgt = p->src, .share = p->share};
    }
    qsort(mix->pairs, 2 * n, sizeof *mix->pairs, by_pair);
    for (size_t i = 0; i < 2 * n; i++) {
        pair_share *last = kept ? &mix->pairs[kept - 1] : NULL;
        if (last && by_pair(last, &mix->pairs[i]) == 0)
            last->share += mix->pairs[i].share;
        else
            mix->pairs[kept++] = mix->pairs[i];
    }
    mix->pair_count = kept;
}

void pair_mix_resolve(pair_mix *mix, const scenario_languages *langs, bool both_ways) {
    if (mix->kind == PAIRS_LISTED || mix->kind == PAIRS_MATRIX) {
        listed_pairs(mix, langs);
    } else {
        every_pair(mix, langs);
    }
    if (both_ways && mix->pair_count) add_opposites(mix);
    double sum = 0, upto = 0;
    for (size_t i = 0; i < mix->pair_count; i++) sum += mix->pairs[i].share;
    for (size_t i = 0; i < mix->pair_count; i++) {
        mix->pairs[i].share /= sum;
        upto += mix->pairs[i].share;
        mix->pairs[i].upto = upto;
    }
    if (mix->pair_count) mix->pairs[mix->pair_count - 1].upto = 1;
}

const pair_share *pair_mix_draw(const pair_mix *mix, rng *r) {
    double point = rng_unit(r);
    size_t low = 0, high = mix->pair_count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mix->pairs[middle].upto > point) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return &mix->pairs[low];
}
