// SPDX-License-Identifier: MIT
/* Fields of encoders and of heads. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/registry.h"

#define MAX_LABELS (1 << 20)

void qf_require_text(struct qf_config *c, const char *key, const char *want)
{
	const char *s = want;

	qf_get_str(c, key, &s);
	if (!c->rc && strcmp(s, want))
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"%s\" is \"%.60s\"; only \"%s\" is supported",
			       key, s, want);
}

void qf_get_signed(struct qf_config *c, const char *key, int32_t min,
		   int32_t max, int32_t *out)
{
	int64_t v = *out;

	qf_note(c, key, "integer", json_integer(v));
	if (c->rc)
		return;
	c->rc = qaic_json_int(c->root, key, min, max, &v, c->err);
	if (c->rc < 0) {
		qaic_fail_in(c->err, "%s", c->path);
		return;
	}
	c->rc = 0;
	*out = v;
}

void qf_get_buckets(struct qf_config *c, const char *key,
		    struct qf_relative *r)
{
	/* each side has near ones and far ones, all within max_distance */
	qf_get_int(c, key, 4, 2 * r->max_distance, &r->buckets);
}

/* Each of @n labels has a name, or a score would get another's. */
static void check_names(struct qf_config *c, json_t *names, size_t n)
{
	enum qf_head_kind head = c->cls->head;
	char key[24];
	size_t i;

	if (head != QF_HEAD_CLASSIFY && head != QF_HEAD_TOKENS)
		return;
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		if (json_is_string(json_object_get(names, key)))
			continue;
		qf_config_fail(c, -EINVAL,
			       "field \"id2label\" has %zu labels, but none called \"%s\": they are numbered from 0",
			       n, key);
		return;
	}
}

void qf_get_labels(struct qf_config *c, struct qf_model *m)
{
	json_t *names = qf_field(c, "id2label");

	m->labels = 2;
	if (json_is_object(names) && json_object_size(names)) {
		if (json_object_size(names) > MAX_LABELS)
			qf_config_fail(c, -EINVAL,
				       "field \"id2label\" has too many labels");
		m->labels = json_object_size(names);
		check_names(c, names, m->labels);
		return;
	}
	qf_get_int(c, "num_labels", 1, MAX_LABELS, &m->labels);
}

void qf_get_scores(struct qf_config *c, struct qf_model *m)
{
	int32_t pad = -1;

	m->classify = (struct qf_classify) { .out = "score", .no_bias = true };
	qf_get_labels(c, m);
	qf_get_signed(c, "pad_token_id", -1, INT32_MAX, &pad);
	m->pad_id = pad < 0 ? QF_NO_PAD : (uint32_t)pad;
}

static enum qeff_task task_of(enum qf_head_kind head)
{
	switch (head) {
	case QF_HEAD_MASKED_LM:
		return QEFF_TASK_FILL_MASK;
	case QF_HEAD_CLASSIFY:
		return QEFF_TASK_CLASSIFY;
	case QF_HEAD_TOKENS:
		return QEFF_TASK_CLASSIFY_TOKENS;
	case QF_HEAD_QA:
		return QEFF_TASK_ANSWER;
	case QF_HEAD_EMBED:
		return QEFF_TASK_EMBED;
	case QF_HEAD_SEQ2SEQ:
		return QEFF_TASK_TRANSFORM;
	case QF_HEAD_CAUSAL_LM:
		break;
	}
	return QEFF_TASK_TEXT;
}

/* As the text-classification pipeline of transformers decides it. */
int qf_config_task(struct qf_config *c, struct qeff_model_info *info)
{
	const char *type = "";

	qf_get_str(c, "problem_type", &type);
	info->task = task_of(c->cls->head);
	info->labels_raw = !strcmp(type, "regression");
	info->labels_apart = !info->labels_raw &&
			     (!strcmp(type, "multi_label_classification") ||
			      info->num_labels == 1);
	return c->rc;
}

/* "POSITIVE" of {"0": "NEGATIVE", "1": "POSITIVE"} */
static char *label_name(json_t *names, size_t i)
{
	char key[24];
	const char *s;

	snprintf(key, sizeof(key), "%zu", i);
	s = json_string_value(json_object_get(names, key));
	return s ? strdup(s) : qaic_asprintf("LABEL_%zu", i);
}

/* Pointers and texts in one block. */
static const char **one_block(char *const *v, size_t n)
{
	size_t size = n * sizeof(*v), i;
	const char **out;
	char *at;

	for (i = 0; i < n; i++)
		size += strlen(v[i]) + 1;
	out = malloc(size ? size : 1);
	at = (char *)(out + n);
	for (i = 0; out && i < n; i++) {
		out[i] = at;
		at = stpcpy(at, v[i]) + 1;
	}
	return out;
}

int qeff_model_labels(const char *dir, const char ***names, size_t *num,
		      struct qaic_err *err)
{
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_model m;
	char **v = NULL;
	size_t i, n = 0;
	int rc;

	rc = qf_config_open(&c, dir, &arch, err);
	if (rc)
		return rc;
	rc = qf_config_model(&c, arch, &m);
	if (rc)
		goto out;
	*names = NULL;
	v = calloc(m.labels + 1, sizeof(*v));
	for (; v && n < m.labels; n++) {
		v[n] = label_name(json_object_get(c.root, "id2label"), n);
		if (!v[n])
			break;
	}
	if (v && n == m.labels)
		*names = one_block(v, n);
	*num = n;
	if (!*names)
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	for (i = 0; v && i < n; i++)
		free(v[i]);
	free(v);
out:
	qf_config_close(&c);
	return rc;
}
