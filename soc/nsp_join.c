// SPDX-License-Identifier: MIT
/*
 * Phase by phase, the streams of a group are walked together. Commands that write
 * LOCAL must be the same in all of them: each is executed once, in the first NSP's
 * LOCAL, which then is what every one of them has. Between two of those, NSPs do not
 * depend on each other (qpc/isa.h), so that any order will do that keeps each one's
 * own: a command of one NSP is put together with its like of the others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/verify.h"
#include "soc/nsp_fold.h"
#include "soc/nsp_join.h"

#define LOOK	8		/* commands ahead */
#define MAX_CMDS (1u << 18)	/* of a program: more would take long */

/* One group's walk through a specialization. */
struct walk {
	const struct qpc_stream *s;	/* of its first NSP, the others follow */
	unsigned int num;		/* NSPs */
	uint32_t at[NSP_MAX_NSPS];
	const struct qpc_spaces *spaces;
	struct nsp_cmd *out;
	uint32_t num_out;
};

static const struct nsp_cmd *cmd_at(const struct walk *w, unsigned int i)
{
	return &w->s[i].cmds[w->at[i]];
}

static bool ends(const struct nsp_cmd *c)
{
	return c->op == NSP_END || c->op == NSP_SEM;
}

static bool writes_local(const struct nsp_cmd *c)
{
	const struct qpc_op_rule *rule = qpc_op_rule(c->op);
	unsigned int k;

	for (k = 0; k < NSP_OPNDS; k++)
		if ((rule->o[k].role == QPC_WRITE ||
		     rule->o[k].role == QPC_UPDATE) &&
		    NSP_ADDR_SPACE(c->o[k].addr) == NSP_SPACE_LOCAL)
			return true;
	return false;
}

/* Something that all NSPs of the group come to together. */
static bool is_stop(const struct nsp_cmd *c)
{
	return ends(c) || c->op == NSP_BARRIER || writes_local(c);
}

static bool alike(const struct nsp_cmd *a, const struct nsp_cmd *b)
{
	return a->op == b->op && a->sub == b->sub && a->node == b->node &&
	       !memcmp(a->dtype, b->dtype, sizeof(a->dtype));
}

/* Does an NSP have the like of @c, but something else before it? */
static bool comes_later(const struct walk *w, const struct nsp_cmd *c)
{
	const struct nsp_cmd *d;
	unsigned int i, n;

	for (i = 0; i < w->num; i++) {
		d = cmd_at(w, i);
		for (n = 0; n < LOOK && !is_stop(d); n++, d++) {
			if (!alike(c, d))
				continue;
			if (n)
				return true;
			break;
		}
	}
	return false;
}

/* What comes next, or NULL if every NSP is at a stop. */
static const struct nsp_cmd *choose(const struct walk *w)
{
	const struct nsp_cmd *c, *first = NULL;
	unsigned int i;

	for (i = 0; i < w->num; i++) {
		c = cmd_at(w, i);
		if (is_stop(c))
			continue;
		if (!comes_later(w, c))
			return c;
		if (!first)
			first = c;
	}
	return first;
}

/* Neighbours of @n commands along @way; returns how many are left. */
static unsigned int fold(const struct walk *w, struct nsp_cmd *c,
			 unsigned int n, unsigned int way)
{
	struct nsp_cmd both;
	unsigned int i, k = 0;

	for (i = 1; i < n; i++) {
		if (nsp_fold(&c[k], &c[i], way, &both) &&
		    !qpc_verify_cmd(&both, w->spaces, NULL))
			c[k] = both;
		else
			c[++k] = c[i];
	}
	return k + 1;
}

static void put_together(struct walk *w, const struct nsp_cmd *like)
{
	struct nsp_cmd *c = w->out + w->num_out;
	unsigned int i, n = 0;
	const uint8_t *way;

	for (i = 0; i < w->num; i++)
		if (!is_stop(cmd_at(w, i)) && alike(like, cmd_at(w, i)))
			c[n++] = w->s[i].cmds[w->at[i]++];
	for (way = nsp_fold_ways(like->op); *way && n > 1; way++)
		n = fold(w, c, n, *way);
	w->num_out += n;
}

static bool all_end(const struct walk *w)
{
	unsigned int i;

	for (i = 0; i < w->num; i++)
		if (!ends(cmd_at(w, i)))
			return false;
	return true;
}

/* All NSPs are at a stop: it becomes one command. */
static bool pass_stop(struct walk *w)
{
	const struct nsp_cmd *c = cmd_at(w, 0);
	unsigned int i;

	for (i = 0; i < w->num; i++)
		if (ends(c) || memcmp(c, cmd_at(w, i), sizeof(*c)))
			return false;
	w->out[w->num_out++] = *c;
	for (i = 0; i < w->num; i++)
		w->at[i]++;
	return true;
}

/* false: they cannot be one */
static bool walk(struct walk *w)
{
	const struct nsp_cmd *c;

	for (;;) {
		c = choose(w);
		if (c) {
			put_together(w, c);
			continue;
		}
		if (all_end(w))
			break;
		if (!pass_stop(w))
			return false;
	}
	/* the handshake is the job's */
	memset(&w->out[w->num_out], 0, sizeof(*w->out));
	w->out[w->num_out++].op = NSP_END;
	return true;
}

/* -EINVAL: they cannot be one */
static int join_group(const struct qpc_program *prog,
		      const struct qpc_stream *s, unsigned int num,
		      struct qpc_stream *out)
{
	const struct qpc_spaces spaces = qpc_spaces_of(prog);
	struct walk w = { .s = s, .num = num, .spaces = &spaces };
	struct nsp_cmd *less;
	size_t total = 0;
	unsigned int i;

	for (i = 0; i < num; i++)
		total += s[i].num_cmds;
	w.out = malloc(total * sizeof(*w.out));
	if (!w.out)
		return -ENOMEM;
	if (!walk(&w)) {
		free(w.out);
		return -EINVAL;
	}
	less = realloc(w.out, w.num_out * sizeof(*w.out));
	out->cmds = less ? less : w.out;
	out->num_cmds = w.num_out;
	return 0;
}

/*
 * The first NSP of each group: one thread has all, several have pairs, and single ones
 * at the end. Larger groups read weights no faster, and phases in which NSPs have more
 * or less to do, as attention of 12 heads on 16 of them, take longer.
 */
static unsigned int make_groups(unsigned int nsps, unsigned int threads,
				uint8_t *first)
{
	unsigned int at = 0, n = 0;

	while (at < nsps) {
		first[n++] = at;
		if (threads == 1)
			at = nsps;
		else
			at += nsps - at > 2 * threads ? 2 : 1;
	}
	return n;
}

static bool too_long(const struct qpc_program *prog)
{
	uint64_t total = 0;
	uint32_t i, k;

	for (i = 0; i < prog->num_specs; i++)
		for (k = 0; k < prog->num_nsps; k++)
			total += prog->specs[i].streams[k].num_cmds;
	return total > MAX_CMDS;
}

static int join_specs(const struct qpc_program *prog, struct nsp_join *j)
{
	unsigned int g, end;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < j->num_specs; i++)
		for (g = 0; g < j->num_groups && !rc; g++) {
			end = g + 1 < j->num_groups ? j->first[g + 1] :
			      prog->num_nsps;
			rc = join_group(prog,
					&prog->specs[i].streams[j->first[g]],
					end - j->first[g], &j->streams[i][g]);
		}
	return rc;
}

int nsp_join_create(const struct qpc_program *prog, unsigned int threads,
		    struct nsp_join **out)
{
	struct nsp_join *j;
	int rc = -ENOMEM;

	*out = NULL;
	if (threads >= prog->num_nsps || too_long(prog))
		return 0;		/* nothing to gain, or not worth it */
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->num_groups = make_groups(prog->num_nsps, threads, j->first);
	if (j->num_groups == prog->num_nsps) {
		free(j);
		return 0;
	}
	j->num_specs = prog->num_specs;
	j->streams = calloc(j->num_specs, sizeof(*j->streams));
	if (j->streams)
		rc = join_specs(prog, j);
	if (!rc) {
		*out = j;
		return 0;
	}
	nsp_join_free(j);
	return rc == -EINVAL ? 0 : rc;
}

void nsp_join_free(struct nsp_join *j)
{
	uint32_t i;
	unsigned int g;

	if (!j)
		return;
	for (i = 0; j->streams && i < j->num_specs; i++)
		for (g = 0; g < j->num_groups; g++)
			free(j->streams[i][g].cmds);
	free(j->streams);
	free(j);
}
