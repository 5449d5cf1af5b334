/* html_text.c - escaped where it is written, so that nobody has to remember what was escaped before. */
#include "sim/report/html_text.h"

#include <string.h>

#include "core/base/embedded.h"

void html_text(FILE *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: putc(*text, out);
        }
    }
}

void html_cell(FILE *out, const char *class, const char *text) {
    fprintf(out, *class ? "<td class=\"%s\">" : "<td>", class);
    html_text(out, text);
    fputs("</td>", out);
}

void html_style(const void *ctx, FILE *out) {
    (void)ctx;
    const embedded_file *file = embedded_find(embedded_reports, "style.css");
    fwrite(file->data, 1, file->len, out);
}

/* In a table a bar would end the cell. */
void markdown_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("|<>*_`\\", *text)) putc('\\', out);
        putc(*text, out);
    }
}
