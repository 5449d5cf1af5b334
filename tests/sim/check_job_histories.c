/* check_job_histories.c - random lives of jobs and nodes through the real scheduler on a real Redis, against a simple model.
 *
 * A history is a list of operations: nodes join, leave, fall silent and come back; requests come, some twice; nodes
 * acknowledge, start, succeed, fail, repeat themselves and speak too late; answers of Redis are lost, or calls are not sent at
 * all. The model knows what was said and nothing of how the scheduler works. It asks after every operation:
 *
 *   no node holds more than its slots; attempts of a job ascend by one, each is assigned once, at most attempts_max, never to a
 *   node that failed the job and never over a connection that has ended;
 *   a request is answered at most once, as its accepted result says, and ok only when the present attempt's node said so;
 *
 * and when all is over: every request has its answer in time, nothing is in flight, the data in Redis is consistent, and when
 * the nodes have left and TTLs have passed, empty.
 *
 * A failing history is shrunk to the operations that matter and printed with its seed. HISTORIES=n plays so many. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/ctl/fsck.h"
#include "tests/support/hand_world.h"
#include "tests/support/histories.h"
#include "tests/support/suite.h"

enum {
    OPS = 60,
    NODES_MAX = 5,
    REQUESTS_MAX = 64,
    ASSIGNMENTS_MAX = 1024,
    HISTORIES_DEFAULT = 1000,
    REASON_MAX = 200,
};

typedef enum op_kind {
    OP_JOIN,      /* node a, with 1 + b slots; when it is connected it registers again */
    OP_LEAVE,     /* its connection ends */
    OP_VANISH,    /* it ends, but nobody hears of it: no heartbeat, no message */
    OP_BEAT,      /* all that are connected */
    OP_REQUEST,   /* a new utterance */
    OP_AGAIN,     /* a request that was made before */
    OP_ACK,       /* of assignment a, counted from the latest */
    OP_START,     /* the same */
    OP_OK,        /* its result */
    OP_FAIL,      /* the same */
    OP_EMPTY,     /* the same */
    OP_IMPOSTOR,  /* a result for assignment a over the connection of node b */
    OP_MISNUMBER, /* a result for assignment a with another attempt */
    OP_CANCEL,    /* of the job of assignment a */
    OP_PASS,      /* a little time */
    OP_WAIT,      /* seconds */
    OP_LOSE,      /* the answers of the next calls are lost; every other one was executed */
    OP_REFUSE,    /* the next calls are not sent */
    OP_KINDS
} op_kind;

static const op_row op_rows[OP_KINDS] = {
    {"join", 10},     {"leave", 3},  {"vanish", 2}, {"beat", 8}, {"request", 22}, {"again", 4},
    {"ack", 5},       {"start", 4},  {"ok", 24},    {"fail", 8}, {"empty", 3},    {"impostor", 3},
    {"misnumber", 2}, {"cancel", 3}, {"pass", 10},  {"wait", 6}, {"lose", 2},     {"refuse", 1},
};

/* ---- the model ------------------------------------------------------------------------------------------------------ */

typedef struct model_node {
    conn_token conn; /* 0: not connected */
    bool vanished;
    int64_t slots_most; /* that it ever registered with: reservations of before outlive a change */
} model_node;

typedef struct model_request {
    uint64_t utterance;
    char job[ID_MAX + 1];
    usec_t asked;
    int answers, refusals, known, times;
    job_outcome outcome;
    int64_t attempt;      /* the latest that was assigned */
    job_outcome accepted; /* of the result that was taken */
    bool ok_was_said;     /* by the node of that attempt */
    bool cancelled;       /* the scheduler took it */
} model_request;

typedef struct model_assignment {
    int request, node;
    conn_token conn;
    int64_t attempt;
    bool failed;
} model_assignment;

static struct {
    model_node nodes[NODES_MAX];
    model_request requests[REQUESTS_MAX];
    model_assignment assignments[ASSIGNMENTS_MAX];
    int request_count, assignment_count;
    conn_token last_conn;
    int node_of[OPS + 1]; /* of each connection */
    bool ended[OPS + 1];  /* the scheduler was told so */
    int lose, refuse;
    bool troubled; /* calls were lost or refused */
    bool stale;    /* an event since it was cleared */
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

static model_request *request_of(uint64_t utterance) {
    for (int i = 0; i < m.request_count; i++)
        if (m.requests[i].utterance == utterance) return &m.requests[i];
    return NULL;
}

static int node_of_conn(conn_token conn) {
    for (int i = 0; i < NODES_MAX; i++)
        if (m.nodes[i].conn == conn) return i;
    return -1;
}

static void on_assign(void *ctx, conn_token conn, const job_assign *a) {
    (void)ctx;
    model_request *r = request_of(a->utterance);
    int node = m.node_of[conn];
    if (!r || m.assignment_count == ASSIGNMENTS_MAX) {
        wrong("utterance %llu was assigned, which nobody spoke", (unsigned long long)a->utterance);
        return;
    }
    if (m.ended[conn]) wrong("job %s went to connection %llu, which has ended", a->job_id, (unsigned long long)conn);
    if (r->answers) wrong("job %s was assigned after its answer", a->job_id);
    if (a->attempt <= r->attempt || a->attempt > config.attempts_max)
        wrong("job %s: attempt %lld came after %lld", a->job_id, (long long)a->attempt, (long long)r->attempt);
    for (int i = 0; i < m.assignment_count; i++) {
        const model_assignment *former = &m.assignments[i];
        if (former->request == r - m.requests && former->node == node && former->failed)
            wrong("job %s went again to node %d, which failed it", a->job_id, node);
    }
    snprintf(r->job, sizeof r->job, "%s", a->job_id);
    r->attempt = a->attempt;
    r->ok_was_said = false;
    m.assignments[m.assignment_count++] =
        (model_assignment){.request = (int)(r - m.requests), .node = node, .conn = conn, .attempt = a->attempt};
}

static void on_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    (void)ctx, (void)conn, (void)job_id, (void)attempt, (void)reason;
}

static void on_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)conn, (void)node_id;
}

static void on_refused(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)ctx, (void)conn;
    if (!m.troubled) wrong("a node was refused: %s %s", code, message);
}

static void on_close(void *ctx, conn_token conn, const char *reason) {
    (void)ctx, (void)conn, (void)reason;
}

static void on_answer(void *ctx, conn_token conn, const job_answer *a) {
    (void)ctx, (void)conn;
    model_request *r = request_of(a->utterance);
    if (!r) {
        wrong("utterance %llu was answered, which nobody spoke", (unsigned long long)a->utterance);
    } else if (a->outcome == OUTCOME_NONE) {
        r->refusals++;
        if (!m.troubled) wrong("utterance %llu was refused: %s", (unsigned long long)a->utterance, a->code);
    } else {
        r->outcome = a->outcome;
        if (++r->answers > 1) wrong("job %s was answered twice", a->job_id);
        if (a->outcome == OUTCOME_OK && !r->ok_was_said) wrong("job %s is ok, but no node said so", a->job_id);
        if (a->outcome == OUTCOME_CANCELLED && !r->cancelled)
            wrong("job %s is cancelled, which nobody asked", a->job_id);
        if (r->accepted == OUTCOME_OK && a->outcome != OUTCOME_OK && !r->cancelled)
            wrong("job %s is %s, but its result was ok", a->job_id, job_outcome_name(a->outcome));
    }
}

static void on_known(void *ctx, conn_token conn, const job_known *answer_known) {
    (void)ctx, (void)conn;
    model_request *r = request_of(answer_known->utterance);
    if (!r || r->times < 2)
        wrong("utterance %llu is said to be known", (unsigned long long)answer_known->utterance);
    else
        r->known++;
}

static void on_model_event(void *ctx, const sched_event *event) {
    (void)ctx;
    m.stale |= event->kind == EV_STALE;
}

/* ---- a Redis whose answers get lost --------------------------------------------------------------------------------- */

typedef struct lost_call {
    link_callback *done;
    void *arg;
    link_status status;
} lost_call;

static void on_lost(void *arg) {
    lost_call call = *(lost_call *)arg;
    free(arg);
    call.done(call.arg, call.status, NULL);
}

static void ignore(void *arg, link_status status, const redis_reply *reply) {
    (void)arg, (void)status, (void)reply;
}

static void submit_or_lose(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    redis_link real = link_virtual_interface(wire);
    (void)ctx;
    if (m.lose == 0 && m.refuse == 0) {
        link_submit(&real, call, patience, done, arg);
        return;
    }
    lost_call *lost = mem_alloc(sizeof *lost);
    *lost = (lost_call){done, arg, m.lose ? LINK_UNKNOWN : LINK_REFUSED};
    if (m.lose && m.lose-- % 2 == 0)
        link_submit(&real, call, patience, ignore, NULL);
    else if (lost->status == LINK_REFUSED)
        m.refuse--;
    engine_at(e, engine_now(e) + (lost->status == LINK_UNKNOWN ? patience : 0), on_lost, lost);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static void speak_model(model_request *r) {
    job_request request = {.session_id = "s-1",
                           .utterance = r->utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(second, 1024, NULL)};
    r->times++;
    scheduler_submit(s, SESSION, &request);
    audio_unref(request.sound);
}

static void join_node(int node, int64_t slots) {
    model_node *n = &m.nodes[node];
    char name[8];
    if (n->vanished && n->conn) { /* it comes back over a new connection, and the old one is found dead only now */
        n->vanished = false;
        n->conn = 0;
    }
    if (!n->conn) {
        n->conn = ++m.last_conn;
        m.node_of[n->conn] = node;
    }
    if (slots > n->slots_most) n->slots_most = slots;
    snprintf(name, sizeof name, "n%d", node);
    node_registration r = {.node_id = name,
                           .asr = langs("en de"),
                           .semantic = langs("en de"),
                           .tts = langs("en de"),
                           .slots = slots};
    scheduler_node_register(s, n->conn, &r);
    pass(USEC_PER_MSEC);
    scheduler_node_heartbeat(s, n->conn, &(node_load){.cpu = 10});
}

static void end_connection(model_node *n) {
    if (!n->conn) return;
    m.ended[n->conn] = true;
    scheduler_node_gone(s, n->conn);
    *n = (model_node){.slots_most = n->slots_most};
}

static void beat_all(void) {
    for (int i = 0; i < NODES_MAX; i++)
        if (m.nodes[i].conn && !m.nodes[i].vanished)
            scheduler_node_heartbeat(s, m.nodes[i].conn, &(node_load){.cpu = 10});
}

/* NULL when nothing was assigned. */
static model_assignment *latest_but(unsigned back) {
    if (m.assignment_count == 0) return NULL;
    return &m.assignments[m.assignment_count - 1 - (int)(back % (unsigned)m.assignment_count)];
}

static bool can_speak(const model_assignment *a) {
    int node = node_of_conn(a->conn);
    return node >= 0 && !m.nodes[node].vanished;
}

static void result_over(conn_token conn, const model_assignment *a, int64_t attempt, job_outcome outcome) {
    m.stale = false;
    scheduler_node_result(s, conn,
                          &(node_result){.job_id = m.requests[a->request].job,
                                         .attempt = attempt,
                                         .outcome = outcome,
                                         .code = outcome == OUTCOME_FAILED ? "PROCESSING_ERROR" : ""});
}

static void result(model_assignment *a, job_outcome outcome) {
    model_request *r = &m.requests[a->request];
    if (!can_speak(a)) return;
    bool present = a->attempt == r->attempt && !r->answers;
    bool first = r->accepted == OUTCOME_NONE && !a->failed; /* what it says after a failure may count or not */
    if (present && outcome == OUTCOME_OK) r->ok_was_said = true;
    result_over(a->conn, a, a->attempt, outcome);
    if (present && first && !m.stale && outcome == OUTCOME_OK) r->accepted = outcome;
    if (outcome == OUTCOME_FAILED && present && !m.stale) a->failed = true;
}

/* It may be answered from inside the call. */
static void cancel(model_request *r) {
    bool before = r->cancelled;
    r->cancelled = true;
    if (!scheduler_cancel(s, r->job, "TEST")) r->cancelled = before;
}

static void play_op(const op *o) {
    model_node *n = &m.nodes[o->a % NODES_MAX];
    model_assignment *a = latest_but(o->a);
    switch ((op_kind)o->kind) {
    case OP_JOIN: join_node(o->a % NODES_MAX, 1 + o->b % 3); break;
    case OP_LEAVE: end_connection(n); break;
    case OP_VANISH: n->vanished = n->conn != 0; break;
    case OP_BEAT: beat_all(); break;
    case OP_REQUEST:
        if (m.request_count == REQUESTS_MAX) break;
        m.requests[m.request_count] = (model_request){.utterance = (uint64_t)m.request_count, .asked = engine_now(e)};
        speak_model(&m.requests[m.request_count++]);
        break;
    case OP_AGAIN:
        if (m.request_count) speak_model(&m.requests[o->a % m.request_count]);
        break;
    case OP_ACK:
        if (a && can_speak(a)) scheduler_node_ack(s, a->conn, m.requests[a->request].job, a->attempt);
        break;
    case OP_START:
        if (a && can_speak(a)) scheduler_node_started(s, a->conn, m.requests[a->request].job, a->attempt);
        break;
    case OP_OK:
        if (a) result(a, OUTCOME_OK);
        break;
    case OP_FAIL:
        if (a) result(a, OUTCOME_FAILED);
        break;
    case OP_EMPTY:
        if (a) result(a, OUTCOME_NO_TEXT);
        break;
    case OP_IMPOSTOR: {
        const model_node *other = &m.nodes[o->b % NODES_MAX];
        if (a && other->conn && other->conn != a->conn && m.nodes[o->b % NODES_MAX].conn)
            if (node_of_conn(other->conn) != a->node) result_over(other->conn, a, a->attempt, OUTCOME_OK);
        break;
    }
    case OP_MISNUMBER:
        if (a && can_speak(a)) result_over(a->conn, a, a->attempt + 1 + o->b % 3, OUTCOME_OK);
        break;
    case OP_CANCEL:
        if (a) cancel(&m.requests[a->request]);
        break;
    case OP_PASS: pass((1 + o->a) * USEC_PER_MSEC); break;
    case OP_WAIT: pass((1 + o->a % 5) * second); break;
    case OP_LOSE:
        m.lose = 1 + o->a % 6;
        m.troubled = true;
        break;
    case OP_REFUSE:
        m.refuse = 1 + o->a % 6;
        m.troubled = true;
        break;
    case OP_KINDS: break;
    }
    pass(2 * USEC_PER_MSEC);
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

/* Everybody who was assigned something says so now, until nothing is asked any more. */
static void work_all_off(void) {
    m.lose = m.refuse = 0;
    for (int i = 0; i < NODES_MAX; i++)
        if (m.nodes[i].vanished) end_connection(&m.nodes[i]);
    for (int round = 0, from = 0; round < 40 && !m.wrong[0] && scheduler_count(s).jobs > 0; round++) {
        for (; from < m.assignment_count; from++) result(&m.assignments[from], OUTCOME_OK);
        beat_all();
        pass(round ? 2 * second : 50 * USEC_PER_MSEC);
    }
    pass(config.node_ttl + config.reap_round); /* who is silent is found offline, what is left over is released */
}

static void check_ends(void) {
    scheduler_counts counts = scheduler_count(s);
    if (counts.jobs || counts.waiting || counts.calls)
        wrong("%lld jobs, %lld waiting, %lld calls are left", (long long)counts.jobs, (long long)counts.waiting,
              (long long)counts.calls);
    for (int i = 0; i < m.request_count; i++) {
        const model_request *r = &m.requests[i];
        if (r->answers == 0 && r->refusals == 0) wrong("utterance %d was never answered", i);
        if (r->answers + r->refusals + r->known > r->times)
            wrong("utterance %d was asked for %d times and answered %d", i, r->times,
                  r->answers + r->refusals + r->known);
    }
}

static void check_data(bool empty) {
    sync_client *client;
    fsck_report report;
    sched_error problem = {0};
    virtual_redis_settle(redis);
    sched_status status = sync_client_open_socket(virtual_redis_socket(redis), 5 * second, &client, &problem);
    if (!status) {
        status = empty ? fsck_expect_empty(client, &config.keys, &report, &problem)
                       : fsck_run(client, &config.keys, &report, &problem);
        sync_client_close(client);
    }
    if (status)
        wrong("%s", problem.message);
    else if (report.findings)
        wrong("%lld findings, the first: %.120s", (long long)report.findings, report.text[0]);
}

static void leave_all(void) {
    for (int i = 0; i < NODES_MAX; i++) end_connection(&m.nodes[i]);
    scheduler_session_gone(s, SESSION);
    pass(second);
    scheduler_stop(s); /* nothing is left for the reapers to do, but their questions take most of the test's time */
    usec_t unwritten = config.job_store == JOB_STORE_DUAL ? 300 * second : 0; /* a copy that did not hear of the end */
    pass(config.finished_ttl + unwritten);                                    /* the longest that anything lives */
    virtual_redis_expire_all(redis, &err);
}

static bool plays_wrong(const void *ops, size_t count, void *ctx) {
    (void)ctx;
    const op *all = ops;
    memset(&m, 0, sizeof m);
    scheduler_env env = {
        .clock = engine_clock(e),
        .timers = engine_timers(e),
        .seed = 7,
        .redis = {.submit = submit_or_lose},
        .net = {.node_registered = on_registered,
                .node_refused = on_refused,
                .node_assign = on_assign,
                .node_cancel = on_cancel,
                .node_close = on_close,
                .session_answer = on_answer,
                .session_known = on_known},
        .observer = {on_model_event, NULL},
        .instance_id = "one",
    };
    ck_assert_msg(!scheduler_new(&config, &env, &s, &err), "%s", err.message);
    ck_assert_msg(!open_session(SESSION, "s-1"), "%s", err.message);
    pass(USEC_PER_MSEC);
    for (size_t i = 0; i < count && !m.wrong[0]; i++) {
        play_op(&all[i]);
        check_capacity();
    }
    work_all_off();
    if (!m.wrong[0]) check_ends();
    if (!m.wrong[0]) check_data(false);
    leave_all();
    if (!m.wrong[0]) check_data(true);
    m.lose = m.refuse = 0;
    pass(5 * second);
    s = scheduler_free(s);
    return m.wrong[0] != '\0';
}

/* Shorter lives, so that thousands of them fit into a test; their order stays. */
static void hasten(void) {
    config.node_ttl = 12 * second;
    config.reap_round = 12 * second;
    config.pending_limit = 4 * second;
    config.attempt_base = 4 * second;
    config.ack_limit = 2 * second;
    config.reservation_grace = second;
    config.session_ttl = 20 * second;
    config.affinity_ttl = 10 * second;
}

/* ---- the histories -------------------------------------------------------------------------------------------------- */

static void play(job_store_kind store, idempotency_kind idempotency, int count) {
    open_world("production");
    hasten();
    config.job_store = (int)store;
    config.idempotency = (int)idempotency;
    histories_play(&(histories){
        .stream = "job history",
        .kinds = op_rows,
        .kind_count = OP_KINDS,
        .ops = OPS,
        .count = count,
        .latest = 0.8,
        .fails = plays_wrong,
        .wrong = m.wrong,
    });
}

START_TEST(whatever_happens_every_request_is_answered_once_as_its_present_attempt_says) {
    play(JOB_STORE_REDIS, IDEMPOTENCY_ATOMIC, HISTORIES_DEFAULT);
}
END_TEST

START_TEST(so_it_is_when_jobs_are_in_memory_and_requests_are_leased) {
    play(JOB_STORE_MEMORY, IDEMPOTENCY_LEASE, HISTORIES_DEFAULT / 4);
}
END_TEST

START_TEST(and_when_redis_has_a_copy_and_requests_are_locked) {
    play(JOB_STORE_DUAL, IDEMPOTENCY_LOCK, HISTORIES_DEFAULT / 4);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        whatever_happens_every_request_is_answered_once_as_its_present_attempt_says,
        so_it_is_when_jobs_are_in_memory_and_requests_are_leased,
        and_when_redis_has_a_copy_and_requests_are_locked,
    };
    return SUITE_RUN("job_histories", tests);
}
