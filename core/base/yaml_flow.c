/* yaml_flow.c - plain where nobody could take it for anything else, since people read it in tables. */
#include "core/base/yaml_flow.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/settings_print.h"

static bool is_plain(const char *text) {
    if (!isalnum((unsigned char)*text) || !strcasecmp(text, "null")) return false;
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./%+-")];
}

static void write_text(FILE *out, const char *text) {
    if (is_plain(text)) {
        fputs(text, out);
    } else {
        yaml_write_text(out, text);
    }
}

void yaml_write_flow(FILE *out, const yaml_value *v) {
    yaml_kind kind = yaml_kind_of(v);
    if (kind == YAML_EMPTY) fputs("null", out);
    if (kind == YAML_TEXT) write_text(out, yaml_text(v));
    if (kind == YAML_EMPTY || kind == YAML_TEXT) return;
    fputc(kind == YAML_MAP ? '{' : '[', out);
    for (size_t i = 0; i < yaml_count(v); i++) {
        if (i) fputs(", ", out);
        if (kind == YAML_MAP) {
            write_text(out, yaml_text(yaml_key(v, i)));
            fputs(": ", out);
        }
        yaml_write_flow(out, yaml_item(v, i));
    }
    fputc(kind == YAML_MAP ? '}' : ']', out);
}

char *yaml_flow(const yaml_value *v) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert(out);
    yaml_write_flow(out, v);
    fclose(out);
    return text;
}
