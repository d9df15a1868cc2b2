// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handover in debugfs: all sessions, their files and the files' state, as
 * one tree for each direction, made when the debugfs file is opened. See
 * <linux/kho/abi/liveupdate_dump.h>.
 *
 * Looking changes nothing. What the previous kernel left is looked at only
 * where KHO confirms that it was preserved, and is not interpreted beyond
 * where its pages are.
 */
#define pr_fmt(fmt) "liveupdate: debugfs: " fmt

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/liveupdate_dump.h>
#include <linux/kho/abi/memfd.h>
#include <linux/kho/abi/luo.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "luo_internal.h"

/* More than this is no handover, it is an attack on memory. */
#define DUMP_MAX_PAGES	(SZ_1G / PAGE_SIZE)

struct dump {
	struct liveupdate_blob out;
	bool incoming;
	unsigned int sessions;
	unsigned int files;
};

/* A preserved page at @phys, or NULL. */
static const void *dump_phys(const struct dump *dump, u64 phys)
{
	if (!phys || !PAGE_ALIGNED(phys) || !pfn_to_online_page(PHYS_PFN(phys)))
		return NULL;
	if (dump->incoming && kho_restorable_order(phys))
		return NULL;
	return phys_to_virt(phys);
}

static int dump_copy_chunk(const struct dump *dump,
			   const struct kho_vmalloc_chunk *chunk, void *to,
			   unsigned int *page, unsigned int pages)
{
	for (unsigned int i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i]; i++) {
		const void *from = dump_phys(dump, chunk->phys[i]);

		if (!from || *page == pages)
			return -EBADMSG;
		memcpy(to + *page * PAGE_SIZE, from, PAGE_SIZE);
		++*page;
	}
	return 0;
}

/* A copy of what kho_preserve_vmalloc() described; vfree() it. */
static void *dump_copy(const struct dump *dump, const struct kho_vmalloc *memory,
		       u64 size)
{
	unsigned int page = 0, pages = memory->total_pages;
	u64 phys = memory->first.phys;
	int err = 0;
	void *to;

	if (!pages || pages > DUMP_MAX_PAGES || memory->order ||
	    size > (u64)pages * PAGE_SIZE)
		return ERR_PTR(-EBADMSG);
	to = vmalloc_array(pages, PAGE_SIZE);
	if (!to)
		return ERR_PTR(-ENOMEM);
	/* Every chunk but the last is full, so a circle runs out of pages. */
	while (phys && !err) {
		const struct kho_vmalloc_chunk *chunk = dump_phys(dump, phys);
		unsigned int before = page;

		err = chunk ? dump_copy_chunk(dump, chunk, to, &page, pages) :
			      -EBADMSG;
		phys = chunk ? chunk->hdr.next.phys : 0;
		if (before == page)
			err = err ?: -EBADMSG;
	}
	if (!err && page != pages)
		err = -EBADMSG;
	if (err) {
		vfree(to);
		return ERR_PTR(err);
	}
	return to;
}

static int dump_blob(struct dump *dump, const struct liveupdate_blob_ser *ser)
{
	void *copy = dump_copy(dump, &ser->memory, ser->size);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	liveupdate_blob_put(&dump->out, "blob", copy, ser->size);
	vfree(copy);
	return 0;
}

struct dump_run {
	__be64 page;
	__be64 phys;
	__be64 pages;
};

/* Folios that follow each other in the file and in memory become one run. */
static size_t dump_join(const struct memfd_luo_folio_ser *folio, u64 nr, u64 end,
			struct dump_run *run)
{
	u64 page = 0, phys = 0, pages = 0;
	size_t n = 0;

	for (u64 i = 0; i < nr; i++) {
		u64 next = i + 1 < nr ? folio[i + 1].index : end;
		u64 is = PFN_PHYS((u64)folio[i].pfn);

		if (!n || folio[i].index != page + pages ||
		    is != phys + pages * PAGE_SIZE) {
			page = folio[i].index;
			phys = is;
			pages = 0;
			n++;
		}
		pages += next - folio[i].index;
		run[n - 1] = (struct dump_run) {
			.page = cpu_to_be64(page),
			.phys = cpu_to_be64(phys),
			.pages = cpu_to_be64(pages),
		};
	}
	return n;
}

static int dump_runs(struct dump *dump, const struct memfd_luo_ser *ser)
{
	struct memfd_luo_folio_ser *folios;
	struct dump_run *runs;
	size_t n;

	if (ser->nr_folios > DUMP_MAX_PAGES * (PAGE_SIZE / sizeof(*folios)))
		return -EBADMSG;
	folios = dump_copy(dump, &ser->folios, ser->nr_folios * sizeof(*folios));
	if (IS_ERR(folios))
		return PTR_ERR(folios);
	runs = vmalloc_array(ser->nr_folios, sizeof(*runs));
	if (runs) {
		n = dump_join(folios, ser->nr_folios,
			      DIV_ROUND_UP_ULL(ser->size, PAGE_SIZE), runs);
		liveupdate_blob_put(&dump->out, "runs", runs, n * sizeof(*runs));
		vfree(runs);
	}
	vfree(folios);
	return runs ? 0 : -ENOMEM;
}

static int dump_memfd(struct dump *dump, const struct memfd_luo_ser *ser)
{
	liveupdate_blob_put_u64(&dump->out, "size", ser->size);
	liveupdate_blob_put_u64(&dump->out, "position", ser->pos);
	liveupdate_blob_put_u32(&dump->out, "seals", ser->seals);
	return ser->nr_folios ? dump_runs(dump, ser) : 0;
}

static int dump_state(struct dump *dump, const struct luo_file *file)
{
	const struct liveupdate_blob_ser *ser = dump_phys(dump, file->serialized_data);
	bool memfd = !strcmp(file->fh->compatible, MEMFD_LUO_FH_COMPATIBLE);

	if (!ser)
		return memfd ? -EBADMSG : 0;
	if (memfd)
		return dump_memfd(dump, dump_phys(dump, file->serialized_data));
	return ser->magic == LIVEUPDATE_BLOB_MAGIC ? dump_blob(dump, ser) : 0;
}

static void dump_file(struct dump *dump, const struct luo_file *file)
{
	const char *compatible = file->fh->compatible;
	struct liveupdate_blob *out = &dump->out;
	int err = 0;

	liveupdate_blob_begin(out, "file", dump->files++);
	liveupdate_blob_put(out, "handler", compatible, strlen(compatible) + 1);
	liveupdate_blob_put_u64(out, "token", file->token);
	liveupdate_blob_put_u64(out, "handle", file->serialized_data);
	liveupdate_blob_put_u32(out, "status", file->retrieve_status);
	if (!file->retrieve_status)
		err = dump_state(dump, file);
	if (err)
		liveupdate_blob_put_u32(out, "unreadable", err);
	liveupdate_blob_end(out);
}

/* What its files lead to does not change or go away meanwhile. */
static void dump_session(struct dump *dump, struct luo_session *session)
{
	size_t len = strnlen(session->name, sizeof(session->name) - 1);
	struct liveupdate_blob *out = &dump->out;
	struct luo_file *file;

	guard(mutex)(&session->mutex);
	dump->files = 0;
	liveupdate_blob_begin(out, "session", dump->sessions++);
	liveupdate_blob_put(out, "session-name", session->name, len + 1);
	liveupdate_blob_put_u32(out, "retrieved", session->retrieved);
	list_for_each_entry(file, &session->file_set.files_list, list)
		dump_file(dump, file);
	liveupdate_blob_end(out);
}

/* Those of the previous kernel are read for it, if that was not done yet. */
static int dump_sessions(struct dump *dump)
{
	struct luo_session_header *sh = dump->incoming ?
					&luo_session_global.incoming :
					&luo_session_global.outgoing;
	struct luo_session *session;
	int err;

	err = dump->incoming ? luo_load_sessions() : 0;
	if (err)
		return err;
	/* Held for good once the kernel is on its way out. */
	err = down_read_killable(&luo_session_serialize_rwsem);
	if (err)
		return err;
	down_read(&sh->rwsem);
	list_for_each_entry(session, &sh->list, list)
		dump_session(dump, session);
	up_read(&sh->rwsem);
	up_read(&luo_session_serialize_rwsem);
	return 0;
}

static int dump_make(struct dump *dump)
{
	const char *direction = dump->incoming ? "incoming" : "outgoing";
	int err;

	err = liveupdate_blob_new(&dump->out, LIVEUPDATE_DUMP_COMPATIBLE);
	if (err)
		return err;
	liveupdate_blob_put(&dump->out, "direction", direction,
			    strlen(direction) + 1);
	err = dump_sessions(dump);
	if (err) {
		liveupdate_blob_unpreserve(&dump->out);
		return err;
	}
	err = liveupdate_blob_finish(&dump->out);
	if (!err)
		liveupdate_blob_seal(&dump->out);
	return err;
}

static int dump_open(struct inode *inode, struct file *file)
{
	struct dump *dump = kzalloc_obj(*dump);
	int err;

	if (!dump)
		return -ENOMEM;
	dump->incoming = inode->i_private;
	err = dump_make(dump);
	if (err) {
		kfree(dump);
		return err;
	}
	file->private_data = dump;
	return 0;
}

static ssize_t dump_read(struct file *file, char __user *to, size_t count,
			 loff_t *pos)
{
	struct dump *dump = file->private_data;

	return simple_read_from_buffer(to, count, pos, dump->out.fdt,
				       fdt_totalsize(dump->out.fdt));
}

static int dump_release(struct inode *inode, struct file *file)
{
	struct dump *dump = file->private_data;

	liveupdate_blob_unpreserve(&dump->out);
	kfree(dump);
	return 0;
}

static const struct file_operations dump_fops = {
	.owner = THIS_MODULE,
	.open = dump_open,
	.read = dump_read,
	.release = dump_release,
	.llseek = default_llseek,
};

static int __init dump_init(void)
{
	struct dentry *dir;

	if (!liveupdate_enabled())
		return 0;
	dir = debugfs_create_dir("liveupdate", NULL);
	debugfs_create_file("outgoing", 0400, dir, NULL, &dump_fops);
	debugfs_create_file("incoming", 0400, dir, (void *)1, &dump_fops);
	return 0;
}
late_initcall(dump_init);
