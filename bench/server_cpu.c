/* server_cpu.c - INFO cpu. Of the main thread alone: what other threads free in the background is nobody's call. */
#include "bench/server_cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool info_number(const char *info, const char *field, double *ret_value) {
    const char *at = strstr(info, field);
    return at && sscanf(at + strlen(field), ":%lf", ret_value) == 1;
}

sched_status server_cpu_ask(sync_client *client, double *ret_seconds, sched_error *err) {
    redis_call call;
    call_command(&call, "INFO");
    call_str(&call, "cpu");
    redis_reply *reply = NULL;
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (status) return status;
    double user, system;
    if (info_number(reply_text(reply), "used_cpu_user_main_thread", &user) &&
        info_number(reply_text(reply), "used_cpu_sys_main_thread", &system))
        *ret_seconds = user + system;
    else
        status =
            sched_fail(err, SCHED_EPROTO, "INFO cpu does not tell used_cpu_user_main_thread: %.80s", reply_text(reply));
    sync_reply_free(reply);
    return status;
}
