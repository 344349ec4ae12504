/* SPDX-License-Identifier: MIT */
/* The card's side of a verification: the model with a cache that can be seen. */
#ifndef QEFF_VERIFY_CARD_H
#define QEFF_VERIFY_CARD_H

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

/* A cache tensor as the host holds it between the calls. */
struct qeff_card_state {
	char *name;			/* "past_key.0" */
	enum qaic_dtype dtype;
	size_t size;			/* bytes */
	void *data;
};

struct qeff_card_phase {
	struct qaic_exec *exec;
	uint32_t spec, seq_len, encoder_len;
};

struct qeff_call;
struct qeff_io;

struct qeff_card {
	char *qpc;
	uint32_t qid;
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct qeff_card_phase phase[2], *last;		/* last: called */
	uint32_t num_phases;
	struct qeff_card_state *state;
	size_t num_state;
	float *out;			/* of qeff_card_output() */
};

/* Compile @io's ONNX to @dir/qpc. */
int qeff_card_open(struct qeff_card *c, const struct qeff_verify_options *opt,
		   const struct qeff_io *io, const char *dir,
		   struct qaic_err *err);
/* Load it, with an empty cache; unload it in any case. */
int qeff_card_load(struct qeff_card *c, struct qaic_err *err);
void qeff_card_unload(struct qeff_card *c);
int qeff_card_call(struct qeff_card *c, const struct qeff_call *call,
		   struct qaic_err *err);
/*
 * An output of the last call as float32, good until the next one is asked for;
 * NULL if it is not there.
 */
const float *qeff_card_output(struct qeff_card *c, const char *name, size_t *num);
/* The same of the cache. */
const float *qeff_card_state(struct qeff_card *c, const char *name, size_t len,
			     size_t *num);
void qeff_card_close(struct qeff_card *c);

#endif
