// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would make the next kernel refuse, as drivers/iommu/iommufd/
 * liveupdate_load*.c, drivers/vfio/pci/vfio_pci_liveupdate.c and the handler of
 * huge pages check it, and what contradicts itself between files, which the kernel finds when it retrieves the
 * second of them. Page tables stay in memory and are not part of the input: of
 * these only the description is checked.
 *
 * What is compared with each other is sorted first: the time does not grow
 * faster than the input. Messages say where people find it: IOAS and IOVA, the
 * device, the token.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "layout.h"
#include "read.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

static void verify_seal(const struct handover *h, const struct file *f,
			struct report *report)
{
	if (!f->tree)
		return;
	if (f->blob.sealed) {
		if (f->blob.crc != f->blob.crc_is)
			BAD(&f->node, "checksum %#x, should be %#x", f->blob.crc,
			    f->blob.crc_is);
	} else if (!strcmp(h->direction, "incoming")) {
		BAD(&f->node, "it was never frozen: no checksum");
	} else {
		report_note(report, f->node.where, "not frozen yet: no %schecksum to check",
			    f->memfd ? "" : "token, no ");
	}
}

/* The device of the iommufd that a VFIO file says it is. */
static void verify_vfio_device(const struct file *f, const struct file *iommufd,
			       struct report *report)
{
	const struct vfio *v = f->vfio;
	const struct device *d = refer_device(iommufd->context, v->device_id);

	if (!d) {
		BAD(&v->node, "token %#llx has no device with ID %u",
		    (unsigned long long)iommufd->token, v->device_id);
		return;
	}
	if (d->sbdf != v->sbdf)
		BAD(&v->node, "ID %u is another device in token %#llx", v->device_id,
		    (unsigned long long)iommufd->token);
	if (d->hwpt != v->pt_id)
		BAD(&v->node, "attached to HWPT %u, in token %#llx to %u", v->pt_id,
		    (unsigned long long)iommufd->token, d->hwpt);
	if (d->kept != 1)
		BAD(&v->node, "token %#llx does not keep it",
		    (unsigned long long)iommufd->token);
}

/* Two words, then capabilities: u16 ID, u16 extended or not, u32 length, bytes. */
static void verify_saved(const struct file *f, struct report *report)
{
	const uint8_t *data = f->vfio->saved;
	uint32_t len = f->vfio->saved_len, at = 8;

	while (at < len) {
		uint32_t left = len - at, size;

		if (left < 8)
			break;
		size = (uint32_t)data[at + 4] << 24 | data[at + 5] << 16 |
		       data[at + 6] << 8 | data[at + 7];
		if (data[at + 2] || data[at + 3] > 1 || size > left - 8)
			break;
		at += 8 + size;
	}
	if (at != len)
		BAD(&f->vfio->node, "saved-state has %u bytes, bad at %u", len, at);
}

/* An iommufd whose state is in use, not to be had, or of another layout. */
static bool file_is_hidden(const struct file *f)
{
	return f->status || f->unreadable ||
	       layout_is_like(f->handler, IOMMUFD_LUO_FH_COMPATIBLE);
}

static void verify_vfio(const struct session *s, const struct file *f,
			struct report *report)
{
	const struct vfio *v = f->vfio;
	struct file *iommufd;

	if (v->sbdf >> 48)
		BAD(&v->node, "PCI address %#llx", (unsigned long long)v->sbdf);
	if (v->reset > 1)
		BAD(&v->node, "reset is %u", v->reset);
	if (v->vconfig_len != 256 && v->vconfig_len != INSPECT_PAGE)
		BAD(&v->node, "vconfig has %u bytes", v->vconfig_len);
	else if ((v->vconfig[0] | v->vconfig[1] << 8) != (int)v->vendor)
		BAD(&v->node, "vendor %04x, vconfig has %02x%02x", v->vendor,
		    v->vconfig[1], v->vconfig[0]);
	verify_saved(f, report);
	if (f->single || !f->blob.sealed)
		return;
	iommufd = refer_token(s, v->iommufd_token);
	if (iommufd && iommufd->context)
		verify_vfio_device(f, iommufd, report);
	else if (!iommufd || !file_is_hidden(iommufd))
		BAD(&v->node, "token %#llx is no iommufd of the session",
		    (unsigned long long)v->iommufd_token);
}

static void verify_file(const struct handover *h, const struct session *s,
			const struct file *f, struct report *report)
{
	if (!f->single && refer_token(s, f->token) != f)
		BAD(&f->node, "two files with this token");
	if (f->status < 0)
		BAD(&f->node, "retrieve failed: error %d", f->status);
	verify_seal(h, f, report);
	if (f->memfd)
		verify_memfd(f, report);
	if (f->context)
		verify_context(h, s, f, report);
	if (f->vfio)
		verify_vfio(s, f, report);
}

static int compare_sbdf(const void *a, const void *b)
{
	const struct file *one = *(struct file *const *)a, *other = *(struct file *const *)b;

	if (one->vfio->sbdf != other->vfio->sbdf)
		return one->vfio->sbdf < other->vfio->sbdf ? -1 : 1;
	return one < other ? -1 : one > other;
}

/* One device in two files, also of different sessions. */
static void verify_twice(const struct handover *h, struct report *report)
{
	struct file **all;
	size_t n = 0;

	for (size_t i = 0; i < h->nr_sessions; i++)
		n += h->session[i].nr_vfio;
	all = read_array(n, sizeof(*all));
	n = 0;
	for (size_t i = 0; i < h->nr_sessions; i++)
		for (size_t j = 0; j < h->session[i].nr_vfio; j++)
			all[n++] = h->session[i].by_sbdf[j];
	qsort(all, n, sizeof(*all), compare_sbdf);
	for (size_t i = 1; i < n; i++)
		if (all[i]->vfio->sbdf == all[i - 1]->vfio->sbdf)
			BAD(&all[i]->vfio->node, "the device of %s, too",
			    all[i - 1]->node.where);
	free(all);
}

static int compare_name(const void *a, const void *b)
{
	const struct session *one = *(struct session *const *)a;
	const struct session *other = *(struct session *const *)b;

	return strcmp(one->name, other->name) ?: (one < other ? -1 : one > other);
}

static void verify_names(const struct handover *h, struct report *report)
{
	struct session **all = read_array(h->nr_sessions, sizeof(*all));

	for (size_t i = 0; i < h->nr_sessions; i++)
		all[i] = &h->session[i];
	qsort(all, h->nr_sessions, sizeof(*all), compare_name);
	for (size_t i = 1; i < h->nr_sessions; i++)
		if (!strcmp(all[i]->name, all[i - 1]->name))
			BAD(&all[i]->node, "two sessions of this name");
	free(all);
}

void verify(const struct handover *h, struct report *report)
{
	verify_names(h, report);
	for (size_t i = 0; i < h->nr_sessions; i++) {
		const struct session *s = &h->session[i];

		for (size_t j = 0; j < s->nr_files; j++)
			verify_file(h, s, &s->file[j], report);
	}
	verify_twice(h, report);
	verify_frames(h, report);
	progress_end();
}
