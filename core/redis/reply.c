/* reply.c - see the header. Numbers may come as integers or as strings that spell them, because scripts return Redis
 * fields as they are stored; callers should not have to know which. */
#include "core/redis/reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

static bool is_text(const redis_reply *reply) {
    return reply &&
           (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_ERROR);
}

bool reply_is_error(const redis_reply *reply) {
    return reply && reply->type == REDIS_REPLY_ERROR;
}

bool reply_is_nil(const redis_reply *reply) {
    return reply && reply->type == REDIS_REPLY_NIL;
}

bool reply_is_int(const redis_reply *reply) {
    return reply && reply->type == REDIS_REPLY_INTEGER;
}

bool reply_is_array(const redis_reply *reply) {
    return reply && reply->type == REDIS_REPLY_ARRAY;
}

bool reply_says(const redis_reply *reply, const char *word) {
    if (reply_is_array(reply)) reply = reply_at(reply, 0);
    return is_text(reply) && !strcmp(reply->str, word);
}

const char *reply_text(const redis_reply *reply) {
    return is_text(reply) ? reply->str : "";
}

int64_t reply_int(const redis_reply *reply) {
    if (reply_is_int(reply)) return reply->integer;
    return is_text(reply) ? strtoll(reply->str, NULL, 10) : 0;
}

size_t reply_count(const redis_reply *reply) {
    return reply_is_array(reply) ? reply->elements : 0;
}

const redis_reply *reply_at(const redis_reply *reply, size_t i) {
    return i < reply_count(reply) ? reply->element[i] : NULL;
}

/* Characters of a number, with its minus. */
static size_t digits(int64_t n) {
    size_t count = n < 0 ? 2 : 1;
    while (n /= 10) count++;
    return count;
}

size_t reply_wire_size(const redis_reply *reply) {
    enum { MARK = 1, END = 2 };
    size_t len = (size_t)reply->len;
    switch (reply->type) {
    case REDIS_REPLY_STRING: return MARK + digits((int64_t)len) + END + len + END;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR: return MARK + len + END;
    case REDIS_REPLY_INTEGER: return MARK + digits(reply->integer) + END;
    case REDIS_REPLY_ARRAY: break;
    default: return strlen("$-1\r\n");
    }
    size_t size = MARK + digits((int64_t)reply->elements) + END;
    for (size_t i = 0; i < reply->elements; i++) size += reply_wire_size(reply->element[i]);
    return size;
}
