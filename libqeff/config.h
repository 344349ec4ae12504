/* SPDX-License-Identifier: MIT */
/*
 * config.json and generation_config.json, read field by field.
 *
 * A getter leaves its default where the key is absent or null, and records an
 * error that names the file and the field where the value is of the wrong type,
 * out of range or not supported. After an error the getters do nothing, so that
 * configure() reads as a list of fields and the caller checks c->rc once.
 * Defaults are those of the Hugging Face config classes (transformers 4.47).
 */
#ifndef LIBQEFF_CONFIG_H
#define LIBQEFF_CONFIG_H

#ifdef QAIC_INSTALLED
#include <qaic/err.h>
#include <qaic/model/model.h>
#else
#include "base/err.h"
#include "libqeff/model.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct json_t;				/* of jansson */

struct qf_config {
	char *path;			/* of config.json */
	struct json_t *root;
	struct json_t *generation;	/* generation_config.json, or NULL */
	char *generation_path;
	const char *inside;		/* the object that root is, or NULL */
	struct json_t *seen;		/* fields that were asked for; or NULL */
	const struct qf_class *cls;	/* of the architecture: its head */
	bool vectors;			/* sentence-transformers' */
	int rc;
	struct qaic_err *err;
};


void qf_get_int(struct qf_config *c, const char *key, uint32_t min,
		uint32_t max, uint32_t *out);
void qf_get_num(struct qf_config *c, const char *key, double *out);
void qf_get_positive(struct qf_config *c, const char *key, double *out);
void qf_get_bool(struct qf_config *c, const char *key, bool *out);
/* A string of the file; it lives as long as @c. */
void qf_get_str(struct qf_config *c, const char *key, const char **out);
/* "gelu_new", as transformers names them. False: not supported. */
bool qf_act_named(const char *name, enum qf_act *act);
void qf_get_act(struct qf_config *c, const char *key, enum qf_act *out);
/*
 * The fields of the object @key: from here on the getters read them. Returns what
 * qf_leave_field() takes, or NULL if there is no such object (or an error).
 */
struct json_t *qf_enter_field(struct qf_config *c, const char *key);
void qf_leave_field(struct qf_config *c, struct json_t *outer);
/* The field as it is, for what has no getter; NULL if it is not there. */
struct json_t *qf_field(struct qf_config *c, const char *key);
/* The key is there at all, even if null. */
bool qf_has(struct qf_config *c, const char *key);
/* sliding_window: null is none, absent is @absent. */
void qf_get_window(struct qf_config *c, uint32_t absent, uint32_t *out);
/* A positive number: null is 0, absent is @absent. */
void qf_get_cap(struct qf_config *c, const char *key, double absent,
		double *out);
/* A field that is not supported: absent, null or false, or refused. */
void qf_refuse(struct qf_config *c, const char *key);
/* A field that must be @want if it is there. */
void qf_require(struct qf_config *c, const char *key, bool want);
void qf_require_text(struct qf_config *c, const char *key, const char *want);
void qf_get_signed(struct qf_config *c, const char *key, int32_t min,
		   int32_t max, int32_t *out);
/* The number of buckets of biases by distance; r->max_distance is set. */
void qf_get_buckets(struct qf_config *c, const char *key,
		    struct qf_relative *r);
/* id2label or num_labels, into m->labels. */
void qf_get_labels(struct qf_config *c, struct qf_model *m);

/* rope_theta, rope_scaling, partial_rotary_factor; needs the head dimension. */
void qf_get_rope(struct qf_config *c, struct qf_model *m);

/* Record an error for a field. */
void qf_config_fail(struct qf_config *c, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
