// SPDX-License-Identifier: MIT
/* Opening a programqpc.bin: every part is read, checked, and checked against
 * the others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/parts.h"

struct qpc_priv {
	struct qaic_map map;		/* when opened from a file */
	struct qpc_container c;
	struct qpc_elf elf;
};

static int find_image(const struct qpc_container *c, const void *data,
		      const char *name, struct qpc_blob *blob,
		      struct qaic_err *err)
{
	const struct qpc_image *im = qpc_container_find(c, name);

	if (!im)
		return qaic_fail(err, -EINVAL, "no image %s", name);
	blob->data = (const char *)data + im->off;
	blob->size = im->size;
	return 0;
}

/* ---- constants ---- */

static int read_constants(struct qpc *qpc, const struct qpc_container *c,
			  const void *data, struct qaic_err *err)
{
	uint8_t want[QPC_CONST_DESC_SIZE];
	const struct qpc_image *im;
	struct qpc_blob desc = { NULL, 0 };
	int rc;

	rc = find_image(c, data, "constantsdesc.bin", &desc, err);
	if (rc)
		return rc;
	im = qpc_container_find(c, "constants.bin");
	qpc_const_desc_pack(im ? im->size : 0, want);
	if (desc.size != sizeof(want) || memcmp(desc.data, want, sizeof(want)))
		return qaic_fail(err, -EINVAL,
				 "constantsdesc.bin does not describe constants.bin");
	qpc->const_desc = desc.data;
	qpc->const_desc_size = desc.size;
	if (!im)
		return 0;
	if (im->off % QPC_CONST_ALIGN)
		return qaic_fail(err, -EINVAL,
				 "constants.bin is not aligned in the file");
	if (im->split != im->size)
		return qaic_fail(err, -EINVAL,
				 "constants.bin: %llu of %llu bytes static; all must be",
				 (unsigned long long)im->split,
				 (unsigned long long)im->size);
	qpc->consts = (const char *)data + im->off;
	qpc->const_size = im->size;
	qpc->const_off = im->off;
	return 0;
}

/* ---- the program ---- */

/* The names are the host's, the streams the card's. */
static int read_program(struct qpc *qpc, const struct qpc_container *c,
			const void *data, struct qaic_err *err)
{
	struct qpc_program card = { 0 };
	struct qpc_blob blob = { NULL, 0 }, elf = { NULL, 0 };
	uint32_t k;
	int rc;

	rc = find_image(c, data, "network.elf", &elf, err);
	if (!rc)
		rc = find_image(c, data, "qaic_program.bin", &blob, err);
	if (!rc)
		rc = qpc_program_from_elf(elf.data, elf.size, &card, err);
	if (!rc)
		rc = qpc_progdesc_unpack(&blob, "qaic_program.bin", &qpc->prog,
					 err);
	if (!rc)
		rc = qpc_progdesc_same(&qpc->prog, &card, err);
	for (k = 0; k < card.num_specs && !rc; k++) {
		memcpy(qpc->prog.specs[k].streams, card.specs[k].streams,
		       sizeof(card.specs[k].streams));
		memset(card.specs[k].streams, 0, sizeof(card.specs[k].streams));
	}
	qpc_program_release(&card);
	qpc->elf = elf.data;
	qpc->elf_size = elf.size;
	if (!rc)
		rc = qpc_check_names(&qpc->prog, err);
	if (!rc && qpc->prog.const_size != qpc->const_size)
		rc = qaic_fail(err, -EINVAL,
			       "the program needs %llu bytes of constants, there are %zu",
			       (unsigned long long)qpc->prog.const_size,
			       qpc->const_size);
	return rc;
}

/* The card has checked the streams but for what it does not know: nodes. */
static int check_nodes(const struct qpc_program *prog, struct qaic_err *err)
{
	uint32_t k, n, i;

	for (k = 0; prog->num_nodes && k < prog->num_specs; k++)
		for (n = 0; n < prog->num_nsps; n++) {
			const struct qpc_stream *s = &prog->specs[k].streams[n];

			for (i = 0; i < s->num_cmds; i++)
				if (s->cmds[i].node >= prog->num_nodes)
					return qaic_fail(err, -EINVAL,
							 "specialization %u: NSP %u: command %u: no such node %u",
							 k, n, i,
							 s->cmds[i].node);
		}
	for (k = 0; k < prog->num_specs; k++)
		if (prog->specs[k].num_symbols > QPC_MAX_SYMBOLS)
			return qaic_fail(err, -EINVAL,
					 "specialization %u: %u symbols, at most %u",
					 k, prog->specs[k].num_symbols,
					 QPC_MAX_SYMBOLS);
	return 0;
}

/* ---- what the host needs to run ---- */

static bool same_sem(const struct qpc_sem_op *a, const struct qpc_sem_op *b)
{
	return a->num == b->num && a->value == b->value && a->op == b->op &&
	       a->pre == b->pre && a->in_fence == b->in_fence &&
	       a->out_fence == b->out_fence;
}

static bool same_req(const struct qpc_dma_req *a, const struct qpc_dma_req *b)
{
	uint32_t i;

	if (a->host_off != b->host_off || a->dev_off != b->dev_off ||
	    a->size != b->size || a->num != b->num ||
	    a->dev_space != b->dev_space || a->output != b->output ||
	    a->mc_id != b->mc_id || a->num_sems != b->num_sems ||
	    a->num_doorbells != b->num_doorbells ||
	    a->doorbell.off != b->doorbell.off ||
	    a->doorbell.data != b->doorbell.data ||
	    a->doorbell.mc_id != b->doorbell.mc_id ||
	    a->doorbell.size != b->doorbell.size)
		return false;
	for (i = 0; i < a->num_sems; i++)
		if (!same_sem(&a->sems[i], &b->sems[i]))
			return false;
	return true;
}

/* The requests must be those that the bindings ask for. */
static int check_requests(const struct qpc *qpc, uint32_t k,
			  struct qaic_err *err)
{
	const struct qpc_io *io = &qpc->io[k];
	struct qpc_io want;
	uint32_t i;
	int rc;

	rc = qpc_io_build(&qpc->prog, k, &want, err);
	if (rc)
		return rc;
	if (io->num_reqs != want.num_reqs)
		rc = qaic_fail(err, -EINVAL, "%u dmaRequests for %u bindings",
			       io->num_reqs, want.num_reqs);
	for (i = 0; i < want.num_reqs && !rc; i++)
		if (!same_req(&io->reqs[i], &want.reqs[i]))
			rc = qaic_fail(err, -EINVAL,
				       "dmaRequests[%u] is not what binding %s needs",
				       i, qpc->prog.specs[k].bindings[i].name);
	qpc_io_release(&want);
	return rc;
}

static int read_io(struct qpc *qpc, uint32_t k, const void *data,
		   struct qaic_err *err)
{
	struct qpc_priv *priv = qpc->priv;
	char name[40];
	struct qpc_blob blob = { NULL, 0 };
	int rc;

	snprintf(name, sizeof(name), k ? "networkdesc.%u.bin" :
		 "networkdesc.bin", k);
	rc = find_image(&priv->c, data, name, &blob, err);
	if (rc)
		return rc;
	rc = qpc_netdesc_unpack(&blob, &qpc->prog, k, &qpc->io[k], err);
	if (rc) {
		qaic_fail_in(err, "%s", name);
		return rc;
	}
	snprintf(name, sizeof(name), k ? QPC_ELF_METADATA ".%u" :
		 QPC_ELF_METADATA, k);
	blob = priv->elf.metadata[k];
	if (!blob.data)
		return qaic_fail(err, -EINVAL, "network.elf: no section %s",
				 name);
	rc = qpc_metadata_unpack(&blob, &qpc->prog, &qpc->io[k], err);
	if (!rc)
		rc = check_requests(qpc, k, err);
	if (rc)
		qaic_fail_in(err, "network.elf: %s", name);
	return rc;
}

static int read_all(struct qpc *qpc, const void *data, size_t size,
		    struct qaic_err *err)
{
	struct qpc_priv *priv = qpc->priv;
	uint32_t k;
	int rc;

	rc = qpc_container_parse(data, size, &priv->c, err);
	if (!rc)
		rc = read_constants(qpc, &priv->c, data, err);
	if (!rc)
		rc = read_program(qpc, &priv->c, data, err);
	if (!rc)
		rc = check_nodes(&qpc->prog, err);
	if (!rc)
		rc = qpc_elf_scan(qpc->elf, qpc->elf_size, &priv->elf, err);
	if (rc)
		return rc;
	qpc->io = calloc(qpc->prog.num_specs, sizeof(*qpc->io));
	if (!qpc->io)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (k = 0; k < qpc->prog.num_specs && !rc; k++)
		rc = read_io(qpc, k, data, err);
	for (; k < QPC_MAX_SPECS && !rc; k++)
		if (priv->elf.metadata[k].data)
			rc = qaic_fail(err, -EINVAL,
				       "network.elf: " QPC_ELF_METADATA
				       ".%u belongs to no specialization", k);
	return rc;
}

/* On success, @map and @fd are the qpc's. */
static int open_image(const void *data, size_t size, const char *name,
		      struct qaic_map *map, int fd, struct qpc **out,
		      struct qaic_err *err)
{
	struct qpc *qpc = calloc(1, sizeof(*qpc));
	struct qpc_priv *priv = calloc(1, sizeof(*priv));
	int rc;

	if (!qpc || !priv) {
		free(qpc);
		free(priv);
		return qaic_fail(err, -ENOMEM, "%s: out of memory", name);
	}
	qpc->priv = priv;
	qpc->fd = -1;
	rc = read_all(qpc, data, size, err);
	if (rc) {
		qaic_fail_in(err, "%s", name);
		qpc_close(qpc);
		return rc;
	}
	if (map)
		priv->map = *map;
	qpc->fd = fd;
	*out = qpc;
	return 0;
}

int qpc_open_mem(const void *data, size_t size, const char *name,
		 struct qpc **out, struct qaic_err *err)
{
	return open_image(data, size, name, NULL, -1, out, err);
}

int qpc_open(const char *path, struct qpc **out, struct qaic_err *err)
{
	char *file = qaic_is_dir(path) ? qaic_path(path, QPC_FILE_NAME) :
					 strdup(path);
	struct qaic_map map;
	int fd, rc;

	if (!file)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", path);
	rc = qaic_map_open(&map, &fd, file, err);
	if (!rc) {
		rc = open_image(map.data, map.size, file, &map, fd, out, err);
		if (rc) {
			qaic_unmap_file(&map);
			close(fd);
		}
	}
	free(file);
	return rc;
}

void qpc_close(struct qpc *qpc)
{
	struct qpc_priv *priv;
	uint32_t k;

	if (!qpc)
		return;
	priv = qpc->priv;
	for (k = 0; qpc->io && k < qpc->prog.num_specs; k++)
		qpc_io_release(&qpc->io[k]);
	free(qpc->io);
	qpc_program_release(&qpc->prog);
	if (priv)
		qaic_unmap_file(&priv->map);
	if (qpc->fd >= 0)
		close(qpc->fd);
	free(priv);
	free(qpc);
}
