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

static struct {
	uintptr_t window, window_end;
	uintptr_t regs, regs_end;
} range;

/* The copy that this thread is in */
static _Thread_local sigjmp_buf *volatile landing;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	static const char gone[] =
		"the driver took the card's registers away\n";
	uintptr_t at = (uintptr_t)si->si_addr;
	sigjmp_buf *to = landing;

	if (to && at >= range.window && at < range.window_end) {
		landing = NULL;
		siglongjmp(*to, 1);
	}
	if (at >= range.regs && at < range.regs_end) {
		if (write(STDERR_FILENO, gone, sizeof(gone) - 1) < 0)
			_exit(2);
		_exit(1);
	}
	/* a fault like any other: it comes again, now with its usual effect */
	signal(sig, SIG_DFL);
}

int soc_guard_init(const void *window, uint64_t size, const void *regs,
		   uint64_t regs_size)
{
	struct sigaction sa = {
		.sa_sigaction = on_fault,
		/* the jump out of the handler leaves the mask as it is */
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	range.window = (uintptr_t)window;
	range.window_end = range.window + size;
	range.regs = (uintptr_t)regs;
	range.regs_end = range.regs + regs_size;
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
