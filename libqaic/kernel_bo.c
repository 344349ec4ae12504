// SPDX-License-Identifier: MIT
/* Buffer objects of the driver: CREATE_BO, MMAP_BO, ATTACH_SLICE_BO, GEM_CLOSE. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "libqaic/kernel.h"

static void gem_close(struct kern *k, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	kern_ioctl(k, DRM_IOCTL_GEM_CLOSE, &arg);
}

static int map(struct kern *k, struct kern_bo *b)
{
	struct qaic_mmap_bo arg = { .handle = b->handle };
	int ret;

	ret = kern_ioctl(k, DRM_IOCTL_QAIC_MMAP_BO, &arg);
	if (ret)
		return ret;
	b->bo.data = mmap(NULL, b->map_len, PROT_READ | PROT_WRITE, MAP_SHARED,
			  k->fd, arg.offset);
	return b->bo.data == MAP_FAILED ? -errno : 0;
}

int kern_bo_create(struct qaic_transport *t, size_t size, struct qaic_bo **out)
{
	struct qaic_create_bo arg = { .size = size ? size : 1 };
	struct kern *k = to_kern(t);
	struct kern_bo *b;
	int ret;

	if (size > SIZE_MAX / 2)
		return -ENOMEM;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	ret = kern_ioctl(k, DRM_IOCTL_QAIC_CREATE_BO, &arg);
	if (ret)
		goto free_bo;
	b->handle = arg.handle;
	b->map_len = (arg.size + 4095) & ~(size_t)4095;
	b->bo.size = size;
	ret = map(k, b);
	if (ret)
		goto close;
	*out = &b->bo;
	return 0;

close:
	gem_close(k, b->handle);
free_bo:
	free(b);
	return ret;
}

void kern_bo_destroy(struct qaic_transport *t, struct qaic_bo *bo)
{
	struct kern_bo *b = (struct kern_bo *)bo;

	munmap(b->bo.data, b->map_len);
	gem_close(to_kern(t), b->handle);
	free(b);
}

/* How many request elements the driver made of the slices. */
static uint64_t count_elements(struct kern *k, const struct kern_bo *b,
			       uint32_t dbc, uint32_t num_slices)
{
	struct qaic_perf_stats_entry e = { .handle = b->handle };
	struct qaic_perf_stats arg = {
		.hdr = { .count = 1, .dbc_id = dbc },
		.data = (uintptr_t)&e,
	};

	if (kern_ioctl(k, DRM_IOCTL_QAIC_PERF_STATS_BO, &arg) ||
	    !e.num_queue_element)
		return num_slices;
	return e.num_queue_element;
}

int kern_bo_attach(struct qaic_transport *t, struct qaic_bo *bo, uint32_t dbc,
		   uint32_t dir, const struct qaic_attach_slice_entry *slices,
		   uint32_t num_slices)
{
	struct kern_bo *b = (struct kern_bo *)bo;
	struct qaic_attach_slice arg = {
		.hdr = {
			.count = num_slices, .dbc_id = dbc,
			.handle = b->handle, .dir = dir, .size = b->map_len,
		},
		.data = (uintptr_t)slices,
	};
	struct kern *k = to_kern(t);
	uint32_t i;
	int ret;

	if (dbc >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	/* the driver knows only whole pages */
	for (i = 0; i < num_slices; i++)
		if (slices[i].offset > bo->size ||
		    slices[i].size > bo->size - slices[i].offset)
			return -EINVAL;
	ret = kern_ioctl(k, DRM_IOCTL_QAIC_ATTACH_SLICE_BO, &arg);
	if (ret)
		return ret;
	b->dir = dir;
	for (i = 0; i < num_slices; i++)
		b->bytes += slices[i].size;
	b->elements = count_elements(k, b, dbc, num_slices);
	return 0;
}
