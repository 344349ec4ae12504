// SPDX-License-Identifier: MIT
/*
 * The compile stage: two specializations of one ONNX and a KV cache that stays on
 * the card, or one specialization for each length of text if there is no cache; and
 * the files that QEfficient writes beside a QPC.
 */
#include <errno.h>
#include <stdio.h>
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

/* Of the KV cache; what crosses the bus is not in blocks. */
static enum qaic_dtype cache_type(const struct qeff_compile_plan *plan)
{
	if (plan->opt->kv_mxint8 && !plan->cache_is_io)
		return QAIC_MXINT8;
	return plan->opt->fp32 ? QAIC_F32 : QAIC_F16;
}

static json_t *custom_io(const struct qeff_compile_plan *plan)
{
	const char *p = qaic_dtype_name(cache_type(plan));
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
static json_t *flags(const struct qeff_compile_plan *plan)
{
	const struct qeff_build_options *opt = plan->opt;
	json_t *list = json_pack("[s, s, s]", "qaic-compile", "-aic-hw",
				 "-aic-hw-version=2.0");

	if (!plan->encoder)
		json_array_append_new(list, json_string("-retained-state"));
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

static json_t *names(const char *const *name, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_string(name[i]));
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
	ret = qeff_plan_read(plan, err);
	if (!ret)
		ret = qeff_plan_specs(plan, err);
	if (ret)
		goto fail;
	plan->params = json_pack("{s:s, s:o, s:O, s:o}", "compiler",
				 "qaicc " QAIC_VERSION, "command", flags(plan),
				 "specializations",
				 json_object_get(plan->specs, "specializations"),
				 "custom_io", custom_io(plan));
	/* those of the export are what the ONNX decides */
	if (plan->params && plan->fp32_read)
		json_object_set_new(plan->params, "fp32_nodes",
				    names(plan->fp32_nodes,
					  plan->num_fp32_nodes));
	if (plan->params)
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
	free(plan->fp32_nodes);
	free(plan->fp32_read);
	free(plan->fp32_text);
	json_decref(plan->specs);
	json_decref(plan->params);
	memset(plan, 0, sizeof(*plan));
}

/* One option with a path. */
static void add_path(struct qaic_str *s, const char *option, const char *dir,
		     const char *name)
{
	char *word = name ? qaic_asprintf("%s=%s/%s", option, dir, name) :
			    qaic_asprintf("%s=%s", option, dir);

	qaic_str_putc(s, ' ');
	if (word)
		qaic_str_shell(s, word);
	else
		s->failed = true;
	free(word);
}

char *qeff_plan_command(const struct qeff_compile_plan *plan, const char *dir,
			const char *qpc_name)
{
	json_t *list = json_object_get(plan->params, "command"), *f;
	struct qaic_str s = { 0 };
	size_t i;

	json_array_foreach(list, i, f) {
		qaic_str_printf(&s, "%s%s", i ? " " : "", json_string_value(f));
		if (i)
			continue;
		add_path(&s, "-m", plan->onnx, NULL);
		qaic_str_puts(&s, " -compile-only");
	}
	add_path(&s, "-network-specialization-config", dir,
		 "specializations.json");
	if (plan->num_states)
		add_path(&s, "-custom-IO-list-file", dir, "custom_io.yaml");
	if (plan->num_fp32_nodes)
		add_path(&s, "-node-precision-info", dir, QEFF_FP32_FILE);
	add_path(&s, "-aic-binary-dir", dir, qpc_name);
	if (s.failed) {
		qaic_str_free(&s);
		return NULL;
	}
	return s.s;
}

/* Takes the text. */
static int write_text(const char *dir, const char *name, struct qaic_str *s,
		      struct qaic_err *err)
{
	char *path = qaic_path(dir, name);
	int ret;

	if (!path || s->failed)
		ret = no_memory(err);
	else
		ret = qaic_write_file(path, s->s, s->len, err);
	free(path);
	qaic_str_free(s);
	return ret;
}

/* Inputs first, then the outputs of the same tensors. */
static int write_custom_io(const struct qeff_compile_plan *plan,
			   const char *dir, struct qaic_err *err)
{
	struct qaic_str s = { 0 };
	size_t i, out;

	for (out = 0; out < 2; out++)
		for (i = 0; i < plan->num_states; i++)
			qaic_str_printf(&s, " - IOName: %s%s\n   Precision: %s\n\n",
					plan->states[i], out ? QEFF_RETAINED : "",
					qaic_dtype_name(cache_type(plan)));
	return write_text(dir, "custom_io.yaml", &s, err);
}

static int write_fp32_nodes(const struct qeff_compile_plan *plan,
			    const char *dir, struct qaic_err *err)
{
	struct qaic_str s = { 0 };
	json_t *list = names(plan->fp32_nodes, plan->num_fp32_nodes);
	char *text = list ? json_dumps(list, 0) : NULL;

	/* a JSON list is a YAML list */
	qaic_str_printf(&s, "FP32NodeInstanceNames: %s\n", text ? text : "");
	s.failed |= !text;
	json_decref(list);
	free(text);
	return write_text(dir, QEFF_FP32_FILE, &s, err);
}

/* The cache tensors, in and out, in the precision that they are kept in. */
static int cache_io(const struct qeff_compile_plan *plan,
		    struct qaicc_custom_io **out, struct qaic_err *err)
{
	enum qaic_dtype precision = cache_type(plan);
	size_t i, n = 2 * plan->num_states;

	*out = calloc(n + 1, sizeof(**out));
	if (!*out)
		return no_memory(err);
	for (i = 0; i < n; i++) {
		(*out)[i].precision = precision;
		(*out)[i].name = qaic_asprintf("%s%s", plan->states[i / 2],
					       i % 2 ? QEFF_RETAINED : "");
		if (!(*out)[i].name)
			return no_memory(err);
	}
	return 0;
}

static void warn_clipped(const struct qeff_build_options *o,
			 const struct qaicc_report *r)
{
	char text[256];
	size_t i;

	for (i = 0; o->stage && i < r->num_clipped; i++) {
		snprintf(text, sizeof(text),
			 "'%s': %llu beyond float16, clipped to +-65504",
			 r->clipped[i].name,
			 (unsigned long long)r->clipped[i].count);
		o->stage(o->ctx, "warning", text);
	}
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
		.retained_state = plan->num_states && !plan->cache_is_io,
		.specs = specs, .num_specs = plan->num_specs,
		.progress = o->progress,
		.outputs = plan->outputs, .num_outputs = plan->num_outputs,
		.num_custom_io = 2 * plan->num_states,
		.fp32_nodes = plan->fp32_nodes,
		.num_fp32_nodes = plan->num_fp32_nodes,
	};
	struct qaicc_custom_io *io = NULL;
	struct qaicc_report report;
	size_t i;
	int ret;

	for (i = 0; i < plan->num_specs; i++)
		specs[i] = (struct qaicc_spec){ plan->spec[i].name,
						plan->spec[i].sym,
						plan->spec[i].num };
	ret = cache_io(plan, &io, err);
	c.custom_io = io;
	if (!ret)
		ret = qaicc_compile(&c, &report, err);
	if (!ret) {
		warn_clipped(o, &report);
		qaicc_report_release(&report);
	}
	for (i = 0; io && i < c.num_custom_io; i++)
		free((char *)io[i].name);
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
	if (!ret && plan->num_states)
		ret = write_custom_io(plan, dir, err);
	if (!ret && plan->num_fp32_nodes)
		ret = write_fp32_nodes(plan, dir, err);
	if (!ret)
		ret = run_compiler(plan, out, err);
	free(out);
	return ret;
}
