/* cmd_drain.c - nodes that are to end: gently (drain), back again (undrain), at once (offline). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/units.h"
#include "core/ctl/cas.h"
#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/departure.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/fleet.h"
#include "core/view/members.h"

enum { REASON_MAX = 200, TRIES = 5 };

static const usec_t hold_max = 24 * 3600 * USEC_PER_SEC;

/* ---- drain ----------------------------------------------------------------------------------------------------------- */

static const ctl_usage drain_usage = {
    "NODE",
    1,
    1,
    "The node gets no new job from now on. It keeps what it has, and when the last of it has ended its instance tells "
    "it to go.\n"
    "While it is held it may not register again; undrain ends that earlier. --hold 0 holds nothing: a node that comes "
    "back is\n"
    "served like any other. A node that is not there can be held, too, before it comes; the exit status is 1 then.\n",
    "drain gpu-7\ndrain gpu-7 --hold 2h --reason \"new driver\"\n",
};

static redis_reply *call_drain(ctl *c, const char *id, usec_t hold, const char *reason) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_DRAIN_NODE);
    call_key(&call, key_node(&key, &c->keys, id));
    call_key(&call, key_node_hold(&key, &c->keys, id));
    call_str(&call, "");
    call_int(&call, hold / USEC_PER_MSEC);
    call_str(&call, reason);
    return asker_call(&c->ask, &call);
}

static void print_drained(const ctl *c, const fleet_node *n, const char *before, usec_t hold) {
    char text[UNITS_TEXT_MAX];
    if (c->json) {
        json_t *document = json_object();
        view_set_text(document, "node", n->id);
        view_set_text(document, "status", n->status);
        view_set_text(document, "before", before);
        view_set_number(document, "load", n->load);
        view_set_number(document, "hold_ms", hold / USEC_PER_MSEC);
        ctl_print_json(document);
        return;
    }
    printf("%s was %s and is %s: it gets no new job; jobs that it has: %" PRId64 "\n", n->id, before, n->status,
           n->load);
    if (hold) printf("held for %s: until then it may not register again\n", units_format_duration(text, hold));
}

static int drain(ctl *c, const char *id, usec_t hold, const char *reason) {
    fleet_node n = {.id = ""};
    char text[UNITS_TEXT_MAX];
    int code = CTL_FINE;
    snprintf(n.id, sizeof n.id, "%s", id);
    redis_reply *reply = call_drain(c, id, hold, reason);
    fleet_fill(&c->ask, &c->keys, &n, 1);
    if (reply_says(reply, "GONE"))
        code = hold ? ctl_failed(c, "no node %s; its name is held for %s", id, units_format_duration(text, hold))
                    : ctl_failed(c, "no node %s", id);
    else if (!c->ask.status)
        print_drained(c, &n, reply_text(reply_at(reply, 1)), hold);
    sync_reply_free(reply);
    return code;
}

int cmd_drain(int argc, char **argv) {
    ctl c;
    usec_t hold = 600 * USEC_PER_SEC;
    const char *reason = "";
    const ctl_option options[] = {
        {"hold", "TIME", CTL_DURATION, &hold, 0, hold_max, "it may not register again for so long (10min); 0: it may"},
        {"reason", "TEXT", CTL_TEXT, &reason, 0, 0, "why; shown by lingua-ctl node, at most 200 bytes"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &drain_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("node id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    if (strlen(reason) > REASON_MAX)
        return ctl_end(&c, ctl_misused(&c, "--reason: %zu bytes; at most %d", strlen(reason), REASON_MAX));
    ctl_connect(&c);
    ctl_need_scripts(&c);
    return ctl_end(&c, drain(&c, c.words[0], hold, reason));
}

/* ---- undrain --------------------------------------------------------------------------------------------------------- */

static const ctl_usage undrain_usage = {
    "NODE",
    1,
    1,
    "Takes a drain back: the hold ends, so that the node may register again, and a node that is still there and "
    "draining gets\n"
    "jobs again. Where there is nothing to take back, the exit status is 1.\n",
    "undrain gpu-7\n",
};

/* Ready when it is still in its pools; otherwise its next heartbeat joins them. */
static const char *status_after(const fleet_node *n) {
    return n->assigned == n->version ? "ready" : "registering";
}

/* It has begun to leave its pools, and what left at this version may not join at it: the same languages under the next one. */
static void plan_next_version(ctl *c, const fleet_node *n, redis_call *langs, redis_call *version) {
    char old[24];
    redis_key key;
    snprintf(old, sizeof old, "%" PRId64, n->version);
    redis_reply *offer = asker_call_about(&c->ask, "HGET", key_node_langs(&key, &c->keys, n->id), old);
    call_command(langs, "HSET");
    call_key(langs, key.text);
    call_int(langs, n->version + 1);
    call_str(langs, reply_text(offer));
    sync_reply_free(offer);
    call_command(version, "HSET");
    call_key(version, key_node(&key, &c->keys, n->id));
    call_str(version, "ver");
    call_int(version, n->version + 1);
}

enum { UNDRAIN_CALLS = 4 };

/* The calls that take the drain back; none when there is nothing to. */
static size_t plan_undrain(ctl *c, const char *id, redis_call calls[UNDRAIN_CALLS], fleet_node *n, bool *ret_held) {
    redis_key node, hold;
    size_t count = 0;
    sync_reply_free(asker_call_about(&c->ask, "WATCH", key_node(&node, &c->keys, id), NULL));
    fleet_fill(&c->ask, &c->keys, n, 1);
    redis_reply *held = asker_call_about(&c->ask, "EXISTS", key_node_hold(&hold, &c->keys, id), NULL);
    *ret_held = reply_int(held) == 1;
    sync_reply_free(held);
    if (*ret_held) {
        call_command(&calls[count], "DEL");
        call_key(&calls[count++], hold.text);
    }
    if (strcmp(n->status, "draining") != 0) return count;
    call_command(&calls[count], "HSET");
    call_key(&calls[count], node.text);
    call_str(&calls[count], "status");
    call_str(&calls[count++], status_after(n));
    if (n->assigned != n->version) {
        plan_next_version(c, n, &calls[count], &calls[count + 1]);
        count += 2;
    }
    return count;
}

static void print_undrained(const ctl *c, const fleet_node *n, bool held) {
    bool draining = !strcmp(n->status, "draining");
    const char *status = draining ? status_after(n) : n->status;
    if (c->json) {
        json_t *document = json_object();
        view_set_text(document, "node", n->id);
        view_set_text(document, "status", *status ? status : NULL);
        view_set_truth(document, "was_draining", draining);
        view_set_truth(document, "was_held", held);
        ctl_print_json(document);
        return;
    }
    if (draining) printf("%s is %s again\n", n->id, status);
    if (held) printf("%s may register again\n", n->id);
}

static int undrain(ctl *c, const char *id) {
    fleet_node n = {.id = ""};
    redis_call calls[UNDRAIN_CALLS];
    char why[CAS_WHY_MAX] = "its record changes all the time";
    cas_result result = CAS_CHANGED;
    bool held = false;
    snprintf(n.id, sizeof n.id, "%s", id);
    for (int i = 0; i < TRIES && result == CAS_CHANGED && !c->ask.status; i++) {
        size_t count = plan_undrain(c, id, calls, &n, &held);
        if (!count) {
            cas_forget(&c->ask);
            return *n.status ? ctl_failed(c, "node %s is %s, and not held", id, n.status)
                             : ctl_failed(c, "no node %s, and its name is not held", id);
        }
        result = cas_run(&c->ask, calls, count, why);
    }
    if (result != CAS_DONE) return ctl_failed(c, "%s: %s", id, why);
    print_undrained(c, &n, held);
    return CTL_FINE;
}

static int run_on_node(int argc, char **argv, const ctl_usage *usage, int (*act)(ctl *c, const char *id)) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("node id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    return ctl_end(&c, act(&c, c.words[0]));
}

int cmd_undrain(int argc, char **argv) {
    return run_on_node(argc, argv, &undrain_usage, undrain);
}

/* ---- offline --------------------------------------------------------------------------------------------------------- */

static const ctl_usage offline_usage = {
    "NODE",
    1,
    1,
    "Takes a node out at once, as if it had gone: it gets no more jobs, is taken out of its pools, and is forgotten. "
    "All of it is\n"
    "done here; should this be interrupted, the sweep of any instance finishes it within seconds.\n"
    "The jobs that it has are not taken from it: a result that still comes counts, and otherwise their deadlines lead "
    "to another\n"
    "attempt. A node whose connection lives registers again with its next heartbeat; to keep it away, drain it with "
    "--hold first.\n",
    "offline gpu-7\n",
};

static void print_departure(const ctl *c, const char *id, const departure *d) {
    if (c->json) {
        json_t *document = json_object();
        view_set_text(document, "node", id);
        view_set_number(document, "pools", d->pools);
        view_set_number(document, "jobs", d->jobs);
        view_set_truth(document, "forgotten", d->forgotten);
        ctl_print_json(document);
        return;
    }
    printf("%s is offline: taken out of %" PRId64 " pools; jobs that it had: %" PRId64 "\n", id, d->pools, d->jobs);
    if (!d->forgotten) puts("it has registered again meanwhile, so its record stays");
}

static int take_offline(ctl *c, const char *id) {
    redis_key key;
    departure d = {.pools = 0};
    ctl_need_scripts(c);
    redis_reply *owner = asker_call_about(&c->ask, "HGET", key_node(&key, &c->keys, id), "owner");
    if (*reply_text(owner)) departure_run(&c->ask, &c->keys, id, reply_text(owner), &d);
    sync_reply_free(owner);
    if (c->ask.status) return CTL_FAILED;
    if (!*d.answer || !strcmp(d.answer, "GONE")) return ctl_failed(c, "no node %s", id);
    if (strcmp(d.answer, "OFFLINE") != 0)
        return ctl_failed(c, "node %s has just got another connection; try again if that is to end, too", id);
    print_departure(c, id, &d);
    return CTL_FINE;
}

int cmd_offline(int argc, char **argv) {
    return run_on_node(argc, argv, &offline_usage, take_offline);
}
