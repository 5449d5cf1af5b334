/* recorded_tables.c - the tables of a recording, read once each in the order of their parts; what a scenario needs of them is kept, and
 * arrivals are copied through, because a replay reads them again. */
#include "sim/scenario/recorded_internal.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/domain/lang_pair.h"
#include "sim/scenario/csv.h"

enum { PATH_BYTES = 1024 };

/* ---- tables --------------------------------------------------------------------------------------------------------- */

typedef sched_status read_row(import *in, csv *c, const int *columns, sched_error *err);

typedef struct table {
    const char *name;
    const char *columns[8]; /* closed by NULL */
    read_row *row;
} table;

static sched_status read_part(import *in, const table *t, const char *path, sched_error *err) {
    csv *c = NULL;
    int columns[8] = {0};
    bool more = true;
    sched_status status = csv_open(path, &c, err);
    for (int i = 0; !status && t->columns[i]; i++) status = csv_column(c, t->columns[i], &columns[i], err);
    while (!status && more) {
        status = csv_next(c, &more, err);
        if (!status && more) status = t->row(in, c, columns, err);
    }
    csv_close(c);
    return status;
}

/* "arrivals-000001.csv": the numbers have six digits, so that the order of names is theirs. */
static bool is_part(const char *file, const char *name) {
    size_t len = strlen(name);
    return !strncmp(file, name, len) && file[len] == '-' && strlen(file) > 4 &&
           !strcmp(file + strlen(file) - 4, ".csv");
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static sched_status read_table(import *in, const table *t, const char *folder, sched_error *err) {
    DIR *dir = opendir(folder);
    if (!dir) {
        sched_status why = errno == ENOENT ? SCHED_ENOENT : SCHED_EIO;
        return sched_fail(err, why, "%s: %s", folder, strerror(errno));
    }
    char **parts = NULL;
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!is_part(entry->d_name, t->name)) continue;
        parts = mem_realloc(parts, count + 1, sizeof *parts);
        parts[count++] = mem_strdup(entry->d_name);
    }
    closedir(dir);
    if (parts) qsort(parts, count, sizeof *parts, by_name);
    sched_status status =
        count ? SCHED_OK : sched_fail(err, SCHED_ENOENT, "%s: no %s-000001.csv, or a later part", folder, t->name);
    for (size_t i = 0; parts && i < count; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        if (!status) status = read_part(in, t, path, err);
        free(parts[i]);
    }
    free(parts);
    return status;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

static void note_lang(import *in, const char *tag) {
    lang *one;
    HASH_FIND_STR(in->langs, tag, one);
    if (one) return;
    one = mem_zalloc(1, sizeof *one);
    snprintf(one->tag, sizeof one->tag, "%s", tag);
    HASH_ADD_STR(in->langs, tag, one);
}

static sched_status note_pair(import *in, csv *c, int src, int tgt, sched_error *err) {
    lang_pair pair;
    sched_error why;
    if (lang_pair_make(csv_text(c, src), csv_text(c, tgt), &pair, &why)) return csv_fail(c, err, "%s", why.message);
    note_lang(in, pair.src);
    note_lang(in, pair.tgt);
    return SCHED_OK;
}

static sched_status arrival_row(import *in, csv *c, const int *columns, sched_error *err) {
    double at, speech;
    sched_status status = csv_number(c, columns[0], &at, err);
    if (!status) status = csv_number(c, columns[1], &speech, err);
    if (!status) status = note_pair(in, c, columns[2], columns[3], err);
    if (status) return status;
    if (in->facts.arrivals++ == 0) in->first = at;
    in->last = at;
    fprintf(in->arrivals, "%.6f,%.6f,%s,%s\n", at, speech, csv_text(c, columns[2]), csv_text(c, columns[3]));
    return SCHED_OK;
}

static void note_service(line *l, double speech, double service) {
    l->n++;
    l->x += speech;
    l->y += service;
    l->xx += speech * speech;
    l->xy += speech * service;
    l->yy += service * service;
}

static sched_status outcome_row(import *in, csv *c, const int *columns, sched_error *err) {
    double speech, attempts, service, total;
    sched_status status = csv_number(c, columns[1], &speech, err);
    if (!status) status = csv_number(c, columns[2], &attempts, err);
    if (!status) status = csv_number(c, columns[3], &service, err);
    if (!status) status = csv_number(c, columns[4], &total, err);
    if (status) return status;
    const char *outcome = csv_text(c, columns[0]);
    in->facts.ended++;
    in->facts.refused += !strcmp(outcome, "refused");
    if (strcmp(outcome, "ok") != 0) return SCHED_OK;
    in->facts.ok++;
    histogram_record(in->total, (int64_t)llround(total * USEC_PER_SEC));
    if (attempts == 1) note_service(&in->service, speech, service);
    return SCHED_OK;
}

static group *group_of(import *in, const char *slots, const char *sources, const char *targets) {
    size_t size = strlen(slots) + strlen(sources) + strlen(targets) + 3;
    char *key = mem_alloc(size);
    snprintf(key, size, "%s|%s|%s", slots, sources, targets);
    group *one;
    HASH_FIND_STR(in->groups, key, one);
    if (one) {
        free(key);
        return one;
    }
    one = mem_zalloc(1, sizeof *one);
    one->key = key;
    one->slots = strtoll(slots, NULL, 10);
    one->sources = mem_strdup(sources);
    one->targets = mem_strdup(targets);
    HASH_ADD_KEYPTR(hh, in->groups, one->key, strlen(one->key), one);
    return one;
}

static void note_langs(import *in, const char *list) {
    char text[LANG_LIST_TEXT_MAX], *rest = text;
    snprintf(text, sizeof text, "%s", list);
    for (char *tag; (tag = strsep(&rest, " "));)
        if (*tag) note_lang(in, tag);
}

static void set_ready(node *n, bool ready) {
    if (!n->in || n->ready == ready) return;
    n->ready = ready;
    n->in->ready += ready ? 1 : -1;
    if (n->in->ready > n->in->peak) n->in->peak = n->in->ready;
}

static sched_status node_row(import *in, csv *c, const int *columns, sched_error *err) {
    const char *id = csv_text(c, columns[0]), *event = csv_text(c, columns[1]);
    node *n;
    HASH_FIND_STR(in->nodes, id, n);
    if (!n) {
        if (HASH_COUNT(in->nodes) >= RECORDED_NODES_MAX || strlen(id) >= NODE_TEXT_MAX)
            return csv_fail(c, err, "node \"%.40s\": expected at most %d nodes, 16 digits each", id,
                            RECORDED_NODES_MAX);
        n = mem_zalloc(1, sizeof *n);
        snprintf(n->id, sizeof n->id, "%s", id);
        HASH_ADD_STR(in->nodes, id, n);
    }
    if (!strcmp(event, "registered")) {
        group *to = group_of(in, csv_text(c, columns[2]), csv_text(c, columns[3]), csv_text(c, columns[4]));
        if (HASH_COUNT(in->groups) > RECORDED_GROUPS_MAX)
            return csv_fail(c, err, "nodes of more than %d kinds", RECORDED_GROUPS_MAX);
        if (n->in != to) set_ready(n, false);
        n->in = to;
        note_langs(in, to->sources);
        note_langs(in, to->targets);
    } else {
        set_ready(n, !strcmp(event, "ready"));
    }
    return SCHED_OK;
}

static const table tables[] = {
    {"arrivals", {"arrival_s", "speech_s", "src", "tgt", NULL}, arrival_row},
    {"outcomes", {"outcome", "speech_s", "attempts", "service_s", "total_s", NULL}, outcome_row},
    {"nodes", {"node", "event", "slots", "sources", "targets", NULL}, node_row},
};

sched_status recorded_read_arrivals(import *in, const char *folder, sched_error *err) {
    return read_table(in, &tables[0], folder, err);
}

sched_status recorded_read_rest(import *in, const char *folder, sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 1; i < sizeof tables / sizeof *tables && !status; i++)
        status = read_table(in, &tables[i], folder, err);
    return status;
}

void recorded_forget(import *in) {
    group *g, *next_group;
    node *n, *next_node;
    lang *l, *next_lang;
    HASH_ITER (hh, in->nodes, n, next_node) {
        HASH_DEL(in->nodes, n);
        free(n);
    }
    HASH_ITER (hh, in->groups, g, next_group) {
        HASH_DEL(in->groups, g);
        free(g->key);
        free(g->sources);
        free(g->targets);
        free(g);
    }
    HASH_ITER (hh, in->langs, l, next_lang) {
        HASH_DEL(in->langs, l);
        free(l);
    }
    histogram_free(in->total);
}
