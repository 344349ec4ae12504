/* SPDX-License-Identifier: MIT */
/*
 * A verification: up to three evaluations of one model along the same calls, and
 * what they share.
 *
 * The reference is the checkpoint, exported anew, over whole sequences in one
 * call. The ONNX is the exported file, call by call with its cache. Both are run
 * by the compiler's plain FP32 loops. The card runs what the compiler made of the
 * ONNX. Between the first two are the exported file, its cache and its chunks;
 * between the last two the compiler, the card and their precision.
 */
#ifndef QEFF_VERIFY_H
#define QEFF_VERIFY_H

#include "compiler/qaicc.h"
#include "libqeff/pipeline.h"
#include "libqeff/verify_card.h"
#include "libqeff/verify_io.h"

/*
 * One call: tokens of every row, right-padded with position -1. Those of an
 * encoder-decoder are the decoder's; the encoder's are beside them.
 */
struct qeff_call {
	uint32_t batch, seq_len;
	bool seq2seq;
	uint32_t encoder_len;		/* of this call: that of the prompts, or 0 */
	int64_t *source;		/* [batch][encoder_len] of the prompts */
	int64_t *last;			/* [batch]: their last positions */
	int64_t *ids, *pos;		/* [batch][seq_len] */
	size_t *first;			/* of each row: position of its first token */
	uint32_t *real;			/* of each row: how many tokens are real */
};

/*
 * Fill the model input @name; false for one that is not known here. @size is what
 * the input has room for.
 */
bool qeff_call_fill(const struct qeff_call *call, const char *name,
		    enum qaic_dtype dtype, void *to, size_t size);

/* The cache of an evaluation, by input of the ONNX; NULL where it is none. */
struct qeff_states {
	void **data;
	char **name;
	size_t *size;
	size_t n;
};

/* The ONNX bound to one seq_len, in the reference loops. */
struct qeff_eval {
	struct qaicc_ref *ref;
	struct qeff_states *states;
	uint32_t seq_len, encoder_len;
	void **inputs;			/* the eval's, but for states */
	int *state_of_output;		/* input that an output feeds, or -1 */
	size_t num_inputs, num_outputs;
};

/*
 * Bind @io's ONNX; @st is shared by all that carry the same cache. @encoder_len is
 * that of an encoder-decoder's call.
 */
int qeff_eval_open(struct qeff_eval *e, const struct qeff_io *io,
		   const struct qeff_verify_options *opt, uint32_t seq_len,
		   uint32_t encoder_len, struct qeff_states *st,
		   struct qaic_err *err);
int qeff_eval_call(struct qeff_eval *e, const struct qeff_call *call,
		   struct qaic_err *err);
/* Take the outputs as the cache of the next call. */
void qeff_eval_keep_states(struct qeff_eval *e);
/* An output's elements and how many; NULL if it is not there. */
const float *qeff_eval_output(const struct qeff_eval *e, const char *name,
			      size_t *num);
void qeff_eval_close(struct qeff_eval *e);
void qeff_states_clear(struct qeff_states *st);
const float *qeff_states_find(const struct qeff_states *st, const char *name,
			      size_t len, size_t *num);
void qeff_states_release(struct qeff_states *st);

/* Sums over all that was compared of one output. */
struct qeff_sums {
	double dd, aa, bb, ab, max;	/* difference, the two sides */
	uint64_t n;
	size_t rows, top1;
};

/* @n elements of @a against those of @b, of which the latter is nearer the truth. */
void qeff_sums_add(struct qeff_sums *s, const float *a, const float *b, size_t n);
void qeff_sums_distance(const struct qeff_sums *s, struct qeff_distance *d);

struct qeff_verifier {
	struct qeff_verify_options opt;
	char *dir;			/* scratch; removed at close */
	struct qeff_io io, ref_io;	/* of the ONNX; of the reference's */
	struct qeff_eval prefill, decode_own, *decode;
	struct qeff_states states;	/* of the ONNX */
	struct qeff_card card;
	/* of the batch that is run */
	const struct qeff_verify_batch *b;
	struct qaic_err *err;
	struct qeff_eval ref;		/* whole sequences; .ref NULL: none */
	struct qeff_states ref_states;
	struct qeff_call call;
	size_t *next;			/* of each row: next row of card logits */
	size_t *whole;			/* of each row: tokens that are inputs */
	size_t *end;			/* of each row, behind this call's last */
	struct qeff_sums (*sums)[QEFF_NUM_PAIRS];	/* of each io.v */
};

/* Compare the outputs of a call that both sides have run. */
int qeff_verify_compare(struct qeff_verifier *v, const struct qeff_eval *e);
/* Compare the logits of the reference with the batch's golden ones. */
int qeff_verify_golden(struct qeff_verifier *v);
/* Compare the caches when a batch is done. */
void qeff_verify_states(struct qeff_verifier *v);

#endif
