// SPDX-License-Identifier: MIT
/*
 * What a card says of the programs it runs, and to whom. tests/kernel runs it on the
 * driver's card, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "libqaic/priv.h"
#include "tests/unit/soc/handmade.h"

#define NSPS		4u
/* of one call: three commands of each NSP, a transfer in and one out */
#define COMMANDS	(3 * NSPS)
#define EVENTS		(COMMANDS + 2)

/* A client of the card with its program. */
struct client {
	struct qaic_device *dev;
	struct qaic_program *prog;
};

static const char *dir;
static struct client a, b;
static struct qaic_err err;
static struct qaic_profile got;

static int setup(void **state)
{
	dir = hm_tmpdir();
	return !dir || hm_write(dir, NSPS, &err);
}

static int teardown(void **state)
{
	return qaic_rmtree(dir, NULL);
}

static void open_client(struct client *c)
{
	assert_int_equal(qaic_device_open(0, &c->dev, &err), 0);
	assert_int_equal(qaic_program_load(c->dev, dir, &c->prog, &err), 0);
}

static void close_client(struct client *c)
{
	qaic_program_unload(c->prog);
	qaic_device_close(c->dev);
	*c = (struct client){ 0 };
}

static int up(void **state)
{
	open_client(&a);
	open_client(&b);
	return 0;
}

static int down(void **state)
{
	close_client(&a);
	close_client(&b);
	return 0;
}

static void call(const struct client *c, uint32_t spec, unsigned int n)
{
	struct qaic_exec *exec;

	assert_int_equal(qaic_exec_create(c->prog, spec, &exec, &err), 0);
	while (n--)
		assert_int_equal(qaic_exec_run(exec, &err), 0);
	qaic_exec_destroy(exec);
}

static void start(const struct client *c, size_t room)
{
	assert_int_equal(qaic_profile_start(c->dev, room, &err), 0);
}

static void stop(const struct client *c)
{
	assert_int_equal(qaic_profile_stop(c->dev, &got, &err), 0);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void test_events(void **state)
{
	unsigned int mul = 0, add = 0, move = 0, in = 0, out = 0;
	uint64_t begin = now_ns(), last = 0;
	struct qaic_profile_event e;
	double bytes = 0, ops = 0;
	size_t i;

	start(&a, 1000);
	call(&a, 0, 10);
	stop(&a);
	assert_int_equal(got.num_events, 10 * EVENTS);
	assert_int_equal(got.lost, 0);
	assert_true(got.threads > 0);
	for (i = 0; qaic_profile_event(a.dev, i, &e); i++) {
		assert_true(e.begin_ns >= last && e.end_ns >= e.begin_ns);
		assert_true(e.begin_ns >= begin && e.end_ns <= now_ns());
		last = e.begin_ns;
		if (e.kind != QAIC_PROFILE_COMMAND) {
			assert_string_equal(e.op, "dma");
			assert_int_equal(e.nsp, a.prog->dbc);
			assert_true(e.bytes == HM_BYTES);
			in += e.kind == QAIC_PROFILE_DMA_IN;
			out += e.kind == QAIC_PROFILE_DMA_OUT;
			continue;
		}
		assert_true(e.nsp < NSPS);
		bytes += e.bytes;
		ops += e.ops;
		mul += !strcmp(e.op, "binary") && !strcmp(e.sub, "mul");
		add += !strcmp(e.op, "binary") && !strcmp(e.sub, "add");
		move += !strcmp(e.op, "move");
	}
	assert_int_equal(i, got.num_events);
	assert_int_equal(mul, 10 * NSPS);
	assert_int_equal(add, 10 * NSPS);
	assert_int_equal(move, 10 * NSPS);
	assert_int_equal(in, 10);
	assert_int_equal(out, 10);
	/* x * k, with one k for each NSP; tmp + state; y to state */
	assert_true(bytes == 10 * (2 * HM_BYTES + 4 * NSPS + 3 * HM_BYTES +
				   2 * HM_BYTES));
	assert_true(ops >= 10 * 2 * HM_N);
	assert_false(qaic_profile_event(a.dev, i, &e));
	assert_false(qaic_profile_event(b.dev, 0, &e));
}

/* More events than a reply holds, and more than there is room for. */
static void test_many(void **state)
{
	struct qaic_profile_event e;

	start(&a, 1u << 30);		/* as many as the card gives */
	call(&a, 2, 1);
	stop(&a);
	assert_int_equal(got.num_events, HM_SLOW_PHASES * NSPS + EVENTS);
	assert_true(qaic_profile_event(a.dev, got.num_events - 1, &e));
	start(&a, 100);
	call(&a, 2, 1);
	stop(&a);
	assert_int_equal(got.num_events, 100);
	assert_int_equal(got.lost, HM_SLOW_PHASES * NSPS + EVENTS - 100);
	assert_false(qaic_profile_event(a.dev, 100, &e));
	/* none at all */
	start(&a, 1);
	stop(&a);
	assert_int_equal(got.num_events, 0);
}

/* Nobody learns what another runs, or takes the profile away. */
static void test_apart(void **state)
{
	start(&a, 1000);
	assert_int_equal(qaic_profile_start(b.dev, 1000, &err), -EBUSY);
	assert_int_equal(qaic_profile_stop(b.dev, &got, &err), -EIO);
	call(&b, 0, 5);
	call(&a, 0, 1);
	call(&b, 0, 5);
	stop(&a);
	assert_int_equal(got.num_events, EVENTS);
	assert_int_equal(qaic_profile_stop(a.dev, &got, &err), -EIO);
	start(&b, 1000);
	call(&a, 0, 1);
	stop(&b);
	assert_int_equal(got.num_events, 0);
	/* starting anew forgets; who goes leaves the card to others */
	start(&a, 1000);
	call(&a, 0, 3);
	start(&a, 1000);
	call(&a, 0, 1);
	stop(&a);
	assert_int_equal(got.num_events, EVENTS);
	start(&a, 1000);
	assert_int_equal(qaic_profile_start(b.dev, 10, &err), -EBUSY);
	close_client(&a);
	start(&b, 1000);
	call(&b, 0, 1);
	stop(&b);
	assert_int_equal(got.num_events, EVENTS);
	open_client(&a);
}

static int32_t raw(const struct client *c, uint32_t what, uint64_t arg)
{
	struct qaic_nnc_profile *cmd;
	const struct qaic_nnc_profile_rsp *r;
	struct qaic_msg msg;
	const void *rsp;

	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_PROFILE, sizeof(*cmd));
	cmd->what = what;
	cmd->arg = arg;
	assert_int_equal(qaic_msg_send(c->dev, &msg, &rsp, sizeof(*r), &err), 0);
	r = rsp;
	assert_int_equal(r->type, QAIC_NNC_PROFILE_RSP);
	assert_true(r->num <= QAIC_NNC_PROFILE_EVENTS);
	assert_true(!r->status || !r->num);
	return r->status;
}

static void test_hostile(void **state)
{
	static const uint64_t bad[] = { 0, QAIC_NNC_PROFILE_ROOM + 1, 1ull << 32,
					~0ull };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(raw(&a, QAIC_NNC_PROFILE_START, bad[i]),
				 QAIC_NNC_ERR_PARAM);
	for (i = QAIC_NNC_PROFILE_STOP; i < 9; i++)
		assert_int_equal(raw(&a, i, 0), QAIC_NNC_ERR_NOT_FOUND);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_START, 100), 0);
	/* not while it is being written */
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_READ, 0), QAIC_NNC_ERR_PARAM);
	call(&a, 0, 1);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_STOP, 0), 0);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_STOP, 0), 0);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_READ, EVENTS), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(raw(&a, QAIC_NNC_PROFILE_READ,
				     EVENTS + 1 + bad[i] / 2), QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw(&a, 4, 0), QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw(&b, QAIC_NNC_PROFILE_END, 0), QAIC_NNC_ERR_NOT_FOUND);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_END, 0), 0);
	assert_int_equal(raw(&a, QAIC_NNC_PROFILE_READ, 0),
			 QAIC_NNC_ERR_NOT_FOUND);
}

static _Atomic bool enough;

static void *run_on(void *arg)
{
	const struct client *c = arg;
	struct qaic_exec *exec;

	if (qaic_exec_create(c->prog, 0, &exec, NULL))
		return arg;
	while (!enough)
		if (qaic_exec_run(exec, NULL))
			break;
	qaic_exec_destroy(exec);
	return NULL;
}

/* Started, stopped and forgotten while programs of both run. */
static void test_running(void **state)
{
	struct qaic_profile_event e;
	pthread_t ta, tb;
	unsigned int i;
	void *bad;
	size_t k;

	enough = false;
	assert_int_equal(pthread_create(&ta, NULL, run_on, &a), 0);
	assert_int_equal(pthread_create(&tb, NULL, run_on, &b), 0);
	for (i = 0; i < 60; i++) {
		const struct client *c = i % 2 ? &a : &b;

		start(c, i % 3 ? 500 : 7);
		if (i % 5 == 0) {
			assert_int_equal(raw(c, QAIC_NNC_PROFILE_END, 0), 0);
			continue;
		}
		stop(c);
		for (k = 0; qaic_profile_event(c->dev, k, &e); k++)
			if (e.kind != QAIC_PROFILE_COMMAND)
				assert_int_equal(e.nsp, c->prog->dbc);
		assert_int_equal(k, got.num_events);
	}
	enough = true;
	pthread_join(ta, &bad);
	assert_null(bad);
	pthread_join(tb, &bad);
	assert_null(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events), cmocka_unit_test(test_many),
		cmocka_unit_test(test_apart), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_running),
	};
	int ret;

	if (setup(NULL) || up(NULL)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	down(NULL);
	teardown(NULL);
	return ret;
}
