/* SPDX-License-Identifier: MIT */
/*
 * A program as the compiler makes it and as the card and the runtime see it.
 *
 * One program = one set of constants, one DDR layout, and one or more
 * specializations (prefill, decode, ...), each with its bindings and one command
 * stream per NSP. Retained state lives in the program's DDR between calls and is
 * shared by all specializations.
 */
#ifndef QPC_PROGRAM_H
#define QPC_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/err.h"
#include "qpc/isa.h"

#define QPC_MAX_SPECS		64
#define QPC_MAX_BINDINGS	4096	/* of one specialization */
#define QPC_MAX_STATES		4096
#define QPC_MAX_SYMBOLS		64
#define QPC_MAX_RANK		8
#define QPC_CONST_ALIGN		4096	/* of constants.bin in the container */
#define QPC_DDR_ALIGN		64	/* of every binding and state in DDR */

struct qpc_symbol {
	char *name;		/* "seq_len" */
	uint32_t value;
};

/* An input or output that crosses the bus. */
struct qpc_binding {
	char *name;
	uint32_t dtype;			/* enum qaic_dtype */
	uint32_t rank;
	uint32_t dims[QPC_MAX_RANK];
	uint64_t size;			/* bytes = product of dims * element size */
	uint64_t ddr_off;		/* where the card keeps it */
	bool output;
};

/* A tensor that stays in DDR from call to call ("past_key.0"). Zero at activation. */
struct qpc_state {
	char *name;			/* the input, "past_key.0" */
	char *output;			/* "past_key.0_RetainedState" */
	uint32_t dtype;
	uint32_t rank;
	uint32_t dims[QPC_MAX_RANK];
	uint64_t size;
	uint64_t ddr_off;
};

struct qpc_stream {
	struct nsp_cmd *cmds;
	uint32_t num_cmds;
};

struct qpc_spec {
	char *name;			/* "Prefill", "Decode", or "spec0" */
	struct qpc_symbol *symbols;
	uint32_t num_symbols;
	struct qpc_binding *bindings;	/* inputs first, then outputs, model order */
	uint32_t num_bindings;
	struct qpc_stream streams[NSP_MAX_NSPS];
};

/* -aic-profiling-type of the compiler: of runs that do not choose one */
enum qpc_profiling {
	QPC_PROFILING_NONE, QPC_PROFILING_LATENCY, QPC_PROFILING_STATS,
	QPC_PROFILING_TRACE, QPC_PROFILING_COUNT
};

/* "stats"; NULL for no profiling, and for what is none. */
const char *qpc_profiling_name(uint32_t profiling);

struct qpc_program {
	char *name;			/* network name */
	char *compiler;			/* "qaic-compile 0.1.0 fp16 ..." */
	uint32_t num_nsps;		/* 1..16 */
	uint32_t precision;		/* QAIC_F16 or QAIC_F32: what MatMuls store */
	uint32_t profiling;		/* enum qpc_profiling */
	uint64_t const_size;		/* bytes of constants.bin */
	uint64_t ddr_size;		/* dynamic DDR: bindings, states, spills */
	uint64_t tcm_size;		/* TCM space */
	uint64_t spread_size;		/* of it, at the end: bytes that one NSP has */
	uint64_t local_size;		/* LOCAL space of each NSP */
	struct qpc_state *states;
	uint32_t num_states;
	struct qpc_spec *specs;
	uint32_t num_specs;
	char **nodes;			/* names for nsp_cmd.node, for people */
	uint32_t num_nodes;
};

/* Frees what a program owns (all strings and arrays), not the struct. */
void qpc_program_release(struct qpc_program *prog);

/* Bytes of one NSP's VTCM that a program takes; NSP_VTCM_SIZE at most. */
static inline uint64_t qpc_vtcm_size(const struct qpc_program *p)
{
	return p->tcm_size - p->spread_size + p->local_size +
	       p->spread_size / p->num_nsps + !!(p->spread_size % p->num_nsps);
}

/*
 * Prove that the program can run unchecked: every operand of every command
 * within its space for all values of dims and strides, operand types that the
 * command takes, same number of phases in all streams of a specialization, the
 * completion handshake at the end and no other semaphore use, bindings and
 * states within DDR and apart from each other, sizes that match dims.
 * -EINVAL with the specialization, NSP and command number in @err.
 * Writes to CONST are refused.
 */
int qpc_verify(const struct qpc_program *prog, struct qaic_err *err);

/* ---- writing ---- */

struct qpc_writer;

/*
 * Start writing DIR/programqpc.bin (beside, renamed by commit). DIR is made if
 * it is missing. prog->const_size must be final; the program is verified first.
 */
int qpc_writer_open(const char *dir, const struct qpc_program *prog,
		    struct qpc_writer **out, struct qaic_err *err);
/* Put bytes of constants.bin at an offset; what is never put stays zero. */
int qpc_writer_const(struct qpc_writer *w, uint64_t off, const void *data,
		     size_t len, struct qaic_err *err);
/* Both end the writer. */
int qpc_writer_commit(struct qpc_writer *w, struct qaic_err *err);
void qpc_writer_abort(struct qpc_writer *w);

/* ---- reading ---- */

/* One DMA Bridge request as the metadata asks for it (AicMetadataFlat DmaRequest). */
struct qpc_sem_op {
	uint16_t num, value;
	uint8_t op;			/* 0 NOP 1 INIT 2 INC 3 DEC 4 EQ 5 GE 6 P */
	bool pre;			/* before the transfer */
	bool in_fence, out_fence;
};

struct qpc_dma_req {
	uint64_t host_off;		/* within buffer num */
	uint64_t dev_off;		/* within DDR (dev_space 1) or an MCID window (0) */
	uint64_t size;
	uint32_t num;			/* DMA buffer */
	uint8_t dev_space;
	bool output;
	uint16_t mc_id;
	uint32_t num_sems;		/* <= 4 */
	struct qpc_sem_op sems[4];
	uint32_t num_doorbells;		/* 0 or 1 */
	struct { uint32_t off, data, mc_id; uint8_t size; } doorbell;
};

/* What the host needs to run one specialization. */
struct qpc_io {
	struct qpc_dma_req *reqs;
	uint32_t num_reqs;
	/* DMA buffer i has size buf_size[i] and carries binding i */
	uint64_t *buf_size;
	uint32_t num_bufs;
};

/* An open programqpc.bin. Everything points into the mapping or is owned here. */
struct qpc {
	struct qpc_program prog;	/* streams included; const data is not */
	struct qpc_io *io;		/* one per specialization */
	const void *elf;		/* network.elf, as LOAD_ELF sends it */
	size_t elf_size;
	const void *consts;		/* constants.bin, page-aligned in the file */
	size_t const_size;
	int fd;				/* the file, for reading; -1: memory */
	uint64_t const_off;		/* of constants.bin in it */
	const void *const_desc;		/* constantsdesc.bin, 24 bytes */
	size_t const_desc_size;
	void *priv;
};

/*
 * @path is a programqpc.bin or the directory that holds one. The container, the
 * descriptors and every stream are checked (qpc_verify). -EINVAL names the file
 * and the field.
 */
int qpc_open(const char *path, struct qpc **out, struct qaic_err *err);
/* The same from memory, which must outlive the qpc. @name is for messages. */
int qpc_open_mem(const void *data, size_t size, const char *name,
		 struct qpc **out, struct qaic_err *err);
void qpc_close(struct qpc *qpc);

/*
 * What the card does with the bytes of a LOAD_ELF: read and verify the program
 * in a network.elf. Bindings come without names the card has no use for; streams
 * are owned copies (aligned). const_size is what the streams need.
 */
int qpc_program_from_elf(const void *elf, size_t size, struct qpc_program *prog,
			 struct qaic_err *err);

/* ---- showing ---- */

/* One command as one line of text (no newline), e.g.
 * "matmul  f16 ddr+0x1000[1,1,32,2048] = ..."; returns the length as snprintf. */
int qpc_disasm(const struct nsp_cmd *cmd, char *buf, size_t size);

/* Names as the disassembler spells them; NULL out of range. */
const char *qpc_op_name(unsigned int op);
const char *qpc_unary_name(unsigned int sub);
const char *qpc_binary_name(unsigned int sub);
const char *qpc_reduce_name(unsigned int sub);

/* ---- the modelled card ---- */

enum qpc_sku { QPC_SKU_STD, QPC_SKU_PRO, QPC_SKU_ULTRA, QPC_SKU_COUNT };

/* What a phase waits for: the slowest of these. */
enum qpc_bound { QPC_BOUND_HMX, QPC_BOUND_HVX, QPC_BOUND_DDR, QPC_BOUND_NOC,
		 QPC_BOUND_PORT, QPC_BOUND_COUNT };

/* All commands of one operation. */
struct qpc_timing_op {
	uint32_t commands;
	double hmx_s, hvx_s;		/* of all NSPs, over their number */
	double ddr, noc;		/* bytes */
};

struct qpc_timing {
	uint64_t macs;			/* multiply-accumulates of HMX */
	uint64_t ddr_read, ddr_write;	/* bytes */
	uint64_t consts;		/* of ddr_read, those of constants */
	uint64_t noc;			/* bytes multicast between NSPs */
	uint64_t pcie;			/* bytes in and out */
	uint32_t phases;
	uint64_t vtcm;			/* bytes of VTCM that one NSP uses */
	double hmx_s, hvx_s, dma_s;	/* busy time of the busiest NSP */
	double bound_s[QPC_BOUND_COUNT];	/* time of the phases bound by it, */
	double barrier_s, pcie_s, call_s;	/* and what else there is */
	double seconds;			/* modelled time of one call: their sum */
	struct qpc_timing_op op[NSP_OP_COUNT];
};

/*
 * Model one call of specialization @spec; all 0 if there is no memory for it.
 * Assumptions: Documentation/timing.
 */
void qpc_timing(const struct qpc_program *prog, uint32_t spec,
		enum qpc_sku sku, struct qpc_timing *out);
const char *qpc_sku_name(enum qpc_sku sku);
/* What the positions of an ATTN say, which the model does not know. */
struct qpc_seen {
	double slots;		/* of the cache that are read, of all dims[0] lines */
	double pairs;		/* of a query position and a slot that it sees */
};

/*
 * What the model counts for one command: bytes from and to DDR and other NSPs, and
 * operations, two for each multiply-accumulate. @seen: of an ATTN that has run, or
 * NULL: all slots that there can be.
 */
void qpc_cmd_work(const struct nsp_cmd *cmd, const struct qpc_seen *seen,
		  double *bytes, double *ops);

#endif
