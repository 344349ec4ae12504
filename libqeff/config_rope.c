// SPDX-License-Identifier: MIT
/*
 * The rotary fields of a config: rope_theta, rope_scaling,
 * partial_rotary_factor, as transformers 4.47 reads them (modeling_rope_utils.py).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "libqeff/config.h"
#include "libqeff/registry.h"

/* One number of rope_scaling. */
static void scaling_num(struct qf_config *c, json_t *s, const char *key,
			bool need, double *out)
{
	char name[80];
	int rc;

	snprintf(name, sizeof(name), "rope_scaling.%s", key);
	qf_note(c, name, "number", need ? NULL : json_real(*out));
	if (c->rc)
		return;
	rc = qaic_json_num(s, key, out, c->err);
	if (rc < 0) {
		qaic_fail_in(c->err, "%s: rope_scaling", c->path);
		c->rc = rc;
	} else if (rc && need) {
		qf_config_fail(c, -EINVAL, "rope_scaling: field \"%s\" is missing",
			       key);
	} else if (!rc && !(*out > 0 && *out < 1e18)) {
		qf_config_fail(c, -EINVAL,
			       "rope_scaling: field \"%s\" is %g; it must be positive and below 1e18",
			       key, *out);
	}
}

static void llama3_scaling(struct qf_config *c, json_t *s, struct qf_rope *r)
{
	r->scaling = QF_ROPE_LLAMA3;
	scaling_num(c, s, "factor", true, &r->factor);
	scaling_num(c, s, "low_freq_factor", true, &r->low_freq);
	scaling_num(c, s, "high_freq_factor", true, &r->high_freq);
	scaling_num(c, s, "original_max_position_embeddings", true,
		    &r->original);
	if (!c->rc && r->high_freq <= r->low_freq)
		qf_config_fail(c, -EINVAL,
			       "rope_scaling: high_freq_factor %g must be above low_freq_factor %g",
			       r->high_freq, r->low_freq);
}

static void yarn_scaling(struct qf_config *c, json_t *s, struct qf_rope *r)
{
	r->scaling = QF_ROPE_YARN;
	r->beta_fast = 32;
	r->beta_slow = 1;
	scaling_num(c, s, "factor", true, &r->factor);
	scaling_num(c, s, "beta_fast", false, &r->beta_fast);
	scaling_num(c, s, "beta_slow", false, &r->beta_slow);
	if (c->rc)
		return;
	r->attention = 0.1 * log(r->factor) + 1.0;
	scaling_num(c, s, "attention_factor", false, &r->attention);
	/* of later versions; these would change the tables */
	if (json_is_number(json_object_get(s, "mscale")) ||
	    json_is_number(json_object_get(s, "mscale_all_dim")))
		qf_config_fail(c, -EOPNOTSUPP,
			       "rope_scaling: \"mscale\" is not supported");
}

/* One list of longrope: a factor for each pair. */
static void long_factors(struct qf_config *c, json_t *s, const char *key,
			 uint32_t n, float *out)
{
	json_t *list = json_object_get(s, key), *v;
	char name[80];
	size_t i;

	snprintf(name, sizeof(name), "rope_scaling.%s", key);
	qf_note(c, name, "list", NULL);
	if (c->rc)
		return;
	if (json_array_size(list) != n || n > QF_ROPE_MAX_LONG) {
		qf_config_fail(c, -EINVAL,
			       "rope_scaling: field \"%s\" has %zu numbers; %u pairs rotate (at most %u)",
			       key, json_array_size(list), n, QF_ROPE_MAX_LONG);
		return;
	}
	json_array_foreach(list, i, v) {
		out[i] = json_number_value(v);
		if (out[i] > 0 && out[i] < 1e18f)
			continue;
		qf_config_fail(c, -EINVAL,
			       "rope_scaling: field \"%s\": entry %zu is not a positive number",
			       key, i);
		return;
	}
}

/*
 * transformers takes short_factor for sequences of up to
 * original_max_position_embeddings and long_factor beyond. We hold both and go by
 * the context length that the model is compiled for.
 */
static void long_scaling(struct qf_config *c, json_t *s, struct qf_model *m)
{
	struct qf_rope *r = &m->rope;
	double scale;

	r->scaling = QF_ROPE_LONG;
	qf_get_num(c, "original_max_position_embeddings", &r->original);
	scaling_num(c, s, "original_max_position_embeddings", false,
		    &r->original);
	long_factors(c, s, "short_factor", r->dim / 2, r->short_factor);
	long_factors(c, s, "long_factor", r->dim / 2, r->long_factor);
	/* of Phi-3.5-MoE; they would change the tables */
	if (json_is_number(json_object_get(s, "short_mscale")) ||
	    json_is_number(json_object_get(s, "long_mscale")))
		qf_config_fail(c, -EOPNOTSUPP,
			       "rope_scaling: \"short_mscale\" and \"long_mscale\" are not supported");
	if (!c->rc && !(r->original >= 2 && r->original < 1 << 28))
		qf_config_fail(c, -EINVAL,
			       "longrope needs the field \"original_max_position_embeddings\", a number of positions");
	if (c->rc)
		return;
	scale = m->max_positions / r->original;
	scaling_num(c, s, "factor", false, &scale);
	if (scale > 1)
		r->attention = sqrt(1 + log(scale) / log(r->original));
	scaling_num(c, s, "attention_factor", false, &r->attention);
	if (r->original < m->max_positions)
		r->short_rows = r->original;
	else
		memcpy(r->long_factor, r->short_factor,
		       sizeof(r->long_factor));
}

static void get_scaling(struct qf_config *c, json_t *s, struct qf_model *m)
{
	struct qf_rope *r = &m->rope;
	const char *type = NULL;

	if (!json_is_object(s)) {
		qf_config_fail(c, -EINVAL,
			       "field \"rope_scaling\" is not an object");
		return;
	}
	type = json_string_value(json_object_get(s, "rope_type"));
	if (!type)
		type = json_string_value(json_object_get(s, "type"));
	if (!type) {
		qf_config_fail(c, -EINVAL,
			       "rope_scaling: field \"rope_type\" is missing");
	} else if (!strcmp(type, "default")) {
		r->scaling = QF_ROPE_PLAIN;
	} else if (!strcmp(type, "linear")) {
		r->scaling = QF_ROPE_LINEAR;
		scaling_num(c, s, "factor", true, &r->factor);
	} else if (!strcmp(type, "dynamic")) {
		/*
		 * The base only grows for sequences beyond
		 * max_position_embeddings; up to there, which is all that our
		 * tables hold, dynamic NTK is the plain rotation.
		 */
		r->scaling = QF_ROPE_PLAIN;
		scaling_num(c, s, "factor", true, &r->factor);
	} else if (!strcmp(type, "llama3")) {
		llama3_scaling(c, s, r);
	} else if (!strcmp(type, "longrope") || !strcmp(type, "su") ||
		   json_object_get(s, "long_factor")) {
		/* "su", and "yarn" with these lists: its names in old files */
		long_scaling(c, s, m);
	} else if (!strcmp(type, "yarn")) {
		yarn_scaling(c, s, r);
	} else {
		qf_config_fail(c, -EOPNOTSUPP,
			       "rope_scaling: rope_type is \"%.40s\"; default, linear, dynamic, llama3, yarn and longrope are supported",
			       type);
	}
}

void qf_get_rope(struct qf_config *c, struct qf_model *m)
{
	json_t *s = qf_field(c, "rope_scaling");
	json_t *later = qf_field(c, "rope_parameters");
	struct qf_rope *r = &m->rope;

	if (r->kind == QF_ROPE_NONE)
		r->kind = QF_ROPE_HALF;
	if (!r->theta)
		r->theta = 10000;
	if (!r->partial)
		r->partial = 1;
	r->factor = r->attention = 1;
	qf_get_positive(c, "rope_theta", &r->theta);
	if (json_is_object(later)) {	/* transformers 5: theta is in it */
		s = later;
		scaling_num(c, s, "rope_theta", false, &r->theta);
		scaling_num(c, s, "partial_rotary_factor", false, &r->partial);
	}
	qf_get_positive(c, "partial_rotary_factor", &r->partial);
	if (!c->rc && r->partial > 1)
		qf_config_fail(c, -EINVAL,
			       "field \"partial_rotary_factor\" is %g; it must be at most 1",
			       r->partial);
	if (c->rc)
		return;
	r->dim = m->head_dim * r->partial;
	if (s && !json_is_null(s))
		get_scaling(c, s, m);
	if (c->rc)
		return;
	if (r->dim < 2 || r->dim % 2)
		qf_config_fail(c, -EINVAL,
			       "%u of %u elements of a head would rotate; that must be an even number",
			       r->dim, m->head_dim);
	else if (r->scaling == QF_ROPE_YARN && r->theta == 1)
		qf_config_fail(c, -EINVAL,
			       "field \"rope_theta\" is 1; yarn needs another");
	r->positions = m->max_positions;
	/* two tables of floats, each of a GiB at most */
	if (((uint64_t)r->positions + r->short_rows) * r->dim > 1u << 28)
		qf_config_fail(c, -EINVAL,
			       "field \"max_position_embeddings\" is %u: rotary tables of that length are not supported",
			       r->positions);
}
