// SPDX-License-Identifier: MIT
/*
 * Execution. Every binding has a BO; a call queues the DMA requests that the
 * program's metadata asks for, on one BO after the other, and ends with the
 * response to the last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/priv.h"

#define DESTROY_POLL_MS	200

struct qaic_exec {
	struct qaic_program *prog;
	const struct qpc_io *io;
	struct qaic_bo **bos;		/* of binding i */
	struct qaic_bo **queue;		/* those with requests, in their order */
	uint32_t num_queue;
	bool in_flight;
};

static struct qaic_transport *transport(const struct qaic_exec *exec)
{
	return exec->prog->dev->t;
}

static struct qaic_sem make_sem(const struct qpc_sem_op *op)
{
	struct qaic_sem sem = {
		.val = op->value,
		.index = op->num,
		.presync = op->pre,
		.cmd = op->op,
	};

	if (op->in_fence)
		sem.flags |= QAIC_SEM_INSYNCFENCE;
	if (op->out_fence)
		sem.flags |= QAIC_SEM_OUTSYNCFENCE;
	return sem;
}

/* Device addresses: section and formulas as the open runtime's image parser. */
static void make_slice(const struct qaic_program *prog,
		       const struct qpc_dma_req *req,
		       struct qaic_attach_slice_entry *s)
{
	struct qaic_sem sems[4] = { { 0 } };
	uint32_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < req->num_sems && i < 4; i++)
		sems[i] = make_sem(&req->sems[i]);
	s->sem0 = sems[0];
	s->sem1 = sems[1];
	s->sem2 = sems[2];
	s->sem3 = sems[3];
	s->size = req->size;
	s->offset = req->host_off;
	s->dev_addr = req->dev_off;
	if (req->dev_space == 1)
		s->dev_addr += prog->ddr_base;
	else
		s->dev_addr += prog->mcid_base +
			       (uint64_t)req->mc_id * QAIC_HW_MCID_WINDOW;
	if (!req->num_doorbells)
		return;
	s->db_addr = prog->mcid_base + req->doorbell.off +
		     (uint64_t)req->doorbell.mc_id * QAIC_HW_MCID_WINDOW;
	s->db_data = req->doorbell.data;
	s->db_len = 8u << req->doorbell.size;
}

/* Attach the requests [first, end), all of one buffer. */
static int attach_run(struct qaic_exec *exec, uint32_t first, uint32_t end)
{
	const struct qpc_dma_req *reqs = exec->io->reqs;
	struct qaic_attach_slice_entry *slices;
	struct qaic_transport *t = transport(exec);
	struct qaic_bo *bo = exec->bos[reqs[first].num];
	uint32_t i, dir;
	int ret;

	slices = calloc(end - first, sizeof(*slices));
	if (!slices)
		return -ENOMEM;
	for (i = first; i < end; i++)
		make_slice(exec->prog, &reqs[i], &slices[i - first]);
	dir = reqs[first].output ? QAIC_DIR_FROM_DEV : QAIC_DIR_TO_DEV;
	ret = t->ops->bo_attach(t, bo, exec->prog->dbc, dir, slices,
				end - first);
	free(slices);
	if (!ret)
		exec->queue[exec->num_queue++] = bo;
	return ret;
}

static int attach_all(struct qaic_exec *exec, struct qaic_err *err)
{
	const struct qpc_io *io = exec->io;
	uint32_t i, end;
	int ret;

	if (!io->num_reqs)
		return qaic_fail(err, -EINVAL,
				 "the program's metadata has no DMA requests");
	for (i = 0; i < io->num_reqs; i = end) {
		if (io->reqs[i].num >= io->num_bufs ||
		    io->reqs[i].doorbell.size > 2)
			return qaic_fail(err, -EINVAL,
					 "DMA request %u of the program is bad",
					 i);
		for (end = i + 1; end < io->num_reqs; end++)
			if (io->reqs[end].num != io->reqs[i].num ||
			    io->reqs[end].output != io->reqs[i].output)
				break;
		ret = attach_run(exec, i, end);
		if (ret)
			return qaic_fail(err, ret,
					 "DMA request %u of the program: %s", i,
					 strerror(-ret));
	}
	return 0;
}

int qaic_exec_create(struct qaic_program *prog, uint32_t spec,
		     struct qaic_exec **out, struct qaic_err *err)
{
	struct qaic_transport *t = prog->dev->t;
	struct qaic_exec *exec;
	uint32_t i, n;
	int ret;

	if (spec >= prog->qpc->prog.num_specs)
		return qaic_fail(err, -EINVAL,
				 "no specialization %u: the program has %u",
				 spec, prog->qpc->prog.num_specs);
	if (!prog->active)
		return qaic_fail(err, -ENODEV, "the program is off the card");
	exec = calloc(1, sizeof(*exec));
	if (!exec)
		return qaic_fail(err, -ENOMEM, "no memory for an exec");
	exec->prog = prog;
	exec->io = &prog->qpc->io[spec];
	n = exec->io->num_bufs;
	exec->bos = calloc(n + 1, sizeof(struct qaic_bo *));
	exec->queue = calloc(exec->io->num_reqs + 1, sizeof(struct qaic_bo *));
	ret = -ENOMEM;
	if (!exec->bos || !exec->queue)
		goto no_mem;
	for (i = 0; i < n; i++) {
		ret = t->ops->bo_create(t, exec->io->buf_size[i],
					&exec->bos[i]);
		if (ret)
			goto no_mem;
	}
	ret = attach_all(exec, err);
	if (ret)
		goto fail;
	*out = exec;
	return 0;

no_mem:
	qaic_fail(err, ret, "no memory for the program's buffers");
fail:
	qaic_exec_destroy(exec);
	return ret;
}

static int wait_for(struct qaic_exec *exec, int timeout_ms)
{
	struct qaic_transport *t = transport(exec);

	return t->ops->wait(t, exec->prog->dbc, exec->queue, exec->num_queue,
			    timeout_ms);
}

void qaic_exec_destroy(struct qaic_exec *exec)
{
	struct qaic_transport *t;
	uint32_t i;

	if (!exec)
		return;
	t = transport(exec);
	while (exec->in_flight) {
		if (wait_for(exec, DESTROY_POLL_MS) != -ETIMEDOUT)
			exec->in_flight = false;
		else if (t->ops->stalled(t, exec->prog->dbc))
			/* a program that never ends: free its buffers anyway */
			qaic_program_deactivate(exec->prog);
	}
	for (i = 0; exec->bos && i < exec->io->num_bufs; i++)
		if (exec->bos[i])
			t->ops->bo_destroy(t, exec->bos[i]);
	free(exec->bos);
	free(exec->queue);
	free(exec);
}

void *qaic_exec_buffer(struct qaic_exec *exec, uint32_t binding, size_t *size)
{
	if (binding >= exec->io->num_bufs)
		return NULL;
	if (size)
		*size = exec->bos[binding]->size;
	return exec->bos[binding]->data;
}

int qaic_exec_submit(struct qaic_exec *exec, struct qaic_err *err)
{
	struct qaic_transport *t = transport(exec);
	int ret;

	if (exec->in_flight && wait_for(exec, 0) == -ETIMEDOUT)
		return qaic_fail(err, -EBUSY, "the exec is in flight already");
	exec->in_flight = false;
	if (!exec->prog->active)
		return qaic_fail(err, -ENODEV, "the program is off the card");
	ret = t->ops->execute(t, exec->prog->dbc, exec->queue, exec->num_queue);
	if (ret == -EAGAIN)
		return qaic_fail(err, ret,
				 "the queue is full: wait for a call to end");
	if (ret)
		return qaic_fail(err, ret, "the card takes no calls: %s",
				 strerror(-ret));
	exec->in_flight = true;
	return 0;
}

int qaic_exec_wait(struct qaic_exec *exec, uint32_t timeout_ms,
		   struct qaic_err *err)
{
	int ret;

	if (!exec->in_flight)
		return 0;
	if (timeout_ms > INT32_MAX)
		timeout_ms = INT32_MAX;
	ret = wait_for(exec, timeout_ms ? (int)timeout_ms : -1);
	if (ret == -ETIMEDOUT)
		return qaic_fail(err, ret, "no result after %u ms", timeout_ms);
	exec->in_flight = false;
	if (ret == -EIO)
		return qaic_fail(err, ret, "a transfer of the call failed");
	if (ret)
		return qaic_fail(err, ret, "the program went off the card");
	return 0;
}

int qaic_exec_run(struct qaic_exec *exec, struct qaic_err *err)
{
	int ret = qaic_exec_submit(exec, err);

	return ret ? ret : qaic_exec_wait(exec, 0, err);
}
