// SPDX-License-Identifier: MIT
/* qaic-compile: ONNX to QPC, with the flags of the vendor's compiler. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "compiler/qaicc.h"
#include "tools/common/formats.h"
#include "tools/common/opt.h"
#include "tools/common/progress.h"

static struct {
	const char *model, *hw_version, *specs, *custom_io, *out, *fp32_nodes,
		*profiling;
	bool hw, retained, fp16, compile_only, metrics, verbose;
	unsigned int cores;
	struct qaic_opt_list defines;
	struct qaic_formats formats;
} a = { .cores = 16 };

#define LATER(n, why) { .name = n, .kind = QAIC_OPT_LATER, .help = why }

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("Model:"),
	{ .name = "m", .alias = "model", .kind = QAIC_OPT_STR, .to = &a.model,
	  .arg = "FILE", .help = "The ONNX model. External data is looked for "
	  "beside it." },
	{ .name = "onnx-define-symbol", .kind = QAIC_OPT_LIST,
	  .to = &a.defines, .arg = "NAME,VALUE", .help = "Give a symbolic "
	  "dimension its value in every specialization that does not give it "
	  "itself." },
	{ .name = "network-specialization-config", .kind = QAIC_OPT_STR,
	  .to = &a.specs, .arg = "JSON", .help = "The specializations, flat or "
	  "named: each gives the symbolic dimensions their values. All share "
	  "one set of constants and the retained state." },
	{ .name = "retained-state", .kind = QAIC_OPT_FLAG, .to = &a.retained,
	  .help = "An output X_RetainedState and the input X are one tensor "
	  "that stays on the card between calls." },
	QAIC_OPT_GROUP("Target:"),
	{ .name = "aic-hw", .kind = QAIC_OPT_FLAG, .to = &a.hw,
	  .help = "Compile for the card; there is no other target, so this is "
	  "needed." },
	{ .name = "aic-hw-version", .kind = QAIC_OPT_STR, .to = &a.hw_version,
	  .arg = "VERSION", .def = "2.0", .help = "2.0 and ai100 both mean "
	  "Cloud AI 100." },
	{ .name = "aic-num-cores", .kind = QAIC_OPT_UINT, .to = &a.cores,
	  .min = 1, .max = 16, .arg = "N", .def = "16",
	  .help = "NSPs to use." },
	QAIC_OPT_GROUP("Precision:"),
	{ .name = "convert-to-fp16", .kind = QAIC_OPT_FLAG, .to = &a.fp16,
	  .help = "Store floats as float16 (arithmetic is float32). Without "
	  "it everything is float32." },
	QAIC_OPT_FORMATS(a.formats),
	{ .name = "custom-IO-list-file", .kind = QAIC_OPT_STR,
	  .to = &a.custom_io, .arg = "YAML", .help = "Precision of inputs and "
	  "outputs: a list of IOName and Precision, float16 or float32; "
	  "mxint8 for retained state." },
	{ .name = "node-precision-info", .kind = QAIC_OPT_STR,
	  .to = &a.fp32_nodes, .arg = "YAML", .help = "FP32NodeInstanceNames: "
	  "nodes, by their names or those of their outputs, whose results and "
	  "weights stay float32." },
	QAIC_OPT_GROUP("Output:"),
	{ .name = "compile-only", .kind = QAIC_OPT_FLAG,
	  .to = &a.compile_only, .help = "Compile and do not run; qaic-run "
	  "runs, so this is needed." },
	{ .name = "aic-binary-dir", .kind = QAIC_OPT_STR, .to = &a.out,
	  .arg = "DIR", .help = "Where programqpc.bin is written. The directory "
	  "must not exist." },
	{ .name = "aic-perf-metrics", .kind = QAIC_OPT_FLAG, .to = &a.metrics,
	  .help = "Print operators, MACs, DDR traffic, VTCM use and the "
	  "modelled time of each card. Without -aic-binary-dir nothing is "
	  "written, and no weight is read." },
	{ .name = "aic-profiling-type", .kind = QAIC_OPT_STR,
	  .to = &a.profiling, .arg = "latency|stats|trace", .help = "What runs "
	  "of the program print that do not choose it themselves; any program "
	  "can be profiled." },
	{ .name = "v", .alias = "verbose", .kind = QAIC_OPT_FLAG,
	  .to = &a.verbose, .help = "Print what is being compiled." },
	LATER("mdp-load-partition-config", "models on several cards"),
	LATER("mdp-dump-partition-config", "models on several cards"),
	LATER("allow-mxint8-mdp-io", "models on several cards"),
	LATER("mos", "memory optimised splits"),
	LATER("ols", "operator level splits"),
	LATER("aic-enable-depth-first", "depth-first scheduling"),
	LATER("aic-depth-first-mem", "depth-first scheduling"),
	LATER("multicast-weights", "multicast of weights"),
	LATER("sub-functions", "keeping ONNX functions as subroutines"),
	LATER("batchsize", "setting the batch of a model without symbols"),
	LATER("stats-batchsize", "statistics per item of a batch"),
	LATER("aic-perf-warnings", "performance warnings"),
	LATER("convert-to-quantize", "int8 quantization"),
	LATER("quantization-precision", "int8 quantization"),
	LATER("quantization-schema-activations", "int8 quantization"),
	LATER("quantization-schema-constants", "int8 quantization"),
	LATER("use-random-input-data", "int8 quantization"),
	LATER("registered-custom-op", "custom operators"),
	LATER("io-encrypt", "encrypted input and output"),
	LATER("qpc-crc", "a checksum in the QPC"),
	LATER("allocator-dealloc-delay", "tuning the allocator"),
};

static struct qaic_opt_cmd cmd = {
	.prog = "qaic-compile",
	.usage = "-m=MODEL.onnx -aic-hw -compile-only -aic-binary-dir=DIR [options]",
	.about = "Compile an ONNX model to a QPC for Cloud AI 100.",
	.opts = opts,
	.num_opts = QAIC_ARRAY_SIZE(opts),
};

static int check(struct qaic_err *err)
{
	struct stat st;

	if (!a.model)
		return qaic_fail(err, -EINVAL, "no model: give -m=FILE");
	if (!a.hw)
		return qaic_fail(err, -EINVAL,
			"the only target is the card: give -aic-hw");
	if (a.hw_version && strcmp(a.hw_version, "2.0") &&
	    strcmp(a.hw_version, "ai100"))
		return qaic_fail(err, -EINVAL,
			"-aic-hw-version=%s is not supported: use 2.0 or ai100",
			a.hw_version);
	if (!a.compile_only)
		return qaic_fail(err, -EINVAL,
			"qaic-compile does not run models: give -compile-only, then use qaic-run");
	if (!a.out && !a.metrics)
		return qaic_fail(err, -EINVAL,
			"no output directory: give -aic-binary-dir=DIR (or -aic-perf-metrics alone, to write nothing)");
	if (a.fp32_nodes && !a.fp16 && !a.formats.weight && !a.formats.mxfp6)
		return qaic_fail(err, -EINVAL,
			"-node-precision-info needs -convert-to-fp16 or a weight format: all else is float32 already");
	if (a.out && !lstat(a.out, &st))
		return qaic_fail(err, -EEXIST,
			"%s exists: remove it, or give another -aic-binary-dir",
			a.out);
	return 0;
}

static int parse_define(const char *text, struct qaicc_symbol *sym, char *name,
			struct qaic_err *err)
{
	const char *comma = strchr(text, ',');
	uint64_t v;

	if (!comma || comma == text ||
	    qaic_opt_uint(comma + 1, 0, INT32_MAX, &v))
		return qaic_fail(err, -EINVAL,
			"-onnx-define-symbol takes NAME,VALUE, not \"%s\"",
			text);
	memcpy(name, text, comma - text);
	name[comma - text] = '\0';
	sym->name = name;
	sym->value = v;
	return 0;
}

/* Symbols and their names in one block. */
static int parse_defines(struct qaicc_symbol **out, struct qaic_err *err)
{
	size_t i, chars = 0;
	char *name;
	int rc = 0;

	for (i = 0; i < a.defines.n; i++)
		chars += strlen(a.defines.v[i]) + 1;
	*out = calloc(1, a.defines.n * sizeof(**out) + chars + 1);
	if (!*out)
		return qaic_fail(err, -ENOMEM, "out of memory");
	name = (char *)(*out + a.defines.n);
	for (i = 0; i < a.defines.n && !rc; i++) {
		rc = parse_define(a.defines.v[i], &(*out)[i], name, err);
		name += strlen(a.defines.v[i]) + 1;
	}
	return rc;
}

/* Where the time of a Pro goes. */
static void print_account(const struct qaicc_spec_report *s)
{
	uint32_t i;

	printf("  Time of a Pro, by what phases wait for\n");
	for (i = 0; i < QAICC_REPORT_PARTS; i++)
		if (s->part[i].what)
			printf("    %-18s %10.3f ms %4.0f %%\n", s->part[i].what,
			       s->part[i].seconds * 1e3,
			       100 * s->part[i].seconds / s->seconds[1]);
	printf("    %-18s %10.3f ms %4.0f %%\n", "HMX is busy", s->hmx * 1e3,
	       100 * s->hmx / s->seconds[1]);
	printf("  %-12s %9s %10s %10s %10s %10s\n", "Operation", "commands",
	       "HMX ms", "HVX ms", "DDR MB", "NoC MB");
	for (i = 0; i < s->num_ops; i++)
		printf("    %-10s %9u %10.3f %10.3f %10.3f %10.3f\n",
		       s->op[i].name, s->op[i].commands, s->op[i].hmx * 1e3,
		       s->op[i].hvx * 1e3, s->op[i].ddr / 1e6,
		       s->op[i].noc / 1e6);
}

static void print_spec(const struct qaicc_spec_report *s)
{
	static const char *const sku[] = { "Std", "Pro", "Ultra" };
	size_t i;

	printf("\nSpecialization %s\n", s->name);
	printf("  MACs                 %llu\n", (unsigned long long)s->macs);
	printf("  DDR read             %llu bytes\n",
	       (unsigned long long)s->ddr_read);
	printf("  DDR written          %llu bytes\n",
	       (unsigned long long)s->ddr_write);
	printf("  VTCM used            %llu bytes\n",
	       (unsigned long long)s->vtcm);
	printf("  Phases               %u\n", s->phases);
	printf("  Commands             %u\n", s->commands);
	for (i = 0; i < QAIC_ARRAY_SIZE(sku); i++)
		printf("  Modelled time %-6s %.3f ms\n", sku[i],
		       s->seconds[i] * 1e3);
	print_account(s);
}

static void print_metrics(const struct qaicc_report *r, const char *format)
{
	size_t i;

	printf("\nConstants              %llu bytes\n",
	       (unsigned long long)r->const_size);
	printf("Dynamic DDR            %llu bytes\n",
	       (unsigned long long)r->ddr_size);
	if (r->num_blocks)
		printf("Weights in %-11s %u, %llu bytes, %.2f bits a weight\n",
		       format, r->num_blocks,
		       (unsigned long long)r->block_bytes,
		       r->block_bytes * 8.0 / r->block_elems);
	printf("Operators\n");
	for (i = 0; i < r->num_ops; i++)
		printf("  %-20s %u\n", r->ops[i].name, r->ops[i].count);
	for (i = 0; i < r->num_specs; i++)
		print_spec(&r->specs[i]);
}

static int compile(struct qaicc_options *o, struct qaic_err *err)
{
	struct qaicc_report report;
	size_t i, k;
	int rc;

	printf("Reading ONNX Model from %s\n", a.model);
	for (i = 0; a.verbose && i < o->num_specs; i++) {
		printf("Specialization %zu%s%s:", i,
		       o->specs[i].name ? " " : "",
		       o->specs[i].name ? o->specs[i].name : "");
		for (k = 0; k < o->specs[i].num_symbols; k++)
			printf(" %s=%lld", o->specs[i].symbols[k].name,
			       (long long)o->specs[i].symbols[k].value);
		printf("\n");
	}
	printf("Compile started ............... \n");
	if (a.fp16)
		printf("Compiling model with FP16 precision.\n");
	if (o->weights)
		printf("Storing matrices in %s%s.\n",
		       qaic_dtype_name(o->weights), o->act_int8 ?
		       ", activations in int8" : "");
	fflush(stdout);
	o->progress = qaic_progress_terminal();
	rc = qaicc_compile(o, &report, err);
	qaic_progress_clear();
	if (rc)
		return rc;
	for (i = 0; i < report.num_clipped; i++)
		fprintf(stderr,
			"qaic-compile: warning: '%s': %llu beyond float16, clipped to +-65504\n",
			report.clipped[i].name,
			(unsigned long long)report.clipped[i].count);
	if (a.metrics)
		print_metrics(&report, qaic_dtype_name(o->weights));
	qaicc_report_release(&report);
	if (a.out)
		printf("Generated binary is present at %s\n", a.out);
	return 0;
}

/*
 * QEfficient of 2024 writes prefill and decode even if they are the same: one of them
 * will do.
 */
static void drop_twins(struct qaicc_spec *specs, size_t *num)
{
	size_t i, k, n = 0;

	for (i = 0; i < *num; i++) {
		for (k = 0; k < n; k++)
			if (qaicc_same_symbols(specs[k].symbols,
					       specs[k].num_symbols,
					       specs[i].symbols,
					       specs[i].num_symbols))
				break;
		if (k == n)
			specs[n++] = specs[i];
		else
			fprintf(stderr,
				"qaic-compile: warning: specialization %zu is the same as %zu, and left out\n",
				i + 1, k + 1);
	}
	*num = n;
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_symbol *defines = NULL;
	struct qaicc_custom_io *io = NULL;
	struct qaicc_spec *specs = NULL;
	const char **nodes = NULL;
	struct qaicc_options o = { 0 };
	int rc = qaic_opt_parse(&cmd, argc, argv, &err);

	if (!rc)
		rc = check(&err);
	if (!rc)
		rc = parse_defines(&defines, &err);
	if (!rc && a.specs)
		rc = qaicc_read_specs(a.specs, &specs, &o.num_specs, &err);
	if (!rc && a.specs)
		drop_twins(specs, &o.num_specs);
	if (!rc && a.custom_io)
		rc = qaicc_read_custom_io(a.custom_io, &io, &o.num_custom_io,
					  &err);
	if (!rc && a.fp32_nodes)
		rc = qaicc_read_fp32_nodes(a.fp32_nodes, &nodes,
					   &o.num_fp32_nodes, &err);
	if (!rc)
		rc = qaic_formats_read(&a.formats, &o.weights, &o.act_int8,
				       &err);
	if (!rc) {
		o.onnx = a.model;
		o.out_dir = a.out;
		o.num_cores = a.cores;
		o.convert_to_fp16 = a.fp16;
		o.profiling = a.profiling;
		o.retained_state = a.retained;
		o.specs = specs;
		o.defines = defines;
		o.num_defines = a.defines.n;
		o.custom_io = io;
		o.fp32_nodes = nodes;
		rc = compile(&o, &err);
	}
	free(defines);
	free(specs);
	free(io);
	free(nodes);
	return qaic_opt_exit(&cmd, rc, &err);
}
