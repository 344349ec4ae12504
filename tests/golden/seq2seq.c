// SPDX-License-Identifier: MIT
/*
 * Encoder-decoders from ids to ids against Hugging Face's numbers: logits of every
 * decoder position and greedy tokens, by precision, NSPs, encoder length and batch.
 *
 *	seq2seq MODEL_DIR...
 */
#include "compiler/qaicc.h"
#include "libqeff/safetensors.h"
#include "tests/golden/copies.h"

#define MAX_BATCH 3

struct golden {
	const char *dir, *name;
	int32_t *input, *tokens;	/* tokens starts with the decoder's first */
	size_t num_input, num_tokens, vocab;
	float *logits;			/* of tokens[0 .. num_tokens - 2] */
};

struct combo {
	const struct golden *g;
	const char *dir;		/* of the checkpoint: g's, or a copy */
	bool fp32;
	unsigned int cores, prompt_len, batch;
};

/* What one generation gave. */
struct made {
	float *logits[MAX_BATCH];	/* [calls][vocab] of each row */
	size_t calls[MAX_BATCH];
	size_t vocab, max;
	struct qeff_result res;
};

static int load_golden(struct golden *g, const char *dir)
{
	struct qaic_err err = QAIC_ERR_INIT;
	json_t *root, *shape;
	int ret;

	memset(g, 0, sizeof(*g));
	g->dir = dir;
	ret = golden_json(dir, &g->name, &root, &err);
	if (ret)
		return ret;
	g->input = id_array(root, "input_ids", &g->num_input);
	g->tokens = id_array(root, "decoder_greedy_ids", &g->num_tokens);
	shape = json_object_get(root, "logits_f32_shape");
	g->vocab = json_integer_value(json_array_get(shape, 1));
	g->logits = load_logits(dir, "logits.f32", g->num_tokens - 1, g->vocab);
	json_decref(root);
	return g->logits ? 0 : -1;
}

static int on_logits(void *ctx, size_t row, const float *l, size_t vocab)
{
	struct made *m = ctx;

	if (m->calls[row] < m->max)
		memcpy(m->logits[row] + m->calls[row]++ * vocab, l,
		       vocab * sizeof(*l));
	return 0;
}

/* Generate @max tokens from each prompt; false (and a failure) if it cannot. */
static bool run(const struct combo *c, const int32_t *const *prompts,
		const size_t *len, size_t max, struct made *m)
{
	struct qeff_build_options o = {
		.model_dir = c->dir, .cache_dir = cache,
		.num_cores = c->cores, .batch_size = c->batch,
		.prompt_len = c->prompt_len, .ctx_len = max + 1,
		.fp32 = c->fp32,
	};
	struct qeff_request q = {
		.prompts = prompts, .prompt_len = len, .num_prompts = c->batch,
		.logits = on_logits, .ctx = m,
	};
	struct qeff_session *s = open_model(c->g->name, &o);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_model_info info;
	size_t r;
	int ret;

	memset(m, 0, sizeof(*m));
	if (!s)
		return false;
	m->vocab = c->g->vocab;
	m->max = max;
	for (r = 0; r < c->batch; r++)
		m->logits[r] = calloc(max * m->vocab, sizeof(float));
	ret = qeff_model_info(c->dir, &info, &err);
	if (!ret) {
		qeff_session_set_rules(s, &info.rules);
		ret = qeff_generate(s, &q, &m->res, &err);
	}
	if (ret)
		result(false, "%s: %s", c->g->name, err.msg);
	qeff_session_close(s);
	return !ret;
}

static void release(struct made *m)
{
	size_t r;

	for (r = 0; r < MAX_BATCH; r++)
		free(m->logits[r]);
	qeff_result_release(&m->res);
}

static double distance(const float *got, const float *want, size_t n)
{
	double dd = 0, ww = 0, d;
	size_t i;

	for (i = 0; i < n; i++) {
		d = (double)got[i] - want[i];
		dd += d * d;
		ww += (double)want[i] * want[i];
	}
	return dd == dd ? sqrt(dd / ww) : INFINITY;
}

/*
 * A row's logits up to where its tokens leave those of @want: what half precision
 * makes of a close call is another sequence from there on.
 */
static void compare(const struct combo *c, const struct made *m, size_t row,
		    const int32_t *want, const float *logits, size_t n)
{
	double limit = c->fp32 ? 1e-4 : 5e-3, rms;
	char what[96];
	size_t same = 0;

	snprintf(what, sizeof(what), "%s %s cores %u prompt-len %u row %zu of %u",
		 c->g->name, c->fp32 ? "fp32" : "fp16", c->cores,
		 c->prompt_len, row, c->batch);
	if (m->res.num_ids[row] != n || m->calls[row] != n) {
		result(false, "%s: %zu tokens, not %zu", what,
		       m->res.num_ids[row], n);
		return;
	}
	while (same < n && m->res.ids[row][same] == want[same])
		same++;
	result(same == n || !c->fp32, "%s: other greedy tokens from %zu on",
	       what, same);
	if (same < n)
		same++;		/* its logits chose the other one */
	rms = distance(m->logits[row], logits, same * m->vocab);
	result(rms <= limit, "%s: relative RMS %.3g over %zu rows", what, rms,
	       same);
}

static void check_golden(const struct golden *g, const char *dir, bool fp32,
			 unsigned int cores, unsigned int prompt_len)
{
	struct combo c = { g, dir, fp32, cores, prompt_len, 1 };
	const int32_t *p = g->input;
	struct made m;

	if (run(&c, &p, &g->num_input, g->num_tokens - 1, &m))
		compare(&c, &m, 0, g->tokens + 1, g->logits, g->num_tokens - 1);
	release(&m);
}

/* Rows of unequal prompts are what they are alone. */
static void check_batch(const struct golden *g, bool fp32, unsigned int cores)
{
	struct combo c = { g, g->dir, fp32, cores, g->num_input + 7, MAX_BATCH };
	size_t n = g->num_input, len[MAX_BATCH] = { n / 4 + 1, n, n * 5 / 8 };
	const int32_t *p[MAX_BATCH] = { g->input, g->input, g->input };
	struct made all, one;
	size_t r;

	if (!run(&c, p, len, 12, &all))
		goto out;
	c.batch = 1;
	for (r = 0; r < MAX_BATCH; r++) {
		if (run(&c, p, &len[r], 12, &one))
			compare(&c, &all, r, one.res.ids[0], one.logits[0], 12);
		release(&one);
	}
out:
	release(&all);
}

/* ---- what a decode call does not do ---- */

/* What crosses the bus: ids, positions, logits; neither cache, nor the prompt again. */
static void check_bus(const struct golden *g)
{
	struct qeff_build_options o = {
		.model_dir = g->dir, .cache_dir = cache, .num_cores = 3,
		.batch_size = 2, .prompt_len = 32, .ctx_len = 20, .fp32 = true,
	};
	const int32_t *p[2] = { g->input, g->input };
	size_t len[2] = { g->num_input, 3 }, calls = 9;
	struct qeff_request q = {
		.prompts = p, .prompt_len = len, .num_prompts = 2,
		.generation_len = calls,
	};
	struct qeff_session *s = open_model(g->name, &o);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_model_info info;
	struct qaic_dma_stats a, b;
	struct qeff_result res;
	uint64_t in, out;

	if (!s)
		return;
	qeff_model_info(g->dir, &info, &err);
	qeff_session_set_rules(s, &info.rules);
	if (qaic_program_dma_stats(s->prog, &a) ||
	    qeff_generate(s, &q, &res, &err) ||
	    qaic_program_dma_stats(s->prog, &b)) {
		result(false, "%s: %s", g->name, err.msg);
		goto out;
	}
	in = 8 * o.batch_size * (o.prompt_len + 3 * calls);
	out = 4 * o.batch_size * calls * g->vocab;
	result(b.bytes_to_dev - a.bytes_to_dev == in &&
	       b.bytes_from_dev - a.bytes_from_dev == out,
	       "%s: %llu bytes to the card and %llu back, not %llu and %llu",
	       g->name, (unsigned long long)(b.bytes_to_dev - a.bytes_to_dev),
	       (unsigned long long)(b.bytes_from_dev - a.bytes_from_dev),
	       (unsigned long long)in, (unsigned long long)out);
	qeff_result_release(&res);
out:
	qeff_session_close(s);
}

/* Bytes of the encoder's matrices in the checkpoint. */
static uint64_t encoder_bytes(const struct golden *g)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qf_tensors ts;
	uint64_t sum = 0;
	size_t i;

	if (qf_tensors_open(&ts, g->dir, &err))
		return UINT64_MAX;
	for (i = 0; i < ts.num; i++)
		if (ts.tensor[i].rank == 2 &&
		    (!strncmp(ts.tensor[i].name, "model.encoder.layers.", 21) ||
		     !strncmp(ts.tensor[i].name, "encoder.block.", 14)))
			sum += ts.tensor[i].size;
	qf_tensors_close(&ts);
	return sum;
}

/* A call without encoder rows reads the encoder's weights no more. */
static void check_reads(const struct golden *g)
{
	static const struct qaicc_symbol sym[2][5] = {
		{ { "batch_size", 1 }, { "seq_len", 1 }, { "ctx_len", 16 },
		  { "encoder_ctx_len", 24 }, { "encoder_len", 24 } },
		{ { "batch_size", 1 }, { "seq_len", 1 }, { "ctx_len", 16 },
		  { "encoder_ctx_len", 24 }, { "encoder_len", 0 } },
	};
	const struct qaicc_spec specs[2] = {
		{ "Encode", sym[0], 5 }, { "Decode", sym[1], 5 },
	};
	struct qeff_build_options o = { .model_dir = g->dir, .cache_dir = cache };
	char *qpc = qaic_asprintf("%s/reads-%s", cache, g->name);
	struct qaicc_options c = {
		.out_dir = qpc, .num_cores = 16, .retained_state = true,
		.specs = specs, .num_specs = 2,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_artefacts art = { 0 };
	struct qaicc_report r = { 0 };
	uint64_t encoder = encoder_bytes(g), less;

	if (qeff_build_onnx(&o, &art, &err))
		goto failed;
	c.onnx = art.onnx;
	if (qaicc_compile(&c, &r, &err))
		goto failed;
	less = r.specs[0].ddr_read - r.specs[1].ddr_read;
	result(r.specs[0].ddr_read > r.specs[1].ddr_read && less >= encoder,
	       "%s: decode reads %llu bytes less, the encoder has %llu",
	       g->name, (unsigned long long)less, (unsigned long long)encoder);
	qaicc_report_release(&r);
	goto out;
failed:
	result(false, "%s: %s", g->name, err.msg);
out:
	qeff_artefacts_release(&art);
	free(qpc);
}

/* ---- T5 in half precision ---- */

/* The card in FP32, held to Hugging Face's numbers above, is the reference. */
static void check_tamed(const struct golden *g)
{
	struct golden t = *g;
	struct combo c = { &t, edited_copy(g->dir, g->name, tame, NULL), true,
			   16, g->num_input, 1 };
	const int32_t *p = g->input;
	struct made m;
	unsigned int cores;

	if (!c.dir)
		return;
	if (run(&c, &p, &t.num_input, t.num_tokens - 1, &m)) {
		t.tokens = m.res.ids[0] - 1;	/* [0] is not looked at */
		t.logits = m.logits[0];
		for (cores = 1; cores <= 16; cores = cores == 1 ? 3 : cores + 13)
			check_golden(&t, c.dir, false, cores, 32);
	}
	release(&m);
	free((char *)c.dir);
}

static void check_model(const char *dir, bool verbose)
{
	static const unsigned int cores[] = { 16, 3, 1 };
	struct golden g;
	bool t5;
	size_t i;

	if (load_golden(&g, dir)) {
		result(false, "%s: bad golden files", dir);
		goto out;
	}
	t5 = is_t5(g.name);
	for (i = 0; i < QAIC_ARRAY_SIZE(cores); i++) {
		check_golden(&g, dir, true, cores[i], g.num_input);
		check_golden(&g, dir, true, cores[i], 40);
		if (!t5)
			check_golden(&g, dir, false, cores[i], 32);
	}
	check_batch(&g, true, 3);
	check_batch(&g, true, 16);
	check_bus(&g);
	check_reads(&g);
	if (t5)
		check_tamed(&g);
out:
	free(g.input);
	free(g.tokens);
	free(g.logits);
}

int main(int argc, char **argv)
{
	return check_models(argc, argv, check_model);
}
