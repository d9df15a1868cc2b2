/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context that goes through a live update.
 *
 * Locking order: a session's mutex -> iommufd_liveupdate::gate ->
 * ioas_creation_lock -> domains_rwsem -> iova_rwsem -> pages::mutex
 */
#ifndef __IOMMUFD_LIVEUPDATE_H
#define __IOMMUFD_LIVEUPDATE_H

#include <linux/iommufd_liveupdate.h>
#include <uapi/linux/iommufd_liveupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/xarray.h>

struct iommufd_ctx;
struct iommufd_object;
struct iommufd_ucmd;

#ifdef CONFIG_IOMMUFD_LIVEUPDATE
/**
 * struct iommufd_liveupdate - live update state of a context
 * @gate:       held for reading by whatever changes the context, for writing
 *              while it is shut or opened
 * @shut:       nothing may change the context; protected by @gate
 * @kept:       IDs of the devices whose own files are preserved
 * @pending:    IDs reserved for devices that were not retrieved yet; the entry
 *              is the device's sbdf
 * @restorer:   the task whose next object gets @restore_id
 * @restore_id: an ID that is reserved
 */
struct iommufd_liveupdate {
	struct rw_semaphore gate;
	bool shut;
	struct xarray kept;
	struct xarray pending;
	struct task_struct *restorer;
	u32 restore_id;
};

void iommufd_liveupdate_init(struct iommufd_ctx *ictx);
void iommufd_liveupdate_destroy(struct iommufd_ctx *ictx);
void iommufd_liveupdate_register(void);
void iommufd_liveupdate_unregister(void);
struct iommufd_ctx *iommufd_gate_ioctl(struct iommufd_ucmd *ucmd,
				       unsigned int cmd);
int iommufd_alloc_id(struct iommufd_ctx *ictx, struct iommufd_object *obj);
int iommufd_ioas_get_file(struct iommufd_ucmd *ucmd);

/* Entries of the table of ioctls. */
#define IOMMUFD_LIVEUPDATE_OPS                                              \
	IOCTL_OP(IOMMU_IOAS_GET_FILE, iommufd_ioas_get_file,                \
		 struct iommu_ioas_get_file, __reserved),
#else
struct iommufd_liveupdate {};

#define IOMMUFD_LIVEUPDATE_OPS

static inline void iommufd_liveupdate_init(struct iommufd_ctx *ictx) { }
static inline void iommufd_liveupdate_destroy(struct iommufd_ctx *ictx) { }

static inline void iommufd_liveupdate_register(void) { }
static inline void iommufd_liveupdate_unregister(void) { }

static inline struct iommufd_ctx *
iommufd_gate_ioctl(struct iommufd_ucmd *ucmd, unsigned int cmd)
{
	return NULL;
}

#define iommufd_alloc_id(ictx, obj)                                      \
	xa_alloc(&(ictx)->objects, &(obj)->id, XA_ZERO_ENTRY, xa_limit_31b, \
		 GFP_KERNEL_ACCOUNT)
#endif

/*
 * CLASS(iommufd_ioctl_gate, gate)(ucmd, cmd): as iommufd_gate, for calls that
 * change the context.
 */
DEFINE_CLASS(iommufd_ioctl_gate, struct iommufd_ctx *,
	     iommufd_gate_ctx_end(_T),
	     iommufd_gate_ctx(iommufd_gate_ioctl(ucmd, cmd)),
	     struct iommufd_ucmd *ucmd, unsigned int cmd)

#endif
