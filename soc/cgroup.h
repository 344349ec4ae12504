/* SPDX-License-Identifier: MIT */
/* The control groups that this process is in (cgroups(7)). */
#ifndef SOC_CGROUP_H
#define SOC_CGROUP_H

/*
 * Call @fn with the directory of our group and of each one around it, up to the top
 * that we see: of cgroup v2, or, if @v1 names a controller, of the v1 hierarchy that
 * has it. @proc is the directory with our "cgroup" and "mountinfo": /proc/self.
 */
void soc_cgroup_each(const char *proc, const char *v1,
		     void (*fn)(const char *dir, void *ctx), void *ctx);

/* What is in @dir/@name; free() it. NULL if there is none. */
char *soc_read_text(const char *dir, const char *name);

#endif
