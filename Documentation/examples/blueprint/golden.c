// SPDX-License-Identifier: MIT
/*
 * A tiny Blueprint checkpoint and its golden numbers, in plain double precision
 * loops that share nothing with qaic: what a model's own implementation would be.
 *
 *	golden DIR	writes config.json, model.safetensors, golden.json,
 *			logits.f32 and hidden.f32
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOCAB	96
#define HIDDEN	64
#define LAYERS	3
#define HEADS	4
#define KV	2		/* key/value heads: each serves two heads */
#define DIM	(HIDDEN / HEADS)
#define ROTARY	(DIM / 2)	/* partial_rotary_factor 0.5 */
#define INNER	112
#define POS	128
#define EPS	1e-5
#define THETA	10000.0
#define PROMPT	12
#define TOKENS	28		/* with the prompt */

struct layer {
	float norm[HIDDEN];
	float qkv[(HEADS + 2 * KV) * DIM][HIDDEN];
	float out[HIDDEN][HEADS * DIM];
	float gate[INNER][HIDDEN], up[INNER][HIDDEN], down[HIDDEN][INNER];
};

static struct {
	float embed[VOCAB][HIDDEN];
	struct layer layer[LAYERS];
	float norm[HIDDEN];
	float head[VOCAB][HIDDEN];
} w;

static double keys[LAYERS][TOKENS][KV][DIM], values[LAYERS][TOKENS][KV][DIM];

/* ---- the model ---- */

static void rms_norm(double *y, const double *x, const float *gain)
{
	double sum = 0;
	int i;

	for (i = 0; i < HIDDEN; i++)
		sum += x[i] * x[i];
	for (i = 0; i < HIDDEN; i++)
		y[i] = gain[i] * x[i] / sqrt(sum / HIDDEN + EPS);
}

static void product(double *y, const float *m, const double *x, int out, int in)
{
	int i, j;

	for (i = 0; i < out; i++)
		for (y[i] = 0, j = 0; j < in; j++)
			y[i] += (double)m[i * in + j] * x[j];
}

/* Of the first ROTARY elements, i and i + ROTARY / 2 turn together. */
static void rotate(double *x, int pos)
{
	double angle, a, b;
	int i;

	for (i = 0; i < ROTARY / 2; i++) {
		angle = pos * pow(THETA, -2.0 * i / ROTARY);
		a = x[i];
		b = x[i + ROTARY / 2];
		x[i] = a * cos(angle) - b * sin(angle);
		x[i + ROTARY / 2] = b * cos(angle) + a * sin(angle);
	}
}

static void attend(double *y, const double *q, int l, int kv, int pos)
{
	double s[TOKENS], max = -1e300, sum = 0;
	int t, i;

	for (t = 0; t <= pos; t++) {
		for (s[t] = 0, i = 0; i < DIM; i++)
			s[t] += q[i] * keys[l][t][kv][i];
		s[t] /= sqrt(DIM);
		max = fmax(max, s[t]);
	}
	for (t = 0; t <= pos; t++)
		sum += s[t] = exp(s[t] - max);
	for (i = 0; i < DIM; i++)
		for (y[i] = 0, t = 0; t <= pos; t++)
			y[i] += s[t] / sum * values[l][t][kv][i];
}

static void attention(double *y, const double *h, int l, int pos)
{
	double qkv[(HEADS + 2 * KV) * DIM], all[HEADS * DIM];
	double *q = qkv, *k = qkv + HEADS * DIM, *v = k + KV * DIM;
	int i;

	product(qkv, &w.layer[l].qkv[0][0], h, (HEADS + 2 * KV) * DIM, HIDDEN);
	for (i = 0; i < HEADS; i++)
		rotate(q + i * DIM, pos);
	for (i = 0; i < KV; i++)
		rotate(k + i * DIM, pos);
	memcpy(keys[l][pos], k, sizeof(keys[l][pos]));
	memcpy(values[l][pos], v, sizeof(values[l][pos]));
	for (i = 0; i < HEADS; i++)
		attend(all + i * DIM, q + i * DIM, l, i / (HEADS / KV), pos);
	product(y, &w.layer[l].out[0][0], all, HIDDEN, HEADS * DIM);
}

static void mlp(double *y, const double *h, int l)
{
	double gate[INNER], up[INNER];
	int i;

	product(gate, &w.layer[l].gate[0][0], h, INNER, HIDDEN);
	product(up, &w.layer[l].up[0][0], h, INNER, HIDDEN);
	for (i = 0; i < INNER; i++)
		up[i] *= gate[i] / (1 + exp(-gate[i]));
	product(y, &w.layer[l].down[0][0], up, HIDDEN, INNER);
}

static float hidden[LAYERS + 1][PROMPT][HIDDEN];

/* What comes out of the embedding (0) and of each layer, for --per-block. */
static void keep(int block, int pos, const double *x)
{
	int i;

	for (i = 0; pos < PROMPT && i < HIDDEN; i++)
		hidden[block][pos][i] = x[i];
}

/* The logits behind token @id at @pos; earlier positions are in the cache. */
static void run(double *logits, int id, int pos)
{
	double x[HIDDEN], h[HIDDEN], a[HIDDEN], f[HIDDEN];
	int l, i;

	for (i = 0; i < HIDDEN; i++)
		x[i] = w.embed[id][i];
	keep(0, pos, x);
	for (l = 0; l < LAYERS; l++) {
		rms_norm(h, x, w.layer[l].norm);
		attention(a, h, l, pos);
		mlp(f, h, l);
		for (i = 0; i < HIDDEN; i++)
			x[i] += a[i] + f[i];
		keep(l + 1, pos, x);
	}
	rms_norm(h, x, w.norm);
	product(logits, &w.head[0][0], h, VOCAB, HIDDEN);
}

/* ---- the checkpoint ---- */

static uint32_t seed = 1;

/* The same numbers everywhere: -1 to 1. */
static double random_number(void)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) / 8388608.0 - 1;
}

static void fill(float *v, size_t n, double around, double width)
{
	while (n--)
		*v++ = around + width * random_number();
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static struct {
	char name[64];
	const float *data;
	int rows, cols;		/* cols 0: one dimension */
} tensors[LAYERS * 6 + 3];
static int num_tensors;

static void tensor(const char *name, float *data, int rows, int cols)
{
	snprintf(tensors[num_tensors].name, sizeof(tensors[0].name), "%s", name);
	tensors[num_tensors].data = data;
	tensors[num_tensors].rows = rows;
	tensors[num_tensors++].cols = cols;
	if (cols)	/* products keep about the size of what they get */
		fill(data, (size_t)rows * cols, 0, 1.7 / sqrt(cols));
	else		/* gains that show when one is left out */
		fill(data, rows, 1, 0.4);
}

static void make_weights(void)
{
	char name[64];
	int l;

#define LAYER(what, member, rows, cols)					\
	(snprintf(name, sizeof(name), "blueprint.layers.%d." what ".weight", l), \
	 tensor(name, (float *)w.layer[l].member, rows, cols))
	tensor("blueprint.embed.weight", &w.embed[0][0], VOCAB, HIDDEN);
	for (l = 0; l < LAYERS; l++) {
		LAYER("norm", norm, HIDDEN, 0);
		LAYER("attn.qkv", qkv, (HEADS + 2 * KV) * DIM, HIDDEN);
		LAYER("attn.out", out, HIDDEN, HEADS * DIM);
		LAYER("mlp.gate", gate, INNER, HIDDEN);
		LAYER("mlp.up", up, INNER, HIDDEN);
		LAYER("mlp.down", down, HIDDEN, INNER);
	}
	tensor("blueprint.norm.weight", w.norm, HIDDEN, 0);
	tensor("head.weight", &w.head[0][0], VOCAB, HIDDEN);
}

/* github.com/huggingface/safetensors: length of the header, header, bytes */
static void write_safetensors(const char *dir)
{
	static char header[1 << 16];
	size_t len = 0, at = 0, size;
	uint64_t n;
	FILE *f;
	int i;

	for (i = 0; i < num_tensors; i++) {
		size = sizeof(float) * tensors[i].rows *
		       (tensors[i].cols ? tensors[i].cols : 1);
		len += sprintf(header + len, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%d",
			       i ? "," : "{", tensors[i].name, tensors[i].rows);
		if (tensors[i].cols)
			len += sprintf(header + len, ",%d", tensors[i].cols);
		len += sprintf(header + len, "],\"data_offsets\":[%zu,%zu]}", at,
			       at + size);
		at += size;
	}
	header[len++] = '}';
	while (len % 8)
		header[len++] = ' ';
	n = len;
	f = create(dir, "model.safetensors");
	fwrite(&n, 8, 1, f);
	fwrite(header, 1, len, f);
	for (i = 0; i < num_tensors; i++)
		fwrite(tensors[i].data, sizeof(float),
		       (size_t)tensors[i].rows *
		       (tensors[i].cols ? tensors[i].cols : 1), f);
	fclose(f);
}

static void write_config(const char *dir)
{
	FILE *f = create(dir, "config.json");

	fprintf(f, "{\n"
		"  \"architectures\": [\"BlueprintForCausalLM\"],\n"
		"  \"model_type\": \"blueprint\",\n"
		"  \"vocab_size\": %d,\n  \"hidden_size\": %d,\n"
		"  \"num_hidden_layers\": %d,\n  \"num_attention_heads\": %d,\n"
		"  \"num_key_value_heads\": %d,\n  \"intermediate_size\": %d,\n"
		"  \"max_position_embeddings\": %d,\n  \"rms_norm_eps\": %g,\n"
		"  \"rope_theta\": %g,\n  \"partial_rotary_factor\": %g,\n"
		"  \"hidden_act\": \"silu\"\n}\n",
		VOCAB, HIDDEN, LAYERS, HEADS, KV, INNER, POS, EPS, THETA,
		(double)ROTARY / DIM);
	fclose(f);
}

/* ---- the golden numbers ---- */

static void write_ids(FILE *f, const char *key, const int *id, int n)
{
	int i;

	fprintf(f, "\"%s\": [", key);
	for (i = 0; i < n; i++)
		fprintf(f, "%s%d", i ? ", " : "", id[i]);
	fprintf(f, "]");
}

/* The largest logit; *gap is the margin to the second. */
static int best(const double *logits, double *gap)
{
	double second = -1e300;
	int i, at = 0;

	for (i = 1; i < VOCAB; i++)
		if (logits[i] > logits[at])
			at = i;
	for (i = 0; i < VOCAB; i++)
		if (i != at)
			second = fmax(second, logits[i]);
	*gap = fmin(*gap, logits[at] - second);
	return at;
}

static void write_golden(const char *dir)
{
	FILE *f = create(dir, "logits.f32");
	double logits[VOCAB], gap = 1e300;
	int id[TOKENS], pos, i, next;
	float row[VOCAB];

	for (i = 0; i < PROMPT; i++)
		id[i] = (7 + 29 * i) % VOCAB;
	for (pos = 0; pos + 1 < TOKENS; pos++) {
		run(logits, id[pos], pos);
		for (i = 0; i < VOCAB; i++)
			row[i] = logits[i];
		if (pos < PROMPT)
			fwrite(row, sizeof(float), VOCAB, f);
		if (pos + 1 < PROMPT)
			continue;
		next = best(logits, &gap);
		id[pos + 1] = next;
	}
	fclose(f);
	f = create(dir, "golden.json");
	fprintf(f, "{");
	write_ids(f, "input_ids", id, PROMPT);
	fprintf(f, ", ");
	write_ids(f, "greedy_ids", id, TOKENS);
	fprintf(f, ", \"logits_f32_shape\": [%d, %d], \"min_top1_gap\": %g,",
		PROMPT, VOCAB, gap);
	fprintf(f, " \"hidden_f32_shape\": [%d, %d, %d]}\n", LAYERS + 1, PROMPT,
		HIDDEN);
	fclose(f);
	f = create(dir, "hidden.f32");
	fwrite(hidden, sizeof(hidden), 1, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: golden DIR\n");
		return 1;
	}
	make_weights();
	write_config(argv[1]);
	write_safetensors(argv[1]);
	write_golden(argv[1]);
	return 0;
}
