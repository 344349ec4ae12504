/* SPDX-License-Identifier: MIT */
/*
 * A set of names, each with a number and a pointer. A balanced tree (tsearch), so
 * that no choice of names in a hostile file makes it slow.
 */
#ifndef COMPILER_NAMES_H
#define COMPILER_NAMES_H

#include <stdint.h>

struct qc_names {
	void *root;
};

struct qc_name {
	const char *name;	/* the caller's; must outlive the set */
	uint32_t index;
	void *ptr;
};

/* -EEXIST, -ENOMEM */
int qc_names_add(struct qc_names *set, const char *name, uint32_t index,
		 void *ptr);
/* index and ptr may be changed, the name not. */
struct qc_name *qc_names_find(const struct qc_names *set, const char *name);
void qc_names_free(struct qc_names *set);

#endif
