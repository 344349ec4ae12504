// SPDX-License-Identifier: MIT
/* The vocabulary: texts and ids, both ways. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

#define MAX_ID	(1 << 22)	/* the largest vocabularies have half a million */

static int grow(struct tok_vocab *v, size_t need)
{
	size_t cap = v->cap, old = v->cap;

	if (need <= old)
		return 0;
	if (tok_room(&v->entry, &cap, need, sizeof(*v->entry)))
		return -ENOMEM;
	memset(v->entry + old, 0, (cap - old) * sizeof(*v->entry));
	cap = old;
	if (tok_room(&v->flags, &cap, need, sizeof(*v->flags)))
		return -ENOMEM;
	memset(v->flags + old, 0, cap - old);
	v->cap = cap;
	return 0;
}

int tok_vocab_add(struct tok_vocab *v, const char *s, size_t len, int64_t id,
		  struct qaic_err *err)
{
	int shown = len < 60 ? len : 60;
	size_t n;
	int rc;

	if (id < 0 || id >= MAX_ID)
		return qaic_fail(err, -ERANGE,
				 "token \"%.*s\" has id %lld; 0 to %d are taken",
				 shown, s, (long long)id, MAX_ID - 1);
	if ((size_t)id < v->size && v->entry[id])
		return qaic_fail(err, -EEXIST,
				 "id %lld is both \"%.60s\" and \"%.*s\"",
				 (long long)id, tok_vocab_text(v, id, &n),
				 shown, s);
	if (grow(v, id + 1))
		return tok_nomem(err);
	rc = qaic_strmap_add(&v->map, s, len, id);
	if (rc == -EEXIST)
		return qaic_fail(err, rc, "token \"%.*s\" appears twice",
				 shown, s);
	if (rc)
		return tok_nomem(err);
	v->entry[id] = v->map.n;
	if ((size_t)id >= v->size)
		v->size = id + 1;
	return 0;
}

/* @nul, where it is not empty, stands for U+0000: tok_json_file(). */
static int add_key(struct tok_vocab *v, const char *key, const char *nul,
		   int64_t id, struct qaic_err *err)
{
	struct qaic_str s = { 0 };
	const char *p;
	int rc;

	if (!*nul || !strstr(key, nul))
		return tok_vocab_add(v, key, strlen(key), id, err);
	while ((p = strstr(key, nul))) {
		qaic_str_add(&s, key, p - key);
		qaic_str_putc(&s, '\0');
		key = p + strlen(nul);
	}
	qaic_str_puts(&s, key);
	rc = s.failed ? tok_nomem(err) : tok_vocab_add(v, s.s, s.len, id, err);
	qaic_str_free(&s);
	return rc;
}

int tok_vocab_json(struct qeff_tokenizer *tok, json_t *model,
		   struct qaic_err *err)
{
	json_t *obj, *v;
	const char *key;
	int rc;

	rc = qaic_json_obj(model, "vocab", &obj, err);
	if (rc)
		return rc < 0 ? rc : qaic_fail(err, -EINVAL,
				"field \"vocab\" is missing");
	json_object_foreach(obj, key, v) {
		if (!json_is_integer(v))
			return qaic_fail(err, -EINVAL,
					 "the id of token \"%.60s\" is not an integer",
					 key);
		rc = add_key(&tok->vocab, key, tok->nul, json_integer_value(v),
			     err);
		if (rc)
			return rc;
	}
	return tok_vocab_check(&tok->vocab, err);
}

int32_t tok_vocab_find(const struct tok_vocab *v, const char *s, size_t len)
{
	int32_t id;

	return qaic_strmap_get(&v->map, s, len, &id) ? id : -1;
}

int32_t tok_vocab_model(const struct tok_vocab *v, const char *s, size_t len)
{
	int32_t id = tok_vocab_find(v, s, len);

	return id >= 0 && !(v->flags[id] & TOK_OUTSIDE) ? id : -1;
}

const char *tok_vocab_text(const struct tok_vocab *v, int32_t id, size_t *len)
{
	if (id < 0 || (size_t)id >= v->size || !v->entry[id])
		return NULL;
	return qaic_strmap_key(&v->map, v->entry[id] - 1, len);
}

int32_t tok_vocab_byte(const struct tok_vocab *v, uint8_t byte)
{
	char name[8];

	snprintf(name, sizeof(name), "<0x%02X>", byte);
	return tok_vocab_model(v, name, 6);
}

int tok_vocab_check(const struct tok_vocab *v, struct qaic_err *err)
{
	if (!v->map.n)
		return qaic_fail(err, -EINVAL, "the vocabulary is empty");
	if (v->size > v->map.n * 4 + 65536)
		return qaic_fail(err, -ERANGE,
				 "ids go up to %zu, but there are only %zu tokens",
				 v->size - 1, v->map.n);
	return 0;
}

void tok_vocab_free(struct tok_vocab *v)
{
	qaic_strmap_free(&v->map);
	free(v->entry);
	free(v->flags);
	memset(v, 0, sizeof(*v));
}
