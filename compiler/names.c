// SPDX-License-Identifier: MIT
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/names.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct qc_name *)a)->name,
		      ((const struct qc_name *)b)->name);
}

int qc_names_add(struct qc_names *set, const char *name, uint32_t index,
		 void *ptr)
{
	struct qc_name *entry = malloc(sizeof(*entry));
	struct qc_name **found;

	if (!entry)
		return -ENOMEM;
	entry->name = name;
	entry->index = index;
	entry->ptr = ptr;
	found = tsearch(entry, &set->root, by_name);
	if (found && *found == entry)
		return 0;
	free(entry);
	return found ? -EEXIST : -ENOMEM;
}

struct qc_name *qc_names_find(const struct qc_names *set, const char *name)
{
	struct qc_name key = { .name = name };
	struct qc_name **found = tfind(&key, &set->root, by_name);

	return found ? *found : NULL;
}

void qc_names_free(struct qc_names *set)
{
	tdestroy(set->root, free);
	set->root = NULL;
}
