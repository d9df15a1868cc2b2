/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/*
 * What the demo, the command and the tests share and users of the library do
 * not need. The conventions are those of carryover.h.
 */
#ifndef CO_HELPERS_H
#define CO_HELPERS_H

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "carryover.h"

/**
 * co_pci_find_class - find a PCI device by class code
 * @code: base class, subclass and interface, such as 0x010802 for NVMe
 * @index: 0 for the first one, in the order of the addresses
 * @bdf: output, its address
 *
 * Returns: 0; -ENODEV if there are no more than @index such devices.
 */
int co_pci_find_class(uint32_t code, unsigned int index,
		      char bdf[CO_BDF_SIZE]);

/**
 * co_pci_find_id - find a PCI device by vendor and device ID
 * @vendor: vendor ID
 * @device: device ID
 * @index: 0 for the first one, in the order of the addresses
 * @bdf: output, its address
 *
 * Returns: 0; -ENODEV if there are no more than @index such devices.
 */
int co_pci_find_id(uint16_t vendor, uint16_t device, unsigned int index,
		   char bdf[CO_BDF_SIZE]);

/**
 * co_pci_config_read16 - read two bytes of config space by way of sysfs
 * @bdf: the device
 * @offset: even
 * @value: output
 *
 * Works whoever owns the device. See co_config_read() for the VFIO way.
 *
 * Returns: 0 or a negative errno.
 */
int co_pci_config_read16(const char *bdf, unsigned int offset,
			 uint16_t *value);

/**
 * co_device_info - flags, number of regions and interrupts of a device
 * @device: bound by co_device_bind()
 * @info: output; capabilities are not fetched
 *
 * Returns: 0 or a negative errno.
 */
int co_device_info(int device, struct vfio_device_info *info);

/**
 * co_option_get - read an option
 * @iommufd: from co_iommufd_open()
 * @object: the IOAS, 0 for an option of the whole context
 * @option: IOMMU_OPTION_HUGE_PAGES or IOMMU_OPTION_RLIMIT_MODE
 * @value: output
 *
 * Returns: 0 or a negative errno.
 */
int co_option_get(int iommufd, uint32_t object, uint32_t option,
		  uint64_t *value);

/**
 * co_option_set - change an option
 * @iommufd: from co_iommufd_open()
 * @object: the IOAS, 0 for an option of the whole context
 * @option: IOMMU_OPTION_HUGE_PAGES or IOMMU_OPTION_RLIMIT_MODE
 * @value: the new value
 *
 * Returns: 0 or a negative errno; -EBUSY while preserved.
 */
int co_option_set(int iommufd, uint32_t object, uint32_t option,
		  uint64_t value);

/**
 * co_ioas_ranges - which IOVAs can be mapped
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @ranges: output, first and last IOVA of each range
 * @count: in: room in @ranges; out: how many there are
 *
 * Returns: 0; -EMSGSIZE if there is no room, with @count set all the same.
 */
int co_ioas_ranges(int iommufd, uint32_t ioas, struct iommu_iova_range *ranges,
		   uint32_t *count);

/**
 * co_ioas_allow - which IOVAs must stay mappable
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @ranges: first and last IOVA of each range
 * @count: how many
 *
 * Returns: 0 or a negative errno; -EBUSY while preserved.
 */
int co_ioas_allow(int iommufd, uint32_t ioas,
		  const struct iommu_iova_range *ranges, uint32_t count);

/**
 * co_tsc - a counter that a kexec does not touch
 *
 * The clocks of the kernel begin anew in the next kernel. This one, the
 * processor's own, goes on, so that its values can be compared.
 *
 * Returns: ticks; 0 on an architecture without such a counter.
 */
uint64_t co_tsc(void);

/**
 * co_tsc_hz - how fast co_tsc() counts
 *
 * The first call takes 20 ms to measure it.
 *
 * Returns: ticks a second; 0 without such a counter.
 */
uint64_t co_tsc_hz(void);

/**
 * co_hugepages - have so many huge pages that nobody uses
 * @page: their size, such as 2 MiB
 * @count: how many
 *
 * Raises the kernel's pool by what is missing.
 *
 * Returns: 0; -ENOMEM when it could not be raised so far, -ENOENT when there is
 * no pool of that size.
 */
int co_hugepages(uint64_t page, unsigned long long count);

/**
 * co_fd_send - pass file descriptors to another process
 * @sock: a connected Unix socket
 * @fds: the descriptors; stay the caller's as well
 * @count: how many, at most 16
 *
 * Returns: 0 or a negative errno.
 */
int co_fd_send(int sock, const int *fds, unsigned int count);

/**
 * co_fd_receive - get file descriptors from another process
 * @sock: a connected Unix socket
 * @fds: output; the caller's from now on
 * @count: how many were sent
 *
 * Returns: 0; -EPROTO if it was another number, -EPIPE if the other end is
 * gone.
 */
int co_fd_receive(int sock, int *fds, unsigned int count);

#endif /* CO_HELPERS_H */
