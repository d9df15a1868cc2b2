// SPDX-License-Identifier: GPL-2.0-only
/* Kernel A: start a disk, give it work, preserve it, watch it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "demo.h"
#include "say.h"

struct before {
	const struct demo_options *options;
	char bdf[CO_BDF_SIZE];
	struct nvme nvme;
	struct co_buffer buffer;
	struct demo_mem *mem;
	int luo;
	int session;
};

static bool open_device(struct before *b)
{
	struct demo_record *record = &b->mem->record;
	char path[64];

	b->nvme.device = co_device_open(b->bdf);
	if (!say_done(b->nvme.device, "open device") ||
	    !say_done(co_device_bind(b->nvme.device, b->nvme.iommufd,
				     &record->device_id), "bind device"))
		return false;
	record->hwpt = record->ioas;
	if (!say_done(co_device_attach(b->nvme.device, &record->hwpt),
		      "attach device") ||
	    !say_done(co_device_path(b->bdf, path, sizeof(path)), "device"))
		return false;
	say("device", "%s  %s", b->bdf, path);
	return true;
}

static bool open_memory(struct before *b)
{
	if (!demo_open_memory(b->options, &b->buffer))
		return false;
	b->mem = b->buffer.mem;
	b->nvme.mem = &b->mem->nvme;
	b->nvme.iova = DEMO_IOVA + offsetof(struct demo_mem, nvme);
	b->nvme.iommufd = co_iommufd_open();
	return say_done(b->nvme.iommufd, "iommufd") &&
	       say_done(co_ioas_alloc(b->nvme.iommufd, &b->nvme.ioas), "IOAS");
}

/* Drivers that have files of hugetlbfs map them by their address. */
static int map_buffer(const struct before *b)
{
	if (b->options->pages == PAGES_FILE)
		return co_map(b->nvme.iommufd, b->nvme.ioas, DEMO_IOVA,
			      b->buffer.mem, b->buffer.size);
	return co_map_file(b->nvme.iommufd, b->nvme.ioas, DEMO_IOVA,
			   b->buffer.fd, 0, b->buffer.size);
}

static void say_memory(const struct before *b)
{
	uint64_t page = demo_page_size(b->options->pages);
	char text[40] = "";

	if (page)
		snprintf(text, sizeof(text), " in pages of %llu MiB",
			 (unsigned long long)page >> 20);
	say("memory", "%s of %zu MiB%s at IOVA 0x%llx",
	    demo_pages_what(b->options->pages), b->buffer.size >> 20, text,
	    DEMO_IOVA);
}

static bool map_memory(struct before *b)
{
	struct demo_record *record = &b->mem->record;
	int runs;

	if (!say_done(map_buffer(b), "map memory"))
		return false;
	runs = co_pa_runs(b->nvme.iommufd, b->nvme.ioas, DEMO_IOVA,
			  b->buffer.size, record->run, DEMO_SIZE / NVME_PAGE);
	if (!say_done(runs, "physical addresses"))
		return false;
	record->runs = runs;
	say_memory(b);
	say("physical addresses", "%d runs, the first %llu KiB at 0x%llx",
	    runs, (unsigned long long)record->run[0].length >> 10,
	    (unsigned long long)record->run[0].pa);
	return true;
}

static void fill_record(struct before *b)
{
	struct demo_record *record = &b->mem->record;
	struct utsname uts;

	uname(&uts);
	record->magic = DEMO_MAGIC;
	record->ioas = b->nvme.ioas;
	record->reads = b->options->reads;
	record->size = b->buffer.size;
	record->page = demo_page_size(b->options->pages);
	memcpy(record->bdf, b->bdf, sizeof(record->bdf));
	memcpy(record->release, uts.release, sizeof(record->release));
}

static bool start(struct before *b)
{
	int ret;

	fill_record(b);
	if (!open_device(b) || !map_memory(b))
		return false;
	ret = nvme_start(&b->nvme);
	if (ret)
		return say_check(false, "start controller", "%s",
				 strerror(-ret));
	say("controller", "%s, %llu MiB", b->mem->nvme.model,
	    (unsigned long long)(b->mem->nvme.blocks <<
				 b->mem->nvme.block_shift) >> 20);
	return true;
}

static void count_good(const struct nvme_done *done, void *arg)
{
	struct before *b = arg;

	say_check(demo_data_ok(b->mem, done), "a first read",
		  "%u bytes at block %llu", done->command.length,
		  (unsigned long long)done->command.lba);
}

/* Two reads that nobody disturbs, so that what follows can be believed. */
static bool warm_up(struct before *b)
{
	for (unsigned int i = 0; i < 2; i++)
		if (demo_read(&b->nvme, i) < 0)
			return say_check(false, "a first read", "not taken");
	if (demo_reap(&b->nvme, 2, 5000, count_good, b) != 2)
		return say_check(false, "a first read", "did not come");
	memset(b->mem->data, 0, sizeof(b->mem->data));
	return !say_failures();
}

static bool submit(struct before *b)
{
	for (unsigned int i = 0; i < b->options->reads; i++) {
		int ret = demo_read(&b->nvme, i);

		if (ret < 0)
			return say_check(false, "submit", "%s",
					 strerror(-ret));
	}
	say("reads submitted", "%u", b->options->reads);
	return true;
}

static bool keep(struct before *b, int fd, enum demo_token token,
		 const char *what)
{
	int ret = co_session_preserve(b->session, fd, token);

	if (ret && b->options->force && token != TOKEN_MEMFD) {
		say("NOT kept", "%s: %s", what, co_error());
		return true;
	}
	if (!say_done(ret, "preserve"))
		return false;
	say("kept", "token %u  %s", token, what);
	return true;
}

static bool preserve(struct before *b)
{
	b->luo = co_luo_open();
	if (!say_done(b->luo, "live update"))
		return false;
	b->session = co_session_create(b->luo, DEMO_SESSION);
	close(b->luo);
	return say_done(b->session, "session") &&
	       (b->options->pages == PAGES_FILE ||
		keep(b, b->buffer.fd, TOKEN_MEMFD, "memfd: queues and data")) &&
	       keep(b, b->nvme.iommufd, TOKEN_IOMMUFD,
		    "iommufd: address space and page table") &&
	       keep(b, b->nvme.device, TOKEN_VFIO, "vfio device");
}

static void detach_output(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
}

/* The session lives as long as a process has it open: that is the child. */
static bool leave_watcher(struct before *b)
{
	pid_t pid = fork();

	if (pid < 0)
		return say_check(false, "fork", "%s", strerror(errno));
	if (!pid) {
		setsid();
		detach_output();
		demo_watch(b->mem);
	}
	return true;
}

static bool still_busy(struct before *b)
{
	unsigned int left = nvme_busy(&b->mem->nvme) -
			    nvme_waiting(&b->mem->nvme);
	unsigned int least = b->options->reads < 48 ? 1 : 32;

	return say_check(left >= least, "reads on their way", "%u of %u",
			 left, b->options->reads);
}

int demo_before(const struct demo_options *options)
{
	struct before b = { .options = options };
	struct utsname uts;

	uname(&uts);
	say_head("Kernel A, Linux %s", uts.release);
	memcpy(b.bdf, options->bdf, sizeof(b.bdf));
	if (!say_done(co_pci_bind(b.bdf, "vfio-pci"), "bind to vfio-pci"))
		return 1;
	if (open_memory(&b) && start(&b) && warm_up(&b) && submit(&b) &&
	    preserve(&b) && still_busy(&b) && leave_watcher(&b))
		return 0;
	return 1;
}
