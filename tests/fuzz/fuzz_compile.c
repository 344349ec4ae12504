// SPDX-License-Identifier: MIT
/*
 * Mutated models through the whole compiler, mutated specializations, custom IO
 * and node precision files through their readers. Seeds are exports of the golden
 * models (fusion, retained state) and ONNX's node tests where they are installed.
 * What compiles has passed qpc_verify().
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "compiler/qaicc.h"
#include "libqeff/qeff.h"
#include "tests/fuzz/mutate.h"

#define NODES "/usr/share/libonnx-testdata/data/node"
#define MAX_TARGETS 64

static char tmp[] = "/tmp/qaic-fuzz-compile-XXXXXX";
static struct fuzz_target targets[MAX_TARGETS];
static size_t num_targets;

static int run_model(const void *data, size_t len, void *ctx)
{
	static const struct qaicc_symbol sym[] = {
		{ "batch_size", 2 }, { "seq_len", 3 }, { "ctx_len", 8 },
	};
	struct qaicc_spec spec = { "s", sym, 3 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_options o = {
		.num_cores = 3, .convert_to_fp16 = true,
		.retained_state = true, .specs = &spec, .num_specs = 1,
	};
	static const enum qaic_dtype weights[] = { 0, QAIC_MXFP6, QAIC_MXINT8,
						   QAIC_MXFP4 };
	struct qaicc_report report;
	char path[300], out[100];
	int rc;

	snprintf(path, sizeof(path), "%s/%s/fuzz.onnx", tmp,
		 ctx ? (const char *)ctx : ".");
	snprintf(out, sizeof(out), "%s/out", tmp);
	if (qaic_write_file(path, data, len, NULL))
		return 1;
	o.weights = weights[len % 4];
	o.onnx = path;
	o.out_dir = out;
	rc = qaicc_compile(&o, &report, &err);
	if (!rc)
		qaicc_report_release(&report);
	else if (qaic_is_dir(out))
		return 1;	/* something was left behind */
	qaic_rmtree(out, NULL);
	/* for its figures alone: what was written before can be modelled, too */
	o.out_dir = NULL;
	if (!qaicc_compile(&o, &report, NULL))
		qaicc_report_release(&report);
	else if (!rc)
		return 1;
	/* the compiler must not make what the verifier refuses */
	if (rc && strstr(err.msg, ": command ")) {
		printf("%s\n", err.msg);
		return 1;
	}
	return rc && !err.msg[0];
}

static int run_reader(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_custom_io *io;
	struct qaicc_spec *specs;
	const char **names;
	char path[300];
	size_t n;
	int rc;

	snprintf(path, sizeof(path), "%s/text", tmp);
	if (qaic_write_file(path, data, len, NULL))
		return 1;
	if (!strcmp(ctx, "specs")) {
		rc = qaicc_read_specs(path, &specs, &n, &err);
		free(specs);
	} else if (!strcmp(ctx, "custom_io")) {
		rc = qaicc_read_custom_io(path, &io, &n, &err);
		free(io);
	} else {
		rc = qaicc_read_fp32_nodes(path, &names, &n, &err);
		free(names);
	}
	return rc && !err.msg[0];
}

static void add(const char *name, const void *seed, size_t len,
		int (*run)(const void *, size_t, void *), void *ctx, bool text)
{
	if (num_targets < MAX_TARGETS)
		targets[num_targets++] = (struct fuzz_target){
			name, seed, len, run, ctx, text };
}

static void add_file(const char *name, const char *path, void *ctx)
{
	char *data;
	size_t len;

	if (!qaic_read_file(path, 1 << 20, &data, &len, NULL))
		add(name, data, len, run_model, ctx, false);
}

static void add_exports(void)
{
	static char names[4][32] = { "llama-gqa", "gpt2", "mistral-swa8",
				     "llama31-rope" };
	size_t i;

	for (i = 0; i < 4; i++) {
		char model[200], dir[200], onnx[220];
		struct qeff_export_options o = { .model_dir = model,
						 .onnx_path = onnx };

		snprintf(model, sizeof(model), "tests/golden/%s", names[i]);
		snprintf(dir, sizeof(dir), "%s/%s", tmp, names[i]);
		snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
		if (!qaic_mkdirs(dir, NULL) && !qeff_export(&o, NULL))
			add_file(names[i], onnx, names[i]);
	}
}

/* A few of the node tests: a spread over the operators. */
static void add_nodes(void)
{
	struct dirent **list;
	int n = scandir(NODES, &list, NULL, alphasort), i;

	for (i = 0; i < n; i++) {
		char path[400];

		snprintf(path, sizeof(path), "%s/%s/model.onnx", NODES,
			 list[i]->d_name);
		if (i % 92 == 5)
			add_file(strdup(list[i]->d_name), path, NULL);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

int main(int argc, char **argv)
{
	static const char specs[] =
		"{\"specializations\":[{\"name\":\"Prefill\",\"symbols\":"
		"{\"batch_size\":\"1\",\"seq_len\":32}},{\"seq_len\":\"1\"}]}";
	static const char io[] =
		"# Model Inputs\n\n - IOName: past_key.0\n   Precision: float16"
		"\n - IOName: logits\n   Precision: float32\n";
	static const char nodes[] =
		"FP32NodeInstanceNames: [a, \"b/c\", &x d, *x]\n";
	int rc;

	if (!mkdtemp(tmp))
		return 1;
	add("specs", specs, sizeof(specs) - 1, run_reader, "specs", true);
	add("custom_io", io, sizeof(io) - 1, run_reader, "custom_io", true);
	add("fp32_nodes", nodes, sizeof(nodes) - 1, run_reader, "nodes", true);
	add_exports();
	add_nodes();
	rc = fuzz_main(argc, argv, targets, num_targets);
	qaic_rmtree(tmp, NULL);
	return rc;
}
