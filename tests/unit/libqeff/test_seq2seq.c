// SPDX-License-Identifier: MIT
/*
 * The host loop of encoder-decoders against a card that this file plays: the next
 * token is a function of the prompt that the encoder call left in a row and of all
 * the decoder's tokens there. Then the rules of generation_config.json.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include "libqaic/qaic.h"
#include "libqeff/session.h"

#define VOCAB	40
#define CTX	10
#define E	7		/* encoder rows */
#define MAXB	3

static struct qaic_err err;

struct binding {
	const char *name;
	enum qaic_dtype dtype;
	uint32_t dims[3], rank;
	bool output;
};

struct spec {
	struct binding b[5];
	uint32_t n;
};

struct qaic_exec {
	const struct spec *sp;
	void *buf[5];
};

/* The card: its program, and what its caches hold. */
static struct card {
	struct spec spec[3];
	uint32_t specs, batch;
	int32_t source[MAXB][E], tokens[MAXB][CTX];
	unsigned int encodes, decodes;
	bool nonsense;
} card;

static size_t size_of(const struct binding *b)
{
	size_t n = qaic_dtype_size(b->dtype);
	uint32_t i;

	for (i = 0; i < b->rank; i++)
		n *= b->dims[i];
	return n;
}

int qaic_device_open(uint32_t qid, struct qaic_device **out, struct qaic_err *e)
{
	*out = (struct qaic_device *)&card;
	return 0;
}

void qaic_device_close(struct qaic_device *dev)
{
}

int qaic_program_load(struct qaic_device *dev, const char *path,
		      struct qaic_program **out, struct qaic_err *e)
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

int qaic_program_spec(const struct qaic_program *prog, uint32_t spec,
		      struct qaic_spec_info *info)
{
	memset(info, 0, sizeof(*info));
	info->num_bindings = card.spec[spec].n;
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
	const struct binding *x = &card.spec[spec].b[b];

	if (b >= card.spec[spec].n)
		return -EINVAL;
	info->name = x->name;
	info->dtype = x->dtype;
	info->rank = x->rank;
	info->dims = x->dims;
	info->output = x->output;
	info->size = size_of(x);
	return 0;
}

static int find(const struct spec *sp, const char *name)
{
	uint32_t i;

	for (i = 0; i < sp->n; i++)
		if (!strcmp(sp->b[i].name, name))
			return i;
	return -ENOENT;
}

int qaic_program_find(const struct qaic_program *prog, uint32_t spec,
		      const char *name)
{
	return find(&card.spec[spec], name);
}

int qaic_program_model(const struct qaic_program *prog, uint32_t spec,
		       struct qaic_model *model)
{
	*model = (struct qaic_model){ { 3, 1, 2 }, 5 };
	return 0;
}

int qaic_exec_create(struct qaic_program *prog, uint32_t spec,
		     struct qaic_exec **out, struct qaic_err *e)
{
	struct qaic_exec *x = calloc(1, sizeof(*x));
	uint32_t i;

	x->sp = &card.spec[spec];
	for (i = 0; i < x->sp->n; i++)
		x->buf[i] = calloc(1, size_of(&x->sp->b[i]) + 1);
	*out = x;
	return 0;
}

void qaic_exec_destroy(struct qaic_exec *x)
{
	uint32_t i;

	for (i = 0; i < x->sp->n; i++)
		free(x->buf[i]);
	free(x);
}

void *qaic_exec_buffer(struct qaic_exec *x, uint32_t b, size_t *size)
{
	if (b >= x->sp->n)
		return NULL;
	*size = size_of(&x->sp->b[b]);
	return x->buf[b];
}

static int32_t next_of(const int32_t *source, int64_t last,
		       const int32_t *tokens, int64_t pos)
{
	uint32_t h = 11;
	int64_t i;

	for (i = 0; i <= last; i++)
		h = h * 31 + source[i];
	for (i = 0; i <= pos; i++)
		h = h * 37 + tokens[i];
	return h % VOCAB;
}

int qaic_exec_run(struct qaic_exec *x, struct qaic_err *e)
{
	int enc = find(x->sp, "input_ids"), r, i;
	const int64_t *cross = x->buf[find(x->sp, "cross_position_ids")];
	const int64_t *ids = x->buf[find(x->sp, "decoder_input_ids")];
	const int64_t *pos = x->buf[find(x->sp, "decoder_position_ids")];
	float *logits = x->buf[find(x->sp, "logits")];

	*(enc >= 0 ? &card.encodes : &card.decodes) += 1;
	for (r = 0; r < (int)card.batch; r++) {
		for (i = 0; enc >= 0 && i < E; i++)
			card.source[r][i] = ((int64_t *)x->buf[enc])[r * E + i];
		for (i = 0; i < VOCAB; i++)
			logits[r * VOCAB + i] = card.nonsense ? NAN : -i * 0.01f;
		if (pos[r] < 0)
			continue;
		assert_in_range(cross[r], 0, E - 1);
		assert_true(pos[r] < CTX);
		card.tokens[r][pos[r]] = ids[r];
		if (!card.nonsense)
			logits[r * VOCAB + next_of(card.source[r], cross[r],
						   card.tokens[r], pos[r])] = 5;
	}
	return 0;
}

static void put(struct spec *sp, const char *name, enum qaic_dtype dtype,
		bool output, uint32_t rank, uint32_t d1, uint32_t d2)
{
	sp->b[sp->n++] = (struct binding){ name, dtype, { card.batch, d1, d2 },
					   rank, output };
}

/* Both specializations as the compiler makes them; decode first in the file. */
static void make_card(uint32_t batch)
{
	uint32_t i;

	memset(&card, 0, sizeof(card));
	card.batch = batch;
	card.specs = 2;
	for (i = 0; i < 2; i++) {
		struct spec *sp = &card.spec[i];

		put(sp, "cross_position_ids", QAIC_I64, false, 2, 1, 0);
		put(sp, "decoder_input_ids", QAIC_I64, false, 2, 1, 0);
		put(sp, "decoder_position_ids", QAIC_I64, false, 2, 1, 0);
		put(sp, "logits", QAIC_F32, true, 3, 1, VOCAB);
		if (i)
			put(sp, "input_ids", QAIC_I64, false, 2, E, 0);
	}
}

static struct qeff_session *open_session(uint32_t batch)
{
	struct qeff_session_options o = { .qpc_dir = "x" };
	struct qeff_rules r = { .start_id = 4, .forced_bos_id = -1,
				.forced_eos_id = -1 };
	struct qeff_session *s;

	make_card(batch);
	assert_int_equal(qeff_session_open(&o, &s, &err), 0);
	assert_true(qeff_session_seq2seq(s));
	assert_int_equal(qeff_session_prompt_len(s), E);
	assert_int_equal(qeff_session_ctx_len(s), CTX);
	assert_int_equal(qeff_session_start_id(s), -1);
	qeff_session_set_rules(s, &r);
	return s;
}

static const int32_t text[] = { 3, 1, 4, 1, 5, 9, 2, 6, 5 };

static void test_batch(void **state)
{
	const int32_t *p[MAXB] = { text, text + 2, text + 1 };
	size_t len[MAXB] = { E, 1, 4 }, i, k;
	struct qeff_request q = { .prompts = p, .prompt_len = len };
	struct qeff_session *s = open_session(MAXB);
	struct qeff_result res;
	int32_t t[CTX + 1];

	/* full rows, then an idle one; the session is used again */
	for (q.num_prompts = MAXB; q.num_prompts > 1; q.num_prompts--) {
		q.generation_len = q.num_prompts == MAXB ? 0 : 3;
		card.encodes = card.decodes = 0;
		assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
		assert_int_equal(card.encodes, 1);
		for (i = 0; i < q.num_prompts; i++) {
			/* the context has room for the start token, too */
			assert_int_equal(res.num_ids[i], q.generation_len ?
					 q.generation_len : CTX - 1);
			t[0] = 4;
			for (k = 0; k < res.num_ids[i]; k++) {
				t[k + 1] = next_of(p[i], len[i] - 1, t, k);
				assert_int_equal(res.ids[i][k], t[k + 1]);
			}
		}
		assert_int_equal(card.decodes, res.num_ids[0] - 1);
		assert_int_equal(res.decode_steps, res.num_ids[0] - 1);
		qeff_result_release(&res);
	}
	qeff_session_close(s);
}

static void no_run(struct qeff_session *s, size_t n, int32_t first,
		   const char *want)
{
	int32_t ids[E + 1] = { first };
	const int32_t *p = ids;
	struct qeff_request q = { .prompts = &p, .prompt_len = &n,
				  .num_prompts = 1 };
	struct qeff_result res;

	memset(&err, 0, sizeof(err));
	assert_true(qeff_generate(s, &q, &res, &err) < 0);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, want);
	assert_null(res.ids);
}

static void test_prompts(void **state)
{
	struct qeff_session *s = open_session(1);
	struct qeff_rules r = { .start_id = VOCAB, .source_vocab = 100,
				.forced_bos_id = -1, .forced_eos_id = -1 };

	no_run(s, 0, 1, "prompt 1 has no tokens");
	no_run(s, E + 1, 1, "--prompt-len");
	no_run(s, 2, VOCAB, "outside the vocabulary of 40");
	no_run(s, 2, -1, "outside the vocabulary");
	card.nonsense = true;
	no_run(s, 2, 1, "are not numbers");
	card.nonsense = false;
	qeff_session_set_rules(s, &r);
	no_run(s, 2, 1, "start token");
	r.start_id = -1;
	qeff_session_set_rules(s, &r);
	no_run(s, 2, 1, "decoder_start_token_id");
	r.start_id = 0;		/* the encoder's vocabulary may be another */
	qeff_session_set_rules(s, &r);
	assert_int_equal(qeff_check_prompt(s, 0, (int32_t[]){ 99 }, 1, &err), 0);
	no_run(s, 2, 100, "outside the vocabulary of 100");
	qeff_session_close(s);
}

/* ---- programs that are not what they seem ---- */

static void no_session(const char *want)
{
	struct qeff_session_options o = { .qpc_dir = "x" };
	struct qeff_session *s;

	memset(&err, 0, sizeof(err));
	assert_true(qeff_session_open(&o, &s, &err) < 0);
	assert_null(s);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, want);
}

static void test_programs(void **state)
{
	make_card(2);
	card.specs = 1;			/* decode alone */
	no_session("two specializations");
	make_card(2);
	card.spec[0] = card.spec[1];	/* encode alone, twice */
	no_session("two specializations");
	make_card(2);
	card.spec[0].b[0].name = "cross";
	no_session("an input cross");
	make_card(2);
	card.spec[0].b[0] = card.spec[0].b[--card.spec[0].n];
	no_session("no cross_position_ids");
	make_card(2);
	card.spec[1].b[0].dims[1] = 2;
	no_session("[batch, 1]");
	make_card(2);
	card.spec[1].b[4].dims[0] = 3;
	no_session("[batch, encoder_len]");
	make_card(2);
	card.spec[1].b[4].dtype = QAIC_F32;
	no_session("[batch, encoder_len]");
	make_card(2);
	card.spec[1].b[4].rank = 3;
	card.spec[1].b[4].dims[2] = 1;
	no_session("[batch, encoder_len]");
	make_card(2);
	card.spec[0].b[2].dims[1] = 4;
	no_session("[batch, seq_len]");
	make_card(2);
	card.spec[0].b[1].dims[1] = card.spec[0].b[2].dims[1] = 0;
	no_session("[batch, seq_len]");
	make_card(2);
	card.spec[0].b[3].dims[2] = VOCAB + 1;
	no_session("differ");
	make_card(2);
	card.spec[1].b[4].name = "position_ids";
	no_session("position_ids");
	make_card(2);
	card.spec[1].b[4].name = "past_key_self.0";
	no_session("-retained-state");
	make_card(2);
	card.spec[0].b[1].name = "input_ids";	/* a decoder beside it */
	card.spec[0].b[2].name = "position_ids";
	card.spec[0].b[0].output = true;
	no_session("differ");
}

/* ---- rules ---- */

static void apply(const struct qeff_rules *r, const int32_t *ids, size_t num,
		  size_t max, float *v)
{
	const int32_t eos = 2;
	struct qeff_history h = { ids, num, max, &eos, 1 };
	int i;

	for (i = 0; i < 8; i++)
		v[i] = i;
	qeff_rules_apply(r, &h, v, 8);
}

/* Bit i: token i may come. */
static unsigned int may(const struct qeff_rules *r, const int32_t *ids,
			size_t num, size_t max)
{
	unsigned int bits = 0;
	float v[8];
	int i;

	apply(r, ids, num, max, v);
	for (i = 0; i < 8; i++)
		bits |= (v[i] > -INFINITY) << i;
	return bits;
}

static void test_rules(void **state)
{
	static const int32_t past[] = { 0, 5, 6, 5, 6, 5 };
	struct qeff_rules r;

	qeff_rules_init(&r);
	assert_false(qeff_rules_any(&r));
	assert_int_equal(may(&r, past, 6, 20), 0xff);
	r.forced_bos_id = 3;
	assert_true(qeff_rules_any(&r));
	assert_int_equal(may(&r, past, 1, 20), 1 << 3);
	assert_int_equal(may(&r, past, 2, 20), 0xff);
	r.forced_eos_id = 2;
	assert_int_equal(may(&r, past, 4, 6), 0xff);
	assert_int_equal(may(&r, past, 5, 6), 1 << 2);
	assert_int_equal(may(&r, past, 1, 2), 1 << 2);	/* the later one wins */
	r.forced_bos_id = 99;		/* not in the vocabulary: nothing */
	r.forced_eos_id = -1;
	assert_int_equal(may(&r, past, 1, 20), 0xff);

	qeff_rules_init(&r);
	r.min_length = 4;
	assert_int_equal(may(&r, past, 3, 20), 0xff & ~(1 << 2));
	assert_int_equal(may(&r, past, 4, 20), 0xff);
	r.min_length = 0;
	r.min_new = 3;
	assert_int_equal(may(&r, past, 3, 20), 0xff & ~(1 << 2));
	assert_int_equal(may(&r, past, 4, 20), 0xff);

	qeff_rules_init(&r);
	r.no_repeat_ngram = 3;		/* 5 6 5, 6 5 6: after 6 5 no 6 */
	assert_int_equal(may(&r, past, 6, 20), 0xff & ~(1 << 6));
	assert_int_equal(may(&r, past, 2, 20), 0xff);
	r.no_repeat_ngram = 1;
	assert_int_equal(may(&r, past, 3, 20), 0xff & ~(1 << 0 | 1 << 5 | 1 << 6));
	r.no_repeat_ngram = 100;
	assert_int_equal(may(&r, past, 6, 20), 0xff);

	qeff_rules_init(&r);
	r.num_bad = 4;
	r.bad[0] = (struct qeff_word){ { 7 }, 1 };
	r.bad[1] = (struct qeff_word){ { 2 }, 1 };	/* EOS may come */
	r.bad[2] = (struct qeff_word){ { 6, 5, 4 }, 3 };
	r.bad[3] = (struct qeff_word){ { 1, 2, 3, 4, 5, 6, 7, 1 }, 8 };
	assert_int_equal(may(&r, past, 6, 20), 0xff & ~(1 << 7 | 1 << 4));
	assert_int_equal(may(&r, past, 2, 20), 0xff & ~(1 << 7));
}

/* Rules that leave nothing are an error, not token 0. */
static void test_no_token(void **state)
{
	struct qeff_session *s = open_session(1);
	struct qeff_rules r = s->rules;

	r.no_repeat_ngram = 1;
	r.forced_eos_id = 4;		/* the start token */
	qeff_session_set_rules(s, &r);
	r.forced_bos_id = 1;
	r.min_new = 2;
	r.num_bad = 1;
	r.bad[0] = (struct qeff_word){ { 1 }, 1 };
	qeff_session_set_rules(s, &r);
	{
		const int32_t *p = text;
		size_t n = 2;
		struct qeff_request q = { .prompts = &p, .prompt_len = &n,
					  .num_prompts = 1, .generation_len = 3 };
		struct qeff_result res;

		/* forced tokens come last, whatever else is said */
		assert_int_equal(qeff_generate(s, &q, &res, &err), 0);
		assert_int_equal(res.ids[0][0], 1);
		assert_int_equal(res.ids[0][2], 4);
		qeff_result_release(&res);
	}
	qeff_session_close(s);
}

/* ---- where they are read ---- */

#define BART "{\"architectures\":[\"BartForConditionalGeneration\"],"	\
	"\"d_model\":16,\"encoder_layers\":1,\"decoder_layers\":1,"	\
	"\"encoder_attention_heads\":2,\"decoder_attention_heads\":2,"	\
	"\"vocab_size\":50,\"max_position_embeddings\":20"

static int read_rules(const char *config, const char *generation,
		      struct qeff_model_info *info)
{
	char *dir = temp_dir();
	int rc;

	memset(&err, 0, sizeof(err));
	put_text(dir, "config.json", config);
	if (generation)
		put_text(dir, "generation_config.json", generation);
	rc = qeff_model_info(dir, info, &err);
	drop_dir(dir);
	return rc;
}

static void refuse(const char *generation, const char *want)
{
	struct qeff_model_info info;

	assert_true(read_rules(BART "}", generation, &info) < 0);
	if (!strstr(err.msg, want) || !strstr(err.msg, "generation_config.json"))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, want);
}

static void test_reading(void **state)
{
	struct qeff_model_info i;

	/* without the other file: config.json and its class */
	assert_int_equal(read_rules(BART "}", NULL, &i), 0);
	assert_int_equal(i.rules.start_id, 2);
	assert_int_equal(i.rules.forced_eos_id, 2);
	assert_int_equal(i.rules.source_vocab, 50);
	assert_int_equal(read_rules(BART ",\"forced_eos_token_id\":null,"
		"\"bos_token_id\":9,\"force_bos_token_to_be_generated\":true,"
		"\"min_length\":5,\"no_repeat_ngram_size\":3,"
		"\"decoder_start_token_id\":8,\"bad_words_ids\":[[1],[3,4]]}",
		NULL, &i), 0);
	assert_int_equal(i.rules.start_id, 8);
	assert_int_equal(i.rules.forced_eos_id, -1);
	assert_int_equal(i.rules.forced_bos_id, 9);
	assert_int_equal(i.rules.min_length, 5);
	assert_int_equal(i.rules.no_repeat_ngram, 3);
	assert_int_equal(i.rules.num_bad, 2);
	assert_int_equal(i.rules.bad[1].num, 2);
	assert_int_equal(i.rules.bad[1].ids[1], 4);
	/* with it: that one alone, but for the start token */
	assert_int_equal(read_rules(BART ",\"min_length\":5,"
		"\"decoder_start_token_id\":8}", "{\"forced_bos_token_id\":0,"
		"\"min_new_tokens\":4,\"repetition_penalty\":1.0,"
		"\"num_beams\":6,\"suppress_tokens\":null}", &i), 0);
	assert_int_equal(i.rules.start_id, 8);
	assert_int_equal(i.rules.forced_bos_id, 0);
	assert_int_equal(i.rules.forced_eos_id, -1);
	assert_int_equal(i.rules.min_length, 0);
	assert_int_equal(i.rules.min_new, 4);
	/* T5's class has no start token */
	assert_true(read_rules("{\"architectures\":[\"T5ForConditionalGeneration\"]}",
			       NULL, &i) < 0);
	assert_non_null(strstr(err.msg, "decoder_start_token_id"));
	assert_int_equal(read_rules("{\"architectures\":[\"T5ForConditionalGeneration\"],"
				    "\"bos_token_id\":3}", NULL, &i), 0);
	assert_int_equal(i.rules.start_id, 3);

	refuse("{\"repetition_penalty\":1.2}", "repetition_penalty");
	refuse("{\"suppress_tokens\":[1]}", "suppress_tokens");
	refuse("{\"encoder_no_repeat_ngram_size\":2}", "encoder_no_repeat");
	refuse("{\"sequence_bias\":{\"a\":1}}", "sequence_bias");
	refuse("{\"bad_words_ids\":[[1],2]}", "bad_words_ids");
	refuse("{\"bad_words_ids\":[[1],[]]}", "bad_words_ids");
	refuse("{\"bad_words_ids\":[[-1]]}", "bad_words_ids");
	refuse("{\"bad_words_ids\":[[1,2,3,4,5,6,7,8,9]]}", "bad_words_ids");
	refuse("{\"forced_bos_token_id\":\"x\"}", "forced_bos_token_id");
	refuse("{\"forced_eos_token_id\":[1,2]}", "forced_eos_token_id");
	refuse("{\"min_length\":-1}", "min_length");
	refuse("{\"no_repeat_ngram_size\":1e30}", "no_repeat_ngram_size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_prompts),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
