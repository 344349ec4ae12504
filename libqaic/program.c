// SPDX-License-Identifier: MIT
/*
 * Loading programs: LOAD_CONSTANTS_EX, LOAD_CONSTANTS_PAYLOAD (static, dynamic),
 * LOAD_ELF, ACTIVATE, and back: DEACTIVATE, UNLOAD_ELF, UNLOAD_CONSTANTS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libqaic/priv.h"

#define QUEUE_MIN	512u		/* elements, as other runtimes ask for */
#define QUEUE_MAX	65536u
#define QUEUE_DEPTH	4u		/* calls in flight that always fit */

static void add_dma(struct qaic_msg *msg, uint32_t tag, const void *addr,
		    uint64_t size)
{
	struct qaic_manage_trans_dma_xfer *x;

	x = qaic_msg_add(msg, QAIC_TRANS_DMA_XFER_FROM_USR, sizeof(*x));
	x->tag = tag;
	x->addr = (uintptr_t)addr;
	x->size = size;
}

static int send_load(struct qaic_program *prog, struct qaic_msg *msg,
		     const char *what, uint32_t *id, struct qaic_err *err)
{
	const struct qaic_nnc_load_rsp *rsp;
	int ret;

	ret = qaic_msg_send(prog->dev, msg, (const void **)&rsp, sizeof(*rsp),
			    err);
	if (ret)
		return ret;
	ret = qaic_msg_status(rsp->status, what, err);
	if (!ret)
		*id = rsp->id;
	return ret;
}

static int load_payload(struct qaic_program *prog, uint64_t off, uint64_t size,
			struct qaic_err *err)
{
	struct qaic_nnc_load_constants_payload *cmd;
	struct qaic_msg msg;

	if (!size)
		return 0;
	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_LOAD_CONSTANTS_PAYLOAD, sizeof(*cmd));
	cmd->pid = getpid();
	cmd->tag = QAIC_NNC_TAG_CONSTANTS;
	cmd->constants_id = prog->constants_id;
	cmd->data_length = size;
	cmd->offset = off;
	add_dma(&msg, cmd->tag, (const uint8_t *)prog->qpc->consts + off, size);
	return send_load(prog, &msg, "constants", &prog->constants_id, err);
}

static int load_constants(struct qaic_program *prog, struct qaic_err *err)
{
	struct qaic_nnc_load_constants_ex *cmd;
	struct qaic_nnc_const_desc desc;
	const struct qpc *qpc = prog->qpc;
	struct qaic_msg msg;
	uint64_t total;
	int ret;

	if (qpc->const_desc_size < sizeof(desc))
		return qaic_fail(err, -EINVAL,
				 "constantsdesc.bin is shorter than a descriptor");
	memcpy(&desc, qpc->const_desc, sizeof(desc));
	if (__builtin_add_overflow(desc.static_size, desc.dynamic_size,
				   &total) ||
	    total > qpc->const_size)
		return qaic_fail(err, -EINVAL,
				 "constantsdesc.bin promises more than constants.bin holds");
	if (!total)
		return 0;
	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_LOAD_CONSTANTS_EX,
			   sizeof(*cmd) + sizeof(desc));
	cmd->pid = getpid();
	strcpy(cmd->name, "ConstantsDescriptor");
	cmd->desc_len = sizeof(desc);
	memcpy(cmd + 1, &desc, sizeof(desc));
	ret = send_load(prog, &msg, "constants", &prog->constants_id, err);
	if (ret)
		return ret;
	ret = load_payload(prog, 0, desc.static_size, err);
	if (ret)
		return ret;
	return load_payload(prog, desc.static_size, desc.dynamic_size, err);
}

/* The card may use constants where they are mapped. */
static void begin_pages(struct qaic_program *prog)
{
	struct qaic_transport *t = prog->dev->t;
	const struct qpc *qpc = prog->qpc;
	struct qaic_mapping m = {
		.addr = (void *)qpc->consts, .len = qpc->const_size,
		.fd = qpc->fd, .off = qpc->const_off,
	};

	if (t->ops->pages_begin && qpc->fd >= 0)
		prog->pages = t->ops->pages_begin(t, &m);
}

static int load_elf(struct qaic_program *prog, struct qaic_err *err)
{
	struct qaic_nnc_load_elf *cmd;
	struct qaic_msg msg;

	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_LOAD_ELF, sizeof(*cmd));
	cmd->tag = QAIC_NNC_TAG_ELF;
	cmd->pid = getpid();
	strcpy(cmd->name, "NetworkImage");
	cmd->data_length = prog->qpc->elf_size;
	add_dma(&msg, cmd->tag, prog->qpc->elf, prog->qpc->elf_size);
	return send_load(prog, &msg, "network.elf", &prog->elf_id, err);
}

/* Room for a few calls of the specialization with most requests. */
static uint32_t queue_size(const struct qaic_program *prog)
{
	uint32_t i, most = 0, n = QUEUE_MIN;

	for (i = 0; i < prog->qpc->prog.num_specs; i++)
		if (prog->qpc->io[i].num_reqs > most)
			most = prog->qpc->io[i].num_reqs;
	while (n < QUEUE_MAX && n / QUEUE_DEPTH <= most)
		n *= 2;
	return n;
}

static int activate(struct qaic_program *prog, struct qaic_err *err)
{
	struct qaic_manage_trans_activate_to_dev *a;
	const struct qaic_manage_trans_activate_from_dev *from;
	const struct qaic_nnc_activate_rsp *rsp;
	struct qaic_nnc_activate *cmd;
	struct qaic_msg msg;
	int ret;

	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_ACTIVATE, sizeof(*cmd));
	cmd->pid = getpid();
	cmd->constants_id = prog->constants_id;
	cmd->elf_id = prog->elf_id;
	cmd->group_id = -1;
	cmd->vc_setup = 1;
	cmd->vc_id = -1;
	cmd->initial_state = QAIC_NNC_STATE_READY;
	a = qaic_msg_add(&msg, QAIC_TRANS_ACTIVATE_FROM_USR, sizeof(*a));
	a->queue_size = queue_size(prog);
	ret = qaic_msg_send(prog->dev, &msg, (const void **)&rsp, sizeof(*rsp),
			    err);
	if (ret)
		return ret;
	ret = qaic_msg_status(rsp->status, "activation", err);
	if (ret)
		return ret;
	prog->activation_id = rsp->activation_id;
	prog->ddr_base = rsp->ddr_base;
	prog->mcid_base = rsp->mcid_base;
	from = qaic_msg_find(&msg, QAIC_TRANS_ACTIVATE_FROM_DEV, sizeof(*from));
	if (!from || from->dbc_id != rsp->vc_id)
		return qaic_fail(err, -EPROTO,
				 "the card's reply is not understood");
	prog->dbc = from->dbc_id;
	prog->active = true;
	return 0;
}

void qaic_program_deactivate(struct qaic_program *prog)
{
	struct qaic_manage_trans_deactivate *d;
	const struct qaic_nnc_simple_rsp *rsp;
	struct qaic_nnc_deactivate *cmd;
	struct qaic_msg msg;

	if (!prog->active)
		return;
	prog->active = false;
	qaic_msg_init(&msg);
	cmd = qaic_msg_cmd(&msg, QAIC_NNC_DEACTIVATE, sizeof(*cmd));
	cmd->activation_id = prog->activation_id;
	cmd->vc_teardown = 1;
	d = qaic_msg_add(&msg, QAIC_TRANS_DEACTIVATE_FROM_USR, sizeof(*d));
	d->dbc_id = prog->dbc;
	qaic_msg_send(prog->dev, &msg, (const void **)&rsp, sizeof(*rsp), NULL);
}

static void unload(struct qaic_program *prog, uint32_t cmd, uint32_t id)
{
	const struct qaic_nnc_simple_rsp *rsp;
	struct qaic_nnc_id_req *req;
	struct qaic_msg msg;

	if (!id)
		return;
	qaic_msg_init(&msg);
	req = qaic_msg_cmd(&msg, cmd, sizeof(*req));
	req->id = id;
	qaic_msg_send(prog->dev, &msg, (const void **)&rsp, sizeof(*rsp), NULL);
}

/* The symbols in the shape that the public header gives them. */
static int make_symbols(struct qaic_program *prog, struct qaic_err *err)
{
	const struct qpc_program *p = &prog->qpc->prog;
	const struct qpc_spec *s;
	uint32_t i, k;

	prog->symbols = calloc(p->num_specs, sizeof(*prog->symbols));
	if (!prog->symbols)
		return qaic_fail(err, -ENOMEM, "no memory for a program");
	for (i = 0; i < p->num_specs; i++) {
		s = &p->specs[i];
		prog->symbols[i] = calloc(s->num_symbols + 1,
					  sizeof(**prog->symbols));
		if (!prog->symbols[i])
			return qaic_fail(err, -ENOMEM,
					 "no memory for a program");
		for (k = 0; k < s->num_symbols; k++) {
			prog->symbols[i][k].name = s->symbols[k].name;
			prog->symbols[i][k].value = s->symbols[k].value;
		}
	}
	return 0;
}

int qaic_program_load(struct qaic_device *dev, const char *path,
		      struct qaic_program **out, struct qaic_err *err)
{
	struct qaic_program *prog;
	int ret;

	prog = calloc(1, sizeof(*prog));
	if (!prog)
		return qaic_fail(err, -ENOMEM, "no memory for a program");
	prog->dev = dev;
	ret = qpc_open(path, &prog->qpc, err);
	if (ret)
		goto fail;
	ret = make_symbols(prog, err);
	if (!ret)
		ret = load_constants(prog, err);
	if (!ret)
		ret = load_elf(prog, err);
	if (!ret)
		ret = activate(prog, err);
	if (!ret)
		begin_pages(prog);
	if (ret) {
		qaic_fail_in(err, "%s", path);
		goto fail;
	}
	*out = prog;
	return 0;

fail:
	qaic_program_unload(prog);
	return ret;
}

void qaic_program_unload(struct qaic_program *prog)
{
	uint32_t i;

	if (!prog)
		return;
	qaic_program_deactivate(prog);
	unload(prog, QAIC_NNC_UNLOAD_ELF, prog->elf_id);
	unload(prog, QAIC_NNC_UNLOAD_CONSTANTS, prog->constants_id);
	if (prog->symbols)
		for (i = 0; i < prog->qpc->prog.num_specs; i++)
			free(prog->symbols[i]);
	free(prog->symbols);
	if (prog->pages)
		prog->dev->t->ops->pages_end(prog->dev->t, prog->pages);
	if (prog->qpc)
		qpc_close(prog->qpc);
	free(prog);
}
