// SPDX-License-Identifier: MIT
/*
 * The interface of models from outside: its layout, what fits it, what is known of
 * the architectures. tests/plugin loads real ones.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "libqeff/arch.h"
#include "libqeff/plugin.h"
#include "libqeff/qeff.h"
#include "libqeff/registry.h"

/*
 * A plugin that was built before a change of these would write past the end of a
 * structure, or read another member. QF_LAYOUT has the sizes, and refuses it; what
 * sizes do not show, two members that change places, asks for another QF_INTERFACE.
 */
static void test_layout(void **state)
{
	const struct qf_arch *const list[] = { qf_arch_at(0), NULL };
	struct qf_plugin p = { QF_INTERFACE, QF_LAYOUT, list };
	struct qaic_err err = QAIC_ERR_INIT;
	char want[64];

	assert_int_equal(offsetof(struct qf_plugin, interface), 0);
	assert_int_equal(sizeof(p.interface), 4);
	assert_int_equal(qf_plugin_check(&p, "x.so", &err), 0);

	p.interface = QF_INTERFACE + 1;
	p.layout = 0;
	assert_int_equal(qf_plugin_check(&p, "x.so", &err), -EPROTO);
	snprintf(want, sizeof(want), "version %u of", QF_INTERFACE + 1);
	assert_non_null(strstr(err.msg, want));
	snprintf(want, sizeof(want), "version %u:", QF_INTERFACE);
	assert_non_null(strstr(err.msg, want));
	assert_non_null(strstr(err.msg, "x.so"));

	p.interface = QF_INTERFACE;
	p.layout = QF_LAYOUT + 1;
	assert_int_equal(qf_plugin_check(&p, "x.so", &err), -EPROTO);
	snprintf(want, sizeof(want), "%u.%08x", QF_INTERFACE, QF_LAYOUT);
	assert_non_null(strstr(err.msg, want));
	snprintf(want, sizeof(want), "%u.%08x", QF_INTERFACE, QF_LAYOUT + 1);
	assert_non_null(strstr(err.msg, want));

	p.layout = QF_LAYOUT;
	p.archs = NULL;
	assert_int_equal(qf_plugin_check(&p, "x.so", &err), -EINVAL);
	p.archs = list + 1;
	assert_int_equal(qf_plugin_check(&p, "x.so", &err), -EINVAL);
}

static void put(const char *path, const void *data, size_t size)
{
	assert_int_equal(qaic_write_file(path, data, size, NULL), 0);
}

/* Files that are no shared object, or not all of one. */
static void test_files(void **state)
{
	char dir[] = "/tmp/qaic-plugin-XXXXXX";
	struct qaic_err err = QAIC_ERR_INIT;
	char *path, *self = NULL;
	size_t len, n;

	assert_non_null(mkdtemp(dir));
	path = qaic_path(dir, "x.so");
	assert_int_equal(qeff_plugin_load(path, false, &err), -ENOENT);
	put(path, "", 0);
	assert_int_equal(qeff_plugin_load(path, false, &err), -ENOEXEC);
	put(path, "no object", 9);
	assert_int_equal(qeff_plugin_load(path, false, &err), -ENOEXEC);
	assert_non_null(strstr(err.msg, "x.so"));
	/* this program, cut anywhere: -pie makes it look like an object */
	assert_int_equal(qaic_read_file("/proc/self/exe", 1 << 30, &self, &len,
					&err), 0);
	for (n = 1; n < len; n = n * 2 + 7) {
		put(path, self, n);
		assert_int_equal(qeff_plugin_load(path, false, &err), -ENOEXEC);
	}
	/* headers that say something else */
	for (n = 16; n < 64; n++) {
		char c = self[n];

		self[n] = ~c;
		put(path, self, 4096);
		assert_int_equal(qeff_plugin_load(path, false, &err), -ENOEXEC);
		self[n] = c;
	}
	assert_int_equal(qeff_plugin_load_list("", false, &err), 0);
	assert_int_equal(qeff_plugin_load_list(NULL, false, &err), 0);
	assert_int_equal(qeff_plugin_load_list(":::", false, &err), 0);
	assert_int_equal(qeff_plugin_load_list("/nowhere::", false, &err),
			 -ENOENT);
	unlink(path);
	assert_int_equal(qeff_plugin_load(dir, false, &err), 0);
	put(path, "no object", 9);
	assert_int_equal(qeff_plugin_load(dir, false, &err), -ENOEXEC);
	assert_int_equal(qf_plugin_num_archs(), 0);
	free(self);
	free(path);
	assert_int_equal(qaic_rmtree(dir, NULL), 0);
}

static json_t *options(const char *name)
{
	struct qeff_arch_info a;
	json_t *j = NULL;
	char *text;
	size_t i;

	for (i = 0; qeff_arch_info(i, &a); i++)
		if (!strcmp(a.classes[0].name, name))
			break;
	assert_int_equal(qeff_arch_options(i, &text, NULL), 0);
	assert_int_equal(qaic_json_parse(text, strlen(text), name, &j, NULL), 0);
	free(text);
	return j;
}

static const char *kind_of(json_t *opt, const char *field)
{
	const char *s = json_string_value(json_object_get(
				json_object_get(opt, field), "kind"));

	return s ? s : "";
}

static json_t *default_of(json_t *opt, const char *field)
{
	return json_object_get(json_object_get(opt, field), "default");
}

/* Every architecture says what it is, and its configure() survives the looks. */
static void test_all(void **state)
{
	struct qeff_arch_info a;
	size_t i, k;
	char *text;

	for (i = 0; qeff_arch_info(i, &a); i++) {
		assert_true(a.num_classes > 0);
		assert_null(a.plugin);
		assert_true(*a.model_type && strcmp(a.kind, "?"));
		for (k = 0; k < a.num_classes; k++)
			assert_true(*a.classes[k].name &&
				    strcmp(a.classes[k].head, "?"));
		assert_int_equal(qeff_arch_options(i, &text, NULL), 0);
		assert_non_null(strstr(text, "\"vocab_size\"") ?:
				strstr(text, "\"padded_vocab_size\""));
		assert_non_null(strstr(text, "\"quantization_config\""));
		free(text);
	}
	assert_true(i > 20);
	assert_int_equal(qeff_arch_options(i, &text, NULL), -ENOENT);
	assert_null(text);
}

static void test_options(void **state)
{
	json_t *j = options("LlamaForCausalLM");

	assert_string_equal(kind_of(j, "num_hidden_layers"), "integer");
	assert_int_equal(json_integer_value(default_of(j, "num_hidden_layers")),
			 32);
	assert_string_equal(kind_of(j, "hidden_act"), "activation");
	assert_string_equal(json_string_value(default_of(j, "hidden_act")),
			    "silu");
	assert_string_equal(kind_of(j, "quantization_config"), "refused");
	assert_string_equal(kind_of(j, "attention_bias"), "boolean");
	/* behind a type of rope_scaling */
	assert_string_equal(kind_of(j, "rope_scaling.low_freq_factor"), "number");
	assert_string_equal(kind_of(j, "rope_scaling.beta_fast"), "number");
	json_decref(j);
	j = options("FalconForCausalLM");
	/* behind a switch: alibi instead of rotation */
	assert_string_equal(kind_of(j, "alibi"), "boolean");
	assert_true(json_is_false(default_of(j, "alibi")));
	json_decref(j);
	j = options("MptForCausalLM");
	/* in an object */
	assert_string_equal(kind_of(j, "attn_config"), "object");
	assert_string_equal(kind_of(j, "attn_config.clip_qkv"), "number");
	assert_string_equal(kind_of(j, "attn_config.qk_ln"), "only false");
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
