/* lang_pair.c - lists of languages are sorted and hold a tag once: two nodes that offer the same in another order are then the
 * same text in Redis, and a registration that changes nothing is seen as one. */
#include "core/domain/lang_pair.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

enum { SHOWN_MAX = 80 }; /* bytes of a bad name in a message */

sched_status lang_tag_parse(const char *text, char tag[LANG_MAX + 1], sched_error *err) {
    char folded[LANG_MAX + 1];
    size_t len = strlen(text);
    if (len < 2 || len > LANG_MAX)
        return sched_fail(err, SCHED_EINVAL, "language \"%.*s\": expected 2 to %d characters, got %zu",
                          (int)text_prefix(text, SHOWN_MAX), text, LANG_MAX, len);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!ok) return sched_fail(err, SCHED_EINVAL, "language \"%s\": expected only a-z, 0-9 and -", text);
        folded[i] = c;
    }
    folded[len] = '\0';
    if (!strcmp(folded, "auto"))
        return sched_fail(err, SCHED_EINVAL, "language \"auto\": a node and a pair need a real language");
    memcpy(tag, folded, len + 1);
    return SCHED_OK;
}

sched_status lang_pair_make(const char *src, const char *tgt, lang_pair *ret_pair, sched_error *err) {
    lang_pair pair;
    sched_status status = lang_tag_parse(src, pair.src, err);
    if (!status) status = lang_tag_parse(tgt, pair.tgt, err);
    if (status) return status;
    if (!strcmp(pair.src, pair.tgt))
        return sched_fail(err, SCHED_EINVAL, "language pair \"%s:%s\": source and target are the same", src, tgt);
    *ret_pair = pair;
    return SCHED_OK;
}

sched_status lang_pair_parse(const char *text, lang_pair *ret_pair, sched_error *err) {
    const char *colon = strchr(text, ':');
    if (!colon || (size_t)(colon - text) > LANG_MAX)
        return sched_fail(err, SCHED_EINVAL, "language pair \"%.*s\": expected source:target, for instance en:de",
                          (int)text_prefix(text, SHOWN_MAX), text);
    char src[LANG_MAX + 1];
    memcpy(src, text, (size_t)(colon - text));
    src[colon - text] = '\0';
    return lang_pair_make(src, colon + 1, ret_pair, err);
}

char *lang_pair_text(char text[PAIR_MAX + 1], const lang_pair *pair) {
    snprintf(text, PAIR_MAX + 1, "%s:%s", pair->src, pair->tgt);
    return text;
}

/* The place where `tag` is or belongs. */
static int place_of(const lang_list *list, const char *tag) {
    int low = 0, high = list->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(list->tag[middle], tag) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool lang_list_has(const lang_list *list, const char *tag) {
    int i = place_of(list, tag);
    return i < list->count && !strcmp(list->tag[i], tag);
}

sched_status lang_list_add(lang_list *list, const char *tag, sched_error *err) {
    char folded[LANG_MAX + 1];
    sched_status status = lang_tag_parse(tag, folded, err);
    if (status) return status;
    int i = place_of(list, folded);
    if (i < list->count && !strcmp(list->tag[i], folded)) return SCHED_OK;
    if (list->count == LANGS_MAX)
        return sched_fail(err, SCHED_FULL, "language \"%s\": the list holds its %d languages already", folded,
                          LANGS_MAX);
    memmove(list->tag[i + 1], list->tag[i], (size_t)(list->count - i) * sizeof list->tag[0]);
    memcpy(list->tag[i], folded, sizeof folded);
    list->count++;
    return SCHED_OK;
}

char *lang_list_text(char text[LANG_LIST_TEXT_MAX], const lang_list *list) {
    char *end = text;
    for (int i = 0; i < list->count; i++) {
        if (i > 0) *end++ = ' ';
        size_t len = strlen(list->tag[i]);
        memcpy(end, list->tag[i], len);
        end += len;
    }
    *end = '\0';
    return text;
}

sched_status lang_list_parse(const char *text, lang_list *ret_list, sched_error *err) {
    lang_list list = {0};
    while (*text) {
        size_t len = strcspn(text, " ");
        char tag[LANG_MAX + 2] = {0};
        memcpy(tag, text, len <= LANG_MAX ? len : LANG_MAX + 1);
        sched_status status = lang_list_add(&list, tag, err);
        if (status) return status;
        text += len;
        if (*text == ' ') text++;
    }
    *ret_list = list;
    return SCHED_OK;
}

/* Every (source, target) but those where both are the same language. */
int lang_service_pairs(const lang_service *service) {
    int same = 0;
    for (int i = 0; i < service->sources.count; i++) same += lang_list_has(&service->targets, service->sources.tag[i]);
    return service->sources.count * service->targets.count - same;
}

sched_status lang_service_make(const lang_list *asr, const lang_list *semantic, const lang_list *tts, int pairs_max,
                               lang_service *ret_service, sched_error *err) {
    if (asr->count == 0) return sched_fail(err, SCHED_EINVAL, "the node names no recognition (asr) language");
    if (semantic->count == 0) return sched_fail(err, SCHED_EINVAL, "the node names no semantic-repair language");
    if (tts->count == 0) return sched_fail(err, SCHED_EINVAL, "the node names no synthesis (tts) language");
    lang_service service = {.targets = *tts};
    for (int i = 0; i < asr->count; i++) {
        if (!lang_list_has(semantic, asr->tag[i])) continue;
        memcpy(service.sources.tag[service.sources.count++], asr->tag[i], sizeof asr->tag[i]);
    }
    int pairs = lang_service_pairs(&service);
    if (pairs == 0)
        return sched_fail(err, SCHED_EINVAL, "no language pair follows from %d asr, %d semantic and %d tts languages",
                          asr->count, semantic->count, tts->count);
    if (pairs > pairs_max)
        return sched_fail(err, SCHED_EINVAL, "the node serves %d language pairs, at most %d are allowed", pairs,
                          pairs_max);
    *ret_service = service;
    return SCHED_OK;
}

bool lang_service_has(const lang_service *service, const lang_pair *pair) {
    return strcmp(pair->src, pair->tgt) != 0 && lang_list_has(&service->sources, pair->src) &&
           lang_list_has(&service->targets, pair->tgt);
}

bool lang_service_next(const lang_service *service, int *cursor, lang_pair *ret_pair) {
    int targets = service->targets.count;
    for (int end = service->sources.count * targets; *cursor < end;) {
        int at = (*cursor)++;
        const char *src = service->sources.tag[at / targets], *tgt = service->targets.tag[at % targets];
        if (!strcmp(src, tgt)) continue;
        memcpy(ret_pair->src, src, sizeof ret_pair->src);
        memcpy(ret_pair->tgt, tgt, sizeof ret_pair->tgt);
        return true;
    }
    return false;
}
