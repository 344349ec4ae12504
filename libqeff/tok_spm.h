/* SPDX-License-Identifier: MIT */
/* SentencePiece models, as tok_spm.c and tok_marian.c read them. */
#ifndef QEFF_TOK_SPM_H
#define QEFF_TOK_SPM_H

#include "libqeff/sentencepiece.pb-c.h"
#include "libqeff/tok.h"

/* Read a file; sentencepiece__model__free_unpacked() it. */
int tok_spm_load(const char *path, Sentencepiece__Model **out,
		 struct qaic_err *err);
/* The steps before the model and after it. */
int tok_spm_steps(struct qeff_tokenizer *tok, const Sentencepiece__Model *pb,
		  struct qaic_err *err);
/* Is its text UTF-8, and its score a number? */
int tok_spm_check(const Sentencepiece__Piece *p, struct qaic_err *err);

#endif
