// SPDX-License-Identifier: MIT
/*
 * Copies from and to memory that may vanish. The driver unmaps a buffer while the
 * card reads it when a client ends: a fault inside a copy ends the copy.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "soc/port_priv.h"

struct range {
	uintptr_t first, end;
};

static struct range window, regs, ctl;

/* The copy that this thread is in */
static _Thread_local sigjmp_buf *volatile landing;

static bool in(const struct range *r, uintptr_t at)
{
	return at >= r->first && at < r->end;
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	static const char gone[] =
		"the driver took the card's registers away\n";
	uintptr_t at = (uintptr_t)si->si_addr;
	sigjmp_buf *to = landing;

	if (to && in(&window, at)) {
		landing = NULL;
		siglongjmp(*to, 1);
	}
	if (in(&regs, at) || in(&ctl, at)) {
		if (write(STDERR_FILENO, gone, sizeof(gone) - 1) < 0)
			_exit(2);
		_exit(1);
	}
	/* a fault like any other: it comes again, now with its usual effect */
	signal(sig, SIG_DFL);
}

static struct range range_of(const void *p, uint64_t size)
{
	return (struct range){ (uintptr_t)p, (uintptr_t)p + size };
}

int soc_guard_init(const struct soc_port *p)
{
	struct sigaction sa = {
		.sa_sigaction = on_fault,
		/* the jump out of the handler leaves the mask as it is */
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	window = range_of(p->window, p->window_size);
	regs = range_of((uint8_t *)p->bar2 + QAIC_HW_DBC_BASE,
			QAIC_SIM_OFF_CTL);
	ctl = range_of(p->ctl, 4096);
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, NULL) || sigaction(SIGSEGV, &sa, NULL))
		return -errno;
	return 0;
}

int soc_guard_copy(void *dst, const void *src, size_t len)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 0))
		return -EFAULT;
	landing = &here;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(dst, src, len);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	landing = NULL;
	return 0;
}
