/* wait_queue.c - jobs whose candidates were all full, one bounded queue per language pair, in order of arrival.
 *
 * Two things bring a job on: a slot that comes free by one of our jobs (then the longest-waiting job which that node serves
 * is placed there directly, without a proposal: among hundreds of full nodes a random proposal would miss the free one), and
 * a timer of the queue (50 ms doubling to 1 s), because slots also come free by the jobs of other instances. Where all nodes are ours
 * the timer finds next to nothing, so it runs on whatever else places a job, and asks a single round: near saturation that halves what
 * Redis does for a job. Only the head tries, so that a queue of thousands costs no more Redis than a queue of one; and if the head may
 * not have every node (job_exclude.c), the first job that may: in a pair of few nodes the head may be waiting for a node that is not
 * there, while those that there are stand idle.
 *
 * A job that tries keeps its place: `trying` is set, and it leaves the queue when it was placed or has ended. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct wait_queue {
    scheduler *s;
    char pair[PAIR_MAX + 1];
    job *head;
    int64_t count;
    bool shared; /* the last proposal named a node of another instance, whose slots come free without our knowing */
    usec_t pause;
    timer_handle timer;
    UT_hash_handle hh;
};

static void on_timer(void *arg);

static void set_timer(wait_queue *q, usec_t pause) {
    const timer_source *timers = &q->s->env.timers;
    timers->cancel(timers->ctx, q->timer);
    q->timer = timers->set(timers->ctx, sched_now(q->s) + pause, on_timer, q);
}

/* One whose end or next attempt is decided is only waited for, and nobody waits behind it. */
static bool may_try(const job *j) {
    return !j->trying && !j->busy && !job_is_decided(j);
}

static void try_proposal(job *j) {
    if (!may_try(j)) return;
    j->trying = true;
    if (j->waiting->shared)
        job_place_now(j);
    else
        job_place_again(j);
}

static bool is_choosy(const job *j) {
    const char *excluded[EXCLUDED_MAX];
    return job_exclusions(j, excluded) > 0;
}

/* The longest-waiting job that still looks for a node; NULL when there is none. */
static job *first_of(const wait_queue *q) {
    job *j;
    DL_FOREACH(q->head, j) if (!job_is_decided(j)) return j;
    return NULL;
}

/* The same of those that may take any node. */
static job *first_for_any(const wait_queue *q) {
    job *j;
    DL_FOREACH(q->head, j) if (!job_is_decided(j) && !is_choosy(j)) return j;
    return NULL;
}

static void on_timer(void *arg) {
    wait_queue *q = arg;
    const scheduler_config *config = &q->s->config;
    job *first = first_of(q), *any = first_for_any(q);
    q->pause = q->pause * 2 < config->retry_max ? q->pause * 2 : config->retry_max;
    set_timer(q, q->pause);
    if (first) try_proposal(first);
    if (any && any != first) try_proposal(any);
}

static wait_queue *queue_of(scheduler *s, const lang_pair *pair) {
    char text[PAIR_MAX + 1];
    wait_queue *q;
    lang_pair_text(text, pair);
    HASH_FIND_STR(s->queues, text, q);
    return q;
}

static wait_queue *queue_for(scheduler *s, const lang_pair *pair) {
    wait_queue *q = queue_of(s, pair);
    if (q) return q;
    q = mem_zalloc(1, sizeof *q);
    q->s = s;
    q->pause = s->config.retry_min;
    lang_pair_text(q->pair, pair);
    HASH_ADD_STR(s->queues, pair, q);
    return q;
}

bool wait_queue_before(const job *j) {
    const wait_queue *q = queue_of(j->s, &j->pair);
    return q && (is_choosy(j) ? first_of(q) : first_for_any(q));
}

static bool arrived_before(const job *a, const job *b) {
    return a->arrived != b->arrived ? a->arrived < b->arrived : strcmp(a->id, b->id) < 0;
}

/* From the end, where a new job belongs; one that comes back for another attempt walks further. */
static void insert(wait_queue *q, job *j) {
    job *behind = q->head ? q->head->prev : NULL; /* utlist: the head's prev is the tail */
    while (behind && arrived_before(j, behind)) behind = behind == q->head ? NULL : behind->prev;
    if (!q->head)
        DL_APPEND(q->head, j);
    else if (behind)
        DL_APPEND_ELEM(q->head, behind, j);
    else
        DL_PREPEND(q->head, j);
    q->count++;
    j->waiting = q;
    j->s->counts.waiting++;
}

/* What the latest proposal for it has shown. */
static bool names_others(const job *j) {
    for (int i = 0; i < j->candidate_count; i++)
        if (!node_by_id(j->s, j->candidates[i].node)) return true;
    return false;
}

void wait_queue_add(job *j) {
    scheduler *s = j->s;
    if (j->waiting) {
        if (!j->offered) j->waiting->shared = names_others(j);
        j->trying = false;
        job_rest(j);
        return;
    }
    wait_queue *q = queue_for(s, &j->pair);
    if (q->count >= s->config.waiting_max) {
        job_finish(j, OUTCOME_FAILED, "NO_AVAILABLE_NODE", false);
        return;
    }
    insert(q, j);
    if (names_others(j)) q->shared = true;
    job_emit(j, (sched_event){.kind = EV_WAITING, .value = q->count});
    if (!q->timer) set_timer(q, q->pause);
    job_rest(j);
}

static void queue_free(wait_queue *q) {
    const timer_source *timers = &q->s->env.timers;
    timers->cancel(timers->ctx, q->timer);
    HASH_DEL(q->s->queues, q);
    free(q);
}

void wait_queue_remove(job *j) {
    wait_queue *q = j->waiting;
    assert(q);
    DL_DELETE(q->head, j);
    j->waiting = NULL;
    j->trying = false;
    j->s->counts.waiting--;
    if (--q->count == 0) queue_free(q);
}

/* There may be room beyond what it was given. */
static bool may_be_more(const job *j) {
    return !j->offered || j->waiting->shared || !j->s->config.limit;
}

void wait_queue_placed(job *j) {
    if (!j->waiting) return;
    wait_queue *q = j->waiting->count > 1 && may_be_more(j) ? j->waiting : NULL;
    wait_queue_remove(j);
    if (!q) return;
    q->pause = j->s->config.retry_min;
    set_timer(q, 0);
}

static job *first_for(const wait_queue *q, const char *node) {
    job *j;
    DL_FOREACH(q->head, j) if (may_try(j) && !job_excludes(j, node)) return j;
    return NULL;
}

/* The one of the two that waits longer: `longest`, or the first in `q` that may be placed on this node. Each may be NULL. */
static job *longer(job *longest, const wait_queue *q, const char *node) {
    job *j = q ? first_for(q, node) : NULL;
    return j && (!longest || arrived_before(j, longest)) ? j : longest;
}

/* The first tag of a list by spaces; returns where the next one begins, NULL behind the last. */
static const char *take_tag(const char *list, char ret_tag[LANG_MAX + 1]) {
    size_t len = strcspn(list, " ");
    memcpy(ret_tag, list, len);
    ret_tag[len] = '\0';
    return list[len] ? list + len + 1 : NULL;
}

static job *longest_by_pair(scheduler *s, const node_conn *n) {
    job *longest = NULL;
    lang_pair pair;
    for (const char *src = n->sources; src;) {
        src = take_tag(src, pair.src);
        for (const char *tgt = n->targets; tgt;) {
            tgt = take_tag(tgt, pair.tgt);
            longest = longer(longest, queue_of(s, &pair), n->node);
        }
    }
    return longest;
}

static job *longest_by_queue(scheduler *s, const node_conn *n) {
    job *longest = NULL;
    for (const wait_queue *q = s->queues; q; q = q->hh.next)
        if (node_serves(n, &q->head->pair)) longest = longer(longest, q, n->node);
    return longest;
}

static bool place_on(job *j, const char *node, int64_t version) {
    if (!j) return false;
    j->trying = true;
    job_place_on(j, node, version);
    return true;
}

/* Pairs that nobody serves may wait by the thousand, and a node may serve a thousand: the shorter list is walked. */
bool wait_queue_room(scheduler *s, const node_conn *n) {
    bool few = n->pairs < (int)HASH_COUNT(s->queues);
    return place_on(few ? longest_by_pair(s, n) : longest_by_queue(s, n), n->node, n->version);
}

void wait_queue_room_elsewhere(scheduler *s, const char *node, const lang_pair *pair) {
    const wait_queue *q = queue_of(s, pair);
    place_on(q ? first_for(q, node) : NULL, node, VERSION_UNKNOWN);
}
