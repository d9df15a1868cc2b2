// SPDX-License-Identifier: GPL-2.0-only
/* The tree as such: is it one, its root, its checksum, nodes by name. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

/* A blob is a root with one level of nodes, a dump has one more. */
#define TREE_MAX_DEPTH	8
/* Of a checksum, between two looks at the clock. */
#define CRC_STEP	(4u << 20)

static bool tree_too_deep(const void *fdt)
{
	int depth = 0, node = 0;

	while (node >= 0 && depth >= 0) {
		if (depth > TREE_MAX_DEPTH)
			return true;
		node = fdt_next_node(fdt, node, &depth);
	}
	return false;
}

/* Is it a whole flattened device tree? @data is aligned to 8 bytes. */
bool tree_check(const void *data, size_t size, const char **why)
{
	int err;

	*why = "too short";
	if (size < sizeof(struct fdt_header))
		return false;
	err = fdt_check_full(data, size);
	if (err) {
		*why = fdt_strerror(err);
		return false;
	}
	*why = "nodes too deep";
	return !tree_too_deep(data);
}

/* CRC-32 of IEEE 802.3, as zlib has it, over @len bytes; @crc was before. */
static uint32_t tree_crc(uint32_t crc, const uint8_t *data, size_t len)
{
	static uint32_t table[256];

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;

			for (int bit = 0; bit < 8; bit++)
				c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
			table[i] = c;
		}
	while (len--)
		crc = table[(crc ^ *data++) & 0xff] ^ crc >> 8;
	return crc;
}

/* The same of much, which takes a while. */
static uint32_t tree_crc_long(uint32_t crc, const uint8_t *data, size_t len)
{
	for (size_t done = 0, some; done < len; done += some) {
		some = len - done < CRC_STEP ? len - done : CRC_STEP;
		crc = tree_crc(crc, data + done, some);
		progress("checksum", done, len);
	}
	return crc;
}

static uint32_t tree_checksum(const void *fdt, const void *cell)
{
	size_t before = (const uint8_t *)cell - (const uint8_t *)fdt;
	static const uint8_t zero[4];
	uint32_t crc;

	crc = tree_crc(~0u, fdt, before);
	crc = tree_crc(crc, zero, sizeof(zero));
	return ~tree_crc_long(crc, (const uint8_t *)cell + sizeof(zero),
			      fdt_totalsize(fdt) - before - sizeof(zero));
}

/* The root of a handover blob, which compatible was looked at already. */
void tree_blob(struct report *report, const void *fdt, const char *where,
	       struct blob *blob)
{
	const char *release;
	const void *cell;
	int len;

	release = fdt_getprop(fdt, 0, "kernel-release", &len);
	if (release && len > 0)
		snprintf(blob->release, sizeof(blob->release), "%.*s",
			 (int)strnlen(release, len), release);
	else
		report_bad(report, where, "no kernel-release");
	cell = fdt_getprop(fdt, 0, "crc32", &len);
	if (!cell || len != sizeof(uint32_t)) {
		report_bad(report, where, "no crc32");
		return;
	}
	blob->crc = fdt32_ld(cell);
	blob->crc_is = tree_checksum(fdt, cell);
	blob->sealed = blob->crc;
}

bool node_is(const void *fdt, int node, const char *name)
{
	const char *full = fdt_get_name(fdt, node, NULL);
	size_t len = strlen(name);

	return full && !strncmp(full, name, len) && full[len] == '@';
}

size_t count_nodes(const void *fdt, int parent, const char *name)
{
	size_t n = 0;
	int node;

	fdt_for_each_subnode(node, fdt, parent)
		n += node_is(fdt, node, name);
	return n;
}

uint64_t read_unit(struct report *report, const void *fdt, int node,
		   const char *where)
{
	const char *full = fdt_get_name(fdt, node, NULL);
	const char *at = full ? strchr(full, '@') : NULL;
	unsigned long long unit;
	char *end;

	if (!at)
		return 0;
	unit = strtoull(at + 1, &end, 16);
	if (at[1] == '\0' || at[1] == '-' || at[1] == '+' || *end)
		report_bad(report, where, "no number behind the @");
	return unit;
}
