// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rebuilding the areas of a preserved context.
 *
 * The page table is there already and is right; what has to be made again is
 * what stands behind it: areas, the pages objects they share, and the pins. A
 * pages object is pinned as a fresh map would have pinned it, each page once
 * for all areas that show it, and then every page of every area is compared
 * with what each table says. Only then do the areas enter their IOAS.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/liveupdate_files.h>
#include <linux/mm.h>
#include <linux/memfd.h>
#include <linux/memfd_liveupdate.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

/* Folios that are pinned by one call. */
#define LOAD_PIN_FOLIOS	512

static int load_read_source(struct iommufd_load *load, int node,
			    struct iommufd_load_pages *p)
{
	const struct liveupdate_blob *blob = &load->blob;
	u32 memory;

	if (liveupdate_blob_get_u32(blob, node, "in-memory", &p->in_memory) ||
	    p->in_memory > 1)
		return -EBADMSG;
	if (!p->in_memory)
		return liveupdate_blob_get_u64(blob, node, "token", &p->token);
	if (liveupdate_blob_get_u32(blob, node, "memory", &memory) ||
	    memory >= load->nr_memories)
		return -EBADMSG;
	p->token = memory;
	return 0;
}

static int load_read_one_pages(struct iommufd_load *load, int node,
			       struct iommufd_load_pages *p)
{
	const struct liveupdate_blob *blob = &load->blob;
	u64 bytes, end;

	if (load_read_source(load, node, p) ||
	    liveupdate_blob_get_u64(blob, node, "start", &p->start) ||
	    liveupdate_blob_get_u64(blob, node, "npages", &p->npages) ||
	    liveupdate_blob_get_u32(blob, node, "writable", &p->writable) ||
	    liveupdate_blob_get_u32(blob, node, "account-mode",
				    &p->account_mode))
		return -EBADMSG;
	if (!PAGE_ALIGNED(p->start) || !p->npages || p->writable > 1 ||
	    p->account_mode >= IOPT_PAGES_ACCOUNT_MODE_NUM ||
	    check_mul_overflow(p->npages, (u64)PAGE_SIZE, &bytes) ||
	    check_add_overflow(p->start, bytes, &end) || end > MAX_LFS_FILESIZE)
		return -EBADMSG;
	return 0;
}

/**
 * iommufd_load_read_pages - Read the pages nodes, changing nothing
 * @load: the context
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int iommufd_load_read_pages(struct iommufd_load *load)
{
	unsigned int n = 0;
	int node = 0;

	while ((node = liveupdate_blob_next(&load->blob, node, "pages")) > 0)
		n++;
	load->pages = vcalloc(n ?: 1, sizeof(*load->pages));
	if (!load->pages)
		return -ENOMEM;
	for (; load->nr_pages < n; load->nr_pages++) {
		node = liveupdate_blob_node(&load->blob, "pages",
					    load->nr_pages);
		if (node < 0 ||
		    load_read_one_pages(load, node, &load->pages[load->nr_pages]))
			return load_bad("pages", load->nr_pages);
	}
	return 0;
}

static struct iopt_area *load_new_area(const struct iommufd_area_ser *ser)
{
	struct iopt_area *area = kzalloc_obj(*area, GFP_KERNEL_ACCOUNT);

	if (!area)
		return NULL;
	RB_CLEAR_NODE(&area->node.rb);
	RB_CLEAR_NODE(&area->pages_node.rb);
	area->node.start = be64_to_cpu(ser->iova);
	area->node.last = be64_to_cpu(ser->last);
	area->iommu_prot = be32_to_cpu(ser->prot);
	area->page_offset = be32_to_cpu(ser->page_offset);
	area->pages_node.start = be64_to_cpu(ser->first_page);
	return area;
}

static bool load_area_fits(struct iopt_area *area,
			   const struct iommufd_load_pages *p)
{
	unsigned long align = area->iopt->iova_alignment - 1;
	unsigned long bytes, npages;

	if (area->node.start > area->node.last ||
	    area->page_offset >= PAGE_SIZE ||
	    (area->iommu_prot & ~(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)) ||
	    ((area->iommu_prot & IOMMU_WRITE) && !p->writable))
		return false;
	if (check_add_overflow(area->node.last - area->node.start,
			       (unsigned long)area->page_offset, &bytes))
		return false;
	npages = bytes / PAGE_SIZE;
	if (check_add_overflow(area->pages_node.start, npages,
			       &area->pages_node.last) ||
	    area->pages_node.last >= p->npages)
		return false;
	return !(area->node.start & align) && !((area->node.last + 1) & align) &&
	       !(area->page_offset & align);
}

static int load_read_area(struct iommufd_load *load, struct iommufd_ioas *ioas,
			  const struct iommufd_area_ser *ser)
{
	struct iommufd_load_area *la = &load->areas[load->nr_areas];

	la->pages = be64_to_cpu(ser->pages);
	if (la->pages >= load->nr_pages)
		return load_bad("area of pages", la->pages);
	la->area = load_new_area(ser);
	if (!la->area)
		return -ENOMEM;
	la->ioas = ioas;
	la->area->iopt = &ioas->iopt;
	load->nr_areas++;
	if (!load_area_fits(la->area, &load->pages[la->pages]))
		return load_bad("area of IOAS", ioas->obj.id);
	return 0;
}

/**
 * iommufd_load_read_areas - Read the areas of an IOAS, not inserting them
 * @load: the context
 * @node: the IOAS's node
 * @ioas: the IOAS, its HWPTs in place
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int iommufd_load_read_areas(struct iommufd_load *load, int node,
			    struct iommufd_ioas *ioas)
{
	const struct iommufd_area_ser *ser;
	size_t len, n;
	void *more;
	int rc = 0;

	ser = liveupdate_blob_get(&load->blob, node, "areas", &len);
	if (!ser || len % sizeof(*ser))
		return load_bad("areas of IOAS", ioas->obj.id);
	n = len / sizeof(*ser);
	more = kvrealloc(load->areas,
			 array_size(load->nr_areas + n + 1, sizeof(*load->areas)),
			 GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	load->areas = more;
	for (size_t i = 0; i < n && !rc; i++) {
		struct iommufd_area_ser copy;

		/* FDT values are aligned to 4 bytes only. */
		memcpy(&copy, ser + i, sizeof(copy));
		rc = load_read_area(load, ioas, &copy);
	}
	return rc;
}

/**
 * iommufd_load_check_areas - Are the areas in order, and apart?
 * @load: the context, all areas read
 *
 * Return: 0 or -EBADMSG after a line in the log.
 */
int iommufd_load_check_areas(struct iommufd_load *load)
{
	for (size_t i = 1; i < load->nr_areas; i++)
		if (load->areas[i].ioas == load->areas[i - 1].ioas &&
		    load->areas[i].area->node.start <=
			    load->areas[i - 1].area->node.last)
			return load_bad("unordered areas of IOAS",
					load->areas[i].ioas->obj.id);
	return 0;
}

static int load_get_memfd(struct iommufd_load *load,
			  struct iommufd_load_pages *p)
{
	int rc;

	if (p->in_memory) {
		p->file = get_file(load->memories[p->token].file);
		return 0;
	}
	rc = liveupdate_get_file_incoming(load->session, p->token, &p->file);
	if (rc) {
		pr_warn("memfd with token %#llx: error %d\n", p->token, rc);
		return rc;
	}
	if (!shmem_file(p->file))
		return load_bad("file that is no memfd, token", p->token);
	return 0;
}

static int load_file(struct iommufd_load *load, struct iommufd_load_pages *p)
{
	int rc = load_get_memfd(load, p);

	if (rc)
		return rc;
	p->pages = iopt_alloc_file_pages(p->file, 0, p->start,
					 p->npages * PAGE_SIZE, p->writable);
	if (IS_ERR(p->pages)) {
		rc = PTR_ERR(p->pages);
		p->pages = NULL;
		return rc;
	}
	/* As iopt_map_common() decides for a fresh mapping. */
	if (load->ictx->account_mode == IOPT_PAGES_ACCOUNT_MM &&
	    p->pages->account_mode == IOPT_PAGES_ACCOUNT_USER)
		p->pages->account_mode = IOPT_PAGES_ACCOUNT_MM;
	return 0;
}

/**
 * iommufd_load_files - Get the memfds, retrieving them if need be
 * @load: the context
 *
 * Return: 0, -EBADMSG, -ENOMEM or the error of a memfd's retrieve.
 */
int iommufd_load_files(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_pages && !rc; i++)
		rc = load_file(load, &load->pages[i]);
	return rc;
}

/* A run of pages of one folio that was pinned. */
struct load_pin {
	unsigned long index;
	unsigned long pfn;
	unsigned long n;
};

struct load_pins {
	struct load_pin *pin;
	size_t nr, max;
};

static int load_note_pin(struct load_pins *pins, unsigned long index,
			 unsigned long pfn, unsigned long n)
{
	if (pins->nr == pins->max) {
		size_t max = pins->max * 2 ?: 64;
		void *more = kvrealloc(pins->pin,
				       array_size(max, sizeof(*pins->pin)),
				       GFP_KERNEL);

		if (!more)
			return -ENOMEM;
		pins->pin = more;
		pins->max = max;
	}
	pins->pin[pins->nr++] = (struct load_pin) { index, pfn, n };
	return 0;
}

static void load_unpin(struct load_pins *pins)
{
	while (pins->nr) {
		struct load_pin *pin = &pins->pin[--pins->nr];

		unpin_user_page_range_dirty_lock(pfn_to_page(pin->pfn), pin->n,
						 false);
	}
	kvfree(pins->pin);
}

/* One folio with one pin: take the others, and remember them. */
static int load_take_folio(struct load_pins *pins, struct folio *folio,
			   unsigned long offset, unsigned long index,
			   unsigned long n)
{
	int rc = 0;

	if (n > 1)
		rc = folio_add_pins(folio, n - 1);
	if (!rc) {
		rc = load_note_pin(pins, index,
				   page_to_pfn(folio_page(folio, offset)), n);
		if (rc && n > 1)
			unpin_user_page_range_dirty_lock(folio_page(folio, offset),
							 n - 1, false);
	}
	if (rc)
		unpin_folios(&folio, 1);
	return rc;
}

static int load_take_folios(struct load_pins *pins, struct folio **folios,
			    long nr, unsigned long offset, unsigned long *index,
			    unsigned long last)
{
	int rc = 0;
	long i;

	for (i = 0; i < nr && !rc; i++, offset = 0) {
		unsigned long n = min(folio_nr_pages(folios[i]) - offset,
				      last - *index + 1);

		rc = load_take_folio(pins, folios[i], offset, *index, n);
		*index += n;
	}
	if (rc)
		unpin_folios(folios + i, nr - i);
	return rc;
}

/*
 * Pinning must not move a page that the device may be writing: a page that
 * can't be pinned for long where it is stays unpinned, and the load fails.
 */
static int load_check_pinnable(struct file *file, pgoff_t pgoff, pgoff_t last)
{
	while (pgoff <= last) {
		struct folio *folio = filemap_get_folio(file->f_mapping, pgoff);
		bool good;

		if (IS_ERR(folio))
			return load_bad("memfd has a hole at page", pgoff);
		good = memfd_liveupdate_stays(folio);
		pgoff = folio->index + folio_nr_pages(folio);
		folio_put(folio);
		if (!good)
			return load_bad("memfd must move its page", pgoff);
	}
	return 0;
}

static int load_pin_span(struct load_pins *pins, struct iopt_pages *pages,
			 struct folio **folios, unsigned long index,
			 unsigned long last)
{
	int rc;

	rc = load_check_pinnable(pages->file, pages->start / PAGE_SIZE + index,
				 pages->start / PAGE_SIZE + last);
	while (!rc && index <= last) {
		unsigned long offset;
		long nr;

		nr = memfd_pin_folios(pages->file,
				      pages->start + index * PAGE_SIZE,
				      pages->start + (last + 1) * PAGE_SIZE - 1,
				      folios, LOAD_PIN_FOLIOS, &offset);
		if (nr <= 0)
			return nr ?: -EFAULT;
		rc = load_take_folios(pins, folios, nr, offset >> PAGE_SHIFT,
				      &index, last);
	}
	return rc;
}

/* Pins every page that an area with a table shows, once. */
static int load_pin_pages(struct load_pins *pins, struct iopt_pages *pages)
{
	struct interval_tree_span_iter span;
	struct folio **folios;
	int rc = 0;

	folios = kmalloc_array(LOAD_PIN_FOLIOS, sizeof(*folios), GFP_KERNEL);
	if (!folios)
		return -ENOMEM;
	interval_tree_for_each_span(&span, &pages->domains_itree, 0, ULONG_MAX) {
		if (span.is_hole)
			continue;
		rc = load_pin_span(pins, pages, folios, span.start_used,
				   span.last_used);
		if (rc)
			break;
	}
	kfree(folios);
	return rc;
}

static int load_compare_page(struct iommufd_load_area *la,
			     struct iommu_domain *domain, unsigned long index,
			     unsigned long pfn)
{
	struct iopt_area *area = la->area;
	unsigned long iova = area->node.start;
	phys_addr_t has = PFN_PHYS(pfn), was;

	if (index == area->pages_node.start)
		has += area->page_offset;
	else
		iova += (index - area->pages_node.start) * PAGE_SIZE -
			area->page_offset;
	was = iommu_iova_to_phys(domain, iova);
	if (was == has)
		return 0;
	pr_warn("IOAS %u IOVA %#lx: mapped to %pa, the memfd has %pa\n",
		la->ioas->obj.id, iova, &was, &has);
	return -EBADMSG;
}

static int load_compare_pin(struct iommufd_load_area *la,
			    const struct load_pin *pin)
{
	unsigned long index = max(pin->index, la->area->pages_node.start);
	unsigned long last = min(pin->index + pin->n - 1,
				 la->area->pages_node.last);
	struct iommu_domain *domain;
	unsigned long id;
	int rc;

	for (; index <= last; index++)
		xa_for_each(&la->area->iopt->domains, id, domain) {
			rc = load_compare_page(la, domain, index,
					       pin->pfn + index - pin->index);
			if (rc)
				return rc;
		}
	return 0;
}

static int load_compare_area(struct iommufd_load_area *la,
			     const struct load_pins *pins)
{
	int rc = 0;

	for (size_t i = 0; i < pins->nr && !rc; i++)
		rc = load_compare_pin(la, &pins->pin[i]);
	return rc;
}

static bool load_area_has_table(const struct iommufd_load_area *la)
{
	return !xa_empty(&la->area->iopt->domains);
}

/* Walks the areas of pages number p that a table maps; la is NULL at first. */
static struct iommufd_load_area *
load_next_area(struct iommufd_load *load, struct iommufd_load_area *la,
	       unsigned int p)
{
	for (la = la ? la + 1 : load->areas;
	     la < load->areas + load->nr_areas; la++)
		if (la->pages == p && load_area_has_table(la))
			return la;
	return NULL;
}

static void load_itree_insert(struct iommufd_load *load, unsigned int p)
{
	struct iopt_pages *pages = load->pages[p].pages;
	struct iommufd_load_area *la = NULL;

	while ((la = load_next_area(load, la, p)))
		interval_tree_insert(&la->area->pages_node,
				     &pages->domains_itree);
}

static void load_itree_remove(struct iommufd_load *load, unsigned int p)
{
	struct iopt_pages *pages = load->pages[p].pages;
	struct iommufd_load_area *la = NULL;

	while ((la = load_next_area(load, la, p)))
		interval_tree_remove(&la->area->pages_node,
				     &pages->domains_itree);
}

static int load_account(struct iopt_pages *pages, const struct load_pins *pins)
{
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < pins->nr; i++)
		n += pins->pin[i].n;
	if (!n)
		return 0;
	pages->npinned = n;
	rc = iopt_pages_update_pinned(pages, n, true, NULL);
	if (rc)
		pages->npinned = 0;
	return rc;
}

static int load_pin_and_compare(struct iommufd_load *load, unsigned int p,
				struct load_pins *pins)
{
	struct iopt_pages *pages = load->pages[p].pages;
	struct iommufd_load_area *la = NULL;
	int rc;

	rc = load_pin_pages(pins, pages);
	if (rc)
		return rc;
	while ((la = load_next_area(load, la, p))) {
		rc = load_compare_area(la, pins);
		if (rc)
			return rc;
	}
	return load_account(pages, pins);
}

/* What iommu_map() would have told the debugging code. */
static void load_debug_map(struct iopt_area *area)
{
	struct iommu_domain *domain;
	unsigned long id;

	if (!IS_ENABLED(CONFIG_IOMMU_DEBUG_PAGEALLOC))
		return;
	xa_for_each(&area->iopt->domains, id, domain)
		for (size_t off = 0; off < iopt_area_length(area);
		     off += PAGE_SIZE)
			iommu_debug_map(domain,
					iommu_iova_to_phys(domain,
							   area->node.start + off),
					PAGE_SIZE);
}

static void load_insert_area(struct iommufd_load *load,
			     struct iommufd_load_area *la)
{
	struct io_pagetable *iopt = la->area->iopt;
	struct iopt_area *area = la->area;

	guard(rwsem_write)(&iopt->domains_rwsem);
	guard(rwsem_write)(&iopt->iova_rwsem);
	area->pages = load->pages[la->pages].pages;
	kref_get(&area->pages->kref);
	area->storage_domain = xa_load(&iopt->domains, 0);
	interval_tree_insert(&area->node, &iopt->area_itree);
	load_debug_map(area);
	la->area = NULL;
}

/* All areas of one pages object, or none of them. */
static int load_map_pages(struct iommufd_load *load, unsigned int p)
{
	struct iopt_pages *pages = load->pages[p].pages;
	struct load_pins pins = {};
	int rc;

	guard(mutex)(&pages->mutex);
	load_itree_insert(load, p);
	rc = load_pin_and_compare(load, p, &pins);
	if (rc) {
		load_itree_remove(load, p);
		load_unpin(&pins);
		return rc;
	}
	kvfree(pins.pin);
	return 0;
}

/**
 * iommufd_load_map - Pin the pages, compare them, and insert the areas
 * @load: the context, its IOAS and HWPTs built, its files there
 *
 * Return: 0; -EBADMSG when a memfd and a table differ; -ENOMEM also when the
 *         retrieving task may not lock so much memory.
 */
int iommufd_load_map(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int p = 0; p < load->nr_pages && !rc; p++) {
		rc = load_map_pages(load, p);
		for (size_t i = 0; i < load->nr_areas && !rc; i++)
			if (load->areas[i].pages == p)
				load_insert_area(load, &load->areas[i]);
	}
	return rc;
}

/**
 * iommufd_load_free - Free what was not built into the context
 * @load: the context
 */
void iommufd_load_free(struct iommufd_load *load)
{
	for (size_t i = 0; i < load->nr_areas; i++)
		kfree(load->areas[i].area);
	kvfree(load->areas);
	kvfree(load->memories);
	for (unsigned int i = 0; i < load->nr_pages; i++) {
		if (load->pages[i].pages)
			iopt_put_pages(load->pages[i].pages);
		if (load->pages[i].file)
			fput(load->pages[i].file);
	}
	vfree(load->pages);
	liveupdate_blob_free(&load->blob);
}
