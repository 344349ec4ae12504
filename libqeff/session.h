/* SPDX-License-Identifier: MIT */
/* A loaded language model: what generate.c needs to know of session.c. */
#ifndef QEFF_SESSION_H
#define QEFF_SESSION_H

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"
#include "libqeff/watch.h"

_Static_assert(QEFF_NUM_SKUS == (int)QAIC_NUM_SKUS, "the same cards");

/* One specialization with its buffers: seq_len positions of every row a call. */
struct qeff_phase {
	struct qaic_exec *exec;
	uint32_t spec;
	uint32_t seq_len;
	int64_t *input_ids;		/* [batch][seq_len] */
	int64_t *position_ids;		/* [batch][seq_len] */
	const void *logits;		/* [batch][rows][vocab] */
	uint32_t rows;			/* 1, or one for each token of a call */
	/* encoder-decoders; the ids above are the decoder's */
	int64_t *encoder_ids;		/* [batch][encoder_len]; NULL: none */
	int64_t *cross;			/* [batch]: last position of the prompt */
	struct qaic_model model;	/* of one call */
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
	bool seq2seq;
	uint32_t encoder_len;		/* of the calls that have encoder rows */
	enum qaic_dtype logits_dtype;	/* QAIC_F32 or QAIC_F16 */
	float *row;			/* one row of logits, if they are F16 */
	struct qeff_rules rules;
	struct qeff_watched watched;
};

/* What the bindings of a specialization say (session_shape.c). */
struct qeff_shape {
	uint32_t batch, seq_len, ctx_len, vocab;
	uint32_t rows;			/* of logits, for each prompt */
	bool seq2seq;
	uint32_t encoder_len;
	enum qaic_dtype logits_dtype;
	const char *ids_name, *pos_name;
};

int qeff_shape_read(struct qaic_program *prog, uint32_t spec,
		    struct qeff_shape *sh, struct qaic_err *err);
/* Do two differ in nothing but the length of their calls? */
int qeff_shape_check(const struct qeff_shape *a, const struct qeff_shape *b,
		     struct qaic_err *err);
/* Does a call of @a take more tokens than one of @b? */
bool qeff_shape_longer(const struct qeff_shape *a, const struct qeff_shape *b);

/* The decoder's tokens so far; ids[0] is what it started with. */
struct qeff_history {
	const int32_t *ids;
	size_t num;			/* at least 1 */
	size_t max;			/* they will not be more than this */
	const int32_t *eos_ids;
	size_t num_eos;
};

/* No rules, and no start token. */
void qeff_rules_init(struct qeff_rules *r);
/* Is there one that changes logits? */
bool qeff_rules_any(const struct qeff_rules *r);
/* Make -inf what must not come next. */
void qeff_rules_apply(const struct qeff_rules *r, const struct qeff_history *h,
		      float *logits, uint32_t vocab);

/* Load what qeff_session_rest() has unloaded. */
int qeff_session_wake(struct qeff_session *s, struct qaic_err *err);

/* A row of logits after a call, of batch * ph->rows, as float32 [vocab]. */
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
