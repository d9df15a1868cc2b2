/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context that goes through a live update.
 *
 * Locking order: a session's mutex -> gates -> ioas_creation_lock ->
 * domains_rwsem -> iova_rwsem -> pages::mutex
 */
#ifndef __IOMMUFD_LIVEUPDATE_H
#define __IOMMUFD_LIVEUPDATE_H

#include <linux/atomic.h>
#include <linux/iommufd_liveupdate.h>
#include <uapi/linux/iommufd_liveupdate.h>
#include <linux/sched.h>
#include <linux/xarray.h>

struct iommufd_ctx;
struct iommufd_object;
struct iommufd_ucmd;

#ifdef CONFIG_IOMMUFD_LIVEUPDATE
/**
 * struct iommufd_gate - what changes of a context or a device have to pass
 * @inside: how many are under way; negative while the gate is shut. All zeroes
 *          is a gate that is open.
 * @optional: of a device: a live update that can't carry it goes on without
 */
struct iommufd_gate {
	atomic_t inside;
	bool optional;
};

/**
 * struct iommufd_liveupdate - live update state of a context
 * @gate:       shut while the context is preserved
 * @pending:    IDs reserved for devices that were not retrieved yet; the entry
 *              is the device's sbdf
 * @restorer:   the task whose next object gets @restore_id
 * @restore_id: an ID that is reserved
 * @restore_hwpt: what the device that is bound next is going to be attached to
 */
struct iommufd_liveupdate {
	struct iommufd_gate gate;
	struct xarray pending;
	struct task_struct *restorer;
	u32 restore_id;
	struct iommufd_object *restore_hwpt;
};

/* Also true while those who are inside are being waited for. */
static inline bool iommufd_luo_gate_is_shut(struct iommufd_gate *gate)
{
	return atomic_read(&gate->inside) < 0;
}

void iommufd_luo_init(struct iommufd_ctx *ictx);
void iommufd_luo_destroy(struct iommufd_ctx *ictx);
void iommufd_luo_register(void);
void iommufd_luo_unregister(void);
bool iommufd_luo_ctx_is_optional(struct iommufd_ctx *ictx);
int iommufd_luo_gate_shut(struct iommufd_gate *gate);
void iommufd_luo_gate_open(struct iommufd_gate *gate);
struct iommufd_ctx *iommufd_luo_gate_ioctl(struct iommufd_ucmd *ucmd,
					   unsigned int cmd);
struct iommufd_ctx *iommufd_luo_gate_vfio(struct iommufd_ctx *ictx,
					  unsigned int cmd);
int iommufd_luo_alloc_id(struct iommufd_ctx *ictx, struct iommufd_object *obj);
void iommufd_luo_next_id(struct iommufd_ctx *ictx, u32 id);
void iommufd_luo_any_id(struct iommufd_ctx *ictx);
void iommufd_luo_drop_pending(struct iommufd_ctx *ictx);
int iommufd_luo_get_file(struct iommufd_ucmd *ucmd);
int iommufd_luo_next_ioas(struct iommufd_ucmd *ucmd);
int iommufd_luo_next_area(struct iommufd_ucmd *ucmd);
#else
struct iommufd_gate {};
struct iommufd_liveupdate {};

static inline void iommufd_luo_init(struct iommufd_ctx *ictx) { }
static inline void iommufd_luo_destroy(struct iommufd_ctx *ictx) { }

static inline void iommufd_luo_register(void) { }
static inline void iommufd_luo_unregister(void) { }

static inline struct iommufd_ctx *
iommufd_luo_gate_ioctl(struct iommufd_ucmd *ucmd, unsigned int cmd)
{
	return NULL;
}

static inline struct iommufd_ctx *
iommufd_luo_gate_vfio(struct iommufd_ctx *ictx, unsigned int cmd)
{
	return NULL;
}

#define iommufd_luo_alloc_id(ictx, obj)                                      \
	xa_alloc(&(ictx)->objects, &(obj)->id, XA_ZERO_ENTRY, xa_limit_31b, \
		 GFP_KERNEL_ACCOUNT)
#endif

/*
 * CLASS(iommufd_ioctl_gate, gate)(ucmd, cmd): as iommufd_gate, for calls that
 * change the context.
 */
DEFINE_CLASS(iommufd_ioctl_gate, struct iommufd_ctx *,
	     iommufd_luo_gate_ctx_end(_T),
	     iommufd_luo_gate_ctx(iommufd_luo_gate_ioctl(ucmd, cmd)),
	     struct iommufd_ucmd *ucmd, unsigned int cmd)

#endif
