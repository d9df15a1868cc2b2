// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_GET_FILE: which file, and which part of it, backs an IOVA. Needs
 * no device: an IOAS without a page table has its mappings all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/iommufd.h>
#include <linux/iommufd_liveupdate.h>

#include "kselftest_harness.h"

#define PAGE	4096ull
#define SIZE	(16 * PAGE)
#define IOVA	0x100000ull

#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
		   IOMMU_IOAS_MAP_WRITEABLE)

FIXTURE(get_file)
{
	int iommufd;
	uint32_t ioas;
	int memfd;
};

static uint32_t alloc_ioas(struct __test_metadata *_metadata, int iommufd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	ASSERT_EQ(0, ioctl(iommufd, IOMMU_IOAS_ALLOC, &cmd));
	return cmd.out_ioas_id;
}

FIXTURE_SETUP(get_file)
{
	self->iommufd = open("/dev/iommu", O_RDWR);
	ASSERT_LE(0, self->iommufd);
	self->ioas = alloc_ioas(_metadata, self->iommufd);
	self->memfd = memfd_create("get_file", MFD_CLOEXEC);
	ASSERT_LE(0, self->memfd);
	ASSERT_EQ(0, ftruncate(self->memfd, SIZE));
}

FIXTURE_TEARDOWN(get_file)
{
	close(self->memfd);
	close(self->iommufd);
}

static int map_file(struct _test_data_get_file *self, int fd, uint64_t start,
		    uint64_t length, uint32_t flags)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd), .flags = flags, .ioas_id = self->ioas,
		.fd = fd, .start = start, .length = length, .iova = IOVA,
	};

	return ioctl(self->iommufd, IOMMU_IOAS_MAP_FILE, &cmd);
}

static struct iommu_ioas_get_file question(struct _test_data_get_file *self,
					   uint64_t iova)
{
	return (struct iommu_ioas_get_file) {
		.size = sizeof(struct iommu_ioas_get_file),
		.ioas_id = self->ioas,
		.iova = iova,
		.out_fd = -1,
	};
}

static int ask(struct _test_data_get_file *self, struct iommu_ioas_get_file *cmd)
{
	return ioctl(self->iommufd, IOMMU_IOAS_GET_FILE, cmd);
}

/* The same file, and a descriptor of its own. */
static void expect_memfd(struct __test_metadata *_metadata,
			 struct _test_data_get_file *self, int fd)
{
	struct stat a, b;

	ASSERT_LE(0, fd);
	ASSERT_NE(self->memfd, fd);
	ASSERT_EQ(0, fstat(self->memfd, &a));
	ASSERT_EQ(0, fstat(fd, &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

TEST_F(get_file, offset_and_length)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA);

	ASSERT_EQ(0, map_file(self, self->memfd, 2 * PAGE, 8 * PAGE, MAP_FLAGS));
	ASSERT_EQ(0, ask(self, &cmd));
	expect_memfd(_metadata, self, cmd.out_fd);
	EXPECT_EQ(2 * PAGE, cmd.out_offset);
	EXPECT_EQ(8 * PAGE, cmd.out_length);

	cmd = question(self, IOVA + 3 * PAGE + 17);
	ASSERT_EQ(0, ask(self, &cmd));
	EXPECT_EQ(5 * PAGE + 17, cmd.out_offset);
	EXPECT_EQ(5 * PAGE - 17, cmd.out_length);

	cmd = question(self, IOVA + 8 * PAGE - 1);
	ASSERT_EQ(0, ask(self, &cmd));
	EXPECT_EQ(10 * PAGE - 1, cmd.out_offset);
	EXPECT_EQ(1, cmd.out_length);
}

/* Without a page table a mapping may begin within a page. */
TEST_F(get_file, part_of_a_page)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA + 10);

	ASSERT_EQ(0, map_file(self, self->memfd, PAGE + 100, 200, MAP_FLAGS));
	ASSERT_EQ(0, ask(self, &cmd));
	EXPECT_EQ(PAGE + 110, cmd.out_offset);
	EXPECT_EQ(190, cmd.out_length);
}

TEST_F(get_file, same_bytes)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA);
	uint64_t word = 0x0123456789abcdefull, *memory;

	ASSERT_EQ(sizeof(word), pwrite(self->memfd, &word, sizeof(word),
				       3 * PAGE));
	ASSERT_EQ(0, map_file(self, self->memfd, 3 * PAGE, PAGE, MAP_FLAGS));
	ASSERT_EQ(0, ask(self, &cmd));
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      cmd.out_fd, cmd.out_offset);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(word, *memory);
}

/* The caller gets no more than the mapper had. */
TEST_F(get_file, read_only_file)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->memfd);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, map_file(self, fd, 0, PAGE, IOMMU_IOAS_MAP_FIXED_IOVA |
			      IOMMU_IOAS_MAP_READABLE));
	ASSERT_EQ(0, ask(self, &cmd));
	EXPECT_EQ(O_RDONLY, fcntl(cmd.out_fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, cmd.out_fd, 0));
}

TEST_F(get_file, outlives_the_mapping)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA);
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = self->ioas, .iova = IOVA,
		.length = PAGE,
	};

	ASSERT_EQ(0, map_file(self, self->memfd, 0, PAGE, MAP_FLAGS));
	ASSERT_EQ(0, ask(self, &cmd));
	ASSERT_EQ(0, ioctl(self->iommufd, IOMMU_IOAS_UNMAP, &unmap));
	expect_memfd(_metadata, self, cmd.out_fd);
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(get_file, copied_mapping)
{
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy), .flags = MAP_FLAGS,
		.src_ioas_id = self->ioas, .src_iova = IOVA + PAGE,
		.length = 2 * PAGE, .dst_iova = 8 * IOVA,
	};
	struct iommu_ioas_get_file cmd = question(self, 8 * IOVA + PAGE);

	ASSERT_EQ(0, map_file(self, self->memfd, 4 * PAGE, 4 * PAGE,
			      MAP_FLAGS));
	copy.dst_ioas_id = alloc_ioas(_metadata, self->iommufd);
	ASSERT_EQ(0, ioctl(self->iommufd, IOMMU_IOAS_COPY, &copy));
	cmd.ioas_id = copy.dst_ioas_id;
	ASSERT_EQ(0, ask(self, &cmd));
	expect_memfd(_metadata, self, cmd.out_fd);
	EXPECT_EQ(6 * PAGE, cmd.out_offset);
	EXPECT_EQ(PAGE, cmd.out_length);
}

/* A file made by nobody backs memory that was mapped by its address. */
TEST_F(get_file, memory_by_address)
{
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iommu_ioas_map map = {
		.size = sizeof(map), .flags = MAP_FLAGS, .ioas_id = self->ioas,
		.user_va = (uintptr_t)memory, .length = PAGE, .iova = IOVA,
	};
	struct iommu_ioas_get_file cmd = question(self, IOVA);

	ASSERT_EQ(0, ioctl(self->iommufd, IOMMU_IOAS_MAP, &map));
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(get_file, nothing_there)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA + PAGE);

	ASSERT_EQ(0, map_file(self, self->memfd, 0, PAGE, MAP_FLAGS));
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(ENOENT, errno);
	cmd.iova = IOVA - 1;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(ENOENT, errno);
	cmd.iova = UINT64_MAX;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(ENOENT, errno);
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* Asked wrongly; and no descriptor is lost on the way. */
TEST_F(get_file, bad_questions)
{
	struct iommu_ioas_get_file good = question(self, IOVA), cmd = good;
	int fd = next_fd();

	ASSERT_EQ(0, map_file(self, self->memfd, 0, PAGE, MAP_FLAGS));
	cmd.flags = 1;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(EOPNOTSUPP, errno);
	cmd = good;
	cmd.__reserved = 1;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(EOPNOTSUPP, errno);
	cmd = good;
	cmd.ioas_id = 77;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(ENOENT, errno);
	cmd = good;
	cmd.size = sizeof(cmd) - 1;
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(fd, next_fd());
}

/* From its own memory: an answer that can't be written is no answer. */
TEST_F(get_file, answer_not_writable)
{
	struct iommu_ioas_get_file *cmd =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = next_fd();

	ASSERT_NE(MAP_FAILED, cmd);
	ASSERT_EQ(0, map_file(self, self->memfd, 0, PAGE, MAP_FLAGS));
	*cmd = question(self, IOVA);
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ));
	EXPECT_EQ(-1, ask(self, cmd));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(fd, next_fd());
}

static void drop_capability(struct __test_metadata *_metadata, int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
}

/* As IOMMU_IOAS_NOIOMMU_GET_PA does. */
TEST_F(get_file, without_cap_sys_rawio)
{
	struct iommu_ioas_get_file cmd = question(self, IOVA);

	ASSERT_EQ(0, map_file(self, self->memfd, 0, PAGE, MAP_FLAGS));
	drop_capability(_metadata, CAP_SYS_RAWIO);
	EXPECT_EQ(-1, ask(self, &cmd));
	EXPECT_EQ(EPERM, errno);
}

TEST_HARNESS_MAIN
