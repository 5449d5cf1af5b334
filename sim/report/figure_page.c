/* figure_page.c - the figure goes into the page as gnuplot wrote it, so that the page needs no other file and takes its own ink. */
#include "sim/report/figure_page.h"

#include "sim/report/html_text.h"
#include "sim/report/svg.h"

void figure_html(const figure *f, const char *svg, FILE *out) {
    fprintf(out, "<figure role=\"img\" aria-label=\"%s\">\n", f->alt);
    svg_inline(svg, f->name, out);
    fprintf(out, "<figcaption>%s</figcaption>\n</figure>", f->caption);
}

void figure_missing_html(const char *why, FILE *out) {
    fputs("<p class=\"soft\">", out);
    html_text(out, why);
    fputs("</p>", out);
}

void figure_markdown(const figure *f, FILE *out) {
    char path[PLOT_PATH_MAX];
    fprintf(out, "![%s](%s)\n%s\n\n", f->alt, figure_path(f->name, path), f->caption);
}
