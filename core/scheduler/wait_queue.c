/* wait_queue.c - jobs whose candidates were all full, one bounded queue per language pair, in order of arrival.
 *
 * Two things bring a job on: a slot that comes free by one of our jobs (then the longest-waiting job which that node serves
 * is placed there directly, without a proposal: among hundreds of full nodes a random proposal would miss the free one), and
 * a timer of the queue (50 ms doubling to 1 s), because slots also come free by the jobs of other instances. Where only we use our nodes
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct wait_queue {
    scheduler *s;
    char pair[PAIR_MAX + 1];
    job *head;
    int64_t count;
    bool shared; /* slots come free without our knowing */
    usec_t pause;
    timer_handle timer;
    char refused_by[ID_MAX + 1]; /* a node of ours with room for other pairs; its slots are not offered here */
    usec_t refused_until;        /* before then */
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

/* Jobs of others are at nodes of ours, or the latest proposal named a node of another instance. */
static bool is_shared(const job *j) {
    if (j->s->guests) return true;
    for (int i = 0; i < j->candidate_count; i++)
        if (!node_by_id(j->s, j->candidates[i].node)) return true;
    return false;
}

void wait_queue_add(job *j) {
    scheduler *s = j->s;
    if (j->waiting) {
        if (!j->offered) j->waiting->shared = is_shared(j);
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
    if (is_shared(j)) q->shared = true;
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

/* `behind` NULL: from the head. */
static job *first_for(const wait_queue *q, const char *node, const job *behind) {
    job *j;
    DL_FOREACH(q->head, j) {
        bool its_turn = !behind || arrived_before(behind, j);
        if (its_turn && may_try(j) && !job_excludes(j, node)) return j;
    }
    return NULL;
}

static bool is_refused(const wait_queue *q, const char *node) {
    return sched_now(q->s) < q->refused_until && !strcmp(q->refused_by, node);
}

/* Who looks for the longest-waiting job that may be placed on a node. */
typedef struct search {
    const node_conn *n;
    const job *behind; /* only those that came after it; NULL: all */
    job *found;
} search;

static void look_in(search *look, const wait_queue *q) {
    job *j = q && !is_refused(q, look->n->node) ? first_for(q, look->n->node, look->behind) : NULL;
    if (j && (!look->found || arrived_before(j, look->found))) look->found = j;
}

/* The first tag of a list by spaces; returns where the next one begins, NULL behind the last. */
static const char *take_tag(const char *list, char ret_tag[LANG_MAX + 1]) {
    size_t len = strcspn(list, " ");
    memcpy(ret_tag, list, len);
    ret_tag[len] = '\0';
    return list[len] ? list + len + 1 : NULL;
}

static void look_by_pair(search *look, scheduler *s) {
    lang_pair pair;
    for (const char *src = look->n->sources; src;) {
        src = take_tag(src, pair.src);
        for (const char *tgt = look->n->targets; tgt;) {
            tgt = take_tag(tgt, pair.tgt);
            look_in(look, queue_of(s, &pair));
        }
    }
}

static void look_by_queue(search *look, const scheduler *s) {
    for (const wait_queue *q = s->queues; q; q = q->hh.next)
        if (node_serves(look->n, &q->head->pair)) look_in(look, q);
}

static bool place_on(job *j, const char *node, int64_t version) {
    if (!j) return false;
    j->trying = true;
    job_place_on(j, node, version);
    return true;
}

/* Pairs that nobody serves may wait by the thousand, and a node may serve a thousand: the shorter list is walked. */
static bool offer_behind(scheduler *s, const node_conn *n, const job *behind) {
    search look = {.n = n, .behind = behind};
    if (n->pairs < (int)HASH_COUNT(s->queues))
        look_by_pair(&look, s);
    else
        look_by_queue(&look, s);
    return place_on(look.found, n->node, n->version);
}

bool wait_queue_room(scheduler *s, const node_conn *n) {
    return offer_behind(s, n, NULL);
}

void wait_queue_room_elsewhere(scheduler *s, const char *node, const lang_pair *pair) {
    const wait_queue *q = queue_of(s, pair);
    place_on(q ? first_for(q, node, NULL) : NULL, node, VERSION_UNKNOWN);
}

/* Only behind it, so that it ends whatever other nodes refuse meanwhile. */
void wait_queue_refused(const job *j, const char *node) {
    const node_conn *n = node_by_id(j->s, node);
    wait_queue *q = j->waiting;
    if (!q || !n) return;
    snprintf(q->refused_by, sizeof q->refused_by, "%s", node);
    q->refused_until = sched_now(j->s) + j->s->config.retry_max;
    offer_behind(j->s, n, j);
}
