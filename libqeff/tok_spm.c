// SPDX-License-Identifier: MIT
/*
 * SentencePiece's tokenizer.model. Its parts become the same steps that a
 * tokenizer.json has; only the model itself is of its own kind.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok_spm.h"

#define LOWLINE	"\xe2\x96\x81"	/* U+2581 */

typedef Sentencepiece__Model spm_model;
typedef Sentencepiece__Piece spm_piece;

int tok_spm_check(const spm_piece *p, struct qaic_err *err)
{
	const char *s = (const char *)p->piece.data;
	size_t len = p->piece.len;

	if (!len || len > TOK_MAX_STRING || !tok_utf8_valid(s, len))
		return qaic_fail(err, -EINVAL,
				 "its text is empty, too long or not UTF-8");
	return isfinite(p->score) ? 0 :
	       qaic_fail(err, -EINVAL, "its score is not a number");
}

static int add_piece(struct qeff_tokenizer *tok, const spm_piece *p, int32_t id,
		     struct qaic_err *err)
{
	const char *s = (const char *)p->piece.data;
	size_t len = p->piece.len;
	int rc = tok_spm_check(p, err);

	if (rc)
		return rc;
	rc = tok_vocab_add(&tok->vocab, s, len, id, err);
	if (rc)
		return rc;
	switch (p->type) {
	case SENTENCEPIECE__PIECE__TYPE__CONTROL:
	case SENTENCEPIECE__PIECE__TYPE__UNKNOWN:
		tok->vocab.flags[id] |= TOK_SPECIAL;
		if (p->type == SENTENCEPIECE__PIECE__TYPE__UNKNOWN)
			tok->model.unk = id;
		return 0;
	case SENTENCEPIECE__PIECE__TYPE__USER_DEFINED:
		tok->vocab.flags[id] |= TOK_PIECE | TOK_USER;
		return 0;
	case SENTENCEPIECE__PIECE__TYPE__NORMAL:
		tok->vocab.flags[id] |= TOK_PIECE;
		return 0;
	case SENTENCEPIECE__PIECE__TYPE__BYTE:
		return 0;
	case SENTENCEPIECE__PIECE__TYPE__UNUSED:
		return qaic_fail(err, -EOPNOTSUPP,
				 "pieces of type UNUSED are not supported");
	default:
		return qaic_fail(err, -EINVAL, "its type is %d", (int)p->type);
	}
}

static int read_pieces(struct qeff_tokenizer *tok, const spm_model *pb,
		       struct qaic_err *err)
{
	size_t i;
	int rc;

	for (i = 0; i < pb->n_pieces; i++) {
		rc = add_piece(tok, pb->pieces[i], i, err);
		if (rc) {
			qaic_fail_in(err, "piece %zu", i);
			return rc;
		}
	}
	return tok_vocab_check(&tok->vocab, err);
}

struct scored {
	float score;
	int32_t id;
};

static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

/* Equal scores get equal ranks: then the leftmost pair merges first. */
static int rank_pieces(struct qeff_tokenizer *tok, const spm_model *pb,
		       struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	size_t n = pb->n_pieces, i, k = 0;
	struct scored *v;
	uint32_t rank = 0;

	v = reallocarray(NULL, n, sizeof(*v));
	m->rank = reallocarray(NULL, n, sizeof(*m->rank));
	if (!v || !m->rank) {
		free(v);
		return tok_nomem(err);
	}
	for (i = 0; i < n; i++) {
		if (tok->vocab.flags[i] & TOK_PIECE)
			v[k++] = (struct scored){ pb->pieces[i]->score, i };
	}
	if (k)
		qsort(v, k, sizeof(*v), by_score);
	for (i = 0; i < k; i++) {
		if (i && v[i].score != v[i - 1].score)
			rank++;
		m->rank[v[i].id] = rank;
	}
	free(v);
	return 0;
}

static int copy_scores(struct qeff_tokenizer *tok, const spm_model *pb,
			 struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	float lowest = 0;
	const spm_piece *p;
	size_t i;

	m->score = calloc(pb->n_pieces, sizeof(*m->score));
	if (!m->score)
		return tok_nomem(err);
	for (i = 0; i < pb->n_pieces; i++) {
		p = pb->pieces[i];
		m->score[i] = p->score;
		if (p->type != SENTENCEPIECE__PIECE__TYPE__NORMAL)
			continue;
		if (p->score < lowest)
			lowest = p->score;
	}
	m->unk_score = lowest - TOK_UNK_PENALTY;
	return 0;
}

static int read_trainer(struct qeff_tokenizer *tok, const spm_model *pb,
			struct qaic_err *err)
{
	static const Sentencepiece__Trainer none =
		SENTENCEPIECE__TRAINER__INIT;
	const Sentencepiece__Trainer *t = pb->trainer ? pb->trainer : &none;
	struct tok_model *m = &tok->model;
	int32_t n = pb->n_pieces;

	if (t->treat_whitespace_as_suffix)
		return qaic_fail(err, -EOPNOTSUPP,
				 "treat_whitespace_as_suffix is not supported");
	if (t->model_type == SENTENCEPIECE__TRAINER__MODEL__BPE)
		m->type = TOK_MODEL_SPM;
	else if (t->model_type == SENTENCEPIECE__TRAINER__MODEL__UNIGRAM)
		m->type = TOK_MODEL_UNIGRAM;
	else
		return qaic_fail(err, -EOPNOTSUPP,
				 "model type %d (WORD or CHAR) is not supported; BPE and UNIGRAM are",
				 (int)t->model_type);
	m->byte_fallback = t->byte_fallback;
	m->fuse_unk = true;
	m->single = true;
	tok->is_spm = true;
	if (t->bos_id >= n || t->eos_id >= n || t->pad_id >= n)
		return qaic_fail(err, -ERANGE,
				 "bos_id, eos_id or pad_id is beyond the %d pieces",
				 n);
	tok->bos = t->bos_id < 0 ? -1 : t->bos_id;
	tok->eos = t->eos_id < 0 ? -1 : t->eos_id;
	tok->pad = t->pad_id < 0 ? -1 : t->pad_id;
	return tok_post_ends(tok, tok->bos, -1, err);
}

int tok_spm_steps(struct qeff_tokenizer *tok, const spm_model *pb,
		  struct qaic_err *err)
{
	static const Sentencepiece__Normalizer none =
		SENTENCEPIECE__NORMALIZER__INIT;
	const Sentencepiece__Normalizer *n =
		pb->normalizer ? pb->normalizer : &none;
	struct tok_norm *norm;
	int rc;

	if (pb->denormalizer && pb->denormalizer->precompiled_charsmap.len)
		return qaic_fail(err, -EOPNOTSUPP,
				 "a denormalizer is not supported");
	if (n->precompiled_charsmap.len) {
		norm = tok_norm_add(tok, TOK_NORM_CHARSMAP, err);
		if (!norm)
			return -E2BIG;
		norm->map.longest = true;
		rc = tok_charsmap_read(&norm->map, n->precompiled_charsmap.data,
				       n->precompiled_charsmap.len, err);
		if (rc)
			return rc;
	}
	norm = tok_norm_add(tok, TOK_NORM_SPM, err);
	if (!norm)
		return -E2BIG;
	norm->dummy_prefix = n->add_dummy_prefix;
	norm->squeeze = n->remove_extra_whitespaces;
	norm->escape = n->escape_whitespaces;

	rc = tok_dec_add(tok, TOK_DEC_REPLACE, LOWLINE, 3, " ", 1, err);
	if (!rc)
		rc = tok_dec_plain(tok, TOK_DEC_BYTE_FALLBACK, err);
	if (rc)
		return rc;
	tok->dec[tok->num_dec - 1].per_char = true;
	rc = tok_dec_plain(tok, TOK_DEC_FUSE, err);
	if (rc || !(n->add_dummy_prefix || n->remove_extra_whitespaces))
		return rc;
	rc = tok_dec_add(tok, TOK_DEC_STRIP, " ", 1, "", 0, err);
	if (!rc)
		tok->dec[tok->num_dec - 1].start = 1;
	return rc;
}

static int read_model(struct qeff_tokenizer *tok, const spm_model *pb,
		      struct qaic_err *err)
{
	int rc;

	if (!pb->n_pieces)
		return qaic_fail(err, -EINVAL, "the vocabulary is empty");
	rc = read_pieces(tok, pb, err);
	if (!rc)
		rc = read_trainer(tok, pb, err);
	if (!rc)
		rc = tok_spm_steps(tok, pb, err);
	if (rc)
		return rc;
	if (tok->model.type == TOK_MODEL_SPM)
		return rank_pieces(tok, pb, err);
	return copy_scores(tok, pb, err);
}

int tok_spm_load(const char *path, spm_model **out, struct qaic_err *err)
{
	size_t len;
	char *data;
	int rc;

	rc = qaic_read_file(path, TOK_MAX_FILE, &data, &len, err);
	if (rc)
		return rc;
	*out = sentencepiece__model__unpack(NULL, len, (uint8_t *)data);
	free(data);
	return *out ? 0 : qaic_fail(err, -EINVAL,
				    "%s: not a SentencePiece model", path);
}

int tok_open_spm(struct qeff_tokenizer *tok, const char *path,
		 struct qaic_err *err)
{
	spm_model *pb;
	int rc = tok_spm_load(path, &pb, err);

	if (rc)
		return rc;
	rc = read_model(tok, pb, err);
	if (rc)
		qaic_fail_in(err, "%s", path);
	sentencepiece__model__free_unpacked(pb, NULL);
	return rc;
}
