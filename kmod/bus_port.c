// SPDX-License-Identifier: GPL-2.0-only
/* /dev/qaic_simN */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/bus.h"

static int port_open(struct inode *inode, struct file *file)
{
	/* misc_open() has put its own structure there */
	struct qaic_card *card = container_of(file->private_data,
					      struct qaic_card, misc);
	struct qaic_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return -ENOMEM;
	port->card = card;
	port->mapping = file->f_mapping;
	file->private_data = port;
	return nonseekable_open(inode, file);
}

static int port_release(struct inode *inode, struct file *file)
{
	struct qaic_port *port = file->private_data;
	struct qaic_card *card = port->card;

	mutex_lock(&card->state_lock);
	qaic_detach(card, port);
	mutex_unlock(&card->state_lock);
	kfree(port);
	return 0;
}

static long ioctl_attach(struct qaic_port *port, void __user *user)
{
	struct qaic_sim_attach arg;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	ret = qaic_attach(port, &arg);
	if (ret)
		return ret;
	return copy_to_user(user, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static long ioctl_irq(struct qaic_port *port, unsigned long dbc)
{
	int ret;

	if (dbc >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	ret = qaic_call_begin(port, false);
	if (ret)
		return ret;
	qaic_drv_irq(port->card, dbc);
	qaic_call_end(port);
	return 0;
}

static long ioctl_irq_read(struct qaic_port *port, void __user *user,
			   bool nonblock)
{
	struct qaic_sim_irq_read arg;
	unsigned int i;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.dbc_mask >> QAIC_HW_NUM_DBC)
		return -EINVAL;
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (arg.dbc_mask & BIT(i))
			ioctl_irq(port, i);
	return qaic_event_read(port, u64_to_user_ptr(arg.buf), arg.len,
			       nonblock);
}

static long ioctl_resolve(struct qaic_port *port, void __user *user)
{
	struct qaic_sim_resolve arg;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.pad || arg.access & ~(QAIC_SIM_READ | QAIC_SIM_WRITE))
		return -EINVAL;
	if (READ_ONCE(port->card->port) != port)
		return -ENOTCONN;
	return qaic_iova_check(port->card, arg.iova, arg.len, arg.access);
}

static long port_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct qaic_port *port = file->private_data;

	switch (cmd) {
	case QAIC_SIM_IOC_ATTACH:
		return ioctl_attach(port, (void __user *)arg);
	case QAIC_SIM_IOC_IRQ:
		return ioctl_irq(port, arg);
	case QAIC_SIM_IOC_IRQ_READ:
		return ioctl_irq_read(port, (void __user *)arg,
				      file->f_flags & O_NONBLOCK);
	case QAIC_SIM_IOC_RESOLVE:
		return ioctl_resolve(port, (void __user *)arg);
	}
	return -ENOTTY;
}

static ssize_t port_read(struct file *file, char __user *buf, size_t n,
			 loff_t *pos)
{
	return qaic_event_read(file->private_data, buf, n,
			       file->f_flags & O_NONBLOCK);
}

static ssize_t port_write(struct file *file, const char __user *buf, size_t n,
			  loff_t *pos)
{
	return qaic_msg_write(file->private_data, buf, n);
}

static __poll_t port_poll(struct file *file, struct poll_table_struct *wait)
{
	return qaic_event_poll(file->private_data, file, wait);
}

static int port_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct qaic_port *port = file->private_data;

	if (READ_ONCE(port->card->port) != port)
		return -ENOTCONN;
	return qaic_window_mmap(port, vma);
}

const struct file_operations qaic_port_fops = {
	.owner = THIS_MODULE,
	.open = port_open,
	.release = port_release,
	.read = port_read,
	.write = port_write,
	.poll = port_poll,
	.mmap = port_mmap,
	.unlocked_ioctl = port_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
