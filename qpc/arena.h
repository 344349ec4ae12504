/* SPDX-License-Identifier: MIT */
/* Many small zeroed blocks that are freed together (protobuf trees). */
#ifndef QPC_ARENA_H
#define QPC_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct qpc_arena {
	struct qpc_arena_block *first;
	bool failed;		/* an allocation failed; it returned NULL */
};

struct qpc_arena_block {
	struct qpc_arena_block *next;
	max_align_t data[];
};

static inline void *qpc_arena_alloc(struct qpc_arena *a, size_t n, size_t size)
{
	struct qpc_arena_block *b;

	b = size && n > (SIZE_MAX / 2) / size ? NULL :
	    calloc(1, sizeof(*b) + n * size);
	if (!b) {
		a->failed = true;
		return NULL;
	}
	b->next = a->first;
	a->first = b;
	return b->data;
}

static inline void qpc_arena_free(struct qpc_arena *a)
{
	struct qpc_arena_block *b, *next;

	for (b = a->first; b; b = next) {
		next = b->next;
		free(b);
	}
	a->first = NULL;
}

#endif
