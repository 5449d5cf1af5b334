/* scripts.c - the registry: one row per script, texts read at the start.
 *
 * Why the SHA-1 is the server's answer and is not computed here: the server is the one who must know it, and one hash
 * function less has to be right. */
#include "core/redis/scripts.h"

#include "core/base/embedded.h"
#include "core/base/mem.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_BYTES_MAX = 64 * 1024, PATH_BYTES_MAX = 4096 };

static const char *const names[SCRIPT_COUNT] = {
#define SCRIPT_NAME(id, file) [id] = file,
    SCRIPT_LIST(SCRIPT_NAME)
#undef SCRIPT_NAME
};

typedef struct script {
    char *text;
    size_t len;
    char sha[SCRIPT_SHA_LEN + 1];
} script;

struct scripts {
    script of[SCRIPT_COUNT];
};

static sched_status read_file(const char *folder, const char *name, script *ret_script, sched_error *err) {
    char path[PATH_BYTES_MAX];
    int n = snprintf(path, sizeof path, "%s/%s.lua", folder, name);
    if (n < 0 || n >= (int)sizeof path) return sched_fail(err, SCHED_EINVAL, "%.80s...: the path is too long", folder);
    FILE *file = fopen(path, "rb");
    if (!file)
        return sched_fail(err, errno == ENOENT ? SCHED_ENOENT : SCHED_EIO, "script %s: %s", path, strerror(errno));

    sched_status status = SCHED_OK;
    char *text = mem_alloc(SCRIPT_BYTES_MAX + 1);
    size_t len = fread(text, 1, SCRIPT_BYTES_MAX + 1, file);
    if (ferror(file))
        status = sched_fail(err, SCHED_EIO, "script %s: %s", path, strerror(errno));
    else if (len > SCRIPT_BYTES_MAX)
        status = sched_fail(err, SCHED_EINVAL, "script %s: longer than %d bytes", path, SCRIPT_BYTES_MAX);
    fclose(file);
    if (status) {
        free(text);
        return status;
    }
    text[len] = '\0';
    ret_script->text = text;
    ret_script->len = len;
    return SCHED_OK;
}

static sched_status read_embedded(const char *name, script *ret_script, sched_error *err) {
    char file_name[64];
    snprintf(file_name, sizeof file_name, "%s.lua", name);
    const embedded_file *file = embedded_find(embedded_scripts, file_name);
    if (!file) return sched_fail(err, SCHED_ENOENT, "script %s is not in this program", file_name);
    ret_script->text = mem_strdup((const char *)file->data);
    ret_script->len = file->len;
    return SCHED_OK;
}

sched_status scripts_new(const char *folder, scripts **ret_scripts, sched_error *err) {
    scripts *s = mem_zalloc(1, sizeof *s);
    sched_status status = SCHED_OK;
    for (int id = 0; id < SCRIPT_COUNT && !status; id++) {
        status = folder ? read_file(folder, names[id], &s->of[id], err) : read_embedded(names[id], &s->of[id], err);
        if (!status && strncmp(s->of[id].text, "#!lua", 5))
            status = sched_fail(err, SCHED_EINVAL, "script %s.lua: expected \"#!lua\" at its beginning", names[id]);
    }
    if (status) {
        scripts_free(s);
        return status;
    }
    *ret_scripts = s;
    return SCHED_OK;
}

scripts *scripts_free(scripts *s) {
    if (!s) return NULL;
    for (int id = 0; id < SCRIPT_COUNT; id++) free(s->of[id].text);
    free(s);
    return NULL;
}

const char *scripts_name(script_id id) {
    assert(id > SCRIPT_NONE && id < SCRIPT_COUNT);
    return names[id];
}

const char *scripts_text(const scripts *s, script_id id, size_t *ret_len) {
    assert(id > SCRIPT_NONE && id < SCRIPT_COUNT);
    *ret_len = s->of[id].len;
    return s->of[id].text;
}

const char *scripts_sha(const scripts *s, script_id id) {
    assert(id > SCRIPT_NONE && id < SCRIPT_COUNT);
    return s->of[id].sha;
}

static bool is_sha(const char *text) {
    size_t len = 0;
    while (isxdigit((unsigned char)text[len])) len++;
    return len == SCRIPT_SHA_LEN && !text[len];
}

sched_status scripts_loaded(scripts *s, script_id id, const redis_reply *reply, sched_error *err) {
    assert(id > SCRIPT_NONE && id < SCRIPT_COUNT);
    const char *text = reply_text(reply);
    if (reply_is_error(reply)) return sched_fail(err, SCHED_EPROTO, "SCRIPT LOAD %s.lua: %s", names[id], text);
    if (!is_sha(text))
        return sched_fail(err, SCHED_EPROTO, "SCRIPT LOAD %s.lua: expected a SHA-1, got \"%.60s\"", names[id], text);
    memcpy(s->of[id].sha, text, SCRIPT_SHA_LEN + 1);
    return SCHED_OK;
}
