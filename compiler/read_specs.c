// SPDX-License-Identifier: MIT
/* The JSON of -network-specialization-config, flat (2024) or named (2026). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "compiler/qaicc.h"
#include "qpc/program.h"

#define MAX_FILE (4u << 20)

/* Everything in one block: specs, symbols, strings. */
struct sizes {
	size_t specs, symbols, chars;
};

struct block {
	struct qaicc_spec *specs;
	struct qaicc_symbol *symbols;
	char *chars;
	struct sizes used;
};

static int parse_value(const char *key, json_t *v, int64_t *out,
		       struct qaic_err *err)
{
	const char *s = json_string_value(v);
	char *end;

	if (s) {
		errno = 0;
		*out = strtoll(s, &end, 10);
		if (!*s || *end || errno)
			return qaic_fail(err, -EINVAL,
					 "symbol '%s': '%s' is not a number",
					 key, s);
	} else if (json_is_integer(v)) {
		*out = json_integer_value(v);
	} else if (json_is_real(v)) {
		double d = json_real_value(v);

		*out = d >= -1e15 && d <= 1e15 ? (int64_t)d : -1;
		if (d != (double)*out)
			*out = -1;
	} else {
		return qaic_fail(err, -EINVAL,
				 "symbol '%s' is neither a string nor a number",
				 key);
	}
	if (*out < 0 || *out > INT32_MAX)
		return qaic_fail(err, -EINVAL,
				 "symbol '%s': the value must be 0 or more",
				 key);
	return 0;
}

/* The object with the symbols, and the name if it is of the named form. */
static int spec_parts(json_t *spec, json_t **symbols, const char **name,
		      struct qaic_err *err)
{
	int rc;

	*name = NULL;
	*symbols = spec;
	if (!json_is_object(spec))
		return qaic_fail(err, -EINVAL,
				 "a specialization is not an object");
	if (!json_is_object(json_object_get(spec, "symbols")))
		return 0;
	rc = qaic_json_obj(spec, "symbols", symbols, err);
	if (rc < 0)
		return rc;
	rc = qaic_json_str(spec, "name", name, err);
	return rc < 0 ? rc : 0;
}

static int measure(json_t *list, struct sizes *n, struct qaic_err *err)
{
	json_t *spec, *symbols, *v;
	const char *name, *key;
	size_t i;
	int rc;

	memset(n, 0, sizeof(*n));
	if (json_array_size(list) > QPC_MAX_SPECS)
		return qaic_fail(err, -EINVAL,
				 "%zu specializations; at most %u",
				 json_array_size(list), QPC_MAX_SPECS);
	json_array_foreach(list, i, spec) {
		rc = spec_parts(spec, &symbols, &name, err);
		if (rc)
			return rc;
		n->specs++;
		n->chars += name ? strlen(name) + 1 : 0;
		if (json_object_size(symbols) > QPC_MAX_SYMBOLS)
			return qaic_fail(err, -EINVAL,
				"specialization %zu has more than %u symbols",
				i, QPC_MAX_SYMBOLS);
		json_object_foreach(symbols, key, v) {
			n->symbols++;
			n->chars += strlen(key) + 1;
		}
	}
	if (!n->specs)
		return qaic_fail(err, -EINVAL, "no specializations");
	return 0;
}

static const char *put(struct block *b, const char *s)
{
	char *to = b->chars + b->used.chars;

	strcpy(to, s);
	b->used.chars += strlen(s) + 1;
	return to;
}

static int fill(json_t *list, struct block *b, struct qaic_err *err)
{
	json_t *spec, *symbols, *v;
	const char *name, *key;
	size_t i;
	int rc;

	json_array_foreach(list, i, spec) {
		struct qaicc_spec *s = &b->specs[i];

		rc = spec_parts(spec, &symbols, &name, err);
		if (rc)
			return rc;
		s->name = name ? put(b, name) : NULL;
		s->symbols = b->symbols + b->used.symbols;
		json_object_foreach(symbols, key, v) {
			struct qaicc_symbol *sym =
				&b->symbols[b->used.symbols++];

			rc = parse_value(key, v, &sym->value, err);
			if (rc)
				return rc;
			sym->name = put(b, key);
			s->num_symbols++;
		}
	}
	return 0;
}

bool qaicc_same_symbols(const struct qaicc_symbol *a, size_t na,
			const struct qaicc_symbol *b, size_t nb)
{
	size_t i, k;

	for (i = 0; i < na && na == nb; i++) {
		for (k = 0; k < nb; k++)
			if (!strcmp(a[i].name, b[k].name))
				break;
		if (k == nb || a[i].value != b[k].value)
			return false;
	}
	return na == nb;
}

int qaicc_read_specs(const char *path, struct qaicc_spec **specs,
		     size_t *num_specs, struct qaic_err *err)
{
	json_t *root, *list = NULL;
	struct block b = { 0 };
	struct sizes n;
	int rc;

	*specs = NULL;
	*num_specs = 0;
	rc = qaic_json_load(path, MAX_FILE, &root, err);
	if (rc)
		return rc;
	rc = qaic_json_arr(root, "specializations", &list, err);
	if (rc > 0)
		rc = qaic_fail(err, -EINVAL, "'specializations' is missing");
	if (!rc)
		rc = measure(list, &n, err);
	if (!rc) {
		b.specs = calloc(1, n.specs * sizeof(*b.specs) +
				 n.symbols * sizeof(*b.symbols) + n.chars + 1);
		if (!b.specs)
			rc = qaic_fail(err, -ENOMEM, "out of memory");
	}
	if (!rc) {
		b.symbols = (struct qaicc_symbol *)(b.specs + n.specs);
		b.chars = (char *)(b.symbols + n.symbols);
		rc = fill(list, &b, err);
	}
	json_decref(root);
	if (rc) {
		free(b.specs);
		qaic_fail_in(err, "%s", path);
		return rc;
	}
	*specs = b.specs;
	*num_specs = n.specs;
	return 0;
}
