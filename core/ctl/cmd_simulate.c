/* cmd_simulate.c - the dry run of a placement: what would each node say if it were asked now, and which one would be chosen?
 *
 * Nodes are asked by the grant's own script in its dry mode, so there is no second opinion that could differ. The sample is drawn
 * as the scheduler draws it. Between this and a real placement the world goes on: an answer is true for its instant. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/mechanisms/grant_call.h"
#include "core/mechanisms/placement.h"
#include "core/scheduler/config.h"
#include "core/view/fleet.h"
#include "core/view/members.h"
#include "core/view/record.h"

enum { ALL_MAX = 1000, D = 2, HOLD_MSEC = 1000 };

typedef struct asked {
    candidate who;
    grant_verdict verdict;
    fleet_node node;
} asked;

typedef struct simulation {
    ctl *c;
    lang_pair pair;
    int64_t now, ceiling, members;
    asked *nodes; /* in the order of the proposal; with --all by position */
    size_t count, capacity;
} simulation;

/* ---- who is asked ---------------------------------------------------------------------------------------------------- */

static void add(simulation *s, const char *text) {
    asked one = {.who = {.load = LOAD_UNKNOWN}};
    if (!record_numbered(text, one.who.node, &one.who.version) || s->count == ALL_MAX) return;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 8;
        s->nodes = mem_realloc(s->nodes, s->capacity, sizeof *s->nodes);
    }
    memcpy(one.node.id, one.who.node, sizeof one.node.id);
    s->nodes[s->count++] = one;
}

static void draw_sample(simulation *s, uint64_t seed) {
    redis_key key;
    redis_call call;
    rng draws;
    rng_init(&draws, seed, "simulate", 0);
    call_script(&call, SCRIPT_SELECT_NODE);
    call_key(&call, key_pool_members(&key, &s->c->keys, s->pair.src, s->pair.tgt));
    call_int(&call, CANDIDATES_MAX);
    call_int(&call, 0);
    for (int i = 0; i < CANDIDATES_MAX; i++) call_int(&call, rng_u32(&draws));
    redis_reply *proposal = asker_call(&s->c->ask, &call);
    s->members = reply_int(reply_at(proposal, 0));
    for (size_t i = 1; i < reply_count(proposal); i++) add(s, reply_text(reply_at(proposal, i)));
    sync_reply_free(proposal);
}

/* Positions 0 to 999, fifty in a question. */
static void take_all(simulation *s) {
    enum { AT_ONCE = 50 };
    redis_key key;
    redis_call call;
    key_pool_members(&key, &s->c->keys, s->pair.src, s->pair.tgt);
    redis_reply *size = asker_call_about(&s->c->ask, "HLEN", key.text, NULL);
    s->members = reply_int(size);
    sync_reply_free(size);
    int64_t end = s->members < ALL_MAX ? s->members : ALL_MAX;
    for (int64_t from = 0; from < end; from += AT_ONCE) {
        call_command(&call, "HMGET");
        call_key(&call, key.text);
        for (int64_t i = from; i < end && i < from + AT_ONCE; i++) call_int(&call, i);
        redis_reply *members = asker_call(&s->c->ask, &call);
        for (size_t i = 0; i < reply_count(members); i++) add(s, reply_text(reply_at(members, i)));
        sync_reply_free(members);
    }
}

/* ---- what they say --------------------------------------------------------------------------------------------------- */

static void ask_all(simulation *s) {
    asker *ask = &s->c->ask;
    for (size_t i = 0; i < s->count; i++) {
        redis_call call;
        const candidate *who = &s->nodes[i].who;
        grant_question question = {.node = who->node,
                                   .job_id = "j000-0000000000000000",
                                   .attempt = 1,
                                   .version = who->version,
                                   .pair = &s->pair,
                                   .mode = GRANT_DRY,
                                   .hold_msec = HOLD_MSEC,
                                   .resource_limit = s->ceiling};
        grant_call(&call, &s->c->keys, &question);
        asker_put(ask, &call);
    }
    for (size_t i = 0; i < s->count; i++) {
        redis_reply *answer = asker_take(ask);
        s->nodes[i].verdict = grant_verdict_of(answer);
        sync_reply_free(answer);
    }
}

static void read_loads(simulation *s) {
    fleet_node *nodes = mem_zalloc(s->count + 1, sizeof *nodes);
    for (size_t i = 0; i < s->count; i++) nodes[i] = s->nodes[i].node;
    fleet_fill(&s->c->ask, &s->c->keys, nodes, s->count);
    for (size_t i = 0; i < s->count; i++) {
        s->nodes[i].node = nodes[i];
        s->nodes[i].who.load = nodes[i].load;
    }
    free(nodes);
}

static const asked *find_asked(const simulation *s, const char *node_id) {
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->nodes[i].node.id, node_id)) return &s->nodes[i];
    return NULL;
}

/* As the flow of a job does: compare the next two, ask the less loaded first, go on while they refuse. NULL: nobody takes it. */
static const asked *choose(const simulation *s) {
    const placement *best = &placement_best_of;
    candidate order[CANDIDATES_MAX];
    int count = s->count < CANDIDATES_MAX ? (int)s->count : CANDIDATES_MAX;
    for (int i = 0; i < count; i++) order[i] = s->nodes[i].who;
    for (int from = 0; from < count;) {
        int compared = best->compares(D, count - from), together = compared ? compared : 1;
        best->order(order + from, compared);
        for (int i = from; i < from + together; i++) {
            const asked *one = find_asked(s, order[i].node);
            if (one && one->verdict.word == GRANT_OK) return one;
        }
        from += together;
    }
    return NULL;
}

/* The least loaded of all that take it; of equal ones the first by name. */
static const asked *least_loaded(const simulation *s) {
    const asked *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const asked *one = &s->nodes[i];
        if (one->verdict.word != GRANT_OK) continue;
        bool better = !best || one->who.load < best->who.load ||
                      (one->who.load == best->who.load && strcmp(one->node.id, best->node.id) < 0);
        if (better) best = one;
    }
    return best;
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static int by_verdict(const void *a, const void *b) {
    const asked *x = a, *y = b;
    if (x->verdict.word != y->verdict.word) return x->verdict.word < y->verdict.word ? -1 : 1;
    if (x->who.load != y->who.load) return x->who.load < y->who.load ? -1 : 1;
    return strcmp(x->node.id, y->node.id);
}

static json_t *nodes_json(const simulation *s) {
    json_t *rows = json_array();
    for (size_t i = 0; i < s->count; i++) {
        char why[GRANT_SENTENCE_MAX];
        const asked *one = &s->nodes[i];
        json_t *row = json_object();
        view_set_text(row, "node", one->node.id);
        view_set_text(row, "verdict", grant_word_name(one->verdict.word));
        view_set_text(row, "why", grant_sentence(why, &one->verdict, s->now));
        view_set_number(row, "load", one->node.load);
        view_set_number(row, "slots", one->node.slots);
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *counts_json(const simulation *s) {
    json_t *rows = json_array();
    int64_t n[GRANT_WORDS] = {0};
    for (size_t i = 0; i < s->count; i++) n[s->nodes[i].verdict.word]++;
    for (int word = 0; word < GRANT_WORDS; word++) {
        if (!n[word]) continue;
        json_t *row = json_object();
        view_set_text(row, "verdict", grant_word_name((grant_word)word));
        view_set_number(row, "nodes", n[word]);
        json_array_append_new(rows, row);
    }
    return rows;
}

static void print_choice(const simulation *s, const asked *chosen, bool all) {
    if (!chosen)
        printf("\nnone of these %zu would take the job; it would wait for room\n", s->count);
    else
        printf("\n%s %s (load %" PRId64 " of %" PRId64 ")\n",
               all ? "the least loaded that takes it:" : "best_of_2 would choose", chosen->node.id, chosen->node.load,
               chosen->node.slots);
}

static void print(simulation *s, const asked *chosen, bool all) {
    static const show_column nodes[] = {{"node", "node", SHOW_PLAIN},
                                        {"verdict", "verdict", SHOW_PLAIN},
                                        {"why", "why", SHOW_PLAIN},
                                        {"load", "load", SHOW_PLAIN},
                                        {"slots", "slots", SHOW_PLAIN}};
    static const show_column counts[] = {{"verdict", "verdict", SHOW_PLAIN}, {"nodes", "nodes", SHOW_PLAIN}};
    char pair[PAIR_MAX + 1];
    json_t *document = json_object(), *rows = nodes_json(s), *sums = counts_json(s);
    view_set_number(document, "now", s->now);
    view_set_text(document, "pair", lang_pair_text(pair, &s->pair));
    view_set_number(document, "members", s->members);
    view_set_number(document, "asked", (int64_t)s->count);
    view_set_text(document, "chosen", chosen ? chosen->node.id : NULL);
    json_object_set_new(document, "counts", sums);
    json_object_set_new(document, "nodes", rows);
    if (s->c->json) {
        ctl_print_json(document);
        return;
    }
    printf("%s: %" PRId64 " members, %zu asked\n\n", pair, s->members, s->count);
    if (all)
        show_table(sums, counts, 2, 1, s->now, stdout);
    else
        show_table(rows, nodes, 5, 3, s->now, stdout);
    print_choice(s, chosen, all);
    json_decref(document);
}

/* The choice follows the order of the proposal, so it is made before the sorting; its row is found again by its name. */
static int simulate(simulation *s, uint64_t seed, bool all) {
    char chosen[ID_MAX + 1] = "";
    s->now = asker_now(&s->c->ask);
    if (all)
        take_all(s);
    else
        draw_sample(s, seed ? seed : (uint64_t)s->now);
    if (!s->count && !s->c->ask.status)
        return ctl_failed(s->c, "no node is in the pool of %s:%s", s->pair.src, s->pair.tgt);
    ask_all(s);
    read_loads(s);
    const asked *best = all ? least_loaded(s) : choose(s);
    if (best) memcpy(chosen, best->node.id, sizeof chosen);
    if (s->count) qsort(s->nodes, s->count, sizeof *s->nodes, by_verdict);
    if (!s->c->ask.status) print(s, *chosen ? find_asked(s, chosen) : NULL, all);
    return CTL_FINE;
}

static const ctl_usage usage = {
    "",
    0,
    0,
    "Asks nodes of a pair what they would answer if they were given a job now, and tells why they would not take it. "
    "Nothing is\n"
    "reserved. Without --all the scheduler's own way of drawing proposes up to 8 nodes, and the one is named that "
    "best_of_2 would\n"
    "choose among them (of the next two the less loaded one that takes it). With --all every member is asked, up to "
    "1,000, and\n"
    "the reasons are counted; with --json each node's answer is there, too.\n",
    "simulate --src de --tgt en\nsimulate --src de --tgt en --all\nsimulate --src de --tgt en --seed 7 --json\n",
};

int cmd_simulate(int argc, char **argv) {
    ctl c;
    scheduler_config defaults;
    const char *src = "", *tgt = "";
    bool all = false;
    int64_t seed = 0;
    if (scheduler_config_preset("production", &defaults, NULL)) defaults.resource_limit = 0;
    int64_t ceiling = defaults.resource_limit;
    const ctl_option options[] = {
        {"src", "LANG", CTL_TEXT, &src, 0, 0, "the language that is spoken"},
        {"tgt", "LANG", CTL_TEXT, &tgt, 0, 0, "the language that is wanted"},
        {"all", NULL, CTL_FLAG, &all, 0, 0, "ask all members, not a sample of 8"},
        {"ceiling", "PERCENT", CTL_COUNT, &ceiling, 0, 100000,
         "resource_limit of the scheduler (its default); 0: none"},
        {"seed", "N", CTL_COUNT, &seed, 1, INT64_MAX, "draw this sample again (a new one each time)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    simulation s = {.c = &c, .ceiling = ceiling};
    if (!*src || !*tgt) return ctl_end(&c, ctl_misused(&c, "which pair? Try: lingua-ctl simulate --src de --tgt en"));
    if (lang_pair_make(src, tgt, &s.pair, &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    ctl_need_scripts(&c);
    code = simulate(&s, (uint64_t)seed, all);
    free(s.nodes);
    return ctl_end(&c, code);
}
