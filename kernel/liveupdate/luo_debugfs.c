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
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/liveupdate_dump.h>
#include <linux/kho/abi/luo.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_dump.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "luo_internal.h"

/* More than this is no handover, it is an attack on memory. */
#define DUMP_MAX_PAGES	(SZ_1G / PAGE_SIZE)

/* Only grows, and only at boot. */
static LIST_HEAD(dumpers);

struct liveupdate_dump {
	struct liveupdate_blob out;
	bool incoming;
	unsigned int sessions;
	unsigned int files;
};

/**
 * liveupdate_register_dumper - Show what a handler hands over
 * @dumper: who is asked for files of its handler
 */
void __init liveupdate_register_dumper(struct liveupdate_dumper *dumper)
{
	list_add_tail(&dumper->list, &dumpers);
}

/* A preserved page at @phys, or NULL. */
static const void *dump_phys(const struct liveupdate_dump *dump, u64 phys)
{
	if (!phys || !PAGE_ALIGNED(phys) || !pfn_to_online_page(PHYS_PFN(phys)))
		return NULL;
	if (dump->incoming && kho_restorable_order(phys))
		return NULL;
	return phys_to_virt(phys);
}

static int dump_copy_chunk(const struct liveupdate_dump *dump,
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

/**
 * liveupdate_dump_copy - A copy of what kho_preserve_vmalloc() described
 * @dump:   the dump that it is for
 * @memory: where it is, perhaps from the previous kernel
 * @size:   bytes that have to be there
 *
 * Return: the copy, for vfree(), or an ERR_PTR.
 */
void *liveupdate_dump_copy(const struct liveupdate_dump *dump,
			   const struct kho_vmalloc *memory, u64 size)
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

static int dump_blob(struct liveupdate_dump *dump, const struct liveupdate_blob_ser *ser)
{
	void *copy = liveupdate_dump_copy(dump, &ser->memory, ser->size);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	liveupdate_blob_add(&dump->out, "blob", copy, ser->size);
	vfree(copy);
	return 0;
}

static const struct liveupdate_dumper *dump_find(const char *compatible)
{
	struct liveupdate_dumper *dumper;

	list_for_each_entry(dumper, &dumpers, list)
		if (!strcmp(dumper->compatible, compatible))
			return dumper;
	return NULL;
}

static int dump_state(struct liveupdate_dump *dump, const struct luo_file *file)
{
	const struct liveupdate_dumper *dumper = dump_find(file->fh->compatible);
	const void *page = dump_phys(dump, file->serialized_data);
	const struct liveupdate_blob_ser *ser = page;

	if (!ser)
		return dumper ? -EBADMSG : 0;
	if (dumper)
		return dumper->dump(dump, &dump->out, page);
	return ser->magic == LIVEUPDATE_BLOB_MAGIC ? dump_blob(dump, ser) : 0;
}

static void dump_file(struct liveupdate_dump *dump, const struct luo_file *file)
{
	const char *compatible = file->fh->compatible;
	struct liveupdate_blob *out = &dump->out;
	int err = 0;

	liveupdate_blob_begin(out, "file", dump->files++);
	liveupdate_blob_add(out, "handler", compatible, strlen(compatible) + 1);
	liveupdate_blob_add_u64(out, "token", file->token);
	liveupdate_blob_add_u64(out, "handle", file->serialized_data);
	liveupdate_blob_add_u32(out, "status", file->retrieve_status);
	if (!dump->incoming)
		liveupdate_blob_add_u64(out, "inode", file_inode(file->file)->i_ino);
	if (!file->retrieve_status)
		err = dump_state(dump, file);
	if (err)
		liveupdate_blob_add_u32(out, "unreadable", err);
	liveupdate_blob_end(out);
}

/* What its files lead to does not change or go away meanwhile. */
static void dump_session(struct liveupdate_dump *dump, struct luo_session *session)
{
	size_t len = strnlen(session->name, sizeof(session->name) - 1);
	struct liveupdate_blob *out = &dump->out;
	struct luo_file *file;

	guard(mutex)(&session->mutex);
	dump->files = 0;
	liveupdate_blob_begin(out, "session", dump->sessions++);
	liveupdate_blob_add(out, "session-name", session->name, len + 1);
	liveupdate_blob_add_u32(out, "retrieved", session->retrieved);
	list_for_each_entry(file, &session->file_set.files_list, list)
		dump_file(dump, file);
	liveupdate_blob_end(out);
}

/* Those of the previous kernel are read for it, if that was not done yet. */
static int dump_sessions(struct liveupdate_dump *dump)
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

static int dump_make(struct liveupdate_dump *dump)
{
	const char *direction = dump->incoming ? "incoming" : "outgoing";
	int err;

	err = liveupdate_blob_new(&dump->out, LIVEUPDATE_DUMP_COMPATIBLE);
	if (err)
		return err;
	liveupdate_blob_add(&dump->out, "direction", direction,
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
	struct liveupdate_dump *dump = kzalloc_obj(*dump);
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
	struct liveupdate_dump *dump = file->private_data;

	return simple_read_from_buffer(to, count, pos, dump->out.fdt,
				       fdt_totalsize(dump->out.fdt));
}

static int dump_release(struct inode *inode, struct file *file)
{
	struct liveupdate_dump *dump = file->private_data;

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
