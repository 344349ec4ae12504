/* SPDX-License-Identifier: MIT */
/*
 * One error, on its way to the person who has to act on it.
 *
 * Inside, functions return 0 (or a count) or a negative errno. A function that
 * can say more takes a struct qaic_err and leaves one line there that names the
 * file, the tensor or the flag, and what to do. The edge (a tool's main) prints
 * it once. The innermost message wins; callers on the way out may put a context
 * in front of it.
 */
#ifndef QAIC_ERR_H
#define QAIC_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

struct qaic_err {
	int code;		/* 0 or a negative errno */
	char msg[500];		/* one line, no newline at the end */
};

#define QAIC_ERR_INIT { 0, "" }

/*
 * Record a message and return @code (a negative errno), so that a failing
 * function reads "return qaic_fail(err, -EINVAL, ...)". Control characters in
 * the message become '?', since names come from hostile files. @err may be NULL.
 */
int qaic_fail(struct qaic_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Put "context: " in front of the message that is there. Returns err->code.
 */
int qaic_fail_in(struct qaic_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
