/* grant_call.c - the one place that knows the arguments and answers of reserve_node: placement, its dry run and operators' tools
 * ask through it. */
#include "core/mechanisms/grant_call.h"

#include <stdio.h>

void grant_call(redis_call *call, const keyspace *keys, const grant_question *question) {
    redis_key key;
    call_script(call, SCRIPT_RESERVE_NODE);
    call_key(call, key_node(&key, keys, question->node));
    call_key(call, key_node_reservations(&key, keys, question->node));
    call_key(call, key_node_langs(&key, keys, question->node));
    call_key(call, key_node_marks(&key, keys, question->node));
    call_str(call, question->job_id);
    call_int(call, question->attempt);
    call_int(call, question->version);
    call_str(call, question->pair->src);
    call_str(call, question->pair->tgt);
    call_int(call, question->mode);
    call_int(call, question->hold_msec);
    call_int(call, question->resource_limit);
}

/* Which element of an answer is the detail, the value, the limit; 0: it has none. */
static const struct {
    unsigned char detail, value, limit, owner;
} places[GRANT_WORDS] = {
    [GRANT_OK] = {.value = 1, .limit = 2, .owner = 4},
    [GRANT_NOTREADY] = {.detail = 1},
    [GRANT_NOTSERVED] = {.value = 1},
    [GRANT_MARKED] = {.detail = 1, .value = 2},
    [GRANT_TRIAL] = {.value = 1},
    [GRANT_BUSY] = {.detail = 1, .value = 2},
    [GRANT_FULL] = {.value = 1, .limit = 2},
};

grant_verdict grant_verdict_of(const redis_reply *reply) {
    grant_verdict v = {.word = grant_word_parse(reply_text(reply_at(reply, 0)))};
    if (places[v.word].detail)
        snprintf(v.detail, sizeof v.detail, "%s", reply_text(reply_at(reply, (size_t)places[v.word].detail)));
    if (places[v.word].value) v.value = reply_int(reply_at(reply, (size_t)places[v.word].value));
    if (places[v.word].limit) v.limit = reply_int(reply_at(reply, (size_t)places[v.word].limit));
    if (places[v.word].owner)
        snprintf(v.owner, sizeof v.owner, "%s", reply_text(reply_at(reply, (size_t)places[v.word].owner)));
    return v;
}
