// SPDX-License-Identifier: MIT
/* Operators of two sides: + - * / // % ** ~ and comparisons. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

static int concat(struct jinja_run *r, const struct jinja_val *a,
		  const struct jinja_val *b, struct jinja_val *out)
{
	struct qaic_str s = { 0 };
	int rc = jinja_print(r, a, &s);

	if (!rc)
		rc = jinja_print(r, b, &s);
	if (!rc)
		return jinja_take_str(r, &s, out);
	qaic_str_free(&s);
	return rc;
}

static int add_lists(struct jinja_run *r, json_t *a, json_t *b,
		     struct jinja_val *out)
{
	json_t *list = json_array();
	int rc = list ? jinja_charge(r, (json_array_size(a) +
			json_array_size(b)) * 16) : tok_nomem(r->err);

	if (!rc && (json_array_extend(list, a) || json_array_extend(list, b)))
		rc = tok_nomem(r->err);
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}

static int repeat(struct jinja_run *r, json_t *s, int64_t n,
		  struct jinja_val *out)
{
	struct qaic_str text = { 0 };
	int rc = 0;

	for (; !rc && n > 0; n--) {
		rc = jinja_charge(r, json_string_length(s));
		qaic_str_add(&text, json_string_value(s),
			     json_string_length(s));
	}
	if (!rc)
		return jinja_take_str(r, &text, out);
	qaic_str_free(&text);
	return rc;
}

static int too_large(struct jinja_run *r)
{
	return jinja_error(r, -ERANGE, "a number that is too large");
}

static int int_math(struct jinja_run *r, int op, int64_t a, int64_t b,
		    struct jinja_val *out)
{
	int64_t v = 0;
	bool over = false;

	if ((op == 'i' || op == '%') && !b)
		return jinja_error(r, -EINVAL, "a division by zero");
	if ((op == 'i' || op == '%') && b == -1) {
		over = a == INT64_MIN;
		v = over || op == '%' ? 0 : -a;
	} else if (op == 'i') {		/* both round down, as in Python */
		v = a / b - (a % b && (a < 0) != (b < 0));
	} else if (op == '%') {
		v = a % b;
		if (v && (v < 0) != (b < 0))
			v += b;
	} else if (op == '+') {
		over = __builtin_add_overflow(a, b, &v);
	} else if (op == '-') {
		over = __builtin_sub_overflow(a, b, &v);
	} else {
		over = __builtin_mul_overflow(a, b, &v);
	}
	return over ? too_large(r) : jinja_json(r, json_integer(v), out);
}

static int real_math(struct jinja_run *r, int op, double a, double b,
		     struct jinja_val *out)
{
	double v;

	if ((op == '/' || op == 'i' || op == '%') && b == 0)
		return jinja_error(r, -EINVAL, "a division by zero");
	switch (op) {
	case '+':
		v = a + b;
		break;
	case '-':
		v = a - b;
		break;
	case '*':
		v = a * b;
		break;
	case '/':
		v = a / b;
		break;
	case 'i':
		v = floor(a / b);
		break;
	case '%':
		v = a - b * floor(a / b);
		break;
	default:
		v = pow(a, b);
	}
	return isfinite(v) ? jinja_json(r, json_real(v), out) : too_large(r);
}

static int power(struct jinja_run *r, int64_t a, int64_t b,
		 struct jinja_val *out)
{
	int64_t v = 1;

	if (b < 0)
		return real_math(r, 'p', a, b, out);
	if (b > 64 && (a > 1 || a < -1))
		return too_large(r);
	if (b > 64)
		b = b % 2 + 2;		/* of 0, 1 and -1 */
	for (; b; b--)
		if (__builtin_mul_overflow(v, a, &v))
			return too_large(r);
	return jinja_json(r, json_integer(v), out);
}

static bool is_list(const struct jinja_val *v)
{
	return v->type == JV_JSON && json_is_array(v->j);
}

static int apply(struct jinja_run *r, int op, const struct jinja_val *a,
		 const struct jinja_val *b, struct jinja_val *out)
{
	if (op == '~')
		return concat(r, a, b, out);
	if (op == '+' && jinja_is_string(a) && jinja_is_string(b))
		return concat(r, a, b, out);
	if (op == '+' && is_list(a) && is_list(b))
		return add_lists(r, a->j, b->j, out);
	if (op == '*' && jinja_is_string(a) && jinja_is_int(b))
		return repeat(r, a->j, jinja_int(b), out);
	if (op == '*' && jinja_is_int(a) && jinja_is_string(b))
		return repeat(r, b->j, jinja_int(a), out);
	if (!jinja_is_number(a) || !jinja_is_number(b))
		return jinja_error(r, -EINVAL, "%s %s %s",
				   jinja_kind(a), op == 'i' ? "//" :
				   op == 'p' ? "**" : (char[]){ op, 0 },
				   jinja_kind(b));
	if (jinja_is_int(a) && jinja_is_int(b) && op == 'p')
		return power(r, jinja_int(a), jinja_int(b), out);
	if (jinja_is_int(a) && jinja_is_int(b) && op != '/')
		return int_math(r, op, jinja_int(a), jinja_int(b), out);
	return real_math(r, op, jinja_number(a), jinja_number(b), out);
}

static int relate(struct jinja_run *r, int op, const struct jinja_val *a,
		  const struct jinja_val *b, struct jinja_val *out)
{
	int rc, order = 0;
	bool yes = false;

	switch (op) {
	case '=':
	case '!':
		rc = jinja_equal(r, a, b, &yes);
		yes ^= op == '!';
		break;
	case 'i':
	case 'n':
		rc = jinja_contains(r, b, a, &yes);
		yes ^= op == 'n';
		break;
	default:
		rc = jinja_compare(r, a, b, &order);
		yes = op == '<' ? order < 0 : op == '>' ? order > 0 :
		      op == 'l' ? order <= 0 : order >= 0;
	}
	return rc ? rc : jinja_json(r, json_boolean(yes), out);
}

typedef int (*both_fn)(struct jinja_run *r, int op, const struct jinja_val *a,
		       const struct jinja_val *b, struct jinja_val *out);

static int both(struct jinja_run *r, const struct jinja_node *n, both_fn fn,
		struct jinja_val *out)
{
	struct jinja_val a, b = { 0 };
	int rc = jinja_eval(r, n->a, &a);

	if (!rc)
		rc = jinja_eval(r, n->b, &b);
	r->line = n->line;
	if (!rc)
		rc = fn(r, n->op, &a, &b, out);
	jinja_clear(&a);
	jinja_clear(&b);
	return rc;
}

int jinja_math(struct jinja_run *r, const struct jinja_node *n,
	       struct jinja_val *out)
{
	return both(r, n, apply, out);
}

int jinja_relation(struct jinja_run *r, const struct jinja_node *n,
		   struct jinja_val *out)
{
	return both(r, n, relate, out);
}
