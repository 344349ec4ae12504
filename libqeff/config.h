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

#include "base/json.h"
#include "libqeff/model.h"
#include "libqeff/qeff.h"

struct qf_config {
	char *path;			/* of config.json */
	json_t *root;
	json_t *generation;		/* generation_config.json, or NULL */
	char *generation_path;
	const struct qf_class *cls;	/* of the architecture: its head */
	int rc;
	struct qaic_err *err;
};

/* Load the files and find the architecture. */
int qf_config_open(struct qf_config *c, const char *dir,
		   const struct qf_arch **arch, struct qaic_err *err);
void qf_config_close(struct qf_config *c);
/* Fill in @m by its architecture and check that the numbers fit together. */
int qf_config_model(struct qf_config *c, const struct qf_arch *arch,
		    struct qf_model *m);
/* Token ids: bos, pad, eos (generation_config.json first). */
int qf_config_tokens(struct qf_config *c, struct qeff_model_info *info);

/* What is generated: an encoder-decoder's start, forced and forbidden tokens. */
int qf_config_rules(struct qf_config *c, const struct qf_model *m,
		    struct qeff_rules *r);

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
/* The key is there at all, even if null. */
bool qf_has(const struct qf_config *c, const char *key);
/* sliding_window: null is none, absent is @absent. */
void qf_get_window(struct qf_config *c, uint32_t absent, uint32_t *out);
/* A positive number: null is 0, absent is @absent. */
void qf_get_cap(struct qf_config *c, const char *key, double absent,
		double *out);
/* A field that is not supported: absent, null or false, or refused. */
void qf_refuse(struct qf_config *c, const char *key);
/* A field that must be @want if it is there. */
void qf_require(struct qf_config *c, const char *key, bool want);

/* rope_theta, rope_scaling, partial_rotary_factor; needs the head dimension. */
void qf_get_rope(struct qf_config *c, struct qf_model *m);

/* Record an error for a field. */
void qf_config_fail(struct qf_config *c, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
