// SPDX-License-Identifier: MIT
/*
 * --aic-profiling-type trace: the Trace Event Format, complete events ("X") in
 * microseconds, in the order of their beginnings on each track. Three processes with a
 * track for each NSP, DMA channel and host thread: the one that calls the card, and
 * those that do the card's work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "tools/common/json_out.h"
#include "tools/common/profile.h"

#define FLUSH	(1u << 20)
#define TRACKS	256

enum { PID_NSP = 1, PID_DMA, PID_HOST };

struct trace {
	struct qaic_outfile f;
	struct qaic_str s;
	uint64_t zero;			/* ns */
	bool seen[PID_HOST + 1][TRACKS];
	bool any;
	struct qaic_err *err;
};

#define CLIENT	0			/* the tid of who calls; threads follow */

static int flush(struct trace *t)
{
	int ret = t->s.failed ? qaic_fail(t->err, -ENOMEM, "out of memory") :
		  qaic_outfile_write(&t->f, t->s.s, t->s.len, t->err);

	qaic_str_free(&t->s);
	t->s = (struct qaic_str){ 0 };
	return ret;
}

static void next(struct trace *t)
{
	qaic_str_puts(&t->s, t->any ? ",\n" : "\n");
	t->any = true;
}

static void name(struct trace *t, int pid, int tid, const char *what,
		 const char *text)
{
	next(t);
	qaic_str_printf(&t->s, "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"args\":{\"name\":\"%s\"}}",
			pid, tid, what, text);
}

/* A track is named when it is first used. */
static void track(struct trace *t, int pid, unsigned int tid)
{
	static const char *const of[] = {
		[PID_NSP] = "NSP", [PID_DMA] = "DMA channel",
		[PID_HOST] = "card thread",
	};
	char text[32];

	if (tid >= TRACKS || t->seen[pid][tid])
		return;
	t->seen[pid][tid] = true;
	if (pid != PID_HOST)
		snprintf(text, sizeof(text), "%s %u", of[pid], tid);
	else if (tid == CLIENT)
		snprintf(text, sizeof(text), "client");
	else
		snprintf(text, sizeof(text), "%s %u", of[pid], tid - 1);
	name(t, pid, tid, "thread_name", text);
}

static void span(struct trace *t, int pid, unsigned int tid, uint64_t begin,
		 uint64_t end, const char *text)
{
	track(t, pid, tid);
	next(t);
	qaic_str_printf(&t->s, "{\"ph\":\"X\",\"pid\":%d,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"name\":\"%s\"",
			pid, tid, begin > t->zero ? (begin - t->zero) / 1e3 : 0, (end - begin) / 1e3,
			text);
}

static void event(struct trace *t, const struct qaic_profile_event *e)
{
	int pid = e->kind == QAIC_PROFILE_COMMAND ? PID_NSP : PID_DMA;
	char text[64];

	qaic_prof_name(e, text, sizeof(text));
	span(t, pid, e->nsp, e->begin_ns, e->end_ns, text);
	qaic_str_printf(&t->s, ",\"args\":{\"bytes\":%.0f,\"ops\":%.0f,\"thread\":%u}}",
			e->bytes, e->ops, e->thread);
	/* and the thread that did it */
	span(t, PID_HOST, e->thread + 1, e->begin_ns, e->end_ns, text);
	qaic_str_printf(&t->s, ",\"args\":{\"%s\":%u}}",
			pid == PID_NSP ? "nsp" : "channel", e->nsp);
}

static int write_all(struct trace *t, const struct qaic_prof *p)
{
	struct qaic_profile_event e;
	char text[48];
	size_t i;
	int ret = 0;

	qaic_str_puts(&t->s, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
	name(t, PID_NSP, 0, "process_name", "NSPs");
	name(t, PID_DMA, 0, "process_name", "DMA channels");
	name(t, PID_HOST, 0, "process_name", "host threads");
	for (i = 0; i < p->num; i++) {
		const struct qaic_prof_call *c = &p->calls[i];

		snprintf(text, sizeof(text), "%s %llu", c->what,
			 (unsigned long long)c->iter);
		span(t, PID_HOST, CLIENT, c->begin, c->begin + c->ns, text);
		qaic_str_puts(&t->s, "}");
	}
	for (i = 0; !ret && qaic_profile_event(p->dev, i, &e); i++) {
		event(t, &e);
		if (t->s.len > FLUSH)
			ret = flush(t);
	}
	qaic_str_puts(&t->s, "\n]}\n");
	return ret ? ret : flush(t);
}

static int write_file(struct trace *t, const struct qaic_prof *p,
		      const char *path)
{
	int ret = qaic_outfile_open(&t->f, path, t->err);

	if (ret)
		return ret;
	ret = write_all(t, p);
	if (ret)
		qaic_outfile_abort(&t->f);
	else
		ret = qaic_outfile_commit(&t->f, t->err);
	qaic_str_free(&t->s);
	return ret;
}

int qaic_prof_trace(const struct qaic_prof *p, json_t **json,
		    struct qaic_err *err)
{
	struct trace *t = calloc(1, sizeof(*t));
	char *path = qaic_path(p->out_dir ? p->out_dir : ".", "trace.json");
	int ret;

	if (!t || !path) {
		ret = qaic_fail(err, -ENOMEM, "out of memory");
		goto out;
	}
	t->err = err;
	t->zero = p->calls[0].begin;
	ret = write_file(t, p, path);
	if (ret)
		goto out;
	if (json) {
		*json = json_pack("{s:s, s:o, s:I, s:I}", "type", "trace",
				  "file", qaic_json_text(path),
				  "events", (json_int_t)p->got.num_events,
				  "lost", (json_int_t)p->got.lost);
	} else {
		printf("Writing file:%s\n", path);
		qaic_prof_say_lost(p);
	}
out:
	free(t);
	free(path);
	return ret;
}
