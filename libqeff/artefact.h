/* SPDX-License-Identifier: MIT */
/*
 * Directories of generated files that are there completely or not at all.
 *
 * An artefact is built in a hidden sibling directory, gets a list of its files
 * with their sizes (sizes.json) as the last of them, and is renamed into place.
 * One without that list, or with a file that is missing or has another size, is
 * half-written: it is removed and built again. A lock file keeps two processes
 * from building the same one.
 */
#ifndef QEFF_ARTEFACT_H
#define QEFF_ARTEFACT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Is the artefact there, whole? */
bool qeff_artefact_complete(const char *dir);

/*
 * Build @dir with @build(ctx, tmp_dir, err), which fills an empty directory; an
 * old half-written one is replaced. The caller holds the lock.
 */
int qeff_artefact_build(const char *dir,
			int (*build)(void *ctx, const char *dir,
				     struct qaic_err *err),
			void *ctx, struct qaic_err *err);

/*
 * Take the lock of an artefact, ".NAME.lock" beside it; waits for other
 * processes. Returns a descriptor to close(), or a negative errno.
 */
int qeff_artefact_lock(const char *dir, struct qaic_err *err);

/* The first 16 hex digits of the SHA-256 of the compact, sorted text. */
int qeff_json_hash(const json_t *params, char hash[17], struct qaic_err *err);
/* Write JSON as QEfficient's create_json does: indent 4, sorted, no blanks. */
int qeff_json_write(const char *dir, const char *name, const json_t *j,
		    struct qaic_err *err);

#endif
