/* SPDX-License-Identifier: MIT */
/* What the tokenizer's tests share. */
#ifndef TOK_TEST_H
#define TOK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include "libqeff/qeff.h"

#define TALES "models/tales"

/* A path in the shared data; free() it. */
static inline char *shared(const char *name)
{
	const char *dir = getenv("QAIC_SHARED");

	return qaic_path(dir && *dir ? dir : "../shared", name);
}

static inline struct qeff_tokenizer *open_dir(const char *dir)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;

	if (qeff_tokenizer_open(dir, &tok, &err))
		fail_msg("%s", err.msg);
	return tok;
}

/* Open a tokenizer.json given as text. */
static inline int try_text(const char *json, struct qeff_tokenizer **tok,
			   struct qaic_err *err)
{
	char *dir = temp_dir();
	int rc;

	put_text(dir, "tokenizer.json", json);
	rc = qeff_tokenizer_open(dir, tok, err);
	drop_dir(dir);
	return rc;
}

static inline struct qeff_tokenizer *open_text(const char *json)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;

	if (try_text(json, &tok, &err))
		fail_msg("%s", err.msg);
	return tok;
}

/* The ids of a text as "1 2 3"; free() it. */
static inline char *encode_n(const struct qeff_tokenizer *tok, const char *text,
			     size_t len, bool special)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str s = { 0 };
	int32_t *ids;
	size_t n, i;

	if (qeff_encode(tok, text, len, special, &ids, &n, &err))
		fail_msg("%s", err.msg);
	qaic_str_puts(&s, "");
	for (i = 0; i < n; i++)
		qaic_str_printf(&s, "%s%d", i ? " " : "", ids[i]);
	free(ids);
	return s.s;
}

static inline void check_ids(const struct qeff_tokenizer *tok, const char *text,
			     const char *want)
{
	char *got = encode_n(tok, text, strlen(text), false);

	assert_string_equal(got, want);
	free(got);
}

static inline void check_decode(const struct qeff_tokenizer *tok,
				const int32_t *ids, size_t n, bool skip,
				const char *want)
{
	char *text;
	size_t len;

	assert_int_equal(qeff_decode(tok, ids, n, skip, &text, &len, NULL), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

/* decode(encode(text)) == text */
static inline void check_round_trip(const struct qeff_tokenizer *tok,
				    const char *text, size_t len)
{
	int32_t *ids;
	char *back;
	size_t n, k;

	assert_int_equal(qeff_encode(tok, text, len, false, &ids, &n, NULL), 0);
	assert_int_equal(qeff_decode(tok, ids, n, false, &back, &k, NULL), 0);
	assert_int_equal(k, len);
	assert_memory_equal(back, text, len);
	free(ids);
	free(back);
}

/* Pieces of the stream add up to the decoded whole; each is whole UTF-8. */
static inline void check_stream(const struct qeff_tokenizer *tok,
				const int32_t *ids, size_t n, bool skip)
{
	struct qaic_str all = { 0 };
	struct qeff_stream *s;
	const char *p;
	char *want;
	size_t i, len;

	assert_int_equal(qeff_decode(tok, ids, n, skip, &want, &len, NULL), 0);
	assert_int_equal(qeff_stream_new(tok, skip, &s), 0);
	for (i = 0; i <= n; i++) {
		size_t k, j;

		if (i < n)
			assert_int_equal(qeff_stream_put(s, ids[i], &p, &k), 0);
		else
			assert_int_equal(qeff_stream_flush(s, &p, &k), 0);
		assert_int_equal(strlen(p) <= k, 1);
		/* no piece begins inside a character or ends inside one */
		if (k)
			assert_int_not_equal((uint8_t)p[0] & 0xc0, 0x80);
		for (j = k; j && ((uint8_t)p[j - 1] & 0xc0) == 0x80; j--)
			;
		if (j && (uint8_t)p[j - 1] >= 0xc0) {
			uint8_t c = p[j - 1];

			assert_int_equal(k - j, c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1);
		}
		qaic_str_add(&all, p, k);
	}
	assert_int_equal(all.len, len);
	if (len)
		assert_memory_equal(all.s, want, len);
	qeff_stream_free(s);
	qaic_str_free(&all);
	free(want);
}

/* A small deterministic generator. */
static inline uint32_t next_random(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return *s >> 33;
}

/* Opening @json fails with @code and a message that contains @words. */
static inline void check_refused(const char *json, int code, const char *words)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;
	int rc = try_text(json, &tok, &err);

	if (!rc)
		fail_msg("accepted: %s", json);
	if (rc != code || err.code != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\", expected %d \"%s\": %s", rc, err.msg, code,
			 words, json);
	assert_null(strchr(err.msg, '\n'));
}

#endif
