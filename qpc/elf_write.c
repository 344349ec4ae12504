// SPDX-License-Identifier: MIT
/*
 * network.elf: an ELF32 of Hexagon V68 without code of that machine. Its
 * sections carry the metadata, the card's description of the program and the
 * command streams.
 */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qpc/parts.h"

/* Streams are copied to and from memory as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "a big endian host would have to swap commands");

#define STREAM_ALIGN	256

struct elf_writer {
	Elf *elf;
	struct qaic_str names;		/* .shstrtab */
	struct qaic_err *err;
};

static int elf_failed(struct qaic_err *err)
{
	return qaic_fail(err, -EIO, "network.elf: %s", elf_errmsg(-1));
}

/* @data stays the caller's until the file is written. */
static int add_section(struct elf_writer *w, const char *name, uint32_t type,
		       const void *data, size_t size, size_t align)
{
	Elf_Scn *scn = elf_newscn(w->elf);
	Elf_Data *d = scn ? elf_newdata(scn) : NULL;
	Elf32_Shdr *sh = scn ? elf32_getshdr(scn) : NULL;

	if (!d || !sh)
		return elf_failed(w->err);
	d->d_buf = (void *)data;
	d->d_size = size;
	d->d_align = align;
	d->d_type = ELF_T_BYTE;
	d->d_version = EV_CURRENT;
	sh->sh_name = w->names.len;
	sh->sh_type = type;
	sh->sh_addralign = align;
	qaic_str_add(&w->names, name, strlen(name) + 1);
	return 0;
}

static int add_streams(struct elf_writer *w, const struct qpc_program *prog)
{
	char name[32];
	uint32_t k, n;
	int rc = 0;

	for (k = 0; k < prog->num_specs; k++)
		for (n = 0; n < prog->num_nsps && !rc; n++) {
			const struct qpc_stream *s = &prog->specs[k].streams[n];

			snprintf(name, sizeof(name), QPC_ELF_STREAM "%u.n%02u",
				 k, n);
			rc = add_section(w, name, SHT_PROGBITS, s->cmds,
					 s->num_cmds * sizeof(*s->cmds),
					 STREAM_ALIGN);
		}
	return rc;
}

static int add_all(struct elf_writer *w, const struct qpc_program *prog,
		   const struct qpc_blob *metadata, const struct qpc_blob *card)
{
	char name[32] = QPC_ELF_METADATA;
	Elf32_Ehdr *eh = elf32_newehdr(w->elf);
	uint32_t k;
	int rc = 0;

	if (!eh)
		return elf_failed(w->err);
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_type = ET_EXEC;
	eh->e_machine = QPC_ELF_MACHINE;
	eh->e_version = EV_CURRENT;
	eh->e_flags = QPC_ELF_FLAGS;
	qaic_str_putc(&w->names, '\0');
	for (k = 0; k < prog->num_specs && !rc; k++) {
		if (k)
			snprintf(name, sizeof(name), QPC_ELF_METADATA ".%u", k);
		rc = add_section(w, name, SHT_PROGBITS, metadata[k].data,
				 metadata[k].size, 8);
	}
	if (!rc)
		rc = add_section(w, QPC_ELF_PROGRAM, SHT_PROGBITS, card->data,
				 card->size, 8);
	if (!rc)
		rc = add_streams(w, prog);
	return rc;
}

static int add_names(struct elf_writer *w)
{
	static const char name[] = ".shstrtab";
	Elf32_Ehdr *eh = elf32_getehdr(w->elf);
	Elf_Scn *scn;
	Elf_Data *d;
	int rc;

	/* the table names itself: reserve before the buffer is final */
	rc = add_section(w, name, SHT_STRTAB, NULL, 0, 1);
	if (rc)
		return rc;
	if (w->names.failed)
		return qaic_fail(w->err, -ENOMEM, "network.elf: out of memory");
	scn = elf_getscn(w->elf, 0);
	while (elf_nextscn(w->elf, scn))
		scn = elf_nextscn(w->elf, scn);
	d = elf_getdata(scn, NULL);
	if (!d || !eh)
		return elf_failed(w->err);
	d->d_buf = w->names.s;
	d->d_size = w->names.len;
	eh->e_shstrndx = elf_ndxscn(scn);
	if (elf_update(w->elf, ELF_C_WRITE) < 0)
		return elf_failed(w->err);
	return 0;
}

/* libelf writes to a descriptor only: a file in memory. */
static int read_back(int fd, struct qaic_str *out, struct qaic_err *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *p;

	if (size <= 0)
		return qaic_fail(err, -EIO, "network.elf: nothing written");
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return qaic_fail(err, -errno, "network.elf: %s",
				 strerror(errno));
	qaic_str_add(out, p, size);
	munmap(p, size);
	return out->failed ? qaic_fail(err, -ENOMEM, "network.elf: out of memory")
			   : 0;
}

static int check_size(const struct qpc_program *prog, struct qaic_err *err)
{
	uint64_t bytes = 0;
	uint32_t k, n;

	for (k = 0; k < prog->num_specs; k++)
		for (n = 0; n < prog->num_nsps; n++)
			bytes += (uint64_t)prog->specs[k].streams[n].num_cmds *
				 sizeof(struct nsp_cmd);
	if (bytes > 1u << 30)
		return qaic_fail(err, -EFBIG,
				 "network.elf: more than 1 GiB of commands");
	return 0;
}

int qpc_elf_pack(const struct qpc_program *prog, const struct qpc_blob *metadata,
		 const struct qpc_blob *card, struct qaic_str *out,
		 struct qaic_err *err)
{
	struct elf_writer w = { .err = err };
	int fd, rc;

	rc = check_size(prog, err);
	if (rc)
		return rc;
	elf_version(EV_CURRENT);
	fd = memfd_create("network.elf", MFD_CLOEXEC);
	if (fd < 0)
		return qaic_fail(err, -errno, "network.elf: %s",
				 strerror(errno));
	w.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	rc = w.elf ? 0 : elf_failed(err);
	if (!rc)
		rc = add_all(&w, prog, metadata, card);
	if (!rc)
		rc = add_names(&w);
	if (w.elf)
		elf_end(w.elf);
	if (!rc)
		rc = read_back(fd, out, err);
	qaic_str_free(&w.names);
	close(fd);
	return rc;
}
