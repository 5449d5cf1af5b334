/* to_node.h - what nodes are told. Each returns one reference. */
#ifndef CORE_WIRE_TO_NODE_H
#define CORE_WIRE_TO_NODE_H

#include "core/scheduler/scheduler.h"
#include "core/wire/frame.h"

frame *to_node_register_ack(const char *node_id);
/* The members of assign->sound->about are copied in; the sound is written as base64. */
frame *to_node_assign(const job_assign *assign);
frame *to_node_cancel(const char *job_id, const char *trace_id, const char *reason);
frame *to_node_error(const char *code, const char *message);

#endif
