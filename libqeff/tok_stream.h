/* SPDX-License-Identifier: MIT */
/* A decoder at work: the steps are in tok_dec.c, the stream in tok_stream.c. */
#ifndef QEFF_TOK_STREAM_H
#define QEFF_TOK_STREAM_H

#include "libqeff/tok.h"

struct tok_dec_state {
	struct qaic_str hold;	/* not handed on yet */
	struct qaic_str out;	/* a token being rewritten */
	uint64_t count;		/* tokens so far; characters stripped; ... */
	bool started;
};

struct qeff_stream {
	const struct qeff_tokenizer *tok;
	bool skip_special;
	struct tok_dec_state st[TOK_MAX_STEPS];
	struct qaic_str text;
};

/* Hand @p to step @i: a token, or after a fusing step any part of the text. */
void tok_dec_put(struct qeff_stream *s, size_t i, const char *p, size_t n);
/* The end of the text: step by step, what is held becomes final. */
void tok_dec_flush(struct qeff_stream *s);

#endif
