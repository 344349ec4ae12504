// SPDX-License-Identifier: MIT
/* The registry of architectures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/plugin.h"
#include "libqeff/registry.h"

#define QF_ARCH_ID(id) extern const struct qf_arch qf_arch_##id;
#include "libqeff/arch/list.h"
#undef QF_ARCH_ID

static const struct qf_arch *const archs[] = {
#define QF_ARCH_ID(id) &qf_arch_##id,
#include "libqeff/arch/list.h"
#undef QF_ARCH_ID
};

/* Plugins first: one of them may stand in for a name of the tree. */
const struct qf_arch *qf_arch_at(size_t i)
{
	size_t n = qf_plugin_num_archs();

	if (i < n)
		return qf_plugin_arch(i);
	i -= n;
	return i < QAIC_ARRAY_SIZE(archs) ? archs[i] : NULL;
}

const struct qf_arch *qf_arch_find(const char *name,
				   const struct qf_class **cls)
{
	const struct qf_arch *a;
	const struct qf_class *k;
	size_t i;

	for (i = 0; (a = qf_arch_at(i)); i++) {
		for (k = a->classes; k->name; k++) {
			if (strcmp(k->name, name))
				continue;
			*cls = k;
			return a;
		}
	}
	return NULL;
}

const struct qf_arch *qf_arch_find_type(const char *model_type)
{
	const struct qf_arch *a;
	size_t i;

	for (i = 0; (a = qf_arch_at(i)); i++)
		if (!strcmp(a->model_type, model_type))
			return a;
	return NULL;
}

const char *qf_arch_names(char *buf, size_t size)
{
	static const char more[] = ", ...";
	const struct qf_arch *a;
	size_t i, len = 0, n;

	buf[0] = '\0';
	for (i = 0; (a = qf_arch_at(i)); i++) {
		n = strlen(a->classes->name) + 2;
		if (len + n + sizeof(more) > size) {
			snprintf(buf + len, size - len, "%s", more);
			break;
		}
		len += snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
				a->classes->name);
	}
	return buf;
}

/* The family of a class: Llama of LlamaForCausalLM. */
static const char *family(char *buf, size_t size, const char *name)
{
	const char *end = strstr(name, "For");

	snprintf(buf, size, "%.*s", end ? (int)(end - name) : 60, name);
	return buf;
}

const char *qf_arch_nearest(const char *name)
{
	char want[64], have[64];
	const char *list[] = { have };
	const char **names, *near;
	const struct qf_class *k;
	const struct qf_arch *a;
	size_t i, n = 0;

	for (i = 0; qf_arch_at(i); i++)
		;
	names = calloc(i * QF_MAX_CLASSES + 1, sizeof(*names));
	if (!names)
		return NULL;
	for (i = 0; (a = qf_arch_at(i)); i++)
		for (k = a->classes; k->name; k++)
			names[n++] = k->name;
	near = qaic_nearest(name, names, n);
	free(names);
	/* that both end in ForCausalLM says nothing */
	if (near)
		family(have, sizeof(have), near);
	return near && qaic_nearest(family(want, sizeof(want), name), list, 1) ?
	       near : NULL;
}
