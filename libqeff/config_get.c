// SPDX-License-Identifier: MIT
/* The fields of a config.json, one by one. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "libqeff/config.h"
#include "libqeff/registry.h"

void qf_config_fail(struct qf_config *c, int code, const char *fmt, ...)
{
	char msg[400];
	va_list ap;

	if (c->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	c->rc = qaic_fail(c->err, code, "%s: %s", c->path, msg);
}

void qf_note(struct qf_config *c, const char *key, const char *kind,
	     struct json_t *def)
{
	char name[200];
	json_t *e;

	snprintf(name, sizeof(name), "%s%s%s", c->inside ? c->inside : "",
		 c->inside ? "." : "", key);
	if (!c->seen || json_object_get(c->seen, name)) {
		json_decref(def);
		return;
	}
	e = json_pack("{s:s}", "kind", kind);
	if (def)
		json_object_set_new(e, "default", def);
	json_object_set_new(c->seen, name, e);
}

struct json_t *qf_enter_field(struct qf_config *c, const char *key)
{
	json_t *v = json_object_get(c->root, key), *outer = c->root;

	qf_note(c, key, "object", NULL);
	if (c->rc || !v || json_is_null(v))
		return NULL;
	if (!json_is_object(v)) {
		qf_config_fail(c, -EINVAL, "field \"%s\" is not an object",
			       key);
		return NULL;
	}
	c->root = v;
	c->inside = key;
	return outer;
}

void qf_leave_field(struct qf_config *c, struct json_t *outer)
{
	c->root = outer;
	c->inside = NULL;
}

/* What base/json.h said, with the file in front. */
static void check(struct qf_config *c, int rc)
{
	if (rc >= 0)
		return;
	qaic_fail_in(c->err, "%s", c->path);
	c->rc = rc;
}

void qf_get_int(struct qf_config *c, const char *key, uint32_t min,
		uint32_t max, uint32_t *out)
{
	int64_t v = *out;

	qf_note(c, key, "integer", json_integer(v));
	if (c->rc)
		return;
	check(c, qaic_json_int(c->root, key, min, max, &v, c->err));
	if (!c->rc)
		*out = v;
}

void qf_get_num(struct qf_config *c, const char *key, double *out)
{
	qf_note(c, key, "number", json_real(*out));
	if (!c->rc)
		check(c, qaic_json_num(c->root, key, out, c->err));
}

void qf_get_positive(struct qf_config *c, const char *key, double *out)
{
	qf_get_num(c, key, out);
	if (!c->rc && !(*out > 0 && *out < 1e18))
		qf_config_fail(c, -EINVAL,
			       "field \"%s\" is %g; it must be positive and below 1e18",
			       key, *out);
}

void qf_get_bool(struct qf_config *c, const char *key, bool *out)
{
	qf_note(c, key, "boolean", json_boolean(*out));
	if (!c->rc)
		check(c, qaic_json_bool(c->root, key, out, c->err));
}

void qf_get_str(struct qf_config *c, const char *key, const char **out)
{
	qf_note(c, key, "string", *out ? json_string(*out) : NULL);
	if (!c->rc)
		check(c, qaic_json_str(c->root, key, out, c->err));
}

/* names of transformers' ACT2FN */
static const struct {
	const char *name;
	enum qf_act act;
} acts[] = {
	{ "silu", QF_ACT_SILU }, { "swish", QF_ACT_SILU },
	{ "gelu", QF_ACT_GELU }, { "gelu_python", QF_ACT_GELU },
	{ "gelu_new", QF_ACT_GELU_TANH },
	{ "gelu_fast", QF_ACT_GELU_TANH },
	{ "gelu_pytorch_tanh", QF_ACT_GELU_TANH },
	{ "quick_gelu", QF_ACT_GELU_QUICK },
	{ "relu", QF_ACT_RELU }, { "relu2", QF_ACT_RELU2 },
	{ "tanh", QF_ACT_TANH },
	{ "sigmoid", QF_ACT_SIGMOID },
};

static const char *act_name(enum qf_act act)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(acts) - 1 && acts[i].act != act; i++)
		;
	return acts[i].name;
}

bool qf_act_named(const char *name, enum qf_act *act)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(acts); i++)
		if (!strcmp(name, acts[i].name)) {
			*act = acts[i].act;
			return true;
		}
	return false;
}

void qf_get_act(struct qf_config *c, const char *key, enum qf_act *out)
{
	const char *s = NULL;

	qf_note(c, key, "activation", json_string(act_name(*out)));
	qf_get_str(c, key, &s);
	if (c->rc || !s || qf_act_named(s, out))
		return;
	qf_config_fail(c, -EOPNOTSUPP,
		       "field \"%s\" is \"%s\"; silu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu, relu2, tanh and sigmoid are supported",
		       key, s);
}

struct json_t *qf_field(struct qf_config *c, const char *key)
{
	qf_note(c, key, "any", NULL);
	return json_object_get(c->root, key);
}

bool qf_has(struct qf_config *c, const char *key)
{
	return json_object_get(c->root, key) != NULL;
}

void qf_get_window(struct qf_config *c, uint32_t absent, uint32_t *out)
{
	*out = qf_has(c, "sliding_window") ? 0 : absent;
	qf_get_int(c, "sliding_window", 1, INT32_MAX, out);
}

void qf_get_cap(struct qf_config *c, const char *key, double absent,
		double *out)
{
	json_t *v = json_object_get(c->root, key);

	qf_note(c, key, "number", absent ? json_real(absent) : NULL);
	*out = v ? 0 : absent;
	if (v && !json_is_null(v))
		qf_get_positive(c, key, out);
}

void qf_refuse(struct qf_config *c, const char *key)
{
	json_t *v = json_object_get(c->root, key);
	char *text;

	qf_note(c, key, "refused", NULL);
	if (c->rc || !v || json_is_null(v) || json_is_false(v))
		return;
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	qf_config_fail(c, -EOPNOTSUPP,
		       "field \"%s\" is %.120s; this is not supported", key,
		       text ? text : "set");
	free(text);
}

void qf_require(struct qf_config *c, const char *key, bool want)
{
	bool v = want;

	qf_note(c, key, want ? "only true" : "only false", NULL);
	qf_get_bool(c, key, &v);
	if (!c->rc && v != want)
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"%s\" is %s; this is not supported", key,
			       v ? "true" : "false");
}
