// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqaic/qaic.h"
#include "tools/common/encode_priv.h"
#include "tools/common/profile.h"
#include "tools/common/progress.h"

#define MAX_CONTEXT	(64u << 20)

int qaic_enc_no_memory(const struct qaic_enc *g)
{
	return qaic_fail(g->err, -ENOMEM, "out of memory");
}

/* ---- options ---- */

static int refuse(const char *flag, const char *what, struct qaic_err *err)
{
	return qaic_fail(err, -EINVAL,
			 "%s does not go with this model: it is for %s", flag,
			 what);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && !strcmp(s + n - k, end);
}

int qaic_encode_check(const struct qaic_encode *e, enum qeff_task task,
		      struct qaic_err *err)
{
	bool whole = task != QEFF_TASK_TEXT && task != QEFF_TASK_TRANSFORM;
	bool context = e->context || e->context_file;

	if (context && task != QEFF_TASK_ANSWER && task != QEFF_TASK_CLASSIFY)
		return refuse(e->context ? "--context" : "--context-file",
			      "question answering and classification", err);
	if (e->context && e->context_file)
		return qaic_fail(err, -EINVAL,
				 "--context and --context-file exclude each other");
	if (context && e->input_ids)
		return qaic_fail(err, -EINVAL,
				 "--context is text, it does not go with --input-ids");
	if (task == QEFF_TASK_ANSWER && !context && !e->input_ids)
		return qaic_fail(err, -EINVAL,
				 "this model looks for answers in a text: give it with --context or --context-file");
	if (e->top_k && (!whole || task == QEFF_TASK_EMBED))
		return refuse("--top-k", "labels, gaps and answers", err);
	if (e->max_answer_len && task != QEFF_TASK_ANSWER)
		return refuse("--max-answer-len", "question answering", err);
	if ((e->pooling || e->normalize || e->output) &&
	    task != QEFF_TASK_EMBED)
		return refuse(e->pooling ? "--pooling" :
			      e->output ? "--output" : "--normalize", "vectors",
			      err);
	if (e->output && !ends_with(e->output, ".npy") &&
	    !ends_with(e->output, ".json"))
		return qaic_fail(err, -EINVAL,
				 "--output %s: the name must end in .npy or .json",
				 e->output);
	if (e->prof && e->prof->type && !e->json && qaic_encode_quiet(e, task))
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-type needs --output or --json: the vectors go to standard output");
	if (e->pooling && strcmp(e->pooling, "mean") &&
	    strcmp(e->pooling, "cls") && strcmp(e->pooling, "max"))
		return qaic_fail(err, -EINVAL,
				 "--pooling takes mean, cls or max, not \"%s\"",
				 e->pooling);
	return 0;
}

bool qaic_encode_quiet(const struct qaic_encode *e, enum qeff_task task)
{
	return e->json || (task == QEFF_TASK_EMBED && !e->output);
}

size_t qaic_enc_top(const struct qaic_enc *g, size_t def, size_t all)
{
	size_t k = g->e->top_k ? g->e->top_k : def;

	return k < all ? k : all;
}

/* ---- numbers ---- */

void qaic_enc_largest(const double *v, size_t n, size_t *top, size_t k)
{
	size_t i, at, have = 0;

	for (i = 0; i < n; i++) {
		for (at = have; at && v[top[at - 1]] < v[i]; at--)
			if (at < k)
				top[at] = top[at - 1];
		if (at < k)
			top[at] = i;
		have += have < k;
	}
}

void qaic_enc_softmax(double *v, size_t n)
{
	double most = -INFINITY, sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		most = fmax(most, v[i]);
	for (i = 0; i < n; i++)
		sum += v[i] = exp(v[i] - most);
	for (i = 0; i < n; i++)
		v[i] /= sum;
}

void qaic_enc_sigmoid(double *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = 1 / (1 + exp(-v[i]));
}

const float *qaic_enc_row(const struct qaic_enc *g, const char *name,
			  size_t row, size_t tokens, size_t *num)
{
	struct qeff_output o;
	size_t i, k, size;

	for (i = 0; qeff_encoder_output(g->enc, i, &o); i++) {
		if (strcmp(o.name, name) || o.rank < 2)
			continue;
		for (k = 1, size = 1; k < o.rank; k++)
			size *= o.dim[k];
		*num = size;
		if (g->info.task != QEFF_TASK_CLASSIFY)
			*num = size / o.dim[1] * tokens;
		return o.data + row * size;
	}
	qaic_fail(g->err, -EINVAL, "%s: this QPC has no output %s", g->e->qpc,
		  name);
	return NULL;
}

json_t *qaic_enc_object(const struct qaic_enc *g, size_t prompt)
{
	const struct qaic_prompt *p = &g->prompts.v[prompt];

	return json_pack("{s:o, s:o}", "prompt", qaic_json_text(p->text),
			 "prompt_ids", qaic_json_ids(p->ids, p->num_ids));
}

/* ---- prompts ---- */

static int open_tokenizer(struct qaic_enc *g)
{
	struct qaic_err err = QAIC_ERR_INIT;
	int ret = qeff_tokenizer_open(g->e->model_dir, &g->tok, &err);

	if (ret == -ENOENT && g->e->input_ids)
		return 0;
	if (ret)
		qaic_fail(g->err, ret, "%s", err.msg);
	return ret;
}

static int read_context(struct qaic_enc *g)
{
	const struct qaic_encode *e = g->e;

	if (e->context_file)
		return qaic_read_input(e->context_file, MAX_CONTEXT, &g->context,
				       &g->context_len, g->err);
	if (!e->context)
		return 0;
	g->context = strdup(e->context);
	if (!g->context)
		return qaic_enc_no_memory(g);
	g->context_len = strlen(g->context);
	return 0;
}

int qaic_enc_add_text(struct qaic_enc *g, size_t prompt,
		      const struct qeff_token *tokens, size_t num)
{
	struct qaic_enc_text *t = realloc(g->texts, (g->num_texts + 1) *
						    sizeof(*t));
	size_t i;

	if (!t)
		return qaic_enc_no_memory(g);
	g->texts = t;
	t += g->num_texts++;
	*t = (struct qaic_enc_text) {
		.prompt = prompt, .num = num,
		.ids = calloc(num + 1, sizeof(*t->ids)),
		.types = calloc(num + 1, sizeof(*t->types)),
		.tokens = calloc(num + 1, sizeof(*t->tokens)),
	};
	if (!t->ids || !t->types || !t->tokens)
		return qaic_enc_no_memory(g);
	for (i = 0; i < num; i++) {
		t->tokens[i] = tokens[i];
		t->ids[i] = tokens[i].id;
		t->types[i] = tokens[i].type;
	}
	return 0;
}

static int add_ids(struct qaic_enc *g, size_t prompt)
{
	const struct qaic_prompt *p = &g->prompts.v[prompt];
	struct qeff_token *t = calloc(p->num_ids + 1, sizeof(*t));
	size_t i;
	int ret;

	if (!t)
		return qaic_enc_no_memory(g);
	for (i = 0; i < p->num_ids; i++)
		t[i].id = p->ids[i];
	ret = qaic_enc_add_text(g, prompt, t, p->num_ids);
	free(t);
	if (!ret) {
		free(g->texts[g->num_texts - 1].tokens);
		g->texts[g->num_texts - 1].tokens = NULL;
	}
	return ret;
}

int qaic_enc_keep_ids(struct qaic_enc *g, size_t prompt,
		      const struct qeff_encoding *e)
{
	struct qaic_prompt *p = &g->prompts.v[prompt];
	size_t i;

	p->ids = calloc(e->num + 1, sizeof(*p->ids));
	for (i = 0; p->ids && i < e->num; i++)
		p->ids[p->num_ids++] = e->tokens[i].id;
	return p->ids ? 0 : qaic_enc_no_memory(g);
}

/* The prompt alone, or with the context behind it. */
static int add_prompt(struct qaic_enc *g, size_t prompt)
{
	struct qaic_prompt *p = &g->prompts.v[prompt];
	struct qeff_encoding e = { 0 };
	int ret;

	if (g->e->input_ids)
		return add_ids(g, prompt);
	if (g->info.task == QEFF_TASK_ANSWER)
		return qaic_enc_windows(g, prompt);
	ret = qeff_encode_pair(g->tok, p->text, strlen(p->text), g->context,
			       g->context_len, true, &e, g->err);
	if (!ret)
		ret = qaic_enc_add_text(g, prompt, e.tokens, e.num);
	if (!ret)
		ret = qaic_enc_keep_ids(g, prompt, &e);
	qeff_encoding_release(&e);
	return ret;
}

static int check_ids(const struct qaic_enc *g, const struct qaic_enc_text *t)
{
	size_t i, gaps = 0;

	for (i = 0; i < t->num; i++)
		gaps += t->ids[i] == g->mask_id;
	if (g->info.task == QEFF_TASK_FILL_MASK && g->mask_id >= 0 && !gaps)
		return qaic_fail(g->err, -EINVAL,
				 "prompt %zu has no gap: put %s where a token is wanted",
				 t->prompt + 1,
				 qeff_token_text(g->tok, g->mask_id));
	for (i = 0; i < t->num; i++)
		if (t->ids[i] < 0 || (uint32_t)t->ids[i] >= g->info.vocab_size)
			return qaic_fail(g->err, -EINVAL,
					 "token id %d of prompt %zu is outside the vocabulary of %u",
					 t->ids[i], t->prompt + 1,
					 g->info.vocab_size);
	return 0;
}

static int read_prompts(struct qaic_enc *g)
{
	const struct qaic_encode *e = g->e;
	size_t i;
	int ret;

	if (e->input_ids)
		ret = qaic_prompts_ids(&g->prompts, e->input_ids, g->err);
	else if (e->prompts_file)
		ret = qaic_prompts_file(&g->prompts, e->prompts_file, g->err);
	else
		ret = qaic_prompts_split(&g->prompts, e->prompt, g->err);
	if (!ret)
		ret = read_context(g);
	for (i = 0; !ret && i < g->prompts.n; i++)
		ret = add_prompt(g, i);
	for (i = 0; !ret && i < g->num_texts; i++)
		ret = check_ids(g, &g->texts[i]);
	return ret;
}

/* ---- running ---- */

static int write_row(struct qaic_enc *g, const struct qaic_enc_text *t,
		     size_t row)
{
	struct qeff_output o;
	const float *v;
	size_t i, num;
	int ret = 0;

	for (i = 0; !ret && qeff_encoder_output(g->enc, i, &o); i++) {
		v = qaic_enc_row(g, o.name, row, t->num, &num);
		ret = v ? qaic_outfile_write(&g->logits, v, num * sizeof(*v),
					     g->err) : -EINVAL;
	}
	return ret;
}

static int take(struct qaic_enc *g, size_t text, size_t row)
{
	switch (g->info.task) {
	case QEFF_TASK_FILL_MASK:
		return qaic_enc_fill(g, text, row);
	case QEFF_TASK_CLASSIFY:
		return qaic_enc_classify(g, text, row);
	case QEFF_TASK_CLASSIFY_TOKENS:
		return qaic_enc_tokens(g, text, row);
	case QEFF_TASK_ANSWER:
		return qaic_enc_spans(g, text, row);
	case QEFF_TASK_EMBED:
		return qaic_enc_vector(g, text, row);
	case QEFF_TASK_TEXT:
	case QEFF_TASK_TRANSFORM:
		break;
	}
	return qaic_fail(g->err, -EINVAL, "%s is no encoder", g->e->model_dir);
}

static int run_batch(struct qaic_enc *g, size_t first, size_t num)
{
	struct qeff_text *t = calloc(num, sizeof(*t));
	double modelled[QEFF_NUM_SKUS];
	size_t i;
	int ret;

	if (!t)
		return qaic_enc_no_memory(g);
	for (i = 0; i < num; i++)
		t[i] = (struct qeff_text) {
			g->texts[first + i].ids, g->texts[first + i].types,
			g->texts[first + i].num,
		};
	ret = qeff_encoder_run(g->enc, t, num, g->texts[first].prompt, g->err);
	free(t);
	g->calls++;
	g->time += qeff_encoder_time(g->enc, modelled);
	for (i = 0; i < QEFF_NUM_SKUS; i++)
		g->model_time[i] += modelled[i];
	for (i = 0; !ret && i < num; i++) {
		ret = take(g, first + i, i);
		if (!ret && g->logits.fd >= 0)
			ret = write_row(g, &g->texts[first + i], i);
	}
	return ret;
}

static int open_all(struct qaic_enc *g)
{
	const struct qaic_encode *e = g->e;
	struct qeff_encoder_options o = {
		.qpc_dir = e->qpc, .qid = e->qid, .progress = e->progress,
	};
	struct qeff_watch watch;
	int ret;

	ret = qeff_model_info(e->model_dir, &g->info, g->err);
	if (!ret)
		ret = qaic_encode_check(e, g->info.task, g->err);
	if (!ret)
		ret = open_tokenizer(g);
	o.pad_id = g->info.pad_id;
	g->enc = e->encoder;
	if (!ret && !g->enc)
		ret = qeff_encoder_open(&o, &g->enc, g->err);
	qaic_progress_clear();
	g->mask_id = qaic_enc_mask_id(g);
	if (!ret)
		ret = read_prompts(g);
	if (!ret && (g->info.task == QEFF_TASK_CLASSIFY ||
		     g->info.task == QEFF_TASK_CLASSIFY_TOKENS))
		ret = qeff_model_labels(e->model_dir, &g->labels,
					&g->num_labels, g->err);
	if (!ret && g->info.task == QEFF_TASK_EMBED) {
		/* what was asked for need not be read */
		if (!e->pooling)
			ret = qeff_model_pooling(e->model_dir, &g->pooling,
						 &g->normalize, g->err);
		else if (strcmp(e->pooling, "mean"))
			g->pooling = strcmp(e->pooling, "cls") ?
				     QEFF_POOL_MAX : QEFF_POOL_CLS;
		g->normalize |= e->normalize;
	}
	if (ret)
		return ret;
	if (e->prof)
		qaic_prof_default(e->prof, qaic_encode_quiet(e, g->info.task) &&
				  !e->json ? NULL :
				  qeff_encoder_profiling(g->enc));
	if (e->prof && e->prof->type) {
		watch = qaic_prof_watch(e->prof);
		qeff_encoder_watch(g->enc, &watch);
	}
	g->results = json_array();
	g->answers = calloc(g->prompts.n + 1, sizeof(*g->answers));
	if (!g->results || !g->answers)
		return qaic_enc_no_memory(g);
	if (e->write_logits)
		ret = qaic_outfile_open(&g->logits, e->write_logits, g->err);
	return ret;
}

static void close_all(struct qaic_enc *g)
{
	size_t i;

	for (i = 0; i < g->num_texts; i++) {
		free(g->texts[i].ids);
		free(g->texts[i].types);
		free(g->texts[i].tokens);
	}
	free(g->texts);
	for (i = 0; g->answers && i < g->prompts.n; i++)
		free(g->answers[i].v);
	free(g->answers);
	free(g->vectors);
	free(g->context);
	free(g->labels);
	if (g->logits.fd >= 0)
		qaic_outfile_abort(&g->logits);
	json_decref(g->results);
	qaic_prompts_release(&g->prompts);
	if (g->e->prof)
		qaic_prof_release(g->e->prof);
	if (!g->e->encoder)
		qeff_encoder_close(g->enc);
	if (g->tok)
		qeff_tokenizer_close(g->tok);
}

int qaic_encode_run(const struct qaic_encode *e, struct qaic_err *err)
{
	struct qaic_enc g = { .e = e, .err = err, .logits = { .fd = -1 } };
	size_t i, n, batch;
	int ret;

	ret = open_all(&g);
	batch = ret ? 1 : qeff_encoder_batch(g.enc);
	for (i = 0; !ret && i < g.num_texts; i += n) {
		n = g.num_texts - i < batch ? g.num_texts - i : batch;
		ret = run_batch(&g, i, n);
	}
	if (!ret && g.logits.fd >= 0)
		ret = qaic_outfile_commit(&g.logits, err);
	if (!ret)
		ret = qaic_enc_report(&g);
	close_all(&g);
	return ret;
}
