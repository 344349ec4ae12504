// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include "libqaic/qaic.h"
#include "tools/common/bench.h"
#include "tools/common/json_out.h"
#include "tools/common/verify.h"

static const char *weights(const struct qeff_build_options *o)
{
	return o->weights ? qaic_dtype_name(o->weights) :
	       o->fp32 ? "fp32" : "fp16";
}

static double share(const struct qaic_bench_row *row)
{
	return row->bandwidth > 0 ? row->bytes / row->bandwidth : 0;
}

static void print_model(const struct qaic_bench_row *row, size_t n)
{
	unsigned int i, k;

	printf("\nModelled AI 100, one SoC, tokens/sec\n%5s %6s  %-29s   %s\n"
	       "%5s %6s ", "", "", "prefill", "decode", "batch", "prompt");
	for (k = 0; k < 2 * QEFF_NUM_SKUS; k++)
		printf("%s%9s", k % QEFF_NUM_SKUS ? " " : k ? "   " : "",
		       qaic_sku_name(k % QEFF_NUM_SKUS));
	printf("\n");
	for (i = 0; i < n; i++) {
		printf("%5u %6u ", row[i].batch, row[i].prompt);
		for (k = 0; k < QEFF_NUM_SKUS; k++)
			printf("%s%9.1f", k ? " " : "", row[i].model_prefill[k]);
		for (k = 0; k < QEFF_NUM_SKUS; k++)
			printf("%s%9.1f", k ? " " : "   ", row[i].model_decode[k]);
		printf("\n");
	}
}

void qaic_bench_print(const struct qaic_bench *b,
		      const struct qaic_bench_row *row, size_t n)
{
	size_t i;

	printf("%s: weights %s%s, KV cache %s, %u NSPs, %u threads; %u tokens generated, median of %u runs\n\n"
	       "%5s %6s %14s %14s %7s %14s %14s %6s\n", b->info->name,
	       weights(&b->build), b->build.act_int8 ? ", activations int8" : "",
	       b->build.kv_mxint8 ? "mxint8" : b->build.fp32 ? "fp32" : "fp16",
	       b->build.num_cores, b->threads, b->generation_len, b->runs,
	       "batch", "prompt", "prefill", "decode", "spread", "of weights",
	       "bandwidth", "share");
	printf("%5s %6s %14s %14s %7s %14s %14s\n", "", "", "tokens/sec",
	       "tokens/sec", "", "GB/s", "GB/s");
	for (i = 0; i < n; i++)
		printf("%5u %6u %14.2f %14.2f %5.0f %% %14.2f %14.2f %4.0f %%\n",
		       row[i].batch, row[i].prompt, row[i].prefill,
		       row[i].decode, 100 * row[i].spread, row[i].bytes,
		       row[i].bandwidth, 100 * share(&row[i]));
	print_model(row, n);
}

static json_t *json_row(const struct qaic_bench_row *row)
{
	json_t *model = json_object(), *j;
	unsigned int k;

	for (k = 0; k < QEFF_NUM_SKUS; k++)
		json_object_set_new(model, qaic_sku_name(k),
			json_pack("{s:o, s:o}", "prefill_tokens_per_s",
				  qaic_json_number(row->model_prefill[k]),
				  "decode_tokens_per_s",
				  qaic_json_number(row->model_decode[k])));
	j = json_pack("{s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"batch_size", (int)row->batch, "prompt_len", (int)row->prompt,
		"prefill_tokens_per_s", qaic_json_number(row->prefill),
		"decode_tokens_per_s", qaic_json_number(row->decode),
		"decode_spread", qaic_json_number(row->spread),
		"weights_gb_per_s", qaic_json_number(row->bytes),
		"bandwidth_gb_per_s", qaic_json_number(row->bandwidth),
		"share", qaic_json_number(share(row)), "modelled", model);
	if (j && row->profile)
		json_object_set(j, "profile", row->profile);
	return j;
}

int qaic_bench_json(const struct qaic_bench *b,
		    const struct qaic_bench_row *row, size_t n,
		    struct qaic_err *err)
{
	json_t *list = json_array(), *j;
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_row(&row[i]));
	j = json_pack("{s:o, s:s, s:b, s:b, s:b, s:i, s:i, s:i, s:i, s:o}",
		      "model", qaic_json_text(b->build.model_dir),
		      "weights", weights(&b->build),
		      "fp32", (int)b->build.fp32,
		      "activations_int8", (int)b->build.act_int8,
		      "kv_mxint8", (int)b->build.kv_mxint8,
		      "num_cores", (int)b->build.num_cores,
		      "threads", (int)b->threads,
		      "generation_len", (int)b->generation_len,
		      "runs", (int)b->runs, "rows", list);
	return qaic_json_print(j, err);
}
