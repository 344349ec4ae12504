// SPDX-License-Identifier: MIT
/*
 * networkdesc.bin: inputs, outputs and DMA buffers of one specialization, as the
 * open runtime reads them. Each binding has a buffer of its own, and exactly one
 * transform, "copy to or from DMA buffer i".
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/arena.h"
#include "qpc/networkdesc.pb-c.h"
#include "qpc/parts.h"

#define MAJOR_VERSION	9

/* The descriptor has no bool and no unsigned types: the nearest of the size. */
static int desc_type(uint32_t dtype)
{
	switch (dtype) {
	case QAIC_F32:
		return AICNWDESC__DATA_TYPE__FloatTy;
	case QAIC_F16:
		return AICNWDESC__DATA_TYPE__Float16Ty;
	case QAIC_I8:
	case QAIC_BOOL:
		return AICNWDESC__DATA_TYPE__Int8Ty;
	case QAIC_U8:
		return AICNWDESC__DATA_TYPE__UInt8QTy;
	case QAIC_I16:
	case QAIC_U16:
		return AICNWDESC__DATA_TYPE__Int16QTy;
	case QAIC_I32:
	case QAIC_U32:
		return AICNWDESC__DATA_TYPE__Int32ITy;
	default:
		return AICNWDESC__DATA_TYPE__Int64ITy;
	}
}

/* ---- writing ---- */

static int32_t batch_size(const struct qpc_spec *s)
{
	uint32_t i;

	for (i = 0; i < s->num_symbols; i++)
		if (!strcmp(s->symbols[i].name, "batch_size") &&
		    s->symbols[i].value && s->symbols[i].value <= INT_MAX)
			return s->symbols[i].value;
	return 1;
}

/* All of one binding, in one block so that one allocation makes it. */
struct binding_msgs {
	Aicnwdesc__IOBinding io;
	Aicnwdesc__IODescriptor desc;
	Aicnwdesc__Transform tr, *tr_ptr;
	Aicnwdesc__CopyDMABuffer copy;
	Aicnwdesc__DMABuffer buf;
};

static void put_binding(struct binding_msgs *m, const struct qpc_binding *b,
			uint32_t num)
{
	Aicnwdesc__Direction dir = b->output ? AICNWDESC__DIRECTION__Out :
					       AICNWDESC__DIRECTION__In;

	aicnwdesc__iobinding__init(&m->io);
	aicnwdesc__iodescriptor__init(&m->desc);
	aicnwdesc__transform__init(&m->tr);
	aicnwdesc__copy_dmabuffer__init(&m->copy);
	aicnwdesc__dmabuffer__init(&m->buf);
	m->copy.dir = dir;
	m->copy.buffer_num = num;
	m->buf.dir = dir;
	m->buf.size = b->size;
	m->desc.type = m->tr.type = desc_type(b->dtype);
	m->desc.qscale = m->tr.scale = 1;
	m->desc.n_dims = m->tr.n_dims = b->rank;
	/* a dim fits in 31 bits: the verifier limits the size */
	m->desc.dims = m->tr.dims = (int32_t *)b->dims;
	m->tr.kind = AICNWDESC__TRANSFORM_KIND__CopyDMABufferTransform;
	m->tr.copy_dma_buffer = &m->copy;
	m->tr_ptr = &m->tr;
	m->io.name = b->name;
	m->io.io_initial = m->io.io_transformed = &m->desc;
	m->io.transformseq = &m->tr_ptr;
	m->io.n_transformseq = 1;
	m->io.align = qaic_dtype_size(b->dtype);
}

int qpc_netdesc_pack(const struct qpc_program *prog, uint32_t spec,
		     struct qaic_str *out)
{
	Aicnwdesc__NetworkDescriptor nd = AICNWDESC__NETWORK_DESCRIPTOR__INIT;
	const struct qpc_spec *s = &prog->specs[spec];
	struct qpc_arena a = { NULL, false };
	Aicnwdesc__IOBinding **ios;
	struct binding_msgs *m;
	uint8_t *buf = NULL;
	uint32_t i, n = s->num_bindings, inputs = 0;
	size_t len;

	m = qpc_arena_alloc(&a, n, sizeof(*m));
	ios = qpc_arena_alloc(&a, n, sizeof(*ios));
	nd.dma_buffers = qpc_arena_alloc(&a, n, sizeof(*nd.dma_buffers));
	if (a.failed)
		goto out;
	for (i = 0; i < n; i++) {
		put_binding(&m[i], &s->bindings[i], i);
		ios[i] = &m[i].io;
		nd.dma_buffers[i] = &m[i].buf;
		inputs += !s->bindings[i].output;
	}
	nd.n_dma_buffers = n;
	nd.inputs = ios;
	nd.n_inputs = inputs;
	nd.outputs = ios + inputs;
	nd.n_outputs = n - inputs;
	nd.major_version = MAJOR_VERSION;
	nd.network_name = prog->name;
	nd.num_cores = prog->num_nsps;
	nd.num_threads = 1;
	nd.batch_size = batch_size(s);
	len = aicnwdesc__network_descriptor__get_packed_size(&nd);
	buf = malloc(len);
	if (!buf)
		goto out;
	aicnwdesc__network_descriptor__pack(&nd, buf);
	qaic_str_add(out, (char *)buf, len);
out:
	qpc_arena_free(&a);
	free(buf);
	return !buf || out->failed ? -ENOMEM : 0;
}

/* ---- reading ---- */

static bool same_dims(size_t n, const int32_t *dims, const struct qpc_binding *b)
{
	size_t i;

	if (n != b->rank)
		return false;
	for (i = 0; i < n; i++)
		if (dims[i] < 0 || (uint32_t)dims[i] != b->dims[i])
			return false;
	return true;
}

static bool same_desc(const Aicnwdesc__IODescriptor *d,
		      const struct qpc_binding *b)
{
	return d && (int)d->type == desc_type(b->dtype) && d->qscale == 1 &&
	       !d->qoffset && !d->layout && same_dims(d->n_dims, d->dims, b);
}

/* NULL, or the field that is wrong. */
static const char *check_binding(const Aicnwdesc__IOBinding *io,
				 const Aicnwdesc__DMABuffer *buf,
				 const struct qpc_binding *b, uint32_t num)
{
	Aicnwdesc__Direction dir = b->output ? AICNWDESC__DIRECTION__Out :
					       AICNWDESC__DIRECTION__In;
	const Aicnwdesc__Transform *t;

	if (strcmp(io->name, b->name ? b->name : ""))
		return "name";
	if (!same_desc(io->io_initial, b))
		return "io_initial";
	if (!same_desc(io->io_transformed, b))
		return "io_transformed";
	if (io->is_partial_allowed)
		return "is_partial_allowed";
	if (io->n_transformseq != 1)
		return "transformseq";
	t = io->transformseq[0];
	if (t->kind != AICNWDESC__TRANSFORM_KIND__CopyDMABufferTransform ||
	    (int)t->type != desc_type(b->dtype) || t->scale != 1 || t->offset ||
	    t->layout || !same_dims(t->n_dims, t->dims, b))
		return "transformseq";
	if (!t->copy_dma_buffer || t->copy_dma_buffer->buffer_num != num ||
	    t->copy_dma_buffer->offset || t->copy_dma_buffer->dir != dir)
		return "copy_dma_buffer";
	if (buf->size != b->size || buf->dir != dir)
		return "dma_buffers";
	return NULL;
}

static int check_netdesc(const Aicnwdesc__NetworkDescriptor *nd,
			 const struct qpc_program *prog, uint32_t spec,
			 struct qpc_io *io, struct qaic_err *err)
{
	const struct qpc_spec *s = &prog->specs[spec];
	const char *field = NULL;
	uint32_t i;

	if (nd->major_version != MAJOR_VERSION)
		return qaic_fail(err, -EINVAL, "major_version %u, not %u",
				 nd->major_version, MAJOR_VERSION);
	if (strcmp(nd->network_name, prog->name))
		return qaic_fail(err, -EINVAL, "network_name is not '%s'",
				 prog->name);
	if (nd->num_cores != prog->num_nsps)
		return qaic_fail(err, -EINVAL, "num_cores %u, not %u",
				 nd->num_cores, prog->num_nsps);
	if (nd->n_inputs > s->num_bindings ||
	    nd->n_outputs != s->num_bindings - nd->n_inputs ||
	    nd->n_dma_buffers != s->num_bindings)
		return qaic_fail(err, -EINVAL,
				 "inputs, outputs or dma_buffers are not %u in all",
				 s->num_bindings);
	io->buf_size = calloc(nd->n_dma_buffers + 1, sizeof(*io->buf_size));
	if (!io->buf_size)
		return qaic_fail(err, -ENOMEM, "out of memory");
	io->num_bufs = nd->n_dma_buffers;
	for (i = 0; i < s->num_bindings && !field; i++) {
		const Aicnwdesc__IOBinding *b = i < nd->n_inputs ?
			nd->inputs[i] : nd->outputs[i - nd->n_inputs];

		io->buf_size[i] = nd->dma_buffers[i]->size;
		field = s->bindings[i].output != (i >= nd->n_inputs) ?
			"direction" :
			check_binding(b, nd->dma_buffers[i], &s->bindings[i], i);
	}
	if (field)
		return qaic_fail(err, -EINVAL, "binding %u (%s): bad %s", i - 1,
				 s->bindings[i - 1].name, field);
	return 0;
}

int qpc_netdesc_unpack(const struct qpc_blob *blob,
		       const struct qpc_program *prog, uint32_t spec,
		       struct qpc_io *io, struct qaic_err *err)
{
	Aicnwdesc__NetworkDescriptor *nd;
	int rc;

	if (blob->size > QPC_MAX_DESC)
		return qaic_fail(err, -EINVAL, "%zu bytes, at most %u",
				 blob->size, QPC_MAX_DESC);
	nd = aicnwdesc__network_descriptor__unpack(NULL, blob->size, blob->data);
	if (!nd)
		return qaic_fail(err, -EINVAL, "not a protobuf message");
	rc = check_netdesc(nd, prog, spec, io, err);
	aicnwdesc__network_descriptor__free_unpacked(nd, NULL);
	return rc;
}
