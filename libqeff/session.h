/* SPDX-License-Identifier: MIT */
/* A loaded language model: what generate.c needs to know of session.c. */
#ifndef QEFF_SESSION_H
#define QEFF_SESSION_H

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

/* One specialization with its buffers: seq_len positions of every row a call. */
struct qeff_phase {
	struct qaic_exec *exec;
	uint32_t spec;
	uint32_t seq_len;
	int64_t *input_ids;		/* [batch][seq_len] */
	int64_t *position_ids;		/* [batch][seq_len] */
	const void *logits;		/* [batch][vocab] */
	double model_time;		/* modelled seconds of one call */
};

struct qeff_session {
	char *qpc_dir;
	uint32_t qid;
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct qeff_phase prefill;
	struct qeff_phase decode_own;
	struct qeff_phase *decode;	/* &decode_own or &prefill */
	uint32_t batch, ctx_len, vocab;
	enum qaic_dtype logits_dtype;	/* QAIC_F32 or QAIC_F16 */
	float *row;			/* one row of logits, if they are F16 */
};

/* Load what qeff_session_rest() has unloaded. */
int qeff_session_wake(struct qeff_session *s, struct qaic_err *err);

/* The logits of a row after a call, as float32 [vocab]. */
const float *qeff_session_logits(struct qeff_session *s,
				 const struct qeff_phase *ph, uint32_t row);

/*
 * Fill one row of a call: tokens @first.. of @num, right-padded with position
 * -1, which the graph neither reads nor writes. Returns how many are real.
 */
uint32_t qeff_fill_row(int64_t *input_ids, int64_t *position_ids,
		       uint32_t seq_len, const int32_t *tokens, size_t num,
		       size_t first);

#endif
