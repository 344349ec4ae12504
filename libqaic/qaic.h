/* SPDX-License-Identifier: MIT */
/*
 * libqaic: load a QPC on a Cloud AI 100 and run it.
 *
 *	qaic_device_open -> qaic_program_load -> qaic_exec_create
 *	  -> fill qaic_exec_buffer()s -> qaic_exec_submit -> qaic_exec_wait
 *
 * Functions return 0 or a negative errno; with a struct qaic_err they also leave
 * one line for a person. Objects are owned by who created them and must be
 * released in reverse order: execs, then their program, then the device.
 * Different objects may be used by different threads; one object by one thread
 * at a time, except that wait and submit of one program's execs may overlap.
 */
#ifndef QAIC_H
#define QAIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef QAIC_INSTALLED
#include <qaic/dtype.h>
#include <qaic/err.h>
#else
#include "base/dtype.h"
#include "base/err.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct qaic_device;
struct qaic_program;
struct qaic_exec;

/* ---- devices ---- */

struct qaic_device_info {
	uint32_t qid;
	char name[64];			/* "embedded" or the accel node */
	char status[16];		/* "Ready" */
	uint32_t nsp_total, nsp_free;
	uint64_t dram_total, dram_free;	/* bytes */
	uint32_t fw_version;		/* major << 16 | minor << 8 | patch */
	uint32_t hw_version;		/* 0x00020000 */
	char serial[17];
	uint32_t num_loaded;		/* networks loaded */
	uint32_t num_active;
};

struct qaic_location {
	char node[64];			/* "/dev/accel/accel0", or "" */
	char pci[16];			/* "0001:00:00.0", or "" */
};

/*
 * Number of devices; QIDs are 0..n-1. They are the cards that have an accel node,
 * in the order of their PCI addresses as the vendor's runtime sorts them; without one, or with QAIC_EMBEDDED=1 in
 * the environment: 1, the embedded card.
 */
int qaic_device_count(void);
/*
 * Where a device is, also one that cannot be opened; the embedded card is
 * nowhere. -ENODEV if there is no such QID.
 */
int qaic_device_locate(uint32_t qid, struct qaic_location *loc);
/* -ENODEV if there is no such QID, or its card is offline. */
int qaic_device_open(uint32_t qid, struct qaic_device **out,
		     struct qaic_err *err);
void qaic_device_close(struct qaic_device *dev);
/*
 * Host threads of the embedded card, 1..16; 0 = what QAIC_THREADS in the
 * environment says, else one per CPU. -EBUSY once the card exists.
 */
int qaic_embedded_set_threads(unsigned int threads);
/* Asked from the card (NNC STATUS), not remembered. */
int qaic_device_get_info(struct qaic_device *dev, struct qaic_device_info *info,
			 struct qaic_err *err);
/*
 * All that the card says about itself: struct qaic_nnc_status_rsp of
 * uapi/qaic_nnc.h, 504 bytes. -EINVAL if @size is less.
 */
#define QAIC_STATUS_SIZE	504
int qaic_device_status(struct qaic_device *dev, void *status, size_t size,
		       struct qaic_err *err);

/* ---- programs ---- */

struct qaic_symbol {
	const char *name;		/* "seq_len" */
	uint32_t value;
};

struct qaic_spec_info {
	const char *name;
	const struct qaic_symbol *symbols;
	uint32_t num_symbols;
	uint32_t num_bindings;
};

struct qaic_binding_info {
	const char *name;
	enum qaic_dtype dtype;
	uint32_t rank;
	const uint32_t *dims;
	size_t size;			/* bytes */
	bool output;
};

struct qaic_state_info {
	const char *name;		/* "past_key.0" */
	enum qaic_dtype dtype;
	uint32_t rank;
	const uint32_t *dims;
	size_t size;
};

/*
 * Load and activate a program: @path is a QPC directory or a programqpc.bin.
 * -ENOENT, -EINVAL (not a QPC, or a bad one), -ENOSPC (the card is full),
 * -EBUSY (not enough free NSPs).
 * Retained state is zero after activation.
 */
int qaic_program_load(struct qaic_device *dev, const char *path,
		      struct qaic_program **out, struct qaic_err *err);
void qaic_program_unload(struct qaic_program *prog);

const char *qaic_program_name(const struct qaic_program *prog);
uint32_t qaic_program_num_nsps(const struct qaic_program *prog);
/* "stats": what a run prints that does not choose; NULL: it was not compiled so. */
const char *qaic_program_profiling(const struct qaic_program *prog);
uint32_t qaic_program_num_specs(const struct qaic_program *prog);
/* Pointers live as long as the program. -EINVAL for an index out of range. */
int qaic_program_spec(const struct qaic_program *prog, uint32_t spec,
		      struct qaic_spec_info *info);
/* Value of a symbol of a specialization, or 0 if it has no such symbol. */
uint32_t qaic_program_symbol(const struct qaic_program *prog, uint32_t spec,
			     const char *name);
int qaic_program_binding(const struct qaic_program *prog, uint32_t spec,
			 uint32_t binding, struct qaic_binding_info *info);
/* Index of a binding by name, or -ENOENT. */
int qaic_program_find(const struct qaic_program *prog, uint32_t spec,
		      const char *name);
uint32_t qaic_program_num_states(const struct qaic_program *prog);
int qaic_program_state(const struct qaic_program *prog, uint32_t state,
		       struct qaic_state_info *info);
/* Modelled seconds of one call on a Pro card. */
double qaic_program_model_time(const struct qaic_program *prog, uint32_t spec);

/* The cards that are modelled; of an Ultra one of its four SoCs. */
enum qaic_sku {
	QAIC_SKU_STANDARD, QAIC_SKU_PRO, QAIC_SKU_ULTRA, QAIC_NUM_SKUS
};
/* "Standard", "Pro", "Ultra"; NULL for an index out of range. */
const char *qaic_sku_name(unsigned int sku);

struct qaic_model {
	double seconds[QAIC_NUM_SKUS];	/* modelled, of one call */
	uint64_t const_bytes;		/* of weights and tables that it reads */
};
/* -EINVAL if there is no such specialization. */
int qaic_program_model(const struct qaic_program *prog, uint32_t spec,
		       struct qaic_model *model);

/* ---- execution ---- */

/*
 * An exec holds one set of buffers of one specialization. Several execs of one
 * program may be in flight; they run in the order they were submitted.
 */
int qaic_exec_create(struct qaic_program *prog, uint32_t spec,
		     struct qaic_exec **out, struct qaic_err *err);
/* Waits for a call that is in flight. */
void qaic_exec_destroy(struct qaic_exec *exec);
/* The memory of a binding: write inputs before submit, read outputs after wait.
 * NULL for an index out of range. */
void *qaic_exec_buffer(struct qaic_exec *exec, uint32_t binding, size_t *size);
/* -EBUSY: this exec is in flight already. -EAGAIN: the queue is full. */
int qaic_exec_submit(struct qaic_exec *exec, struct qaic_err *err);
/* @timeout_ms 0 = for ever. -ETIMEDOUT; -EIO: the card failed. 0 when idle. */
int qaic_exec_wait(struct qaic_exec *exec, uint32_t timeout_ms,
		   struct qaic_err *err);
/* submit and wait */
int qaic_exec_run(struct qaic_exec *exec, struct qaic_err *err);

/* Data that crossed the bus for this program since it was loaded. */
struct qaic_dma_stats {
	uint64_t elements;		/* request elements taken by the DMA Bridge */
	uint64_t bytes_to_dev, bytes_from_dev;
};
int qaic_program_dma_stats(const struct qaic_program *prog,
			   struct qaic_dma_stats *stats);

/* ---- profiling ---- */

enum qaic_profile_kind {
	QAIC_PROFILE_COMMAND,		/* an NSP has executed */
	QAIC_PROFILE_DMA_IN,		/* a transfer of the DMA Bridge to the card */
	QAIC_PROFILE_DMA_OUT,
};

struct qaic_profile_event {
	enum qaic_profile_kind kind;
	/* "matmul", "unary" and "silu"; sub may be ""; "dma", "in" or "out" */
	const char *op, *sub;
	const char *dtype;		/* of a product's second input, or "" */
	uint32_t nsp;			/* or DMA channel */
	uint32_t thread;		/* of the card; a number for each */
	uint64_t begin_ns, end_ns;	/* CLOCK_MONOTONIC */
	/* as the model counts them: bytes from and to the card's memory and other
	 * NSPs, and operations (two for a multiply-accumulate) */
	double bytes, ops;
};

/* What was noted. */
struct qaic_profile {
	size_t num_events;
	uint64_t lost;			/* more that there was no room for */
	uint32_t threads;		/* that stand for the card's NSPs */
};

/*
 * Note the next @max_events (at most 1048576) commands and transfers that the card
 * executes for the programs of @dev; those noted before are forgotten. -EBUSY:
 * somebody else profiles the card; -EOPNOTSUPP: it is no simulated one.
 */
int qaic_profile_start(struct qaic_device *dev, size_t max_events,
		       struct qaic_err *err);
/* Stop, and get from the card what was noted. */
int qaic_profile_stop(struct qaic_device *dev, struct qaic_profile *out,
		      struct qaic_err *err);
/*
 * Event @i after the stop, in the order in which they began. False for an index out of
 * range. Its strings live for ever.
 */
bool qaic_profile_event(const struct qaic_device *dev, size_t i,
			struct qaic_profile_event *event);

/* "0.1.0" */
const char *qaic_version(void);

#ifdef __cplusplus
}
#endif
#endif
