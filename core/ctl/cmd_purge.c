/* cmd_purge.c - deletes a namespace. UNLINK takes the keys out at once and frees them in the background, so that a pool of a hundred
 * thousand members does not hold up what else the server does. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/view/totals.h"

enum { FRESH_MSEC = 60000, PASSES_MAX = 3 };

static const ctl_usage usage = {
    "",
    0,
    0,
    "Deletes every key of the namespace, in bounded batches. It refuses while a node has been heard of within the last "
    "minute or a\n"
    "job is unfinished, unless --force is given; then instances at work lose what they rely on. Nothing else is "
    "touched.\n",
    "purge --confirm\npurge --namespace lingua:test: --confirm\npurge --confirm --force\n",
};

typedef struct purging {
    asker *ask;
    int64_t deleted, seen;
} purging;

static void unlink_keys(void *ctx, const redis_reply *keys) {
    purging *p = ctx;
    int64_t asked = 0;
    for (size_t i = 0; i < reply_count(keys); i++) {
        const char *key = reply_text(reply_at(keys, i));
        p->seen++;
        if (strlen(key) > CALL_TEXT_MAX / 2) continue;
        asker_put_about(p->ask, "UNLINK", key, NULL);
        asked++;
    }
    for (; asked > 0; asked--) {
        redis_reply *count = asker_take(p->ask);
        p->deleted += reply_int(count);
        sync_reply_free(count);
    }
}

/* Why it is not to be deleted: NULL when nobody lives there. */
static const char *alive(ctl *c, char text[128]) {
    totals s;
    fleet f;
    int64_t fresh = 0;
    totals_read(&c->ask, &c->keys, &s);
    fleet_read(&c->ask, &c->keys, &f);
    for (size_t i = 0; i < f.count; i++)
        fresh += strcmp(f.nodes[i].status, "offline") != 0 && f.nodes[i].seen > s.now - FRESH_MSEC;
    fleet_free(&f);
    int64_t unfinished = 0;
    for (int state = JOB_CREATED; state < JOB_FINISHED; state++) unfinished += s.by_state[state];
    snprintf(text, 128, "nodes heard of within the last minute %" PRId64 ", unfinished jobs %" PRId64, fresh,
             unfinished);
    return fresh || unfinished ? text : NULL;
}

static int purge(ctl *c, bool force) {
    char text[128];
    redis_key pattern;
    purging p = {.ask = &c->ask};
    const char *why = force ? NULL : alive(c, text);
    if (c->ask.status) return CTL_FAILED;
    if (why) return ctl_failed(c, "%s is in use: %s; --force deletes it all the same", c->keys.prefix, why);
    key_pattern_all(&pattern, &c->keys);
    for (int pass = 0; pass < PASSES_MAX; pass++) { /* what was written meanwhile goes with the next pass */
        p.seen = 0;
        asker_scan(&c->ask, pattern.text, unlink_keys, &p);
        if (!p.seen) break;
    }
    if (c->ask.status) return CTL_FAILED;
    if (c->json)
        ctl_print_json(json_pack("{s:s,s:I}", "namespace", c->keys.prefix, "deleted", (json_int_t)p.deleted));
    else
        printf("%s: %" PRId64 " keys deleted\n", c->keys.prefix, p.deleted);
    return p.seen ? ctl_failed(c, "keys keep coming: somebody is at work there") : CTL_FINE;
}

int cmd_purge(int argc, char **argv) {
    ctl c;
    bool confirm = false, force = false;
    const ctl_option options[] = {
        {"confirm", NULL, CTL_FLAG, &confirm, 0, 0, "without it nothing is deleted"},
        {"force", NULL, CTL_FLAG, &force, 0, 0, "even if nodes or jobs are alive"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (!confirm)
        return ctl_end(&c, ctl_misused(&c, "this deletes every key that begins with %s; say --confirm if it is to",
                                       c.keys.prefix));
    ctl_connect(&c);
    return ctl_end(&c, purge(&c, force));
}
