// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that arrive, for those who don't trust what they were told of them.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kexec_handover.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

#include "kexec_handover_internal.h"

/**
 * kho_restorable_order - Is there a page that can be restored?
 * @phys: physical address, from a handover, not trusted
 *
 * Return: the order it was preserved with, or -ENOENT.
 */
int kho_restorable_order(phys_addr_t phys)
{
	struct page *page = pfn_to_online_page(PHYS_PFN(phys));
	union kho_page_info info = { .page_private = page ? page->private : 0 };

	return info.magic == KHO_PAGE_MAGIC ? info.order : -ENOENT;
}
EXPORT_SYMBOL_GPL(kho_restorable_order);

/* What kho_restore_folio() does, for a caller that counts many folios at once. */
struct folio *kho_restore_uncounted(phys_addr_t phys)
{
	int order = kho_restorable_order(phys);
	struct page *page;

	if (order < 0)
		return NULL;
	page = pfn_to_page(PHYS_PFN(phys));
	page->private = 0;
	kho_init_folio(page, order);
	return page_folio(page);
}
