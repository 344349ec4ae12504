// SPDX-License-Identifier: MIT
/* --help, from the same table the parser uses. */
#include <string.h>

#include "tools/common/opt.h"

#define WIDTH	79
#define INDENT	26

/* Print words from column @col on, continuing lines at @indent. */
static void wrap(FILE *out, const char *text, size_t col, size_t indent)
{
	bool first = true;
	size_t n;

	while (*text) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (!n)
			break;
		if (!first && col + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			col = indent;
			first = true;
		}
		if (!first) {
			fputc(' ', out);
			col++;
		}
		fprintf(out, "%.*s", (int)n, text);
		col += n;
		text += n;
		first = false;
	}
	fputc('\n', out);
}

/* "-v, --verbose FILE": one-letter names first, then the long ones. */
static void option_names(const struct qaic_opt *o, struct qaic_str *s)
{
	const char *p = o->alias;
	size_t n;

	for (; p && *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n == 1)
			qaic_str_printf(s, "-%.*s, ", (int)n, p);
	}
	qaic_str_printf(s, "%s%s", o->name[1] ? "--" : "-", o->name);
	for (p = o->alias; p && *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n > 1)
			qaic_str_printf(s, ", --%.*s", (int)n, p);
	}
	if (o->arg)
		qaic_str_printf(s, " %s", o->arg);
}

static void help_one(const struct qaic_opt *o, FILE *out)
{
	struct qaic_str names = { 0 }, text = { 0 };
	size_t col;

	option_names(o, &names);
	qaic_str_puts(&text, o->help ? o->help : "");
	if (o->kind == QAIC_OPT_UINT && o->max)
		qaic_str_printf(&text, " (%llu to %llu)",
				(unsigned long long)o->min,
				(unsigned long long)o->max);
	if (o->kind == QAIC_OPT_LIST)
		qaic_str_puts(&text, " (may be repeated)");
	if (o->def)
		qaic_str_printf(&text, " [default: %s]", o->def);
	if (names.failed || text.failed)
		goto out;
	fprintf(out, "  %s", names.s);
	col = 2 + names.len;
	if (col + 2 > INDENT) {
		fputc('\n', out);
		col = 0;
	}
	fprintf(out, "%*s", (int)(INDENT - col), "");
	wrap(out, text.s, INDENT, INDENT);
out:
	qaic_str_free(&names);
	qaic_str_free(&text);
}

void qaic_opt_help(const struct qaic_opt_cmd *cmd, FILE *out)
{
	static const struct qaic_opt help = {
		.name = "help", .alias = "h", .help = "Show this text."
	}, version = {
		.name = "version", .help = "Show the version."
	};
	bool later = false, heading = false;
	struct qaic_str usage = { 0 };
	size_t i;

	qaic_str_printf(&usage, "%s %s", cmd->prog, cmd->usage ? cmd->usage : "");
	fprintf(out, "Usage: ");
	wrap(out, usage.failed ? "" : usage.s, 7, 11);
	fputc('\n', out);
	qaic_str_free(&usage);
	if (cmd->about) {
		wrap(out, cmd->about, 0, 0);
		fputc('\n', out);
	}
	for (i = 0; i < cmd->num_opts; i++) {
		const struct qaic_opt *o = &cmd->opts[i];

		if (o->kind == QAIC_OPT_LATER) {
			later = true;
			continue;
		}
		if (o->kind == QAIC_OPT_HEADING) {
			fprintf(out, "%s%s\n", heading ? "\n" : "", o->help);
			heading = true;
			continue;
		}
		if (!heading)
			fprintf(out, "Options:\n");
		heading = true;
		help_one(o, out);
	}
	fprintf(out, "%s", heading ? "\nOther:\n" : "Options:\n");
	help_one(&help, out);
	help_one(&version, out);
	if (later)
		fprintf(out, "\nNot available yet (refused):\n");
	for (i = 0; later && i < cmd->num_opts; i++)
		if (cmd->opts[i].kind == QAIC_OPT_LATER)
			help_one(&cmd->opts[i], out);
	fprintf(out, "\nOptions are also accepted with one dash, as --name=value, and with\n"
		"'_' for '-' in names.\n");
	if (cmd->notes)
		fprintf(out, "\n%s", cmd->notes);
}
