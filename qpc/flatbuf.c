// SPDX-License-Identifier: MIT
/* FlatBuffers, the little of it that is needed here. See flatbuf.h. */
#include <string.h>

#include "qpc/flatbuf.h"

/* ---- writing ---- */

static void pad_to(struct qaic_str *b, size_t align)
{
	while (b->len % align && !b->failed)
		qaic_str_putc(b, 0);
}

static void put_le(struct qaic_str *b, uint64_t v, size_t size)
{
	char bytes[8];
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = v >> 8 * i;
	qaic_str_add(b, bytes, size);
}

void fb_begin(struct qaic_str *b)
{
	put_le(b, 0, 8);	/* the root's offset, and padding */
}

size_t fb_put_table(struct qaic_str *b, const struct fb_field *fields, size_t n,
		    size_t *where)
{
	uint16_t off[FB_MAX_FIELDS] = { 0 };
	size_t end = 4, vtable, table, i, size, at = 4;

	/* scalars in order, each at its own alignment */
	for (i = 0; i < n; i++) {
		size = fields[i].size == FB_REF ? 4 : fields[i].size;
		if (!size)
			continue;
		off[i] = end = qaic_align(end, size);
		end += size;
	}
	pad_to(b, 2);
	vtable = b->len;
	put_le(b, 4 + 2 * n, 2);
	put_le(b, end, 2);
	for (i = 0; i < n; i++)
		put_le(b, off[i], 2);
	pad_to(b, 8);
	table = b->len;
	put_le(b, table - vtable, 4);
	for (i = 0; i < n; i++) {
		if (!off[i])
			continue;
		put_le(b, 0, off[i] - at);
		where[i] = table + off[i];
		size = fields[i].size == FB_REF ? 4 : fields[i].size;
		put_le(b, fields[i].size == FB_REF ? 0 : fields[i].value, size);
		at = off[i] + size;
	}
	return table;
}

size_t fb_put_string(struct qaic_str *b, const char *text)
{
	size_t len = strlen(text), pos;

	pad_to(b, 4);
	pos = b->len;
	put_le(b, len, 4);
	qaic_str_add(b, text, len + 1);
	return pos;
}

size_t fb_put_vector(struct qaic_str *b, size_t elem, uint32_t count,
		     const void *data)
{
	static const char zeros[64];
	size_t len = elem * count, n, pos;

	pad_to(b, 4);
	if (elem == 8 && (b->len + 4) % 8)
		put_le(b, 0, 4);
	pos = b->len;
	put_le(b, count, 4);
	if (data)
		qaic_str_add(b, data, len);
	for (; !data && len; len -= n) {
		n = len < sizeof(zeros) ? len : sizeof(zeros);
		qaic_str_add(b, zeros, n);
	}
	return pos;
}

size_t fb_put_refs(struct qaic_str *b, uint32_t count)
{
	return fb_put_vector(b, 4, count, NULL);
}

void fb_link(struct qaic_str *b, size_t where, size_t target)
{
	uint32_t rel = target - where;
	size_t i;

	if (b->failed)
		return;
	for (i = 0; i < 4; i++)
		b->s[where + i] = rel >> 8 * i;
}

/* ---- reading ---- */

/* Little endian number of @size bytes at @pos, aligned as the format demands. */
static uint64_t get_le(struct fb_in *in, size_t pos, size_t size)
{
	uint64_t v = 0;
	size_t i;

	if (in->bad || pos > in->len || size > in->len - pos || pos % size) {
		in->bad = true;
		return 0;
	}
	for (i = 0; i < size; i++)
		v |= (uint64_t)in->p[pos + i] << 8 * i;
	return v;
}

uint32_t fb_u32_at(struct fb_in *in, size_t pos)
{
	return get_le(in, pos, 4);
}

static size_t follow(struct fb_in *in, size_t where)
{
	uint32_t rel = fb_u32_at(in, where);

	if (in->bad || !rel || rel > in->len - where) {
		in->bad = true;
		return 0;
	}
	return where + rel;
}

size_t fb_root(struct fb_in *in)
{
	return follow(in, 0);
}

/* Position of a field in its table, 0 if the table leaves it out. */
static size_t find_field(struct fb_in *in, size_t tab, unsigned int field)
{
	int32_t back = fb_u32_at(in, tab);
	int64_t vtable = (int64_t)tab - back;
	size_t vsize, tsize, off;

	if (!tab || in->bad || vtable < 0 || (uint64_t)vtable > in->len) {
		in->bad = true;
		return 0;
	}
	vsize = get_le(in, vtable, 2);
	tsize = get_le(in, vtable + 2, 2);
	if (in->bad || vsize < 4 || tsize < 4 || tsize > in->len - tab) {
		in->bad = true;
		return 0;
	}
	if (4 + 2 * (size_t)field + 2 > vsize)
		return 0;
	off = get_le(in, vtable + 4 + 2 * field, 2);
	if (off >= tsize)
		in->bad = true;
	return in->bad || !off ? 0 : tab + off;
}

size_t fb_table(struct fb_in *in, size_t tab, unsigned int field)
{
	size_t at = find_field(in, tab, field);

	return at ? follow(in, at) : 0;
}

uint64_t fb_get(struct fb_in *in, size_t tab, unsigned int field, size_t size)
{
	size_t at = find_field(in, tab, field);

	return at ? get_le(in, at, size) : 0;
}

size_t fb_vector(struct fb_in *in, size_t tab, unsigned int field, size_t elem,
		 uint32_t *count)
{
	size_t vec = fb_table(in, tab, field);

	*count = vec ? fb_u32_at(in, vec) : 0;
	if (!vec || in->bad)
		return *count = 0;
	if (*count > (in->len - vec - 4) / elem) {
		in->bad = true;
		return *count = 0;
	}
	return vec + 4;
}

size_t fb_vector_table(struct fb_in *in, size_t first, uint32_t i)
{
	return follow(in, first + 4 * (size_t)i);
}

const char *fb_string(struct fb_in *in, size_t tab, unsigned int field)
{
	uint32_t len;
	size_t at = fb_vector(in, tab, field, 1, &len);

	if (!at)
		return NULL;
	if (at + len >= in->len || in->p[at + len]) {
		in->bad = true;
		return NULL;
	}
	return (const char *)in->p + at;
}
