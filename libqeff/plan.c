// SPDX-License-Identifier: MIT
/*
 * The compile stage: two specializations of one ONNX, a KV cache that stays on
 * the card, and the files that QEfficient writes beside a QPC.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/onnx.pb-c.h"
#include "compiler/qaicc.h"
#include "libqeff/artefact.h"
#include "libqeff/pipeline.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* The cache tensors: outputs called X_RetainedState, X being an input. */
static int add_states(struct qeff_compile_plan *plan,
		      const Onnx__GraphProto *g, struct qaic_err *err)
{
	size_t i, n, tail = strlen(QEFF_RETAINED);
	const char *name;

	plan->states = calloc(g->n_output + 1, sizeof(*plan->states));
	if (!plan->states)
		return no_memory(err);
	for (i = 0; i < g->n_output; i++) {
		name = g->output[i]->name;
		n = name ? strlen(name) : 0;
		if (n <= tail || strcmp(name + n - tail, QEFF_RETAINED))
			continue;
		plan->states[plan->num_states] = strndup(name, n - tail);
		if (!plan->states[plan->num_states])
			return no_memory(err);
		plan->num_states++;
	}
	return 0;
}

int qeff_read_onnx(const char *path,
		   int (*take)(void *ctx, const Onnx__ModelProto *m,
			       struct qaic_err *err),
		   void *ctx, struct qaic_err *err)
{
	Onnx__ModelProto *m = NULL;
	struct qaic_map map;
	int ret;

	ret = qaic_map_file(&map, path, err);
	if (ret)
		return ret;
	m = onnx__model_proto__unpack(NULL, map.size, map.data);
	if (!m || !m->graph)
		ret = qaic_fail(err, -EINVAL, "%s: not an ONNX model", path);
	else
		ret = take(ctx, m, err);
	if (m)
		onnx__model_proto__free_unpacked(m, NULL);
	qaic_unmap_file(&map);
	return ret;
}

static int take_states(void *ctx, const Onnx__ModelProto *m,
		       struct qaic_err *err)
{
	struct qeff_compile_plan *plan = ctx;
	size_t i;

	for (i = 0; i < m->graph->n_input; i++)
		if (m->graph->input[i]->name &&
		    !strcmp(m->graph->input[i]->name, "decoder_input_ids"))
			plan->seq2seq = true;
	return add_states(plan, m->graph, err);
}

static int read_states(struct qeff_compile_plan *plan, struct qaic_err *err)
{
	int ret = qeff_read_onnx(plan->onnx, take_states, plan, err);

	if (!ret && !plan->num_states)
		ret = qaic_fail(err, -EINVAL,
				"%s: no output is called *" QEFF_RETAINED
				"; a language model keeps its KV cache in such outputs",
				plan->onnx);
	return ret;
}

static struct qeff_plan_spec *add_spec(struct qeff_compile_plan *plan,
				       const char *name)
{
	struct qeff_plan_spec *s = &plan->spec[plan->num_specs++];

	s->name = name;
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
	int decode;

	for (decode = o->prompt_len == 1; decode < 2; decode++) {
		s = add_spec(plan, decode ? "Decode" : "Prefill");
		add_symbol(s, "batch_size", o->batch_size);
		add_symbol(s, "ctx_len", o->ctx_len);
		add_symbol(s, "seq_len", decode ? 1 : o->prompt_len);
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

static const char *precision(const struct qeff_build_options *opt)
{
	return opt->fp32 ? "float32" : "float16";
}

static json_t *custom_io(const struct qeff_compile_plan *plan)
{
	const char *p = precision(plan->opt);
	json_t *j = json_object();
	char *out;
	size_t i;

	for (i = 0; i < plan->num_states; i++) {
		json_object_set_new(j, plan->states[i], json_string(p));
		out = qaic_asprintf("%s" QEFF_RETAINED, plan->states[i]);
		if (out)
			json_object_set_new(j, out, json_string(p));
		free(out);
	}
	return j;
}

/* The flags that decide what is generated, paths left out. */
static json_t *flags(const struct qeff_build_options *opt)
{
	json_t *list = json_pack("[s, s, s, s]", "qaic-compile", "-aic-hw",
				 "-aic-hw-version=2.0", "-retained-state");

	if (!opt->fp32)
		json_array_append_new(list, json_string("-convert-to-fp16"));
	if (opt->weights == QAIC_MXFP6)
		json_array_append_new(list, json_string("-mxfp6-matmul"));
	else if (opt->weights)
		json_array_append_new(list, json_sprintf("-weight-format=%s",
					qaic_dtype_name(opt->weights)));
	if (opt->act_int8)
		json_array_append_new(list,
				      json_string("-activation-format=int8"));
	json_array_append_new(list, json_sprintf("-aic-num-cores=%u",
						 opt->num_cores));
	return list;
}

int qeff_plan_init(struct qeff_compile_plan *plan,
		   const struct qeff_build_options *opt, const char *onnx,
		   struct qaic_err *err)
{
	int ret;

	memset(plan, 0, sizeof(*plan));
	plan->opt = opt;
	plan->onnx = onnx;
	if (!opt->batch_size || !opt->prompt_len || !opt->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "batch size, prompt length and context length must be at least 1");
	ret = read_states(plan, err);
	/* an encoder's tokens are not in the decoder's context */
	if (!ret && !plan->seq2seq && opt->prompt_len > opt->ctx_len)
		ret = qaic_fail(err, -EINVAL,
				"--prompt-len %u is more than --ctx-len %u",
				opt->prompt_len, opt->ctx_len);
	if (ret)
		goto fail;
	if (plan->seq2seq)
		seq2seq_specs(plan);
	else
		decoder_specs(plan);
	plan->specs = specializations(plan);
	plan->params = json_pack("{s:s, s:o, s:O, s:o}", "compiler",
				 "qaicc " QAIC_VERSION, "command", flags(opt),
				 "specializations",
				 json_object_get(plan->specs, "specializations"),
				 "custom_io", custom_io(plan));
	if (plan->specs && plan->params)
		return 0;
	ret = no_memory(err);
fail:
	qeff_plan_release(plan);
	return ret;
}

void qeff_plan_release(struct qeff_compile_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->num_states; i++)
		free(plan->states[i]);
	free(plan->states);
	json_decref(plan->specs);
	json_decref(plan->params);
	memset(plan, 0, sizeof(*plan));
}

char *qeff_plan_command(const struct qeff_compile_plan *plan, const char *dir,
			const char *qpc_name)
{
	json_t *list = json_object_get(plan->params, "command"), *f;
	struct qaic_str s = { 0 };
	size_t i;

	json_array_foreach(list, i, f) {
		qaic_str_printf(&s, "%s%s", i ? " " : "", json_string_value(f));
		if (!i)
			qaic_str_printf(&s, " -m=%s -compile-only", plan->onnx);
	}
	qaic_str_printf(&s, " -network-specialization-config=%s/specializations.json",
			dir);
	qaic_str_printf(&s, " -custom-IO-list-file=%s/custom_io.yaml", dir);
	qaic_str_printf(&s, " -aic-binary-dir=%s/%s", dir, qpc_name);
	if (s.failed) {
		qaic_str_free(&s);
		return NULL;
	}
	return s.s;
}

/* Inputs first, then the outputs of the same tensors. */
static int write_custom_io(const struct qeff_compile_plan *plan,
			   const char *dir, struct qaic_err *err)
{
	char *path = qaic_path(dir, "custom_io.yaml");
	struct qaic_str s = { 0 };
	size_t i, out;
	int ret;

	for (out = 0; out < 2; out++)
		for (i = 0; i < plan->num_states; i++)
			qaic_str_printf(&s, " - IOName: %s%s\n   Precision: %s\n\n",
					plan->states[i], out ? QEFF_RETAINED : "",
					precision(plan->opt));
	if (!path || s.failed)
		ret = no_memory(err);
	else
		ret = qaic_write_file(path, s.s, s.len, err);
	free(path);
	qaic_str_free(&s);
	return ret;
}

static int run_compiler(const struct qeff_compile_plan *plan, const char *out,
			struct qaic_err *err)
{
	const struct qeff_build_options *o = plan->opt;
	struct qaicc_spec specs[QAIC_ARRAY_SIZE(plan->spec)];
	struct qaicc_options c = {
		.onnx = plan->onnx, .out_dir = out, .num_cores = o->num_cores,
		.convert_to_fp16 = !o->fp32,
		.weights = o->weights, .act_int8 = o->act_int8,
		.retained_state = !plan->cache_is_io,
		.specs = specs, .num_specs = plan->num_specs,
		.progress = o->progress,
		.outputs = plan->outputs, .num_outputs = plan->num_outputs,
	};
	struct qaicc_custom_io *io;
	size_t i, n = 2 * plan->num_states;
	char **names;
	int ret = 0;

	for (i = 0; i < plan->num_specs; i++)
		specs[i] = (struct qaicc_spec){ plan->spec[i].name,
						plan->spec[i].sym,
						plan->spec[i].num };
	io = calloc(n, sizeof(*io));
	names = calloc(n, sizeof(*names));
	if (!io || !names)
		ret = no_memory(err);
	for (i = 0; !ret && i < n; i++) {
		names[i] = qaic_asprintf("%s%s", plan->states[i / 2],
					 i % 2 ? QEFF_RETAINED : "");
		if (!names[i])
			ret = no_memory(err);
		else
			io[i] = (struct qaicc_custom_io) {
				names[i], o->fp32 ? QAIC_F32 : QAIC_F16
			};
	}
	c.custom_io = io;
	c.num_custom_io = n;
	if (!ret)
		ret = qaicc_compile(&c, NULL, err);
	for (i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
	free(io);
	return ret;
}

int qeff_plan_compile(const struct qeff_compile_plan *plan, const char *dir,
		      const char *qpc_name, struct qaic_err *err)
{
	char *out = qaic_path(dir, qpc_name);
	int ret;

	if (!out)
		return no_memory(err);
	ret = qeff_json_write(dir, "specializations.json", plan->specs, err);
	if (!ret)
		ret = write_custom_io(plan, dir, err);
	if (!ret)
		ret = run_compiler(plan, out, err);
	free(out);
	return ret;
}
