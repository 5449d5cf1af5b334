/* check_embedded.c - finding a file by name, and the table of scripts that this build carries. */
#include "core/base/embedded.h"

#include <string.h>

#include "tests/support/suite.h"

START_TEST(find_takes_the_whole_name) {
    static const unsigned char one[] = "1", two[] = "22";
    const embedded_file table[] = {{"one.lua", one, 1}, {"two.lua", two, 2}, {NULL, NULL, 0}};
    ck_assert_ptr_eq(embedded_find(table, "one.lua"), &table[0]);
    ck_assert_ptr_eq(embedded_find(table, "two.lua"), &table[1]);
    ck_assert_ptr_null(embedded_find(table, "two"));
    ck_assert_ptr_null(embedded_find(table, "two.lua2"));
    ck_assert_ptr_null(embedded_find(table, ""));
    ck_assert_ptr_null(embedded_find(&table[2], "one.lua"));
}
END_TEST

START_TEST(the_scripts_of_this_build_are_found_and_are_text) {
    for (const embedded_file *file = embedded_scripts; file->name; file++) {
        ck_assert_ptr_eq(embedded_find(embedded_scripts, file->name), file);
        ck_assert_msg(file->len > 0, "%s is empty", file->name);
        ck_assert_msg(strlen((const char *)file->data) == file->len, "%s is no text of %zu bytes", file->name,
                      file->len);
        ck_assert_msg(!strchr(file->name, '/'), "%s has a folder", file->name);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {find_takes_the_whole_name, the_scripts_of_this_build_are_found_and_are_text};
    return SUITE_RUN("embedded", tests);
}
