/* check_remote_histories.c - random lives of jobs and nodes on three instances whose messages to each other get lost and come late.
 *
 * A history is a list of operations: nodes join an instance, leave it, or move to another one with the old connection found dead
 * only later; sessions of all three speak; nodes acknowledge, start, succeed, fail; messages between instances are lost, or take so
 * long that nobody waits any more; an instance is killed, or leaves in good order. The model knows what was said and nothing of how it
 * travels. It asks after every operation:
 *
 *   no node holds more than its slots; of a job, attempts ascend, and each reaches a node at most once, over a living connection;
 *   a request is answered at most once, and ok only when a node said so;
 *
 * and when all is over: every request of a session that lives has its answer, and nobody keeps a job, a guest or a reservation.
 *
 * A failing history is shrunk to the operations that matter and printed with its seed. HISTORIES=n plays so many. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/histories.h"
#include "tests/support/many_world.h"
#include "tests/support/suite.h"

enum {
    OPS = 60,
    PLACES = 3,
    NODES_MAX = 5,
    REQUESTS_MAX = 64,
    ASSIGNMENTS_MAX = 1024,
    HISTORIES_DEFAULT = 300,
    REASON_MAX = 200,
};

typedef enum op_kind {
    OP_JOIN,    /* node a, at instance b, with 1 + b / 16 % 3 slots */
    OP_LEAVE,   /* its connection ends */
    OP_MOVE,    /* it registers at instance b; its old connection ends behind that */
    OP_BEAT,    /* all */
    OP_REQUEST, /* at instance b */
    OP_ACK,     /* of assignment a, counted from the latest */
    OP_START,
    OP_OK,
    OP_FAIL,
    OP_EMPTY,
    OP_CANCEL, /* of the job of assignment a, where its session is */
    OP_PASS,
    OP_WAIT,
    OP_LOSE, /* the next messages between instances */
    OP_LATE, /* they take long */
    OP_KILL, /* an instance, the first one never; in a history at most one */
    OP_GO,   /* it leaves in good order */
    OP_KINDS
} op_kind;

static const op_row op_rows[OP_KINDS] = {
    {"join", 10}, {"leave", 3}, {"move", 3}, {"beat", 8},  {"request", 24}, {"ack", 5},
    {"start", 4}, {"ok", 24},   {"fail", 7}, {"empty", 3}, {"cancel", 3},   {"pass", 8},
    {"wait", 5},  {"lose", 5},  {"late", 5}, {"kill", 1},  {"go", 1},
};

typedef struct model_node {
    conn_token conn; /* 0: not connected */
    int place;
    int64_t slots_most;
} model_node;

typedef struct model_request {
    int place;
    char job[ID_MAX + 1];
    int answers, refusals;
    int64_t attempt;
    bool ok_was_said, cancelled;
} model_request;

typedef struct model_assignment {
    int request, node;
    int64_t attempt;
} model_assignment;

static struct {
    model_node nodes[NODES_MAX];
    model_request requests[REQUESTS_MAX];
    model_assignment assignments[ASSIGNMENTS_MAX];
    int request_count, assignment_count;
    conn_token last_conn;
    int node_of[4 * OPS];
    bool ended[4 * OPS];
    bool dead[PLACES], leaving[PLACES];
    int lose, late;
    char wrong[REASON_MAX];
} m;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...) {
    if (m.wrong[0]) return;
    va_list args;
    va_start(args, format);
    vsnprintf(m.wrong, sizeof m.wrong, format, args);
    va_end(args);
}

/* ---- what the schedulers say ---------------------------------------------------------------------------------------- */

static void on_assign(void *ctx, conn_token conn, const job_assign *a) {
    (void)ctx;
    model_request *r = &m.requests[a->utterance];
    if (m.assignment_count == ASSIGNMENTS_MAX || a->utterance >= (uint64_t)m.request_count) {
        wrong("utterance %llu was assigned", (unsigned long long)a->utterance);
        return;
    }
    if (m.ended[conn]) wrong("job %s went to connection %llu, which has ended", a->job_id, (unsigned long long)conn);
    if (a->attempt <= r->attempt)
        wrong("job %s: attempt %lld came after %lld", a->job_id, (long long)a->attempt, (long long)r->attempt);
    snprintf(r->job, sizeof r->job, "%s", a->job_id);
    r->attempt = a->attempt;
    m.assignments[m.assignment_count++] =
        (model_assignment){.request = (int)a->utterance, .node = m.node_of[conn], .attempt = a->attempt};
}

static void on_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    (void)ctx, (void)conn, (void)job_id, (void)attempt, (void)reason;
}

static void on_close(void *ctx, conn_token conn, const char *reason) {
    (void)ctx, (void)conn, (void)reason;
}

static void on_answer(void *ctx, conn_token conn, const job_answer *a) {
    (void)ctx, (void)conn;
    model_request *r = &m.requests[a->utterance];
    if (a->outcome == OUTCOME_NONE) {
        r->refusals++;
        if (!m.leaving[r->place]) wrong("utterance %llu was refused: %s", (unsigned long long)a->utterance, a->code);
        return;
    }
    if (++r->answers > 1) wrong("job %s was answered twice", a->job_id);
    if (a->outcome == OUTCOME_OK && !r->ok_was_said) wrong("job %s is ok, but no node said so", a->job_id);
    if (a->outcome == OUTCOME_CANCELLED && !r->cancelled) wrong("job %s is cancelled, which nobody asked", a->job_id);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static usec_t trouble(int from, int to, const peer_message *message) {
    (void)from, (void)to, (void)message;
    if (m.lose > 0) {
        m.lose--;
        return USEC_NEVER;
    }
    if (m.late == 0) return USEC_PER_MSEC;
    return m.late-- * 300 * USEC_PER_MSEC;
}

static bool lives(int place) {
    return !m.dead[place];
}

static void connect_node(int node, int place, int64_t slots) {
    model_node *n = &m.nodes[node];
    char name[8];
    n->conn = ++m.last_conn;
    n->place = place;
    m.node_of[n->conn] = node;
    if (slots > n->slots_most) n->slots_most = slots;
    snprintf(name, sizeof name, "n%d", node);
    use(place);
    offer_now(n->conn, name, "en de", slots);
    pass(USEC_PER_MSEC);
    scheduler_node_heartbeat(at(place), n->conn, &(node_load){.cpu = 10});
}

static void end_connection(conn_token conn, int place) {
    if (!conn || m.ended[conn]) return;
    m.ended[conn] = true;
    if (lives(place)) scheduler_node_gone(at(place), conn);
}

static void leave_node(model_node *n) {
    end_connection(n->conn, n->place);
    n->conn = 0;
}

static void move_node(int node, int place) {
    model_node *n = &m.nodes[node];
    conn_token old = n->conn;
    int former = n->place;
    if (!old) return;
    connect_node(node, place, n->slots_most);
    pass(5 * USEC_PER_MSEC);
    end_connection(old, former);
}

static void beat_all(void) {
    for (int i = 0; i < NODES_MAX; i++)
        if (m.nodes[i].conn && lives(m.nodes[i].place))
            scheduler_node_heartbeat(at(m.nodes[i].place), m.nodes[i].conn, &(node_load){.cpu = 10});
}

static void request_at(int place) {
    if (m.request_count == REQUESTS_MAX || !lives(place)) return;
    m.requests[m.request_count] = (model_request){.place = place};
    speak_at(place, (uint64_t)m.request_count++);
}

/* NULL when nothing was assigned. */
static const model_assignment *latest_but(unsigned back) {
    if (m.assignment_count == 0) return NULL;
    return &m.assignments[m.assignment_count - 1 - (int)(back % (unsigned)m.assignment_count)];
}

/* Over the connection that the node has by now. */
static void node_says(const model_assignment *a, op_kind what) {
    model_node *n = a ? &m.nodes[a->node] : NULL;
    if (!n || !n->conn || !lives(n->place)) return;
    scheduler *there = at(n->place);
    model_request *r = &m.requests[a->request];
    node_result result = {.job_id = r->job, .attempt = a->attempt, .outcome = OUTCOME_OK, .code = ""};
    if (what == OP_FAIL) {
        result.outcome = OUTCOME_FAILED;
        result.code = "PROCESSING_ERROR";
    }
    if (what == OP_EMPTY) result.outcome = OUTCOME_NO_TEXT;
    if (what == OP_OK) r->ok_was_said = true;
    if (what == OP_ACK)
        scheduler_node_ack(there, n->conn, r->job, a->attempt);
    else if (what == OP_START)
        scheduler_node_started(there, n->conn, r->job, a->attempt);
    else
        scheduler_node_result(there, n->conn, &result);
}

static void cancel(model_request *r) {
    if (!lives(r->place)) return;
    r->cancelled |= scheduler_cancel(at(r->place), r->job, "TEST");
}

/* One of the others than the first, if none has ended yet; -1: none. */
static int to_end(uint8_t drawn) {
    for (int i = 1; i < PLACES; i++)
        if (m.dead[i] || m.leaving[i]) return -1;
    return 1 + drawn % (PLACES - 1);
}

static void end_place(int place) {
    m.dead[place] = true;
    kill_instance(place);
    for (int i = 0; i < NODES_MAX; i++)
        if (m.nodes[i].conn && m.nodes[i].place == place) leave_node(&m.nodes[i]);
}

static void on_left(void *arg) {
    m.dead[*(int *)arg] = true;
}

static void leave_place(int place) {
    static int places[PLACES];
    places[place] = place;
    m.leaving[place] = true;
    scheduler_leave(at(place), on_left, &places[place]);
}

static void play_op(const op *o) {
    int node = o->a % NODES_MAX, place = o->b % PLACES, ends;
    if (!lives(place) || m.leaving[place]) place = 0;
    switch ((op_kind)o->kind) {
    case OP_JOIN:
        if (!m.nodes[node].conn) connect_node(node, place, 1 + o->b / 16 % 3);
        break;
    case OP_LEAVE: leave_node(&m.nodes[node]); break;
    case OP_MOVE: move_node(node, place); break;
    case OP_BEAT: beat_all(); break;
    case OP_REQUEST: request_at(place); break;
    case OP_ACK:
    case OP_START:
    case OP_OK:
    case OP_FAIL:
    case OP_EMPTY: node_says(latest_but(o->a), (op_kind)o->kind); break;
    case OP_CANCEL:
        if (m.assignment_count) cancel(&m.requests[latest_but(o->a)->request]);
        break;
    case OP_PASS: pass((1 + o->a) * USEC_PER_MSEC); break;
    case OP_WAIT: pass((1 + o->a % 5) * second); break;
    case OP_LOSE: m.lose = 1 + o->a % 6; break;
    case OP_LATE: m.late = 1 + o->a % 8; break;
    case OP_KILL:
        if ((ends = to_end(o->b)) > 0) end_place(ends);
        break;
    case OP_GO:
        if ((ends = to_end(o->b)) > 0) leave_place(ends);
        break;
    case OP_KINDS: break;
    }
    pass(4 * USEC_PER_MSEC);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------- */

static void check_capacity(void) {
    int64_t held[NODES_MAX];
    reservations_of_all(held, NODES_MAX);
    for (int i = 0; i < NODES_MAX; i++)
        if (held[i] > m.nodes[i].slots_most)
            wrong("node %d has %lld reservations and %lld slots", i, (long long)held[i],
                  (long long)m.nodes[i].slots_most);
}

static int64_t unfinished(void) {
    int64_t count = 0;
    for (int i = 0; i < PLACES; i++)
        if (lives(i)) count += scheduler_count(at(i)).jobs;
    return count;
}

static void work_all_off(void) {
    m.lose = m.late = 0;
    for (int round = 0, from = 0; round < 60 && !m.wrong[0] && unfinished() > 0; round++) {
        for (; from < m.assignment_count; from++) node_says(&m.assignments[from], OP_OK);
        beat_all();
        pass(round ? 2 * second : 50 * USEC_PER_MSEC);
    }
    pass(config.node_ttl + config.reap_round + 20 * second); /* who is silent is offline, and guests have expired */
}

static void check_ends(void) {
    for (int i = 0; i < PLACES; i++) {
        scheduler_counts counts = lives(i) ? scheduler_count(at(i)) : (scheduler_counts){0};
        if (counts.jobs || counts.guests || counts.waiting)
            wrong("at instance %d, %lld jobs, %lld guests, %lld waiting are left", i, (long long)counts.jobs,
                  (long long)counts.guests, (long long)counts.waiting);
    }
    for (int i = 0; i < m.request_count; i++) {
        const model_request *r = &m.requests[i];
        if (r->answers + r->refusals == 0 && lives(r->place)) wrong("utterance %d was never answered", i);
    }
    for (int i = 0; i < NODES_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        if (reservations_of(name)) wrong("node %d keeps %lld reservations", i, (long long)reservations_of(name));
    }
}

static transport model_net(void) {
    return (transport){
        .node_assign = on_assign,
        .node_cancel = on_cancel,
        .node_close = on_close,
        .session_answer = on_answer,
    };
}

static bool plays_wrong(const void *ops, size_t count, void *ctx) {
    (void)ctx;
    const op *all = ops;
    memset(&m, 0, sizeof m);
    open_many_with(PLACES, model_net());
    meddle_with_peers(trouble);
    for (size_t i = 0; i < count && !m.wrong[0]; i++) {
        play_op(&all[i]);
        check_capacity();
    }
    work_all_off();
    if (!m.wrong[0]) check_ends();
    m.lose = m.late = 0;
    end_many();
    return m.wrong[0] != '\0';
}

/* Shorter lives, so that hundreds of them fit into a test; their order stays. */
static void hasten(void) {
    config.node_ttl = 12 * second;
    config.reap_round = 12 * second;
    config.pending_limit = 8 * second;
    config.attempt_base = 4 * second;
    config.ack_limit = 2 * second;
    config.reservation_grace = second;
    config.session_ttl = 20 * second;
    config.affinity_ttl = 10 * second;
    config.close_limit = 6 * second;
}

START_TEST(whatever_gets_lost_between_instances_every_request_is_answered_once) {
    open_world("production");
    hasten();
    histories_play(&(histories){
        .stream = "remote history",
        .kinds = op_rows,
        .kind_count = OP_KINDS,
        .ops = OPS,
        .count = HISTORIES_DEFAULT,
        .latest = 0.8,
        .fails = plays_wrong,
        .wrong = m.wrong,
    });
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        whatever_gets_lost_between_instances_every_request_is_answered_once,
    };
    return SUITE_RUN("remote_histories", tests);
}
