/* SPDX-License-Identifier: MIT */
/*
 * Chat templates: the part of Jinja that published ones use, rendered as
 * transformers renders it (trim_blocks, lstrip_blocks, no escaping, containers
 * that cannot be changed, break and continue).
 *
 * A template comes with a model, so from a stranger: its size, the depth of its
 * expressions and calls, the work of a rendering and what it writes are limited.
 */
#ifndef QEFF_JINJA_H
#define QEFF_JINJA_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

struct jinja;

/*
 * Read a template. What this code does not know is refused here, with its line:
 * -EINVAL (not a template), -EOPNOTSUPP (statement, filter or test by name).
 */
int jinja_parse(const char *text, size_t len, struct jinja **out,
		struct qaic_err *err);
void jinja_free(struct jinja *t);

/*
 * Append what @t makes of @vars, an object. -EINVAL: an operation its values do
 * not have, or raise_exception(); -EOPNOTSUPP; -E2BIG: too much work.
 */
int jinja_render(const struct jinja *t, json_t *vars, struct qaic_str *out,
		 struct qaic_err *err);

#endif
