// SPDX-License-Identifier: MIT
/* What the card does with network.elf: find the sections, copy the streams. */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/parts.h"

/* A decimal number without sign or leading zeros beyond @digits; -1 if none. */
static int number(const char **p, int max)
{
	const char *s = *p;
	int v = 0;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + *s - '0';
		if (v >= max)
			return -1;
	}
	*p = s;
	return v;
}

/* Where a section of this name belongs; NULL = not one of ours. */
static struct qpc_blob *slot_of(struct qpc_elf *out, const char *name)
{
	static const size_t meta = sizeof(QPC_ELF_METADATA) - 1;
	static const size_t stream = sizeof(QPC_ELF_STREAM) - 1;
	const char *p;
	int k, n;

	if (!strcmp(name, QPC_ELF_PROGRAM))
		return &out->program;
	if (!strcmp(name, QPC_ELF_METADATA))
		return &out->metadata[0];
	if (!strncmp(name, QPC_ELF_METADATA ".", meta + 1)) {
		p = name + meta + 1;
		k = number(&p, QPC_MAX_SPECS);
		return k > 0 && !*p ? &out->metadata[k] : NULL;
	}
	if (strncmp(name, QPC_ELF_STREAM, stream))
		return NULL;
	p = name + stream;
	k = number(&p, QPC_MAX_SPECS);
	if (k < 0 || strncmp(p, ".n", 2))
		return NULL;
	p += 2;
	n = number(&p, NSP_MAX_NSPS);
	return n >= 0 && !*p ? &out->streams[k][n] : NULL;
}

static int scan_sections(Elf *e, const void *elf, size_t size,
			 struct qpc_elf *out, struct qaic_err *err)
{
	struct qpc_blob *slot;
	Elf_Scn *scn = NULL;
	const char *name;
	size_t strndx;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(e, &strndx))
		return qaic_fail(err, -EINVAL, "network.elf: no section names");
	while ((scn = elf_nextscn(e, scn))) {
		if (!gelf_getshdr(scn, &sh))
			return qaic_fail(err, -EINVAL,
					 "network.elf: bad section header");
		name = elf_strptr(e, strndx, sh.sh_name);
		slot = name ? slot_of(out, name) : NULL;
		if (!slot)
			continue;
		if (sh.sh_type != SHT_PROGBITS || sh.sh_offset > size ||
		    sh.sh_size > size - sh.sh_offset || !sh.sh_size)
			return qaic_fail(err, -EINVAL,
					 "network.elf: section %s is outside the file or of a wrong type",
					 name);
		if (slot->data)
			return qaic_fail(err, -EINVAL,
					 "network.elf: two sections %s", name);
		slot->data = (const char *)elf + sh.sh_offset;
		slot->size = sh.sh_size;
	}
	return 0;
}

static int check_ehdr(const void *elf, size_t size, struct qaic_err *err)
{
	Elf32_Ehdr copy, *eh = &copy;

	if (size < sizeof(copy))
		return qaic_fail(err, -EINVAL, "network.elf: not an ELF file");
	/* the bytes may lie at any address */
	memcpy(&copy, elf, sizeof(copy));
	if (eh->e_ident[EI_CLASS] != ELFCLASS32 ||
	    eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return qaic_fail(err, -EINVAL,
				 "network.elf: not a little endian ELF32");
	if (eh->e_machine != QPC_ELF_MACHINE)
		return qaic_fail(err, -EINVAL,
				 "network.elf: machine %u, not Hexagon (%u)",
				 eh->e_machine, QPC_ELF_MACHINE);
	if (eh->e_flags != QPC_ELF_FLAGS || eh->e_type != ET_EXEC)
		return qaic_fail(err, -EINVAL,
				 "network.elf: type %u, flags 0x%x: not for this card",
				 eh->e_type, eh->e_flags);
	/* the section headers come last: this is how long the file is */
	if (eh->e_shoff + (uint64_t)eh->e_shnum * eh->e_shentsize != size)
		return qaic_fail(err, -EINVAL,
				 "network.elf: cut short, or more follows it");
	return 0;
}

int qpc_elf_scan(const void *elf, size_t size, struct qpc_elf *out,
		 struct qaic_err *err)
{
	Elf *e;
	int rc;

	memset(out, 0, sizeof(*out));
	elf_version(EV_CURRENT);
	/* an image for reading is not written to */
	e = elf_memory((char *)elf, size);
	if (!e || elf_kind(e) != ELF_K_ELF)
		rc = qaic_fail(err, -EINVAL, "network.elf: not an ELF file");
	else
		rc = check_ehdr(elf, size, err);
	if (!rc)
		rc = scan_sections(e, elf, size, out, err);
	elf_end(e);
	return rc;
}

/* ---- the program ---- */

static int copy_stream(const struct qpc_blob *b, struct qpc_stream *s,
		       uint32_t k, uint32_t n, struct qaic_err *err)
{
	if (!b->data)
		return qaic_fail(err, -EINVAL,
				 "network.elf: no section " QPC_ELF_STREAM
				 "%u.n%02u", k, n);
	if (b->size % sizeof(*s->cmds))
		return qaic_fail(err, -EINVAL,
				 "network.elf: stream %u.n%02u ends within a command",
				 k, n);
	s->cmds = aligned_alloc(64, b->size);
	if (!s->cmds)
		return qaic_fail(err, -ENOMEM, "network.elf: out of memory");
	memcpy(s->cmds, b->data, b->size);
	s->num_cmds = b->size / sizeof(*s->cmds);
	return 0;
}

/* Every stream the program says, and no other. */
static int copy_streams(const struct qpc_elf *view, struct qpc_program *prog,
			struct qaic_err *err)
{
	uint32_t k, n;
	int rc = 0;

	for (k = 0; k < QPC_MAX_SPECS; k++)
		for (n = 0; n < NSP_MAX_NSPS && !rc; n++) {
			const struct qpc_blob *b = &view->streams[k][n];

			if (k < prog->num_specs && n < prog->num_nsps)
				rc = copy_stream(b, &prog->specs[k].streams[n],
						 k, n, err);
			else if (b->data)
				rc = qaic_fail(err, -EINVAL,
					       "network.elf: stream %u.n%02u belongs to no specialization or NSP",
					       k, n);
		}
	return rc;
}

int qpc_program_from_elf(const void *elf, size_t size, struct qpc_program *prog,
			 struct qaic_err *err)
{
	struct qpc_elf *view = malloc(sizeof(*view));
	int rc;

	memset(prog, 0, sizeof(*prog));
	if (!view)
		return qaic_fail(err, -ENOMEM, "network.elf: out of memory");
	rc = qpc_elf_scan(elf, size, view, err);
	if (!rc)
		rc = qpc_progdesc_unpack(&view->program, QPC_ELF_PROGRAM, prog,
					 err);
	if (!rc)
		rc = copy_streams(view, prog, err);
	if (!rc) {
		rc = qpc_verify(prog, err);
		if (rc)
			qaic_fail_in(err, "network.elf");
	}
	if (rc)
		qpc_program_release(prog);
	free(view);
	return rc;
}
