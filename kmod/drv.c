// SPDX-License-Identifier: GPL-2.0-only
/* The accel device of a card, and what the bus tells about it. */
#include <linux/slab.h>
#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include "kmod/netlink.h"
#include "kmod/user.h"
#include "kmod/wire.h"

QAIC_IMPORT_NS(DMA_BUF);

static const struct drm_ioctl_desc qaic_ioctls[] = {
	DRM_IOCTL_DEF_DRV(QAIC_MANAGE, qaic_manage_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_CREATE_BO, qaic_create_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_MMAP_BO, qaic_mmap_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_ATTACH_SLICE_BO, qaic_attach_slice_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_EXECUTE_BO, qaic_execute_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_PARTIAL_EXECUTE_BO,
			  qaic_partial_execute_bo_ioctl, 0),
	/* its argument is copied back to who asks for that */
	DRM_IOCTL_DEF_DRV(QAIC_WAIT_BO_STATUS, qaic_wait_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_PERF_STATS_BO, qaic_perf_stats_bo_ioctl, 0),
	DRM_IOCTL_DEF_DRV(QAIC_DETACH_SLICE_BO, qaic_detach_slice_bo_ioctl, 0),
};

DEFINE_DRM_ACCEL_FOPS(qaic_fops);

static void qaic_drm_release(struct drm_device *drm)
{
	struct qaic_device *qd = to_qaic(drm);

	/* without a card its allocation failed, and nothing is initialised */
	if (qd->card)
		xa_destroy(&qd->users);
}

static const struct drm_driver qaic_driver = {
	.driver_features = DRIVER_GEM | DRIVER_COMPUTE_ACCEL,
	.name = "qaic",
	.desc = "simulated Qualcomm Cloud AI 100",
	QAIC_DRM_DATE("20260101")
	.major = 1,
	.fops = &qaic_fops,
	.open = qaic_user_open,
	.postclose = qaic_user_close,
	.release = qaic_drm_release,
	.ioctls = qaic_ioctls,
	.num_ioctls = ARRAY_SIZE(qaic_ioctls),
	.gem_create_object = qaic_gem_create_object,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
};

int qaic_drv_init(void)
{
	return qaic_nl_init();
}

void qaic_drv_exit(void)
{
	qaic_nl_exit();
}

int qaic_drv_probe(struct qaic_card *card)
{
	struct qaic_device *qd;
	u32 i;
	int ret;

	qd = devm_drm_dev_alloc(&card->pdev->dev, &qaic_driver,
				struct qaic_device, drm);
	if (IS_ERR(qd))
		return PTR_ERR(qd);
	qd->card = card;
	qd->lost = true;
	qaic_notify_init(qd);
	mutex_init(&qd->slice_lock);
	spin_lock_init(&qd->wire_lock);
	INIT_LIST_HEAD(&qd->waiting);
	xa_init_flags(&qd->users, XA_FLAGS_ALLOC1);
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		qaic_dbc_init(qd, i);
	qd->drm.accel->kdev->groups = qaic_accel_groups;
	card->drv = qd;
	ret = drm_dev_register(&qd->drm, 0);
	if (ret) {
		card->drv = NULL;
		return ret;
	}
	qaic_dbc_debugfs(qd);
	qaic_nl_add(qd);
	return 0;
}

void qaic_drv_remove(struct qaic_card *card)
{
	struct qaic_device *qd = card->drv;
	u32 i;

	card->drv = NULL;
	qaic_nl_del(qd);
	drm_dev_unplug(&qd->drm);
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		cancel_work_sync(&qd->dbc[i].poll_work);
}

/* False if the card was lost in the meantime. */
static bool go_online(struct qaic_device *qd)
{
	bool ok;

	spin_lock(&qd->wire_lock);
	ok = !qd->lost;
	if (ok) {
		WRITE_ONCE(qd->session, qd->session + 1);
		/* who sees that it is online sees which session it is */
		smp_store_release(&qd->online, true);
	}
	spin_unlock(&qd->wire_lock);
	return ok;
}

int qaic_drv_online(struct qaic_card *card)
{
	struct qaic_device *qd = card->drv;
	int ret;

	spin_lock(&qd->wire_lock);
	qd->lost = false;
	WRITE_ONCE(qd->crc, false);
	spin_unlock(&qd->wire_lock);
	ret = qaic_handshake(qd);
	if (!ret && !go_online(qd))
		ret = -ENODEV;
	if (ret) {
		drm_err(&qd->drm, "the card does not come up: %d\n", ret);
		return ret;
	}
	qd->announced = true;
	qaic_notify_card(qd, true);
	return 0;
}

void qaic_drv_abort(struct qaic_card *card)
{
	struct qaic_device *qd = card->drv;

	WRITE_ONCE(qd->online, false);
	qaic_wire_abort(qd);
}

/*
 * Its DBCs walk through the states of a shutdown. Whether one is held is looked at
 * under its lock: a client that was just getting it has it now, or finds the card
 * gone (qaic_dbc_assign()).
 */
static void shut_down(struct qaic_dbc *dbc)
{
	if (!qaic_dbc_set_state(dbc, QAIC_DBC_BEFORE_SHUTDOWN))
		return;
	qaic_dbc_flush(dbc);
	qaic_dbc_set_state(dbc, QAIC_DBC_AFTER_SHUTDOWN);
	qaic_dbc_release(dbc, 0);
}

void qaic_drv_offline(struct qaic_card *card)
{
	struct qaic_device *qd = card->drv;
	u32 i;

	qaic_drv_abort(card);
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		shut_down(&qd->dbc[i]);
	if (qd->announced)
		qaic_notify_card(qd, false);
	qd->announced = false;
}

bool qaic_drv_busy(struct qaic_card *card)
{
	struct qaic_device *qd = card->drv;
	u32 i;

	if (!list_empty(&qd->waiting))
		return true;
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (!list_empty(&qd->dbc[i].queue))
			return true;
	return false;
}

void qaic_drv_msg(struct qaic_card *card, const void *msg, size_t len)
{
	qaic_wire_receive(card->drv, msg, len);
}

void qaic_drv_irq(struct qaic_card *card, unsigned int dbc)
{
	struct qaic_device *qd = card->drv;

	if (dbc < QAIC_HW_NUM_DBC && !qaic_datapath_polling)
		qaic_dbc_drain(&qd->dbc[dbc]);
}
