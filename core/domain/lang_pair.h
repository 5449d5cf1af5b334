/* lang_pair.h - language tags, lists of them, and the directed pairs that follow from a node's lists.
 *
 * A directed pair src:tgt is not its reverse. A node serves every pair (source, target) with source in both its recognition
 * and its semantic-repair languages, target in its synthesis languages, and source != target. So what a node serves is told
 * by two lists, sources and targets, and pairs are never stored. */
#ifndef CORE_DOMAIN_LANG_PAIR_H
#define CORE_DOMAIN_LANG_PAIR_H

#include "core/base/limits.h"
#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct lang_pair {
    char src[LANG_MAX + 1];
    char tgt[LANG_MAX + 1];
} lang_pair;

/* Languages sorted by byte order, each once. */
typedef struct lang_list {
    int count;
    char tag[LANGS_MAX][LANG_MAX + 1];
} lang_list;

enum { LANG_LIST_TEXT_MAX = LANGS_MAX * (LANG_MAX + 1) };

/* Folds to lower case into `tag`; SCHED_EINVAL unless [a-z0-9-]{2,16} or when it is "auto". */
sched_status lang_tag_parse(const char *text, char tag[LANG_MAX + 1], sched_error *err);
/* "src:tgt", both tags valid and different. */
sched_status lang_pair_parse(const char *text, lang_pair *ret_pair, sched_error *err);
sched_status lang_pair_make(const char *src, const char *tgt, lang_pair *ret_pair, sched_error *err);
char *lang_pair_text(char text[PAIR_MAX + 1], const lang_pair *pair);

/* Adds a valid tag in its place; a tag that is there already stays once. SCHED_FULL beyond LANGS_MAX. */
sched_status lang_list_add(lang_list *list, const char *tag, sched_error *err);
bool lang_list_has(const lang_list *list, const char *tag); /* O(log n) */
/* Tags separated by one space: the form in which Redis keeps a list. */
char *lang_list_text(char text[LANG_LIST_TEXT_MAX], const lang_list *list);
sched_status lang_list_parse(const char *text, lang_list *ret_list, sched_error *err);

/* What a node serves. */
typedef struct lang_service {
    lang_list sources; /* recognition and semantic repair */
    lang_list targets; /* synthesis */
} lang_service;

/* SCHED_EINVAL with the reason when a list is empty, no pair follows, or more than `pairs_max` do. */
sched_status lang_service_make(const lang_list *asr, const lang_list *semantic, const lang_list *tts, int pairs_max,
                               lang_service *ret_service, sched_error *err);
bool lang_service_has(const lang_service *service, const lang_pair *pair);
int lang_service_pairs(const lang_service *service);
/* Walks the pairs, sources outer, targets inner, both in list order: start with *cursor = 0; false at the end. */
bool lang_service_next(const lang_service *service, int *cursor, lang_pair *ret_pair);

#endif
