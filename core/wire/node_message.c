/* node_message.c - one reader per type, by table; results are read by node_result.c. */
#include "core/wire/node_message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/json_text.h"
#include "core/wire/node_result.h"

/* ---- services ------------------------------------------------------------------------------------------------------- */

/* Both lists, with what tells the type of an entry and that it runs. */
static const char *const lists[] = {"installed_services", "capability_by_type"};

static bool runs(const json_t *entry) {
    const char *status = json_string_value(json_object_get(entry, "status"));
    return json_is_true(json_object_get(entry, "ready")) || (status && !strcmp(status, "running"));
}

/* Without these three there is no translation; tone and semantic repair may be missing. */
static bool is_core(const json_t *entry) {
    const char *type = json_string_value(json_object_get(entry, "type"));
    return type && (!strcmp(type, "asr") || !strcmp(type, "nmt") || !strcmp(type, "tts"));
}

static bool is_unready(json_text *t) {
    bool listed = false, running = false;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        const json_t *list = json_text_list(t, lists[l]), *entry;
        size_t i;
        json_array_foreach(list, i, entry) {
            if (!is_core(entry)) continue;
            listed = true;
            running |= runs(entry);
        }
    }
    return listed && !running;
}

static bool is_visible(const char *text) {
    for (; *text; text++)
        if (*text <= ' ' || *text > '~') return false;
    return true;
}

/* "id" or "id@version" of what is installed, as many as there is room for. */
static char *services_of(json_text *t) {
    char *text = mem_zalloc(1, SERVICES_MAX + 1), one[SERVICE_MAX + 2];
    size_t used = 0, i;
    const json_t *list = json_text_list(t, "installed_services"), *entry;
    json_array_foreach(list, i, entry) {
        const char *id = json_string_value(json_object_get(entry, "service_id"));
        const char *version = json_string_value(json_object_get(entry, "version"));
        if (!id) continue;
        int len = snprintf(one, sizeof one, "%s%s%s", id, version && *version ? "@" : "", version ? version : "");
        bool fits = len > 0 && len <= SERVICE_MAX && used + (size_t)len + 1 <= SERVICES_MAX;
        if (!fits || !is_visible(one)) continue;
        if (used > 0) text[used++] = ' ';
        memcpy(text + used, one, (size_t)len + 1);
        used += (size_t)len;
    }
    return text;
}

/* ---- registration --------------------------------------------------------------------------------------------------- */

static void read_languages(json_text *capabilities, const char *name, lang_list *ret_list) {
    const json_t *tags = json_text_list(capabilities, name), *tag;
    size_t i;
    json_array_foreach(tags, i, tag) {
        sched_error why;
        if (!json_is_string(tag))
            json_text_fail(capabilities, name, "languages as texts", NULL);
        else if (lang_list_add(ret_list, json_string_value(tag), &why))
            json_text_refuse(capabilities, why.message);
        if (json_text_failed(capabilities)) return;
    }
}

static void read_registration(json_text *t, node_message *m) {
    node_registration *r = &m->registration;
    json_text capabilities;
    json_text_within(t, "language_capabilities", &capabilities);
    r->node_id = m->node_id;
    read_languages(&capabilities, "asr_languages", &r->asr);
    read_languages(&capabilities, "semantic_languages", &r->semantic);
    read_languages(&capabilities, "tts_languages", &r->tts);
    r->slots = json_text_int_or(t, "max_concurrent_jobs", 0, SLOTS_MAX, 0);
    r->services = m->made = services_of(t);
}

/* ---- heartbeats ----------------------------------------------------------------------------------------------------- */

static void read_heartbeat(json_text *t, node_message *m) {
    json_text usage;
    json_text_within(t, "resource_usage", &usage);
    double jobs = json_text_number_or(&usage, "running_jobs", 0);
    m->load = (node_load){
        .cpu = json_text_number_or(&usage, "cpu_percent", 0),
        .gpu = json_text_number_or(&usage, "gpu_percent", 0),
        .mem = json_text_number_or(&usage, "mem_percent", 0),
        .running_jobs = jobs > 0 ? (int64_t)(jobs < SLOTS_MAX ? jobs : SLOTS_MAX) : 0,
        .unready = is_unready(t),
    };
}

/* ---- by type -------------------------------------------------------------------------------------------------------- */

static void read_job(json_text *t, node_message *m) {
    m->job.job_id = json_text_str(t, "job_id");
    m->job.attempt = json_text_int(t, "attempt_id", 0, UINT32_MAX);
}

static void read_error(json_text *t, node_message *m) {
    m->error.code = json_text_str(t, "code");
    m->error.message = json_text_str_or(t, "message", "");
}

static void read_nothing_more(json_text *t, node_message *m) {
    (void)t;
    (void)m;
}

typedef struct node_type {
    const char *type;
    void (*read)(json_text *t, node_message *m);
} node_type;

static const node_type types[NODE_KINDS] = {
    [NODE_REGISTER] = {"node_register", read_registration},
    [NODE_HEARTBEAT] = {"node_heartbeat", read_heartbeat},
    [NODE_JOB_ACK] = {"job_ack", read_job},
    [NODE_JOB_STARTED] = {"job_started", read_job},
    [NODE_ASR_PARTIAL] = {"asr_partial", node_partial_read},
    [NODE_JOB_RESULT] = {"job_result", node_result_read},
    [NODE_ERROR] = {"node_error", read_error},
    [NODE_DRAIN] = {"node_drain", read_nothing_more},
};

const char *node_kind_name(node_kind kind) {
    assert(kind >= 0 && kind < NODE_KINDS);
    return types[kind].type;
}

static node_kind kind_of(const char *name) {
    int kind = 0;
    while (kind < NODE_KINDS && strcmp(types[kind].type, name) != 0) kind++;
    return (node_kind)kind;
}

sched_status node_message_parse(const char *text, size_t bytes, node_message *ret_message, sched_error *err) {
    json_text t;
    sched_status status = json_text_parse(text, bytes, &t, err);
    if (status) return status;
    node_message m = {.kind = kind_of(t.type)};
    if (m.kind < NODE_KINDS) {
        m.node_id = json_text_str_or(&t, "node_id", "");
        types[m.kind].read(&t, &m);
        status = t.status;
    } else {
        status = sched_fail(err, SCHED_EINVAL, "message: type \"%.40s\": no message of a node has it", t.type);
    }
    m.texts = json_text_end(&t);
    if (status)
        node_message_free(&m);
    else
        *ret_message = m;
    return status;
}

void node_message_free(node_message *m) {
    payload_unref(m->content);
    free(m->made);
    free(m->texts);
}
