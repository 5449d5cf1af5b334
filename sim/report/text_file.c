/* text_file.c - read in blocks, so that it need not be known how long it is. */
#include "sim/report/text_file.h"

#include <stdio.h>

char *text_file_read(const char *path) {
    char *text = NULL;
    size_t len = 0;
    char block[8192];
    FILE *in = fopen(path, "re"), *copy = in ? open_memstream(&text, &len) : NULL;
    for (size_t n; copy && (n = fread(block, 1, sizeof block, in)) > 0;) fwrite(block, 1, n, copy);
    if (copy) fclose(copy);
    if (in) fclose(in);
    return text;
}
