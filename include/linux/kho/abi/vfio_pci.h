/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Handover blob of a VFIO PCI device file
 *
 * The handover blob of a VFIO device file of a noiommu PCI device.
 *
 * All properties are in the root::
 *
 *   sbdf           u64    PCI segment << 16 | bus << 8 | devfn
 *   vendor, device, subsystem-vendor, subsystem-device, class, revision  u32
 *   serial         u64    device serial number, 0 when there is none. These seven
 *                         are for who reads the blob: whether it is the same
 *                         device is told by the PCI core's own list
 *   bars           six pairs of u64: bus address, length; 0 for no BAR
 *   reset          u32    1 when the function has a reset that worked
 *   device-id      u32    ID of the device in the iommufd
 *   saved-state    bytes  what is restored when the file is closed: two u32, the
 *                         words of config space with the command register (what
 *                         is no address and no Bus Master) and the cache line
 *                         size; then per capability u16 ID, u16 1 for an
 *                         extended one, u32 length and as many bytes, the
 *                         registers the kernel saves of it, in its byte order
 *
 * and these, which are filled in at freeze::
 *
 *   iommufd-token  u64    the iommufd's in the same session
 *   pt-id          u32    HWPT the device is attached to, 0 when it is not
 *   command        u32    PCI_COMMAND of the device
 *   vconfig        bytes  virtualized config space, as long as the real one
 */
#ifndef _LINUX_KHO_ABI_VFIO_PCI_H
#define _LINUX_KHO_ABI_VFIO_PCI_H

#define VFIO_PCI_LUO_FH_COMPATIBLE	"carryover,vfio-pci-noiommu-v1"

#endif
