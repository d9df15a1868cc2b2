// SPDX-License-Identifier: GPL-2.0-only
/* Kernel B: take everything back, go on, and see what went on meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "demo.h"
#include "say.h"

/**
 * struct after - the second half of the demo
 * @options: the command line
 * @nvme: the driver, resumed
 * @buffer: the memory
 * @mem: what is in it
 * @record: of kernel A
 * @session: of kernel A
 * @seen: how often each read was completed
 * @bad: reads with an error or wrong data
 * @user_start: when the first program of this kernel started
 * @look: when the completion queue was looked at for the first time
 * @looked: how many completions there were
 * @left: when kernel A submitted its last command
 * @back: when this kernel submitted its first one
 */
struct after {
	const struct demo_options *options;
	struct nvme nvme;
	struct co_buffer buffer;
	struct demo_mem *mem;
	const struct demo_record *record;
	int session;
	unsigned int seen[DEMO_BUFFERS];
	unsigned int bad;
	uint64_t user_start;
	uint64_t look;
	unsigned int looked;
	uint64_t left;
	uint64_t back;
};

/* -------------------------------------------------------------- retrieve -- */

static bool open_session(struct after *a)
{
	int luo = co_luo_open();

	if (!say_done(luo, "live update"))
		return false;
	a->session = co_session_retrieve(luo, DEMO_SESSION);
	close(luo);
	return say_done(a->session, "session");
}

/* What was no file of the session is one of the iommufd. */
static int find_memory(struct after *a)
{
	uint64_t offset, length;
	uint32_t ioas = 0;
	int fd;

	a->nvme.iommufd = co_session_retrieve_fd(a->session, TOKEN_IOMMUFD);
	if (a->nvme.iommufd < 0)
		return a->nvme.iommufd;
	fd = co_ioas_next(a->nvme.iommufd, &ioas);
	if (!fd)
		fd = co_ioas_file(a->nvme.iommufd, ioas, DEMO_IOVA, &offset,
				  &length);
	if (fd >= 0)
		say_check(!offset, "file behind the IOVA", "from byte %llu",
			  (unsigned long long)offset);
	return fd;
}

/* As large as it was, in pages as large as they were. */
static bool same_memory(const struct after *a, bool in_session)
{
	const struct demo_record *record = a->record;
	char text[48] = "the iommufd's", pages[40] = "";
	struct stat st = { 0 };
	bool same;

	fstat(a->buffer.fd, &st);
	same = record->magic == DEMO_MAGIC && a->buffer.size == record->size &&
	       (!record->page || (uint64_t)st.st_blksize == record->page);
	if (in_session)
		snprintf(text, sizeof(text), "token %u", TOKEN_MEMFD);
	if (record->page)
		snprintf(pages, sizeof(pages), " in pages of %lld KiB",
			 (long long)st.st_blksize >> 10);
	return say_check(same, "memfd", "%s, %zu MiB%s", text,
			 a->buffer.size >> 20, pages);
}

static bool open_memory(struct after *a)
{
	int fd = co_session_retrieve_fd(a->session, TOKEN_MEMFD);
	bool in_session = fd != -ENOENT;

	if (!in_session)
		fd = find_memory(a);
	if (!say_done(fd, "memfd") ||
	    !say_done(co_buffer_open(&a->buffer, fd), "memory"))
		return false;
	a->mem = a->buffer.mem;
	a->record = &a->mem->record;
	a->looked = nvme_waiting(&a->mem->nvme);
	a->look = co_tsc();
	a->left = a->mem->nvme.last_submit;
	return same_memory(a, in_session);
}

static bool retrieve(struct after *a)
{
	/* Nobody but vfio-pci can have the device; see that it has. */
	if (!say_done(co_pci_bind(a->record->bdf, "vfio-pci"), "vfio-pci"))
		return false;
	a->nvme.device = co_session_retrieve_fd(a->session, TOKEN_VFIO);
	if (!say_done(a->nvme.device, "vfio device"))
		return false;
	if (a->nvme.iommufd < 0)
		a->nvme.iommufd = co_session_retrieve_fd(a->session,
							 TOKEN_IOMMUFD);
	return say_done(a->nvme.iommufd, "iommufd");
}

/* ------------------------------------------------------------- same again -- */

static bool same_runs(struct after *a)
{
	static struct co_run run[DEMO_SIZE / NVME_PAGE];
	int runs = co_pa_runs(a->nvme.iommufd, a->record->ioas, DEMO_IOVA,
			      a->buffer.size, run, DEMO_SIZE / NVME_PAGE);

	return say_done(runs, "physical addresses") &&
	       say_check((uint32_t)runs == a->record->runs &&
			 !memcmp(run, a->record->run, runs * sizeof(run[0])),
			 "physical addresses", "%d runs, all the same", runs);
}

/* Attaching to what it is attached to changes nothing and names the HWPT. */
static bool same_ids(struct after *a)
{
	const struct demo_record *record = a->record;
	uint32_t hwpt = record->hwpt;
	int busy = co_iommufd_destroy(a->nvme.iommufd, record->device_id);

	say_check(busy == -EBUSY, "device", "ID %u", record->device_id);
	busy = co_iommufd_destroy(a->nvme.iommufd, hwpt);
	say_check(busy == -EBUSY, "page table in use", "ID %u", hwpt);
	return say_done(co_device_attach(a->nvme.device, &hwpt), "attached") &&
	       say_check(hwpt == record->hwpt, "attached", "to ID %u", hwpt);
}

static bool same_device(struct after *a)
{
	struct vfio_device_info info;

	if (!say_done(co_device_info(a->nvme.device, &info), "device info"))
		return false;
	return say_check(co_bus_master_get(a->nvme.device) == 1, "Bus Master",
			 "still on");
}

/* ---------------------------------------------------------------- go on -- */

static void take(const struct nvme_done *done, void *arg)
{
	struct after *a = arg;
	uint64_t offset = done->command.iova - demo_data_iova(0);
	unsigned int number = offset / DEMO_BUFFER;

	if (number < DEMO_BUFFERS)
		a->seen[number]++;
	if (!demo_data_ok(a->mem, done))
		a->bad++;
}

/* Resume, take what is there, give the disk something new to do. */
static bool go_on(struct after *a)
{
	int ret;

	a->nvme.mem = &a->mem->nvme;
	a->nvme.iova = DEMO_IOVA + offsetof(struct demo_mem, nvme);
	a->nvme.ioas = a->record->ioas;
	ret = nvme_resume(&a->nvme);
	if (ret)
		return say_check(false, "resume", "%s", strerror(-ret));
	ret = demo_reap(&a->nvme, a->looked, 1000, take, a);
	if (ret < 0)
		return say_check(false, "completions", "%s", strerror(-ret));
	if (ret)
		ret = demo_read(&a->nvme, DEMO_BUFFERS - 1);
	a->back = a->mem->nvme.last_submit;
	return say_check(ret >= 0 && a->back > a->look, "a new read", "taken") &&
	       say_check(nvme_status(&a->nvme) == 1, "controller", "ready");
}

static bool take_rest(struct after *a)
{
	unsigned int left = nvme_busy(&a->mem->nvme);
	long long limit = left * 1000ll / a->options->iops + 5000;
	int ret = demo_reap(&a->nvme, left, limit, take, a);

	return ret >= 0 ? true :
		say_check(false, "completions", "%s", strerror(-ret));
}

/* ----------------------------------------------------------------- judge -- */

static bool all_once(struct after *a)
{
	const struct nvme_mem *mem = &a->mem->nvme;
	unsigned int once = 0, more = 0;

	for (unsigned int i = 0; i < a->record->reads; i++) {
		once += a->seen[i] == 1;
		more += a->seen[i] > 1;
	}
	say_check(once == a->record->reads && !more, "completed exactly once",
		  "%u of %u reads", once, a->record->reads);
	say_check(!a->bad, "data", "%u reads wrong", a->bad);
	say_check(mem->io.cq_head == mem->completed % mem->io.cq_size &&
		  mem->io.phase ==
			(1 ^ (mem->completed / mem->io.cq_size & 1)),
		  "queue", "head %u, phase %u after %llu completions",
		  mem->io.cq_head, mem->io.phase,
		  (unsigned long long)mem->completed);
	return !say_failures();
}

static double seconds(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / co_tsc_hz();
}

/*
 * How many can have come since the first program of this kernel started: what
 * the throttle lets through in that time, its burst, and one on the edge.
 */
static int since_user_start(const struct after *a)
{
	int iops = a->options->iops;
	int burst = iops >= 10 ? iops / 10 : 1;

	return (int)(seconds(a->user_start, a->look) * iops) +
	       burst + 1;
}

static void judge_pause(const struct after *a, const struct demo_look *last)
{
	int left = a->record->reads - last->count;
	int came = a->looked - last->count;
	int late = since_user_start(a);
	double pause = seconds(last->tsc, a->look);
	/* A host that stands still stops the disk as well; half tells it from none. */
	int due = 0.5 * pause * a->options->iops;

	if (due > left)
		due = left;
	say("completed, last look of kernel A", "%llu",
	    (unsigned long long)last->count);
	say("completed, first look of kernel B", "%u", a->looked);
	say_check(came >= due, "the disk never stopped",
		  "%d completions in %.0f ms, at least %d were due", came,
		  1e3 * pause, due);
	if (came == left && came <= late)
		say("while no program ran", "can't be told, all %d have come", came);
	else
		say_check(came > late, "while no program ran",
			  "%d or more: %d in all, at most %d since init",
			  came - late, came, late);
}

static bool judge(struct after *a)
{
	const struct demo_look *last = demo_last_look(a->record);

	if (!last)
		return say_check(false, "looks of kernel A", "none");
	say_head("What happened meanwhile (0 is the last look of kernel A)");
	say("last command of kernel A", "%8.1f ms",
	    1e3 * seconds(last->tsc, a->left));
	say("first program of kernel B", "%8.1f ms",
	    1e3 * seconds(last->tsc, a->user_start));
	say("first look of kernel B", "%8.1f ms",
	    1e3 * seconds(last->tsc, a->look));
	say("first command of kernel B", "%8.1f ms",
	    1e3 * seconds(last->tsc, a->back));
	say("blackout, command to command", "%8.1f ms",
	    1e3 * seconds(a->left, a->back));
	judge_pause(a, last);
	return !say_failures();
}

/* ------------------------------------------------------------------- end -- */

static bool work(struct after *a)
{
	int ret = demo_write_read(&a->nvme, a->mem, 8);

	say_check(!ret, "more writes and reads", "%s",
		  ret ? strerror(-ret) : "8 blocks each, same queues");
	if (!say_done(co_session_finish(a->session), "finish"))
		return false;
	close(a->session);
	ret = demo_write_read(&a->nvme, a->mem, 4);
	return say_check(!ret, "and after FINISH", "%s",
			 ret ? strerror(-ret) : "4 blocks each");
}

static bool end(struct after *a)
{
	int ret = nvme_stop(&a->nvme);

	say_check(!ret, "controller shut down", "%s",
		  ret ? strerror(-ret) : "by the driver");
	if (!say_done(co_unmap(a->nvme.iommufd, a->record->ioas, DEMO_IOVA,
			       a->buffer.size), "unmap") ||
	    !say_done(co_device_detach(a->nvme.device), "detach"))
		return false;
	close(a->nvme.device);
	if (!say_done(co_iommufd_destroy(a->nvme.iommufd, a->record->ioas),
		      "destroy"))
		return false;
	close(a->nvme.iommufd);
	co_buffer_close(&a->buffer);
	return say_check(true, "unmapped, detached, closed", "all");
}

int demo_after(const struct demo_options *options)
{
	struct after a = {
		.options = options, .user_start = demo_user_start(),
		.nvme.iommufd = -1,
	};
	struct utsname uts;

	uname(&uts);
	say_head("Kernel B, Linux %s", uts.release);
	if (!open_session(&a) || !open_memory(&a) || !retrieve(&a) ||
	    !same_runs(&a) || !go_on(&a))
		return 1;
	same_ids(&a);
	same_device(&a);
	if (!take_rest(&a))
		return 1;
	all_once(&a);
	judge(&a);
	say_head("Going on");
	if (!work(&a) || !end(&a))
		return 1;
	say_head(say_failures() ? "Failed." : "The device never noticed.");
	return !!say_failures();
}
