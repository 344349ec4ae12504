// SPDX-License-Identifier: MIT
/* The worker threads: phases in order, many jobs, cancelling, any thread count. */
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "soc/nsp.h"
#include "soc/nsp_join.h"

#define NSPS	16	/* at most */
#define PHASES	40

/*
 * In every phase each NSP adds what its two neighbours had in the phase before:
 * wrong order, a lost phase or one that ran twice changes the numbers. Cells are
 * I64 in TCM, two rows that take turns.
 */
static struct nsp_cmd stream[NSPS][2 * PHASES + 1];

static int nsps = NSPS;

static uint64_t cell(int row, int nsp)
{
	return NSP_ADDR(NSP_SPACE_TCM, (row * NSPS + (nsp + nsps) % nsps) * 8);
}

static void make_program(struct qpc_program *prog, struct qpc_spec *spec,
			 int phases)
{
	static const uint32_t ones[NSP_DIMS] = { 1, 1, 1, 1, 1, 1 };
	struct nsp_cmd *c;
	int n, p;

	memset(spec, 0, sizeof(*spec));
	memset(prog, 0, sizeof(*prog));
	memset(stream, 0, sizeof(stream));
	for (n = 0; n < nsps; n++) {
		c = stream[n];
		for (p = 0; p < phases; p++, c++) {
			c->op = NSP_BINARY;
			c->sub = NSP_B_ADD;
			memset(c->dtype, 0, sizeof(c->dtype));
			c->dtype[0] = c->dtype[1] = c->dtype[2] = QAIC_I64;
			memcpy(c->dims, ones, sizeof(ones));
			c->o[0].addr = cell((p + 1) & 1, n);
			c->o[1].addr = cell(p & 1, n - 1);
			c->o[2].addr = cell(p & 1, n + 1);
			if (p + 1 < phases) {
				c++;
				c->op = NSP_BARRIER;
			}
		}
		c->op = NSP_END;
		spec->streams[n].cmds = stream[n];
		spec->streams[n].num_cmds = c + 1 - stream[n];
	}
	prog->num_nsps = nsps;
	prog->specs = spec;
	prog->num_specs = 1;
	prog->tcm_size = 2 * NSPS * 8;
}

static void expect(uint64_t *cells, int phases)
{
	int n, p;

	for (p = 0; p < phases; p++)
		for (n = 0; n < nsps; n++)
			cells[((p + 1) & 1) * NSPS + n] =
				cells[(p & 1) * NSPS + (n + nsps - 1) % nsps] +
				cells[(p & 1) * NSPS + (n + 1) % nsps];
}

struct run {
	struct nsp_job job;
	struct nsp_mem mem;
	uint64_t cells[2 * NSPS];
	sem_t *ended;
	atomic_int done, cancelled;
};

static void done(struct nsp_job *job, bool cancelled)
{
	struct run *r = job->ctx;

	atomic_fetch_add(&r->done, 1);
	if (cancelled)
		atomic_fetch_add(&r->cancelled, 1);
	sem_post(r->ended);
}

static void make_run(struct run *r, const struct qpc_program *prog, int seed,
		     sem_t *ended)
{
	int n;

	memset(r, 0, sizeof(*r));
	for (n = 0; n < NSPS; n++)
		r->cells[n] = seed * 100 + n;
	r->mem.tcm = (uint8_t *)r->cells;
	r->ended = ended;
	r->job.prog = prog;
	r->job.mem = &r->mem;
	r->job.done = done;
	r->job.ctx = r;
}

static void many_jobs(unsigned int threads)
{
	enum { JOBS = 300 };
	struct run *runs = calloc(JOBS, sizeof(*runs)), want;
	struct nsp_pool *pool = NULL;
	struct nsp_join *join = NULL;
	struct qpc_program prog;
	struct qpc_spec spec;
	sem_t ended;
	int i;

	make_program(&prog, &spec, PHASES);
	sem_init(&ended, 0, 0);
	assert_int_equal(nsp_pool_create(threads, &pool, NULL), 0);
	assert_int_equal(nsp_pool_threads(pool), threads);
	assert_int_equal(nsp_join_create(&prog, threads, &join), 0);
	assert_true(!join || (int)threads < nsps);
	assert_true(join || threads > 1 || nsps == 1);
	for (i = 0; i < JOBS; i++) {
		make_run(&runs[i], &prog, i, &ended);
		/* short ones among them, at which we work ourselves */
		runs[i].job.quick = i % 3 == 1;
		runs[i].job.join = i & 1 ? join : NULL;
		nsp_pool_submit(pool, &runs[i].job);
		if (runs[i].job.quick)
			nsp_pool_help(pool);
		if (i % 7 == 0)		/* let the queue run empty at times */
			sem_wait(&ended);
		if (i % 50 == 0)
			usleep(200);
	}
	for (i = 0; i < JOBS - (JOBS + 6) / 7; i++)
		sem_wait(&ended);
	nsp_pool_destroy(pool);
	nsp_join_free(join);
	for (i = 0; i < JOBS; i++) {
		make_run(&want, &prog, i, &ended);
		expect(want.cells, PHASES);
		assert_int_equal(runs[i].done, 1);
		assert_int_equal(runs[i].cancelled, 0);
		assert_memory_equal(runs[i].cells, want.cells,
				    sizeof(want.cells));
	}
	sem_destroy(&ended);
	free(runs);
}

static void test_threads(void **state)
{
	static const int counts[] = { 1, 2, 3, NSPS };
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		nsps = counts[i];
		many_jobs(1);
		many_jobs(2);
		many_jobs(5);
		many_jobs(16);
	}
}

/* a job of one phase, and of streams that only end */
static void test_short(void **state)
{
	struct nsp_pool *pool = NULL;
	struct qpc_program prog;
	struct qpc_spec spec;
	struct run r;
	sem_t ended;
	int i;

	sem_init(&ended, 0, 0);
	assert_int_equal(nsp_pool_create(0, &pool, NULL), 0);
	assert_true(nsp_pool_threads(pool) >= 1);
	assert_true(nsp_pool_threads(pool) <= 16);
	for (i = 0; i < 2; i++) {
		make_program(&prog, &spec, i);
		make_run(&r, &prog, 1, &ended);
		nsp_pool_submit(pool, &r.job);
		sem_wait(&ended);
		assert_int_equal(r.cancelled, 0);
	}
	nsp_pool_cancel(pool, &r.job);		/* not there any more */
	nsp_pool_destroy(pool);
	sem_destroy(&ended);
}

static void test_cancel(void **state)
{
	enum { JOBS = 40 };
	struct run *runs = calloc(JOBS, sizeof(*runs));
	struct nsp_pool *pool = NULL;
	struct qpc_program prog;
	struct qpc_spec spec;
	int i, round, cut = 0;
	sem_t ended;

	make_program(&prog, &spec, PHASES);
	sem_init(&ended, 0, 0);
	assert_int_equal(nsp_pool_create(2, &pool, NULL), 0);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < JOBS; i++) {
			make_run(&runs[i], &prog, i, &ended);
			nsp_pool_submit(pool, &runs[i].job);
		}
		for (i = JOBS - 1; i >= 0; i -= 3) {
			nsp_pool_cancel(pool, &runs[i].job);
			assert_int_equal(runs[i].done, 1);
			cut += runs[i].cancelled;
		}
		for (i = 0; i < JOBS; i++)
			sem_wait(&ended);
		for (i = 0; i < JOBS; i++) {
			assert_int_equal(runs[i].done, 1);
			if ((JOBS - 1 - i) % 3)
				assert_int_equal(runs[i].cancelled, 0);
		}
	}
	assert_true(cut > 0);
	nsp_pool_destroy(pool);
	sem_destroy(&ended);
	free(runs);
}

/* what is queued when the pool ends is cancelled */
static void test_destroy(void **state)
{
	struct run runs[20];
	struct nsp_pool *pool = NULL;
	struct qpc_program prog;
	struct qpc_spec spec;
	sem_t ended;
	int i;

	make_program(&prog, &spec, PHASES);
	sem_init(&ended, 0, 0);
	assert_int_equal(nsp_pool_create(3, &pool, NULL), 0);
	for (i = 0; i < 20; i++) {
		make_run(&runs[i], &prog, i, &ended);
		nsp_pool_submit(pool, &runs[i].job);
	}
	nsp_pool_destroy(pool);
	for (i = 0; i < 20; i++)
		assert_int_equal(runs[i].done, 1);
	sem_destroy(&ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
