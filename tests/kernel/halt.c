// SPDX-License-Identifier: MIT
/*
 * The last process of the user-mode kernel: end all others, tell the host the
 * exit status, power off. A container has no poweroff(8), and a kernel that powers
 * off below running processes aborts now and then.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static void end_all(int sig)
{
	int i;

	kill(-1, sig);
	for (i = 0; i < 20; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(-1, 0))
			return;
		usleep(10000);
	}
}

int main(int argc, char **argv)
{
	FILE *f;

	end_all(SIGTERM);
	end_all(SIGKILL);
	/* the first stage of init ends before /proc is there */
	mount("proc", "/proc", "proc", 0, NULL);
	f = fopen("/proc/exitcode", "w");
	if (f) {
		fprintf(f, "%d\n", argc > 1 ? atoi(argv[1]) : 0);
		fclose(f);
	}
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
