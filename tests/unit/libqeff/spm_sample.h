/* SPDX-License-Identifier: MIT */
/* A small SentencePiece model, packed field by field. */
#ifndef SPM_SAMPLE_H
#define SPM_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "libqeff/sentencepiece.pb-c.h"

#define SPM_MAX 320

struct spm_sample {
	Sentencepiece__Model model;
	Sentencepiece__Trainer trainer;
	Sentencepiece__Normalizer norm;
	Sentencepiece__Piece piece[SPM_MAX];
	Sentencepiece__Piece *list[SPM_MAX];
};

static inline ProtobufCBinaryData spm_bytes(const char *s)
{
	return (ProtobufCBinaryData){ strlen(s), (uint8_t *)s };
}

static inline void spm_add(struct spm_sample *s, const char *text, float score,
			   int type)
{
	size_t n = s->model.n_pieces++;
	Sentencepiece__Piece *p = &s->piece[n];

	sentencepiece__piece__init(p);
	p->has_piece = p->has_score = p->has_type = 1;
	p->piece = spm_bytes(text);
	p->score = score;
	p->type = type;
	s->list[n] = p;
}

/*
 * 0 <unk>, 1 <s>, 2 </s>, then with @bytes <0x00> to <0xFF>, then from the
 * number that is returned: the mark of a space, a, b, c, ab, "_a", "_ab", abc,
 * bc, <user>, xyz.
 */
static inline int spm_sample(struct spm_sample *s, bool bpe, bool bytes)
{
	static const char *const text[] = {
		"\xe2\x96\x81", "a", "b", "c", "ab", "\xe2\x96\x81" "a",
		"\xe2\x96\x81" "ab", "abc", "bc", "<user>", "xyz"
	};
	static const float score[] = { -8, -7, -7, -7, -1, -2, -3, -3, -2, 0, -9 };
	static char name[256][7];
	int first, i;

	memset(s, 0, sizeof(*s));
	sentencepiece__model__init(&s->model);
	sentencepiece__trainer__init(&s->trainer);
	sentencepiece__normalizer__init(&s->norm);
	s->model.pieces = s->list;
	s->model.trainer = &s->trainer;
	s->model.normalizer = &s->norm;
	s->trainer.has_model_type = s->trainer.has_byte_fallback = 1;
	s->trainer.model_type = bpe ? SENTENCEPIECE__TRAINER__MODEL__BPE :
				      SENTENCEPIECE__TRAINER__MODEL__UNIGRAM;
	s->trainer.byte_fallback = bytes;
	s->norm.has_name = s->norm.has_add_dummy_prefix = 1;
	s->norm.has_remove_extra_whitespaces = 1;
	s->norm.name = spm_bytes("identity");
	s->norm.add_dummy_prefix = 1;
	s->norm.remove_extra_whitespaces = 0;
	spm_add(s, "<unk>", 0, SENTENCEPIECE__PIECE__TYPE__UNKNOWN);
	spm_add(s, "<s>", 0, SENTENCEPIECE__PIECE__TYPE__CONTROL);
	spm_add(s, "</s>", 0, SENTENCEPIECE__PIECE__TYPE__CONTROL);
	for (i = 0; bytes && i < 256; i++) {
		snprintf(name[i], sizeof(name[i]), "<0x%02X>", i);
		spm_add(s, name[i], 0, SENTENCEPIECE__PIECE__TYPE__BYTE);
	}
	first = s->model.n_pieces;
	for (i = 0; i < 11; i++)
		spm_add(s, text[i], score[i], i == 9 ?
			SENTENCEPIECE__PIECE__TYPE__USER_DEFINED :
			SENTENCEPIECE__PIECE__TYPE__NORMAL);
	return first;
}

static inline uint8_t *spm_pack(const struct spm_sample *s, size_t *len)
{
	uint8_t *p;

	*len = sentencepiece__model__get_packed_size(&s->model);
	p = malloc(*len);
	if (p)
		sentencepiece__model__pack(&s->model, p);
	return p;
}

#endif
