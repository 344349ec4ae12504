/* SPDX-License-Identifier: MIT */
#ifndef SOC_NSP_CPUS_H
#define SOC_NSP_CPUS_H

/* CPUs that this process may use, at least 1. */
unsigned int nsp_cpus(void);

#endif
