// SPDX-License-Identifier: MIT
/*
 * Show the cards of the driver as they are, then wait for what happens to them.
 *
 *	cc monitor.c $(pkg-config --cflags --libs libqaic) -o monitor
 *	./monitor
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include <qaic/monitor.h>

static void show_card(const struct qaic_telemetry *t)
{
	printf("%s: %s", t->card.loc.pci, t->online ? "online" : "offline");
	if (t->reported)
		printf(", %.1f C, NSP 0 %d %% busy", t->temp_mc / 1e3,
		       t->nsp_load[0]);
	printf("\n");
}

static void show_event(const struct qaic_event *e)
{
	switch (e->type) {
	case QAIC_EVENT_STATE:
		printf("%s: %s\n", e->card.loc.pci,
		       e->online ? "online" : "offline");
		break;
	case QAIC_EVENT_RAS:
		printf("%s: %" PRIu32 " errors of %s\n", e->card.loc.pci,
		       e->ras_count, qaic_ras_source_name(e->ras_source));
		break;
	case QAIC_EVENT_DRIVER:
		printf("driver %s\n", e->online ? "loaded" : "unloaded");
		break;
	default:
		break;
	}
}

int main(void)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_telemetry t[16];
	struct qaic_monitor *m;
	struct pollfd p = { .events = POLLIN };
	struct qaic_event e;
	int i, n, ret;

	/* listen first: then nothing is missed in between */
	ret = qaic_monitor_open(&m, &err);
	if (ret) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	n = qaic_telemetry_list(t, 16, &err);
	for (i = 0; i < n && i < 16; i++)
		show_card(&t[i]);
	p.fd = qaic_monitor_fd(m);
	do {
		while (!(ret = qaic_monitor_next(m, &e, &err)))
			show_event(&e);
		fflush(stdout);
	} while (ret == -EAGAIN && poll(&p, 1, -1) > 0);
	qaic_monitor_close(m);
	return 0;
}
