// SPDX-License-Identifier: MIT
/*
 * Writing programqpc.bin: everything but the constants is known when the writer
 * opens, so the layout is fixed then and constants go straight to their place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/parts.h"

struct qpc_writer {
	struct qaic_outfile file;
	char *new_dir;		/* directory that this writer made */
	uint64_t const_off, const_size;
};

/* The images of a program, each in a buffer of its own. */
struct images {
	struct qpc_container c;
	struct qaic_str data[QPC_MAX_IMAGES];
};

static int add_image(struct images *im, const char *name, struct qaic_str *data,
		     struct qaic_err *err)
{
	uint32_t i = im->c.num_images;

	if (data->failed)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", name);
	if (!qpc_container_add(&im->c, name, data->len))
		return qaic_fail(err, -E2BIG, "%s: too many images", name);
	im->data[i] = *data;
	memset(data, 0, sizeof(*data));
	return 0;
}

static int add_elf(struct images *im, const struct qpc_program *prog,
		   struct qaic_err *err)
{
	struct qaic_str meta[QPC_MAX_SPECS] = { 0 }, card = { 0 }, elf = { 0 };
	struct qpc_blob blobs[QPC_MAX_SPECS], card_blob;
	struct qpc_io io;
	uint32_t k;
	int rc;

	rc = qpc_progdesc_pack(prog, true, &card);
	for (k = 0; k < prog->num_specs && !rc; k++) {
		rc = qpc_io_build(prog, k, &io, err);
		if (rc)
			break;
		rc = qpc_metadata_pack(prog, &io, &meta[k]);
		blobs[k] = (struct qpc_blob){ meta[k].s, meta[k].len };
		qpc_io_release(&io);
	}
	if (rc) {
		qaic_fail(err, rc, "network.elf: out of memory");
		goto out;
	}
	card_blob = (struct qpc_blob){ card.s, card.len };
	rc = qpc_elf_pack(prog, blobs, &card_blob, &elf, err);
	if (!rc)
		rc = add_image(im, "network.elf", &elf, err);
out:
	for (k = 0; k < prog->num_specs; k++)
		qaic_str_free(&meta[k]);
	qaic_str_free(&card);
	qaic_str_free(&elf);
	return rc;
}

static int add_descriptors(struct images *im, const struct qpc_program *prog,
			   struct qaic_err *err)
{
	uint8_t desc[QPC_CONST_DESC_SIZE];
	struct qaic_str out = { 0 };
	char name[32];
	uint32_t k;
	int rc = 0;

	for (k = 0; k < prog->num_specs && !rc; k++) {
		if (qpc_netdesc_pack(prog, k, &out))
			out.failed = true;
		snprintf(name, sizeof(name), k ? "networkdesc.%u.bin" :
			 "networkdesc.bin", k);
		rc = add_image(im, name, &out, err);
	}
	if (!rc) {
		if (qpc_progdesc_pack(prog, false, &out))
			out.failed = true;
		rc = add_image(im, "qaic_program.bin", &out, err);
	}
	if (!rc) {
		qpc_const_desc_pack(prog->const_size, desc);
		qaic_str_add(&out, (char *)desc, sizeof(desc));
		rc = add_image(im, "constantsdesc.bin", &out, err);
	}
	qaic_str_free(&out);
	return rc;
}

static int write_images(struct qpc_writer *w, const struct images *im,
			struct qaic_err *err)
{
	struct qaic_str head = { 0 };
	uint32_t i;
	int rc;

	qpc_container_pack(&im->c, &head);
	if (head.failed)
		rc = qaic_fail(err, -ENOMEM, "out of memory");
	else if (ftruncate(w->file.fd, im->c.size))
		rc = qaic_fail(err, -errno, "%s: cannot write %llu bytes: %s",
			       w->file.path, (unsigned long long)im->c.size,
			       strerror(errno));
	else
		rc = qaic_outfile_pwrite(&w->file, head.s, head.len, 0, err);
	for (i = 0; i < im->c.num_images && !rc; i++)
		rc = qaic_outfile_pwrite(&w->file, im->data[i].s,
					 im->data[i].len, im->c.images[i].off,
					 err);
	qaic_str_free(&head);
	return rc;
}

/* @im has everything but the constants, which have no buffer. */
static int open_file(struct qpc_writer *w, const char *dir, struct images *im,
		     struct qaic_err *err)
{
	char *path;
	int rc;

	if (w->const_size)
		qpc_container_add(&im->c, "constants.bin", w->const_size);
	qpc_container_layout(&im->c);
	w->const_off = im->c.images[im->c.num_images - 1].off;
	if (!qaic_is_dir(dir))
		w->new_dir = strdup(dir);
	rc = qaic_mkdirs(dir, err);
	if (rc)
		return rc;
	path = qaic_path(dir, QPC_FILE_NAME);
	if (!path)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	rc = qaic_outfile_open(&w->file, path, err);
	free(path);
	return rc ? rc : write_images(w, im, err);
}

int qpc_writer_open(const char *dir, const struct qpc_program *prog,
		    struct qpc_writer **out, struct qaic_err *err)
{
	struct qpc_writer *w = calloc(1, sizeof(*w));
	struct images *im = calloc(1, sizeof(*im));
	uint32_t i;
	int rc;

	if (!w || !im) {
		free(w);
		free(im);
		return qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	}
	w->file.fd = -1;
	w->const_size = prog->const_size;
	rc = qpc_verify(prog, err);
	if (!rc)
		rc = qpc_check_names(prog, err);
	if (!rc)
		rc = add_elf(im, prog, err);
	if (!rc)
		rc = add_descriptors(im, prog, err);
	if (!rc)
		rc = open_file(w, dir, im, err);
	for (i = 0; i < QPC_MAX_IMAGES; i++)
		qaic_str_free(&im->data[i]);
	free(im);
	if (rc)
		qpc_writer_abort(w);
	else
		*out = w;
	return rc;
}

int qpc_writer_const(struct qpc_writer *w, uint64_t off, const void *data,
		     size_t len, struct qaic_err *err)
{
	if (off > w->const_size || len > w->const_size - off)
		return qaic_fail(err, -EINVAL,
				 "%s: constants at %llu + %zu, but there are %llu bytes",
				 w->file.path, (unsigned long long)off, len,
				 (unsigned long long)w->const_size);
	return qaic_outfile_pwrite(&w->file, data, len, w->const_off + off, err);
}

static void free_writer(struct qpc_writer *w)
{
	free(w->new_dir);
	free(w);
}

int qpc_writer_commit(struct qpc_writer *w, struct qaic_err *err)
{
	int rc = qaic_outfile_commit(&w->file, err);

	if (rc && w->new_dir)
		rmdir(w->new_dir);
	free_writer(w);
	return rc;
}

void qpc_writer_abort(struct qpc_writer *w)
{
	if (!w)
		return;
	qaic_outfile_abort(&w->file);
	if (w->new_dir)
		rmdir(w->new_dir);
	free_writer(w);
}
