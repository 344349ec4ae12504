// SPDX-License-Identifier: MIT
/*
 * context make DIR [MODEL]
 * context run DIR [THREADS [MODEL [WEIGHTS [KV]]]]
 *
 * What a decode step costs at a position of a context: make writes and compiles two
 * Llamas with random weights in DIR, each with a context of 4096 and of 128 tokens,
 * weights in fp16 and mxfp6, KV cache in fp16 and mxint8; run times them, those that
 * are named or all. MODEL is gqa (6 layers of 2048, 32 heads, 4 of keys and values,
 * 330 M weights to read) or mha (12 of 768, 12 heads with keys and values of their
 * own, 124 M).
 *
 * A step has to read the weights, and of the cache what is there: positions 0 to
 * its own. The table has the time, these bytes, the time that the read bandwidth
 * of the same run allows for them, and the ratio of the two. The same step with a
 * context of 128 is in its first line; below it, prefill of 128 tokens.
 *
 * It takes 10 GB of disk.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "checkpoint.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

#define LONG	4096
#define SHORT	128
#define CHUNK	128
#define ROUNDS	5
#define STEPS	3
#define BW_SIZE	(1u << 29)

static const struct model {
	const char *name;
	struct checkpoint c;
} models[] = {
	{ "gqa", { .layers = 6, .hidden = 2048, .inter = 5632, .heads = 32,
		   .kv_heads = 4, .vocab = 32000, .positions = LONG } },
	{ "mha", { .layers = 12, .hidden = 768, .inter = 2048, .heads = 12,
		   .kv_heads = 12, .vocab = 50257, .positions = LONG } },
};

static const enum qaic_dtype formats[] = { QAIC_F16, QAIC_MXFP6 };
static const enum qaic_dtype caches[] = { QAIC_F16, QAIC_MXINT8 };
static const unsigned int places[] = { 32, 128, 1000, 2000, 4000 };

#define NUM_PLACES	QAIC_ARRAY_SIZE(places)

struct variant {
	const struct model *m;
	enum qaic_dtype weights, kv;
};

static const char *name_of(enum qaic_dtype t)
{
	return t == QAIC_F16 ? "fp16" : qaic_dtype_name(t);
}

/* every variant of those that are named, NULL: any */
static int each(const char *model, const char *weights, const char *kv,
		int (*fn)(void *ctx, const struct variant *v,
			  struct qaic_err *err), void *ctx,
		struct qaic_err *err)
{
	struct variant v;
	size_t i, w, k;
	int n = 0, rc = 0;

	for (i = 0; i < QAIC_ARRAY_SIZE(models); i++) {
		for (w = 0; w < QAIC_ARRAY_SIZE(formats); w++) {
			for (k = 0; k < QAIC_ARRAY_SIZE(caches) && !rc; k++) {
				v = (struct variant){ &models[i], formats[w],
						      caches[k] };
				if ((model && strcmp(model, v.m->name)) ||
				    (weights && strcmp(weights,
						       name_of(v.weights))) ||
				    (kv && strcmp(kv, name_of(v.kv))))
					continue;
				n++;
				rc = fn(ctx, &v, err);
			}
		}
	}
	return rc || n ? rc : qaic_fail(err, -EINVAL, "there is no such model");
}

/* ---- making ---- */

static void stage(void *ctx, const char *name, const char *text)
{
	printf("%s: %s\n", name, text);
	fflush(stdout);
}

/* What is there already is used again. */
static int build(const char *dir, const struct variant *v, unsigned int len,
		 struct qeff_artefacts *art, struct qaic_err *err)
{
	char *model = qaic_path(dir, v->m->name);
	struct qeff_build_options opt = {
		.model_dir = model, .cache_dir = dir, .num_cores = 16,
		.batch_size = 1, .prompt_len = len < CHUNK ? len : CHUNK,
		.ctx_len = len, .stage = stage,
		.weights = v->weights == QAIC_F16 ? 0 : v->weights,
		.kv_mxint8 = v->kv == QAIC_MXINT8,
	};
	int rc = ckpt_make(model, &v->m->c, err);

	if (!rc)
		rc = qeff_build(&opt, art, err);
	free(model);
	return rc;
}

static int make(void *ctx, const struct variant *v, struct qaic_err *err)
{
	static const unsigned int lens[] = { LONG, SHORT };
	struct qeff_artefacts art = { 0 };
	int rc = 0, i;

	for (i = 0; i < 2 && !rc; i++) {
		rc = build(ctx, v, lens[i], &art, err);
		qeff_artefacts_release(&art);
	}
	return rc;
}

/* ---- running ---- */

struct call {
	struct qaic_exec *exec;
	int64_t *ids, *pos;
	size_t n;
};

struct card {
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct call decode, prefill;
};

static void card_close(struct card *c)
{
	if (c->decode.exec)
		qaic_exec_destroy(c->decode.exec);
	if (c->prefill.exec)
		qaic_exec_destroy(c->prefill.exec);
	if (c->prog)
		qaic_program_unload(c->prog);
	if (c->dev)
		qaic_device_close(c->dev);
	memset(c, 0, sizeof(*c));
}

static int64_t *input(struct card *c, struct call *call, uint32_t spec,
		      const char *name)
{
	int i = qaic_program_find(c->prog, spec, name);
	size_t size = 0;
	void *p = i < 0 ? NULL : qaic_exec_buffer(call->exec, i, &size);

	return size == call->n * sizeof(int64_t) ? p : NULL;
}

static int call_open(struct card *c, uint32_t spec, struct qaic_err *err)
{
	size_t n = qaic_program_symbol(c->prog, spec, "seq_len"), i;
	struct call *call = n == 1 ? &c->decode : &c->prefill;
	int rc = qaic_exec_create(c->prog, spec, &call->exec, err);

	if (rc)
		return rc;
	call->n = n;
	call->ids = input(c, call, spec, "input_ids");
	call->pos = input(c, call, spec, "position_ids");
	if (!call->ids || !call->pos)
		return qaic_fail(err, -EINVAL, "not a QPC of one sequence");
	for (i = 0; i < n; i++)
		call->ids[i] = i * 7919 % 32000;
	return 0;
}

/* positions first, first + step, ... */
static int call_run(struct call *c, int64_t first, int64_t step,
		    struct qaic_err *err)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		c->pos[i] = first + (int64_t)i * step;
	return qaic_exec_run(c->exec, err);
}

/*
 * Loaded, and @len tokens in the cache: what was never written is zeros, on one page
 * for all, which is neither the memory nor the arithmetic that we want to measure.
 */
static int card_open(struct card *c, const char *qpc, unsigned int len,
		     struct qaic_err *err)
{
	unsigned int at;
	uint32_t i;
	int rc = qaic_device_open(0, &c->dev, err);

	if (!rc)
		rc = qaic_program_load(c->dev, qpc, &c->prog, err);
	for (i = 0; !rc && i < qaic_program_num_specs(c->prog); i++)
		rc = call_open(c, i, err);
	if (!rc && (!c->decode.exec || !c->prefill.exec))
		rc = qaic_fail(err, -EINVAL, "%s: not two programs", qpc);
	for (at = 0; !rc && at < len; at += CHUNK)
		rc = call_run(&c->prefill, at, 1, err);
	if (rc)
		card_close(c);
	return rc;
}

/* the best of a few: seconds */
static int timed(struct call *c, int64_t first, double *best,
		 struct qaic_err *err)
{
	int rc = 0, i;
	double t;

	for (i = 0; i < STEPS && !rc; i++) {
		t = bw_now();
		rc = call_run(c, first, 1, err);
		t = bw_now() - t;
		if (!i || t < *best)
			*best = t;
	}
	return rc;
}

struct times {
	double decode[NUM_PLACES][ROUNDS], same[ROUNDS], prefill[2];
	double bw[ROUNDS];		/* GB/s */
};

/* The first place, with the short context and with the long one: a ratio. */
static int compare(const char *const qpc[2], double *same,
		   struct qaic_err *err)
{
	struct card c = { 0 };
	double t[2];
	int rc = 0, i;

	for (i = 0; i < 2 && !rc; i++) {
		rc = card_open(&c, qpc[i], SHORT, err);
		if (!rc)
			rc = timed(&c.decode, places[0], &t[i], err);
		card_close(&c);
	}
	if (!rc)
		*same = t[0] / t[1];
	return rc;
}

static int round_of(struct card *c, const uint8_t *buf, unsigned int threads,
		    int round, struct times *t, struct qaic_err *err)
{
	double bw[2];
	size_t i;
	int rc = 0;

	bw[0] = bw_measure(buf, BW_SIZE, threads, 3);
	for (i = 0; i < NUM_PLACES && !rc; i++)
		rc = timed(&c->decode, places[i], &t->decode[i][round], err);
	bw[1] = bw_measure(buf, BW_SIZE, threads, 3);
	t->bw[round] = bw[0] > bw[1] ? bw[0] : bw[1];
	return rc;
}

/* qpc: with the long context, with the short one */
static int measure(const char *const qpc[2], unsigned int threads,
		   struct times *t, struct qaic_err *err)
{
	static uint8_t *buf;
	struct card c = { 0 };
	int rc = 0, i;

	if (!buf)
		buf = bw_buffer(BW_SIZE);
	if (!buf)
		return qaic_fail(err, -ENOMEM, "out of memory");
	memset(buf, 1, BW_SIZE);
	for (i = 0; i < ROUNDS && !rc; i++)
		rc = compare(qpc, &t->same[i], err);
	if (!rc)
		rc = card_open(&c, qpc[0], LONG, err);
	for (i = 0; i < ROUNDS && !rc; i++)
		rc = round_of(&c, buf, threads, i, t, err);
	for (i = 0; i < 2 && !rc; i++)
		rc = timed(&c.prefill, i ? LONG - CHUNK : 0, &t->prefill[i],
			   err);
	card_close(&c);
	return rc;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const double *v)
{
	double s[ROUNDS];

	memcpy(s, v, sizeof(s));
	qsort(s, ROUNDS, sizeof(*s), by_size);
	return s[ROUNDS / 2];
}

static double weight_bytes(const struct variant *v)
{
	return qaic_dtype_bytes(v->weights, ckpt_weights(&v->m->c));
}

/* of @n tokens */
static double cache_bytes(const struct variant *v, unsigned int n)
{
	const struct checkpoint *c = &v->m->c;

	return qaic_dtype_bytes(v->kv, 2ull * n * c->layers * c->kv_heads *
				(c->hidden / c->heads));
}

static void print(const struct variant *v, const struct times *t)
{
	double ratio[ROUNDS], bytes;
	size_t i, k;

	printf("\n%s, weights %s, cache %s; read bandwidth %.1f GB/s\n\n"
	       "| position | ms | MB weights + cache | GB/s | allowed ms | "
	       "ratio |\n| --- | --- | --- | --- | --- | --- |\n", v->m->name,
	       name_of(v->weights), name_of(v->kv), median(t->bw));
	for (i = 0; i < NUM_PLACES; i++) {
		bytes = weight_bytes(v) + cache_bytes(v, places[i] + 1);
		for (k = 0; k < ROUNDS; k++)
			ratio[k] = t->decode[i][k] / (bytes / t->bw[k] / 1e9);
		printf("| %u | %.2f | %.0f + %.1f | %.1f | %.2f | %.2f |\n",
		       places[i], median(t->decode[i]) * 1e3,
		       weight_bytes(v) / 1e6,
		       cache_bytes(v, places[i] + 1) / 1e6,
		       bytes / median(t->decode[i]) / 1e9,
		       bytes / median(t->bw) / 1e6, median(ratio));
	}
	printf("\nposition %u with a context of %d against %d: %.2f; prefill of %d at 0: %.2f ms a token, at %d: %.2f\n",
	       places[0], LONG, SHORT, median(t->same), CHUNK,
	       t->prefill[0] * 1e3 / CHUNK, LONG - CHUNK,
	       t->prefill[1] * 1e3 / CHUNK);
	fflush(stdout);
}

struct run {
	const char *dir;
	unsigned int threads;
};

static int run(void *ctx, const struct variant *v, struct qaic_err *err)
{
	struct qeff_artefacts art[2] = { 0 };
	const struct run *r = ctx;
	struct times t;
	int rc;

	rc = build(r->dir, v, LONG, &art[0], err);
	if (!rc)
		rc = build(r->dir, v, SHORT, &art[1], err);
	if (!rc)
		rc = measure((const char *const[2]){ art[0].qpc_dir,
			     art[1].qpc_dir }, r->threads, &t, err);
	if (!rc)
		print(v, &t);
	qeff_artefacts_release(&art[0]);
	qeff_artefacts_release(&art[1]);
	return rc;
}

int main(int argc, char **argv)
{
	struct run r = { argc > 2 ? argv[2] : NULL, 2 };
	struct qaic_err err = QAIC_ERR_INIT;
	int rc;

	if (argc > 3)
		r.threads = atoi(argv[3]);
	if (argc > 2 && argc < 5 && !strcmp(argv[1], "make")) {
		rc = each(argc > 3 ? argv[3] : NULL, NULL, NULL, make, argv[2],
			  &err);
	} else if (argc > 2 && argc < 8 && !strcmp(argv[1], "run") &&
		   r.threads && !qaic_embedded_set_threads(r.threads)) {
		setenv("QAIC_EMBEDDED", "1", 1);
		setenv("QAIC_HUGE_PAGES", "1", 0);	/* not meanwhile */
		rc = each(argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL,
			  argc > 6 ? argv[6] : NULL, run, &r, &err);
	} else {
		fprintf(stderr, "usage: context make DIR [MODEL] | "
			"context run DIR [THREADS [MODEL [WEIGHTS [KV]]]]\n");
		return 2;
	}
	if (rc)
		fprintf(stderr, "context: %s\n", err.msg);
	return rc != 0;
}
