/* cas.c - the answers to MULTI and to what is queued say nothing new; EXEC's answer says all. So they are sent together. */
#include "core/ctl/cas.h"

#include <stdio.h>
#include <string.h>

static void put(asker *ask, const char *name) {
    redis_call call;
    call_command(&call, name);
    asker_put(ask, &call);
}

/* The client's own read, since an error is an answer here. */
static redis_reply *take(asker *ask) {
    redis_reply *reply = NULL;
    if (!ask->status) ask->status = sync_client_read(ask->client, &reply, ask->err);
    return reply;
}

static bool is_refusal(const redis_reply *answer) {
    if (reply_is_error(answer)) return true;
    return reply_is_array(answer) && !reply_says(answer, "OK") && !reply_says(answer, "ABSENT") &&
           !reply_says(answer, "READY");
}

static cas_result judge(const redis_reply *exec, char why[CAS_WHY_MAX]) {
    if (reply_is_nil(exec)) return CAS_CHANGED;
    if (!reply_is_array(exec)) {
        snprintf(why, CAS_WHY_MAX, "the server answered: %s", reply_text(exec));
        return CAS_REFUSED;
    }
    for (size_t i = 0; i < reply_count(exec); i++) {
        const redis_reply *answer = reply_at(exec, i);
        if (!is_refusal(answer)) continue;
        const char *word = reply_is_error(answer) ? reply_text(answer) : reply_text(reply_at(answer, 0));
        snprintf(why, CAS_WHY_MAX, "it was answered %s", word);
        return CAS_REFUSED;
    }
    return CAS_DONE;
}

cas_result cas_run(asker *ask, const redis_call *calls, size_t count, char why[CAS_WHY_MAX]) {
    put(ask, "MULTI");
    for (size_t i = 0; i < count; i++) asker_put(ask, &calls[i]);
    put(ask, "EXEC");
    for (size_t i = 0; i < count + 1; i++) sync_reply_free(take(ask));
    redis_reply *exec = take(ask);
    cas_result result = ask->status ? CAS_REFUSED : judge(exec, why);
    sync_reply_free(exec);
    return result;
}

void cas_forget(asker *ask) {
    put(ask, "UNWATCH");
    sync_reply_free(take(ask));
}
