#include "tests/support/temp_files.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void temp_folder_make(char folder[TEMP_PATH_MAX]) {
    snprintf(folder, TEMP_PATH_MAX, "/tmp/lingua-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

void temp_folder_remove(const char *folder) {
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    for (const struct dirent *entry; (entry = readdir(d));) {
        char path[2 * TEMP_PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    closedir(d);
    rmdir(folder);
}

void temp_bytes_write(const char *folder, const char *name, const void *bytes, size_t len, char path[TEMP_PATH_MAX]) {
    ck_assert_int_lt(snprintf(path, TEMP_PATH_MAX, "%s/%s", folder, name), TEMP_PATH_MAX);
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, len, out), len);
    ck_assert_int_eq(fclose(out), 0);
}

void temp_file_write(const char *folder, const char *name, const char *text, char path[TEMP_PATH_MAX]) {
    temp_bytes_write(folder, name, text, strlen(text), path);
}
