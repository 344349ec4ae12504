// SPDX-License-Identifier: MIT
/*
 * qaic-run: run any QPC. Options, output line and exit status are those of the
 * vendor's qaic-runner; with a prompt it runs a language model as "qeff execute".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"
#include "tools/common/opt.h"
#include "tools/common/profile.h"
#include "tools/common/progress.h"
#include "tools/common/textgen.h"

static struct {
	const char *qpc, *spec, *model_name, *out_dir;
	struct qaic_opt_list inputs, outputs;
	unsigned int qid, iters, start_iter, num_samples;
	double seconds;
	bool given_n, given_time, given_start, given_samples, given_dir;
} a = { .iters = 1, .num_samples = 1, .out_dir = "." };
static struct qaic_prof prof;
static struct qaic_textgen gen = { .prog = "qaic-run", .prof = &prof };

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("Program:"),
	{ .name = "test-data", .alias = "t", .kind = QAIC_OPT_STR, .to = &a.qpc,
	  .arg = "DIR",
	  .help = "Directory of the programqpc.bin to run, or the file." },
	{ .name = "aic-device-id", .alias = "d", .kind = QAIC_OPT_UINT,
	  .to = &a.qid, .arg = "QID", .def = "0", .help = "Device." },
	{ .name = "spec", .kind = QAIC_OPT_STR, .to = &a.spec,
	  .arg = "NAME|N", .def = "0",
	  .help = "Specialization to run, by name or number." },
	QAIC_OPT_GROUP("Raw runs:"),
	{ .name = "input-file", .alias = "i", .kind = QAIC_OPT_LIST,
	  .to = &a.inputs, .arg = "FILE",
	  .help = "Raw data of an input; once for each input, in the order of the bindings (then, if wanted, of each output: what its buffer holds before). Without any, inputs are random zeros and ones." },
	{ .name = "output-file", .alias = "o", .kind = QAIC_OPT_LIST,
	  .to = &a.outputs, .arg = "FILE",
	  .help = "Expected data of an output, compared byte for byte after every iteration; once for each output." },
	{ .name = "num-iter", .alias = "n", .kind = QAIC_OPT_UINT,
	  .to = &a.iters, .min = 1, .given = &a.given_n, .arg = "N",
	  .def = "1", .help = "Iterations." },
	{ .name = "time", .kind = QAIC_OPT_REAL, .to = &a.seconds,
	  .given = &a.given_time, .arg = "SECONDS",
	  .help = "Iterate for so long instead of --num-iter times." },
	{ .name = "write-output-dir", .kind = QAIC_OPT_STR, .to = &a.out_dir,
	  .given = &a.given_dir, .arg = "DIR", .def = ".",
	  .help = "Write outputs as DIR/NAME-inf-K.bin, K the iteration. DIR must exist. Outputs are written if any of the --write-output options is given." },
	{ .name = "write-output-start-iter", .kind = QAIC_OPT_UINT,
	  .to = &a.start_iter, .given = &a.given_start, .arg = "N", .def = "0",
	  .help = "First iteration to write." },
	{ .name = "write-output-num-samples", .kind = QAIC_OPT_UINT,
	  .to = &a.num_samples, .min = 1, .given = &a.given_samples,
	  .arg = "N", .def = "1", .help = "Iterations to write." },
	QAIC_PROF_OPTS(prof),
	QAIC_OPT_GROUP("Language models:"),
	{ .name = "model-name", .kind = QAIC_OPT_STR, .to = &a.model_name,
	  .arg = "DIR",
	  .help = "Directory of the Hugging Face model: tokenizer and end-of-sequence ids." },
	QAIC_TEXTGEN_OPTS(gen),
};

static struct qaic_opt_cmd cmd = {
	.prog = "qaic-run",
	.usage = "-t DIR [options]",
	.about = "Run a compiled program (QPC) on a Cloud AI 100. With a prompt, generate text with a language model.",
	.notes = "The exit status is 0 if all went well, and all outputs were as expected; else 1.\n",
	.opts = opts,
	.num_opts = QAIC_ARRAY_SIZE(opts),
};

struct run {
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct qaic_exec *exec;
	uint32_t spec;
	struct qaic_spec_info info;
	uint32_t num_in, num_out;
	struct qaic_map *expected;	/* of output i */
	uint64_t done, ns;
};

static struct qaic_binding_info binding(const struct run *r, uint32_t i)
{
	struct qaic_binding_info b;

	qaic_program_binding(r->prog, r->spec, i, &b);
	return b;
}

static int find_spec(struct run *r, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(r->prog);
	struct qaic_spec_info info;
	uint64_t v;

	for (i = 0; a.spec && i < n; i++) {
		qaic_program_spec(r->prog, i, &info);
		if (!strcmp(info.name, a.spec))
			break;
	}
	if (!a.spec)
		i = 0;
	else if (i == n && !qaic_opt_uint(a.spec, 0, n - 1, &v))
		i = v;
	if (i == n)
		return qaic_fail(err, -EINVAL,
				 "--spec %s: the program has %u specializations and none of that name",
				 a.spec, n);
	r->spec = i;
	qaic_program_spec(r->prog, i, &r->info);
	for (i = 0; i < r->info.num_bindings; i++)
		*(binding(r, i).output ? &r->num_out : &r->num_in) += 1;
	return 0;
}

static void describe(const struct run *r)
{
	uint32_t i, k;

	fprintf(stderr, "%s: %u NSPs, specialization %u \"%s\"\n",
		qaic_program_name(r->prog), qaic_program_num_nsps(r->prog),
		r->spec, r->info.name);
	for (i = 0; i < r->info.num_bindings; i++) {
		struct qaic_binding_info b = binding(r, i);

		fprintf(stderr, "  %s %s %s[", b.output ? "out" : "in ", b.name,
			qaic_dtype_name(b.dtype));
		for (k = 0; k < b.rank; k++)
			fprintf(stderr, "%s%u", k ? "," : "", b.dims[k]);
		fprintf(stderr, "] %zu bytes\n", b.size);
	}
}

/* ---- inputs ---- */

static int read_buffer(struct run *r, uint32_t i, const char *path,
		       struct qaic_err *err)
{
	struct qaic_map map;
	size_t size;
	void *buf = qaic_exec_buffer(r->exec, i, &size);
	int ret;

	ret = qaic_map_file(&map, path, err);
	if (ret)
		return ret;
	if (map.size != size)
		ret = qaic_fail(err, -EINVAL,
				"%s: %zu bytes, but \"%s\" takes %zu", path,
				map.size, binding(r, i).name, size);
	else if (size)
		memcpy(buf, map.data, size);
	qaic_unmap_file(&map);
	return ret;
}

/* Zeros and ones in the binding's type: they are good as ids and positions. */
static void random_buffer(struct run *r, uint32_t i, uint32_t *seed)
{
	enum qaic_dtype dtype = binding(r, i).dtype;
	size_t k, size, elem = qaic_dtype_size(dtype);
	uint8_t *buf = qaic_exec_buffer(r->exec, i, &size);
	static const float one_f32 = 1;
	uint16_t one_f16 = 0x3c00;

	for (k = 0; elem && k + elem <= size; k += elem) {
		*seed = *seed * 1664525 + 1013904223;
		memset(buf + k, 0, elem);
		if (!(*seed >> 31))
			continue;
		if (dtype == QAIC_F32)
			memcpy(buf + k, &one_f32, sizeof(one_f32));
		else if (dtype == QAIC_F16)
			memcpy(buf + k, &one_f16, sizeof(one_f16));
		else
			buf[k] = 1;
	}
}

static int fill_buffers(struct run *r, struct qaic_err *err)
{
	uint32_t i, seed = 100, n = a.inputs.n;
	int ret = 0;

	if (n && n != r->num_in && n != r->num_in + r->num_out)
		return qaic_fail(err, -EINVAL,
				 "--input-file is given %u times, but the program has %u inputs (and %u outputs)",
				 n, r->num_in, r->num_out);
	for (i = 0; i < r->info.num_bindings && !ret; i++) {
		if (i < n)
			ret = read_buffer(r, i, a.inputs.v[i], err);
		else if (i < r->num_in)
			random_buffer(r, i, &seed);
	}
	return ret;
}

/* ---- outputs ---- */

/* A buffer of cycle counts is different every time: never compared. */
static bool is_cycle_counts(const char *name)
{
	return !strcmp(name, "aiccyclecounts");
}

static int map_expected(struct run *r, struct qaic_err *err)
{
	uint32_t i, k = 0, want = 0;
	int ret;

	if (!a.outputs.n)
		return 0;
	for (i = r->num_in; i < r->info.num_bindings; i++)
		want += !is_cycle_counts(binding(r, i).name);
	if (a.outputs.n != want)
		return qaic_fail(err, -EINVAL,
				 "--output-file is given %zu times, but the program has %u outputs to compare",
				 a.outputs.n, want);
	r->expected = calloc(r->num_out + 1, sizeof(*r->expected));
	if (!r->expected)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < r->num_out; i++) {
		if (is_cycle_counts(binding(r, r->num_in + i).name))
			continue;
		ret = qaic_map_file(&r->expected[i], a.outputs.v[k++], err);
		if (ret)
			return ret;
	}
	return 0;
}

static int compare(struct run *r, uint64_t iter, struct qaic_err *err)
{
	uint32_t i, k = 0, failed = 0, passed = 0;
	const char *first = NULL;
	size_t size;
	void *buf;

	for (i = 0; r->expected && i < r->num_out; i++) {
		if (is_cycle_counts(binding(r, r->num_in + i).name))
			continue;
		buf = qaic_exec_buffer(r->exec, r->num_in + i, &size);
		if (r->expected[i].size == size &&
		    (!size || !memcmp(buf, r->expected[i].data, size))) {
			passed++;
		} else {
			failed++;
			if (!first)
				first = a.outputs.v[k];
		}
		k++;
	}
	if (!failed)
		return 0;
	return qaic_fail(err, -EBADMSG,
			 "Validation Failed for iteration %llu, num failed: %u, num passed: %u; the first to differ is %s",
			 (unsigned long long)iter, failed, passed, first);
}

static bool writes(uint64_t iter)
{
	return (a.given_dir || a.given_start || a.given_samples) &&
	       iter >= a.start_iter && iter - a.start_iter < a.num_samples;
}

static int write_outputs(struct run *r, uint64_t iter, struct qaic_err *err)
{
	uint32_t i;
	int ret = 0;

	for (i = r->num_in; i < r->info.num_bindings && !ret; i++) {
		char *name = qaic_asprintf("%s-inf-%llu.bin",
					   binding(r, i).name,
					   (unsigned long long)iter);
		char *path, *c;
		size_t size;
		void *buf = qaic_exec_buffer(r->exec, i, &size);

		for (c = name; c && *c; c++)
			if (*c == '/')
				*c = '_';
		path = name ? qaic_path(a.out_dir, name) : NULL;
		if (path) {
			printf("Writing file:%s\n", path);
			ret = qaic_write_file(path, buf, size, err);
		} else {
			ret = qaic_fail(err, -ENOMEM, "out of memory");
		}
		free(path);
		free(name);
	}
	return ret;
}

/* ---- running ---- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool more(const struct run *r, uint64_t start)
{
	if (a.given_time)
		return !r->done || now_ns() - start < a.seconds * 1e9;
	return r->done < a.iters;
}

static int iterate(struct run *r, struct qaic_err *err)
{
	struct qaic_prof_call call = { .what = "inference" };
	uint64_t start = now_ns();
	int ret = 0;

	for (; more(r, start) && !ret; r->done++) {
		call.iter = r->done;
		ret = qaic_prof_before(&prof, r->dev, r->done, err);
		if (ret)
			break;
		call.begin = now_ns();
		ret = qaic_exec_run(r->exec, err);
		call.ns = now_ns() - call.begin;
		r->ns += call.ns;
		if (!ret)
			ret = qaic_prof_after(&prof, &call, err);
		if (!ret && writes(r->done))
			ret = write_outputs(r, r->done, err);
		if (!ret)
			ret = compare(r, r->done, err);
	}
	return ret;
}

static void print_stats(const struct run *r)
{
	uint32_t batch = qaic_program_symbol(r->prog, r->spec, "batch_size");
	struct qaic_model model;
	double rate;
	unsigned int i;

	if (!batch)
		batch = 1;
	rate = r->ns ? r->done * 1e9 * batch / r->ns : 0;
	printf(" ---- Stats ----\n");
	printf("InferenceCnt %llu TotalDuration %lluus BatchSize %u Inf/Sec %.3f\n",
	       (unsigned long long)r->done, (unsigned long long)r->ns / 1000, batch,
	       rate);
	if (qaic_program_model(r->prog, r->spec, &model))
		return;
	printf("Modelled AI 100, one SoC, each inference:");
	for (i = 0; i < QAIC_NUM_SKUS; i++)
		printf("%s %s %.1fus", i ? "," : "", qaic_sku_name(i),
		       model.seconds[i] * 1e6);
	printf("\n");
}

static int run_raw(struct qaic_err *err)
{
	struct run r = { 0 };
	uint32_t i;
	int ret;

	ret = qaic_device_open(a.qid, &r.dev, err);
	if (!ret)
		ret = qaic_program_load(r.dev, a.qpc, &r.prog, err);
	if (!ret)
		qaic_prof_default(&prof, qaic_program_profiling(r.prog));
	if (!ret)
		ret = find_spec(&r, err);
	if (!ret && gen.verbose)
		describe(&r);
	if (!ret)
		ret = qaic_exec_create(r.prog, r.spec, &r.exec, err);
	if (!ret)
		ret = fill_buffers(&r, err);
	if (!ret)
		ret = map_expected(&r, err);
	if (!ret)
		ret = iterate(&r, err);
	if (!ret) {
		print_stats(&r);
		ret = qaic_prof_report(&prof, NULL, err);
	}
	qaic_prof_release(&prof);
	for (i = 0; r.expected && i < r.num_out; i++)
		qaic_unmap_file(&r.expected[i]);
	free(r.expected);
	qaic_exec_destroy(r.exec);
	qaic_program_unload(r.prog);
	qaic_device_close(r.dev);
	return ret;
}

static bool has_prompt(void)
{
	return gen.prompt || gen.prompts_file || gen.input_ids;
}

static int check(struct qaic_err *err)
{
	bool raw = a.inputs.n || a.outputs.n || a.given_n || a.given_time ||
		   a.given_dir || a.given_start || a.given_samples || a.spec;
	bool text = a.model_name || gen.generation_len || gen.ignore_eos ||
		    gen.print_ids || gen.write_logits || gen.json;

	if (!a.qpc)
		return qaic_fail(err, -EINVAL,
				 "no program: give --test-data DIR");
	if (has_prompt() && raw)
		return qaic_fail(err, -EINVAL,
				 "a prompt and the options of raw runs exclude each other");
	if (!has_prompt() && text)
		return qaic_fail(err, -EINVAL,
				 "options of language models need --prompt, --prompts-txt-file-path or --input-ids");
	if (a.given_n && a.given_time)
		return qaic_fail(err, -EINVAL,
				 "--num-iter and --time exclude each other");
	if (a.given_dir && !qaic_is_dir(a.out_dir))
		return qaic_fail(err, -ENOTDIR,
				 "--write-output-dir %s: not a directory",
				 a.out_dir);
	return has_prompt() ? qaic_textgen_check(&gen, err) :
			      qaic_prof_check(&prof, err);
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	int ret;

	ret = qaic_opt_parse(&cmd, argc, argv, &err);
	if (ret)
		return qaic_opt_exit(&cmd, ret, &err);
	ret = check(&err);
	if (!ret && has_prompt()) {
		gen.qpc = a.qpc;
		gen.qid = a.qid;
		gen.model_dir = a.model_name;
		gen.progress = qaic_progress_terminal();
		ret = qeff_plugin_load_list(getenv("QAIC_MODEL_PATH"), false,
					    &err);
		if (ret)
			qaic_fail_in(&err, "QAIC_MODEL_PATH");
		else
			ret = qaic_textgen_run(&gen, &err);
		qaic_progress_clear();
	} else if (!ret) {
		ret = run_raw(&err);
	}
	return qaic_opt_exit(&cmd, ret, &err);
}
