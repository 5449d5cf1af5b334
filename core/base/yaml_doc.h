/* yaml_doc.h - a YAML document as a tree of values that know their place in the file.
 *
 * Bounds     1 MiB, 100,000 values (an alias counts as what it stands for), 32 levels, 1,000 keys per mapping. Any
 *            bytes are safe: what is beyond a bound, not UTF-8 or not YAML is refused with its place.
 * Language   One document. Keys are plain texts, each once per mapping. Anchors and aliases work, tags do not.
 * Ownership  Values belong to their document and are immutable; yaml_merge.h gives a document another root, with values of
 *            other documents in it, which it then owns.
 * Failure    SCHED_EINVAL with "file:line:column: what is wrong"; SCHED_EIO when a file cannot be read. */
#ifndef CORE_BASE_YAML_DOC_H
#define CORE_BASE_YAML_DOC_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    YAML_DOC_BYTES_MAX = 1 << 20,
    YAML_DOC_VALUES_MAX = 100000,
    YAML_DOC_DEPTH_MAX = 32,
    YAML_DOC_KEYS_MAX = 1000,
    YAML_DOC_ANCHORS_MAX = 1000,
};

typedef enum yaml_kind {
    YAML_EMPTY, /* nothing, ~ or null */
    YAML_TEXT,  /* any scalar: what it means is up to the reader */
    YAML_LIST,
    YAML_MAP,
} yaml_kind;

typedef struct yaml_doc yaml_doc;
typedef struct yaml_value yaml_value;

/* `file` names the document in messages. */
sched_status yaml_doc_parse(const char *file, const char *text, size_t len, yaml_doc **ret_doc, sched_error *err);
/* "-" is standard input. */
sched_status yaml_doc_read(const char *path, yaml_doc **ret_doc, sched_error *err);
yaml_doc *yaml_doc_free(yaml_doc *doc); /* takes NULL, returns NULL */
const yaml_value *yaml_doc_root(const yaml_doc *doc);
const char *yaml_doc_file(const yaml_doc *doc);

yaml_kind yaml_kind_of(const yaml_value *v);
const char *yaml_kind_name(yaml_kind kind); /* "nothing", "text", "a list", "a mapping" */
const char *yaml_text(const yaml_value *v); /* of a TEXT, without NUL inside; "" for the other kinds */
const char *yaml_name(const yaml_value *v); /* the key it stands under; "value" for the root and items of lists */
size_t yaml_count(const yaml_value *v);     /* items of a LIST, pairs of a MAP; else 0 */
const yaml_value *yaml_item(const yaml_value *v, size_t i); /* i-th item, or value of the i-th pair; i < yaml_count() */
const yaml_value *yaml_key(const yaml_value *v, size_t i);  /* key of the i-th pair of a MAP: a TEXT */
const yaml_value *yaml_get(const yaml_value *v, const char *key); /* NULL when v is NULL, no MAP, or has no such key */

/* The value at a path such as "nodes[2].join.at", or the nearest one above it that exists: for messages about settings
 * that may have been left out. Never NULL. */
const yaml_value *yaml_at(const yaml_value *root, const char *path_format, ...) __attribute__((format(printf, 2, 3)));

/* A path as it stands in the file of `v`, from that file's folder, as the process must spell it; free() it. */
char *yaml_path(const yaml_value *v, const char *path);

/* SCHED_EINVAL with the place of `v` before the text. */
sched_status yaml_fail(const yaml_value *v, sched_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
