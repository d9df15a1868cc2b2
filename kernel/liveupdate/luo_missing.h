/* SPDX-License-Identifier: GPL-2.0 */
/* Files of the previous kernel whose handlers are not there yet. */
#ifndef _LINUX_LUO_MISSING_H
#define _LINUX_LUO_MISSING_H

#include <linux/types.h>

struct luo_file_set_ser;

/* Files in a page of them. */
#define LUO_FILES_PER_BLOCK						\
	((KHO_BLOCK_SIZE - sizeof(struct kho_block_header_ser)) /	\
	 sizeof(struct luo_file_ser))

bool luo_session_missing(char *name);
bool luo_files_missing(const struct luo_file_set_ser *set, char *name);
bool luo_file_has_handler(const char *compatible);
bool luo_is_compatible(const char *name);

#endif
