/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/*
 * libcarryover: live update of no-IOMMU VFIO devices, call by call.
 *
 * The library is a thin layer over the kernel's uapi. It keeps no state of its
 * own: it hands out file descriptors, IDs and mappings, all owned by the caller.
 * Its calls may be mixed freely with the bare ioctls.
 *
 * Conventions, valid for every call unless it says otherwise:
 *
 * - Sizes, lengths, offsets and addresses are in bytes.
 * - A call returns 0, or a file descriptor, on success and a negative errno
 *   on failure. After a failure co_error() names the object and the reason.
 * - A file descriptor that is returned belongs to the caller, has O_CLOEXEC
 *   set and is released with close(2).
 * - Output arguments are written on success only.
 * - A PCI device is named by its full address, "0000:00:03.0".
 * - Calls are thread safe as far as the kernel objects behind them are.
 */
#ifndef CARRYOVER_H
#define CARRYOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- errors -- */

/**
 * co_error - the object and the reason of the last failure in this thread
 *
 * Returns: a text such as "PRESERVE_FD of device 0000:00:03.0 (fd 6) as
 * token 3 in session disk (fd 4): Operation not supported"; "no error" if nothing
 * failed yet. It stays valid until the next failing call of the same thread and
 * must not be freed.
 */
const char *co_error(void);

/* --------------------------------------------- Live Update Orchestrator -- */

/**
 * co_luo_open - open /dev/liveupdate
 *
 * Only one process at a time can have it open. Sessions outlive it.
 *
 * Returns: a file descriptor; -ENOENT without the kernel's liveupdate=on,
 * -EBUSY while another process has it open, which co_error() names if /proc shows
 * it.
 */
int co_luo_open(void);

/**
 * co_luo_open_wait - open /dev/liveupdate when no other process has it open
 * @timeout: in ms, -1 for ever
 *
 * For programs that are told to make their sessions all at the same time, as
 * services are when systemd stops them. Each has it open for a short while only.
 *
 * Returns: as co_luo_open(); -EBUSY when the time was over.
 */
int co_luo_open_wait(int timeout);

/**
 * co_session_create - make a session for files that go into the next kernel
 * @luo: from co_luo_open()
 * @name: at most 63 characters, unique
 *
 * The session, and all objects preserved in it, last as long as the file
 * descriptor stays open in some process, up to the kexec itself.
 *
 * Returns: a session file descriptor; -EEXIST if the name is taken,
 * -ENAMETOOLONG if it is too long, -ENOPKG as for co_session_retrieve().
 */
int co_session_create(int luo, const char *name);

/**
 * co_session_retrieve - take over a session from the last kernel
 * @luo: from co_luo_open()
 * @name: the name given to co_session_create()
 *
 * In a kernel with modules this loads the modules that the files of sessions need.
 *
 * Returns: a session file descriptor; -ENOENT if no such session arrived,
 * -ENOPKG if a module it needs was not found; load it and call again.
 */
int co_session_retrieve(int luo, const char *name);

/**
 * co_session_preserve - put an object into a session
 * @session: from co_session_create()
 * @fd: a memfd, an iommufd or a VFIO device; stays the caller's
 * @token: the number to ask for in the next kernel, unique in the session
 *
 * The order of the calls does not matter. From then on the object cannot be
 * changed (-EBUSY); the device goes on working. Closing the session undoes this.
 *
 * Returns: 0; -ENOENT if this kernel cannot carry that kind of file,
 * -EOPNOTSUPP if it cannot carry this file (the kernel log says why), -EEXIST
 * if the token is taken, -EBUSY if the file is in a session already.
 */
int co_session_preserve(int session, int fd, uint64_t token);

/**
 * co_session_retrieve_fd - take an object out of a session that arrived
 * @session: from co_session_retrieve()
 * @token: the number given to co_session_preserve()
 *
 * The order of the calls does not matter. After -ENODEV, -EPERM, -EBUSY, -ENOMEM,
 * -ENOSPC, -ENFILE or -EINTR, mend the cause and call again. Other failures are final for
 * that token.
 *
 * Returns: a file descriptor; -ENOENT if there is no such token, -ENODATA if the
 * file was optional and was left behind, -ENODEV if the device is not there or not
 * bound to vfio-pci, -EPERM without CAP_SYS_RAWIO or no-IOMMU mode.
 */
int co_session_retrieve_fd(int session, uint64_t token);

/**
 * co_session_finish - end a session that arrived
 * @session: from co_session_retrieve()
 *
 * Objects that were not retrieved are dropped; a device among them is stopped
 * before its memory is freed. The file descriptor still has to be closed.
 *
 * Returns: 0 or a negative errno.
 */
int co_session_finish(int session);

/**
 * co_session_name - get the name of a session
 * @session: a session, for instance one that a supervisor passed on
 * @name: output
 * @size: of @name, 64 is enough for every name
 *
 * A session's descriptor may be given to another process, over a socket or by
 * inheritance. Every call of a session works there as well.
 *
 * Returns: 0; -EINVAL if it is no descriptor of a session.
 */
int co_session_name(int session, char *name, size_t size);

/**
 * co_timeline_mark - have the kernel note an event that happens now
 * @text: the event, 1 to 39 printable characters
 *
 * carryover timeline shows it beside the kernel's own events. The first mark
 * after a kexec is taken for the first I/O. Needs debugfs.
 *
 * Returns: 0; -ENOENT if the kernel keeps no timeline, -EPERM under lockdown, -EINVAL
 * for any other text.
 */
int co_timeline_mark(const char *text);

/* ----------------------------------------------- asked by carryover run -- */

/**
 * co_ready_listen - have carryover run ask this program to prepare
 * @name: of the session, or a path if it has a '/'
 *
 * Makes the socket /run/carryover/NAME, and the folder. The socket of a program
 * that died is replaced. The socket belongs to the caller as a file, too: unlink(2)
 * it before a regular end.
 *
 * Returns: a file descriptor that can be polled for a request; -EADDRINUSE if
 * another program listens there.
 */
int co_ready_listen(const char *name);

/**
 * co_ready_wait - wait for the request to prepare
 * @listener: from co_ready_listen()
 * @timeout: in ms, -1 for ever
 *
 * Then stop all calls that map and unmap, put the files into the session, and
 * answer.
 *
 * Returns: a file descriptor that stands for the request; -ETIMEDOUT when the time
 * was over, -EPROTO for any other message.
 */
int co_ready_wait(int listener, int timeout);

/**
 * co_ready_progress - report the present activity
 * @request: from co_ready_wait()
 * @text: for people
 *
 * Returns: 0; -EPIPE if carryover run does not wait any more.
 */
int co_ready_progress(int request, const char *text);

/**
 * co_ready_answer - report that the session is complete, or refuse
 * @request: from co_ready_wait()
 * @refusal: the reason, or NULL for ready
 *
 * Keep the session open from then on, and listen with co_ready_cancelled().
 *
 * Returns: 0; -EPIPE if carryover run does not wait any more.
 */
int co_ready_answer(int request, const char *refusal);

/**
 * co_ready_cancelled - wait until the kexec is cancelled
 * @request: from co_ready_wait(); closed if the call succeeds
 * @timeout: in ms, -1 for ever
 *
 * Then close the session, and go on as before. The call does not return from a
 * kexec.
 *
 * Returns: 0 when the kexec was cancelled, or carryover run has ended; -ETIMEDOUT
 * when the time was over.
 */
int co_ready_cancelled(int request, int timeout);

/* -------------------------------------------------------- PCI devices -- */

/**
 * define CO_BDF_SIZE - room for "0000:00:00.0" and its terminator
 */
#define CO_BDF_SIZE 13

/**
 * co_pci_driver - get the driver of a PCI device
 * @bdf: its address
 * @name: output, "" without a driver
 * @size: of @name
 *
 * Returns: 0; -ENODEV if there is no such device.
 */
int co_pci_driver(const char *bdf, char *name, size_t size);

/**
 * co_pci_bind - give a PCI device to a driver
 * @bdf: its address
 * @driver: such as "vfio-pci"
 *
 * Takes the device from the driver it has. For vfio-pci the call returns when
 * the character device exists. A device that has the driver already is not
 * changed. One that was just plugged in, which the kernel does not yet let a
 * driver have, is waited for, up to two seconds.
 *
 * Returns: 0; -ENODEV if the driver did not take the device.
 */
int co_pci_bind(const char *bdf, const char *driver);

/**
 * co_pci_unbind - take a PCI device from its driver
 * @bdf: its address
 *
 * The override of co_pci_bind() is removed as well.
 *
 * Returns: 0 or a negative errno.
 */
int co_pci_unbind(const char *bdf);

/* ------------------------------------------------------- VFIO devices -- */

/**
 * co_device_path - get the path of a PCI device's VFIO character device
 * @bdf: its address; vfio-pci has it
 * @path: output, such as "/dev/vfio/devices/noiommu-vfio0"
 * @size: of @path
 *
 * Returns: 0; -ENODEV if there is none.
 */
int co_device_path(const char *bdf, char *path, size_t size);

/**
 * co_device_open - open the VFIO character device of a PCI device
 * @bdf: its address; vfio-pci has it
 *
 * A device that is being bound has its file before it can be opened: this waits
 * for that, five seconds at most.
 *
 * Returns: a file descriptor; -ENODEV if vfio-pci doesn't have it, -EPERM without
 * CAP_SYS_RAWIO, -EBUSY if the device came with a session and waits to be
 * retrieved.
 */
int co_device_open(const char *bdf);

/**
 * co_device_bind - bind a VFIO device to an iommufd
 * @device: from co_device_open()
 * @iommufd: from co_iommufd_open()
 * @device_id: output, the ID of the device within @iommufd
 *
 * A device that did not come out of a live update is reset, and its Bus Master is
 * off afterwards.
 *
 * Returns: 0 or a negative errno.
 */
int co_device_bind(int device, int iommufd, uint32_t *device_id);

/**
 * co_device_attach - attach a bound VFIO device to an address space
 * @device: bound by co_device_bind()
 * @pt_id: in: an IOAS or a HWPT; out: the HWPT; for an IOAS this is the HWPT that
 *         the kernel made or reused for it
 *
 * Returns: 0 or a negative errno; -EBUSY while preserved.
 */
int co_device_attach(int device, uint32_t *pt_id);

/**
 * co_device_detach - undo co_device_attach()
 * @device: the device
 *
 * Returns: 0 or a negative errno; -EBUSY while preserved.
 */
int co_device_detach(int device);

/**
 * co_device_liveupdate - what a live update would do to the device
 * @device: bound by co_device_bind(), or opened by its group
 * @flags: is set to VFIO_LIVEUPDATE_* of linux/vfio_liveupdate.h; may be NULL
 * @blocker: is set to an enum vfio_liveupdate_blocker, why co_session_preserve()
 * would refuse the file now, or to 0 if it would not; may be NULL
 *
 * Returns: 0; -EINVAL if it is not bound; -ENOTTY if the kernel cannot preserve
 * devices.
 */
int co_device_liveupdate(int device, uint32_t *flags, uint32_t *blocker);

/**
 * co_device_set_optional - let a live update leave the device behind, or not
 * @device: bound by co_device_bind()
 * @optional: if true, the live update goes on without the device when its file, or
 * its iommufd, can't be frozen, and the device is stopped; if false, reboot() fails
 *
 * For the file descriptor store of a service manager. There the files of all
 * services are in one session, and an incomplete device would cost all devices.
 * In the next kernel co_session_retrieve_fd() gives -ENODATA for a device that was
 * left behind. A retrieved device is not optional until the next call.
 *
 * Returns: 0; -EOPNOTSUPP if it is not bound; -ENOTTY if the kernel cannot
 * preserve devices.
 */
int co_device_set_optional(int device, bool optional);

/**
 * co_device_reset - reset a device
 * @device: bound by co_device_bind()
 *
 * Returns: 0; -EINVAL if the device cannot be reset.
 */
int co_device_reset(int device);

/**
 * co_config_read - read config space by way of VFIO
 * @device: bound by co_device_bind()
 * @offset: first byte
 * @value: output
 * @size: 1, 2 or 4
 *
 * Returns: 0; -EIO if fewer bytes were read.
 */
int co_config_read(int device, unsigned int offset, void *value, size_t size);

/**
 * co_config_write - write config space by way of VFIO
 * @device: bound by co_device_bind()
 * @offset: first byte
 * @value: what to write
 * @size: 1, 2 or 4
 *
 * Returns: 0; -EIO if fewer bytes were written.
 */
int co_config_write(int device, unsigned int offset, const void *value,
		    size_t size);

/**
 * co_bus_master - allow or forbid a device to write memory
 * @device: bound by co_device_bind()
 * @on: the new state of the Bus Master bit
 *
 * It is off after binding. A device without it drops its DMA silently.
 *
 * Returns: 0 or a negative errno.
 */
int co_bus_master(int device, bool on);

/**
 * co_bus_master_get - get the state of the Bus Master bit
 * @device: bound by co_device_bind()
 *
 * Returns: 1 or 0, or a negative errno.
 */
int co_bus_master_get(int device);

/**
 * struct co_bar - access to the registers of a device
 * @device: the VFIO device; not owned
 * @size: of the BAR
 * @offset: of the BAR in the file
 * @map: the BAR, or NULL if the kernel does not let it be mapped and each access
 *       is a system call
 */
struct co_bar {
	int device;
	uint64_t size;
	uint64_t offset;
	volatile void *map;
};

/**
 * co_bar_open - get access to a BAR
 * @bar: output; to be closed before @device
 * @device: bound by co_device_bind()
 * @index: 0 to 5
 *
 * Returns: 0; -ENODEV if the BAR is empty.
 */
int co_bar_open(struct co_bar *bar, int device, unsigned int index);

/**
 * co_bar_close - end access to a BAR
 * @bar: from co_bar_open()
 */
void co_bar_close(struct co_bar *bar);

/**
 * co_bar_read32 - read a 32 bit register
 * @bar: from co_bar_open()
 * @offset: within the BAR, a multiple of 4
 *
 * Returns: the value, all ones where nothing answers.
 */
uint32_t co_bar_read32(const struct co_bar *bar, uint64_t offset);

/**
 * co_bar_write32 - write a 32 bit register
 * @bar: from co_bar_open()
 * @offset: within the BAR, a multiple of 4
 * @value: what to write
 *
 * Stores to memory made before the call are visible to the device first.
 */
void co_bar_write32(const struct co_bar *bar, uint64_t offset, uint32_t value);

/**
 * co_bar_read64 - read a 64 bit register
 * @bar: from co_bar_open()
 * @offset: within the BAR, a multiple of 8
 *
 * Returns: the value, all ones where nothing answers.
 */
uint64_t co_bar_read64(const struct co_bar *bar, uint64_t offset);

/**
 * co_bar_write64 - write a 64 bit register
 * @bar: from co_bar_open()
 * @offset: within the BAR, a multiple of 8
 * @value: what to write
 *
 * Stores to memory made before the call are visible to the device first.
 */
void co_bar_write64(const struct co_bar *bar, uint64_t offset, uint64_t value);

/* ------------------------------------------------------------- iommufd -- */

/**
 * co_iommufd_open - open /dev/iommu: a new, empty context
 *
 * Returns: a file descriptor.
 */
int co_iommufd_open(void);

/**
 * co_ioas_alloc - make an I/O address space
 * @iommufd: from co_iommufd_open()
 * @ioas: output, its ID
 *
 * Returns: 0 or a negative errno.
 */
int co_ioas_alloc(int iommufd, uint32_t *ioas);

/**
 * co_hwpt_alloc - make a page table for an I/O address space
 * @iommufd: from co_iommufd_open()
 * @device_id: from co_device_bind(), a device of the kind it is for
 * @ioas: from co_ioas_alloc()
 * @hwpt: output, its ID
 *
 * Returns: 0 or a negative errno; -EBUSY while preserved.
 */
int co_hwpt_alloc(int iommufd, uint32_t device_id, uint32_t ioas,
		  uint32_t *hwpt);

/**
 * co_iommufd_destroy - destroy an IOAS or a HWPT
 * @iommufd: from co_iommufd_open()
 * @id: the object
 *
 * Returns: 0; -ENOENT if there is none, -EBUSY while in use or preserved.
 */
int co_iommufd_destroy(int iommufd, uint32_t id);

/**
 * co_map_file - map a memfd, readable and writable, at a fixed IOVA
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @iova: page aligned
 * @fd: the memfd; not needed any more afterwards
 * @start: offset in the memfd
 * @length: of the mapping
 *
 * Returns: 0; -EEXIST if the IOVAs are in use, -EBUSY while preserved.
 */
int co_map_file(int iommufd, uint32_t ioas, uint64_t iova, int fd,
		uint64_t start, uint64_t length);

/**
 * co_map - map memory of this process, readable and writable, at a fixed IOVA
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @iova: page aligned
 * @memory: page aligned
 * @length: of the mapping
 *
 * Returns: 0; -EEXIST if the IOVAs are in use, -EBUSY while preserved.
 */
int co_map(int iommufd, uint32_t ioas, uint64_t iova, void *memory,
	   uint64_t length);

/**
 * co_map_anywhere - map memory of this process at an IOVA that the kernel chooses
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @memory: page aligned
 * @length: of the mapping
 * @iova: output, the IOVA
 *
 * Readable and writable. The next kernel's program finds the mapping with
 * co_ioas_next_area().
 *
 * Returns: 0; -ENOSPC if no range of IOVAs is free, -EBUSY while preserved.
 */
int co_map_anywhere(int iommufd, uint32_t ioas, void *memory, uint64_t length,
		    uint64_t *iova);

/**
 * co_map_file_anywhere - map a memfd at an IOVA that the kernel chooses
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @fd: the memfd; not needed any more afterwards
 * @start: offset in the memfd
 * @length: of the mapping
 * @iova: output, the IOVA
 *
 * Returns: as co_map_anywhere().
 */
int co_map_file_anywhere(int iommufd, uint32_t ioas, int fd, uint64_t start,
			 uint64_t length, uint64_t *iova);

/**
 * co_unmap - undo co_map() and co_map_file()
 * @iommufd: from co_iommufd_open()
 * @ioas: from co_ioas_alloc()
 * @iova: where a mapping begins
 * @length: a multiple of whole mappings
 *
 * Returns: 0; -ENOENT if nothing is mapped there, -EBUSY while preserved.
 */
int co_unmap(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length);

/* -------------------------------------------------- physical addresses -- */

/**
 * struct co_run - a range of IOVAs that is physically contiguous
 * @iova: first IOVA
 * @pa: physical address of the first byte
 * @length: of the range
 */
struct co_run {
	uint64_t iova;
	uint64_t pa;
	uint64_t length;
};

/**
 * co_pa - get the physical address of an IOVA
 * @iommufd: from co_iommufd_open()
 * @ioas: with a no-IOMMU device attached
 * @iova: the IOVA
 * @pa: output, its physical address
 * @length: in: how far to look; out: how many bytes from there are contiguous
 *
 * Returns: 0; -ENOENT if nothing is mapped there, -EPERM without
 * CAP_SYS_RAWIO, -EOPNOTSUPP if no no-IOMMU device is attached.
 */
int co_pa(int iommufd, uint32_t ioas, uint64_t iova, uint64_t *pa,
	  uint64_t *length);

/**
 * co_pa_runs - divide a mapped range into physically contiguous ranges
 * @iommufd: from co_iommufd_open()
 * @ioas: with a no-IOMMU device attached
 * @iova: first IOVA
 * @length: of the range
 * @runs: output, in the order of the IOVAs
 * @max: room in @runs
 *
 * Returns: the number of contiguous ranges; -ENOSPC if there are more than @max;
 * other errors are those of co_pa().
 */
int co_pa_runs(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length,
	       struct co_run *runs, unsigned int max);

/* -------------------------------------------------------------- memory -- */

/**
 * struct co_buffer - a memfd that is mapped into this process
 * @fd: the memfd; owned by the buffer
 * @size: of both
 * @mem: the mapping
 */
struct co_buffer {
	int fd;
	size_t size;
	void *mem;
};

/**
 * co_buffer_create - make a memfd, fill it with zeroes and map it
 * @buffer: output, to be given to co_buffer_close()
 * @name: seen in /proc only
 * @size: of the memfd
 * @huge: ask for 2 MiB pages; it is a wish, not a promise
 *
 * Every page is touched, because DMA into a page that was never touched is lost.
 *
 * Returns: 0 or a negative errno.
 */
int co_buffer_create(struct co_buffer *buffer, const char *name, size_t size,
		     bool huge);

/**
 * co_buffer_create_huge - make a memfd of huge pages, filled with zeroes, and map it
 * @buffer: output, to be given to co_buffer_close()
 * @name: seen in /proc only
 * @size: of the memfd, a multiple of @page_size
 * @page_size: such as 2 MiB or 1 GiB
 *
 * The pages come from the kernel's pool of that size, see
 * /sys/kernel/mm/hugepages/. co_buffer_create() gives memory that may also have
 * ordinary pages.
 *
 * Returns: 0; -ENODEV if the kernel has no pages of that size, -ENOMEM if too few
 * are free in the pool, -EINVAL for a size that is no multiple of @page_size.
 */
int co_buffer_create_huge(struct co_buffer *buffer, const char *name,
			  size_t size, size_t page_size);

/**
 * co_buffer_open - map a memfd that exists, such as a retrieved one
 * @buffer: output, to be given to co_buffer_close()
 * @fd: the memfd, of huge pages or not; owned by the buffer if the call succeeds
 *
 * Returns: 0 or a negative errno.
 */
int co_buffer_open(struct co_buffer *buffer, int fd);

/**
 * co_buffer_close - unmap and close
 * @buffer: from one of the calls above
 *
 * Mappings in an IOAS stay.
 */
void co_buffer_close(struct co_buffer *buffer);

/**
 * co_ioas_file - get the file behind an IOVA
 * @iommufd: the context
 * @ioas: ID of the address space
 * @iova: a mapped IOVA
 * @offset: output, the byte of the file that the IOVA shows
 * @length: output, bytes from there that the mapping shows in order
 *
 * For a process that has nothing but the iommufd and needs its device's memory.
 * Needs CAP_SYS_RAWIO.
 *
 * Returns: a file descriptor that the caller owns; -ENOENT if nothing is mapped
 * there, -EOPNOTSUPP for user memory (IOMMU_IOAS_MAP), which has no file until a
 * live update makes it a memfd.
 */
int co_ioas_file(int iommufd, uint32_t ioas, uint64_t iova, uint64_t *offset,
		 uint64_t *length);

/**
 * co_ioas_next - list the address spaces of a context
 * @iommufd: the context
 * @ioas: the ID to begin with, 0 for all; output, the first ID of an address space
 *	from there on
 *
 * For a process that has nothing but the iommufd. Call it again from the answer
 * + 1 on, until there is no other address space.
 *
 * Returns: 0; -ENOENT when there is no other.
 */
int co_ioas_next(int iommufd, uint32_t *ioas);

/**
 * co_ioas_next_area - list the mappings of an address space
 * @iommufd: the context
 * @ioas: ID of the address space
 * @iova: an IOVA; output, the first IOVA of the mapping that contains it, or of the
 *	first mapping behind it
 * @last: output, the last IOVA of that mapping
 * @writable: output, whether the device may write to it; or NULL
 *
 * Call it again from @last + 1 on, unless that is 0, until there is no other
 * mapping. co_ioas_file() gives the memory.
 *
 * Returns: 0; -ENOENT when there is no other, or no such address space.
 */
int co_ioas_next_area(int iommufd, uint32_t ioas, uint64_t *iova,
		      uint64_t *last, bool *writable);

#ifdef __cplusplus
}
#endif

#endif /* CARRYOVER_H */
