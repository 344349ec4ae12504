// SPDX-License-Identifier: MIT
/* Mutated weights: parsed, and where they are accepted a graph is built of them. */
#include "tests/unit/libqeff/checkpoint.h"

#include "libqeff/arch.h"
#include "libqeff/registry.h"
#include "libqeff/build.h"
#include "tests/fuzz/mutate.h"

static struct qf_model model;

/* Every byte of every tensor must be inside the file. */
static int touch(const struct qf_tensors *ts, const uint8_t *data, size_t len)
{
	volatile uint8_t sum = 0;
	size_t i, k;

	for (i = 0; i < ts->num; i++) {
		const struct qf_tensor *t = &ts->tensor[i];

		if (t->data < data || t->data + t->size > data + len)
			return 1;
		if (qf_tensor_numel(t) * qaic_dtype_size(t->dtype) != t->size)
			return 1;
		for (k = 0; k < t->size; k++)
			sum += t->data[k];
	}
	return 0;
}

static int parse(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qf_tensors ts = { 0 };
	struct qf_build b;
	int bad = 0, rc;

	rc = qf_safetensors_parse(&ts, data, len, 0, "fuzz", NULL, &err);
	if (!rc)
		rc = qf_tensors_sort(&ts, &err);
	if (!rc) {
		bad = touch(&ts, data, len);
		rc = qf_build_model(&b, &model, &ts, &err);
		qf_build_release(&b);
	}
	if (rc && !err.msg[0])
		bad = 1;		/* refused without a word */
	qf_tensors_close(&ts);
	return bad;
}

static int index_file(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qf_tensors ts;
	const char *dir = ctx;
	char *path = qaic_path(dir, "model.safetensors.index.json");
	FILE *f = fopen(path, "w");

	fwrite(data, 1, len, f);
	fclose(f);
	free(path);
	if (qf_tensors_open(&ts, dir, &err))
		return !err.msg[0];
	qf_tensors_close(&ts);
	return 0;
}

static void load_model(const char *dir)
{
	struct qaic_err err = QAIC_ERR_INIT;
	const struct qf_arch *arch;
	struct qf_config c;

	must(!qf_config_open(&c, dir, &arch, &err) &&
	     !qf_config_model(&c, arch, &model), "the seed's config");
	qf_config_close(&c);
}

int main(int argc, char **argv)
{
	static const char index[] = "{\"metadata\":{\"total_size\":8},"
		"\"weight_map\":{\"a\":\"s1.safetensors\","
		"\"b\":\"s2.safetensors\"}}";
	static const char one[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],"
		"\"data_offsets\":[0,4]}}";
	static const char two[] = "{\"b\":{\"dtype\":\"BF16\",\"shape\":[2],"
		"\"data_offsets\":[0,4]}}";
	char *dir = tiny_llama(NULL), *shards = temp_dir();
	char *path = qaic_path(dir, "model.safetensors"), *seed;
	struct fuzz_target t[2] = { 0 };
	size_t len;
	int rc;

	load_model(dir);
	if (qaic_read_file(path, 1 << 20, &seed, &len, NULL))
		return 1;
	put_safetensors(shards, "s1.safetensors", one, 4);
	put_safetensors(shards, "s2.safetensors", two, 4);
	t[0].name = "safetensors";
	t[0].seed = seed;
	t[0].seed_len = len;
	t[0].run = parse;
	t[0].text = true;
	t[1].name = "index";
	t[1].seed = index;
	t[1].seed_len = sizeof(index) - 1;
	t[1].run = index_file;
	t[1].ctx = shards;
	t[1].text = true;
	rc = fuzz_main(argc, argv, t, 2);
	free(seed);
	free(path);
	drop_dir(dir);
	drop_dir(shards);
	return rc;
}
