/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Handover blobs in memory
 *
 * How a handover blob lies in memory.
 *
 * A file handler hands the Live Update Orchestrator one number: the physical
 * address of a struct liveupdate_blob_ser, alone in a page preserved by KHO.
 * It leads to the blob itself, a flattened device tree in vmalloc memory.
 *
 * The tree's root has these properties, whatever else a handler adds::
 *
 *   compatible      string, exact match, one per layout
 *   kernel-release  string, of the kernel that wrote the blob
 *   crc32           u32, CRC-32 (IEEE 802.3, as zlib computes it) over the
 *                   fdt_totalsize() bytes of the blob with this cell as zero
 *
 * All numbers are FDT cells, big-endian.
 */
#ifndef _LINUX_KHO_ABI_LIVEUPDATE_BLOB_H
#define _LINUX_KHO_ABI_LIVEUPDATE_BLOB_H

#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>

#define LIVEUPDATE_BLOB_MAGIC		0x434f424cU /* "COBL" */

#define LIVEUPDATE_BLOB_COMPATIBLE	"compatible"
#define LIVEUPDATE_BLOB_RELEASE		"kernel-release"
#define LIVEUPDATE_BLOB_CRC32		"crc32"

/**
 * struct liveupdate_blob_ser - where a handover blob is
 * @magic:  LIVEUPDATE_BLOB_MAGIC
 * @size:   bytes of the blob, fdt_totalsize()
 * @memory: the pages it lies in, by kho_preserve_vmalloc()
 */
struct liveupdate_blob_ser {
	u32 magic;
	u32 size;
	struct kho_vmalloc memory;
};

#endif
