/* SPDX-License-Identifier: GPL-2.0 */
/* Included by luo_flb.c, whose data it reads. */
#include <linux/liveupdate_files.h>
#include <linux/string.h>

/**
 * liveupdate_flb_is_incoming - Did an FLB of some version arrive?
 * @prefix: how its compatible string begins
 *
 * For who finds no FLB of the version it knows: is there none, or one that it
 * can't read?
 *
 * Return: true when the previous kernel handed one over.
 */
bool liveupdate_flb_is_incoming(const char *prefix)
{
	struct luo_flb_header *fh = &luo_flb_global.incoming;

	for (u64 i = 0; fh->active && i < fh->header_ser->count; i++)
		if (!strncmp(fh->ser[i].name, prefix, strlen(prefix)))
			return true;
	return false;
}
