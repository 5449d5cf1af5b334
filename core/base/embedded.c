/* embedded.c - a plain search: the tables have some dozens of entries and are asked when a program starts. */
#include "core/base/embedded.h"

#include <string.h>

const embedded_file *embedded_find(const embedded_file *table, const char *name) {
    for (; table->name; table++)
        if (!strcmp(table->name, name)) return table;
    return NULL;
}
