// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI host bridge of a slot: one bus with one function 17cb:a100 on it, as a
 * configuration space in memory. No BARs and no interrupts: what a real card has
 * there is behind the card port.
 */
#include <linux/slab.h>

#include "kmod/bus.h"
#include "kmod/compat.h"

#define CFG_SIZE	4096
#define CFG_EXP		0x70		/* PCI Express capability */
#define CFG_DSN		0x100		/* device serial number */

/* Freed by the PCI core with the bridge, after the last reference to it */
struct host {
	struct qaic_sysdata sysdata;	/* x86 wants it at the bus's sysdata */
	struct qaic_card *card;
	struct resource busn;
	raw_spinlock_t lock;
	u8 cfg[CFG_SIZE];
	u8 wmask[CFG_SIZE];		/* bits that can be written */
};

static void w16(struct host *h, int at, u16 v)
{
	put_unaligned_le16(v, h->cfg + at);
}

static void w32(struct host *h, int at, u32 v)
{
	put_unaligned_le32(v, h->cfg + at);
}

static void writable(struct host *h, int at, u16 mask)
{
	put_unaligned_le16(mask, h->wmask + at);
}

/* As a Cloud AI 100 with a PCIe 4.0 x8 link */
static void fill_express(struct host *h)
{
	const int e = CFG_EXP;

	h->cfg[e] = PCI_CAP_ID_EXP;
	w16(h, e + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	w32(h, e + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | 1);	/* 256 bytes */
	writable(h, e + PCI_EXP_DEVCTL, 0x7fff);
	w32(h, e + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_16_0GB | 8 << 4);
	writable(h, e + PCI_EXP_LNKCTL,
		 PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC);
	w16(h, e + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_CLS_16_0GB |
	    8 << PCI_EXP_LNKSTA_NLW_SHIFT | PCI_EXP_LNKSTA_SLC);
	w32(h, e + PCI_EXP_LNKCAP2,
	    PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB |
	    PCI_EXP_LNKCAP2_SLS_8_0GB | PCI_EXP_LNKCAP2_SLS_16_0GB);
	w16(h, e + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS_16_0GT);
}

static void fill_config(struct host *h, unsigned int slot)
{
	w16(h, PCI_VENDOR_ID, QAIC_HW_VENDOR_ID);
	w16(h, PCI_DEVICE_ID, QAIC_HW_DEVICE_ID);
	w16(h, PCI_STATUS, PCI_STATUS_CAP_LIST);
	w32(h, PCI_CLASS_REVISION, PCI_CLASS_ACCELERATOR_PROCESSING << 16 | 1);
	w16(h, PCI_SUBSYSTEM_VENDOR_ID, QAIC_HW_VENDOR_ID);
	w16(h, PCI_SUBSYSTEM_ID, QAIC_HW_DEVICE_ID);
	h->cfg[PCI_CAPABILITY_LIST] = CFG_EXP;
	/* BARs and ROM stay 0 when they are sized: there are none. No INTx. */
	writable(h, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
		 PCI_COMMAND_INTX_DISABLE | PCI_COMMAND_PARITY |
		 PCI_COMMAND_SERR);
	h->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	h->wmask[PCI_INTERRUPT_LINE] = 0xff;
	fill_express(h);
	w32(h, CFG_DSN, PCI_EXT_CAP_ID_DSN | 1 << 16);
	w32(h, CFG_DSN + 4, 0x51a10000 + slot);
	w32(h, CFG_DSN + 8, 0x00a03700);
}

static struct host *host_of(struct pci_bus *bus)
{
	return pci_host_bridge_priv(pci_find_host_bridge(bus));
}

/* Accessors may be called from atomic context and without a lock. */
static int check(struct pci_bus *bus, unsigned int devfn, int where, int size)
{
	if (!pci_is_root_bus(bus) || devfn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where < 0 || where + size > CFG_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	return PCIBIOS_SUCCESSFUL;
}

static int cfg_read(struct pci_bus *bus, unsigned int devfn, int where,
		    int size, u32 *val)
{
	struct host *h = host_of(bus);
	unsigned long flags;
	int i, ret;

	*val = ~0;
	ret = check(bus, devfn, where, size);
	if (ret)
		return ret;
	*val = 0;
	raw_spin_lock_irqsave(&h->lock, flags);
	for (i = size - 1; i >= 0; i--)
		*val = *val << 8 | h->cfg[where + i];
	raw_spin_unlock_irqrestore(&h->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static int cfg_write(struct pci_bus *bus, unsigned int devfn, int where,
		     int size, u32 val)
{
	struct host *h = host_of(bus);
	unsigned long flags;
	int i, ret;

	ret = check(bus, devfn, where, size);
	if (ret)
		return ret;
	raw_spin_lock_irqsave(&h->lock, flags);
	for (i = where; i < where + size; i++, val >>= 8)
		h->cfg[i] = (h->cfg[i] & ~h->wmask[i]) | (val & h->wmask[i]);
	raw_spin_unlock_irqrestore(&h->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops host_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

struct qaic_card *qaic_host_card(struct pci_dev *pdev)
{
	return pdev->bus->ops == &host_ops ? host_of(pdev->bus)->card : NULL;
}

/* 16 bits: programs print %04x, and some store no more */
int qaic_host_domain(void)
{
#ifdef CONFIG_PCI_DOMAINS
	struct pci_bus *bus;
	bool used;
	int d;

	for (d = 1; d <= 0xffff; d++) {
		used = false;
		for (bus = NULL; (bus = pci_find_next_bus(bus)); )
			used |= pci_domain_nr(bus) == d;
		if (!used)
			return d;
	}
	return -ENOSPC;
#else
	return 0;
#endif
}

static int free_bus(int domain)
{
	int n;

	for (n = 1; n < 256; n++)
		if (!pci_find_bus(domain, n))
			return n;
	return -ENOSPC;
}

/* An error takes the bridge with it. */
static int scan(struct pci_host_bridge *bridge)
{
	int ret;

	get_device(&bridge->dev);
	pci_lock_rescan_remove();
	ret = pci_scan_root_bus_bridge(bridge);
	if (!ret)
		pci_bus_add_devices(bridge->bus);	/* probes */
	pci_unlock_rescan_remove();
	/*
	 * Where it could not add the device, pci_register_host_bridge() has
	 * put the reference of the allocation, elsewhere not: only ours tells.
	 */
	if (ret && kref_read(&bridge->dev.kobj.kref) > 1)
		pci_free_host_bridge(bridge);
	put_device(&bridge->dev);
	return ret;
}

struct pci_host_bridge *qaic_host_add(struct qaic_card *card, int domain)
{
	struct pci_host_bridge *bridge;
	int busn = free_bus(domain), ret;
	struct host *h;

	if (busn < 0)
		return ERR_PTR(busn);
	bridge = pci_alloc_host_bridge(sizeof(*h));
	if (!bridge)
		return ERR_PTR(-ENOMEM);
	h = pci_host_bridge_priv(bridge);
	raw_spin_lock_init(&h->lock);
	h->card = card;
	fill_config(h, card->slot);
	h->busn = (struct resource) {
		.name = card->misc_name,
		.start = busn,
		.end = busn,
		.flags = IORESOURCE_BUS,
	};
	pci_add_resource(&bridge->windows, &h->busn);
	bridge->ops = &host_ops;
	bridge->busnr = busn;
	qaic_set_domain(bridge, &h->sysdata, domain);

	ret = scan(bridge);
	return ret ? ERR_PTR(ret) : bridge;
}

void qaic_host_del(struct pci_host_bridge *bridge)
{
	pci_lock_rescan_remove();
	pci_stop_root_bus(bridge->bus);
	pci_remove_root_bus(bridge->bus);
	pci_unlock_rescan_remove();
	/* the reference of its allocation */
	pci_free_host_bridge(bridge);
}
