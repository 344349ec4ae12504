// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "tools/common/bench.h"
#include "tools/common/progress.h"

/* several times what caches hold */
#define BUFFER	(512u << 20)
#define REPS	2

struct bench {
	const struct qaic_bench *b;
	uint8_t *buffer;
	struct qeff_session *s;
	int32_t *ids;			/* of a prompt, the same for all rows */
	const int32_t **prompts;	/* [batch] */
	size_t *len;
	double *prefill, *decode;	/* of each run */
	struct qaic_err *err;
};

static int no_memory(struct bench *x)
{
	return qaic_fail(x->err, -ENOMEM, "out of memory");
}

static double bandwidth(struct bench *x)
{
	return bw_measure(x->buffer, BUFFER, x->b->threads, REPS);
}

static int open_session(struct bench *x, const struct qaic_bench_row *row)
{
	const struct qaic_bench *b = x->b;
	bool seq2seq = b->info->task == QEFF_TASK_TRANSFORM;
	struct qeff_build_options o = b->build;
	struct qeff_session_options so = {
		.qid = b->qid, .progress = o.progress,
	};
	struct qeff_artefacts art;
	int ret;

	o.batch_size = row->batch;
	o.prompt_len = row->prompt;
	o.ctx_len = b->generation_len + (seq2seq ? 1 : row->prompt);
	if (o.ctx_len > b->info->max_positions)
		return qaic_fail(x->err, -EINVAL,
				 "%u tokens of prompt and generation are more than the %u positions of %s",
				 o.ctx_len, b->info->max_positions,
				 b->info->name);
	ret = qeff_build(&o, &art, x->err);
	if (ret)
		return ret;
	so.qpc_dir = art.qpc_dir;
	ret = qeff_session_open(&so, &x->s, x->err);
	qeff_artefacts_release(&art);
	if (!ret)
		qeff_session_set_rules(x->s, &b->info->rules);
	return ret;
}

/* Ids that are in every vocabulary, not all the same. */
static int make_prompts(struct bench *x, const struct qaic_bench_row *row)
{
	uint32_t vocab = qeff_session_vocab(x->s), i;

	if (x->b->info->rules.source_vocab)
		vocab = x->b->info->rules.source_vocab;
	x->ids = calloc(row->prompt, sizeof(*x->ids));
	x->prompts = calloc(row->batch, sizeof(*x->prompts));
	x->len = calloc(row->batch, sizeof(*x->len));
	if (!x->ids || !x->prompts || !x->len)
		return no_memory(x);
	for (i = 0; i < row->prompt; i++)
		x->ids[i] = (i * 7919ull + 1) % vocab;
	for (i = 0; i < row->batch; i++) {
		x->prompts[i] = x->ids;
		x->len[i] = row->prompt;
	}
	return 0;
}

static int generate(struct bench *x, const struct qaic_bench_row *row,
		    unsigned int tokens, struct qeff_result *res)
{
	struct qeff_request req = {
		.prompts = x->prompts, .prompt_len = x->len,
		.num_prompts = row->batch, .generation_len = tokens,
	};

	return qeff_generate(x->s, &req, res, x->err);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double rate(double n, double seconds)
{
	return seconds > 0 ? n / seconds : 0;
}

static void take(struct bench *x, struct qaic_bench_row *row, unsigned int run,
		 const struct qeff_result *res)
{
	double tokens = (double)row->batch * row->prompt;
	double steps = (double)row->batch * res->decode_steps;
	int i;

	x->prefill[run] = rate(tokens, res->prefill_s);
	x->decode[run] = rate(steps, res->decode_s);
	for (i = 0; i < QEFF_NUM_SKUS; i++) {
		row->model_prefill[i] = rate(tokens, res->model_prefill_s[i]);
		row->model_decode[i] = rate(steps, res->model_decode_s[i]);
	}
}

static int measure(struct bench *x, struct qaic_bench_row *row)
{
	unsigned int runs = x->b->runs, i;
	struct qeff_result res;
	double after;
	int ret;

	ret = generate(x, row, 2, &res);	/* pages and caches get warm */
	if (ret)
		return ret;
	qeff_result_release(&res);
	row->bandwidth = bandwidth(x);
	for (i = 0; i < runs; i++) {
		qaic_progress_update(&x->b->build.progress, "bench", i, runs);
		ret = generate(x, row, x->b->generation_len, &res);
		if (ret)
			return ret;
		take(x, row, i, &res);
		qeff_result_release(&res);
	}
	qaic_progress_clear();
	after = bandwidth(x);
	row->bandwidth = after > row->bandwidth ? after : row->bandwidth;
	row->prefill = median(x->prefill, runs);
	row->decode = median(x->decode, runs);
	row->spread = rate(x->decode[runs - 1] - x->decode[0], row->decode);
	row->bytes = row->decode / row->batch *
		     qeff_session_decode_bytes(x->s) / 1e9;
	return 0;
}

/* One run more, which is not measured. */
static int profile(struct bench *x, struct qaic_bench_row *row)
{
	struct qeff_watch watch = qaic_prof_watch(x->b->prof);
	struct qeff_result res;
	int ret;

	if (!x->b->prof->type)
		return 0;
	qeff_session_watch(x->s, &watch);
	ret = generate(x, row, x->b->generation_len, &res);
	qeff_session_watch(x->s, NULL);
	if (!ret) {
		qeff_result_release(&res);
		if (!x->b->json)
			printf("batch %u, prompt %u\n", row->batch, row->prompt);
		ret = qaic_prof_report(x->b->prof, x->b->json ? &row->profile :
				       NULL, x->err);
	}
	if (!ret && !x->b->json)
		printf("\n");
	qaic_prof_release(x->b->prof);
	return ret;
}

static int run_row(struct bench *x, struct qaic_bench_row *row)
{
	int ret = open_session(x, row);

	if (!ret)
		ret = make_prompts(x, row);
	if (!ret)
		ret = measure(x, row);
	if (!ret)
		ret = profile(x, row);
	qaic_progress_clear();
	qeff_session_close(x->s);
	free(x->ids);
	free(x->prompts);
	free(x->len);
	x->s = NULL;
	x->ids = NULL;
	x->prompts = NULL;
	x->len = NULL;
	return ret;
}

int qaic_bench_run(const struct qaic_bench *b, struct qaic_err *err)
{
	struct bench x = { .b = b, .err = err };
	size_t n = (size_t)b->num_batch * b->num_prompt, i;
	struct qaic_bench_row *row = calloc(n, sizeof(*row));
	int ret = 0;

	x.prefill = calloc(b->runs, sizeof(*x.prefill));
	x.decode = calloc(b->runs, sizeof(*x.decode));
	x.buffer = bw_buffer(BUFFER);
	if (row && x.prefill && x.decode && x.buffer)
		memset(x.buffer, 1, BUFFER);
	else
		ret = no_memory(&x);
	for (i = 0; !ret && i < n; i++) {
		row[i].batch = b->batch[i / b->num_prompt];
		row[i].prompt = b->prompt[i % b->num_prompt];
		ret = run_row(&x, &row[i]);
	}
	if (!ret && b->json)
		ret = qaic_bench_json(b, row, n, err);
	else if (!ret)
		qaic_bench_print(b, row, n);
	for (i = 0; row && i < n; i++)
		json_decref(row[i].profile);
	free(x.prefill);
	free(x.decode);
	free(row);
	return ret;
}
