/* yaml_merge.h - a document made of several: files that it includes, and single values set from outside.
 *
 * Both give the document a new root; values keep the places where they were written, so that what is wrong with one of them
 * is told with its own file, or with "--set path=value". Call them before anything is read from the document.
 *
 * Bounds     8 files deep, 32 files in all, each within the bounds of yaml_doc.h.
 * Failure    SCHED_EINVAL with its place; the document is then as it was. */
#ifndef CORE_BASE_YAML_MERGE_H
#define CORE_BASE_YAML_MERGE_H

#include "core/base/yaml_doc.h"

enum { YAML_INCLUDE_DEPTH_MAX = 8, YAML_INCLUDES_MAX = 32, YAML_SET_STEPS_MAX = 16 };

/* Replaces `include: other.yaml`, or a list of files, at the top of the document by what they hold. Later files go over
 * earlier ones, the document over all of them: mappings are merged key by key, everything else is replaced as a whole.
 * Paths count from the folder of the file that includes. */
sched_status yaml_doc_include(yaml_doc *doc, sched_error *err);

/* "nodes.0.count=50": sets one value, which is read as YAML. Steps of the path are keys, and indexes from 0 in lists. Mappings
 * on the way that are missing are made, and lists with one element; whether a key has a meaning is up to the reader. */
sched_status yaml_doc_set(yaml_doc *doc, const char *assignment, sched_error *err);

/* The same with a value of the document itself. What is wrong with the path is told with the place of `place`, what is wrong with
 * the value with its own. */
sched_status yaml_doc_put(yaml_doc *doc, const char *path, const yaml_value *value, const yaml_value *place,
                          sched_error *err);
/* Takes a key away from the top of the document; nothing when it is not there. */
void yaml_doc_drop(yaml_doc *doc, const char *key);
/* Makes an earlier root of the document its root again. */
void yaml_doc_rewind(yaml_doc *doc, const yaml_value *root);

#endif
