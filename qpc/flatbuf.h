/* SPDX-License-Identifier: MIT */
/*
 * Just enough of the FlatBuffers wire format to write and read the metadata: a
 * table is written before what it refers to, and references are filled in when
 * their target is known. The format: flatbuffers.dev, "Internals".
 */
#ifndef QPC_FLATBUF_H
#define QPC_FLATBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* ---- writing: positions are offsets into the buffer ---- */

#define FB_MAX_FIELDS	64

/* One field of a table; size 0 leaves it out (a reader sees the default). */
struct fb_field {
	uint8_t size;		/* 1, 2, 4, 8, or FB_REF */
	uint64_t value;
};
#define FB_REF	0xff

/* Start a buffer; fb_link(b, 0, ...) sets the root table. */
void fb_begin(struct qaic_str *b);
/*
 * Add a table; returns its position. @where[i] receives the position of
 * reference i, for fb_link().
 */
size_t fb_put_table(struct qaic_str *b, const struct fb_field *fields, size_t n,
		    size_t *where);
size_t fb_put_string(struct qaic_str *b, const char *text);
/* A vector of scalars of @elem bytes; @data NULL = zeros. */
size_t fb_put_vector(struct qaic_str *b, size_t elem, uint32_t count,
		     const void *data);
/* A vector of references; reference i is at fb_elem(position, i). */
size_t fb_put_refs(struct qaic_str *b, uint32_t count);
static inline size_t fb_elem(size_t vec, uint32_t i)
{
	return vec + 4 + 4 * (size_t)i;
}
/* Let the reference at @where point to @target, which must be behind it. */
void fb_link(struct qaic_str *b, size_t where, size_t target);

/* ---- reading: every access is checked, the first bad one sets bad ---- */

struct fb_in {
	const uint8_t *p;
	size_t len;
	bool bad;
};

/* Positions of tables; 0 = absent (or bad). */
size_t fb_root(struct fb_in *in);
size_t fb_table(struct fb_in *in, size_t tab, unsigned int field);
/* A scalar of @size bytes; 0 when absent. */
uint64_t fb_get(struct fb_in *in, size_t tab, unsigned int field, size_t size);
/* Position of element 0 and number of elements; 0 and 0 when absent. */
size_t fb_vector(struct fb_in *in, size_t tab, unsigned int field, size_t elem,
		 uint32_t *count);
/* The table that element @i of a vector of references points to. */
size_t fb_vector_table(struct fb_in *in, size_t first, uint32_t i);
uint32_t fb_u32_at(struct fb_in *in, size_t pos);
/* A string, NUL-terminated inside the buffer; NULL when absent. */
const char *fb_string(struct fb_in *in, size_t tab, unsigned int field);

#endif
