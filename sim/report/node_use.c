/* node_use.c - how busy the nodes of a group are, and those of a pair.
 *
 * Languages are numbered and a node is two sets of bits, because a scenario may have thousands of pairs on thousands of nodes. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/report/run_report.h"
#include "sim/world/world.h"

/* The languages that each node recognises and speaks: a bit for each. */
typedef struct node_skills {
    size_t words; /* of one set */
    uint64_t *sources, *targets;
} node_skills;

utilisation run_report_group_use(const run_report *r, size_t group) {
    usec_t busy = 0, offered = 0;
    utilisation u = {0, 0};
    for (int32_t i = 0; i < r->facts->nodes; i++) {
        const node_figures *n = recorder_node(r->recorder, i);
        if (n->group != (int32_t)group) continue;
        busy += n->busy;
        offered += n->offered;
        if (node_utilisation(n) > u.max) u.max = node_utilisation(n);
    }
    if (offered) u.mean = (double)busy / (double)offered;
    return u;
}

static void add_languages(const scenario *sc, const lang_list *list, uint64_t *set) {
    for (int i = 0; i < list->count; i++) {
        int number = languages_find(&sc->languages, list->tag[i]);
        if (number >= 0) set[number >> 6] |= UINT64_C(1) << (number & 63);
    }
}

static bool has(const uint64_t *set, int number) {
    return set[number >> 6] >> (number & 63) & 1;
}

/* In the order of the scenario, as the trace numbers nodes. */
static node_skills skills_of(const scenario *sc, size_t count) {
    size_t words = sc->languages.count / 64 + 1, node = 0;
    node_skills s = {words, mem_zalloc((count + 1) * words, sizeof *s.sources),
                     mem_zalloc((count + 1) * words, sizeof *s.targets)};
    for (size_t g = 0; g < sc->node_group_count; g++)
        for (int64_t i = 0; i < sc->node_groups[g].count && node < count; i++, node++) {
            lang_list asr, tts, semantic;
            lang_service service = {0};
            world_node_languages(sc, (int32_t)g, i, &asr, &tts, &semantic);
            lang_service_make(&asr, &semantic, &tts, LANGS_MAX * LANGS_MAX, &service, NULL);
            add_languages(sc, &service.sources, &s.sources[node * words]);
            add_languages(sc, &service.targets, &s.targets[node * words]);
        }
    return s;
}

static pair_use use_of(const run_report *r, const node_skills *skills, const pair_figures *of) {
    int src = languages_find(&r->sc->languages, of->pair.src), tgt = languages_find(&r->sc->languages, of->pair.tgt);
    pair_use use = {.pair = of->pair, .answered = of->answered};
    usec_t busy = 0, offered = 0;
    if (src < 0 || tgt < 0) return use;
    for (int32_t i = 0; i < r->facts->nodes; i++) {
        const node_figures *n = recorder_node(r->recorder, i);
        size_t at = (size_t)i * skills->words;
        if (n->group < 0 || !has(&skills->sources[at], src) || !has(&skills->targets[at], tgt)) continue;
        busy += n->busy;
        offered += n->offered;
        use.nodes++;
    }
    if (offered) use.use = (double)busy / (double)offered;
    return use;
}

static int tightest_first(const void *a, const void *b) {
    const pair_use *x = a, *y = b;
    if (x->use < y->use || x->use > y->use) return x->use > y->use ? -1 : 1;
    int src = strcmp(x->pair.src, y->pair.src);
    return src ? src : strcmp(x->pair.tgt, y->pair.tgt);
}

size_t run_report_tightest_pairs(const run_report *r, pair_use *ret_pairs, size_t max) {
    size_t total;
    pair_figures *figures = mem_zalloc(1, sizeof *figures);
    recorder_worst_pairs(r->recorder, 1, figures, 0, &total);
    figures = mem_realloc(figures, total ? total : 1, sizeof *figures);
    size_t count = recorder_worst_pairs(r->recorder, 1, figures, total, &total);
    pair_use *all = mem_zalloc(count ? count : 1, sizeof *all);
    node_skills skills = skills_of(r->sc, (size_t)r->facts->nodes);
    for (size_t i = 0; i < count; i++) all[i] = use_of(r, &skills, &figures[i]);
    qsort(all, count, sizeof *all, tightest_first);
    if (count > max) count = max;
    memcpy(ret_pairs, all, count * sizeof *all);
    free(skills.sources);
    free(skills.targets);
    free(all);
    free(figures);
    return count;
}
