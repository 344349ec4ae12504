/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QAIC_SIM_USER_H
#define QAIC_SIM_USER_H

#include "kmod/drv.h"

/* -ENODEV: the card is offline. */
int qaic_user_open(struct drm_device *drm, struct drm_file *file);
void qaic_user_close(struct drm_device *drm, struct drm_file *file);

#endif
