/* SPDX-License-Identifier: MIT */
/*
 * The parts of a programqpc.bin, between the files of this room: container, ELF,
 * metadata and descriptors. Packing functions append bytes to a qaic_str and
 * return -ENOMEM if it failed; checking functions leave a message.
 */
#ifndef QPC_PARTS_H
#define QPC_PARTS_H

#include "base/str.h"
#include "qpc/program.h"

/* ---- container.c ---- */

#define QPC_MAGIC		0x00a1cd7cu
#define QPC_HDR_SIZE		40
#define QPC_IMAGE_SIZE		32
#define QPC_MAX_IMAGES		256
#define QPC_FILE_NAME		"programqpc.bin"

struct qpc_image {
	char name[40];
	uint64_t off, size;	/* of the data, in the file */
	uint64_t split;		/* of constants.bin: static before, dynamic after */
};

struct qpc_container {
	struct qpc_image images[QPC_MAX_IMAGES];
	uint32_t num_images;
	uint64_t size;		/* of the file */
};

/* Add an image; false if there is no room or the name is too long. */
bool qpc_container_add(struct qpc_container *c, const char *name, uint64_t size);
/* Choose the offsets: data is 8-aligned, ELF 64, constants QPC_CONST_ALIGN. */
void qpc_container_layout(struct qpc_container *c);
/* Header, image table and names. */
void qpc_container_pack(const struct qpc_container *c, struct qaic_str *out);
/* Read and check all of it. */
int qpc_container_parse(const void *data, size_t size, struct qpc_container *c,
			struct qaic_err *err);
const struct qpc_image *qpc_container_find(const struct qpc_container *c,
					   const char *name);

/* AICConstantDescriptor, constantsdesc.bin */
#define QPC_CONST_DESC_SIZE	24
void qpc_const_desc_pack(uint64_t const_size, uint8_t desc[24]);

/* ---- elf_write.c, elf_read.c ---- */

struct qpc_blob {
	const void *data;
	size_t size;
};

#define QPC_ELF_MACHINE		164	/* EM_HEXAGON */
#define QPC_ELF_FLAGS		0x68	/* Hexagon V68 */
#define QPC_ELF_METADATA	"metadata_fb"	/* spec 0; ".K" for the others */
#define QPC_ELF_PROGRAM		".aic.program"
#define QPC_ELF_STREAM		".aic.s"	/* ".aic.sK.nNN" */

/* @metadata has one blob per specialization. */
int qpc_elf_pack(const struct qpc_program *prog, const struct qpc_blob *metadata,
		 const struct qpc_blob *card, struct qaic_str *out,
		 struct qaic_err *err);

/* Sections by what they are; data is NULL where there is none. */
struct qpc_elf {
	struct qpc_blob metadata[QPC_MAX_SPECS];
	struct qpc_blob program;
	struct qpc_blob streams[QPC_MAX_SPECS][NSP_MAX_NSPS];
};

int qpc_elf_scan(const void *elf, size_t size, struct qpc_elf *out,
		 struct qaic_err *err);

/* ---- io.c: the DMA requests of a specialization ---- */

int qpc_io_build(const struct qpc_program *prog, uint32_t spec,
		 struct qpc_io *io, struct qaic_err *err);
void qpc_io_release(struct qpc_io *io);

/* ---- metadata.c: AicMetadataFlat ---- */

int qpc_metadata_pack(const struct qpc_program *prog, const struct qpc_io *io,
		      struct qaic_str *out);
/*
 * Read @blob into @io (reqs; owned by the caller, release also on failure) and
 * check the rest against the program.
 */
int qpc_metadata_unpack(const struct qpc_blob *blob,
			const struct qpc_program *prog, struct qpc_io *io,
			struct qaic_err *err);

/* ---- netdesc.c: networkdesc.bin ---- */

int qpc_netdesc_pack(const struct qpc_program *prog, uint32_t spec,
		     struct qaic_str *out);
/* Check against the program; fill io->buf_size. */
int qpc_netdesc_unpack(const struct qpc_blob *blob,
		       const struct qpc_program *prog, uint32_t spec,
		       struct qpc_io *io, struct qaic_err *err);

/* ---- progdesc.c: qaic_program.bin and .aic.program ---- */

#define QPC_FORMAT_VERSION	1
#define QPC_MAX_DESC		(16u << 20)	/* bytes of a descriptor */
#define QPC_MAX_NAME		1024		/* bytes of any name */

/* @card: without names, symbols and nodes. */
int qpc_progdesc_pack(const struct qpc_program *prog, bool card,
		      struct qaic_str *out);
/* Into a zeroed program without streams; release it also on failure. */
int qpc_progdesc_unpack(const struct qpc_blob *blob, const char *what,
			struct qpc_program *prog, struct qaic_err *err);
/* Do both describe the same memory, bindings and states? */
int qpc_progdesc_same(const struct qpc_program *host,
		      const struct qpc_program *card, struct qaic_err *err);
/* The names a program must have to be written. */
int qpc_check_names(const struct qpc_program *prog, struct qaic_err *err);

#endif
