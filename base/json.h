/* SPDX-License-Identifier: MIT */
/*
 * jansson, with errors that name the file and the field.
 *
 * A getter returns 0 when it set *out, 1 when the key is absent or null (and
 * *out is untouched), or a negative errno with a message. "Absent is an error"
 * is the caller's: qaic_json_need_*.
 */
#ifndef QAIC_JSON_H
#define QAIC_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Parse a file or a text. @what names it in messages. The root must be an object. */
int qaic_json_load(const char *path, size_t max, json_t **root,
		   struct qaic_err *err);
/* Every number arrives as a real: Python also writes integers of 10^30. */
int qaic_json_load_reals(const char *path, size_t max, json_t **root,
			 struct qaic_err *err);
int qaic_json_parse(const char *text, size_t len, const char *what,
		    json_t **root, struct qaic_err *err);

int qaic_json_int(json_t *obj, const char *key, int64_t min, int64_t max,
		  int64_t *out, struct qaic_err *err);
int qaic_json_num(json_t *obj, const char *key, double *out,
		  struct qaic_err *err);
int qaic_json_bool(json_t *obj, const char *key, bool *out,
		   struct qaic_err *err);
/* *out lives as long as obj */
int qaic_json_str(json_t *obj, const char *key, const char **out,
		  struct qaic_err *err);
int qaic_json_obj(json_t *obj, const char *key, json_t **out,
		  struct qaic_err *err);
int qaic_json_arr(json_t *obj, const char *key, json_t **out,
		  struct qaic_err *err);

int qaic_json_need_int(json_t *obj, const char *key, int64_t min, int64_t max,
		       int64_t *out, struct qaic_err *err);
int qaic_json_need_str(json_t *obj, const char *key, const char **out,
		       struct qaic_err *err);

#endif
