// SPDX-License-Identifier: GPL-2.0-only
/* Clients: files of the accel node. */
#include <linux/slab.h>

#include "kmod/user.h"
#include "kmod/wire.h"

int qaic_user_check(struct qaic_user *usr)
{
	struct qaic_device *qd = usr->qd;

	return smp_load_acquire(&qd->online) &&
	       READ_ONCE(qd->session) == usr->session ? 0 : -ENODEV;
}

int qaic_user_open(struct drm_device *drm, struct drm_file *file)
{
	struct qaic_device *qd = to_qaic(drm);
	struct qaic_user *usr;
	int ret = -ENOMEM;

	usr = kzalloc(sizeof(*usr), GFP_KERNEL_ACCOUNT);
	if (!usr)
		return -ENOMEM;
	usr->qd = qd;
	/* a client can always be closed: nothing is allocated then */
	usr->terminate = kvzalloc(sizeof(*usr->terminate), GFP_KERNEL_ACCOUNT);
	if (!usr->terminate)
		goto free;
	usr->session = READ_ONCE(qd->session);
	ret = qaic_user_check(usr);
	if (ret)
		goto free;
	ret = xa_alloc_cyclic(&qd->users, &usr->handle, usr,
			      XA_LIMIT(1, INT_MAX), &qd->next_user,
			      GFP_KERNEL);
	if (ret < 0)
		goto free;
	file->driver_priv = usr;
	return 0;

free:
	kvfree(usr->terminate);
	kfree(usr);
	return ret;
}

void qaic_user_close(struct drm_device *drm, struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;

	if (!usr)
		return;
	qaic_terminate(usr);
	xa_erase(&usr->qd->users, usr->handle);
	kvfree(usr->terminate);
	kfree(usr);
	file->driver_priv = NULL;
}
