// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "tools/common/profile.h"
#include "tools/common/progress.h"
#include "tools/common/textgen_priv.h"

int qaic_textgen_check(const struct qaic_textgen *t, struct qaic_err *err)
{
	if (t->input_ids && (t->prompt || t->prompts_file))
		return qaic_fail(err, -EINVAL,
				 "--input-ids and a text prompt exclude each other");
	if (!t->chat && (t->system || t->chat_template))
		return qaic_fail(err, -EINVAL, "%s needs --chat",
				 t->system ? "--system" : "--chat-template");
	if (t->chat && t->input_ids)
		return qaic_fail(err, -EINVAL,
				 "--chat needs a text prompt, not --input-ids");
	if (!t->input_ids && !t->prompt && !t->prompts_file)
		return qaic_fail(err, -EINVAL,
				 "no prompt: give --prompt, --prompts-txt-file-path or --input-ids");
	if (t->verify && t->prof && t->prof->type &&
	    strcmp(t->prof->type, "none"))
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-type and --verify exclude each other");
	return t->prof ? qaic_prof_check(t->prof, err) : 0;
}

int qaic_textgen_check_chat(const struct qaic_textgen *t, const char *dir,
			    struct qaic_err *err)
{
	struct qeff_chat *chat;
	int ret;

	if (!t->chat)
		return 0;
	/* a pipe can be read once: when it is used */
	if (t->chat_template && !access(t->chat_template, R_OK) &&
	    !qaic_is_file(t->chat_template) && !qaic_is_dir(t->chat_template))
		return 0;
	ret = qeff_chat_open(dir, t->chat_template, &chat, err);
	if (!ret)
		qeff_chat_close(chat);
	return ret;
}

static void warn(const struct qaic_gen *g, const char *text)
{
	fprintf(stderr, "%s: warning: %s\n", g->t->prog, text);
}

/* Open the tokenizer; ids alone can do without one. */
static int open_tokenizer(struct qaic_gen *g)
{
	struct qaic_err err = QAIC_ERR_INIT;
	int ret;

	if (!g->t->model_dir)
		return g->t->input_ids ? 0 :
		       qaic_fail(g->err, -EINVAL,
				 "a text prompt needs --model-name, the directory of the tokenizer");
	ret = qeff_tokenizer_open(g->t->model_dir, &g->tok, &err);
	if (ret == -ENOENT && g->t->input_ids)
		return 0;
	if (ret)
		qaic_fail(g->err, ret, "%s", err.msg);
	return ret;
}

/*
 * What the model says of generation. It ends at its EOS, else its tokenizer's.
 * After the session and the tokenizer are there.
 */
static int take_rules(struct qaic_gen *g)
{
	struct qeff_model_info info;
	char text[256];
	uint32_t i;
	int ret;

	if (!g->t->model_dir)
		return 0;
	ret = qeff_model_info(g->t->model_dir, &info, g->err);
	if (ret)
		return ret;
	if (info.vocab_size != qeff_session_vocab(g->s)) {
		snprintf(text, sizeof(text),
			 "the QPC has a vocabulary of %u, %s one of %u: is it another model's?",
			 qeff_session_vocab(g->s), info.name, info.vocab_size);
		warn(g, text);
	}
	qeff_session_set_rules(g->s, &info.rules);
	if (g->t->ignore_eos)
		return 0;
	for (i = 0; i < info.num_eos && g->num_eos < QAIC_ARRAY_SIZE(g->eos); i++)
		g->eos[g->num_eos++] = info.eos_ids[i];
	if (!g->num_eos && g->tok && qeff_eos_id(g->tok) >= 0)
		g->eos[g->num_eos++] = qeff_eos_id(g->tok);
	return 0;
}

static int encode_prompts(struct qaic_gen *g)
{
	struct qeff_chat *chat;
	int ret;

	if (!g->t->chat)
		return qaic_prompts_encode(&g->prompts, g->tok, g->err);
	ret = qeff_chat_open(g->t->model_dir, g->t->chat_template, &chat,
			     g->err);
	if (ret)
		return ret;
	ret = qaic_prompts_chat(&g->prompts, g->tok, chat, g->t->system,
				g->err);
	qeff_chat_close(chat);
	return ret;
}

static int read_prompts(struct qaic_gen *g)
{
	const struct qaic_textgen *t = g->t;
	const char *note;
	size_t i, left;
	int ret;

	if (t->input_ids) {
		ret = qaic_prompts_ids(&g->prompts, t->input_ids, g->err);
	} else if (t->prompts_file) {
		if (t->prompt)
			warn(g, "--prompts-txt-file-path is used, --prompt is not");
		ret = qaic_prompts_file(&g->prompts, t->prompts_file, g->err);
	} else {
		ret = qaic_prompts_split(&g->prompts, t->prompt, g->err);
	}
	if (!ret && !t->input_ids)
		ret = encode_prompts(g);
	if (!ret)
		ret = qaic_prompts_fit(&g->prompts, qeff_session_batch(g->s),
				       &note, g->err);
	if (!ret && note)
		warn(g, note);
	/* all of them before the first is run and shown */
	for (i = 0; !ret && i < g->prompts.n; i++)
		ret = qeff_check_prompt(g->s, i, g->prompts.v[i].ids,
					g->prompts.v[i].num_ids, g->err);
	for (i = 0; !ret && i < g->prompts.n; i++) {
		/* with an encoder the context has the start token */
		left = qeff_session_ctx_len(g->s) -
		       (qeff_session_seq2seq(g->s) ? 1 :
			g->prompts.v[i].num_ids);
		if (t->generation_len <= left)
			continue;
		warn(g, "--generation-len is more than the context has room for");
		break;
	}
	return ret;
}

/* A new token; the first row of a batch is shown as it comes. */
static int on_token(void *ctx, size_t row, int32_t id)
{
	struct qaic_gen *g = ctx;
	const char *text;
	size_t len;

	if (row || g->t->json)
		return 0;
	if (!g->tok) {
		printf(" %d", id);
	} else if (!qeff_stream_put(g->stream, id, &text, &len)) {
		fwrite(text, 1, len, stdout);
	}
	fflush(stdout);
	return 0;
}

static int on_logits(void *ctx, size_t row, const float *logits, size_t vocab)
{
	struct qaic_gen *g = ctx;
	int ret = 0;

	if (g->logits.fd >= 0)
		ret = qaic_outfile_write(&g->logits, logits,
					 vocab * sizeof(*logits), NULL);
	if (!ret && g->kept)
		ret = qaic_rows_add(&g->kept[row], logits, vocab);
	return ret;
}

/* The text of generated ids, malloc'ed; NULL without a tokenizer. */
static char *decode_text(struct qaic_gen *g, const int32_t *ids, size_t n)
{
	struct qaic_str s = { 0 };
	char *text;
	size_t len, i;

	if (g->tok)
		return qeff_decode(g->tok, ids, n, true, &text, &len, g->err) ?
		       NULL : text;
	for (i = 0; i < n; i++)
		qaic_str_printf(&s, "%s%d", i ? " " : "", ids[i]);
	if (!n)
		qaic_str_puts(&s, "");
	return s.s;
}

/* What follows the streamed first row: the other rows, and the ids. */
static int show_batch(struct qaic_gen *g, const struct qaic_prompt *p,
		      const struct qeff_result *res)
{
	size_t i, n = res->num_prompts;
	char *text;
	int ret = 0;

	for (i = 0; !ret && i < n; i++) {
		if (!g->t->json && !i)
			continue;
		text = decode_text(g, res->ids[i], res->num_ids[i]);
		if (!text)
			return qaic_fail(g->err, -ENOMEM, "out of memory");
		if (g->t->json) {
			ret = json_array_append_new(g->results,
				qaic_json_result(&p[i], res->ids[i],
						 res->num_ids[i],
						 g->tok ? text : NULL));
			if (ret)
				qaic_fail(g->err, -ENOMEM, "out of memory");
		} else {
			printf("\n--------------------\n\nPrompt :  %s\nCompletion :  %s\n",
			       p[i].text, text);
		}
		free(text);
	}
	if (!ret && g->t->print_ids && !g->t->json) {
		if (n == 1)
			printf("\n");
		for (i = 0; i < n; i++)
			qaic_print_ids(res->ids[i], res->num_ids[i]);
	}
	fflush(stdout);
	return ret;
}

static void add_perf(struct qaic_perf *p, const struct qeff_result *r)
{
	double n = ++p->batches, steps = r->decode_steps;
	int i;

#define MEAN(field, x)	((field) += ((x) - (field)) / n)
	MEAN(p->prefill_s, r->prefill_s);
	MEAN(p->decode_rate, r->decode_s > 0 ? steps / r->decode_s : 0);
	MEAN(p->total_rate, r->total_s > 0 ? steps / r->total_s : 0);
	MEAN(p->total_s, r->total_s);
	for (i = 0; i < QEFF_NUM_SKUS; i++) {
		MEAN(p->model_prefill_s[i], r->model_prefill_s[i]);
		MEAN(p->model_decode_rate[i], r->model_decode_s[i] > 0 ?
		     steps / r->model_decode_s[i] : 0);
	}
#undef MEAN
}

static int generate(struct qaic_gen *g, const struct qaic_prompt *p,
		    const struct qeff_request *req, struct qeff_result *res)
{
	const char *text;
	size_t len;
	int ret;

	if (g->t->json)
		return qeff_generate(g->s, req, res, g->err);
	if (g->tok) {
		ret = qeff_stream_new(g->tok, true, &g->stream);
		if (ret)
			return qaic_fail(g->err, ret, "out of memory");
	}
	printf("\nPrompt : %s\nCompletion :", p->text);
	fflush(stdout);
	ret = qeff_generate(g->s, req, res, g->err);
	if (g->stream && !qeff_stream_flush(g->stream, &text, &len))
		fwrite(text, 1, len, stdout);
	if (ret)
		printf("\n");
	fflush(stdout);
	if (g->stream)
		qeff_stream_free(g->stream);
	g->stream = NULL;
	return ret;
}

static int run_batch(struct qaic_gen *g, const struct qaic_prompt *p, size_t n)
{
	const int32_t **ids = calloc(n, sizeof(*ids));
	size_t *len = calloc(n, sizeof(*len)), i;
	struct qeff_request req = {
		.prompts = ids, .prompt_len = len, .num_prompts = n,
		.generation_len = g->t->generation_len,
		.eos_ids = g->eos, .num_eos = g->num_eos,
		.token = on_token, .ctx = g,
	};
	struct qeff_result res = { 0 };
	int ret;

	if (!ids || !len) {
		ret = qaic_fail(g->err, -ENOMEM, "out of memory");
		goto out;
	}
	for (i = 0; i < n; i++) {
		ids[i] = p[i].ids;
		len[i] = p[i].num_ids;
	}
	if (g->logits.fd >= 0 || g->kept)
		req.logits = on_logits;
	for (i = 0; g->kept && i < n; i++)
		g->kept[i].n = 0;
	ret = generate(g, p, &req, &res);
	if (ret)
		goto out;
	add_perf(&g->perf, &res);
	ret = show_batch(g, p, &res);
	if (!ret && g->t->verify)
		ret = qaic_verify_batch(g->verifier, g->s, p, &res, g->kept,
					NULL, g->err);
out:
	qeff_result_release(&res);
	free(ids);
	free(len);
	return ret;
}

static int open_all(struct qaic_gen *g)
{
	const struct qaic_textgen *t = g->t;
	struct qeff_session_options so = {
		.qpc_dir = t->qpc, .qid = t->qid, .progress = t->progress,
	};
	struct qeff_watch watch;
	int ret;

	ret = open_tokenizer(g);
	g->s = t->session;
	if (!ret && !g->s)
		ret = qeff_session_open(&so, &g->s, g->err);
	if (!ret)
		ret = take_rules(g);
	qaic_progress_clear();
	if (!ret)
		ret = read_prompts(g);
	if (ret)
		return ret;
	if (t->prof)
		qaic_prof_default(t->prof, t->verify ? NULL :
				  qeff_session_profiling(g->s));
	if (t->prof && t->prof->type) {
		watch = qaic_prof_watch(t->prof);
		qeff_session_watch(g->s, &watch);
	}
	g->results = json_array();
	if (!g->results)
		return qaic_fail(g->err, -ENOMEM, "out of memory");
	if (t->verify)
		ret = qaic_gen_verify_open(g);
	if (!ret && t->write_logits)
		ret = qaic_outfile_open(&g->logits, t->write_logits, g->err);
	return ret;
}

static void say_more(const struct qaic_gen *g)
{
	unsigned int batch = qeff_session_batch(g->s);

	fprintf(stderr, "%s: QPC %s: batch %u, prompt-len %u, ctx-len %u, vocabulary %u\n",
		g->t->prog, g->t->qpc, batch, qeff_session_prompt_len(g->s),
		qeff_session_ctx_len(g->s), qeff_session_vocab(g->s));
}

static int report(struct qaic_gen *g)
{
	int ret = 0;

	if (g->t->prof && g->t->json)
		ret = qaic_prof_report(g->t->prof, &g->profile, g->err);
	if (ret)
		return ret;
	if (g->t->json) {
		ret = qaic_print_json(g);
	} else {
		if (g->t->verify)
			qaic_print_verify(g);
		qaic_print_model(&g->perf, qeff_session_batch(g->s));
		qaic_print_stats(&g->perf, qeff_session_batch(g->s));
		if (g->t->prof)
			ret = qaic_prof_report(g->t->prof, NULL, g->err);
	}
	if (ret)
		return ret;
	if (g->t->verbose)
		say_more(g);
	return g->t->verify ? qaic_gen_verify_result(g) : 0;
}

static void close_all(struct qaic_gen *g)
{
	size_t n = g->s ? qeff_session_batch(g->s) : 0;

	qaic_rows_free(g->kept, n);
	qeff_verifier_close(g->verifier);
	if (g->logits.fd >= 0)
		qaic_outfile_abort(&g->logits);
	json_decref(g->results);
	json_decref(g->profile);
	qaic_prompts_release(&g->prompts);
	if (g->t->prof)
		qaic_prof_release(g->t->prof);
	if (g->s && !g->t->session)
		qeff_session_close(g->s);
	if (g->tok)
		qeff_tokenizer_close(g->tok);
}

int qaic_textgen_run(const struct qaic_textgen *t, struct qaic_err *err)
{
	struct qaic_gen g = { .t = t, .err = err, .logits = { .fd = -1 } };
	size_t i, batch;
	int ret;

	ret = qaic_textgen_check(t, err);
	if (!ret)
		ret = open_all(&g);
	if (ret)
		goto out;
	batch = qeff_session_batch(g.s);
	for (i = 0; !ret && i + batch <= g.prompts.n; i += batch)
		ret = run_batch(&g, g.prompts.v + i, batch);
	if (!ret && g.logits.fd >= 0)
		ret = qaic_outfile_commit(&g.logits, err);
	if (!ret)
		ret = report(&g);
out:
	close_all(&g);
	return ret;
}
