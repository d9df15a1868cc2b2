// SPDX-License-Identifier: GPL-2.0-only
/*
 * The objects of a context that is rebuilt: IOAS and HWPTs, and reservations for
 * the IDs of devices, whose own files bring them.
 *
 * All IDs are reserved before the first object is made, and every object is made
 * by the code that makes it for userspace, told which ID to take.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/generic_pt/liveupdate.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

static int load_reserve_id(struct iommufd_load *load, u32 id)
{
	return xa_insert(&load->ictx->objects, id, XA_ZERO_ENTRY,
			 GFP_KERNEL_ACCOUNT);
}

static int load_reserve(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_ioas && !rc; i++)
		rc = load_reserve_id(load, load->ioas[i].id);
	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = load_reserve_id(load, load->tables[i].id);
	for (unsigned int i = 0; i < load->nr_devices && !rc; i++)
		rc = load_reserve_id(load, load->devices[i].id);
	return rc;
}

static int load_ioas(struct iommufd_load *load, struct iommufd_load_ioas *li)
{
	struct iommufd_ioas *ioas;

	iommufd_luo_next_id(load->ictx, li->id);
	ioas = iommufd_ioas_alloc(load->ictx);
	iommufd_luo_any_id(load->ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	iommufd_object_finalize(load->ictx, &ioas->obj);
	li->ioas = ioas;
	for (unsigned int i = li->first; i < li->first + li->nr; i++)
		load->areas[i].area->iopt = &ioas->iopt;
	scoped_guard(rwsem_write, &ioas->iopt.iova_rwsem)
		swap(ioas->iopt.allowed_itree, li->allowed);
	return li->small ? iopt_disable_large_pages(&ioas->iopt) : 0;
}

static struct iommufd_hwpt_paging *
load_new_hwpt(struct iommufd_load *load, const struct iommufd_load_table *table)
{
	struct iommufd_ioas *ioas = load->ioas[table->ioas].ioas;
	struct iommufd_hwpt_paging *hwpt;
	struct iommu_domain *domain;

	iommufd_luo_next_id(load->ictx, table->id);
	hwpt = __iommufd_object_alloc(load->ictx, hwpt, IOMMUFD_OBJ_HWPT_PAGING,
				      common.obj);
	iommufd_luo_any_id(load->ictx);
	if (IS_ERR(hwpt))
		return hwpt;

	INIT_LIST_HEAD(&hwpt->hwpt_item);
	/* Pairs with iommufd_hwpt_paging_destroy() */
	refcount_inc(&ioas->obj.users);
	hwpt->ioas = ioas;
	hwpt->auto_domain = table->auto_domain;

	domain = iommufd_noiommu_ops.domain_alloc_paging_flags(NULL, 0, NULL);
	if (IS_ERR(domain)) {
		guard(mutex)(&ioas->mutex);
		iommufd_object_abort_and_destroy(load->ictx, &hwpt->common.obj);
		return ERR_CAST(domain);
	}
	domain->owner = &iommufd_noiommu_ops;
	domain->iommufd_hwpt = &hwpt->common;
	domain->cookie_type = IOMMU_COOKIE_IOMMUFD;
	hwpt->common.domain = domain;
	return hwpt;
}

/* The IOAS has no areas yet, so nothing is filled here. */
static int load_link_hwpt(struct iommufd_load *load,
			  struct iommufd_hwpt_paging *hwpt,
			  const struct pt_amdv1_ser *ser)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	int rc;

	guard(mutex)(&ioas->mutex);
	rc = iopt_table_add_domain(&ioas->iopt, hwpt->common.domain);
	if (!rc) {
		list_add_tail(&hwpt->hwpt_item, &ioas->hwpt_list);
		rc = pt_amdv1_fits(hwpt->common.domain, ser);
	}
	if (rc)
		iommufd_object_abort_and_destroy(load->ictx, &hwpt->common.obj);
	else
		iommufd_object_finalize(load->ictx, &hwpt->common.obj);
	return rc;
}

static int load_hwpt(struct iommufd_load *load, struct iommufd_load_table *table)
{
	table->hwpt = load_new_hwpt(load, table);
	if (IS_ERR(table->hwpt))
		return PTR_ERR(table->hwpt);
	return load_link_hwpt(load, table->hwpt, &table->ser);
}

/**
 * iommufd_luo_load_objects - Make IOAS, HWPTs, and room for devices
 * @load: the new, empty context, its blob read
 *
 * Return: 0; -EPROTO when this kernel makes other tables; -ENOMEM.
 */
int iommufd_luo_load_objects(struct iommufd_load *load)
{
	struct iommufd_ctx *ictx = load->ictx;
	int rc = load_reserve(load);

	ictx->account_mode = load->account_mode;
	for (unsigned int i = 0; i < load->nr_ioas && !rc; i++)
		rc = load_ioas(load, &load->ioas[i]);
	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = load_hwpt(load, &load->tables[i]);
	for (unsigned int i = 0; i < load->nr_devices && !rc; i++)
		rc = xa_err(xa_store(&ictx->lu.pending, load->devices[i].id,
				     xa_mk_value(load->devices[i].sbdf),
				     GFP_KERNEL_ACCOUNT));
	return rc;
}
