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

enum qf_act {
	QF_ACT_SILU,
	QF_ACT_GELU,			/* exact: erf */
	QF_ACT_GELU_TANH,		/* tanh approximation */
	QF_ACT_GELU_QUICK,		/* x * sigmoid(1.702 x) */
	QF_ACT_RELU,
	QF_ACT_TANH,
	QF_ACT_SIGMOID,
};

enum qf_norm_kind {
	QF_NORM_LAYER,			/* mean and variance; weight and bias */
	QF_NORM_RMS,			/* root mean square; weight */
};

struct qf_norm {
	enum qf_norm_kind kind;
	double eps;
};

enum qf_rope_kind {
	QF_ROPE_NONE,
	QF_ROPE_HALF,			/* pairs (i, i + dim / 2): "neox" */
};

enum qf_rope_scaling {
	QF_ROPE_PLAIN,
	QF_ROPE_LINEAR,
	QF_ROPE_LLAMA3,
	QF_ROPE_YARN,
};

struct qf_rope {
	enum qf_rope_kind kind;
	enum qf_rope_scaling scaling;
	uint32_t dim;			/* even; the rest of a head passes */
	uint32_t positions;		/* rows of the tables */
	double theta;
	double factor;
	double low_freq, high_freq;	/* llama3 */
	double original;		/* llama3: positions before scaling */
	double beta_fast, beta_slow;	/* yarn */
	double attention;		/* cos and sin are multiplied by it */
};

enum qf_layout {
	QF_OUT_IN,			/* torch Linear: [out, in] */
	QF_IN_OUT,			/* GPT-2 Conv1D: [in, out] */
};

enum qf_qkv {
	QF_QKV_SEPARATE,		/* q_proj, k_proj, v_proj */
	QF_QKV_FUSED,			/* one product: q | k | v */
};

struct qf_attention {
	const char *name;		/* module name: "self_attn" */
	enum qf_qkv qkv;
	const char *q, *k, *v;		/* q alone when fused */
	const char *o;
	enum qf_layout layout;
	bool qkv_bias, o_bias;
	double scale;			/* of the scores, all layers */
	bool scale_by_layer;		/* and 1 / (layer + 1) */
	uint32_t window;		/* sliding window; 0: none */
};

struct qf_mlp {
	const char *name;		/* module name: "mlp" */
	const char *gate;		/* NULL: down(act(up(x))) */
	const char *up, *down;
	enum qf_layout layout;
	enum qf_act act;
	bool bias;
};

struct qf_model {
	const struct qf_arch *arch;
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
	/* modules: names inside the base model */
	const char *embed;		/* token embedding */
	const char *embed_pos;		/* learned positions, or NULL */
	const char *layer;		/* layers are layer.0, layer.1, ... */
	const char *norm_attn, *norm_mlp;	/* before attention, MLP */
	const char *norm_final;
	struct qf_attention attn;
	struct qf_mlp mlp;
};

#endif
