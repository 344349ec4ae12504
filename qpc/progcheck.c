// SPDX-License-Identifier: MIT
/* Does what the host knows of a program fit what the card knows, and its names. */
#include <errno.h>
#include <string.h>

#include "base/strmap.h"
#include "qpc/parts.h"

static bool same_tensor(uint32_t dtype_a, uint32_t rank_a, const uint32_t *dims_a,
			uint32_t dtype_b, uint32_t rank_b, const uint32_t *dims_b)
{
	return dtype_a == dtype_b && rank_a == rank_b &&
	       !memcmp(dims_a, dims_b, QPC_MAX_RANK * sizeof(*dims_a));
}

static bool same_binding(const struct qpc_binding *a, const struct qpc_binding *b)
{
	return same_tensor(a->dtype, a->rank, a->dims, b->dtype, b->rank,
			   b->dims) &&
	       a->size == b->size && a->ddr_off == b->ddr_off &&
	       a->output == b->output;
}

static bool same_state(const struct qpc_state *a, const struct qpc_state *b)
{
	return same_tensor(a->dtype, a->rank, a->dims, b->dtype, b->rank,
			   b->dims) &&
	       a->size == b->size && a->ddr_off == b->ddr_off;
}

static int differs(struct qaic_err *err, const char *what)
{
	return qaic_fail(err, -EINVAL,
			 "qaic_program.bin and network.elf differ in %s", what);
}

int qpc_progdesc_same(const struct qpc_program *host,
		      const struct qpc_program *card, struct qaic_err *err)
{
	uint32_t i, k;

	if (host->num_nsps != card->num_nsps)
		return differs(err, "the number of NSPs");
	if (host->precision != card->precision)
		return differs(err, "the precision");
	if (host->const_size != card->const_size ||
	    host->ddr_size != card->ddr_size ||
	    host->tcm_size != card->tcm_size ||
	    host->local_size != card->local_size ||
	    host->spread_size != card->spread_size)
		return differs(err, "the size of a memory");
	if (host->num_states != card->num_states)
		return differs(err, "the retained states");
	for (i = 0; i < host->num_states; i++)
		if (!same_state(&host->states[i], &card->states[i]))
			return differs(err, "a retained state");
	if (host->num_specs != card->num_specs)
		return differs(err, "the specializations");
	for (k = 0; k < host->num_specs; k++) {
		const struct qpc_spec *h = &host->specs[k];
		const struct qpc_spec *c = &card->specs[k];

		if (h->num_bindings != c->num_bindings)
			return differs(err, "the bindings");
		for (i = 0; i < h->num_bindings; i++)
			if (!same_binding(&h->bindings[i], &c->bindings[i]))
				return differs(err, "a binding");
	}
	return 0;
}

/* ---- names ---- */

/* Protobuf strings are UTF-8, and so is what people see. */
static bool is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned int n, min;

	while (*p) {
		uint32_t c = *p++;

		if (c < 0x80)
			continue;
		if (c < 0xc2 || c > 0xf4)
			return false;
		n = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		min = n == 1 ? 0x80 : n == 2 ? 0x800 : 0x10000;
		c &= 0x3f >> n;
		for (; n; n--, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3f);
		}
		if (c < min || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}

static int check_name(const char *what, const char *name, bool needed,
		      struct qaic_err *err)
{
	if (!name || !*name) {
		if (!needed)
			return 0;
		return qaic_fail(err, -EINVAL, "a %s has no name", what);
	}
	if (strnlen(name, QPC_MAX_NAME + 1) > QPC_MAX_NAME)
		return qaic_fail(err, -EINVAL,
				 "%s name '%.40s...' has more than %u bytes",
				 what, name, QPC_MAX_NAME);
	if (!is_utf8(name))
		return qaic_fail(err, -EINVAL, "%s name '%.80s' is not UTF-8",
				 what, name);
	return 0;
}

static int check_unique(struct qaic_strmap *map, const char *what,
			const char *name, struct qaic_err *err)
{
	int rc = check_name(what, name, true, err);

	if (rc)
		return rc;
	rc = qaic_strmap_add(map, name, strlen(name), 0);
	if (rc == -EEXIST)
		return qaic_fail(err, -EINVAL, "two %ss are called '%s'", what,
				 name);
	return rc ? qaic_fail(err, rc, "out of memory") : 0;
}

static int check_spec_names(const struct qpc_program *prog,
			    const struct qpc_spec *s, struct qaic_err *err)
{
	struct qaic_strmap map = { 0 };
	uint32_t i;
	int rc;

	rc = check_name("specialization", s->name, true, err);
	for (i = 0; i < s->num_symbols && !rc; i++)
		rc = check_name("symbol", s->symbols[i].name, true, err);
	for (i = 0; i < prog->num_states && !rc; i++)
		rc = check_unique(&map, "retained state", prog->states[i].name,
				  err);
	for (i = 0; i < s->num_bindings && !rc; i++)
		rc = check_unique(&map, "binding", s->bindings[i].name, err);
	qaic_strmap_free(&map);
	return rc;
}

int qpc_check_names(const struct qpc_program *prog, struct qaic_err *err)
{
	uint32_t i;
	int rc;

	rc = check_name("network", prog->name, true, err);
	if (!rc)
		rc = check_name("compiler", prog->compiler, false, err);
	for (i = 0; i < prog->num_states && !rc; i++)
		rc = check_name("retained state's output",
				prog->states[i].output, false, err);
	for (i = 0; i < prog->num_nodes && !rc; i++)
		rc = check_name("node", prog->nodes[i], false, err);
	for (i = 0; i < prog->num_specs && !rc; i++)
		rc = check_spec_names(prog, &prog->specs[i], err);
	return rc;
}
