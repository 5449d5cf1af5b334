/* reply.h - reading a Redis reply without knowing the client library.
 *
 * A redis_reply is hiredis's redisReply under a neutral name, so that only core/redis and sim/redis_host include
 * hiredis. Replies belong to the link and live until the callback returns; copy what must stay. Accessors never
 * fail: on a reply of another shape they return the neutral value named at each. */
#ifndef CORE_REDIS_REPLY_H
#define CORE_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct redisReply redis_reply;

bool reply_is_error(const redis_reply *reply);
bool reply_is_nil(const redis_reply *reply); /* what the server does not have; not a NULL reply */
bool reply_is_int(const redis_reply *reply);
bool reply_is_array(const redis_reply *reply);
/* True when the reply, or its first element if it is an array, is the string `word`. Scripts answer with such words. */
bool reply_says(const redis_reply *reply, const char *word);
/* The text of a string, status or error reply; "" otherwise. Redis's strings are NUL-terminated by the client
 * library. */
const char *reply_text(const redis_reply *reply);
/* The value of an integer reply, or of a string that spells one; 0 otherwise. */
int64_t reply_int(const redis_reply *reply);
/* Elements of an array; 0 otherwise. */
size_t reply_count(const redis_reply *reply);
/* Element i; NULL beyond the end, and every accessor takes NULL. */
const redis_reply *reply_at(const redis_reply *reply, size_t i);
/* Bytes of the reply on the wire in RESP2: for reports. */
size_t reply_wire_size(const redis_reply *reply);

#endif
