/* SPDX-License-Identifier: MIT */
/* The parts of a QPC as text on standard output: what qaic-objdump prints. */
#ifndef QAIC_TOOLS_QPC_SHOW_H
#define QAIC_TOOLS_QPC_SHOW_H

#include "qpc/program.h"

/* @data, @size: the programqpc.bin that @qpc was opened from. */
int qaic_show_headers(const struct qpc *qpc, const void *data, size_t size,
		      struct qaic_err *err);
int qaic_show_sections(const struct qpc *qpc, struct qaic_err *err);
/* @spec -1: the bindings of all specializations. */
int qaic_show_memory(const struct qpc_program *p, int spec,
		     struct qaic_err *err);
/* @k is a specialization, @n an NSP of the program. */
void qaic_show_spec(const struct qpc_program *p, uint32_t k);
void qaic_show_requests(const struct qpc *qpc, uint32_t k);
void qaic_show_summary(const struct qpc_program *p, uint32_t k);
void qaic_show_timing(const struct qpc_program *p, uint32_t k);
void qaic_show_stream(const struct qpc_program *p, uint32_t k, uint32_t n);

#endif
