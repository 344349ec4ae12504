// SPDX-License-Identifier: MIT
/*
 * A recorded conversation (conversation.txt), byte for byte.
 *
 * replay FILE PORT NODE: the client's part is said to the driver in raw ioctls, the
 * card's part at the card port, and what comes out at the other side must be the
 * recording's. Once without and once with checksums.
 *
 * replay FILE PORT NODE COMMAND [ARG...]: COMMAND is a client of the node; each of
 * its messages must be one of the recording, but for its own numbers, and gets the
 * recorded answer. Its requests are completed and nothing is computed.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/kernel/card.h"
#include "tests/kernel/trace.h"

#define QUEUE	512u		/* what the open runtime asks for */

static struct trace trace;
static struct vars vars;
static const char *node;
static bool checksums;

static uint32_t crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = ~0u;
	int i;

	while (len--) {
		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* What the first word of a message has to be */
static uint32_t crc_of(const void *msg, size_t len)
{
	uint8_t copy[QAIC_NNC_MAX_REPLY];

	if (len > sizeof(copy))
		return 0;
	memcpy(copy, msg, len);
	memset(copy, 0, 4);
	return crc32(copy, len);
}

static void expect_match(const char *name, const char *what, long at)
{
	char s[80];

	snprintf(s, sizeof(s), "%s: %s: first wrong byte", name, what);
	expect(s, at, -1);
}

/* ---- the card's side ---- */

/* Where the FIFOs are is the driver's choice, their layout is not. */
static void check_fifos(uint64_t req, uint64_t rsp, uint64_t n, uint64_t len)
{
	expect("FIFO: length", len, (64 * n + 256 + 4 * n + 4095) & ~4095ull);
	expect("FIFO: responses are at its end", rsp, req + len - 4 * n);
	expect("FIFO: alignment", req % 4096, 0);
}

/* The message in @in is the one of step @s; its answer. */
static int answer_step(const struct step *s, struct vars *vs)
{
	uint8_t msg[QAIC_NNC_MAX_REPLY];
	size_t len;

	var_set(vs, "crc", 0);
	len = trace_bytes(s->part[CARD_FROM], vs, msg, sizeof(msg));
	if (!len)
		return EINVAL;
	if (checksums) {
		var_set(vs, "crc", crc_of(msg, len));
		trace_bytes(s->part[CARD_FROM], vs, msg, sizeof(msg));
	}
	return put(QAIC_SIM_MSG_NNC, msg, len);
}

/* ---- replay: both sides are ours ---- */

static uint8_t elf[5000], consts[3000], dynconsts[100];
static uint8_t *window;
static int client_fd;

static void set_up(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(elf); i++)
		elf[i] = i * 2654435761u >> 24;
	memset(consts, 0xc5, sizeof(consts));
	memset(dynconsts, 0xd9, sizeof(dynconsts));
	vars.n = 0;
	var_set(&vars, "pid", 4711);
	var_set(&vars, "flags", QAIC_NNC_FEATURE_SSR |
		(checksums ? QAIC_NNC_FEATURE_CRC : 0));
	var_set(&vars, "static", sizeof(consts));
	var_set(&vars, "dynamic", sizeof(dynconsts));
	var_set(&vars, "consts", (uintptr_t)consts);
	var_set(&vars, "dynconsts", (uintptr_t)dynconsts);
	var_set(&vars, "eccs", 0);
	var_set(&vars, "eccd", 0);
	var_set(&vars, "elf", (uintptr_t)elf);
	var_set(&vars, "elf_size", sizeof(elf));
	var_set(&vars, "mcrc", 0x12345678);
	var_set(&vars, "fcrc", 0x9abcdef0);
	var_set(&vars, "dmapad", 1);
	var_set(&vars, "queue", QUEUE);
	var_set(&vars, "eventfd", eventfd(0, EFD_CLOEXEC));
}

/* The client's call; what is behind its reply is as it was. */
static void *client(void *arg)
{
	const struct step *s = arg;
	static uint8_t buf[4096], want[4096];
	struct qaic_manage_msg m = { .data = (uintptr_t)buf,
				     .count = s->count[USR_TO] };
	size_t len;

	if (!s->part[USR_TO]) {
		close(client_fd);
		return NULL;
	}
	memset(buf, 0xa5, sizeof(buf));
	len = trace_bytes(s->part[USR_TO], &vars, buf, sizeof(buf));
	m.len = len;
	memcpy(want, buf, sizeof(buf));
	expect(s->name, io(client_fd, DRM_IOCTL_QAIC_MANAGE, &m), 0);
	len = trace_bytes(s->part[USR_FROM], &vars, want, sizeof(want));
	expect("reply: length", m.len, len);
	expect("reply: count", m.count, s->count[USR_FROM]);
	for (len = 0; len < sizeof(buf) && buf[len] == want[len]; len++)
		;
	expect_match(s->name, "client's buffer",
		     len < sizeof(buf) ? (long)len : -1);
	return NULL;
}

/* The pages that a message names hold what the client had there. */
static void check_memory(const char *name)
{
	static const struct {
		const char *var;
		const uint8_t *data;
		size_t len;
	} mem[] = {
		{ "consts_iova", consts, sizeof(consts) },
		{ "dynconsts_iova", dynconsts, sizeof(dynconsts) },
		{ "elf_iova", elf, sizeof(elf) },
	};
	unsigned int i;

	for (i = 0; i < sizeof(mem) / sizeof(mem[0]); i++) {
		if (!var_find(&vars, mem[i].var))
			continue;
		expect(name, memcmp(window + var_get(&vars, mem[i].var),
				    mem[i].data, mem[i].len), 0);
		var_forget(&vars, mem[i].var);
	}
}

static void card_step(const struct step *s, bool first)
{
	expect("a message arrives", get_nnc(), 0);
	var_set(&vars, "crc", checksums && !first ?
		crc_of(in.data, in.ev.len) : 0);
	if (first)
		var_forget(&vars, "seq");
	else
		var_set(&vars, "seq", var_get(&vars, "seq") + 1);
	expect_match(s->name, "message to the card",
		     trace_match(s->part[CARD_TO], &vars, in.data, in.ev.len));
	check_memory(s->name);
	if (var_find(&vars, "req")) {
		check_fifos(var_get(&vars, "req"), var_get(&vars, "rsp"),
			    var_get(&vars, "queue"), var_get(&vars, "buffer"));
		var_forget(&vars, "req");
	}
	expect("answer", answer_step(s, &vars), 0);
}

static void open_node(void)
{
	int i;

	for (i = 0; i < 200; i++) {
		client_fd = open(node, O_RDWR | O_CLOEXEC);
		if (client_fd >= 0)
			break;
		usleep(10000);
	}
	expect("open", client_fd >= 0, true);
}

static void *call(void *arg)
{
	return (void *)(intptr_t)io(client_fd, DRM_IOCTL_QAIC_MANAGE, arg);
}

/* A reply without a checksum, where there has to be one */
static void bad_checksum(void)
{
	const struct step *s = &trace.steps[2], *last = &trace.steps[trace.n - 1];
	static uint64_t buf[512];
	struct qaic_manage_msg m = { .data = (uintptr_t)buf, .count = 1 };
	pthread_t thread;
	void *ret;

	m.len = trace_bytes(s->part[USR_TO], &vars, (uint8_t *)buf, sizeof(buf));
	open_node();
	pthread_create(&thread, NULL, call, &m);
	expect("a message arrives", get_nnc(), 0);
	expect("its checksum", in.hdr.crc32, crc_of(in.data, in.ev.len));
	expect("answer", answer_status(), 0);
	pthread_join(thread, &ret);
	expect("reply without a checksum", (intptr_t)ret, EPIPE);

	pthread_create(&thread, NULL, client, (void *)last);
	expect("a message arrives", get_nnc(), 0);
	var_set(&vars, "seq", in.hdr.seq);
	var_set(&vars, "handle", in.hdr.handle);
	expect("answer", answer_step(last, &vars), 0);
	pthread_join(thread, NULL);
}

static void replay(const char *path)
{
	pthread_t thread;
	unsigned int i;

	set_up();
	port = open(path, O_RDWR | O_CLOEXEC);
	expect("attach", attach(port), 0);
	window = mmap(NULL, QAIC_SIM_WINDOW_SIZE, PROT_READ,
		      MAP_SHARED | MAP_NORESERVE, port, QAIC_SIM_OFF_IOVA);
	card_step(&trace.steps[0], true);
	open_node();
	for (i = 1; i < trace.n && !failed; i++) {
		pthread_create(&thread, NULL, client, &trace.steps[i]);
		card_step(&trace.steps[i], false);
		pthread_join(thread, NULL);
	}
	if (checksums && !failed)
		bad_checksum();
	munmap(window, QAIC_SIM_WINDOW_SIZE);
	close(port);
	close(var_get(&vars, "eventfd"));
}

/* ---- serve: another program is the client ---- */

static struct {
	uint64_t req, rsp;
	uint32_t n;
	struct qaic_hw_dbc_regs *regs;
} fifo;

static void serve_message(unsigned int *unknown)
{
	struct vars vs;
	unsigned int i;

	for (i = 0; i < trace.n; i++) {
		vs.n = 0;
		var_set(&vs, "crc", 0);
		if (trace_match(trace.steps[i].part[CARD_TO], &vs, in.data,
				in.ev.len) >= 0)
			continue;
		printf("    %s\n", trace.steps[i].name);
		var_set(&vs, "flags", QAIC_NNC_FEATURE_SSR);
		if (var_find(&vs, "req")) {
			fifo.req = var_get(&vs, "req");
			fifo.rsp = var_get(&vs, "rsp");
			fifo.n = var_get(&vs, "queue");
			check_fifos(fifo.req, fifo.rsp, fifo.n,
				    var_get(&vs, "buffer"));
		}
		expect(trace.steps[i].name, answer_step(&trace.steps[i], &vs), 0);
		passed++;
		return;
	}
	printf("FAIL a message that is not in the recording:");
	for (i = 0; i < in.ev.len; i++)
		printf("%s%02x", i % 32 ? " " : "\n\t", in.data[i]);
	printf("\n");
	(*unknown)++;
}

/* Every request is done as soon as it is there. */
static void complete_requests(unsigned int dbc)
{
	const struct qaic_hw_req *r;
	struct qaic_hw_rsp *p;
	bool any = false;

	while (fifo.n && fifo.regs->req_head != fifo.regs->req_tail) {
		r = (void *)(window + fifo.req +
			     fifo.regs->req_head * sizeof(*r));
		if (r->cmd & QAIC_HW_CMD_COMPLETION) {
			p = (void *)(window + fifo.rsp +
				     fifo.regs->rsp_tail * sizeof(*p));
			*p = (struct qaic_hw_rsp){ .req_id = r->req_id };
			__sync_synchronize();
			fifo.regs->rsp_tail = (fifo.regs->rsp_tail + 1) % fifo.n;
			any = true;
		}
		fifo.regs->req_head = (fifo.regs->req_head + 1) % fifo.n;
	}
	if (any)
		io(port, QAIC_SIM_IOC_IRQ, (void *)(uintptr_t)dbc);
}

static pid_t start(char **argv)
{
	int i, fd = -1;
	pid_t pid = fork();

	if (pid)
		return pid;
	for (i = 0; i < 500 && fd < 0; i++) {
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			usleep(10000);
	}
	close(fd);
	execvp(argv[0], argv);
	_exit(127);
}

static void serve(const char *path, char **argv)
{
	const unsigned int dbc = 3;	/* of the recorded activation */
	unsigned int unknown = 0, idle = 0;
	struct pollfd p = { .events = POLLIN };
	int status = -1;
	uint8_t *regs;
	bool over = false;
	pid_t pid;

	p.fd = port = open(path, O_RDWR | O_CLOEXEC);
	expect("attach", attach(port), 0);
	window = mmap(NULL, QAIC_SIM_WINDOW_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE, port, QAIC_SIM_OFF_IOVA);
	regs = mmap(NULL, QAIC_SIM_REGS_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, port, QAIC_SIM_OFF_REGS);
	fifo.regs = (void *)(regs + 4096 * dbc);
	pid = start(argv);
	while (idle < 500 && !unknown) {
		if (poll(&p, 1, 1) == 1 && !get(sizeof(in)) &&
		    in.ev.type == QAIC_SIM_EV_NNC)
			serve_message(&unknown);
		complete_requests(dbc);
		over = over || waitpid(pid, &status, WNOHANG) == pid;
		idle = over ? idle + 1 : 0;
	}
	if (!over) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	expect("messages that are not in the recording", unknown, 0);
	expect("the client's exit status", status, 0);
	close(port);
}

int main(int argc, char **argv)
{
	if (argc < 4 || !trace_read(&trace, argv[1])) {
		fprintf(stderr, "usage: replay FILE PORT NODE [COMMAND...]\n");
		return 2;
	}
	node = argv[3];
	if (argc > 4) {
		serve(argv[2], argv + 4);
	} else {
		replay(argv[2]);
		checksums = true;
		replay(argv[2]);
	}
	return report("replay");
}
