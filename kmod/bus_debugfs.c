// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/qaic_sim/cardN/inject_ras: errors as if the card had reported
 * them. Write "TYPE SOURCE [COUNT]": ce, ue or ue_nonfatal, and where.
 */
#include <linux/debugfs.h>
#include <linux/uaccess.h>

#include "kmod/bus.h"

static struct dentry *root;

static int parse(char *line, struct qaic_sim_ras *ras)
{
	char type[16], source[16];
	unsigned int count = 1;
	int i;

	if (sscanf(line, "%15s %15s %u", type, source, &count) < 2 || !count)
		return -EINVAL;
	i = match_string(qaic_ras_types, -1, type);
	if (i < 0)
		return i;
	ras->type = i;
	i = match_string(qaic_ras_sources, -1, source);
	if (i < 0)
		return i;
	ras->source = i;
	ras->count = count;
	return 0;
}

static ssize_t inject_write(struct file *file, const char __user *buf,
			    size_t n, loff_t *pos)
{
	struct qaic_card *card = file->private_data;
	struct qaic_sim_ras ras = {};
	char line[64];
	int ret;

	if (n >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, n))
		return -EFAULT;
	line[n] = '\0';
	ret = parse(line, &ras);
	if (ret)
		return ret;

	/* as the card's own: only while one is there */
	down_read(&card->call_lock);
	if (READ_ONCE(card->port) && READ_ONCE(card->online_called) &&
	    qaic_bus_connected(card))
		qaic_bus_ras(card, &ras);
	else
		ret = -ENODEV;
	up_read(&card->call_lock);
	return ret ? ret : n;
}

static const struct file_operations inject_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = inject_write,
};

void qaic_debugfs_init(void)
{
	root = debugfs_create_dir(QAIC_SIM_NAME, NULL);
}

void qaic_debugfs_exit(void)
{
	debugfs_remove(root);
}

void qaic_debugfs_add(struct qaic_card *card)
{
	char name[16];

	snprintf(name, sizeof(name), "card%u", card->slot);
	card->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("inject_ras", 0200, card->debugfs, card,
			    &inject_fops);
}

/* Waits for writers. */
void qaic_debugfs_del(struct qaic_card *card)
{
	debugfs_remove(card->debugfs);
}
