/* remote_self.c - the part of a scheduler that lives among others: presence and inbox (core/instance), and the peer messages.
 *
 * Here is only told apart whom a message or an entry concerns. Entries are handled at once: what they ask for is done or refused by the
 * time this returns, and whoever left them has a timer for what gets lost behind. */
#include "core/scheduler/remote_flow.h"

#include "core/scheduler/node_flow.h"

#include <string.h>

static const char *text(const char *given) {
    return given ? given : "";
}

void remote_say(scheduler *s, const char *to, const char *address, peer_message message) {
    const peer_link *peer = &s->env.peer;
    if (!peer->send) return;
    message.job = text(message.job);
    message.node = text(message.node);
    message.session = text(message.session);
    message.to = text(message.to);
    message.request = text(message.request);
    message.code = text(message.code);
    message.service = text(message.service);
    message.room = text(message.room);
    message.address = text(s->env.address);
    peer->send(peer->ctx, to, address, &message);
}

peer_message remote_about(peer_kind kind, const char *job_id, int64_t attempt, const char *node) {
    return (peer_message){.kind = kind, .job = job_id, .attempt = attempt, .node = node};
}

void remote_own(scheduler *s, owned_kind kind, const char *id) {
    if (s->self) instance_own(s->self, kind, id);
}

void remote_disown(scheduler *s, owned_kind kind, const char *id) {
    if (s->self) instance_disown(s->self, kind, id);
}

/* Of a job of ours its sound is fetched, of a guest its result. */
static void fetched(scheduler *s, const char *from, const peer_message *m) {
    if (job_find(s, m->job) || !remote_result_asked(s, from, m)) remote_job_heard(s, from, m);
}

void scheduler_peer_message(scheduler *s, const char *from, const peer_message *m) {
    if (!s->self) return;
    if (m->kind != PEER_FETCH) remote_spoke(s, from);
    switch (m->kind) {
    case PEER_FETCH: fetched(s, from, m); break;
    case PEER_SENT:
    case PEER_REFUSED:
    case PEER_ACK:
    case PEER_STARTED:
    case PEER_PARTIAL:
    case PEER_NODE_LOST: remote_job_heard(s, from, m); break;
    case PEER_JOB:
    case PEER_NOT_HERE:
    case PEER_CANCEL: remote_guest_heard(s, from, m); break;
    case PEER_RESULT: remote_result_came(s, from, m); break;
    case PEER_GOT: remote_result_got(s, m); break;
    default: remote_stray_message(s, from, m);
    }
}

/* ---- entries and presence ------------------------------------------------------------------------------------------- */

/* The incident: whoever left it is not told, and it is tried again as if its node could come back. */
static bool is_stuck(scheduler *s, const inbox_entry *entry) {
    return s->config.incidents.stuck_entries && entry->kind == ENTRY_ASSIGN && !node_by_id(s, entry->node);
}

static void on_entry(void *ctx, const inbox_entry *entry, const entry_token *token) {
    scheduler *s = ctx;
    if (is_stuck(s, entry)) {
        instance_handled(s->self, token, false, "node is not here");
        return;
    }
    if (entry->kind == ENTRY_ASSIGN)
        remote_assign_entry(s, entry);
    else
        remote_result_entry(s, entry);
    instance_handled(s->self, token, true, NULL);
}

static void on_orphan(void *ctx, const char *dead_instance, const inbox_entry *entry, const entry_token *token) {
    remote_stray_entry(ctx, dead_instance, entry, token);
}

static void on_died(void *ctx, const char *instance_id) {
    scheduler *s = ctx;
    remote_jobs_of_dead(s, instance_id);
    remote_guests_of_dead(s, instance_id);
}

static void on_lost(void *ctx, const char *why) {
    scheduler *s = ctx;
    sched_tell(s, instance_lost, why);
}

void remote_open(scheduler *s) {
    if (!scheduler_config_is_shared(&s->config) || !s->env.reader.submit) return;
    instance_env env = {
        .clock = s->env.clock,
        .timers = s->env.timers,
        .seed = s->env.seed,
        .redis = s->env.redis,
        .reader = s->env.reader,
        .patience = s->config.redis_patience,
        .log = s->env.log,
        .id = s->instance,
        .address = text(s->env.address),
        .host = text(s->env.host),
        .pid = s->env.pid,
    };
    instance_config config = s->config.instance;
    const scheduler_incidents *incidents = &s->config.incidents;
    config.incidents = (instance_incidents){
        .owner_keys = incidents->owner_keys,
        .orphaned_inboxes = incidents->orphaned_inboxes,
        .resetting_reclaim = incidents->resetting_reclaim,
    };
    instance_events events = {on_entry, on_orphan, on_died, on_lost, s};
    s->self = instance_open(&config, &s->config.keys, &env, &events);
    instance_start(s->self);
}

void remote_stop(scheduler *s) {
    if (!s->self) return;
    s->self_stopped = true;
    instance_stop(s->self);
    remote_guests_stop(s);
}

/* The read that waits for entries is out always, so it is no work; but what is to be freed has to wait for it. */
int64_t remote_calls(const scheduler *s) {
    return s->self && s->self_stopped ? instance_calls(s->self) : 0;
}

void remote_close(scheduler *s) {
    remote_jobs_stop(s);
    remote_guests_free(s);
    remote_silences_free(s);
    s->self = instance_close(s->self);
}
