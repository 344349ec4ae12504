// SPDX-License-Identifier: MIT
#include <string.h>

#include "soc/nsp_cpus.h"
#include "soc/nsp_keep.h"

void nsp_keep_init(struct nsp_keep *k, unsigned int nr)
{
	size_t cpu;

	memset(k, 0, sizeof(*k));
	k->all = nsp_cpus_set(sched_getaffinity, &k->size);
	k->own = k->all ? CPU_ALLOC(8 * k->size) : NULL;
	if (!k->own) {
		nsp_keep_release(k);
		return;
	}
	CPU_ZERO_S(k->size, k->own);
	for (cpu = 0; cpu < 8 * k->size; cpu++)
		if (CPU_ISSET_S(cpu, k->size, k->all) && !nr--)
			break;
	if (cpu < 8 * k->size)
		CPU_SET_S(cpu, k->size, k->own);
	else
		nsp_keep_release(k);
}

void nsp_keep_release(struct nsp_keep *k)
{
	if (k->all)
		CPU_FREE(k->all);
	if (k->own)
		CPU_FREE(k->own);
	memset(k, 0, sizeof(*k));
}

/* Is the thread's affinity what we left? */
static bool is_ours(const struct nsp_keep *k)
{
	cpu_set_t *now;
	size_t size;
	bool same;

	now = nsp_cpus_set(sched_getaffinity, &size);
	if (!now)
		return false;
	same = size == k->size &&
	       CPU_EQUAL_S(size, now, k->on ? k->own : k->all);
	CPU_FREE(now);
	return same;
}

void nsp_keep(struct nsp_keep *k, bool on)
{
	if (!k->own || k->on == on)
		return;
	if (!is_ours(k) ||
	    sched_setaffinity(0, k->size, on ? k->own : k->all)) {
		nsp_keep_release(k);
		return;
	}
	k->on = on;
}
