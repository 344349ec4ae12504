// SPDX-License-Identifier: MIT
/*
 * The published checkpoints: tests/checkpoints lists their configs and, apart from
 * these, the names and shapes of their weights. Each model's graph is built from the
 * config; it must find every weight of the list, in its shape, and read all of them.
 * There are no weights: a graph that is not written never looks at their bytes.
 *
 * In names, {0-31} stands for the numbers from 0 to 31 and {q,k} for q and k.
 *
 * What of the lists is known from where: tests/checkpoints/README.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <dirent.h>

#include "base/json.h"
#include "libqeff/arch.h"
#include "libqeff/build.h"
#include "libqeff/registry.h"
#include "libqeff/safetensors.h"

static struct qaic_err err;

/* ---- lists of weights ---- */

struct list {
	struct qf_tensors ts;
	size_t cap;
	bool unused;			/* what is added now is not read */
	json_t *ignored;		/* names of those */
};

static void add(struct list *l, const char *name, json_t *shape)
{
	static const uint8_t nothing[1024];	/* small ones are copied */
	struct qf_tensor *t;
	json_t *v;
	size_t i;

	if (l->ts.num == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		l->ts.tensor = realloc(l->ts.tensor, l->cap * sizeof(*t));
		assert_non_null(l->ts.tensor);
	}
	t = &l->ts.tensor[l->ts.num++];
	memset(t, 0, sizeof(*t));
	t->name = strdup(name);
	t->dtype = QAIC_BF16;
	t->data = nothing;
	t->size = qaic_dtype_size(t->dtype);
	json_array_foreach(shape, i, v) {
		t->dim[t->rank++] = json_integer_value(v);
		t->size *= json_integer_value(v);
	}
	if (l->unused)
		json_object_set_new(l->ignored, name, json_true());
}

static void expand(struct list *l, const char *pattern, json_t *shape);

static void expand_with(struct list *l, const char *pattern, const char *open,
			const char *what, size_t len, const char *rest,
			json_t *shape)
{
	struct qaic_str s = { 0 };

	qaic_str_printf(&s, "%.*s%.*s%s", (int)(open - pattern), pattern,
			(int)len, what, rest);
	expand(l, s.s, shape);
	qaic_str_free(&s);
}

/* Add the weights that @pattern stands for, one brace after the other. */
static void expand(struct list *l, const char *pattern, json_t *shape)
{
	const char *open = strchr(pattern, '{'), *p, *end;
	unsigned int from, to;
	char number[16];
	int n = 0;

	if (!open) {
		add(l, pattern, shape);
		return;
	}
	end = strchr(open, '}');
	assert_non_null(end);
	if (sscanf(open, "{%u-%u}%n", &from, &to, &n) == 2 && n) {
		for (; from <= to; from++) {
			snprintf(number, sizeof(number), "%u", from);
			expand_with(l, pattern, open, number, strlen(number),
				    end + 1, shape);
		}
		return;
	}
	for (p = open + 1; p < end; p += n + 1) {
		n = strcspn(p, ",}");
		expand_with(l, pattern, open, p, n, end + 1, shape);
	}
}

static void read_list(struct list *l, json_t *model, const char *without)
{
	const char *pattern;
	json_t *shape;

	memset(l, 0, sizeof(*l));
	l->ignored = json_object();
	json_object_foreach(json_object_get(model, "weights"), pattern, shape)
		if (!without || strcmp(pattern, without))
			expand(l, pattern, shape);
	l->unused = true;
	json_object_foreach(json_object_get(model, "unused"), pattern, shape)
		expand(l, pattern, shape);
	if (qf_tensors_sort(&l->ts, &err))
		fail_msg("%s", err.msg);
}

static void free_list(struct list *l)
{
	qf_tensors_close(&l->ts);
	json_decref(l->ignored);
}

/* ---- models ---- */

static const char *name_of(json_t *model)
{
	return json_string_value(json_object_get(model, "model"));
}

/* Where its sizes and names are confirmed, or that they are not. */
static void check_source(json_t *model)
{
	const char *s = json_string_value(json_object_get(model, "source"));

	if (!s || (!strstr(s, "unconfirmed") && !strstr(s, "names: ")))
		fail_msg("%s: no \"source\"", name_of(model));
}

static void configure(json_t *model, struct qf_model *m)
{
	char *dir = temp_dir(), *text;
	const struct qf_arch *arch;
	struct qf_config c;

	text = json_dumps(json_object_get(model, "config"), 0);
	assert_non_null(text);
	put_text(dir, "config.json", text);
	free(text);
	text = json_dumps(json_object_get(model, "modules"), 0);
	if (text)	/* that it is there makes it a model of vectors */
		put_text(dir, QF_MODULES, text);
	free(text);
	if (qf_config_open(&c, dir, &arch, &err) ||
	    qf_config_model(&c, arch, m))
		fail_msg("%s: %s", name_of(model), err.msg);
	qf_config_close(&c);
	drop_dir(dir);
}

static void check_model(json_t *model, const struct qf_model *m)
{
	uint64_t want = json_integer_value(json_object_get(model, "parameters"));
	uint64_t sum = 0;
	struct qf_build b;
	struct list l;
	size_t i;

	read_list(&l, model, NULL);
	if (qf_build_model(&b, m, &l.ts, &err))
		fail_msg("%s: %s", name_of(model), err.msg);
	for (i = 0; i < l.ts.num; i++) {
		const char *name = l.ts.tensor[i].name;
		bool ignored = json_object_get(l.ignored, name);

		if (!ignored)
			sum += qf_tensor_numel(&l.ts.tensor[i]);
		if (ignored == !!b.used[i])
			fail_msg("%s: weight %s is %sread", name_of(model),
				 name, ignored ? "" : "not ");
	}
	/* a check of the list: where "counted_by" names who else counted, theirs */
	if (want && sum != want)
		fail_msg("%s: %llu parameters listed", name_of(model),
			 (unsigned long long)sum);
	qf_build_release(&b);
	free_list(&l);
}

/* No weight of the list may be missing; one pattern at a time is. */
static void check_missing(json_t *model, const struct qf_model *m)
{
	const char *pattern;
	struct qf_build b;
	struct list l;
	json_t *shape;

	json_object_foreach(json_object_get(model, "weights"), pattern, shape) {
		/* without it the head is the embedding, where that is allowed */
		if (!strcmp(pattern, "lm_head.weight") && m->tied_if_alone)
			continue;
		read_list(&l, model, pattern);
		if (!qf_build_model(&b, m, &l.ts, &err) ||
		    !strstr(err.msg, "is missing from the checkpoint"))
			fail_msg("%s: built without %s", name_of(model), pattern);
		qf_build_release(&b);
		free_list(&l);
	}
}

static unsigned int check_file(const char *path)
{
	json_t *root, *models, *model;
	struct qf_model m;
	size_t i;

	if (qaic_json_load(path, 1 << 20, &root, &err))
		fail_msg("%s", err.msg);
	models = json_object_get(root, "models");
	json_array_foreach(models, i, model) {
		check_source(model);
		configure(model, &m);
		check_model(model, &m);
		/* the other sizes have the same weights */
		if (!i)
			check_missing(model, &m);
	}
	i = json_array_size(models);
	json_decref(root);
	return i;
}

static void test_published(void **state)
{
	DIR *d = opendir("tests/checkpoints");
	unsigned int n = 0;
	const char *end;
	struct dirent *e;
	char *path;

	assert_non_null(d);
	while ((e = readdir(d))) {
		end = strrchr(e->d_name, '.');
		if (!end || strcmp(end, ".json"))
			continue;
		path = qaic_path("tests/checkpoints", e->d_name);
		n += check_file(path);
		free(path);
	}
	closedir(d);
	assert_in_range(n, 80, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
