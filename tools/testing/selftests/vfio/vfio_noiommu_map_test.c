// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of a device without IOMMU. The physical address of every page is
 * compared with /proc/self/pagemap and proved by the device's own DMA.
 */
#include <string.h>

#include <sys/wait.h>

#include <linux/mman.h>
#include <linux/sizes.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static const char *device_bdf;

/* 4 GiB and something: not an address that would fit 32 bits. */
#define FIXED_IOVA 0x140000000ULL

FIXTURE(noiommu_map) {
	struct iommu *iommu;
	struct vfio_pci_device *device;
	struct dma_proof proof;
	u64 size;
	u8 *mem;
};

FIXTURE_VARIANT(noiommu_map) {
	u64 pages;
	bool huge;
	bool fixed;
};

FIXTURE_VARIANT_ADD(noiommu_map, fixed_1) {
	.pages = 1, .fixed = true,
};

FIXTURE_VARIANT_ADD(noiommu_map, fixed_2) {
	.pages = 2, .fixed = true,
};

FIXTURE_VARIANT_ADD(noiommu_map, fixed_4) {
	.pages = 4, .fixed = true,
};

FIXTURE_VARIANT_ADD(noiommu_map, fixed_8) {
	.pages = 8, .fixed = true,
};

FIXTURE_VARIANT_ADD(noiommu_map, fixed_2_huge) {
	.pages = 2, .huge = true, .fixed = true,
};

FIXTURE_VARIANT_ADD(noiommu_map, chosen_1) {
	.pages = 1,
};

FIXTURE_VARIANT_ADD(noiommu_map, chosen_2) {
	.pages = 2,
};

FIXTURE_VARIANT_ADD(noiommu_map, chosen_4) {
	.pages = 4,
};

FIXTURE_VARIANT_ADD(noiommu_map, chosen_8) {
	.pages = 8,
};

FIXTURE_VARIANT_ADD(noiommu_map, chosen_2_huge) {
	.pages = 2, .huge = true,
};

FIXTURE_SETUP(noiommu_map)
{
	int huge = MAP_HUGETLB | MAP_HUGE_2MB;

	self->iommu = iommu_init(MODE_IOMMUFD);
	self->device = vfio_pci_device_init(device_bdf, self->iommu);
	dma_proof_init(&self->proof, self->device);
	self->size = variant->pages * (variant->huge ? SZ_2M : getpagesize());
	self->mem = pages_alloc(self->size, variant->huge ? huge : 0);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(noiommu_map)
{
	dma_proof_cleanup(&self->proof);
	vfio_pci_device_cleanup(self->device);
	iommu_cleanup(self->iommu);
	ASSERT_EQ(0, munmap(self->mem, self->size));
}

static iova_t map(struct iommu *iommu, void *mem, u64 size, bool fixed)
{
	iova_t iova = fixed ? FIXED_IOVA : 0;
	u32 flags = fixed ? IOMMU_IOAS_MAP_FIXED_IOVA : 0;

	VFIO_ASSERT_EQ(ioas_map(iommu->iommufd, iommu->ioas_id, mem, size,
				MAP_RW | flags, &iova), 0);
	return iova;
}

/* Fill the page with something else, have the device write, and look. */
static bool device_writes(struct dma_proof *proof, u64 pa, void *page)
{
	memset(page, 0x5a, getpagesize());
	return !memcmp(page, dma_proof_write(proof, pa), proof->size);
}

TEST_F(noiommu_map, pa_and_dma)
{
	const u64 page_size = getpagesize();
	iova_t iova = map(self->iommu, self->mem, self->size, variant->fixed);
	u64 length = self->size, last = self->size - page_size;

	if (variant->fixed)
		ASSERT_EQ(FIXED_IOVA, iova);
	ASSERT_EQ(0, iova % page_size);

	for (u64 at = 0; at < self->size; at += page_size)
		ASSERT_EQ(pagemap_pa(self->mem + at),
			  noiommu_pa(self->iommu, iova + at));

	ASSERT_TRUE(device_writes(&self->proof, noiommu_pa(self->iommu, iova),
				  self->mem));
	ASSERT_TRUE(device_writes(&self->proof,
				  noiommu_pa(self->iommu, iova + last),
				  self->mem + last));
	ASSERT_TRUE(dma_proof_read(&self->proof,
				   noiommu_pa(self->iommu, iova + last),
				   self->mem + last));

	ASSERT_EQ(0, ioas_unmap(self->iommu->iommufd, self->iommu->ioas_id, iova,
				&length));
	ASSERT_EQ(self->size, length);
}

TEST_F(noiommu_map, unmapped_is_gone)
{
	iova_t iova = map(self->iommu, self->mem, self->size, variant->fixed);
	u64 length = self->size, pa;

	ASSERT_EQ(0, ioas_unmap(self->iommu->iommufd, self->iommu->ioas_id, iova,
				&length));
	for (u64 at = 0; at < self->size; at += getpagesize())
		ASSERT_EQ(-ENOENT, get_pa_byte(self->iommu->iommufd,
					       self->iommu->ioas_id, iova + at,
					       &pa));
	ASSERT_EQ(-ENOENT, ioas_unmap(self->iommu->iommufd, self->iommu->ioas_id,
				      iova, &length));
}

FIXTURE(noiommu_mapping) {
	struct iommu *iommu;
	struct vfio_pci_device *device;
	struct dma_proof proof;
	u64 size;
};

FIXTURE_SETUP(noiommu_mapping)
{
	self->iommu = iommu_init(MODE_IOMMUFD);
	self->device = vfio_pci_device_init(device_bdf, self->iommu);
	dma_proof_init(&self->proof, self->device);
	self->size = getpagesize();
}

FIXTURE_TEARDOWN(noiommu_mapping)
{
	dma_proof_cleanup(&self->proof);
	vfio_pci_device_cleanup(self->device);
	iommu_cleanup(self->iommu);
}

TEST_F(noiommu_mapping, bad_requests)
{
	const int fd = self->iommu->iommufd;
	const u32 ioas = self->iommu->ioas_id;
	u8 *mem = pages_alloc(4 * self->size, 0);
	u64 length;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, ioas_map_fixed(fd, ioas, mem, 2 * self->size, FIXED_IOVA));
	/* Taken, in part taken, not on a page, empty, beyond the end, nobody's. */
	ASSERT_EQ(-EEXIST, ioas_map_fixed(fd, ioas, mem, self->size, FIXED_IOVA));
	ASSERT_EQ(-EEXIST, ioas_map_fixed(fd, ioas, mem, 2 * self->size,
					  FIXED_IOVA + self->size));
	ASSERT_EQ(-EINVAL, ioas_map_fixed(fd, ioas, mem, self->size, 1));
	ASSERT_EQ(-EINVAL, ioas_map_fixed(fd, ioas, mem, 0, 0));
	ASSERT_EQ(-EOVERFLOW, ioas_map_fixed(fd, ioas, mem, 2 * self->size,
					     -self->size));
	ASSERT_EQ(-ENOENT, ioas_map_fixed(fd, UINT32_MAX, mem, self->size, 0));
	/* Half of an area cannot be unmapped; all of it still can. */
	length = self->size;
	ASSERT_EQ(-ENOENT, ioas_unmap(fd, ioas, FIXED_IOVA, &length));
	length = 2 * self->size;
	ASSERT_EQ(0, ioas_unmap(fd, ioas, FIXED_IOVA, &length));
}

TEST_F(noiommu_mapping, chosen_iovas_differ)
{
	u8 *mem = pages_alloc(4 * self->size, 0);
	iova_t iova[4];

	ASSERT_NE(MAP_FAILED, mem);
	for (int i = 0; i < 4; i++) {
		iova[i] = map(self->iommu, mem + i * self->size, self->size,
			      false);
		for (int j = 0; j < i; j++)
			ASSERT_NE(iova[j], iova[i]);
	}
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(pagemap_pa(mem + i * self->size),
			  noiommu_pa(self->iommu, iova[i]));
}

TEST_F(noiommu_mapping, copied)
{
	struct iommu_ioas_copy args = {
		.size = sizeof(args),
		.flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = self->iommu->ioas_id,
		.src_ioas_id = self->iommu->ioas_id,
		.length = self->size,
		.dst_iova = FIXED_IOVA + SZ_1M,
		.src_iova = FIXED_IOVA,
	};
	void *mem = pages_alloc(self->size, 0);
	u64 length = self->size;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(FIXED_IOVA, map(self->iommu, mem, self->size, true));
	ASSERT_EQ(0, do_ioctl(self->iommu->iommufd, IOMMU_IOAS_COPY, &args));
	ASSERT_EQ(0, ioas_unmap(self->iommu->iommufd, self->iommu->ioas_id,
				FIXED_IOVA, &length));
	/* The copy keeps the page. */
	ASSERT_EQ(pagemap_pa(mem), noiommu_pa(self->iommu, args.dst_iova));
	ASSERT_TRUE(device_writes(&self->proof,
				  noiommu_pa(self->iommu, args.dst_iova), mem));
}

static int make_memfd(u64 size)
{
	int fd = memfd_create("noiommu", MFD_CLOEXEC);

	VFIO_ASSERT_GE(fd, 0);
	VFIO_ASSERT_EQ(ftruncate(fd, size), 0);
	return fd;
}

static void *map_memfd(int fd, u64 size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, fd, 0);

	VFIO_ASSERT_NE(mem, MAP_FAILED);
	return mem;
}

TEST_F(noiommu_mapping, of_a_file)
{
	int fd = make_memfd(2 * self->size);
	u8 *mem = map_memfd(fd, 2 * self->size);
	struct iommu_ioas_map_file args = {
		.size = sizeof(args),
		.flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = self->iommu->ioas_id,
		.fd = fd,
		.start = self->size,
		.length = self->size,
		.iova = FIXED_IOVA,
	};
	u64 pa;

	ASSERT_EQ(0, do_ioctl(self->iommu->iommufd, IOMMU_IOAS_MAP_FILE, &args));
	pa = noiommu_pa(self->iommu, FIXED_IOVA);
	ASSERT_EQ(pagemap_pa(mem + self->size), pa);
	ASSERT_TRUE(device_writes(&self->proof, pa, mem + self->size));
	ASSERT_EQ(0, close(fd));
}

/* What @fn does is done by a process that is gone when this returns. */
static void in_a_process(u64 (*fn)(struct iommu *iommu, int fd, u64 size),
			 struct iommu *iommu, int fd, u64 size, u64 *answer)
{
	int pipefd[2], status;
	pid_t child;

	VFIO_ASSERT_EQ(pipe(pipefd), 0);
	child = fork();
	VFIO_ASSERT_GE(child, 0);
	if (!child) {
		u64 pa = fn(iommu, fd, size);

		_exit(write(pipefd[1], &pa, sizeof(pa)) != sizeof(pa));
	}
	VFIO_ASSERT_EQ(waitpid(child, &status, 0), child);
	VFIO_ASSERT_EQ(status, 0);
	VFIO_ASSERT_EQ(read(pipefd[0], answer, sizeof(*answer)), sizeof(*answer));
	VFIO_ASSERT_EQ(close(pipefd[0]), 0);
	VFIO_ASSERT_EQ(close(pipefd[1]), 0);
}

static u64 map_shared_page(struct iommu *iommu, int fd, u64 size)
{
	void *mem = map_memfd(fd, size);

	map(iommu, mem, size, true);
	return pagemap_pa(mem);
}

static u64 map_private_page(struct iommu *iommu, int fd, u64 size)
{
	void *mem = pages_alloc(size, 0);

	VFIO_ASSERT_NE(mem, MAP_FAILED);
	map(iommu, mem, size, true);
	return pagemap_pa(mem);
}

TEST_F(noiommu_mapping, of_a_file_outlives_its_process)
{
	int fd = make_memfd(self->size);
	void *mem;
	u64 pa;

	in_a_process(map_shared_page, self->iommu, fd, self->size, &pa);
	ASSERT_EQ(pa, noiommu_pa(self->iommu, FIXED_IOVA));
	mem = map_memfd(fd, self->size);
	ASSERT_EQ(pa, pagemap_pa(mem));
	ASSERT_TRUE(device_writes(&self->proof, pa, mem));
	ASSERT_EQ(0, close(fd));
}

/* Nobody can look at that page any more, but nobody else was given it. */
TEST_F(noiommu_mapping, of_private_memory_outlives_its_process)
{
	const u64 pages = SZ_32M / self->size;
	u64 pa, length = self->size;
	u8 *mem;

	in_a_process(map_private_page, self->iommu, -1, self->size, &pa);
	ASSERT_EQ(pa, noiommu_pa(self->iommu, FIXED_IOVA));
	mem = pages_alloc(pages * self->size, 0);
	ASSERT_NE(MAP_FAILED, mem);
	for (u64 i = 0; i < pages; i++)
		ASSERT_NE(pa, pagemap_pa(mem + i * self->size));
	dma_proof_write(&self->proof, pa);
	ASSERT_EQ(pa, noiommu_pa(self->iommu, FIXED_IOVA));
	ASSERT_EQ(0, ioas_unmap(self->iommu->iommufd, self->iommu->ioas_id,
				FIXED_IOVA, &length));
}

int main(int argc, char *argv[])
{
	struct vfio_pci_device *device;
	struct iommu *iommu;
	bool known;

	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	if (!vfio_pci_is_noiommu(device_bdf))
		ksft_exit_skip("%s has an IOMMU\n", device_bdf);

	iommu = iommu_init(MODE_IOMMUFD);
	device = vfio_pci_device_init(device_bdf, iommu);
	known = dma_proof_supported(device);
	vfio_pci_device_cleanup(device);
	iommu_cleanup(iommu);
	if (!known)
		ksft_exit_skip("%s: no driver here for its DMA\n", device_bdf);

	return test_harness_run(argc, argv);
}
