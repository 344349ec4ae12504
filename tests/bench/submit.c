// SPDX-License-Identifier: MIT
/*
 * submit [ROUNDS]: the round trip of a call that computes nothing, with 4 bytes
 * and with 1 MiB of input, on device 0 (a kernel's card if there is one; with
 * QAIC_EMBEDDED=1 the embedded one), beside an eventfd ping-pong of two processes
 * in the same run: what two wake-ups cost on this machine. One with the same
 * copy of 1 MiB in it is beside the large input. Lower quartiles of batches of ROUNDS.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "libqaic/qaic.h"
#include "qpc/program.h"

#define BIG	(1u << 20)
#define Y_OFF	0u
#define X_OFF	4096u
#define BATCHES	101

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void die(const char *what, const struct qaic_err *err)
{
	fprintf(stderr, "submit: %s: %s\n", what, err ? err->msg : "failed");
	exit(1);
}

/* ---- the measure: two wake-ups ---- */

/* The other process; with @copy it does what a card has to do with 1 MiB. */
struct peer {
	int out, in;
	uint8_t *from, *to;		/* BIG bytes each, shared */
	pid_t pid;
};

static void answer(const struct peer *p)
{
	uint64_t n, one = 1;

	while (read(p->out, &n, 8) == 8) {
		if (n > 1)
			memcpy(p->to, p->from, BIG);
		if (write(p->in, &one, 8) != 8)
			break;
	}
	_exit(1);
}

static void start_peer(struct peer *p)
{
	p->out = eventfd(0, EFD_CLOEXEC);
	p->in = eventfd(0, EFD_CLOEXEC);
	p->from = mmap(NULL, 2 * BIG, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->out < 0 || p->in < 0 || p->from == MAP_FAILED)
		die("ping-pong", NULL);
	memset(p->from, 1, 2 * BIG);
	p->to = p->from + BIG;
	p->pid = fork();
	if (p->pid < 0)
		die("ping-pong", NULL);
	if (!p->pid)
		answer(p);
}

static void ping_pong(const struct peer *p, bool copy)
{
	uint64_t n = copy ? 2 : 1;

	if (write(p->out, &n, 8) != 8 || read(p->in, &n, 8) != 8)
		die("ping-pong", NULL);
}

/* ---- a program whose streams do nothing ---- */

static void binding(struct qpc_binding *b, const char *name, uint32_t bytes,
		    uint64_t off, bool output)
{
	b->name = strdup(name);
	b->dtype = QAIC_F32;
	b->rank = 1;
	b->dims[0] = bytes / 4;
	b->size = bytes;
	b->ddr_off = off;
	b->output = output;
}

/* The end of every stream: outputs are there, the NSP is ready again. */
static void end_stream(struct qpc_stream *s)
{
	struct nsp_cmd *c = calloc(3, sizeof(*c));

	c[0].op = c[1].op = NSP_SEM;
	c[0].sub = 1;			/* decrement */
	c[0].imm[0].u = QPC_SEM_OUTPUT;
	c[1].imm[0].u = QPC_SEM_READY;
	c[0].imm[1].u = c[1].imm[1].u = 1;
	c[2].op = NSP_END;
	s->cmds = c;
	s->num_cmds = 3;
}

static void write_program(const char *dir)
{
	const uint32_t sizes[2] = { 4, BIG };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program p;
	struct qpc_writer *w;
	uint32_t i;

	memset(&p, 0, sizeof(p));
	p.name = strdup("empty");
	p.compiler = strdup("by hand");
	p.num_nsps = 1;
	p.precision = QAIC_F32;
	p.ddr_size = X_OFF + BIG;
	p.num_specs = 2;
	p.specs = calloc(2, sizeof(*p.specs));
	for (i = 0; i < 2; i++) {
		p.specs[i].name = strdup(i ? "big" : "small");
		p.specs[i].num_symbols = 1;
		p.specs[i].symbols = calloc(1, sizeof(*p.specs->symbols));
		p.specs[i].symbols[0].name = strdup("size");
		p.specs[i].symbols[0].value = sizes[i];
		p.specs[i].num_bindings = 2;
		p.specs[i].bindings = calloc(2, sizeof(*p.specs->bindings));
		binding(&p.specs[i].bindings[0], "x", sizes[i], X_OFF, false);
		binding(&p.specs[i].bindings[1], "y", 4, Y_OFF, true);
		end_stream(&p.specs[i].streams[0]);
	}
	if (qpc_writer_open(dir, &p, &w, &err) || qpc_writer_commit(w, &err))
		die("program", &err);
	qpc_program_release(&p);
}

/* ---- measuring ---- */

enum { PING_PONG, EMPTY, PING_PONG_COPY, BIG_INPUT, NUM_KINDS };

static struct peer peer;
static struct qaic_exec *exec[2];

static void once(int kind)
{
	struct qaic_err err = QAIC_ERR_INIT;

	if (kind == PING_PONG || kind == PING_PONG_COPY)
		ping_pong(&peer, kind == PING_PONG_COPY);
	else if (qaic_exec_run(exec[kind == BIG_INPUT], &err))
		die("run", &err);
}

/* of one, from @n in a row */
static double batch(int kind, unsigned int n)
{
	double t0 = now();
	unsigned int i;

	for (i = 0; i < n; i++)
		once(kind);
	return (now() - t0) / n;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The kinds take turns, a millisecond or two each, and what counts is what a
 * quarter of the batches stay below: whatever else the machine does only adds.
 */
static void measure(unsigned int rounds, double us[NUM_KINDS])
{
	static double t[NUM_KINDS][BATCHES];
	int kind, i;

	for (i = -1; i < BATCHES; i++)		/* the first to warm up */
		for (kind = 0; kind < NUM_KINDS; kind++)
			t[kind][i < 0 ? 0 : i] =
				batch(kind, kind < PING_PONG_COPY ? rounds :
					    rounds / 4 + 1) * 1e6;
	for (kind = 0; kind < NUM_KINDS; kind++) {
		qsort(t[kind], BATCHES, sizeof(double), by_size);
		us[kind] = t[kind][BATCHES / 4];
	}
}

static void print(const char *name, const double us[NUM_KINDS], int kind,
		  int against)
{
	printf("%-26s %8.1f us  %5.2f of a ping-pong", name, us[kind],
	       us[kind] / us[PING_PONG]);
	if (against != PING_PONG)
		printf("  %5.2f of one that copies", us[kind] / us[against]);
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 20, i;
	char dir[] = "/tmp/qaic-submit-XXXXXX";
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_device_info info;
	struct qaic_program *prog;
	struct qaic_device *dev;
	double us[NUM_KINDS];

	if (!rounds || !mkdtemp(dir))
		return 1;
	write_program(dir);
	start_peer(&peer);
	if (qaic_device_open(0, &dev, &err) ||
	    qaic_device_get_info(dev, &info, &err) ||
	    qaic_program_load(dev, dir, &prog, &err))
		die("device", &err);
	qaic_rmtree(dir, NULL);
	for (i = 0; i < 2; i++)
		if (qaic_exec_create(prog, i, &exec[i], &err))
			die("exec", &err);
	measure(rounds, us);
	printf("device %s\n", info.name);
	print("eventfd ping-pong", us, PING_PONG, PING_PONG);
	print("empty call", us, EMPTY, PING_PONG);
	print("ping-pong, copies 1 MiB", us, PING_PONG_COPY, PING_PONG);
	print("1 MiB of input", us, BIG_INPUT, PING_PONG_COPY);
	for (i = 0; i < 2; i++)
		qaic_exec_destroy(exec[i]);
	qaic_program_unload(prog);
	qaic_device_close(dev);
	kill(peer.pid, SIGKILL);
	waitpid(peer.pid, NULL, 0);
	return 0;
}
