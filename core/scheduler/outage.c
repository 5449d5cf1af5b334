/* outage.c - Redis does not answer, and is back.
 *
 * Who notices: every callback tells here what came of its call. CALLS_IN_A_ROW without an answer are an outage; the first answer ends
 * it. The sweep goes on asking, so an instance without any work finds out as well. A full window of the link is none: calls that
 * were not sent say nothing about the server, and a repair would add to them.
 *
 * Meanwhile new requests are refused (session_utterance.c), jobs that run go on, and ends that were decided are told at once and kept
 * (job_end.c); jobs are bounded, so these are. No deadline is acted upon: silence of Redis says nothing about nodes.
 *
 * An instance that keeps nodes and jobs in memory goes on as if nothing were.
 *
 * Back again, first what is decided is written, then the nodes that we hear are told to be alive: their records may have expired, and
 * a survivor's sweep would take them for dead. Deadlines rest for outage_grace more. All of it in small steps, because a burst of
 * every job and node would fill the link's window and look like the next outage.
 *
 * Redis may also be back without some of what it knew, and we may not have noticed an outage at all. That shows job by job
 * (job_remake.c); the first such job has all nodes repaired at once. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <string.h>

enum { CALLS_IN_A_ROW = 3, STEP_MAX = 256, STEP_USEC = 10000 };

/* Words of servers that are there and do not serve. */
static const char *const absent_words[] = {"LOADING", "MASTERDOWN", "CLUSTERDOWN"};

static bool is_absent(link_status status, const redis_reply *reply) {
    if (status != LINK_ERROR) return status != LINK_OK;
    const char *text = reply_text(reply);
    for (size_t i = 0; i < sizeof absent_words / sizeof *absent_words; i++)
        if (!strncmp(text, absent_words[i], strlen(absent_words[i]))) return true;
    return false;
}

/* ---- the repair ----------------------------------------------------------------------------------------------------- */

static void on_step(void *arg);

static void set_step(scheduler *s, usec_t after) {
    const timer_source *timers = &s->env.timers;
    timers->cancel(timers->ctx, s->outage.timer);
    s->outage.timer = timers->set(timers->ctx, sched_now(s) + after, on_step, s);
}

/* Both return how many they took, at most `most`. */

static int write_ends(scheduler *s, int most) {
    int taken = 0;
    job *j, *next;
    HASH_ITER (hh, s->jobs, j, next) {
        if (taken == most) break;
        if (j->repaired == s->outage.number || j->busy || !job_is_decided(j)) continue;
        j->repaired = s->outage.number;
        job_note(j, j->finishing ? NOTE_COMPLETE : NOTE_DUE);
        taken++;
    }
    return taken;
}

static int beat_for_nodes(scheduler *s, int most) {
    int taken = 0;
    for (node_conn *n = s->nodes_by_id; n && taken < most; n = n->hh_node.next) {
        bool alive = n->heard && sched_now(s) - n->heard < s->config.node_ttl;
        if (n->repaired == s->outage.number || !alive) continue;
        n->repaired = s->outage.number;
        node_send_heartbeat(n);
        taken++;
    }
    return taken;
}

static void on_step(void *arg) {
    scheduler *s = arg;
    s->outage.timer = 0;
    if (s->counts.redis_down) return; /* once more; it begins anew when that is over */
    int taken = write_ends(s, STEP_MAX);
    taken += beat_for_nodes(s, STEP_MAX - taken);
    if (taken == STEP_MAX) set_step(s, STEP_USEC);
}

static void repair(scheduler *s) {
    s->outage.number++;
    s->outage.repaired_at = sched_now(s);
    set_step(s, 0);
}

void outage_data_lost(scheduler *s) {
    bool lately = s->outage.number && sched_now(s) - s->outage.repaired_at < s->config.retry_max;
    if (!lately && !s->counts.redis_down) repair(s);
}

/* ---- down and back -------------------------------------------------------------------------------------------------- */

static void went_down(scheduler *s) {
    s->counts.redis_down = true;
    log_write(&s->env.log, LOG_WARN, "redis_down", "calls=%d", s->outage.unanswered);
    sched_emit(s, (sched_event){.kind = EV_REDIS_DOWN});
}

static void came_back(scheduler *s) {
    s->counts.redis_down = false;
    s->outage.deadlines_from = sched_now(s) + s->config.outage_grace;
    log_write(&s->env.log, LOG_WARN, "redis_back", "deadlines_in_ms=%lld",
              (long long)(s->config.outage_grace / USEC_PER_MSEC));
    sched_emit(s, (sched_event){.kind = EV_REDIS_BACK, .until = s->outage.deadlines_from});
    repair(s);
}

void outage_answered(scheduler *s, link_status status, const redis_reply *reply) {
    if (status == LINK_FULL) return; /* the server was not asked */
    if (!is_absent(status, reply)) {
        s->outage.unanswered = 0;
        if (s->counts.redis_down) came_back(s);
    } else if (!s->counts.redis_down && ++s->outage.unanswered == CALLS_IN_A_ROW) {
        went_down(s);
    }
}

usec_t outage_deadlines_rest(const scheduler *s) {
    usec_t now = sched_now(s), pause = s->config.outage_grace;
    if (!scheduler_config_needs_redis(&s->config)) return 0;
    if (s->counts.redis_down) return now + (pause > s->config.retry_max ? pause : s->config.retry_max);
    return s->outage.deadlines_from > now ? s->outage.deadlines_from : 0;
}

void outage_stop(scheduler *s) {
    s->env.timers.cancel(s->env.timers.ctx, s->outage.timer);
    s->outage.timer = 0;
}
