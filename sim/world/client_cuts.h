/* client_cuts.h - a client that sends whole utterances cuts them itself, by the rules of the scheduler (core/domain/speech.h).
 *
 * So a scenario gives the same utterances whether its clients send them whole or in chunks. All zero is silence. */
#ifndef SIM_WORLD_CLIENT_CUTS_H
#define SIM_WORLD_CLIENT_CUTS_H

#include "core/domain/speech.h"
#include "core/scheduler/config.h"
#include "sim/world/mouth.h"

typedef struct client_ear {
    speech heard;
    bool reversed; /* two people take turns: who was heard last */
} client_ear;

/* How somebody speaks, from one speech to the next. */
typedef struct manner {
    bool manual;   /* says when a speech is over; else silence does */
    bool reversed; /* the other one of two speaks */
} manner;

typedef struct client_cut {
    speech_cut cut;
    bool reversed;
} client_cut;

enum { CLIENT_CUTS_MAX = 2 * SPEECH_CUTS_MAX };

/* Those of the scheduler, but for the hangover of a manual cut: whoever cuts knows that nothing is on its way. */
speech_rules client_rules(const scheduler_config *config);
/* Hears what was said until `now` and cuts what is due; returns the number of cuts, in order. When called at client_next_cut()
 * and at the end of each speech, there are at most CLIENT_CUTS_MAX. */
int client_hear(client_ear *ear, mouth *m, const manner *how, const speech_rules *rules, usec_t now,
                client_cut ret_cuts[CLIENT_CUTS_MAX]);
/* When the next cut is due, if nothing is said after this speech; USEC_NEVER when there is nothing to cut. */
usec_t client_next_cut(const client_ear *ear, const mouth *m, const manner *how, const speech_rules *rules);
/* The speaker is interrupted, and the client says so. */
int client_interrupt(client_ear *ear, const speech_rules *rules, usec_t now, client_cut ret_cuts[CLIENT_CUTS_MAX]);
/* The session ends. */
int client_flush(client_ear *ear, const speech_rules *rules, usec_t now, client_cut ret_cuts[CLIENT_CUTS_MAX]);

#endif
