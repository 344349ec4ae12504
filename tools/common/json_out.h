/* SPDX-License-Identifier: MIT */
/* Values of the JSON documents that the commands print. */
#ifndef QAIC_TOOLS_JSON_OUT_H
#define QAIC_TOOLS_JSON_OUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* JSON text is UTF-8; bytes that are not become '?'. */
json_t *qaic_json_text(const char *text);
json_t *qaic_json_ids(const int32_t *ids, size_t n);

#endif
