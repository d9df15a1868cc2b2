// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that VFIO's containers have, on an iommufd: one address space, many
 * mappings made one by one, and one call that unmaps them all.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

#include "harness.h"
#include "racer.h"

#define PIECE_IOVA(n)	(RIG_IOVA + (n) * 2ull * RIG_PAGE)

static int call(unsigned long request, void *arg)
{
	return ioctl(race.rig.iommufd, request, arg) < 0 ? -errno : 0;
}

static int map_piece(struct racer *r)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)race.rig.data + r->arg % RIG_PAGES * RIG_PAGE,
		.iova = PIECE_IOVA(r->arg), .size = RIG_PAGE,
	};

	return call(VFIO_IOMMU_MAP_DMA, &arg);
}

static int unmap_pieces(struct racer *r)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg), .flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	(void)r;
	return call(VFIO_IOMMU_UNMAP_DMA, &arg);
}

void vfio_map_turn(struct racer *r)
{
	bool full = r->arg == PIECES || (r->arg && race.aside);

	if (!r->arg && racer_rests())
		return;
	if (!racer_call(r, full ? unmap_pieces : map_piece))
		r->arg = full ? 0 : r->arg + 1;
}

static int set_iommu(struct racer *r)
{
	(void)r;
	return ioctl(race.rig.iommufd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ?
		-errno : 0;
}

void vfio_set_turn(struct racer *r)
{
	racer_call(r, set_iommu);
}

void race_vfio_on(bool on)
{
	struct iommu_vfio_ioas arg = {
		.size = sizeof(arg), .ioas_id = on ? race.compat : 0,
		.op = on ? IOMMU_VFIO_IOAS_SET : IOMMU_VFIO_IOAS_CLEAR,
	};

	MUST(!call(IOMMU_VFIO_IOAS, &arg));
}

unsigned int race_pieces(void)
{
	unsigned int mapped = 0;

	for (unsigned int i = 0; i < PIECES; i++) {
		uint64_t length = 1, pa;

		mapped += !co_pa(race.rig.iommufd, race.compat, PIECE_IOVA(i),
				 &pa, &length);
	}
	return mapped;
}

void race_vfio_settle(void)
{
	race_vfio_on(true);
	MUST(!unmap_pieces(NULL));
	race_vfio_on(false);
	SAME(race_pieces(), 0);
}

void race_vfio_open(void)
{
	WORKS(co_ioas_alloc(race.rig.iommufd, &race.compat));
	WORKS(co_hwpt_alloc(race.rig.iommufd, race.rig.note->device_id,
			    race.compat, &race.compat_hwpt));
	race_vfio_on(true);
}
