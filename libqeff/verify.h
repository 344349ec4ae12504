/* SPDX-License-Identifier: MIT */
/* A verification: what its two sides and their comparison share. */
#ifndef QEFF_VERIFY_H
#define QEFF_VERIFY_H

#include "compiler/qaicc.h"
#include "libqeff/pipeline.h"
#include "libqeff/verify_card.h"

/* The model at one seq_len. */
struct qeff_eval {
	struct qaicc_ref *ref;
	uint32_t seq_len;
	int64_t *input_ids, *position_ids;
	const void **inputs;
	int *state_of_output;		/* input that an output feeds, or -1 */
	size_t num_inputs, num_outputs, logits;
};

/* Sums of an output over all that was compared. */
struct qeff_sums {
	double dd, cc, rr, cr, max;	/* difference, card, reference */
	uint64_t n;
};

struct qeff_verifier {
	struct qeff_verify_options opt;
	const struct qeff_verify_batch *b;	/* the one that is run */
	struct qaic_err *err;
	struct qeff_eval prefill, decode_own, *decode;
	void **state;			/* KV cache, by input; NULL elsewhere */
	size_t *state_size;
	char **state_name;
	size_t num_state;
	struct qeff_card card;
	size_t *next;			/* of each row: next row of card logits */
	uint32_t *real;			/* of each row: tokens in this call */
	size_t rows, top1;
	struct qeff_sums logits;
	struct qeff_sums *kv;		/* of each card.state */
};

/* Bind the ONNX to one seq_len; the cache is v's, shared by all of them. */
int qeff_eval_open(struct qeff_verifier *v, struct qeff_eval *e,
		   uint32_t seq_len);
void qeff_eval_close(struct qeff_eval *e);

#endif
