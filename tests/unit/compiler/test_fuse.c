// SPDX-License-Identifier: MIT
/* What is fused, what is not. The numbers are judged in tools/test_card_patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/fuse.h"
#include "tests/onnx/pattern_models.h"

static int count(const struct qc_graph *g, const char *op)
{
	const struct qc_node *n;
	int k = 0;

	for (n = g->first; n; n = n->next)
		k += !n->dead && qc_node_is(n, op);
	return k;
}

static void all_patterns(void **state)
{
	char path[] = "/tmp/qaic-fuse-XXXXXX";
	size_t i;

	assert_return_code(close(mkstemp(path)), 0);
	for (i = 0; i < QAIC_ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];
		Onnx__ModelProto *mp = pattern_model(p);
		struct qaic_err err = QAIC_ERR_INIT;
		struct qc_model *m = NULL;
		struct qc_graph *g = NULL;
		int n, gone;

		assert_int_equal(mm_write(mp, path), 0);
		mm_free(mp);
		if (qc_model_open(path, &m, &err) ||
		    qc_graph_build(m, NULL, 0, &g, &err) || qc_fuse(g, &err))
			fail_msg("%s: %s", p->name, err.msg);
		n = count(g, p->op);
		gone = p->gone ? count(g, p->gone) : 0;
		/* the residual Add and the product of q, k, v stay */
		if (!strcmp(p->name, "split") || !strcmp(p->name, "gated"))
			gone = 0;
		if (n != p->count || gone)
			fail_msg("%s: %d %s, %d %s", p->name, n, p->op, gone,
				 p->gone);
		assert_string_equal(g->outputs[0]->name, "y");
		qc_graph_free(g);
		qc_model_close(m);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
