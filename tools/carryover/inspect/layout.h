/* SPDX-License-Identifier: GPL-2.0-only */
/* Layouts by the names that the kernel's headers give them. */
#ifndef INSPECT_LAYOUT_H
#define INSPECT_LAYOUT_H

#include <string.h>

#include "../../../include/linux/kho/abi/hugetlb.h"
#include "../../../include/linux/kho/abi/iommufd.h"
#include "../../../include/linux/kho/abi/liveupdate_dump.h"
#include "../../../include/linux/kho/abi/vfio_pci.h"

/* Is it a layout of the kind of @compatible, maybe of another version? */
static inline bool layout_is_like(const char *name, const char *compatible)
{
	return !strncmp(name, compatible, strrchr(compatible, '-') + 1 - compatible);
}

#endif
