/* faults_check.c - each rule reads the bound fault and points at the place in the file that breaks it. */
#include "sim/scenario/faults_check.h"

#include <stdio.h>
#include <string.h>

#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "sim/scenario/scenario_check.h"

#define FACTOR_DEFAULT  10
#define SERVICE_DEFAULT "nmt@1"
#define RESTART_DEFAULT USEC_PER_SEC

/* --- who is hit --------------------------------------------------------------------------------------------------- */

static sched_status find_group(const yaml_value *at, const scenario *s, fault_nodes *who, int64_t *ret_nodes,
                               sched_error *err) {
    char hint[SUGGEST_TEXT_MAX];
    suggest near = suggest_for(who->group_name);
    *ret_nodes = 0;
    who->group = -1;
    for (size_t i = 0; i < s->node_group_count; i++) {
        const node_group *g = &s->node_groups[i];
        suggest_offer(&near, g->name);
        if (*who->group_name && strcmp(who->group_name, g->name) != 0) continue;
        if (*who->group_name) who->group = (int)i;
        *ret_nodes += g->count;
    }
    if (*ret_nodes) return SCHED_OK;
    return yaml_fail(at, err, "group: no nodes are named \"%s\"%s", who->group_name, suggest_text(&near, hint));
}

static bool node_exists(const scenario *s, const char *name) {
    for (size_t i = 0; i < s->node_group_count; i++) {
        const node_group *g = &s->node_groups[i];
        size_t len = strlen(g->name);
        char id[ID_MAX + 1];
        int64_t number = 0;
        if (strncmp(name, g->name, len) != 0 || name[len] != '-') continue;
        if (units_parse_count(name + len + 1, &number, NULL) || number >= g->count) continue;
        if (!strcmp(scenario_node_id(id, g, number), name)) return true;
    }
    return false;
}

static sched_status check_names(const yaml_value *at, const scenario *s, const fault_nodes *who, sched_error *err) {
    for (size_t i = 0; i < who->name_count; i++) {
        const yaml_value *place = yaml_at(at, "names[%zu]", i);
        char quoted[SUGGEST_WORD_MAX + 4];
        text_one_line(quoted, sizeof quoted, who->names[i]);
        if (!node_exists(s, who->names[i])) {
            return yaml_fail(place, err, "no node is named \"%s\": expected for instance \"%s-0\"", quoted,
                             s->node_groups[0].name);
        }
        for (size_t k = 0; k < i; k++) {
            if (!strcmp(who->names[i], who->names[k]))
                return yaml_fail(place, err, "node \"%s\" is named twice", quoted);
        }
    }
    return SCHED_OK;
}

static sched_status check_nodes(const yaml_value *at, const scenario *s, fault_nodes *who, sched_error *err) {
    int64_t nodes = 0;
    sched_status status = find_group(yaml_at(at, "group"), s, who, &nodes, err);
    if (status) return status;
    if ((who->share > 0) + (who->count > 0) + (who->name_count > 0) != 1) {
        return yaml_fail(at, err, "nodes: expected exactly one of share, count and names");
    }
    if (who->name_count && *who->group_name) {
        return yaml_fail(yaml_at(at, "group"), err, "group: has no meaning beside names");
    }
    if (who->share > 0) {
        who->count = (int64_t)(who->share * (double)nodes + 0.5);
        if (who->count == 0) who->count = 1;
        who->share = 0;
    }
    if (who->count > nodes) {
        return yaml_fail(yaml_at(at, "count"), err, "count: %lld nodes of %lld", (long long)who->count,
                         (long long)nodes);
    }
    return check_names(at, s, who, err);
}

/* --- what happens ----------------------------------------------------------------------------------------------- */

static sched_status check_keys(const yaml_value *at, const fault_rule *rule, sched_error *err) {
    static const struct {
        const char *name;
        unsigned key;
    } keys[] = {
        {"nodes", KEY_NODES},         {"for", KEY_FOR},         {"factor", KEY_FACTOR},
        {"languages", KEY_LANGUAGES}, {"service", KEY_SERVICE}, {"targets", KEY_TARGETS},
        {"data", KEY_DATA},           {"which", KEY_WHICH},     {"every", KEY_EVERY},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (rule->takes & keys[i].key || !yaml_get(at, keys[i].name)) continue;
        return yaml_fail(yaml_at(at, "%s", keys[i].name), err, "%s: has no meaning for a fault that is %s",
                         keys[i].name, rule->name);
    }
    if (rule->takes & KEY_NODES && !yaml_get(at, "nodes")) {
        return yaml_fail(at, err, "\"nodes\" is missing: who is hit");
    }
    if (!yaml_get(at, "at") && !yaml_get(at, "every")) {
        return yaml_fail(at, err, "\"at\" is missing: from the start of the run");
    }
    bool restarts = rule == fault_rule_of(FAULT_INSTANCE_RESTART);
    if ((rule->ends || (yaml_get(at, "every") && !restarts)) && !yaml_get(at, "for"))
        return yaml_fail(at, err, "\"for\" is missing: how long it lasts");
    return SCHED_OK;
}

static sched_status check_kind(const yaml_value *at, const fault *f, sched_error *err) {
    if (f->kind == FAULT_NONE) {
        return yaml_fail(at, err, "\"kind\" is missing, or \"redis\", or \"instance\": what happens");
    }
    if (!!yaml_get(at, "kind") + !!yaml_get(at, "redis") + !!yaml_get(at, "instance") > 1) {
        const char *second = yaml_get(at, "instance") ? "instance" : "redis";
        return yaml_fail(yaml_at(at, "%s", second), err, "only one of kind, redis and instance: what happens to whom?");
    }
    return check_keys(at, fault_rule_of((fault_kind)f->kind), err);
}

static sched_status check_time(const yaml_value *at, const scenario *s, const fault *f, sched_error *err) {
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];
    if (f->at >= s->duration) {
        return yaml_fail(yaml_at(at, "at"), err, "at: %s is not before the end of the run at %s",
                         units_format_duration(a, f->at), units_format_duration(b, s->duration));
    }
    if (f->every || !fault_rule_of((fault_kind)f->kind)->ends || f->at + f->lasts <= s->duration) return SCHED_OK;
    return yaml_fail(yaml_at(at, "for"), err, "for: %s and %s more are not over before the end of the run at %s",
                     units_format_duration(a, f->at), units_format_duration(b, f->lasts),
                     units_format_duration(c, s->duration));
}

static sched_status check_targets(const yaml_value *at, const scenario *s, const fault *f, sched_error *err) {
    for (size_t i = 0; i < f->target_count; i++) {
        if (languages_find(&s->languages, f->targets[i]) >= 0) continue;
        return yaml_fail(yaml_at(at, "[%zu]", i), err, "\"%s\" is not among the languages of the scenario",
                         f->targets[i]);
    }
    return SCHED_OK;
}

/* Of whatever group its nodes are. */
static sched_status check_languages(const yaml_value *at, const scenario *s, const fault *f, sched_error *err) {
    if (!f->languages.given) return SCHED_OK;
    node_group g = s->node_groups[f->nodes.group < 0 ? 0 : f->nodes.group];
    g.languages = f->languages.choice;
    return node_languages_check(at, s, &g, err);
}

static sched_status check_which(const yaml_value *at, const scenario *s, const fault *f, sched_error *err) {
    if (fault_subject_of(f->kind) != FAULT_OF_INSTANCE || f->which <= s->instances.count) return SCHED_OK;
    return yaml_fail(at, err, "which: %lld, but there are %lld instances, counted from 0", (long long)f->which - 1,
                     (long long)s->instances.count);
}

static void fill_in(fault *f) {
    if (f->kind == FAULT_INSTANCE_RESTART && !f->lasts) f->lasts = RESTART_DEFAULT;
    bool slow = f->kind == FAULT_SLOW || f->kind == FAULT_REDIS_SLOW;
    if (slow && f->factor <= 0) f->factor = FACTOR_DEFAULT;
    if (f->kind == FAULT_MISSING_MODEL && !*f->service) memcpy(f->service, SERVICE_DEFAULT, sizeof SERVICE_DEFAULT);
}

static sched_status check_service(const yaml_value *at, const fault *f, sched_error *err) {
    if (!strpbrk(f->service, " \t\n")) return SCHED_OK;
    return yaml_fail(at, err, "service: \"%s\" has a space: expected a name such as nmt@1", f->service);
}

sched_status fault_finish(const yaml_value *at, const scenario *s, fault *f, sched_error *err) {
    sched_status status = check_kind(at, f, err);
    if (!status) status = check_time(at, s, f, err);
    if (!status && fault_subject_of(f->kind) == FAULT_OF_NODES)
        status = check_nodes(yaml_at(at, "nodes"), s, &f->nodes, err);
    if (!status) status = check_languages(yaml_at(at, "languages"), s, f, err);
    if (!status) status = check_targets(yaml_at(at, "targets"), s, f, err);
    if (!status) status = check_service(yaml_at(at, "service"), f, err);
    if (!status) status = check_which(yaml_at(at, "which"), s, f, err);
    if (!status) fill_in(f);
    return status;
}
