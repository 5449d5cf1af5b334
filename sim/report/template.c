/* template.c - {{name}} and nothing else: a page is text with holes, what goes into one is written by a function. An unknown name
 * is a bug of ours, since pages are embedded at build. */
#include "sim/report/template.h"

#include <assert.h>
#include <string.h>

#include "core/base/embedded.h"

static const template_field *find(const template_field *fields, const char *name, size_t len) {
    for (const template_field *f = fields; f->name; f++)
        if (strlen(f->name) == len && !memcmp(f->name, name, len)) return f;
    return NULL;
}

void template_write(const char *name, const template_field *fields, const void *ctx, FILE *out) {
    const embedded_file *file = embedded_find(embedded_reports, name);
    assert(file);
    const char *text = (const char *)file->data;
    for (const char *hole; (hole = strstr(text, "{{"));) {
        const char *end = strstr(hole, "}}");
        assert(end);
        const template_field *field = find(fields, hole + 2, (size_t)(end - hole - 2));
        assert(field);
        fwrite(text, 1, (size_t)(hole - text), out);
        field->write(ctx, out);
        text = end + 2;
    }
    fputs(text, out);
}
