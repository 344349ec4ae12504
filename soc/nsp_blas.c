// SPDX-License-Identifier: MIT
/*
 * OpenBLAS, loaded when it is needed, which is seldom.
 *
 * When its threaded build is loaded, it starts a thread for every further CPU of
 * the loading thread's affinity, and each of them spins for some tens of
 * milliseconds. But here the NSPs are the threads: so it is loaded by a thread that
 * is bound to one CPU, and starts none.
 *
 * The threaded build takes several calls at once. Debian's serial build is made
 * without USE_LOCKING: two calls at once may be given the same work buffer and come
 * back with wrong sums, so there they take turns.
 */
#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include "soc/nsp_blas.h"

static pthread_mutex_t gemm_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __typeof__(cblas_sgemm) *gemm;
static bool serial;

static void *load(void *arg)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	if (cpu >= 0 && cpu < CPU_SETSIZE) {
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	return dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
}

static void init(void)
{
	__typeof__(openblas_set_num_threads) *set_threads;
	__typeof__(openblas_get_parallel) *parallel;
	void *lib = NULL;
	pthread_t t;

	if (pthread_create(&t, NULL, load, NULL))
		return;
	pthread_join(t, &lib);
	if (!lib)
		return;
	/* the program may have loaded it before, with threads */
	*(void **)&set_threads = dlsym(lib, "openblas_set_num_threads");
	*(void **)&parallel = dlsym(lib, "openblas_get_parallel");
	if (!set_threads || !parallel)
		return;
	set_threads(1);
	serial = parallel() == OPENBLAS_SEQUENTIAL;
	*(void **)&gemm = dlsym(lib, "cblas_sgemm");
}

bool nsp_blas(void)
{
	pthread_once(&once, init);
	return gemm;
}

void nsp_blas_gemm(size_t m, size_t n, size_t k, const float *x, size_t ldx,
		   const float *w, float *y, bool acc)
{
	if (serial)
		pthread_mutex_lock(&gemm_lock);
	gemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, x, ldx, w, k,
	     acc ? 1 : 0, y, n);
	if (serial)
		pthread_mutex_unlock(&gemm_lock);
}
