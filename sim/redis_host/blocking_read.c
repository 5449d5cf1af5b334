/* blocking_read.c - see the header. Which scripts add entries is known by their names: another one of that kind belongs here. */
#include "sim/redis_host/blocking_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool says(const redis_call *call, int i, const char *word) {
    return !strcasecmp(call_arg(call, i), word);
}

bool blocking_read_parse(const redis_call *call, blocking_read *ret_read, redis_call *ret_plain) {
    if (call->script != SCRIPT_NONE || !says(call, 0, "XREADGROUP")) return false;
    int block = 0, streams = 0;
    for (int i = 1; i < call->args && !streams; i++) {
        if (says(call, i, "BLOCK")) block = i;
        if (says(call, i, "STREAMS")) streams = i;
    }
    if (!block || !streams) return false;
    assert(call->args == streams + 3);
    usec_t msec = strtoll(call_arg(call, block + 1), NULL, 10);
    ret_read->block = msec > 0 ? msec * USEC_PER_MSEC : USEC_NEVER;
    snprintf(ret_read->key, sizeof ret_read->key, "%s", call_arg(call, streams + 1));
    call_command(ret_plain, call_arg(call, 0));
    for (int i = 1; i < call->args; i++)
        if (i != block && i != block + 1) call_bytes(ret_plain, call_arg(call, i), call->length[i]);
    return true;
}

bool call_adds_entry(const redis_call *call) {
    return call->script == SCRIPT_NONE ? says(call, 0, "XADD") : !strcmp(scripts_name(call->script), "inbox_add");
}
