/* suggest.c - optimal string alignment distance: what fingers do wrong is one letter too many, too few, another, or
 * two swapped. Words longer than SUGGEST_WORD_MAX are no typing mistakes and get no suggestion. */
#include "core/base/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static int letter(char c) {
    return tolower((unsigned char)c);
}

static size_t edit_distance(const char *a, size_t n, const char *b, size_t m) {
    size_t rows[3][SUGGEST_WORD_MAX + 1];
    for (size_t j = 0; j <= m; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = above[j - 1] + (letter(a[i - 1]) != letter(b[j - 1]));
            row[j] = least(replaced, 1 + least(above[j], row[j - 1]));
            if (i < 2 || j < 2 || letter(a[i - 1]) != letter(b[j - 2]) || letter(a[i - 2]) != letter(b[j - 1]))
                continue;
            row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

suggest suggest_for(const char *word) {
    return (suggest){.word = word};
}

void suggest_offer(suggest *s, const char *name) {
    size_t n = strlen(s->word), m = strlen(name);
    if (n > SUGGEST_WORD_MAX || m > SUGGEST_WORD_MAX) return;
    size_t distance = edit_distance(s->word, n, name, m);
    size_t bound = 1 + (n > m ? n : m) / 3;
    if (distance > bound || distance >= m || (s->best && distance >= s->distance)) return;
    s->best = name;
    s->distance = distance;
}

const char *suggest_text(const suggest *s, char text[SUGGEST_TEXT_MAX]) {
    text[0] = '\0';
    if (s->best) snprintf(text, SUGGEST_TEXT_MAX, "; did you mean \"%s\"?", s->best);
    return text;
}
