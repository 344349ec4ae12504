// SPDX-License-Identifier: MIT
/*
 * submit [ROUNDS]: the round trip of a call that computes nothing, with 4 bytes
 * and with 1 MiB of input, on device 0 (a kernel's card if there is one; with
 * QAIC_EMBEDDED=1 the embedded one), beside an eventfd ping-pong of two processes
 * in the same run: what two wake-ups cost on this machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "libqaic/qaic.h"
#include "qpc/program.h"

#define BIG	(1u << 20)
#define Y_OFF	0u
#define X_OFF	4096u

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

static void swap(int out, int in, unsigned int rounds, int begins)
{
	uint64_t one = 1;

	while (rounds--) {
		if (begins && write(out, &one, 8) != 8)
			_exit(1);
		if (read(in, &one, 8) != 8)
			_exit(1);
		one = 1;
		if (!begins && write(out, &one, 8) != 8)
			_exit(1);
	}
}

static double ping_pong(unsigned int rounds)
{
	int a = eventfd(0, EFD_CLOEXEC), b = eventfd(0, EFD_CLOEXEC);
	double t0;
	pid_t pid;

	pid = fork();
	if (pid < 0 || a < 0 || b < 0)
		die("ping-pong", NULL);
	if (!pid) {
		swap(b, a, rounds, 0);
		_exit(0);
	}
	t0 = now();
	swap(a, b, rounds, 1);
	t0 = now() - t0;
	waitpid(pid, NULL, 0);
	close(a);
	close(b);
	return t0 / rounds;
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

static double round_trip(struct qaic_program *prog, uint32_t spec,
			 unsigned int rounds)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_exec *exec;
	unsigned int i;
	double t0 = 0;

	if (qaic_exec_create(prog, spec, &exec, &err))
		die("exec", &err);
	for (i = 0; i < rounds + rounds / 10; i++) {
		if (i == rounds / 10)		/* warm by now */
			t0 = now();
		if (qaic_exec_run(exec, &err))
			die("run", &err);
	}
	t0 = now() - t0;
	qaic_exec_destroy(exec);
	return t0 / rounds;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 5000;
	char dir[] = "/tmp/qaic-submit-XXXXXX";
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_device_info info;
	struct qaic_program *prog;
	struct qaic_device *dev;
	double pp, small, big;

	if (!rounds || !mkdtemp(dir))
		return 1;
	write_program(dir);
	pp = ping_pong(rounds);
	if (qaic_device_open(0, &dev, &err) ||
	    qaic_device_get_info(dev, &info, &err) ||
	    qaic_program_load(dev, dir, &prog, &err))
		die("device", &err);
	qaic_rmtree(dir, NULL);
	small = round_trip(prog, 0, rounds);
	big = round_trip(prog, 1, rounds / 10 + 1);
	printf("device             %s\n", info.name);
	printf("eventfd ping-pong  %8.1f us\n", pp * 1e6);
	printf("empty call         %8.1f us  %.2f ping-pongs\n", small * 1e6,
	       small / pp);
	printf("1 MiB of input     %8.1f us  %.2f ping-pongs\n", big * 1e6,
	       big / pp);
	qaic_program_unload(prog);
	qaic_device_close(dev);
	return 0;
}
