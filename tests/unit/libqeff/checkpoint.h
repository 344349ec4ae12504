/* SPDX-License-Identifier: MIT */
/* Small checkpoints for tests, written to a directory of their own. */
#ifndef TEST_CHECKPOINT_H
#define TEST_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

/* For what a test cannot go on without; fuzzers use this header too. */
static inline void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "cannot go on: %s\n", what);
	exit(1);
}

/* A fresh directory; remove it with qaic_rmtree(). */
static inline char *temp_dir(void)
{
	char *dir = strdup("/tmp/qaic-test-XXXXXX");

	must(dir && mkdtemp(dir), "no temporary directory");
	return dir;
}

static inline void drop_dir(char *dir)
{
	must(!qaic_rmtree(dir, NULL), dir);
	free(dir);
}

static inline void put_file(const char *dir, const char *name, const void *data,
			    size_t len)
{
	char *path = qaic_path(dir, name);

	must(!qaic_write_file(path, data, len, NULL), name);
	free(path);
}

static inline void put_text(const char *dir, const char *name, const char *text)
{
	put_file(dir, name, text, strlen(text));
}

/* Length, header, @data bytes of zero: malloc'ed exactly, so ASan sees overruns. */
static inline uint8_t *safetensors(const char *header, size_t data, size_t *size)
{
	uint64_t n = strlen(header);
	uint8_t *p;
	int i;

	*size = 8 + n + data;
	p = malloc(*size);
	must(p, "no memory");
	memset(p, 0, *size);
	for (i = 0; i < 8; i++)
		p[i] = n >> (8 * i);
	memcpy(p + 8, header, n);
	return p;
}

static inline void put_safetensors(const char *dir, const char *name,
				   const char *header, size_t data)
{
	size_t size;
	uint8_t *p = safetensors(header, data, &size);

	put_file(dir, name, p, size);
	free(p);
}

/* Builds a header tensor by tensor. */
struct header {
	struct qaic_str s;
	size_t at;
};

static inline void add_tensor(struct header *h, const char *name,
			      const char *dtype, size_t elem, size_t d0,
			      size_t d1)
{
	size_t size = elem * d0 * (d1 ? d1 : 1);

	qaic_str_printf(&h->s, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%zu",
			h->s.len ? "," : "{", name, dtype, d0);
	if (d1)
		qaic_str_printf(&h->s, ",%zu", d1);
	qaic_str_printf(&h->s, "],\"data_offsets\":[%zu,%zu]}", h->at,
			h->at + size);
	h->at += size;
}

/* The weights of a one-layer Llama: hidden 8, 2 heads, 1 kv head, MLP 12, vocab 16. */
#define TINY_LLAMA "{\"architectures\":[\"LlamaForCausalLM\"]," \
	"\"hidden_size\":8,\"num_hidden_layers\":1,\"num_attention_heads\":2," \
	"\"num_key_value_heads\":1,\"intermediate_size\":12,\"vocab_size\":16," \
	"\"max_position_embeddings\":32,\"tie_word_embeddings\":true}"

static inline void add_llama(struct header *h, const char *dtype, size_t elem,
			     size_t vocab)
{
	const struct {
		const char *name;
		size_t d0, d1;
	} t[] = {
		{ "model.embed_tokens.weight", vocab, 8 },
		{ "model.layers.0.input_layernorm.weight", 8, 0 },
		{ "model.layers.0.self_attn.q_proj.weight", 8, 8 },
		{ "model.layers.0.self_attn.k_proj.weight", 4, 8 },
		{ "model.layers.0.self_attn.v_proj.weight", 4, 8 },
		{ "model.layers.0.self_attn.o_proj.weight", 8, 8 },
		{ "model.layers.0.post_attention_layernorm.weight", 8, 0 },
		{ "model.layers.0.mlp.gate_proj.weight", 12, 8 },
		{ "model.layers.0.mlp.up_proj.weight", 12, 8 },
		{ "model.layers.0.mlp.down_proj.weight", 8, 12 },
		{ "model.norm.weight", 8, 0 },
	};
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(t); i++)
		add_tensor(h, t[i].name, dtype, elem, t[i].d0, t[i].d1);
}

static inline void add_tiny_llama(struct header *h, const char *dtype,
				  size_t elem)
{
	add_llama(h, dtype, elem, 16);
}

/* A directory with a tiny Llama of @config (NULL: TINY_LLAMA). */
static inline char *tiny_llama(const char *config)
{
	struct header h = { 0 };
	char *dir = temp_dir();

	add_tiny_llama(&h, "F32", 4);
	qaic_str_putc(&h.s, '}');
	put_safetensors(dir, "model.safetensors", h.s.s, h.at);
	put_text(dir, "config.json", config ? config : TINY_LLAMA);
	qaic_str_free(&h.s);
	return dir;
}

#endif
