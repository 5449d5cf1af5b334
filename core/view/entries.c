/* entries.c - see the header. */
#include "core/view/entries.h"

#include <stdlib.h>
#include <string.h>

#include "core/view/members.h"
#include "core/view/record.h"

bool entry_id_valid(const char *text) {
    size_t first = strspn(text, "0123456789");
    return first && text[first] == '-' && text[first + 1] &&
           !text[first + 1 + strspn(text + first + 1, "0123456789")] && strlen(text) <= ENTRY_ID_MAX;
}

static void set_number(json_t *object, const char *field, const char *text) {
    int64_t number;
    if (record_whole(text, 0, &number))
        view_set_number(object, field, number);
    else
        view_set_text(object, field, text);
}

json_t *entry_json(const redis_reply *entry) {
    static const char *const texts[] = {"kind", "from", "address", "job", "session", "node"};
    static const char *const numbers[] = {"attempt", "deadline"};
    const redis_reply *fields = reply_at(entry, 1);
    json_t *object = json_object();
    view_set_text(object, "entry", reply_text(reply_at(entry, 0)));
    view_set_number(object, "added", strtoll(reply_text(reply_at(entry, 0)), NULL, 10));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        view_set_text(object, texts[i], record_field(fields, texts[i]));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        set_number(object, numbers[i], record_field(fields, numbers[i]));
    if (record_field(fields, "reason")) {
        view_set_text(object, "inbox_id", record_field(fields, "id"));
        set_number(object, "deliveries", record_field(fields, "deliveries"));
        view_set_text(object, "reason", record_field(fields, "reason"));
    }
    return object;
}

static redis_reply *range(asker *a, const char *stream, const char *from, const char *to, int64_t limit) {
    redis_call call;
    call_command(&call, "XRANGE");
    call_key(&call, stream);
    call_str(&call, from);
    call_str(&call, to);
    call_str(&call, "COUNT");
    call_int(&call, limit);
    return asker_call(a, &call);
}

json_t *entries_read(asker *a, const char *stream, int64_t limit) {
    char from[ENTRY_ID_MAX + 2] = "-";
    json_t *list = json_array();
    for (bool more = true; more && (int64_t)json_array_size(list) < limit;) {
        int64_t left = limit - (int64_t)json_array_size(list), step = left < ASKER_BATCH ? left : ASKER_BATCH;
        redis_reply *batch = range(a, stream, from, "+", step);
        size_t count = reply_count(batch);
        for (size_t i = 0; i < count; i++) json_array_append_new(list, entry_json(reply_at(batch, i)));
        more = (int64_t)count == step;
        if (count)
            snprintf(from, sizeof from, "(%.*s", ENTRY_ID_MAX, reply_text(reply_at(reply_at(batch, count - 1), 0)));
        sync_reply_free(batch);
    }
    return list;
}

redis_reply *entry_find(asker *a, const char *stream, const char *id) {
    redis_reply *found = range(a, stream, id, id, 1);
    if (reply_count(found)) return found;
    sync_reply_free(found);
    return NULL;
}
