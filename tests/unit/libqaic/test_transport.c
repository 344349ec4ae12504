// SPDX-License-Identifier: MIT
/*
 * Below the public API: the embedded transport's checks, which are a kernel
 * driver's, and programs whose requests never end or fail. tests/kernel runs it
 * on the driver's card, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>

#include "libqaic/priv.h"
#include "tests/unit/soc/handmade.h"

static const char *dir;
static struct qaic_device *dev;
static struct qaic_program *prog;
static struct qaic_transport *t;
static bool embedded;
static struct qaic_err err;

static int setup(void **state)
{
	dir = hm_tmpdir();
	return !dir || hm_write(dir, 4, &err);
}

static int teardown(void **state)
{
	return qaic_rmtree(dir, NULL);
}

static int up(void **state)
{
	if (qaic_device_open(0, &dev, &err) ||
	    qaic_program_load(dev, dir, &prog, &err))
		return -1;
	t = dev->t;
	embedded = !strcmp(t->name, "embedded");
	return 0;
}

static int down(void **state)
{
	qaic_program_unload(prog);
	qaic_device_close(dev);
	return 0;
}

static int manage(uint32_t type, uint32_t len, uint32_t msg_len, uint32_t count)
{
	struct qaic_msg msg = { .len = msg_len, .count = count };
	struct qaic_manage_trans_hdr *h = (void *)msg.data;

	h->type = type;
	h->len = len;
	return t->ops->manage(t, msg.data, &msg.len, &msg.count);
}

static void test_manage(void **state)
{
	assert_int_equal(manage(12, 8, 8, 1), 0);
	assert_int_equal(manage(12, 8, 8, 0), -EINVAL);
	assert_int_equal(manage(12, 8, 16, 1), -EINVAL);
	assert_int_equal(manage(12, 16, 8, 1), -EINVAL);
	assert_int_equal(manage(12, 12, 12, 1), -EINVAL);
	assert_int_equal(manage(12, 0, 8, 1), -EINVAL);
	assert_int_equal(manage(12, 8, 8192, 1), -EINVAL);
	assert_int_equal(manage(4, 8, 8, 1), -EINVAL);
	assert_int_equal(manage(99, 8, 8, 1), -EINVAL);
	assert_int_equal(manage(5, 8, 8, 1), -EINVAL);
	assert_int_equal(manage(7, 8, 8, 1), -EINVAL);
	/* a queue of no elements */
	assert_int_equal(manage(7, 24, 24, 1), -EINVAL);
	/* a channel that is another's */
	if (prog->dbc || embedded)
		assert_int_equal(manage(10, 16, 16, 1),
				 prog->dbc ? -EPERM : -EINVAL);
}

static struct qaic_bo *make_bo(size_t size)
{
	struct qaic_bo *bo;

	assert_int_equal(t->ops->bo_create(t, size, &bo), 0);
	assert_int_equal((uintptr_t)bo->data % 4096, 0);
	return bo;
}

static int attach(struct qaic_bo *bo, const struct qaic_attach_slice_entry *s)
{
	return t->ops->bo_attach(t, bo, prog->dbc, QAIC_DIR_TO_DEV, s, 1);
}

static void test_attach(void **state)
{
	const struct qaic_attach_slice_entry good = {
		.size = 64, .dev_addr = prog->ddr_base };
	struct qaic_attach_slice_entry s, *many;
	struct qaic_bo *bo = make_bo(100);

#define BAD(field, value) do { \
		s = good; \
		s.field = value; \
		assert_int_equal(attach(bo, &s), -EINVAL); \
	} while (0)
	BAD(size, 101);
	BAD(size, ~0ull);
	BAD(offset, 37);
	BAD(offset, ~0ull);
	BAD(sem0.val, 4096);
	BAD(sem1.index, 32);
	BAD(sem2.presync, 2);
	BAD(sem3.cmd, 7);
	BAD(sem0.flags, 4);
	BAD(sem0.pad, 1);
	BAD(db_len, 7);
	BAD(db_len, 64);
	s = good;
	s.sem0.presync = s.sem3.presync = 1;
	assert_int_equal(attach(bo, &s), -EINVAL);
	s = good;
	s.db_len = 32;
	s.db_addr = prog->mcid_base + 2;
	assert_int_equal(attach(bo, &s), -EINVAL);
	assert_int_equal(t->ops->bo_attach(t, bo, 99, 1, &good, 1), -EINVAL);
	assert_int_equal(t->ops->bo_attach(t, bo, 0, 3, &good, 1), -EINVAL);
	assert_int_equal(t->ops->bo_attach(t, bo, 0, 1, &good, 0), -EINVAL);
	many = calloc(513, sizeof(*many));
	assert_int_equal(t->ops->bo_attach(t, bo, prog->dbc, 1, many, 513),
			 -ENOSPC);
	free(many);
	assert_int_equal(t->ops->execute(t, prog->dbc, &bo, 1), -EINVAL);
	assert_int_equal(attach(bo, &good), 0);
	assert_int_equal(attach(bo, &good), -EINVAL);
	assert_int_equal(t->ops->execute(t, prog->dbc, &bo, 1), 0);
	assert_int_equal(t->ops->wait(t, prog->dbc, &bo, 1, -1), 0);
	/* not a channel of this user */
	assert_int_equal(t->ops->execute(t, prog->dbc + 1, &bo, 1), -ENODEV);
	assert_int_equal(t->ops->execute(t, 99, &bo, 1), -EINVAL);
	t->ops->bo_destroy(t, bo);
}

static void test_failed_request(void **state)
{
	struct qaic_attach_slice_entry s = { .size = 64, .dev_addr = 64 };
	struct qaic_bo *bad = make_bo(64), *good = make_bo(64), *both[2];

	assert_int_equal(attach(bad, &s), 0);
	s.dev_addr = prog->ddr_base;
	assert_int_equal(attach(good, &s), 0);
	both[0] = bad;
	both[1] = good;
	assert_int_equal(t->ops->execute(t, prog->dbc, both, 2), 0);
	assert_int_equal(t->ops->wait(t, prog->dbc, both, 2, -1), -EIO);
	assert_int_equal(t->ops->execute(t, prog->dbc, &good, 1), 0);
	assert_int_equal(t->ops->wait(t, prog->dbc, &good, 1, -1), 0);
	t->ops->bo_destroy(t, bad);
	t->ops->bo_destroy(t, good);
}

/* A wait for a semaphore that nobody works blocks, and can be ended. */
static void test_stalled(void **state)
{
	struct qaic_attach_slice_entry s = { .size = 64,
		.dev_addr = prog->ddr_base,
		.sem0 = { .val = 1, .index = 9, .presync = 1,
			  .cmd = QAIC_HW_SEM_WAIT_EQ } };
	struct qaic_bo *bo = make_bo(64);

	assert_int_equal(attach(bo, &s), 0);
	assert_int_equal(t->ops->execute(t, prog->dbc, &bo, 1), 0);
	assert_int_equal(t->ops->execute(t, prog->dbc, &bo, 1), -EINVAL);
	assert_int_equal(t->ops->wait(t, prog->dbc, &bo, 1, 0), -ETIMEDOUT);
	assert_int_equal(t->ops->wait(t, prog->dbc, &bo, 1, 20), -ETIMEDOUT);
	assert_true(t->ops->stalled(t, prog->dbc));
	qaic_program_deactivate(prog);
	assert_int_equal(t->ops->wait(t, prog->dbc, &bo, 1, -1), -ENODEV);
	t->ops->bo_destroy(t, bo);
}

static void *wait_thread(void *arg)
{
	static struct qaic_err e;

	return (void *)(intptr_t)qaic_exec_wait(arg, 0, &e);
}

/* Deactivated under a running call: its waiter hears of it. */
/* What a wait gave that a deactivation cut short; 0 if it came too late. */
static int deactivate_under(struct qaic_exec *exec, struct qaic_exec *other)
{
	pthread_t thread;
	void *ret;

	assert_int_equal(qaic_exec_submit(exec, &err), 0);
	assert_int_equal(qaic_exec_submit(other, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_thread, other), 0);
	usleep(2000);
	qaic_program_deactivate(prog);
	pthread_join(thread, &ret);
	return (intptr_t)ret;
}

static void test_deactivate_while_running(void **state)
{
	struct qaic_dma_stats stats;
	struct qaic_exec *exec, *other, *third;
	int ret, tries;

	for (tries = 0, ret = 0; !ret && tries < 10; tries++) {
		if (tries) {	/* on a busy machine both had ended */
			qaic_exec_destroy(exec);
			qaic_exec_destroy(other);
			down(NULL);
			assert_int_equal(up(NULL), 0);
		}
		assert_int_equal(qaic_exec_create(prog, 2, &exec, &err), 0);
		assert_int_equal(qaic_exec_create(prog, 2, &other, &err), 0);
		ret = deactivate_under(exec, other);
	}
	assert_int_equal(ret, -ENODEV);
	assert_int_equal(qaic_exec_submit(other, &err), -ENODEV);
	assert_int_equal(qaic_exec_create(prog, 0, &third, &err), -ENODEV);
	assert_int_equal(qaic_program_dma_stats(prog, &stats), -ENODEV);
	qaic_exec_destroy(exec);
	qaic_exec_destroy(other);
}

/* A program whose metadata waits for what never comes is its own problem. */
static void test_hostile_program(void **state)
{
	struct qpc_dma_req *req = &prog->qpc->io[0].reqs[0];
	struct qaic_device_info info;
	struct qaic_exec *exec;

	req->sems[0].value = 99;
	assert_int_equal(qaic_exec_create(prog, 0, &exec, &err), 0);
	assert_int_equal(qaic_exec_submit(exec, &err), 0);
	assert_int_equal(qaic_exec_wait(exec, 20, &err), -ETIMEDOUT);
	assert_int_equal(qaic_exec_submit(exec, &err), -EBUSY);
	qaic_exec_destroy(exec);
	assert_int_equal(qaic_device_get_info(dev, &info, &err), 0);
	assert_int_equal(info.nsp_free, 16);

	req->size = ~0ull;
	prog->active = true;
	assert_int_equal(qaic_exec_create(prog, 0, &exec, &err), -EINVAL);
	req->size = 8;
	req->doorbell.size = 200;
	assert_int_equal(qaic_exec_create(prog, 0, &exec, &err), -EINVAL);
	req->doorbell.size = 0;
	req->num = 1000;
	assert_int_equal(qaic_exec_create(prog, 0, &exec, &err), -EINVAL);
	prog->active = false;
}

/* What a closed device still held is gone. */
static void test_close_frees(void **state)
{
	struct qaic_device *d;
	struct qaic_program *p;
	struct qaic_device_info info;

	assert_int_equal(qaic_device_open(0, &d, &err), 0);
	assert_int_equal(qaic_program_load(d, dir, &p, &err), 0);
	assert_int_equal(qaic_device_get_info(dev, &info, &err), 0);
	assert_int_equal(info.num_active, 2);
	d->t->ops->close(d->t);
	assert_int_equal(qaic_device_get_info(dev, &info, &err), 0);
	assert_int_equal(info.num_active, 1);
	assert_int_equal(info.num_loaded, 1);
	/* the library's own memory of it */
	p->active = false;
	p->dev = dev;
	p->elf_id = p->constants_id = 0;
	qaic_program_unload(p);
	free(d);
}

static void run_once(float *y)
{
	struct qaic_exec *exec;
	unsigned int i;
	float *x;

	assert_int_equal(up(NULL), 0);
	assert_int_equal(qaic_exec_create(prog, 1, &exec, &err), 0);
	x = qaic_exec_buffer(exec, 0, NULL);
	for (i = 0; i < HM_N; i++)
		x[i] = 1.0f / (i + 1);
	for (i = 0; i < 10; i++)
		assert_int_equal(qaic_exec_run(exec, &err), 0);
	memcpy(y, qaic_exec_buffer(exec, 1, NULL), HM_BYTES);
	qaic_exec_destroy(exec);
	down(NULL);
}

static void test_threads(void **state)
{
	static const char *const bad[] = { "0", "17", "x", "2x", "-1" };
	float y[HM_N], z[HM_N];
	unsigned int n, i;

	run_once(y);
	if (!embedded)
		skip();
	for (n = 1; n <= 16; n *= 4) {
		assert_int_equal(qaic_embedded_set_threads(n), 0);
		run_once(z);
		assert_memory_equal(y, z, sizeof(y));
	}
	assert_int_equal(qaic_embedded_set_threads(0), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("QAIC_THREADS", bad[i], 1);
		assert_int_equal(qaic_device_open(0, &dev, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "QAIC_THREADS"));
	}
	setenv("QAIC_THREADS", "3", 1);
	run_once(z);
	unsetenv("QAIC_THREADS");
	assert_memory_equal(y, z, sizeof(y));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(test_manage), T(test_attach), T(test_failed_request),
		T(test_stalled), T(test_deactivate_while_running),
		T(test_hostile_program), T(test_close_frees),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
