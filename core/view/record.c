/* record.c - what scripts wrote is read back strictly: digits are digits, an id is an id, and nothing follows. */
#include "core/view/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/domain/ids.h"

const char *record_field(const redis_reply *flat, const char *field) {
    for (size_t i = 0; i + 1 < reply_count(flat); i += 2)
        if (!strcmp(reply_text(reply_at(flat, i)), field)) return reply_text(reply_at(flat, i + 1));
    return NULL;
}

const char *record_shown(const redis_reply *flat, const char *field) {
    const char *value = record_field(flat, field);
    return value ? value : "(none)";
}

bool record_whole(const char *text, int64_t least, int64_t *ret_value) {
    if (!text || !*text || strlen(text) > 18 || text[strspn(text, "0123456789")]) return false;
    int64_t value = strtoimax(text, NULL, 10);
    if (value < least) return false;
    if (ret_value) *ret_value = value;
    return true;
}

bool record_offer(const char *offer, lang_service *ret_service) {
    char sources[LANG_LIST_TEXT_MAX];
    const char *bar = offer ? strchr(offer, '|') : NULL;
    if (!bar || (size_t)(bar - offer) >= sizeof sources) return false;
    snprintf(sources, sizeof sources, "%.*s", (int)(bar - offer), offer);
    return !lang_list_parse(sources, &ret_service->sources, NULL) &&
           !lang_list_parse(bar + 1, &ret_service->targets, NULL);
}

bool record_numbered(const char *text, char id[ID_MAX + 1], int64_t *ret_number) {
    const char *space = strchr(text, ' ');
    if (!space || space == text || space - text > ID_MAX) return false;
    snprintf(id, ID_MAX + 1, "%.*s", (int)(space - text), text);
    return id_valid(id) && record_whole(space + 1, 1, ret_number);
}
