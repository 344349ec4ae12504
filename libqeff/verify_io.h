/* SPDX-License-Identifier: MIT */
/* What there is to compare in an exported model. */
#ifndef QEFF_VERIFY_IO_H
#define QEFF_VERIFY_IO_H

#include "libqeff/qeff.h"

struct qeff_io_out {
	char *label;			/* "logits", "model.layers.0" */
	char *value;			/* its name in the ONNX */
	enum qeff_output_kind kind;
	bool per_token;			/* [batch, seq_len, ...], else a row each */
};

struct qeff_io {
	char *onnx;
	struct qeff_io_out *v;		/* results, blocks, then states */
	size_t n;
	bool seq2seq;			/* an encoder-decoder */
	bool cached;			/* it has states: call by call */
	const char **blocks;		/* values of the blocks */
	size_t num_blocks;
};

/*
 * Read the outputs of @onnx; with @blocks also the values between its blocks,
 * which its metadata lists.
 */
int qeff_io_open(struct qeff_io *io, const char *onnx, bool blocks,
		 struct qaic_err *err);
const struct qeff_io_out *qeff_io_find(const struct qeff_io *io,
				       const char *label);
void qeff_io_close(struct qeff_io *io);

#endif
