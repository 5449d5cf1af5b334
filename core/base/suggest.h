/* suggest.h - the nearest valid name for a word that is none: "did you mean ...?".
 *
 *     suggest s = suggest_for("sede");
 *     for (...) suggest_offer(&s, names[i]);
 *     char text[SUGGEST_TEXT_MAX];
 *     sched_fail(err, SCHED_EINVAL, "unknown key \"sede\"%s", suggest_text(&s, text)); */
#ifndef CORE_BASE_SUGGEST_H
#define CORE_BASE_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 64, SUGGEST_TEXT_MAX = 96 };

typedef struct suggest {
    const char *word;
    const char *best; /* NULL while no name is near */
    size_t distance;
} suggest;

suggest suggest_for(const char *word);
/* Takes `name`, which must outlive *s, when it is nearer than all before: at most one edit (insertion, deletion,
 * replacement, swap of neighbours) per three letters, upper and lower case alike. */
void suggest_offer(suggest *s, const char *name);
/* "; did you mean "seed"?" or "". */
const char *suggest_text(const suggest *s, char text[SUGGEST_TEXT_MAX]);

#endif
