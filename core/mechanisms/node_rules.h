/* node_rules.h - what a node in memory may be given, and what becomes of its health: the rules of reserve_node, release_reservation
 * and mark_service, for nodes of a node_table. */
#ifndef CORE_MECHANISMS_NODE_RULES_H
#define CORE_MECHANISMS_NODE_RULES_H

#include "core/mechanisms/node_table.h"
#include "core/mechanisms/registry.h"

/* GRANT_OK: none; the texts live as long as the node. */
typedef struct refusal {
    grant_word word;
    const char *detail;
    int64_t value;
} refusal;

const char *known_status_name(known_status status); /* "ready", ... */
bool known_status_parse(const char *name, known_status *ret_status);

/* How busy it is, by that signal. */
int64_t node_rules_load(const known_node *n, load_kind kind);
/* The status, and whether its services are up: what holds for a job that it has already, too. */
refusal node_rules_standing(const known_node *n);
/* All of them, the pair's languages not among them. `enforce`: does a full node refuse? */
refusal node_rules_refusal(const registry_settings *set, const known_node *n, const lang_pair *pair, int64_t now,
                           bool enforce);

/* An attempt on it has ended. */
void node_rules_judge(known_node *n, attempt_verdict says, int64_t now, int64_t pause_msec);

/* Keeps the pair's jobs away until then. */
void node_rules_note_mark(known_node *n, const lang_pair *pair, const char *service, int64_t until, int64_t now);
/* The same for a node that says so itself: 0 when it has said it too often, else until when the mark stands. */
int64_t node_rules_mark(known_node *n, const lang_pair *pair, const char *service, int64_t now, int64_t mark_msec);
/* A new registration begins anew. */
void node_rules_absolve(known_node *n);

#endif
