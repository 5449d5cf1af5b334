/* check_takeover_histories.c - clients that repeat what was not answered, on three instances of which two die.
 *
 * A history is a list of operations: clients speak, repeat what has no answer, and come back at another instance, with the old connection
 * found dead later, or never; nodes succeed, fail and stay silent, and move when their instance dies; messages between instances are
 * lost. What a client knows is the model. Whatever happens: no request is answered twice, no job ends twice, ok is what a node said;
 * and in the end every request has its end, the data is consistent, and nothing is held anywhere.
 *
 * A failing history is shrunk to the operations that matter and printed with its seed. HISTORIES=n plays so many. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/ctl/fsck.h"
#include "tests/support/histories.h"
#include "tests/support/many_world.h"
#include "tests/support/suite.h"

enum {
    OPS = 50,
    PLACES = 3,
    CLIENTS = 2,
    NODE_COUNT = 4,
    UTTERANCES_MAX = 40,
    ASSIGNMENTS_MAX = 1024,
    CONNS_MAX = 4096,
    FIRST_CONN = 2000, /* of clients; those of nodes begin at 1 */
    HISTORIES_DEFAULT = 100,
    REASON_MAX = 200,
};

typedef enum op_kind {
    OP_SAY,    /* client a */
    OP_REPEAT, /* client a, all that it has no answer for */
    OP_MOVE,   /* client a comes back at instance b; when b / 16 is odd the old connection is found dead */
    OP_OK,     /* assignment a, counted from the latest */
    OP_FAIL,
    OP_EMPTY,
    OP_LOSE, /* the next messages between instances */
    OP_PASS,
    OP_WAIT,
    OP_KILL, /* instance 1 or 2 */
    OP_KINDS
} op_kind;

static const op_row op_rows[OP_KINDS] = {
    {"say", 22},  {"repeat", 8}, {"move", 8},  {"ok", 22},  {"fail", 5},
    {"empty", 3}, {"lose", 4},   {"pass", 10}, {"wait", 8}, {"kill", 4},
};

typedef struct model_request {
    bool ended;
    int answers;
    bool ok_was_said;
} model_request;

typedef struct model_client {
    int place;
    conn_token conn;
    uint64_t said;
    model_request requests[UTTERANCES_MAX];
} model_client;

typedef struct model_node {
    int place;
    conn_token conn;
} model_node;

typedef struct model_assignment {
    int client, node;
    uint64_t utterance;
    char job[ID_MAX + 1];
    int64_t attempt;
} model_assignment;

static struct {
    model_client clients[CLIENTS];
    model_node nodes[NODE_COUNT];
    model_assignment assignments[ASSIGNMENTS_MAX];
    int assignment_count, client_conns, node_conns, lose;
    int client_of[CONNS_MAX], node_of[CONNS_MAX];
    bool dead[PLACES];
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

static bool lives(int place) {
    return !m.dead[place];
}

/* ---- what the schedulers say ---------------------------------------------------------------------------------------- */

static void on_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)conn, (void)node_id;
}

static void on_assign(void *ctx, conn_token conn, const job_assign *a) {
    (void)ctx;
    if (m.assignment_count == ASSIGNMENTS_MAX) {
        wrong("%d assignments", ASSIGNMENTS_MAX);
        return;
    }
    model_assignment *as = &m.assignments[m.assignment_count++];
    *as = (model_assignment){.client = a->session_id[2] - '0',
                             .node = m.node_of[conn],
                             .utterance = a->utterance,
                             .attempt = a->attempt};
    snprintf(as->job, sizeof as->job, "%s", a->job_id);
}

/* Over a connection that the client has left, nobody hears it. */
static model_request *heard(conn_token conn, uint64_t utterance) {
    int client = m.client_of[conn - FIRST_CONN];
    return &m.clients[client].requests[utterance];
}

static void on_answer(void *ctx, conn_token conn, const job_answer *a) {
    (void)ctx;
    if (conn < FIRST_CONN || a->outcome == OUTCOME_NONE) return;
    model_request *r = heard(conn, a->utterance);
    if (++r->answers > 1) wrong("job %s was answered twice", a->job_id);
    if (a->outcome == OUTCOME_OK && !r->ok_was_said) wrong("job %s is ok, but no node said so", a->job_id);
    if (m.clients[m.client_of[conn - FIRST_CONN]].conn == conn) r->ended = true;
}

static void on_known(void *ctx, conn_token conn, const job_known *k) {
    (void)ctx;
    if (conn >= FIRST_CONN && k->outcome != OUTCOME_NONE) heard(conn, k->utterance)->ended = true;
}

static void on_missing(void *ctx, conn_token conn, const missing_result *given_up) {
    (void)ctx;
    if (conn >= FIRST_CONN) heard(conn, given_up->utterance)->ended = true;
}

static usec_t trouble(int from, int to, const peer_message *message) {
    (void)from, (void)to, (void)message;
    if (m.lose == 0) return USEC_PER_MSEC;
    m.lose--;
    return USEC_NEVER;
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static void say_to(int client, uint64_t utterance) {
    const model_client *c = &m.clients[client];
    char id[8];
    snprintf(id, sizeof id, "c-%d", client);
    job_request request = {.session_id = id,
                           .utterance = utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(2 * second, 1024, NULL)};
    scheduler_submit(at(c->place), c->conn, &request);
    audio_unref(request.sound);
}

static void repeat(int client) {
    for (uint64_t u = 0; u < m.clients[client].said; u++)
        if (!m.clients[client].requests[u].ended) say_to(client, u);
}

static void open_client(int client, int place) {
    model_client *c = &m.clients[client];
    char id[8];
    snprintf(id, sizeof id, "c-%d", client);
    c->place = place;
    c->conn = FIRST_CONN + (conn_token)m.client_conns;
    m.client_of[m.client_conns++] = client;
    use(place);
    if (open_session(c->conn, id)) wrong("session %s does not open: %s", id, err.message);
}

/* At the instance where it is, the old connection ends first: there, a session has one. */
static void move_client(int client, int place, bool found_dead) {
    model_client *c = &m.clients[client];
    conn_token old = c->conn;
    int former = c->place;
    if (!lives(place)) place = 0;
    if (place == former) scheduler_session_gone(at(former), old);
    for (int i = 0; i < m.client_conns && lives(place); i++) /* an older one that was never found dead */
        if (m.client_of[i] == client) scheduler_session_gone(at(place), FIRST_CONN + (conn_token)i);
    open_client(client, place);
    pass(5 * USEC_PER_MSEC);
    if (found_dead && place != former && lives(former)) scheduler_session_gone(at(former), old);
    repeat(client);
}

static void connect_node(int node, int place) {
    char name[8];
    model_node *n = &m.nodes[node];
    n->place = place;
    n->conn = (conn_token)++m.node_conns;
    m.node_of[n->conn] = node;
    snprintf(name, sizeof name, "n%d", node);
    use(place);
    offer_now(n->conn, name, "en de", 3);
    pass(USEC_PER_MSEC);
    scheduler_node_heartbeat(at(place), n->conn, &(node_load){.cpu = 10});
}

static void beat_all(void) {
    for (int i = 0; i < NODE_COUNT; i++)
        scheduler_node_heartbeat(at(m.nodes[i].place), m.nodes[i].conn, &(node_load){.cpu = 10});
}

static void node_says(const model_assignment *a, op_kind what) {
    const model_node *n = &m.nodes[a->node];
    node_result result = {.job_id = a->job, .attempt = a->attempt, .outcome = OUTCOME_OK, .code = ""};
    if (what == OP_OK) m.clients[a->client].requests[a->utterance].ok_was_said = true;
    if (what == OP_EMPTY) result.outcome = OUTCOME_NO_TEXT;
    if (what == OP_FAIL) {
        result.outcome = OUTCOME_FAILED;
        result.code = "PROCESSING_ERROR";
    }
    scheduler_node_result(at(n->place), n->conn, &result);
}

static void kill_place(int place) {
    if (!lives(place)) return;
    m.dead[place] = true;
    kill_instance(place);
    for (int i = 0; i < NODE_COUNT; i++)
        if (m.nodes[i].place == place) connect_node(i, 0);
    for (int i = 0; i < CLIENTS; i++)
        if (m.clients[i].place == place) move_client(i, 0, false);
}

static void wait_for(usec_t time) {
    for (; time > 0; time -= second) {
        beat_all();
        pass(second);
    }
}

static void play_op(const op *o) {
    int client = o->a % CLIENTS;
    switch ((op_kind)o->kind) {
    case OP_SAY:
        if (m.clients[client].said < UTTERANCES_MAX) say_to(client, m.clients[client].said++);
        break;
    case OP_REPEAT: repeat(client); break;
    case OP_MOVE: move_client(client, o->b % PLACES, o->b / 16 % 2); break;
    case OP_OK:
    case OP_FAIL:
    case OP_EMPTY:
        if (m.assignment_count)
            node_says(&m.assignments[m.assignment_count - 1 - o->a % m.assignment_count], (op_kind)o->kind);
        break;
    case OP_LOSE: m.lose = 1 + o->a % 4; break;
    case OP_PASS: pass((1 + o->a) * USEC_PER_MSEC); break;
    case OP_WAIT: wait_for((1 + o->a % 5) * second); break;
    case OP_KILL: kill_place(1 + o->b % 2); break;
    case OP_KINDS: break;
    }
    pass(4 * USEC_PER_MSEC);
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static int unended(void) {
    int count = 0;
    for (int i = 0; i < CLIENTS; i++)
        for (uint64_t u = 0; u < m.clients[i].said; u++) count += !m.clients[i].requests[u].ended;
    return count;
}

static void work_all_off(void) {
    m.lose = 0;
    for (int round = 0, from = 0; round < 90 && !m.wrong[0] && unended() > 0; round++) {
        for (; from < m.assignment_count; from++) node_says(&m.assignments[from], OP_OK);
        for (int i = 0; i < CLIENTS && round % 3 == 2; i++) repeat(i);
        wait_for(second);
    }
    wait_for(30 * second);
}

static void check_ends(void) {
    int left = unended();
    if (left) wrong("%d requests have no end", left);
    for (int i = 0; i < event_count; i++)
        for (int k = 0; k < i && kinds[i] == EV_FINISHED; k++)
            if (kinds[k] == EV_FINISHED && !strcmp(events[i].job, events[k].job))
                wrong("job %s ends twice", events[i].job);
    for (int i = 0; i < PLACES; i++)
        if (lives(i) && scheduler_count(at(i)).jobs)
            wrong("instance %d has %lld jobs left", i, (long long)scheduler_count(at(i)).jobs);
    for (int i = 0; i < NODE_COUNT; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        if (reservations_of(name)) wrong("%s has %lld reservations left", name, (long long)reservations_of(name));
    }
}

static void check_data(void) {
    sync_client *client;
    fsck_report report;
    sched_error problem = {0};
    virtual_redis_settle(redis);
    sched_status status = sync_client_open_socket(virtual_redis_socket(redis), 5 * second, &client, &problem);
    if (!status) {
        status = fsck_run(client, &config.keys, &report, &problem);
        sync_client_close(client);
    }
    if (status)
        wrong("%s", problem.message);
    else if (report.findings)
        wrong("%lld findings, the first: %.120s", (long long)report.findings, report.text[0]);
}

static void begin(void) {
    memset(&m, 0, sizeof m);
    event_count = 0;
    open_many_with(PLACES, (transport){.node_registered = on_registered,
                                       .node_assign = on_assign,
                                       .session_answer = on_answer,
                                       .session_known = on_known,
                                       .session_missing = on_missing});
    meddle_with_peers(trouble);
    for (int i = 0; i < NODE_COUNT; i++) connect_node(i, i % PLACES);
    for (int i = 0; i < CLIENTS; i++) open_client(i, 1 + i % 2);
    pass(20 * USEC_PER_MSEC);
}

static bool history_fails(const void *items, size_t count, void *ctx) {
    const op *ops = items;
    (void)ctx;
    begin();
    for (size_t i = 0; i < count && !m.wrong[0]; i++) play_op(&ops[i]);
    if (!m.wrong[0]) work_all_off();
    if (!m.wrong[0]) check_ends();
    if (!m.wrong[0]) check_data();
    end_many();
    return m.wrong[0] != '\0';
}

START_TEST(every_request_that_is_repeated_ends_once_whoever_dies) {
    open_world("production");
    config.instance.presence_ttl = 3 * second;
    config.instance.presence_refresh = second;
    config.instance.adopt_every = second;
    config.empty_hold = 200 * USEC_PER_MSEC;
    const histories h = {
        .stream = "takeover history",
        .kinds = op_rows,
        .kind_count = OP_KINDS,
        .ops = OPS,
        .count = HISTORIES_DEFAULT,
        .latest = 0.5,
        .fails = history_fails,
        .wrong = m.wrong,
    };
    histories_play(&h);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_request_that_is_repeated_ends_once_whoever_dies,
    };
    return SUITE_RUN("takeover_histories", tests);
}
