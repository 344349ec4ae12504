// SPDX-License-Identifier: MIT
/*
 * Once a second the card tells the driver how it is, as long as it has something
 * to do; then it says that it is idle, and sleeps until there is. The load of an NSP is the
 * share of that second in which a program ran on it; temperature and power are
 * modelled from the mean of all, between what cards show idle and the power of a
 * Pro card (75 W).
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "soc/nsp.h"
#include "soc/port_priv.h"

#define IDLE_UW		18000000u
#define FULL_UW		75000000u
#define IDLE_MC		38000
#define FULL_MC		75000
#define NSP_MHZ		825u

struct report {
	struct qaic_sim_event head;
	struct qaic_sim_telemetry t;
};

/* What was at the report before */
struct past {
	struct qaic_sim_telemetry told;
	uint64_t at;			/* nsp_ticks() */
	uint64_t nsp_busy_ticks[NSP_MAX_NSPS];
};

/*
 * Time since the last report; 0 for a job that ended while the counters were read
 * and is in none of them: the next report has it.
 */
static uint64_t advance(uint64_t *past, uint64_t now)
{
	uint64_t n = now > *past ? now - *past : 0;

	*past += n;
	return n;
}

/* Percent of the time since @past that a program ran on each NSP; the mean. */
static double fill_load(const struct soc_usage *u, struct past *past,
			uint8_t *load)
{
	uint64_t now = nsp_ticks(), all = now - past->at, busy;
	double sum = 0;
	unsigned int i;

	for (i = 0; i < u->num_nsps && i < NSP_MAX_NSPS; i++) {
		busy = advance(&past->nsp_busy_ticks[i], u->nsp_busy_ticks[i]);
		if (busy > all)
			busy = all;
		load[i] = all ? (busy * 100 + all / 2) / all : 0;
		sum += load[i] / 100.0;
	}
	past->at = now;
	return i ? sum / i : 0;
}

/* The mean load: 0 when no program ran since the last time. */
static double fill(struct soc_port *p, struct past *past, struct report *r)
{
	struct soc_usage u;
	double load;

	soc_usage(p->soc, &u);
	memset(r, 0, sizeof(*r));
	r->head.type = QAIC_SIM_MSG_TELEMETRY;
	r->head.len = sizeof(r->t);
	load = fill_load(&u, past, r->t.nsp_load);
	r->t.temp_mc = IDLE_MC + load * (FULL_MC - IDLE_MC);
	r->t.power_uw = IDLE_UW + load * (FULL_UW - IDLE_UW);
	r->t.ddr_total = u.ddr_total;
	r->t.ddr_used = u.ddr_used;
	r->t.num_nsp = u.num_nsps;
	r->t.nsp_mhz = NSP_MHZ;
	return load;
}

/* An error when the driver has cut the card off; read() says so, too. */
static int tell(struct soc_port *p, struct past *past, const struct report *r)
{
	if (!memcmp(&past->told, &r->t, sizeof(r->t)))
		return 0;
	if (write(p->fd, r, sizeof(*r)) < 0)
		return errno == ENOTCONN ? -ENOTCONN : 0;
	past->told = r->t;
	return 0;
}

void soc_port_report_due(struct soc_port *p)
{
	/* the reporter says that it sleeps and looks at the other then */
	__atomic_store_n(&p->report_due, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&p->report_asleep, __ATOMIC_SEQ_CST))
		return;
	pthread_mutex_lock(&p->report_lock);
	pthread_cond_signal(&p->report_cond);
	pthread_mutex_unlock(&p->report_lock);
}

/* Until something happens, or it is time to go. The lock is held. */
static void sleep_idle(struct soc_port *p)
{
	__atomic_store_n(&p->report_asleep, true, __ATOMIC_SEQ_CST);
	while (!p->report_stop &&
	       !__atomic_load_n(&p->report_due, __ATOMIC_SEQ_CST))
		pthread_cond_wait(&p->report_cond, &p->report_lock);
	__atomic_store_n(&p->report_asleep, false, __ATOMIC_SEQ_CST);
}

/* False when it is time to go. The lock is held. */
static bool nap(struct soc_port *p)
{
	struct timespec ts;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec++;
	while (!p->report_stop && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&p->report_cond, &p->report_lock,
					     &ts);
	return !p->report_stop;
}

static void *report(void *arg)
{
	struct soc_port *p = arg;
	struct past past = { .at = nsp_ticks() };
	struct report r;
	double load;

	pthread_mutex_lock(&p->report_lock);
	do {
		pthread_mutex_unlock(&p->report_lock);
		__atomic_store_n(&p->report_due, false, __ATOMIC_SEQ_CST);
		load = fill(p, &past, &r);
		if (tell(p, &past, &r))
			return NULL;
		pthread_mutex_lock(&p->report_lock);
		if (load > 0)
			continue;
		sleep_idle(p);
		/* the load is that of the time from here on */
		past.at = nsp_ticks();
	} while (nap(p));
	pthread_mutex_unlock(&p->report_lock);
	return NULL;
}

int soc_port_report_start(struct soc_port *p)
{
	pthread_condattr_t attr;
	int ret;

	ret = pthread_mutex_init(&p->report_lock, NULL);
	if (ret)
		return -ret;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(&p->report_cond, &attr);
	pthread_condattr_destroy(&attr);
	if (ret)
		goto free_lock;
	ret = pthread_create(&p->reporter, NULL, report, p);
	if (ret)
		goto free_cond;
	p->reporting = true;
	return 0;

free_cond:
	pthread_cond_destroy(&p->report_cond);
free_lock:
	pthread_mutex_destroy(&p->report_lock);
	return -ret;
}

void soc_port_report_stop(struct soc_port *p)
{
	if (!p->reporting)
		return;
	pthread_mutex_lock(&p->report_lock);
	p->report_stop = true;
	pthread_cond_signal(&p->report_cond);
	pthread_mutex_unlock(&p->report_lock);
	pthread_join(p->reporter, NULL);
	pthread_cond_destroy(&p->report_cond);
	pthread_mutex_destroy(&p->report_lock);
	p->reporting = false;
}
