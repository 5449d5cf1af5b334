/* members.h - the members of JSON documents while they are built. */
#ifndef CORE_VIEW_MEMBERS_H
#define CORE_VIEW_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "core/view/asker.h"

/* Fields of objects that are being built. Bytes that are no UTF-8 become \xHH. NULL is null. */
void view_set_text(json_t *object, const char *field, const char *text);
void view_set_number(json_t *object, const char *field, int64_t number);
void view_set_truth(json_t *object, const char *field, bool truth);

/* Puts the objects of an array into the order of a text field; of equal ones the first is kept, since a walk with a cursor may
 * tell an entry twice. */
void view_sort(json_t *rows, const char *field);

/* {"now": now, `field`: value}; takes the value. */
json_t *view_one(int64_t now, const char *field, json_t *value);
/* The document, if all was answered and something is in it; else NULL, and it is gone. */
json_t *view_told(const asker *ask, json_t *document);

#endif
