/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels this module builds on (6.8 to today's). The
 * rest of kmod/ is written for the newest and has no version checks.
 *
 * HAVE_DEVICE_SET_DRIVER_OVERRIDE comes from Kbuild, which looks at the headers:
 * stable kernels got that function too.
 */
#ifndef QAIC_SIM_COMPAT_H
#define QAIC_SIM_COMPAT_H

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.13: the namespace is a string */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define QAIC_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define QAIC_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* 6.14: struct drm_driver lost its date */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define QAIC_DRM_DATE(d)	.date = (d),
#else
#define QAIC_DRM_DATE(d)
#endif

/* 6.16: what takes the reservation lock itself lost its suffix */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define qaic_vmap(obj, map)	drm_gem_vmap(obj, map)
#define qaic_vunmap(obj, map)	drm_gem_vunmap(obj, map)
#else
#define qaic_vmap(obj, map)	drm_gem_vmap_unlocked(obj, map)
#define qaic_vunmap(obj, map)	drm_gem_vunmap_unlocked(obj, map)
#endif

static inline int qaic_set_driver_override(struct pci_dev *pdev,
					   const char *name)
{
#ifdef HAVE_DEVICE_SET_DRIVER_OVERRIDE
	return device_set_driver_override(&pdev->dev, name);
#else
	return driver_set_override(&pdev->dev, &pdev->driver_override, name,
				   strlen(name));
#endif
}

/*
 * The PCI domain of a host bridge. x86 reads it from the bus's sysdata, which
 * must be a struct pci_sysdata; others from the bridge; some have none.
 */
struct qaic_sysdata {
#if defined(CONFIG_PCI_DOMAINS) && !defined(CONFIG_PCI_DOMAINS_GENERIC)
	struct pci_sysdata sd;
#endif
};

static inline void qaic_set_domain(struct pci_host_bridge *bridge,
				   struct qaic_sysdata *data, int domain)
{
#ifdef CONFIG_PCI_DOMAINS_GENERIC
	bridge->domain_nr = domain;
#elif defined(CONFIG_PCI_DOMAINS)
	data->sd.domain = domain;
	data->sd.node = NUMA_NO_NODE;
	bridge->sysdata = &data->sd;
#endif
}

#endif
