// SPDX-License-Identifier: MIT
/*
 * The threads that stand for the NSPs.
 *
 * All that threads race for is one word, the ticket: the number of the phase and
 * how many NSPs can be taken in it. A compare-and-swap takes an NSP of exactly that
 * phase. The thread that ends the last NSP of a phase (left reaches 0) opens the next
 * one by a new ticket. Everything else a phase writes is published by those two words:
 * a thread's writes by its decrement of left, all of them by the store of the ticket.
 *
 * A thread with nothing to take spins a little, where it has the CPU for itself, then
 * sleeps on the phase number (futex). Who opens a phase wakes the sleepers; the count
 * of sleepers and the phase number are sequentially consistent, so that one of the two
 * sees the other.
 *
 * Jobs are queued, started by submit or by the thread that ended the one before,
 * and ended outside the lock.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "soc/nsp.h"
#include "soc/nsp_cpus.h"
#include "soc/nsp_join.h"
#include "soc/nsp_keep.h"
#include "soc/nsp_prof.h"
#include "soc/nsp_spin.h"
#include "soc/thread.h"

#define MAX_THREADS	16

/*
 * ticket: phase << 8 | NSPs to take, less one. It counts down to TICKET_NONE, because a
 * thread that looks at it may not look at the job (num_nsps) before it has taken one.
 */
#define TICKET_LEFT(t)	((unsigned int)((t) & 0xff))
#define TICKET_NONE	0xff

struct nsp_pool {
	_Alignas(64) _Atomic uint64_t ticket;
	_Alignas(64) _Atomic uint32_t left;	/* NSPs of the phase not done */
	_Alignas(64) _Atomic uint32_t phase;	/* of the ticket; the futex */
	_Atomic uint32_t sleepers;
	_Atomic bool stop;
	_Atomic bool cut;			/* the running job is cancelled */
	_Atomic bool quick;			/* sleepers are left alone */

	/* the running job; changed only while no NSP can be taken */
	struct nsp_job *job;
	const struct qpc_stream *streams;	/* of NSPs, or of joined ones */
	const struct nsp_join *join;		/* NULL: each for itself */
	const struct nsp_mem *mem;
	unsigned int num_nsps;			/* streams */
	bool profiled;
	uint32_t pos[NSP_MAX_NSPS];		/* next command of each */

	pthread_mutex_t lock;			/* what follows */
	pthread_cond_t ended;
	struct nsp_job *busy;			/* until its done() returned */
	uint64_t num_ended;
	struct nsp_job *first, **last;

	pthread_mutex_t help_lock;
	void *help_scratch;			/* made when first needed */

	bool spin;			/* there is a CPU for each thread */
	bool keep;			/* and no more CPUs: nsp_keep.h */
	unsigned int num_threads;
	pthread_t threads[MAX_THREADS];
	void *scratch[MAX_THREADS];
};

struct worker {
	struct nsp_pool *pool;
	unsigned int nr;
	void *scratch;
	struct nsp_spin spin;
	struct nsp_keep keep;
};

/* This thread takes NSPs in a loop already */
static _Thread_local bool inside;

static void futex(_Atomic uint32_t *word, int op, uint32_t val)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, NULL, NULL, 0);
}

/*
 * The phase number first: once the ticket is out, others may end this phase and
 * open the next before this thread does another step, and a number that is stored
 * late would go back, and let a thread sleep through a phase. @wake: how many of the
 * sleepers there is something for; one that is not woken sleeps on.
 */
static void open_phase(struct nsp_pool *p, unsigned int next, int wake)
{
	uint32_t phase = atomic_load_explicit(&p->phase, memory_order_relaxed);

	phase++;
	atomic_store(&p->phase, phase);
	atomic_store_explicit(&p->ticket, (uint64_t)phase << 8 | next,
			      memory_order_release);
	if (wake && !atomic_load_explicit(&p->quick, memory_order_relaxed) &&
	    atomic_load(&p->sleepers))
		futex(&p->phase, FUTEX_WAKE, wake);
}

/* ---- jobs ---- */

static bool at_end(const struct nsp_pool *p)
{
	const struct qpc_stream *s = &p->streams[0];

	return p->pos[0] >= s->num_cmds || s->cmds[p->pos[0]].op == NSP_END;
}

/* called by one thread at a time, while nothing can be taken */
static void start_job(struct nsp_pool *p, struct nsp_job *job)
{
	p->job = job;
	p->mem = job->mem;
	/* a profile is of each NSP: they run one by one then */
	p->profiled = nsp_prof_on(job->prof, job->owner);
	p->join = p->profiled ? NULL : job->join;
	p->streams = p->join ? p->join->streams[job->spec] :
		     job->prog->specs[job->spec].streams;
	p->num_nsps = p->join ? p->join->num_groups : job->prog->num_nsps;
	__atomic_store_n(&job->began, nsp_ticks(), __ATOMIC_RELAXED);
	memset(p->pos, 0, sizeof(p->pos));
	atomic_store_explicit(&p->left, p->num_nsps, memory_order_relaxed);
	atomic_store_explicit(&p->quick, job->quick, memory_order_relaxed);
	open_phase(p, p->num_nsps - 1, p->num_nsps);
}

/* with the lock: the next job becomes the busy one */
static struct nsp_job *take_job(struct nsp_pool *p)
{
	struct nsp_job *job = p->first;

	p->busy = job;
	if (!job)
		return NULL;
	p->first = job->next;
	if (!p->first)
		p->last = &p->first;
	atomic_store(&p->cut, false);
	return job;
}

static void end_job(struct nsp_pool *p, bool cancelled)
{
	struct nsp_job *job = p->job;

	p->job = NULL;
	job->done(job, cancelled);	/* the job may be gone now */
	pthread_mutex_lock(&p->lock);
	p->num_ended++;
	job = take_job(p);
	pthread_cond_broadcast(&p->ended);
	pthread_mutex_unlock(&p->lock);
	if (job)
		start_job(p, job);
}

/* the last thread of a phase; @goes_on: it will take the next one's NSPs, too */
static void end_phase(struct nsp_pool *p, bool goes_on)
{
	bool cut = atomic_load(&p->cut);

	if (at_end(p) || cut) {
		end_job(p, !at_end(p));
		return;
	}
	atomic_store_explicit(&p->left, p->num_nsps, memory_order_relaxed);
	open_phase(p, p->num_nsps - 1, p->num_nsps - goes_on);
}

static void exec_profiled(struct nsp_pool *p, const struct nsp_cmd *cmd,
			  unsigned int nsp, void *scratch)
{
	uint64_t begin = nsp_prof_now();

	nsp_exec(cmd, p->mem, nsp, scratch);
	nsp_prof_cmd(p->job->prof, p->job->owner, cmd, p->mem, nsp, begin);
}

/* one NSP, or joined ones, from here to the next barrier or the end */
static void run_nsp(struct nsp_pool *p, unsigned int nr, void *scratch)
{
	const struct qpc_stream *s = &p->streams[nr];
	unsigned int nsp = p->join ? p->join->first[nr] : nr;
	uint32_t i = p->pos[nr];

	for (; i < s->num_cmds; i++) {
		if (s->cmds[i].op == NSP_BARRIER) {
			i++;
			break;
		}
		if (s->cmds[i].op == NSP_END)
			break;
		if (p->profiled)
			exec_profiled(p, &s->cmds[i], nsp, scratch);
		else
			nsp_exec(&s->cmds[i], p->mem, nsp, scratch);
	}
	p->pos[nr] = i;
}

/* ---- threads ---- */

/* until the phase is not @seen any more, or stop */
static void wait_phase(struct nsp_pool *p, struct nsp_spin *spin, uint32_t seen)
{
	uint64_t begin = 0;

	if (p->spin) {
		if (nsp_spin(spin, &p->phase, seen))
			return;
		begin = nsp_spin_clock();
	}
	atomic_fetch_add(&p->sleepers, 1);
	while (atomic_load(&p->phase) == seen && !atomic_load(&p->stop))
		futex(&p->phase, FUTEX_WAIT, seen);
	atomic_fetch_sub(&p->sleepers, 1);
	if (p->spin)
		nsp_spin_slept(spin, begin);
}

static bool take_nsp(struct nsp_pool *p, unsigned int *nsp, uint32_t *phase)
{
	uint64_t t = atomic_load_explicit(&p->ticket, memory_order_acquire);

	for (;;) {
		*phase = (uint32_t)(t >> 8);
		*nsp = TICKET_LEFT(t);
		if (*nsp == TICKET_NONE)
			return false;
		if (atomic_compare_exchange_weak_explicit(&p->ticket, &t,
				*nsp ? t - 1 : t | TICKET_NONE,
				memory_order_acq_rel, memory_order_acquire)) {
			/*
			 * Upwards: the slices of a matrix follow each other,
			 * and what is fetched ahead is the next one's.
			 */
			*nsp = p->num_nsps - 1 - *nsp;
			return true;
		}
	}
}

static void *thread_main(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct nsp_pool *p = w.pool;
	unsigned int nsp;
	uint32_t phase;

	free(arg);
	if (p->keep)
		nsp_keep_init(&w.keep, w.nr);
	inside = true;
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		if (!take_nsp(p, &nsp, &phase)) {
			nsp_keep(&w.keep, !nsp_spin_calm(&w.spin));
			wait_phase(p, &w.spin, phase);
			continue;
		}
		run_nsp(p, nsp, w.scratch);
		if (atomic_fetch_sub_explicit(&p->left, 1,
					      memory_order_acq_rel) == 1)
			end_phase(p, true);
	}
	nsp_keep_release(&w.keep);
	return NULL;
}

static void *make_scratch(void)
{
	void *s = aligned_alloc(2 << 20, NSP_SCRATCH);

	if (s)
		memset(s, 0, NSP_SCRATCH);	/* no page faults later */
	return s;
}

/*
 * With the help lock. Not more than one NSP of a job that is not quick, should
 * one begin between the two looks.
 */
static void help(struct nsp_pool *p)
{
	unsigned int nsp;
	uint32_t phase;

	inside = true;
	while (atomic_load(&p->quick) && take_nsp(p, &nsp, &phase)) {
		run_nsp(p, nsp, p->help_scratch);
		if (atomic_fetch_sub_explicit(&p->left, 1,
					      memory_order_acq_rel) == 1)
			end_phase(p, false);
	}
	inside = false;
}

/* ---- the declared functions ---- */

void nsp_pool_help(struct nsp_pool *p)
{
	bool helped = false;

	if (inside)
		return;
	if (!pthread_mutex_trylock(&p->help_lock)) {
		if (!p->help_scratch)
			p->help_scratch = make_scratch();
		helped = p->help_scratch;
		if (helped)
			help(p);
		pthread_mutex_unlock(&p->help_lock);
	}
	/* somebody who helps may just have found nothing more to take */
	if (!helped)
		futex(&p->phase, FUTEX_WAKE, INT_MAX);
}

static int start_thread(struct nsp_pool *p, unsigned int i)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	p->scratch[i] = make_scratch();
	if (!p->scratch[i]) {
		free(w);
		return -ENOMEM;
	}
	w->pool = p;
	w->nr = i;
	w->scratch = p->scratch[i];
	rc = soc_thread(&p->threads[i], thread_main, w);
	if (rc) {
		free(p->scratch[i]);
		free(w);
		return rc;
	}
	p->num_threads++;
	return 0;
}

int nsp_pool_create(unsigned int threads, struct nsp_pool **out,
		    struct qaic_err *err)
{
	unsigned int cpus = nsp_cpus(), i;
	struct nsp_pool *p;
	int rc = 0;

	if (!threads)
		threads = cpus;
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	p = aligned_alloc(64, sizeof(*p));
	if (!p)
		return qaic_fail(err, -ENOMEM, "out of memory for NSP threads");
	memset(p, 0, sizeof(*p));
	p->ticket = TICKET_NONE;
	p->last = &p->first;
	p->spin = threads <= cpus && cpus > 1;
	p->keep = p->spin && threads == nsp_cpus_allowed(sched_getaffinity);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ended, NULL);
	pthread_mutex_init(&p->help_lock, NULL);

	for (i = 0; i < threads && !rc; i++)
		rc = start_thread(p, i);
	if (rc) {
		nsp_pool_destroy(p);
		return qaic_fail(err, rc, "cannot start %u NSP threads: %s",
				 threads, strerror(-rc));
	}
	*out = p;
	return 0;
}

void nsp_pool_destroy(struct nsp_pool *p)
{
	unsigned int i;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	while (p->first || p->busy) {
		struct nsp_job *job = p->busy ? p->busy : p->first;

		pthread_mutex_unlock(&p->lock);
		nsp_pool_cancel(p, job);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);

	atomic_store(&p->stop, true);
	atomic_store(&p->quick, false);
	open_phase(p, TICKET_NONE, INT_MAX);
	for (i = 0; i < p->num_threads; i++) {
		pthread_join(p->threads[i], NULL);
		free(p->scratch[i]);
	}
	free(p->help_scratch);
	pthread_mutex_destroy(&p->help_lock);
	pthread_cond_destroy(&p->ended);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

unsigned int nsp_pool_threads(const struct nsp_pool *p)
{
	return p->num_threads;
}

void nsp_pool_submit(struct nsp_pool *p, struct nsp_job *job)
{
	struct nsp_job *start = NULL;

	job->next = NULL;
	__atomic_store_n(&job->began, 0, __ATOMIC_RELAXED);
	pthread_mutex_lock(&p->lock);
	*p->last = job;
	p->last = &job->next;
	if (!p->busy)
		start = take_job(p);
	pthread_mutex_unlock(&p->lock);
	if (start)
		start_job(p, start);
}

/* with the lock: out of the queue */
static bool drop(struct nsp_pool *p, struct nsp_job *job)
{
	struct nsp_job **at;

	for (at = &p->first; *at; at = &(*at)->next) {
		if (*at != job)
			continue;
		*at = job->next;
		if (!*at)
			p->last = at;
		return true;
	}
	return false;
}

void nsp_pool_cancel(struct nsp_pool *p, struct nsp_job *job)
{
	uint64_t seen;

	pthread_mutex_lock(&p->lock);
	if (drop(p, job)) {
		pthread_mutex_unlock(&p->lock);
		job->done(job, true);
		return;
	}
	if (p->busy == job) {
		atomic_store(&p->cut, true);
		seen = p->num_ended;
		while (p->num_ended == seen)
			pthread_cond_wait(&p->ended, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}
