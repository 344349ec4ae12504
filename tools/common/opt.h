/* SPDX-License-Identifier: MIT */
/*
 * Command line options from one table: parsing, --help and --version.
 *
 * An option is accepted as --name value, --name=value, -name value and
 * -name=value (the vendor's tools use a single dash), '-' and '_' mean the same
 * inside a name. Flags are bare, or take =true / =false. "--" ends the options.
 * Anything unknown is refused, with the nearest known name.
 *
 *	static struct qaic_opt opts[] = {
 *		QAIC_OPT_GROUP("Model:"),
 *		{ .name = "num-cores", .alias = "n", .kind = QAIC_OPT_UINT,
 *		  .to = &cores, .min = 1, .max = 16, .arg = "N", .def = "16",
 *		  .help = "NSPs to compile for" },
 *	};
 *	struct qaic_opt_cmd cmd = { .prog = "qaic-compile", ... };
 *
 *	ret = qaic_opt_parse(&cmd, argc, argv, &err);
 *	if (ret)
 *		return qaic_opt_exit(&cmd, ret, &err);
 */
#ifndef QAIC_TOOLS_OPT_H
#define QAIC_TOOLS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

enum qaic_opt_kind {
	QAIC_OPT_FLAG,		/* .to: bool * */
	QAIC_OPT_UINT,		/* .to: unsigned int *, between .min and .max */
	QAIC_OPT_REAL,		/* .to: double *, not negative */
	QAIC_OPT_STR,		/* .to: const char ** (points into argv) */
	QAIC_OPT_LIST,		/* .to: struct qaic_opt_list *, repeatable */
	QAIC_OPT_CALL,		/* .to: what .call gets */
	QAIC_OPT_LATER,		/* refused; .help says why, "... is not available yet" */
	QAIC_OPT_HEADING,	/* a line in --help */
};

#define QAIC_OPT_GROUP(text) { .kind = QAIC_OPT_HEADING, .help = (text) }

struct qaic_opt_list {
	const char **v;		/* pointers into argv */
	size_t n;
};

struct qaic_opt {
	const char *name;	/* long name without dashes, "-" between words */
	const char *alias;	/* other names, "v" or "n cores"; may be NULL */
	enum qaic_opt_kind kind;
	void *to;
	/* QAIC_OPT_CALL: take @value ("" if .arg is NULL); 0 or a negative errno */
	int (*call)(void *to, const char *value, struct qaic_err *err);
	uint64_t min, max;	/* QAIC_OPT_UINT; max 0: UINT_MAX */
	bool *given;		/* set when the option was seen; may be NULL */
	const char *arg;	/* name of the value in --help; flags: NULL */
	const char *def;	/* default as --help shows it; may be NULL */
	const char *help;	/* one or more sentences, wrapped by --help */
};

struct qaic_opt_cmd {
	const char *prog;	/* "qeff infer" */
	const char *usage;	/* what follows prog, "[options] QPC" */
	const char *about;	/* what the command does */
	const char *notes;	/* end of --help, printed as it is; may be NULL */
	const struct qaic_opt *opts;
	size_t num_opts;
	size_t min_args, max_args;	/* operands that are no options */
	struct qaic_opt_list args;	/* filled; qaic_opt_release() */
};

/*
 * Parse argv[1..]. Returns 0; 1 when --help or --version was printed and there is
 * nothing else to do; or a negative errno with a message.
 */
int qaic_opt_parse(struct qaic_opt_cmd *cmd, int argc, char *const *argv,
		   struct qaic_err *err);
/* Free cmd->args and every QAIC_OPT_LIST. */
void qaic_opt_release(struct qaic_opt_cmd *cmd);

/* The text of --help. */
void qaic_opt_help(const struct qaic_opt_cmd *cmd, FILE *out);

/*
 * End of main(): print "PROG: message" on stderr if @ret is negative or standard
 * output could not be written, and return the exit status, 1 for an error, else
 * 0. Releases the command's lists.
 */
int qaic_opt_exit(struct qaic_opt_cmd *cmd, int ret, const struct qaic_err *err);

/* true, yes, on, 1 / false, no, off, 0, in any case. Else -EINVAL. */
int qaic_opt_bool(const char *text, bool *out);
/* Decimal digits only, min <= value <= max. Else -EINVAL or -ERANGE. */
int qaic_opt_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out);

#endif
