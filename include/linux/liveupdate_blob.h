/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing and reading handover blobs, the flattened device trees in which file
 * handlers carry a file's state into the next kernel. The layout is in
 * <linux/kho/abi/liveupdate_blob.h>.
 */
#ifndef _LINUX_LIVEUPDATE_BLOB_H
#define _LINUX_LIVEUPDATE_BLOB_H

#include <linux/errno.h>
#include <linux/kho/abi/liveupdate_blob.h>
#include <linux/types.h>

/**
 * struct liveupdate_blob - a blob being written, preserved or read
 * @fdt:  the tree, owned by this struct
 * @size: bytes of memory at @fdt
 * @ser:  the header that leads to @fdt across the kexec, or NULL
 * @crc:  the checksum in @fdt once it is finished, NULL in one that was read
 * @err:  first error of the writer, kept until liveupdate_blob_finish()
 *
 * Locking is the caller's.
 */
struct liveupdate_blob {
	void *fdt;
	size_t size;
	struct liveupdate_blob_ser *ser;
	__be32 *crc;
	int err;
};

int liveupdate_blob_new(struct liveupdate_blob *blob, const char *compatible);
void liveupdate_blob_begin(struct liveupdate_blob *blob, const char *name,
			   u64 unit);
void liveupdate_blob_end(struct liveupdate_blob *blob);
void liveupdate_blob_add(struct liveupdate_blob *blob, const char *name,
			 const void *data, size_t len);
void liveupdate_blob_add_u32(struct liveupdate_blob *blob, const char *name,
			     u32 value);
void liveupdate_blob_add_u64(struct liveupdate_blob *blob, const char *name,
			     u64 value);
int liveupdate_blob_finish(struct liveupdate_blob *blob);

int liveupdate_blob_preserve(struct liveupdate_blob *blob, u64 *handle);
void liveupdate_blob_seal(struct liveupdate_blob *blob);
void liveupdate_blob_patch(struct liveupdate_blob *blob, void *at,
			   const void *data, size_t len);
void liveupdate_blob_unpreserve(struct liveupdate_blob *blob);

int liveupdate_blob_restore(struct liveupdate_blob *blob, u64 handle,
			    const char *compatible);
void liveupdate_blob_return(struct liveupdate_blob *blob, u64 handle);
void liveupdate_blob_free(struct liveupdate_blob *blob, u64 handle);
int liveupdate_take_vmalloc(const struct kho_vmalloc *memory, phys_addr_t ser,
			    u64 max_pages, void **ptr);

int liveupdate_blob_node(const struct liveupdate_blob *blob, const char *name,
			 u64 unit);
int liveupdate_blob_next(const struct liveupdate_blob *blob, int node,
			 const char *name);
const char *liveupdate_blob_name(const struct liveupdate_blob *blob, int node);
const void *liveupdate_blob_get(const struct liveupdate_blob *blob, int node,
				const char *name, size_t *len);
int liveupdate_blob_get_u32(const struct liveupdate_blob *blob, int node,
			    const char *name, u32 *value);
int liveupdate_blob_get_u64(const struct liveupdate_blob *blob, int node,
			    const char *name, u64 *value);
void *liveupdate_blob_cell(struct liveupdate_blob *blob, int node,
			   const char *name, size_t len);

/* How often what FINISH gives back is tried when memory is short. */
#define LIVEUPDATE_TRIES	3

/**
 * liveupdate_insist - Call again a few times when there is no memory for it
 * @call: an expression that changed nothing when it is -ENOMEM
 *
 * For giving back what was not retrieved: FINISH comes once, and after it that
 * memory is forgotten. FINISH must not wait either: after the last try the memory
 * stays reserved.
 *
 * Return: what @call was in the end.
 */
#define liveupdate_insist(call)						\
({									\
	int __rc = -ENOMEM;						\
									\
	for (int __i = 0; __i < LIVEUPDATE_TRIES && __rc == -ENOMEM; __i++) \
		__rc = (call);						\
	__rc;								\
})

#endif
