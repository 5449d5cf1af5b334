/* temp_files.h - small files in a folder of their own, for tests of what reads files. */
#ifndef TESTS_SUPPORT_TEMP_FILES_H
#define TESTS_SUPPORT_TEMP_FILES_H

#include <stddef.h>

enum { TEMP_PATH_MAX = 256 };

/* Makes an empty folder; ends with no slash. */
void temp_folder_make(char folder[TEMP_PATH_MAX]);
/* Removes it with the files in it. */
void temp_folder_remove(const char *folder);
/* Writes a file into it; `path` gets its whole name. */
void temp_file_write(const char *folder, const char *name, const char *text, char path[TEMP_PATH_MAX]);
/* The same for bytes. */
void temp_bytes_write(const char *folder, const char *name, const void *bytes, size_t len, char path[TEMP_PATH_MAX]);

#endif
