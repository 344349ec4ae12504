// SPDX-License-Identifier: MIT
/*
 * Architectures from outside the tree: shared objects that export qf_plugin and
 * build their graphs with the functions of libqeff/blocks.h, which they find in
 * the program that loads them. They stay loaded until the process ends.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "libqeff/plugin.h"
#include "libqeff/qeff.h"
#include "libqeff/registry.h"

#define MAX_ARCHS	256		/* of one plugin */

static struct loaded {
	struct qf_plugin_file file;
	const struct qf_arch **archs;
	size_t num_archs;
	struct loaded *next;
} *plugins;				/* the last one first */

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

size_t qf_plugin_num_archs(void)
{
	const struct loaded *l;
	size_t n = 0;

	for (l = plugins; l; l = l->next)
		n += l->num_archs;
	return n;
}

const struct qf_arch *qf_plugin_arch(size_t i)
{
	const struct loaded *l;

	for (l = plugins; l; i -= l->num_archs, l = l->next)
		if (i < l->num_archs)
			return l->archs[i];
	return NULL;
}

const struct qf_plugin_file *qf_plugin_of(const struct qf_arch *arch)
{
	const struct loaded *l;
	size_t i;

	for (l = plugins; l; l = l->next)
		for (i = 0; i < l->num_archs; i++)
			if (l->archs[i] == arch)
				return &l->file;
	return NULL;
}

/* ---- checks ---- */

int qf_plugin_check(const struct qf_plugin *p, const char *path,
		    struct qaic_err *err)
{
	if (p->interface != QF_INTERFACE)
		return qaic_fail(err, -EPROTO,
				 "%s is built for version %u of the model interface, this is version %u: compile it again with the headers of qaic %s",
				 path, p->interface, QF_INTERFACE,
				 QAIC_VERSION);
	if (p->layout != QF_LAYOUT)
		return qaic_fail(err, -EPROTO,
				 "%s is built for version %u.%08x of the model interface, this is version %u.%08x: compile it again with the headers of qaic %s",
				 path, p->interface, p->layout, QF_INTERFACE,
				 QF_LAYOUT, QAIC_VERSION);
	if (!p->archs || !p->archs[0])
		return qaic_fail(err, -EINVAL, "%s has no architecture", path);
	return 0;
}

/* Is the name taken, and by whom? */
static int check_name(const char *path, const char *name,
		      const struct qf_arch *have, bool allow_override,
		      struct qaic_err *err)
{
	const struct qf_plugin_file *from;

	if (!have || allow_override)
		return 0;
	from = qf_plugin_of(have);
	return qaic_fail(err, -EEXIST,
			 "%s: %s is a model of %s; with --allow-override the plugin replaces it",
			 path, name, from ? from->path : "this library");
}

static int check_arch(const char *path, const struct qf_arch *a,
		      bool allow_override, struct qaic_err *err)
{
	const struct qf_class *k, *cls;
	int ret = 0;

	for (k = a->classes; k < a->classes + QF_MAX_CLASSES && k->name; k++)
		;
	if (k == a->classes || k->name)
		return qaic_fail(err, -EINVAL,
				 "%s: an architecture has no class name, or more than %u",
				 path, QF_MAX_CLASSES);
	if (!a->model_type || !a->base || !a->configure || !a->embed ||
	    !a->layer)
		return qaic_fail(err, -EINVAL,
				 "%s: %s lacks its model_type, base, configure, embed or layer",
				 path, a->classes->name);
	for (k = a->classes; !ret && k->name; k++)
		ret = check_name(path, k->name, qf_arch_find(k->name, &cls),
				 allow_override, err);
	return ret ? ret : check_name(path, a->model_type,
				      qf_arch_find_type(a->model_type),
				      allow_override, err);
}

/*
 * The dynamic linker maps what the program headers say, and dies of a file that
 * was cut short.
 */
static int check_object(const char *path, const struct qaic_map *map,
			struct qaic_err *err)
{
	ElfW(Ehdr) eh;
	ElfW(Phdr) ph;
	size_t i, at;

	if (map->size < sizeof(eh))
		goto none;
	memcpy(&eh, map->data, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_type != ET_DYN ||
	    eh.e_phentsize != sizeof(ph))
		goto none;
	for (i = 0; i < eh.e_phnum; i++) {
		at = eh.e_phoff + i * sizeof(ph);
		if (eh.e_phoff > map->size || at + sizeof(ph) > map->size)
			goto cut;
		memcpy(&ph, (const char *)map->data + at, sizeof(ph));
		if (ph.p_type == PT_LOAD && (ph.p_offset > map->size ||
		    ph.p_filesz > map->size - ph.p_offset))
			goto cut;
	}
	return 0;
none:
	return qaic_fail(err, -ENOEXEC,
			 "%s is no shared object (cc -shared -fPIC makes one)",
			 path);
cut:
	return qaic_fail(err, -ENOEXEC, "%s is cut short: build it again", path);
}

/* ---- loading ---- */

static void forget(struct loaded *l)
{
	free(l->file.path);
	free(l->archs);
	free(l);
}

static int add_archs(struct loaded *l, const struct qf_plugin *p,
		     bool allow_override, struct qaic_err *err)
{
	size_t i, n;
	int ret = 0;

	for (n = 0; n < MAX_ARCHS && p->archs[n]; n++)
		;
	l->archs = calloc(n, sizeof(*l->archs));
	if (!l->archs)
		return no_memory(err);
	for (i = 0; i < n && !ret; i++) {
		ret = check_arch(l->file.path, p->archs[i], allow_override, err);
		l->archs[i] = p->archs[i];
	}
	l->num_archs = n;
	return ret;
}

static int open_object(struct loaded *l, bool allow_override,
		       struct qaic_err *err)
{
	const struct qf_plugin *p;
	void *handle;
	int ret;

	handle = dlopen(l->file.path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)	/* dlerror() names the file and what is wrong */
		return qaic_fail(err, -ENOEXEC, "cannot load a model: %s",
				 dlerror());
	p = dlsym(handle, "qf_plugin");
	if (!p)
		ret = qaic_fail(err, -ENOEXEC,
				"%s is no model plugin: it does not export qf_plugin (QF_PLUGIN() makes that)",
				l->file.path);
	else
		ret = qf_plugin_check(p, l->file.path, err);
	if (!ret)
		ret = add_archs(l, p, allow_override, err);
	if (ret)
		dlclose(handle);
	return ret;
}

static int load_file(const char *path, bool allow_override,
		     struct qaic_err *err)
{
	struct loaded *l = calloc(1, sizeof(*l)), *have;
	struct qaic_map map;
	int ret;

	if (!l)
		return no_memory(err);
	ret = qaic_map_file(&map, path, err);
	if (ret)
		goto fail;
	qaic_sha256_hex(map.data, map.size, l->file.sha256);
	ret = check_object(path, &map, err);
	qaic_unmap_file(&map);
	if (ret)
		goto fail;
	for (have = plugins; have; have = have->next)
		if (!strcmp(have->file.sha256, l->file.sha256))
			goto fail;	/* it is here: nothing to do */
	/* a path without a slash would be looked for in the library path */
	l->file.path = realpath(path, NULL);
	ret = l->file.path ? open_object(l, allow_override, err) :
			     qaic_fail(err, -errno, "%s: %s", path,
				       strerror(errno));
	if (ret)
		goto fail;
	l->next = plugins;
	plugins = l;
	return 0;
fail:
	forget(l);
	return ret;
}

static int is_object(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && !strcmp(e->d_name + n - 3, ".so");
}

static int load_dir(const char *dir, bool allow_override, struct qaic_err *err)
{
	struct dirent **list;
	char *path;
	int i, n, ret = 0;

	n = scandir(dir, &list, is_object, alphasort);
	if (n < 0)
		return qaic_fail(err, -errno, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		path = ret ? NULL : qaic_path(dir, list[i]->d_name);
		if (path)
			ret = load_file(path, allow_override, err);
		else if (!ret)
			ret = no_memory(err);
		free(path);
		free(list[i]);
	}
	free(list);
	return ret;
}

int qeff_plugin_load(const char *path, bool allow_override,
		     struct qaic_err *err)
{
	return qaic_is_dir(path) ? load_dir(path, allow_override, err) :
				   load_file(path, allow_override, err);
}

int qeff_plugin_load_list(const char *list, bool allow_override,
			  struct qaic_err *err)
{
	char *path;
	size_t n;
	int ret = 0;

	for (; list && *list && !ret; list += n + (list[n] == ':')) {
		n = strcspn(list, ":");
		if (!n)
			continue;
		path = strndup(list, n);
		ret = path ? qeff_plugin_load(path, allow_override, err) :
			     no_memory(err);
		free(path);
	}
	return ret;
}
