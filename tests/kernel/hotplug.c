// SPDX-License-Identifier: MIT
/* Print what libqaic's hotplug call tells, until killed. Usage: hotplug */
#include <poll.h>
#include <stdio.h>

#include "libqaic/monitor.h"

int main(void)
{
	static const char *const words[] = {
		[QAIC_HOTPLUG_ADDED] = "added",
		[QAIC_HOTPLUG_REMOVED] = "removed",
		[QAIC_HOTPLUG_ONLINE] = "online",
		[QAIC_HOTPLUG_OFFLINE] = "offline",
		[QAIC_HOTPLUG_LOST] = "lost",
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_hotplug_event e;
	struct qaic_hotplug *h;
	struct pollfd p = { .events = POLLIN };

	if (qaic_hotplug_open(&h, &err)) {
		fprintf(stderr, "hotplug: %s\n", err.msg);
		return 1;
	}
	setlinebuf(stdout);
	printf("listening\n");
	p.fd = qaic_hotplug_fd(h);
	while (poll(&p, 1, -1) > 0)
		while (!qaic_hotplug_next(h, &e))
			printf("%s %s %s\n", words[e.type], e.loc.node,
			       e.loc.pci);
	qaic_hotplug_close(h);
	return 1;
}
