// SPDX-License-Identifier: MIT
/*
 * The DMA requests of one specialization: one buffer and one request per
 * binding, with the semaphore handshake on the first and the last of each
 * direction (Documentation/qpc-format.md, "The handshake").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/parts.h"

enum { SEM_INIT = 1, SEM_WAIT_EQ = 4 };		/* AICMDSemaphoreOpcode */
enum { DOORBELL_32 = 2, SPACE_DDR = 1 };

static struct qpc_sem_op *add_sem(struct qpc_dma_req *req, unsigned int num,
				  unsigned int op, unsigned int value, bool pre)
{
	struct qpc_sem_op *sem = &req->sems[req->num_sems++];

	*sem = (struct qpc_sem_op){ .num = num, .op = op, .value = value,
				    .pre = pre };
	return sem;
}

static void add_handshake(struct qpc_dma_req *first, struct qpc_dma_req *last,
			  uint32_t num_nsps, uint32_t spec)
{
	struct qpc_sem_op *init;

	if (!first->output) {
		/* every NSP is idle; then arm it and start */
		add_sem(first, QPC_SEM_READY, SEM_WAIT_EQ, num_nsps, true);
		init = add_sem(last, QPC_SEM_READY, SEM_INIT, 0, false);
		init->in_fence = first != last;
		last->num_doorbells = 1;
		last->doorbell.size = DOORBELL_32;
		last->doorbell.data = spec + 1;
	} else {
		/* every NSP is done; then arm it for the next call */
		add_sem(first, QPC_SEM_OUTPUT, SEM_WAIT_EQ, 0, true);
		init = add_sem(last, QPC_SEM_OUTPUT, SEM_INIT, num_nsps, false);
		init->out_fence = first != last;
	}
}

int qpc_io_build(const struct qpc_program *prog, uint32_t spec,
		 struct qpc_io *io, struct qaic_err *err)
{
	const struct qpc_spec *s = &prog->specs[spec];
	uint32_t n = s->num_bindings, i, inputs = 0;

	memset(io, 0, sizeof(*io));
	io->reqs = calloc(n, sizeof(*io->reqs));
	io->buf_size = calloc(n, sizeof(*io->buf_size));
	if (!io->reqs || !io->buf_size) {
		qpc_io_release(io);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	io->num_reqs = io->num_bufs = n;
	for (i = 0; i < n; i++) {
		const struct qpc_binding *b = &s->bindings[i];

		io->buf_size[i] = b->size;
		io->reqs[i].dev_off = b->ddr_off;
		io->reqs[i].size = b->size;
		io->reqs[i].num = i;
		io->reqs[i].dev_space = SPACE_DDR;
		io->reqs[i].output = b->output;
		inputs += !b->output;
	}
	/* the verifier saw to it that there is one of each */
	add_handshake(&io->reqs[0], &io->reqs[inputs - 1], prog->num_nsps, spec);
	add_handshake(&io->reqs[inputs], &io->reqs[n - 1], prog->num_nsps, spec);
	return 0;
}

void qpc_io_release(struct qpc_io *io)
{
	free(io->reqs);
	free(io->buf_size);
	memset(io, 0, sizeof(*io));
}
