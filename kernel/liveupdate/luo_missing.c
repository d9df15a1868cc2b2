// SPDX-License-Identifier: GPL-2.0
/*
 * Which handler do the files of a session lack? Looks at sessions as the
 * previous kernel left them, and leaves them as they are.
 */
#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/block.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho_block.h>
#include <linux/list_private.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/string.h>

#include "luo_internal.h"
#include "luo_missing.h"

/* More than a session can have, see KHO_MAX_BLOCKS. */
#define LUO_FILES_MAX	(10000 * LUO_FILES_PER_BLOCK)

/**
 * luo_file_has_handler - Is there a handler for files of this kind?
 * @compatible: %LIVEUPDATE_HNDL_COMPAT_LENGTH bytes from the previous kernel,
 *              perhaps without a terminating zero
 *
 * Context: Takes luo_register_rwlock.
 */
bool luo_file_has_handler(const char *compatible)
{
	struct liveupdate_file_handler *fh;

	guard(rwsem_read)(&luo_register_rwlock);
	list_private_for_each_entry(fh, &luo_file_handler_list, list)
		if (!strncmp(fh->compatible, compatible,
			     LIVEUPDATE_HNDL_COMPAT_LENGTH))
			return true;
	return false;
}

/* A block, or NULL for what can't be one; luo_session_deserialize() will say so. */
static const struct kho_block_header_ser *luo_file_block(u64 pa)
{
	const struct kho_block_header_ser *block;

	if (!pa || !PAGE_ALIGNED(pa) ||
	    kho_restorable_order(pa) != get_order(KHO_BLOCK_SIZE))
		return NULL;
	block = phys_to_virt(pa);
	return block->count && block->count <= LUO_FILES_PER_BLOCK ? block : NULL;
}

static bool luo_block_missing(const struct kho_block_header_ser *block,
			      char *name)
{
	const struct luo_file_ser *file = (const void *)(block + 1);

	for (u64 i = 0; i < block->count; i++) {
		if (luo_file_has_handler(file[i].compatible))
			continue;
		memcpy(name, file[i].compatible, sizeof(file[i].compatible));
		return true;
	}
	return false;
}

/**
 * luo_files_missing - Has every file of a session a handler?
 * @set:  the files, from the previous kernel
 * @name: [OUT] the first compatible string without one, as it is there:
 *        %LIVEUPDATE_HNDL_COMPAT_LENGTH bytes
 *
 * Context: Takes luo_register_rwlock. Ends even if the files form a ring.
 * Return: whether one is missing.
 */
bool luo_files_missing(const struct luo_file_set_ser *set, char *name)
{
	const struct kho_block_header_ser *block = luo_file_block(set->files);
	u64 left = min_t(u64, set->count, LUO_FILES_MAX);

	while (block && left) {
		if (luo_block_missing(block, name))
			return true;
		left -= min(left, block->count);
		block = luo_file_block(block->next);
	}
	return false;
}

/**
 * luo_session_missing - Has every file of the previous kernel a handler?
 * @name: [OUT] as for luo_files_missing()
 *
 * Context: Takes luo_session_deserialize_lock. Sleeps.
 * Return: whether one is missing; never once the sessions have been read.
 */
bool luo_session_missing(char *name)
{
	struct luo_session_header *sh = &luo_session_global.incoming;
	struct luo_session_ser *ser;
	struct kho_block_set_it it;

	guard(mutex)(&luo_session_deserialize_lock);
	kho_block_set_it_init(&it, &sh->block_set);
	while ((ser = kho_block_set_it_read_entry(&it)))
		if (luo_files_missing(&ser->file_set_ser, name))
			return true;
	return false;
}

/* isalnum() also takes Latin-1 letters. */
static bool is_of_names(unsigned char c)
{
	return isascii(c) && (isalnum(c) || strchr(",.-_", c));
}

/**
 * luo_is_compatible - Could this be the compatible string of a handler?
 * @name: %LIVEUPDATE_HNDL_COMPAT_LENGTH bytes from the previous kernel
 *
 * Return: whether it may become an argument of modprobe.
 */
bool luo_is_compatible(const char *name)
{
	size_t len = strnlen(name, LIVEUPDATE_HNDL_COMPAT_LENGTH);

	if (!len || len == LIVEUPDATE_HNDL_COMPAT_LENGTH)
		return false;
	while (len--)
		if (!is_of_names(name[len]))
			return false;
	return true;
}
