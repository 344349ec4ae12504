// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "libqaic/qaic.h"
#include "tools/common/json_out.h"
#include "tools/common/perplexity.h"
#include "tools/common/verify.h"

static const char *others(const struct qaic_ppl_format *f)
{
	return f->fp32 ? "fp32" : "fp16";
}

static const char *weights(const struct qaic_ppl_format *f)
{
	return f->weights ? qaic_dtype_name(f->weights) : others(f);
}

static const char *activations(const struct qaic_ppl_format *f)
{
	if (!f->weights)
		return others(f);
	return f->act_int8 ? "int8" : "int16";
}

static const char *cache(const struct qaic_ppl_format *f)
{
	return f->kv_mxint8 ? qaic_dtype_name(QAIC_MXINT8) : others(f);
}

static double loss(const struct qaic_ppl_sums *s)
{
	return s->nll / s->tokens;
}

/* How long it took here, and would take on a card. */
static void print_times(const struct qaic_ppl *p, const struct qaic_ppl_sums *s)
{
	const struct qaic_ppl_format *f = p->format;
	char name[64];
	size_t i;
	int k;

	printf("\n%-26s %10s   %s\n%-26s %10s  ", "", "calls",
	       "modelled AI 100, one SoC, sec", "format", "sec");
	for (k = 0; k < QEFF_NUM_SKUS; k++)
		printf(" %12s", qaic_sku_name(k));
	printf("\n");
	for (i = 0; i < p->num_formats; i++, f++, s++) {
		snprintf(name, sizeof(name), "%s/%s/%s", weights(f),
			 activations(f), cache(f));
		printf("%-26s %10.3f  ", name, s->seconds);
		for (k = 0; k < QEFF_NUM_SKUS; k++)
			printf(" %12.6f", s->modelled[k]);
		printf("\n");
	}
}

void qaic_ppl_print(const struct qaic_ppl *p, const struct qaic_ppl_text *text,
		    const struct qaic_ppl_sums *s)
{
	const struct qaic_ppl_format *f = p->format;
	size_t i;

	printf("model: %s\ntext:  %s, %zu tokens; windows of %zu, stride %u: %zu with %zu predictions\n\n"
	       "%-8s %-11s %-8s %10s %12s", p->build.model_dir, p->text,
	       text->num, text->len, p->stride, text->windows, s->tokens,
	       "weights", "activations", "KV cache", "loss", "perplexity");
	if (p->against_fp32)
		printf(" %12s %12s %9s", "KL mean", "KL max", "top-1");
	printf("\n");
	for (i = 0; i < p->num_formats; i++, f++, s++) {
		printf("%-8s %-11s %-8s %10.6f %12.6g", weights(f),
		       activations(f), cache(f), loss(s), exp(loss(s)));
		if (p->against_fp32 && i)
			printf(" %12.4g %12.4g %7.3f %%", s->kl / s->tokens,
			       s->kl_max, 100.0 * s->top1 / s->tokens);
		printf("\n");
	}
	print_times(p, s - p->num_formats);
}

static json_t *json_format(const struct qaic_ppl_format *f,
			   const struct qaic_ppl_sums *s, bool compared)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:o}", "weights", weights(f),
			      "activations", activations(f), "kv_cache",
			      cache(f), "loss", qaic_json_number(loss(s)),
			      "perplexity", qaic_json_number(exp(loss(s))));

	if (!j)
		return NULL;
	json_object_set_new(j, "calls_s", qaic_json_number(s->seconds));
	json_object_set_new(j, "modelled_s", qaic_json_skus(s->modelled));
	if (!compared)
		return j;
	json_object_set_new(j, "kl_mean", qaic_json_number(s->kl / s->tokens));
	json_object_set_new(j, "kl_max", qaic_json_number(s->kl_max));
	json_object_set_new(j, "top1",
			    qaic_json_number((double)s->top1 / s->tokens));
	return j;
}

int qaic_ppl_json(const struct qaic_ppl *p, const struct qaic_ppl_text *text,
		  const struct qaic_ppl_sums *s, struct qaic_err *err)
{
	json_t *list = json_array(), *j;
	size_t i;

	for (i = 0; i < p->num_formats; i++)
		json_array_append_new(list, json_format(&p->format[i], &s[i],
							p->against_fp32 && i));
	j = json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}",
		      "model", qaic_json_text(p->build.model_dir),
		      "text", qaic_json_text(p->text),
		      "tokens", (json_int_t)text->num,
		      "window", (json_int_t)text->len,
		      "stride", (json_int_t)p->stride,
		      "windows", (json_int_t)text->windows,
		      "predictions", (json_int_t)s->tokens, "formats", list);
	return qaic_json_print(j, err);
}
