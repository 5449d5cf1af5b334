/* to_node.c - written straight into the frame: an assignment is sound and little else, so its size is known before. */
#include "core/wire/to_node.h"

#include <string.h>

#include "core/wire/about.h"
#include "core/wire/base64.h"
#include "core/wire/json_out.h"

enum { SMALL = 256, HEAD = 512 }; /* bytes that are about enough */

frame *to_node_register_ack(const char *node_id) {
    json_out o = json_out_message("node_register_ack", SMALL);
    json_out_str(&o, "node_id", node_id);
    json_out_str(&o, "message", "Node registered successfully");
    json_out_str(&o, "status", "registering");
    return json_out_end_message(&o);
}

static void put_sound(json_out *o, const audio *sound) {
    size_t bytes = sound->data ? sound->bytes : 0, size = base64_size(bytes);
    json_out_key(o, "audio");
    char *room = json_out_room(o, size + 2);
    *room = '"';
    if (bytes > 0) base64_encode(sound->data, bytes, room + 1);
    room[size + 1] = '"';
}

/* Existing nodes know three reasons; the fields of the others are left out, and so is what is false. */
static void put_cut(json_out *o, cut_reason cut) {
    if (cut == CUT_MANUAL) json_out_bool(o, "is_manual_cut", true);
    if (cut == CUT_TIMEOUT) json_out_bool(o, "is_timeout_triggered", true);
    if (cut == CUT_MAX_DURATION) json_out_bool(o, "is_max_duration_triggered", true);
}

frame *to_node_assign(const job_assign *assign) {
    const payload *about = assign->sound->about;
    const char *members = about ? about->data : about_default;
    size_t bytes = about ? about->bytes : strlen(about_default);
    json_out o = json_out_message("job_assign", HEAD + bytes + base64_size(assign->sound->bytes));
    json_out_str(&o, "job_id", assign->job_id);
    json_out_num(&o, "attempt_id", assign->attempt);
    json_out_str(&o, "session_id", assign->session_id);
    json_out_num(&o, "utterance_index", (int64_t)assign->utterance);
    json_out_str(&o, "src_lang", assign->pair->src);
    json_out_str(&o, "tgt_lang", assign->pair->tgt);
    json_out_members(&o, members, bytes);
    if (assign->padding > 0) json_out_num(&o, "padding_ms", assign->padding / USEC_PER_MSEC);
    put_cut(&o, assign->cut);
    put_sound(&o, assign->sound);
    return json_out_end_message(&o);
}

frame *to_node_cancel(const char *job_id, const char *trace_id, const char *reason) {
    json_out o = json_out_message("job_cancel", SMALL);
    json_out_str(&o, "job_id", job_id);
    json_out_str_opt(&o, "trace_id", trace_id);
    json_out_str_opt(&o, "reason", reason);
    return json_out_end_message(&o);
}

frame *to_node_error(const char *code, const char *message) {
    json_out o = json_out_message("error", SMALL);
    json_out_str(&o, "code", code);
    json_out_str(&o, "message", message);
    return json_out_end_message(&o);
}
