/* members.c - see the header. Texts come from nodes and speakers: what is no UTF-8 must not make a document unreadable. */
#include "core/view/members.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

void view_set_text(json_t *object, const char *field, const char *text) {
    json_t *value = text ? json_string(text) : json_null();
    if (!value) {
        size_t size = 4 * strlen(text) + 8;
        char *plain = mem_alloc(size);
        value = json_string(text_one_line(plain, size, text));
        free(plain);
    }
    json_object_set_new(object, field, value);
}

void view_set_number(json_t *object, const char *field, int64_t number) {
    json_object_set_new(object, field, json_integer(number));
}

void view_set_truth(json_t *object, const char *field, bool truth) {
    json_object_set_new(object, field, json_boolean(truth));
}

static int by_text(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return strcmp(x, y);
}

void view_sort(json_t *rows, const char *field) {
    size_t count = json_array_size(rows);
    json_t *sorted = json_array(), *by_name = json_object();
    const char **names = mem_zalloc(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        names[i] = json_string_value(json_object_get(row, field));
        if (!json_object_get(by_name, names[i])) json_object_set(by_name, names[i], row);
    }
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
            json_array_append(sorted, json_object_get(by_name, names[i]));
    json_array_clear(rows);
    json_array_extend(rows, sorted);
    json_decref(sorted);
    json_decref(by_name);
    free(names);
}

json_t *view_one(int64_t now, const char *field, json_t *value) {
    json_t *document = json_object();
    view_set_number(document, "now", now);
    json_object_set_new(document, field, value);
    return document;
}

json_t *view_told(const asker *ask, json_t *document) {
    if (!ask->status && json_object_size(document)) return document;
    json_decref(document);
    return NULL;
}
