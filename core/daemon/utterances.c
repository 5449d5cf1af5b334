/* utterances.c - a short array, in the order in which utterances were first heard of. */
#include "core/daemon/utterances.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static void forget(utterances *u, int i) {
    free(u->notes[i].trace);
    u->count--;
    memmove(&u->notes[i], &u->notes[i + 1], (size_t)(u->count - i) * sizeof *u->notes);
    if (u->count) return;
    free(u->notes);
    *u = (utterances){.notes = NULL};
}

void utterances_clear(utterances *u) {
    while (u->count) forget(u, u->count - 1);
}

/* The latest ones are asked for most. */
static int place_of(const utterances *u, uint64_t number) {
    int i = u->count - 1;
    while (i >= 0 && u->notes[i].number != number) i--;
    return i;
}

static utterance_note *note_for(utterances *u, uint64_t number) {
    int i = place_of(u, number);
    if (i >= 0) return &u->notes[i];
    if (u->count == UTTERANCES_MAX) forget(u, 0);
    if (u->count == u->capacity) {
        u->capacity = u->capacity ? 2 * u->capacity : 2;
        u->notes = mem_realloc(u->notes, (size_t)u->capacity, sizeof *u->notes);
    }
    u->notes[u->count] = (utterance_note){.number = number};
    return &u->notes[u->count++];
}

const utterance_note *utterances_find(const utterances *u, uint64_t number) {
    int i = place_of(u, number);
    return i < 0 ? NULL : &u->notes[i];
}

void utterances_say(utterances *u, uint64_t number, const char *trace) {
    utterance_note *n = note_for(u, number);
    free(n->trace);
    n->trace = trace ? mem_strdup(trace) : NULL;
}

void utterances_begin(utterances *u, uint64_t number, usec_t at) {
    utterance_note *n = note_for(u, number);
    if (!n->began) n->began = at;
    n->jobs++;
}

void utterances_answer(utterances *u, uint64_t number) {
    int i = place_of(u, number);
    if (i >= 0 && --u->notes[i].jobs <= 0) forget(u, i);
}
