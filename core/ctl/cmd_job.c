/* cmd_job.c - one job. */
#include <stdio.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/view.h"

static const ctl_usage usage = {
    "ID",
    1,
    1,
    "One job, by its own id (j042-9f86d081884c7d65) or by its request's (session:utterance:target). Unfinished jobs "
    "have a\n"
    "deadline, at which somebody looks after them; finished ones live for a while and are then forgotten.\n",
    "job j042-9f86d081884c7d65\njob s-17:4:en\njob s-17:4:en --json\n",
};

static const show_column columns[] = {
    {"job", "job", SHOW_PLAIN},
    {"request", "request", SHOW_PLAIN},
    {"state", "state", SHOW_PLAIN},
    {"attempt", "attempt", SHOW_PLAIN},
    {"node", "node", SHOW_PLAIN},
    {"node's slot until", "reserved", SHOW_IN},
    {"outcome", "outcome", SHOW_PLAIN},
    {"code", "code", SHOW_PLAIN},
    {"pair", "pair", SHOW_PLAIN},
    {"audio", "audio_ms", SHOW_TIME},
    {"session", "session", SHOW_PLAIN},
    {"utterance", "utterance", SHOW_PLAIN},
    {"owner", "owner", SHOW_PLAIN},
    {"made ago", "made", SHOW_AGO},
    {"sent ago", "sent", SHOW_AGO},
    {"done ago", "done", SHOW_AGO},
    {"failed at", "tried", SHOW_PLAIN},
    {"deadline in", "deadline", SHOW_IN},
    {"forgotten in", "forgotten", SHOW_IN},
};

static void print_job(const json_t *document) {
    show_record(json_object_get(document, "job"), columns, sizeof columns / sizeof *columns,
                show_number(document, "now"), stdout);
}

static int show_job(ctl *c, const char *id) {
    json_t *document = view_job(&c->ask, &c->keys, id, &c->err);
    if (document) return ctl_show(c, document, print_job);
    return *c->err.message ? CTL_FAILED
                           : ctl_failed(c, "no job or request %s (finished ones are forgotten after a while)", id);
}

int cmd_job(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (!request_id_valid(c.words[0]))
        return ctl_end(&c, ctl_misused(&c, "\"%s\": expected the id of a job or of a request", c.words[0]));
    ctl_connect(&c);
    return ctl_end(&c, show_job(&c, c.words[0]));
}
