// SPDX-License-Identifier: MIT
/*
 * The host loop against a card that this file plays: a "language model" whose
 * next token is a function of all tokens that its cache holds for a row, so any
 * slip in chunks, positions, padding or rows changes what comes out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

#define VOCAB	50
#define CTX	32
#define MAXB	3
#define MAXS	8

struct qaic_exec {
	uint32_t seq_len;
	int64_t ids[MAXB * MAXS], pos[MAXB * MAXS];
	float logits[MAXB * VOCAB];
};

static struct card {
	uint32_t batch, seq[2], specs;
	int32_t cache[MAXB][CTX];
	unsigned int calls;
	uint32_t dims[2][3][3];
} card;

int qaic_device_open(uint32_t qid, struct qaic_device **out, struct qaic_err *err)
{
	*out = (struct qaic_device *)&card;
	return 0;
}

void qaic_device_close(struct qaic_device *dev)
{
}

int qaic_program_load(struct qaic_device *dev, const char *path,
		      struct qaic_program **out, struct qaic_err *err)
{
	*out = (struct qaic_program *)&card;
	return 0;
}

void qaic_program_unload(struct qaic_program *prog)
{
}

const char *qaic_program_profiling(const struct qaic_program *prog)
{
	return NULL;
}

uint32_t qaic_program_num_specs(const struct qaic_program *prog)
{
	return card.specs;
}

static const char *const names[] = { "input_ids", "position_ids", "logits" };

int qaic_program_spec(const struct qaic_program *prog, uint32_t spec,
		      struct qaic_spec_info *info)
{
	memset(info, 0, sizeof(*info));
	info->num_bindings = 3;
	return 0;
}

uint32_t qaic_program_symbol(const struct qaic_program *prog, uint32_t spec,
			     const char *name)
{
	return strcmp(name, "ctx_len") ? 0 : CTX;
}

uint32_t qaic_program_num_states(const struct qaic_program *prog)
{
	return 0;
}

int qaic_program_state(const struct qaic_program *prog, uint32_t state,
		       struct qaic_state_info *info)
{
	return -EINVAL;
}

int qaic_program_binding(const struct qaic_program *prog, uint32_t spec,
			 uint32_t b, struct qaic_binding_info *info)
{
	uint32_t *d = card.dims[spec][b];

	d[0] = card.batch;
	d[1] = b == 2 ? 1 : card.seq[spec];
	d[2] = VOCAB;
	info->name = names[b];
	info->dtype = b == 2 ? QAIC_F32 : QAIC_I64;
	info->rank = b == 2 ? 3 : 2;
	info->dims = d;
	info->output = b == 2;
	info->size = b == 2 ? d[0] * VOCAB * 4 : d[0] * d[1] * 8;
	return 0;
}

int qaic_program_find(const struct qaic_program *prog, uint32_t spec,
		      const char *name)
{
	int i;

	for (i = 0; i < 3; i++)
		if (!strcmp(names[i], name))
			return i;
	return -ENOENT;
}

int qaic_program_model(const struct qaic_program *prog, uint32_t spec,
		       struct qaic_model *model)
{
	*model = (struct qaic_model){ { 3, 1, 2 }, 5 };
	return 0;
}

int qaic_exec_create(struct qaic_program *prog, uint32_t spec,
		     struct qaic_exec **out, struct qaic_err *err)
{
	*out = calloc(1, sizeof(**out));
	(*out)->seq_len = card.seq[spec];
	return 0;
}

void qaic_exec_destroy(struct qaic_exec *exec)
{
	free(exec);
}

void *qaic_exec_buffer(struct qaic_exec *e, uint32_t b, size_t *size)
{
	*size = b == 2 ? sizeof(e->logits) : sizeof(e->ids);
	return b == 0 ? (void *)e->ids : b == 1 ? (void *)e->pos : e->logits;
}

static int32_t next_of(const int32_t *tokens, int64_t last)
{
	uint32_t h = 17;
	int64_t i;

	for (i = 0; i <= last; i++)
		h = h * 31 + tokens[i];
	return h % VOCAB;
}

int qaic_exec_run(struct qaic_exec *e, struct qaic_err *err)
{
	uint32_t r, i, n = e->seq_len;
	int64_t last, p;

	card.calls++;
	for (r = 0; r < card.batch; r++) {
		last = -1;
		for (i = 0; i < n; i++) {
			p = e->pos[r * n + i];
			if (p < 0)
				continue;
			assert_true(p < CTX);
			card.cache[r][p] = e->ids[r * n + i];
			last = p > last ? p : last;
		}
		/* a row without tokens gives what nobody may use */
		for (i = 0; i < VOCAB; i++)
			e->logits[r * VOCAB + i] = last < 0 && i == 13 ? 9 : 0;
		if (last >= 0)
			e->logits[r * VOCAB + next_of(card.cache[r], last)] = 5;
	}
	return 0;
}

static struct qeff_session *open_session(uint32_t batch, uint32_t seq)
{
	struct qeff_session_options o = { .qpc_dir = "x" };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session *s;

	memset(&card, 0, sizeof(card));
	memset(card.cache, 0x55, sizeof(card.cache));
	card.batch = batch;
	/* the order in the file must not matter */
	card.specs = seq == 1 ? 1 : 2;
	card.seq[0] = 1;
	card.seq[1] = seq;
	assert_int_equal(qeff_session_open(&o, &s, &err), 0);
	assert_int_equal(qeff_session_batch(s), batch);
	assert_int_equal(qeff_session_prompt_len(s), seq);
	assert_int_equal(qeff_session_ctx_len(s), CTX);
	assert_int_equal(qeff_session_vocab(s), VOCAB);
	return s;
}

static void expect(const int32_t *prompt, size_t n, const int32_t *ids,
		   size_t num, size_t want_num)
{
	int32_t t[CTX + 1];
	size_t i;

	assert_int_equal(num, want_num);
	memcpy(t, prompt, n * sizeof(*t));
	for (i = 0; i < num; i++) {
		t[n + i] = next_of(t, n + i - 1);
		assert_int_equal(ids[i], t[n + i]);
	}
}

static const int32_t text[] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2,
	3, 8, 4 };

static void test_lengths(void **state)
{
	static const uint32_t seqs[] = { 1, 3, 8 };
	static const size_t lens[] = { 1, 2, 3, 7, 8, 9, 16, 20 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_result res;
	size_t i, j;

	for (i = 0; i < 3; i++) {
		struct qeff_session *s = open_session(1, seqs[i]);

		/* one session, one prompt after the other: nothing is cleared */
		for (j = 0; j < 8; j++) {
			const int32_t *p = text;
			struct qeff_request q = {
				.prompts = &p, .prompt_len = &lens[j],
				.num_prompts = 1, .generation_len = 6,
			};

			card.calls = 0;
			assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
			expect(p, lens[j], res.ids[0], res.num_ids[0], 6);
			assert_int_equal(res.decode_steps, 5);
			assert_int_equal(card.calls,
					 (lens[j] + seqs[i] - 1) / seqs[i] + 5);
			qeff_result_release(&res);
		}
		qeff_session_close(s);
	}
}

static void test_batch(void **state)
{
	const int32_t *p[3] = { text, text + 5, text + 2 };
	size_t len[3] = { 3, 15, 8 };
	struct qeff_request q = {
		.prompts = p, .prompt_len = len, .num_prompts = 3,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session *s = open_session(3, 8);
	struct qeff_result res;
	int i;

	/* until each row's own context is full */
	assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
	for (i = 0; i < 3; i++)
		expect(p[i], len[i], res.ids[i], res.num_ids[i], CTX - len[i]);
	qeff_result_release(&res);
	/* an idle row */
	q.num_prompts = 2;
	q.generation_len = 4;
	assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
	assert_int_equal(res.num_prompts, 2);
	for (i = 0; i < 2; i++)
		expect(p[i], len[i], res.ids[i], res.num_ids[i], 4);
	qeff_result_release(&res);
	qeff_session_close(s);
}

struct seen {
	size_t tokens[MAXB], logits[MAXB], stop_row;
};

static int on_token(void *ctx, size_t row, int32_t id)
{
	struct seen *s = ctx;

	s->tokens[row]++;
	return row == s->stop_row && s->tokens[row] == 2;
}

static int on_logits(void *ctx, size_t row, const float *l, size_t vocab)
{
	struct seen *s = ctx;

	assert_int_equal(vocab, VOCAB);
	s->logits[row]++;
	return 0;
}

static void test_stops(void **state)
{
	const int32_t *p[3] = { text, text + 5, text + 2 };
	size_t len[3] = { 3, 15, 8 }, until;
	struct seen seen = { .stop_row = 2 };
	struct qeff_request q = {
		.prompts = p, .prompt_len = len, .num_prompts = 3,
		.generation_len = 12, .token = on_token, .logits = on_logits,
		.ctx = &seen,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session *s = open_session(3, 4);
	struct qeff_result res;
	int32_t eos, first[12];

	assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
	expect(p[0], 3, res.ids[0], res.num_ids[0], 12);
	expect(p[2], 8, res.ids[2], res.num_ids[2], 2);
	/* calls with tokens of the row: chunks, and one for each token but one */
	assert_int_equal(seen.logits[0], 1 + 11);
	assert_int_equal(seen.logits[1], 4 + 11);
	assert_int_equal(seen.logits[2], 2 + 1);
	memcpy(first, res.ids[0], sizeof(first));
	qeff_result_release(&res);

	eos = first[4];
	for (until = 0; first[until] != eos; until++)
		;
	q.eos_ids = &eos;
	q.num_eos = 1;
	q.token = NULL;
	assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
	/* the EOS itself is among the ids */
	expect(p[0], 3, res.ids[0], res.num_ids[0], until + 1);
	qeff_result_release(&res);
	qeff_session_close(s);
}

static void test_refused(void **state)
{
	const int32_t bad[] = { 1, VOCAB }, neg[] = { -1 };
	const int32_t *p[4] = { text, text, text, text };
	int32_t longer[CTX + 1] = { 0 };
	size_t len[4] = { 1, 1, 1, 1 };
	struct qeff_request q = { .prompts = p, .prompt_len = len };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_session *s = open_session(3, 8);
	struct qeff_result res;

	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	q.num_prompts = 4;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	q.num_prompts = 1;
	len[0] = 0;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	p[0] = bad;
	len[0] = 2;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	assert_string_equal(err.msg,
		"token id 50 of prompt 1 is outside the vocabulary of 50");
	p[0] = neg;
	len[0] = 1;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	p[0] = longer;
	len[0] = CTX + 1;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	len[0] = CTX;
	assert_int_equal(qeff_generate(s, &q, &res, &err), -EINVAL);
	assert_null(res.ids);
	len[0] = CTX - 1;
	assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
	assert_int_equal(res.num_ids[0], 1);
	qeff_result_release(&res);
	qeff_session_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
