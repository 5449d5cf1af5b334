/* html_text.h - text from outside (names, codes, messages) on a page of HTML or of Markdown. */
#ifndef SIM_REPORT_HTML_TEXT_H
#define SIM_REPORT_HTML_TEXT_H

#include <stdio.h>

/* What has a meaning in HTML is escaped. */
void html_text(FILE *out, const char *text);
/* <td class="CLASS">text</td>; no class when it is "". */
void html_cell(FILE *out, const char *class, const char *text);
/* The style that all pages share, for the hole {{style}}; `ctx` is not looked at. */
void html_style(const void *ctx, FILE *out);
/* What has a meaning in Markdown, or would end a cell, is escaped. */
void markdown_text(FILE *out, const char *text);

#endif
