/* yaml_merge.c - new spines over old values.
 *
 * Values are immutable and may be shared by aliases, so nothing is changed in place: the mappings and lists on the way to a
 * difference are made anew, everything else is the value that was there, with its place. */
#include "core/base/yaml_merge.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/yaml_internal.h"

enum { QUOTE_MAX = 68 };

/* An empty value of the owner that stands where `like` does. */
static yaml_value *value_like(yaml_doc *owner, yaml_kind kind, const yaml_value *like) {
    yaml_value *v = yaml_value_new(owner, kind);
    v->closed = true;
    v->doc = like->doc;
    v->line = like->line;
    v->column = like->column;
    v->key = like->key;
    return v;
}

static void append(yaml_value *v, const yaml_value *key, const yaml_value *item) {
    if (key) {
        yaml_list_grow(&v->keys, v->count);
        v->keys[v->count] = key;
    }
    yaml_list_grow(&v->items, v->count);
    v->items[v->count++] = item;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static const yaml_value *merge(yaml_doc *owner, const yaml_value *base, const yaml_value *over) {
    if (base->kind != YAML_MAP || over->kind != YAML_MAP) return over;
    yaml_value *v = value_like(owner, YAML_MAP, over);
    for (size_t i = 0; i < base->count; i++) {
        const yaml_value *other = yaml_get(over, base->keys[i]->text);
        append(v, base->keys[i], other ? merge(owner, base->items[i], other) : base->items[i]);
    }
    for (size_t i = 0; i < over->count; i++) {
        if (!yaml_get(base, over->keys[i]->text)) append(v, over->keys[i], over->items[i]);
    }
    return v;
}

static const yaml_value *without(yaml_doc *owner, const yaml_value *map, const char *key) {
    yaml_value *v = value_like(owner, YAML_MAP, map);
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, key) != 0) append(v, map->keys[i], map->items[i]);
    }
    return v;
}

/* The files that are being included, the innermost first. */
typedef struct chain {
    const struct chain *outer;
    char path[PATH_MAX];
    int depth;
} chain;

static sched_status resolve(yaml_doc *owner, const yaml_value *root, const chain *chain, int *files,
                            const yaml_value **ret_root, sched_error *err);

static void canonical(const char *path, char out[PATH_MAX]) {
    if (!realpath(path, out)) snprintf(out, PATH_MAX, "%s", path);
}

static sched_status check_chain(const yaml_value *name, const chain *here, int files, sched_error *err) {
    char quoted[QUOTE_MAX];
    text_one_line(quoted, sizeof quoted, yaml_text(name));
    for (const chain *c = here->outer; c; c = c->outer) {
        if (!strcmp(c->path, here->path)) return yaml_fail(name, err, "include: %s includes itself", quoted);
    }
    if (here->depth > YAML_INCLUDE_DEPTH_MAX) {
        return yaml_fail(name, err, "include: %s: deeper than %d files", quoted, YAML_INCLUDE_DEPTH_MAX);
    }
    if (files > YAML_INCLUDES_MAX) {
        return yaml_fail(name, err, "include: %s: more than %d files in all", quoted, YAML_INCLUDES_MAX);
    }
    return SCHED_OK;
}

static sched_status include_one(yaml_doc *owner, const yaml_value *name, const chain *outer, int *files,
                                const yaml_value **ret_root, sched_error *err) {
    sched_error inner;
    yaml_doc *part = NULL;
    sched_status status = name->kind == YAML_TEXT
                              ? SCHED_OK
                              : yaml_fail(name, err, "include: expected a file, not %s", yaml_kind_name(name->kind));
    if (status) return status;
    chain here = {.outer = outer, .depth = outer->depth + 1};
    char *path = yaml_path(name, yaml_text(name));
    canonical(path, here.path);
    ++*files;
    status = check_chain(name, &here, *files, err);
    if (!status && yaml_doc_read(path, &part, &inner)) {
        status = inner.status == SCHED_EIO ? yaml_fail(name, err, "include: %s", inner.message)
                                           : sched_fail(err, SCHED_EINVAL, "%s", inner.message);
    }
    free(path);
    if (status) return status;
    part->next_part = owner->parts;
    owner->parts = part;
    if (part->root->kind != YAML_MAP) {
        return yaml_fail(part->root, err, "an included file holds a mapping, not %s", yaml_kind_name(part->root->kind));
    }
    return resolve(owner, part->root, &here, files, ret_root, err);
}

static sched_status resolve(yaml_doc *owner, const yaml_value *root, const chain *here, int *files,
                            const yaml_value **ret_root, sched_error *err) {
    const yaml_value *names = yaml_get(root, "include"), *merged = NULL;
    if (!names) {
        *ret_root = root;
        return SCHED_OK;
    }
    size_t count = names->kind == YAML_LIST ? names->count : 1;
    for (size_t i = 0; i < count; i++) {
        const yaml_value *one = NULL;
        sched_status status =
            include_one(owner, names->kind == YAML_LIST ? names->items[i] : names, here, files, &one, err);
        if (status) return status;
        merged = merged ? merge(owner, merged, one) : one;
    }
    const yaml_value *own = without(owner, root, "include");
    *ret_root = merged ? merge(owner, merged, own) : own;
    return SCHED_OK;
}

sched_status yaml_doc_include(yaml_doc *doc, sched_error *err) {
    int files = 0;
    chain here = {.outer = NULL};
    canonical(doc->file, here.path);
    return resolve(doc, doc->root, &here, &files, &doc->root, err);
}

/* --- single values ---------------------------------------------------------------------------------------------- */

typedef struct setter {
    yaml_doc *owner;
    const yaml_value *value;
    const yaml_value *place; /* of everything that is made on the way to it */
    const char *path;        /* whole */
} setter;

static bool is_index(const char *step) {
    return *step && !step[strspn(step, "0123456789")];
}

static const yaml_value *key_for(const setter *s, const char *step) {
    yaml_value *key = value_like(s->owner, YAML_TEXT, s->place);
    key->text = mem_strdup(step);
    return key;
}

static sched_status set_below(const setter *s, const yaml_value *at, const char *path, int depth,
                              const yaml_value **ret_value, sched_error *err);

/* `at`: a list, or NULL for one that is not there. */
static sched_status set_element(const setter *s, const yaml_value *at, const char *step, const char *rest, int depth,
                                const yaml_value **ret_value, sched_error *err) {
    size_t count = at ? at->count : 1;
    size_t index = strlen(step) < 9 ? strtoul(step, NULL, 10) : SIZE_MAX;
    if (index >= count) {
        return yaml_fail(s->place, err, "%.*s: there is no element %s: expected an index 0 .. %zu",
                         (int)(rest - s->path - (*rest ? 1 : 0)), s->path, step, count - 1);
    }
    const yaml_value *inner = NULL;
    sched_status status = set_below(s, at ? at->items[index] : NULL, rest, depth + 1, &inner, err);
    if (status) return status;
    yaml_value *v = value_like(s->owner, YAML_LIST, at ? at : s->place);
    for (size_t i = 0; i < count; i++) append(v, NULL, i == index ? inner : at->items[i]);
    *ret_value = v;
    return SCHED_OK;
}

static sched_status set_key(const setter *s, const yaml_value *at, const char *step, const char *rest, int depth,
                            const yaml_value **ret_value, sched_error *err) {
    const yaml_value *inner = NULL, *key = key_for(s, step);
    sched_status status = set_below(s, yaml_get(at, step), rest, depth + 1, &inner, err);
    if (status) return status;
    yaml_value *v = value_like(s->owner, YAML_MAP, at ? at : s->place);
    bool found = false;
    for (size_t i = 0; at && i < at->count; i++) {
        bool here = !strcmp(at->keys[i]->text, step);
        found |= here;
        append(v, here ? key : at->keys[i], here ? inner : at->items[i]);
    }
    if (!found) append(v, key, inner);
    *ret_value = v;
    return SCHED_OK;
}

/* The value with the key under which it stands, for messages about it. */
static const yaml_value *named(const setter *s, const yaml_value *value, const char *step) {
    yaml_value *v = value_like(s->owner, value->kind, value);
    v->text = value->text ? mem_strdup(value->text) : NULL;
    for (size_t i = 0; i < value->count; i++) append(v, value->keys ? value->keys[i] : NULL, value->items[i]);
    v->key = key_for(s, step);
    return v;
}

/* `at` with the value at `path` in it; NULL: nothing is there yet. */
static sched_status set_below(const setter *s, const yaml_value *at, const char *path, int depth,
                              const yaml_value **ret_value, sched_error *err) {
    char step[QUOTE_MAX];
    if (!*path) {
        const char *last = strrchr(s->path, '.');
        *ret_value = named(s, s->value, last ? last + 1 : s->path);
        return SCHED_OK;
    }
    size_t len = strcspn(path, ".");
    const char *rest = path + len + (path[len] == '.');
    if (len == 0 || len >= sizeof step || depth == YAML_SET_STEPS_MAX || (path[len] && !*rest)) {
        return yaml_fail(s->place, err, "\"%s\" is no path: expected keys and indexes such as nodes.0.count", s->path);
    }
    snprintf(step, sizeof step, "%.*s", (int)len, path);
    if (at && (at->kind == YAML_EMPTY || (at->kind == YAML_LIST && at->count == 0))) at = NULL;
    if (at && at->kind == YAML_TEXT) {
        return yaml_fail(s->place, err, "there is no \"%s\" in a text, which is what stands there: \"%s\"", step,
                         at->text);
    }
    if (at && at->kind == YAML_LIST && !is_index(step)) {
        return yaml_fail(s->place, err, "\"%s\" is no index: expected 0 .. %zu", step, at->count - 1);
    }
    bool list = at ? at->kind == YAML_LIST : is_index(step);
    return (list ? set_element : set_key)(s, at, step, rest, depth, ret_value, err);
}

/* Lines and columns have no meaning on a command line. */
static sched_status not_yaml(const char *name, const sched_error *inner, sched_error *err) {
    size_t len = strlen(name);
    int after = 0;
    bool placed = !strncmp(inner->message, name, len);
    if (placed) sscanf(inner->message + len, ":%*d:%*d: %n", &after);
    return sched_fail(err, SCHED_EINVAL, "%s: %s", name, inner->message + (after ? len + (size_t)after : 0));
}

sched_status yaml_doc_set(yaml_doc *doc, const char *assignment, sched_error *err) {
    assert(doc && assignment);
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment) {
        return sched_fail(err, SCHED_EINVAL, "--set %s: expected path=value, for instance nodes.0.count=50",
                          assignment);
    }
    size_t size = strlen(assignment) + sizeof "--set ";
    char *name = mem_alloc(size), *path = mem_strdup(assignment);
    snprintf(name, size, "--set %s", assignment);
    path[equals - assignment] = '\0';
    yaml_doc *part = NULL;
    sched_error inner;
    sched_status status = yaml_doc_parse(name, equals + 1, strlen(equals + 1), &part, &inner);
    if (status) {
        status = not_yaml(name, &inner, err);
    } else {
        part->argument = true;
        part->folder[0] = '\0'; /* paths of the command line count from the working folder */
        part->next_part = doc->parts;
        doc->parts = part;
        setter s = {doc, part->root, part->root, path};
        status = set_below(&s, doc->root, path, 0, &doc->root, err);
    }
    free(name);
    free(path);
    return status;
}

sched_status yaml_doc_put(yaml_doc *doc, const char *path, const yaml_value *value, const yaml_value *place,
                          sched_error *err) {
    assert(doc && path && value && place);
    setter s = {doc, value, place, path};
    return set_below(&s, doc->root, path, 0, &doc->root, err);
}

void yaml_doc_drop(yaml_doc *doc, const char *key) {
    if (yaml_get(doc->root, key)) doc->root = without(doc, doc->root, key);
}

void yaml_doc_rewind(yaml_doc *doc, const yaml_value *root) {
    doc->root = root;
}
