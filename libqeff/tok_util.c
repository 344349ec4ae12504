// SPDX-License-Identifier: MIT
/* Growing arrays of the tokenizer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

int tok_nomem(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

int tok_room(void *v, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap : 16;
	void *p;

	if (n <= *cap)
		return 0;
	while (want < n)
		if (__builtin_mul_overflow(want, 2, &want))
			return -ENOMEM;
	memcpy(&p, v, sizeof(p));
	p = reallocarray(p, want, size);
	if (!p)
		return -ENOMEM;
	memcpy(v, &p, sizeof(p));
	*cap = want;
	return 0;
}

int tok_text_add(struct tok_text *t, size_t off, size_t len, int32_t id,
		 bool first)
{
	if (tok_room(&t->v, &t->cap, t->n + 1, sizeof(*t->v)))
		return -ENOMEM;
	t->v[t->n++] = (struct tok_piece){ off, len, id, first };
	return 0;
}

void tok_text_reset(struct tok_text *t)
{
	t->n = 0;
	t->buf.len = 0;
}

void tok_text_free(struct tok_text *t)
{
	free(t->v);
	qaic_str_free(&t->buf);
	memset(t, 0, sizeof(*t));
}

int tok_ids_add(struct tok_ids *ids, int32_t id)
{
	if (tok_room(&ids->v, &ids->cap, ids->n + 1, sizeof(*ids->v)))
		return -ENOMEM;
	ids->v[ids->n++] = id;
	return 0;
}
