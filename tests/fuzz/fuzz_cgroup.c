// SPDX-License-Identifier: MIT
/*
 * Mutated /proc/self/cgroup, mountinfo and quotas, of both versions of cgroups: what
 * a container's host gives is believed, and may be anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "soc/nsp_cpus.h"
#include "tests/fuzz/mutate.h"

static char tmp[] = "/tmp/qaic-fuzz-cgroup-XXXXXX";
static const char *const files[] = {
	"cgroup", "mountinfo", "v2/a/b/cpu.max", "v1/b/cpu.cfs_quota_us",
	"v1/b/cpu.cfs_period_us",
};

/* Not qaic_write_file(), which waits for the disk. */
static int put(const char *name, const char *text, size_t len)
{
	char *path = qaic_path(tmp, name);
	FILE *f = path ? fopen(path, "w") : NULL;
	int ret = f && fwrite(text, 1, len, f) == len ? 0 : -1;

	if (f && fclose(f))
		ret = -1;
	free(path);
	return ret;
}

/* The files, one behind the other, with an empty line between. */
static int run(const void *data, size_t len, void *ctx)
{
	const char *p = data, *end = p + len, *next;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(files); i++, p = next) {
		next = i + 1 < QAIC_ARRAY_SIZE(files) ?
		       memmem(p, end - p, "\n\n", 2) : NULL;
		next = next ? next + 1 : end;
		if (put(files[i], p, next - p))
			return 1;
		next += next < end;
	}
	/* in thousandths: what is more than any machine has is no limit */
	return nsp_cpus_quota(tmp) > 64000000;
}

int main(int argc, char **argv)
{
	struct fuzz_target t = { .name = "cgroup", .run = run, .text = true };
	char *seed;
	int rc = 1;

	if (!mkdtemp(tmp))
		return 1;
	seed = qaic_asprintf("4:cpuset:/x\n3:cpu,cpuacct:/a/b\n0::/a/b\n\n"
		"22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
		"26 22 0:24 / %s/v2 rw shared:9 - cgroup2 cgroup2 rw\n"
		"32 22 0:28 /a %s/v1 rw - cgroup cgroup rw,cpu,cpuacct\n"
		"33 22 0:29 / %s/a\\040b rw - cgroup2 none rw\n\n"
		"150000 100000\n\n300000\n\n100000\n", tmp, tmp, tmp);
	for (size_t i = 2; i < QAIC_ARRAY_SIZE(files) && seed; i++) {
		char *path = qaic_path(tmp, files[i]);

		if (path && strrchr(path, '/'))
			*strrchr(path, '/') = '\0';
		if (!path || qaic_mkdirs(path, NULL))
			seed[0] = '\0';
		free(path);
	}
	if (seed && *seed && nsp_cpus_quota("/nowhere") == 0) {
		t.seed = seed;
		t.seed_len = strlen(seed);
		if (!run(seed, t.seed_len, NULL) && nsp_cpus_quota(tmp) == 1500)
			rc = fuzz_main(argc, argv, &t, 1);
	}
	free(seed);
	qaic_rmtree(tmp, NULL);
	return rc;
}
