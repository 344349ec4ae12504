// SPDX-License-Identifier: MIT
/*
 * Activations in blocks, remembered: the same rows go into the products of every NSP
 * that a thread stands for, and into several matrices (q, k and v; gate and up). To
 * compare rows with those of last time is much less than to make blocks of them. What
 * is remembered is found by content, so nobody has to say when it is out of date.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "soc/kern_mx.h"
#include "soc/nsp_mm.h"

#define SLOTS		3
#define MAX_BYTES	(6u << 20)	/* of a slot */

struct slot {
	uint8_t *mem;		/* mx_rows' buffers, then the rows as they were */
	size_t cap;
	uint8_t *raw;		/* NULL: nothing is remembered */
	size_t k;
	uint8_t xt;
	struct mx_rows x;
	unsigned long used;
};

struct memory {
	struct slot slot[SLOTS];
	unsigned long clock;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;

static void forget(void *p)
{
	struct memory *mem = p;
	int i;

	for (i = 0; i < SLOTS; i++)
		free(mem->slot[i].mem);
	free(mem);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, forget);
}

/* The library may be unloaded before the threads that used it end. */
__attribute__((destructor))
static void drop_key(void)
{
	struct memory *mem;

	if (!have_key)
		return;
	mem = pthread_getspecific(key);
	if (mem)
		forget(mem);
	pthread_key_delete(key);
	have_key = false;
}

static struct memory *this_thread(void)
{
	struct memory *mem;

	pthread_once(&once, make_key);
	if (!have_key)
		return NULL;
	mem = pthread_getspecific(key);
	if (mem)
		return mem;
	mem = calloc(1, sizeof(*mem));
	if (mem && pthread_setspecific(key, mem)) {
		free(mem);
		mem = NULL;
	}
	return mem;
}

static bool same(const struct slot *s, const struct mm *mm, size_t m0, size_t m,
		 bool bytes)
{
	size_t row = mm->k * mm->xk, i;

	if (!s->raw || s->x.m != m || s->k != mm->k || s->xt != mm->xt ||
	    s->x.act8 != mm->act8 || !s->x.b == bytes)
		return false;
	for (i = 0; i < m; i++)
		if (memcmp(s->raw + i * row, mm_x(mm, m0 + i), row))
			return false;
	return true;
}

static bool make_room(struct slot *s, size_t size)
{
	if (s->cap >= size)
		return true;
	free(s->mem);
	s->cap = 0;
	s->raw = NULL;
	s->mem = aligned_alloc(64, qaic_align(size, 64));
	if (s->mem)
		s->cap = size;
	return s->mem != NULL;
}

bool mm_remembered(const struct mm *mm, size_t m0, size_t m, bool bytes,
		   struct mx_rows *x)
{
	size_t blocks = qpc_panel_k(mm->k) / QAIC_MX_BLOCK;
	size_t size = mx_rows_bytes(m, blocks), row, i;
	struct memory *mem;
	struct slot *s, *old;

	/* rows of floats without gaps */
	if (mm->xk != (mm->xt == QAIC_F16 ? 2 : 4))
		return false;
	row = mm->k * mm->xk;
	if (size + m * row > MAX_BYTES)
		return false;
	mem = this_thread();
	if (!mem)
		return false;
	for (s = old = mem->slot; s < mem->slot + SLOTS; s++) {
		if (same(s, mm, m0, m, bytes))
			goto found;
		if (s->used < old->used)
			old = s;
	}
	s = old;
	if (!make_room(s, size + m * row))
		return false;
	s->raw = s->mem + size;
	s->k = mm->k;
	s->xt = mm->xt;
	for (i = 0; i < m; i++)
		memcpy(s->raw + i * row, mm_x(mm, m0 + i), row);
	mx_rows_init(&s->x, s->mem, m, blocks, mm->act8, bytes);
	mm_quantize(mm, &s->x, m0, 0);
found:
	s->used = ++mem->clock;
	*x = s->x;
	return true;
}
