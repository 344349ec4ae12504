// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/strmap.h"

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
	/* without entropy yet, an address under ASLR still varies */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uintptr_t)&seed ^ (uint64_t)getpid() << 32;
}

uint64_t qaic_hash_seed(void)
{
	pthread_once(&seed_once, make_seed);
	return seed;
}

static uint32_t hash(const char *key, size_t len)
{
	uint64_t h = qaic_hash_seed() ^ len, w;

	for (; len >= 8; key += 8, len -= 8) {
		memcpy(&w, key, 8);
		h = qaic_hash_mix(h ^ w);
	}
	w = 0;
	memcpy(&w, key, len);
	return qaic_hash_mix(h ^ w) >> 32;
}

/* The slot of @key, or the empty slot where it belongs. */
static size_t find(const struct qaic_strmap *m, const char *key, size_t len,
		   uint32_t h)
{
	size_t mask = m->num_slots - 1, s = h & mask;
	const struct qaic_strmap_entry *e;

	for (; m->slot[s]; s = (s + 1) & mask) {
		e = &m->v[m->slot[s] - 1];
		if (e->hash == h && e->len == len &&
		    !memcmp(m->arena + e->off, key, len))
			break;
	}
	return s;
}

static int grow_slots(struct qaic_strmap *m)
{
	size_t n = m->num_slots ? m->num_slots * 2 : 64, i, s;
	uint32_t *slot = calloc(n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (i = 0; i < m->n; i++) {
		s = m->v[i].hash & (n - 1);
		while (slot[s])
			s = (s + 1) & (n - 1);
		slot[s] = i + 1;
	}
	free(m->slot);
	m->slot = slot;
	m->num_slots = n;
	return 0;
}

static int reserve(struct qaic_strmap *m, size_t len)
{
	size_t cap;
	void *p;

	if (m->n == m->cap) {
		cap = m->cap ? m->cap * 2 : 32;
		p = reallocarray(m->v, cap, sizeof(*m->v));
		if (!p)
			return -ENOMEM;
		m->v = p;
		m->cap = cap;
	}
	if (m->arena_cap - m->arena_len <= len) {
		cap = m->arena_cap + len + 1;
		cap += cap / 2 + 256;
		p = realloc(m->arena, cap);
		if (!p)
			return -ENOMEM;
		m->arena = p;
		m->arena_cap = cap;
	}
	return m->n * 2 >= m->num_slots ? grow_slots(m) : 0;
}

int qaic_strmap_add(struct qaic_strmap *m, const char *key, size_t len,
		    int32_t value)
{
	uint32_t h;
	size_t s;
	int rc;

	if (len > 1u << 30 || m->n >= UINT32_MAX - 1)
		return -E2BIG;
	rc = reserve(m, len);
	if (rc)
		return rc;
	h = hash(key, len);
	s = find(m, key, len, h);
	if (m->slot[s])
		return -EEXIST;
	m->v[m->n] = (struct qaic_strmap_entry){ m->arena_len, len, h, value };
	memcpy(m->arena + m->arena_len, key, len);
	m->arena[m->arena_len + len] = '\0';
	m->arena_len += len + 1;
	m->slot[s] = ++m->n;
	return 0;
}

bool qaic_strmap_get(const struct qaic_strmap *m, const char *key, size_t len,
		     int32_t *value)
{
	size_t s;

	if (!m->n)
		return false;
	s = find(m, key, len, hash(key, len));
	if (!m->slot[s])
		return false;
	*value = m->v[m->slot[s] - 1].value;
	return true;
}

void qaic_strmap_free(struct qaic_strmap *m)
{
	free(m->v);
	free(m->slot);
	free(m->arena);
	memset(m, 0, sizeof(*m));
}
