/* redis_host.c - hands each call to the kind at hand, and what both kinds do alike. */
#include "sim/redis_host/host_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

redis_host *redis_host_close(redis_host *host) {
    if (host) host->kind->close(host);
    return NULL;
}

redis_link redis_host_link(redis_host *host, int32_t number) {
    assert(number >= 0 && number < host->instances);
    return host->kind->link(host, number);
}

redis_link redis_host_reader(redis_host *host, int32_t number) {
    assert(number >= 0 && number < host->instances);
    if (!host->readers) return (redis_link){0};
    return host->share_readers ? host->kind->link(host, number) : host->kind->reader(host, number);
}

void redis_host_issue_at(void *host, int32_t number, usec_t at) {
    redis_host *h = host;
    if (h->kind->issue_at) h->kind->issue_at(h, number, at);
}

sched_status redis_host_run(redis_host *host, usec_t until, sched_error *err) {
    return host->kind->run(host, until, err);
}

bool redis_host_time_is_free(const redis_host *host) {
    return host->kind->time_is_free;
}

void redis_host_settle(redis_host *host) {
    host->kind->settle(host);
}

sched_status redis_host_ask(redis_host *host, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    return host->kind->ask(host, call, ret_reply, err);
}

sched_status redis_host_client(redis_host *host, usec_t patience, sync_client **ret_client, sched_error *err) {
    redis_host_settle(host);
    return sync_client_open_url(&host->url, patience, ret_client, err);
}

sched_status redis_host_expire(redis_host *host, sched_error *err) {
    return host->kind->expire(host, err);
}

const char *redis_host_version(const redis_host *host) {
    return host->version;
}

redis_traffic redis_host_traffic(const redis_host *host) {
    return host->kind->traffic(host);
}

redis_host_lateness redis_host_late(const redis_host *host) {
    return host->kind->late ? host->kind->late(host) : (redis_host_lateness){0};
}

static sched_status ask_info(redis_host *host, const char *section, redis_reply **ret_reply, sched_error *err) {
    redis_call call;
    call_command(&call, "INFO");
    call_str(&call, section);
    sched_status status = redis_host_ask(host, &call, ret_reply, err);
    if (!status && reply_is_error(*ret_reply)) {
        status = sched_fail(err, SCHED_EPROTO, "INFO %s: %s", section, reply_text(*ret_reply));
        *ret_reply = sync_reply_free(*ret_reply);
    }
    return status;
}

int redis_host_masters(const redis_host *host) {
    return host->kind->masters ? host->kind->masters(host) : 1;
}

void redis_host_turn_to(redis_host *host, int master) {
    if (host->kind->turn_to) host->kind->turn_to(host, master);
}

/* Adds what one server says of itself. */
static sched_status measure_one(redis_host *host, redis_usage *sum, sched_error *err) {
    redis_reply *cpu = NULL, *memory = NULL;
    sched_status status = ask_info(host, "cpu", &cpu, err);
    if (!status) status = ask_info(host, "memory", &memory, err);
    if (!status) {
        redis_usage one = redis_info_usage(reply_text(cpu), reply_text(memory));
        sum->cpu_usec += one.cpu_usec;
        sum->used_memory += one.used_memory;
    }
    sync_reply_free(cpu);
    sync_reply_free(memory);
    return status;
}

sched_status redis_host_measure(redis_host *host, redis_usage *ret_usage, sched_error *err) {
    redis_usage sum = {.cpu_usec = host->cpu_of_killed};
    sched_status status = SCHED_OK;
    int masters = host->kind->answers(host) ? redis_host_masters(host) : 0;
    for (int i = 0; i < masters && !status; i++) {
        redis_host_turn_to(host, i);
        status = measure_one(host, &sum, err);
    }
    redis_host_turn_to(host, 0);
    if (!status) *ret_usage = sum;
    return status;
}

sched_status redis_host_learn_version(redis_host *host, sched_error *err) {
    redis_reply *server = NULL;
    sched_status status = ask_info(host, "server", &server, err);
    if (status) return status;
    const char *line = strstr(reply_text(server), "redis_version:");
    if (line) {
        line += strlen("redis_version:");
        snprintf(host->version, sizeof host->version, "%.*s", (int)strcspn(line, "\r\n"), line);
    }
    sync_reply_free(server);
    return SCHED_OK;
}

/* ---- what goes wrong ------------------------------------------------------------------------------------------------ */

const char *redis_host_cannot(const redis_host *host, redis_trouble trouble) {
    return host->kind->cannot ? host->kind->cannot(host, trouble) : NULL;
}

void redis_host_pause(redis_host *host, usec_t until) {
    host->kind->pause(host, until);
}

void redis_host_slow(redis_host *host, double factor) {
    host->kind->slow(host, factor);
}

void redis_host_flush_scripts(redis_host *host) {
    host->kind->flush_scripts(host);
}

void redis_host_kill(redis_host *host, bool save) {
    redis_usage usage;
    if (!redis_host_measure(host, &usage, NULL)) host->cpu_of_killed = usage.cpu_usec;
    host->kind->kill(host, save);
}

void redis_host_revive(redis_host *host, bool with_data) {
    host->kind->revive(host, with_data);
}

void redis_host_cut(redis_host *host) {
    host->kind->cut(host);
}

void redis_host_mend(redis_host *host) {
    host->kind->mend(host);
}

void redis_host_cut_instance(redis_host *host, int32_t number) {
    host->kind->cut_instance(host, number);
}

void redis_host_mend_instance(redis_host *host, int32_t number) {
    host->kind->mend_instance(host, number);
}

void redis_host_hang_up(redis_host *host, int32_t number) {
    if (host->kind->hang_up) host->kind->hang_up(host, number);
}
