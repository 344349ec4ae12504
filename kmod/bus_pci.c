// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver of the simulated cards. It has no ID table: it binds through
 * driver_override alone, which our own functions get as they appear. So it
 * never takes a real card, and no driver for real cards takes ours.
 */
#include <linux/dma-mapping.h>

#include "kmod/bus.h"
#include "kmod/compat.h"

/* ---- counters of errors, as upstream's ---- */

#define COUNTER(name)							\
static ssize_t name##_count_show(struct device *dev,			\
				 struct device_attribute *attr,		\
				 char *buf)				\
{									\
	struct qaic_ras_counts n;					\
									\
	qaic_bus_ras_counts(dev_get_drvdata(dev), &n);			\
	return sysfs_emit(buf, "%llu\n", n.name);			\
}									\
static DEVICE_ATTR_RO(name##_count)

COUNTER(ce);
COUNTER(ue);
COUNTER(ue_nonfatal);

static ssize_t card_state_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct qaic_card *card = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", qaic_bus_connected(card) ? "attached" :
			  "empty");
}
static DEVICE_ATTR_RO(card_state);

static ssize_t card_slot_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct qaic_card *card = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", card->slot);
}
static DEVICE_ATTR_RO(card_slot);

static struct attribute *card_attrs[] = {
	&dev_attr_ce_count.attr,
	&dev_attr_ue_count.attr,
	&dev_attr_ue_nonfatal_count.attr,
	&dev_attr_card_state.attr,
	&dev_attr_card_slot.attr,
	NULL
};
ATTRIBUTE_GROUPS(card);

/* ---- probe and remove ---- */

static int card_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct qaic_card *card = qaic_host_card(pdev);
	int ret;

	if (!card)		/* root wrote driver_override of another device */
		return -ENODEV;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_drvdata(pdev, card);

	mutex_lock(&card->state_lock);
	card->pdev = pdev;
	ret = qaic_hwmon_add(card);
	if (!ret)
		ret = qaic_drv_probe(card);
	if (ret)
		card->pdev = NULL;
	mutex_unlock(&card->state_lock);
	return ret;
}

static void card_remove(struct pci_dev *pdev)
{
	struct qaic_card *card = pci_get_drvdata(pdev);

	mutex_lock(&card->state_lock);
	qaic_detach(card, NULL);
	qaic_drv_remove(card);
	card->pdev = NULL;
	mutex_unlock(&card->state_lock);
}

/* The system goes down: the card process is asked to go first. */
static void card_shutdown(struct pci_dev *pdev)
{
	qaic_event_shutdown(pci_get_drvdata(pdev));
}

static struct pci_driver card_driver = {
	.name = QAIC_SIM_NAME,
	.probe = card_probe,
	.remove = card_remove,
	.shutdown = card_shutdown,
	.dev_groups = card_groups,
};

/*
 * At this time nothing can match the device yet, neither at the first scan nor
 * when root removes it and rescans.
 */
static int device_appears(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	int ret;

	if (action != BUS_NOTIFY_ADD_DEVICE || !qaic_host_card(pdev))
		return NOTIFY_DONE;
	ret = qaic_set_driver_override(pdev, QAIC_SIM_NAME);
	if (ret)
		dev_err(&pdev->dev, "cannot set driver_override: %d\n", ret);
	return NOTIFY_OK;
}

static struct notifier_block pci_notifier = {
	.notifier_call = device_appears,
};

int qaic_pci_init(void)
{
	int ret = bus_register_notifier(&pci_bus_type, &pci_notifier);

	if (ret)
		return ret;
	ret = pci_register_driver(&card_driver);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &pci_notifier);
	return ret;
}

void qaic_pci_exit(void)
{
	pci_unregister_driver(&card_driver);
	bus_unregister_notifier(&pci_bus_type, &pci_notifier);
}
