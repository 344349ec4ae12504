// SPDX-License-Identifier: MIT
/*
 * decode [DIR [THREADS [TOKENS [FORMAT]]]]: tokens per second of a 1.1 B Llama with
 * random weights, and what share of the read bandwidth that is. FORMAT is fp16,
 * mxint8, mxfp6 or mxfp4, the last three with /int8 for 8-bit activations.
 *
 * Makes the checkpoint (22 layers, hidden 2048, intermediate 5632, 32/4 heads,
 * vocabulary 32000, F16) in DIR (default build/bench), exports and compiles it
 * (FP16, 16 cores, prompt 32, context 128), decodes, and measures the bandwidth
 * before and after every run with as many threads. What is in DIR already is used again;
 * it needs 7 GB. Delete it when done.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bandwidth.h"
#include "base/f16.h"
#include "base/file.h"
#include "base/str.h"
#include "libqeff/qeff.h"
#include "soc/nsp.h"

#define LAYERS	22
#define HIDDEN	2048
#define INTER	5632
#define HEADS	32
#define KV_HEADS 4
#define HEAD_DIM (HIDDEN / HEADS)
#define VOCAB	32000

static const char config[] =
	"{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\","
	"\"hidden_size\":2048,\"intermediate_size\":5632,"
	"\"num_hidden_layers\":22,\"num_attention_heads\":32,"
	"\"num_key_value_heads\":4,\"head_dim\":64,\"vocab_size\":32000,"
	"\"max_position_embeddings\":2048,\"rms_norm_eps\":1e-05,"
	"\"rope_theta\":10000.0,\"hidden_act\":\"silu\","
	"\"tie_word_embeddings\":false,\"attention_bias\":false,"
	"\"mlp_bias\":false,\"bos_token_id\":1,\"eos_token_id\":2,"
	"\"torch_dtype\":\"float16\"}\n";

struct tensor {
	const char *name;	/* with %d for the layer */
	unsigned int rows, cols;
};

static const struct tensor layer[] = {
	{ "model.layers.%d.input_layernorm.weight", 0, HIDDEN },
	{ "model.layers.%d.mlp.down_proj.weight", HIDDEN, INTER },
	{ "model.layers.%d.mlp.gate_proj.weight", INTER, HIDDEN },
	{ "model.layers.%d.mlp.up_proj.weight", INTER, HIDDEN },
	{ "model.layers.%d.post_attention_layernorm.weight", 0, HIDDEN },
	{ "model.layers.%d.self_attn.k_proj.weight", KV_HEADS * HEAD_DIM,
	  HIDDEN },
	{ "model.layers.%d.self_attn.o_proj.weight", HIDDEN, HIDDEN },
	{ "model.layers.%d.self_attn.q_proj.weight", HIDDEN, HIDDEN },
	{ "model.layers.%d.self_attn.v_proj.weight", KV_HEADS * HEAD_DIM,
	  HIDDEN },
};

static const struct tensor rest[] = {
	{ "lm_head.weight", VOCAB, HIDDEN },
	{ "model.embed_tokens.weight", VOCAB, HIDDEN },
	{ "model.norm.weight", 0, HIDDEN },
};

static enum qaic_dtype format;	/* 0: F16 */

/* bytes that a token reads: every matrix but the embedding */
static uint64_t weight_bytes(void)
{
	uint64_t n = (uint64_t)VOCAB * HIDDEN;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(layer); i++)
		n += (uint64_t)LAYERS * layer[i].rows * layer[i].cols;
	return qaic_dtype_bytes(format ? format : QAIC_F16, n);
}

/* ---- the checkpoint ---- */

#define NOISE	(1 << 20)
static uint16_t noise[2 * NOISE];

/* called for every tensor, in the order of the file */
struct visit {
	struct qaic_str *header;	/* or */
	struct qaic_outfile *file;
	uint64_t off;
	uint64_t rng;
};

static int write_tensor(struct visit *v, const struct tensor *t,
			struct qaic_err *err)
{
	static uint16_t ones[HIDDEN];
	unsigned int i;
	int rc = 0;

	if (!t->rows) {
		for (i = 0; i < HIDDEN; i++)
			ones[i] = 0x3c00;
		return qaic_outfile_write(v->file, ones, sizeof(ones), err);
	}
	for (i = 0; i < t->rows && !rc; i++) {
		v->rng = v->rng * 6364136223846793005ull + 1;
		rc = qaic_outfile_write(v->file, noise + (v->rng >> 44),
					t->cols * 2, err);
	}
	return rc;
}

static int visit(struct visit *v, const struct tensor *t, int nr,
		 struct qaic_err *err)
{
	uint64_t size = 2ull * (t->rows ? t->rows : 1) * t->cols;
	char name[100], shape[40];

	if (v->file)
		return write_tensor(v, t, err);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), t->name, nr);
#pragma GCC diagnostic pop
	if (t->rows)
		snprintf(shape, sizeof(shape), "%u,%u", t->rows, t->cols);
	else
		snprintf(shape, sizeof(shape), "%u", t->cols);
	qaic_str_printf(v->header, "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[%s],"
			"\"data_offsets\":[%llu,%llu]}", v->off ? "," : "{",
			name, shape, (unsigned long long)v->off,
			(unsigned long long)(v->off + size));
	v->off += size;
	return 0;
}

static int visit_all(struct visit *v, struct qaic_err *err)
{
	size_t i;
	int l, rc = 0;

	for (l = 0; l < LAYERS; l++)
		for (i = 0; i < QAIC_ARRAY_SIZE(layer) && !rc; i++)
			rc = visit(v, &layer[i], l, err);
	for (i = 0; i < QAIC_ARRAY_SIZE(rest) && !rc; i++)
		rc = visit(v, &rest[i], 0, err);
	return rc;
}

/* values of about the size that a trained model has */
static void make_noise(void)
{
	uint64_t rng = 1;
	size_t i;
	int j;

	for (i = 0; i < 2 * NOISE; i++) {
		float sum = -2;

		for (j = 0; j < 4; j++) {
			rng = rng * 6364136223846793005ull + 1442695040888963407;
			sum += (rng >> 40) * 0x1p-24f;
		}
		noise[i] = qaic_f32_to_f16(sum * 0.035f);
	}
}

static int write_weights(const char *path, struct qaic_err *err)
{
	struct qaic_str header = { 0 };
	struct qaic_outfile file;
	struct visit v = { .header = &header };
	uint64_t len;
	int rc;

	visit_all(&v, err);
	qaic_str_puts(&header, "}");
	while (header.len % 8)
		qaic_str_putc(&header, ' ');
	if (header.failed)
		return qaic_fail(err, -ENOMEM, "out of memory");
	make_noise();
	len = header.len;
	v = (struct visit){ .file = &file };
	rc = qaic_outfile_open(&file, path, err);
	if (rc)
		goto out;
	rc = qaic_outfile_write(&file, &len, sizeof(len), err);
	if (!rc)
		rc = qaic_outfile_write(&file, header.s, len, err);
	if (!rc)
		rc = visit_all(&v, err);
	if (rc)
		qaic_outfile_abort(&file);
	else
		rc = qaic_outfile_commit(&file, err);
out:
	qaic_str_free(&header);
	return rc;
}

static int make_checkpoint(const char *dir, struct qaic_err *err)
{
	char *weights = qaic_path(dir, "model.safetensors");
	char *json = qaic_path(dir, "config.json");
	int rc;

	rc = qaic_mkdirs(dir, err);
	if (!rc)
		rc = qaic_write_file(json, config, sizeof(config) - 1, err);
	if (!rc && !qaic_is_file(weights)) {
		printf("writing %s\n", weights);
		rc = write_weights(weights, err);
	}
	free(weights);
	free(json);
	return rc;
}

/* ---- measuring ---- */

static void keep_cpus(unsigned int n)
{
	cpu_set_t all, set;
	int i;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(all), &all);
	for (i = 0; i < CPU_SETSIZE && n; i++)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &set);
			n--;
		}
	sched_setaffinity(0, sizeof(set), &set);
}

static double bandwidth(unsigned int threads)
{
	const size_t size = 1u << 30;
	static uint8_t *buf;

	if (!buf) {
		buf = bw_buffer(size);
		if (!buf)
			return 0;
		memset(buf, 1, size);
	}
	return bw_measure(buf, size, threads, 4);
}

static void stage(void *ctx, const char *name, const char *text)
{
	printf("%s: %s\n", name, text);
	fflush(stdout);
}

#define RUNS	5

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int run(const char *qpc, unsigned int threads, unsigned int tokens,
	       struct qaic_err *err)
{
	struct qeff_session_options opt = { .qpc_dir = qpc };
	const int32_t prompt[] = { 1, 450, 4996, 17354, 1701, 29916 };
	const int32_t *prompts[] = { prompt };
	size_t len[] = { QAIC_ARRAY_SIZE(prompt) };
	struct qeff_request req = {
		.prompts = prompts, .prompt_len = len, .num_prompts = 1,
		.generation_len = tokens,
	};
	struct qeff_session *s = NULL;
	struct qeff_result res;
	double bw, rate, share[RUNS], best = 0, best_bw = 0, prefill = 1e9;
	int rc, rep;

	rc = qeff_session_open(&opt, &s, err);
	for (rep = 0; rep < RUNS && !rc; rep++) {
		bw = bandwidth(threads);
		rc = qeff_generate(s, &req, &res, err);
		if (rc)
			break;
		rate = res.decode_steps / res.decode_s;
		if (res.prefill_s < prefill)
			prefill = res.prefill_s;
		qeff_result_release(&res);
		share[rep] = bandwidth(threads);
		bw = share[rep] > bw ? share[rep] : bw;
		share[rep] = rate * weight_bytes() / 1e7 / bw;
		best = rate > best ? rate : best;
		best_bw = bw > best_bw ? bw : best_bw;
		printf("run %d: %6.2f tokens/s, bandwidth %6.2f GB/s, "
		       "share %3.0f %%\n", rep + 1, rate, bw, share[rep]);
		fflush(stdout);
	}
	qeff_session_close(s);
	if (rc)
		return rc;
	qsort(share, RUNS, sizeof(*share), by_size);
	printf("kernels %s, %u threads\n"
	       "read bandwidth     %6.2f GB/s\n"
	       "decode, best run   %6.2f tokens/s = %.2f GB/s of weights = "
	       "%.0f %% of the best bandwidth\n"
	       "share, median run  %6.0f %%\n"
	       "prefill of 32      %6.2f tokens/s\n",
	       nsp_kernels(), threads, best_bw, best,
	       best * weight_bytes() / 1e9,
	       best * weight_bytes() / 1e7 / best_bw, share[RUNS / 2],
	       32 / prefill);
	return 0;
}

static bool read_format(const char *text, bool *int8)
{
	static const enum qaic_dtype known[] = { QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	size_t i, len = strcspn(text, "/");

	*int8 = text[len] && !strcmp(text + len, "/int8");
	if (text[len] && !*int8)
		return false;
	if (!strcmp(text, "fp16"))
		return true;
	for (i = 0; i < QAIC_ARRAY_SIZE(known); i++) {
		if (strlen(qaic_dtype_name(known[i])) != len ||
		    memcmp(text, qaic_dtype_name(known[i]), len))
			continue;
		format = known[i];
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "build/bench";
	unsigned int threads = argc > 2 ? atoi(argv[2]) : 2;
	unsigned int tokens = argc > 3 ? atoi(argv[3]) : 64;
	char *model = qaic_path(dir, "llama-1b");
	struct qeff_build_options opt = {
		.model_dir = model, .cache_dir = dir, .num_cores = 16,
		.batch_size = 1, .prompt_len = 32, .ctx_len = 128,
		.stage = stage,
	};
	struct qeff_artefacts art = { 0 };
	struct qaic_err err = QAIC_ERR_INIT;
	double t;
	int rc;

	if (!threads || threads > 16 || !tokens || tokens > 100 ||
	    !read_format(argc > 4 ? argv[4] : "fp16", &opt.act_int8)) {
		fprintf(stderr, "usage: decode [DIR [THREADS [TOKENS [FORMAT]]]]\n");
		return 1;
	}
	opt.weights = format;
	keep_cpus(threads);
	rc = make_checkpoint(model, &err);
	t = bw_now();
	if (!rc)
		rc = qeff_build(&opt, &art, &err);
	if (!rc) {
		printf("export and compile: %.1f s\n", bw_now() - t);
		rc = run(art.qpc_dir, threads, tokens, &err);
	}
	qeff_artefacts_release(&art);
	free(model);
	if (rc)
		fprintf(stderr, "decode: %s\n", err.msg);
	return rc != 0;
}
