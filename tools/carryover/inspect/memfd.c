// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds. One of ordinary pages has no blob, and is described in the dump's own
 * node; that of one of huge pages is in <linux/kho/abi/hugetlb.h>.
 */
#include <libfdt.h>

#include "read.h"

#define U32(name, field)	{ name, PROP_U32, offsetof(struct memfd, field), 0, false }
#define U64(name, field)	{ name, PROP_U64, offsetof(struct memfd, field), 0, false }
#define BYTES(name)		{ name, PROP_BYTES, 0, 0, false }
#define MAY(name)		{ name, PROP_BYTES, 0, 0, true }

static const struct prop memfd_props[] = {
	U64("size", size), U64("position", position), U32("seals", seals),
	MAY("runs"), MAY("handler"), MAY("token"), MAY("handle"), MAY("status"), MAY("inode"),
	MAY("unreadable"), { 0 }
};

static const struct prop hugetlb_props[] = {
	U64("page-size", page_size), U64("size", size), U64("pos", position),
	U32("seals", seals), U32("noexec", noexec), BYTES("runs"),
	BYTES("compatible"), BYTES("kernel-release"), BYTES("crc32"), { 0 }
};

static struct memfd *new_memfd(struct report *report, struct file *f, const void *fdt,
			       int node, const struct prop *props)
{
	struct memfd *m = read_array(1, sizeof(*m));

	f->memfd = m;
	snprintf(m->node.where, sizeof(m->node.where), "%s", f->node.where);
	read_node(report, fdt, node, props, &m->node);
	return m;
}

/* Part of the file's own node in the dump; the runs have addresses. */
void memfd_read(struct report *report, struct file *f, const void *fdt, int node)
{
	struct memfd *m = new_memfd(report, f, fdt, node, memfd_props);
	const void *data;

	m->page_size = INSPECT_PAGE;
	m->nr_runs = read_cells(report, fdt, node, "runs", 3, &data, &m->node);
	m->run = read_array(m->nr_runs, sizeof(*m->run));
	for (size_t i = 0; i < m->nr_runs; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 3 * i;

		m->run[i] = (struct run) {
			.page = fdt64_ld(cell), .phys = fdt64_ld(cell + 1),
			.pages = fdt64_ld(cell + 2),
		};
	}
}

/* The root of a handover blob. */
void hugetlb_read(struct report *report, struct file *f, const void *fdt)
{
	struct memfd *m = new_memfd(report, f, fdt, 0, hugetlb_props);

	m->huge = true;
	memfd_read_runs(report, fdt, 0, m);
}

/* Of a handover blob: the runs have frame numbers. */
void memfd_read_runs(struct report *report, const void *fdt, int node, struct memfd *m)
{
	const void *data;
	size_t n = read_cells(report, fdt, node, "runs", 3, &data, &m->node);

	m->run = read_array(n, sizeof(*m->run));
	for (size_t i = 0; i < n; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 3 * i;
		uint64_t pfn = fdt64_ld(cell + 1);

		m->run[i] = (struct run) {
			.page = fdt64_ld(cell), .phys = pfn * INSPECT_PAGE,
			.pages = fdt64_ld(cell + 2),
		};
		if (pfn > UINT64_MAX / INSPECT_PAGE) {
			report_bad(report, m->node.where, "page %#llx has frame number %#llx",
				   (unsigned long long)m->run[i].page,
				   (unsigned long long)pfn);
			m->run[i].phys = UINT64_MAX;
		}
	}
	m->nr_runs = n;
}
