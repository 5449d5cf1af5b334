/* server_http.c - requests that may be answered later, and refusals.
 *
 * A request outlives its socket: whoever answers it late does not have to know that the client has gone. The answer is written from
 * the library's "writeable" callback, the only place from which it ends a transaction; what the socket does not take of a large
 * body the library keeps. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/server_internal.h"

enum { PATH_BYTES = 1024, PARAM_BYTES = 1024, TYPE_BYTES = 64, HEAD_BYTES = 1024 };

struct server_request {
    server_conn *conn; /* NULL: it has gone */
    char path[PATH_BYTES];
    size_t rest;  /* where what is behind the route's path begins */
    char *params; /* "name=value" NUL ..., and an empty one */
    bool head, answered;
    int status;
    char type[TYPE_BYTES];
    frame *body;
};

/* The page needs its own script and style, and nothing from anywhere else. */
#define SECURITY_HEADERS                                                                                               \
    "Cache-Control: no-store\r\n"                                                                                      \
    "X-Content-Type-Options: nosniff\r\n"                                                                              \
    "X-Frame-Options: DENY\r\n"                                                                                        \
    "Referrer-Policy: no-referrer\r\n"                                                                                 \
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "             \
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"

static const struct {
    int status;
    const char *reason, *header;
} reasons[] = {
    {200, "OK", ""},
    {400, "Bad Request", ""},
    {401, "Unauthorized", "WWW-Authenticate: Bearer\r\n"},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET, HEAD\r\n"},
    {409, "Conflict", ""},
    {500, "Internal Server Error", ""},
    {503, "Service Unavailable", "Retry-After: 5\r\n"},
};

static const char *reason_of(int status, const char **ret_header) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status != status) continue;
        *ret_header = reasons[i].header;
        return reasons[i].reason;
    }
    *ret_header = "";
    return "Status";
}

/* False: the socket has failed. */
static bool write_answer(server_conn *c, int status, const char *type, const frame *body, bool head, bool last) {
    unsigned char room[LWS_PRE + HEAD_BYTES];
    char *text = (char *)room + LWS_PRE;
    const char *header, *reason = reason_of(status, &header);
    int length = snprintf(text, HEAD_BYTES,
                          "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s" SECURITY_HEADERS "\r\n",
                          status, reason, type, body->bytes, header, last ? "Connection: close\r\n" : "");
    assert(length < HEAD_BYTES);
    if (lws_write(c->wsi, room + LWS_PRE, (size_t)length, LWS_WRITE_HTTP_HEADERS) < 0) return false;
    if (head || !body->bytes) return true;
    return lws_write(c->wsi, (unsigned char *)body->data, body->bytes, LWS_WRITE_HTTP_FINAL) >= 0;
}

static frame *status_body(int status) {
    char text[80];
    const char *header, *reason = reason_of(status, &header);
    snprintf(text, sizeof text, "%d %s\n", status, reason);
    return frame_of_text(text);
}

/* Programs that ask over HTTP read errors as JSON: {"error": {"code": "METHOD_NOT_ALLOWED", "message": ...}}. */
static frame *error_body(int status) {
    char text[160], code[40];
    const char *header, *reason = reason_of(status, &header);
    snprintf(code, sizeof code, "%s", reason);
    for (char *c = code; *c; c++) *c = *c == ' ' ? '_' : (char)toupper((unsigned char)*c);
    snprintf(text, sizeof text, "{\"error\":{\"code\":\"%s\",\"message\":\"%d %s\"}}\n", code, status, reason);
    return frame_of_text(text);
}

/* The library does not keep a socket whose upgrade was refused. */
int http_refuse(server_conn *c, int status) {
    frame *body = status_body(status);
    write_answer(c, status, "text/plain", body, false, true);
    frame_unref(body);
    return -1;
}

/* ---- who knocks ----------------------------------------------------------------------------------------------------- */

static void copy_header(struct lws *wsi, char *out, size_t size, enum lws_token_indexes token) {
    if (lws_hdr_copy(wsi, out, (int)size, token) < 0) *out = '\0';
}

static void copy_custom(struct lws *wsi, char *out, size_t size, const char *name) {
    if (lws_hdr_custom_copy(wsi, out, (int)size, name, (int)strlen(name)) < 0) *out = '\0';
}

static bool param_at(struct lws *wsi, int index, char *out, size_t size) {
    return lws_hdr_copy_fragment(wsi, out, (int)size, WSI_TOKEN_HTTP_URI_ARGS, index) >= 0;
}

static void find_token(struct lws *wsi, char *out, size_t size) {
    static const char bearer[] = "Bearer ", param[] = "token=";
    char text[PARAM_BYTES];
    copy_header(wsi, text, sizeof text, WSI_TOKEN_HTTP_AUTHORIZATION);
    *out = '\0';
    if (strncasecmp(text, bearer, sizeof bearer - 1) == 0) {
        snprintf(out, size, "%s", text + sizeof bearer - 1);
        return;
    }
    for (int i = 0; param_at(wsi, i, text, sizeof text); i++)
        if (strncmp(text, param, sizeof param - 1) == 0) {
            snprintf(out, size, "%s", text + sizeof param - 1);
            return;
        }
}

void http_knock(server_conn *c, knock_room *room, server_knock *ret_knock) {
    char *uri;
    int length;
    *room = (knock_room){0};
    if (lws_http_get_uri_and_method(c->wsi, &uri, &length) >= 0)
        snprintf(room->path, sizeof room->path, "%.*s", length, uri);
    find_token(c->wsi, room->token, sizeof room->token);
    copy_custom(c->wsi, room->from, sizeof room->from, "x-lingua-from:");
    copy_custom(c->wsi, room->to, sizeof room->to, "x-lingua-to:");
    *ret_knock = (server_knock){.path = room->path,
                                .token = room->token,
                                .address = c->address,
                                .from = room->from,
                                .to = room->to};
}

/* ---- requests ------------------------------------------------------------------------------------------------------- */

/* The exact path, or else the longest one that ends with a slash and begins it. */
static const server_route *find_route(const server *s, const char *path, size_t *ret_rest) {
    const server_route *best = NULL;
    size_t best_length = 0;
    for (const server_route *r = s->routes; r && r->path; r++) {
        size_t length = strlen(r->path);
        if (strcmp(r->path, path) == 0) {
            *ret_rest = length;
            return r;
        }
        if (length > best_length && r->path[length - 1] == '/' && strncmp(r->path, path, length) == 0) {
            best = r;
            best_length = length;
        }
    }
    *ret_rest = best_length;
    return best;
}

static char *copy_params(struct lws *wsi) {
    char text[PARAM_BYTES], *all = mem_zalloc(1, 1);
    size_t bytes = 0;
    for (int i = 0; param_at(wsi, i, text, sizeof text); i++) {
        size_t length = strlen(text) + 1;
        if (length == 1) continue;
        all = mem_realloc(all, 1, bytes + length + 1);
        memcpy(all + bytes, text, length);
        bytes += length;
        all[bytes] = '\0';
    }
    return all;
}

int http_request(server_conn *c) {
    server *s = c->server;
    char *uri;
    int length = 0, method = lws_http_get_uri_and_method(c->wsi, &uri, &length);
    if (method < 0 || c->request) return -1;
    s->counts.http_requests++;
    c->had_request = true;
    watch_for(c, WAIT_NOTHING);
    server_request *r = mem_zalloc(1, sizeof *r);
    r->conn = c;
    c->request = r;
    r->head = method == LWSHUMETH_HEAD;
    r->params = copy_params(c->wsi);
    if (length >= PATH_BYTES) length = 0;
    snprintf(r->path, sizeof r->path, "%.*s", length, uri);
    if (method != LWSHUMETH_GET && method != LWSHUMETH_HEAD) {
        server_answer(r, 405, "application/json", error_body(405));
        return 0;
    }
    const server_route *route = find_route(s, r->path, &r->rest);
    if (!route) {
        server_answer(r, 404, "text/plain", status_body(404));
        return 0;
    }
    knock_room room;
    server_knock knock;
    http_knock(c, &room, &knock);
    int refused = route->admit ? route->admit(route->ctx, &knock) : 0;
    if (refused) {
        s->counts.refused_token++;
        server_answer(r, refused, "application/json", error_body(refused));
    } else {
        route->get(route->ctx, r);
    }
    return 0;
}

static void request_free(server_request *r) {
    frame_unref(r->body);
    free(r->params);
    free(r);
}

void server_answer(server_request *r, int status, const char *content_type, frame *body) {
    assert(!r->answered && body);
    r->answered = true;
    r->status = status;
    r->body = body;
    snprintf(r->type, sizeof r->type, "%s", content_type);
    if (r->conn)
        lws_callback_on_writable(r->conn->wsi);
    else
        request_free(r);
}

int http_writeable(server_conn *c) {
    server_request *r = c->request;
    if (!r || !r->answered) return 0;
    bool written = write_answer(c, r->status, r->type, r->body, r->head, false);
    c->request = NULL;
    request_free(r);
    watch_for(c, WAIT_HANDSHAKE);
    return written && !lws_http_transaction_completed(c->wsi) ? 0 : -1;
}

void http_gone(server_conn *c) {
    server_request *r = c->request;
    c->request = NULL;
    if (!r) return;
    r->conn = NULL;
    if (r->answered) request_free(r);
}

const char *server_request_path(const server_request *r) {
    return r->path;
}

const char *server_request_rest(const server_request *r) {
    return r->path + r->rest;
}

const char *server_request_param(server_request *r, const char *name) {
    size_t length = strlen(name);
    for (const char *p = r->params; *p; p += strlen(p) + 1) {
        if (strncmp(p, name, length) != 0) continue;
        if (p[length] == '=') return p + length + 1;
        if (!p[length]) return p + length;
    }
    return NULL;
}
