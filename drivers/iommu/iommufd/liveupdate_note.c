// SPDX-License-Identifier: GPL-2.0-only
/* The notes of modules are not in the image, where one looks for them: built in. */
#include <linux/kho/abi/iommufd.h>
#include <linux/kho/abi/liveupdate_note.h>

LIVEUPDATE_NOTE(IOMMUFD_LUO_FH_COMPATIBLE);
