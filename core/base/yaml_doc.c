/* yaml_doc.c - built from libyaml's events, not from its document tree.
 *
 * Why events: the tree of the library resolves an alias to a node that may still be open, so a file can tie a knot
 * that a walker never leaves, and ten lines of aliases can stand for a billion values. Here an alias may only name a
 * finished value, and counts against the bound with everything that is below it; so every later walk is bounded too.
 *
 * Invariant: weight = values in the expanded tree below and including v; height = levels of it; both final once v is
 * closed. */
#include "core/base/yaml_doc.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/yaml_internal.h"

/* A container that is being read; `key` waits for its value. */
typedef struct open_value {
    yaml_value *value;
    const yaml_value *key;
} open_value;

typedef struct builder {
    yaml_doc *doc;
    const char *text;
    size_t len;
    open_value open[YAML_DOC_DEPTH_MAX];
    int depth;
} builder;

yaml_doc *yaml_doc_free(yaml_doc *doc) {
    if (!doc) return NULL;
    for (yaml_value *v = doc->values, *next; v; v = next) {
        next = v->next;
        free(v->text);
        free(v->keys);
        free(v->items);
        free(v);
    }
    for (size_t i = 0; i < doc->anchor_count; i++) free(doc->anchors[i].name);
    for (yaml_doc *part = doc->parts, *next; part; part = next) {
        next = part->next_part;
        yaml_doc_free(part);
    }
    free(doc->file);
    free(doc->folder);
    free(doc);
    return NULL;
}

static sched_status fail_at(const builder *b, yaml_mark_t mark, sched_error *err, const char *what) {
    return sched_fail(err, SCHED_EINVAL, "%s:%zu:%zu: %s", b->doc->file, mark.line + 1, mark.column + 1, what);
}

/* Counts the value and everything that it stands for. */
static sched_status weigh(builder *b, size_t weight, int height, yaml_mark_t mark, sched_error *err) {
    char what[96];
    b->doc->weight += weight;
    if (b->doc->weight > YAML_DOC_VALUES_MAX) {
        snprintf(what, sizeof what, "more than %d values, aliases counted as what they stand for", YAML_DOC_VALUES_MAX);
        return fail_at(b, mark, err, what);
    }
    if (b->depth + height > YAML_DOC_DEPTH_MAX) {
        snprintf(what, sizeof what, "nested deeper than %d levels", YAML_DOC_DEPTH_MAX);
        return fail_at(b, mark, err, what);
    }
    return SCHED_OK;
}

yaml_value *yaml_value_new(yaml_doc *doc, yaml_kind kind) {
    yaml_value *v = mem_zalloc(1, sizeof *v);
    *v = (yaml_value){.kind = kind, .height = 1, .weight = 1, .doc = doc, .next = doc->values};
    doc->values = v;
    return v;
}

static yaml_value *value_new(builder *b, yaml_kind kind, yaml_mark_t mark) {
    yaml_value *v = yaml_value_new(b->doc, kind);
    v->line = (int)mark.line + 1;
    v->column = (int)mark.column + 1;
    return v;
}

static sched_status remember_anchor(builder *b, const yaml_char_t *name, yaml_value *v, yaml_mark_t mark,
                                    sched_error *err) {
    if (!name) return SCHED_OK;
    if (b->doc->anchor_count == YAML_DOC_ANCHORS_MAX) return fail_at(b, mark, err, "more than 1000 anchors");
    b->doc->anchors[b->doc->anchor_count++] = (anchor){mem_strdup((const char *)name), v};
    return SCHED_OK;
}

static yaml_value *find_anchor(const builder *b, const char *name) {
    for (size_t i = b->doc->anchor_count; i-- > 0;) {
        if (!strcmp(b->doc->anchors[i].name, name)) return b->doc->anchors[i].value;
    }
    return NULL;
}

void yaml_list_grow(const yaml_value ***list, size_t count) {
    if (count & (count - 1)) return;
    *list = mem_realloc(*list, count ? 2 * count : 1, sizeof **list);
}

static sched_status add_key(open_value *top, const yaml_value *key, sched_error *err) {
    const yaml_value *map = top->value;
    if (key->kind != YAML_TEXT) return yaml_fail(key, err, "a key must be a text, not %s", yaml_kind_name(key->kind));
    if (map->count == YAML_DOC_KEYS_MAX) {
        return yaml_fail(key, err, "more than %d keys in one mapping", YAML_DOC_KEYS_MAX);
    }
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, key->text) != 0) continue;
        char name[68];
        return yaml_fail(key, err, "\"%s\" is given twice, first on line %d",
                         text_one_line(name, sizeof name, key->text), map->keys[i]->line);
    }
    top->key = key;
    return SCHED_OK;
}

/* A finished value becomes the root, an item, a key or the value of the waiting key. */
static sched_status attach(builder *b, yaml_value *v, sched_error *err) {
    if (b->depth == 0) {
        b->doc->root = v;
        return SCHED_OK;
    }
    open_value *top = &b->open[b->depth - 1];
    yaml_value *parent = top->value;
    parent->weight += v->weight;
    if (parent->height <= v->height) parent->height = v->height + 1;
    if (parent->kind == YAML_MAP && !top->key) return add_key(top, v, err);
    if (parent->kind == YAML_MAP) {
        yaml_list_grow(&parent->keys, parent->count);
        parent->keys[parent->count] = top->key;
        if (!v->key) v->key = top->key;
        top->key = NULL;
    }
    yaml_list_grow(&parent->items, parent->count);
    parent->items[parent->count++] = v;
    return SCHED_OK;
}

static bool means_nothing(const yaml_event_t *event) {
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    const char *text = (const char *)event->data.scalar.value;
    return !*text || !strcmp(text, "~") || !strcmp(text, "null");
}

static sched_status on_scalar(builder *b, const yaml_event_t *event, sched_error *err) {
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    sched_status status = weigh(b, 1, 1, event->start_mark, err);
    if (status) return status;
    if (event->data.scalar.tag) return fail_at(b, event->start_mark, err, "tags (!...) have no meaning here");
    if (strlen(text) != len) return fail_at(b, event->start_mark, err, "a text cannot contain a NUL character");
    yaml_value *v = value_new(b, means_nothing(event) ? YAML_EMPTY : YAML_TEXT, event->start_mark);
    v->text = mem_strdup(text);
    v->closed = true;
    status = remember_anchor(b, event->data.scalar.anchor, v, event->start_mark, err);
    return status ? status : attach(b, v, err);
}

static sched_status on_start(builder *b, const yaml_event_t *event, yaml_kind kind, const yaml_char_t *name, bool tag,
                             sched_error *err) {
    sched_status status = weigh(b, 1, 1, event->start_mark, err);
    if (status) return status;
    if (tag) return fail_at(b, event->start_mark, err, "tags (!...) have no meaning here");
    yaml_value *v = value_new(b, kind, event->start_mark);
    b->open[b->depth++] = (open_value){.value = v};
    return remember_anchor(b, name, v, event->start_mark, err);
}

static sched_status on_end(builder *b, sched_error *err) {
    yaml_value *v = b->open[--b->depth].value;
    v->closed = true;
    return attach(b, v, err);
}

static sched_status on_alias(builder *b, const yaml_event_t *event, sched_error *err) {
    char what[128];
    const char *name = (const char *)event->data.alias.anchor;
    yaml_value *v = find_anchor(b, name);
    if (!v || !v->closed) {
        snprintf(what, sizeof what, "alias *%.64s stands for %s", name, v ? "what it is part of" : "nothing");
        return fail_at(b, event->start_mark, err, what);
    }
    sched_status status = weigh(b, v->weight, v->height, event->start_mark, err);
    return status ? status : attach(b, v, err);
}

static sched_status on_event(builder *b, const yaml_event_t *event, sched_error *err) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(b, event, err);
    case YAML_ALIAS_EVENT: return on_alias(b, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, event, YAML_LIST, event->data.sequence_start.anchor, event->data.sequence_start.tag, err);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, event, YAML_MAP, event->data.mapping_start.anchor, event->data.mapping_start.tag, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_end(b, err);
    case YAML_DOCUMENT_START_EVENT:
        if (b->doc->root) return fail_at(b, event->start_mark, err, "a second document begins; a file holds one");
        return SCHED_OK;
    default: return SCHED_OK;
    }
}

/* The start of line `line` (from 0). */
static const char *line_start(const builder *b, size_t line) {
    const char *at = b->text, *end = b->text + b->len;
    while (line-- > 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) return end;
        at = newline + 1;
    }
    return at;
}

static bool indented_by_tab(const builder *b, size_t line) {
    const char *at = line_start(b, line), *end = b->text + b->len;
    while (at < end && *at == ' ') at++;
    return at < end && *at == '\t';
}

/* The reader of bytes gives an offset, everything behind it a line and a column. */
static sched_status parser_failed(const builder *b, const yaml_parser_t *parser, sched_error *err) {
    if (parser->error == YAML_READER_ERROR) {
        size_t line = 1, column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < b->len; i++) {
            column = b->text[i] == '\n' ? 1 : column + 1;
            line += b->text[i] == '\n';
        }
        return sched_fail(err, SCHED_EINVAL, "%s:%zu:%zu: not UTF-8 text: %s", b->doc->file, line, column,
                          parser->problem);
    }
    yaml_mark_t mark = parser->problem_mark;
    if (indented_by_tab(b, mark.line)) return fail_at(b, mark, err, "a tab cannot indent; use spaces");
    return sched_fail(err, SCHED_EINVAL, "%s:%zu:%zu: not YAML: %s%s%s", b->doc->file, mark.line + 1, mark.column + 1,
                      parser->problem ? parser->problem : "out of memory", parser->context ? " " : "",
                      parser->context ? parser->context : "");
}

static sched_status build(builder *b, yaml_parser_t *parser, sched_error *err) {
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return parser_failed(b, parser, err);
        more = event.type != YAML_STREAM_END_EVENT;
        sched_status status = on_event(b, &event, err);
        yaml_event_delete(&event);
        if (status) return status;
    }
    if (!b->doc->root) return sched_fail(err, SCHED_EINVAL, "%s:1:1: the document is empty", b->doc->file);
    return SCHED_OK;
}

/* "" for a file of the working folder. */
static char *folder_of(const char *file) {
    const char *slash = strrchr(file, '/');
    char *folder = mem_strdup(file);
    folder[slash ? slash - file + 1 : 0] = '\0';
    return folder;
}

sched_status yaml_doc_parse(const char *file, const char *text, size_t len, yaml_doc **ret_doc, sched_error *err) {
    assert(file && (text || !len) && ret_doc);
    if (len > YAML_DOC_BYTES_MAX) return sched_fail(err, SCHED_EINVAL, "%s:1:1: larger than 1 MiB", file);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return sched_fail(err, SCHED_EINVAL, "%s:1:1: no memory for a parser", file);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);

    yaml_doc *doc = mem_zalloc(1, sizeof *doc);
    doc->file = mem_strdup(file);
    doc->folder = folder_of(file);
    builder b = {.doc = doc, .text = text, .len = len};
    sched_status status = build(&b, &parser, err);
    yaml_parser_delete(&parser);
    if (status) {
        yaml_doc_free(doc);
        return status;
    }
    *ret_doc = doc;
    return SCHED_OK;
}

sched_status yaml_doc_read(const char *path, yaml_doc **ret_doc, sched_error *err) {
    bool standard = !strcmp(path, "-");
    const char *name = standard ? "stdin" : path;
    FILE *in = standard ? stdin : fopen(path, "rb");
    if (!in) return sched_fail(err, SCHED_EIO, "%s: cannot be opened: %s", name, strerror(errno));
    char *text = mem_alloc(YAML_DOC_BYTES_MAX + 1);
    size_t len = fread(text, 1, YAML_DOC_BYTES_MAX + 1, in);
    sched_status status = SCHED_OK;
    if (ferror(in)) status = sched_fail(err, SCHED_EIO, "%s: cannot be read: %s", name, strerror(errno));
    if (!standard) fclose(in);
    if (!status) status = yaml_doc_parse(name, text, len, ret_doc, err);
    free(text);
    return status;
}

const yaml_value *yaml_doc_root(const yaml_doc *doc) {
    return doc->root;
}

const char *yaml_doc_file(const yaml_doc *doc) {
    return doc->file;
}

yaml_kind yaml_kind_of(const yaml_value *v) {
    return v->kind;
}

const char *yaml_kind_name(yaml_kind kind) {
    switch (kind) {
    case YAML_EMPTY: return "nothing";
    case YAML_TEXT: return "text";
    case YAML_LIST: return "a list";
    case YAML_MAP: return "a mapping";
    }
    return "?";
}

const char *yaml_text(const yaml_value *v) {
    return v->kind == YAML_TEXT ? v->text : "";
}

const char *yaml_name(const yaml_value *v) {
    return v->key ? v->key->text : "value";
}

size_t yaml_count(const yaml_value *v) {
    return v->count;
}

const yaml_value *yaml_item(const yaml_value *v, size_t i) {
    assert(i < v->count);
    return v->items[i];
}

const yaml_value *yaml_key(const yaml_value *v, size_t i) {
    assert(v->kind == YAML_MAP && i < v->count);
    return v->keys[i];
}

const yaml_value *yaml_get(const yaml_value *v, const char *key) {
    if (!v || v->kind != YAML_MAP) return NULL;
    for (size_t i = 0; i < v->count; i++) {
        if (!strcmp(v->keys[i]->text, key)) return v->items[i];
    }
    return NULL;
}

const yaml_value *yaml_at(const yaml_value *root, const char *path_format, ...) {
    char path[256];
    va_list args;
    va_start(args, path_format);
    vsnprintf(path, sizeof path, path_format, args);
    va_end(args);

    const yaml_value *at = root;
    for (char *step = path; *step;) {
        const yaml_value *next = NULL;
        if (*step == '[') {
            size_t i = strtoul(step + 1, &step, 10);
            if (at->kind == YAML_LIST && i < at->count) next = at->items[i];
            step += strspn(step, "].");
        } else {
            char *end = step + strcspn(step, ".[");
            char after = *end;
            *end = '\0';
            next = yaml_get(at, step);
            step = after == '.' ? end + 1 : end;
            *end = after;
        }
        if (!next) break;
        at = next;
    }
    return at;
}

char *yaml_path(const yaml_value *v, const char *path) {
    const char *folder = *path == '/' ? "" : v->doc->folder;
    size_t size = strlen(folder) + strlen(path) + 1;
    char *whole = mem_alloc(size);
    snprintf(whole, size, "%s%s", folder, path);
    return whole;
}

static sched_status put_place(const yaml_value *v, sched_error *err) {
    if (!err) return SCHED_EINVAL;
    char text[SCHED_ERROR_MAX];
    memcpy(text, err->message, sizeof text);
    if (v->doc->argument) return sched_fail(err, SCHED_EINVAL, "%s: %s", v->doc->file, text);
    return sched_fail(err, SCHED_EINVAL, "%s:%d:%d: %s", v->doc->file, v->line, v->column, text);
}

sched_status yaml_fail(const yaml_value *v, sched_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sched_vfail(err, SCHED_EINVAL, format, args);
    va_end(args);
    return put_place(v, err);
}
