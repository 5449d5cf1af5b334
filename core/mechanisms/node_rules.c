/* node_rules.c - the same rules as in the scripts, in the same order: what memory grants, Redis would have granted. */
#include "core/mechanisms/node_rules.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES = 3, DEBOUNCE_MSEC = 5000, MARKS_MAX = 30, MARKS_WINDOW_MSEC = 10000 };

static const char *const status_names[] = {
    [KNOWN_REGISTERING] = "registering", [KNOWN_READY] = "ready",     [KNOWN_DEGRADED] = "degraded",
    [KNOWN_DRAINING] = "draining",       [KNOWN_OFFLINE] = "offline",
};

const char *known_status_name(known_status status) {
    return status_names[status];
}

bool known_status_parse(const char *name, known_status *ret_status) {
    for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++) {
        if (strcmp(name, status_names[i]) != 0) continue;
        *ret_status = (known_status)i;
        return true;
    }
    return false;
}

/* ---- may it be given a job? ----------------------------------------------------------------------------------------- */

int64_t node_rules_load(const known_node *n, load_kind kind) {
    switch (kind) {
    case LOAD_REPORTED: return n->running;
    case LOAD_OWN: return n->running > n->own ? n->running : n->own;
    default: return n->reserved + n->asking;
    }
}

refusal node_rules_standing(const known_node *n) {
    if (n->status != KNOWN_READY && n->status != KNOWN_DEGRADED)
        return (refusal){.word = GRANT_NOTREADY, .detail = known_status_name(n->status)};
    if (!n->up) return (refusal){.word = GRANT_NOTREADY, .detail = "unready"};
    return (refusal){.word = GRANT_OK};
}

static bool same_pair(const lang_pair *a, const lang_pair *b) {
    return !strcmp(a->src, b->src) && !strcmp(a->tgt, b->tgt);
}

static known_mark *mark_of(const known_node *n, const lang_pair *pair) {
    for (int i = 0; i < n->mark_count; i++)
        if (same_pair(&n->marks[i].pair, pair)) return &n->marks[i];
    return NULL;
}

static refusal marked(const known_node *n, const lang_pair *pair, int64_t now) {
    const known_mark *m = n->marked > now ? mark_of(n, pair) : NULL;
    if (!m || m->until <= now) return (refusal){.word = GRANT_OK};
    return (refusal){.word = GRANT_MARKED, .detail = m->service, .value = m->until};
}

static refusal on_trial(const known_node *n, int64_t now) {
    if (n->status != KNOWN_DEGRADED) return (refusal){.word = GRANT_OK};
    if (n->trial > now) return (refusal){.word = GRANT_TRIAL, .value = n->trial};
    bool has_one = n->own > 0 || n->reserved + n->asking > 0;
    return (refusal){.word = has_one ? GRANT_TRIAL : GRANT_OK};
}

static refusal busy(const known_node *n, int64_t ceiling) {
    if (ceiling == 0) return (refusal){.word = GRANT_OK};
    if (n->cpu >= ceiling) return (refusal){.word = GRANT_BUSY, .detail = "cpu", .value = n->cpu};
    if (n->gpu >= ceiling) return (refusal){.word = GRANT_BUSY, .detail = "gpu", .value = n->gpu};
    if (n->mem >= ceiling) return (refusal){.word = GRANT_BUSY, .detail = "mem", .value = n->mem};
    return (refusal){.word = GRANT_OK};
}

refusal node_rules_refusal(const registry_settings *set, const known_node *n, const lang_pair *pair, int64_t now,
                           bool enforce) {
    refusal why = node_rules_standing(n);
    if (why.word == GRANT_OK) why = marked(n, pair, now);
    if (why.word == GRANT_OK) why = on_trial(n, now);
    if (why.word == GRANT_OK) why = busy(n, set->resource_limit);
    if (why.word != GRANT_OK || !enforce) return why;
    int64_t load = node_rules_load(n, set->load);
    return load < n->slots ? why : (refusal){.word = GRANT_FULL, .value = load};
}

/* ---- its health ----------------------------------------------------------------------------------------------------- */

static void remember(known_node *n, char what) {
    size_t len = strlen(n->history);
    if (len == HISTORY_MAX) memmove(n->history, n->history + 1, len--);
    n->history[len] = what;
    n->history[len + 1] = '\0';
}

static int failures(const known_node *n) {
    int count = 0;
    for (const char *c = n->history; *c; c++) count += *c == 'x';
    return count;
}

void node_rules_judge(known_node *n, attempt_verdict says, int64_t now, int64_t pause_msec) {
    if (says == VERDICT_FAILURE) {
        remember(n, 'x');
        bool fails = n->status == KNOWN_READY && failures(n) >= FAILURES;
        if (n->status != KNOWN_DEGRADED && !fails) return;
        n->status = KNOWN_DEGRADED;
        n->trial = now + pause_msec;
    } else if (says == VERDICT_SUCCESS && n->status == KNOWN_DEGRADED) {
        n->status = KNOWN_READY;
        n->history[0] = '\0';
        n->trial = 0;
    } else if (says == VERDICT_SUCCESS && *n->history) {
        remember(n, '.');
        if (failures(n) == 0) n->history[0] = '\0';
    }
}

void node_rules_absolve(known_node *n) {
    n->history[0] = '\0';
    n->trial = n->marked = 0;
    n->mark_count = 0;
}

/* ---- models that it lacks ------------------------------------------------------------------------------------------- */

void node_rules_note_mark(known_node *n, const lang_pair *pair, const char *service, int64_t until, int64_t now) {
    if (n->marked <= now) n->mark_count = 0;
    known_mark *m = mark_of(n, pair);
    if (!m) {
        n->marks = mem_realloc(n->marks, (size_t)n->mark_count + 1, sizeof *n->marks);
        m = &n->marks[n->mark_count++];
        m->pair = *pair;
    }
    m->until = until;
    snprintf(m->service, sizeof m->service, "%s", service);
    if (until > n->marked) n->marked = until;
}

int64_t node_rules_mark(known_node *n, const lang_pair *pair, const char *service, int64_t now, int64_t mark_msec) {
    const known_mark *before = n->marked > now ? mark_of(n, pair) : NULL;
    bool young = before && before->until > now && before->until > now + mark_msec - DEBOUNCE_MSEC;
    if (young && !strcmp(before->service, service)) return before->until;
    if (now < n->mark_from || now >= n->mark_from + MARKS_WINDOW_MSEC) {
        n->mark_number = 0;
        n->mark_from = now;
    }
    if (n->mark_number >= MARKS_MAX) return 0;
    n->mark_number++;
    node_rules_note_mark(n, pair, service, now + mark_msec, now);
    return now + mark_msec;
}
