/* SPDX-License-Identifier: MIT */
/* Values of the JSON documents that the commands print. */
#ifndef QAIC_TOOLS_JSON_OUT_H
#define QAIC_TOOLS_JSON_OUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* JSON text is UTF-8; bytes that are not become '?'. */
json_t *qaic_json_text(const char *text);
json_t *qaic_json_ids(const int32_t *ids, size_t n);
/* JSON has no NaN: what is no number is null. */
json_t *qaic_json_number(double x);
/* {"Standard": v[0], "Pro": v[1], "Ultra": v[2]} */
json_t *qaic_json_skus(const double *v);

/* Print a document, which is taken; NULL is one there was no memory for. */
int qaic_json_print(json_t *j, struct qaic_err *err);

#endif
