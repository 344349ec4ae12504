// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "libqeff/pipeline.h"
#include "libqeff/verify_card.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* Compile to a directory of its own, without retained state. */
static int compile(struct qeff_card *c, const struct qeff_verify_options *opt,
		   struct qaic_err *err)
{
	const char *tmp = getenv("TMPDIR");
	struct qeff_build_options o = {
		.num_cores = opt->num_cores, .batch_size = opt->batch,
		.prompt_len = opt->prompt_len, .ctx_len = opt->ctx_len,
		.fp32 = opt->fp32,
	};
	struct qeff_compile_plan plan;
	size_t i;
	int ret;

	c->dir = qaic_asprintf("%s/qeff-verify-XXXXXX",
			       tmp && *tmp ? tmp : "/tmp");
	if (!c->dir)
		return no_memory(err);
	if (!mkdtemp(c->dir)) {
		ret = qaic_fail(err, -errno, "%s: %s", c->dir, strerror(errno));
		free(c->dir);
		c->dir = NULL;
		return ret;
	}
	ret = qeff_plan_init(&plan, &o, opt->onnx, err);
	if (ret)
		return ret;
	plan.cache_is_io = true;
	ret = qeff_plan_compile(&plan, c->dir, "qpc", err);
	c->state = calloc(plan.num_states, sizeof(*c->state));
	if (!ret && !c->state)
		ret = no_memory(err);
	for (i = 0; !ret && i < plan.num_states; i++) {
		c->state[i].name = plan.states[i];
		plan.states[i] = NULL;
		c->num_state++;
	}
	qeff_plan_release(&plan);
	return ret;
}

static void *buffer(struct qeff_card *c, const struct qeff_card_phase *ph,
		    const char *name, size_t *size)
{
	*size = 0;
	return qaic_exec_buffer(ph->exec,
				qaic_program_find(c->prog, ph->spec, name),
				size);
}

/* The two ends of a state in a phase; NULL if they do not fit it. */
static void *state_buffer(struct qeff_card *c, const struct qeff_card_phase *ph,
			  const struct qeff_card_state *st, bool output)
{
	char name[256];
	size_t size;
	void *p;

	snprintf(name, sizeof(name), "%s%s", st->name,
		 output ? QEFF_RETAINED : "");
	p = buffer(c, ph, name, &size);
	return p && size >= st->size ? p : NULL;
}

static int open_phases(struct qeff_card *c, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(c->prog);
	struct qaic_binding_info b;
	int ret;

	if (!n || n > QAIC_ARRAY_SIZE(c->phase))
		return qaic_fail(err, -EINVAL, "%u specializations", n);
	for (i = 0; i < n; i++) {
		struct qeff_card_phase *ph = &c->phase[i];

		ret = qaic_program_binding(c->prog, i,
			qaic_program_find(c->prog, i, "input_ids"), &b);
		if (ret)
			return qaic_fail(err, -EINVAL, "input_ids is missing");
		ph->spec = i;
		ph->seq_len = b.dims[1];
		ret = qaic_exec_create(c->prog, i, &ph->exec, err);
		if (ret)
			return ret;
		c->num_phases++;
	}
	return 0;
}

static int open_states(struct qeff_card *c, struct qaic_err *err)
{
	struct qaic_binding_info b;
	size_t i;

	for (i = 0; i < c->num_state; i++) {
		struct qeff_card_state *st = &c->state[i];

		if (qaic_program_binding(c->prog, 0,
				qaic_program_find(c->prog, 0, st->name), &b) ||
		    (b.dtype != QAIC_F32 && b.dtype != QAIC_F16))
			return qaic_fail(err, -EINVAL, "%s is no input",
					 st->name);
		st->dtype = b.dtype;
		st->size = b.size;
		st->data = calloc(1, b.size);
		if (!st->data)
			return no_memory(err);
	}
	return 0;
}

int qeff_card_open(struct qeff_card *c, const struct qeff_verify_options *opt,
		   struct qaic_err *err)
{
	char *qpc = NULL;
	int ret;

	memset(c, 0, sizeof(*c));
	ret = compile(c, opt, err);
	if (!ret)
		ret = qaic_device_open(opt->qid, &c->dev, err);
	if (!ret) {
		qpc = qaic_path(c->dir, "qpc");
		ret = qpc ? qaic_program_load(c->dev, qpc, &c->prog, err)
			  : no_memory(err);
	}
	if (!ret)
		ret = open_phases(c, err);
	if (!ret)
		ret = open_states(c, err);
	free(qpc);
	return ret;
}

void qeff_card_reset(struct qeff_card *c)
{
	size_t i;

	for (i = 0; i < c->num_state; i++)
		memset(c->state[i].data, 0, c->state[i].size);
}

int qeff_card_call(struct qeff_card *c, uint32_t seq_len, const int64_t *ids,
		   const int64_t *pos, struct qaic_err *err)
{
	struct qeff_card_phase *ph = NULL;
	size_t i, size, psize;
	void *p, *q;
	int ret;

	for (i = 0; i < c->num_phases; i++)
		if (c->phase[i].seq_len == seq_len)
			ph = &c->phase[i];
	if (!ph)
		return qaic_fail(err, -EINVAL, "no specialization of seq_len %u",
				 seq_len);
	p = buffer(c, ph, "input_ids", &size);
	q = buffer(c, ph, "position_ids", &psize);
	if (!p || !q || size != psize)
		return qaic_fail(err, -EINVAL, "the card gave no buffers");
	memcpy(p, ids, size);
	memcpy(q, pos, size);
	for (i = 0; i < c->num_state; i++) {
		p = state_buffer(c, ph, &c->state[i], false);
		if (!p)
			return qaic_fail(err, -EINVAL, "%s: no buffer",
					 c->state[i].name);
		memcpy(p, c->state[i].data, c->state[i].size);
	}
	ret = qaic_exec_run(ph->exec, err);
	for (i = 0; !ret && i < c->num_state; i++) {
		p = state_buffer(c, ph, &c->state[i], true);
		if (!p)
			return qaic_fail(err, -EINVAL, "%s: no output",
					 c->state[i].name);
		memcpy(c->state[i].data, p, c->state[i].size);
	}
	return ret;
}

void qeff_card_close(struct qeff_card *c)
{
	struct qaic_err ignored = QAIC_ERR_INIT;
	size_t i;

	for (i = 0; i < c->num_phases; i++)
		qaic_exec_destroy(c->phase[i].exec);
	if (c->prog)
		qaic_program_unload(c->prog);
	if (c->dev)
		qaic_device_close(c->dev);
	for (i = 0; i < c->num_state; i++) {
		free(c->state[i].name);
		free(c->state[i].data);
	}
	free(c->state);
	if (c->dir)
		qaic_rmtree(c->dir, &ignored);
	free(c->dir);
	memset(c, 0, sizeof(*c));
}
