// SPDX-License-Identifier: MIT
/* The registry of architectures. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/registry.h"

#define QF_ARCH_ID(id) extern const struct qf_arch qf_arch_##id;
#include "libqeff/arch/list.h"
#undef QF_ARCH_ID

static const struct qf_arch *const archs[] = {
#define QF_ARCH_ID(id) &qf_arch_##id,
#include "libqeff/arch/list.h"
#undef QF_ARCH_ID
};

const struct qf_arch *qf_arch_find(const char *name,
				   const struct qf_class **cls)
{
	const struct qf_class *k;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(archs); i++) {
		for (k = archs[i]->classes; k->name; k++) {
			if (strcmp(k->name, name))
				continue;
			*cls = k;
			return archs[i];
		}
	}
	return NULL;
}

const struct qf_arch *qf_arch_find_type(const char *model_type)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(archs); i++)
		if (!strcmp(archs[i]->model_type, model_type))
			return archs[i];
	return NULL;
}

const char *qf_arch_names(char *buf, size_t size)
{
	static const char more[] = ", ...";
	size_t i, len = 0, n;

	buf[0] = '\0';
	for (i = 0; i < QAIC_ARRAY_SIZE(archs); i++) {
		n = strlen(archs[i]->classes->name) + 2;
		if (len + n + sizeof(more) > size) {
			snprintf(buf + len, size - len, "%s", more);
			break;
		}
		len += snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
				archs[i]->classes->name);
	}
	return buf;
}

const char *qf_arch_nearest(const char *name)
{
	const char *names[QAIC_ARRAY_SIZE(archs) * QF_MAX_CLASSES];
	const struct qf_class *k;
	size_t i, n = 0;

	for (i = 0; i < QAIC_ARRAY_SIZE(archs); i++)
		for (k = archs[i]->classes; k->name; k++)
			names[n++] = k->name;
	return qaic_nearest(name, names, n);
}
