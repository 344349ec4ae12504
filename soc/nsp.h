/* SPDX-License-Identifier: MIT */
/*
 * The NSPs: memory of an activation, the worker threads, and running streams.
 *
 * soc/card (DMA Bridge, QSM) decides when a specialization runs; soc/nsp runs
 * it. A stream that reaches here has passed qpc_verify(), so operands are not
 * checked again; indices that are data are.
 */
#ifndef SOC_NSP_H
#define SOC_NSP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "qpc/program.h"

/* Where the spaces of one activated program are in this process. */
struct nsp_mem {
	const uint8_t *consts;		/* CONST: const_size bytes, 64-aligned */
	uint8_t *ddr;			/* DDR: ddr_size bytes, 64-aligned */
	uint8_t *tcm;			/* TCM: one copy stands for all NSPs */
	uint8_t *local[NSP_MAX_NSPS];	/* LOCAL of each NSP */
};

/*
 * Run one command. @nsp chooses LOCAL, @scratch is the calling thread's own
 * (NSP_SCRATCH bytes, 64-aligned): room for kernels to unpack into.
 */
#define NSP_SCRATCH	(4u << 20)
void nsp_exec(const struct nsp_cmd *cmd, const struct nsp_mem *mem,
	      unsigned int nsp, void *scratch);

/* ---- worker threads ---- */

/*
 * A pool of host threads that stand for the NSPs. One job runs at a time, phase
 * by phase; within a phase each thread takes the next NSP, or the next joined ones
 * (nsp_join.h), that nobody has taken.
 * Results do not depend on the number of threads. Threads that find nothing to
 * do spin a few microseconds, then sleep (futex).
 */
struct nsp_pool;

/* @threads 0 = one per CPU this process may use, at most 16. */
int nsp_pool_create(unsigned int threads, struct nsp_pool **out,
		    struct qaic_err *err);
void nsp_pool_destroy(struct nsp_pool *pool);
unsigned int nsp_pool_threads(const struct nsp_pool *pool);

struct nsp_join;
struct nsp_prof;

struct nsp_job {
	const struct qpc_program *prog;
	const struct nsp_join *join;	/* of prog, for this pool; or NULL */
	uint32_t spec;
	const struct nsp_mem *mem;
	struct nsp_prof *prof;		/* may note what it does; NULL: none */
	uint32_t owner;			/* whose job it is, for that */
	/*
	 * Called in the thread that ends the job, after the last phase: the
	 * card then does the streams' semaphore handshake (nsp_exec skips SEM
	 * and END). @cancelled: the job was cut short by nsp_pool_cancel().
	 */
	void (*done)(struct nsp_job *job, bool cancelled);
	void *ctx;
	/* A short one: no thread is woken, who submits calls nsp_pool_help() */
	bool quick;
	uint64_t began;			/* nsp_ticks(); 0: not yet; atomic */
	struct nsp_job *next;		/* the pool's */
};

/*
 * A clock for shares of time, in a unit of its own. It is read for each job, so it is
 * the CPU's counter where that has one: there are machines (user-mode Linux) on
 * which clock_gettime() is a system call.
 */
static inline uint64_t nsp_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
#endif
}

/* Queue a job; returns at once. The job must live until done() was called. */
void nsp_pool_submit(struct nsp_pool *pool, struct nsp_job *job);
/*
 * Work at the quick jobs in this thread, until there is nothing to take. After a
 * submit of one, without a lock that done() takes. In done() it does nothing: the
 * thread that called that goes on anyway.
 */
void nsp_pool_help(struct nsp_pool *pool);
/* Drop the job if it is queued, end it at the next barrier if it runs. Waits
 * until done() has returned. */
void nsp_pool_cancel(struct nsp_pool *pool, struct nsp_job *job);

/*
 * The kernels in use: "portable", "avx2" (with FMA and F16C), "avx512" (F, BW, VL and
 * DQ; block products by AVX2), "avx512vnni" (with VNNI and VBMI; block products too).
 * One of these in QAIC_KERNELS in the environment asks for no better ones.
 */
const char *nsp_kernels(void);

#endif
