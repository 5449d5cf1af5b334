/* yaml_internal.h - what yaml_doc.c and yaml_merge.c share; nobody else includes it. */
#ifndef CORE_BASE_YAML_INTERNAL_H
#define CORE_BASE_YAML_INTERNAL_H

#include "core/base/yaml_doc.h"

struct yaml_value {
    yaml_kind kind;
    bool closed;
    int line, column; /* from 1 */
    int height;
    size_t weight;
    const yaml_doc *doc;
    char *text;
    const yaml_value *key; /* under which it stands first; NULL: the root and items of lists */
    const yaml_value **keys, **items;
    size_t count;
    yaml_value *next; /* in the list of the document that frees it; `doc` is the one that it stands in */
};

typedef struct anchor {
    char *name;
    yaml_value *value;
} anchor;

struct yaml_doc {
    char *file, *folder; /* the folder ends in a slash, or is "" */
    bool argument;       /* one of the command line: it has no lines */
    const yaml_value *root;
    yaml_value *values;
    size_t weight;
    anchor anchors[YAML_DOC_ANCHORS_MAX];
    size_t anchor_count;
    yaml_doc *parts, *next_part; /* other documents, values of which have come into this one; owned */
};

/* Belongs to the document; without place and content. */
yaml_value *yaml_value_new(yaml_doc *doc, yaml_kind kind);
/* Room for one more, doubling; for lists that begin empty and grow by one. */
void yaml_list_grow(const yaml_value ***list, size_t count);

#endif
