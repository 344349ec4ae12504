// SPDX-License-Identifier: MIT
/*
 * An encoder's QPC on a card: one specialization for each length of text, nothing
 * kept between calls. Texts are padded on the right and masked there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/f16.h"
#include "base/str.h"
#include "libqaic/qaic.h"
#include "libqeff/watch.h"

#define MAX_OUTPUTS 8

struct out {
	struct qaic_binding_info info;
	const void *data;		/* as the card wrote it */
	float *f32;			/* converted, if that is not float32 */
	size_t num;
};

/* One specialization with its buffers, all int64 [batch, seq_len]. */
struct length {
	struct qaic_exec *exec;
	uint32_t seq_len;
	int64_t *ids, *mask, *types;	/* types may be NULL */
	struct out out[MAX_OUTPUTS];
	size_t num_out;
	struct qaic_model model;
};

struct qeff_encoder {
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct length *len;
	size_t num_len;
	struct length *last;		/* of the last call */
	uint32_t batch, max_len;
	int64_t pad_id;
	double time;
	struct qeff_watched watched;
};

static int64_t **input_of(struct length *l, const char *name)
{
	if (!strcmp(name, "input_ids"))
		return &l->ids;
	if (!strcmp(name, "attention_mask"))
		return &l->mask;
	if (!strcmp(name, "token_type_ids"))
		return &l->types;
	return NULL;
}

static int take_input(struct qeff_encoder *e, struct length *l,
		      const struct qaic_binding_info *b, void *data, size_t size,
		      struct qaic_err *err)
{
	int64_t **to = input_of(l, b->name);

	if (!to)
		return qaic_fail(err, -EOPNOTSUPP,
				 "this QPC is no encoder: it has an input %s",
				 b->name);
	if (b->dtype != QAIC_I64 || b->rank != 2 || !b->dims[0] || !b->dims[1])
		return qaic_fail(err, -EINVAL,
				 "%s must be int64 [batch, seq_len]", b->name);
	if (!l->seq_len)
		l->seq_len = b->dims[1];
	if (!e->batch)
		e->batch = b->dims[0];
	if (b->dims[1] != l->seq_len || b->dims[0] != e->batch ||
	    size / sizeof(int64_t) / b->dims[0] < b->dims[1])
		return qaic_fail(err, -EINVAL,
				 "%s has another shape than the other inputs",
				 b->name);
	*to = data;
	return 0;
}

static int take_output(struct length *l, const struct qaic_binding_info *b,
		       const void *data, size_t size, struct qaic_err *err)
{
	struct out *o = &l->out[l->num_out];
	size_t elem = qaic_dtype_size(b->dtype), n = 1;
	uint32_t i;

	if (l->num_out == MAX_OUTPUTS || b->rank > QAIC_ARRAY_SIZE(
					((struct qeff_output *)0)->dim))
		return qaic_fail(err, -EOPNOTSUPP,
				 "output %s: too many outputs or dimensions",
				 b->name);
	if (b->dtype != QAIC_F32 && b->dtype != QAIC_F16)
		return qaic_fail(err, -EOPNOTSUPP,
				 "output %s is %s; float is supported", b->name,
				 qaic_dtype_name(b->dtype));
	for (i = 0; i < b->rank; i++)
		if (__builtin_mul_overflow(n, b->dims[i], &n))
			n = SIZE_MAX;
	if (!b->rank || n > size / elem)
		return qaic_fail(err, -EINVAL,
				 "output %s is smaller than its shape", b->name);
	o->info = *b;
	o->data = data;
	o->num = n;
	l->num_out++;
	if (b->dtype == QAIC_F32)
		return 0;
	o->f32 = calloc(n + 1, sizeof(*o->f32));
	return o->f32 ? 0 : qaic_fail(err, -ENOMEM, "out of memory");
}

static int open_length(struct qeff_encoder *e, uint32_t spec,
		       struct qaic_err *err)
{
	struct length *l = &e->len[spec];
	struct qaic_binding_info b;
	struct qaic_spec_info si;
	size_t size;
	uint32_t i;
	void *data;
	int ret;

	ret = qaic_exec_create(e->prog, spec, &l->exec, err);
	if (ret)
		return ret;
	e->num_len++;
	qaic_program_model(e->prog, spec, &l->model);
	if (qaic_program_spec(e->prog, spec, &si))
		return qaic_fail(err, -EINVAL, "specialization %u is missing",
				 spec);
	for (i = 0; !ret && i < si.num_bindings; i++) {
		size = 0;
		data = qaic_exec_buffer(l->exec, i, &size);
		if (!data || qaic_program_binding(e->prog, spec, i, &b))
			return qaic_fail(err, -EINVAL, "binding %u is missing", i);
		if (b.output)
			ret = take_output(l, &b, data, size, err);
		else
			ret = take_input(e, l, &b, data, size, err);
	}
	if (!ret && (!l->ids || !l->mask || !l->num_out))
		ret = qaic_fail(err, -EINVAL,
				"this QPC is no encoder: it has no %s",
				!l->ids ? "input_ids" :
				!l->mask ? "attention_mask" : "output");
	if (l->seq_len > e->max_len)
		e->max_len = l->seq_len;
	return ret;
}

static int open_lengths(struct qeff_encoder *e, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(e->prog);
	int ret = 0;

	e->len = calloc(n + 1, sizeof(*e->len));
	if (!e->len)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (!n || qaic_program_num_states(e->prog))
		return qaic_fail(err, -EINVAL, "this QPC is no encoder: it %s",
				 n ? "keeps a state" : "has no specialization");
	for (i = 0; !ret && i < n; i++)
		ret = open_length(e, i, err);
	return ret;
}

int qeff_encoder_open(const struct qeff_encoder_options *opt,
		      struct qeff_encoder **out, struct qaic_err *err)
{
	struct qeff_encoder *e = calloc(1, sizeof(*e));
	int ret;

	*out = NULL;
	if (!e)
		return qaic_fail(err, -ENOMEM, "out of memory");
	e->pad_id = opt->pad_id < 0 ? 0 : opt->pad_id;
	qaic_progress_update(&opt->progress, "load", 0, 1);
	ret = qaic_device_open(opt->qid, &e->dev, err);
	if (!ret)
		ret = qaic_program_load(e->dev, opt->qpc_dir, &e->prog, err);
	if (!ret) {
		ret = open_lengths(e, err);
		if (ret)
			qaic_fail_in(err, "%s", opt->qpc_dir);
	}
	if (ret) {
		qeff_encoder_close(e);
		return ret;
	}
	qaic_progress_update(&opt->progress, "load", 1, 1);
	*out = e;
	return 0;
}

void qeff_encoder_close(struct qeff_encoder *e)
{
	size_t i, k;

	if (!e)
		return;
	for (i = 0; i < e->num_len; i++) {
		qaic_exec_destroy(e->len[i].exec);
		for (k = 0; k < e->len[i].num_out; k++)
			free(e->len[i].out[k].f32);
	}
	free(e->len);
	if (e->prog)
		qaic_program_unload(e->prog);
	if (e->dev)
		qaic_device_close(e->dev);
	free(e);
}

uint32_t qeff_encoder_batch(const struct qeff_encoder *e)
{
	return e->batch;
}

uint32_t qeff_encoder_max_len(const struct qeff_encoder *e)
{
	return e->max_len;
}

/* The shortest that all texts fit in; NULL with an error. */
static struct length *choose(struct qeff_encoder *e,
			     const struct qeff_text *texts, size_t num,
			     size_t first, struct qaic_err *err)
{
	struct length *best = NULL;
	size_t i, longest = 0;

	for (i = 0; i < num; i++) {
		if (!texts[i].num)
			qaic_fail(err, -EINVAL, "text %zu has no tokens",
				  first + i + 1);
		else if (texts[i].num > e->max_len)
			qaic_fail(err, -EINVAL,
				  "text %zu has %zu tokens, more than the %u that this QPC is for; compile with a larger --seq-len",
				  first + i + 1, texts[i].num, e->max_len);
		if (!texts[i].num || texts[i].num > e->max_len)
			return NULL;
		if (texts[i].num > longest)
			longest = texts[i].num;
	}
	for (i = 0; i < e->num_len; i++)
		if (e->len[i].seq_len >= longest &&
		    (!best || e->len[i].seq_len < best->seq_len))
			best = &e->len[i];
	return best;
}

static void fill_row(struct qeff_encoder *e, struct length *l, size_t row,
		     const struct qeff_text *t)
{
	size_t at = row * l->seq_len, i;
	bool real;

	for (i = 0; i < l->seq_len; i++, at++) {
		real = t && i < t->num;
		l->ids[at] = real ? t->ids[i] : e->pad_id;
		l->mask[at] = real;
		if (l->types)
			l->types[at] = real && t->types ? t->types[i] : 0;
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

const char *qeff_encoder_profiling(const struct qeff_encoder *e)
{
	return qaic_program_profiling(e->prog);
}

void qeff_encoder_watch(struct qeff_encoder *e, const struct qeff_watch *w)
{
	e->watched = (struct qeff_watched){ 0 };
	if (w)
		e->watched.by = *w;
}

int qeff_encoder_run(struct qeff_encoder *e, const struct qeff_text *texts,
		     size_t num, size_t first, struct qaic_err *err)
{
	struct length *l;
	double start;
	size_t i, k;
	int ret;

	if (!num || num > e->batch)
		return qaic_fail(err, -EINVAL,
				 "%zu texts for a QPC of batch size %u", num,
				 e->batch);
	l = choose(e, texts, num, first, err);
	if (!l)
		return -EINVAL;
	for (i = 0; i < e->batch; i++)
		fill_row(e, l, i, i < num ? &texts[i] : NULL);
	start = now();
	ret = qeff_watched_run(&e->watched, e->dev, l->exec, QEFF_CALL_TEXT,
			       &l->model, err);
	e->time = now() - start;
	if (ret)
		return ret;
	for (k = 0; k < l->num_out; k++)
		for (i = 0; l->out[k].f32 && i < l->out[k].num; i++)
			l->out[k].f32[i] = qaic_f16_to_f32(
				((const uint16_t *)l->out[k].data)[i]);
	e->last = l;
	return 0;
}

bool qeff_encoder_output(const struct qeff_encoder *e, size_t i,
			 struct qeff_output *out)
{
	const struct out *o;
	uint32_t k;

	if (!e->last || i >= e->last->num_out)
		return false;
	o = &e->last->out[i];
	out->name = o->info.name;
	out->data = o->f32 ? o->f32 : o->data;
	out->rank = o->info.rank;
	for (k = 0; k < o->info.rank; k++)
		out->dim[k] = o->info.dims[k];
	return true;
}

double qeff_encoder_time(const struct qeff_encoder *e,
			 double modelled[QEFF_NUM_SKUS])
{
	int i;

	for (i = 0; i < QEFF_NUM_SKUS; i++)
		modelled[i] = e->last ? e->last->model.seconds[i] : 0;
	return e->time;
}
