// SPDX-License-Identifier: MIT
/*
 * What is printed, in the format of QEfficient's print_latency_stats_kv and
 * CloudAI100ExecInfo.__repr__: qaic-bench and others parse it. The blanks before
 * the line ends are part of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/qaic.h"
#include "tools/common/json_out.h"
#include "tools/common/textgen_priv.h"

void qaic_print_round2(char buf[32], double x)
{
	char *p;

	snprintf(buf, 32, "%.2f", isfinite(x) && x < 1e15 ? x : 0);
	p = buf + strlen(buf) - 1;
	if (*p == '0')
		*p = '\0';
}

void qaic_print_stats(const struct qaic_perf *p, unsigned int batch)
{
	char ttft[32], decode[32], total[32], e2e[32];

	qaic_print_round2(ttft, p->prefill_s);
	qaic_print_round2(decode, p->decode_rate * batch);
	qaic_print_round2(total, p->total_rate * batch);
	qaic_print_round2(e2e, p->total_s);
	printf("\n========================= Performance Stats =========================\n");
	if (batch > 1)
		printf("Batch Performance : \n\n");
	printf("Average Prefill time a.k.a TTFT is= %s sec        \n"
	       "Decode is= %s tokens/sec        \n"
	       "Total is= %s tokens/sec        \n"
	       "Total (E2E) inference time is= %s sec\n",
	       ttft, decode, total, e2e);
	printf("=====================================================================\n");
	fflush(stdout);
}

void qaic_print_model(const struct qaic_perf *p, unsigned int batch)
{
	unsigned int i;

	printf("\n%-24s %12s %20s\n", "Modelled AI 100, one SoC", "TTFT (sec)",
	       "Decode (tokens/sec)");
	for (i = 0; i < QEFF_NUM_SKUS; i++)
		printf("%-24s %12.6f %20.2f\n", qaic_sku_name(i),
		       p->model_prefill_s[i], p->model_decode_rate[i] * batch);
}

void qaic_print_ids(const int32_t *ids, size_t n)
{
	size_t i;

	printf("ids:");
	for (i = 0; i < n; i++)
		printf(" %d", ids[i]);
	printf("\n");
}

void qaic_print_verify(const struct qaic_gen *g)
{
	const struct qeff_distance *d;
	struct qeff_verify_output o;
	char top1[48];
	size_t i;

	printf("\nCard against the reference evaluation (bound of rel RMS %g):\n"
	       "%-28s %10s %10s %10s %12s %s\n",
	       qaic_verify_bound(g->t->fp32, g->t->weights, g->t->kv_mxint8),
	       "output", "MSE", "max", "rel RMS", "cosine", "top-1");
	for (i = 0; qeff_verifier_output(g->verifier, i, &o); i++) {
		d = &o.pair[QEFF_CARD_ONNX];
		snprintf(top1, sizeof(top1), "%zu/%zu", d->top1, d->rows);
		printf("%-28s %10.3g %10.3g %10.3g %12.9f %s\n", o.name, d->mse,
		       d->max_abs, d->rel_rms, d->cosine, d->rows ? top1 : "-");
	}
}

json_t *qaic_json_result(const struct qaic_prompt *p, const int32_t *ids,
			 size_t n, const char *text)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "prompt", qaic_json_text(p->text),
			 "prompt_ids", qaic_json_ids(p->ids, p->num_ids),
			 "ids", qaic_json_ids(ids, n),
			 "text", text ? qaic_json_text(text) : json_null());
}

static json_t *json_verify(const struct qaic_gen *g)
{
	json_t *list = json_array(), *j;
	struct qeff_verify_output o;
	size_t i;

	for (i = 0; qeff_verifier_output(g->verifier, i, &o); i++) {
		j = qaic_json_distance(&o.pair[QEFF_CARD_ONNX]);
		json_object_set_new(j, "output", json_string(o.name));
		json_array_append_new(list, j);
	}
	return json_pack("{s:f, s:o}", "bound",
			 qaic_verify_bound(g->t->fp32, g->t->weights,
					   g->t->kv_mxint8),
			 "outputs", list);
}

/* {"Standard": {...}, "Pro": {...}, "Ultra": {...}} */
static json_t *json_model(const struct qaic_perf *p, unsigned int batch)
{
	json_t *j = json_object();
	unsigned int i;

	for (i = 0; i < QEFF_NUM_SKUS; i++)
		json_object_set_new(j, qaic_sku_name(i), json_pack("{s:o, s:o}",
			"ttft_s", qaic_json_number(p->model_prefill_s[i]),
			"decode_tokens_per_s",
			qaic_json_number(p->model_decode_rate[i] * batch)));
	return j;
}

int qaic_print_json(const struct qaic_gen *g)
{
	unsigned int batch = qeff_session_batch(g->s);
	const struct qaic_perf *p = &g->perf;
	json_t *j;

	j = json_pack("{s:s, s:i, s:i, s:i, s:i, s:O, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o}}",
		      "qpc", g->t->qpc, "batch_size", (int)batch,
		      "prompt_len", (int)qeff_session_prompt_len(g->s),
		      "ctx_len", (int)qeff_session_ctx_len(g->s),
		      "vocab_size", (int)qeff_session_vocab(g->s),
		      "results", g->results, "performance",
		      "ttft_s", qaic_json_number(p->prefill_s),
		      "decode_tokens_per_s", qaic_json_number(p->decode_rate * batch),
		      "total_tokens_per_s", qaic_json_number(p->total_rate * batch),
		      "total_s", qaic_json_number(p->total_s),
		      "modelled_ttft_s", qaic_json_number(p->model_prefill_s[QAIC_SKU_PRO]),
		      "modelled_decode_tokens_per_s",
		      qaic_json_number(p->model_decode_rate[QAIC_SKU_PRO] *
				       batch),
		      "modelled", json_model(p, batch));
	if (!j)
		return qaic_json_print(j, g->err);
	if (g->t->model_dir)
		json_object_set_new(j, "model", qaic_json_text(g->t->model_dir));
	if (g->t->verify)
		json_object_set_new(j, "verify", json_verify(g));
	if (g->profile)
		json_object_set(j, "profile", g->profile);
	return qaic_json_print(j, g->err);
}
