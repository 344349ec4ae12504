// SPDX-License-Identifier: MIT
/* qaic-util: which cards there are, how they are and what happens to them. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/common/card_info.h"
#include "tools/common/card_monitor.h"
#include "tools/common/opt.h"

static bool query, as_json, monitor;
static unsigned int refresh;
static struct qaic_opt_list devices;
static volatile sig_atomic_t stop;

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("What to show (without any: -q):"),
	{ .name = "query", .alias = "q", .kind = QAIC_OPT_FLAG, .to = &query,
	  .help = "All that the cards say about themselves." },
	{ .name = "json", .alias = "j", .kind = QAIC_OPT_FLAG, .to = &as_json,
	  .help = "The same as one JSON document; with --monitor: a JSON "
	  "object a line." },
	{ .name = "table", .alias = "t", .kind = QAIC_OPT_UINT, .to = &refresh,
	  .min = 1, .max = 86400, .arg = "SEC",
	  .help = "A table, again every SEC seconds until Ctrl-C." },
	{ .name = "monitor", .alias = "m", .kind = QAIC_OPT_FLAG,
	  .to = &monitor, .help = "What happens to the cards, a line each as it "
	  "happens, until Ctrl-C: they come and go, errors, temperatures, "
	  "channels that restart." },
	QAIC_OPT_GROUP("Which cards:"),
	{ .name = "aic-device-id", .alias = "d", .kind = QAIC_OPT_LIST,
	  .to = &devices, .arg = "QID", .def = "all",
	  .help = "Only this card. May be given several times." },
};

/* The QIDs that are wanted, checked. */
static int choose(uint32_t **out, size_t *num, struct qaic_err *err)
{
	size_t count = qaic_device_count(), n = devices.n ? devices.n : count;
	uint64_t qid;
	uint32_t *v;
	size_t i;

	v = calloc(n, sizeof(*v));
	if (!v)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		qid = i;
		if (devices.n && (qaic_opt_uint(devices.v[i], 0, UINT32_MAX,
						&qid) || qid >= count)) {
			free(v);
			return qaic_fail(err, -ENODEV, "Device %s invalid",
					 devices.v[i]);
		}
		v[i] = qid;
	}
	*out = v;
	*num = n;
	return 0;
}

static int print_all(const uint32_t *qids, size_t n, struct qaic_err *err)
{
	struct qaic_card card;
	size_t i;
	int ret;

	for (i = 0; i < n; i++) {
		ret = qaic_card_ask(qids[i], &card, err);
		if (ret)
			return ret;
		qaic_card_print(&card, stdout);
		if (!card.ready)
			fprintf(stderr, "qaic-util: QID %u: %s\n", qids[i],
				card.why);
	}
	return 0;
}

static int print_json(const uint32_t *qids, size_t n, struct qaic_err *err)
{
	json_t *list = json_array(), *doc;
	struct qaic_card card;
	int ret = 0;
	size_t i;

	for (i = 0; i < n && !ret; i++) {
		ret = qaic_card_ask(qids[i], &card, err);
		if (!ret && json_array_append_new(list, qaic_card_json(&card)))
			ret = qaic_fail(err, -ENOMEM, "out of memory");
	}
	doc = json_pack("{s:o}", "devices", list);
	if (!ret && (!doc || json_dumpf(doc, stdout, JSON_INDENT(2)) ||
		     putchar('\n') == EOF))
		ret = qaic_fail(err, -EIO, "cannot write the output");
	json_decref(doc);
	return ret;
}

static void on_signal(int sig)
{
	stop = 1;
}

static void catch_signals(void)
{
	const struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int print_table(struct qaic_err *err)
{
	struct qaic_card card;
	uint32_t *qids;
	size_t i, n;
	int ret;

	ret = choose(&qids, &n, err);
	if (ret)
		return ret;
	if (isatty(STDOUT_FILENO))	/* home, and clear what is below */
		fputs("\033[H\033[J", stdout);
	qaic_card_heading(stdout);
	for (i = 0; i < n; i++) {
		/* one that has just gone is not there in the next table */
		if (!qaic_card_ask(qids[i], &card, NULL))
			qaic_card_row(&card, stdout);
	}
	free(qids);
	if (fflush(stdout))
		ret = qaic_fail(err, -EIO, "cannot write the output");
	return ret;
}

/* Sleep, but not while cards come or go. */
static void nap(struct qaic_hotplug *h)
{
	struct pollfd p = { .fd = h ? qaic_hotplug_fd(h) : -1,
			    .events = POLLIN };
	struct qaic_hotplug_event e;

	poll(&p, 1, refresh * 1000);
	while (h && !qaic_hotplug_next(h, &e))
		;
}

static int table(struct qaic_err *err)
{
	struct qaic_hotplug *h = NULL;
	int ret = 0;

	catch_signals();
	/* without it changes are seen at the next refresh */
	if (qaic_hotplug_open(&h, NULL))
		h = NULL;
	while (!ret && !stop) {
		ret = print_table(err);
		if (!ret && !stop)
			nap(h);
	}
	qaic_hotplug_close(h);
	return ret;
}

static int watch(const uint32_t *qids, size_t n, struct qaic_err *err)
{
	const struct card_monitor cm = {
		.out = stdout, .json = as_json, .stop = &stop,
		.qids = devices.n ? qids : NULL, .num_qids = n,
	};

	catch_signals();
	return card_monitor(&cm, err);
}

static int util(struct qaic_err *err)
{
	uint32_t *qids = NULL;
	size_t n = 0;
	int ret;

	if (refresh && (query || as_json || monitor))
		return qaic_fail(err, -EINVAL,
				 "--table goes with neither --query, --json nor --monitor");
	if (monitor && query)
		return qaic_fail(err, -EINVAL,
				 "--monitor does not go with --query");
	ret = choose(&qids, &n, err);
	if (ret)
		return ret;
	if (monitor)
		ret = watch(qids, n, err);
	else if (refresh)
		ret = table(err);
	else if (as_json)
		ret = print_json(qids, n, err);
	else
		ret = print_all(qids, n, err);
	free(qids);
	if (!ret && (fflush(stdout) || ferror(stdout)))
		ret = qaic_fail(err, -EIO, "cannot write the output");
	return ret;
}

int main(int argc, char **argv)
{
	struct qaic_opt_cmd cmd = {
		.prog = "qaic-util", .usage = "[options]",
		.about = "Show which Cloud AI 100 cards there are and how "
			 "they are. Without a driver that has cards, that is "
			 "the one card that commands have inside themselves.",
		.opts = opts, .num_opts = QAIC_ARRAY_SIZE(opts),
	};
	struct qaic_err err = QAIC_ERR_INIT;
	int ret;

	ret = qaic_opt_parse(&cmd, argc, argv, &err);
	if (!ret)
		ret = util(&err);
	return qaic_opt_exit(&cmd, ret, &err);
}
