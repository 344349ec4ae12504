// SPDX-License-Identifier: MIT
/* The YAML of -custom-IO-list-file and -node-precision-info. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/qaicc.h"

#define MAX_FILE (4u << 20)

static int yaml_load(const char *path, yaml_document_t *doc,
		     struct qaic_err *err)
{
	yaml_parser_t parser;
	char *text;
	size_t len;
	int rc;

	rc = qaic_read_file(path, MAX_FILE, &text, &len, err);
	if (rc)
		return rc;
	if (!yaml_parser_initialize(&parser)) {
		free(text);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	yaml_parser_set_input_string(&parser, (unsigned char *)text, len);
	rc = 0;
	if (!yaml_parser_load(&parser, doc))
		rc = qaic_fail(err, -EINVAL, "%s: line %zu: %s", path,
			       parser.problem_mark.line + 1,
			       parser.problem ? parser.problem : "not YAML");
	yaml_parser_delete(&parser);
	free(text);
	return rc;
}

static const char *scalar(const yaml_node_t *n)
{
	if (!n || n->type != YAML_SCALAR_NODE ||
	    strlen((const char *)n->data.scalar.value) !=
	    n->data.scalar.length)
		return NULL;
	return (const char *)n->data.scalar.value;
}

static size_t list_size(const yaml_node_t *n)
{
	return n->data.sequence.items.top - n->data.sequence.items.start;
}

static yaml_node_t *list_item(yaml_document_t *doc, const yaml_node_t *n,
			      size_t i)
{
	return yaml_document_get_node(doc, n->data.sequence.items.start[i]);
}

/* Calls for each "key: value" of a mapping. */
static int each_pair(yaml_document_t *doc, const yaml_node_t *map,
		     int (*pair)(void *ctx, const char *key, yaml_node_t *val,
				 struct qaic_err *err),
		     void *ctx, struct qaic_err *err)
{
	yaml_node_pair_t *p;
	int rc;

	if (!map || map->type != YAML_MAPPING_NODE)
		return qaic_fail(err, -EINVAL, "expected a mapping of keys");
	for (p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		const char *key = scalar(yaml_document_get_node(doc, p->key));

		if (!key)
			return qaic_fail(err, -EINVAL, "a key is not a string");
		rc = pair(ctx, key, yaml_document_get_node(doc, p->value), err);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- custom IO ---- */

struct entry {
	const char *name, *precision;
};

static int io_pair(void *ctx, const char *key, yaml_node_t *val,
		   struct qaic_err *err)
{
	struct entry *e = ctx;
	const char **to;

	if (!strcmp(key, "IOName"))
		to = &e->name;
	else if (!strcmp(key, "Precision"))
		to = &e->precision;
	else
		return qaic_fail(err, -EINVAL,
				 "unknown key '%s': use IOName and Precision",
				 key);
	*to = scalar(val);
	return *to ? 0 : qaic_fail(err, -EINVAL, "%s is not a string", key);
}

static int parse_precision(const struct entry *e, enum qaic_dtype *out,
			   struct qaic_err *err)
{
	if (!strcmp(e->precision, "float16"))
		*out = QAIC_F16;
	else if (!strcmp(e->precision, "float32") ||
		 !strcmp(e->precision, "float"))
		*out = QAIC_F32;
	else if (!strcmp(e->precision, "mxint8"))
		*out = QAIC_MXINT8;
	else
		return qaic_fail(err, -EINVAL,
			"'%s': unknown precision '%s', use float16, float32 or mxint8",
			e->name, e->precision);
	return 0;
}

static int read_io(yaml_document_t *doc, struct qaicc_custom_io **io,
		   size_t *num, struct qaic_err *err)
{
	yaml_node_t *root = yaml_document_get_root_node(doc);
	size_t n, i, chars = 0;
	struct entry e;
	char *to;
	int rc = 0;

	if (!root)	/* an empty list */
		return 0;
	if (root->type != YAML_SEQUENCE_NODE)
		return qaic_fail(err, -EINVAL,
				 "expected a list of IOName and Precision");
	n = list_size(root);
	for (i = 0; i < n && !rc; i++) {
		memset(&e, 0, sizeof(e));
		rc = each_pair(doc, list_item(doc, root, i), io_pair, &e, err);
		if (!rc && (!e.name || !e.precision))
			rc = qaic_fail(err, -EINVAL,
				       "entry %zu: IOName or Precision is missing",
				       i);
		chars += !rc ? strlen(e.name) + 1 : 0;
	}
	if (rc)
		return rc;
	*io = calloc(1, n * sizeof(**io) + chars + 1);
	if (!*io)
		return qaic_fail(err, -ENOMEM, "out of memory");
	to = (char *)(*io + n);
	for (i = 0; i < n && !rc; i++) {
		each_pair(doc, list_item(doc, root, i), io_pair, &e, err);
		rc = parse_precision(&e, &(*io)[i].precision, err);
		strcpy(to, e.name);
		(*io)[i].name = to;
		to += strlen(to) + 1;
	}
	*num = n;
	return rc;
}

int qaicc_read_custom_io(const char *path, struct qaicc_custom_io **io,
			 size_t *num_io, struct qaic_err *err)
{
	yaml_document_t doc;
	int rc;

	*io = NULL;
	*num_io = 0;
	rc = yaml_load(path, &doc, err);
	if (rc)
		return rc;
	rc = read_io(&doc, io, num_io, err);
	yaml_document_delete(&doc);
	if (rc) {
		free(*io);
		*io = NULL;
		*num_io = 0;
		qaic_fail_in(err, "%s", path);
	}
	return rc;
}

/* ---- nodes kept in F32 ---- */

struct name_list {
	yaml_node_t *names;
};

static int nodes_pair(void *ctx, const char *key, yaml_node_t *val,
		      struct qaic_err *err)
{
	struct name_list *l = ctx;

	if (strcmp(key, "FP32NodeInstanceNames"))
		return qaic_fail(err, -EINVAL,
			"unknown key '%s': use FP32NodeInstanceNames", key);
	if (!val || val->type != YAML_SEQUENCE_NODE)
		return qaic_fail(err, -EINVAL, "%s is not a list", key);
	l->names = val;
	return 0;
}

static int read_nodes(yaml_document_t *doc, const char ***names, size_t *num,
		      struct qaic_err *err)
{
	struct name_list l = { NULL };
	size_t n, i, chars = 0;
	const char *s;
	char *to;
	int rc;

	rc = each_pair(doc, yaml_document_get_root_node(doc), nodes_pair, &l,
		       err);
	if (rc || !l.names)
		return rc;
	n = list_size(l.names);
	for (i = 0; i < n; i++) {
		s = scalar(list_item(doc, l.names, i));
		if (!s)
			return qaic_fail(err, -EINVAL,
					 "name %zu is not a string", i);
		chars += strlen(s) + 1;
	}
	*names = calloc(1, n * sizeof(**names) + chars + 1);
	if (!*names)
		return qaic_fail(err, -ENOMEM, "out of memory");
	to = (char *)(*names + n);
	for (i = 0; i < n; i++) {
		strcpy(to, scalar(list_item(doc, l.names, i)));
		(*names)[i] = to;
		to += strlen(to) + 1;
	}
	*num = n;
	return 0;
}

int qaicc_read_fp32_nodes(const char *path, const char ***names,
			  size_t *num_names, struct qaic_err *err)
{
	yaml_document_t doc;
	int rc;

	*names = NULL;
	*num_names = 0;
	rc = yaml_load(path, &doc, err);
	if (rc)
		return rc;
	rc = read_nodes(&doc, names, num_names, err);
	yaml_document_delete(&doc);
	if (rc)
		qaic_fail_in(err, "%s", path);
	return rc;
}
