// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is handed over of a memfd, for those who only want to look.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kho/abi/memfd.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_dump.h>
#include <linux/math.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

/* More than this is no list of folios, it is an attack on memory. */
#define MEMFD_MAX_FOLIOS	(SZ_1G / sizeof(struct memfd_luo_folio_ser))

/* As in the dump. */
struct memfd_run {
	__be64 page;
	__be64 phys;
	__be64 pages;
};

/* Folios that follow each other in the file and in memory become one run. */
static size_t memfd_join(const struct memfd_luo_folio_ser *folio, u64 nr,
			 u64 end, struct memfd_run *run)
{
	u64 page = 0, phys = 0, pages = 0;
	size_t n = 0;

	for (u64 i = 0; i < nr; i++) {
		u64 next = i + 1 < nr ? folio[i + 1].index : end;
		u64 is = PFN_PHYS((u64)folio[i].pfn);

		if (!n || folio[i].index != page + pages ||
		    is != phys + pages * PAGE_SIZE) {
			page = folio[i].index;
			phys = is;
			pages = 0;
			n++;
		}
		pages += next - folio[i].index;
		run[n - 1] = (struct memfd_run) {
			.page = cpu_to_be64(page),
			.phys = cpu_to_be64(phys),
			.pages = cpu_to_be64(pages),
		};
	}
	return n;
}

static int memfd_dump_runs(const struct liveupdate_dump *dump,
			   struct liveupdate_blob *out,
			   const struct memfd_luo_ser *ser)
{
	struct memfd_luo_folio_ser *folios;
	struct memfd_run *runs;
	size_t n;

	if (ser->nr_folios > MEMFD_MAX_FOLIOS)
		return -EBADMSG;
	folios = liveupdate_dump_copy(dump, &ser->folios,
				      ser->nr_folios * sizeof(*folios));
	if (IS_ERR(folios))
		return PTR_ERR(folios);
	runs = vmalloc_array(ser->nr_folios, sizeof(*runs));
	if (runs) {
		n = memfd_join(folios, ser->nr_folios,
			       DIV_ROUND_UP_ULL(ser->size, PAGE_SIZE), runs);
		liveupdate_blob_add(out, "runs", runs, n * sizeof(*runs));
		vfree(runs);
	}
	vfree(folios);
	return runs ? 0 : -ENOMEM;
}

static int memfd_dump(const struct liveupdate_dump *dump,
		      struct liveupdate_blob *out, const void *page)
{
	const struct memfd_luo_ser *ser = page;

	liveupdate_blob_add_u64(out, "size", ser->size);
	liveupdate_blob_add_u64(out, "position", ser->pos);
	liveupdate_blob_add_u32(out, "seals", ser->seals);
	return ser->nr_folios ? memfd_dump_runs(dump, out, ser) : 0;
}

static struct liveupdate_dumper memfd_dumper = {
	.compatible = MEMFD_LUO_FH_COMPATIBLE,
	.dump = memfd_dump,
};

static int __init memfd_dump_init(void)
{
	liveupdate_register_dumper(&memfd_dumper);
	return 0;
}
late_initcall(memfd_dump_init);
