// SPDX-License-Identifier: MIT
/*
 * The option parser. getopt_long_only() is near, but it takes unambiguous
 * prefixes, knows no '_' for '-', and could not suggest what was meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tools/common/opt.h"

#define MAX_NAME	64
#define DASH(o)		((o)->name[1] ? "--" : "-")

static char same(char c)
{
	return c == '_' ? '-' : c;
}

/* Is the @len bytes long @word the name @name? */
static bool name_is(const char *name, size_t name_len, const char *word,
		    size_t len)
{
	size_t i;

	if (name_len != len)
		return false;
	for (i = 0; i < len; i++)
		if (same(name[i]) != same(word[i]))
			return false;
	return true;
}

/* Call @fn for the name and every alias of an option until it returns true. */
static bool each_name(const struct qaic_opt *o,
		      bool (*fn)(void *ctx, const char *name, size_t len),
		      void *ctx)
{
	const char *p = o->alias;
	size_t n;

	if (!o->name)
		return false;
	if (fn(ctx, o->name, strlen(o->name)))
		return true;
	while (p && *p) {
		n = strcspn(p, " ");
		if (n && fn(ctx, p, n))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

struct word {
	const char *s;
	size_t len;
};

static bool match_word(void *ctx, const char *name, size_t len)
{
	const struct word *w = ctx;

	return name_is(name, len, w->s, w->len);
}

static const struct qaic_opt *find(const struct qaic_opt_cmd *cmd,
				   const char *s, size_t len)
{
	struct word w = { s, len };
	size_t i;

	for (i = 0; i < cmd->num_opts; i++)
		if (each_name(&cmd->opts[i], match_word, &w))
			return &cmd->opts[i];
	return NULL;
}

struct names {
	char (*v)[MAX_NAME];
	size_t n, cap;
};

static bool add_name(void *ctx, const char *name, size_t len)
{
	struct names *l = ctx;
	size_t i;

	if (l->n == l->cap || len >= MAX_NAME)
		return false;
	for (i = 0; i < len; i++)
		l->v[l->n][i] = same(name[i]);
	l->v[l->n++][len] = '\0';
	return false;
}

static int refuse_unknown(const struct qaic_opt_cmd *cmd, const char *arg,
			  const char *s, size_t len, struct qaic_err *err)
{
	char word[MAX_NAME] = "";
	struct names names = { NULL, 0, 8 * cmd->num_opts + 2 };
	const char **list = NULL, *near = NULL;
	size_t i;
	int ret;

	for (i = 0; i < len && i < MAX_NAME - 1; i++)
		word[i] = same(s[i]);
	names.v = calloc(names.cap, sizeof(*names.v));
	list = calloc(names.cap, sizeof(*list));
	if (names.v && list) {
		for (i = 0; i < cmd->num_opts; i++)
			each_name(&cmd->opts[i], add_name, &names);
		add_name(&names, "help", 4);
		add_name(&names, "version", 7);
		for (i = 0; i < names.n; i++)
			list[i] = names.v[i];
		near = qaic_nearest(word, list, names.n);
	}
	if (near)
		ret = qaic_fail(err, -EINVAL,
				"unknown option %.*s; did you mean %s%s?",
				(int)(s + len - arg), arg,
				near[1] ? "--" : "-", near);
	else
		ret = qaic_fail(err, -EINVAL,
				"unknown option %.*s; %s --help lists the options",
				(int)(s + len - arg), arg, cmd->prog);
	free(names.v);
	free(list);
	return ret;
}

int qaic_opt_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(yes); i++) {
		if (!strcasecmp(text, yes[i])) {
			*out = true;
			return 0;
		}
		if (!strcasecmp(text, no[i])) {
			*out = false;
			return 0;
		}
	}
	return -EINVAL;
}

int qaic_opt_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	const char *p;

	if (!*text)
		return -EINVAL;
	for (p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

static int list_add(struct qaic_opt_list *l, const char *value)
{
	const char **v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[l->n++] = value;
	l->v = v;
	return 0;
}

static int set_uint(const struct qaic_opt *o, const char *value,
		    struct qaic_err *err)
{
	uint64_t max = o->max ? o->max : UINT_MAX, v;

	if (!qaic_opt_uint(value, o->min, max, &v)) {
		*(unsigned int *)o->to = v;
		return 0;
	}
	if (max == UINT_MAX)
		return qaic_fail(err, -EINVAL,
				 "%s%s takes a number of at least %llu, not \"%s\"",
				 DASH(o), o->name, (unsigned long long)o->min, value);
	return qaic_fail(err, -EINVAL, "%s%s takes a number from %llu to %llu, not \"%s\"",
			 DASH(o), o->name, (unsigned long long)o->min,
			 (unsigned long long)max, value);
}

static int set_real(const struct qaic_opt *o, const char *value,
		    struct qaic_err *err)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(value, &end);
	if (!*value || *end || errno || !isfinite(v) || v < 0)
		return qaic_fail(err, -EINVAL, "%s%s takes a number, not \"%s\"",
				 DASH(o), o->name, value);
	*(double *)o->to = v;
	return 0;
}

/* @value is NULL for a flag without "=value". */
static int apply(const struct qaic_opt *o, const char *value,
		 struct qaic_err *err)
{
	int ret = 0;

	switch (o->kind) {
	case QAIC_OPT_FLAG:
		if (!value)
			*(bool *)o->to = true;
		else if (qaic_opt_bool(value, o->to))
			return qaic_fail(err, -EINVAL,
					 "%s%s takes no value, or =true or =false, not \"%s\"",
					 DASH(o), o->name, value);
		break;
	case QAIC_OPT_UINT:
		ret = set_uint(o, value, err);
		break;
	case QAIC_OPT_REAL:
		ret = set_real(o, value, err);
		break;
	case QAIC_OPT_STR:
		*(const char **)o->to = value;
		break;
	case QAIC_OPT_LIST:
		ret = list_add(o->to, value);
		if (ret)
			qaic_fail(err, ret, "out of memory");
		break;
	case QAIC_OPT_CALL:
		ret = o->call(o->to, value ? value : "", err);
		break;
	case QAIC_OPT_LATER:
	case QAIC_OPT_HEADING:
		return -EINVAL;
	}
	if (!ret && o->given)
		*o->given = true;
	return ret;
}

/* Would @arg be read as an option of this command? */
static bool is_known_option(const struct qaic_opt_cmd *cmd, const char *arg)
{
	const char *s = arg;

	if (*s != '-' || !s[1])
		return false;
	s += 1 + (s[1] == '-');
	return *s && find(cmd, s, strcspn(s, "="));
}

/* One option at argv[*i]; a value in the next argument advances *i. */
static int parse_one(struct qaic_opt_cmd *cmd, int argc, char *const *argv,
		     int *i, struct qaic_err *err)
{
	const char *arg = argv[*i], *s, *value;
	const struct qaic_opt *o;
	size_t len;

	s = arg + 1 + (arg[1] == '-');
	len = strcspn(s, "=");
	value = s[len] == '=' ? s + len + 1 : NULL;
	o = find(cmd, s, len);
	if (!o && !value && (name_is("help", 4, s, len) ||
			     (len == 1 && *s == 'h'))) {
		qaic_opt_help(cmd, stdout);
		return 1;
	}
	if (!o && !value && name_is("version", 7, s, len)) {
		printf("%.*s %s\n", (int)strcspn(cmd->prog, " "), cmd->prog,
		       QAIC_VERSION);
		return 1;
	}
	if (!o)
		return refuse_unknown(cmd, arg, s, len, err);
	if (o->kind == QAIC_OPT_LATER)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s%s is not available yet: %s", DASH(o), o->name,
				 o->help);
	if (o->kind == QAIC_OPT_FLAG || (o->kind == QAIC_OPT_CALL && !o->arg))
		return apply(o, value, err);
	if (!value) {
		if (*i + 1 >= argc || is_known_option(cmd, argv[*i + 1]))
			return qaic_fail(err, -EINVAL, "%s%s needs a value: %s%s %s",
					 DASH(o), o->name, DASH(o), o->name, o->arg ? o->arg : "VALUE");
		value = argv[++*i];
	}
	return apply(o, value, err);
}

/*
 * Nobody's file may become standard output because that was closed: fill the
 * gaps with descriptors that refuse to be used, so that it is noticed.
 */
static void fill_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

int qaic_opt_parse(struct qaic_opt_cmd *cmd, int argc, char *const *argv,
		   struct qaic_err *err)
{
	bool options = true;
	int i, ret;

	fill_standard_fds();
	for (i = 1; i < argc; i++) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
			continue;
		}
		if (options && argv[i][0] == '-' && argv[i][1]) {
			ret = parse_one(cmd, argc, argv, &i, err);
			if (ret)
				return ret;
			continue;
		}
		if (cmd->args.n == cmd->max_args)
			return qaic_fail(err, -EINVAL,
					 "unexpected argument \"%s\"; %s --help shows the usage",
					 argv[i], cmd->prog);
		if (list_add(&cmd->args, argv[i]))
			return qaic_fail(err, -ENOMEM, "out of memory");
	}
	if (cmd->args.n < cmd->min_args)
		return qaic_fail(err, -EINVAL, "usage: %s %s", cmd->prog,
				 cmd->usage ? cmd->usage : "");
	return 0;
}

void qaic_opt_release(struct qaic_opt_cmd *cmd)
{
	struct qaic_opt_list *l;
	size_t i;

	for (i = 0; i < cmd->num_opts; i++) {
		if (cmd->opts[i].kind != QAIC_OPT_LIST)
			continue;
		l = cmd->opts[i].to;
		free(l->v);
		l->v = NULL;
		l->n = 0;
	}
	free(cmd->args.v);
	cmd->args.v = NULL;
	cmd->args.n = 0;
}

int qaic_opt_exit(struct qaic_opt_cmd *cmd, int ret, const struct qaic_err *err)
{
	bool lost = fflush(stdout) || ferror(stdout);

	if (ret < 0)
		fprintf(stderr, "%s: %s\n", cmd->prog,
			err && err->msg[0] ? err->msg : strerror(-ret));
	else if (lost)
		fprintf(stderr, "%s: standard output cannot be written\n",
			cmd->prog);
	qaic_opt_release(cmd);
	return ret < 0 || lost;
}
