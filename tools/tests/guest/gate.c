// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call that an iommufd has (invariant I3): while the context is
 * preserved what changes it says EBUSY, whatever it was asked, VFIO's calls
 * included, and what only reads does not. Given up (I6), none says EBUSY.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd_liveupdate.h>

#include "harness.h"
#include "rig.h"

#define ARGUMENT	128u	/* bytes; larger than any, and zero is right for the rest */

/**
 * struct entry - a call
 * @request: its number
 * @name: of it
 * @reads: it changes nothing
 * @second: the word of the argument that follows its size
 * @value: the argument is this number and not an address
 */
struct entry {
	unsigned long request;
	const char *name;
	bool reads;
	uint32_t second;
	unsigned long value;
};

#define CHANGES(call)	{ .request = call, .name = #call }
#define READS(call)	{ .request = call, .name = #call, .reads = true }

static const struct entry the_entries[] = {
	CHANGES(IOMMU_DESTROY),
	CHANGES(IOMMU_IOAS_ALLOC),
	CHANGES(IOMMU_IOAS_ALLOW_IOVAS),
	CHANGES(IOMMU_IOAS_COPY),
	READS(IOMMU_IOAS_IOVA_RANGES),
	READS(IOMMU_IOAS_NEXT),
	READS(IOMMU_IOAS_NEXT_AREA),
	CHANGES(IOMMU_IOAS_MAP),
	CHANGES(IOMMU_IOAS_UNMAP),
	{ .request = IOMMU_OPTION, .name = "IOMMU_OPTION",
	  .second = IOMMU_OPTION_HUGE_PAGES },
	CHANGES(IOMMU_VFIO_IOAS),
	CHANGES(IOMMU_HWPT_ALLOC),
	READS(IOMMU_GET_HW_INFO),
	CHANGES(IOMMU_HWPT_SET_DIRTY_TRACKING),
	CHANGES(IOMMU_HWPT_GET_DIRTY_BITMAP),
	CHANGES(IOMMU_HWPT_INVALIDATE),
	CHANGES(IOMMU_FAULT_QUEUE_ALLOC),
	CHANGES(IOMMU_IOAS_MAP_FILE),
	CHANGES(IOMMU_VIOMMU_ALLOC),
	CHANGES(IOMMU_VDEVICE_ALLOC),
	CHANGES(IOMMU_IOAS_CHANGE_PROCESS),
	CHANGES(IOMMU_VEVENTQ_ALLOC),
	CHANGES(IOMMU_HW_QUEUE_ALLOC),
	READS(IOMMU_IOAS_NOIOMMU_GET_PA),
	READS(IOMMU_IOAS_GET_FILE),
	CHANGES(VFIO_IOMMU_MAP_DMA),
	CHANGES(VFIO_IOMMU_UNMAP_DMA),
	{ .request = VFIO_SET_IOMMU, .name = "VFIO_SET_IOMMU",
	  .value = VFIO_TYPE1v2_IOMMU },
	READS(VFIO_IOMMU_GET_INFO),
	{ .request = VFIO_GET_API_VERSION, .name = "VFIO_GET_API_VERSION",
	  .reads = true, .value = 1 },
	{ .request = VFIO_CHECK_EXTENSION, .name = "VFIO_CHECK_EXTENSION",
	  .reads = true, .value = VFIO_TYPE1v2_IOMMU },
};

#define ENTRIES (sizeof(the_entries) / sizeof(the_entries[0]))

/* Nothing is asked that could be done but to make something new. */
static int call(int iommufd, const struct entry *entry)
{
	uint32_t argument[ARGUMENT / sizeof(uint32_t)] = {
		ARGUMENT, entry->second
	};
	unsigned long arg = entry->value ? entry->value :
					   (unsigned long)argument;

	return ioctl(iommufd, entry->request, arg) < 0 ? -errno : 0;
}

static void preserved(int iommufd)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		const struct entry *entry = &the_entries[i];
		int ret = call(iommufd, entry);

		if ((ret == -EBUSY) == entry->reads)
			test_say("I3: %s: %s", entry->name, strerror(-ret));
		CHECK((ret == -EBUSY) != entry->reads);
	}
}

static void given_up(int iommufd)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		bool busy = call(iommufd, &the_entries[i]) == -EBUSY;

		if (busy)
			test_say("I3: %s", the_entries[i].name);
		CHECK(!busy);
	}
}

static void read_option(const struct rig *rig)
{
	uint64_t value;

	WORKS(co_option_get(rig->iommufd, rig->note->ioas,
			    IOMMU_OPTION_HUGE_PAGES, &value));
	SAME(value, 1);
	FAILS(co_option_set(rig->iommufd, rig->note->ioas,
			    IOMMU_OPTION_HUGE_PAGES, 1), EBUSY);
}

int main(void)
{
	int session = rig_session_create("gate");
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	uint64_t pa;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	pa = rig_pa(&rig, 0);
	rig_preserve_one(&rig, session, RIG_IOMMUFD);
	preserved(rig.iommufd);
	read_option(&rig);
	SAME(rig_pa(&rig, 0), pa);
	close(session);
	given_up(rig.iommufd);
	rig_check_dma(&rig);
	return test_result();
}
