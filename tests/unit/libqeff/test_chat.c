// SPDX-License-Identifier: MIT
/* Chat templates: where they are found, and what they are given. */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

static const struct qeff_message talk[] = {
	{ "system", "S", 1 }, { "user", "Hi", 2 },
};

static void says(const char *dir, const char *name, const char *want)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_chat *c;
	char *text;
	size_t len;

	if (qeff_chat_open(dir, name, &c, &err) ||
	    qeff_chat_render(c, talk, 2, &text, &len, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
	qeff_chat_close(c);
}

static void refused(const char *dir, const char *name, int code,
		    const char *words)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_chat *c = NULL;
	char *text;
	size_t len;
	int rc = qeff_chat_open(dir, name, &c, &err);

	if (!rc)
		rc = qeff_chat_render(c, talk, 2, &text, &len, &err);
	if (rc != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\", expected %d \"%s\"", rc, err.msg, code,
			 words);
	qeff_chat_close(c);
}

static void places(void **state)
{
	char *dir = temp_dir(), *file;

	refused(dir, NULL, -ENOENT, "no chat template");
	put_text(dir, "chat_template.json", "{\"chat_template\":\"json\"}");
	says(dir, NULL, "json");
	put_text(dir, "tokenizer_config.json", "{\"model_max_length\":"
		 "1000000000000000019884624838656}");
	says(dir, NULL, "json");
	put_text(dir, "tokenizer_config.json", "{\"chat_template\":\"config\"}");
	says(dir, NULL, "config");
	refused(dir, "tool_use", -ENOENT, "no chat template \"tool_use\"");
	put_text(dir, "tokenizer_config.json", "{\"chat_template\":[{\"name\":"
		 "\"default\",\"template\":\"one\"},{\"name\":\"tool_use\","
		 "\"template\":\"two\"}]}");
	says(dir, NULL, "one");
	says(dir, "tool_use", "two");
	put_text(dir, "chat_template.jinja", "file\n");
	says(dir, NULL, "file");
	says(dir, "tool_use", "two");
	file = qaic_path(dir, "chat_template.jinja");
	says(dir, file, "file");
	free(file);
	refused(dir, "./nowhere.jinja", -ENOENT, "nowhere.jinja");
	drop_dir(dir);
}

static void variables(void **state)
{
	char *dir = temp_dir();

	put_text(dir, "chat_template.jinja",
		 "{{ bos_token }}{% for m in messages %}<{{ m.role }}>"
		 "{{ m['content'] }}{{ eos_token }}{% endfor %}"
		 "{% if add_generation_prompt %}<bot>{% endif %}"
		 "{% if tools is none and documents is none %}!{% endif %}"
		 "{{ pad_token }}{{ unk_token }}");
	put_text(dir, "special_tokens_map.json", "{\"bos_token\":\"<old>\","
		 "\"pad_token\":{\"content\":\"<p>\"}}");
	put_text(dir, "tokenizer_config.json", "{\"bos_token\":{\"content\":"
		 "\"<s>\"},\"eos_token\":\"</s>\",\"unk_token\":null,"
		 "\"add_bos_token\":true}");
	says(dir, NULL, "<s><system>S</s><user>Hi</s><bot>!<p>");
	drop_dir(dir);
}

static void errors(void **state)
{
	char *dir = temp_dir();

	put_text(dir, "chat_template.jinja", "\n{{ x | sparkle }}");
	refused(dir, NULL, -EOPNOTSUPP,
		"chat_template.jinja: chat template: line 2: filter \"sparkle\"");
	put_text(dir, "chat_template.jinja", "{% if messages[0].role == 'system'"
		 " %}{{ raise_exception('no system message') }}{% endif %}");
	refused(dir, NULL, -EINVAL, "refuses this: no system message");
	drop_dir(dir);
	dir = temp_dir();
	put_text(dir, "tokenizer_config.json", "{\"chat_template\":7}");
	refused(dir, NULL, -ENOENT, "no chat template");
	put_text(dir, "tokenizer_config.json", "{\"chat_template\":[7,{}]}");
	refused(dir, NULL, -ENOENT, "no chat template");
	put_text(dir, "tokenizer_config.json", "{");
	refused(dir, NULL, -EINVAL, "tokenizer_config.json");
	drop_dir(dir);
}

/* Bytes that are no UTF-8 pass through. */
static void bytes(void **state)
{
	const struct qeff_message m = { "user", "a\xff\0b", 4 };
	struct qaic_err err = QAIC_ERR_INIT;
	char *dir = temp_dir(), *text;
	struct qeff_chat *c;
	size_t len;

	put_text(dir, "chat_template.jinja", "{{ messages[0].content | trim }}");
	assert_int_equal(qeff_chat_open(dir, NULL, &c, &err), 0);
	assert_int_equal(qeff_chat_render(c, &m, 1, &text, &len, &err), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "a\xff\0b", 4);
	free(text);
	qeff_chat_close(c);
	drop_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(variables),
		cmocka_unit_test(errors), cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
