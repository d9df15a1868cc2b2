// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the loaded image take over what is preserved? One that was loaded by
 * kexec_load(), or while KHO was off, takes all memory for free, and reboot()
 * fails when a device is preserved. Userspace can look beforehand.
 */
#include <linux/kexec.h>
#include <linux/sysfs.h>

#include "../kexec_internal.h"
#include "kho_loaded.h"

static ssize_t loaded_kho_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	bool kho;

	if (!kexec_trylock())
		return -EBUSY;
	kho = kexec_image && kexec_image->kho.fdt;
	kexec_unlock();
	return sysfs_emit(buf, "%d\n", kho);
}

struct kobj_attribute kho_loaded_attr = __ATTR_RO(loaded_kho);
