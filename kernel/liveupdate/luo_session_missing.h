/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of luo_session.c that looks at sessions of the previous kernel which
 * were not read yet. Included there once.
 */
#ifdef CONFIG_LIVEUPDATE_BLOB
#include "luo_missing.h"

/**
 * luo_session_missing - Has every file of the previous kernel a handler?
 * @name: [OUT] as for luo_files_missing()
 *
 * Context: Takes luo_session_serialize_rwsem. Sleeps.
 * Return: whether one is missing; never once the sessions have been read.
 */
bool luo_session_missing(char *name)
{
	struct luo_session_header *sh = &luo_session_global.incoming;
	struct luo_session_ser *ser;
	struct kho_block_set_it it;

	guard(rwsem_read)(&luo_session_serialize_rwsem);
	kho_block_set_it_init(&it, &sh->block_set);
	while ((ser = kho_block_set_it_read_entry(&it)))
		if (luo_files_missing(&ser->file_set_ser, name))
			return true;
	return false;
}
#endif
