/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the bus half share. */
#ifndef QAIC_SIM_BUS_H
#define QAIC_SIM_BUS_H

#include <linux/fs.h>

#include "kmod/qaic_sim.h"

/* An open /dev/qaic_simN */
struct qaic_port {
	struct qaic_card *card;
	struct address_space *mapping;
};

/* ---- slots (bus_main.c) ---- */

extern const struct file_operations qaic_port_fops;	/* bus_port.c */

/* ---- the host bridge of a slot (bus_host.c) ---- */

struct pci_host_bridge *qaic_host_add(struct qaic_card *card, int domain);
void qaic_host_del(struct pci_host_bridge *bridge);
/* A domain for all our bridges, or -ENOSPC. */
int qaic_host_domain(void);
/* The slot of a device on one of our bridges, or NULL. */
struct qaic_card *qaic_host_card(struct pci_dev *pdev);

/* ---- its PCI function (bus_pci.c, bus_hwmon.c) ---- */

int qaic_pci_init(void);
void qaic_pci_exit(void);
int qaic_hwmon_add(struct qaic_card *card);

/* ---- debugfs (bus_debugfs.c) ---- */

void qaic_debugfs_init(void);
void qaic_debugfs_exit(void);
void qaic_debugfs_add(struct qaic_card *card);
void qaic_debugfs_del(struct qaic_card *card);

/* ---- the card process (bus_attach.c) ---- */

void qaic_attach_init(struct qaic_card *card);
int qaic_attach(struct qaic_port *port, struct qaic_sim_attach *arg);
/* If @port, or any port for NULL, is the card: cut it off and wait until all is
 * done. state_lock is held. */
void qaic_detach(struct qaic_card *card, struct qaic_port *port);

/*
 * Bracket of a call from the card: -ENOTCONN when @port is not the card (any
 * more), -EAGAIN before online is called, unless @early says that the driver is
 * not concerned. Between them offline is not called.
 */
int qaic_call_begin(struct qaic_port *port, bool early);
void qaic_call_end(struct qaic_port *port);

/* ---- is its process stopped? (bus_watch.c) ---- */

void qaic_watch_init(struct qaic_card *card);
/* The card was cut off; its process is not looked at any more. */
void qaic_watch_stop(struct qaic_card *card);

/* ---- events for the card (bus_event.c) ---- */

void qaic_event_init(struct qaic_card *card);
void qaic_event_connect(struct qaic_card *card, bool on);
void qaic_event_shutdown(struct qaic_card *card);
ssize_t qaic_event_read(struct qaic_port *port, char __user *buf, size_t n,
			bool nonblock);
__poll_t qaic_event_poll(struct qaic_port *port, struct file *file,
			 struct poll_table_struct *wait);

/* ---- messages of the card (bus_msg.c) ---- */

ssize_t qaic_msg_write(struct qaic_port *port, const char __user *buf,
		       size_t n);
/* The limits have changed; an idle card does not report by itself. */
void qaic_thermal_check(struct qaic_card *card);

/* ---- IOVA space (bus_iova.c) and what is mapped of it (bus_window.c) ---- */

void qaic_iova_init(struct qaic_card *card);
void qaic_iova_fini(struct qaic_card *card);
/* The range that has page @pg, or NULL. card->iova.lock is held. */
struct qaic_iova *qaic_iova_find(struct qaic_card *card, u64 pg);
/* 0 or -EFAULT */
int qaic_iova_check(struct qaic_card *card, u64 iova, u64 len, u32 access);

/* From now on @port's mappings (NULL: nobody's) see the card's memory. */
void qaic_window_give(struct qaic_card *card, struct qaic_port *port);
int qaic_window_mmap(struct qaic_port *port, struct vm_area_struct *vma);

/* ---- registers (bus_regs.c) ---- */

int qaic_regs_init(struct qaic_card *card);
void qaic_regs_fini(struct qaic_card *card);
void qaic_regs_clear(struct qaic_card *card);
/* Page @pg of the mapping at QAIC_SIM_OFF_REGS, or NULL. */
struct page *qaic_regs_page(struct qaic_card *card, unsigned long pg);

#endif
