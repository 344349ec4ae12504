// SPDX-License-Identifier: MIT
/*
 * tokens QPC_DIR THREADS PROMPT GENERATE: what one process of ours measures for
 * tests/bench/peers, as one line of JSON: the time from opening the QPC to its first
 * token, the rates of a second prompt of PROMPT tokens and of the GENERATE behind it
 * (all rows of the batch together), what a step reads, and what is resident; of the
 * second prompt and what follows, also the CPUs that were busy with it, and how often
 * a step made a thread wait for another, or another program pushed one off its CPU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/str.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

#define MAX_BATCH	64
#define MAX_PROMPT	4096

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* MiB by a field of /proc/self/status */
static double resident(const char *field)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[200];
	double kib = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			kib = atof(line + strlen(field));
	fclose(f);
	return kib / 1024;
}

struct spent {
	double wall, cpu;
	long waits, pushed;
};

static struct spent spent(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (struct spent){
		now(), u.ru_utime.tv_sec + u.ru_stime.tv_sec +
		(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
		u.ru_nvcsw, u.ru_nivcsw,
	};
}

static int generate(struct qeff_session *s, size_t prompt, uint32_t tokens,
		    struct qeff_result *res, struct qaic_err *err)
{
	static int32_t ids[MAX_PROMPT];
	const int32_t *prompts[MAX_BATCH];
	size_t len[MAX_BATCH], i, batch = qeff_session_batch(s);
	struct qeff_request req = {
		.prompts = prompts, .prompt_len = len, .num_prompts = batch,
		.generation_len = tokens,
	};

	if (batch > MAX_BATCH)
		return qaic_fail(err, -EINVAL, "a batch of more than %d rows",
				 MAX_BATCH);
	for (i = 0; i < prompt; i++)
		ids[i] = (i * 7919 + 1) % qeff_session_vocab(s);
	for (i = 0; i < batch; i++) {
		prompts[i] = ids;
		len[i] = prompt;
	}
	return qeff_generate(s, &req, res, err);
}

/* Two tokens: a decode step is warm then, too. */
static int warm_up(struct qeff_session *s, size_t prompt, double *first,
		   struct qaic_err *err)
{
	struct qeff_result res;
	int rc;

	rc = generate(s, prompt, 2, &res, err);
	if (rc)
		return rc;
	*first = res.prefill_s;
	qeff_result_release(&res);
	return 0;
}

/* From opening to the first token, as a user has it. */
static int load(const struct qeff_session_options *opt, size_t prompt,
		double *first, struct qaic_err *err)
{
	struct qeff_session *s = NULL;
	double start = now(), open;
	int rc;

	rc = qeff_session_open(opt, &s, err);
	open = now() - start;
	if (!rc)
		rc = warm_up(s, prompt, first, err);
	*first += open;
	qeff_session_close(s);
	return rc;
}

static int run(const char *qpc, size_t prompt, uint32_t tokens,
	       struct qaic_err *err)
{
	struct qeff_session_options opt = { .qpc_dir = qpc };
	struct qeff_session *s = NULL;
	struct spent a, b;
	struct qeff_result res;
	double first = 0, warm, batch;
	int rc;

	rc = load(&opt, prompt, &first, err);
	/* rates are those of later, when the pages have been replaced */
	setenv("QAIC_HUGE_PAGES", "1", 0);
	if (!rc)
		rc = qeff_session_open(&opt, &s, err);
	if (!rc)
		rc = warm_up(s, prompt, &warm, err);
	a = spent();
	if (!rc)
		rc = generate(s, prompt, tokens, &res, err);
	b = spent();
	if (!rc) {
		batch = qeff_session_batch(s);
		printf("{\"first\":%.4f,\"prefill\":%.3f,\"decode\":%.3f,"
		       "\"bytes\":%.0f,\"rss\":%.1f,\"cpus\":%.2f,"
		       "\"waits\":%.1f,\"pushed\":%.2f}\n", first,
		       batch * prompt / res.prefill_s,
		       batch * res.decode_steps / res.decode_s,
		       (double)qeff_session_decode_bytes(s),
		       resident("VmHWM:"), (b.cpu - a.cpu) / (b.wall - a.wall),
		       (double)(b.waits - a.waits) / tokens,
		       (double)(b.pushed - a.pushed) / tokens);
		qeff_result_release(&res);
	}
	qeff_session_close(s);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned int threads = argc == 5 ? atoi(argv[2]) : 0;
	int prompt = argc == 5 ? atoi(argv[3]) : 0;
	int tokens = argc == 5 ? atoi(argv[4]) : 0;
	struct qaic_err err = QAIC_ERR_INIT;
	int rc;

	if (prompt < 1 || prompt > MAX_PROMPT || tokens < 2 ||
	    !threads || qaic_embedded_set_threads(threads)) {
		fprintf(stderr, "usage: tokens QPC_DIR THREADS PROMPT GENERATE\n");
		return 2;
	}
	rc = run(argv[1], prompt, tokens, &err);
	if (rc)
		fprintf(stderr, "tokens: %s\n", err.msg);
	return rc != 0;
}
