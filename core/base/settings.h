/* settings.h - one row per setting: how it is spelled, what it means, its bounds and default.
 *
 * One table serves the parser (yaml_bind.h), defaults, `check`, the printed schema and the documentation; nothing about a
 * setting is written twice. Rows are static data; a table ends with a row whose name is NULL. */
#ifndef CORE_BASE_SETTINGS_H
#define CORE_BASE_SETTINGS_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

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
    SETTING_LIST,     /* pointer + count  a sequence of mappings bound by `rows`; see yaml_bind.h */
    SETTING_CUSTOM,   /* anything         bound by `custom` from the YAML node itself */
} setting_kind;

struct yaml_value; /* a YAML node with its place in a file: yaml_bind.h */

typedef struct setting {
    const char *name;
    setting_kind kind;
    size_t offset;         /* of the field in the struct that the table describes */
    size_t size;           /* TEXT: bytes of the field; LIST: bytes of one element */
    double min, max;       /* COUNT, NUMBER, RATE as they are; DURATION in usec; SIZE in bytes. Both 0: no bounds beyond the kind's */
    const char *initial;   /* default as the user would spell it; NULL: no default, must be given or is zero (see help) */
    const char *help;      /* one line, unit and meaning */
    const char *const *choices;   /* CHOICE: names, closed by NULL */
    const struct setting *rows;   /* SECTION, LIST */
    size_t count_offset;          /* LIST: of a size_t with the number of elements */
    int64_t list_max;             /* LIST: most elements */
    /* CUSTOM: reads `value` into `field` (the struct + offset). NULL value: set the default. */
    sched_status (*custom)(const struct yaml_value *value, void *field, sched_error *err);
    const char *form;      /* CUSTOM: how it is written, for schema and errors */
} setting;

#endif
