/* node_result.h - what a node has found: outcome and content of job_result and asr_partial. Part of node_message.c. */
#ifndef CORE_WIRE_NODE_RESULT_H
#define CORE_WIRE_NODE_RESULT_H

#include "core/wire/json_text.h"
#include "core/wire/node_message.h"

void node_result_read(json_text *t, node_message *m);
void node_partial_read(json_text *t, node_message *m);

#endif
