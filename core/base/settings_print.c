/* settings_print.c - what is printed reads back: the dump because hashes are taken over it and runs are repeated from
 * it, the schema because people copy from it. */
#include "core/base/settings_print.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/units.h"

const char *setting_form(const setting *row, char text[SETTING_FORM_MAX]) {
    size_t len = 0;
    switch (row->kind) {
    case SETTING_BOOL: return "yes or no";
    case SETTING_COUNT: return "a count";
    case SETTING_NUMBER: return "a number";
    case SETTING_SHARE: return "a share";
    case SETTING_DURATION: return "a duration";
    case SETTING_SIZE: return "a size";
    case SETTING_RATE: return "a rate";
    case SETTING_TEXT: return "text";
    case SETTING_SECTION: return "a mapping";
    case SETTING_VALUE: return row->type->form;
    case SETTING_LIST:
        snprintf(text, SETTING_FORM_MAX, "a list of %s", row->rows ? "mappings" : row->type->form);
        return text;
    case SETTING_CHOICE:
        for (int i = 0; row->choices[i] && len < SETTING_FORM_MAX; i++) {
            len += (size_t)snprintf(text + len, SETTING_FORM_MAX - len, "%s%s", i ? ", " : "one of ", row->choices[i]);
        }
        return text;
    }
    return "";
}

bool setting_bounded(const setting *row) {
    return row->min < 0 || row->max > 0;
}

static char *bound_text(const setting *row, double bound, char text[UNITS_TEXT_MAX]) {
    switch (row->kind) {
    case SETTING_DURATION: return units_format_duration(text, (usec_t)bound);
    case SETTING_SIZE: return units_format_size(text, (uint64_t)bound);
    case SETTING_RATE: return units_format_rate(text, bound);
    case SETTING_SHARE: return units_format_share(text, bound);
    default: return units_format_number(text, bound);
    }
}

const char *setting_bounds(const setting *row, char text[SETTING_BOUNDS_MAX]) {
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];
    text[0] = '\0';
    if (row->kind == SETTING_LIST) {
        snprintf(text, SETTING_BOUNDS_MAX, "at most %lld", (long long)row->list_max);
    } else if (row->kind == SETTING_TEXT) {
        snprintf(text, SETTING_BOUNDS_MAX, "at most %zu bytes", row->size - 1);
    } else if (setting_bounded(row)) {
        snprintf(text, SETTING_BOUNDS_MAX, "%s .. %s", bound_text(row, row->min, low), bound_text(row, row->max, high));
    }
    return text;
}

const char *settings_names(const setting *rows, char text[SETTING_NAMES_MAX]) {
    size_t len = (size_t)snprintf(text, SETTING_NAMES_MAX, "; known here: ");
    for (const setting *row = rows; row->name; row++) {
        if (len + strlen(row->name) + sizeof ", ..." > SETTING_NAMES_MAX) {
            snprintf(text + len, SETTING_NAMES_MAX - len, ", ...");
            break;
        }
        len += (size_t)snprintf(text + len, SETTING_NAMES_MAX - len, "%s%s", row == rows ? "" : ", ", row->name);
    }
    return text;
}

/* --- values ----------------------------------------------------------------------------------------------------- */

/* Decodes one character of valid UTF-8. */
static uint32_t next_character(const char **at) {
    const unsigned char *c = (const unsigned char *)*at;
    int more = c[0] < 0xC0 ? 0 : c[0] < 0xE0 ? 1 : c[0] < 0xF0 ? 2 : 3;
    uint32_t point = more ? c[0] & (0x3Fu >> more) : c[0];
    int n = 1;
    for (; n <= more && (c[n] & 0xC0) == 0x80; n++) point = point << 6 | (c[n] & 0x3F);
    *at += n;
    return point;
}

/* Characters that YAML refuses, folds or takes for the end of a line. */
static bool needs_escape(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

void yaml_write_text(FILE *out, const char *text) {
    fputc('"', out);
    while (*text) {
        const char *start = text;
        uint32_t c = next_character(&text);
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", (char)c);
        } else if (c == '\n') {
            fputs("\\n", out);
        } else if (needs_escape(c)) {
            fprintf(out, c > 0xFFFF ? "\\U%08X" : "\\u%04X", c);
        } else {
            fwrite(start, 1, (size_t)(text - start), out);
        }
    }
    fputc('"', out);
}

static const void *field_of(const setting *row, const void *target) {
    return (const char *)target + row->offset;
}

static bool is_zero(const void *field, size_t size) {
    const char *byte = field;
    while (size > 0 && !*byte) byte++, size--;
    return size == 0;
}

/* Was it given, or has it a default? Without one, zero means that it was not given. */
static bool is_there(const setting *row, const void *target) {
    if (row->initial || row->required) return true;
    switch (row->kind) {
    case SETTING_BOOL: return !is_zero(field_of(row, target), sizeof(bool));
    case SETTING_TEXT: return !is_zero(field_of(row, target), 1);
    case SETTING_CHOICE: return !is_zero(field_of(row, target), sizeof(int));
    case SETTING_LIST: return !is_zero((const char *)target + row->count_offset, sizeof(size_t));
    case SETTING_SECTION:
        for (const setting *inner = row->rows; inner->name; inner++) {
            if (is_there(inner, field_of(row, target))) return true;
        }
        return false;
    case SETTING_VALUE: return true;
    default: return !is_zero(field_of(row, target), sizeof(int64_t));
    }
}

static void dump_scalar(const setting *row, const void *field, FILE *out) {
    char text[UNITS_TEXT_MAX];
    switch (row->kind) {
    case SETTING_BOOL: fputs(*(const bool *)field ? "yes" : "no", out); break;
    case SETTING_COUNT: fprintf(out, "%lld", (long long)*(const int64_t *)field); break;
    case SETTING_NUMBER: fputs(units_format_number(text, *(const double *)field), out); break;
    case SETTING_SHARE: fputs(units_format_share(text, *(const double *)field), out); break;
    case SETTING_RATE: fputs(units_format_rate(text, *(const double *)field), out); break;
    case SETTING_DURATION: fputs(units_format_duration(text, *(const usec_t *)field), out); break;
    case SETTING_SIZE: fputs(units_format_size(text, *(const uint64_t *)field), out); break;
    case SETTING_TEXT: yaml_write_text(out, field); break;
    case SETTING_CHOICE: fputs(row->choices[*(const int *)field], out); break;
    default: assert(false);
    }
}

/* What is written between this and finish_text(). */
typedef struct buffer {
    FILE *out;
    char *text;
    size_t len;
} buffer;

static FILE *start_text(buffer *b) {
    b->out = open_memstream(&b->text, &b->len);
    assert(b->out);
    return b->out;
}

/* To be freed. */
static char *finish_text(buffer *b) {
    fclose(b->out);
    return b->text;
}

/* The element's first line begins with "- " instead of two spaces. */
static void dump_element(const setting *row, const void *element, FILE *out, int indent) {
    buffer b = {0};
    settings_dump(row->rows, element, start_text(&b), indent + 4);
    char *text = finish_text(&b);
    if (*text) text[indent + 2] = '-';
    fputs(text, out);
    if (!*text) fprintf(out, "%*s- {}\n", indent + 2, "");
    free(text);
}

static void dump_list(const setting *row, const void *target, FILE *out, int indent) {
    const char *elements = NULL;
    size_t n = 0;
    memcpy(&elements, field_of(row, target), sizeof elements);
    memcpy(&n, (const char *)target + row->count_offset, sizeof n);
    fprintf(out, "%*s%s:%s", indent, "", row->name, row->rows && n ? "\n" : " [");
    for (size_t i = 0; i < n; i++) {
        if (row->rows) {
            dump_element(row, elements + i * row->size, out, indent);
        } else {
            if (i) fputs(", ", out);
            row->type->print(elements + i * row->size, out);
        }
    }
    if (!row->rows || !n) fputs("]\n", out);
}

static void dump_value(const setting *row, const void *target, FILE *out, int indent) {
    buffer b = {0};
    row->type->print(field_of(row, target), start_text(&b));
    char *text = finish_text(&b);
    if (*text) fprintf(out, "%*s%s: %s\n", indent, "", row->name, text);
    free(text);
}

void settings_dump(const setting *rows, const void *target, FILE *out, int indent) {
    for (const setting *row = rows; row->name; row++) {
        if (!is_there(row, target)) continue;
        switch (row->kind) {
        case SETTING_LIST: dump_list(row, target, out, indent); break;
        case SETTING_VALUE: dump_value(row, target, out, indent); break;
        case SETTING_SECTION:
            fprintf(out, "%*s%s:\n", indent, "", row->name);
            settings_dump(row->rows, field_of(row, target), out, indent + 2);
            break;
        default:
            fprintf(out, "%*s%s: ", indent, "", row->name);
            dump_scalar(row, field_of(row, target), out);
            fputc('\n', out);
        }
    }
}
