// SPDX-License-Identifier: MIT
/*
 * Once a second the card tells the driver how it is. Load is the share of CPU
 * time that its threads had; temperature and power are modelled from it, between
 * what cards show idle and the power of a Pro card (75 W).
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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

static double cpu_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return 0;
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* @load: 0 to 1 */
static void fill(struct soc_port *p, double load, struct report *r)
{
	struct soc_usage u;
	unsigned int i;

	soc_usage(p->soc, &u);
	memset(r, 0, sizeof(*r));
	r->head.type = QAIC_SIM_MSG_TELEMETRY;
	r->head.len = sizeof(r->t);
	r->t.temp_mc = IDLE_MC + load * (FULL_MC - IDLE_MC);
	r->t.power_uw = IDLE_UW + load * (FULL_UW - IDLE_UW);
	r->t.ddr_total = u.ddr_total;
	r->t.ddr_used = u.ddr_used;
	r->t.num_nsp = u.num_nsps;
	r->t.nsp_mhz = NSP_MHZ;
	for (i = 0; i < u.num_nsps && i < sizeof(r->t.nsp_load); i++)
		if (u.nsp_busy & 1u << i)
			r->t.nsp_load[i] = load * 100;
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
	double load, now, last = cpu_seconds();
	struct report r;

	load = 0;
	pthread_mutex_lock(&p->report_lock);
	do {
		pthread_mutex_unlock(&p->report_lock);
		fill(p, load, &r);
		/* when the driver has cut the card off, read() says so */
		if (write(p->fd, &r, sizeof(r)) < 0 && errno == ENOTCONN)
			return NULL;
		pthread_mutex_lock(&p->report_lock);
		if (!nap(p))
			break;
		now = cpu_seconds();
		load = (now - last) / soc_threads(p->soc);
		load = load < 0 ? 0 : load > 1 ? 1 : load;
		last = now;
	} while (!p->report_stop);
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
