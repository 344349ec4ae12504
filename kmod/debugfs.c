// SPDX-License-Identifier: GPL-2.0-only
/* dbcNNN/fifo_size and dbcNNN/queued below the accel device's directory. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "kmod/drv.h"

static int fifo_size_show(struct seq_file *s, void *unused)
{
	struct qaic_dbc *dbc = s->private;

	seq_printf(s, "%u\n", READ_ONCE(dbc->fifo.n));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fifo_size);

/* Elements that the card has not finished. */
static int queued_show(struct seq_file *s, void *unused)
{
	struct qaic_dbc *dbc = s->private;
	u32 head, used = 0;

	mutex_lock(&dbc->lock);
	head = READ_ONCE(dbc->regs->req_head);
	if (head < dbc->fifo.n)
		used = qaic_fifo_used(head, dbc->req_tail, dbc->fifo.n);
	mutex_unlock(&dbc->lock);
	seq_printf(s, "%u\n", used);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queued);

void qaic_dbc_debugfs(struct qaic_device *qd)
{
	struct dentry *dir;
	char name[16];
	u32 i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		snprintf(name, sizeof(name), "dbc%03u", i);
		dir = debugfs_create_dir(name, qd->drm.debugfs_root);
		debugfs_create_file("fifo_size", 0400, dir, &qd->dbc[i],
				    &fifo_size_fops);
		debugfs_create_file("queued", 0400, dir, &qd->dbc[i],
				    &queued_fops);
	}
}
