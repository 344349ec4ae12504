/* SPDX-License-Identifier: MIT */
/*
 * A map from byte strings to int32 values, entries numbered in insertion order.
 *
 * It owns one copy of every key (NUL added, so that a key without a NUL inside
 * is a C string). Nothing is ever removed. Hashes are seeded per process: a
 * hostile file cannot choose keys that collide.
 */
#ifndef QAIC_STRMAP_H
#define QAIC_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qaic_strmap_entry {
	size_t off;
	uint32_t len;
	uint32_t hash;
	int32_t value;
};

struct qaic_strmap {
	struct qaic_strmap_entry *v;
	size_t n, cap;
	uint32_t *slot;		/* entry number + 1, or 0 */
	size_t num_slots;	/* a power of two */
	char *arena;
	size_t arena_len, arena_cap;
};

/* Add a key. 0, -EEXIST (nothing changed), -ENOMEM, -E2BIG (key over 1 GiB). */
int qaic_strmap_add(struct qaic_strmap *m, const char *key, size_t len,
		    int32_t value);
bool qaic_strmap_get(const struct qaic_strmap *m, const char *key, size_t len,
		     int32_t *value);
/* The key of entry @i; good until the next add. */
static inline const char *qaic_strmap_key(const struct qaic_strmap *m, size_t i,
					  size_t *len)
{
	*len = m->v[i].len;
	return m->arena + m->v[i].off;
}
void qaic_strmap_free(struct qaic_strmap *m);

/* A random number, the same for the life of the process. */
uint64_t qaic_hash_seed(void);

/* Every input bit reaches every output bit. */
static inline uint64_t qaic_hash_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

#endif
