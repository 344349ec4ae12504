// SPDX-License-Identifier: GPL-2.0-only
/* The module: its parameters, and the slots from load to exit. */
#include <linux/module.h>
#include <linux/slab.h>

#include "kmod/bus.h"
#include "kmod/compat.h"

static unsigned int num_cards = 1;
module_param(num_cards, uint, 0444);
MODULE_PARM_DESC(num_cards, "Number of simulated cards, 1 to 16 (default 1)");

bool qaic_datapath_polling;
module_param_named(datapath_polling, qaic_datapath_polling, bool, 0400);
MODULE_PARM_DESC(datapath_polling,
		 "Poll the response FIFOs instead of waiting for interrupts");

unsigned int qaic_mhi_timeout_ms = 2000;
module_param_named(mhi_timeout_ms, qaic_mhi_timeout_ms, uint, 0600);
MODULE_PARM_DESC(mhi_timeout_ms,
		 "Time for a new card process to answer (default 2000)");

unsigned int qaic_control_resp_timeout_s = 60;
module_param_named(control_resp_timeout_s, qaic_control_resp_timeout_s, uint,
		   0600);
MODULE_PARM_DESC(control_resp_timeout_s,
		 "Time for the reply to a manage message (default 60)");

unsigned int qaic_wait_exec_default_timeout_ms = 5000;
module_param_named(wait_exec_default_timeout_ms,
		   qaic_wait_exec_default_timeout_ms, uint, 0600);
MODULE_PARM_DESC(wait_exec_default_timeout_ms,
		 "Timeout of WAIT_BO calls that give none (default 5000)");

unsigned int qaic_datapath_poll_interval_us = 100;
module_param_named(datapath_poll_interval_us, qaic_datapath_poll_interval_us,
		   uint, 0600);
MODULE_PARM_DESC(datapath_poll_interval_us,
		 "Sleep between polls with datapath_polling (default 100)");

struct slot {
	struct qaic_card card;
	struct pci_host_bridge *host;
	bool port;			/* the misc device is there */
};

static struct slot *slots[QAIC_MAX_CARDS];
/* of the array; a parameter may be written while the module goes */
static DEFINE_MUTEX(slots_lock);

static int set_thermal(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_int(val, kp);
	unsigned int i;

	mutex_lock(&slots_lock);
	for (i = 0; i < QAIC_MAX_CARDS; i++)
		if (slots[i])
			qaic_thermal_check(&slots[i]->card);
	mutex_unlock(&slots_lock);
	return ret;
}

static const struct kernel_param_ops thermal_ops = {
	.set = set_thermal,
	.get = param_get_int,
};

int qaic_thermal_hot_mc = 85000;
module_param_cb(thermal_hot_mc, &thermal_ops, &qaic_thermal_hot_mc, 0600);
__MODULE_PARM_TYPE(thermal_hot_mc, "int");
MODULE_PARM_DESC(thermal_hot_mc,
		 "A SoC of so many thousandths of a degree C is hot (default 85000)");

int qaic_thermal_critical_mc = 95000;
module_param_cb(thermal_critical_mc, &thermal_ops, &qaic_thermal_critical_mc,
		0600);
__MODULE_PARM_TYPE(thermal_critical_mc, "int");
MODULE_PARM_DESC(thermal_critical_mc, "And critical with so many (default 95000)");

/* No card process can be there: an open port holds the module. */
static void slot_del(struct slot *s)
{
	struct qaic_card *card = &s->card;

	if (s->port)
		misc_deregister(&card->misc);
	qaic_debugfs_del(card);
	if (s->host)
		qaic_host_del(s->host);
	cancel_work_sync(&card->kick_work);
	cancel_delayed_work_sync(&card->watch_work);
	qaic_iova_fini(card);
	qaic_regs_fini(card);
	kfree(s);
}

static struct slot *slot_add(unsigned int nr, int domain)
{
	struct slot *s = kzalloc(sizeof(*s), GFP_KERNEL);
	struct qaic_card *card;
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	card = &s->card;
	card->slot = nr;
	snprintf(card->misc_name, sizeof(card->misc_name), QAIC_SIM_NAME "%u",
		 nr);
	qaic_attach_init(card);
	qaic_event_init(card);
	qaic_iova_init(card);
	ret = qaic_regs_init(card);
	if (ret)
		goto err;

	s->host = qaic_host_add(card, domain);
	if (IS_ERR(s->host)) {
		ret = PTR_ERR(s->host);
		s->host = NULL;
		goto err;
	}
	qaic_debugfs_add(card);
	return s;
err:
	slot_del(s);
	return ERR_PTR(ret);
}

static int slot_open_port(struct slot *s)
{
	struct qaic_card *card = &s->card;
	int ret;

	card->misc.minor = MISC_DYNAMIC_MINOR;
	card->misc.name = card->misc_name;
	card->misc.fops = &qaic_port_fops;
	card->misc.mode = 0600;
	ret = misc_register(&card->misc);
	s->port = !ret;
	return ret;
}

static void slots_del(void)
{
	unsigned int i;
	struct slot *s;

	for (i = QAIC_MAX_CARDS; i-- > 0; ) {
		mutex_lock(&slots_lock);
		s = slots[i];
		slots[i] = NULL;
		mutex_unlock(&slots_lock);
		if (s)
			slot_del(s);
	}
}

static int __init slots_add(void)
{
	int domain = qaic_host_domain(), ret = 0;
	unsigned int i;
	struct slot *s;

	if (domain < 0)
		return domain;
	for (i = 0; i < num_cards; i++) {
		s = slot_add(i, domain);
		if (IS_ERR(s))
			return PTR_ERR(s);
		mutex_lock(&slots_lock);
		slots[i] = s;
		mutex_unlock(&slots_lock);
	}
	/* last, when little can fail: a port may be opened at once */
	for (i = 0; i < num_cards && !ret; i++)
		ret = slot_open_port(slots[i]);
	return ret;
}

static int __init qaic_sim_init(void)
{
	int ret;

	if (num_cards < 1 || num_cards > QAIC_MAX_CARDS) {
		pr_err(QAIC_SIM_NAME ": num_cards=%u is not 1 to %u\n",
		       num_cards, QAIC_MAX_CARDS);
		return -EINVAL;
	}
	ret = qaic_drv_init();
	if (ret)
		return ret;
	qaic_debugfs_init();
	ret = qaic_pci_init();
	if (ret)
		goto err_drv;
	ret = slots_add();
	if (ret)
		goto err_slots;
	return 0;
err_slots:
	slots_del();
	qaic_pci_exit();
err_drv:
	qaic_debugfs_exit();
	qaic_drv_exit();
	return ret;
}

static void __exit qaic_sim_exit(void)
{
	slots_del();
	qaic_pci_exit();
	qaic_debugfs_exit();
	qaic_drv_exit();
}

module_init(qaic_sim_init);
module_exit(qaic_sim_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Simulated Qualcomm Cloud AI 100 cards and their accel driver");
MODULE_VERSION("0.1.0");
QAIC_IMPORT_NS(DMA_BUF);
