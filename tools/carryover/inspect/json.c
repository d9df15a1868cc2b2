// SPDX-License-Identifier: GPL-2.0-only
/*
 * For programs: the same as JSON, numbers as numbers, addresses as strings.
 *
 * Not by way of jansson as other commands' output: its numbers are signed, and a token
 * may be any of 64 bits; and it would hold all of it in memory before the first byte is
 * written, 600 bytes for each run of pages, of which there may be millions.
 */
#include <inttypes.h>
#include <string.h>

#include "inspect.h"

static void put_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (*text < 0x20 || *text > 0x7e)
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			putc(*text, out);
	putc('"', out);
}

static void put_bytes(const uint8_t *data, uint32_t len, FILE *out)
{
	for (uint32_t i = 0; i < len; i++)
		fprintf(out, "%02x", data[i]);
}

static void put_extras(const struct node *node, FILE *out)
{
	fputs(",\"unknown\":{", out);
	for (const struct extra *e = node->extra; e; e = e->next) {
		put_string(out, e->name);
		fputs(":\"", out);
		put_bytes(e->data, e->len, out);
		fputs(e->next ? "\"," : "\"", out);
	}
	putc('}', out);
}

/* "name":[ each of n, with commas ] */
#define PUT_ARRAY(name, n, put)					\
do {								\
	fputs(",\"" name "\":[", out);				\
	for (size_t i = 0; i < (n); i++) {			\
		fputs(i ? "," : "", out);			\
		put;						\
	}							\
	putc(']', out);						\
} while (0)

static void put_pieces(const struct context *c, const struct area *a, FILE *out)
{
	struct piece p;

	fputs(",\"runs\":[", out);
	for (uint64_t done = 0; area_piece(c, a, done, &p); done += p.len)
		fprintf(out, "%s{\"iova\":\"0x%" PRIx64 "\",\"pa\":\"0x%" PRIx64
			"\",\"length\":%" PRIu64 "}", done ? "," : "", p.iova, p.phys, p.len);
	putc(']', out);
}

static void put_area(const struct context *c, const struct area *a, FILE *out)
{
	fprintf(out, "{\"iova\":\"0x%" PRIx64 "\",\"last\":\"0x%" PRIx64
		"\",\"prot\":%" PRIu32 ",\"page_offset\":%" PRIu32 ",\"pages\":%" PRIu64
		",\"first_page\":%" PRIu64, a->iova, a->last, a->prot, a->page_offset,
		a->pages, a->first_page);
	/* What is known of an area is all or nothing. */
	if (area_count(c, a) >= 0)
		put_pieces(c, a, out);
	putc('}', out);
}

static void put_ioas(const struct context *c, const struct ioas *ioas, FILE *out)
{
	fprintf(out, "{\"id\":%" PRIu64 ",\"disable_large_pages\":%" PRIu32,
		ioas->node.unit, ioas->small);
	PUT_ARRAY("allowed", ioas->nr_allowed,
		  fprintf(out, "[\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]",
			  ioas->allowed[2 * i], ioas->allowed[2 * i + 1]));
	PUT_ARRAY("areas", ioas->nr_areas, put_area(c, &ioas->area[i], out));
	put_extras(&ioas->node, out);
	putc('}', out);
}

static void put_flag(const char *name, bool is, FILE *out)
{
	fprintf(out, ",\"%s\":%s", name, is ? "true" : "false");
}

/* Without a token it is not known which file of the session it is, if any. */
static void put_backing(const struct file *f, const struct backing *b, FILE *out)
{
	fprintf(out, "{\"inode\":%" PRIu64, b->inode);
	put_flag("known", b->flags & BACKING_KNOWN, out);
	if (b->flags & BACKING_KNOWN || b->file)
		fprintf(out, ",\"token\":%" PRIu64, b->file ? b->file->token : b->token);
	if ((b->flags & BACKING_KNOWN || b->file) && !f->single)
		put_flag("in_session", b->file, out);
	put_flag("huge", b->flags & BACKING_HUGETLB, out);
	fprintf(out, ",\"flags\":%" PRIu32 "}", b->flags);
}

static void put_pages(const struct pages *p, FILE *out)
{
	fprintf(out, "{\"start\":%" PRIu64 ",\"npages\":%" PRIu64 ",\"flags\":%" PRIu32,
		p->start, p->npages, p->flags);
	put_flag("memory", p->flags & PAGES_MEMORY, out);
	fprintf(out, ",\"%s\":%" PRIu32, p->flags & PAGES_MEMORY ? "number" : "file", p->file);
	put_flag("writable", p->flags & PAGES_WRITABLE, out);
	put_flag("file_read_only", p->flags & PAGES_FILE_RDONLY, out);
	putc('}', out);
}

static void put_run_of_pages(const struct run *run, FILE *out)
{
	fprintf(out, "{\"page\":%" PRIu64 ",\"pa\":\"0x%" PRIx64 "\",\"pages\":%" PRIu64
		"}", run->page, run->phys, run->pages);
}

static void put_memory(const struct memfd *m, FILE *out)
{
	fprintf(out, "{\"number\":%" PRIu64 ",\"page_size\":%" PRIu64 ",\"size\":%" PRIu64,
		m->node.unit, m->page_size, m->size);
	PUT_ARRAY("runs", m->nr_runs, put_run_of_pages(&m->run[i], out));
	put_extras(&m->node, out);
	putc('}', out);
}

static void put_hwpt(const struct hwpt *t, FILE *out)
{
	fprintf(out, "{\"id\":%" PRIu64 ",\"ioas\":%" PRIu32 ",\"auto\":%" PRIu32
		",\"top\":\"0x%" PRIx64 "\",\"level\":%" PRIu32 ",\"tables\":%" PRIu32
		",\"mapped\":%" PRIu64 ",\"sme_mask\":\"0x%" PRIx64 "\",\"features\":%" PRIu32
		",\"vasz\":%" PRIu32 ",\"oasz\":%" PRIu32, t->node.unit, t->ioas,
		t->automatic, t->top, t->level, t->tables, t->mapped, t->sme_mask,
		t->features, t->vasz, t->oasz);
	put_extras(&t->node, out);
	putc('}', out);
}

static void put_device(const struct device *d, FILE *out)
{
	char name[32];

	fprintf(out, "{\"id\":%" PRIu64 ",\"hwpt\":%" PRIu32 ",\"pci\":\"%s\",\"kept\":%" PRIu32,
		d->node.unit, d->hwpt, sbdf_name(d->sbdf, name, sizeof(name)), d->kept);
	put_extras(&d->node, out);
	putc('}', out);
}

static void put_context(const struct file *f, FILE *out)
{
	const struct context *c = f->context;

	fprintf(out, ",\"iommufd\":{\"account_mode\":%" PRIu32 ",\"page_size\":%" PRIu32,
		c->account_mode, c->page_size);
	PUT_ARRAY("files", c->nr_backings, put_backing(f, &c->backing[i], out));
	PUT_ARRAY("pages", c->nr_pages, put_pages(&c->pages[i], out));
	PUT_ARRAY("ioas", c->nr_ioas, put_ioas(c, &c->ioas[i], out));
	PUT_ARRAY("memories", c->nr_memories, put_memory(&c->memory[i], out));
	PUT_ARRAY("hwpts", c->nr_hwpts, put_hwpt(&c->hwpt[i], out));
	PUT_ARRAY("devices", c->nr_devices, put_device(&c->device[i], out));
	put_extras(&c->node, out);
	putc('}', out);
}

static void put_vfio(const struct file *f, FILE *out)
{
	const struct vfio *v = f->vfio;
	char name[32];

	fprintf(out, ",\"vfio_pci\":{\"pci\":\"%s\",\"vendor\":%" PRIu32 ",\"device\":%" PRIu32
		",\"subsystem_vendor\":%" PRIu32 ",\"subsystem_device\":%" PRIu32
		",\"class\":%" PRIu32 ",\"revision\":%" PRIu32 ",\"serial\":\"0x%" PRIx64
		"\",\"reset\":%" PRIu32 ",\"device_id\":%" PRIu32,
		sbdf_name(v->sbdf, name, sizeof(name)), v->vendor, v->device, v->subvendor,
		v->subdevice, v->class, v->revision, v->serial, v->reset, v->device_id);
	if (f->blob.sealed)
		fprintf(out, ",\"iommufd_token\":%" PRIu64 ",\"pt_id\":%" PRIu32
			",\"command\":%" PRIu32, v->iommufd_token, v->pt_id, v->command);
	PUT_ARRAY("bars", INSPECT_BARS,
		  fprintf(out, "{\"address\":\"0x%" PRIx64 "\",\"length\":%" PRIu64 "}",
			  v->bar[i][0], v->bar[i][1]));
	fputs(",\"vconfig\":\"", out);
	put_bytes(v->vconfig, v->vconfig_len, out);
	fputs("\",\"saved_state\":\"", out);
	put_bytes(v->saved, v->saved_len, out);
	putc('"', out);
	put_extras(&v->node, out);
	putc('}', out);
}

static void put_memfd(const struct memfd *m, FILE *out)
{
	fprintf(out, ",\"memfd\":{\"size\":%" PRIu64 ",\"position\":%" PRIu64
		",\"seals\":%" PRIu32 ",\"page_size\":%" PRIu64, m->size, m->position,
		m->seals, m->page_size);
	if (m->huge)
		fprintf(out, ",\"huge_pages\":%" PRIu64 ",\"noexec\":%" PRIu32,
			huge_pages(m), m->noexec);
	PUT_ARRAY("runs", m->nr_runs, put_run_of_pages(&m->run[i], out));
	put_extras(&m->node, out);
	putc('}', out);
}

static void put_file(const struct file *f, FILE *out)
{
	fprintf(out, "{\"token\":%" PRIu64 ",\"handle\":\"0x%" PRIx64 "\",\"status\":%" PRId32
		",\"handler\":", f->token, f->handle, f->status);
	put_string(out, f->handler);
	if (f->tree) {
		put_flag("sealed", f->blob.sealed, out);
		fputs(",\"release\":", out);
		put_string(out, f->blob.release);
	}
	if (f->context)
		put_context(f, out);
	if (f->vfio)
		put_vfio(f, out);
	if (f->memfd)
		put_memfd(f->memfd, out);
	/* Without a blob the node is the memfd's. */
	if (!f->memfd || f->tree)
		put_extras(&f->node, out);
	putc('}', out);
}

static void put_session(const struct session *s, FILE *out)
{
	fputs("{\"name\":", out);
	put_string(out, s->name);
	fprintf(out, ",\"retrieved\":%s", s->retrieved ? "true" : "false");
	PUT_ARRAY("files", s->nr_files, put_file(&s->file[i], out));
	putc('}', out);
}

void show_json(const struct handover *h, const struct report *report, FILE *out)
{
	char line[INSPECT_LINE];

	fputs("{\"direction\":", out);
	put_string(out, h->direction);
	fputs(",\"release\":", out);
	put_string(out, h->blob.release);
	PUT_ARRAY("sessions", h->nr_sessions, put_session(&h->session[i], out));
	PUT_ARRAY("report", json_array_size(report->findings),
		  put_string(out, report_line(report, i, line, sizeof(line))));
	fprintf(out, ",\"good\":%s}\n", report_failed(report) ? "false" : "true");
}
