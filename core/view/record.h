/* record.h - fields and values of the data model, as fsck and the commands read them from replies. */
#ifndef CORE_VIEW_RECORD_H
#define CORE_VIEW_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain/lang_pair.h"
#include "core/redis/reply.h"

/* The value of `field` in a HGETALL reply; NULL when it is not there. */
const char *record_field(const redis_reply *flat, const char *field);
/* For messages: the value, or "(none)". */
const char *record_shown(const redis_reply *flat, const char *field);
/* Digits only, at least `least`; `ret_value` may be NULL. */
bool record_whole(const char *text, int64_t least, int64_t *ret_value);
/* "sources|targets" as stored. */
bool record_offer(const char *offer, lang_service *ret_service);
/* "node ver" and "job attempt": an id, a space, a number >= 1. */
bool record_numbered(const char *text, char id[ID_MAX + 1], int64_t *ret_number);

#endif
