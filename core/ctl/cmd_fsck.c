/* cmd_fsck.c - the consistency check: walk, wait, look again, and if that is wanted repair and begin anew.
 *
 * Findings of the walk are only believed when they are still there after a pause: on a system at work each step of several keys
 * looks broken for a moment. After repairs the walk is made again, since one repair may bring forth what the next one needs: a
 * node that was taken for a member is joined only when the place that it had in vain was removed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/fsck_repair.h"
#include "core/ctl/show.h"
#include "core/view/members.h"

enum { FINDINGS_MAX = 10000, ROUNDS_MAX = 5, LINES_MAX = 200 };

/* ---- findings that are kept ------------------------------------------------------------------------------------------ */

typedef struct kept {
    fsck_finding finding; /* its texts are these */
    char *key, *subject, *text;
    const keyspace *keys;
} kept;

typedef struct kept_list {
    const keyspace *keys;
    kept *list;
    size_t count, capacity;
} kept_list;

static void keep(void *ctx, const fsck_finding *finding) {
    kept_list *k = ctx;
    if (k->count == FINDINGS_MAX) return;
    if (k->count == k->capacity) {
        k->capacity = k->capacity ? 2 * k->capacity : 64;
        k->list = mem_realloc(k->list, k->capacity, sizeof *k->list);
    }
    kept *one = &k->list[k->count++];
    one->key = mem_strdup(finding->key);
    one->subject = mem_strdup(finding->subject);
    one->text = mem_strdup(finding->text);
    one->keys = k->keys;
    one->finding = (fsck_finding){finding->kind, one->key, one->subject, finding->is_entry, one->text};
}

static void drop(kept *one) {
    free(one->key);
    free(one->subject);
    free(one->text);
}

static void drop_all(kept_list *k) {
    for (size_t i = 0; i < k->count; i++) drop(&k->list[i]);
    free(k->list);
    *k = (kept_list){.keys = k->keys};
}

static int by_order(const void *a, const void *b) {
    const kept *x = a, *y = b;
    return fsck_repair_order(x->keys, &x->finding, &y->finding);
}

/* A walk with a cursor may meet an entry twice. */
static void sort_once(kept_list *k) {
    size_t count = 0;
    if (k->count) qsort(k->list, k->count, sizeof *k->list, by_order);
    for (size_t i = 0; i < k->count; i++) {
        const fsck_finding *before = count ? &k->list[count - 1].finding : NULL;
        bool again = before && before->kind == k->list[i].finding.kind && !by_order(&k->list[count - 1], &k->list[i]);
        if (again)
            drop(&k->list[i]);
        else
            k->list[count++] = k->list[i];
    }
    k->count = count;
}

/* ---- one round ------------------------------------------------------------------------------------------------------- */

typedef struct check {
    ctl *c;
    usec_t patience;
    fsck_report report; /* of the last walk */
    kept_list found;    /* and still there when it was looked at again */
    int64_t passing;    /* findings that were not */
    int64_t untold;     /* beyond FINDINGS_MAX */
    json_t *repairs;
    json_t *told;     /* findings whose reason not to repair them was told in an earlier round */
    int64_t repaired; /* in this round */
} check;

static void wait_for(usec_t pause) {
    struct timespec rest = {.tv_sec = pause / USEC_PER_SEC, .tv_nsec = pause % USEC_PER_SEC * 1000};
    nanosleep(&rest, NULL);
}

static void look_again(check *k) {
    size_t count = 0;
    asker *ask = &k->c->ask;
    for (size_t i = 0; i < k->found.count; i++) {
        bool still = true;
        if (!ask->status)
            ask->status =
                fsck_look_again(k->c->client, &k->c->keys, &k->found.list[i].finding, false, &still, &k->c->err);
        if (still)
            k->found.list[count++] = k->found.list[i];
        else
            drop(&k->found.list[i]);
        k->passing += !still;
    }
    k->found.count = count;
}

static void find(check *k) {
    asker *ask = &k->c->ask;
    drop_all(&k->found);
    if (!ask->status) ask->status = fsck_walk(k->c->client, &k->c->keys, keep, &k->found, &k->report, &k->c->err);
    if (ask->status) return;
    k->untold = k->report.findings - (int64_t)k->found.count;
    sort_once(&k->found);
    if (!k->found.count) return;
    wait_for(k->patience);
    look_again(k);
}

static json_t *finding_json(const fsck_finding *f) {
    json_t *object = json_object();
    view_set_text(object, "kind", fsck_kind_name(f->kind));
    view_set_text(object, "key", f->key);
    view_set_text(object, "subject", f->subject);
    view_set_text(object, "text", f->text);
    return object;
}

/* Each round finds again what could not be repaired; that is told once. */
static bool is_told(check *k, const fsck_finding *finding) {
    char name[2 * KEY_MAX];
    snprintf(name, sizeof name, "%d %.*s %.*s", finding->kind, KEY_MAX - 1, finding->key, KEY_MAX / 2,
             finding->subject);
    for (char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    bool told = json_object_get(k->told, name) != NULL;
    json_object_set_new(k->told, name, json_true());
    return told;
}

static void note_repair(check *k, const fsck_finding *finding, const fsck_repair *r) {
    static const char *const results[] =
        {[FSCK_REPAIRED] = "repaired", [FSCK_NOT_THERE] = "gone", [FSCK_NOT_REPAIRED] = "not repaired"};
    if (r->result == FSCK_NOT_REPAIRED && is_told(k, finding)) return;
    json_t *object = finding_json(finding);
    view_set_text(object, "result", results[r->result]);
    view_set_text(object, "what", r->text);
    json_array_append_new(k->repairs, object);
    k->repaired += r->result != FSCK_NOT_REPAIRED;
    if (k->c->json) return;
    printf("%s: %s: %s\n  %s: %s\n", fsck_kind_name(finding->kind), finding->key, finding->text, results[r->result],
           r->text);
    fflush(stdout);
}

static void repair_all(check *k) {
    asker *ask = &k->c->ask;
    k->repaired = 0;
    for (size_t i = 0; i < k->found.count && !ask->status; i++) {
        fsck_repair result;
        const fsck_finding *finding = &k->found.list[i].finding;
        ask->status = fsck_repair_one(k->c->client, &k->c->keys, finding, &result, &k->c->err);
        if (!ask->status) note_repair(k, finding, &result);
    }
}

/* ---- what came out --------------------------------------------------------------------------------------------------- */

static int64_t left(const check *k) {
    return (int64_t)k->found.count + k->untold;
}

static void print_sum(const check *k) {
    const fsck_report *r = &k->report;
    printf("keys %" PRId64 ": nodes %" PRId64 ", places in pools %" PRId64 ", jobs %" PRId64 " (unfinished %" PRId64
           "), reservations %" PRId64 ", sessions %" PRId64 ", rooms %" PRId64 "\n",
           r->keys, r->nodes, r->members, r->jobs, r->unfinished, r->reservations, r->sessions, r->rooms);
    if (k->passing) printf("gone when looked at again, so steps under way: %" PRId64 "\n", k->passing);
    if (left(k))
        printf("%" PRId64 " finding%s\n", left(k), left(k) == 1 ? "" : "s");
    else
        puts("all is well");
}

/* Repairs have told theirs; of findings only the first lines are for people. */
static void print_findings(const check *k) {
    for (size_t i = 0; i < k->found.count && i < LINES_MAX; i++) {
        const fsck_finding *f = &k->found.list[i].finding;
        printf("%s: %s: %s\n", fsck_kind_name(f->kind), f->key, f->text);
    }
    if (left(k) > LINES_MAX) printf("... and %" PRId64 " more\n", left(k) - LINES_MAX);
}

static json_t *counts_json(const check *k) {
    json_t *counts = json_object();
    int64_t n[FSCK_KINDS] = {0};
    for (size_t i = 0; i < k->found.count; i++) n[k->found.list[i].finding.kind]++;
    for (int kind = 0; kind < FSCK_KINDS; kind++)
        if (n[kind]) view_set_number(counts, fsck_kind_name((fsck_kind)kind), n[kind]);
    return counts;
}

static void print_json(const check *k) {
    const fsck_report *r = &k->report;
    json_t *document = json_object(), *findings = json_array();
    for (size_t i = 0; i < k->found.count; i++)
        json_array_append_new(findings, finding_json(&k->found.list[i].finding));
    view_set_number(document, "count", left(k));
    json_object_set_new(document, "counts", counts_json(k));
    json_object_set_new(document, "findings", findings);
    view_set_number(document, "passing", k->passing);
    json_object_set(document, "repairs", k->repairs);
    view_set_number(document, "keys", r->keys);
    view_set_number(document, "nodes", r->nodes);
    view_set_number(document, "members", r->members);
    view_set_number(document, "jobs", r->jobs);
    view_set_number(document, "unfinished", r->unfinished);
    view_set_number(document, "reservations", r->reservations);
    view_set_number(document, "sessions", r->sessions);
    view_set_number(document, "rooms", r->rooms);
    ctl_print_json(document);
}

/* ---- the command ----------------------------------------------------------------------------------------------------- */

static const ctl_usage usage = {
    "",
    0,
    0,
    "Reads everything under the namespace and says what does not fit together: pools with holes, members without a "
    "node, nodes\n"
    "and jobs that no index knows, reservations that no job holds, keys that would never expire, fields that do not "
    "parse, ...\n"
    "A finding is told when it is still there after a pause: on a system at work it may have been a step under way.\n"
    "\n"
    "With --repair each finding is looked at once more and then put right in one step that takes effect only if "
    "nothing has\n"
    "changed meanwhile; what cannot be put right without guessing is left, with the reason. Then all is checked "
    "again.\n"
    "Nothing of it holds up a server at work. The exit status is 3 when findings are left.\n",
    "fsck\nfsck --json\nfsck --repair\nfsck --repair --patience 5s\n",
};

static void check_all(check *k, bool repair) {
    find(k);
    for (int round = 1; repair && round < ROUNDS_MAX && k->found.count; round++) {
        repair_all(k);
        if (k->c->ask.status || !k->repaired) return;
        find(k);
    }
}

int cmd_fsck(int argc, char **argv) {
    ctl c;
    bool repair = false;
    check k = {.patience = 2 * USEC_PER_SEC};
    const ctl_option options[] = {
        {"repair", NULL, CTL_FLAG, &repair, 0, 0, "put right what can be put right"},
        {"patience", "TIME", CTL_DURATION, &k.patience, 0, 3600 * USEC_PER_SEC, "pause before the second look (2s)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    k.c = &c;
    k.found.keys = &c.keys;
    ctl_connect(&c);
    if (repair && !c.ask.status && sync_client_masters(c.client) > 1)
        return ctl_end(&c, ctl_misused(&c, "--repair: not on a Redis Cluster, where no step can watch keys of several "
                                           "slots; without it the findings are told"));
    if (repair) ctl_need_scripts(&c);
    k.repairs = json_array();
    k.told = json_object();
    check_all(&k, repair);
    if (!c.ask.status && c.json) print_json(&k);
    if (!c.ask.status && !c.json) {
        if (!repair) print_findings(&k);
        print_sum(&k);
    }
    code = !c.ask.status && left(&k) ? CTL_FINDINGS : CTL_FINE;
    drop_all(&k.found);
    json_decref(k.repairs);
    json_decref(k.told);
    return ctl_end(&c, code);
}
