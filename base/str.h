/* SPDX-License-Identifier: MIT */
/*
 * Growable strings and checked sizes.
 */
#ifndef QAIC_STR_H
#define QAIC_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QAIC_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct qaic_str {
	char *s;		/* NUL-terminated once anything was added */
	size_t len;
	size_t cap;
	bool failed;		/* an allocation failed; s holds what came before */
};

void qaic_str_add(struct qaic_str *str, const char *data, size_t len);
void qaic_str_puts(struct qaic_str *str, const char *text);
void qaic_str_putc(struct qaic_str *str, char c);
void qaic_str_printf(struct qaic_str *str, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A word of a shell's command line, quoted if it needs to be. */
void qaic_str_shell(struct qaic_str *str, const char *word);
void qaic_str_free(struct qaic_str *str);

/* asprintf that returns NULL on failure. */
char *qaic_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The candidate nearest to @word by edit distance, or NULL if none is near. */
const char *qaic_nearest(const char *word, const char *const *list, size_t n);

static inline bool qaic_mul_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline uint64_t qaic_align(uint64_t v, uint64_t a)
{
	return (v + a - 1) / a * a;
}

#endif
