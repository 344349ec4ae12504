// SPDX-License-Identifier: MIT
/* Logits behind every token on the card, against Hugging Face's. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/qeff.h"

#define MODEL	"models/tales"
#define VOCAB	1024
#define TOKENS	64

static char root[] = "/tmp/qeff-score-XXXXXX";
static struct qeff_session *session;
static struct qaic_map golden;		/* [TOKENS][VOCAB] */
static int32_t ids[TOKENS];

struct seen {
	size_t next[2];
	double d[2], w[2];
	bool stop;
};

static int on_logits(void *ctx, size_t row, size_t i, const float *logits,
		     size_t vocab)
{
	const float *want = (const float *)golden.data + i * VOCAB;
	struct seen *s = ctx;
	size_t k;

	assert_true(row < 2);
	assert_int_equal(vocab, VOCAB);
	assert_int_equal(i, s->next[row]++);
	for (k = 0; k < vocab; k++) {
		s->d[row] += pow((double)logits[k] - want[k], 2);
		s->w[row] += pow(want[k], 2);
	}
	return s->stop ? -ECANCELED : 0;
}

/* Two rows of different length, neither a multiple of the chunk. */
static void test_rows(void **state)
{
	const int32_t *rows[2] = { ids, ids };
	const size_t len[2] = { TOKENS, 17 };
	struct seen s = { 0 };
	struct qeff_score_request req = {
		.tokens = rows, .num_tokens = len, .num_rows = 2,
		.logits = on_logits, .ctx = &s,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	int r;

	assert_int_equal(qeff_score(session, &req, &err), 0);
	for (r = 0; r < 2; r++) {
		assert_int_equal(s.next[r], len[r]);
		assert_true(sqrt(s.d[r] / s.w[r]) < 1e-4);
	}
	/* what was in the cache is not seen; an idle row */
	memset(&s, 0, sizeof(s));
	req.num_rows = 1;
	qeff_session_rest(session);
	assert_int_equal(qeff_score(session, &req, &err), 0);
	assert_int_equal(s.next[0], TOKENS);
	assert_int_equal(s.next[1], 0);
	assert_true(sqrt(s.d[0] / s.w[0]) < 1e-4);
}

static void test_refused(void **state)
{
	int32_t bad[2] = { 1, VOCAB };
	const int32_t *rows[2] = { ids, bad };
	size_t len[2] = { 1, 2 };
	struct seen s = { .stop = true };
	struct qeff_score_request req = {
		.tokens = rows, .num_tokens = len, .num_rows = 2,
		.logits = on_logits, .ctx = &s,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	const int32_t *prompt[1] = { ids };
	struct qeff_request gen = {
		.prompts = prompt, .prompt_len = len, .num_prompts = 1,
	};
	struct qeff_result res;

	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "vocabulary"));
	bad[1] = -1;
	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	req.num_rows = 3;
	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	req.num_rows = 0;
	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	req.num_rows = 1;
	len[0] = 0;
	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	len[0] = 81;
	assert_int_equal(qeff_score(session, &req, &err), -EINVAL);
	assert_int_equal(s.next[0], 0);
	/* whoever looks can end it */
	len[0] = 9;
	assert_int_equal(qeff_score(session, &req, &err), -ECANCELED);
	assert_int_equal(s.next[0], 1);
	assert_int_equal(qeff_generate(session, &gen, &res, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "every token"));
}

static void build(struct qeff_build_options *o, struct qeff_session **s)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session_options so = { 0 };
	struct qeff_artefacts art;

	assert_int_equal(qeff_build(o, &art, &err), 0);
	so.qpc_dir = art.qpc_dir;
	assert_int_equal(qeff_session_open(&so, s, &err), 0);
	qeff_artefacts_release(&art);
}

static struct qeff_build_options options(void)
{
	return (struct qeff_build_options) {
		.model_dir = MODEL, .cache_dir = root, .num_cores = 4,
		.batch_size = 2, .prompt_len = 10, .ctx_len = 80, .fp32 = true,
	};
}

/* A QPC that generates has one row alone. */
static void test_last_row(void **state)
{
	const int32_t *rows[1] = { ids };
	const size_t len[1] = { 3 };
	struct qeff_score_request req = {
		.tokens = rows, .num_tokens = len, .num_rows = 1,
		.logits = on_logits,
	};
	struct qeff_build_options o = options();
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session *s;

	qeff_session_rest(session);
	build(&o, &s);
	assert_int_equal(qeff_score(s, &req, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "last token"));
	qeff_session_close(s);
}

static int setup(void **state)
{
	struct qeff_build_options o = options();
	struct qaic_err err = QAIC_ERR_INIT;
	json_t *j, *list;
	size_t i;

	assert_non_null(mkdtemp(root));
	assert_int_equal(qaic_json_load(MODEL "/golden.json", 1 << 20, &j, &err), 0);
	list = json_object_get(j, "input_ids");
	assert_int_equal(json_array_size(list), TOKENS);
	for (i = 0; i < TOKENS; i++)
		ids[i] = json_integer_value(json_array_get(list, i));
	json_decref(j);
	assert_int_equal(qaic_map_file(&golden, MODEL "/logits.f32", &err), 0);
	assert_int_equal(golden.size, sizeof(float) * TOKENS * VOCAB);
	o.every_row = true;
	build(&o, &session);
	return 0;
}

static int teardown(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;

	qeff_session_close(session);
	qaic_unmap_file(&golden);
	return qaic_rmtree(root, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_last_row),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
