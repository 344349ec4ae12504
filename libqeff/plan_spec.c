// SPDX-License-Identifier: MIT
/* The specializations that a model is compiled for. */
#include <errno.h>
#include <stdio.h>

#include "libqeff/pipeline.h"

static struct qeff_plan_spec *add_spec(struct qeff_compile_plan *plan,
				       const char *name)
{
	struct qeff_plan_spec *s = &plan->spec[plan->num_specs++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->num = 0;
	return s;
}

static void add_symbol(struct qeff_plan_spec *s, const char *name,
		       unsigned int value)
{
	s->sym[s->num++] = (struct qaicc_symbol){ name, value };
}

/* One call for the prompt and the first token; the others have no encoder rows. */
static void seq2seq_specs(struct qeff_compile_plan *plan)
{
	const struct qeff_build_options *o = plan->opt;
	struct qeff_plan_spec *s;
	int decode;

	for (decode = 0; decode < 2; decode++) {
		s = add_spec(plan, decode ? "Decode" : "Encode");
		add_symbol(s, "batch_size", o->batch_size);
		add_symbol(s, "ctx_len", o->ctx_len);
		add_symbol(s, "encoder_ctx_len", o->prompt_len);
		add_symbol(s, "encoder_len", decode ? 0 : o->prompt_len);
		add_symbol(s, "seq_len", 1);
	}
}

/* One specialization is both if the prompt is fed token by token. */
static void decoder_specs(struct qeff_compile_plan *plan)
{
	const struct qeff_build_options *o = plan->opt;
	struct qeff_plan_spec *s;
	bool one = o->prompt_len == 1;
	int decode;

	/* texts that are scored have no decode */
	for (decode = one; decode < (o->every_row && !one ? 1 : 2); decode++) {
		s = add_spec(plan, decode ? "Decode" : "Prefill");
		add_symbol(s, "batch_size", o->batch_size);
		add_symbol(s, "ctx_len", o->ctx_len);
		add_symbol(s, "seq_len", decode ? 1 : o->prompt_len);
	}
}

/* By length, which is all that they differ in. */
static void encoder_specs(struct qeff_compile_plan *plan)
{
	const struct qeff_build_options *o = plan->opt;
	struct qeff_plan_spec *s;
	char name[24];
	size_t i;

	for (i = 0; i < o->num_seq_lens; i++) {
		snprintf(name, sizeof(name), "Encode-%u", o->seq_lens[i]);
		s = add_spec(plan, name);
		add_symbol(s, "batch_size", o->batch_size);
		add_symbol(s, "seq_len", o->seq_lens[i]);
	}
}

/* QEfficient writes every value of a specialization as a string. */
static json_t *specializations(const struct qeff_compile_plan *plan)
{
	json_t *list = json_array(), *sym;
	size_t i, k;

	for (i = 0; i < plan->num_specs; i++) {
		const struct qeff_plan_spec *s = &plan->spec[i];

		sym = json_object();
		for (k = 0; k < s->num; k++)
			json_object_set_new(sym, s->sym[k].name,
				json_sprintf("%lld",
					     (long long)s->sym[k].value));
		json_array_append_new(list, json_pack("{s:s, s:o}", "name",
						      s->name, "symbols", sym));
	}
	return json_pack("{s:o}", "specializations", list);
}

static int check_lengths(const struct qeff_compile_plan *plan,
			 struct qaic_err *err)
{
	const struct qeff_build_options *opt = plan->opt;
	size_t i;

	if (!plan->encoder) {
		if (!opt->prompt_len || !opt->ctx_len)
			return qaic_fail(err, -EINVAL,
					 "prompt length and context length must be at least 1");
		/* an encoder's tokens are not in the decoder's context */
		if (!plan->seq2seq && opt->prompt_len > opt->ctx_len)
			return qaic_fail(err, -EINVAL,
					 "--prompt-len %u is more than --ctx-len %u",
					 opt->prompt_len, opt->ctx_len);
		return 0;
	}
	if (!opt->num_seq_lens || opt->num_seq_lens > QEFF_MAX_SEQ_LENS)
		return qaic_fail(err, -EINVAL,
				 "%s reads whole texts: give 1 to %d lengths with --seq-len",
				 plan->onnx, QEFF_MAX_SEQ_LENS);
	for (i = 0; i < opt->num_seq_lens; i++)
		if (!opt->seq_lens[i] ||
		    (i && opt->seq_lens[i] <= opt->seq_lens[i - 1]))
			return qaic_fail(err, -EINVAL,
					 "sequence lengths must be at least 1 and grow");
	return 0;
}

int qeff_plan_specs(struct qeff_compile_plan *plan, struct qaic_err *err)
{
	int ret;

	if (!plan->opt->batch_size)
		return qaic_fail(err, -EINVAL, "batch size must be at least 1");
	ret = check_lengths(plan, err);
	if (ret)
		return ret;
	if (plan->encoder)
		encoder_specs(plan);
	else if (plan->seq2seq)
		seq2seq_specs(plan);
	else
		decoder_specs(plan);
	plan->specs = specializations(plan);
	return plan->specs ? 0 : qaic_fail(err, -ENOMEM, "out of memory");
}
