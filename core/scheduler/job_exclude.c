/* job_exclude.c - nodes that a job must not be given to.
 *
 * Two reasons: the node failed the job before; or it has, or had, a job of the same utterance, and existing nodes refuse a second one
 * of the same (session, utterance) even after the first has ended. The jobs of one utterance are placed at the same time, so a
 * node counts as used from the moment it is asked; when it refuses, or the assignment never leaves, it is free for the others. */
#include "core/scheduler/job_flow.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { USED_MAX = sizeof((fanout *)0)->used / sizeof *((fanout *)0)->used };

bool job_was_tried(const job *j, const char *node) {
    for (int i = 0; i < j->tried_count; i++)
        if (!strcmp(j->tried[i], node)) return true;
    return false;
}

static bool used_by_another(const job *j, const char *node) {
    for (int i = 0; j->fan && i < j->fan->count; i++)
        if (j->fan->used[i].taker != j && !strcmp(j->fan->used[i].node, node)) return true;
    return false;
}

bool job_excludes(const job *j, const char *node) {
    return job_was_tried(j, node) || used_by_another(j, node);
}

int job_exclusions(const job *j, const char *ret_nodes[EXCLUDED_MAX]) {
    int count = 0;
    for (int i = 0; i < j->tried_count; i++) ret_nodes[count++] = j->tried[i];
    for (int i = j->fan ? j->fan->count - 1 : -1; i >= 0 && count < EXCLUDED_MAX; i--)
        if (j->fan->used[i].taker != j) ret_nodes[count++] = j->fan->used[i].node;
    return count;
}

void job_exclude(job *j, const char *node) {
    assert(*node);
    if (j->tried_count == TRIED_MAX) {
        memmove(j->tried[0], j->tried[1], sizeof j->tried - sizeof j->tried[0]);
        j->tried_count--;
    }
    snprintf(j->tried[j->tried_count++], sizeof j->tried[0], "%s", node);
}

void job_claim_node(job *j, const char *node) {
    fanout *fan = j->fan;
    if (!fan) return;
    if (fan->count == USED_MAX) {
        memmove(&fan->used[0], &fan->used[1], sizeof fan->used - sizeof fan->used[0]);
        fan->count--;
    }
    fan->used[fan->count].taker = j;
    snprintf(fan->used[fan->count++].node, sizeof fan->used[0].node, "%s", node);
}

void job_unclaim_node(job *j, const char *node) {
    fanout *fan = j->fan;
    int i = fan ? fan->count - 1 : -1;
    while (i >= 0 && (fan->used[i].taker != j || strcmp(fan->used[i].node, node) != 0)) i--;
    if (i < 0) return;
    fan->count--;
    memmove(&fan->used[i], &fan->used[i + 1], (size_t)(fan->count - i) * sizeof fan->used[0]);
}
