// SPDX-License-Identifier: MIT
/*
 * The container of programqpc.bin. It is the memory image of an array of
 * {size, offset, name, start} structures: what are pointers there are offsets
 * from "base", which is 0 in a file.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "qpc/parts.h"

/* All numbers little endian. */
struct disk_header {
	uint32_t magic;
	uint8_t major, minor;
	uint16_t compression;	/* 1: images are in the file ("slow path") */
	uint64_t size;
	uint64_t base;
	uint64_t num_images;
	uint64_t images;
};

struct disk_image {
	uint64_t size, offset, name, start;
};

_Static_assert(sizeof(struct disk_header) == QPC_HDR_SIZE, "header");
_Static_assert(sizeof(struct disk_image) == QPC_IMAGE_SIZE, "image");

#define VERSION_MINOR	1
#define COMPRESSION_SLOWPATH	1

/* ---- writing ---- */

bool qpc_container_add(struct qpc_container *c, const char *name, uint64_t size)
{
	struct qpc_image *im = &c->images[c->num_images];

	if (c->num_images == QPC_MAX_IMAGES ||
	    strlen(name) >= sizeof(im->name))
		return false;
	strcpy(im->name, name);
	im->size = size;
	im->split = strcmp(name, "constants.bin") ? 0 : size;
	c->num_images++;
	return true;
}

static uint64_t alignment(const char *name)
{
	if (!strcmp(name, "constants.bin"))
		return QPC_CONST_ALIGN;
	return strcmp(name, "network.elf") ? 8 : 64;
}

void qpc_container_layout(struct qpc_container *c)
{
	uint64_t at = QPC_HDR_SIZE + (uint64_t)c->num_images * QPC_IMAGE_SIZE;
	uint32_t i;

	for (i = 0; i < c->num_images; i++)
		at += qaic_align(strlen(c->images[i].name) + 1, 8);
	for (i = 0; i < c->num_images; i++) {
		at = qaic_align(at, alignment(c->images[i].name));
		c->images[i].off = at;
		at += c->images[i].size;
	}
	c->size = qaic_align(at, 8);
}

void qpc_container_pack(const struct qpc_container *c, struct qaic_str *out)
{
	static const char zeros[8];
	struct disk_header h = {
		.magic = htole32(QPC_MAGIC),
		.minor = VERSION_MINOR,
		.compression = htole16(COMPRESSION_SLOWPATH),
		.size = htole64(c->size),
		.num_images = htole64(c->num_images),
		.images = htole64(QPC_HDR_SIZE),
	};
	uint64_t name = QPC_HDR_SIZE + (uint64_t)c->num_images * QPC_IMAGE_SIZE;
	size_t len;
	uint32_t i;

	qaic_str_add(out, (char *)&h, sizeof(h));
	for (i = 0; i < c->num_images; i++) {
		const struct qpc_image *im = &c->images[i];
		struct disk_image d = {
			htole64(im->size), htole64(im->split), htole64(name),
			htole64(im->off),
		};

		qaic_str_add(out, (char *)&d, sizeof(d));
		name += qaic_align(strlen(im->name) + 1, 8);
	}
	for (i = 0; i < c->num_images; i++) {
		len = strlen(c->images[i].name) + 1;
		qaic_str_add(out, c->images[i].name, len);
		qaic_str_add(out, zeros, qaic_align(len, 8) - len);
	}
}

void qpc_const_desc_pack(uint64_t const_size, uint8_t desc[24])
{
	uint64_t size = htole64(const_size);

	/* u64 static, u64 dynamic, u8 ECC of each, padding */
	memset(desc, 0, QPC_CONST_DESC_SIZE);
	memcpy(desc, &size, sizeof(size));
}

/* ---- reading ---- */

static int check_header(const struct disk_header *h, size_t size,
			struct qaic_err *err)
{
	uint64_t n = le64toh(h->num_images);

	if (le32toh(h->magic) != QPC_MAGIC)
		return qaic_fail(err, -EINVAL, "magic 0x%08x: not a QPC",
				 le32toh(h->magic));
	if (h->major != 0 || h->minor != VERSION_MINOR)
		return qaic_fail(err, -EINVAL, "container version %u.%u, not 0.%u",
				 h->major, h->minor, VERSION_MINOR);
	if (le16toh(h->compression) != COMPRESSION_SLOWPATH)
		return qaic_fail(err, -EINVAL, "compression type %u, not %u",
				 le16toh(h->compression), COMPRESSION_SLOWPATH);
	if (le64toh(h->size) != size)
		return qaic_fail(err, -EINVAL,
				 "header says %" PRIu64 " bytes, the file has %zu",
				 le64toh(h->size), size);
	if (!n || n > QPC_MAX_IMAGES)
		return qaic_fail(err, -EINVAL,
				 "%" PRIu64 " images; 1 to %u can be", n,
				 QPC_MAX_IMAGES);
	return 0;
}

/* A pointer of the file as an offset into it, or -EINVAL. */
static int relocate(uint64_t ptr, uint64_t base, uint64_t len, size_t size,
		    uint64_t *off)
{
	if (ptr < base || ptr - base > size || len > size - (ptr - base))
		return -EINVAL;
	*off = ptr - base;
	return 0;
}

static int read_image(const uint8_t *data, size_t size, uint64_t base,
		      const struct disk_image *d, struct qpc_image *im,
		      struct qaic_err *err)
{
	uint64_t name;
	size_t max;

	im->size = le64toh(d->size);
	im->split = le64toh(d->offset);
	if (relocate(le64toh(d->name), base, 1, size, &name))
		return qaic_fail(err, -EINVAL, "name is outside the file");
	max = size - name < sizeof(im->name) ? size - name : sizeof(im->name);
	if (!memchr(data + name, 0, max))
		return qaic_fail(err, -EINVAL, "name does not end");
	strcpy(im->name, (const char *)data + name);
	if (relocate(le64toh(d->start), base, im->size, size, &im->off))
		return qaic_fail(err, -EINVAL, "%s: data is outside the file",
				 im->name);
	if (im->split > im->size ||
	    (im->split && strcmp(im->name, "constants.bin")))
		return qaic_fail(err, -EINVAL, "%s: bad offset", im->name);
	return 0;
}

/*
 * Images follow one another with no more between them than alignment asks for: a
 * size that was changed does not go unnoticed.
 */
static int check_layout(const struct qpc_container *c, struct qaic_err *err)
{
	uint64_t end = c->images[0].off;
	uint32_t i;

	for (i = 0; i < c->num_images; i++) {
		const struct qpc_image *im = &c->images[i];

		if (im->off != qaic_align(end, alignment(im->name)))
			return qaic_fail(err, -EINVAL,
					 "image %u: %s: data is not where the one before ends",
					 i, im->name);
		end = im->off + im->size;
	}
	if (qaic_align(end, 8) != c->size)
		return qaic_fail(err, -EINVAL,
				 "the file does not end where its images end");
	return 0;
}

int qpc_container_parse(const void *data, size_t size, struct qpc_container *c,
			struct qaic_err *err)
{
	struct disk_header h;
	struct disk_image d;
	uint64_t images, base, n, i;
	int rc;

	c->num_images = 0;
	c->size = size;
	if (size < sizeof(h))
		return qaic_fail(err, -EINVAL, "%zu bytes: not a QPC", size);
	memcpy(&h, data, sizeof(h));
	rc = check_header(&h, size, err);
	if (rc)
		return rc;
	n = le64toh(h.num_images);
	base = le64toh(h.base);
	if (relocate(le64toh(h.images), base, n * QPC_IMAGE_SIZE, size, &images))
		return qaic_fail(err, -EINVAL, "images are outside the file");
	for (i = 0; i < n; i++) {
		struct qpc_image *im = &c->images[i];

		memcpy(&d, (const char *)data + images + i * sizeof(d),
		       sizeof(d));
		rc = read_image(data, size, base, &d, im, err);
		if (!rc && qpc_container_find(c, im->name))
			rc = qaic_fail(err, -EINVAL, "two images are called %s",
				       im->name);
		if (rc) {
			qaic_fail_in(err, "image %u", (unsigned int)i);
			return rc;
		}
		c->num_images++;
	}
	return check_layout(c, err);
}

const struct qpc_image *qpc_container_find(const struct qpc_container *c,
					   const char *name)
{
	uint32_t i;

	for (i = 0; i < c->num_images; i++)
		if (!strcmp(c->images[i].name, name))
			return &c->images[i];
	return NULL;
}
