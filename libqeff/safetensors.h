/* SPDX-License-Identifier: MIT */
/*
 * Safetensors: the weights of a checkpoint, mapped.
 *
 * A file is a little-endian u64 header length, a JSON header of that length,
 * and the bytes of the tensors, without gaps and without overlap
 * (github.com/huggingface/safetensors, README "Format").
 */
#ifndef LIBQEFF_SAFETENSORS_H
#define LIBQEFF_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/err.h"
#include "base/file.h"

#define QF_MAX_RANK 8
/* the reference implementation's limit */
#define QF_SAFETENSORS_MAX_HEADER 100000000

struct qf_tensor {
	char *name;
	enum qaic_dtype dtype;
	uint32_t rank;
	int64_t dim[QF_MAX_RANK];
	const uint8_t *data;		/* into the mapping; any alignment */
	uint64_t size;			/* bytes */
	uint32_t file;			/* index of its file */
};

struct qf_weight_file {
	char *name;			/* in the model directory */
	struct qaic_map map;
	uint64_t header;		/* bytes before the first tensor */
};

struct qf_tensors {
	struct qf_tensor *tensor;	/* sorted by name */
	size_t num;
	struct qf_weight_file *file;
	size_t num_files;
};

/*
 * Map the weights of a model directory: model.safetensors, else the shards that
 * model.safetensors.index.json names. -ENOENT if there are neither.
 */
int qf_tensors_open(struct qf_tensors *ts, const char *dir,
		    struct qaic_err *err);
void qf_tensors_close(struct qf_tensors *ts);

const struct qf_tensor *qf_tensors_find(const struct qf_tensors *ts,
					const char *name);
uint64_t qf_tensor_numel(const struct qf_tensor *t);

/*
 * Check one file's bytes and append its tensors to @ts (unsorted). @what names
 * it in messages. The tensors point into @data.
 */
int qf_safetensors_parse(struct qf_tensors *ts, const uint8_t *data,
			 size_t size, uint32_t file, const char *what,
			 uint64_t *header, struct qaic_err *err);
/* Sort what was appended; a name that is there twice is an error. */
int qf_tensors_sort(struct qf_tensors *ts, struct qaic_err *err);

#endif
