/* settings.h - one row per setting: how it is spelled, what it means, its bounds and default.
 *
 * One table serves the parser (yaml_bind.h), defaults, `check`, the printed schema and the documentation; nothing
 * about a setting is written twice. Rows are static data; a table ends with a row whose name is NULL. */
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
    /* Fills the field, which is all zero before; says what is wrong with its place. release() follows a failure too. */
    sched_status (*read)(const struct yaml_value *value, void *field, sched_error *err);
    /* Writes the field so that it reads back, in flow style on one line; nothing when there is nothing to write. */
    void (*print)(const void *field, FILE *out);
    void (*release)(void *field); /* NULL when the field owns nothing */
} setting_type;

/* Changes defaults by what the mapping of a section says (presets), after they were set and before given keys are
 * bound. NULL mapping: the section was not given. */
typedef sched_status setting_prepare(const struct yaml_value *mapping, void *section, sched_error *err);

typedef struct setting {
    const char *name;
    setting_kind kind;
    bool required;       /* must be given where its mapping is */
    size_t offset;       /* of the field in the struct that the table describes: SETTING_AT() */
    size_t size;         /* TEXT: bytes of the field; LIST: bytes of one element */
    double min;          /* COUNT, NUMBER, RATE, SHARE as they are; DURATION in usec; SIZE in bytes */
    double max;          /* both 0: anything that the kind takes */
    const char *initial; /* default as the user would spell it; NULL: the field stays zero, which means "not given" */
    const char *help;    /* one line: what it means */
    const char *const *choices; /* CHOICE: names, closed by NULL */
    const struct setting *rows; /* SECTION, LIST of mappings */
    const setting_type *type;   /* VALUE, LIST of values */
    size_t count_offset;        /* LIST: of a size_t with the number of elements */
    int64_t list_max;           /* LIST: most elements */
    setting_prepare *prepare;   /* SECTION: presets */
} setting;

/* Offset of a field, refused by the compiler when the field has not the C type that the setting's kind needs. */
#define SETTING_AT(owner, field, ctype) (offsetof(owner, field) + 0 * sizeof(_Generic(((owner *)0)->field, ctype : 0)))

/* Rows. `owner` is the struct type, `key` the name in the file, `at` the field. */
// clang-format off
#define ROW_BOOL(owner, key, at, dflt, text) \
    {.name = key, .kind = SETTING_BOOL, .offset = SETTING_AT(owner, at, bool), .initial = dflt, .help = text}
#define ROW_COUNT(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_COUNT, .offset = SETTING_AT(owner, at, int64_t), .min = low, .max = high, \
     .initial = dflt, .help = text}
#define ROW_NUMBER(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_NUMBER, .offset = SETTING_AT(owner, at, double), .min = low, .max = high, \
     .initial = dflt, .help = text}
#define ROW_SHARE(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_SHARE, .offset = SETTING_AT(owner, at, double), .min = low, .max = high, \
     .initial = dflt, .help = text}
#define ROW_RATE(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_RATE, .offset = SETTING_AT(owner, at, double), .min = low, .max = high, \
     .initial = dflt, .help = text}
#define ROW_DURATION(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_DURATION, .offset = SETTING_AT(owner, at, usec_t), .min = (double)(low), \
     .max = (double)(high), .initial = dflt, .help = text}
#define ROW_SIZE(owner, key, at, low, high, dflt, text) \
    {.name = key, .kind = SETTING_SIZE, .offset = SETTING_AT(owner, at, uint64_t), .min = low, .max = high, \
     .initial = dflt, .help = text}
#define ROW_TEXT(owner, key, at, dflt, text) \
    {.name = key, .kind = SETTING_TEXT, .offset = SETTING_AT(owner, at, char *), .size = sizeof(((owner *)0)->at), \
     .initial = dflt, .help = text}
#define ROW_CHOICE(owner, key, at, names, dflt, text) \
    {.name = key, .kind = SETTING_CHOICE, .offset = SETTING_AT(owner, at, int), .choices = names, \
     .initial = dflt, .help = text}
#define ROW_VALUE(owner, key, at, value_type, dflt, text) \
    {.name = key, .kind = SETTING_VALUE, .offset = offsetof(owner, at), .type = &(value_type), \
     .initial = dflt, .help = text}
#define ROW_SECTION(owner, key, at, table, text) \
    {.name = key, .kind = SETTING_SECTION, .offset = offsetof(owner, at), .rows = table, .help = text}
#define ROW_LIST(owner, key, at, n, table, most, dflt, text) \
    {.name = key, .kind = SETTING_LIST, .offset = offsetof(owner, at), .count_offset = SETTING_AT(owner, n, size_t), \
     .size = sizeof(*((owner *)0)->at), .rows = table, .list_max = most, .initial = dflt, .help = text}
#define ROW_VALUES(owner, key, at, n, value_type, most, dflt, text) \
    {.name = key, .kind = SETTING_LIST, .offset = offsetof(owner, at), .count_offset = SETTING_AT(owner, n, size_t), \
     .size = sizeof(*((owner *)0)->at), .type = &(value_type), .list_max = most, .initial = dflt, .help = text}
// clang-format on

#endif
