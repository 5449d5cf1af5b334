/* check_node_histories.c - random lives of nodes on two instances and one Redis, against a model of who may get which pair.
 *
 * A history is a list of operations: nodes register, come back over new connections while the old ones linger, change their
 * languages, fall silent, drain or are drained and held; old connections speak and end late; answers of Redis are lost. What a
 * client knows is the model: which connection is its own, what was acknowledged, what was refused or closed.
 *
 * Whatever happens: a node is offline only for a reason, a connection is refused or closed only for a reason, and no node is granted
 * a pair that none of its connections offers. After a few heartbeats in peace, of a node's connections only the newest is left, and the nodes that take a job of a pair are exactly those that should, with no stale
 * member in its pool. In the end the data is consistent, and when all have left, empty.
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
    OPS = 40,
    INSTANCES = 2,
    HISTORIES_DEFAULT = 300,
    CONNS_MAX = OPS + 1,
    PAIRS = 6,
    HOLD_MSEC = 3000,
    REGISTRATIONS_SAFE = 7, /* with other languages */
    REASON_MAX = 200,
};

typedef enum op_kind {
    OP_CONNECT,  /* node a registers languages b over a new connection; its old one lingers */
    OP_REGISTER, /* node a registers languages b over the connection it has */
    OP_BEAT,     /* all nodes, over the connections that are theirs */
    OP_MOOD,     /* node a's services are up, or not, as b says; it beats */
    OP_OLD_BEAT, /* a connection that is not the node's own any more */
    OP_OLD_END,  /* it ends */
    OP_LEAVE,    /* node a's connection ends */
    OP_SILENT,   /* node a is not heard any more, and nobody knows */
    OP_DRAIN,    /* node a wants to go */
    OP_OPERATOR, /* an operator drains node a, with a hold when b is odd */
    OP_BUSY,     /* node a has a reservation for some seconds, which nobody will release */
    OP_LOOK,     /* who would take a job of pair a? */
    OP_PASS,     /* a little time */
    OP_WAIT,     /* seconds */
    OP_LOSE,     /* the answers of the next calls are lost; every other one was executed */
    OP_KINDS
} op_kind;

static const op_row op_rows[OP_KINDS] = {
    {"connect", 14}, {"register", 8}, {"beat", 20},  {"mood", 8},  {"old_beat", 5},
    {"old_end", 6},  {"leave", 4},    {"silent", 3}, {"drain", 3}, {"operator", 3},
    {"busy", 5},     {"look", 6},     {"pass", 8},   {"wait", 8},  {"lose", 3},
};

static const char *const offers[] = {"en de", "en fr", "de fr", "en de fr"};
static const lang_pair pairs[PAIRS] = {{"en", "de"}, {"de", "en"}, {"en", "fr"},
                                       {"fr", "en"}, {"de", "fr"}, {"fr", "de"}};

/* ---- the model ------------------------------------------------------------------------------------------------------ */

typedef struct model_conn {
    int node, instance;
    int asked, offer; /* of offers[]; offer is what was acknowledged, -1: nothing yet */
    bool unready, silent, draining, closed, ended;
    usec_t beaten;
} model_conn;

typedef struct model_node {
    int conn; /* its own: the newest; 0: none */
    usec_t held_until;
    bool drained; /* somebody wanted it to go, once */
    bool leaving; /* and it was not offline since */
    int registrations;
} model_node;

static struct {
    scheduler *instance[INSTANCES];
    model_node nodes[NODES];
    model_conn conns[CONNS_MAX];
    int conn_count;
    int lose;
    bool troubled; /* answers were lost since the last peace */
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

static int node_of_name(const char *name) {
    return name[0] == 'n' ? atoi(name + 1) : -1;
}

static bool offers_pair(int offer, const lang_pair *pair) {
    return offer >= 0 && strstr(offers[offer], pair->src) && strstr(offers[offer], pair->tgt);
}

static bool speaks(const model_conn *c) {
    return !c->closed && !c->ended && !c->silent;
}

static void on_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)node_id;
    m.conns[conn].offer = m.conns[conn].asked;
}

static void on_refused(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)ctx;
    const model_node *n = &m.nodes[m.conns[conn].node];
    bool held = !strcmp(code, "NODE_UNAVAILABLE") && engine_now(e) <= n->held_until;
    bool many = !strcmp(code, "NODE_OVERLOADED") && n->registrations > REGISTRATIONS_SAFE;
    bool lost = !strcmp(code, "SCHEDULER_DEPENDENCY_DOWN") && m.troubled;
    if (!held && !many && !lost) wrong("connection %d was refused: %s %s", (int)conn, code, message);
}

static void on_close(void *ctx, conn_token conn, const char *reason) {
    (void)ctx;
    model_conn *c = &m.conns[conn];
    const model_node *n = &m.nodes[c->node];
    bool replaced = !strncmp(reason, "replaced", 8) && n->conn != (int)conn;
    bool drained = !strcmp(reason, "drained") && n->drained;
    bool held = !strcmp(reason, "out of service") && engine_now(e) <= n->held_until;
    bool failed = !strcmp(reason, "registration failed") && (m.troubled || n->registrations > REGISTRATIONS_SAFE);
    if (!replaced && !drained && !held && !failed) wrong("connection %d was closed: %s", (int)conn, reason);
    c->closed = true;
}

static void on_event(void *ctx, const sched_event *event) {
    (void)ctx;
    if (event->kind != EV_NODE_OFFLINE || m.troubled) return;
    model_node *n = &m.nodes[node_of_name(event->node)];
    const model_conn *c = &m.conns[n->conn];
    bool late = engine_now(e) - c->beaten >= config.node_ttl;
    if (n->conn && speaks(c) && !late && !n->leaving)
        wrong("node %s is %s, but its connection %d lives", event->node, event->code, n->conn);
    n->leaving = false;
}

/* ---- a Redis whose answers get lost --------------------------------------------------------------------------------- */

typedef struct lost_call {
    link_callback *done;
    void *arg;
} lost_call;

static void on_lost(void *arg) {
    lost_call call = *(lost_call *)arg;
    free(arg);
    call.done(call.arg, LINK_UNKNOWN, NULL);
}

static void ignore(void *arg, link_status status, const redis_reply *reply) {
    (void)arg, (void)status, (void)reply;
}

static void submit_or_lose(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    redis_link real = link_virtual_interface(wire);
    (void)ctx;
    if (m.lose == 0) {
        link_submit(&real, call, patience, done, arg);
        return;
    }
    lost_call *lost = mem_alloc(sizeof *lost);
    *lost = (lost_call){done, arg};
    if (m.lose-- % 2 == 0) link_submit(&real, call, patience, ignore, NULL);
    engine_at(e, engine_now(e) + patience, on_lost, lost);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static scheduler *home_of(const model_conn *c) {
    return m.instance[c->instance];
}

static void register_over(int conn, int offer) {
    model_conn *c = &m.conns[conn];
    model_node *n = &m.nodes[c->node];
    char name[8];
    snprintf(name, sizeof name, "n%d", c->node);
    c->asked = offer;
    c->beaten = engine_now(e);
    n->registrations++;
    node_registration r = {.node_id = name,
                           .asr = langs(offers[offer]),
                           .semantic = langs(offers[offer]),
                           .tts = langs(offers[offer]),
                           .slots = 2};
    scheduler_node_register(home_of(c), (conn_token)conn, &r);
}

static void connect_node(int node, int offer, int instance) {
    int conn = ++m.conn_count;
    m.conns[conn] = (model_conn){.node = node, .instance = instance, .offer = -1};
    m.nodes[node].conn = conn;
    register_over(conn, offer);
}

static void beat_over(int conn) {
    model_conn *c = &m.conns[conn];
    if (!speaks(c)) return;
    c->beaten = engine_now(e);
    scheduler_node_heartbeat(home_of(c), (conn_token)conn, &(node_load){.cpu = 10, .unready = c->unready});
}

static void beat_all(void) {
    for (int i = 0; i < NODES; i++)
        if (m.nodes[i].conn) beat_over(m.nodes[i].conn);
}

static void end_over(int conn) {
    model_conn *c = &m.conns[conn];
    model_node *n = &m.nodes[c->node];
    if (c->ended) return;
    c->ended = true;
    if (n->conn == conn) n->conn = 0;
    scheduler_node_gone(home_of(c), (conn_token)conn);
}

/* A connection that is not its node's own, counted from the `from`th; 0: there is none. */
static int old_conn(unsigned from) {
    for (int i = 0; i < m.conn_count; i++) {
        int conn = 1 + (int)((from + (unsigned)i) % (unsigned)m.conn_count);
        const model_conn *c = &m.conns[conn];
        if (!c->ended && m.nodes[c->node].conn != conn) return conn;
    }
    return 0;
}

static void operator_drains_model(int node, bool hold) {
    char name[8];
    snprintf(name, sizeof name, "n%d", node);
    m.nodes[node].drained = m.nodes[node].leaving = true;
    if (hold) m.nodes[node].held_until = engine_now(e) + HOLD_MSEC * USEC_PER_MSEC + 20 * USEC_PER_MSEC;
    operator_drains(name, hold ? HOLD_MSEC : 0);
}

static void ask_redis(const redis_call *call) {
    redis_reply *reply;
    ck_assert_msg(!virtual_redis_sync(redis, call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

static void add_reservation(int node, int seconds) {
    int64_t until = (engine_now(e) + seconds * second) / USEC_PER_MSEC;
    char name[8];
    redis_key key;
    redis_call add, expire;
    snprintf(name, sizeof name, "n%d", node);
    if (!*node_field(name, "status")) return;
    key_node_reservations(&key, &config.keys, name);
    call_command(&add, "ZADD");
    call_key(&add, key.text);
    call_int(&add, until);
    call_str(&add, "j000-0000000000000001 1");
    ask_redis(&add);
    call_command(&expire, "PEXPIREAT");
    call_key(&expire, key.text);
    call_int(&expire, until);
    ask_redis(&expire);
}

static void drain_over(int conn) {
    model_conn *c = &m.conns[conn];
    if (!conn || !speaks(c) || c->offer < 0) return;
    m.nodes[c->node].drained = m.nodes[c->node].leaving = c->draining = true;
    scheduler_node_drain(home_of(c), (conn_token)conn);
}

/* ---- who would take a job? ------------------------------------------------------------------------------------------ */

static explanation explained;

static void take(void *arg, const explanation *told) {
    *(bool *)arg = true;
    explained = *told;
}

static void explain(const lang_pair *pair) {
    bool told = false;
    int lose = m.lose;
    m.lose = 0;
    ck_assert(!scheduler_explain(m.instance[0], pair, take, &told, &err));
    while (!told) pass(USEC_PER_MSEC);
    m.lose = lose;
}

/* Whoever says yes is there, and offers the pair over one of its connections. */
static void look(const lang_pair *pair) {
    explain(pair);
    for (int i = 0; i < explained.count && !m.troubled; i++) {
        const explained_node *one = &explained.nodes[i];
        int node = node_of_name(one->node);
        bool right = false;
        for (int conn = 1; conn <= m.conn_count; conn++) {
            const model_conn *c = &m.conns[conn];
            right |= c->node == node && !c->ended && (offers_pair(c->offer, pair) || offers_pair(c->asked, pair));
        }
        if (one->verdict.word == GRANT_OK && !right) wrong("%s takes %s:%s", one->node, pair->src, pair->tgt);
    }
}

/* The newest of its connections that was acknowledged and is left; 0: none. A newer one may have been refused. */
static int speaker_of(int node) {
    for (int conn = m.conn_count; conn > 0; conn--)
        if (m.conns[conn].node == node && m.conns[conn].offer >= 0 && speaks(&m.conns[conn])) return conn;
    return 0;
}

static bool should_take(int node, const lang_pair *pair) {
    const model_conn *c = &m.conns[speaker_of(node)];
    return speaker_of(node) && !c->unready && offers_pair(c->offer, pair);
}

static void compare(const lang_pair *pair) {
    bool takes[NODES] = {false};
    explain(pair);
    for (int i = 0; i < explained.count; i++) {
        const explained_node *one = &explained.nodes[i];
        takes[node_of_name(one->node)] = one->verdict.word == GRANT_OK;
        bool unready = one->verdict.word == GRANT_NOTREADY && !strcmp(one->verdict.detail, "unready");
        if (one->verdict.word != GRANT_OK && !unready)
            wrong("%s stands in the pool of %s:%s and says %s %s", one->node, pair->src, pair->tgt,
                  grant_word_name(one->verdict.word), one->verdict.detail);
    }
    for (int i = 0; i < NODES; i++)
        if (takes[i] != should_take(i, pair))
            wrong("n%d %s %s:%s", i, takes[i] ? "takes" : "does not take", pair->src, pair->tgt);
}

/* What was closed ends, all that can speak beat a few times, the others expire. */
static void settle(void) {
    m.lose = 0;
    for (int i = 0; i < 8; i++) {
        for (int conn = 1; conn <= m.conn_count; conn++) {
            if (m.conns[conn].closed) end_over(conn);
            beat_over(conn);
        }
        pass(4 * second);
    }
    m.troubled = false;
}

static void compare_all(void) {
    for (int conn = 1; conn <= m.conn_count; conn++) {
        const model_conn *c = &m.conns[conn];
        if (!speaks(c)) continue;
        if (c->draining) wrong("connection %d wanted to go and is still there", conn);
        if (conn != speaker_of(c->node)) wrong("connections %d and %d speak for one node", conn, speaker_of(c->node));
    }
    for (int i = 0; i < PAIRS && !m.wrong[0]; i++) compare(&pairs[i]);
}

static void play_op(const op *o) {
    int node = o->a % NODES, own = m.nodes[node].conn, old = m.conn_count ? old_conn(o->a) : 0;
    int offer = o->b % (int)(sizeof offers / sizeof *offers);
    switch ((op_kind)o->kind) {
    case OP_CONNECT: connect_node(node, offer, o->b / 16 % INSTANCES); break;
    case OP_REGISTER:
        if (own && speaks(&m.conns[own])) register_over(own, offer);
        break;
    case OP_BEAT: beat_all(); break;
    case OP_MOOD:
        m.conns[own].unready = o->b % 2;
        if (own) beat_over(own);
        break;
    case OP_OLD_BEAT:
        if (old) beat_over(old);
        break;
    case OP_OLD_END:
        if (old) end_over(old);
        break;
    case OP_LEAVE:
        if (own) end_over(own);
        break;
    case OP_SILENT: m.conns[own].silent = own != 0; break;
    case OP_DRAIN: drain_over(own); break;
    case OP_OPERATOR: operator_drains_model(node, o->b % 2); break;
    case OP_BUSY: add_reservation(node, 1 + o->b % 8); break;
    case OP_LOOK: look(&pairs[o->a % PAIRS]); break;
    case OP_PASS: pass((1 + o->a) * USEC_PER_MSEC); break;
    case OP_WAIT: pass((1 + o->a % 5) * second); break;
    case OP_LOSE:
        m.lose = 1 + o->a % 6;
        m.troubled = true;
        break;
    case OP_KINDS: break;
    }
    pass(2 * USEC_PER_MSEC);
}

/* ---- a history ------------------------------------------------------------------------------------------------------ */

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

static void begin(void) {
    static const char *const names[INSTANCES] = {"one", "two"};
    memset(&m, 0, sizeof m);
    for (int i = 0; i < INSTANCES; i++) {
        scheduler_env env = {
            .clock = engine_clock(e),
            .timers = engine_timers(e),
            .seed = (uint64_t)(7 + i),
            .redis = {.submit = submit_or_lose},
            .net = {.node_registered = on_registered, .node_refused = on_refused, .node_close = on_close},
            .observer = {on_event, NULL},
            .instance_id = names[i],
        };
        ck_assert_msg(!scheduler_new(&config, &env, &m.instance[i], &err), "%s", err.message);
    }
}

static void leave_all(void) {
    m.lose = 0;
    for (int conn = 1; conn <= m.conn_count; conn++) end_over(conn);
    pass(second);
    for (int i = 0; i < INSTANCES; i++) scheduler_stop(m.instance[i]);
    pass(61 * second); /* the longest that anything lives: a tombstone */
    virtual_redis_expire_all(redis, &err);
}

static bool plays_wrong(const void *ops, size_t count, void *ctx) {
    (void)ctx;
    const op *all = ops;
    begin();
    for (size_t i = 0; i < count && !m.wrong[0]; i++) play_op(&all[i]);
    if (!m.wrong[0]) settle();
    if (!m.wrong[0]) compare_all();
    if (!m.wrong[0]) check_data(false);
    leave_all();
    if (!m.wrong[0]) check_data(true);
    for (int i = 0; i < INSTANCES; i++) scheduler_free(m.instance[i]);
    return m.wrong[0] != '\0';
}

/* Shorter lives, so that many of them fit into a test; their order stays. */
static void hasten(void) {
    config.node_ttl = 12 * second;
    config.reap_round = 6 * second;
    config.ready_limit = 8 * second;
}

START_TEST(after_any_history_each_pair_has_exactly_the_nodes_that_offer_it) {
    open_world("production");
    hasten();
    histories_play(&(histories){
        .stream = "node history",
        .kinds = op_rows,
        .kind_count = OP_KINDS,
        .ops = OPS,
        .count = HISTORIES_DEFAULT,
        .latest = 0,
        .fails = plays_wrong,
        .wrong = m.wrong,
    });
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        after_any_history_each_pair_has_exactly_the_nodes_that_offer_it,
    };
    return SUITE_RUN("node histories", tests);
}
