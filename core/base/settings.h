/* settings.h - one row per setting: how it is spelled, what it means, its bounds and default.
 *
 * One table serves the parser (yaml_bind.h), defaults, `check`, the printed schema and the documentation; nothing about a
 * setting is written twice. Rows are static data; a table ends with a row whose name is NULL. */
#ifndef CORE_BASE_SETTINGS_H
#define CORE_BASE_SETTINGS_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum setting_kind {
    SETTING_BOOL,     /* bool             yes/no true/false on/off */
    SETTING_COUNT,    /* int64_t          units_parse_count */
    SETTING_NUMBER,   /* double           units_parse_number */
    SETTING_SHARE,    /* double 0..1      units_parse_share */
    SETTING_DURATION, /* usec_t           units_parse_duration */
    SETTING_SIZE,     /* uint64_t         units_parse_size */
    SETTING_RATE,     /* double per sec   units_parse_rate */
    SETTING_TEXT,     /* char[size]       any text that fits */
    SETTING_CHOICE,   /* int              one of `choices`, stored as its index */
    SETTING_SECTION,  /* struct at offset a nested mapping bound by `rows` */
    SETTING_LIST,     /* pointer          a sequence of mappings bound by `rows`, or of values of `type`; owned array */
    SETTING_VALUE,    /* anything         read by `type` from the YAML value itself */
} setting_kind;

struct yaml_value; /* a YAML value with its place in a file: yaml_doc.h */

/* A way of writing values beyond the kinds above. */
typedef struct setting_type {
    const char *form; /* how it is written, for schema and errors */
    /* Fills the field, which is all zero before; on failure it owns nothing. */
    sched_status (*read)(const struct yaml_value *value, void *field, sched_error *err);
    /* Writes the field so that it reads back, in flow style on one line; nothing when there is nothing to write. */
    void (*print)(const void *field, FILE *out);
    void (*release)(void *field); /* NULL when the field owns nothing */
} setting_type;

typedef struct setting {
    const char *name;
    setting_kind kind;
    bool required; /* must be given where its mapping is */
    size_t offset; /* of the field in the struct that the table describes: SETTING_AT() */
    size_t size;   /* TEXT: bytes of the field; LIST: bytes of one element */
    double min,
        max; /* COUNT, NUMBER, RATE, SHARE as they are; DURATION in usec; SIZE in bytes. Both 0: any the kind takes */
    const char *initial; /* default as the user would spell it; NULL: the field stays zero, which means "not given" */
    const char *help;    /* one line: what it means */
    const char *const *choices; /* CHOICE: names, closed by NULL */
    const struct setting *rows; /* SECTION, LIST of mappings */
    const setting_type *type;   /* VALUE, LIST of values */
    size_t count_offset;        /* LIST: of a size_t with the number of elements */
    int64_t list_max;           /* LIST: most elements */
    /* SECTION: may change defaults by what the mapping says, before its keys are bound (presets). NULL mapping: not given. */
    sched_status (*prepare)(const struct yaml_value *mapping, void *section, sched_error *err);
} setting;

/* Offset of a field, refused by the compiler when the field has not the C type that the setting's kind needs. */
#define SETTING_AT(owner, field, ctype)                                                                                \
    (offsetof(owner, field) + 0 * sizeof(_Generic(((owner *)0)->field, ctype : (char)0)))

#endif
