/* grant_call.h - asking a node to take a job: the call to reserve_node put together, its answer read. */
#ifndef CORE_MECHANISMS_GRANT_CALL_H
#define CORE_MECHANISMS_GRANT_CALL_H

#include "core/domain/grant.h"
#include "core/domain/lang_pair.h"
#include "core/redis/call.h"
#include "core/redis/keys.h"
#include "core/redis/reply.h"

typedef enum grant_mode {
    GRANT_COUNT, /* a full node takes it all the same */
    GRANT_ENFORCE,
    GRANT_DRY, /* answered as GRANT_ENFORCE would be; nothing is written */
} grant_mode;

typedef struct grant_question {
    const char *node, *job_id;
    int64_t attempt;
    int64_t version; /* of the membership that proposed the node */
    const lang_pair *pair;
    grant_mode mode;
    int64_t hold_msec;      /* > 0: life of the reservation */
    int64_t resource_limit; /* percent; 0: none */
} grant_question;

void grant_call(redis_call *call, const keyspace *keys, const grant_question *question);
/* `reply` NULL, or of another shape: GRANT_UNKNOWN. */
grant_verdict grant_verdict_of(const redis_reply *reply);

#endif
