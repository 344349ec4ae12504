// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "tools/common/prompts.h"

#define MAX_FILE	(64u << 20)

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

int qaic_prompts_look(const char *model_dir, const char *input_ids,
		      const char *prompts_file, const char *context_file,
		      struct qaic_err *err)
{
	const char *file[] = { prompts_file, context_file };
	struct qeff_tokenizer *tok;
	struct qaic_err why = QAIC_ERR_INIT;
	size_t i;
	int ret;

	for (i = 0; i < QAIC_ARRAY_SIZE(file); i++)
		if (file[i] && access(file[i], R_OK))
			return qaic_fail(err, -errno, "%s: %s", file[i],
					 strerror(errno));
	if (input_ids)
		return 0;
	ret = qeff_tokenizer_open(model_dir, &tok, &why);
	if (ret)
		return qaic_fail(err, ret, "%s%s", why.msg, ret != -ENOENT ? "" :
				 "; --input-ids takes token ids instead of text");
	qeff_tokenizer_close(tok);
	return 0;
}

static int add(struct qaic_prompts *p, const char *text, size_t len,
	       struct qaic_err *err)
{
	struct qaic_prompt *v = realloc(p->v, (p->n + 1) * sizeof(*v));

	if (!v)
		return no_memory(err);
	p->v = v;
	memset(&v[p->n], 0, sizeof(*v));
	v[p->n].text = strndup(text, len);
	if (!v[p->n].text)
		return no_memory(err);
	p->n++;
	return 0;
}

int qaic_prompts_split(struct qaic_prompts *p, const char *text,
		       struct qaic_err *err)
{
	size_t n;
	int ret;

	for (;; text += n + 1) {
		n = strcspn(text, "|");
		ret = add(p, text, n, err);
		if (ret || !text[n])
			return ret;
	}
}

int qaic_prompts_file(struct qaic_prompts *p, const char *path,
		      struct qaic_err *err)
{
	char *text, *line, *end, *next;
	size_t len;
	int ret;

	ret = qaic_read_input(path, MAX_FILE, &text, &len, err);
	if (ret)
		return ret;
	for (line = text; !ret && line < text + len; line = next) {
		end = memchr(line, '\n', text + len - line);
		if (!end)
			end = text + len;
		next = end + 1;
		while (line < end && isspace((unsigned char)*line))
			line++;
		while (end > line && isspace((unsigned char)end[-1]))
			end--;
		if (end > line)
			ret = add(p, line, end - line, err);
	}
	free(text);
	if (!ret && !p->n)
		ret = qaic_fail(err, -EINVAL, "%s: no prompt in it", path);
	return ret;
}

static int parse_ids(struct qaic_prompt *p, struct qaic_err *err)
{
	const char *s = p->text;
	char *end;
	long v;

	/* each id takes a digit and a separator */
	p->ids = calloc(strlen(s) / 2 + 1, sizeof(*p->ids));
	if (!p->ids)
		return no_memory(err);
	for (;;) {
		s += strspn(s, " ,\t\n");
		if (!*s)
			break;
		errno = 0;
		v = strtol(s, &end, 10);
		if (!isdigit((unsigned char)*s) || errno || v > INT_MAX ||
		    !strchr(" ,\t\n", *end))
			return qaic_fail(err, -EINVAL,
					 "--input-ids: \"%s\" is not a list of token ids",
					 p->text);
		p->ids[p->num_ids++] = v;
		s = end;
	}
	if (!p->num_ids)
		return qaic_fail(err, -EINVAL, "--input-ids: a row has no ids");
	return 0;
}

int qaic_prompts_ids(struct qaic_prompts *p, const char *text,
		     struct qaic_err *err)
{
	int ret = qaic_prompts_split(p, text, err);
	size_t i;

	for (i = 0; !ret && i < p->n; i++)
		ret = parse_ids(&p->v[i], err);
	return ret;
}

int qaic_prompts_encode(struct qaic_prompts *p, const struct qeff_tokenizer *tok,
			struct qaic_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < p->n; i++)
		if (!p->v[i].ids)
			ret = qeff_encode(tok, p->v[i].text,
					  strlen(p->v[i].text), true,
					  &p->v[i].ids, &p->v[i].num_ids, err);
	return ret;
}

static int encode_chat(struct qaic_prompt *p, const struct qeff_tokenizer *tok,
		       const struct qeff_chat *chat, const char *system,
		       struct qaic_err *err)
{
	struct qeff_message m[2];
	size_t n = 0, len;
	char *text;
	int ret;

	if (system)
		m[n++] = (struct qeff_message){ "system", system,
						strlen(system) };
	m[n++] = (struct qeff_message){ "user", p->text, strlen(p->text) };
	ret = qeff_chat_render(chat, m, n, &text, &len, err);
	if (ret)
		return ret;
	/* the template has BOS in it, where the model wants one */
	ret = qeff_encode(tok, text, len, false, &p->ids, &p->num_ids, err);
	free(text);
	return ret;
}

int qaic_prompts_chat(struct qaic_prompts *p, const struct qeff_tokenizer *tok,
		      const struct qeff_chat *chat, const char *system,
		      struct qaic_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < p->n; i++)
		ret = encode_chat(&p->v[i], tok, chat, system, err);
	return ret;
}

static int repeat(struct qaic_prompts *p, size_t i, struct qaic_err *err)
{
	size_t bytes = p->v[i].num_ids * sizeof(int32_t);
	struct qaic_prompt *q;
	int ret;

	ret = add(p, p->v[i].text, strlen(p->v[i].text), err);
	if (ret)
		return ret;
	q = &p->v[p->n - 1];
	q->ids = malloc(bytes + 1);
	if (!q->ids)
		return no_memory(err);
	if (bytes)
		memcpy(q->ids, p->v[i].ids, bytes);
	q->num_ids = p->v[i].num_ids;
	return 0;
}

static void drop_last(struct qaic_prompts *p)
{
	p->n--;
	free(p->v[p->n].text);
	free(p->v[p->n].ids);
}

int qaic_prompts_fit(struct qaic_prompts *p, size_t batch, const char **note,
		     struct qaic_err *err)
{
	size_t n = p->n, i;
	int ret = 0;

	*note = NULL;
	if (!n || n % batch == 0)
		return 0;
	if (n < batch) {
		*note = "fewer prompts than the batch size, repeating them to fill it";
		for (i = n; !ret && i < batch; i++)
			ret = repeat(p, i - n, err);
		return ret;
	}
	*note = "the number of prompts is no multiple of the batch size, dropping the last incomplete batch";
	while (p->n % batch)
		drop_last(p);
	return 0;
}

void qaic_prompts_release(struct qaic_prompts *p)
{
	while (p->n)
		drop_last(p);
	free(p->v);
	p->v = NULL;
}
