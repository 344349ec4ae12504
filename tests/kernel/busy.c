// SPDX-License-Identifier: MIT
/*
 * A client that always has work on the card: several calls of the handmade program
 * in the queue, one after the other. Ends with status 0 after some seconds, or
 * with 1 and the errno that it got. Usage: busy NODE SECONDS.
 */
#include <time.h>

#include "tests/kernel/client.h"

#define CALLS	4u

static struct client c;
static uint32_t x[CALLS], y[CALLS];

static int fail(const char *what, int err)
{
	fprintf(stderr, "busy: %s: %s\n", what, strerror(err));
	return 1;
}

static int attach_all(void)
{
	struct qaic_attach_slice_entry in = slice_x(&c, 0), out = slice_y(&c);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < CALLS && !ret; i++) {
		/* the last one of a round is slow */
		if (i == CALLS - 1)
			in = slice_x(&c, 2);
		ret = bo_create(c.fd, HM_BYTES, &x[i]);
		if (!ret)
			ret = bo_create(c.fd, HM_BYTES, &y[i]);
		if (!ret)
			ret = bo_attach(c.fd, c.act.vc_id, x[i],
					QAIC_DIR_TO_DEV, 4096, &in, 1);
		if (!ret)
			ret = bo_attach(c.fd, c.act.vc_id, y[i],
					QAIC_DIR_FROM_DEV, 4096, &out, 1);
	}
	return ret;
}

/* Keep all calls queued until @end. */
static int work(time_t end, unsigned long *calls)
{
	uint32_t h[2];
	unsigned int i;
	int ret;

	for (i = 0; time(NULL) < end; i = (i + 1) % CALLS, ++*calls) {
		if (*calls >= CALLS) {
			ret = bo_wait(c.fd, c.act.vc_id, y[i], 0);
			if (ret)
				return fail("wait", ret);
		}
		h[0] = x[i];
		h[1] = y[i];
		ret = execute(c.fd, c.act.vc_id, h, 2);
		if (ret)
			return fail("execute", ret);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	int ret, seconds = argc > 2 ? atoi(argv[2]) : 5;
	unsigned long calls = 0;

	ret = client_up(&c, node, client_qpc(), 64);
	if (ret)
		return fail("activate", ret);
	ret = attach_all();
	if (ret)
		return fail("attach", ret);
	printf("busy\n");
	fflush(stdout);
	ret = work(time(NULL) + seconds, &calls);
	printf("%lu calls\n", calls);
	return ret;
}
