/* environment.c - asks the programs for their versions, the loader for what is loaded, and the kernel for the processor.
 *
 * Why libraries by build id and not by version: a distribution's security update keeps the version and changes the code. */
#include "bench/gate/environment.h"

#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#ifndef __has_feature /* clang's word for what gcc says by a macro */
#define __has_feature(feature) 0
#endif

enum { ID_DIGITS = 12 };

static const char *const names[ENV_ITEMS] = {
    [ENV_REDIS] = "redis", [ENV_LIBRARIES] = "libraries", [ENV_COMPILER] = "compiler",
    [ENV_CPU] = "cpu",     [ENV_VALGRIND] = "valgrind",   [ENV_MODEL] = "model",
};

const char *environment_name(environment_item item) {
    return names[item];
}

/* --- programs --------------------------------------------------------------------------------------------------------- */

static void first_line_of(const char *command, char line[ENV_TEXT_MAX]) {
    line[0] = '\0';
    FILE *out = popen(command, "re");
    if (!out) return;
    if (fgets(line, ENV_TEXT_MAX, out)) line[strcspn(line, "\r\n")] = '\0';
    pclose(out);
}

/* "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0" */
static void ask_redis(char text[ENV_TEXT_MAX]) {
    char line[ENV_TEXT_MAX], version[32] = "", build[32] = "";
    first_line_of("redis-server --version 2>/dev/null", line);
    const char *v = strstr(line, " v="), *b = strstr(line, "build=");
    text[0] = '\0';
    if (v && sscanf(v, " v=%31s", version) == 1 && b && sscanf(b, "build=%31s", build) == 1)
        snprintf(text, ENV_TEXT_MAX, "%s build %s", version, build);
}

void environment_redis_version(const environment *e, char version[32]) {
    version[0] = '\0';
    sscanf(e->text[ENV_REDIS], "%31s", version);
}

/* --- libraries -------------------------------------------------------------------------------------------------------- */

/* The GNU build id among the notes of a segment; "" when there is none. */
static void build_id(const struct dl_phdr_info *info, const ElfW(Phdr) * segment, char id[ID_DIGITS + 1]) {
    const char *at = (const char *)(info->dlpi_addr + segment->p_vaddr), *end = at + segment->p_memsz;
    id[0] = '\0';
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        ElfW(Nhdr) note;
        memcpy(&note, at, sizeof note);
        const char *name = at + sizeof note, *desc = name + ((note.n_namesz + 3) & ~3U);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(name, "GNU", 4)) {
            for (unsigned i = 0; i < ID_DIGITS / 2 && i < note.n_descsz; i++)
                snprintf(id + 2 * i, 3, "%02x", (unsigned)(unsigned char)desc[i]);
            return;
        }
        at = desc + ((note.n_descsz + 3) & ~3U);
    }
}

static int add_library(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    char *text = ctx, path[PATH_MAX], id[ID_DIGITS + 1] = "";
    if (!*info->dlpi_name || !realpath(info->dlpi_name, path)) return 0; /* this program, the kernel's page */
    if (strstr(path, "vgpreload")) return 0;
    for (int i = 0; i < info->dlpi_phnum && !*id; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE) build_id(info, &info->dlpi_phdr[i], id);
    size_t used = strlen(text);
    snprintf(text + used, ENV_TEXT_MAX - used, "%s%s %s", used ? ", " : "", strrchr(path, '/') + 1, id);
    return 0;
}

/* --- the processor ------------------------------------------------------------------------------------------------------ */

static void read_cpu_line(const char *key, char *text, size_t size) {
    char line[4096];
    text[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file) return;
    while (!*text && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (!value || strncmp(line, key, strlen(key)) != 0) continue;
        value += strspn(value, ": \t");
        snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
    }
    fclose(file);
}

/* What an emulated processor is offered: valgrind knows no vectors beyond AVX2. */
static void ask_cpu(char text[ENV_TEXT_MAX]) {
    static const char *const features[] = {"sse4_2", "avx", "avx2", "bmi2", "f16c", "fma", "rdrand"};
    struct utsname machine;
    char flags[4096], padded[4096 + 2], word[32];
    snprintf(text, ENV_TEXT_MAX, "%s", uname(&machine) ? "" : machine.machine);
    read_cpu_line("flags", flags, sizeof flags);
    snprintf(padded, sizeof padded, " %s ", flags);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        snprintf(word, sizeof word, " %s ", features[i]);
        size_t used = strlen(text);
        if (strstr(padded, word)) snprintf(text + used, ENV_TEXT_MAX - used, " %s", features[i]);
    }
}

environment environment_here(void) {
    environment e = {0};
    ask_redis(e.text[ENV_REDIS]);
    dl_iterate_phdr(add_library, e.text[ENV_LIBRARIES]);
#ifdef __OPTIMIZE__
    const char *optimized = "optimized";
#else
    const char *optimized = "not optimized";
#endif
#ifdef __clang__
    snprintf(e.text[ENV_COMPILER], ENV_TEXT_MAX, "%s, %s", __VERSION__, optimized);
#else
    snprintf(e.text[ENV_COMPILER], ENV_TEXT_MAX, "gcc %s, %s", __VERSION__, optimized);
#endif
    ask_cpu(e.text[ENV_CPU]);
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) /* which cannot run under valgrind */
    first_line_of("valgrind --version 2>/dev/null", e.text[ENV_VALGRIND]);
#endif
    read_cpu_line("model name", e.text[ENV_MODEL], ENV_TEXT_MAX);
    return e;
}

/* --- comparing and writing ---------------------------------------------------------------------------------------------- */

environment_item environment_differs(const environment *a, const environment *b) {
    for (int i = 0; i < ENV_COMPARED; i++)
        if (strcmp(a->text[i], b->text[i]) != 0) return (environment_item)i;
    return ENV_ITEMS;
}

json_t *environment_to_json(const environment *e) {
    json_t *object = json_object();
    for (int i = 0; i < ENV_ITEMS; i++) json_object_set_new(object, names[i], json_string(e->text[i]));
    return object;
}

sched_status environment_from_json(const json_t *json, environment *ret_environment, sched_error *err) {
    if (!json_is_object(json)) return sched_fail(err, SCHED_EINVAL, "environment: expected an object of texts");
    environment e = {0};
    for (int i = 0; i < ENV_ITEMS; i++) {
        const char *text = json_string_value(json_object_get(json, names[i]));
        snprintf(e.text[i], ENV_TEXT_MAX, "%s", text ? text : "");
    }
    *ret_environment = e;
    return SCHED_OK;
}
