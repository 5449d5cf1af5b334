/* languages.h - the languages of a scenario, how popular each is, and what follows: who knows what, who asks for
 * what.
 *
 * Popularity is a share per language, summing to 1. It decides demand (a pair's share is the product of its two, over
 * all pairs of different languages) and supply (a node that draws its languages draws them by popularity, without
 * repeats). Language numbers are indexes into scenario_languages.tag. */
#ifndef SIM_SCENARIO_LANGUAGES_H
#define SIM_SCENARIO_LANGUAGES_H

#include "core/base/rng.h"
#include "core/base/settings.h"
#include "core/domain/lang_pair.h"
#include "sim/scenario/lang_table.h"

enum { SCENARIO_LANGS_MAX = LANG_TABLE_MAX, SCENARIO_PAIRS_MAX = PAIR_TABLE_MAX, LANGS_REDRAWS = 100 };

typedef enum popularity_kind {
    POPULARITY_ZIPF,
    POPULARITY_UNIFORM,
    POPULARITY_WEIGHTS,
    POPULARITY_FILE
} popularity_kind;

typedef struct popularity {
    popularity_kind kind;
    double zipf;          /* exponent: share of the i-th language ~ 1 / i^zipf */
    lang_weight *weights; /* owned; a language that is not named weighs 1 */
    size_t weight_count;
    lang_table table; /* FILE; a language that is not in it has no share */
} popularity;

typedef struct scenario_languages {
    lang_tag *tag; /* owned */
    size_t count;
    popularity popularity;
    int64_t asked; /* `count:` until the tags are filled in from the built-in ones, then 0 */
    double *share; /* owned; of each language, sum 1 */
} scenario_languages;

typedef enum lang_choice_kind {
    LANGS_ALL,    /* every language of the scenario */
    LANGS_DRAWN,  /* `drawn` different ones, by popularity, for each node anew */
    LANGS_LISTED, /* `list` */
    LANGS_AS_ASR, /* the node's recognition languages; not for `asr` itself */
} lang_choice_kind;

typedef struct lang_choice {
    lang_choice_kind kind;
    int drawn;
    lang_list list;
} lang_choice;

typedef struct node_languages {
    lang_choice asr, tts, semantic;
} node_languages;

/* What one node knows, drawn from `r`; the same stream gives the same lists. Lists from which no pair follows are
 * drawn again, at most LANGS_REDRAWS times. A list never holds more than LANGS_MAX tags: the scenario was checked for
 * that. */
void languages_of_node(const scenario_languages *langs, const node_languages *choice, rng *r, lang_list *ret_asr,
                       lang_list *ret_tts, lang_list *ret_semantic);
/* Could a node of that choice ever serve src:tgt? */
bool languages_may_serve(const scenario_languages *langs, const node_languages *choice, int src, int tgt);
/* Most languages that a node of the choice may have in that list. */
int languages_most(const scenario_languages *langs, const lang_choice *choice);
/* Index of a tag; -1 when the scenario has no such language. */
int languages_find(const scenario_languages *langs, const char *tag);
/* The i-th of the built-in tags: more than 300 real ones, the most spoken first; then made up: x-400 */
void languages_builtin(size_t i, lang_tag ret_tag);

typedef enum pair_mix_kind { PAIRS_POPULARITY, PAIRS_UNIFORM, PAIRS_LISTED, PAIRS_MATRIX, PAIRS_PRODUCT } pair_mix_kind;

/* One demanded pair; src != tgt, share > 0. */
typedef struct pair_share {
    int src, tgt;
    double share;
    double upto; /* sum of the shares up to and including this one; the last is 1 */
} pair_share;

typedef struct pair_mix {
    pair_mix_kind kind;
    pair_weight *weights; /* owned; LISTED and MATRIX */
    size_t weight_count;
    pair_table matrix;  /* where the weights come from */
    lang_table product; /* PRODUCT; languages that the scenario has not are left out */
    pair_share *pairs;  /* owned; what is demanded, ordered by (src, tgt) */
    size_t pair_count;
} pair_mix;

/* O(log pairs), one random number. */
const pair_share *pair_mix_draw(const pair_mix *mix, rng *r);

/* For scenario.c. languages_resolve() fills `tag` and `share`; tags and weights are known to be right. Then, for each
 * group, pair_mix_resolve() fills `pairs`, leaving out those with no share; `both_ways`: each pair gets the mean of its share
 * and that of the opposite one. */
void languages_resolve(scenario_languages *langs);
void pair_mix_resolve(pair_mix *mix, const scenario_languages *langs, bool both_ways);

/* Rows of scenario_languages, and the values beside them. `share` is not theirs: free it. */
extern const setting languages_settings[];
extern const setting_type language_tag_type; /* a lang_tag */
extern const setting_type node_languages_type;
extern const setting_type pair_mix_type;

#endif
