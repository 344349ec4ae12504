// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"
#include "tools/common/json_out.h"

int qaic_json_print(json_t *j, struct qaic_err *err)
{
	int ret = j ? json_dumpf(j, stdout, JSON_INDENT(2) |
				 JSON_PRESERVE_ORDER |
				 JSON_REAL_PRECISION(15)) : -1;

	json_decref(j);
	if (ret)
		return qaic_fail(err, -EIO,
				 "the JSON document cannot be written");
	printf("\n");
	return 0;
}

/* JSON text is UTF-8; bytes of a prompt that are not become '?'. */
json_t *qaic_json_text(const char *text)
{
	json_t *j = json_string(text);
	char *copy, *p;

	if (j)
		return j;
	copy = strdup(text);
	if (!copy)
		return json_null();
	for (p = copy; *p; p++)
		if (*p & 0x80)
			*p = '?';
	j = json_string(copy);
	free(copy);
	return j;
}

json_t *qaic_json_ids(const int32_t *ids, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, json_integer(ids[i]));
	return a;
}

json_t *qaic_json_number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

json_t *qaic_json_skus(const double *v)
{
	json_t *j = json_object();
	unsigned int i;

	for (i = 0; i < QEFF_NUM_SKUS; i++)
		json_object_set_new(j, qaic_sku_name(i), qaic_json_number(v[i]));
	return j;
}
