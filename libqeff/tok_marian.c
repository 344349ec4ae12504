// SPDX-License-Identifier: MIT
/*
 * Marian's tokenizers: source.spm cuts a text into pieces, and vocab.json, which
 * both languages share, has their ids. What source.spm knows and vocab.json does
 * not is unknown. A text may begin with the code of a language, as ">>fra<<".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok_spm.h"

#define LANGUAGES_MAX	4096

static int add_special(struct qeff_tokenizer *tok, const char *s, size_t len,
		       struct qaic_err *err)
{
	const struct tok_added_token t = {
		.s = (char *)s, .len = len, .id = -1, .special = true,
	};

	return tok_added_add(tok, &t, err);
}

static bool is_language(const char *s, size_t len)
{
	return len > 4 && !memcmp(s, ">>", 2) && !memcmp(s + len - 2, "<<", 2);
}

static int add_specials(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	const struct {
		const char *s;
		int32_t *id;
	} names[] = {
		{ "<unk>", &tok->model.unk }, { "</s>", &tok->eos },
		{ "<pad>", &tok->pad },
	};
	size_t i, len, found = 0;
	char text[64];
	const char *s;
	int rc = 0;

	for (i = 0; !rc && i < QAIC_ARRAY_SIZE(names); i++) {
		*names[i].id = tok_vocab_find(&tok->vocab, names[i].s,
					      strlen(names[i].s));
		if (*names[i].id < 0)
			rc = qaic_fail(err, -EINVAL,
				       "token \"%s\" is not in the vocabulary",
				       names[i].s);
		else
			rc = add_special(tok, names[i].s, strlen(names[i].s),
					 err);
	}
	for (i = 0; !rc && i < tok->vocab.size; i++) {
		s = tok_vocab_text(&tok->vocab, i, &len);
		if (!s || len >= sizeof(text) || !is_language(s, len))
			continue;
		if (++found > LANGUAGES_MAX)
			return qaic_fail(err, -E2BIG, "too many languages");
		memcpy(text, s, len);
		rc = add_special(tok, text, len, err);
	}
	return rc;
}

/* The pieces of source.spm, numbered as there; ids are those of vocab.json. */
static int read_pieces(struct qeff_tokenizer *tok,
		       const Sentencepiece__Model *pb, struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	const Sentencepiece__Piece *p;
	double lowest = 0;
	size_t i, n = pb->n_pieces;
	int rc;

	m->score = calloc(n + 1, sizeof(*m->score));
	m->piece_id = calloc(n + 1, sizeof(*m->piece_id));
	m->piece_text = calloc(n + 1, sizeof(*m->piece_text));
	if (!m->score || !m->piece_id || !m->piece_text)
		return tok_nomem(err);
	m->num_pieces = n;
	for (i = 0; i < n; i++) {
		p = pb->pieces[i];
		rc = tok_spm_check(p, err);
		if (rc) {
			qaic_fail_in(err, "source.spm: piece %zu", i);
			return rc;
		}
		if (p->type != SENTENCEPIECE__PIECE__TYPE__NORMAL ||
		    memchr(p->piece.data, '\0', p->piece.len))
			continue;
		m->score[i] = p->score;
		if (p->score < lowest)
			lowest = p->score;
		m->piece_text[i] = strndup((char *)p->piece.data, p->piece.len);
		m->piece_id[i] = tok_vocab_find(&tok->vocab,
						(char *)p->piece.data,
						p->piece.len);
		if (m->piece_id[i] < 0)
			m->piece_id[i] = m->unk;
		if (!m->piece_text[i] ||
		    tok_prefix_add(&m->pieces, m->piece_text[i],
				   strlen(m->piece_text[i]), i))
			return tok_nomem(err);
	}
	m->unk_score = lowest - TOK_UNK_PENALTY;
	return 0;
}

static int read_source(struct qeff_tokenizer *tok, const char *path,
		       struct qaic_err *err)
{
	Sentencepiece__Model *pb;
	struct tok_model *m = &tok->model;
	int rc;

	rc = tok_spm_load(path, &pb, err);
	if (rc)
		return rc;
	m->type = TOK_MODEL_UNIGRAM;
	m->fuse_unk = m->single = true;
	if (pb->trainer && (pb->trainer->model_type !=
			    SENTENCEPIECE__TRAINER__MODEL__UNIGRAM ||
			    pb->trainer->byte_fallback ||
			    pb->trainer->treat_whitespace_as_suffix))
		rc = qaic_fail(err, -EOPNOTSUPP,
			       "%s: only a Unigram model without byte_fallback is supported",
			       path);
	if (!rc)
		rc = read_pieces(tok, pb, err);
	if (!rc)
		rc = tok_spm_steps(tok, pb, err);
	sentencepiece__model__free_unpacked(pb, NULL);
	return rc;
}

static int refuse_separate(const char *dir, struct qaic_err *err)
{
	char *path = qaic_path(dir, "target_vocab.json");
	int rc = !path ? tok_nomem(err) : !qaic_is_file(path) ? 0 :
		 qaic_fail(err, -EOPNOTSUPP,
			   "%s: a vocabulary of its own for each language is not supported",
			   path);

	free(path);
	return rc;
}

int tok_open_marian(struct qeff_tokenizer *tok, const char *dir,
		    struct qaic_err *err)
{
	char *vocab = qaic_path(dir, "vocab.json");
	char *source = qaic_path(dir, "source.spm");
	json_t *root = NULL, *model = NULL;
	int rc;

	rc = vocab && source ? refuse_separate(dir, err) : tok_nomem(err);
	if (!rc)
		rc = tok_json_file(vocab, tok->nul, &root, err);
	if (!rc) {
		model = json_pack("{s:O}", "vocab", root);
		rc = model ? tok_vocab_json(tok, model, err) : tok_nomem(err);
		if (!rc)
			rc = add_specials(tok, err);
		if (rc)
			qaic_fail_in(err, "%s", vocab);
	}
	if (!rc)
		rc = read_source(tok, source, err);
	if (!rc)
		rc = tok_post_ends(tok, -1, tok->eos, err);
	json_decref(model);
	json_decref(root);
	free(vocab);
	free(source);
	return rc;
}
