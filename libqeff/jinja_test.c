// SPDX-License-Identifier: MIT
/* "x is test": the tests of templates. */
#include <errno.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

typedef int (*test_fn)(struct jinja_run *r, const struct jinja_val *v,
		       const struct jinja_val *arg, bool *yes);

static bool is(const struct jinja_val *v, json_type type)
{
	return v->type == JV_JSON && json_typeof(v->j) == type;
}

#define TEST(name, expr) \
	static int test_ ## name(struct jinja_run *r, const struct jinja_val *v, \
				 const struct jinja_val *arg, bool *yes) \
	{ \
		*yes = (expr); \
		return 0; \
	}

TEST(defined, v->type != JV_UNDEFINED)
TEST(undefined, v->type == JV_UNDEFINED)
TEST(none, is(v, JSON_NULL))
TEST(string, is(v, JSON_STRING))
TEST(number, jinja_is_number(v))
TEST(integer, is(v, JSON_INTEGER))
TEST(float, is(v, JSON_REAL))
TEST(boolean, is(v, JSON_TRUE) || is(v, JSON_FALSE))
TEST(true, is(v, JSON_TRUE))
TEST(false, is(v, JSON_FALSE))
TEST(mapping, is(v, JSON_OBJECT))
TEST(iterable, is(v, JSON_OBJECT) || is(v, JSON_ARRAY) || is(v, JSON_STRING) ||
     v->type == JV_UNDEFINED)
TEST(sequence, is(v, JSON_OBJECT) || is(v, JSON_ARRAY) || is(v, JSON_STRING))
TEST(callable, v->type == JV_MACRO || v->type == JV_FUNCTION)

static int need_int(struct jinja_run *r, const struct jinja_val *v)
{
	return v && jinja_is_int(v) ? 0 :
	       jinja_error(r, -EINVAL, "a test of whole numbers for %s",
			   v ? jinja_kind(v) : "nothing");
}

static int test_even(struct jinja_run *r, const struct jinja_val *v,
		     const struct jinja_val *arg, bool *yes)
{
	int rc = need_int(r, v);

	*yes = !rc && jinja_int(v) % 2 == 0;
	return rc;
}

static int test_odd(struct jinja_run *r, const struct jinja_val *v,
		    const struct jinja_val *arg, bool *yes)
{
	int rc = test_even(r, v, arg, yes);

	*yes = !*yes;
	return rc;
}

static int test_divisibleby(struct jinja_run *r, const struct jinja_val *v,
			    const struct jinja_val *arg, bool *yes)
{
	int rc = need_int(r, v);

	if (!rc)
		rc = need_int(r, arg);
	if (!rc && !jinja_int(arg))
		rc = jinja_error(r, -EINVAL, "a division by zero");
	/* -1 apart: the lowest number has no opposite */
	*yes = !rc && (jinja_int(arg) == -1 || jinja_int(v) % jinja_int(arg) == 0);
	return rc;
}

static int test_equal(struct jinja_run *r, const struct jinja_val *v,
		      const struct jinja_val *arg, bool *yes)
{
	return jinja_equal(r, v, arg, yes);
}

static int test_differs(struct jinja_run *r, const struct jinja_val *v,
			const struct jinja_val *arg, bool *yes)
{
	int rc = jinja_equal(r, v, arg, yes);

	*yes = !*yes;
	return rc;
}

static int test_in(struct jinja_run *r, const struct jinja_val *v,
		   const struct jinja_val *arg, bool *yes)
{
	return jinja_contains(r, arg, v, yes);
}

#define ORDER(name, op) \
	static int test_ ## name(struct jinja_run *r, const struct jinja_val *v, \
				 const struct jinja_val *arg, bool *yes) \
	{ \
		int order = 0, rc = jinja_compare(r, v, arg, &order); \
		\
		*yes = order op 0; \
		return rc; \
	}

ORDER(less, <)
ORDER(greater, >)
ORDER(least, >=)
ORDER(most, <=)

static const struct {
	const char *name;
	test_fn fn;
	bool arg;
} tests[] = {
	{ "defined", test_defined, false },
	{ "undefined", test_undefined, false },
	{ "none", test_none, false },
	{ "string", test_string, false },
	{ "number", test_number, false },
	{ "integer", test_integer, false },
	{ "float", test_float, false },
	{ "boolean", test_boolean, false },
	{ "true", test_true, false },
	{ "false", test_false, false },
	{ "mapping", test_mapping, false },
	{ "iterable", test_iterable, false },
	{ "sequence", test_sequence, false },
	{ "callable", test_callable, false },
	{ "even", test_even, false },
	{ "odd", test_odd, false },
	{ "divisibleby", test_divisibleby, true },
	{ "equalto", test_equal, true },
	{ "eq", test_equal, true },
	{ "==", test_equal, true },
	{ "ne", test_differs, true },
	{ "!=", test_differs, true },
	{ "in", test_in, true },
	{ "lt", test_less, true },
	{ "lessthan", test_less, true },
	{ "<", test_less, true },
	{ "gt", test_greater, true },
	{ "greaterthan", test_greater, true },
	{ ">", test_greater, true },
	{ "ge", test_least, true },
	{ ">=", test_least, true },
	{ "le", test_most, true },
	{ "<=", test_most, true },
};

int jinja_find_test(const char *name)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(tests); i++)
		if (!strcmp(tests[i].name, name))
			return i;
	return -1;
}

int jinja_test(struct jinja_run *r, int which, const struct jinja_val *self,
	       struct jinja_args *a, bool *yes)
{
	*yes = false;
	if (a->n != tests[which].arg)
		return jinja_error(r, -EINVAL, "test \"%s\" takes %s argument",
				   tests[which].name,
				   tests[which].arg ? "one" : "no");
	return tests[which].fn(r, self, a->n ? &a->v[0] : NULL, yes);
}
