/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What drivers that bind devices to an iommufd need for a live update.
 */
#ifndef _LINUX_IOMMUFD_LIVEUPDATE_H
#define _LINUX_IOMMUFD_LIVEUPDATE_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/types.h>

struct file;
struct iommufd_ctx;
struct iommufd_device;

#ifdef CONFIG_IOMMUFD_LIVEUPDATE
int iommufd_luo_gate_enter(struct iommufd_ctx *ictx);
void iommufd_luo_gate_leave(struct iommufd_ctx *ictx);

int iommufd_luo_device_gate_enter(struct iommufd_device *idev);
void iommufd_luo_device_gate_leave(struct iommufd_device *idev);

struct file *iommufd_luo_ctx_file(struct iommufd_ctx *ictx);
int iommufd_luo_device_preserve(struct iommufd_device *idev);
void iommufd_luo_device_unpreserve(struct iommufd_device *idev);
u32 iommufd_luo_device_hwpt_id(struct iommufd_device *idev);
bool iommufd_luo_device_is_optional(struct iommufd_device *idev);
void iommufd_luo_device_set_optional(struct iommufd_device *idev,
				     bool optional);
int iommufd_luo_restore_begin(struct iommufd_ctx *ictx, u32 id, u64 sbdf,
			      u32 pt_id);
void iommufd_luo_restore_bound(struct iommufd_ctx *ictx);
void iommufd_luo_restore_end(struct iommufd_ctx *ictx, u32 id, bool done);
#else
static inline int iommufd_luo_gate_enter(struct iommufd_ctx *ictx)
{
	return 0;
}

static inline void iommufd_luo_gate_leave(struct iommufd_ctx *ictx) { }

static inline int iommufd_luo_device_gate_enter(struct iommufd_device *idev)
{
	return 0;
}

static inline void iommufd_luo_device_gate_leave(struct iommufd_device *idev)
{
}
#endif

static inline struct iommufd_ctx *iommufd_luo_gate_ctx(struct iommufd_ctx *ictx)
{
	int rc = ictx ? iommufd_luo_gate_enter(ictx) : 0;

	return rc ? ERR_PTR(rc) : ictx;
}

static inline void iommufd_luo_gate_ctx_end(struct iommufd_ctx *ictx)
{
	if (!IS_ERR_OR_NULL(ictx))
		iommufd_luo_gate_leave(ictx);
}

/*
 * CLASS(iommufd_gate, gate)(ictx): a change of the context that is over at the
 * end of the scope, or an ERR_PTR(-EBUSY) that the caller must look for. No
 * context, no gate.
 */
DEFINE_CLASS(iommufd_gate, struct iommufd_ctx *,
	     iommufd_luo_gate_ctx_end(_T),
	     iommufd_luo_gate_ctx(ictx), struct iommufd_ctx *ictx)

static inline struct iommufd_device *
iommufd_luo_gate_device(struct iommufd_device *idev)
{
	int rc = idev ? iommufd_luo_device_gate_enter(idev) : 0;

	return rc ? ERR_PTR(rc) : idev;
}

static inline void iommufd_luo_gate_device_end(struct iommufd_device *idev)
{
	if (!IS_ERR_OR_NULL(idev))
		iommufd_luo_device_gate_leave(idev);
}

/*
 * The same for a change of a device's attachment, which is also refused when
 * the device's own file is preserved.
 */
DEFINE_CLASS(iommufd_device_gate, struct iommufd_device *,
	     iommufd_luo_gate_device_end(_T),
	     iommufd_luo_gate_device(idev), struct iommufd_device *idev)

#endif
