// SPDX-License-Identifier: GPL-2.0-only
/* The notes of modules are not in the image, where one looks for them: built in. */
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/kho/abi/vfio_pci.h>

LIVEUPDATE_NOTE(VFIO_PCI_LUO_FH_COMPATIBLE);
