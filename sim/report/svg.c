/* svg.c - text is replaced, not parsed: what gnuplot writes is regular, and whatever is not recognised stays as it was. */
#include "sim/report/svg.h"

#include <stdbool.h>
#include <string.h>

typedef struct replacement {
    const char *from, *to;
    bool prefixed; /* the prefix follows `to` */
} replacement;

static const replacement replacements[] = {
    {" id=\"", " id=\"", true},
    {" id='", " id='", true},
    {"href=\"#", "href=\"#", true},
    {"href='#", "href='#", true},
    {"url(#", "url(#", true},
    {"color=\"black\"", "color=\"inherit\"", false},
    {"color=\"white\"", "color=\"inherit\"", false}, /* the pen of the paper, which titles inherit */
    {"fill=\"black\"", "fill=\"currentColor\"", false},
    {"stroke='black'", "stroke='currentColor'", false},
    {"rgb(  0,   0,   0)", "currentColor", false},
};
enum { REPLACEMENTS = sizeof replacements / sizeof *replacements };

static const replacement *replacement_at(const char *text) {
    for (int i = 0; i < REPLACEMENTS; i++)
        if (!strncmp(text, replacements[i].from, strlen(replacements[i].from))) return &replacements[i];
    return NULL;
}

static void write_replaced(const char *text, const char *prefix, FILE *out) {
    while (*text) {
        const replacement *r = replacement_at(text);
        if (!r) {
            putc(*text++, out);
            continue;
        }
        fputs(r->to, out);
        if (r->prefixed) fprintf(out, "%s-", prefix);
        text += strlen(r->from);
    }
}

static const char *root_of(const char *svg) {
    const char *root = strstr(svg, "<svg");
    return root ? root : svg;
}

void svg_inline(const char *svg, const char *prefix, FILE *out) {
    write_replaced(root_of(svg), prefix, out);
}

void svg_alone(const char *svg, const char *prefix, FILE *out) {
    const char *root = root_of(svg), *end = strchr(root, '>');
    size_t head = end ? (size_t)(end - root) + 1 : 0;
    fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", out);
    fwrite(root, 1, head, out);
    fputs("\n<style>image { image-rendering: pixelated } svg { color: #1b1d21 } @media screen and "
          "(prefers-color-scheme: dark) { svg { color: #e4e6ea } "
          "}</style>",
          out);
    write_replaced(root + head, prefix, out);
}
