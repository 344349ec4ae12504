// SPDX-License-Identifier: MIT
/* What qeff verify prints, and its verdict. */
#include <errno.h>
#include <stdio.h>

#include "base/dtype.h"
#include "tools/common/json_out.h"
#include "tools/common/verify_priv.h"

static const struct {
	const char *title, *key, *what;
} pairs[QEFF_NUM_PAIRS] = {
	[QEFF_REFERENCE_GOLDEN] = { "reference - golden", "reference_golden",
				    "the reference parts from the golden logits" },
	[QEFF_ONNX_REFERENCE] = { "ONNX - reference", "onnx_reference",
				  "the ONNX parts from the reference" },
	[QEFF_CARD_ONNX] = { "card - ONNX", "card_onnx",
			     "the card parts from the ONNX" },
	[QEFF_CARD_REFERENCE] = { "card - reference", "card_reference",
				  "the card parts from the reference" },
};

/* All but the card are FP32, whatever it is. */
static double bound_of(const struct qaic_verify *o, int pair)
{
	if (pair == QEFF_REFERENCE_GOLDEN || pair == QEFF_ONNX_REFERENCE)
		return qaic_verify_bound(true, 0, false);
	return qaic_verify_bound(o->fp32, o->weights, o->kv_mxint8);
}

static void print_line(const char *name, const char *pair,
		       const struct qeff_distance *d)
{
	char top1[48] = "-";

	if (d->rows)
		snprintf(top1, sizeof(top1), "%zu/%zu", d->top1, d->rows);
	printf("%-34s %-18s %10.3g %10.3g %10.3g %12.9f %s\n", name, pair,
	       d->mse, d->max_abs, d->rel_rms, d->cosine, top1);
}

void qaic_verify_table(struct verify *x)
{
	struct qeff_verify_output o;
	const char *name;
	size_t i;
	int p;

	printf("reference: %s\nONNX:      %s\ncard:      %s%s%s%s\n\n"
	       "%-34s %-18s %10s %10s %10s %12s %s\n", x->o->model_dir,
	       x->o->onnx, x->o->fp32 ? "fp32" : "fp16",
	       x->o->weights ? ", weights " : "",
	       x->o->weights ? qaic_dtype_name(x->o->weights) : "",
	       x->o->act_int8 ? ", activations int8" : "", "output", "pair",
	       "MSE", "max", "rel RMS", "cosine", "top-1");
	for (i = 0; qeff_verifier_output(x->v, i, &o); i++) {
		name = o.name;
		for (p = 0; p < QEFF_NUM_PAIRS; p++) {
			if (!o.pair[p].num)
				continue;
			print_line(name, pairs[p].title, &o.pair[p]);
			name = "";
		}
	}
	printf("\n");
	if (x->generated)
		printf("greedy tokens as the golden ones: %zu/%zu\n", x->same,
		       x->generated);
	for (p = 0; x->o->per_block && p < QEFF_NUM_PAIRS; p++) {
		if (qeff_verifier_parting(x->v, p, bound_of(x->o, p), &o))
			printf("%s in %s\n", pairs[p].what, o.name);
	}
}

static json_t *json_outputs(struct verify *x)
{
	static const char *const kinds[] = { "result", "block", "state" };
	json_t *list = json_array(), *j;
	struct qeff_verify_output o;
	size_t i;
	int p;

	for (i = 0; qeff_verifier_output(x->v, i, &o); i++) {
		j = json_pack("{s:s, s:s}", "output", o.name, "kind",
			      kinds[o.kind]);
		for (p = 0; p < QEFF_NUM_PAIRS; p++)
			if (o.pair[p].num)
				json_object_set_new(j, pairs[p].key,
					qaic_json_distance(&o.pair[p]));
		json_array_append_new(list, j);
	}
	return list;
}

int qaic_verify_json(struct verify *x, bool agree)
{
	json_t *bounds = json_object(), *parting = json_object(), *j;
	struct qeff_verify_output o;
	int p;

	for (p = 0; p < QEFF_NUM_PAIRS; p++) {
		double bound = bound_of(x->o, p);

		json_object_set_new(bounds, pairs[p].key, json_real(bound));
		json_object_set_new(parting, pairs[p].key,
			qeff_verifier_parting(x->v, p, bound, &o) ?
			json_string(o.name) : json_null());
	}
	j = json_pack("{s:s?, s:s?, s:s?, s:s, s:s, s:o, s:o, s:b}",
		      "model", x->o->model_dir, "onnx", x->o->onnx,
		      "qpc", x->o->qpc, "precision",
		      x->o->fp32 ? "fp32" : "fp16", "weights",
		      x->o->weights ? qaic_dtype_name(x->o->weights) :
		      x->o->fp32 ? "fp32" : "fp16", "bounds", bounds,
		      "outputs", json_outputs(x), "agree", agree);
	if (x->o->per_block)
		json_object_set(j, "parting", parting);
	if (x->generated)
		json_object_set_new(j, "golden_tokens",
			json_pack("{s:I, s:I}", "same", (json_int_t)x->same,
				  "of", (json_int_t)x->generated));
	json_decref(parting);
	return qaic_json_print(j, x->err);
}

/* The results and the cache of one pair. */
static int judge_outputs(struct verify *x, int p, double bound)
{
	struct qeff_verify_output o;
	size_t i;

	for (i = 0; qeff_verifier_output(x->v, i, &o); i++)
		if (o.pair[p].num && !(o.pair[p].rel_rms <= bound))
			return qaic_fail(x->err, -ERANGE,
					 "verification failed: %s in %s (%.3g relative RMS, more than %g)%s",
					 pairs[p].what, o.name,
					 o.pair[p].rel_rms, bound,
					 x->o->per_block ? "" :
					 "; --per-block finds where");
	return 0;
}

int qaic_verify_judge(struct verify *x)
{
	struct qeff_verify_output o;
	double bound;
	int p, ret = 0;

	for (p = 0; p < QEFF_NUM_PAIRS && !ret; p++) {
		bound = bound_of(x->o, p);
		if (qeff_verifier_parting(x->v, p, bound, &o))
			return qaic_fail(x->err, -ERANGE,
					 "verification failed: %s in %s (%.3g relative RMS, more than %g)",
					 pairs[p].what, o.name,
					 o.pair[p].rel_rms, bound);
		ret = judge_outputs(x, p, bound);
	}
	/* where two tokens are as good as each other, either will do */
	if (!ret && x->same < x->generated &&
	    x->golden.gap >= (x->o->fp32 ? 0.002 : 0.01))
		ret = qaic_fail(x->err, -ERANGE,
				"verification failed: %zu of %zu generated tokens are the golden ones",
				x->same, x->generated);
	return ret;
}
