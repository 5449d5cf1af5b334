/* cmd_sessions.c - sessions and rooms. */
#include <stdio.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/key_names.h"
#include "core/view/view.h"

/* ---- one session ----------------------------------------------------------------------------------------------------- */

static const ctl_usage session_usage = {
    "ID",
    1,
    1,
    "One session: who holds it, which way it translates, its room, the nodes that its sentences stay on (affinities), "
    "and its\n"
    "jobs that are not forgotten yet. Looks through all keys of the namespace, in bounded batches.\n",
    "session s-17\nsession s-17 --json\n",
};

static const show_column session_columns[] = {
    {"session", "session", SHOW_PLAIN}, {"owner", "owner", SHOW_PLAIN},     {"from", "src", SHOW_PLAIN},
    {"to", "tgt", SHOW_PLAIN},          {"both ways", "two_way", SHOW_YES}, {"room", "room", SHOW_PLAIN},
    {"opened ago", "opened", SHOW_AGO}, {"ends in", "ends", SHOW_IN},
};

static void print_session(const json_t *document) {
    static const show_column affinities[] = {{"target", "target", SHOW_PLAIN},
                                             {"node", "node", SHOW_PLAIN},
                                             {"turn", "turn", SHOW_PLAIN},
                                             {"for", "until", SHOW_IN}};
    static const show_column jobs[] = {{"request", "request", SHOW_PLAIN}, {"job", "job", SHOW_PLAIN},
                                       {"state", "state", SHOW_PLAIN},     {"node", "node", SHOW_PLAIN},
                                       {"outcome", "outcome", SHOW_PLAIN}, {"attempt", "attempt", SHOW_PLAIN}};
    const json_t *session = json_object_get(document, "session");
    int64_t now = show_number(document, "now");
    show_record(session, session_columns, sizeof session_columns / sizeof *session_columns, now, stdout);
    show_part("affinities", json_object_get(session, "affinities"), affinities, 4, 2, now, stdout);
    show_part("jobs", json_object_get(session, "jobs"), jobs, 6, 5, now, stdout);
}

int cmd_session(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &session_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("session id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    json_t *document = view_session(&c.ask, &c.keys, c.words[0]);
    if (!document) return ctl_end(&c, ctl_failed(&c, "no session %s is open", c.words[0]));
    return ctl_end(&c, ctl_show(&c, document, print_session));
}

/* ---- rooms ----------------------------------------------------------------------------------------------------------- */

static const ctl_usage rooms_usage = {
    "[CODE]",
    0,
    1,
    "The rooms, by their codes, or the members of one. A room ends by itself when nobody has joined or spoken for a "
    "while.\n",
    "rooms\nrooms 482913\nrooms --json\n",
};

static void print_rooms(const json_t *document) {
    static const show_column columns[] = {
        {"room", "room", SHOW_PLAIN},   {"languages", "languages", SHOW_PLAIN}, {"members", "count", SHOW_PLAIN},
        {"made ago", "made", SHOW_AGO}, {"ends in", "ends", SHOW_IN},
    };
    show_table(json_object_get(document, "rooms"), columns, 5, 2, show_number(document, "now"), stdout);
}

static void print_room(const json_t *document) {
    static const show_column columns[] = {{"session", "session", SHOW_PLAIN},
                                          {"name", "name", SHOW_PLAIN},
                                          {"hears", "hears", SHOW_PLAIN},
                                          {"owner", "owner", SHOW_PLAIN},
                                          {"joined ago", "joined", SHOW_AGO}};
    const json_t *members = json_object_get(json_object_get(document, "room"), "members");
    show_table(members, columns, 5, 4, show_number(document, "now"), stdout);
}

int cmd_rooms(int argc, char **argv) {
    ctl c;
    redis_key key;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &rooms_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    const char *room = c.word_count ? c.words[0] : NULL;
    if (room && (strlen(room) > ID_MAX || key_name_of(&c.keys, key_room(&key, &c.keys, room)).kind != KEY_ROOM))
        return ctl_end(&c, ctl_misused(&c, "room \"%s\": expected six digits", room));
    ctl_connect(&c);
    if (!room) return ctl_end(&c, ctl_show(&c, view_rooms(&c.ask, &c.keys), print_rooms));
    json_t *document = view_room(&c.ask, &c.keys, room);
    if (!document) return ctl_end(&c, ctl_failed(&c, "no room %s", room));
    return ctl_end(&c, ctl_show(&c, document, print_room));
}
