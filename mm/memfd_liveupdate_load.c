// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds that arrive.
 *
 * A device of the previous kernel may be writing to the memfd's pages. Therefore
 * each folio gets a reference before anybody can find it, which it keeps until
 * the session is finished: it can't be moved, merged into a larger one, swapped
 * or freed before that.
 *
 * A retrieve takes folios in runs. One that ends early, because the task is being
 * killed, goes on there when it is called again; what it needs that can be refused,
 * it asks for before the first one.
 */
#define pr_fmt(fmt) "memfd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/kho/abi/memfd.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_files.h>
#include <linux/liveupdate_writers.h>
#include <linux/memfd.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <uapi/linux/memfd.h>

#include "internal.h"

/**
 * struct memfd_incoming - a memfd whose list of folios was taken over
 * @entry:   in memfds
 * @handle:  serialized data of the file
 * @folios:  the list
 * @nr:      entries in it
 * @next:    those before it are in the file
 * @file:    the memfd, not visible to others before all are; with a reference
 * @npages:  of all folios, accounted to the file; 0 before that
 * @hold:    each folio in the file has a reference of ours
 * @out:     the file was handed out, and is held until the session is finished
 */
struct memfd_incoming {
	struct list_head entry;
	u64 handle;
	struct memfd_luo_folio_ser *folios;
	u64 nr;
	u64 next;
	struct file *file;
	unsigned long npages;
	bool hold;
	bool out;
};

/* Folios that are added at a time; between two runs a signal is looked at. */
#define MEMFD_RUN	32ULL

static DEFINE_MUTEX(memfds_lock);
static LIST_HEAD(memfds);

static struct memfd_incoming *memfd_find(u64 handle)
{
	struct memfd_incoming *in;

	lockdep_assert_held(&memfds_lock);
	list_for_each_entry(in, &memfds, entry)
		if (in->handle == handle)
			return in;
	return NULL;
}

static void memfd_free(struct memfd_incoming *in)
{
	list_del(&in->entry);
	vfree(in->folios);
	kfree(in);
}

static int memfd_bad(const char *what, u64 which)
{
	pr_warn("handover refused: %s %#llx\n", what, which);
	return -EIO;
}

/* What the previous kernel said of a memfd; NULL for what can't be that. */
static struct memfd_luo_ser *memfd_ser(u64 handle)
{
	if (!handle || !PAGE_ALIGNED(handle) || kho_restorable_order(handle))
		return NULL;
	return phys_to_virt(handle);
}

static int memfd_take_list(struct memfd_incoming *in,
			   const struct memfd_luo_ser *ser)
{
	u64 max = DIV_ROUND_UP_ULL((u64)UINT_MAX * sizeof(*in->folios),
				   PAGE_SIZE);
	void *folios;
	int rc;

	if (!ser->nr_folios)
		return 0;
	if (ser->nr_folios > UINT_MAX ||
	    ser->nr_folios > (u64)ser->folios.total_pages * PAGE_SIZE /
			     sizeof(*in->folios))
		return memfd_bad("number of folios", ser->nr_folios);
	rc = liveupdate_take_vmalloc(&ser->folios, in->handle, max, &folios);
	if (rc == -EBADMSG)
		return memfd_bad("list of folios of memfd", in->handle);
	if (rc)
		return rc;
	in->folios = folios;
	in->nr = ser->nr_folios;
	return 0;
}

/* Takes the list over; the header follows when the memfd is complete. */
static int memfd_new(u64 handle, struct memfd_incoming **out)
{
	const struct memfd_luo_ser *ser = memfd_ser(handle);
	struct memfd_incoming *in;
	int rc;

	if (!ser)
		return memfd_bad("memfd at", handle);
	in = kzalloc_obj(*in);
	if (!in)
		return -ENOMEM;
	in->handle = handle;
	rc = memfd_take_list(in, ser);
	if (rc) {
		kfree(in);
		return rc;
	}
	list_add(&in->entry, &memfds);
	*out = in;
	return 0;
}

/* A memfd has one token: the file is handed out, or given back, once. */
static int memfd_get(u64 handle, struct memfd_incoming **out)
{
	*out = memfd_find(handle);
	if (!*out)
		return memfd_new(handle, out);
	return (*out)->out ? memfd_bad("second token of memfd at", handle) : 0;
}

static int memfd_open(struct memfd_incoming *in)
{
	const struct memfd_luo_ser *ser = memfd_ser(in->handle);
	struct file *file;
	int rc;

	if (!ser)
		return memfd_bad("memfd at", in->handle);
	if (ser->seals & ~MEMFD_LUO_ALL_SEALS || ser->size > MAX_LFS_FILESIZE)
		return -EOPNOTSUPP;
	file = memfd_alloc_file("", MFD_ALLOW_SEALING);
	if (IS_ERR(file))
		return PTR_ERR(file);
	rc = memfd_add_seals(file, ser->seals);
	if (rc) {
		fput(file);
		return rc;
	}
	vfs_setpos(file, ser->pos, MAX_LFS_FILESIZE);
	i_size_write(file_inode(file), ser->size);
	in->hold = liveupdate_has_writers();
	in->file = file;
	return 0;
}

static int memfd_count(struct memfd_incoming *in, unsigned long *npages)
{
	*npages = 0;
	for (u64 i = 0; i < in->nr; i++) {
		const struct memfd_luo_folio_ser *ser = &in->folios[i];
		int order;

		if (!ser->pfn)
			continue;
		order = kho_restorable_order(PFN_PHYS(ser->pfn));
		if (order < 0 || order > MAX_PAGECACHE_ORDER ||
		    ser->index & ((1UL << order) - 1))
			return memfd_bad("folio of a memfd at page", ser->index);
		*npages += 1UL << order;
	}
	return 0;
}

static int memfd_account(struct memfd_incoming *in)
{
	unsigned long npages;
	int rc = memfd_count(in, &npages);

	if (rc || !npages)
		return rc;
	rc = memfd_liveupdate_account(in->file, npages);
	if (!rc)
		in->npages = npages;
	return rc;
}

/* The memory that is managed is counted once for many folios of a zone. */
static void memfd_count_managed(struct folio **folios, unsigned int n)
{
	long pages = 0;

	for (unsigned int i = 0; i < n; i++) {
		pages += folio_nr_pages(folios[i]);
		if (i + 1 < n && folio_zone(folios[i]) == folio_zone(folios[i + 1]))
			continue;
		adjust_managed_page_count(folio_page(folios[i], 0), pages);
		pages = 0;
	}
}

/* Restores folios that follow each other in the file, the next ones of the list. */
static unsigned int memfd_restore_run(struct memfd_incoming *in,
				      struct folio **folios)
{
	u64 most = min(in->nr - in->next, MEMFD_RUN), index = 0;
	unsigned int n;

	for (n = 0; n < most; n++) {
		const struct memfd_luo_folio_ser *ser = &in->folios[in->next + n];

		if (!ser->pfn || (n && ser->index != index))
			break;
		folios[n] = kho_restore_uncounted(PFN_PHYS(ser->pfn));
		/* Unless it is on the list twice. */
		if (!folios[n])
			break;
		index = ser->index + folio_nr_pages(folios[n]);
	}
	memfd_count_managed(folios, n);
	return n;
}

/* Folios that have no place stay lost: a device may write to them. */
static int memfd_add_run(struct memfd_incoming *in)
{
	struct memfd_luo_folio_ser *ser = &in->folios[in->next];
	struct folio *folios[MEMFD_RUN];
	unsigned int n = memfd_restore_run(in, folios);

	if (n && !memfd_liveupdate_insert_run(in->file, folios, n, ser->index,
					      in->hold)) {
		in->next += n;
		return 0;
	}
	for (unsigned int i = 0; i < max(n, 1u); i++)
		ser[i].pfn = 0;
	return memfd_bad("folio of a memfd at page", ser->index);
}

static int memfd_fill(struct memfd_incoming *in)
{
	int rc = 0;

	while (in->next < in->nr && !rc) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (in->folios[in->next].pfn)
			rc = memfd_add_run(in);
		else
			in->next++;
		cond_resched();
	}
	return rc;
}

static int memfd_complete(struct memfd_incoming *in)
{
	int rc = 0;

	if (!in->file)
		rc = memfd_open(in);
	if (!rc && !in->npages)
		rc = memfd_account(in);
	return rc ?: memfd_fill(in);
}

/* Until the session is finished what a device may write can't be changed. */
static void memfd_hand_out(struct memfd_incoming *in, struct file **file)
{
	*file = in->file;
	memfd_liveupdate_accounted(in->file, in->npages);
	kho_restore_free(memfd_ser(in->handle));
	if (!in->hold) {
		memfd_free(in);
		return;
	}
	/* Also when all others close it: pages may have to stay for good. */
	get_file(in->file);
	in->out = true;
	memfd_liveupdate_hold(file_inode(in->file));
}

/**
 * memfd_liveupdate_retrieve - The retrieve callback of memfds
 * @args: of the file
 *
 * Return: 0; -ENOMEM, -ENOSPC, -ENFILE and -EINTR, and then it can be called
 *         again; -EIO for data that is wrong; -EOPNOTSUPP for seals that are unknown.
 */
int memfd_liveupdate_retrieve(struct liveupdate_file_op_args *args)
{
	struct memfd_incoming *in;
	int rc;

	guard(mutex)(&memfds_lock);
	rc = memfd_get(args->serialized_data, &in);
	if (!rc)
		rc = memfd_complete(in);
	args->again = liveupdate_is_passing(rc);
	if (!rc)
		memfd_hand_out(in, &args->file);
	return rc;
}

static void memfd_unhold(struct memfd_incoming *in)
{
	for (u64 i = 0; in->hold && i < in->next; i++)
		if (in->folios[i].pfn)
			folio_put(pfn_folio(in->folios[i].pfn));
}

/* Nobody wants it, and no device writes to it. */
static void memfd_discard(struct memfd_incoming *in)
{
	u64 next = in->next;

	if (in->file) {
		memfd_unhold(in);
		memfd_liveupdate_accounted(in->file, in->npages);
		fput(in->file);
	}
	for (; next < in->nr; next++) {
		phys_addr_t phys = PFN_PHYS(in->folios[next].pfn);

		if (phys && kho_restorable_order(phys) >= 0)
			folio_put(kho_restore_folio(phys));
	}
	kho_restore_free(memfd_ser(in->handle));
	memfd_free(in);
}

/**
 * memfd_liveupdate_finish - The finish callback of memfds
 * @args: of the file
 *
 * The devices that could write to the memfd were stopped or claimed before. A
 * device that was not found may still write: nothing is given back then.
 */
void memfd_liveupdate_finish(struct liveupdate_file_op_args *args)
{
	struct memfd_incoming *in;

	guard(mutex)(&memfds_lock);
	if (liveupdate_lost_writers())
		return;
	if (args->retrieve_status > 0) {
		in = memfd_find(args->serialized_data);
		if (!in)
			return;
		memfd_unhold(in);
		memfd_liveupdate_release(file_inode(in->file));
		fput(in->file);
		memfd_free(in);
		return;
	}
	if (!liveupdate_insist(memfd_get(args->serialized_data, &in)))
		memfd_discard(in);
	else
		pr_warn("a memfd that nobody retrieved stays reserved\n");
}

LIVEUPDATE_NOTE(MEMFD_LUO_FH_COMPATIBLE);
