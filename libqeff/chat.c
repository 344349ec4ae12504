// SPDX-License-Identifier: MIT
/*
 * Chat templates of a model directory, found and filled in as transformers does:
 * the text that a model was trained to see around what a user writes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/jinja.h"
#include "libqeff/qeff.h"
#include "libqeff/tok.h"

#define MAX_CONFIG	(64u << 20)
#define MAX_TEMPLATE	(1u << 20)

struct qeff_chat {
	struct jinja *t;
	char *path;		/* where the template is, for messages */
	json_t *vars;		/* bos_token, eos_token, ... */
};

static int parse(struct qeff_chat *c, const char *path, const char *text,
		 size_t len, struct qaic_err *err)
{
	int rc;

	c->path = strdup(path);
	if (!c->path)
		return tok_nomem(err);
	rc = jinja_parse(text, len, &c->t, err);
	if (rc)
		qaic_fail_in(err, "%s: chat template", path);
	return rc;
}

/* A file that is a template; -ENOENT without a message if there is none. */
static int from_file(struct qeff_chat *c, const char *dir, const char *name,
		     struct qaic_err *err)
{
	char *path = dir ? qaic_path(dir, name) : strdup(name), *text;
	size_t len;
	int rc;

	if (!path)
		return tok_nomem(err);
	if (dir && !qaic_is_file(path)) {
		free(path);
		return -ENOENT;
	}
	/* what a user names may be a pipe */
	rc = dir ? qaic_read_file(path, MAX_TEMPLATE, &text, &len, err) :
		   qaic_read_input(path, MAX_TEMPLATE, &text, &len, err);
	if (!rc) {
		rc = parse(c, path, text, len, err);
		free(text);
	}
	free(path);
	return rc;
}

/* The entry @name of [{"name":, "template":}, ...], or of {name: template}. */
static json_t *named(json_t *v, const char *name)
{
	json_t *item;
	const char *s;
	size_t i;

	json_array_foreach(v, i, item) {
		s = json_string_value(json_object_get(item, "name"));
		if (s && !strcmp(s, name))
			return json_object_get(item, "template");
	}
	return json_object_get(v, name);
}

static int take(struct qeff_chat *c, const char *path, json_t *v,
		const char *name, struct qaic_err *err)
{
	if (json_is_array(v) || json_is_object(v))
		v = named(v, name ? name : "default");
	else if (name)
		v = NULL;
	if (!json_is_string(v))
		return -ENOENT;
	return parse(c, path, json_string_value(v), json_string_length(v), err);
}

/* "chat_template" of a JSON file, which may not be there. */
static int from_json(struct qeff_chat *c, const char *dir, const char *file,
		     const char *name, struct qaic_err *err)
{
	char *path = qaic_path(dir, file);
	json_t *root;
	int rc;

	if (!path)
		return tok_nomem(err);
	if (!qaic_is_file(path)) {
		free(path);
		return -ENOENT;
	}
	rc = qaic_json_load_reals(path, MAX_CONFIG, &root, err);
	if (!rc) {
		rc = take(c, path, json_object_get(root, "chat_template"), name,
			  err);
		json_decref(root);
	}
	free(path);
	return rc;
}

static int from_named_file(struct qeff_chat *c, const char *dir,
			   const char *name, struct qaic_err *err)
{
	char *file = qaic_asprintf("additional_chat_templates/%s.jinja", name);
	int rc = file ? from_file(c, dir, file, err) : tok_nomem(err);

	free(file);
	return rc;
}

static bool is_path(const char *name)
{
	size_t n = strlen(name);

	return strchr(name, '/') || (n > 6 && !strcmp(name + n - 6, ".jinja"));
}

static int find_template(struct qeff_chat *c, const char *dir, const char *name,
			 struct qaic_err *err)
{
	int rc;

	if (name && is_path(name))
		return from_file(c, NULL, name, err);
	/* the newer places win */
	rc = name ? from_named_file(c, dir, name, err) :
		    from_file(c, dir, "chat_template.jinja", err);
	if (rc == -ENOENT)
		rc = from_json(c, dir, "tokenizer_config.json", name, err);
	if (rc == -ENOENT)
		rc = from_json(c, dir, "chat_template.json", name, err);
	if (rc != -ENOENT)
		return rc;
	if (name)
		return qaic_fail(err, -ENOENT,
				 "%s: there is no chat template \"%.60s\"; one from a file is given with a '/' in its path, or as .jinja",
				 dir, name);
	return qaic_fail(err, -ENOENT,
			 "%s: no chat template (chat_template.jinja, or \"chat_template\" in tokenizer_config.json): the model is not one for chats, unless --chat-template gives one",
			 dir);
}

/* Special tokens are variables of a template: their texts. */
static int read_tokens(struct qeff_chat *c, const char *dir, const char *file,
		       struct qaic_err *err)
{
	char *path = qaic_path(dir, file);
	json_t *root, *v, *s;
	const char *key;
	size_t n;
	int rc = 0;

	if (!path)
		return tok_nomem(err);
	if (!qaic_is_file(path)) {
		free(path);
		return 0;
	}
	rc = qaic_json_load_reals(path, MAX_CONFIG, &root, err);
	free(path);
	if (rc)
		return rc;
	json_object_foreach(root, key, v) {
		n = strlen(key);
		if (n < 7 || strcmp(key + n - 6, "_token"))
			continue;
		s = json_is_object(v) ? json_object_get(v, "content") : v;
		if (json_is_string(s) && json_object_set(c->vars, key, s))
			rc = tok_nomem(err);
	}
	json_decref(root);
	return rc;
}

int qeff_chat_open(const char *dir, const char *name, struct qeff_chat **out,
		   struct qaic_err *err)
{
	struct qeff_chat *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return tok_nomem(err);
	c->vars = json_object();
	rc = c->vars ? find_template(c, dir, name, err) : tok_nomem(err);
	if (!rc)
		rc = read_tokens(c, dir, "special_tokens_map.json", err);
	if (!rc)
		rc = read_tokens(c, dir, "tokenizer_config.json", err);
	if (rc) {
		qeff_chat_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void qeff_chat_close(struct qeff_chat *c)
{
	if (!c)
		return;
	jinja_free(c->t);
	json_decref(c->vars);
	free(c->path);
	free(c);
}

static int add_message(json_t *list, const struct qeff_message *m)
{
	json_t *role = json_string_nocheck(m->role);
	json_t *content = json_stringn_nocheck(m->content, m->len);
	json_t *obj = json_object();
	int rc = -1;

	if (role && content && obj &&
	    !json_object_set(obj, "role", role) &&
	    !json_object_set(obj, "content", content))
		rc = json_array_append(list, obj);
	json_decref(role);
	json_decref(content);
	json_decref(obj);
	return rc;
}

/* What transformers gives to a template. */
static json_t *variables(const struct qeff_chat *c, const struct qeff_message *m,
			 size_t n)
{
	json_t *vars = json_copy(c->vars), *list = json_array();
	int rc = vars && list ? 0 : -1;
	size_t i;

	for (i = 0; !rc && i < n; i++)
		rc = add_message(list, &m[i]);
	if (!rc)
		rc = json_object_set(vars, "messages", list) ||
		     json_object_set_new(vars, "tools", json_null()) ||
		     json_object_set_new(vars, "documents", json_null()) ||
		     json_object_set_new(vars, "add_generation_prompt",
					 json_true());
	json_decref(list);
	if (!rc)
		return vars;
	json_decref(vars);
	return NULL;
}

int qeff_chat_render(const struct qeff_chat *c, const struct qeff_message *m,
		     size_t n, char **text, size_t *len, struct qaic_err *err)
{
	json_t *vars = variables(c, m, n);
	struct qaic_str out = { 0 };
	int rc;

	if (!vars)
		return tok_nomem(err);
	qaic_str_puts(&out, "");
	rc = jinja_render(c->t, vars, &out, err);
	json_decref(vars);
	if (!rc && out.failed)
		rc = tok_nomem(err);
	if (rc) {
		qaic_fail_in(err, "%s: chat template", c->path);
		qaic_str_free(&out);
		return rc;
	}
	*text = out.s;
	*len = out.len;
	return 0;
}
