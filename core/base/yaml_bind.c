/* yaml_bind.c - one walk over the rows for values, one for defaults; a default is parsed by the code that parses
 * users' text, so that it is spelled, bounded and typed by the same rules.
 *
 * Why a second struct: a list that fails at its tenth element has nine behind it. Everything is bound into a zeroed
 * copy; it is released as a whole on failure and becomes the target on success. Zero is what release may be called on
 * at any time. */
#include "core/base/yaml_bind.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/settings_print.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"

static sched_status bind_map(const yaml_value *map, const setting *rows, setting_prepare *prepare, void *target,
                             sched_error *err);

enum { QUOTE_MAX = 68 }; /* of a user's text in a message */

static const char *quote(char out[QUOTE_MAX], const char *text) {
    return text_one_line(out, QUOTE_MAX, text);
}

static void *field_of(const setting *row, void *target) {
    return (char *)target + row->offset;
}

static size_t *count_of(const setting *row, void *target) {
    return (size_t *)(void *)((char *)target + row->count_offset);
}

sched_status yaml_expect(const yaml_value *v, yaml_kind kind, const char *what, sched_error *err) {
    yaml_kind is = yaml_kind_of(v);
    if (is == kind) return SCHED_OK;
    return yaml_fail(v, err, "%s: expected %s, not %s", what, yaml_kind_name(kind), yaml_kind_name(is));
}

static sched_status read_bool(const char *text, bool *ret, sched_error *err) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *ret = i % 2;
        return SCHED_OK;
    }
    char quoted[QUOTE_MAX];
    return sched_fail(err, SCHED_EINVAL, "\"%s\" is neither yes nor no (nor true, false, on, off)",
                      quote(quoted, text));
}

static sched_status read_text(const setting *row, const char *text, char *field, sched_error *err) {
    size_t len = strlen(text);
    if (len >= row->size) {
        return sched_fail(err, SCHED_EINVAL, "a text of %zu bytes: at most %zu fit", len, row->size - 1);
    }
    memcpy(field, text, len + 1);
    return SCHED_OK;
}

static sched_status read_choice(const setting *row, const char *text, int *ret, sched_error *err) {
    suggest near = suggest_for(text);
    for (int i = 0; row->choices[i]; i++) {
        suggest_offer(&near, row->choices[i]);
        if (strcmp(text, row->choices[i]) != 0) continue;
        *ret = i;
        return SCHED_OK;
    }
    char form[SETTING_FORM_MAX], hint[SUGGEST_TEXT_MAX], quoted[QUOTE_MAX];
    return sched_fail(err, SCHED_EINVAL, "\"%s\" is not %s%s", quote(quoted, text), setting_form(row, form),
                      suggest_text(&near, hint));
}

static sched_status within(const setting *row, const char *text, double value, sched_error *err) {
    if (!setting_bounded(row) || (value >= row->min && value <= row->max)) return SCHED_OK;
    char bounds[SETTING_BOUNDS_MAX];
    return sched_fail(err, SCHED_EINVAL, "\"%s\" is out of bounds: expected %s", text, setting_bounds(row, bounds));
}

/* Parses by kind and checks the bounds. The field is written on success only. */
static sched_status read_quantity(const setting *row, const char *text, void *field, sched_error *err) {
    union {
        int64_t i;
        uint64_t u;
        double d;
    } value = {0};
    double size = 0;
    sched_status status = SCHED_OK;
    switch (row->kind) {
    case SETTING_COUNT: status = units_parse_count(text, &value.i, err), size = (double)value.i; break;
    case SETTING_DURATION: status = units_parse_duration(text, &value.i, err), size = (double)value.i; break;
    case SETTING_SIZE: status = units_parse_size(text, &value.u, err), size = (double)value.u; break;
    case SETTING_NUMBER: status = units_parse_number(text, &value.d, err), size = value.d; break;
    case SETTING_SHARE: status = units_parse_share(text, &value.d, err), size = value.d; break;
    case SETTING_RATE: status = units_parse_rate(text, &value.d, err), size = value.d; break;
    default: assert(false);
    }
    if (!status) status = within(row, text, size, err);
    if (!status) memcpy(field, &value, sizeof value);
    return status;
}

static sched_status read_scalar(const setting *row, const yaml_value *v, void *field, sched_error *err) {
    char form[SETTING_FORM_MAX];
    sched_error inner = {0};
    if (yaml_kind_of(v) != YAML_TEXT) {
        return yaml_fail(v, err, "%s: expected %s, not %s", row->name, setting_form(row, form),
                         yaml_kind_name(yaml_kind_of(v)));
    }
    const char *text = yaml_text(v);
    sched_status status = SCHED_OK;
    switch (row->kind) {
    case SETTING_BOOL: status = read_bool(text, field, &inner); break;
    case SETTING_TEXT: status = read_text(row, text, field, &inner); break;
    case SETTING_CHOICE: status = read_choice(row, text, field, &inner); break;
    default: status = read_quantity(row, text, field, &inner); break;
    }
    return status ? yaml_fail(v, err, "%s: %s", row->name, inner.message) : SCHED_OK;
}

static sched_status read_list(const setting *row, const yaml_value *v, void *target, sched_error *err) {
    sched_status status = yaml_expect(v, YAML_LIST, row->name, err);
    if (status) return status;
    size_t n = yaml_count(v);
    if (n > (size_t)row->list_max) {
        return yaml_fail(v, err, "%s: %zu elements: at most %lld are accepted", row->name, n, (long long)row->list_max);
    }
    if (n == 0) return SCHED_OK;
    char *elements = mem_zalloc(n, row->size);
    memcpy(field_of(row, target), &elements, sizeof elements);
    *count_of(row, target) = n;
    for (size_t i = 0; i < n && !status; i++) {
        const yaml_value *item = yaml_item(v, i);
        void *element = elements + i * row->size;
        if (row->type) {
            status = row->type->read(item, element, err);
        } else {
            status = yaml_expect(item, YAML_MAP, row->name, err);
            if (!status) status = bind_map(item, row->rows, NULL, element, err);
        }
    }
    return status;
}

static sched_status read_section(const setting *row, const yaml_value *v, void *section, sched_error *err) {
    if (v && yaml_kind_of(v) == YAML_EMPTY) v = NULL;
    sched_status status = v ? yaml_expect(v, YAML_MAP, row->name, err) : SCHED_OK;
    return status ? status : bind_map(v, row->rows, row->prepare, section, err);
}

sched_status yaml_bind_value(const yaml_value *v, const setting *row, void *target, sched_error *err) {
    switch (row->kind) {
    case SETTING_SECTION: return read_section(row, v, field_of(row, target), err);
    case SETTING_LIST: return read_list(row, v, target, err);
    case SETTING_VALUE: return row->type->read(v, field_of(row, target), err);
    default: return read_scalar(row, v, field_of(row, target), err);
    }
}

static void bind_default(const setting *row, void *target) {
    sched_error err = {0};
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_parse(row->name, row->initial, strlen(row->initial), &doc, &err);
    if (!status) status = yaml_bind_value(yaml_doc_root(doc), row, target, &err);
    assert(!status);
    yaml_doc_free(doc);
}

static sched_status refuse_unknown(const yaml_value *map, const setting *rows, sched_error *err) {
    for (size_t i = 0; i < yaml_count(map); i++) {
        const yaml_value *key = yaml_key(map, i);
        const setting *row = rows;
        while (row->name && strcmp(row->name, yaml_text(key)) != 0) row++;
        if (row->name) continue;

        suggest near = suggest_for(yaml_text(key));
        for (row = rows; row->name; row++) suggest_offer(&near, row->name);
        char hint[SUGGEST_TEXT_MAX], names[SETTING_NAMES_MAX], quoted[QUOTE_MAX];
        return yaml_fail(key, err, "unknown key \"%s\"%s%s", quote(quoted, yaml_text(key)), suggest_text(&near, hint),
                         near.best ? "" : settings_names(rows, names));
    }
    return SCHED_OK;
}

static sched_status bind_absent(const setting *row, void *target, sched_error *err) {
    if (row->kind == SETTING_SECTION) return read_section(row, NULL, field_of(row, target), err);
    if (row->initial) bind_default(row, target);
    return SCHED_OK;
}

/* Defaults of what is not given, then the preset, then what is given. NULL map: nothing is. */
static sched_status bind_map(const yaml_value *map, const setting *rows, setting_prepare *prepare, void *target,
                             sched_error *err) {
    sched_status status = map ? refuse_unknown(map, rows, err) : SCHED_OK;
    for (const setting *row = rows; row->name && !status; row++) {
        if (yaml_get(map, row->name)) continue;
        if (row->required && map) {
            status = yaml_fail(map, err, "\"%s\" is missing: %s", row->name, row->help);
        } else {
            status = bind_absent(row, target, err);
        }
    }
    if (!status && prepare) status = prepare(map, target, err);
    for (const setting *row = rows; row->name && !status; row++) {
        const yaml_value *v = yaml_get(map, row->name);
        if (v) status = yaml_bind_value(v, row, target, err);
    }
    return status;
}

sched_status yaml_bind(const yaml_value *map, const setting *rows, size_t size, void *ret_struct, sched_error *err) {
    sched_status status = yaml_expect(map, YAML_MAP, "the document", err);
    if (status) return status;
    void *copy = mem_zalloc(1, size);
    status = bind_map(map, rows, NULL, copy, err);
    if (status) {
        settings_release(rows, copy);
    } else {
        memcpy(ret_struct, copy, size);
    }
    free(copy);
    return status;
}

void settings_default(const setting *rows, void *target) {
    sched_error err;
    sched_status status = bind_map(NULL, rows, NULL, target, &err);
    assert(!status);
    (void)status;
}

static void release_list(const setting *row, void *target) {
    char *elements = NULL;
    memcpy(&elements, field_of(row, target), sizeof elements);
    for (size_t i = 0; i < *count_of(row, target); i++) {
        void *element = elements + i * row->size;
        if (row->rows) settings_release(row->rows, element);
        if (row->type && row->type->release) row->type->release(element);
    }
    free(elements);
    memset(field_of(row, target), 0, sizeof elements);
    *count_of(row, target) = 0;
}

void settings_release(const setting *rows, void *target) {
    for (const setting *row = rows; row->name; row++) {
        void *field = field_of(row, target);
        if (row->kind == SETTING_SECTION) settings_release(row->rows, field);
        if (row->kind == SETTING_LIST) release_list(row, target);
        if (row->kind == SETTING_VALUE && row->type->release) row->type->release(field);
    }
}
