// SPDX-License-Identifier: MIT
/*
 * Manage messages through the driver: malformed ones and their errno, refusals by
 * the card, large transfers, and what a client leaves behind when it goes.
 * Usage: manage NODE, with a card that is online and idle.
 */
#include "tests/kernel/client.h"

#define BIG		(40u << 20)	/* more pages than one message can name */

static struct client c;

static int raw(uint32_t len, uint32_t count, uint64_t data)
{
	struct qaic_manage_msg m = { .len = len, .count = count, .data = data };

	return io(c.fd, DRM_IOCTL_QAIC_MANAGE, &m);
}

static void framing(void)
{
	static const uint32_t lens[] = { 0, 1, 4, 7, 12, 20, 24, 4096,
					 0xfffffff8, 0xffffffff };
	struct qaic_manage_trans_hdr *h;
	char what[64];
	struct msg m;
	unsigned int i;

	m.len = m.count = 0;
	h = msg_add(&m, QAIC_TRANS_STATUS_FROM_USR, 8);
	expect("len 0", raw(0, 1, (uintptr_t)m.buf), EINVAL);
	expect("count 0", raw(8, 0, (uintptr_t)m.buf), EINVAL);
	expect("len 4097", raw(4097, 1, (uintptr_t)m.buf), EINVAL);
	expect("len ~0", raw(~0u, 1, (uintptr_t)m.buf), EINVAL);
	expect("bad pointer", raw(8, 1, 8), EFAULT);
	expect("count 2 of 1", raw(8, 2, (uintptr_t)m.buf), EINVAL);
	expect("longer than its parts", raw(16, 1, (uintptr_t)m.buf), EINVAL);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		m.len = m.count = 0;
		h = msg_add(&m, QAIC_TRANS_PASSTHROUGH_FROM_USR, 16);
		h->len = lens[i];
		snprintf(what, sizeof(what), "transaction of %u bytes", lens[i]);
		expect(what, msg_send(c.fd, &m), EINVAL);
	}
}

static void types(void)
{
	static const uint32_t bad[] = { 0, 2, 3, 4, 6, 8, 9, 11, 13, 14, 15, 16,
					17, 18, 19, 20, 21, 99, ~0u };
	char what[64];
	struct msg m;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m.len = m.count = 0;
		msg_add(&m, bad[i], 32);
		snprintf(what, sizeof(what), "transaction type %d", (int)bad[i]);
		expect(what, msg_send(c.fd, &m), EINVAL);
	}
}

static int dma(const void *p, uint64_t size)
{
	struct qaic_nnc_load_elf cmd = { .type = QAIC_NNC_LOAD_ELF,
					 .tag = QAIC_NNC_TAG_ELF,
					 .data_length = size };
	struct msg m;

	msg_cmd(&m, &cmd, sizeof(cmd));
	msg_dma(&m, QAIC_NNC_TAG_ELF, p, size);
	return msg_send(c.fd, &m);
}

static void transfers(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 4096, 4096);
	expect("transfer of nothing", dma(p, 0), EINVAL);
	expect("transfer that wraps", dma(p, ~0ull - 100), EINVAL);
	expect("transfer from nowhere", dma((void *)4096, 4096), EFAULT);
	expect("transfer with a hole", dma(p, 8192), EFAULT);
	munmap(p, 4096);
}

static void channels(void)
{
	struct qaic_manage_trans_activate_to_dev *a;
	struct client d = c;
	struct msg m;

	activate_msg(&c, &m, 0);
	expect("queue of 0", msg_send(c.fd, &m), EINVAL);
	activate_msg(&c, &m, 64);
	a = (void *)((char *)m.buf + m.len - sizeof(*a));
	a->pad = 1;
	expect("activate: pad", msg_send(c.fd, &m), EINVAL);
	d.act.vc_id = 5;
	expect("deactivate another's", deactivate(&d), EPERM);
	/* the card's refusal comes with its reply */
	d.elf_id = 4711;
	activate_msg(&d, &m, 64);
	expect("activate: no such ELF", msg_send(c.fd, &m), ECANCELED);
	expect("its reply",
	       ((struct qaic_nnc_activate_rsp *)msg_reply(&m))->type,
	       QAIC_NNC_ACTIVATE_RSP);
	expect("its status",
	       ((struct qaic_nnc_activate_rsp *)msg_reply(&m))->status != 0, 1);
}

static void queries(void)
{
	struct qaic_manage_trans_status_from_dev *s;
	struct qaic_nnc_simple_rsp *r;
	struct qaic_nnc_status_rsp st;
	uint32_t unknown[4] = { 4711 };
	struct msg m;

	expect("status command", card_status(c.fd, &st), 0);
	expect("its type", st.type, QAIC_NNC_STATUS_RSP);
	expect("its status", st.status, 0);
	expect("its format", st.format, QAIC_NNC_STATUS_FORMAT);
	expect("command protocol", st.dev.cmd_major, QAIC_NNC_CMD_MAJOR);
	expect("metadata version", st.dev.meta_major, QAIC_NNC_META_MAJOR);
	m.len = m.count = 0;
	msg_add(&m, QAIC_TRANS_STATUS_FROM_USR, 8);
	expect("status transaction", msg_send(c.fd, &m), 0);
	s = (void *)m.buf;
	expect("its length", s->hdr.len, 24);
	expect("transaction protocol", s->major, QAIC_NNC_TRANS_MAJOR);
	expect("its minor", s->minor, QAIC_NNC_TRANS_MINOR);
	msg_cmd(&m, unknown, sizeof(unknown));
	expect("unknown command", msg_send(c.fd, &m), 0);
	r = msg_reply(&m);
	expect("its status", r->status, QAIC_NNC_ERR_UNDEFINED);
}

static void large(void)
{
	unsigned char *p = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t id = 0;

	memset(p, 0x5a, BIG);
	expect("40 MiB of constants", load_constants(c.fd, p, BIG, &id), 0);
	expect("at an odd address",
	       load_constants(c.fd, p + 4095, BIG - 8192, &id), 0);
	munmap(p, BIG);
}

/* Four programs of four NSPs fill the card; close() empties it. */
static void full_card(const char *node, struct qpc *qpc)
{
	struct qaic_nnc_status_rsp st;
	struct client d[4], e;
	int i, n, ret;

	for (n = 0; n < 3; n++) {
		for (i = 0; i < 4; i++)
			expect("activate", client_up(&d[i], node, qpc, 64), 0);
		ret = client_up(&e, node, qpc, 64);
		expect("a fifth", ret, ECANCELED);
		close(e.fd);
		card_status(c.fd, &st);
		expect("NSPs free", st.dev.res.nsp_free, 0);
		expect("channels free", st.dev.res.vc_free, 12);
		for (i = 0; i < 4; i++)
			close(d[i].fd);
		card_status(c.fd, &st);
		expect("NSPs free again", st.dev.res.nsp_free, 16);
		expect("channels free again", st.dev.res.vc_free, 16);
		expect("networks", st.dev.nw_loaded, 0);
	}
	expect("DDR free", st.dev.res.dram_free_mb, st.dev.res.dram_total_mb);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	struct qpc *qpc = client_qpc();

	c.qpc = qpc;
	c.fd = open(node, O_RDWR | O_CLOEXEC);
	expect("open", c.fd < 0 ? errno : 0, 0);
	if (c.fd < 0)
		return report("manage");
	framing();
	types();
	transfers();
	channels();
	queries();
	large();
	close(c.fd);
	c.fd = open(node, O_RDWR | O_CLOEXEC);
	full_card(node, qpc);
	close(c.fd);
	qpc_close(qpc);
	return report("manage");
}
