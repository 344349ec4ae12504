// SPDX-License-Identifier: MIT
/*
 * Semaphores: 32 counters of 12 bits per activation (the real card maps these
 * virtual ones onto its 32 physical ones). INC and DEC stop at the ends.
 */
#include "soc/card.h"

void soc_sem_add(struct soc_sems *sems, unsigned int i, int delta)
{
	int v = sems->val[i] + delta;

	if (v < 0)
		v = 0;
	if (v > QAIC_HW_SEM_MAX)
		v = QAIC_HW_SEM_MAX;
	sems->val[i] = v;
}

static enum soc_sem_result wait_for(bool met)
{
	return met ? SOC_SEM_DONE : SOC_SEM_BLOCKED;
}

enum soc_sem_result soc_sem_do(struct soc_sems *sems, uint32_t cmd)
{
	unsigned int i = cmd >> QAIC_HW_SEM_INDEX_SHIFT &
			 QAIC_HW_SEM_INDEX_MASK;
	unsigned int op = cmd >> QAIC_HW_SEM_OP_SHIFT & QAIC_HW_SEM_OP_MASK;
	uint16_t v = cmd & QAIC_HW_SEM_VALUE_MASK;

	switch (op) {
	case QAIC_HW_SEM_NOP:
		return SOC_SEM_DONE;
	case QAIC_HW_SEM_INIT:
		sems->val[i] = v;
		return SOC_SEM_DONE;
	case QAIC_HW_SEM_INC:
		soc_sem_add(sems, i, v);
		return SOC_SEM_DONE;
	case QAIC_HW_SEM_DEC:
		soc_sem_add(sems, i, -(int)v);
		return SOC_SEM_DONE;
	case QAIC_HW_SEM_WAIT_EQ:
		return wait_for(sems->val[i] == v);
	case QAIC_HW_SEM_WAIT_GE:
		return wait_for(sems->val[i] >= v);
	case QAIC_HW_SEM_WAIT_GT0:
		if (!sems->val[i])
			return SOC_SEM_BLOCKED;
		sems->val[i]--;
		return SOC_SEM_DONE;
	}
	return SOC_SEM_BAD;
}
