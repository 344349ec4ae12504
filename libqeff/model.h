/* SPDX-License-Identifier: MIT */
/*
 * What a config.json says, in the terms that the shared blocks understand.
 *
 * An architecture's configure() fills this in; nothing after it reads JSON.
 */
#ifndef LIBQEFF_MODEL_H
#define LIBQEFF_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct qf_arch;
struct qf_class;

enum qf_act {
	QF_ACT_SILU,
	QF_ACT_GELU,			/* exact: erf */
	QF_ACT_GELU_TANH,		/* tanh approximation */
	QF_ACT_GELU_QUICK,		/* x * sigmoid(1.702 x) */
	QF_ACT_RELU,
	QF_ACT_TANH,
	QF_ACT_SIGMOID,
	QF_ACT_RELU2,			/* relu(x) squared */
};

enum qf_norm_kind {
	QF_NORM_LAYER,			/* mean and variance; weight, bias */
	QF_NORM_RMS,			/* root mean square; weight */
};

struct qf_norm {
	enum qf_norm_kind kind;
	bool no_bias;			/* LayerNorm with a weight alone */
	bool no_weight;			/* LayerNorm without either (OLMo) */
	bool plus_one;			/* the gain is 1 + weight */
	double eps;
};

enum qf_rope_kind {
	QF_ROPE_NONE,
	QF_ROPE_HALF,			/* pairs (i, i + dim / 2): "neox" */
	QF_ROPE_INTERLEAVED,		/* pairs (2i, 2i + 1): GPT-J */
};

enum qf_rope_scaling {
	QF_ROPE_PLAIN,
	QF_ROPE_LINEAR,
	QF_ROPE_LLAMA3,
	QF_ROPE_YARN,
	QF_ROPE_LONG,
};

#define QF_ROPE_MAX_LONG 256		/* factors of a longrope list */

struct qf_rope {
	enum qf_rope_kind kind;
	enum qf_rope_scaling scaling;
	uint32_t dim;			/* even; the rest of a head passes */
	uint32_t positions;		/* rows of the tables */
	uint32_t short_rows;		/* longrope: rows before them */
	double theta;
	double partial;			/* of the head that rotates */
	double factor;
	double low_freq, high_freq;	/* llama3 */
	double original;		/* llama3, longrope: before scaling */
	double beta_fast, beta_slow;	/* yarn */
	double attention;		/* cos and sin are multiplied by it */
	/* longrope: frequencies are divided by them, pair by pair */
	float short_factor[QF_ROPE_MAX_LONG], long_factor[QF_ROPE_MAX_LONG];
};

/* Attention with linear biases: slope of the head * (key - query position). */
struct qf_alibi {
	double max;			/* slopes down to 2^-max; 0: no ALiBi */
	double scale;			/* of the biases */
	bool bf16;			/* slope * position is rounded (Falcon) */
};

enum qf_layout {
	QF_OUT_IN,			/* torch Linear: [out, in] */
	QF_IN_OUT,			/* GPT-2 Conv1D: [in, out] */
};

enum qf_qkv {
	QF_QKV_SEPARATE,		/* q_proj, k_proj, v_proj */
	QF_QKV_FUSED,			/* one product: q | k | v */
};

/* Norms of queries and keys, before they rotate; of the model's kind. */
enum qf_qk_norm {
	QF_QK_NORM_NONE,
	QF_QK_NORM_ALL,			/* over all heads at once */
	QF_QK_NORM_HEAD,		/* over each head, one weight for all */
	QF_QK_NORM_ROWS,		/* over each head, weight [heads, D] */
	QF_QK_NORM_LIST,		/* over each head, modules norms.N */
};

struct qf_attention {
	const char *name;		/* module name: "self_attn" */
	enum qf_qkv qkv;
	const char *q, *k, *v;		/* q alone when fused */
	const char *o;
	/*
	 * Fused: the rows come in so many blocks, each with its share of the
	 * heads as q | k | v. One per key/value head is "interleaved".
	 */
	uint32_t blocks;
	bool v_first;			/* fused: q | v | k */
	double clip;			/* q, k, v within +-clip; 0: any */
	enum qf_layout layout;
	bool qkv_bias, o_bias;
	enum qf_qk_norm qk_norm;
	const char *q_norm, *k_norm;
	double scale;			/* of the scores, all layers */
	bool scale_by_layer;		/* and 1 / (layer + 1) */
	double softcap;			/* cap * tanh(score / cap); 0: none */
	uint32_t window;		/* sliding window; 0: none */
	/* layers with the window: from, from + step, ...; step 0: all */
	uint32_t window_from, window_step;
};

struct qf_mlp {
	const char *name;		/* module name: "mlp"; NULL: the layer */
	const char *gate;		/* NULL: down(act(up(x))) */
	const char *up, *down;
	bool gate_up;			/* @up gives gate | up in one product */
	enum qf_layout layout;
	enum qf_act act;
	bool bias;
	uint32_t inner;			/* its width; 0: the model's */
};

#define QF_MAX_LAYERS 4096

/* Mixture of experts: each position runs @chosen gated MLPs of @experts. */
struct qf_moe {
	const char *name;		/* module name: "block_sparse_moe" */
	const char *router, *list;	/* in it: "gate", "experts" */
	const char *gate, *up, *down;	/* in an expert */
	uint32_t experts;		/* 0: the model has one MLP */
	uint32_t chosen;
	enum qf_act act;
	uint32_t inner;			/* width of an expert; 0: the model's */
	/* weights are the chosen ones' share of all, not of the chosen */
	bool of_all;
	/* one more MLP for every position, times sigmoid of a product */
	struct qf_mlp shared;		/* .down NULL: there is none */
	const char *shared_gate;
	/* layers step - 1, 2 step - 1, ... have experts, but for those named */
	uint32_t step;			/* 0: all */
	uint8_t plain[QF_MAX_LAYERS / 8];	/* bit i: layer i has an MLP */
};

#define QF_NO_PAD UINT32_MAX

/* Biases of the scores by distance, in buckets (T5, MPNet). */
struct qf_relative {
	const char *table;		/* module: [buckets, heads]; NULL: none */
	uint32_t buckets;
	uint32_t max_distance;		/* from it on, one bucket */
	bool one_sided;			/* later keys are as near as the own one */
};

/*
 * Scores with parts by contents and distance (DeBERTa): content to position, position
 * to content. Distances from -span to span have an embedding each, or share it by
 * their logarithm.
 */
struct qf_disentangled {
	const char *table;		/* module: [2 span, hidden]; NULL: none */
	const char *norm;		/* of its rows; NULL: none */
	uint32_t span;
	uint32_t buckets;		/* 0: a row for each distance */
	uint32_t max_distance;
	bool c2p, p2c;
	bool share;			/* positions go through q and k, too */
};

/* The head of a masked language model: names from the top. */
struct qf_masked_lm {
	const char *dense, *norm;	/* transform, before the product */
	enum qf_act act;
	const char *out;		/* product; may be the embedding's */
	const char *bias;		/* module that has the bias */
};

/* The head of labels for a sequence: names from the top. */
struct qf_classify {
	const char *pool;		/* product with the row; NULL: none */
	enum qf_act act;		/* behind it */
	const char *out;
	bool no_bias;			/* of out */
};

/* Encoder-decoders: what the encoder has of its own, and cross-attention. */
struct qf_seq2seq {
	uint32_t layers, heads, head_dim, inner, vocab;
	double scale;			/* of its attention */
	const char *shared;		/* module: the embedding of both sides */
	bool own_tables;		/* each side has its own instead */
	bool sinusoids;			/* positions, if there are no weights */
	const char *mlp, *norm_mlp;	/* modules of its layers */
	const char *norm_final;		/* in the encoder */
	const char *relative;		/* table of distances */
	struct qf_attention cross;
	const char *norm_cross;		/* before, or of the sum */
	/* ids by the config class; -1: none */
	int32_t start_id, forced_eos_id;
};

struct qf_model {
	const struct qf_arch *arch;
	const struct qf_class *cls;	/* its class: which head */
	uint32_t vocab;
	uint32_t hidden;
	uint32_t layers;
	uint32_t heads, kv_heads, head_dim;
	uint32_t inner;			/* width of the MLP */
	uint32_t max_positions;
	bool tied;			/* the head is the embedding */
	bool tied_if_alone;		/* so it is if there is no lm_head */
	struct qf_norm norm;
	struct qf_rope rope;
	struct qf_alibi alibi;
	/* modules: names inside the base model; NULL: there is none */
	const char *embed;		/* token embedding */
	const char *embed_pos;		/* learned positions */
	uint32_t pos_offset;		/* its row of position 0 */
	bool pos_by_pad;		/* count the tokens that are not pad_id */
	uint32_t pad_id;		/* QF_NO_PAD: there is none */
	const char *embed_type;		/* token types: first, second text */
	uint32_t types;			/* rows of it */
	bool type_input;		/* the types are an input, else all 0 */
	const char *embed_norm;
	double embed_scale;		/* 1: as they are */
	uint32_t embed_width;		/* columns of the table; 0: hidden */
	const char *embed_in, *embed_out;	/* projections from, to it */
	const char *layer;		/* layers are layer.0, layer.1, ... */
	const char *norm_attn, *norm_mlp;	/* before attention, MLP */
	const char *norm_attn_out, *norm_mlp_out;	/* behind them */
	bool parallel;			/* both branches read the layer's input */
	bool post_norm;			/* norm_* work on the sums instead */
	bool residual_normed;		/* the sums take the norms' outputs */
	double residual_scale;		/* of the branches; 1: as they are */
	const char *norm_final;
	/* the head: a name from the top */
	const char *head;
	bool head_bias;
	const char *head_row;		/* tensor [1, vocab] that is added, if there */
	bool head_norm;			/* its rows are scaled to length 1 */
	double logit_scale;		/* 1: as they are */
	double logit_softcap;		/* 0: none */
	/* the other heads */
	struct qf_masked_lm mlm;
	struct qf_classify classify;
	uint32_t labels;
	struct qf_relative relative;
	struct qf_disentangled disentangled;
	struct qf_attention attn;
	struct qf_mlp mlp;
	struct qf_moe moe;		/* instead of it */
	struct qf_seq2seq seq2seq;	/* the rest is the decoder's */
	bool every_row;			/* logits of all tokens: to verify */
};

#endif
