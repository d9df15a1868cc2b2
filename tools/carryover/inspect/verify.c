// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would make the next kernel refuse, as drivers/iommu/iommufd/
 * liveupdate_load.c, liveupdate_load_memory.c, liveupdate_map.c and
 * drivers/vfio/pci/vfio_pci_liveupdate.c check it, and what contradicts itself between files, which the kernel finds
 * when it retrieves the second of them. Page tables stay in memory and are not
 * part of the input: of these only the description is checked.
 */
#include <string.h>

#include "inspect.h"

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
		report_note(report, f->node.where,
			    "not frozen yet: no tokens, no checksum to check");
	}
}

static void verify_runs(const struct file *f, struct report *report)
{
	const struct memfd *m = f->memfd;
	uint64_t next = 0, pages = m->size / INSPECT_PAGE + !!(m->size % INSPECT_PAGE);

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (r->page != next || !r->pages || r->pages > pages - next) {
			BAD(&f->node, "run %zu is of pages %#llx+%#llx, page %#llx of %#llx is next",
			    i, (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)next, (unsigned long long)pages);
			return;
		}
		if (!r->phys || r->phys % INSPECT_PAGE)
			BAD(&f->node, "run %zu is at %#llx", i,
			    (unsigned long long)r->phys);
		next += r->pages;
	}
	if (next != pages)
		BAD(&f->node, "runs end at page %#llx of %#llx", (unsigned long long)next,
		    (unsigned long long)pages);
}

/* The device of the iommufd that a VFIO file says it is. */
static void verify_vfio_device(const struct file *f, const struct file *iommufd,
			       struct report *report)
{
	const struct vfio *v = f->vfio;
	const struct context *c = iommufd->context;

	for (size_t i = 0; i < c->nr_devices; i++) {
		const struct device *d = &c->device[i];

		if (d->node.unit != v->device_id)
			continue;
		if (d->sbdf != v->sbdf)
			BAD(&f->node, "device %u is another one in token %#llx",
			    v->device_id, (unsigned long long)iommufd->token);
		if (d->hwpt != v->pt_id)
			BAD(&f->node, "attached to %u, in token %#llx to %u", v->pt_id,
			    (unsigned long long)iommufd->token, d->hwpt);
		if (d->kept != 1)
			BAD(&f->node, "token %#llx does not keep device %u",
			    (unsigned long long)iommufd->token, v->device_id);
		return;
	}
	BAD(&f->node, "token %#llx has no device %u",
	    (unsigned long long)iommufd->token, v->device_id);
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
		BAD(&f->node, "saved-state has %u bytes, bad at %u", len, at);
}

static void verify_vfio(const struct session *s, const struct file *f,
			struct report *report)
{
	const struct vfio *v = f->vfio;
	struct file *iommufd;

	if (v->sbdf >> 48)
		BAD(&f->node, "PCI address %#llx", (unsigned long long)v->sbdf);
	if (v->reset > 1)
		BAD(&f->node, "reset is %u", v->reset);
	if (v->vconfig_len != 256 && v->vconfig_len != INSPECT_PAGE)
		BAD(&f->node, "vconfig has %u bytes", v->vconfig_len);
	else if ((v->vconfig[0] | v->vconfig[1] << 8) != (int)v->vendor)
		BAD(&f->node, "vendor %04x, vconfig has %02x%02x", v->vendor,
		    v->vconfig[1], v->vconfig[0]);
	verify_saved(f, report);
	if (f->single || !f->blob.sealed)
		return;
	iommufd = refer_token(s, v->iommufd_token);
	if (iommufd && iommufd->context)
		verify_vfio_device(f, iommufd, report);
	else if (!iommufd || !iommufd->status)
		BAD(&f->node, "token %#llx is no iommufd of the session",
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
		verify_runs(f, report);
	if (f->context)
		verify_context(s, f, report);
	if (f->vfio)
		verify_vfio(s, f, report);
}

/* One device in two files, also of different sessions. */
static void verify_twice(const struct handover *h, const struct file *f,
			 struct report *report)
{
	for (size_t i = 0; i < h->nr_sessions; i++)
		for (size_t j = 0; j < h->session[i].nr_files; j++) {
			const struct file *other = &h->session[i].file[j];

			if (other == f)
				return;
			if (other->vfio && other->vfio->sbdf == f->vfio->sbdf)
				BAD(&f->node, "the device of %s", other->node.where);
		}
}

void verify(const struct handover *h, struct report *report)
{
	for (size_t i = 0; i < h->nr_sessions; i++) {
		const struct session *s = &h->session[i];

		for (size_t j = 0; j < i; j++)
			if (!strcmp(s->name, h->session[j].name))
				BAD(&s->node, "two sessions of this name");
		for (size_t j = 0; j < s->nr_files; j++) {
			verify_file(h, s, &s->file[j], report);
			if (s->file[j].vfio)
				verify_twice(h, &s->file[j], report);
		}
	}
}
