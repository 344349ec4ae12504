// SPDX-License-Identifier: MIT
/*
 * Fault injection on the way in: loading the module, and binding the driver to a
 * card's function, with the first, second, ... allocation failing. Each time it
 * either works or fails with an errno, and the next time, without a fault, it
 * works. Usage: failprobe all|PASS MODULE.ko [FIRST], in a kernel with
 * FAULT_INJECTION and without the module.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/kernel/client.h"
#include "tests/kernel/fault.h"

#define MAX_NTH	3000

static int module_fd;

static int load(void)
{
	return syscall(SYS_finit_module, module_fd, "num_cards=1", 0) ? errno : 0;
}

static int unload(void)
{
	int i, ret = EBUSY;

	/* udevd may still look at the card */
	for (i = 0; i < 500 && ret; i++) {
		ret = syscall(SYS_delete_module, "qaic_sim", O_NONBLOCK) ? errno : 0;
		if (ret)
			usleep(10000);
	}
	return ret;
}

/* ---- loading ---- */

static bool there(void)
{
	return !access("/dev/accel/accel0", F_OK) &&
	       !access("/dev/qaic_sim0", F_OK);
}

static void loads(void)
{
	expect("load", load(), 0);
	expect("its nodes", there(), true);
	expect("unload", unload(), 0);
}

static int try_load(unsigned int n)
{
	int ret;

	fault_arm(n);
	ret = load();
	if (!fault_reached())
		n = 0;
	if (!ret)
		expect("unload", unload(), 0);
	else
		expect("nothing stays", there(), false);
	return n ? ret : -1;
}

/* ---- binding ---- */

static char drv[512], function[64];

static bool find_function(void)
{
	char path[256];
	ssize_t n;

	n = readlink("/sys/class/accel/accel0/device", path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	snprintf(function, sizeof(function), "%.63s", strrchr(path, '/') + 1);
	snprintf(drv, sizeof(drv), "/sys/bus/pci/drivers/qaic_sim");
	return true;
}

static int control(const char *file)
{
	char path[600];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", drv, file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return errno;
	if (write(fd, function, strlen(function)) < 0)
		ret = errno;
	close(fd);
	return ret;
}

static int try_bind(unsigned int n)
{
	char path[600];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/bind", drv);
	fd = open(path, O_WRONLY);
	expect("driver's bind", fd >= 0, true);
	fault_arm(n);
	if (write(fd, function, strlen(function)) < 0)
		ret = errno;
	if (!fault_reached())
		n = 0;
	close(fd);
	if (!ret)
		expect("unbind", control("unbind"), 0);
	else
		expect("no node", access("/dev/accel/accel0", F_OK) != 0, true);
	return n ? ret : -1;
}

static void binds(void)
{
	expect("bind", control("bind"), 0);
	expect("its node", access("/dev/accel/accel0", F_OK), 0);
	expect("unbind", control("unbind"), 0);
}

/* ---- all of them ---- */

/*
 * Which sites. Two places of the kernel itself are left out, since 6.12 does not
 * survive there, whatever a driver does:
 * - pci_setup_device() does not ask whether dev_set_name() worked, nor
 *   pci_device_add() whether device_add() did, beyond a WARN_ON; device_attach()
 *   in pci_bus_add_device() then looks into a device that has no private part;
 * - drm_minor_alloc() keeps the error pointer of drm_sysfs_minor_alloc(), and
 *   drm_minor_alloc_release() does a put_device() of it.
 */
static const struct pass {
	const char *name;
	int (*try)(unsigned int);
	unsigned int step;
	const char *need;		/* a function; NULL: the module */
	const char *not, *not_end;
} passes[] = {
	/* the rest has passes of its own */
	/* the rest has passes of its own */
	{ "load", try_load, 1, NULL, "pci_bus_add_device",
	  "pci_scan_root_bus_bridge" },
	{ "load: allocate the bridge", try_load, 1, "pci_alloc_host_bridge",
	  "pci_device_add", NULL },
	{ "load: the bus", try_load, 1, "pci_scan_root_bus_bridge",
	  "pci_setup_device", "pci_device_add" },
	/* as the next one, which takes less time for each */
	{ "load: bind", try_load, 9, "pci_bus_add_devices",
	  "drm_sysfs_minor_alloc", NULL },
	{ "bind", try_bind, 1, NULL, "drm_sysfs_minor_alloc", NULL },
};

static bool sane(int ret)
{
	return !ret || ret == ENOMEM || ret == EFAULT || ret == EINVAL ||
	       ret == ENOSPC || ret == ENODEV || ret == ENOENT || ret == EAGAIN;
}

static void run(const struct pass *p, unsigned int n)
{
	unsigned int faults = 0, errors = 0;
	int ret = 0;

	fault_filter(p->need ? fault_functions(p->need, p->need) :
		     fault_modules(),
		     fault_functions(p->not, p->not_end ? p->not_end : p->not));
	for (; n < MAX_NTH && !failed; n += p->step) {
		ret = p->try(n);
		if (ret < 0)
			break;
		faults++;
		errors += ret != 0;
		if (!sane(ret))
			expect(p->name, ret, ENOMEM);
	}
	printf("%s: %u faults, %u errors\n", p->name, faults, errors);
	expect("faults were reached", faults > 0, true);
	expect("and at last none", ret, -1);
}

int main(int argc, char **argv)
{
	unsigned int first = argc > 3 ? atoi(argv[3]) : 1, i;
	bool bound;

	/* where to begin is said by hand: who was it? */
	if (argc < 3 || fault_open(argc > 3))
		return 2;
	module_fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	loads();
	for (i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		if (strcmp(argv[1], passes[i].name) &&
		    strcmp(argv[1], "all"))
			continue;
		bound = passes[i].try == try_bind;
		if (bound) {
			expect("load", load(), 0);
			expect("a function", find_function(), true);
			expect("unbind", control("unbind"), 0);
		}
		run(&passes[i], first);
		if (bound) {
			binds();
			expect("unload", unload(), 0);
		}
	}
	loads();
	return report("failprobe");
}
