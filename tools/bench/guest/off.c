// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls cost a program that preserves nothing (invariant I8): the
 * same on the base's kernel and on ours, per call.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "harness.h"
#include "rig.h"

#define IOVA		0x100000000ull
#define PAGE		4096ull
#define MIB		(1ull << 20)
#define HUGE_SIZE	(1ull << 30)
#define SMALL_SIZE	(64 * MIB)
#define BATCHES		10

static struct {
	char bdf[CO_BDF_SIZE];
	int iommufd;
	int device;
	uint32_t device_id;
	uint32_t ioas;
	int small;
	void *anon;
} off;

static uint64_t batch(unsigned int times, void (*call)(void))
{
	uint64_t start = co_tsc();

	for (unsigned int i = 0; i < times; i++)
		call();
	return (co_tsc() - start) / times;
}

/*
 * The best of some batches: in the others the kernel had something else to do, or
 * filled its allocators' caches.
 */
static void measure(const char *name, unsigned int times, void (*call)(void))
{
	uint64_t best = batch(times, call);

	for (int i = 1; i < BATCHES; i++) {
		uint64_t ticks = batch(times, call);

		if (ticks < best)
			best = ticks;
	}
	bench_row(name, best);
}

/*
 * Without them the work is the same whatever memory is like that the two kernels
 * have left over.
 */
static void large_leaves(bool on)
{
	WORKS(co_option_set(off.iommufd, off.ioas, IOMMU_OPTION_HUGE_PAGES, on));
}

static void system_call(void)
{
	getppid();
}

static void open_close(void)
{
	close(WORKS(co_iommufd_open()));
}

static void ioas_alloc_destroy(void)
{
	uint32_t ioas;

	WORKS(co_ioas_alloc(off.iommufd, &ioas));
	WORKS(co_iommufd_destroy(off.iommufd, ioas));
}

static void bind_close(void)
{
	int iommufd = WORKS(co_iommufd_open());
	int device = WORKS(co_device_open(off.bdf));
	uint32_t id;

	WORKS(co_device_bind(device, iommufd, &id));
	close(device);
	close(iommufd);
}

static void attach(void)
{
	uint32_t pt = off.ioas;

	WORKS(co_device_attach(off.device, &pt));
}

static void attach_detach(void)
{
	attach();
	WORKS(co_device_detach(off.device));
}

static void hwpt_alloc_destroy(void)
{
	uint32_t hwpt;

	WORKS(co_hwpt_alloc(off.iommufd, off.device_id, off.ioas, &hwpt));
	WORKS(co_iommufd_destroy(off.iommufd, hwpt));
}

static void map_unmap(uint64_t size)
{
	WORKS(co_map_file(off.iommufd, off.ioas, IOVA, off.small, 0, size));
	WORKS(co_unmap(off.iommufd, off.ioas, IOVA, size));
}

static void map_unmap_page(void)
{
	map_unmap(PAGE);
}

static void map_unmap_2m(void)
{
	map_unmap(2 * MIB);
}

static void map_unmap_64m(void)
{
	map_unmap(SMALL_SIZE);
}

static void map_unmap_anon(void)
{
	WORKS(co_map(off.iommufd, off.ioas, IOVA, off.anon, PAGE));
	WORKS(co_unmap(off.iommufd, off.ioas, IOVA, PAGE));
}

static void address(void)
{
	uint64_t pa, length = PAGE;

	WORKS(co_pa(off.iommufd, off.ioas, IOVA, &pa, &length));
}

static void config(void)
{
	uint32_t id;

	WORKS(co_config_read(off.device, 0, &id, sizeof(id)));
}

/* No page beside the next one, so that neither kernel is lucky with its memory. */
static int make_small(void)
{
	struct bench b = {
		.spec = { .kind = BENCH_SCATTERED, .size = SMALL_SIZE },
	};
	int file;

	b.file = &file;
	bench_make_memory(&b);
	return file;
}

/* Bound and attached; what is closed again is measured, too. */
static void set_up(void)
{
	rig_edu(0, off.bdf);
	WORKS(co_pci_bind(off.bdf, "vfio-pci"));
	off.iommufd = WORKS(co_iommufd_open());
	off.small = make_small();
	off.anon = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(off.anon != MAP_FAILED);
	memset(off.anon, 1, PAGE);
	measure("bind", 1, bind_close);
	off.device = WORKS(co_device_open(off.bdf));
	WORKS(co_device_bind(off.device, off.iommufd, &off.device_id));
	WORKS(co_ioas_alloc(off.iommufd, &off.ioas));
	large_leaves(false);
}

static void small_calls(void)
{
	measure("getppid", 100, system_call);
	measure("iommufd", 50, open_close);
	measure("ioas", 50, ioas_alloc_destroy);
	measure("attach", 20, attach_detach);
	measure("hwpt", 20, hwpt_alloc_destroy);
	measure("config", 100, config);
	attach();
	measure("map-4k", 50, map_unmap_page);
	measure("map-2m", 4, map_unmap_2m);
	measure("map-64m", 1, map_unmap_64m);
	measure("map-anon-4k", 50, map_unmap_anon);
}

static void addresses(const char *name)
{
	struct bench b = {
		.spec = { .how = BENCH_WHOLE, .size = HUGE_SIZE, .count = 1 },
		.iommufd = off.iommufd, .ioas = off.ioas,
	};
	uint64_t hash, start = co_tsc();

	bench_addresses(&b, &hash);
	bench_row(name, co_tsc() - start);
}

/* A GiB in huge pages, in leaves as large as they get, and in those of a page. */
static void large_calls(void)
{
	struct bench b = { .spec = { .kind = BENCH_HUGE, .size = HUGE_SIZE } };
	int file;

	b.file = &file;
	bench_make_memory(&b);
	for (int large = 1; large >= 0; large--) {
		uint64_t start;

		large_leaves(large);
		start = co_tsc();
		WORKS(co_map_file(off.iommufd, off.ioas, IOVA, file, 0,
				  HUGE_SIZE));
		bench_row(large ? "map-1g" : "map-1g-leaves-4k",
			  co_tsc() - start);
		if (large)
			measure("pa-4k", 100, address);
		addresses(large ? "pa-1g" : "pa-1g-leaves-4k");
		start = co_tsc();
		WORKS(co_unmap(off.iommufd, off.ioas, IOVA, HUGE_SIZE));
		bench_row(large ? "unmap-1g" : "unmap-1g-leaves-4k",
			  co_tsc() - start);
	}
}

void bench_off(void)
{
	set_up();
	small_calls();
	large_calls();
}
