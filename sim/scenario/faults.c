/* faults.c - how a fault is written, and which keys each kind takes.
 *
 * One list of kinds stands behind two keys, `kind` for faults of nodes and `redis` for those of Redis, so that a line reads as
 * what happens to whom. Both write the same field; faults_check.c refuses them together. */
#include "sim/scenario/faults.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/settings_print.h"
#include "core/base/yaml_bind.h"
#include "sim/scenario/faults_check.h"
#include "sim/scenario/scenario.h"

#define MSEC USEC_PER_MSEC
#define HOUR (3600 * USEC_PER_SEC)

// clang-format off
static const fault_rule rules[FAULT_KINDS] = {
    [FAULT_CRASH] = {"crash", KEY_NODES | KEY_FOR, .help =
        "the process ends, and its jobs with it; afterwards the nodes register again"},
    [FAULT_HANG] = {"hang", KEY_NODES | KEY_FOR, .help =
        "the process stands still, its connection stays; afterwards it goes on with what it had and what has come"},
    [FAULT_RECONNECT] = {"reconnect", KEY_NODES, .help =
        "the connection ends and comes back after `reconnect` of the group; the nodes work on meanwhile, and send over the new "
        "connection what the results are"},
    [FAULT_DRAIN] = {"drain", KEY_NODES | KEY_FOR, .help =
        "the nodes ask for no more jobs, and stay away when they have none any more; afterwards they register again"},
    [FAULT_LANGUAGES] = {"languages", KEY_NODES | KEY_FOR | KEY_LANGUAGES, .help =
        "the nodes register other languages over the connection that they have; afterwards their former ones"},
    [FAULT_ERRORS] = {"errors", KEY_NODES | KEY_FOR, .help = "every job is answered failed, PROCESSING_ERROR, at once"},
    [FAULT_MISSING_MODEL] = {"missing_model", KEY_NODES | KEY_FOR | KEY_SERVICE | KEY_TARGETS, .help =
        "every job, or those into `targets`, is answered failed, MODEL_NOT_AVAILABLE, at once"},
    [FAULT_SLOW] = {"slow", KEY_NODES | KEY_FOR | KEY_FACTOR, .help =
        "jobs that begin take `factor` times as long; several such faults multiply"},
    [FAULT_SILENT] = {"silent", KEY_NODES | KEY_FOR, .help = "heartbeats are lost, while the work goes on"},
    [FAULT_REDIS_PAUSE] = {"redis_pause", KEY_FOR, .ends = true, .help =
        "the server is busy: calls wait, and those that waited for longer than `redis_patience` may or may not have happened"},
    [FAULT_REDIS_SLOW] = {"redis_slow", KEY_FOR | KEY_FACTOR, .help =
        "the server takes `factor` times as long for each call"},
    [FAULT_REDIS_FLUSH_SCRIPTS] = {"redis_flush_scripts", 0, .help =
        "SCRIPT FLUSH: the server has forgotten the scripts, and every link loads them again"},
    [FAULT_REDIS_RESTART] = {"redis_restart", KEY_FOR | KEY_DATA, .ends = true, .help =
        "the server is killed, and started again when the time is over, with its `data` or without"},
    [FAULT_REDIS_DISCONNECT] = {"redis_disconnect", KEY_FOR, .ends = true, .help =
        "the way to the server is cut: what is under way may or may not have happened, what comes is refused"},
};
// clang-format on

const fault_rule *fault_rule_of(fault_kind kind) {
    assert(kind > FAULT_NONE && kind < FAULT_KINDS);
    return &rules[kind];
}

const char *fault_name(fault_kind kind) {
    return fault_rule_of(kind)->name;
}

bool fault_is_instant(fault_kind kind) {
    return !(fault_rule_of(kind)->takes & KEY_FOR);
}

/* --- kinds ------------------------------------------------------------------------------------------------------ */

#define REDIS_PREFIX "redis_"

/* As it is spelled under its key. */
static const char *word_of(int kind) {
    return rules[kind].name + (kind >= FAULT_REDIS ? strlen(REDIS_PREFIX) : 0);
}

static sched_status read_kind(const yaml_value *v, const char *key, int first, int end, int *kind, sched_error *err) {
    const char *words[FAULT_KINDS + 1] = {NULL};
    for (int k = first; k < end; k++) words[k - first] = word_of(k);
    setting row = {.name = key, .kind = SETTING_CHOICE, .choices = words};
    int chosen = 0;
    sched_status status = yaml_bind_value(v, &row, &chosen, err);
    if (!status) *kind = first + chosen;
    return status;
}

static sched_status read_node_fault(const yaml_value *v, void *field, sched_error *err) {
    return read_kind(v, "kind", FAULT_NONE + 1, FAULT_REDIS, field, err);
}

static sched_status read_redis_fault(const yaml_value *v, void *field, sched_error *err) {
    return read_kind(v, "redis", FAULT_REDIS, FAULT_KINDS, field, err);
}

static void print_node_fault(const void *field, FILE *out) {
    int kind = *(const int *)field;
    if (kind > FAULT_NONE && kind < FAULT_REDIS) fputs(word_of(kind), out);
}

static void print_redis_fault(const void *field, FILE *out) {
    int kind = *(const int *)field;
    if (kind >= FAULT_REDIS) fputs(word_of(kind), out);
}

static const setting_type node_fault_type =
    {"crash, hang, reconnect, drain, languages, errors, missing_model, slow or silent", read_node_fault,
     print_node_fault, NULL};
static const setting_type redis_fault_type = {"pause, slow, flush_scripts, restart or disconnect", read_redis_fault,
                                              print_redis_fault, NULL};

void faults_markdown(FILE *out) {
    fputs("| written | what happens |\n|---|---|\n", out);
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        fprintf(out, "| `%s: %s` | %s |\n", kind < FAULT_REDIS ? "kind" : "redis", word_of(kind), rules[kind].help);
    fputc('\n', out);
}

/* --- names of nodes --------------------------------------------------------------------------------------------- */

static sched_status read_node_name(const yaml_value *v, void *field, sched_error *err) {
    static const setting row = {.name = "names", .kind = SETTING_TEXT, .size = sizeof(node_name)};
    return yaml_bind_value(v, &row, field, err);
}

static void print_node_name(const void *field, FILE *out) {
    yaml_write_text(out, field);
}

static const setting_type node_name_type = {"nodes such as gpu-17", read_node_name, print_node_name, NULL};

/* --- other languages -------------------------------------------------------------------------------------------- */

static sched_status read_languages(const yaml_value *v, void *field, sched_error *err) {
    fault_languages *l = field;
    l->given = true;
    return node_languages_type.read(v, &l->choice, err);
}

static void print_languages(const void *field, FILE *out) {
    const fault_languages *l = field;
    if (l->given) node_languages_type.print(&l->choice, out);
}

static const setting_type fault_languages_type = {"as `languages` of nodes", read_languages, print_languages, NULL};

/* --- rows ------------------------------------------------------------------------------------------------------- */

static const char *const data_names[] = {"kept", "lost", NULL};

// clang-format off
static const setting fault_node_rows[] = {
    ROW_TEXT(fault_nodes, "group", group_name, NULL, "name of the group that is hit; of all nodes when not given"),
    ROW_SHARE(fault_nodes, "share", share, 1e-6, 1, NULL, "part of it, drawn by the seed; or else `count` or `names`"),
    ROW_COUNT(fault_nodes, "count", count, 1, SCENARIO_NODES_MAX, NULL, "so many of it, drawn by the seed"),
    ROW_VALUES(fault_nodes, "names", names, name_count, node_name_type, FAULT_NAMES_MAX, NULL, "exactly these"),
    {.name = NULL},
};

const setting fault_rows[] = {
    {.name = "at", .kind = SETTING_DURATION, .required = true, .offset = SETTING_AT(fault, at, usec_t), .max = 1e15,
     .help = "from the start of the run"},
    ROW_VALUE(fault, "kind", kind, node_fault_type, NULL, "what happens to nodes; see Faults"),
    ROW_SECTION(fault, "nodes", nodes, fault_node_rows, "who is hit"),
    ROW_VALUE(fault, "redis", kind, redis_fault_type, NULL, "or else what happens to Redis; see Faults"),
    ROW_DURATION(fault, "for", lasts, MSEC, 24 * HOUR, NULL,
                 "then it is over; when not given it stays for good"),
    ROW_NUMBER(fault, "factor", factor, 0.001, 10000, NULL,
               "of `slow`: everything takes so many times as long; 10 when not given"),
    ROW_VALUE(fault, "languages", languages, fault_languages_type, NULL,
              "of `languages`: what the nodes know now; a fresh draw of what their group knows when not given"),
    ROW_TEXT(fault, "service", service, NULL, "of `missing_model`: which one is missing; nmt@1 when not given"),
    ROW_VALUES(fault, "targets", targets, target_count, language_tag_type, LANGS_MAX, NULL,
               "of `missing_model`: only jobs into these languages fail; all when not given"),
    ROW_CHOICE(fault, "data", data, data_names, NULL,
               "of `restart`: kept (saved at that moment) or lost (it comes back empty); kept when not given"),
    {.name = NULL},
};
// clang-format on
