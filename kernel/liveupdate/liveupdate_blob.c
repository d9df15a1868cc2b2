// SPDX-License-Identifier: GPL-2.0
/*
 * Handover blobs: flattened device trees that carry the state of one file from
 * this kernel to the next.
 *
 * The writer appends nodes and properties; errors stick, so that a handler
 * checks once, in liveupdate_blob_finish(). A finished blob can be changed in
 * place (values of the same size) until it is sealed with its checksum, and by
 * liveupdate_blob_patch() after that.
 *
 * The reader treats everything as hostile. Memory is looked at only after KHO
 * confirmed that it was preserved, and taken over only after the tree's header,
 * its size, its compatible string and its checksum were right.
 *
 * A blob is taken over once. Who could not use it yet gives it back, and finds it
 * under the same handle at the next try.
 */
#define pr_fmt(fmt) "liveupdate blob: " fmt

#include <linux/crc32.h>
#include <linux/crc32poly.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/kho/abi/luo.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/liveupdate_blob.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

/* FDT offsets are signed 32 bit numbers. */
#define BLOB_MAX_SIZE	SZ_1G

/* Bytes before the first node; the blob doubles when it is full. */
#define BLOB_START_SIZE	PAGE_SIZE

/* What blobs travel in. */
LIVEUPDATE_NOTE(KHO_FDT_COMPATIBLE);
LIVEUPDATE_NOTE(LUO_ABI_COMPATIBLE);

static int blob_errno(int fdt_err)
{
	switch (fdt_err) {
	case 0:
		return 0;
	case -FDT_ERR_NOTFOUND:
		return -ENOENT;
	case -FDT_ERR_NOSPACE:
		return -ENOSPC;
	default:
		return -EBADMSG;
	}
}

static int blob_grow(struct liveupdate_blob *blob)
{
	size_t size = blob->size * 2;
	void *fdt;
	int err;

	if (size > BLOB_MAX_SIZE)
		return -EFBIG;
	fdt = vzalloc(size);
	if (!fdt)
		return -ENOMEM;
	err = fdt_resize(blob->fdt, fdt, size);
	if (err) {
		vfree(fdt);
		return blob_errno(err);
	}
	vfree(blob->fdt);
	blob->fdt = fdt;
	blob->size = size;
	return 0;
}

/* Repeats a call of libfdt's sequential writer, on blob, until there is room. */
#define blob_write(call)						\
do {									\
	int __fdt_err;							\
									\
	if (blob->err)							\
		break;							\
	while ((__fdt_err = (call)) == -FDT_ERR_NOSPACE) {		\
		blob->err = blob_grow(blob);				\
		if (blob->err)						\
			break;						\
	}								\
	if (!blob->err)							\
		blob->err = blob_errno(__fdt_err);			\
} while (0)

static void blob_drop(struct liveupdate_blob *blob)
{
	vfree(blob->fdt);
	memset(blob, 0, sizeof(*blob));
}

/**
 * liveupdate_blob_new - Begin a blob, in its root node
 * @blob:       [OUT] the writer's state; liveupdate_blob_finish() ends it
 * @compatible: names the layout
 *
 * Return: 0 or -ENOMEM. Errors of the calls that follow are kept in @blob.
 */
int liveupdate_blob_new(struct liveupdate_blob *blob, const char *compatible)
{
	memset(blob, 0, sizeof(*blob));
	blob->size = BLOB_START_SIZE;
	blob->fdt = vzalloc(blob->size);
	if (!blob->fdt)
		return -ENOMEM;

	blob_write(fdt_create(blob->fdt, blob->size));
	blob_write(fdt_finish_reservemap(blob->fdt));
	blob_write(fdt_begin_node(blob->fdt, ""));
	liveupdate_blob_add(blob, LIVEUPDATE_BLOB_COMPATIBLE, compatible,
			    strlen(compatible) + 1);
	liveupdate_blob_add(blob, LIVEUPDATE_BLOB_RELEASE,
			    init_utsname()->release,
			    strlen(init_utsname()->release) + 1);
	liveupdate_blob_add_u32(blob, LIVEUPDATE_BLOB_CRC32, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_new);

/**
 * liveupdate_blob_begin - Begin a node "name@unit" below the current one
 * @blob: the blob being written
 * @name: what the node describes
 * @unit: which one of these, in hexadecimal in the node's name
 */
void liveupdate_blob_begin(struct liveupdate_blob *blob, const char *name,
			   u64 unit)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%llx", name, unit);
	blob_write(fdt_begin_node(blob->fdt, full));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_begin);

/**
 * liveupdate_blob_end - End the node that was begun last
 * @blob: the blob being written
 */
void liveupdate_blob_end(struct liveupdate_blob *blob)
{
	blob_write(fdt_end_node(blob->fdt));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_end);

/**
 * liveupdate_blob_add - Append a property to the current node
 * @blob: the blob being written
 * @name: the property's name
 * @data: its value, copied
 * @len:  bytes at @data
 */
void liveupdate_blob_add(struct liveupdate_blob *blob, const char *name,
			 const void *data, size_t len)
{
	if (len > BLOB_MAX_SIZE)
		blob->err = blob->err ?: -EFBIG;
	blob_write(fdt_property(blob->fdt, name, data, len));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_add);

/**
 * liveupdate_blob_add_u32 - Append a property of one cell
 * @blob:  the blob being written
 * @name:  the property's name
 * @value: its value, in the CPU's byte order
 */
void liveupdate_blob_add_u32(struct liveupdate_blob *blob, const char *name,
			     u32 value)
{
	blob_write(fdt_property_u32(blob->fdt, name, value));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_add_u32);

/**
 * liveupdate_blob_add_u64 - Append a property of two cells
 * @blob:  the blob being written
 * @name:  the property's name
 * @value: its value, in the CPU's byte order
 */
void liveupdate_blob_add_u64(struct liveupdate_blob *blob, const char *name,
			     u64 value)
{
	blob_write(fdt_property_u64(blob->fdt, name, value));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_add_u64);

/**
 * liveupdate_blob_finish - End the root node and the blob
 * @blob: the blob being written; it is gone when this fails
 *
 * Return: 0 or the first error of all the writing: -ENOMEM, -EFBIG.
 */
int liveupdate_blob_finish(struct liveupdate_blob *blob)
{
	int err;

	blob_write(fdt_end_node(blob->fdt));
	blob_write(fdt_finish(blob->fdt));
	err = blob->err;
	if (err)
		blob_drop(blob);
	else
		blob->crc = liveupdate_blob_cell(blob, 0, LIVEUPDATE_BLOB_CRC32,
						 sizeof(*blob->crc));
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_finish);

/**
 * liveupdate_blob_preserve - Have a finished blob arrive in the next kernel
 * @blob:   the blob; liveupdate_blob_unpreserve() takes this back
 * @handle: [OUT] what the next kernel gives liveupdate_blob_restore()
 *
 * Return: 0 or a negative errno; @blob is gone then.
 */
int liveupdate_blob_preserve(struct liveupdate_blob *blob, u64 *handle)
{
	int err;

	blob->ser = kho_alloc_preserve(sizeof(*blob->ser));
	if (IS_ERR(blob->ser)) {
		err = PTR_ERR(blob->ser);
		goto err_drop;
	}
	err = kho_preserve_vmalloc(blob->fdt, &blob->ser->memory);
	if (err)
		goto err_free;

	blob->ser->magic = LIVEUPDATE_BLOB_MAGIC;
	blob->ser->size = fdt_totalsize(blob->fdt);
	*handle = virt_to_phys(blob->ser);
	return 0;

err_free:
	kho_unpreserve_free(blob->ser);
err_drop:
	blob_drop(blob);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_preserve);

/**
 * liveupdate_blob_unpreserve - Undo liveupdate_blob_preserve() and free
 * @blob: the blob, preserved or only finished
 */
void liveupdate_blob_unpreserve(struct liveupdate_blob *blob)
{
	if (blob->ser) {
		kho_unpreserve_vmalloc(&blob->ser->memory);
		kho_unpreserve_free(blob->ser);
	}
	blob_drop(blob);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_unpreserve);

static u32 blob_crc32(const void *fdt, const void *cell)
{
	size_t before = cell - fdt, after = before + sizeof(u32);
	static const u32 zero;
	u32 crc;

	crc = crc32_le(~0, fdt, before);
	crc = crc32_le(crc, (const u8 *)&zero, sizeof(zero));
	return ~crc32_le(crc, fdt + after, fdt_totalsize(fdt) - after);
}

/**
 * liveupdate_blob_seal - Write the checksum
 * @blob: the blob; from here on it is changed by liveupdate_blob_patch() only
 */
void liveupdate_blob_seal(struct liveupdate_blob *blob)
{
	if (blob->crc)
		*blob->crc = cpu_to_be32(blob_crc32(blob->fdt, blob->crc));
}
EXPORT_SYMBOL_GPL(liveupdate_blob_seal);

/* a * b modulo the polynomial, bits reflected as in crc32_le(). */
static u32 crc_mul(u32 a, u32 b)
{
	u32 product = 0;

	for (u32 bit = BIT(31); bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = (b >> 1) ^ (b & 1 ? CRC32_POLY_LE : 0);
	}
	return product;
}

/* x to the power of 8 * 2^i: what 2^i bytes of zeroes multiply a checksum by. */
static u32 crc_power[32] __ro_after_init;

static int __init crc_init(void)
{
	u32 power = BIT(31 - 8);

	for (int i = 0; i < ARRAY_SIZE(crc_power); i++) {
		crc_power[i] = power;
		power = crc_mul(power, power);
	}
	return 0;
}
core_initcall(crc_init);

/* The checksum of what @crc is of, followed by @len bytes of zeroes. */
static u32 crc_shift(u32 crc, u32 len)
{
	for (int i = 0; len; i++, len >>= 1)
		if (len & 1)
			crc = crc_mul(crc_power[i], crc);
	return crc;
}

/**
 * liveupdate_blob_patch - Overwrite a few bytes of a sealed blob
 * @blob: the blob, after liveupdate_blob_seal()
 * @at:   inside its tree, in a property's value
 * @data: the new bytes
 * @len:  how many
 *
 * The checksum stays right, at a cost that hardly depends on the blob's size.
 */
void liveupdate_blob_patch(struct liveupdate_blob *blob, void *at,
			   const void *data, size_t len)
{
	const u8 *from = data;
	u8 *to = at;
	u32 change = 0;

	for (size_t i = 0; i < len; i++) {
		u8 bits = to[i] ^ from[i];

		change = crc32_le(change, &bits, 1);
		to[i] = from[i];
	}
	change = crc_shift(change, blob->fdt + fdt_totalsize(blob->fdt) -
				   (at + len));
	if (blob->crc)
		*blob->crc = cpu_to_be32(be32_to_cpu(*blob->crc) ^ change);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_patch);

/* A preserved page that was not met before, since it is restored once only. */
static int blob_check_page(struct xarray *seen, phys_addr_t phys)
{
	int err;

	if (!PAGE_ALIGNED(phys) || kho_restorable_order(phys))
		return -EBADMSG;
	err = xa_insert(seen, PHYS_PFN(phys), xa_mk_value(0), GFP_KERNEL);
	return err == -EBUSY ? -EBADMSG : err;
}

static int blob_check_chunk(struct xarray *seen,
			    const struct kho_vmalloc_chunk *chunk,
			    unsigned long *left)
{
	int err = 0;

	for (int i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i] && !err; i++) {
		if (!*left)
			return -EBADMSG;
		err = blob_check_page(seen, chunk->phys[i]);
		--*left;
	}
	return err;
}

static int blob_check_chain(struct xarray *seen,
			    const struct kho_vmalloc *memory)
{
	unsigned long left = memory->total_pages;
	phys_addr_t phys = memory->first.phys;
	int err;

	while (phys) {
		const struct kho_vmalloc_chunk *chunk;

		err = blob_check_page(seen, phys);
		if (err)
			return err;
		chunk = phys_to_virt(phys);
		err = blob_check_chunk(seen, chunk, &left);
		if (err)
			return err;
		phys = chunk->hdr.next.phys;
	}
	return left ? -EBADMSG : 0;
}

/* Is the whole chain that memory_take() follows really preserved? */
static int memory_check(const struct kho_vmalloc *memory, u64 max_pages,
			phys_addr_t ser)
{
	struct xarray seen;
	int err;

	if (memory->order || !memory->total_pages ||
	    memory->total_pages > max_pages)
		return -EBADMSG;
	xa_init(&seen);
	err = blob_check_page(&seen, ser) ?: blob_check_chain(&seen, memory);
	xa_destroy(&seen);
	return err;
}

static bool blob_is_compatible(const struct liveupdate_blob *blob,
			       const char *compatible)
{
	size_t len;
	const char *is = liveupdate_blob_get(blob, 0, LIVEUPDATE_BLOB_COMPATIBLE,
					     &len);

	/* One string, not a list of them. */
	if (is && len == strlen(compatible) + 1 && !memcmp(is, compatible, len))
		return true;
	pr_warn("compatible '%s' wanted, not '%*pE'\n", compatible,
		(int)min_t(size_t, len, 64), is ?: "");
	return false;
}

static int blob_check_tree(const struct liveupdate_blob *blob, u32 size,
			   const char *compatible)
{
	const fdt32_t *crc;
	size_t len;

	if (size < sizeof(struct fdt_header) || size > blob->size ||
	    fdt_check_header(blob->fdt) || fdt_totalsize(blob->fdt) != size) {
		pr_warn("no valid tree of %u bytes\n", size);
		return -EBADMSG;
	}
	if (!blob_is_compatible(blob, compatible))
		return -EPROTO;
	crc = liveupdate_blob_get(blob, 0, LIVEUPDATE_BLOB_CRC32, &len);
	if (!crc || len != sizeof(*crc) ||
	    fdt32_to_cpu(*crc) != blob_crc32(blob->fdt, crc)) {
		pr_warn("'%s': wrong checksum\n", compatible);
		return -EBADMSG;
	}
	return 0;
}

static struct kho_vmalloc_chunk *memory_chunk(phys_addr_t phys)
{
	return phys ? phys_to_virt(phys) : NULL;
}

/* Pages of a checked chain, still preserved, where vfree() frees them. */
static void *memory_map(const struct kho_vmalloc *memory)
{
	const struct kho_vmalloc_chunk *chunk = memory_chunk(memory->first.phys);
	struct page **pages;
	unsigned int n = 0;
	void *fdt;

	pages = kvmalloc_array(memory->total_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (; chunk; chunk = memory_chunk(chunk->hdr.next.phys))
		for (int i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i]; i++)
			pages[n++] = phys_to_page(chunk->phys[i]);
	fdt = vmap(pages, n, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!fdt)
		kvfree(pages);
	return fdt;
}

/* Undoes memory_map(); the pages stay preserved. */
static void memory_unmap(void *fdt)
{
	struct page **pages = find_vm_area(fdt)->pages;

	vunmap(fdt);
	kvfree(pages);
}

/* Maps what is to be taken over, changing nothing. */
static int memory_look(const struct kho_vmalloc *memory, phys_addr_t ser,
		       u64 max_pages, void **ptr)
{
	int err = memory_check(memory, max_pages, ser);

	if (err)
		return err;
	*ptr = memory_map(memory);
	return *ptr ? 0 : -ENOMEM;
}

/* From here on the pages are ordinary ones. Nothing in here can fail. */
static void memory_take(const struct kho_vmalloc *memory)
{
	struct kho_vmalloc_chunk *chunk = memory_chunk(memory->first.phys), *next;

	for (; chunk; chunk = next) {
		for (int i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i]; i++)
			kho_restore_pages(chunk->phys[i], 1);
		next = memory_chunk(chunk->hdr.next.phys);
		kho_restore_free(chunk);
	}
}

/**
 * liveupdate_take_vmalloc - What kho_restore_vmalloc() does, for hostile data
 * @memory:    from the previous kernel, inside a preserved page
 * @ser:       physical address of that page, which stays preserved
 * @max_pages: more than so many are refused
 * @ptr:       [OUT] the memory, vfree() frees it
 *
 * Return: 0; -EBADMSG for what is not preserved, or met twice; -ENOMEM. After
 *         an error nothing was taken, and it can be tried again.
 */
int liveupdate_take_vmalloc(const struct kho_vmalloc *memory, phys_addr_t ser,
			    u64 max_pages, void **ptr)
{
	int err = memory_look(memory, ser, max_pages, ptr);

	if (!err)
		memory_take(memory);
	return err;
}

/**
 * struct blob_kept - a blob that was taken over and is not used up
 * @entry:  in kept_blobs
 * @handle: its handle
 * @blob:   the blob; its tree is NULL while somebody uses it
 */
struct blob_kept {
	struct list_head entry;
	u64 handle;
	struct liveupdate_blob blob;
};

static DEFINE_MUTEX(kept_lock);
static LIST_HEAD(kept_blobs);

static struct blob_kept *blob_find(u64 handle)
{
	struct blob_kept *kept;

	lockdep_assert_held(&kept_lock);
	list_for_each_entry(kept, &kept_blobs, entry)
		if (kept->handle == handle)
			return kept;
	return NULL;
}

static int blob_take_over(struct liveupdate_blob *blob, u64 handle,
			  const char *compatible)
{
	struct liveupdate_blob_ser *ser;
	int err;

	if (!PAGE_ALIGNED(handle) || kho_restorable_order(handle)) {
		pr_warn("'%s': nothing preserved at %#llx\n", compatible, handle);
		return -EBADMSG;
	}
	ser = phys_to_virt(handle);
	if (ser->magic != LIVEUPDATE_BLOB_MAGIC) {
		pr_warn("'%s': no blob at %#llx\n", compatible, handle);
		return -EBADMSG;
	}
	err = memory_look(&ser->memory, handle, BLOB_MAX_SIZE / PAGE_SIZE,
			  &blob->fdt);
	if (err) {
		pr_warn("'%s': pages of the blob at %#llx: error %d\n",
			compatible, handle, err);
		return err;
	}
	blob->size = (size_t)ser->memory.total_pages * PAGE_SIZE;
	err = blob_check_tree(blob, ser->size, compatible);
	if (err) {
		/* What was damaged may have named pages that a device has. */
		memory_unmap(blob->fdt);
		memset(blob, 0, sizeof(*blob));
		return err;
	}
	memory_take(&ser->memory);
	kho_restore_free(ser);
	return 0;
}

static int blob_restore_new(struct liveupdate_blob *blob, u64 handle,
			    const char *compatible)
{
	struct blob_kept *kept = kzalloc_obj(*kept);
	int err;

	if (!kept)
		return -ENOMEM;
	err = blob_take_over(blob, handle, compatible);
	if (err) {
		kfree(kept);
		return err;
	}
	kept->handle = handle;
	list_add(&kept->entry, &kept_blobs);
	return 0;
}

/**
 * liveupdate_blob_restore - Take over a blob from the previous kernel
 * @blob:       [OUT] the blob; the caller ends with liveupdate_blob_return() or
 *              liveupdate_blob_free()
 * @handle:     the number that liveupdate_blob_preserve() returned there
 * @compatible: the layout that is understood
 *
 * Return: 0; -EBADMSG for memory that is not preserved, a broken tree or a
 *         wrong checksum; -EPROTO for another layout; -EBUSY for one that is
 *         in use; -ENOMEM, and then it can be tried again. Pages that can't be
 *         trusted stay reserved.
 */
int liveupdate_blob_restore(struct liveupdate_blob *blob, u64 handle,
			    const char *compatible)
{
	struct blob_kept *kept;

	memset(blob, 0, sizeof(*blob));
	guard(mutex)(&kept_lock);
	kept = blob_find(handle);
	if (!kept)
		return blob_restore_new(blob, handle, compatible);
	if (!kept->blob.fdt)
		return -EBUSY;
	/* Another handler may have been the first to ask. */
	if (!blob_is_compatible(&kept->blob, compatible))
		return -EPROTO;
	swap(*blob, kept->blob);
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_restore);

/**
 * liveupdate_blob_return - Leave a restored blob to a later try
 * @blob:   the blob, not to be used any more
 * @handle: its handle
 */
void liveupdate_blob_return(struct liveupdate_blob *blob, u64 handle)
{
	struct blob_kept *kept;

	guard(mutex)(&kept_lock);
	kept = blob_find(handle);
	if (kept)
		swap(*blob, kept->blob);
	blob_drop(blob);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_return);

/**
 * liveupdate_blob_free - Free a restored blob
 * @blob:   the blob
 * @handle: its handle, which leads nowhere after this
 */
void liveupdate_blob_free(struct liveupdate_blob *blob, u64 handle)
{
	struct blob_kept *kept;

	blob_drop(blob);
	guard(mutex)(&kept_lock);
	kept = blob_find(handle);
	if (!kept)
		return;
	list_del(&kept->entry);
	kfree(kept);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_free);

/**
 * liveupdate_blob_node - The node "name@unit" below the root
 * @blob: the blob
 * @name: see liveupdate_blob_begin()
 * @unit: see liveupdate_blob_begin()
 *
 * Return: the node, or a negative errno.
 */
int liveupdate_blob_node(const struct liveupdate_blob *blob, const char *name,
			 u64 unit)
{
	char full[48];
	int node;

	snprintf(full, sizeof(full), "%s@%llx", name, unit);
	node = fdt_subnode_offset(blob->fdt, 0, full);
	return node < 0 ? blob_errno(node) : node;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_node);

static bool blob_node_is(const void *fdt, int node, const char *name)
{
	const char *full = fdt_get_name(fdt, node, NULL);
	size_t len = strlen(name);

	return full && !strncmp(full, name, len) && full[len] == '@';
}

/**
 * liveupdate_blob_next - Walk the nodes "name@..." below the root
 * @blob: the blob
 * @node: 0 for the first, then what was returned last
 * @name: see liveupdate_blob_begin()
 *
 * Return: the next node in the order of writing, or a negative errno after the
 *         last one.
 */
int liveupdate_blob_next(const struct liveupdate_blob *blob, int node,
			 const char *name)
{
	node = node ? fdt_next_subnode(blob->fdt, node) :
		      fdt_first_subnode(blob->fdt, 0);
	while (node >= 0 && !blob_node_is(blob->fdt, node, name))
		node = fdt_next_subnode(blob->fdt, node);
	return node < 0 ? blob_errno(node) : node;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_next);

/**
 * liveupdate_blob_name - A node's full name
 * @blob: the blob
 * @node: the node
 *
 * Return: "name@unit" inside @blob, or NULL.
 */
const char *liveupdate_blob_name(const struct liveupdate_blob *blob, int node)
{
	return fdt_get_name(blob->fdt, node, NULL);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_name);

static bool blob_is_called(const void *fdt, const struct fdt_property *property,
			   const char *name, size_t len)
{
	const char *names = fdt + fdt_off_dt_strings(fdt);
	size_t size = fdt_size_dt_strings(fdt);
	size_t at = fdt32_to_cpu(property->nameoff);

	return at < size && len <= size - at && !memcmp(names + at, name, len);
}

/*
 * As fdt_getprop(), with one look at each property where that takes three, which
 * is most of the time that small things take to arrive.
 */
static const void *blob_property(const void *fdt, int node, const char *name,
				 size_t *len)
{
	const struct fdt_property *property;
	size_t name_len = strlen(name) + 1;
	int at, next;
	u32 tag;

	if (fdt_next_tag(fdt, node, &next) != FDT_BEGIN_NODE)
		return NULL;
	do {
		at = next;
		tag = fdt_next_tag(fdt, at, &next);
		property = fdt_offset_ptr(fdt, at, sizeof(*property));
		if (tag == FDT_PROP && property &&
		    blob_is_called(fdt, property, name, name_len)) {
			*len = fdt32_to_cpu(property->len);
			return property->data;
		}
	} while (tag == FDT_PROP || tag == FDT_NOP);
	return NULL;
}

/**
 * liveupdate_blob_get - A property's value
 * @blob: the blob
 * @node: the node, 0 is the root
 * @name: the property
 * @len:  [OUT] its length in bytes
 *
 * Return: the value, big-endian cells 4-byte aligned, inside @blob; or NULL.
 */
const void *liveupdate_blob_get(const struct liveupdate_blob *blob, int node,
				const char *name, size_t *len)
{
	*len = 0;
	return blob_property(blob->fdt, node, name, len);
}
EXPORT_SYMBOL_GPL(liveupdate_blob_get);

/**
 * liveupdate_blob_get_u32 - A property of one cell
 * @blob:  the blob
 * @node:  the node, 0 is the root
 * @name:  the property
 * @value: [OUT] its value
 *
 * Return: 0, or -EBADMSG when there is no such property of that size.
 */
int liveupdate_blob_get_u32(const struct liveupdate_blob *blob, int node,
			    const char *name, u32 *value)
{
	size_t len;
	const fdt32_t *cell = liveupdate_blob_get(blob, node, name, &len);

	if (!cell || len != sizeof(*value)) {
		pr_warn("property '%s' missing or malformed\n", name);
		return -EBADMSG;
	}
	*value = fdt32_to_cpu(*cell);
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_get_u32);

/**
 * liveupdate_blob_get_u64 - A property of two cells
 * @blob:  the blob
 * @node:  the node, 0 is the root
 * @name:  the property
 * @value: [OUT] its value
 *
 * Return: 0, or -EBADMSG when there is no such property of that size.
 */
int liveupdate_blob_get_u64(const struct liveupdate_blob *blob, int node,
			    const char *name, u64 *value)
{
	size_t len;
	const void *cells = liveupdate_blob_get(blob, node, name, &len);

	if (!cells || len != sizeof(*value)) {
		pr_warn("property '%s' missing or malformed\n", name);
		return -EBADMSG;
	}
	*value = fdt64_ld(cells);
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_get_u64);

/**
 * liveupdate_blob_cell - Where a property of a finished blob is
 * @blob: the blob
 * @node: the node, 0 is the root
 * @name: the property
 * @len:  its length in bytes
 *
 * Looked up when a file is preserved, what is known at freeze only is written
 * there without a search in reboot(); liveupdate_blob_seal() follows.
 *
 * Return: the value, in place until the blob is gone; NULL when there is no such
 *         property of that size.
 */
void *liveupdate_blob_cell(struct liveupdate_blob *blob, int node,
			   const char *name, size_t len)
{
	size_t is;
	const void *cell = liveupdate_blob_get(blob, node, name, &is);

	return cell && is == len ? (void *)cell : NULL;
}
EXPORT_SYMBOL_GPL(liveupdate_blob_cell);
