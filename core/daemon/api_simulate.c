/* api_simulate.c - /api/v1/simulate: what would happen to a job of this pair now, and why not here or there.
 *
 * The scheduler draws a proposal as it would for a job, and each candidate is asked by the grant's own script in its dry mode. The
 * first that would take the job is the one that would have got it. */
#include <stdio.h>
#include <string.h>

#include "core/daemon/api_internal.h"
#include "core/view/members.h"

static json_t *node_json(const explained_node *node, const api_ask *ask, int64_t now_msec) {
    char sentence[GRANT_SENTENCE_MAX];
    bool excluded = !strcmp(node->node, ask->excluded), takes = !excluded && node->verdict.word == GRANT_OK;
    json_t *object = json_object();
    view_set_text(object, "node", node->node);
    view_set_truth(object, "takes_it", takes);
    view_set_text(object, "verdict", excluded ? "EXCLUDED" : grant_word_name(node->verdict.word));
    view_set_text(object, "reason",
                  excluded ? "the question excludes it" : grant_sentence(sentence, &node->verdict, now_msec));
    if (node->load >= 0) view_set_number(object, "load", node->load);
    if (*node->verdict.detail) view_set_text(object, "detail", node->verdict.detail);
    return object;
}

static json_t *count_exclusions(const json_t *nodes) {
    json_t *sums = json_object();
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        const char *word = json_string_value(json_object_get(node, "verdict"));
        if (json_is_true(json_object_get(node, "takes_it"))) continue;
        view_set_number(sums, word, json_integer_value(json_object_get(sums, word)) + 1);
    }
    return sums;
}

static json_t *explanation_json(const explanation *e, const api_ask *ask, int64_t now_msec) {
    char text[PAIR_MAX + 1];
    json_t *document = json_object(), *nodes = json_array();
    const char *selected = NULL;
    for (int i = 0; i < e->count; i++) {
        json_t *node = node_json(&e->nodes[i], ask, now_msec);
        if (!selected && json_is_true(json_object_get(node, "takes_it"))) selected = e->nodes[i].node;
        json_array_append_new(nodes, node);
    }
    view_set_number(document, "now", now_msec);
    view_set_text(document, "pair", lang_pair_text(text, e->pair));
    view_set_text(document, "selected_node_id", selected);
    view_set_number(document, "pool_size", e->pool_size);
    json_object_set_new(document, "nodes", nodes);
    json_object_set_new(document, "excluded", count_exclusions(nodes));
    return document;
}

static void on_explained(void *arg, const explanation *e) {
    api_ask *ask = arg;
    int64_t now_msec = clock_now(&ask->a->env.clock) / USEC_PER_MSEC;
    json_t *document = e->answered ? explanation_json(e, ask, now_msec) : NULL;
    server_request *r = api_ask_end(ask);
    if (document)
        api_answer_json(r, 200, document);
    else
        api_answer_error(r, 503, "Redis did not tell who serves this pair");
}

/* pair=SRC:TGT, or src= and tgt=. */
static bool take_pair(server_request *r, lang_pair *ret_pair) {
    char text[PAIR_MAX + 16];
    sched_error err;
    const char *pair = server_request_param(r, "pair"), *src = server_request_param(r, "src"),
               *tgt = server_request_param(r, "tgt");
    if (!src) src = server_request_param(r, "src_lang");
    if (!tgt) tgt = server_request_param(r, "tgt_lang");
    if (pair)
        snprintf(text, sizeof text, "%s", pair);
    else if (src && tgt)
        snprintf(text, sizeof text, "%.20s:%.20s", src, tgt);
    else {
        api_answer_error(r, 400, "expected src= and tgt=, or pair=SRC:TGT");
        return false;
    }
    if (!lang_pair_parse(text, ret_pair, &err)) return true;
    api_answer_error(r, 400, "%s", err.message);
    return false;
}

void api_get_simulate(void *ctx, server_request *r) {
    api *a = ctx;
    lang_pair pair;
    sched_error err;
    const char *excluded = server_request_param(r, "exclude_node_id");
    if (!take_pair(r, &pair)) return;
    scheduler *s = a->env.scheduler(a->env.ctx);
    if (!s) {
        api_answer_error(r, 503, "this instance is not ready");
        return;
    }
    api_ask *ask = api_ask_new(a, r);
    ask->pair = pair;
    snprintf(ask->excluded, sizeof ask->excluded, "%s", excluded ? excluded : "");
    if (scheduler_explain(s, &ask->pair, on_explained, ask, &err)) {
        api_ask_end(ask);
        api_answer_error(r, 503, "%s", err.message);
    }
}
