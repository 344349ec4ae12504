/* SPDX-License-Identifier: MIT */
/* Architectures from shared objects. */
#ifndef LIBQEFF_PLUGIN_H
#define LIBQEFF_PLUGIN_H

#include "libqeff/arch.h"

/* All plugins' architectures, the one that was loaded last first. */
size_t qf_plugin_num_archs(void);
const struct qf_arch *qf_plugin_arch(size_t i);

/* The shared object that an architecture is from. */
struct qf_plugin_file {
	char *path;
	char sha256[65];		/* of its bytes */
};

/* NULL for an architecture of the tree. */
const struct qf_plugin_file *qf_plugin_of(const struct qf_arch *arch);

/*
 * Does an interface fit this library's? Else the error names both versions.
 * @path is for messages.
 */
int qf_plugin_check(const struct qf_plugin *p, const char *path,
		    struct qaic_err *err);

#endif
