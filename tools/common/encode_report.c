// SPDX-License-Identifier: MIT
/* What is said when all texts are done. */
#include <errno.h>
#include <stdio.h>

#include "libqaic/qaic.h"
#include "tools/common/encode_priv.h"
#include "tools/common/json_out.h"
#include "tools/common/profile.h"

static int print_json(struct qaic_enc *g, json_t *profile)
{
	json_t *j;

	j = json_pack("{s:s, s:o, s:i, s:O, s:{s:i, s:f, s:f, s:o}}", "qpc",
		      g->e->qpc, "model", qaic_json_text(g->e->model_dir),
		      "batch_size", (int)qeff_encoder_batch(g->enc),
		      "results", g->results, "performance",
		      "calls", (int)g->calls, "total_s", g->time,
		      "modelled_total_s", g->model_time[QAIC_SKU_PRO],
		      "modelled", qaic_json_skus(g->model_time));
	if (j && profile)
		json_object_set(j, "profile", profile);
	return qaic_json_print(j, g->err);
}

/* Beside what is printed, or where nothing else may be. */
static void print_times(const struct qaic_enc *g)
{
	FILE *f = qaic_encode_quiet(g->e, g->info.task) ? stderr : stdout;
	unsigned int i;

	fprintf(f, "%s%zu call%s in %.6f sec; modelled AI 100, one SoC:",
		f == stdout ? "\n" : "", g->calls, g->calls == 1 ? "" : "s",
		g->time);
	for (i = 0; i < QEFF_NUM_SKUS; i++)
		fprintf(f, "%s %s %.6f sec", i ? "," : "", qaic_sku_name(i),
			g->model_time[i]);
	fprintf(f, "\n");
}

int qaic_enc_report(struct qaic_enc *g)
{
	json_t *profile = NULL;
	int ret = 0;

	if (g->info.task == QEFF_TASK_ANSWER)
		ret = qaic_enc_print_answers(g);
	if (!ret && g->info.task == QEFF_TASK_EMBED)
		ret = qaic_enc_print_vectors(g);
	if (ret)
		return ret;
	if (!g->e->json)
		print_times(g);
	if (g->e->prof)
		ret = qaic_prof_report(g->e->prof, g->e->json ? &profile : NULL,
				       g->err);
	if (!ret && g->e->json)
		ret = print_json(g, profile);
	json_decref(profile);
	if (!ret && g->e->verbose)
		fprintf(stderr, "%s: QPC %s: batch %u, up to %u tokens\n",
			g->e->prog, g->e->qpc, qeff_encoder_batch(g->enc),
			qeff_encoder_max_len(g->enc));
	return ret;
}
