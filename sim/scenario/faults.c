/* faults.c - how a fault is written, and which keys each kind takes.
 *
 * One list of kinds stands behind three keys, `kind` for faults of nodes, `redis` for those of Redis, `instance` for those of an instance, so
 * that a line reads as what happens to whom. All write the same field; faults_check.c refuses them together. */
#include "sim/scenario/faults.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/settings_print.h"
#include "core/base/yaml_bind.h"
#include "sim/scenario/faults_check.h"
#include "sim/scenario/scenario.h"

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC
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
    [FAULT_INSTANCE_CRASH] = {"instance_crash", KEY_FOR | KEY_WHICH | KEY_EVERY, .help =
        "its process ends at once, and its connections with it; afterwards another one starts, under a new id"},
    [FAULT_INSTANCE_STOP] = {"instance_stop", KEY_FOR | KEY_WHICH | KEY_EVERY, .help =
        "it leaves in good order, and ends; afterwards (`for` counts from its end) another process starts"},
    [FAULT_INSTANCE_RESTART] = {"instance_restart", KEY_FOR | KEY_WHICH | KEY_EVERY, .help =
        "the same, and another process is there after 1 s, or `for`: a roll-out"},
    [FAULT_INSTANCE_PAUSE] = {"instance_pause", KEY_FOR | KEY_WHICH | KEY_EVERY, .ends = true, .help =
        "its process stands still, its connections stay; then it goes on with what has come"},
    [FAULT_INSTANCE_PARTITION] = {"instance_partition", KEY_FOR | KEY_WHICH | KEY_EVERY, .ends = true, .help =
        "it reaches neither Redis nor other instances, while its nodes and speakers stay connected"},
};
// clang-format on

const fault_rule *fault_rule_of(fault_kind kind) {
    assert(kind > FAULT_NONE && kind < FAULT_KINDS);
    return &rules[kind];
}

fault_subject fault_subject_of(int kind) {
    if (kind >= FAULT_INSTANCE_CRASH) return FAULT_OF_INSTANCE;
    return kind >= FAULT_REDIS_PAUSE ? FAULT_OF_REDIS : FAULT_OF_NODES;
}

const char *fault_name(fault_kind kind) {
    return fault_rule_of(kind)->name;
}

bool fault_is_instant(fault_kind kind) {
    return !(fault_rule_of(kind)->takes & KEY_FOR);
}

/* --- kinds ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *key, *prefix; /* of the names of its kinds */
} subjects[] = {
    [FAULT_OF_NODES] = {"kind", ""},
    [FAULT_OF_REDIS] = {"redis", "redis_"},
    [FAULT_OF_INSTANCE] = {"instance", "instance_"},
};

/* As it is spelled under its key. */
static const char *word_of(int kind) {
    return rules[kind].name + strlen(subjects[fault_subject_of(kind)].prefix);
}

static sched_status read_kind(const yaml_value *v, fault_subject of, int *kind, sched_error *err) {
    const char *words[FAULT_KINDS + 1] = {NULL};
    int count = 0, first = 0;
    for (int k = FAULT_KINDS - 1; k > FAULT_NONE; k--)
        if (fault_subject_of(k) == of) first = k;
    for (int k = first; k < FAULT_KINDS && fault_subject_of(k) == of; k++) words[count++] = word_of(k);
    setting row = {.name = subjects[of].key, .kind = SETTING_CHOICE, .choices = words};
    int chosen = 0;
    sched_status status = yaml_bind_value(v, &row, &chosen, err);
    if (!status) *kind = first + chosen;
    return status;
}

static sched_status read_node_fault(const yaml_value *v, void *field, sched_error *err) {
    return read_kind(v, FAULT_OF_NODES, field, err);
}

static sched_status read_redis_fault(const yaml_value *v, void *field, sched_error *err) {
    return read_kind(v, FAULT_OF_REDIS, field, err);
}

static sched_status read_instance_fault(const yaml_value *v, void *field, sched_error *err) {
    return read_kind(v, FAULT_OF_INSTANCE, field, err);
}

static void print_kind(const void *field, fault_subject of, FILE *out) {
    int kind = *(const int *)field;
    if (kind > FAULT_NONE && fault_subject_of(kind) == of) fputs(word_of(kind), out);
}

static void print_node_fault(const void *field, FILE *out) {
    print_kind(field, FAULT_OF_NODES, out);
}

static void print_redis_fault(const void *field, FILE *out) {
    print_kind(field, FAULT_OF_REDIS, out);
}

static void print_instance_fault(const void *field, FILE *out) {
    print_kind(field, FAULT_OF_INSTANCE, out);
}

static const setting_type node_fault_type =
    {"crash, hang, reconnect, drain, languages, errors, missing_model, slow or silent", read_node_fault,
     print_node_fault, NULL};
static const setting_type redis_fault_type = {"pause, slow, flush_scripts, restart or disconnect", read_redis_fault,
                                              print_redis_fault, NULL};
static const setting_type instance_fault_type = {"crash, stop, restart, pause or partition", read_instance_fault,
                                                 print_instance_fault, NULL};

void faults_markdown(FILE *out) {
    fputs("| written | what happens |\n|---|---|\n", out);
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        fprintf(out, "| `%s: %s` | %s |\n", subjects[fault_subject_of(kind)].key, word_of(kind), rules[kind].help);
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

/* --- number of an instance ---------------------------------------------------------------------------------------- */

static sched_status read_which(const yaml_value *v, void *field, sched_error *err) {
    static const setting row = {.name = "which", .kind = SETTING_COUNT, .max = INSTANCES_MAX - 1};
    int64_t number = -1;
    sched_status status = !strcmp(yaml_text(v), "random") ? SCHED_OK : yaml_bind_value(v, &row, &number, err);
    if (!status) *(int64_t *)field = number + 1;
    return status;
}

static void print_which(const void *field, FILE *out) {
    int64_t which = *(const int64_t *)field;
    if (which > 0) fprintf(out, "%lld", (long long)which - 1);
}

static const setting_type which_type = {"a number from 0, or random", read_which, print_which, NULL};

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
    {.name = "at", .kind = SETTING_DURATION, .offset = SETTING_AT(fault, at, usec_t), .max = 1e15,
     .help = "from the start of the run; needed, but for `every`"},
    ROW_DURATION(fault, "every", every, SEC, 24 * HOUR, NULL,
                 "of an instance, instead of `at` or from then on: each one is hit time and again, by chance, in the mean so "
                 "often; needs `for`"),
    ROW_VALUE(fault, "kind", kind, node_fault_type, NULL, "what happens to nodes; see Faults"),
    ROW_SECTION(fault, "nodes", nodes, fault_node_rows, "who is hit"),
    ROW_VALUE(fault, "redis", kind, redis_fault_type, NULL, "or else what happens to Redis; see Faults"),
    ROW_VALUE(fault, "instance", kind, instance_fault_type, NULL, "or what happens to an instance; see Faults"),
    ROW_VALUE(fault, "which", which, which_type, NULL,
              "number of that instance; one of those that are there, by chance, when not given"),
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
