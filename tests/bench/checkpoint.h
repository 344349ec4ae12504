/* SPDX-License-Identifier: MIT */
/* A Llama of any size with random weights: config.json, model.safetensors in F16. */
#ifndef BENCH_CHECKPOINT_H
#define BENCH_CHECKPOINT_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "base/file.h"
#include "base/str.h"

struct checkpoint {
	unsigned int layers, hidden, inter, heads, kv_heads, vocab;
	unsigned int positions;		/* 0: 2048 */
};

#define CKPT_MAX_HIDDEN	8192

struct ckpt_tensor {
	const char *name;	/* of a layer: behind its prefix */
	unsigned int rows, cols;	/* rows 0: a vector */
};

#define CKPT_PER_LAYER	9
#define CKPT_REST	3

static inline void ckpt_layer(const struct checkpoint *c,
			      struct ckpt_tensor t[CKPT_PER_LAYER])
{
	unsigned int h = c->hidden, kv = h / c->heads * c->kv_heads;
	const struct ckpt_tensor all[CKPT_PER_LAYER] = {
		{ "input_layernorm", 0, h },
		{ "mlp.down_proj", h, c->inter },
		{ "mlp.gate_proj", c->inter, h },
		{ "mlp.up_proj", c->inter, h },
		{ "post_attention_layernorm", 0, h },
		{ "self_attn.k_proj", kv, h },
		{ "self_attn.o_proj", h, h },
		{ "self_attn.q_proj", h, h },
		{ "self_attn.v_proj", kv, h },
	};

	memcpy(t, all, sizeof(all));
}

static inline void ckpt_rest(const struct checkpoint *c,
			     struct ckpt_tensor t[CKPT_REST])
{
	const struct ckpt_tensor all[CKPT_REST] = {
		{ "lm_head", c->vocab, c->hidden },
		{ "model.embed_tokens", c->vocab, c->hidden },
		{ "model.norm", 0, c->hidden },
	};

	memcpy(t, all, sizeof(all));
}

/* weights that a token reads: every matrix but the embedding */
static inline uint64_t ckpt_weights(const struct checkpoint *c)
{
	struct ckpt_tensor t[CKPT_PER_LAYER];
	uint64_t n = (uint64_t)c->vocab * c->hidden;
	size_t i;

	ckpt_layer(c, t);
	for (i = 0; i < CKPT_PER_LAYER; i++)
		n += (uint64_t)c->layers * t[i].rows * t[i].cols;
	return n;
}

#define CKPT_NOISE	(1 << 20)
static uint16_t ckpt_noise[2 * CKPT_NOISE];

/* called for every tensor, in the order of the file */
struct ckpt_visit {
	struct qaic_str *header;	/* or */
	struct qaic_outfile *file;
	uint64_t off;
	uint64_t rng;
};

static inline int ckpt_write(struct ckpt_visit *v, const struct ckpt_tensor *t,
			     struct qaic_err *err)
{
	static uint16_t ones[CKPT_MAX_HIDDEN];
	unsigned int i;
	int rc = 0;

	if (!t->rows) {
		for (i = 0; i < t->cols; i++)
			ones[i] = 0x3c00;
		return qaic_outfile_write(v->file, ones, t->cols * 2, err);
	}
	for (i = 0; i < t->rows && !rc; i++) {
		v->rng = v->rng * 6364136223846793005ull + 1;
		rc = qaic_outfile_write(v->file, ckpt_noise + (v->rng >> 44),
					t->cols * 2, err);
	}
	return rc;
}

static inline int ckpt_tensor(struct ckpt_visit *v, const char *prefix,
			      const struct ckpt_tensor *t, struct qaic_err *err)
{
	uint64_t size = 2ull * (t->rows ? t->rows : 1) * t->cols;
	char shape[40];

	if (v->file)
		return ckpt_write(v, t, err);
	if (t->rows)
		snprintf(shape, sizeof(shape), "%u,%u", t->rows, t->cols);
	else
		snprintf(shape, sizeof(shape), "%u", t->cols);
	qaic_str_printf(v->header, "%s\"%s%s.weight\":{\"dtype\":\"F16\","
			"\"shape\":[%s],\"data_offsets\":[%llu,%llu]}",
			v->off ? "," : "{", prefix, t->name, shape,
			(unsigned long long)v->off,
			(unsigned long long)(v->off + size));
	v->off += size;
	return 0;
}

static inline int ckpt_visit(struct ckpt_visit *v, const struct checkpoint *c,
			     struct qaic_err *err)
{
	struct ckpt_tensor layer[CKPT_PER_LAYER], rest[CKPT_REST];
	char prefix[40];
	unsigned int l, i;
	int rc = 0;

	ckpt_layer(c, layer);
	ckpt_rest(c, rest);
	for (l = 0; l < c->layers; l++) {
		snprintf(prefix, sizeof(prefix), "model.layers.%u.", l);
		for (i = 0; i < CKPT_PER_LAYER && !rc; i++)
			rc = ckpt_tensor(v, prefix, &layer[i], err);
	}
	for (i = 0; i < CKPT_REST && !rc; i++)
		rc = ckpt_tensor(v, "", &rest[i], err);
	return rc;
}

/* values of about the size that a trained model has */
static inline void ckpt_make_noise(void)
{
	uint64_t rng = 1;
	size_t i;
	int j;

	for (i = 0; i < 2 * CKPT_NOISE; i++) {
		float sum = -2;

		for (j = 0; j < 4; j++) {
			rng = rng * 6364136223846793005ull + 1442695040888963407;
			sum += (rng >> 40) * 0x1p-24f;
		}
		ckpt_noise[i] = qaic_f32_to_f16(sum * 0.035f);
	}
}

static inline int ckpt_weights_file(const struct checkpoint *c,
				    const char *path, struct qaic_err *err)
{
	struct qaic_str header = { 0 };
	struct qaic_outfile file;
	struct ckpt_visit v = { .header = &header };
	uint64_t len;
	int rc;

	ckpt_visit(&v, c, err);
	qaic_str_puts(&header, "}");
	while (header.len % 8)
		qaic_str_putc(&header, ' ');
	if (header.failed)
		return qaic_fail(err, -ENOMEM, "out of memory");
	ckpt_make_noise();
	len = header.len;
	v = (struct ckpt_visit){ .file = &file };
	rc = qaic_outfile_open(&file, path, err);
	if (rc)
		goto out;
	rc = qaic_outfile_write(&file, &len, sizeof(len), err);
	if (!rc)
		rc = qaic_outfile_write(&file, header.s, len, err);
	if (!rc)
		rc = ckpt_visit(&v, c, err);
	if (rc)
		qaic_outfile_abort(&file);
	else
		rc = qaic_outfile_commit(&file, err);
out:
	qaic_str_free(&header);
	return rc;
}

static inline int ckpt_config_file(const struct checkpoint *c,
				   const char *path, struct qaic_err *err)
{
	char json[1000];
	int n;

	n = snprintf(json, sizeof(json),
		"{\"architectures\":[\"LlamaForCausalLM\"],"
		"\"model_type\":\"llama\",\"hidden_size\":%u,"
		"\"intermediate_size\":%u,\"num_hidden_layers\":%u,"
		"\"num_attention_heads\":%u,\"num_key_value_heads\":%u,"
		"\"head_dim\":%u,\"vocab_size\":%u,"
		"\"max_position_embeddings\":%u,\"rms_norm_eps\":1e-05,"
		"\"rope_theta\":10000.0,\"hidden_act\":\"silu\","
		"\"tie_word_embeddings\":false,\"attention_bias\":false,"
		"\"mlp_bias\":false,\"bos_token_id\":1,\"eos_token_id\":2,"
		"\"torch_dtype\":\"float16\"}\n",
		c->hidden, c->inter, c->layers, c->heads, c->kv_heads,
		c->hidden / c->heads, c->vocab,
		c->positions ? c->positions : 2048);
	return qaic_write_file(path, json, n, err);
}

/* In directory @dir; weights that are there stay. */
static inline int ckpt_make(const char *dir, const struct checkpoint *c,
			    struct qaic_err *err)
{
	char *weights = qaic_path(dir, "model.safetensors");
	char *json = qaic_path(dir, "config.json");
	int rc;

	rc = qaic_mkdirs(dir, err);
	if (!rc)
		rc = ckpt_config_file(c, json, err);
	if (!rc && !qaic_is_file(weights)) {
		printf("writing %s\n", weights);
		rc = ckpt_weights_file(c, weights, err);
	}
	free(weights);
	free(json);
	return rc;
}

#endif
