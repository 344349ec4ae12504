// SPDX-License-Identifier: MIT
/*
 * Writing a built model: its external data in chunks, then the model itself.
 *
 * Big weights go from the mapping to the file in pieces and the pages behind are
 * given back, so that memory does not grow with the model.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "libqeff/onnx_build.h"

#define PIECE	(8u << 20)
#define PAGE	4096u

/* "dir/NAME.onnx" -> NAME */
static char *stem_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (n > 5 && !strcmp(base + n - 5, ".onnx"))
		n -= 5;
	return strndup(base, n);
}

/* Give every external tensor a place; returns the number of files. */
static uint32_t place(struct qf_onnx *o)
{
	uint64_t at = 0;
	uint32_t file = 0;
	size_t i;

	for (i = 0; i < o->num_ext; i++) {
		struct qf_external *e = &o->ext[i];

		/* pages, so that a reader can map what is worth mapping */
		at = qaic_align(at, e->size >= PAGE ? PAGE : 64);
		if (at && at + e->size > QF_ONNX_CHUNK) {
			file++;
			at = 0;
		}
		e->file = file;
		e->offset = at;
		at += e->size;
	}
	return o->num_ext ? file + 1 : 0;
}

static void add_entry(struct qf_onnx *o, Onnx__TensorProto *t, const char *key,
		      const char *value)
{
	Onnx__StringStringEntryProto *p = qf_onnx_alloc(o, sizeof(*p));

	if (!p || !value)
		return;
	onnx__string_string_entry_proto__init(p);
	p->key = (char *)key;
	p->value = (char *)value;
	t->external_data[t->n_external_data++] = p;
}

static void describe(struct qf_onnx *o, const char *stem)
{
	size_t i;

	for (i = 0; i < o->num_ext && !o->rc; i++) {
		const struct qf_external *e = &o->ext[i];
		Onnx__TensorProto *t = e->tensor;

		t->has_data_location = 1;
		t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
		t->external_data = qf_onnx_alloc(o,
				3 * sizeof(*t->external_data));
		if (!t->external_data)
			return;
		add_entry(o, t, "location",
			  qf_onnx_printf(o, "%s_%u.onnx.data", stem, e->file));
		add_entry(o, t, "offset",
			  qf_onnx_printf(o, "%llu",
					 (unsigned long long)e->offset));
		add_entry(o, t, "length",
			  qf_onnx_printf(o, "%llu", (unsigned long long)e->size));
	}
}

/* Drop the pages of a mapping that were just written out. */
static void drop(const uint8_t *data, size_t len)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)data + page - 1) / page * page;
	uintptr_t to = ((uintptr_t)data + len) / page * page;

	if (to > from)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

static int write_one(struct qf_onnx *o, const struct qf_external *e,
		     struct qaic_outfile *f, uint8_t *buf, uint64_t *done,
		     uint64_t total, const struct qaic_progress *progress)
{
	uint64_t at, n;
	int rc;

	/* a byte at the end makes the file as long as it has to be */
	if (o->hollow && e->data)
		return e->size ? qaic_outfile_pwrite(f, "", 1, e->offset +
						     e->size - 1, o->err) : 0;
	for (at = 0; at < e->size; at += n) {
		const uint8_t *src = buf;

		n = e->size - at < PIECE ? e->size - at : PIECE;
		if (e->data)
			src = e->data + at;
		else
			e->fill(e->ctx, at / e->elem, n / e->elem, buf);
		rc = qaic_outfile_pwrite(f, src, n, e->offset + at, o->err);
		if (rc)
			return rc;
		if (e->data)
			drop(src, n);
		*done += n;
		qaic_progress_update(progress, "export", *done, total);
	}
	return 0;
}

static int write_data(struct qf_onnx *o, struct qaic_outfile *files,
		      const struct qaic_progress *progress)
{
	uint64_t total = 0, done = 0;
	uint8_t *buf = malloc(PIECE);
	size_t i;
	int rc = 0;

	if (!buf)
		return qaic_fail(o->err, -ENOMEM, "out of memory");
	for (i = 0; i < o->num_ext; i++)
		total += o->ext[i].size;
	qaic_progress_update(progress, "export", 0, total);
	for (i = 0; i < o->num_ext && !rc; i++)
		rc = write_one(o, &o->ext[i], &files[o->ext[i].file], buf,
			       &done, total, progress);
	free(buf);
	return rc;
}

static void fill_model(struct qf_onnx *o, Onnx__ModelProto *model,
		       Onnx__GraphProto *graph, const char *stem)
{
	size_t i, k;

	onnx__model_proto__init(model);
	onnx__graph_proto__init(graph);
	model->has_ir_version = 1;
	model->ir_version = QF_ONNX_IR;
	model->producer_name = "qeff";
	model->producer_version = QAIC_VERSION;
	model->graph = graph;
	model->functions = o->fn;
	model->n_functions = o->num_fn;
	model->metadata_props = o->meta;
	model->n_metadata_props = o->num_meta;
	graph->name = (char *)stem;
	graph->node = o->nodes.v;
	graph->n_node = o->nodes.n;
	graph->initializer = o->init;
	graph->n_initializer = o->num_init;
	graph->input = o->in;
	graph->n_input = o->num_in;
	graph->output = o->out;
	graph->n_output = o->num_out;
	/* the standard operators, and each function's domain once */
	model->opset_import = qf_onnx_alloc(o, (o->num_fn + 1) *
					    sizeof(*model->opset_import));
	for (i = 0; i <= o->num_fn && !o->rc; i++) {
		const char *domain = i ? o->fn[i - 1]->domain : "";
		Onnx__OperatorSetIdProto *set;

		for (k = 0; k < model->n_opset_import; k++)
			if (!strcmp(model->opset_import[k]->domain, domain))
				break;
		if (k < model->n_opset_import)
			continue;
		set = qf_onnx_alloc(o, sizeof(*set));
		if (!set)
			return;
		onnx__operator_set_id_proto__init(set);
		set->domain = (char *)domain;
		set->has_version = 1;
		set->version = i ? 1 : QF_ONNX_OPSET;
		model->opset_import[model->n_opset_import++] = set;
	}
}

static int write_model(struct qf_onnx *o, const char *path, const char *stem)
{
	Onnx__ModelProto model;
	Onnx__GraphProto graph;
	uint8_t *buf;
	size_t size;
	int rc;

	fill_model(o, &model, &graph, stem);
	if (o->rc)
		return o->rc;
	size = onnx__model_proto__get_packed_size(&model);
	buf = malloc(size);
	if (!buf)
		return qaic_fail(o->err, -ENOMEM, "out of memory");
	onnx__model_proto__pack(&model, buf);
	rc = qaic_write_file(path, buf, size, o->err);
	free(buf);
	return rc;
}

static char *data_path(const char *path, const char *stem, uint32_t i)
{
	const char *slash = strrchr(path, '/');

	return qaic_asprintf("%.*s%s_%u.onnx.data",
			     (int)(slash ? slash + 1 - path : 0), path, stem, i);
}

int qf_onnx_write(struct qf_onnx *o, const char *path,
		  const struct qaic_progress *progress)
{
	struct qaic_outfile *files = NULL;
	uint32_t num = 0, opened = 0, i;
	char *stem = NULL, *name;
	int rc = o->rc;

	if (rc)
		return rc;
	stem = stem_of(path);
	num = place(o);
	files = calloc(num + 1, sizeof(*files));
	if (!stem || !files) {
		rc = qaic_fail(o->err, -ENOMEM, "%s: out of memory", path);
		goto out;
	}
	describe(o, stem);
	rc = o->rc;
	for (; !rc && opened < num; opened += !rc) {
		name = data_path(path, stem, opened);
		rc = name ? qaic_outfile_open(&files[opened], name, o->err) :
			    qaic_fail(o->err, -ENOMEM, "%s: out of memory", path);
		free(name);
	}
	if (!rc)
		rc = write_data(o, files, progress);
	/*
	 * From here an older model of that name would find new data; it goes
	 * first, so that a model that is there always fits its data.
	 */
	if (!rc && unlink(path) && errno != ENOENT)
		rc = qaic_fail(o->err, -errno, "%s: cannot replace: %s", path,
			       strerror(errno));
	for (i = 0; i < opened; i++) {
		if (rc)
			qaic_outfile_abort(&files[i]);
		else
			rc = qaic_outfile_commit(&files[i], o->err);
	}
	if (!rc)
		rc = write_model(o, path, stem);
out:
	free(stem);
	free(files);
	return rc;
}
