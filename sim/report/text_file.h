/* text_file.h - a file as one text. */
#ifndef SIM_REPORT_TEXT_FILE_H
#define SIM_REPORT_TEXT_FILE_H

/* NULL when it cannot be read; free() it. */
char *text_file_read(const char *path);

#endif
