// SPDX-License-Identifier: MIT
/* The parts of a QPC as text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/parts.h"
#include "tools/common/qpc_show.h"

/* Names come from a file: keep the terminal safe. */
static const char *safe(const char *name)
{
	static char buf[4][QPC_MAX_NAME + 1];
	static unsigned int turn;
	char *out = buf[turn++ % 4], *p;

	snprintf(out, QPC_MAX_NAME + 1, "%s", name ? name : "");
	for (p = out; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return out;
}

static const char *dims_text(uint32_t rank, const uint32_t *dims)
{
	static char buf[128];
	size_t len = 0;
	uint32_t i;

	buf[len++] = '[';
	for (i = 0; i < rank; i++)
		len += snprintf(buf + len, sizeof(buf) - len, "%s%u",
				i ? "," : "", dims[i]);
	snprintf(buf + len, sizeof(buf) - len, "]");
	return buf;
}

/* ---- container and program ---- */

int qaic_show_headers(const struct qpc *qpc, const void *data, size_t size,
		      struct qaic_err *err)
{
	const struct qpc_program *p = &qpc->prog;
	struct qpc_container *c = malloc(sizeof(*c));
	uint32_t i;
	int rc;

	if (!c)
		return qaic_fail(err, -ENOMEM, "out of memory");
	rc = qpc_container_parse(data, size, c, err);
	if (!rc) {
		printf("Container: %" PRIu64 " bytes, %u images\n", c->size,
		       c->num_images);
		printf("  %-28s %12s %14s\n", "image", "offset", "size");
		for (i = 0; i < c->num_images; i++)
			printf("  %-28s 0x%010" PRIx64 " %14" PRIu64 "\n",
			       safe(c->images[i].name), c->images[i].off,
			       c->images[i].size);
		printf("\nProgram:\n");
		printf("  network      %s\n", safe(p->name));
		printf("  compiler     %s\n", safe(p->compiler));
		printf("  precision    %s\n", qaic_dtype_name(p->precision));
		printf("  NSPs         %u\n", p->num_nsps);
		if (p->profiling)
			printf("  profiling    %s\n",
			       qpc_profiling_name(p->profiling));
		printf("  specs        %u\n", p->num_specs);
		printf("  states       %u\n", p->num_states);
		printf("  nodes        %u\n\n", p->num_nodes);
	}
	free(c);
	return rc;
}

int qaic_show_sections(const struct qpc *qpc, struct qaic_err *err)
{
	struct qpc_elf *e = malloc(sizeof(*e));
	const char *base = qpc->elf;
	uint32_t k, n;
	int rc;

	if (!e)
		return qaic_fail(err, -ENOMEM, "out of memory");
	rc = qpc_elf_scan(qpc->elf, qpc->elf_size, e, err);
	if (rc)
		goto out;
	printf("network.elf: %zu bytes, ELF32 Hexagon V68\n", qpc->elf_size);
	for (k = 0; k < qpc->prog.num_specs; k++)
		printf("  metadata_fb, spec %-8u 0x%08zx %10zu\n", k,
		       (size_t)((const char *)e->metadata[k].data - base),
		       e->metadata[k].size);
	printf("  " QPC_ELF_PROGRAM "%13s 0x%08zx %10zu\n", "",
	       (size_t)((const char *)e->program.data - base), e->program.size);
	for (k = 0; k < qpc->prog.num_specs; k++)
		for (n = 0; n < qpc->prog.num_nsps; n++)
			printf("  " QPC_ELF_STREAM "%u.n%02u%14s 0x%08zx %10zu\n",
			       k, n, "",
			       (size_t)((const char *)e->streams[k][n].data -
					base), e->streams[k][n].size);
	printf("\n");
out:
	free(e);
	return rc;
}

/* ---- memory ---- */

struct region {
	uint64_t off, size;
	char what[200];
};

static int by_offset(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return strcmp(x->what, y->what);
}

int qaic_show_memory(const struct qpc_program *p, int spec,
		     struct qaic_err *err)
{
	struct region *r;
	uint32_t n = p->num_states, i, k, at = 0;

	for (k = 0; k < p->num_specs; k++)
		n += p->specs[k].num_bindings;
	r = calloc(n, sizeof(*r));
	if (!r)
		return qaic_fail(err, -ENOMEM, "out of memory");
	printf("Memory:\n");
	printf("  const        %14" PRIu64 " bytes\n", p->const_size);
	printf("  ddr          %14" PRIu64 " bytes\n", p->ddr_size);
	printf("  tcm          %14" PRIu64 " bytes, the same on every NSP\n",
	       p->tcm_size - p->spread_size);
	if (p->spread_size)
		printf("  tcm, spread  %14" PRIu64 " bytes, each on one NSP\n",
		       p->spread_size);
	printf("  local        %14" PRIu64 " bytes of each NSP\n",
	       p->local_size);
	for (i = 0; i < p->num_states; i++, at++) {
		r[at].off = p->states[i].ddr_off;
		r[at].size = p->states[i].size;
		snprintf(r[at].what, sizeof(r[at].what), "state   %.180s",
			 safe(p->states[i].name));
	}
	for (k = 0; k < p->num_specs; k++)
		for (i = 0; i < p->specs[k].num_bindings; i++) {
			const struct qpc_binding *b = &p->specs[k].bindings[i];

			if (spec >= 0 && k != (uint32_t)spec)
				continue;
			r[at].off = b->ddr_off;
			r[at].size = b->size;
			snprintf(r[at].what, sizeof(r[at].what),
				 "%s  %.150s, spec %u",
				 b->output ? "output" : "input ", safe(b->name),
				 k);
			at++;
		}
	qsort(r, at, sizeof(*r), by_offset);
	for (i = 0; i < at; i++)
		printf("  ddr+0x%010" PRIx64 " %12" PRIu64 " %s\n", r[i].off,
		       r[i].size, r[i].what);
	printf("\n");
	free(r);
	return 0;
}

/* ---- specializations ---- */

void qaic_show_spec(const struct qpc_program *p, uint32_t k)
{
	const struct qpc_spec *s = &p->specs[k];
	uint32_t i;

	printf("Specialization %u: %s\n", k, safe(s->name));
	for (i = 0; i < s->num_symbols; i++)
		printf("  symbol       %s = %u\n", safe(s->symbols[i].name),
		       s->symbols[i].value);
	for (i = 0; i < s->num_bindings; i++) {
		const struct qpc_binding *b = &s->bindings[i];

		printf("  %-6s %-5u %s %s%s, %" PRIu64 " bytes\n",
		       b->output ? "output" : "input", i, safe(b->name),
		       qaic_dtype_name(b->dtype), dims_text(b->rank, b->dims),
		       b->size);
	}
	for (i = 0; i < p->num_states; i++) {
		const struct qpc_state *st = &p->states[i];

		printf("  state  %-5u %s -> %s %s%s\n", i, safe(st->name),
		       safe(st->output), qaic_dtype_name(st->dtype),
		       dims_text(st->rank, st->dims));
	}
	printf("\n");
}

void qaic_show_requests(const struct qpc *qpc, uint32_t k)
{
	static const char *const ops[] = {
		"nop", "init", "inc", "dec", "wait ==", "wait >=", "take",
	};
	const struct qpc_io *io = &qpc->io[k];
	uint32_t i, j;

	printf("DMA requests of specialization %u:\n", k);
	for (i = 0; i < io->num_reqs; i++) {
		const struct qpc_dma_req *r = &io->reqs[i];

		printf("  %-3u %s buffer %u+0x%" PRIx64 " %s %s+0x%" PRIx64
		       ", %" PRIu64 " bytes\n", i,
		       r->output ? "out" : "in ", r->num, r->host_off,
		       r->output ? "<-" : "->", r->dev_space ? "ddr" : "mcid",
		       r->dev_off, r->size);
		for (j = 0; j < r->num_sems; j++)
			printf("      %s semaphore %u %s %u%s%s\n",
			       r->sems[j].pre ? "before:" : "after: ",
			       r->sems[j].num,
			       r->sems[j].op < 7 ? ops[r->sems[j].op] : "?",
			       r->sems[j].value,
			       r->sems[j].in_fence ? ", in fence" : "",
			       r->sems[j].out_fence ? ", out fence" : "");
		if (r->num_doorbells)
			printf("      doorbell mcid %u+0x%x = %u (%u bits)\n",
			       r->doorbell.mc_id, r->doorbell.off,
			       r->doorbell.data, 8u << r->doorbell.size);
	}
	printf("\n");
}

/* ---- streams ---- */

void qaic_show_stream(const struct qpc_program *p, uint32_t k, uint32_t n)
{
	const struct qpc_stream *s = &p->specs[k].streams[n];
	uint32_t i, phase = 0, node = UINT32_MAX;
	char line[1024];

	printf("Specialization %u (%s), NSP %u, %u commands:\n", k,
	       safe(p->specs[k].name), n, s->num_cmds);
	printf(" phase 0\n");
	for (i = 0; i < s->num_cmds; i++) {
		const struct nsp_cmd *c = &s->cmds[i];

		if (c->op >= NSP_MOVE && c->node != node &&
		    c->node < p->num_nodes) {
			node = c->node;
			printf("                          ; %s\n",
			       safe(p->nodes[node]));
		}
		qpc_disasm(c, line, sizeof(line));
		printf("%8u  %s\n", i, line);
		if (c->op == NSP_BARRIER)
			printf(" phase %u\n", ++phase);
	}
	printf("\n");
}

void qaic_show_summary(const struct qpc_program *p, uint32_t k)
{
	uint64_t count[NSP_OP_COUNT][256] = { { 0 } };
	const struct qpc_op_rule *rule;
	uint32_t n, i, sub;

	for (n = 0; n < p->num_nsps; n++)
		for (i = 0; i < p->specs[k].streams[n].num_cmds; i++) {
			const struct nsp_cmd *c = &p->specs[k].streams[n].cmds[i];

			count[c->op][c->sub]++;
		}
	printf("Commands of specialization %u, all NSPs:\n", k);
	for (i = 0; i < NSP_OP_COUNT; i++)
		for (sub = 0; sub < 256; sub++) {
			rule = qpc_op_rule(i);
			if (!count[i][sub])
				continue;
			printf("  %10" PRIu64 "  %s%s%s\n", count[i][sub],
			       rule->name, rule->subs ? "." : "",
			       rule->subs ? rule->subs[sub] : "");
		}
	printf("\n");
}

void qaic_show_timing(const struct qpc_program *p, uint32_t k)
{
	struct qpc_timing t;
	int sku;

	qpc_timing(p, k, QPC_SKU_PRO, &t);
	printf("One call of specialization %u:\n", k);
	printf("  MACs         %14" PRIu64 "\n", t.macs);
	printf("  DDR read     %14" PRIu64 " bytes\n", t.ddr_read);
	printf("  DDR write    %14" PRIu64 " bytes\n", t.ddr_write);
	printf("  NoC          %14" PRIu64 " bytes\n", t.noc);
	printf("  PCIe         %14" PRIu64 " bytes\n", t.pcie);
	printf("  VTCM         %14" PRIu64 " bytes of each NSP\n", t.vtcm);
	printf("  phases       %14u\n", t.phases);
	for (sku = 0; sku < QPC_SKU_COUNT; sku++) {
		qpc_timing(p, k, sku, &t);
		printf("  %-12s %14.1f us (HMX %.1f, HVX %.1f, memory %.1f)\n",
		       qpc_sku_name(sku), t.seconds * 1e6, t.hmx_s * 1e6,
		       t.hvx_s * 1e6, t.dma_s * 1e6);
	}
	printf("\n");
}
