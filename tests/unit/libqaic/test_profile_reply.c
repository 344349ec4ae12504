// SPDX-License-Identifier: MIT
/* Profiles of a card that says anything: errors, and nothing lost or beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/priv.h"

/* What the card answers; each READ may be told apart. */
static struct qaic_nnc_profile_rsp reply;
static uint32_t type, reads, last_num;
static size_t reply_len;

static int manage(struct qaic_transport *t, void *data, uint32_t *len,
		  uint32_t *count)
{
	struct qaic_manage_trans_passthrough *p = data;
	struct qaic_nnc_profile cmd;

	memcpy(&cmd, p->data, sizeof(cmd));
	memset(data, 0, QAIC_MANAGE_MAX_MSG_LENGTH);
	p->hdr.type = type;
	p->hdr.len = sizeof(*p) + reply_len;
	memcpy(p->data, &reply, reply_len);
	if (cmd.what == QAIC_NNC_PROFILE_READ && ++reads > 1 && last_num)
		((struct qaic_nnc_profile_rsp *)p->data)->num = last_num;
	*len = p->hdr.len;
	*count = 1;
	return 0;
}

static const struct qaic_transport_ops ops = { .manage = manage };
static struct qaic_transport transport = { .ops = &ops };
static struct qaic_device dev = { .t = &transport };
static struct qaic_profile got;
static struct qaic_err err;

static int reset(void **state)
{
	unsigned int i;

	memset(&reply, 0, sizeof(reply));
	reply.type = QAIC_NNC_PROFILE_RSP;
	reply.num = QAIC_NNC_PROFILE_EVENTS;
	for (i = 0; i < QAIC_NNC_PROFILE_EVENTS; i++)
		reply.events[i].begin = i;
	type = QAIC_TRANS_PASSTHROUGH_FROM_DEV;
	reply_len = sizeof(reply);
	reads = last_num = 0;
	return 0;
}

static int release(void **state)
{
	free(dev.events);
	dev.events = NULL;
	dev.num_events = 0;
	return 0;
}

static void stop(int want)
{
	struct qaic_profile_event e;

	reads = 0;
	err.msg[0] = '\0';
	assert_int_equal(qaic_profile_stop(&dev, &got, &err), want);
	if (!want)
		return;
	assert_string_not_equal(err.msg, "");
	assert_int_equal(got.num_events, 0);
	assert_false(qaic_profile_event(&dev, 0, &e));
}

static void test_counts(void **state)
{
	/* more than a reply holds, than there are, than a card may have */
	reply.num = QAIC_NNC_PROFILE_EVENTS + 1;
	stop(-EPROTO);
	reply.num = UINT32_MAX;
	stop(-EPROTO);
	reply.num = QAIC_NNC_PROFILE_EVENTS;
	reply.total = QAIC_NNC_PROFILE_EVENTS - 1;
	stop(-EPROTO);
	reply.total = QAIC_NNC_PROFILE_ROOM + 1;
	stop(-EPROTO);
	reply.total = UINT64_MAX;
	stop(-EPROTO);
	/* a reply without events would be asked for for ever */
	reply.total = 2 * QAIC_NNC_PROFILE_EVENTS;
	reply.num = 0;
	stop(-EPROTO);
	reply.num = QAIC_NNC_PROFILE_EVENTS - 1;
	last_num = QAIC_NNC_PROFILE_EVENTS;
	stop(-EPROTO);
}

static void test_replies(void **state)
{
	/* too short, of another command, another transaction */
	reply_len = sizeof(struct qaic_nnc_simple_rsp);
	stop(-EOPNOTSUPP);
	reply_len = sizeof(reply) - 8;
	stop(-EOPNOTSUPP);
	reply_len = 0;
	stop(-EPROTO);
	reply_len = sizeof(reply);
	reply.type = QAIC_NNC_UNDEFINED;
	stop(-EOPNOTSUPP);
	reply.type = QAIC_NNC_PROFILE_RSP;
	type = QAIC_TRANS_STATUS_FROM_DEV;
	stop(-EPROTO);
	type = QAIC_TRANS_PASSTHROUGH_FROM_DEV;
	reply.status = -4711;
	stop(-EIO);
}

/* Events of no operation; each stop has its own, also after one that broke off. */
static void test_events(void **state)
{
	struct qaic_profile_event e;
	unsigned int i, n;

	for (i = 0; i < QAIC_NNC_PROFILE_EVENTS; i++)
		memset(&reply.events[i], i * 37, sizeof(reply.events[i]));
	reply.total = 3 * QAIC_NNC_PROFILE_EVENTS;
	stop(0);
	last_num = 1;
	reply.num = 0;
	stop(-EPROTO);
	last_num = 0;
	reply.num = QAIC_NNC_PROFILE_EVENTS;
	stop(0);
	stop(0);
	assert_int_equal(got.num_events, reply.total);
	for (n = 0; qaic_profile_event(&dev, n, &e); n++) {
		assert_true(e.op && e.sub && e.dtype);
		assert_true(e.begin_ns <= e.end_ns);
	}
	assert_int_equal(n, reply.total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts, reset, release),
		cmocka_unit_test_setup_teardown(test_replies, reset, release),
		cmocka_unit_test_setup_teardown(test_events, reset, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
