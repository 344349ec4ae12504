// SPDX-License-Identifier: MIT
/*
 * qaic-socd: the process that is the card in a slot of qaic_sim. One for each
 * slot; it runs until it is told to end, or the driver cuts it off.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "soc/port.h"
#include "tools/common/opt.h"
#include "uapi/qaic_nnc.h"

#define MAX_THREADS	16
#define MAX_CARD	255
#define GIB		(1ull << 30)

static const struct sku {
	const char *name;
	uint32_t sku, num_nsps;
	uint64_t ddr;
} skus[] = {
	/* of one SoC; an Ultra card has four */
	{ "std", QAIC_NNC_SKU_PCIE, 14, 16 * GIB },
	{ "pro", QAIC_NNC_SKU_PRO, 16, 32692ull << 20 },
	{ "ultra", QAIC_NNC_SKU_ULTRA, 16, 32692ull << 20 },
};

static const struct sku *sku = &skus[1];
static unsigned int card, threads;
static uint64_t ddr;
static const char *device;

/* ---- options ---- */

static int take_sku(void *to, const char *value, struct qaic_err *err)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(skus); i++)
		if (!strcmp(value, skus[i].name)) {
			sku = &skus[i];
			return 0;
		}
	return qaic_fail(err, -EINVAL,
			 "--sku %s: the cards are std, pro and ultra", value);
}

/* "8G", "512M": whole MiB, which is what the card reports. */
static int take_ddr(void *to, const char *value, struct qaic_err *err)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno || end == value || *value == '-' || n > 1024 * 1024)
		n = 0;
	if (!strcmp(end, "G"))
		n <<= 10;
	else if (strcmp(end, "M"))
		n = 0;
	if (!n || n > 1024 * 1024)
		return qaic_fail(err, -EINVAL,
				 "--ddr %s: give a size like 8G or 512M, at most 1024G",
				 value);
	ddr = (uint64_t)n << 20;
	return 0;
}

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("Which card:"),
	{ .name = "card", .alias = "c", .kind = QAIC_OPT_UINT, .to = &card,
	  .max = MAX_CARD, .arg = "N", .def = "0",
	  .help = "Be the card in slot N of qaic_sim." },
	{ .name = "device", .kind = QAIC_OPT_STR, .to = &device,
	  .arg = "PATH", .def = "/dev/qaic_simN", .help = "The card port." },
	QAIC_OPT_GROUP("What it is like:"),
	{ .name = "sku", .kind = QAIC_OPT_CALL, .call = take_sku,
	  .arg = "SKU", .def = "pro", .help = "std, pro or ultra: 14, 16 and "
	  "16 NSPs. An ultra is one of the four SoCs of that card." },
	{ .name = "ddr", .kind = QAIC_OPT_CALL, .call = take_ddr,
	  .arg = "SIZE", .def = "the SKU's",
	  .help = "Memory of the card, 8G or 512M." },
	{ .name = "threads", .kind = QAIC_OPT_UINT, .to = &threads, .min = 1,
	  .max = MAX_THREADS, .arg = "N", .def = "one per CPU",
	  .help = "Host threads that work as NSPs." },
};

/* ---- the log ---- */

/* The journal reads a level from the front of a line (sd-daemon(3)). */
static void log_line(int level, const char *line)
{
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "qaic-socd: card %u: %s\n", card, line);
}

static void port_log(void *ctx, const char *line)
{
	log_line(4, line);
}

/* Tell systemd (sd_notify(3)), if it is there and wants to know. */
static void notify(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (struct sockaddr *)&to,
		   offsetof(struct sockaddr_un, sun_path) + len) < 0)
		log_line(5, "systemd was not told");
	close(fd);
}

/* ---- privileges ---- */

/* The port is open; from here on nothing needs rights. */
static int drop_privileges(struct qaic_err *err)
{
	struct passwd *pw;
	uid_t uid = 65534;
	gid_t gid = 65534;

	if (geteuid())
		return 0;
	pw = getpwnam("nobody");
	if (pw) {
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return qaic_fail(err, -errno, "cannot become nobody: %s",
				 strerror(errno));
	return 0;
}

/* ---- the end ---- */

static struct soc_port *port;

/*
 * The signal may come just before read() sleeps. A timer sends more, until one
 * of them ends the read.
 */
static void on_term(int sig)
{
	static const struct itimerval again = {
		.it_interval.tv_usec = 20000, .it_value.tv_usec = 20000,
	};

	soc_port_stop(port);
	setitimer(ITIMER_REAL, &again, NULL);
}

static void on_alarm(int sig)
{
}

static void set_signal(int sig, void (*fn)(int))
{
	struct sigaction sa = { .sa_handler = fn };

	/* no SA_RESTART: a sleeping read() shall end */
	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

/* The signals that are this thread's and not the workers'. */
static void our_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(how, &set, NULL);
}

/* ---- main ---- */

static int serve(const char *path, struct qaic_err *err)
{
	char serial[16], line[160];
	struct soc_port_config config = {
		.soc = {
			.threads = threads, .dram = ddr ? ddr : sku->ddr,
			.num_nsps = sku->num_nsps, .sku = sku->sku,
			.serial = serial, .help = true,
		},
		.log = port_log,
	};
	int ret;

	snprintf(serial, sizeof(serial), "0x%08x", 0x5afe0a1c + card);
	/* before there are other threads: it holds for one and its children */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return qaic_fail(err, -errno, "no_new_privs: %s",
				 strerror(errno));
	our_signals(SIG_BLOCK);
	ret = soc_port_open(path, &config, &port, err);
	if (ret)
		return ret;
	ret = drop_privileges(err);
	if (ret)
		goto close;
	set_signal(SIGTERM, on_term);
	set_signal(SIGINT, on_term);
	set_signal(SIGALRM, on_alarm);
	our_signals(SIG_UNBLOCK);
	snprintf(line, sizeof(line), "%s: %s, %u NSPs, %llu MiB of DDR", path,
		 sku->name, sku->num_nsps,
		 (unsigned long long)config.soc.dram >> 20);
	log_line(6, line);
	notify("READY=1");
	ret = soc_port_run(port, err);
	notify("STOPPING=1");
	our_signals(SIG_BLOCK);
close:
	soc_port_close(port);
	return ret;
}

int main(int argc, char **argv)
{
	struct qaic_opt_cmd cmd = {
		.prog = "qaic-socd", .usage = "[options]",
		.about = "Be the simulated Cloud AI 100 in a slot of the "
			 "qaic_sim driver.",
		.opts = opts, .num_opts = QAIC_ARRAY_SIZE(opts),
	};
	struct qaic_err err = QAIC_ERR_INIT;
	char path[64];
	int ret;

	ret = qaic_opt_parse(&cmd, argc, argv, &err);
	if (ret)
		return qaic_opt_exit(&cmd, ret, &err);
	snprintf(path, sizeof(path), "/dev/qaic_sim%u", card);
	ret = serve(device ? device : path, &err);
	if (!ret)
		log_line(6, "detached");
	if (!ret || !getenv("JOURNAL_STREAM"))
		return qaic_opt_exit(&cmd, ret, &err);
	log_line(3, err.msg);
	qaic_opt_release(&cmd);
	return 1;
}
