/* SPDX-License-Identifier: MIT */
/* Reader of conversation.txt, which explains its format. */
#ifndef TESTS_KERNEL_TRACE_H
#define TESTS_KERNEL_TRACE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers that have a name ---- */

struct var {
	char name[24];
	uint64_t value;
};

struct vars {
	struct var v[40];
	unsigned int n;
};

static inline struct var *var_find(struct vars *vs, const char *name)
{
	unsigned int i;

	for (i = 0; i < vs->n; i++)
		if (!strcmp(vs->v[i].name, name))
			return &vs->v[i];
	return NULL;
}

static inline void var_set(struct vars *vs, const char *name, uint64_t value)
{
	struct var *v = var_find(vs, name);

	if (!v && vs->n < sizeof(vs->v) / sizeof(vs->v[0])) {
		v = &vs->v[vs->n++];
		snprintf(v->name, sizeof(v->name), "%s", name);
	}
	if (v)
		v->value = value;
}

static inline void var_forget(struct vars *vs, const char *name)
{
	struct var *v = var_find(vs, name);

	if (v)
		*v = vs->v[--vs->n];
}

static inline uint64_t var_get(struct vars *vs, const char *name)
{
	struct var *v = var_find(vs, name);

	return v ? v->value : 0;
}

/* ---- the recording ---- */

enum { USR_TO, CARD_TO, CARD_FROM, USR_FROM, NUM_PARTS };

struct step {
	char name[32];
	char *part[NUM_PARTS];		/* tokens; NULL: there is none */
	uint32_t count[NUM_PARTS];	/* USR_* */
};

struct trace {
	struct step steps[32];
	unsigned int n;
};

static inline void trace_append(char **part, const char *text)
{
	size_t old = *part ? strlen(*part) : 0;

	*part = realloc(*part, old + strlen(text) + 2);
	sprintf(*part + old, " %s", text);
}

static inline bool trace_read(struct trace *t, const char *path)
{
	static const char *const names[] = { "usr>", "card>", "card<", "usr<" };
	FILE *f = fopen(path, "r");
	char line[512], *text;
	struct step *s = NULL;
	int i, part = -1;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		if (!strncmp(line, "step ", 5)) {
			s = &t->steps[t->n++];
			snprintf(s->name, sizeof(s->name), "%.31s", line + 5);
			continue;
		}
		text = line;
		for (i = 0; i < NUM_PARTS && !isspace((unsigned char)line[0]); i++) {
			if (strncmp(line, names[i], strlen(names[i])))
				continue;
			part = i;
			text = line + strlen(names[i]);
			if (i == USR_TO || i == USR_FROM)
				s->count[i] = strtoul(text, &text, 10);
		}
		if (!s || part < 0)
			return false;
		trace_append(&s->part[part], text);
	}
	if (f)
		fclose(f);
	return t->n > 0;
}

/* ---- bytes from tokens, and against them ---- */

struct token {
	uint8_t bytes[64];		/* unless it has a name */
	char name[24];
	size_t len;
	unsigned int times;
};

/* The next token of @p, or NULL at the end */
static inline const char *trace_token(const char *p, struct token *t)
{
	char word[80], *end;
	size_t n;

	while (isspace((unsigned char)*p))
		p++;
	n = strcspn(p, " \t");
	if (!n || n >= sizeof(word))
		return NULL;
	memcpy(word, p, n);
	word[n] = '\0';
	memset(t, 0, sizeof(*t));
	t->times = 1;
	if (word[0] == '"') {
		t->len = n - 2;
		memcpy(t->bytes, word + 1, t->len);
	} else if (strchr(word, ':')) {
		t->len = atoi(strchr(word, ':') + 1);
		*strchr(word, ':') = '\0';
		snprintf(t->name, sizeof(t->name), "%.23s", word);
	} else {
		t->bytes[0] = strtoul(word, &end, 16);
		t->len = 1;
		if (*end == '*')
			t->times = atoi(end + 1);
	}
	return p + n;
}

/* @p as bytes; the length, or 0 if a number has no value or @cap is too small */
static inline size_t trace_bytes(const char *p, struct vars *vs, uint8_t *out,
				 size_t cap)
{
	struct token t;
	uint64_t value;
	size_t len = 0;

	while ((p = trace_token(p, &t))) {
		if (t.name[0]) {
			if (!var_find(vs, t.name))
				return 0;
			value = var_get(vs, t.name);
			memcpy(t.bytes, &value, t.len);
		}
		for (; t.times; t.times--, len += t.len) {
			if (t.len > cap - len)
				return 0;
			memcpy(out + len, t.bytes, t.len);
		}
	}
	return len;
}

/*
 * Is @data what @p says? Numbers without a value get one. The offset of the first
 * byte that is not, or -1.
 */
static inline long trace_match(const char *p, struct vars *vs,
			       const uint8_t *data, size_t len)
{
	struct token t;
	uint64_t value;
	size_t at = 0, i;

	while ((p = trace_token(p, &t)))
		for (; t.times; t.times--, at += t.len) {
			if (t.len > len - at)
				return len;
			if (t.name[0]) {
				value = 0;
				memcpy(&value, data + at, t.len);
				if (!var_find(vs, t.name))
					var_set(vs, t.name, value);
				if (var_get(vs, t.name) != value)
					return at;
				continue;
			}
			for (i = 0; i < t.len; i++)
				if (data[at + i] != t.bytes[i])
					return at + i;
		}
	return at == len ? -1 : (long)at;
}

#endif
